"""VAT in the books themselves: accounts by how what is booked on them stands to VAT, and tax that is owed as recipient."""

from django.db import migrations, models

ACCOUNTS_STAY = """
CREATE OR REPLACE FUNCTION keep_what_accounts_are() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.cooperative_id, NEW.code, NEW.member_id, NEW.currency, NEW.vat_key)
        IS DISTINCT FROM (OLD.cooperative_id, OLD.code, OLD.member_id, OLD.currency, OLD.vat_key) THEN
        RAISE EXCEPTION 'An account stays what it is (%); open another one', OLD.code;
    END IF;
    RETURN NEW;
END $$
"""
AS_BEFORE = ACCOUNTS_STAY.replace(", NEW.vat_key", "").replace(", OLD.vat_key", "")
# A document of several rates has no single one: compared by "=", it could never be taken back.
REVERSALS_EXACT = """
CREATE OR REPLACE FUNCTION keep_reversals_exact() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM billing_document o WHERE o.id = NEW.cancels_id AND o.number IS NOT NULL
        AND NEW.kind = o.kind || '_reversal'
        AND (o.member_id, o.site_id, o.currency, o.net_minor, o.vat_rate, o.vat_minor, o.gross_minor)
          IS NOT DISTINCT FROM (NEW.member_id, NEW.site_id, NEW.currency, NEW.net_minor, NEW.vat_rate, NEW.vat_minor, NEW.gross_minor)) THEN
        RAISE EXCEPTION 'A reversal takes back exactly what was posted (%)', NEW.label;
    END IF;
    RETURN NEW;
END $$
"""
# Why older documents show no tax was kept in words only; what their category tells is taken over.
GROUNDS = """
ALTER TABLE billing_documentvat DISABLE TRIGGER vat_sums_stay;
UPDATE billing_documentvat SET ground = CASE category WHEN 'Z' THEN 'zero' WHEN 'AE' THEN 'reverse_charge' WHEN 'E' THEN 'exempt' ELSE 'outside' END
    WHERE category <> 'S';
ALTER TABLE billing_documentvat ENABLE TRIGGER vat_sums_stay;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0009_spot_feeds"),
        ("members", "0001_schema"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="account",
            name="account_once",
        ),
        migrations.RemoveConstraint(
            model_name="vatstatus",
            name="vat_rate_of_members_who_show_vat",
        ),
        migrations.AddField(
            model_name="account",
            name="vat_key",
            field=models.CharField(
                blank=True,
                db_default="",
                editable=False,
                help_text="Side, category, rate and ground, for example output/S/0.1900/taxed; empty: none.",
                max_length=40,
                verbose_name="VAT key",
            ),
        ),
        migrations.AddField(
            model_name="documentvat",
            name="ground",
            field=models.CharField(
                choices=[
                    ("taxed", "taxed"),
                    ("zero", "at a rate of nothing"),
                    ("reverse_charge", "reverse charge"),
                    ("small_business", "small business"),
                    ("exempt", "exempt"),
                    ("outside", "outside VAT"),
                    ("own_supply", "the cooperative's own supply"),
                ],
                db_default="taxed",
                max_length=16,
            ),
        ),
        migrations.AddField(
            model_name="documentvat",
            name="is_deducted",
            field=models.BooleanField(
                db_default=True, help_text="Whether we get back what we are charged, or owe as recipient."
            ),
        ),
        migrations.AddField(
            model_name="documentvat",
            name="recipient_rate",
            field=models.DecimalField(
                db_default=0,
                decimal_places=4,
                help_text="At which we owe the tax as recipient.",
                max_digits=5,
            ),
        ),
        migrations.AddField(
            model_name="documentvat",
            name="recipient_vat_minor",
            field=models.BigIntegerField(db_default=0, help_text="What we owe as recipient."),
        ),
        migrations.RunSQL(GROUNDS, migrations.RunSQL.noop),
        migrations.RunSQL(ACCOUNTS_STAY, AS_BEFORE),
        migrations.RunSQL(REVERSALS_EXACT, migrations.RunSQL.noop),
        migrations.AddField(
            model_name="vatstatus",
            name="recipient_owes",
            field=models.BooleanField(
                default=False,
                help_text="We owe the VAT on what this member delivers to us, at the rate above; its credit documents show none.",
                verbose_name="reverse charge of what it delivers",
            ),
        ),
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
                    ("reserves", "reserves"),
                    ("withheld_tax", "tax withheld of dividends"),
                    ("exchange", "between currencies"),
                    ("vat", "VAT"),
                    ("input_vat", "input VAT"),
                    ("reverse_vat", "VAT owed as recipient"),
                    ("reverse_input_vat", "input VAT as recipient"),
                    ("vat_cost", "VAT that is not given back"),
                    ("bank", "bank"),
                    ("chain_wallet", "chain wallet"),
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
        migrations.AddConstraint(
            model_name="account",
            constraint=models.UniqueConstraint(
                fields=("cooperative", "code", "member", "currency", "vat_key"),
                name="account_once",
                nulls_distinct=False,
            ),
        ),
        migrations.AddConstraint(
            model_name="account",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("vat_key", ""),
                    models.Q(
                        ("member__isnull", True),
                        ("vat_key__regex", "^(output|input)/(S|Z|E|AE|O)/0[.][0-9]{4}/[a-z_]+$"),
                    ),
                    _connector="OR",
                ),
                name="account_vat_key_is_written_so",
            ),
        ),
        migrations.AddConstraint(
            model_name="documentvat",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("recipient_rate", 0), ("recipient_vat_minor", 0)),
                    models.Q(("category", "AE"), ("recipient_rate__gt", 0), ("recipient_rate__lt", 1)),
                    _connector="OR",
                ),
                name="recipients_owe_under_reverse_charge",
            ),
        ),
        migrations.AddConstraint(
            model_name="vatstatus",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("member__isnull", True),
                        ("owes_as_recipient", False),
                        ("rate", 0),
                        ("recipient_owes", False),
                    ),
                    models.Q(
                        ("member__isnull", False), ("rate__gt", 0), ("rate__lt", 1), ("scheme", "standard")
                    ),
                    models.Q(
                        ("member__isnull", False),
                        ("rate", 0),
                        models.Q(("scheme", "standard"), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="vat_rate_of_members_who_show_vat",
                violation_error_message="A member who shows VAT needs a rate; everybody else has none here.",
            ),
        ),
        migrations.AddConstraint(
            model_name="vatstatus",
            constraint=models.CheckConstraint(
                condition=models.Q(("recipient_owes", False), ("scheme", "standard"), _connector="OR"),
                name="reverse_charge_of_who_would_show_vat",
                violation_error_message="Only for a member who would show VAT itself does the recipient owe it.",
            ),
        ),
    ]
