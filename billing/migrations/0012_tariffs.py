"""Tariffs: two people for each version; prices published a day ahead."""

import django.contrib.postgres.fields
import django.db.models.deletion
import kernel.identifiers
from django.conf import settings
from django.db import migrations, models

APPROVAL = """
CREATE OR REPLACE FUNCTION keep_used_versions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.status = 'draft' THEN
        RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'A tariff version that was submitted cannot be deleted (%)', OLD.number;
    END IF;
    IF (NEW.tariff_id, NEW.number, NEW.public_id, NEW.valid_from, NEW.standing_per_day, NEW.energy_per_kwh, NEW.export_per_kwh,
        NEW.incentive_per_kwh, NEW.vat_rate, NEW.parts, NEW.source_name, NEW.not_billed, NEW.submitted_at)
        IS DISTINCT FROM
       (OLD.tariff_id, OLD.number, OLD.public_id, OLD.valid_from, OLD.standing_per_day, OLD.energy_per_kwh, OLD.export_per_kwh,
        OLD.incentive_per_kwh, OLD.vat_rate, OLD.parts, OLD.source_name, OLD.not_billed, OLD.submitted_at) THEN
        RAISE EXCEPTION 'A tariff version that was submitted cannot change; make a new version (%)', OLD.number;
    END IF;
    IF NEW.status <> OLD.status AND (OLD.status, NEW.status) NOT IN (('submitted', 'published'), ('submitted', 'rejected')) THEN
        RAISE EXCEPTION 'A tariff version that is % cannot change to % (%)', OLD.status, NEW.status, OLD.number;
    END IF;
    IF OLD.status = 'published' AND NEW.published_at IS DISTINCT FROM OLD.published_at
        OR OLD.used_at IS NOT NULL AND NEW.used_at IS DISTINCT FROM OLD.used_at
        OR OLD.submitted_by_id IS DISTINCT FROM NEW.submitted_by_id AND NEW.submitted_by_id IS NOT NULL
        OR OLD.status = 'published' AND OLD.published_by_id IS DISTINCT FROM NEW.published_by_id AND NEW.published_by_id IS NOT NULL THEN
        RAISE EXCEPTION 'Who submitted and approved a tariff version, and when it was used, cannot change (%)', OLD.number;
    END IF;
    RETURN NEW;
END $$;

CREATE OR REPLACE FUNCTION keep_used_windows() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    version bigint := CASE WHEN TG_OP = 'INSERT' THEN NEW.version_id ELSE OLD.version_id END;
BEGIN
    IF EXISTS (SELECT FROM billing_tariffversion WHERE id = version AND status <> 'draft') THEN
        RAISE EXCEPTION 'A time window of a submitted tariff version cannot change; make a new version';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;

CREATE FUNCTION keep_tariff_steps() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'What was done with a tariff version stays (%)', OLD.kind;
END $$;
CREATE TRIGGER tariff_steps_stay BEFORE UPDATE OR DELETE ON billing_tariffstep
    FOR EACH ROW EXECUTE FUNCTION keep_tariff_steps();
"""
BEFORE_APPROVAL = "DROP TRIGGER tariff_steps_stay ON billing_tariffstep; DROP FUNCTION keep_tariff_steps();"
SUBMITTED_BEFORE = "UPDATE billing_tariffversion SET submitted_at = coalesce(published_at, valid_from), published_at = coalesce(published_at, valid_from) WHERE status = 'published'"

