"""Money: the tables, books that balance and stay, posted documents that nothing changes or adds to. One file in place of all before it: a new database is made in seconds."""

import billing.models.tariffs
import django.contrib.postgres.constraints
import django.contrib.postgres.fields
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
import django.db.models.expressions
import django.db.models.lookups
import grid.models.sharing
import kernel.identifiers
from decimal import Decimal
from django.conf import settings
from django.db import migrations, models

BALANCED = """
CREATE FUNCTION keep_the_books_balanced() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    difference bigint;
BEGIN
    SELECT sum(debit_minor) - sum(credit_minor) INTO difference
    FROM billing_ledgerentry WHERE transaction_id = NEW.transaction_id;
    IF difference <> 0 THEN
        RAISE EXCEPTION 'Ledger transaction % does not balance: debits - credits = %', NEW.transaction_id, difference;
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER books_balance AFTER INSERT ON billing_ledgerentry
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION keep_the_books_balanced();

CREATE FUNCTION keep_what_is_posted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'Ledger entries stay; book a reversing transaction (%)', OLD.id;
END $$;
CREATE TRIGGER entries_stay BEFORE UPDATE OR DELETE ON billing_ledgerentry
    FOR EACH ROW EXECUTE FUNCTION keep_what_is_posted();
CREATE TRIGGER transactions_stay BEFORE UPDATE OR DELETE ON billing_ledgertransaction
    FOR EACH ROW EXECUTE FUNCTION keep_what_is_posted();
"""

DOCUMENTS = """
CREATE FUNCTION keep_posted_documents() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.number IS NULL THEN
        RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'A posted document cannot be deleted (%)', OLD.label;
    END IF;
    IF (NEW.run_id, NEW.member_id, NEW.site_id, NEW.kind, NEW.series, NEW.year, NEW.number, NEW.label, NEW.period,
        NEW.issue_date, NEW.due_date, NEW.currency, NEW.net_minor, NEW.vat_minor, NEW.gross_minor, NEW.chain_ref)
        IS DISTINCT FROM
       (OLD.run_id, OLD.member_id, OLD.site_id, OLD.kind, OLD.series, OLD.year, OLD.number, OLD.label, OLD.period,
        OLD.issue_date, OLD.due_date, OLD.currency, OLD.net_minor, OLD.vat_minor, OLD.gross_minor, OLD.chain_ref) THEN
        RAISE EXCEPTION 'A posted document cannot change; issue a correction (%)', OLD.label;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER documents_stay BEFORE UPDATE OR DELETE ON billing_document
    FOR EACH ROW EXECUTE FUNCTION keep_posted_documents();

CREATE FUNCTION keep_posted_lines() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM billing_document WHERE id = OLD.document_id AND number IS NOT NULL) THEN
        RAISE EXCEPTION 'A line of a posted document cannot change (document %)', OLD.document_id;
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER lines_stay BEFORE UPDATE OR DELETE ON billing_documentline
    FOR EACH ROW EXECUTE FUNCTION keep_posted_lines();
"""

TARIFFS = """
CREATE FUNCTION keep_used_versions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.used_at IS NULL THEN
        RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    IF TG_OP = 'DELETE' OR (NEW.valid_from, NEW.status, NEW.standing_per_day, NEW.energy_per_kwh, NEW.export_per_kwh,
                            NEW.incentive_per_kwh, NEW.vat_rate, NEW.used_at)
        IS DISTINCT FROM (OLD.valid_from, OLD.status, OLD.standing_per_day, OLD.energy_per_kwh, OLD.export_per_kwh,
                          OLD.incentive_per_kwh, OLD.vat_rate, OLD.used_at) THEN
        RAISE EXCEPTION 'A tariff version that was billed cannot change; make a new version (%)', OLD.number;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER used_versions_stay BEFORE UPDATE OR DELETE ON billing_tariffversion
    FOR EACH ROW EXECUTE FUNCTION keep_used_versions();

CREATE FUNCTION keep_used_windows() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    version bigint := CASE WHEN TG_OP = 'INSERT' THEN NEW.version_id ELSE OLD.version_id END;
BEGIN
    IF EXISTS (SELECT FROM billing_tariffversion WHERE id = version AND used_at IS NOT NULL) THEN
        RAISE EXCEPTION 'A time window of a billed tariff version cannot change; make a new version';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER used_windows_stay BEFORE INSERT OR UPDATE OR DELETE ON billing_timewindow
    FOR EACH ROW EXECUTE FUNCTION keep_used_windows();
"""

