"""The witness: deployments, transactions, proofs, payments. One file in place of all before it: a new database is made in seconds."""

import django.db.models.deletion
from django.db import migrations, models

from members.adapters.schema import CreateModels


class Migration(migrations.Migration):
    replaces = [("contracts", "0001_schema")]

    initial = True

    dependencies = [("billing", "0001_initial"), ("energy", "0001_initial"), ("members", "0001_initial")]

    operations = [
        CreateModels(
            [
                migrations.CreateModel(
                    name="ChainCursor",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("chain_id", models.BigIntegerField()),
                        ("contract_address", models.CharField(max_length=42)),
                        ("block_number", models.BigIntegerField(default=-1)),
                        ("block_hash", models.CharField(blank=True, max_length=66)),
                    ],
                    options={"constraints": [models.UniqueConstraint(fields=("chain_id", "contract_address"), name="cursor_once")]},
                ),
                migrations.CreateModel(
                    name="ChainPayment",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("chain_id", models.BigIntegerField()),
                        ("transaction_hash", models.CharField(max_length=66)),
                        ("position", models.PositiveSmallIntegerField(default=0)),
                        (
                            "document",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="chain_payments", to="billing.document"
                            ),
                        ),
                        ("payer", models.CharField(max_length=42)),
                        ("paid_wei", models.DecimalField(decimal_places=0, max_digits=78)),
                        ("applied_wei", models.DecimalField(decimal_places=0, max_digits=78)),
                        (
                            "payment",
                            models.OneToOneField(
                                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="chain_payment", to="billing.payment"
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(fields=("chain_id", "transaction_hash", "position"), name="chain_payment_seen_once")
                        ]
                    },
                ),
                migrations.CreateModel(
                    name="ChainTransaction",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("idempotency_key", models.CharField(max_length=160, unique=True)),
                        ("chain_id", models.BigIntegerField()),
                        ("contract", models.CharField(max_length=40)),
                        ("function", models.CharField(blank=True, help_text="Empty for the deployment itself.", max_length=60)),
                        ("calldata", models.BinaryField()),
                        (
                            "status",
                            models.CharField(
                                choices=[
                                    ("pending", "waiting to be signed"),
                                    ("sent", "signed and sent"),
                                    ("confirmed", "confirmed"),
                                    ("failed", "refused by the contract"),
                                ],
                                default="pending",
                                max_length=10,
                            ),
                        ),
                        ("sender", models.CharField(blank=True, max_length=42)),
                        ("nonce", models.BigIntegerField(null=True)),
                        ("raw", models.BinaryField(null=True)),
                        ("hash", models.CharField(blank=True, max_length=66)),
                        ("block_number", models.BigIntegerField(null=True)),
                        ("gas_used", models.BigIntegerField(null=True)),
                        ("problem", models.CharField(blank=True, max_length=300)),
                        ("created_at", models.DateTimeField()),
                        ("confirmed_at", models.DateTimeField(null=True)),
                    ],
                    options={
                        "indexes": [models.Index(fields=["status", "id"], name="outbox_in_order")],
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("nonce__isnull", False)), fields=("chain_id", "sender", "nonce"), name="nonce_once"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("status__in", ["sent", "confirmed"]), _negated=True),
                                    models.Q(("nonce__isnull", False), ("raw__isnull", False)),
                                    _connector="OR",
                                ),
                                name="sent_transactions_are_signed",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="MemberDataKey",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "member",
                            models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name="data_key", to="members.member"),
                        ),
                        ("sealed", models.BinaryField()),
                    ],
                ),
                migrations.CreateModel(
                    name="PaymentQuote",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "document",
                            models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name="quote", to="billing.document"),
                        ),
                        ("wei", models.DecimalField(decimal_places=0, max_digits=78)),
                        ("wei_per_minor", models.DecimalField(decimal_places=0, max_digits=78)),
                        ("expires_at", models.DateTimeField()),
                    ],
                ),
                migrations.CreateModel(
                    name="StorageMirror",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "storage",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.CASCADE, related_name="mirror", to="energy.storageunit"
                            ),
                        ),
                        ("level_wh", models.BigIntegerField(verbose_name="level on the chain [Wh]")),
                        ("period", models.PositiveIntegerField(help_text="YYYYMM of the run.")),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(condition=models.Q(("level_wh__gte", 0)), name="mirrored_level_not_negative")
                        ]
                    },
                ),
                migrations.CreateModel(
                    name="WalletLink",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "member",
                            models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name="wallet", to="members.member"),
                        ),
                        ("address", models.CharField(max_length=42, unique=True)),
                        ("linked_at", models.DateTimeField()),
                    ],
                ),
                migrations.CreateModel(
                    name="Anchor",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("kind", models.CharField(choices=[("day", "microgrid day"), ("run", "billing run")], max_length=4)),
                        (
                            "microgrid",
                            models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="anchors", to="energy.microgrid"),
                        ),
                        (
                            "run",
                            models.OneToOneField(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="anchor",
                                to="billing.billingrun",
                            ),
                        ),
                        ("subject", models.CharField(max_length=66)),
                        ("period", models.PositiveIntegerField()),
                        ("revision", models.PositiveSmallIntegerField(default=0)),
                        ("root", models.CharField(max_length=66)),
                        ("leaves", models.PositiveIntegerField()),
                        ("cid", models.CharField(blank=True, max_length=80, verbose_name="CID")),
                        (
                            "transaction",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.PROTECT, related_name="anchor", to="contracts.chaintransaction"
                            ),
                        ),
                        ("created_at", models.DateTimeField()),
                    ],
                    options={
                        "constraints": [models.UniqueConstraint(fields=("subject", "period", "revision", "kind"), name="anchored_once")]
                    },
                ),
                migrations.CreateModel(
                    name="ChainDeployment",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("chain_id", models.BigIntegerField()),
                        ("genesis_hash", models.CharField(max_length=66)),
                        ("contract", models.CharField(max_length=40)),
                        ("address", models.CharField(max_length=42)),
                        (
                            "transaction",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.PROTECT, related_name="deployment", to="contracts.chaintransaction"
                            ),
                        ),
                    ],
                    options={
                        "constraints": [models.UniqueConstraint(fields=("chain_id", "genesis_hash", "contract"), name="deployed_once")]
                    },
                ),
                migrations.CreateModel(
                    name="AnchorLeaf",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "anchor",
                            models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="leaf_rows", to="contracts.anchor"),
                        ),
                        ("meter_id", models.BigIntegerField(null=True)),
                        ("channel", models.SmallIntegerField(null=True)),
                        ("version", models.SmallIntegerField(null=True)),
                        (
                            "document",
                            models.OneToOneField(
                                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="leaf", to="billing.document"
                            ),
                        ),
                        ("salt", models.BinaryField()),
                        ("commitment", models.BinaryField()),
                        ("leaf", models.BinaryField()),
                        (
                            "field_hashes",
                            models.BinaryField(
                                default=b"", help_text="Of a document: one hash per field, so that a changed figure can be named."
                            ),
                        ),
                    ],
                    options={"indexes": [models.Index(fields=["meter_id", "anchor"], name="leaf_by_meter")]},
                ),
            ]
        )
    ]
