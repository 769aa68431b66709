"""Withdrawals from the Billing contract. Everything is read again once: former payments get their place and their payer's credit,
and what was withdrawn before is booked.
"""

import django.db.models.deletion
import kernel.identifiers
from django.db import migrations, models

READ_AGAIN = "UPDATE contracts_chaincursor SET block_number = -1, block_hash = '';"


class Migration(migrations.Migration):
    dependencies = [("billing", "0003_withdrawals_on_the_chain"), ("contracts", "0002_stable_coin"), ("members", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="chainpayment",
            name="credit_wei",
            field=models.DecimalField(decimal_places=0, default=0, help_text="The payer's credit after it.", max_digits=78),
        ),
        migrations.AddField(
            model_name="chainpayment",
            name="log_index",
            field=models.BigIntegerField(help_text="Its place among all events of its block.", null=True),
        ),
        migrations.CreateModel(
            name="ChainWithdrawal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=kernel.identifiers.uuid7, editable=False, unique=True)),
                ("chain_id", models.BigIntegerField()),
                ("transaction_hash", models.CharField(max_length=66)),
                ("position", models.PositiveSmallIntegerField(default=0)),
                ("block_number", models.BigIntegerField()),
                ("log_index", models.BigIntegerField()),
                ("payee", models.CharField(max_length=42)),
                ("units", models.DecimalField(decimal_places=0, max_digits=78)),
                ("revenue_units", models.DecimalField(decimal_places=0, max_digits=78)),
                ("worth_wad", models.DecimalField(decimal_places=0, max_digits=78)),
                ("worth_minor", models.BigIntegerField()),
                ("bookings", models.PositiveSmallIntegerField(default=0, help_text="How often it was booked.")),
                ("seen_at", models.DateTimeField()),
                ("missing_since", models.DateTimeField(blank=True, null=True)),
                ("vanished_at", models.DateTimeField(blank=True, null=True)),
                (
                    "charge",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="chain_withdrawal",
                        to="billing.charge",
                    ),
                ),
                (
                    "coin",
                    models.ForeignKey(
                        blank=True,
                        help_text="Empty: the chain's own coin.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="withdrawals",
                        to="contracts.stablecoin",
                    ),
                ),
                (
                    "cooperative",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="chain_withdrawals",
                        to="members.cooperative",
                    ),
                ),
                (
                    "posted",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="chain_withdrawal",
                        to="billing.ledgertransaction",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("chain_id", "transaction_hash", "position"), name="chain_withdrawal_seen_once"),
                    models.CheckConstraint(
                        condition=models.Q(("charge__isnull", True), ("posted__isnull", True), _connector="OR"),
                        name="withdrawal_is_booked_one_way",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("vanished_at__isnull", True), models.Q(("charge__isnull", True), ("posted__isnull", True)), _connector="OR"
                        ),
                        name="vanished_withdrawals_are_not_booked",
                    ),
                ]
            },
        ),
        migrations.RunSQL(READ_AGAIN, migrations.RunSQL.noop),
    ]
