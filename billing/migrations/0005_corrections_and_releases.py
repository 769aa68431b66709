"""Reversals and what replaces what; runs that a second person releases; checks, deliveries and policies."""

import django.contrib.postgres.fields
import django.db.models.deletion
import kernel.identifiers
from django.conf import settings
from django.db import migrations, models


# Runs from before releases were kept were posted by the old rule: as soon as they were rated.
RELEASED = """
UPDATE billing_billingrun SET released_at = posted_at, release_rule = 'posted before releases were kept'
WHERE status = 'posted' AND released_at IS NULL;
"""

LINKS = """
CREATE FUNCTION keep_links_of_documents() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.cancels_id, NEW.replaces_id) IS DISTINCT FROM (OLD.cancels_id, OLD.replaces_id) THEN
        RAISE EXCEPTION 'What a posted document takes back or stands for cannot change (%)', OLD.label;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER links_stay BEFORE UPDATE ON billing_document
    FOR EACH ROW WHEN (OLD.number IS NOT NULL) EXECUTE FUNCTION keep_links_of_documents();

CREATE FUNCTION keep_reversals_exact() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM billing_document o WHERE o.id = NEW.cancels_id AND o.number IS NOT NULL
        AND NEW.kind = o.kind || '_reversal'
        AND (o.member_id, o.site_id, o.currency, o.net_minor, o.vat_rate, o.vat_minor, o.gross_minor)
          = (NEW.member_id, NEW.site_id, NEW.currency, NEW.net_minor, NEW.vat_rate, NEW.vat_minor, NEW.gross_minor)) THEN
        RAISE EXCEPTION 'A reversal takes back exactly what was posted (%)', NEW.label;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER reversals_are_exact BEFORE UPDATE ON billing_document
    FOR EACH ROW WHEN (NEW.cancels_id IS NOT NULL AND NEW.number IS NOT NULL AND OLD.number IS NULL)
    EXECUTE FUNCTION keep_reversals_exact();

-- A cancelled document is never open again, and only a reversal cancels.
CREATE FUNCTION keep_cancelled_documents() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.status = 'cancelled' AND NEW.status <> 'cancelled' THEN
        RAISE EXCEPTION 'A document that was taken back stays cancelled (%)', OLD.label;
    END IF;
    IF NEW.status = 'cancelled' AND NOT EXISTS (SELECT FROM billing_document r WHERE r.cancels_id = NEW.id) THEN
        RAISE EXCEPTION 'Only a reversal cancels a document (%)', OLD.label;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER cancelled_stays BEFORE UPDATE OF status ON billing_document
    FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status AND 'cancelled' IN (OLD.status, NEW.status))
    EXECUTE FUNCTION keep_cancelled_documents();

-- Flexibility goes on to the document that replaces the one it stood on; nothing else of it changes.
CREATE OR REPLACE FUNCTION keep_flexibility() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    moved billing_flexibilitycredit := NEW;
BEGIN
    IF NOT EXISTS (SELECT FROM billing_document WHERE id = OLD.document_id AND number IS NOT NULL) THEN
        RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    IF TG_OP = 'UPDATE' THEN
        moved.document_id := OLD.document_id;
        moved.position := OLD.position;
        IF moved IS NOT DISTINCT FROM OLD AND EXISTS (
            SELECT FROM billing_document WHERE id = NEW.document_id AND replaces_id = OLD.document_id) THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'What stands on a posted document cannot change (%)', OLD.cause_ref;
END $$;
"""

