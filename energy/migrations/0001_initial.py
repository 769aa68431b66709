"""Facts: the tables, messages and meter days partitioned by month, what is only ever added. One file in place of all before it: a new database is made in seconds."""

import django.contrib.postgres.constraints
import django.contrib.postgres.fields
import django.contrib.postgres.fields.ranges
import django.core.validators
import django.db.models.deletion
import energy.models.ownership
import energy.models.topology
import kernel.identifiers
from decimal import Decimal
from django.conf import settings
from django.db import migrations, models
from django.contrib.postgres.operations import BtreeGistExtension

from members.adapters.schema import CreateModels

ENSURE_MONTH = """
CREATE FUNCTION ensure_month_partition(parent text, any_day date) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    first_day date := date_trunc('month', any_day)::date;
    child text := parent || '_' || to_char(first_day, 'YYYYMM');
BEGIN
    IF to_regclass(child) IS NOT NULL THEN RETURN; END IF;
    PERFORM pg_advisory_xact_lock(hashtext('partition ' || child));
    EXECUTE format('CREATE TABLE IF NOT EXISTS %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)',
                   child, parent, first_day, (first_day + interval '1 month')::date);
END $$;
"""

TELEMETRY = """
CREATE SEQUENCE energy_telemetrymessage_id_seq;
CREATE TABLE energy_telemetrymessage (
    id bigint NOT NULL DEFAULT nextval('energy_telemetrymessage_id_seq'),
    received_at timestamptz NOT NULL,
    microgrid_id bigint NOT NULL,
    device_id bigint NOT NULL,
    counter bigint NOT NULL,
    sent_at timestamptz NOT NULL,
    transport varchar(8) NOT NULL,
    body bytea NOT NULL,
    PRIMARY KEY (received_at, id)
) PARTITION BY RANGE (received_at);
CREATE INDEX telemetry_by_device ON energy_telemetrymessage (device_id, counter);
"""

METER_DAYS = """
CREATE TABLE energy_meterday (
    day date NOT NULL,
    meter_id bigint NOT NULL,
    channel smallint NOT NULL CHECK (channel BETWEEN 1 AND 8),
    version smallint NOT NULL DEFAULT 1 CHECK (version >= 1),
    microgrid_id bigint NOT NULL,
    status smallint NOT NULL DEFAULT 0 CHECK (status IN (0, 1)),
    is_current boolean NOT NULL DEFAULT true,
    values_wh integer[] NOT NULL,
    quality smallint[] NOT NULL,
    register_start_wh bigint,
    register_end_wh bigint,
    message_ids bigint[] NOT NULL DEFAULT '{}',
    provenance varchar(80) NOT NULL DEFAULT 'messages',
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (day, meter_id, channel, version),
    CONSTRAINT meter_day_flags_fit_values CHECK (cardinality(values_wh) = cardinality(quality)),
    CONSTRAINT meter_day_values_not_negative CHECK (0 <= ALL (values_wh))
) PARTITION BY RANGE (day);
CREATE UNIQUE INDEX meter_day_one_current ON energy_meterday (day, meter_id, channel) WHERE is_current;
CREATE INDEX meter_day_by_microgrid ON energy_meterday (microgrid_id, day) WHERE is_current;
CREATE INDEX meter_day_provisional ON energy_meterday (microgrid_id, day) WHERE status = 0 AND is_current;

CREATE FUNCTION keep_final_meter_days() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF OLD.status = 1 THEN
            RAISE EXCEPTION 'A final meter day cannot be deleted (meter %, day %)', OLD.meter_id, OLD.day;
        END IF;
        RETURN OLD;
    END IF;
    IF OLD.status = 1 AND (NEW.status, NEW.values_wh, NEW.quality, NEW.register_start_wh, NEW.register_end_wh,
                           NEW.message_ids, NEW.provenance, NEW.microgrid_id)
        IS DISTINCT FROM (OLD.status, OLD.values_wh, OLD.quality, OLD.register_start_wh, OLD.register_end_wh,
                          OLD.message_ids, OLD.provenance, OLD.microgrid_id) THEN
        RAISE EXCEPTION 'A final meter day cannot change: write a new version (meter %, day %)',
            OLD.meter_id, OLD.day;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER final_meter_days_stay BEFORE UPDATE OR DELETE ON energy_meterday
    FOR EACH ROW EXECUTE FUNCTION keep_final_meter_days();
"""

READINGS = """
CREATE TABLE energy_sensorreading (
    at timestamptz NOT NULL,
    sensor_id bigint NOT NULL,
    microgrid_id bigint NOT NULL,
    value double precision NOT NULL,
    message_id bigint NOT NULL
) PARTITION BY RANGE (at);
CREATE INDEX sensor_reading_by_sensor ON energy_sensorreading (sensor_id, at);
"""

ONLY_ADDED = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'Rows of % are only ever added', TG_TABLE_NAME;
END $$;
CREATE TRIGGER sensor_readings_stay BEFORE UPDATE OR DELETE ON energy_sensorreading
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER device_events_stay BEFORE UPDATE OR DELETE ON energy_deviceevent
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""

GATEWAY_MESSAGES = """
CREATE TABLE energy_gatewaymessage (
    id bigint NOT NULL DEFAULT nextval('energy_telemetrymessage_id_seq'),
    received_at timestamptz NOT NULL,
    microgrid_id bigint NOT NULL,
    gateway_id bigint NOT NULL,
    message_ref varchar(120) NOT NULL,
    sent_at timestamptz NOT NULL,
    rests_on bigint[] NOT NULL DEFAULT '{}',
    body bytea NOT NULL,
    PRIMARY KEY (received_at, id)
) PARTITION BY RANGE (received_at);
CREATE INDEX gateway_message_by_ref ON energy_gatewaymessage (gateway_id, message_ref);
CREATE INDEX gateway_message_by_id ON energy_gatewaymessage (id);
"""

VERSIONS = """
CREATE FUNCTION keep_meter_day_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO energy_meterdayversion (day, meter_id, channel, version, cause, reason, made_at)
    VALUES (NEW.day, NEW.meter_id, NEW.channel, NEW.version,
            CASE WHEN NEW.provenance LIKE 'import %' THEN 'import' WHEN NEW.provenance LIKE 'edit%' THEN 'edit'
                 ELSE 'message' END, '', NEW.changed_at)
    ON CONFLICT (day, meter_id, channel, version) DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER later_versions_are_told AFTER INSERT ON energy_meterday
    FOR EACH ROW WHEN (NEW.version > 1) EXECUTE FUNCTION keep_meter_day_version();
"""

SITE_OWNERSHIP = """
CREATE FUNCTION begin_ownership() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO energy_siteownership (public_id, site_id, member_id, is_vacant, has_begun, reason)
        VALUES (uuidv7(), NEW.id, NEW.member_id, false, true, '');
    RETURN NULL;
END $$;
CREATE TRIGGER sites_begin_owned AFTER INSERT ON energy_site FOR EACH ROW EXECUTE FUNCTION begin_ownership();

-- Whose a site is follows its ownerships. Where it never changed hands, another member is a slip of the pen mended.
CREATE FUNCTION follow_ownership() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM energy_siteownership WHERE site_id = NEW.id AND member_id = NEW.member_id AND has_begun) THEN
        RETURN NULL;
    END IF;
    IF (SELECT count(*) FROM energy_siteownership WHERE site_id = NEW.id) > 1 THEN
        RAISE EXCEPTION 'This site has changed hands: it is handed over by a move';
    END IF;
    UPDATE energy_siteownership SET member_id = NEW.member_id WHERE site_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER owners_follow AFTER UPDATE OF member_id ON energy_site
    FOR EACH ROW WHEN (OLD.member_id <> NEW.member_id) EXECUTE FUNCTION follow_ownership();

CREATE FUNCTION keep_ownerships_whole() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    the_site bigint := CASE WHEN TG_OP = 'DELETE' THEN OLD.site_id ELSE NEW.site_id END;
BEGIN
    IF EXISTS (SELECT FROM energy_site WHERE id = the_site) AND (
        SELECT count(*) FILTER (WHERE valid_from IS NULL) <> 1 OR count(*) FILTER (WHERE valid_to IS NULL) <> 1
            OR count(*) FILTER (WHERE valid_to IS NOT NULL AND NOT EXISTS (
                SELECT FROM energy_siteownership n WHERE n.site_id = the_site AND n.valid_from = o.valid_to)) > 0
        FROM energy_siteownership o WHERE o.site_id = the_site) THEN
        RAISE EXCEPTION 'On some day the site % would be nobody''s', the_site;
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER ownerships_are_whole AFTER INSERT OR UPDATE OR DELETE ON energy_siteownership
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION keep_ownerships_whole();
"""

UNDO = """
DROP TRIGGER ownerships_are_whole ON energy_siteownership;
DROP TRIGGER owners_follow ON energy_site;
DROP TRIGGER sites_begin_owned ON energy_site;
DROP FUNCTION keep_ownerships_whole();
DROP FUNCTION follow_ownership();
DROP FUNCTION begin_ownership();
DROP TRIGGER later_versions_are_told ON energy_meterday;
DROP FUNCTION keep_meter_day_version();
DROP TABLE energy_gatewaymessage;
DROP TABLE energy_sensorreading;
DROP TRIGGER device_events_stay ON energy_deviceevent;
DROP FUNCTION refuse_change();
DROP TABLE energy_meterday;
DROP TABLE energy_telemetrymessage;
DROP SEQUENCE energy_telemetrymessage_id_seq;
DROP FUNCTION keep_final_meter_days();
DROP FUNCTION ensure_month_partition(text, date);
"""


