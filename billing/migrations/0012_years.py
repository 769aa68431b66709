"""Fiscal years that are closed: the database books nothing into one but its own closing, and opens none of its months."""

import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
import grid.models.sharing
import kernel.identifiers
from django.conf import settings
from django.db import migrations, models

YEARS = """
CREATE OR REPLACE FUNCTION keep_closed_months() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    month record;
    wrong record;
BEGIN
    -- The closing of a year stands beside its last month: it alone is booked though the month is closed.
    FOR month IN SELECT DISTINCT cooperative_id, to_char(booked_date, 'YYYYMM')::int AS period, cause = 'year closing' AS closes
                 FROM added ORDER BY 1, 2 LOOP
        PERFORM pg_advisory_xact_lock_shared(hashtextextended('books ' || month.cooperative_id || ' ' || month.period, 0));
        IF NOT month.closes AND EXISTS (SELECT FROM billing_accountingperiod p WHERE p.cooperative_id = month.cooperative_id
                   AND p.period = month.period AND p.status = 'closed') THEN
            RAISE EXCEPTION 'Nothing is booked into %: the month is closed', month.period;
        END IF;
    END LOOP;
    SELECT a.booked_date INTO wrong FROM added a JOIN billing_yearclosing y
        ON y.cooperative_id = a.cooperative_id AND a.booked_date BETWEEN y.first_day AND y.last_day
        AND y.status = 'released' AND y.counters_id IS NULL
    WHERE a.cause <> 'year closing' LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'Nothing is booked on %: the year is closed', wrong.booked_date;
    END IF;
    SELECT a.idempotency_key INTO wrong FROM added a WHERE a.cause = 'year closing' AND NOT EXISTS (
        SELECT FROM billing_yearclosing y WHERE y.public_id = a.cause_ref AND y.cooperative_id = a.cooperative_id
        AND y.last_day = a.booked_date AND y.status = 'released'
        AND a.idempotency_key = 'year closing:' || y.public_id || ':' || a.currency) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'No year was closed by %', wrong.idempotency_key;
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION keep_year_closings() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'The closing of a year stays: cancel it, or open the year again';
    END IF;
    IF to_jsonb(NEW) - ARRAY['status', 'released_at', 'released_by_id'] <> to_jsonb(OLD) - ARRAY['status', 'released_at', 'released_by_id'] THEN
        RAISE EXCEPTION 'The figures of a closing never change';
    END IF;
    IF NEW.status <> OLD.status AND NOT (
        OLD.status = 'prepared' AND NEW.status IN ('released', 'cancelled')
        OR OLD.status = 'released' AND NEW.status = 'reopened'
           AND EXISTS (SELECT FROM billing_yearclosing c WHERE c.counters_id = OLD.id AND c.status = 'released')) THEN
        RAISE EXCEPTION 'A closing is decided once, and opened again by its counter alone';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER year_closings_stay BEFORE UPDATE OR DELETE ON billing_yearclosing
    FOR EACH ROW EXECUTE FUNCTION keep_year_closings();

CREATE FUNCTION keep_months_of_closed_years() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM billing_yearclosing y WHERE y.cooperative_id = NEW.cooperative_id AND y.status = 'released' AND y.counters_id IS NULL
               AND to_date(NEW.period::text, 'YYYYMM') BETWEEN y.first_day AND y.last_day) THEN
        RAISE EXCEPTION 'The year of % is closed: open the year again first', NEW.period;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER months_of_closed_years_stay BEFORE UPDATE ON billing_accountingperiod
    FOR EACH ROW WHEN (NEW.status = 'open' AND OLD.status = 'closed') EXECUTE FUNCTION keep_months_of_closed_years();
"""
UNDO = """
DROP TRIGGER months_of_closed_years_stay ON billing_accountingperiod;
DROP TRIGGER year_closings_stay ON billing_yearclosing;
DROP FUNCTION keep_year_closings, keep_months_of_closed_years;
CREATE OR REPLACE FUNCTION keep_closed_months() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    month record;
BEGIN
    FOR month IN SELECT DISTINCT cooperative_id, to_char(booked_date, 'YYYYMM')::int AS period FROM added ORDER BY 1, 2 LOOP
        PERFORM pg_advisory_xact_lock_shared(hashtextextended('books ' || month.cooperative_id || ' ' || month.period, 0));
        IF EXISTS (SELECT FROM billing_accountingperiod p WHERE p.cooperative_id = month.cooperative_id
                   AND p.period = month.period AND p.status = 'closed') THEN
            RAISE EXCEPTION 'Nothing is booked into %: the month is closed', month.period;
        END IF;
    END LOOP;
    RETURN NULL;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0011_books_in_one_look"),
        ("members", "0001_schema"),
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
            name="YearClosing",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "public_id",
                    models.UUIDField(default=kernel.identifiers.uuid7, editable=False, unique=True),
                ),
                ("first_day", models.DateField()),
                ("last_day", models.DateField()),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("prepared", "prepared"),
                            ("released", "released"),
                            ("reopened", "opened again"),
                            ("cancelled", "cancelled"),
                        ],
                        default="prepared",
                        max_length=10,
                    ),
                ),
                (
                    "result_minor",
                    models.BigIntegerField(
                        help_text="What the year brought (above 0) or lost, in the cooperative's currency."
                    ),
                ),
                (
                    "shared_minor",
                    models.BigIntegerField(
                        help_text="What was booked in the year as shared out; it leaves the same equity."
                    ),
                ),
                (
                    "reserve_minor",
                    models.BigIntegerField(default=0, help_text="Of the result, to the reserves."),
                ),
                (
                    "entries",
                    models.PositiveIntegerField(
                        help_text="How many accounts are emptied; what changes before the release is refused."
                    ),
                ),
                (
                    "why",
                    models.CharField(blank=True, help_text="Why the year is opened again.", max_length=200),
                ),
                ("prepared_at", models.DateTimeField()),
                ("released_at", models.DateTimeField(blank=True, null=True)),
                (
                    "cooperative",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="year_closings",
                        to="members.cooperative",
                    ),
                ),
                (
                    "counters",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        help_text="The closing that this one takes back.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="countered_by",
                        to="billing.yearclosing",
                    ),
                ),
                (
                    "prepared_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "released_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "closing of a year",
                "verbose_name_plural": "closings of years",
                "constraints": [
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        condition=models.Q(
                            ("counters__isnull", True), ("status__in", ("prepared", "released"))
                        ),
                        expressions=[
                            (models.F("cooperative"), "="),
                            (
                                grid.models.sharing.DateRange(
                                    "first_day",
                                    "last_day",
                                    django.contrib.postgres.fields.ranges.RangeBoundary(inclusive_upper=True),
                                ),
                                "&&",
                            ),
                        ],
                        name="a_year_is_closed_once",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(
                            ("counters__isnull", False), models.Q(("status", "cancelled"), _negated=True)
                        ),
                        fields=("counters",),
                        name="a_year_is_opened_again_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("last_day__gt", models.F("first_day")), ("reserve_minor__gte", 0)
                        ),
                        name="year_closing_in_range",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("counters__isnull", True), models.Q(("why", ""), _negated=True), _connector="OR"
                        ),
                        name="years_open_again_say_why",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("released_at__isnull", False),
                                ("released_by__isnull", False),
                                ("status__in", ("released", "reopened")),
                                models.Q(("released_by", models.F("prepared_by")), _negated=True),
                            ),
                            models.Q(
                                models.Q(("status__in", ("released", "reopened")), _negated=True),
                                ("released_by__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="year_closed_by_two",
                    ),
                ],
            },
        ),
        migrations.RunSQL(YEARS, UNDO),
    ]
