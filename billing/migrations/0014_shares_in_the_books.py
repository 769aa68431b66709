"""Shares are booked: how they were paid, which movement brought the money, what was paid back; card movements name their payment."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

SHARES = """
CREATE OR REPLACE FUNCTION keep_member_shares() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE'
       OR to_jsonb(NEW) - ARRAY['returned_date', 'way', 'bank_line_id', 'repaid_minor'] <> to_jsonb(OLD) - ARRAY['returned_date', 'way', 'bank_line_id', 'repaid_minor']
       OR (OLD.returned_date IS NOT NULL AND NEW.returned_date IS DISTINCT FROM OLD.returned_date)
       OR (OLD.way <> '' AND (NEW.way, NEW.bank_line_id) IS DISTINCT FROM (OLD.way, OLD.bank_line_id)) THEN
        RAISE EXCEPTION 'Shares stay as they were paid in; they can be given back, once';
    END IF;
    RETURN NEW;
END $$
"""
AS_BEFORE = """
CREATE OR REPLACE FUNCTION keep_member_shares() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR to_jsonb(NEW) - 'returned_date' <> to_jsonb(OLD) - 'returned_date'
       OR (OLD.returned_date IS NOT NULL AND NEW.returned_date IS DISTINCT FROM OLD.returned_date) THEN
        RAISE EXCEPTION 'Shares stay as they were paid in; they can be given back, once';
    END IF;
    RETURN NEW;
END $$
"""


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0013_reactive_own_use_and_parts_in_replays"),
        ("members", "0001_schema"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="cardmovement",
            name="intent_ref",
            field=models.CharField(
                blank=True, db_default="", help_text="The payment that it belongs to.", max_length=120
            ),
        ),
        migrations.AddField(
            model_name="membershare",
            name="bank_line",
            field=models.OneToOneField(
                blank=True,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="member_share",
                to="billing.bankstatementline",
            ),
        ),
        migrations.AddField(
            model_name="membershare",
            name="repaid_minor",
            field=models.BigIntegerField(db_default=0, editable=False),
        ),
        migrations.AddField(
            model_name="membershare",
            name="way",
            field=models.CharField(
                blank=True,
                choices=[
                    ("bank", "bank"),
                    ("cash", "cash"),
                    ("mobile", "mobile money"),
                    ("opening", "before these books"),
                ],
                db_default="",
                editable=False,
                help_text="Empty: not in the books yet.",
                max_length=8,
                verbose_name="paid by",
            ),
        ),
        migrations.AddConstraint(
            model_name="membershare",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("repaid_minor", 0),
                    models.Q(
                        ("repaid_minor__gt", 0),
                        ("repaid_minor__lte", models.F("paid_in_minor")),
                        ("returned_date__isnull", False),
                        models.Q(("way", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="shares_are_paid_back_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="membershare",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("bank_line__isnull", False), ("way", "bank")),
                    models.Q(models.Q(("way", "bank"), _negated=True), ("bank_line__isnull", True)),
                    _connector="OR",
                ),
                name="shares_by_bank_have_their_movement",
            ),
        ),
        migrations.RunSQL(SHARES, AS_BEFORE),
    ]
