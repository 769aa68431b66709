"""Payment in a stable coin beside the chain's own, vanished payments, several signed forms of a transaction.

What was paid stands in minor units with 18 decimals from now on, whatever the coin; former rows, all in wei, are converted.
"""

import django.db.models.deletion
from django.db import migrations, models

ID = ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"))
CONVERT = """
    UPDATE contracts_chainpayment c SET applied_wad = div(c.applied_wei * 1000000000000000000, q.wei_per_minor)
        FROM contracts_paymentquote q WHERE q.document_id = c.document_id;
    UPDATE contracts_paymentquote q SET due_minor = greatest(d.gross_minor - d.paid_minor, 0) + coalesce(
        (SELECT div(sum(c.applied_wad), 1000000000000000000) FROM contracts_chainpayment c WHERE c.document_id = d.id), 0)
        FROM billing_document d WHERE d.id = q.document_id;
"""


class Migration(migrations.Migration):
    dependencies = [("contracts", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="StableCoin",
            fields=[
                ID,
                ("chain_id", models.BigIntegerField()),
                ("address", models.CharField(max_length=42)),
                ("symbol", models.CharField(blank=True, max_length=16)),
                ("decimals", models.PositiveSmallIntegerField(default=0)),
                ("named_at", models.DateTimeField()),
                (
                    "transaction",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="stable_coin", to="contracts.chaintransaction"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="TransactionVersion",
            fields=[
                ID,
                ("hash", models.CharField(max_length=66, unique=True)),
                ("raw", models.BinaryField()),
                ("max_fee_wei", models.DecimalField(decimal_places=0, max_digits=78)),
                ("signed_at", models.DateTimeField()),
                (
                    "transaction",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="versions", to="contracts.chaintransaction"
                    ),
                ),
            ],
        ),
        migrations.RenameField("chainpayment", "paid_wei", "paid_units"),
        migrations.AddField(
            "chainpayment", "applied_wad", models.DecimalField(decimal_places=0, max_digits=78, default=0), preserve_default=False
        ),
        migrations.AddField("chainpayment", "block_number", models.BigIntegerField(null=True)),
        migrations.AddField(
            "chainpayment",
            "coin",
            models.ForeignKey(
                blank=True,
                help_text="Empty: the chain's own coin.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="payments",
                to="contracts.stablecoin",
            ),
        ),
        migrations.AddField("chainpayment", "missing_since", models.DateTimeField(blank=True, null=True)),
        migrations.AddField("chainpayment", "vanished_at", models.DateTimeField(blank=True, null=True)),
        migrations.AddField("paymentquote", "due_minor", models.BigIntegerField(default=0), preserve_default=False),
        migrations.AddField(
            "paymentquote",
            "coin",
            models.ForeignKey(
                blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="quotes", to="contracts.stablecoin"
            ),
        ),
        migrations.AddField("paymentquote", "units_per_minor", models.DecimalField(decimal_places=0, default=0, max_digits=29)),
        migrations.RunSQL(CONVERT, migrations.RunSQL.noop),
        migrations.RemoveField("chainpayment", "applied_wei"),
        migrations.RemoveField("paymentquote", "wei"),
        migrations.AddConstraint(
            "paymentquote", models.CheckConstraint(condition=models.Q(("due_minor__gte", 0)), name="quote_is_not_negative")
        ),
        migrations.AddConstraint(
            "paymentquote",
            models.CheckConstraint(
                condition=models.Q(
                    models.Q(("coin__isnull", True), ("units_per_minor", 0)),
                    models.Q(("coin__isnull", False), ("units_per_minor__gt", 0)),
                    _connector="OR",
                ),
                name="a_coin_has_a_rate",
            ),
        ),
    ]
