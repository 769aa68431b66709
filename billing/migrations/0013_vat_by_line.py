"""VAT by line and rate, its sums, who stands how to it; documents know their own days. What is there keeps its one rate."""

import datetime
import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
import grid.models.sharing
import kernel.identifiers
from django.db import migrations, models


FILL = """
UPDATE billing_document d SET first_day = r.first_day, last_day = r.last_day FROM billing_billingrun r WHERE r.id = d.run_id;
ALTER TABLE billing_documentline DISABLE TRIGGER USER;
UPDATE billing_documentline l SET vat_rate = d.vat_rate,
    vat_category = CASE WHEN d.vat_rate > 0 THEN 'S' WHEN d.kind LIKE 'bill%' AND c.vat_id <> '' THEN 'E' ELSE 'O' END
FROM billing_document d JOIN members_cooperative c ON c.id = d.cooperative_id WHERE d.id = l.document_id;
ALTER TABLE billing_documentline ENABLE TRIGGER USER;
INSERT INTO billing_documentvat (document_id, category, rate, net_minor, vat_minor, reason)
SELECT d.id, CASE WHEN d.vat_rate > 0 THEN 'S' WHEN d.kind LIKE 'bill%' AND c.vat_id <> '' THEN 'E' ELSE 'O' END,
    d.vat_rate, d.net_minor, d.vat_minor,
    CASE WHEN d.vat_rate > 0 THEN '' WHEN m.language = 'de' AND m.is_cooperative
         THEN 'Eigenverbrauch der Genossenschaft, nicht umsatzsteuerbar' WHEN m.is_cooperative
         THEN 'The cooperative''s own supply, not subject to VAT' WHEN m.language = 'de' THEN 'Nicht umsatzsteuerbar'
         ELSE 'Not subject to VAT' END
FROM billing_document d JOIN members_cooperative c ON c.id = d.cooperative_id JOIN members_member m ON m.id = d.member_id;
SET CONSTRAINTS ALL IMMEDIATE;
SET CONSTRAINTS ALL DEFERRED;
"""

STAY = """
CREATE TRIGGER vat_sums_stay BEFORE UPDATE OR DELETE ON billing_documentvat
    FOR EACH ROW EXECUTE FUNCTION keep_posted_lines();
CREATE TRIGGER no_vat_after_posting AFTER INSERT ON billing_documentvat
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION keep_posted_documents_whole();
CREATE FUNCTION keep_document_days() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.first_day, NEW.last_day) IS DISTINCT FROM (OLD.first_day, OLD.last_day) THEN
        RAISE EXCEPTION 'The days of a posted document cannot change; issue a correction (%)', OLD.label;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER document_days_stay BEFORE UPDATE ON billing_document
    FOR EACH ROW WHEN (OLD.number IS NOT NULL) EXECUTE FUNCTION keep_document_days();
"""