NO_LINES_AFTER_POSTING = """
CREATE FUNCTION keep_posted_documents_whole() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    posted bigint;
BEGIN
    SELECT d.id INTO posted FROM added JOIN billing_document d ON d.id = added.document_id
    WHERE d.number IS NOT NULL LIMIT 1;
    IF posted IS NOT NULL THEN
        RAISE EXCEPTION 'A posted document takes no further line (document %)', posted;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER no_lines_after_posting AFTER INSERT ON billing_documentline
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION keep_posted_documents_whole();
CREATE TRIGGER no_lines_moved_to_posted AFTER UPDATE ON billing_documentline
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION keep_posted_documents_whole();

CREATE FUNCTION keep_what_is_printed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.public_id, NEW.cooperative_id, NEW.vat_rate, NEW.payment_reference)
        IS DISTINCT FROM (OLD.public_id, OLD.cooperative_id, OLD.vat_rate, OLD.payment_reference) THEN
        RAISE EXCEPTION 'A posted document cannot change; issue a correction (%)', OLD.label;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER printed_words_stay BEFORE UPDATE ON billing_document
    FOR EACH ROW WHEN (OLD.number IS NOT NULL) EXECUTE FUNCTION keep_what_is_printed();
"""

FLEXIBILITY = """
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
DROP TRIGGER printed_words_stay ON billing_document;
DROP FUNCTION keep_what_is_printed();
DROP TRIGGER no_lines_moved_to_posted ON billing_documentline;
DROP TRIGGER no_lines_after_posting ON billing_documentline;
DROP FUNCTION keep_posted_documents_whole();
DROP TRIGGER used_windows_stay ON billing_timewindow;
DROP FUNCTION keep_used_windows();
DROP TRIGGER used_versions_stay ON billing_tariffversion;
DROP FUNCTION keep_used_versions();
DROP TRIGGER lines_stay ON billing_documentline;
DROP FUNCTION keep_posted_lines();
DROP TRIGGER documents_stay ON billing_document;
DROP FUNCTION keep_posted_documents();
DROP TRIGGER transactions_stay ON billing_ledgertransaction;
DROP TRIGGER entries_stay ON billing_ledgerentry;
DROP FUNCTION keep_what_is_posted();
DROP TRIGGER books_balance ON billing_ledgerentry;
DROP FUNCTION keep_the_books_balanced();
"""