UNDO = """
CREATE OR REPLACE FUNCTION keep_flexibility() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM billing_document WHERE id = OLD.document_id AND number IS NOT NULL) THEN
        RAISE EXCEPTION 'What stands on a posted document cannot change (%)', OLD.cause_ref;
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;
DROP TRIGGER cancelled_stays ON billing_document;
DROP FUNCTION keep_cancelled_documents();
DROP TRIGGER reversals_are_exact ON billing_document;
DROP FUNCTION keep_reversals_exact();
DROP TRIGGER links_stay ON billing_document;
DROP FUNCTION keep_links_of_documents();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0004_closed_months"),
        ("energy", "0001_tables"),
        ("members", "0001_tables"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="BillingPolicy",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "releases_by_rule",
                    models.BooleanField(
                        default=False,
                        help_text="Without a second person, where no check blocks the run.",
                        verbose_name="months are released by rule",
                    ),
                ),
                (
                    "correction_limit_minor",
                    models.PositiveIntegerField(
                        default=0,
                        help_text="Minor units. A correction of which no document changes by more is released by rule; 0: none is.",
                        verbose_name="corrections up to",
                    ),
                ),
                (
                    "sends_by_mail",
                    models.BooleanField(
                        default=False,
                        help_text="As soon as a run is posted and printed, to the members' addresses.",
                        verbose_name="documents are sent by e-mail",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "billing policies",
            },
        ),
        migrations.CreateModel(
            name="Delivery",
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
                ("recipient", models.EmailField(max_length=254)),
                ("sending", models.PositiveSmallIntegerField(default=1, help_text="1 for the first time.")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("queued", "queued"),
                            ("sending", "being sent"),
                            ("sent", "sent"),
                            ("failed", "failed"),
                            ("opened", "opened"),
                        ],
                        default="queued",
                        max_length=8,
                    ),
                ),
                ("queued_at", models.DateTimeField()),
                ("claimed_at", models.DateTimeField(blank=True, null=True)),
                ("sent_at", models.DateTimeField(blank=True, null=True)),
                ("opened_at", models.DateTimeField(blank=True, null=True)),
                ("problem", models.CharField(blank=True, max_length=300)),
            ],
            options={
                "verbose_name_plural": "deliveries",
            },
        ),
        migrations.CreateModel(
            name="RunCheck",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("negative", "to be paid is less than nothing"),
                            ("no_readings", "days without readings"),
                            ("estimated", "a large part is estimated"),
                            ("very_high", "far above what is usual in the village"),
                            ("last_year", "far from the same month last year"),
                            ("months_before", "far from the months before"),
                            ("nothing_used", "nothing was used"),
                            ("first_bill", "the first document of this member"),
                            ("new_tariff", "the tariff changed"),
                            ("no_address", "no postal address"),
                            ("no_contact", "no e-mail address"),
                        ],
                        max_length=16,
                    ),
                ),
                ("is_blocking", models.BooleanField(default=False)),
                ("told", models.CharField(help_text="What was found, with its figures.", max_length=300)),
                ("settled_at", models.DateTimeField(blank=True, null=True)),
                (
                    "note",
                    models.CharField(
                        blank=True, help_text="What was found out, and by whom.", max_length=300
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="billingrun",
            name="kind",
            field=models.CharField(
                choices=[
                    ("final", "final: a whole month"),
                    ("interim", "interim: part of a month, taken back by the final bill"),
                    ("correction", "correction: readings changed after the month was billed"),
                    ("cancellation", "cancellation of documents"),
                ],
                default="final",
                max_length=12,
            ),
        ),
        migrations.AddField(
            model_name="billingrun",
            name="only_sites",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.BigIntegerField(),
                blank=True,
                default=list,
                help_text="Sites that get documents; empty: all of them.",
                size=None,
            ),
        ),
        migrations.AddField(
            model_name="billingrun",
            name="prepared_by",
            field=models.ForeignKey(
                blank=True,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="billingrun",
            name="reason",
            field=models.CharField(blank=True, help_text="Why it was made, in words.", max_length=300),
        ),
        migrations.AddField(
            model_name="billingrun",
            name="release_rule",
            field=models.CharField(
                blank=True,
                editable=False,
                help_text="The rule that released it, where no person did.",
                max_length=160,
            ),
        ),
        migrations.AddField(
            model_name="billingrun",
            name="released_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="billingrun",
            name="released_by",
            field=models.ForeignKey(
                blank=True,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="document",
            name="cancels",
            field=models.OneToOneField(
                blank=True,
                editable=False,
                help_text="The document that this one takes back.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="cancelled_by",
                to="billing.document",
            ),
        ),
        migrations.AddField(
            model_name="document",
            name="replaces",
            field=models.OneToOneField(
                blank=True,
                editable=False,
                help_text="The document that was taken back and that this one stands for now.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="replaced_by",
                to="billing.document",
            ),
        ),
        migrations.AlterField(
            model_name="billingrun",
            name="status",
            field=models.CharField(
                choices=[
                    ("prepared", "prepared"),
                    ("rated", "to be released"),
                    ("released", "released"),
                    ("posted", "posted"),
                    ("withdrawn", "withdrawn"),
                ],
                default="prepared",
                max_length=12,
            ),
        ),
        migrations.AlterField(
            model_name="document",
            name="kind",
            field=models.CharField(
                choices=[
                    ("bill", "bill"),
                    ("credit", "credit"),
                    ("bill_reversal", "credit note for a bill"),
                    ("credit_reversal", "note that takes a credit back"),
                ],
                max_length=16,
            ),
        ),
        migrations.AlterField(
            model_name="document",
            name="status",
            field=models.CharField(
                choices=[
                    ("draft", "draft"),
                    ("open", "open"),
                    ("settled", "settled"),
                    ("cancelled", "cancelled"),
                ],
                default="draft",
                max_length=12,
            ),
        ),
        migrations.RunSQL(RELEASED, migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name="billingrun",
            constraint=models.UniqueConstraint(
                condition=models.Q(
                    ("kind", "final"), ("only_sites", []), models.Q(("status", "withdrawn"), _negated=True)
                ),
                fields=("microgrid", "period"),
                name="one_final_run_of_a_month",
            ),
        ),
        migrations.AddConstraint(
            model_name="billingrun",
            constraint=models.UniqueConstraint(
                condition=models.Q(("kind", "correction"), ("status__in", ["prepared", "rated", "released"])),
                fields=("microgrid", "period"),
                name="one_correction_at_a_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="billingrun",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("released_by__isnull", True),
                    ("prepared_by__isnull", True),
                    models.Q(("released_by", models.F("prepared_by")), _negated=True),
                    _connector="OR",
                ),
                name="a_second_person_releases",
            ),
        ),
        migrations.AddConstraint(
            model_name="billingrun",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status__in", ["released", "posted"]), _negated=True),
                    models.Q(
                        ("released_at__isnull", False),
                        models.Q(
                            ("released_by__isnull", False),
                            models.Q(("release_rule", ""), _negated=True),
                            _connector="OR",
                        ),
                    ),
                    _connector="OR",
                ),
                name="posted_runs_were_released",
            ),
        ),
        migrations.AddConstraint(
            model_name="document",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("cancels__isnull", False),
                        ("kind__in", ["bill_reversal", "credit_reversal"]),
                        ("replaces__isnull", True),
                    ),
                    models.Q(("cancels__isnull", True), ("kind__in", ["bill", "credit"])),
                    _connector="OR",
                ),
                name="reversals_name_what_they_take_back",
            ),
        ),
        migrations.AddField(
            model_name="billingpolicy",
            name="cooperative",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="billing_policy",
                to="members.cooperative",
            ),
        ),
        migrations.AddField(
            model_name="delivery",
            name="document",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="deliveries", to="billing.document"
            ),
        ),
        migrations.AddField(
            model_name="runcheck",
            name="run",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="checks", to="billing.billingrun"
            ),
        ),
        migrations.AddField(
            model_name="runcheck",
            name="settled_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="runcheck",
            name="site",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to="energy.site"
            ),
        ),
        migrations.AddConstraint(
            model_name="billingpolicy",
            constraint=models.CheckConstraint(
                condition=models.Q(("correction_limit_minor__lte", 100000000)),
                name="correction_limit_is_sane",
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("status__in", ["queued", "sending"])),
                fields=["queued_at"],
                name="deliveries_to_send",
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.UniqueConstraint(
                fields=("document", "recipient", "sending"), name="delivered_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status__in", ["sent", "opened"]), _negated=True),
                    ("sent_at__isnull", False),
                    _connector="OR",
                ),
                name="sent_deliveries_say_when",
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status", "opened"), _negated=True),
                    ("opened_at__isnull", False),
                    _connector="OR",
                ),
                name="opened_deliveries_say_when",
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status", "failed"), _negated=True),
                    models.Q(("problem", ""), _negated=True),
                    _connector="OR",
                ),
                name="failed_deliveries_say_why",
            ),
        ),
        migrations.AddIndex(
            model_name="runcheck",
            index=models.Index(
                condition=models.Q(("is_blocking", True), ("settled_at__isnull", True)),
                fields=["run"],
                name="checks_that_block",
            ),
        ),
        migrations.AddConstraint(
            model_name="runcheck",
            constraint=models.UniqueConstraint(fields=("run", "site", "kind"), name="checked_once"),
        ),
        migrations.AddConstraint(
            model_name="runcheck",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("settled_at__isnull", True), ("settled_by__isnull", True)),
                    models.Q(("settled_at__isnull", False), ("settled_by__isnull", False)),
                    _connector="OR",
                ),
                name="a_person_settles_a_check",
            ),
        ),
        migrations.AddConstraint(
            model_name="runcheck",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("is_blocking", False),
                    ("settled_at__isnull", True),
                    models.Q(("note", ""), _negated=True),
                    _connector="OR",
                ),
                name="what_blocks_is_settled_with_a_note",
            ),
        ),
        migrations.RunSQL(LINKS, UNDO),
    ]
