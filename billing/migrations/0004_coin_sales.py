"""Coins of the own wallet that are sold at an exchange: accounts for their cost, gain and fee, and the sales, whose figures stay."""

import django.db.models.deletion
import django.db.models.expressions
import kernel.identifiers
from django.conf import settings
from django.db import migrations, models


STAY = """
CREATE FUNCTION keep_coin_sales() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR (NEW.cooperative_id, NEW.chain_id, NEW.token, NEW.units, NEW.sold_date, NEW.cost_minor, NEW.proceeds_minor,
                            NEW.fee_minor, NEW.reference, NEW.posted_id)
                           IS DISTINCT FROM (OLD.cooperative_id, OLD.chain_id, OLD.token, OLD.units, OLD.sold_date, OLD.cost_minor,
                                             OLD.proceeds_minor, OLD.fee_minor, OLD.reference, OLD.posted_id) THEN
        RAISE EXCEPTION 'A sale of coins stays; take it back (%)', OLD.reference;
    END IF;
    IF OLD.taken_back_at IS NOT NULL AND NEW.taken_back_at IS DISTINCT FROM OLD.taken_back_at THEN
        RAISE EXCEPTION 'A sale of coins that was taken back stays so (%)', OLD.reference;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER coin_sales_stay BEFORE UPDATE OR DELETE ON billing_coinsale
    FOR EACH ROW EXECUTE FUNCTION keep_coin_sales();
"""
GO = "DROP TRIGGER coin_sales_stay ON billing_coinsale; DROP FUNCTION keep_coin_sales();"


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0003_withdrawals_on_the_chain"),
        ("members", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name="account",
            name="code",
            field=models.CharField(
                choices=[
                    ("receivable", "member receivable"),
                    ("payable", "member payable"),
                    ("energy_sales", "energy sales"),
                    ("fees", "standing charges"),
                    ("local_clearing", "local energy, from neighbours to neighbours"),
                    ("energy_purchases", "energy bought from producers for the public grid"),
                    ("incentives", "incentives"),
                    ("reminder_fees", "fees of reminders"),
                    ("arrears_interest", "interest on arrears"),
                    ("distributions", "shared out to producers and members"),
                    ("retained_earnings", "results carried forward"),
                    ("reserves", "reserves"),
                    ("member_shares", "members' shares"),
                    ("opening", "carried in from books before"),
                    ("withheld_tax", "tax withheld of dividends"),
                    ("exchange", "between currencies"),
                    ("vat", "VAT"),
                    ("input_vat", "input VAT"),
                    ("reverse_vat", "VAT owed as recipient"),
                    ("reverse_input_vat", "input VAT as recipient"),
                    ("vat_cost", "VAT that is not given back"),
                    ("bank", "bank"),
                    ("chain_wallet", "chain wallet"),
                    ("own_wallet", "the cooperative's own wallet"),
                    ("coins_sold", "coins sold, their money on its way"),
                    ("coin_result", "gains and losses on coins"),
                    ("coin_fees", "fees of selling coins"),
                    ("cash", "cash"),
                    ("mobile_money", "mobile money"),
                    ("card", "card provider"),
                    ("card_fees", "fees of card payments"),
                    ("suspense", "unclear money of the bank account"),
                    ("transit", "payouts on their way"),
                    ("bank_charges", "bank charges"),
                    ("return_fees", "fees of returned payments"),
                    ("rounding", "rounding"),
                ],
                max_length=20,
            ),
        ),
        migrations.CreateModel(
            name="CoinSale",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=kernel.identifiers.uuid7, editable=False, unique=True)),
                ("chain_id", models.BigIntegerField()),
                ("token", models.CharField(max_length=42)),
                ("symbol", models.CharField(max_length=16)),
                ("decimals", models.PositiveSmallIntegerField()),
                ("units", models.DecimalField(decimal_places=0, max_digits=78)),
                ("sold_date", models.DateField()),
                ("cost_minor", models.BigIntegerField(help_text="What the coins had cost, at the average.")),
                ("proceeds_minor", models.BigIntegerField(help_text="What they were sold for, before the fee.")),
                ("fee_minor", models.BigIntegerField(default=0, help_text="What the exchange kept of it.")),
                (
                    "net_minor",
                    models.GeneratedField(
                        db_persist=True,
                        expression=django.db.models.expressions.CombinedExpression(models.F("proceeds_minor"), "-", models.F("fee_minor")),
                        output_field=models.BigIntegerField(),
                    ),
                ),
                ("reference", models.CharField(help_text="As the exchange names it.", max_length=60)),
                ("recorded_at", models.DateTimeField()),
                ("taken_back_at", models.DateTimeField(blank=True, null=True)),
                ("why", models.CharField(blank=True, max_length=160, verbose_name="why taken back")),
                (
                    "bank_line",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="coin_sale",
                        to="billing.bankstatementline",
                    ),
                ),
                (
                    "cooperative",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="coin_sales", to="members.cooperative"),
                ),
                (
                    "posted",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="coin_sale", to="billing.ledgertransaction"
                    ),
                ),
                (
                    "recorded_by",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL),
                ),
                (
                    "taken_back_by",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("taken_back_at__isnull", True)), fields=("cooperative", "reference"), name="coins_sold_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("cost_minor__gte", 0), ("fee_minor__gte", 0), ("proceeds_minor__gte", models.F("fee_minor")), ("units__gt", 0)
                        ),
                        name="coin_sale_is_no_debt",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("taken_back_at__isnull", True), ("taken_back_by__isnull", True)),
                            models.Q(("bank_line__isnull", True), ("taken_back_at__isnull", False), ("taken_back_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="coin_sales_taken_back_have_no_money",
                    ),
                ]
            },
        ),
        migrations.RunSQL(STAY, GO),
    ]