UNDO = """
DROP TRIGGER document_days_stay ON billing_document;
DROP FUNCTION keep_document_days();
DROP TRIGGER no_vat_after_posting ON billing_documentvat;
DROP TRIGGER vat_sums_stay ON billing_documentvat;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0012_tariffs"),
        ("energy", "0002_fuse"),
        ("members", "0001_tables"),
    ]

    operations = [
        migrations.CreateModel(
            name="DocumentVat",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "category",
                    models.CharField(
                        choices=[
                            ("S", "standard"),
                            ("Z", "zero rated"),
                            ("E", "exempt"),
                            ("AE", "reverse charge"),
                            ("O", "outside VAT"),
                        ],
                        max_length=2,
                    ),
                ),
                ("rate", models.DecimalField(decimal_places=4, max_digits=5)),
                ("net_minor", models.BigIntegerField()),
                ("vat_minor", models.BigIntegerField()),
                (
                    "reason",
                    models.CharField(
                        blank=True, help_text="Why no tax is shown, as it is printed.", max_length=200
                    ),
                ),
            ],
            options={
                "verbose_name": "VAT sum",
            },
        ),
        migrations.CreateModel(
            name="VatStatus",
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
                ("valid_from", models.DateField()),
                (
                    "valid_to",
                    models.DateField(
                        blank=True, help_text="Exclusive; empty: until further notice.", null=True
                    ),
                ),
                (
                    "scheme",
                    models.CharField(
                        choices=[
                            ("standard", "shows VAT"),
                            ("small_business", "small business: shows none"),
                            ("exempt", "exempt"),
                            ("outside", "outside VAT, as a household is"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "rate",
                    models.DecimalField(
                        decimal_places=4,
                        default=0,
                        help_text="Of what a member delivers, for example 0.19; bills take the tariff's rate.",
                        max_digits=5,
                    ),
                ),
                (
                    "vat_id",
                    models.CharField(
                        blank=True, help_text="Of a member.", max_length=20, verbose_name="VAT id"
                    ),
                ),
                (
                    "tax_number",
                    models.CharField(
                        blank=True,
                        help_text="Where there is no VAT id, as many small businesses have none.",
                        max_length=30,
                    ),
                ),
                (
                    "owes_as_recipient",
                    models.BooleanField(
                        default=False,
                        help_text="A member who resells energy owes the VAT on bills in our place.",
                        verbose_name="reverse charge",
                    ),
                ),
                (
                    "sentence",
                    models.CharField(
                        blank=True,
                        help_text="Why no VAT is shown, as the document says it; empty: the usual words in the member's language.",
                        max_length=160,
                        verbose_name="legal sentence",
                    ),
                ),
            ],
            options={
                "verbose_name": "VAT status",
                "verbose_name_plural": "VAT statuses",
            },
        ),
        migrations.RemoveConstraint(
            model_name="document",
            name="document_once_per_run_and_site",
        ),
        migrations.AddField(
            model_name="document",
            name="first_day",
            field=models.DateField(
                default=datetime.date(1970, 1, 1), help_text="Of the days that it is for."
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="document",
            name="last_day",
            field=models.DateField(default=datetime.date(1970, 1, 1)),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="documentline",
            name="vat_category",
            field=models.CharField(default="O", help_text="UNTDID 5305: S, Z, E, AE or O.", max_length=2),
        ),
        migrations.AddField(
            model_name="documentline",
            name="vat_rate",
            field=models.DecimalField(decimal_places=4, default=0, max_digits=5),
        ),
        migrations.AlterField(
            model_name="document",
            name="vat_rate",
            field=models.DecimalField(
                decimal_places=4,
                default=0,
                help_text="Of all lines; empty where they bear several.",
                max_digits=5,
                null=True,
            ),
        ),
        migrations.AddConstraint(
            model_name="document",
            constraint=models.UniqueConstraint(
                fields=("run", "site", "member", "kind", "first_day"), name="document_once_per_run_and_stay"
            ),
        ),
        migrations.AddConstraint(
            model_name="document",
            constraint=models.CheckConstraint(
                condition=models.Q(("last_day__gte", models.F("first_day"))), name="document_days_in_order"
            ),
        ),
        migrations.AddField(
            model_name="documentvat",
            name="document",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="vat_sums", to="billing.document"
            ),
        ),
        migrations.AddField(
            model_name="vatstatus",
            name="cooperative",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="vat_statuses",
                to="members.cooperative",
            ),
        ),
        migrations.AddField(
            model_name="vatstatus",
            name="member",
            field=models.ForeignKey(
                blank=True,
                help_text="Empty: the cooperative itself.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="vat_statuses",
                to="members.member",
            ),
        ),
        migrations.AddConstraint(
            model_name="documentvat",
            constraint=models.UniqueConstraint(fields=("document", "category", "rate"), name="vat_sum_once"),
        ),
        migrations.AddConstraint(
            model_name="documentvat",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("category", "S"), ("rate__gt", 0)),
                    models.Q(models.Q(("category", "S"), _negated=True), ("rate", 0), ("vat_minor", 0)),
                    _connector="OR",
                ),
                name="only_standard_lines_bear_tax",
            ),
        ),
        migrations.AddConstraint(
            model_name="vatstatus",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                condition=models.Q(("member__isnull", False)),
                expressions=[
                    (models.F("member"), "="),
                    (
                        grid.models.sharing.DateRange(
                            "valid_from", "valid_to", django.contrib.postgres.fields.ranges.RangeBoundary()
                        ),
                        "&&",
                    ),
                ],
                name="one_vat_status_of_a_member_at_a_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="vatstatus",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                condition=models.Q(("member__isnull", True)),
                expressions=[
                    (models.F("cooperative"), "="),
                    (
                        grid.models.sharing.DateRange(
                            "valid_from", "valid_to", django.contrib.postgres.fields.ranges.RangeBoundary()
                        ),
                        "&&",
                    ),
                ],
                name="one_vat_status_of_the_cooperative_at_a_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="vatstatus",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("valid_to__isnull", True), ("valid_to__gt", models.F("valid_from")), _connector="OR"
                ),
                name="vat_status_in_order",
            ),
        ),
        migrations.AddConstraint(
            model_name="vatstatus",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("member__isnull", True), ("owes_as_recipient", False), ("rate", 0)),
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
                condition=models.Q(
                    ("member__isnull", True),
                    models.Q(("vat_id", ""), _negated=True),
                    models.Q(models.Q(("scheme", "standard"), _negated=True), ("owes_as_recipient", False)),
                    _connector="OR",
                ),
                name="vat_needs_an_id",
                violation_error_message="Who shows VAT, or owes it as the recipient, needs a VAT id.",
            ),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.RunSQL(STAY, UNDO),
    ]