PRICES = """
CREATE FUNCTION keep_published_tariff_prices() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'Published prices and where an index came from stay (%)', OLD.id;
END $$;
CREATE TRIGGER tariff_prices_stay BEFORE UPDATE OR DELETE ON billing_tariffpriceday
    FOR EACH ROW EXECUTE FUNCTION keep_published_tariff_prices();
CREATE TRIGGER spot_imports_stay BEFORE UPDATE OR DELETE ON billing_spotimport
    FOR EACH ROW EXECUTE FUNCTION keep_published_tariff_prices();

CREATE FUNCTION keep_posted_surplus() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM billing_billingrun WHERE id = OLD.run_id AND status = 'posted') THEN
        RAISE EXCEPTION 'Surplus that a posted run counted stays (%)', OLD.id;
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER surplus_stays BEFORE UPDATE OR DELETE ON billing_surpluscarried
    FOR EACH ROW EXECUTE FUNCTION keep_posted_surplus();
"""
BEFORE_PRICES = """
DROP TRIGGER surplus_stays ON billing_surpluscarried; DROP FUNCTION keep_posted_surplus();
DROP TRIGGER spot_imports_stay ON billing_spotimport; DROP TRIGGER tariff_prices_stay ON billing_tariffpriceday;
DROP FUNCTION keep_published_tariff_prices();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0011_life_support"),
        ("energy", "0002_fuse"),
        ("members", "0001_tables"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="SpotDay",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField()),
                (
                    "price_micro",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.IntegerField(null=True), size=None
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="SpotImport",
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
                    "source",
                    models.CharField(
                        help_text="Who published the prices, or how they were made.", max_length=120
                    ),
                ),
                ("file_name", models.CharField(max_length=120)),
                ("sha256", models.CharField(max_length=64)),
                ("prices", models.PositiveIntegerField()),
                ("first_at", models.DateTimeField()),
                ("last_at", models.DateTimeField()),
                ("imported_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="SpotIndex",
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
                ("code", models.SlugField(help_text="As the spot part of a tariff names it.", max_length=40)),
                ("name", models.CharField(max_length=120)),
                (
                    "time_zone",
                    models.CharField(
                        default="Europe/Berlin", help_text="Whose midnight begins its days.", max_length=40
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "spot indexes",
            },
        ),
        migrations.CreateModel(
            name="SurplusCarried",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("window", models.CharField(max_length=40)),
                ("before_wh", models.BigIntegerField()),
                ("after_wh", models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="TariffPriceDay",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField()),
                (
                    "price_micro",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.IntegerField(),
                        help_text="Millionths per kWh, without VAT.",
                        size=None,
                    ),
                ),
                (
                    "index_micro",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.IntegerField(null=True),
                        help_text="The index as it was known then.",
                        size=None,
                    ),
                ),
                (
                    "state",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.SmallIntegerField(
                            choices=[(0, "ordinary"), (1, "more than it needs"), (2, "near its limit")]
                        ),
                        size=None,
                    ),
                ),
                (
                    "substituted",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BooleanField(),
                        help_text="Where the fallback rule stands in for the index.",
                        size=None,
                    ),
                ),
                ("published_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="TariffStep",
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
                            ("submitted", "submitted"),
                            ("approved", "approved"),
                            ("rejected", "rejected"),
                        ],
                        max_length=12,
                    ),
                ),
                ("at", models.DateTimeField()),
                ("reason", models.CharField(blank=True, max_length=400)),
            ],
        ),
        migrations.AddField(
            model_name="tariffversion",
            name="not_billed",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=200),
                blank=True,
                default=list,
                editable=False,
                help_text="What that file holds and no bill depends on.",
                size=None,
            ),
        ),
        migrations.AddField(
            model_name="tariffversion",
            name="source_name",
            field=models.CharField(
                blank=True,
                editable=False,
                help_text="Empty: written here.",
                max_length=120,
                verbose_name="made from the file",
            ),
        ),
        migrations.AddField(
            model_name="tariffversion",
            name="submitted_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="tariffversion",
            name="submitted_by",
            field=models.ForeignKey(
                blank=True,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
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
                    ("carried", "grid energy carried for neighbours"),
                    ("gift", "energy given to you"),
                    ("given", "energy you gave away"),
                    ("deviation", "orders not kept"),
                    ("compensation", "orders others did not keep"),
                    ("export", "energy to the public grid"),
                    ("demand_response", "drawing less when asked"),
                    ("battery", "flexibility of your battery"),
                    ("flexible_run", "flexibility of your devices"),
                    ("demand", "highest power of the month"),
                    ("levy", "levy"),
                    ("discount", "discount"),
                    ("spot", "energy at the price of the hour"),
                    ("set_off", "set off against what was fed in"),
                    ("kept", "surplus that waits"),
                    ("capacity", "connection by fuse"),
                    ("minimum", "top-up to the minimum"),
                ],
                max_length=16,
            ),
        ),
        migrations.AlterField(
            model_name="documentline",
            name="window",
            field=models.CharField(blank=True, max_length=60),
        ),
        migrations.AlterField(
            model_name="tariffversion",
            name="published_at",
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name="approved at"),
        ),
        migrations.AlterField(
            model_name="tariffversion",
            name="published_by",
            field=models.ForeignKey(
                blank=True,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="approved by",
            ),
        ),
        migrations.AlterField(
            model_name="tariffversion",
            name="status",
            field=models.CharField(
                choices=[
                    ("draft", "draft"),
                    ("submitted", "waits for approval"),
                    ("published", "approved"),
                    ("rejected", "rejected"),
                ],
                default="draft",
                max_length=12,
            ),
        ),
        migrations.RunSQL(SUBMITTED_BEFORE, migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name="tariffversion",
            constraint=models.CheckConstraint(
                condition=models.Q(("published_by", models.F("submitted_by")), _negated=True),
                name="version_approved_by_another",
            ),
        ),
        migrations.AddConstraint(
            model_name="tariffversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status", "draft"), ("submitted_at__isnull", True)),
                    models.Q(models.Q(("status", "draft"), _negated=True), ("submitted_at__isnull", False)),
                    _connector="OR",
                ),
                name="version_was_submitted",
            ),
        ),
        migrations.AddConstraint(
            model_name="tariffversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status", "published"), _negated=True),
                    ("published_at__isnull", False),
                    _connector="OR",
                ),
                name="version_was_approved",
            ),
        ),
        migrations.AddField(
            model_name="spotimport",
            name="imported_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="spotday",
            name="spot_import",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="days",
                to="billing.spotimport",
                verbose_name="from",
            ),
        ),
        migrations.AddField(
            model_name="spotindex",
            name="cooperative",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="spot_indexes",
                to="members.cooperative",
            ),
        ),
        migrations.AddField(
            model_name="spotimport",
            name="index",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="imports", to="billing.spotindex"
            ),
        ),
        migrations.AddField(
            model_name="spotday",
            name="index",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="days", to="billing.spotindex"
            ),
        ),
        migrations.AddField(
            model_name="surpluscarried",
            name="run",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="surplus", to="billing.billingrun"
            ),
        ),
        migrations.AddField(
            model_name="surpluscarried",
            name="site",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="surplus", to="energy.site"
            ),
        ),
        migrations.AddField(
            model_name="tariffpriceday",
            name="microgrid",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="tariff_price_days",
                to="energy.microgrid",
            ),
        ),
        migrations.AddField(
            model_name="tariffpriceday",
            name="tariff",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="price_days", to="billing.tariff"
            ),
        ),
        migrations.AddField(
            model_name="tariffpriceday",
            name="version",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="price_days",
                to="billing.tariffversion",
            ),
        ),
        migrations.AddField(
            model_name="tariffstep",
            name="user",
            field=models.ForeignKey(
                blank=True,
                help_text="Empty: the programme itself, as it set the cooperative up.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="tariffstep",
            name="version",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="steps", to="billing.tariffversion"
            ),
        ),
        migrations.AddConstraint(
            model_name="spotindex",
            constraint=models.UniqueConstraint(fields=("cooperative", "code"), name="spot_index_code_once"),
        ),
        migrations.AddConstraint(
            model_name="spotimport",
            constraint=models.UniqueConstraint(fields=("index", "sha256"), name="spot_file_once"),
        ),
        migrations.AddConstraint(
            model_name="spotimport",
            constraint=models.CheckConstraint(
                condition=models.Q(("last_at__gte", models.F("first_at"))), name="spot_import_in_order"
            ),
        ),
        migrations.AddConstraint(
            model_name="spotday",
            constraint=models.UniqueConstraint(fields=("index", "day"), name="spot_day_once"),
        ),
        migrations.AddIndex(
            model_name="surpluscarried",
            index=models.Index(fields=["site", "run"], name="surplus_by_site"),
        ),
        migrations.AddConstraint(
            model_name="surpluscarried",
            constraint=models.UniqueConstraint(fields=("run", "site", "window"), name="surplus_once_per_run"),
        ),
        migrations.AddConstraint(
            model_name="surpluscarried",
            constraint=models.CheckConstraint(
                condition=models.Q(("after_wh__gte", 0), ("before_wh__gte", 0)), name="surplus_not_negative"
            ),
        ),
        migrations.AddConstraint(
            model_name="tariffpriceday",
            constraint=models.UniqueConstraint(
                fields=("microgrid", "tariff", "day"), name="tariff_prices_published_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="tariffpriceday",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("index_micro__len", models.F("price_micro__len")),
                    ("state__len", models.F("price_micro__len")),
                    ("substituted__len", models.F("price_micro__len")),
                ),
                name="tariff_prices_of_one_length",
            ),
        ),
        migrations.AddConstraint(
            model_name="tariffstep",
            constraint=models.UniqueConstraint(fields=("version", "kind"), name="tariff_step_once"),
        ),
        migrations.AddConstraint(
            model_name="tariffstep",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "rejected"), _negated=True),
                    models.Q(("reason", ""), _negated=True),
                    _connector="OR",
                ),
                name="rejection_says_why",
            ),
        ),
        migrations.RunSQL(APPROVAL + PRICES, BEFORE_PRICES + BEFORE_APPROVAL),
    ]