class Migration(migrations.Migration):
    replaces = [
        ("billing", "0001_initial"),
        ("billing", "0002_books_that_stay"),
        ("billing", "0003_nothing_is_added"),
        ("billing", "0004_sharing_revisions"),
        ("billing", "0005_billed_readings"),
        ("billing", "0006_flexibility"),
        ("billing", "0007_carried_energy"),
        ("billing", "0008_rule_replay"),
        ("billing", "0009_tariff_parts"),
    ]

    initial = True

    dependencies = [
        ("energy", "0001_tables"),
        ("grid", "0001_tables"),
        ("members", "0001_tables"),
    ]

    operations = [
        migrations.CreateModel(
            name="Account",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "cooperative",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="accounts",
                        to="members.cooperative",
                    ),
                ),
                (
                    "code",
                    models.CharField(
                        choices=[
                            ("receivable", "member receivable"),
                            ("payable", "member payable"),
                            ("energy_sales", "energy sales"),
                            ("fees", "standing charges"),
                            ("local_clearing", "local energy, from neighbours to neighbours"),
                            ("energy_purchases", "energy bought from producers for the public grid"),
                            ("incentives", "incentives"),
                            ("vat", "VAT"),
                            ("bank", "bank"),
                            ("chain_wallet", "chain wallet"),
                            ("rounding", "rounding"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "member",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="accounts",
                        to="members.member",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("cooperative", "code", "member"), name="account_once", nulls_distinct=False
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("code__in", ["receivable", "payable"]), ("member__isnull", False)),
                            models.Q(
                                models.Q(("code__in", ["receivable", "payable"]), _negated=True),
                                ("member__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="personal_accounts_name_their_member",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="BankStatement",
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
                    "cooperative",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="bank_statements",
                        to="members.cooperative",
                    ),
                ),
                ("file_name", models.CharField(max_length=200)),
                ("digest", models.CharField(max_length=64)),
                ("imported_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("cooperative", "digest"), name="statement_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="BillingRun",
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
                    "microgrid",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="billing_runs",
                        to="energy.microgrid",
                    ),
                ),
                ("period", models.PositiveIntegerField(help_text="YYYYMM")),
                ("revision", models.PositiveSmallIntegerField(default=0)),
                ("first_day", models.DateField()),
                ("last_day", models.DateField()),
                ("issue_date", models.DateField()),
                ("due_date", models.DateField()),
                (
                    "status",
                    models.CharField(
                        choices=[("prepared", "prepared"), ("rated", "rated"), ("posted", "posted")],
                        default="prepared",
                        max_length=12,
                    ),
                ),
                ("prepared_at", models.DateTimeField()),
                (
                    "sharing_revisions",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.PositiveSmallIntegerField(),
                        default=list,
                        help_text="Of the run's days, as they stand when it is rated.",
                        size=None,
                    ),
                ),
                ("posted_at", models.DateTimeField(blank=True, null=True)),
                (
                    "chain_ref",
                    models.CharField(
                        default=kernel.identifiers.random_bytes32, editable=False, max_length=66, unique=True
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("microgrid", "period", "revision"), name="run_once"),
                    models.CheckConstraint(
                        condition=models.Q(("last_day__gte", models.F("first_day"))), name="run_days_in_order"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="LedgerTransaction",
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
                    "cooperative",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="ledger_transactions",
                        to="members.cooperative",
                    ),
                ),
                ("idempotency_key", models.CharField(max_length=120)),
                ("cause", models.CharField(help_text="document, payment, ...", max_length=40)),
                ("booked_date", models.DateField()),
                ("posted_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("cooperative", "idempotency_key"), name="posted_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="NumberSeries",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "cooperative",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="members.cooperative",
                    ),
                ),
                ("series", models.CharField(max_length=4)),
                ("year", models.PositiveSmallIntegerField()),
                ("next_number", models.PositiveIntegerField(default=1)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("cooperative", "series", "year"), name="series_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Tariff",
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
                    "cooperative",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="tariffs",
                        to="members.cooperative",
                    ),
                ),
                ("code", models.SlugField()),
                ("name", models.CharField(max_length=120)),
                (
                    "is_reference",
                    models.BooleanField(
                        default=False,
                        help_text="Its prices are the retail and feed-in prices from which local prices are made.",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("cooperative", "code"), name="tariff_code_once"),
                    models.UniqueConstraint(
                        condition=models.Q(("is_reference", True)),
                        fields=("cooperative",),
                        name="one_reference_tariff",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="BilledReadings",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="billed_readings",
                        to="billing.billingrun",
                    ),
                ),
                ("meter_id", models.BigIntegerField()),
                (
                    "channel",
                    models.SmallIntegerField(
                        choices=[
                            (1, "import"),
                            (2, "export"),
                            (3, "production"),
                            (4, "charge"),
                            (5, "discharge"),
                            (6, "down"),
                            (7, "up"),
                        ]
                    ),
                ),
                (
                    "versions",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.SmallIntegerField(), size=None
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["meter_id", "channel"], name="billed_readings_by_meter")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("run", "meter_id", "channel"), name="billed_readings_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Document",
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
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="documents",
                        to="billing.billingrun",
                    ),
                ),
                (
                    "cooperative",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="documents",
                        to="members.cooperative",
                    ),
                ),
                (
                    "member",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="documents",
                        to="members.member",
                    ),
                ),
                (
                    "site",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="documents",
                        to="energy.site",
                    ),
                ),
                ("kind", models.CharField(choices=[("bill", "bill"), ("credit", "credit")], max_length=8)),
                (
                    "status",
                    models.CharField(
                        choices=[("draft", "draft"), ("open", "open"), ("settled", "settled")],
                        default="draft",
                        max_length=8,
                    ),
                ),
                ("series", models.CharField(blank=True, max_length=4)),
                ("year", models.PositiveSmallIntegerField(null=True)),
                ("number", models.PositiveIntegerField(null=True)),
                (
                    "label",
                    models.CharField(
                        blank=True, help_text="Series, year and number as people read them.", max_length=24
                    ),
                ),
                ("period", models.PositiveIntegerField(help_text="YYYYMM")),
                ("issue_date", models.DateField()),
                ("due_date", models.DateField()),
                ("currency", models.CharField(max_length=3)),
                ("net_minor", models.BigIntegerField(default=0)),
                ("vat_rate", models.DecimalField(decimal_places=4, default=0, max_digits=5)),
                ("vat_minor", models.BigIntegerField(default=0)),
                ("gross_minor", models.BigIntegerField(default=0)),
                ("paid_minor", models.BigIntegerField(default=0)),
                ("payment_reference", models.CharField(blank=True, max_length=35)),
                (
                    "chain_ref",
                    models.CharField(
                        default=kernel.identifiers.random_bytes32, editable=False, max_length=66, unique=True
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["member", "-period"], name="document_by_member")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("run", "site", "kind"), name="document_once_per_run_and_site"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("number__isnull", False)),
                        fields=("cooperative", "series", "year", "number"),
                        name="document_number_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("number__isnull", True), ("status", "draft")),
                            models.Q(models.Q(("status", "draft"), _negated=True), ("number__isnull", False)),
                            _connector="OR",
                        ),
                        name="posted_documents_are_numbered",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "gross_minor",
                                django.db.models.expressions.CombinedExpression(
                                    models.F("net_minor"), "+", models.F("vat_minor")
                                ),
                            )
                        ),
                        name="gross_is_net_and_vat",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="LedgerEntry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "transaction",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="entries",
                        to="billing.ledgertransaction",
                    ),
                ),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="entries",
                        to="billing.account",
                    ),
                ),
                ("debit_minor", models.BigIntegerField(default=0)),
                ("credit_minor", models.BigIntegerField(default=0)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("credit_minor__gt", 0), ("debit_minor", 0)),
                            models.Q(("credit_minor", 0), ("debit_minor__gt", 0)),
                            _connector="OR",
                        ),
                        name="entry_has_one_side",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="RuleReplay",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="replays",
                        to="billing.billingrun",
                    ),
                ),
                (
                    "key",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("dynamic", "dynamic: in proportion to use"),
                            ("static", "static: fixed shares"),
                            ("hybrid", "hybrid: fixed shares, what is left again"),
                            ("hierarchical", "hierarchical: own site, then feeder, then all"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "price_rule",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("mid_market", "mid-market: halfway between retail and feed-in price"),
                            ("supply_demand_ratio", "supply-demand ratio: cheap when there is plenty"),
                            ("bill_sharing", "bill sharing: local energy is free, the grid's cost is shared"),
                        ],
                        max_length=24,
                    ),
                ),
                ("shared_wh", models.BigIntegerField()),
                (
                    "site_ids",
                    django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None),
                ),
                (
                    "bill_minor",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(),
                        help_text="What each site would have paid, with VAT.",
                        size=None,
                    ),
                ),
                (
                    "credit_minor",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(),
                        help_text="What each would have been paid for its energy.",
                        size=None,
                    ),
                ),
                ("computed_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("run", "key", "price_rule"), name="rule_replayed_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="RunChunk",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="chunks",
                        to="billing.billingrun",
                    ),
                ),
                ("index", models.PositiveIntegerField()),
                (
                    "site_ids",
                    django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[("open", "open"), ("rated", "rated")], default="open", max_length=8
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("run", "index"), name="chunk_once")],
            },
        ),
        migrations.CreateModel(
            name="TariffAssignment",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "site",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="tariff_assignments",
                        to="energy.site",
                    ),
                ),
                (
                    "tariff",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="assignments",
                        to="billing.tariff",
                    ),
                ),
                ("valid_from", models.DateField()),
                ("valid_to", models.DateField(blank=True, null=True)),
            ],
            options={
                "constraints": [
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[
                            (models.F("site"), "="),
                            (
                                grid.models.sharing.DateRange(
                                    "valid_from",
                                    "valid_to",
                                    django.contrib.postgres.fields.ranges.RangeBoundary(),
                                ),
                                "&&",
                            ),
                        ],
                        name="one_tariff_at_a_time",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="TariffVersion",
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
                    "tariff",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="versions",
                        to="billing.tariff",
                    ),
                ),
                ("number", models.PositiveSmallIntegerField()),
                (
                    "status",
                    models.CharField(
                        choices=[("draft", "draft"), ("published", "published")],
                        default="draft",
                        max_length=12,
                    ),
                ),
                ("valid_from", models.DateField()),
                (
                    "valid_to",
                    models.DateField(
                        blank=True, help_text="Exclusive; empty: until further notice.", null=True
                    ),
                ),
                (
                    "standing_per_day",
                    models.DecimalField(
                        decimal_places=6,
                        default=Decimal("0"),
                        max_digits=12,
                        verbose_name="standing charge per day",
                    ),
                ),
                (
                    "energy_per_kwh",
                    models.DecimalField(
                        decimal_places=6,
                        default=Decimal("0"),
                        help_text="From the public grid, outside every time window.",
                        max_digits=12,
                        verbose_name="energy per kWh",
                    ),
                ),
                (
                    "export_per_kwh",
                    models.DecimalField(
                        decimal_places=6,
                        default=Decimal("0"),
                        help_text="Paid for energy that goes to the public grid.",
                        max_digits=12,
                        verbose_name="export per kWh",
                    ),
                ),
                (
                    "incentive_per_kwh",
                    models.DecimalField(
                        decimal_places=6,
                        default=Decimal("0"),
                        help_text="Deducted for energy received from neighbours.",
                        max_digits=12,
                        verbose_name="incentive per kWh",
                    ),
                ),
                (
                    "vat_rate",
                    models.DecimalField(
                        decimal_places=4, default=Decimal("0.19"), max_digits=5, verbose_name="VAT rate"
                    ),
                ),
                (
                    "parts",
                    models.JSONField(
                        blank=True,
                        default=list,
                        help_text="Charges beside these prices: tiers, demand, levies, discounts, a minimum. Written as a list of parts.",
                        validators=[billing.models.tariffs.validate_parts],
                        verbose_name="more parts",
                    ),
                ),
                ("published_at", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "published_by",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("used_at", models.DateTimeField(blank=True, editable=False, null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("tariff", "number"), name="tariff_version_number_once"),
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        condition=models.Q(("status", "published")),
                        expressions=[
                            (models.F("tariff"), "="),
                            (
                                grid.models.sharing.DateRange(
                                    "valid_from",
                                    "valid_to",
                                    django.contrib.postgres.fields.ranges.RangeBoundary(),
                                ),
                                "&&",
                            ),
                        ],
                        name="published_versions_do_not_overlap",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("valid_to__isnull", True),
                            ("valid_to__gt", models.F("valid_from")),
                            _connector="OR",
                        ),
                        name="version_ends_after_it_starts",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("energy_per_kwh__gte", 0),
                            ("incentive_per_kwh__gte", 0),
                            ("standing_per_day__gte", 0),
                        ),
                        name="version_prices_not_negative",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("vat_rate__gte", 0), ("vat_rate__lt", 1)),
                        name="version_vat_within_one",
                    ),
                    models.CheckConstraint(
                        condition=django.db.models.lookups.Exact(
                            models.Func(
                                models.F("parts"), function="jsonb_typeof", output_field=models.TextField()
                            ),
                            "array",
                        ),
                        name="version_parts_are_a_list",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="DocumentLine",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "document",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="lines",
                        to="billing.document",
                    ),
                ),
                ("position", models.PositiveSmallIntegerField()),
                (
                    "component",
                    models.CharField(
                        choices=[
                            ("standing", "standing charge"),
                            ("local", "energy from neighbours"),
                            ("grid", "energy from the public grid"),
                            ("incentive", "incentive for local energy"),
                            ("local_delivered", "energy delivered to neighbours"),
                            ("carried", "grid energy carried for neighbours"),
                            ("export", "energy to the public grid"),
                            ("demand_response", "drawing less when asked"),
                            ("battery", "flexibility of your battery"),
                            ("demand", "highest power of the month"),
                            ("levy", "levy"),
                            ("discount", "discount"),
                            ("minimum", "top-up to the minimum"),
                        ],
                        max_length=16,
                    ),
                ),
                ("window", models.CharField(blank=True, max_length=40)),
                ("quantity", models.BigIntegerField()),
                ("unit", models.CharField(max_length=4)),
                (
                    "price",
                    models.DecimalField(
                        decimal_places=6, help_text="Per kWh, per kW or per day.", max_digits=14
                    ),
                ),
                (
                    "exact_micro",
                    models.BigIntegerField(help_text="Sum of Wh x millionths per kWh, before rounding."),
                ),
                ("net_minor", models.BigIntegerField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("document", "position"), name="line_position_once")
                ],
            },
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
                    "site",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="flexibility_credits",
                        to="energy.site",
                    ),
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
                ("position", models.PositiveSmallIntegerField(blank=True, editable=False, null=True)),
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
        migrations.CreateModel(
            name="Payment",
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
                    "cooperative",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="payments",
                        to="members.cooperative",
                    ),
                ),
                (
                    "member",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="payments",
                        to="members.member",
                    ),
                ),
                (
                    "document",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="payments",
                        to="billing.document",
                    ),
                ),
                (
                    "rail",
                    models.CharField(
                        choices=[("bank", "bank transfer"), ("chain", "on the chain")], max_length=8
                    ),
                ),
                ("amount_minor", models.BigIntegerField()),
                ("external_ref", models.CharField(max_length=160)),
                ("received_at", models.DateTimeField()),
                ("booked_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("cooperative", "rail", "external_ref"), name="payment_booked_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("amount_minor__gt", 0)), name="payment_is_positive"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="TimeWindow",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="windows",
                        to="billing.tariffversion",
                    ),
                ),
                ("name", models.CharField(max_length=40)),
                (
                    "days",
                    models.CharField(
                        choices=[
                            ("every_day", "every day"),
                            ("weekdays", "Monday to Friday"),
                            ("weekends", "Saturday and Sunday"),
                        ],
                        default="every_day",
                        max_length=12,
                    ),
                ),
                (
                    "start_minute",
                    models.PositiveSmallIntegerField(help_text="Minutes after midnight, local time."),
                ),
                (
                    "end_minute",
                    models.PositiveSmallIntegerField(
                        help_text="Minutes after midnight; 1440 is the day's end."
                    ),
                ),
                ("multiplier", models.DecimalField(decimal_places=6, max_digits=8)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("version", "name"), name="window_name_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("end_minute__gt", models.F("start_minute")), ("end_minute__lte", 1440)
                        ),
                        name="window_within_a_day",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("multiplier__gte", 0), models.Q(("name", "base"), _negated=True)),
                        name="window_is_not_base",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="BankStatementLine",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "statement",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="lines",
                        to="billing.bankstatement",
                    ),
                ),
                ("row", models.PositiveIntegerField()),
                ("booked_date", models.DateField()),
                ("amount_minor", models.BigIntegerField()),
                ("payer", models.CharField(blank=True, max_length=140)),
                ("purpose", models.CharField(blank=True, max_length=300)),
                (
                    "payment",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="statement_line",
                        to="billing.payment",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("statement", "row"), name="statement_row_once")
                ],
            },
        ),
        migrations.RunSQL(BALANCED + DOCUMENTS + TARIFFS + NO_LINES_AFTER_POSTING + FLEXIBILITY, UNDO),
    ]