class Migration(migrations.Migration):
    replaces = [
        ("energy", "0001_schema"),
        ("energy", "0002_site_ownership"),
        ("energy", "0003_reactive_energy"),
        ("energy", "0004_line_zero_sequence"),
        ("energy", "0005_asset_requests"),
        ("energy", "0006_forecast_error_persistence"),
    ]

    initial = True

    dependencies = [("members", "0001_initial")]

    operations = [
        BtreeGistExtension(),
        CreateModels(
            [
                migrations.CreateModel(
                    name="CertificateAuthority",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "cooperative",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.PROTECT, related_name="certificate_authority", to="members.cooperative"
                            ),
                        ),
                        ("certificate_pem", models.TextField()),
                        ("sealed_key", models.BinaryField()),
                        ("made_at", models.DateTimeField()),
                    ],
                ),
                migrations.CreateModel(
                    name="FirmwareRelease",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("public_id", models.UUIDField(default=kernel.identifiers.uuid7, editable=False, unique=True)),
                        (
                            "cooperative",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="firmware_releases", to="members.cooperative"
                            ),
                        ),
                        ("model", models.CharField(max_length=80)),
                        ("version", models.CharField(help_text="Whole numbers with dots, for example 1.4.0.", max_length=40)),
                        ("image", models.BinaryField()),
                        ("sha256", models.CharField(max_length=64)),
                        (
                            "percent",
                            models.PositiveSmallIntegerField(default=0, help_text="Share of the devices that it is offered to [%]."),
                        ),
                        (
                            "failure_limit_percent",
                            models.PositiveSmallIntegerField(
                                default=10, help_text="The roll-out halts when more of those that tried have failed [%]."
                            ),
                        ),
                        (
                            "made_by",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("made_at", models.DateTimeField()),
                        ("halted_at", models.DateTimeField(blank=True, null=True)),
                        ("halted_because", models.CharField(blank=True, max_length=200)),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(fields=("cooperative", "model", "version"), name="firmware_version_once"),
                            models.CheckConstraint(
                                condition=models.Q(("failure_limit_percent__lte", 100), ("percent__lte", 100)),
                                name="firmware_percent_to_100",
                            ),
                        ]
                    },
                ),
                migrations.CreateModel(
                    name="GatewayMessage",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey("received_at", "id", blank=True, editable=False, primary_key=True, serialize=False),
                        ),
                        ("id", models.BigIntegerField()),
                        ("received_at", models.DateTimeField()),
                        ("microgrid_id", models.BigIntegerField()),
                        ("gateway_id", models.BigIntegerField()),
                        ("message_ref", models.CharField(max_length=120)),
                        ("sent_at", models.DateTimeField()),
                        (
                            "rests_on",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.BigIntegerField(),
                                default=list,
                                help_text="Messages whose registers it counts on from.",
                                size=None,
                            ),
                        ),
                        ("body", models.BinaryField()),
                    ],
                    options={"db_table": "energy_gatewaymessage", "managed": False},
                ),
                migrations.CreateModel(
                    name="MeterDay",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "day", "meter_id", "channel", "version", blank=True, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("day", models.DateField()),
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
                                    (8, "reactive"),
                                ]
                            ),
                        ),
                        ("version", models.SmallIntegerField(default=1)),
                        ("microgrid_id", models.BigIntegerField()),
                        ("status", models.SmallIntegerField(choices=[(0, "provisional"), (1, "final")], default=0)),
                        ("is_current", models.BooleanField(default=True)),
                        ("values_wh", django.contrib.postgres.fields.ArrayField(base_field=models.IntegerField(), size=None)),
                        ("quality", django.contrib.postgres.fields.ArrayField(base_field=models.SmallIntegerField(), size=None)),
                        ("register_start_wh", models.BigIntegerField(null=True)),
                        ("register_end_wh", models.BigIntegerField(null=True)),
                        (
                            "message_ids",
                            django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), default=list, size=None),
                        ),
                        ("provenance", models.CharField(default="messages", max_length=80)),
                        ("changed_at", models.DateTimeField()),
                    ],
                    options={"db_table": "energy_meterday", "managed": False},
                ),
                migrations.CreateModel(
                    name="Microgrid",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("public_id", models.UUIDField(default=kernel.identifiers.uuid7, editable=False, unique=True)),
                        (
                            "cooperative",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="microgrids", to="members.cooperative"
                            ),
                        ),
                        ("slug", models.SlugField(unique=True)),
                        ("name", models.CharField(max_length=120)),
                        ("time_zone", models.CharField(default="Europe/Berlin", max_length=40)),
                        ("interval_minutes", models.PositiveSmallIntegerField(default=15, verbose_name="interval [min]")),
                        (
                            "country",
                            models.CharField(
                                blank=True, help_text="ISO code, for public holidays; empty: that of the time zone.", max_length=2
                            ),
                        ),
                        ("region", models.CharField(blank=True, help_text="Region with holidays of its own, e.g. MV.", max_length=10)),
                        (
                            "import_limit_w",
                            models.BigIntegerField(
                                blank=True, help_text="At the point of common coupling.", null=True, verbose_name="import limit [W]"
                            ),
                        ),
                        (
                            "export_limit_w",
                            models.BigIntegerField(
                                blank=True, help_text="At the point of common coupling.", null=True, verbose_name="export limit [W]"
                            ),
                        ),
                        (
                            "settles_losses",
                            models.BooleanField(
                                default=False,
                                help_text="The network's losses, by power flow, enter the balance of each closed day as the cooperative's own use.",
                                verbose_name="losses are settled",
                            ),
                        ),
                        (
                            "chain_ref",
                            models.CharField(default=kernel.identifiers.random_bytes32, editable=False, max_length=66, unique=True),
                        ),
                        ("external_ref", models.CharField(blank=True, max_length=120)),
                        ("clock_real_start", models.DateTimeField(blank=True, help_text="Empty: the clock is the real one.", null=True)),
                        ("clock_shown_start", models.DateTimeField(blank=True, null=True)),
                        ("clock_speed", models.FloatField(default=1.0)),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("interval_minutes__in", (5, 10, 15, 30, 60))),
                                name="microgrid_interval_divides_the_hour",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("clock_real_start__isnull", True), ("clock_shown_start__isnull", True)),
                                    models.Q(("clock_real_start__isnull", False), ("clock_shown_start__isnull", False)),
                                    _connector="OR",
                                ),
                                name="microgrid_replay_has_both_starts",
                            ),
                        ]
                    },
                ),
                migrations.CreateModel(
                    name="SensorReading",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "at", "sensor_id", "message_id", blank=True, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("at", models.DateTimeField()),
                        ("sensor_id", models.BigIntegerField()),
                        ("microgrid_id", models.BigIntegerField()),
                        ("value", models.FloatField(help_text="In the unit of the sensor's kind; doors: 1 open, 0 shut.")),
                        ("message_id", models.BigIntegerField()),
                    ],
                    options={"db_table": "energy_sensorreading", "managed": False},
                ),
                migrations.CreateModel(
                    name="TelemetryMessage",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey("received_at", "id", blank=True, editable=False, primary_key=True, serialize=False),
                        ),
                        ("id", models.BigIntegerField()),
                        ("received_at", models.DateTimeField()),
                        ("microgrid_id", models.BigIntegerField()),
                        ("device_id", models.BigIntegerField()),
                        ("counter", models.BigIntegerField()),
                        ("sent_at", models.DateTimeField()),
                        ("transport", models.CharField(max_length=8)),
                        ("body", models.BinaryField()),
                    ],
                    options={"db_table": "energy_telemetrymessage", "managed": False},
                ),
                migrations.CreateModel(
                    name="ClassSettings",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "microgrid",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE, related_name="class_settings", to="energy.microgrid"
                            ),
                        ),
                        (
                            "meter_class",
                            models.CharField(
                                choices=[
                                    ("home", "home"),
                                    ("business", "business"),
                                    ("heat_pump", "heat pump"),
                                    ("car_charger", "car charger"),
                                    ("solar", "solar"),
                                    ("other_production", "other production"),
                                ],
                                max_length=20,
                            ),
                        ),
                        (
                            "limit_factor",
                            models.DecimalField(
                                decimal_places=2,
                                default=Decimal("1"),
                                help_text="Times the learned limits: above 1 less is found.",
                                max_digits=4,
                                validators=[
                                    django.core.validators.MinValueValidator(Decimal("0.5")),
                                    django.core.validators.MaxValueValidator(Decimal("5")),
                                ],
                            ),
                        ),
                        (
                            "stuck_intervals",
                            models.PositiveSmallIntegerField(
                                default=8,
                                help_text="So many times the same value is a fault.",
                                validators=[django.core.validators.MinValueValidator(8), django.core.validators.MaxValueValidator(96)],
                            ),
                        ),
                        (
                            "night_percent",
                            models.DecimalField(
                                decimal_places=2,
                                default=Decimal("1"),
                                help_text="Of the rating, while the sun is down.",
                                max_digits=4,
                                validators=[django.core.validators.MinValueValidator(Decimal("0"))],
                                verbose_name="night production from [%]",
                            ),
                        ),
                        (
                            "review_working_days",
                            models.PositiveSmallIntegerField(default=2, help_text="So long a review may hold up a day."),
                        ),
                    ],
                    options={
                        "verbose_name_plural": "class settings",
                        "constraints": [
                            models.UniqueConstraint(fields=("microgrid", "meter_class"), name="class_settings_once"),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("limit_factor__gte", Decimal("0.5")),
                                    ("limit_factor__lte", 5),
                                    ("stuck_intervals__gte", 8),
                                    ("stuck_intervals__lte", 96),
                                    ("night_percent__gte", 0),
                                ),
                                name="class_settings_in_range",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ForecastModel",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "microgrid",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE, related_name="forecast_models", to="energy.microgrid"
                            ),
                        ),
                        (
                            "quantity",
                            models.CharField(choices=[("consumption", "consumption"), ("production", "production")], max_length=16),
                        ),
                        ("trained_until", models.DateTimeField(help_text="It has seen nothing that ended after this instant.")),
                        ("made_at", models.DateTimeField()),
                        ("reason", models.CharField(help_text="Why it was trained: first, a week has passed, drift.", max_length=80)),
                        ("version", models.CharField(help_text="Version of the method.", max_length=20)),
                        ("rows", models.BigIntegerField(verbose_name="rows of training")),
                        (
                            "clock_offset_s",
                            models.IntegerField(
                                help_text="Seconds ahead of UTC of the clock its meters live by; empty: the microgrid's zone.", null=True
                            ),
                        ),
                        ("trees", models.BinaryField(help_text="LightGBM's text form of the three quantiles, packed.")),
                        (
                            "meter_ids",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.BigIntegerField(), help_text="Meters in the order of the margins.", size=None
                            ),
                        ),
                        (
                            "low_margins",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.FloatField(), help_text="The last is that of the sum.", size=None
                            ),
                        ),
                        (
                            "high_margins",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.FloatField(), help_text="The last is that of the sum.", size=None
                            ),
                        ),
                        ("sum_share", models.FloatField(default=0.15, help_text="How much it counts beside a nowcast of the sum, 0 to 1.")),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(fields=("microgrid", "quantity", "trained_until"), name="forecast_model_once"),
                            models.CheckConstraint(
                                condition=models.Q(("sum_share__gte", 0), ("sum_share__lte", 1)), name="forecast_model_sum_share_is_a_share"
                            ),
                        ]
                    },
                ),
                migrations.CreateModel(
                    name="Gateway",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("public_id", models.UUIDField(default=kernel.identifiers.uuid7, editable=False, unique=True)),
                        (
                            "microgrid",
                            models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="gateways", to="energy.microgrid"),
                        ),
                        ("name", models.CharField(max_length=120)),
                        ("key_sha256", models.CharField(editable=False, max_length=64, unique=True)),
                        ("key_hint", models.CharField(editable=False, max_length=12, verbose_name="key begins with")),
                        ("enrolled_at", models.DateTimeField()),
                        ("revoked_at", models.DateTimeField(blank=True, null=True)),
                        ("last_seen_at", models.DateTimeField(blank=True, null=True)),
                    ],
                    options={"constraints": [models.UniqueConstraint(fields=("microgrid", "name"), name="gateway_name_once")]},
                ),
                migrations.CreateModel(
                    name="NetworkChange",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "microgrid",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE, related_name="network_changes", to="energy.microgrid"
                            ),
                        ),
                        ("made_at", models.DateTimeField()),
                        ("what", models.CharField(max_length=200)),
                        ("source", models.CharField(blank=True, help_text="The file it came from.", max_length=200)),
                        ("digest", models.CharField(blank=True, help_text="Of what was imported.", max_length=64)),
                    ],
                    options={"indexes": [models.Index(fields=["microgrid", "-id"], name="network_change_newest_first")]},
                ),
                migrations.CreateModel(
                    name="Node",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("valid_from", models.DateTimeField(blank=True, help_text="Empty: since ever.", null=True)),
                        ("valid_to", models.DateTimeField(blank=True, help_text="Exclusive; empty: until further notice.", null=True)),
                        (
                            "microgrid",
                            models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="nodes", to="energy.microgrid"),
                        ),
                        ("code", models.CharField(max_length=120)),
                        ("nominal_voltage_v", models.PositiveIntegerField(verbose_name="nominal voltage [V]")),
                        ("vm_setpoint_pu", models.FloatField(blank=True, help_text="Held here: the slack busbar.", null=True)),
                        ("vm_min_pu", models.FloatField(default=0.9, verbose_name="least voltage [p.u.]")),
                        ("vm_max_pu", models.FloatField(default=1.1, verbose_name="most voltage [p.u.]")),
                        ("longitude", models.FloatField(blank=True, null=True)),
                        ("latitude", models.FloatField(blank=True, null=True)),
                        ("is_coupling_point", models.BooleanField(default=False)),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(fields=("microgrid", "code"), name="node_code_once"),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("valid_from__isnull", True),
                                    ("valid_to__isnull", True),
                                    ("valid_to__gt", models.F("valid_from")),
                                    _connector="OR",
                                ),
                                name="node_ends_after_it_begins",
                            ),
                        ]
                    },
                ),
                migrations.CreateModel(
                    name="ReadingFile",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "microgrid",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="reading_files", to="energy.microgrid"
                            ),
                        ),
                        ("sha256", models.CharField(max_length=64)),
                        ("size_bytes", models.BigIntegerField()),
                        ("body", models.BinaryField()),
                        ("received_at", models.DateTimeField()),
                    ],
                    options={"constraints": [models.UniqueConstraint(fields=("microgrid", "sha256"), name="reading_file_once")]},
                ),
                migrations.CreateModel(
                    name="ReferenceProfileDay",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "microgrid",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE, related_name="profile_days", to="energy.microgrid"
                            ),
                        ),
                        ("name", models.CharField(max_length=80)),
                        ("day", models.DateField()),
                        ("shares", django.contrib.postgres.fields.ArrayField(base_field=models.FloatField(), size=None)),
                    ],
                    options={"constraints": [models.UniqueConstraint(fields=("microgrid", "name", "day"), name="profile_day_once")]},
                ),
                migrations.CreateModel(
                    name="WeatherHour",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "microgrid",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE, related_name="weather_hours", to="energy.microgrid"
                            ),
                        ),
                        ("issued_at", models.DateTimeField(help_text="Since when it was known.")),
                        ("valid_at", models.DateTimeField(help_text="Start of the hour.")),
                        ("source", models.CharField(max_length=40)),
                        ("air_temperature_c", models.FloatField(null=True)),
                        ("cloud_cover_percent", models.FloatField(null=True)),
                        ("irradiance_w_m2", models.FloatField(null=True, verbose_name="global horizontal irradiance")),
                    ],
                    options={
                        "indexes": [models.Index(models.F("microgrid"), models.F("valid_at"), name="weather_by_hour")],
                        "constraints": [
                            models.UniqueConstraint(fields=("microgrid", "valid_at", "issued_at", "source"), name="weather_hour_once"),
                            models.CheckConstraint(
                                condition=models.Q(("irradiance_w_m2__isnull", True), ("irradiance_w_m2__gte", 0), _connector="OR"),
                                name="irradiance_not_negative",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("cloud_cover_percent__isnull", True),
                                    models.Q(("cloud_cover_percent__gte", 0), ("cloud_cover_percent__lte", 100)),
                                    _connector="OR",
                                ),
                                name="cloud_cover_is_a_share",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ForecastRun",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "microgrid",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE, related_name="forecast_runs", to="energy.microgrid"
                            ),
                        ),
                        ("kind", models.CharField(choices=[("day_ahead", "day ahead"), ("intraday", "intraday")], max_length=16)),
                        ("origin_at", models.DateTimeField()),
                        ("made_at", models.DateTimeField()),
                        ("interval_minutes", models.PositiveSmallIntegerField()),
                        ("horizon", models.PositiveSmallIntegerField(verbose_name="intervals foreseen")),
                        ("model_version", models.CharField(max_length=20)),
                        ("weather", models.CharField(help_text="What is known of the weather, and from where.", max_length=80)),
                        (
                            "net_p10_wh",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.IntegerField(),
                                blank=True,
                                default=list,
                                help_text="Use less production; empty where not both are foreseen.",
                                size=None,
                            ),
                        ),
                        (
                            "net_p50_wh",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.IntegerField(), blank=True, default=list, size=None
                            ),
                        ),
                        (
                            "net_p90_wh",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.IntegerField(), blank=True, default=list, size=None
                            ),
                        ),
                        (
                            "net_persistence_permille",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.SmallIntegerField(),
                                blank=True,
                                default=list,
                                help_text="How much of an error is left after an interval; empty where that is not known.",
                                size=None,
                            ),
                        ),
                        (
                            "made_by",
                            models.ManyToManyField(
                                help_text="None where like days had to serve.", related_name="runs", to="energy.forecastmodel"
                            ),
                        ),
                    ],
                    options={"constraints": [models.UniqueConstraint(fields=("microgrid", "kind", "origin_at"), name="forecast_run_once")]},
                ),
                migrations.CreateModel(
                    name="GatewayRefusal",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "gateway",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="refusals",
                                to="energy.gateway",
                            ),
                        ),
                        ("hour_at", models.DateTimeField()),
                        ("reason", models.CharField(max_length=40)),
                        ("count", models.PositiveIntegerField(default=0)),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("gateway", "hour_at", "reason"), name="gateway_refusals_counted_once", nulls_distinct=False
                            )
                        ]
                    },
                ),
                migrations.CreateModel(
                    name="Line",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("valid_from", models.DateTimeField(blank=True, help_text="Empty: since ever.", null=True)),
                        ("valid_to", models.DateTimeField(blank=True, help_text="Exclusive; empty: until further notice.", null=True)),
                        (
                            "microgrid",
                            models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="lines", to="energy.microgrid"),
                        ),
                        ("code", models.CharField(max_length=120)),
                        ("node_from", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="energy.node")),
                        ("node_to", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="energy.node")),
                        ("length_km", models.FloatField(verbose_name="length [km]")),
                        ("resistance_ohm_per_km", models.FloatField()),
                        ("reactance_ohm_per_km", models.FloatField()),
                        ("susceptance_us_per_km", models.FloatField(default=0.0)),
                        (
                            "zero_resistance_ohm_per_km",
                            models.FloatField(
                                blank=True, help_text="Of what its phases have in common (zero sequence); empty: not told.", null=True
                            ),
                        ),
                        ("zero_reactance_ohm_per_km", models.FloatField(blank=True, null=True)),
                        ("max_current_a", models.FloatField(verbose_name="most current [A]")),
                        ("line_type", models.CharField(blank=True, max_length=120)),
                        ("phases", models.CharField(default="123", help_text="Which of the phases 1, 2 and 3 it has.", max_length=3)),
                    ],
                    options={
                        "constraints": [
                            django.contrib.postgres.constraints.ExclusionConstraint(
                                expressions=[
                                    (models.F("microgrid"), "="),
                                    (models.F("code"), "="),
                                    (
                                        energy.models.topology.InstantRange(
                                            "valid_from", "valid_to", django.contrib.postgres.fields.ranges.RangeBoundary()
                                        ),
                                        "&&",
                                    ),
                                ],
                                name="line_code_once_at_a_time",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("valid_from__isnull", True),
                                    ("valid_to__isnull", True),
                                    ("valid_to__gt", models.F("valid_from")),
                                    _connector="OR",
                                ),
                                name="line_ends_after_it_begins",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("phases__regex", "^1?2?3?$"), models.Q(("phases", ""), _negated=True)),
                                name="line_has_phases",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("zero_reactance_ohm_per_km__isnull", True), ("zero_resistance_ohm_per_km__isnull", True)),
                                    models.Q(("zero_reactance_ohm_per_km__gte", 0), ("zero_resistance_ohm_per_km__gte", 0)),
                                    _connector="OR",
                                ),
                                name="line_zero_sequence_both_or_none",
                            ),
                        ]
                    },
                ),
                migrations.CreateModel(
                    name="ReadingImport",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("public_id", models.UUIDField(default=kernel.identifiers.uuid7, editable=False, unique=True)),
                        (
                            "microgrid",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="reading_imports", to="energy.microgrid"
                            ),
                        ),
                        (
                            "file",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="reading_imports", to="energy.readingfile"
                            ),
                        ),
                        ("file_name", models.CharField(max_length=200)),
                        ("format", models.CharField(max_length=16)),
                        ("unit", models.CharField(max_length=4)),
                        ("label", models.CharField(max_length=8, verbose_name="times label")),
                        ("clock", models.CharField(max_length=8, verbose_name="times without offset")),
                        (
                            "status",
                            models.CharField(
                                choices=[
                                    ("waiting", "waiting to be read"),
                                    ("staged", "ready to accept"),
                                    ("faulty", "has errors"),
                                    ("accepted", "accepted"),
                                    ("discarded", "discarded"),
                                ],
                                default="waiting",
                                max_length=12,
                            ),
                        ),
                        (
                            "uploaded_by",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("uploaded_at", models.DateTimeField()),
                        (
                            "accepted_by",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("accepted_at", models.DateTimeField(blank=True, null=True)),
                        ("reason", models.CharField(blank=True, max_length=200)),
                        ("rows", models.PositiveIntegerField(default=0)),
                        ("problem_count", models.PositiveIntegerField(default=0)),
                        (
                            "says_status",
                            models.BooleanField(default=False, help_text="The file tells measured values from substitute ones."),
                        ),
                        ("rounded", models.PositiveIntegerField(default=0, verbose_name="values not whole Wh")),
                        ("first_day", models.DateField(blank=True, null=True)),
                        ("last_day", models.DateField(blank=True, null=True)),
                        (
                            "meter_ids",
                            django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), default=list, size=None),
                        ),
                        (
                            "unknown_meters",
                            django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=120), default=list, size=None),
                        ),
                        ("days_new", models.PositiveIntegerField(default=0)),
                        ("days_changed", models.PositiveIntegerField(default=0)),
                        ("days_same", models.PositiveIntegerField(default=0)),
                        ("total_wh", models.BigIntegerField(default=0)),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("status", "discarded"), _negated=True),
                                fields=("file", "format", "unit", "label", "clock"),
                                name="file_read_once_in_a_way",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("accepted_at__isnull", True), ("status", "accepted"), _connector="OR"),
                                name="accepted_imports_are_dated",
                            ),
                        ]
                    },
                ),
                migrations.CreateModel(
                    name="Site",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("public_id", models.UUIDField(default=kernel.identifiers.uuid7, editable=False, unique=True)),
                        (
                            "microgrid",
                            models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="sites", to="energy.microgrid"),
                        ),
                        (
                            "member",
                            models.ForeignKey(
                                help_text="Whose it is today; it is handed over by a move.",
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="sites",
                                to="members.member",
                            ),
                        ),
                        (
                            "landlord",
                            models.ForeignKey(
                                blank=True,
                                help_text="Who pays while nobody lives there; empty: the cooperative.",
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="members.member",
                            ),
                        ),
                        (
                            "node",
                            models.ForeignKey(
                                blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="sites", to="energy.node"
                            ),
                        ),
                        ("code", models.CharField(help_text="The metering point's id; also the code of its meter.", max_length=120)),
                        ("name", models.CharField(max_length=120)),
                        (
                            "kind",
                            models.CharField(
                                choices=[
                                    ("household", "household"),
                                    ("business", "business"),
                                    ("plant", "plant"),
                                    ("load", "shared load"),
                                    ("storage", "storage"),
                                    ("network", "measuring point in the network"),
                                ],
                                max_length=16,
                            ),
                        ),
                        (
                            "phases",
                            models.CharField(default="123", help_text="On which of the phases 1, 2 and 3 it is connected.", max_length=3),
                        ),
                        (
                            "fuse_a",
                            models.PositiveSmallIntegerField(
                                blank=True, help_text="Of the connection; tariffs may charge by it.", null=True, verbose_name="fuse [A]"
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(fields=("microgrid", "code"), name="site_code_once"),
                            models.CheckConstraint(
                                condition=models.Q(("phases__regex", "^1?2?3?$"), models.Q(("phases", ""), _negated=True)),
                                name="site_has_phases",
                            ),
                        ]
                    },
                ),
                migrations.CreateModel(
                    name="Switch",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("public_id", models.UUIDField(default=kernel.identifiers.uuid7, editable=False, unique=True)),
                        ("valid_from", models.DateTimeField(blank=True, help_text="Empty: since ever.", null=True)),
                        ("valid_to", models.DateTimeField(blank=True, help_text="Exclusive; empty: until further notice.", null=True)),
                        (
                            "microgrid",
                            models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="switches", to="energy.microgrid"),
                        ),
                        ("code", models.CharField(max_length=120)),
                        ("node", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="energy.node")),
                        (
                            "other_node",
                            models.ForeignKey(
                                blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="energy.node"
                            ),
                        ),
                        ("line_code", models.CharField(blank=True, max_length=120)),
                        ("transformer_code", models.CharField(blank=True, max_length=120)),
                        ("kind", models.CharField(default="switch", max_length=40)),
                        ("normally_closed", models.BooleanField(default=True)),
                    ],
                    options={
                        "verbose_name_plural": "switches",
                        "constraints": [
                            django.contrib.postgres.constraints.ExclusionConstraint(
                                expressions=[
                                    (models.F("microgrid"), "="),
                                    (models.F("code"), "="),
                                    (
                                        energy.models.topology.InstantRange(
                                            "valid_from", "valid_to", django.contrib.postgres.fields.ranges.RangeBoundary()
                                        ),
                                        "&&",
                                    ),
                                ],
                                name="switch_code_once_at_a_time",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("valid_from__isnull", True),
                                    ("valid_to__isnull", True),
                                    ("valid_to__gt", models.F("valid_from")),
                                    _connector="OR",
                                ),
                                name="switch_ends_after_it_begins",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("line_code", ""), ("other_node__isnull", False), ("transformer_code", "")),
                                    models.Q(
                                        ("other_node__isnull", True), ("transformer_code", ""), models.Q(("line_code", ""), _negated=True)
                                    ),
                                    models.Q(
                                        ("line_code", ""), ("other_node__isnull", True), models.Q(("transformer_code", ""), _negated=True)
                                    ),
                                    _connector="OR",
                                ),
                                name="switch_switches_one_thing",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Transformer",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("valid_from", models.DateTimeField(blank=True, help_text="Empty: since ever.", null=True)),
                        ("valid_to", models.DateTimeField(blank=True, help_text="Exclusive; empty: until further notice.", null=True)),
                        (
                            "microgrid",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE, related_name="transformers", to="energy.microgrid"
                            ),
                        ),
                        ("code", models.CharField(max_length=120)),
                        ("node_hv", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="energy.node")),
                        ("node_lv", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="energy.node")),
                        ("rated_va", models.BigIntegerField(verbose_name="rating [VA]")),
                        ("voltage_hv_v", models.PositiveIntegerField()),
                        ("voltage_lv_v", models.PositiveIntegerField()),
                        ("short_circuit_percent", models.FloatField(help_text="vmImp")),
                        ("copper_loss_w", models.FloatField(help_text="pCu")),
                        ("iron_loss_w", models.FloatField(help_text="pFe")),
                        ("no_load_current_percent", models.FloatField(help_text="iNoLoad")),
                        ("tap_position", models.SmallIntegerField(default=0)),
                        ("tap_neutral", models.SmallIntegerField(default=0)),
                        ("tap_min", models.SmallIntegerField(default=0)),
                        ("tap_max", models.SmallIntegerField(default=0)),
                        ("tap_step_percent", models.FloatField(default=0.0)),
                    ],
                    options={
                        "constraints": [
                            django.contrib.postgres.constraints.ExclusionConstraint(
                                expressions=[
                                    (models.F("microgrid"), "="),
                                    (models.F("code"), "="),
                                    (
                                        energy.models.topology.InstantRange(
                                            "valid_from", "valid_to", django.contrib.postgres.fields.ranges.RangeBoundary()
                                        ),
                                        "&&",
                                    ),
                                ],
                                name="transformer_code_once_at_a_time",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("valid_from__isnull", True),
                                    ("valid_to__isnull", True),
                                    ("valid_to__gt", models.F("valid_from")),
                                    _connector="OR",
                                ),
                                name="transformer_ends_after_it_begins",
                            ),
                        ]
                    },
                ),
                migrations.CreateModel(
                    name="Consumer",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("public_id", models.UUIDField(default=kernel.identifiers.uuid7, editable=False, unique=True)),
                        ("code", models.CharField(max_length=120)),
                        (
                            "status",
                            models.CharField(
                                choices=[
                                    ("active", "active"),
                                    ("maintenance", "in maintenance"),
                                    ("faulty", "faulty"),
                                    ("retired", "retired"),
                                ],
                                default="active",
                                max_length=16,
                            ),
                        ),
                        (
                            "chain_ref",
                            models.CharField(default=kernel.identifiers.random_bytes32, editable=False, max_length=66, unique=True),
                        ),
                        (
                            "site",
                            models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="consumers", to="energy.site"),
                        ),
                        (
                            "kind",
                            models.CharField(
                                choices=[
                                    ("household", "household"),
                                    ("business", "business"),
                                    ("heat_pump", "heat pump"),
                                    ("car_charger", "car charger"),
                                    ("other", "other"),
                                ],
                                max_length=16,
                            ),
                        ),
                        ("max_demand_w", models.BigIntegerField(verbose_name="maximum demand [W]")),
                        (
                            "priority_tier",
                            models.PositiveSmallIntegerField(
                                default=2, help_text="0 life support and control, 1 essential, 2 normal, 3 deferrable, 4 flexible."
                            ),
                        ),
                        ("profile", models.CharField(blank=True, help_text="Reference profile of its virtual meter.", max_length=80)),
                        ("profile_power_w", models.DecimalField(decimal_places=3, default=Decimal("0"), max_digits=14)),
                        ("profile_reactive_var", models.DecimalField(decimal_places=3, default=Decimal("0"), max_digits=14)),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(fields=("site", "code"), name="consumer_code_once"),
                            models.CheckConstraint(condition=models.Q(("max_demand_w__gte", 0)), name="consumer_demand_not_negative"),
                            models.CheckConstraint(condition=models.Q(("priority_tier__lte", 4)), name="consumer_tier_0_to_4"),
                        ]
                    },
                ),
                migrations.CreateModel(
                    name="ImportProblem",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "reading_import",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE, related_name="problems", to="energy.readingimport"
                            ),
                        ),
                        ("row", models.PositiveIntegerField()),
                        ("column", models.CharField(blank=True, max_length=160)),
                        ("what", models.CharField(max_length=300)),
                        ("mending", models.CharField(max_length=300)),
                    ],
                ),
                migrations.CreateModel(
                    name="MeterDayVersion",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "day", "meter_id", "channel", "version", blank=True, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("day", models.DateField()),
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
                                    (8, "reactive"),
                                ]
                            ),
                        ),
                        ("version", models.SmallIntegerField()),
                        (
                            "cause",
                            models.CharField(
                                choices=[("message", "a later message"), ("import", "an import"), ("edit", "an edit")], max_length=8
                            ),
                        ),
                        (
                            "reading_import",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="day_versions",
                                to="energy.readingimport",
                            ),
                        ),
                        (
                            "user",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("reason", models.CharField(blank=True, max_length=300)),
                        ("made_at", models.DateTimeField()),
                    ],
                ),
                migrations.CreateModel(
                    name="OwnAlarm",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("public_id", models.UUIDField(default=kernel.identifiers.uuid7, editable=False, unique=True)),
                        (
                            "user",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE, related_name="own_alarms", to=settings.AUTH_USER_MODEL
                            ),
                        ),
                        (
                            "site",
                            models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="own_alarms", to="energy.site"),
                        ),
                        (
                            "kind",
                            models.CharField(
                                choices=[
                                    ("day_use", "a day uses more than [kWh]"),
                                    ("base_load", "day and night more than [W]"),
                                    ("no_use", "no use at all for [days]"),
                                    ("roof_below", "the roof gives less than [%] of what neighbours' roofs let expect"),
                                ],
                                max_length=16,
                            ),
                        ),
                        ("limit", models.DecimalField(decimal_places=2, help_text="In kWh, W, days or per cent, by kind.", max_digits=10)),
                        ("by_mail", models.BooleanField(default=False, verbose_name="by e-mail too")),
                        ("created_at", models.DateTimeField()),
                        ("judged_date", models.DateField(blank=True, editable=False, help_text="The last day looked at.", null=True)),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(fields=("user", "site", "kind", "limit"), name="own_alarm_once"),
                            models.CheckConstraint(condition=models.Q(("limit__gt", 0)), name="own_alarm_limit_above_zero"),
                            models.CheckConstraint(
                                condition=models.Q(models.Q(("kind", "roof_below"), _negated=True), ("limit__lt", 100), _connector="OR"),
                                name="roof_alarm_below_whole",
                            ),
                        ]
                    },
                ),
                migrations.CreateModel(
                    name="Sensor",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("public_id", models.UUIDField(default=kernel.identifiers.uuid7, editable=False, unique=True)),
                        (
                            "microgrid",
                            models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="sensors", to="energy.microgrid"),
                        ),
                        (
                            "site",
                            models.ForeignKey(
                                blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="sensors", to="energy.site"
                            ),
                        ),
                        (
                            "node",
                            models.ForeignKey(
                                blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="sensors", to="energy.node"
                            ),
                        ),
                        (
                            "kind",
                            models.CharField(
                                choices=[
                                    ("irradiance", "irradiance [W/m²]"),
                                    ("air_temperature", "air temperature [°C]"),
                                    ("transformer_temperature", "transformer temperature [°C]"),
                                    ("voltage", "voltage [V]"),
                                    ("door", "door contact"),
                                ],
                                max_length=24,
                            ),
                        ),
                        ("code", models.CharField(max_length=120)),
                        ("installed_at", models.DateTimeField(blank=True, null=True)),
                        ("removed_at", models.DateTimeField(blank=True, null=True)),
                    ],
                    options={"constraints": [models.UniqueConstraint(fields=("microgrid", "code"), name="sensor_code_once")]},
                ),
                migrations.CreateModel(
                    name="SiteOwnership",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("public_id", models.UUIDField(default=kernel.identifiers.uuid7, editable=False, unique=True)),
                        (
                            "site",
                            models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="ownerships", to="energy.site"),
                        ),
                        (
                            "member",
                            models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="ownerships", to="members.member"),
                        ),
                        (
                            "valid_from",
                            models.DateField(blank=True, help_text="First day; empty: from the beginning.", null=True, verbose_name="from"),
                        ),
                        (
                            "valid_to",
                            models.DateField(
                                blank=True,
                                help_text="The day after the last; empty: until further notice.",
                                null=True,
                                verbose_name="until",
                            ),
                        ),
                        ("is_vacant", models.BooleanField(default=False, verbose_name="nobody lives there")),
                        ("has_begun", models.BooleanField(default=False, help_text="Its first day has come, and the site is theirs.")),
                        ("entered_at", models.DateTimeField(null=True)),
                        (
                            "entered_by",
                            models.ForeignKey(
                                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                            ),
                        ),
                        ("reason", models.CharField(blank=True, max_length=300)),
                    ],
                    options={
                        "indexes": [models.Index(fields=["member"], name="ownerships_by_member")],
                        "constraints": [
                            django.contrib.postgres.constraints.ExclusionConstraint(
                                expressions=[
                                    (models.F("site"), "="),
                                    (
                                        energy.models.ownership.DateRange(
                                            "valid_from", "valid_to", django.contrib.postgres.fields.ranges.RangeBoundary()
                                        ),
                                        "&&",
                                    ),
                                ],
                                name="one_owner_at_a_time",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("valid_from__isnull", True),
                                    ("valid_to__isnull", True),
                                    ("valid_to__gt", models.F("valid_from")),
                                    _connector="OR",
                                ),
                                name="ownership_days_in_order",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Source",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("public_id", models.UUIDField(default=kernel.identifiers.uuid7, editable=False, unique=True)),
                        ("code", models.CharField(max_length=120)),
                        (
                            "status",
                            models.CharField(
                                choices=[
                                    ("active", "active"),
                                    ("maintenance", "in maintenance"),
                                    ("faulty", "faulty"),
                                    ("retired", "retired"),
                                ],
                                default="active",
                                max_length=16,
                            ),
                        ),
                        (
                            "chain_ref",
                            models.CharField(default=kernel.identifiers.random_bytes32, editable=False, max_length=66, unique=True),
                        ),
                        ("site", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="sources", to="energy.site")),
                        (
                            "kind",
                            models.CharField(
                                choices=[("solar", "solar"), ("wind", "wind"), ("hydro", "hydro"), ("biogas", "biogas or CHP")],
                                max_length=16,
                            ),
                        ),
                        ("capacity_w", models.BigIntegerField(verbose_name="capacity [W]")),
                        ("last_maintenance_date", models.DateField(blank=True, null=True)),
                        ("commissioned_date", models.DateField(blank=True, null=True)),
                        ("profile", models.CharField(blank=True, help_text="Reference profile of its virtual meter.", max_length=80)),
                        ("profile_power_w", models.DecimalField(decimal_places=3, default=Decimal("0"), max_digits=14)),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(fields=("site", "code"), name="source_code_once"),
                            models.CheckConstraint(condition=models.Q(("capacity_w__gte", 0)), name="source_capacity_not_negative"),
                        ]
                    },
                ),
                migrations.CreateModel(
                    name="StagedMeterDay",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "reading_import",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE, related_name="staged_days", to="energy.readingimport"
                            ),
                        ),
                        ("day", models.DateField()),
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
                                    (8, "reactive"),
                                ]
                            ),
                        ),
                        ("effect", models.SmallIntegerField(choices=[(0, "same as stored"), (1, "new"), (2, "changes stored values")])),
                        ("values_wh", django.contrib.postgres.fields.ArrayField(base_field=models.IntegerField(), size=None)),
                        ("quality", django.contrib.postgres.fields.ArrayField(base_field=models.SmallIntegerField(), size=None)),
                        ("stored_wh", models.BigIntegerField(default=0, verbose_name="stored total [Wh]")),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(fields=("reading_import", "day", "meter_id", "channel"), name="staged_day_once")
                        ]
                    },
                ),
                migrations.CreateModel(
                    name="StorageUnit",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("public_id", models.UUIDField(default=kernel.identifiers.uuid7, editable=False, unique=True)),
                        ("code", models.CharField(max_length=120)),
                        (
                            "status",
                            models.CharField(
                                choices=[
                                    ("active", "active"),
                                    ("maintenance", "in maintenance"),
                                    ("faulty", "faulty"),
                                    ("retired", "retired"),
                                ],
                                default="active",
                                max_length=16,
                            ),
                        ),
                        (
                            "chain_ref",
                            models.CharField(default=kernel.identifiers.random_bytes32, editable=False, max_length=66, unique=True),
                        ),
                        ("site", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="storages", to="energy.site")),
                        ("capacity_wh", models.BigIntegerField(verbose_name="capacity [Wh]")),
                        ("charge_max_w", models.BigIntegerField(verbose_name="most charge [W]")),
                        ("discharge_max_w", models.BigIntegerField(verbose_name="most discharge [W]")),
                        ("eta_charge", models.DecimalField(decimal_places=5, max_digits=6, verbose_name="efficiency of charging")),
                        ("eta_discharge", models.DecimalField(decimal_places=5, max_digits=6, verbose_name="efficiency of discharging")),
                        ("self_discharge_per_day", models.DecimalField(decimal_places=7, default=Decimal("0"), max_digits=8)),
                        ("soc_min_wh", models.BigIntegerField(default=0, verbose_name="least charge kept [Wh]")),
                        ("soc_max_wh", models.BigIntegerField(verbose_name="most charge kept [Wh]")),
                        ("soc_wh", models.BigIntegerField(help_text="State of charge last known.", verbose_name="state of charge [Wh]")),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(fields=("site", "code"), name="storage_code_once"),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("soc_min_wh__gte", 0),
                                    ("soc_max_wh__lte", models.F("capacity_wh")),
                                    ("soc_min_wh__lte", models.F("soc_max_wh")),
                                ),
                                name="storage_bounds_in_order",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("eta_charge__gt", 0), ("eta_charge__lte", 1), ("eta_discharge__gt", 0), ("eta_discharge__lte", 1)
                                ),
                                name="storage_efficiencies_within_one",
                            ),
                        ]
                    },
                ),
                migrations.CreateModel(
                    name="SwitchPosition",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "switch",
                            models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="positions", to="energy.switch"),
                        ),
                        ("at", models.DateTimeField(help_text="By the microgrid's clock.")),
                        ("is_closed", models.BooleanField()),
                        ("reason", models.CharField(max_length=200)),
                        (
                            "set_by",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={"constraints": [models.UniqueConstraint(fields=("switch", "at"), name="switch_moves_once_at_an_instant")]},
                ),
                migrations.CreateModel(
                    name="AssetRequest",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("public_id", models.UUIDField(default=kernel.identifiers.uuid7, editable=False, unique=True)),
                        (
                            "site",
                            models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="asset_requests", to="energy.site"),
                        ),
                        (
                            "kind",
                            models.CharField(
                                choices=[
                                    ("car_charger", "car charger"),
                                    ("heat_pump", "heat pump"),
                                    ("battery", "battery"),
                                    ("other", "another large load"),
                                ],
                                max_length=16,
                            ),
                        ),
                        ("name", models.CharField(help_text="Make and model, or what it is called at home.", max_length=60)),
                        ("power_w", models.BigIntegerField(verbose_name="most it draws [W]")),
                        ("feed_in_w", models.BigIntegerField(blank=True, null=True, verbose_name="most it gives [W]")),
                        ("capacity_wh", models.BigIntegerField(blank=True, null=True, verbose_name="holds [Wh]")),
                        ("may_wait", models.BooleanField(default=True, help_text="Its owner lets the grid choose the time.")),
                        ("note", models.CharField(blank=True, max_length=300)),
                        (
                            "asked_by",
                            models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL),
                        ),
                        ("asked_at", models.DateTimeField()),
                        (
                            "state",
                            models.CharField(
                                choices=[("open", "waits"), ("approved", "entered"), ("refused", "refused"), ("withdrawn", "withdrawn")],
                                default="open",
                                max_length=12,
                            ),
                        ),
                        (
                            "decided_by",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("decided_at", models.DateTimeField(blank=True, null=True)),
                        ("answer", models.CharField(blank=True, help_text="What the member reads.", max_length=300)),
                        (
                            "consumer",
                            models.OneToOneField(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="request",
                                to="energy.consumer",
                            ),
                        ),
                        (
                            "storage",
                            models.OneToOneField(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="request",
                                to="energy.storageunit",
                            ),
                        ),
                    ],
                    options={
                        "indexes": [models.Index(fields=["site", "-asked_at"], name="asset_requests_by_site")],
                        "constraints": [
                            models.CheckConstraint(condition=models.Q(("power_w__gt", 0)), name="requested_power_above_zero"),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("capacity_wh__gt", 0), ("feed_in_w__gt", 0), ("kind", "battery")),
                                    models.Q(
                                        models.Q(("kind", "battery"), _negated=True),
                                        ("capacity_wh__isnull", True),
                                        ("feed_in_w__isnull", True),
                                    ),
                                    _connector="OR",
                                ),
                                name="requested_batteries_have_a_capacity",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("decided_at__isnull", True), ("state", "open")),
                                    models.Q(models.Q(("state", "open"), _negated=True), ("decided_at__isnull", False)),
                                    _connector="OR",
                                ),
                                name="request_is_open_until_decided",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("state", "approved"), models.Q(("consumer__isnull", True), ("storage__isnull", True)), _connector="OR"
                                ),
                                name="only_what_is_approved_is_entered",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="MaintenancePlan",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("public_id", models.UUIDField(default=kernel.identifiers.uuid7, editable=False, unique=True)),
                        (
                            "source",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE, related_name="maintenance_plans", to="energy.source"
                            ),
                        ),
                        (
                            "work",
                            models.CharField(
                                choices=[("cleaning", "cleaning"), ("inspection", "inspection"), ("repair", "repair")], max_length=16
                            ),
                        ),
                        (
                            "rule",
                            models.CharField(
                                choices=[("date", "by date"), ("hours", "by hours of operation"), ("performance", "by performance")],
                                max_length=16,
                            ),
                        ),
                        ("every_months", models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="every [months]")),
                        ("next_date", models.DateField(blank=True, help_text="By date: when it is due next.", null=True)),
                        ("every_hours", models.PositiveIntegerField(blank=True, null=True, verbose_name="every [operating hours]")),
                        (
                            "below_percent",
                            models.PositiveSmallIntegerField(
                                blank=True, help_text="Of what the source gives clean, on clear days.", null=True, verbose_name="below [%]"
                            ),
                        ),
                        (
                            "remind_days",
                            models.PositiveSmallIntegerField(
                                default=14, help_text="So long before the date the work order is made.", verbose_name="notice [days]"
                            ),
                        ),
                        ("is_active", models.BooleanField(default=True)),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        ("every_months__gt", 0),
                                        ("every_months__isnull", False),
                                        ("next_date__isnull", False),
                                        ("rule", "date"),
                                    ),
                                    models.Q(("every_hours__gt", 0), ("every_hours__isnull", False), ("rule", "hours")),
                                    models.Q(
                                        ("below_percent__gt", 0),
                                        ("below_percent__isnull", False),
                                        ("below_percent__lt", 100),
                                        ("rule", "performance"),
                                    ),
                                    _connector="OR",
                                ),
                                name="plan_has_what_its_rule_needs",
                            )
                        ]
                    },
                ),
                migrations.CreateModel(
                    name="Meter",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("public_id", models.UUIDField(default=kernel.identifiers.uuid7, editable=False, unique=True)),
                        (
                            "microgrid",
                            models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="meters", to="energy.microgrid"),
                        ),
                        ("site", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="meters", to="energy.site")),
                        (
                            "kind",
                            models.CharField(
                                choices=[
                                    ("site", "site: import and export"),
                                    ("source", "source: production"),
                                    ("storage", "storage: charge and discharge"),
                                    ("grid", "line or transformer: what flows down and up"),
                                ],
                                max_length=16,
                            ),
                        ),
                        (
                            "source",
                            models.OneToOneField(
                                blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="meter", to="energy.source"
                            ),
                        ),
                        (
                            "storage",
                            models.OneToOneField(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="meter",
                                to="energy.storageunit",
                            ),
                        ),
                        (
                            "line",
                            models.OneToOneField(
                                blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="meter", to="energy.line"
                            ),
                        ),
                        (
                            "transformer",
                            models.OneToOneField(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="meter",
                                to="energy.transformer",
                            ),
                        ),
                        ("code", models.CharField(max_length=120)),
                        (
                            "external_ref",
                            models.CharField(blank=True, help_text="How the grid operator calls the metering point.", max_length=120),
                        ),
                        (
                            "register_limit_wh",
                            models.BigIntegerField(
                                default=100000000000, help_text="The registers roll over here.", verbose_name="registers' limit [Wh]"
                            ),
                        ),
                        (
                            "chain_ref",
                            models.CharField(default=kernel.identifiers.random_bytes32, editable=False, max_length=66, unique=True),
                        ),
                        ("installed_at", models.DateTimeField(blank=True, null=True)),
                        ("removed_at", models.DateTimeField(blank=True, null=True)),
                        (
                            "reactive_from",
                            models.DateField(
                                blank=True,
                                help_text="First local day on which the meter counts the reactive energy drawn [varh] beside its other registers; empty: it does not.",
                                null=True,
                                verbose_name="counts reactive energy from",
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(fields=("microgrid", "code"), name="meter_code_once"),
                            models.UniqueConstraint(
                                condition=models.Q(("external_ref", ""), _negated=True),
                                fields=("microgrid", "external_ref"),
                                name="meter_external_ref_once",
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("kind", "site"), ("removed_at__isnull", True)),
                                fields=("site",),
                                name="one_site_meter_at_a_time",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("kind__in", ("site", "grid")), ("source__isnull", True), ("storage__isnull", True)),
                                    models.Q(("kind", "source"), ("source__isnull", False), ("storage__isnull", True)),
                                    models.Q(("kind", "storage"), ("source__isnull", True), ("storage__isnull", False)),
                                    _connector="OR",
                                ),
                                name="meter_kind_fits_what_it_measures",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        models.Q(("kind", "grid"), _negated=True), ("line__isnull", True), ("transformer__isnull", True)
                                    ),
                                    models.Q(("kind", "grid"), ("line__isnull", False), ("transformer__isnull", True)),
                                    models.Q(("kind", "grid"), ("line__isnull", True), ("transformer__isnull", False)),
                                    _connector="OR",
                                ),
                                name="grid_meter_sits_on_one_branch",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("kind", "site"), ("reactive_from__isnull", True), _connector="OR"),
                                name="only_site_meters_count_reactive_energy",
                            ),
                        ]
                    },
                ),
                migrations.CreateModel(
                    name="OwnAlarmHit",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "alarm",
                            models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="hits", to="energy.ownalarm"),
                        ),
                        ("day", models.DateField()),
                        ("value", models.FloatField()),
                        ("text", models.CharField(max_length=240)),
                    ],
                    options={"constraints": [models.UniqueConstraint(fields=("alarm", "day"), name="alarm_goes_off_once_a_day")]},
                ),
                migrations.CreateModel(
                    name="Device",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("public_id", models.UUIDField(default=kernel.identifiers.uuid7, editable=False, unique=True)),
                        (
                            "microgrid",
                            models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="devices", to="energy.microgrid"),
                        ),
                        (
                            "meter",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="devices",
                                to="energy.meter",
                            ),
                        ),
                        (
                            "sensor",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="devices",
                                to="energy.sensor",
                            ),
                        ),
                        ("name", models.CharField(help_text="Base name in SenML, a URN.", max_length=120, unique=True)),
                        (
                            "status",
                            models.CharField(
                                choices=[("enrolled", "enrolled"), ("revoked", "revoked"), ("decommissioned", "decommissioned")],
                                default="enrolled",
                                max_length=16,
                            ),
                        ),
                        (
                            "model",
                            models.CharField(blank=True, help_text="As the device gives it; firmware is chosen by it.", max_length=80),
                        ),
                        ("firmware_version", models.CharField(blank=True, help_text="As the device last reported it.", max_length=40)),
                        ("encrypts", models.BooleanField(default=False, help_text="Only encrypted messages are accepted.")),
                        ("last_counter", models.BigIntegerField(default=0)),
                        ("last_seen_at", models.DateTimeField(blank=True, null=True)),
                        (
                            "recent_refusals_at",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.DateTimeField(),
                                default=list,
                                editable=False,
                                help_text="The last five, the newest first.",
                                size=None,
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("meter__isnull", False), ("sensor__isnull", True)),
                                    models.Q(("meter__isnull", True), ("sensor__isnull", False)),
                                    _connector="OR",
                                ),
                                name="device_serves_one_meter_or_sensor",
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("status", "enrolled")),
                                fields=("meter", "sensor"),
                                name="one_enrolled_device_at_a_time",
                                nulls_distinct=False,
                            ),
                        ]
                    },
                ),
                migrations.CreateModel(
                    name="FeedSilence",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "microgrid",
                            models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="silences", to="energy.microgrid"),
                        ),
                        (
                            "kind",
                            models.CharField(
                                choices=[("stopped", "sends nothing"), ("zeros", "sends zeros where its like days do not")], max_length=8
                            ),
                        ),
                        (
                            "meter",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="silences",
                                to="energy.meter",
                            ),
                        ),
                        (
                            "gateway",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="silences",
                                to="energy.gateway",
                            ),
                        ),
                        ("feed", models.CharField(blank=True, help_text="The format of a regular import.", max_length=16)),
                        ("since_at", models.DateTimeField(help_text="The last that was heard, or the first of the zeros.")),
                        ("found_at", models.DateTimeField()),
                        ("ended_at", models.DateTimeField(blank=True, null=True)),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("ended_at__isnull", True)),
                                fields=("microgrid", "kind", "meter", "gateway", "feed"),
                                name="silence_open_once",
                                nulls_distinct=False,
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("feed", ""), ("gateway__isnull", True), ("meter__isnull", False)),
                                    models.Q(("feed", ""), ("gateway__isnull", False), ("meter__isnull", True)),
                                    models.Q(("gateway__isnull", True), ("meter__isnull", True), models.Q(("feed", ""), _negated=True)),
                                    _connector="OR",
                                ),
                                name="silence_of_one_thing",
                            ),
                        ]
                    },
                ),
                migrations.CreateModel(
                    name="ForecastScore",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "microgrid",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE, related_name="forecast_scores", to="energy.microgrid"
                            ),
                        ),
                        ("day", models.DateField()),
                        (
                            "quantity",
                            models.CharField(choices=[("consumption", "consumption"), ("production", "production")], max_length=16),
                        ),
                        (
                            "meter",
                            models.ForeignKey(
                                null=True, on_delete=django.db.models.deletion.CASCADE, related_name="forecast_scores", to="energy.meter"
                            ),
                        ),
                        ("intervals", models.PositiveSmallIntegerField(verbose_name="intervals measured")),
                        ("mae_wh", models.FloatField(verbose_name="mean absolute error")),
                        ("pinball_wh", models.FloatField(verbose_name="pinball loss")),
                        ("coverage", models.FloatField(verbose_name="share within the band")),
                        ("yesterday_mae_wh", models.FloatField(null=True, verbose_name="of the day before")),
                        ("last_week_mae_wh", models.FloatField(null=True, verbose_name="of the day a week before")),
                        ("like_days_mae_wh", models.FloatField(null=True, verbose_name="of four like days")),
                        ("scored_at", models.DateTimeField()),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("microgrid", "day", "quantity", "meter"), name="forecast_scored_once", nulls_distinct=False
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("coverage__gte", 0),
                                    ("coverage__lte", 1),
                                    ("intervals__gt", 0),
                                    ("mae_wh__gte", 0),
                                    ("pinball_wh__gte", 0),
                                ),
                                name="forecast_score_in_bounds",
                            ),
                        ]
                    },
                ),
                migrations.CreateModel(
                    name="GatewayMeter",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "gateway",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE, related_name="gateway_meters", to="energy.gateway"
                            ),
                        ),
                        (
                            "meter",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="gateway_meters", to="energy.meter"
                            ),
                        ),
                        ("reference", models.CharField(max_length=120)),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(fields=("gateway", "reference"), name="gateway_reference_once"),
                            models.UniqueConstraint(fields=("gateway", "meter"), name="gateway_meter_once"),
                        ]
                    },
                ),
                migrations.CreateModel(
                    name="LearnedLimits",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "meter",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE, related_name="learned_limits", to="energy.meter"
                            ),
                        ),
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
                                    (8, "reactive"),
                                ]
                            ),
                        ),
                        (
                            "meter_class",
                            models.CharField(
                                choices=[
                                    ("home", "home"),
                                    ("business", "business"),
                                    ("heat_pump", "heat pump"),
                                    ("car_charger", "car charger"),
                                    ("solar", "solar"),
                                    ("other_production", "other production"),
                                ],
                                max_length=20,
                            ),
                        ),
                        ("first_day", models.DateField()),
                        ("last_day", models.DateField()),
                        ("days", models.PositiveIntegerField(help_text="Days with readings among them.")),
                        ("mean_wh", models.FloatField(verbose_name="mean of an interval [Wh]")),
                        ("numbers", models.JSONField(help_text="As energy.adapters.limit_numbers writes them.")),
                        ("learned_at", models.DateTimeField()),
                    ],
                    options={
                        "verbose_name_plural": "learned limits",
                        "constraints": [
                            models.UniqueConstraint(fields=("meter", "channel"), name="learned_limits_once"),
                            models.CheckConstraint(
                                condition=models.Q(("days__gt", 0), ("last_day__gte", models.F("first_day"))), name="learned_from_days"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="MeterExchange",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("public_id", models.UUIDField(default=kernel.identifiers.uuid7, editable=False, unique=True)),
                        (
                            "meter",
                            models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="exchanges", to="energy.meter"),
                        ),
                        ("exchanged_at", models.DateTimeField()),
                        ("old_serial", models.CharField(blank=True, max_length=80)),
                        ("new_serial", models.CharField(max_length=80)),
                        (
                            "by",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("recorded_at", models.DateTimeField(help_text="Real time.")),
                    ],
                    options={"constraints": [models.UniqueConstraint(fields=("meter", "exchanged_at"), name="exchanged_once_at_a_time")]},
                ),
                migrations.CreateModel(
                    name="MeterForecast",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "run",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE, related_name="forecasts", to="energy.forecastrun"
                            ),
                        ),
                        (
                            "quantity",
                            models.CharField(choices=[("consumption", "consumption"), ("production", "production")], max_length=16),
                        ),
                        (
                            "meter",
                            models.ForeignKey(
                                help_text="Empty: the whole microgrid.",
                                null=True,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="forecasts",
                                to="energy.meter",
                            ),
                        ),
                        ("p10_wh", django.contrib.postgres.fields.ArrayField(base_field=models.IntegerField(), size=None)),
                        ("p50_wh", django.contrib.postgres.fields.ArrayField(base_field=models.IntegerField(), size=None)),
                        ("p90_wh", django.contrib.postgres.fields.ArrayField(base_field=models.IntegerField(), size=None)),
                        ("from_like_days", models.BooleanField(help_text="Too little was known for the model.")),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("run", "quantity", "meter"), name="forecast_once_per_meter", nulls_distinct=False
                            )
                        ]
                    },
                ),
                migrations.CreateModel(
                    name="Review",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("public_id", models.UUIDField(default=kernel.identifiers.uuid7, editable=False, unique=True)),
                        (
                            "microgrid",
                            models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="reviews", to="energy.microgrid"),
                        ),
                        (
                            "meter",
                            models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="reviews", to="energy.meter"),
                        ),
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
                                    (8, "reactive"),
                                ]
                            ),
                        ),
                        ("day", models.DateField()),
                        ("version", models.SmallIntegerField()),
                        ("found", models.SmallIntegerField()),
                        ("intervals", django.contrib.postgres.fields.ArrayField(base_field=models.SmallIntegerField(), size=None)),
                        (
                            "measured_wh",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.IntegerField(), help_text="What was measured in these intervals.", size=None
                            ),
                        ),
                        ("proposals", models.JSONField(default=dict)),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("open", "open"),
                                    ("accepted", "accepted as measured"),
                                    ("edited", "edited"),
                                    ("expired", "kept as measured when its time was over"),
                                    ("superseded", "superseded by a later version"),
                                ],
                                default="open",
                                max_length=12,
                            ),
                        ),
                        ("opened_at", models.DateTimeField()),
                        ("deadline_at", models.DateTimeField()),
                        (
                            "decided_by",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("decided_at", models.DateTimeField(blank=True, null=True)),
                        ("reason", models.CharField(blank=True, max_length=300)),
                        ("edited_version", models.SmallIntegerField(blank=True, help_text="The version that the edit made.", null=True)),
                    ],
                    options={
                        "indexes": [models.Index(fields=["microgrid", "state", "day"], name="review_open")],
                        "constraints": [
                            models.UniqueConstraint(fields=("meter", "channel", "day", "version"), name="review_once_per_version"),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("decided_at__isnull", True), ("state", "open")),
                                    models.Q(models.Q(("state", "open"), _negated=True), ("decided_at__isnull", False)),
                                    _connector="OR",
                                ),
                                name="review_decided_has_a_time",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("state", "edited"), _negated=True),
                                    models.Q(
                                        ("decided_by__isnull", False),
                                        ("edited_version__isnull", False),
                                        models.Q(("reason", ""), _negated=True),
                                    ),
                                    _connector="OR",
                                ),
                                name="review_edited_says_who_and_why",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="WorkOrder",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("public_id", models.UUIDField(default=kernel.identifiers.uuid7, editable=False, unique=True)),
                        (
                            "source",
                            models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="work_orders", to="energy.source"),
                        ),
                        (
                            "plan",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="work_orders",
                                to="energy.maintenanceplan",
                            ),
                        ),
                        (
                            "work",
                            models.CharField(
                                choices=[("cleaning", "cleaning"), ("inspection", "inspection"), ("repair", "repair")], max_length=16
                            ),
                        ),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("open", "open"),
                                    ("planned", "planned"),
                                    ("started", "under way"),
                                    ("done", "done"),
                                    ("cancelled", "cancelled"),
                                ],
                                default="open",
                                max_length=16,
                            ),
                        ),
                        ("reason", models.CharField(max_length=240)),
                        ("due_date", models.DateField()),
                        ("start_at", models.DateTimeField(blank=True, null=True, verbose_name="planned start")),
                        ("end_at", models.DateTimeField(blank=True, null=True, verbose_name="planned end")),
                        (
                            "available_percent",
                            models.PositiveSmallIntegerField(
                                default=0,
                                help_text="How much of the source still produces during the work.",
                                verbose_name="available meanwhile [%]",
                            ),
                        ),
                        ("assigned_to", models.CharField(blank=True, max_length=120)),
                        ("note", models.TextField(blank=True)),
                        ("created_at", models.DateTimeField()),
                        ("done_at", models.DateTimeField(blank=True, null=True)),
                        (
                            "done_by",
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
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("state__in", ("open", "planned", "started"))),
                                fields=("plan",),
                                name="one_unfinished_order_per_plan",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("end_at__isnull", True),
                                    models.Q(("end_at__gt", models.F("start_at")), ("start_at__isnull", False)),
                                    _connector="OR",
                                ),
                                name="order_ends_after_it_starts",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("state", "planned"), _negated=True),
                                    models.Q(("end_at__isnull", False), ("start_at__isnull", False)),
                                    _connector="OR",
                                ),
                                name="planned_order_has_a_window",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("done_at__isnull", False), ("state", "done")),
                                    models.Q(models.Q(("state", "done"), _negated=True), ("done_at__isnull", True)),
                                    _connector="OR",
                                ),
                                name="done_order_says_when",
                            ),
                            models.CheckConstraint(condition=models.Q(("available_percent__lte", 100)), name="order_leaves_at_most_all"),
                        ]
                    },
                ),
                migrations.CreateModel(
                    name="DeviceAlarm",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("public_id", models.UUIDField(default=kernel.identifiers.uuid7, editable=False, unique=True)),
                        (
                            "device",
                            models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="alarms", to="energy.device"),
                        ),
                        (
                            "kind",
                            models.CharField(
                                choices=[
                                    ("refusals", "five messages refused within an hour"),
                                    ("cover_open", "the case is open"),
                                    ("register_went_back", "a register went back"),
                                    ("zero_pattern", "nothing measured where its like days do"),
                                    ("two_places", "its key is used from two places"),
                                ],
                                max_length=24,
                            ),
                        ),
                        ("raised_at", models.DateTimeField()),
                        ("last_at", models.DateTimeField(help_text="When it was seen last.")),
                        ("count", models.PositiveIntegerField(default=1, help_text="How often it was seen.")),
                        ("detail", models.CharField(blank=True, max_length=300)),
                        (
                            "acknowledged_by",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("acknowledged_at", models.DateTimeField(blank=True, null=True)),
                        (
                            "cleared_by",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("cleared_at", models.DateTimeField(blank=True, null=True)),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("cleared_at__isnull", True)), fields=("device", "kind"), name="one_open_alarm_of_a_kind"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("acknowledged_at__isnull", True), ("acknowledged_by__isnull", True)),
                                    models.Q(("acknowledged_at__isnull", False), ("acknowledged_by__isnull", False)),
                                    _connector="OR",
                                ),
                                name="alarm_acknowledged_by_somebody",
                            ),
                        ]
                    },
                ),
                migrations.CreateModel(
                    name="DeviceCertificate",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "authority",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="certificates", to="energy.certificateauthority"
                            ),
                        ),
                        (
                            "device",
                            models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="certificates", to="energy.device"),
                        ),
                        ("serial", models.CharField(help_text="Hexadecimal.", max_length=40, unique=True)),
                        ("certificate_pem", models.TextField()),
                        ("issued_at", models.DateTimeField()),
                        ("expires_at", models.DateTimeField()),
                        ("revoked_at", models.DateTimeField(blank=True, null=True)),
                    ],
                ),
                migrations.CreateModel(
                    name="DeviceEvent",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "device",
                            models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="events", to="energy.device"),
                        ),
                        ("at", models.DateTimeField()),
                        (
                            "kind",
                            models.CharField(
                                choices=[
                                    ("enrolled", "enrolled"),
                                    ("key_rotated", "key rotated"),
                                    ("revoked", "revoked"),
                                    ("exchanged", "meter exchanged"),
                                    ("decommissioned", "decommissioned"),
                                    ("certified", "certificate issued"),
                                    ("certificate_revoked", "certificate revoked"),
                                    ("firmware", "firmware reported"),
                                    ("firmware_failed", "firmware failed"),
                                    ("encryption", "encryption required or not"),
                                    ("alarm_raised", "alarm raised"),
                                    ("alarm_acknowledged", "alarm acknowledged"),
                                    ("alarm_cleared", "alarm cleared"),
                                ],
                                max_length=24,
                            ),
                        ),
                        (
                            "by",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("detail", models.CharField(blank=True, max_length=300)),
                    ],
                    options={"indexes": [models.Index(fields=["device", "-at"], name="device_event_by_device")]},
                ),
                migrations.CreateModel(
                    name="DeviceKey",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("device", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="keys", to="energy.device")),
                        ("key_id", models.BinaryField(max_length=8, unique=True)),
                        ("public_key", models.BinaryField(max_length=32)),
                        ("valid_from", models.DateTimeField()),
                        ("revoked_at", models.DateTimeField(blank=True, null=True)),
                    ],
                ),
                migrations.CreateModel(
                    name="EnrolmentCode",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("public_id", models.UUIDField(default=kernel.identifiers.uuid7, editable=False, unique=True)),
                        (
                            "meter",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="enrolment_codes",
                                to="energy.meter",
                            ),
                        ),
                        (
                            "sensor",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="enrolment_codes",
                                to="energy.sensor",
                            ),
                        ),
                        (
                            "microgrid",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="enrolment_codes", to="energy.microgrid"
                            ),
                        ),
                        ("locator", models.CharField(max_length=8, unique=True)),
                        ("code_hash", models.BinaryField(max_length=32)),
                        (
                            "made_by",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("made_at", models.DateTimeField()),
                        ("expires_at", models.DateTimeField()),
                        ("used_at", models.DateTimeField(blank=True, null=True)),
                        ("failures", models.PositiveSmallIntegerField(default=0)),
                        (
                            "device",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="enrolment_codes",
                                to="energy.device",
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("meter__isnull", False), ("sensor__isnull", True)),
                                    models.Q(("meter__isnull", True), ("sensor__isnull", False)),
                                    _connector="OR",
                                ),
                                name="code_is_for_one_meter_or_sensor",
                            ),
                            models.CheckConstraint(condition=models.Q(("expires_at__gt", models.F("made_at"))), name="code_lives_a_while"),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("device__isnull", True), ("used_at__isnull", True)),
                                    models.Q(("device__isnull", False), ("used_at__isnull", False)),
                                    _connector="OR",
                                ),
                                name="code_used_by_a_device",
                            ),
                        ]
                    },
                ),
                migrations.CreateModel(
                    name="FirmwareOutcome",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "device",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE, related_name="firmware_outcomes", to="energy.device"
                            ),
                        ),
                        (
                            "release",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE, related_name="outcomes", to="energy.firmwarerelease"
                            ),
                        ),
                        ("succeeded", models.BooleanField()),
                        ("reported_at", models.DateTimeField()),
                        ("detail", models.CharField(blank=True, max_length=200)),
                    ],
                    options={
                        "constraints": [models.UniqueConstraint(fields=("device", "release"), name="one_outcome_per_device_and_release")]
                    },
                ),
                migrations.CreateModel(
                    name="GatewayRegister",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "gateway_meter",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE, related_name="registers", to="energy.gatewaymeter"
                            ),
                        ),
                        ("channel", models.CharField(max_length=12)),
                        ("read_at", models.DateTimeField()),
                        ("register_wh", models.BigIntegerField()),
                        ("message_id", models.BigIntegerField()),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(fields=("gateway_meter", "channel", "read_at"), name="gateway_register_once")
                        ]
                    },
                ),
                migrations.CreateModel(
                    name="RefusalCount",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "device",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="refusals",
                                to="energy.device",
                            ),
                        ),
                        ("hour_at", models.DateTimeField()),
                        ("reason", models.CharField(max_length=40)),
                        ("count", models.PositiveIntegerField(default=0)),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("device", "hour_at", "reason"), name="refusals_counted_once", nulls_distinct=False
                            )
                        ]
                    },
                ),
                migrations.CreateModel(
                    name="RegisterHandOver",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "exchange",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE, related_name="registers", to="energy.meterexchange"
                            ),
                        ),
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
                                    (8, "reactive"),
                                ]
                            ),
                        ),
                        ("last_wh", models.BigIntegerField(verbose_name="last reading of the old meter [Wh]")),
                        ("first_wh", models.BigIntegerField(verbose_name="first reading of the new meter [Wh]")),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(fields=("exchange", "channel"), name="register_handed_over_once"),
                            models.CheckConstraint(
                                condition=models.Q(("first_wh__gte", 0), ("last_wh__gte", 0)), name="handed_over_not_negative"
                            ),
                        ]
                    },
                ),
            ]
        ),
        migrations.RunSQL(
            ENSURE_MONTH + TELEMETRY + METER_DAYS + READINGS + ONLY_ADDED + GATEWAY_MESSAGES + VERSIONS + SITE_OWNERSHIP, UNDO
        ),
    ]
