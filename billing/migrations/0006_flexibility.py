"""Flexibility that is owed, and its lines on credit documents."""

import django.db.models.deletion
import kernel.identifiers
from django.db import migrations, models

STAYS = """
CREATE FUNCTION keep_flexibility() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM billing_document WHERE id = OLD.document_id AND number IS NOT NULL) THEN
        RAISE EXCEPTION 'What stands on a posted document cannot change (%)', OLD.cause_ref;
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER flexibility_stays BEFORE UPDATE OR DELETE ON billing_flexibilitycredit
    FOR EACH ROW EXECUTE FUNCTION keep_flexibility();
"""
UNDO = """
DROP TRIGGER flexibility_stays ON billing_flexibilitycredit;
DROP FUNCTION keep_flexibility();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0005_billed_readings"),
        ("energy", "0015_network_over_time"),
    ]

    operations = [
        migrations.AlterField(
            model_name="documentline",
            name="component",
            field=models.CharField(
                choices=[
                    ("standing", "standing charge"),
                    ("local", "energy from neighbours"),
                    ("grid", "energy from the public grid"),
                    ("incentive", "incentive for local energy"),
                    ("local_delivered", "energy delivered to neighbours"),
                    ("export", "energy to the public grid"),
                    ("demand_response", "drawing less when asked"),
                    ("battery", "flexibility of your battery"),
                ],
                max_length=16,
            ),
        ),
        migrations.CreateModel(
            name="FlexibilityCredit",
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
                (
                    "component",
                    models.CharField(
                        choices=[
                            ("demand_response", "drawing less when asked"),
                            ("battery", "flexibility of your battery"),
                        ],
                        max_length=16,
                    ),
                ),
                ("cause_ref", models.CharField(max_length=120, unique=True)),
                ("start_at", models.DateTimeField()),
                ("end_at", models.DateTimeField()),
                ("window", models.CharField(blank=True, help_text="As the line names it.", max_length=40)),
                (
                    "baseline_wh",
                    models.BigIntegerField(
                        blank=True,
                        help_text="What it would have been without; empty where nothing is compared.",
                        null=True,
                    ),
                ),
                (
                    "measured_wh",
                    models.BigIntegerField(blank=True, help_text="What the meter showed.", null=True),
                ),
                ("quantity_wh", models.BigIntegerField(help_text="What is paid for.")),
                (
                    "price",
                    models.DecimalField(
                        decimal_places=6, help_text="Per kWh; the mean where it changed.", max_digits=14
                    ),
                ),
                (
                    "exact_micro",
                    models.BigIntegerField(help_text="Sum of Wh x millionths per kWh, before rounding."),
                ),
                ("net_minor", models.BigIntegerField()),
                ("noted_at", models.DateTimeField()),
                ("position", models.PositiveSmallIntegerField(blank=True, editable=False, null=True)),
                (
                    "document",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="flexibility",
                        to="billing.document",
                    ),
                ),
                (
                    "site",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="flexibility_credits",
                        to="energy.site",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("document__isnull", True)),
                        fields=["site", "end_at"],
                        name="flexibility_waiting",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("end_at__gt", models.F("start_at"))), name="flexibility_in_order"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("exact_micro__gte", 0),
                            ("net_minor__gte", 0),
                            ("price__gte", 0),
                            ("quantity_wh__gt", 0),
                        ),
                        name="flexibility_is_owed_to_the_site",
                    ),
                ],
            },
        ),
        migrations.RunSQL(STAYS, UNDO),
    ]
