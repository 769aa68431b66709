"""Decisions: the tables, shares partitioned by month, a balance that must hold, prices that stay, stored energy that is kept. One file in place of all before it: a new database is made in seconds."""

import django.contrib.postgres.constraints
import django.contrib.postgres.fields
import django.contrib.postgres.fields.ranges
import django.core.validators
import django.db.models.deletion
import grid.models.control_rule
import grid.models.sharing
import kernel.identifiers
from django.conf import settings
from django.db import migrations, models

from members.adapters.schema import CreateModels

SHARES = """
CREATE TABLE grid_siteshareday (
    day date NOT NULL,
    site_id bigint NOT NULL,
    revision smallint NOT NULL DEFAULT 0,
    microgrid_id bigint NOT NULL,
    is_current boolean NOT NULL DEFAULT true,
    import_version smallint NOT NULL DEFAULT 0,
    export_version smallint NOT NULL DEFAULT 0,
    import_wh bytea,
    export_wh bytea,
    received_wh bytea,
    delivered_wh bytea,
    not_local_wh bytea,
    carried_wh bytea,
    PRIMARY KEY (day, site_id, revision),
    CONSTRAINT sides_fit CHECK (
        coalesce(octet_length(received_wh), octet_length(import_wh)) IS NOT DISTINCT FROM octet_length(import_wh)
        AND coalesce(octet_length(delivered_wh), octet_length(export_wh)) IS NOT DISTINCT FROM octet_length(export_wh)
        AND coalesce(octet_length(not_local_wh), octet_length(export_wh)) IS NOT DISTINCT FROM octet_length(export_wh)
        AND coalesce(octet_length(carried_wh), octet_length(export_wh)) IS NOT DISTINCT FROM octet_length(export_wh)
    )
) PARTITION BY RANGE (day);
"""

BALANCE = """
CREATE FUNCTION keep_the_balance() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    fault integer;
BEGIN
    SELECT i INTO fault FROM generate_subscripts(NEW.import_wh, 1) AS i
    WHERE NEW.import_wh[i] + NEW.production_wh[i] + NEW.discharge_wh[i]
        IS DISTINCT FROM NEW.consumption_wh[i] + NEW.charge_wh[i] + NEW.export_wh[i] + NEW.losses_wh[i]
    LIMIT 1;
    IF fault IS NOT NULL THEN
        RAISE EXCEPTION 'The balance of % does not hold in interval %', NEW.day, fault - 1;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER balance_holds BEFORE INSERT OR UPDATE ON grid_balanceday
    FOR EACH ROW EXECUTE FUNCTION keep_the_balance();

CREATE FUNCTION keep_published_prices() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'Published prices stay as they are (%)', OLD.day;
END $$;
CREATE TRIGGER prices_stay BEFORE UPDATE OR DELETE ON grid_priceday
    FOR EACH ROW EXECUTE FUNCTION keep_published_prices();
"""

STORED_ENERGY = """
CREATE FUNCTION keep_stored_energy() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    origin integer;
    came bigint;
    went bigint;
    lies bigint;
    fault integer;
BEGIN
    FOR origin IN 1..4 LOOP
        SELECT coalesce(sum(NEW.charged_wh[origin][i]), 0),
               coalesce(sum(NEW.discharged_wh[origin][i] + NEW.lost_wh[origin][i]), 0)
        INTO came, went FROM generate_subscripts(NEW.emerged_wh, 1) AS i;
        IF origin = 4 THEN
            came := came + coalesce((SELECT sum(e) FROM unnest(NEW.emerged_wh) AS e), 0);
        END IF;
        SELECT coalesce(sum(NEW.layers_wh[l][origin]), 0) INTO lies
        FROM generate_subscripts(NEW.layers_wh, 1) AS l;
        IF NEW.before_wh[origin] + came IS DISTINCT FROM went + lies THEN
            RAISE EXCEPTION 'Storage % on %: energy of origin % is not conserved', NEW.storage_id, NEW.day, origin - 1;
        END IF;
    END LOOP;
    SELECT i INTO fault FROM generate_subscripts(NEW.stored_wh, 1) AS i
    WHERE NEW.stored_wh[i] - CASE i WHEN 1 THEN (SELECT sum(b) FROM unnest(NEW.before_wh) AS b) ELSE NEW.stored_wh[i - 1] END
        IS DISTINCT FROM NEW.emerged_wh[i] + (
            SELECT sum(NEW.charged_wh[o][i] - NEW.discharged_wh[o][i] - NEW.lost_wh[o][i]) FROM generate_series(1, 4) AS o)
    LIMIT 1;
    IF fault IS NOT NULL THEN
        RAISE EXCEPTION 'Storage % on %: what is stored does not add up in interval %', NEW.storage_id, NEW.day, fault - 1;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER stored_energy_is_kept BEFORE INSERT OR UPDATE ON grid_storageday
    FOR EACH ROW EXECUTE FUNCTION keep_stored_energy();
"""

STORED_PRODUCERS = """
CREATE FUNCTION keep_stored_producers() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    fault bigint;
BEGIN
    SELECT NEW.producers[p] INTO fault FROM generate_subscripts(NEW.producers, 1) AS p
    WHERE least(NEW.produced_before_wh[p], NEW.produced_charged_wh[p], NEW.produced_discharged_wh[p], NEW.produced_lost_wh[p]) < 0
        OR NEW.produced_before_wh[p] + NEW.produced_charged_wh[p] IS DISTINCT FROM
            NEW.produced_discharged_wh[p] + NEW.produced_lost_wh[p]
            + coalesce((SELECT sum(NEW.parcels_wh[k][p]) FROM generate_subscripts(NEW.parcels_wh, 1) AS k), 0)
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'Storage % on %: energy produced by % is not conserved', NEW.storage_id, NEW.day, fault;
    END IF;
    IF (SELECT coalesce(sum(v), 0) FROM unnest(NEW.produced_before_wh) AS v) IS DISTINCT FROM NEW.before_wh[2]
        OR (SELECT coalesce(sum(v), 0) FROM unnest(NEW.produced_charged_wh) AS v) IS DISTINCT FROM
            (SELECT coalesce(sum(v), 0) FROM unnest(NEW.charged_wh[2:2]) AS v)
        OR (SELECT coalesce(sum(v), 0) FROM unnest(NEW.produced_discharged_wh) AS v) IS DISTINCT FROM
            (SELECT coalesce(sum(v), 0) FROM unnest(NEW.discharged_wh[2:2]) AS v)
        OR (SELECT coalesce(sum(v), 0) FROM unnest(NEW.produced_lost_wh) AS v) IS DISTINCT FROM
            (SELECT coalesce(sum(v), 0) FROM unnest(NEW.lost_wh[2:2]) AS v) THEN
        RAISE EXCEPTION 'Storage % on %: producers do not sum to local energy', NEW.storage_id, NEW.day;
    END IF;
    SELECT l INTO fault FROM generate_subscripts(NEW.layers_wh, 1) AS l
    WHERE NEW.layers_wh[l][2] IS DISTINCT FROM coalesce((
        SELECT sum(v) FROM generate_subscripts(NEW.parcels_layer, 1) AS k, unnest(NEW.parcels_wh[k:k]) AS v
        WHERE NEW.parcels_layer[k] = l - 1), 0)
    LIMIT 1;
    IF FOUND OR EXISTS (SELECT FROM unnest(NEW.parcels_wh) AS v WHERE v < 0)
        OR coalesce(array_length(NEW.parcels_wh, 2), cardinality(NEW.producers)) <> cardinality(NEW.producers) THEN
        RAISE EXCEPTION 'Storage % on %: parcels are not what lies in its layers', NEW.storage_id, NEW.day;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER stored_producers_are_kept BEFORE INSERT OR UPDATE ON grid_storageday
    FOR EACH ROW EXECUTE FUNCTION keep_stored_producers();
"""

MARKET = """
CREATE FUNCTION keep_cleared_orders() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    touched record;
BEGIN
    touched := CASE WHEN TG_OP = 'INSERT' THEN NEW ELSE OLD END;
    IF EXISTS (SELECT FROM grid_marketinterval
               WHERE microgrid_id = touched.microgrid_id AND start_at = touched.start_at) THEN
        RAISE EXCEPTION 'The interval of % is cleared: its orders stay as they are', touched.start_at;
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;

CREATE TABLE grid_marketorder (
    id bigint GENERATED BY DEFAULT AS IDENTITY,
    public_id uuid NOT NULL,
    microgrid_id bigint NOT NULL,
    site_id bigint NOT NULL,
    start_at timestamptz NOT NULL,
    side varchar(4) NOT NULL,
    wh integer NOT NULL,
    price_micro integer NOT NULL,
    placed_at timestamptz NOT NULL,
    placed_by_id bigint,
    matched_wh integer,
    PRIMARY KEY (id, start_at),
    CONSTRAINT an_order_has_an_address_of_its_own UNIQUE (public_id, start_at),
    CONSTRAINT an_order_is_for_something CHECK (wh > 0),
    CONSTRAINT matched_is_at_most_ordered CHECK (matched_wh BETWEEN 0 AND wh)
) PARTITION BY RANGE (start_at);
CREATE INDEX orders_by_interval ON grid_marketorder (microgrid_id, start_at);
CREATE INDEX orders_by_site ON grid_marketorder (site_id, start_at);
CREATE UNIQUE INDEX one_order_of_the_agent ON grid_marketorder (site_id, start_at, side) WHERE placed_by_id IS NULL;
CREATE TRIGGER cleared_orders_stay BEFORE INSERT OR UPDATE OR DELETE ON grid_marketorder
    FOR EACH ROW EXECUTE FUNCTION keep_cleared_orders();

CREATE FUNCTION keep_cleared_intervals() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'What was cleared stays as it is (%)', OLD.start_at;
END $$;
CREATE TRIGGER cleared_intervals_stay BEFORE UPDATE OR DELETE ON grid_marketinterval
    FOR EACH ROW EXECUTE FUNCTION keep_cleared_intervals();

CREATE TRIGGER forgotten_orders_stay BEFORE UPDATE OR DELETE ON grid_forgottenorders
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""

PLANT_SHARES = """
CREATE FUNCTION keep_divisions_whole() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    the_division bigint;
    parts bigint;
BEGIN
    IF TG_TABLE_NAME = 'grid_plantdivision' THEN
        the_division := NEW.id;
    ELSIF TG_OP = 'DELETE' THEN
        the_division := OLD.division_id;
    ELSE
        the_division := NEW.division_id;
    END IF;
    SELECT coalesce(sum(millionths), 0) INTO parts FROM grid_plantshare WHERE division_id = the_division;
    IF parts <> 1000000 AND EXISTS (SELECT FROM grid_plantdivision WHERE id = the_division) THEN
        RAISE EXCEPTION 'The parts of a common plant come to % millionths, not to the whole', parts;
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER parts_are_the_whole AFTER INSERT OR UPDATE OR DELETE ON grid_plantshare
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION keep_divisions_whole();
CREATE CONSTRAINT TRIGGER divisions_have_parts AFTER INSERT ON grid_plantdivision
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION keep_divisions_whole();
"""

SUPPLY = """
CREATE FUNCTION keep_power_where_life_depends_on_it() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.status IN ('asked', 'agreed', 'in_force')
       AND EXISTS (SELECT FROM energy_consumer WHERE site_id = NEW.site_id AND priority_tier = 0) THEN
        RAISE EXCEPTION 'Somebody at this site depends on supply: no limit';
    END IF;
    IF TG_OP = 'UPDATE' AND (NEW.site_id, NEW.limit_w, NEW.asked_at) IS DISTINCT FROM (OLD.site_id, OLD.limit_w, OLD.asked_at) THEN
        RAISE EXCEPTION 'What was asked for stays (%)', OLD.id;
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.status IN ('declined', 'lifted', 'withdrawn') AND NEW.status <> OLD.status THEN
        RAISE EXCEPTION 'A request that ended stays ended (%)', OLD.id;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER power_stays_where_life_depends_on_it BEFORE INSERT OR UPDATE ON grid_supplyrequest
    FOR EACH ROW EXECUTE FUNCTION keep_power_where_life_depends_on_it();
CREATE FUNCTION keep_supply_steps() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'A step of a supply request stays as it was taken (%)', OLD.id;
END $$;
CREATE TRIGGER supply_steps_stay BEFORE UPDATE OR DELETE ON grid_supplystep
    FOR EACH ROW EXECUTE FUNCTION keep_supply_steps();
"""

UNDO = """
DROP TRIGGER forgotten_orders_stay ON grid_forgottenorders;
DROP TRIGGER power_stays_where_life_depends_on_it ON grid_supplyrequest;
DROP FUNCTION keep_power_where_life_depends_on_it();
DROP TRIGGER supply_steps_stay ON grid_supplystep;
DROP FUNCTION keep_supply_steps();
DROP TRIGGER divisions_have_parts ON grid_plantdivision;
DROP TRIGGER parts_are_the_whole ON grid_plantshare;
DROP FUNCTION keep_divisions_whole();
DROP TRIGGER cleared_intervals_stay ON grid_marketinterval;
DROP FUNCTION keep_cleared_intervals();
DROP TABLE grid_marketorder;
DROP FUNCTION keep_cleared_orders();
DROP TRIGGER stored_producers_are_kept ON grid_storageday;
DROP FUNCTION keep_stored_producers();
DROP TRIGGER stored_energy_is_kept ON grid_storageday;
DROP FUNCTION keep_stored_energy();
DROP TRIGGER prices_stay ON grid_priceday;
DROP FUNCTION keep_published_prices();
DROP TRIGGER balance_holds ON grid_balanceday;
DROP FUNCTION keep_the_balance();
DROP TABLE grid_siteshareday;
"""


class Migration(migrations.Migration):
    replaces = [
        ("grid", "0001_schema"),
        ("grid", "0002_plant_shares"),
        ("grid", "0003_one_key_of_shares"),
        ("grid", "0004_supply_requests"),
        ("grid", "0005_supply_triggers"),
        ("grid", "0006_orders_by_month"),
    ]

    initial = True

    dependencies = [("energy", "0001_initial"), ("members", "0001_initial")]

    operations = [
        CreateModels(
            [
                migrations.CreateModel(
                    name="AdrProgram",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("public_id", models.UUIDField(default=kernel.identifiers.uuid7, editable=False, unique=True)),
                        (
                            "microgrid",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE, related_name="adr_programs", to="energy.microgrid"
                            ),
                        ),
                        ("name", models.CharField(max_length=80)),
                        (
                            "payload",
                            models.CharField(
                                choices=[
                                    ("PRICE", "price per kWh"),
                                    ("CONSUMPTION_POWER_LIMIT", "most that may be drawn [kW]"),
                                    ("SIMPLE", "level from 0 to 3"),
                                ],
                                max_length=32,
                            ),
                        ),
                        ("created_at", models.DateTimeField()),
                        ("modified_at", models.DateTimeField()),
                    ],
                    options={"constraints": [models.UniqueConstraint(fields=("microgrid", "name"), name="adr_program_once")]},
                ),
                migrations.CreateModel(
                    name="BalanceDay",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "microgrid",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="balance_days", to="energy.microgrid"
                            ),
                        ),
                        ("day", models.DateField()),
                        ("revision", models.PositiveSmallIntegerField(default=0)),
                        ("is_current", models.BooleanField(default=True)),
                        ("import_wh", django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None)),
                        ("export_wh", django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None)),
                        ("production_wh", django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None)),
                        ("consumption_wh", django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None)),
                        ("charge_wh", django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None)),
                        ("discharge_wh", django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None)),
                        ("losses_wh", django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None)),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(fields=("microgrid", "day", "revision"), name="balance_day_revision_once"),
                            models.UniqueConstraint(
                                condition=models.Q(("is_current", True)), fields=("microgrid", "day"), name="balance_day_one_current"
                            ),
                        ]
                    },
                ),
                migrations.CreateModel(
                    name="BypassCheck",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "microgrid",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE, related_name="bypass_checks", to="energy.microgrid"
                            ),
                        ),
                        (
                            "meter",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.CASCADE, related_name="bypass_check", to="energy.meter"
                            ),
                        ),
                        ("first_day", models.DateField()),
                        ("last_day", models.DateField()),
                        ("meters_below", models.PositiveIntegerField()),
                        ("flow_wh", models.BigIntegerField(verbose_name="flow that the meters below explain, losses included [Wh]")),
                        ("residual_wh", models.BigIntegerField(verbose_name="flow beyond that [Wh]")),
                        ("allowed_wh", models.BigIntegerField(verbose_name="what accuracy may explain [Wh]")),
                        ("since_date", models.DateField(blank=True, help_text="From when on it is too much.", null=True)),
                        ("lost_wh_per_day", models.BigIntegerField(default=0)),
                        (
                            "explained_by",
                            models.ForeignKey(
                                blank=True,
                                help_text="A branch below that deviates as well.",
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="+",
                                to="grid.bypasscheck",
                            ),
                        ),
                        ("checked_at", models.DateTimeField()),
                    ],
                ),
                migrations.CreateModel(
                    name="ChargingTag",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("public_id", models.UUIDField(default=kernel.identifiers.uuid7, editable=False, unique=True)),
                        (
                            "microgrid",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE, related_name="charging_tags", to="energy.microgrid"
                            ),
                        ),
                        ("name", models.CharField(max_length=80)),
                        ("tag_sha256", models.CharField(editable=False, max_length=64)),
                        ("revoked_at", models.DateTimeField(blank=True, null=True)),
                    ],
                    options={"constraints": [models.UniqueConstraint(fields=("microgrid", "tag_sha256"), name="charging_tag_once")]},
                ),
                migrations.CreateModel(
                    name="ControlMemory",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "microgrid",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.CASCADE, related_name="control_memory", to="energy.microgrid"
                            ),
                        ),
                        ("at", models.DateTimeField(help_text="By the microgrid's clock.")),
                        ("content", models.JSONField(default=dict)),
                    ],
                ),
                migrations.CreateModel(
                    name="ControlRule",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "microgrid",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.CASCADE, related_name="control_rule", to="energy.microgrid"
                            ),
                        ),
                        (
                            "exchange_deadband_w",
                            models.PositiveIntegerField(
                                default=500, help_text="SURPLUS and DEFICIT begin above it.", verbose_name="dead band of exchange [W]"
                            ),
                        ),
                        ("peak_share", models.FloatField(default=0.8, help_text="PEAK begins at this share of the connection's limit.")),
                        ("frequency_low_hz", models.FloatField(default=49.5, verbose_name="alarm below [Hz]")),
                        ("frequency_high_hz", models.FloatField(default=50.5, verbose_name="alarm above [Hz]")),
                        (
                            "shed_below_hz",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.FloatField(),
                                default=grid.models.control_rule._stages,
                                help_text="Tier 4 goes below the first, then 3, 2 and 1; tier 0 never.",
                                size=4,
                                verbose_name="shedding stages [Hz]",
                            ),
                        ),
                        (
                            "lowest_tier_shed",
                            models.PositiveSmallIntegerField(
                                default=1,
                                help_text="No load of a lower tier is ever told to go.",
                                validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(4)],
                            ),
                        ),
                        (
                            "restore_hold_s",
                            models.PositiveIntegerField(
                                default=60, help_text="All must be well for so long.", verbose_name="hold before restoring [s]"
                            ),
                        ),
                        ("restore_pause_s", models.PositiveIntegerField(default=10, verbose_name="between restored loads [s]")),
                        ("release_hold_s", models.PositiveIntegerField(default=30, verbose_name="hold before releasing sources [s]")),
                        ("rotate_after_s", models.PositiveIntegerField(default=900, verbose_name="turns within a tier [s]")),
                        (
                            "autonomy_minutes",
                            models.PositiveIntegerField(
                                default=15, help_text="What the storages give must last so long.", verbose_name="energy of an island [min]"
                            ),
                        ),
                        (
                            "breaker",
                            models.ForeignKey(
                                blank=True,
                                help_text="Whose device works the switch to the public grid; empty: nobody is told to close it.",
                                limit_choices_to={"kind": "grid"},
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="energy.meter",
                            ),
                        ),
                        (
                            "breaker_checks_itself",
                            models.BooleanField(
                                default=True,
                                help_text="It closes at the right moment by itself once it may.",
                                verbose_name="breaker checks synchronism itself",
                            ),
                        ),
                        (
                            "sync_slip_hz",
                            models.FloatField(default=0.1, help_text="Difference of frequencies at most.", verbose_name="join within [Hz]"),
                        ),
                        (
                            "sync_phase_deg",
                            models.FloatField(default=10, help_text="Difference of phases at most.", verbose_name="join within [°]"),
                        ),
                        (
                            "sync_voltage_pu",
                            models.FloatField(default=0.03, help_text="Difference of voltages at most.", verbose_name="join within [p.u.]"),
                        ),
                        (
                            "resync_after_s",
                            models.PositiveIntegerField(
                                default=60,
                                help_text="Before the island looks for the moment to join.",
                                verbose_name="public grid steady for [s]",
                            ),
                        ),
                        ("storage_ramp_percent_per_s", models.FloatField(default=50, verbose_name="storages' ramp [% of rating per s]")),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("lowest_tier_shed__gte", 1), ("lowest_tier_shed__lte", 4)), name="tier_0_is_never_shed"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("peak_share__gt", 0), ("peak_share__lte", 1)), name="peak_begins_within_the_limit"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("frequency_high_hz__gt", 50), ("frequency_low_hz__lt", 50)),
                                name="nominal_frequency_is_no_alarm",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("shed_below_hz__0__gte", models.F("shed_below_hz__1")),
                                    ("shed_below_hz__len", 4),
                                    ("shed_below_hz__1__gte", models.F("shed_below_hz__2")),
                                    ("shed_below_hz__2__gte", models.F("shed_below_hz__3")),
                                ),
                                name="stages_fall",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("sync_phase_deg__gt", 0),
                                    ("sync_phase_deg__lte", 30),
                                    ("sync_slip_hz__gt", 0),
                                    ("sync_slip_hz__lte", 1),
                                    ("sync_voltage_pu__gt", 0),
                                    ("sync_voltage_pu__lte", 0.2),
                                ),
                                name="grids_are_joined_in_step",
                            ),
                            models.CheckConstraint(condition=models.Q(("storage_ramp_percent_per_s__gt", 0)), name="storages_may_move"),
                        ]
                    },
                ),
                migrations.CreateModel(
                    name="DayClosing",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "microgrid",
                            models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="closings", to="energy.microgrid"),
                        ),
                        ("day", models.DateField()),
                        ("revision", models.PositiveSmallIntegerField(default=0)),
                        ("closed_at", models.DateTimeField()),
                        ("estimated_values", models.PositiveIntegerField(default=0)),
                    ],
                    options={"constraints": [models.UniqueConstraint(fields=("microgrid", "day", "revision"), name="day_closed_once")]},
                ),
                migrations.CreateModel(
                    name="DemandProgramme",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("public_id", models.UUIDField(default=kernel.identifiers.uuid7, editable=False, unique=True)),
                        (
                            "microgrid",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="demand_programmes", to="energy.microgrid"
                            ),
                        ),
                        ("name", models.CharField(max_length=80)),
                        ("incentive_per_kwh", models.DecimalField(decimal_places=6, max_digits=10)),
                        ("notice_minutes", models.PositiveIntegerField(default=120, verbose_name="notice [min]")),
                        ("most_minutes_per_event", models.PositiveIntegerField(default=120, verbose_name="longest event [min]")),
                        ("most_events_per_month", models.PositiveSmallIntegerField(default=4, verbose_name="events a month")),
                        ("most_minutes_per_month", models.PositiveIntegerField(default=480, verbose_name="event minutes a month")),
                        (
                            "load_limit_percent",
                            models.PositiveSmallIntegerField(
                                blank=True,
                                help_text="During an event cars and other loads that can wait draw at most this share of their power, told by the cooperative; 0 is off. Empty: people act by themselves, no device is told.",
                                null=True,
                                verbose_name="loads held to [%]",
                            ),
                        ),
                        ("offered_at", models.DateTimeField()),
                        ("ended_at", models.DateTimeField(blank=True, null=True)),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(fields=("microgrid", "name"), name="demand_programme_name_once"),
                            models.CheckConstraint(condition=models.Q(("incentive_per_kwh__gte", 0)), name="demand_incentive_not_negative"),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("most_minutes_per_event__gt", 0),
                                    ("most_events_per_month__gt", 0),
                                    ("most_minutes_per_month__gte", models.F("most_minutes_per_event")),
                                ),
                                name="demand_limits_allow_an_event",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("load_limit_percent__isnull", True), ("load_limit_percent__lte", 100), _connector="OR"),
                                name="demand_load_limit_is_a_share",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("ended_at__isnull", True), ("ended_at__gte", models.F("offered_at")), _connector="OR"),
                                name="demand_programme_ends_later",
                            ),
                        ]
                    },
                ),
                migrations.CreateModel(
                    name="DeviceCommand",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("public_id", models.UUIDField(default=kernel.identifiers.uuid7, editable=False, unique=True)),
                        (
                            "microgrid",
                            models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="commands", to="energy.microgrid"),
                        ),
                        (
                            "storage",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="commands",
                                to="energy.storageunit",
                            ),
                        ),
                        (
                            "source",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="commands",
                                to="energy.source",
                            ),
                        ),
                        (
                            "consumer",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="commands",
                                to="energy.consumer",
                            ),
                        ),
                        (
                            "breaker",
                            models.ForeignKey(
                                blank=True,
                                help_text="The switch to the public grid, by the meter beside it.",
                                null=True,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="commands",
                                to="energy.meter",
                            ),
                        ),
                        (
                            "closes",
                            models.BooleanField(
                                default=False, help_text="The breaker may close in step while this stands; otherwise it may not any more."
                            ),
                        ),
                        ("charge_w", models.BigIntegerField(default=0)),
                        ("discharge_w", models.BigIntegerField(default=0)),
                        ("limit_w", models.BigIntegerField(blank=True, help_text="Of a source or load; empty: none any more.", null=True)),
                        (
                            "fallback",
                            models.CharField(
                                choices=[("idle", "stands idle"), ("free", "gives or draws what it can again"), ("stay", "stays as it is")],
                                default="idle",
                                max_length=8,
                            ),
                        ),
                        ("reason", models.CharField(max_length=200)),
                        ("issued_at", models.DateTimeField()),
                        ("expires_at", models.DateTimeField()),
                        (
                            "status",
                            models.CharField(
                                choices=[
                                    ("pending", "pending"),
                                    ("sent", "sent"),
                                    ("acknowledged", "acknowledged"),
                                    ("expired", "expired"),
                                ],
                                default="pending",
                                max_length=16,
                            ),
                        ),
                        ("acknowledged_at", models.DateTimeField(blank=True, null=True)),
                    ],
                    options={
                        "indexes": [
                            models.Index(fields=["microgrid", "-issued_at"], name="command_newest_first"),
                            models.Index(fields=["storage", "-issued_at"], name="command_of_storage"),
                        ],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("charge_w", 0), ("discharge_w__gte", 0)),
                                    models.Q(("charge_w__gte", 0), ("discharge_w", 0)),
                                    _connector="OR",
                                ),
                                name="command_charges_or_discharges",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        ("breaker__isnull", True),
                                        ("closes", False),
                                        ("consumer__isnull", True),
                                        ("limit_w__isnull", True),
                                        ("source__isnull", True),
                                        ("storage__isnull", False),
                                    ),
                                    models.Q(
                                        ("breaker__isnull", True),
                                        ("charge_w", 0),
                                        ("closes", False),
                                        ("consumer__isnull", True),
                                        ("discharge_w", 0),
                                        ("source__isnull", False),
                                        ("storage__isnull", True),
                                    ),
                                    models.Q(
                                        ("breaker__isnull", True),
                                        ("charge_w", 0),
                                        ("closes", False),
                                        ("consumer__isnull", False),
                                        ("discharge_w", 0),
                                        ("source__isnull", True),
                                        ("storage__isnull", True),
                                    ),
                                    models.Q(
                                        ("breaker__isnull", False),
                                        ("charge_w", 0),
                                        ("consumer__isnull", True),
                                        ("discharge_w", 0),
                                        ("limit_w__isnull", True),
                                        ("source__isnull", True),
                                        ("storage__isnull", True),
                                    ),
                                    _connector="OR",
                                ),
                                name="command_tells_one_device_what_it_can_do",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("limit_w__isnull", True), ("limit_w__gte", 0), _connector="OR"),
                                name="command_limit_not_negative",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="DeviceLink",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("public_id", models.UUIDField(default=kernel.identifiers.uuid7, editable=False, unique=True)),
                        (
                            "microgrid",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE, related_name="device_links", to="energy.microgrid"
                            ),
                        ),
                        (
                            "storage",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="links",
                                to="energy.storageunit",
                            ),
                        ),
                        (
                            "source",
                            models.ForeignKey(
                                blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name="links", to="energy.source"
                            ),
                        ),
                        (
                            "consumer",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="links",
                                to="energy.consumer",
                            ),
                        ),
                        (
                            "protocol",
                            models.CharField(
                                choices=[("sunspec", "SunSpec Modbus TCP"), ("ocpp", "OCPP 1.6 or 2.0.1"), ("openadr", "OpenADR 3")],
                                max_length=12,
                            ),
                        ),
                        ("is_enabled", models.BooleanField(default=True, verbose_name="enabled")),
                        (
                            "address",
                            models.GenericIPAddressField(
                                blank=True, help_text="SunSpec: a literal IP address among the networks of DEVICE_NETWORKS.", null=True
                            ),
                        ),
                        ("port", models.PositiveIntegerField(default=502)),
                        ("unit_id", models.PositiveSmallIntegerField(default=1, verbose_name="Modbus unit id")),
                        (
                            "station",
                            models.SlugField(blank=True, help_text="OCPP, OpenADR: the name under which the device calls.", max_length=48),
                        ),
                        ("connector", models.PositiveSmallIntegerField(default=1, help_text="OCPP: connector (1.6) or EVSE (2.0.1).")),
                        (
                            "fallback_w",
                            models.BigIntegerField(
                                blank=True,
                                help_text="OCPP: what a car may draw while the platform is silent; empty: what the charge point allows.",
                                null=True,
                                verbose_name="fallback [W]",
                            ),
                        ),
                        (
                            "gateway",
                            models.ForeignKey(
                                blank=True,
                                help_text="OCPP: in whose name its registers are handed in for settlement; empty: they are not.",
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="+",
                                to="energy.gateway",
                            ),
                        ),
                        ("key_sha256", models.CharField(blank=True, editable=False, max_length=64)),
                        ("key_hint", models.CharField(blank=True, editable=False, max_length=12)),
                        ("version", models.CharField(blank=True, editable=False, help_text="As the device speaks it.", max_length=12)),
                        ("model", models.CharField(blank=True, editable=False, help_text="As the device names itself.", max_length=120)),
                        ("last_contact_at", models.DateTimeField(blank=True, editable=False, null=True)),
                        ("sent_at", models.DateTimeField(blank=True, editable=False, null=True)),
                        ("sent_charge_w", models.BigIntegerField(blank=True, editable=False, null=True)),
                        ("sent_discharge_w", models.BigIntegerField(blank=True, editable=False, null=True)),
                        ("sent_limit_w", models.BigIntegerField(blank=True, editable=False, null=True)),
                        ("read_charge_w", models.FloatField(blank=True, editable=False, null=True)),
                        ("read_discharge_w", models.FloatField(blank=True, editable=False, null=True)),
                        ("read_limit_w", models.FloatField(blank=True, editable=False, null=True)),
                        ("read_soc_share", models.FloatField(blank=True, editable=False, null=True)),
                        ("state", models.CharField(blank=True, editable=False, max_length=40)),
                        (
                            "problem",
                            models.CharField(
                                blank=True,
                                choices=[
                                    ("not_allowed", "address not allowed"),
                                    ("unreachable", "not reached"),
                                    ("timeout", "no answer in time"),
                                    ("wrong_device", "another device"),
                                    ("refused", "refused"),
                                    ("not_obeyed", "not obeyed"),
                                    ("malformed", "not to be understood"),
                                    ("busy", "still busy"),
                                ],
                                editable=False,
                                max_length=16,
                            ),
                        ),
                        ("problem_detail", models.CharField(blank=True, editable=False, max_length=200)),
                        ("problem_since", models.DateTimeField(blank=True, editable=False, null=True)),
                        ("failures", models.PositiveIntegerField(default=0, editable=False, help_text="In a row.")),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("consumer__isnull", True), ("source__isnull", True), ("storage__isnull", False)),
                                    models.Q(("consumer__isnull", True), ("source__isnull", False), ("storage__isnull", True)),
                                    models.Q(("consumer__isnull", False), ("source__isnull", True), ("storage__isnull", True)),
                                    _connector="OR",
                                ),
                                name="link_leads_to_one_device",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        ("address__isnull", False), ("consumer__isnull", True), ("protocol", "sunspec"), ("station", "")
                                    ),
                                    models.Q(
                                        ("consumer__isnull", False),
                                        ("protocol__in", ["ocpp", "openadr"]),
                                        models.Q(("station", ""), _negated=True),
                                    ),
                                    _connector="OR",
                                ),
                                name="link_has_what_its_protocol_needs",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("connector__lte", 255), ("port__gte", 1), ("port__lte", 65535), ("unit_id__lte", 255)),
                                name="link_numbers_in_range",
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("is_enabled", True)),
                                fields=("storage", "source", "consumer"),
                                name="one_enabled_link_of_a_device",
                                nulls_distinct=False,
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("station", ""), _negated=True),
                                fields=("station", "connector"),
                                name="link_station_once",
                            ),
                        ]
                    },
                ),
                migrations.CreateModel(
                    name="Emergency",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("public_id", models.UUIDField(default=kernel.identifiers.uuid7, editable=False, unique=True)),
                        (
                            "microgrid",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE, related_name="emergencies", to="energy.microgrid"
                            ),
                        ),
                        ("is_drill", models.BooleanField(default=False, verbose_name="drill")),
                        (
                            "status",
                            models.CharField(
                                choices=[
                                    ("NORMAL", "normal"),
                                    ("SURPLUS", "surplus"),
                                    ("DEFICIT", "deficit"),
                                    ("PEAK", "peak"),
                                    ("CURTAILED", "curtailed"),
                                    ("EMERGENCY", "emergency"),
                                    ("ISLANDED", "islanded"),
                                    ("BLACKSTART", "black start"),
                                    ("RESYNC", "resynchronising"),
                                ],
                                max_length=12,
                            ),
                        ),
                        ("cause", models.CharField(max_length=300)),
                        ("began_at", models.DateTimeField()),
                        ("ended_at", models.DateTimeField(blank=True, null=True)),
                        (
                            "called_by",
                            models.ForeignKey(
                                blank=True,
                                help_text="Who began a drill.",
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("scenario", models.CharField(blank=True, max_length=40)),
                        ("outcome", models.JSONField(blank=True, default=dict, help_text="What the exercise showed.")),
                    ],
                    options={
                        "indexes": [models.Index(fields=["microgrid", "-began_at"], name="emergencies_newest_first")],
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("ended_at__isnull", True)), fields=("microgrid", "is_drill"), name="one_open_emergency"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("ended_at__isnull", True), ("ended_at__gte", models.F("began_at")), _connector="OR"),
                                name="emergency_ends_after_it_began",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="EmergencyContact",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "microgrid",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE, related_name="emergency_contacts", to="energy.microgrid"
                            ),
                        ),
                        (
                            "user",
                            models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL),
                        ),
                        (
                            "position",
                            models.PositiveSmallIntegerField(
                                help_text="1 is called first.", validators=[django.core.validators.MinValueValidator(1)]
                            ),
                        ),
                        ("phone", models.CharField(blank=True, max_length=40)),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(fields=("microgrid", "user"), name="contact_once"),
                            models.UniqueConstraint(fields=("microgrid", "position"), name="contact_position_once"),
                        ]
                    },
                ),
                migrations.CreateModel(
                    name="FlexibilityDay",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "storage",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="flexibility_days", to="energy.storageunit"
                            ),
                        ),
                        (
                            "microgrid",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="flexibility_days", to="energy.microgrid"
                            ),
                        ),
                        ("day", models.DateField()),
                        ("revision", models.PositiveSmallIntegerField(default=0)),
                        ("is_current", models.BooleanField(default=True)),
                        (
                            "kind",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.SmallIntegerField(
                                    choices=[
                                        (0, "by itself"),
                                        (1, "after the plan"),
                                        (2, "surplus and deficit"),
                                        (3, "a limit was kept"),
                                        (4, "balance of the island"),
                                    ]
                                ),
                                size=None,
                            ),
                        ),
                        ("asked_charge_wh", django.contrib.postgres.fields.ArrayField(base_field=models.IntegerField(), size=None)),
                        ("asked_discharge_wh", django.contrib.postgres.fields.ArrayField(base_field=models.IntegerField(), size=None)),
                        (
                            "charge_wh",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.IntegerField(), help_text="As its meter shows.", size=None
                            ),
                        ),
                        (
                            "discharge_wh",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.IntegerField(), help_text="As its meter shows.", size=None
                            ),
                        ),
                        (
                            "worth_micro",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.BigIntegerField(null=True),
                                help_text="The plan's price of one more kWh; empty: no plan stood.",
                                size=None,
                            ),
                        ),
                        (
                            "saved_micro",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.BigIntegerField(),
                                help_text="Of the grid's cost, against standing idle; 0 where it was told nothing.",
                                size=None,
                            ),
                        ),
                        (
                            "sentences",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.TextField(), default=list, help_text="The plan's, each once.", size=None
                            ),
                        ),
                        (
                            "sentence",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.SmallIntegerField(), help_text="By interval, which of them; -1: none.", size=None
                            ),
                        ),
                        (
                            "owed_micro",
                            models.BigIntegerField(
                                default=0, help_text="By the terms of the day; below zero where the day took more than it saved."
                            ),
                        ),
                    ],
                    options={
                        "indexes": [models.Index(fields=["microgrid", "day"], name="flexibility_day_by_microgrid")],
                        "constraints": [
                            models.UniqueConstraint(fields=("storage", "day", "revision"), name="flexibility_day_revision_once"),
                            models.UniqueConstraint(
                                condition=models.Q(("is_current", True)), fields=("storage", "day"), name="flexibility_day_one_current"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("asked_charge_wh__len", models.F("kind__len")),
                                    ("asked_discharge_wh__len", models.F("kind__len")),
                                    ("charge_wh__len", models.F("kind__len")),
                                    ("discharge_wh__len", models.F("kind__len")),
                                    ("saved_micro__len", models.F("kind__len")),
                                    ("sentence__len", models.F("kind__len")),
                                    ("worth_micro__len", models.F("kind__len")),
                                ),
                                name="flexibility_day_of_one_length",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="FlexibilityTerms",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "microgrid",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="flexibility_terms", to="energy.microgrid"
                            ),
                        ),
                        (
                            "pay",
                            models.CharField(
                                choices=[("share_of_saving", "a share of what was saved"), ("per_kwh", "a price for each kWh given")],
                                default="share_of_saving",
                                max_length=16,
                            ),
                        ),
                        (
                            "share",
                            models.DecimalField(
                                decimal_places=6, default=0, help_text="Of what was saved; 0.4 is two fifths.", max_digits=7
                            ),
                        ),
                        (
                            "price_per_kwh",
                            models.DecimalField(decimal_places=6, default=0, help_text="For each kWh given when told to.", max_digits=12),
                        ),
                        ("valid_from", models.DateField()),
                        ("valid_to", models.DateField(blank=True, help_text="Exclusive; empty: until further notice.", null=True)),
                    ],
                    options={
                        "verbose_name_plural": "flexibility terms",
                        "constraints": [
                            django.contrib.postgres.constraints.ExclusionConstraint(
                                expressions=[
                                    (models.F("microgrid"), "="),
                                    (
                                        grid.models.sharing.DateRange(
                                            "valid_from", "valid_to", django.contrib.postgres.fields.ranges.RangeBoundary()
                                        ),
                                        "&&",
                                    ),
                                ],
                                name="one_flexibility_terms_at_a_time",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("price_per_kwh__gte", 0), ("share__gte", 0), ("share__lte", 1)),
                                name="flexibility_terms_in_range",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="FlexibleRun",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("public_id", models.UUIDField(default=kernel.identifiers.uuid7, editable=False, unique=True)),
                        (
                            "microgrid",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE, related_name="flexible_runs", to="energy.microgrid"
                            ),
                        ),
                        (
                            "consumer",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE, related_name="flexible_runs", to="energy.consumer"
                            ),
                        ),
                        ("name", models.CharField(max_length=60)),
                        ("energy_wh", models.BigIntegerField(verbose_name="energy [Wh]")),
                        (
                            "power_w",
                            models.BigIntegerField(help_text="At most, or throughout where it must not pause.", verbose_name="power [W]"),
                        ),
                        ("start_at", models.DateTimeField(verbose_name="not before")),
                        ("ready_at", models.DateTimeField(verbose_name="ready by")),
                        (
                            "may_pause",
                            models.BooleanField(
                                default=True, help_text="A car may; a machine that runs a programme may not.", verbose_name="may pause"
                            ),
                        ),
                        (
                            "asked_by",
                            models.ForeignKey(
                                null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL
                            ),
                        ),
                        ("asked_at", models.DateTimeField()),
                        ("withdrawn_at", models.DateTimeField(blank=True, null=True)),
                    ],
                    options={
                        "indexes": [models.Index(fields=["microgrid", "ready_at"], name="run_by_ready")],
                        "constraints": [
                            models.CheckConstraint(condition=models.Q(("energy_wh__gt", 0), ("power_w__gt", 0)), name="run_needs_energy"),
                            models.CheckConstraint(
                                condition=models.Q(("ready_at__gt", models.F("start_at"))), name="run_ends_after_its_start"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ForgottenOrders",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "microgrid",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="forgotten_orders", to="energy.microgrid"
                            ),
                        ),
                        ("month", models.DateField(help_text="Its first day; months of orders are those of UTC.")),
                        ("orders", models.PositiveBigIntegerField()),
                        ("ordered_wh", models.PositiveBigIntegerField()),
                        ("matched_wh", models.PositiveBigIntegerField(help_text="Of both sides.")),
                        ("sha256", models.CharField(help_text="Of the book as CSV.", max_length=64)),
                        ("archive", models.CharField(blank=True, help_text="The file it was written to; empty: none.", max_length=120)),
                        ("forgotten_at", models.DateTimeField()),
                    ],
                    options={"constraints": [models.UniqueConstraint(fields=("microgrid", "month"), name="a_book_is_forgotten_once")]},
                ),
                migrations.CreateModel(
                    name="GridAlarm",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("public_id", models.UUIDField(default=kernel.identifiers.uuid7, editable=False, unique=True)),
                        (
                            "microgrid",
                            models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="alarms", to="energy.microgrid"),
                        ),
                        (
                            "kind",
                            models.CharField(
                                choices=[
                                    ("line_loading", "line loading"),
                                    ("transformer_loading", "transformer loading"),
                                    ("voltage_low", "low voltage"),
                                    ("voltage_high", "high voltage"),
                                    ("cut_off", "cut off"),
                                    ("frequency", "frequency"),
                                    ("no_solution", "no power flow"),
                                    ("import_limit", "import above the limit"),
                                    ("export_limit", "export above the limit"),
                                    ("sites_silent", "silent sites"),
                                    ("storage_silent", "silent storage"),
                                    ("unacknowledged", "command not acknowledged"),
                                    ("not_obeyed", "device does not do as told"),
                                    ("control_late", "control is late"),
                                    ("plan_missing", "no plan"),
                                    ("unbalance", "unbalanced voltages"),
                                    ("emergency", "emergency"),
                                ],
                                max_length=24,
                            ),
                        ),
                        ("subject", models.CharField(blank=True, help_text="Code of what it is about; empty: all of it.", max_length=120)),
                        ("priority", models.PositiveSmallIntegerField(choices=[(1, "critical"), (2, "high"), (3, "medium"), (4, "low")])),
                        ("sentence", models.CharField(max_length=300)),
                        ("seen_at", models.DateTimeField(help_text="When the finding was there first.")),
                        ("raised_at", models.DateTimeField(blank=True, null=True)),
                        ("count", models.PositiveIntegerField(default=1, help_text="How often it was raised before it was acknowledged.")),
                        ("absent_since", models.DateTimeField(blank=True, null=True)),
                        ("cleared_at", models.DateTimeField(blank=True, null=True)),
                        ("acknowledged_at", models.DateTimeField(blank=True, null=True)),
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
                        ("shelved_at", models.DateTimeField(blank=True, null=True)),
                        ("shelved_until", models.DateTimeField(blank=True, null=True)),
                        (
                            "shelved_by",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("shelved_reason", models.CharField(blank=True, max_length=200)),
                    ],
                    options={
                        "indexes": [models.Index(fields=["microgrid", "-raised_at"], name="alarm_newest_first")],
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("cleared_at__isnull", True), ("acknowledged_at__isnull", True), _connector="OR"),
                                fields=("microgrid", "kind", "subject"),
                                name="one_alarm_of_a_kind_and_subject",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("acknowledged_at__isnull", True), ("acknowledged_by__isnull", True)),
                                    models.Q(("acknowledged_at__isnull", False), ("acknowledged_by__isnull", False)),
                                    _connector="OR",
                                ),
                                name="grid_alarm_acknowledged_by_somebody",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("shelved_at__isnull", True), ("shelved_by__isnull", True), ("shelved_until__isnull", True)),
                                    models.Q(
                                        ("shelved_by__isnull", False),
                                        ("shelved_until__gt", models.F("shelved_at")),
                                        models.Q(("shelved_reason", ""), _negated=True),
                                    ),
                                    _connector="OR",
                                ),
                                name="grid_alarm_shelved_with_reason",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("raised_at__isnull", False),
                                    models.Q(("acknowledged_at__isnull", True), ("cleared_at__isnull", True)),
                                    _connector="OR",
                                ),
                                name="grid_alarm_ends_after_it_began",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="GridState",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "microgrid",
                            models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="states", to="energy.microgrid"),
                        ),
                        ("at", models.DateTimeField()),
                        (
                            "status",
                            models.CharField(
                                choices=[
                                    ("NORMAL", "normal"),
                                    ("SURPLUS", "surplus"),
                                    ("DEFICIT", "deficit"),
                                    ("PEAK", "peak"),
                                    ("CURTAILED", "curtailed"),
                                    ("EMERGENCY", "emergency"),
                                    ("ISLANDED", "islanded"),
                                    ("BLACKSTART", "black start"),
                                    ("RESYNC", "resynchronising"),
                                ],
                                max_length=12,
                            ),
                        ),
                        ("production_w", models.BigIntegerField()),
                        ("consumption_w", models.BigIntegerField()),
                        ("charge_w", models.BigIntegerField()),
                        ("discharge_w", models.BigIntegerField()),
                        ("import_w", models.BigIntegerField()),
                        ("export_w", models.BigIntegerField()),
                        ("storage_wh", models.BigIntegerField()),
                        ("storage_capacity_wh", models.BigIntegerField(default=0)),
                        ("losses_w", models.BigIntegerField(help_text="From the power flow; empty where it has no solution.", null=True)),
                        ("highest_loading", models.FloatField(help_text="Of lines and transformers; 1 is full.", null=True)),
                        ("lowest_voltage_pu", models.FloatField(null=True)),
                        ("highest_voltage_pu", models.FloatField(null=True)),
                        ("sites_reporting", models.IntegerField()),
                        ("sites_total", models.IntegerField(default=0)),
                        (
                            "points_estimated",
                            models.IntegerField(default=0, help_text="Sites that are silent, stood in for by a forecast or their past."),
                        ),
                        ("reasons", models.JSONField(default=list)),
                    ],
                    options={"indexes": [models.Index(fields=["microgrid", "-at"], name="state_newest_first")]},
                ),
                migrations.CreateModel(
                    name="Interruption",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("public_id", models.UUIDField(default=kernel.identifiers.uuid7, editable=False, unique=True)),
                        (
                            "microgrid",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE, related_name="interruptions", to="energy.microgrid"
                            ),
                        ),
                        ("started_at", models.DateTimeField()),
                        ("ended_at", models.DateTimeField(blank=True, null=True)),
                        (
                            "cause",
                            models.CharField(
                                choices=[
                                    ("equipment", "equipment"),
                                    ("weather", "weather"),
                                    ("others", "somebody else, digging for instance"),
                                    ("public_grid", "loss of the public grid"),
                                    ("shedding", "shed by the control"),
                                    ("planned", "planned work"),
                                    ("unknown", "not known"),
                                ],
                                max_length=16,
                            ),
                        ),
                        (
                            "tier",
                            models.PositiveSmallIntegerField(
                                blank=True, help_text="Of the loads that control let go; empty for all other causes.", null=True
                            ),
                        ),
                        ("note", models.CharField(blank=True, max_length=300)),
                        (
                            "recorded_by",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "external_ref",
                            models.CharField(
                                blank=True, help_text="Of what recorded it by itself, an emergency for instance; once.", max_length=120
                            ),
                        ),
                    ],
                    options={
                        "indexes": [models.Index(fields=["microgrid", "-started_at"], name="interruption_newest_first")],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("ended_at__isnull", True), ("ended_at__gt", models.F("started_at")), _connector="OR"),
                                name="interruption_ends_after_it_began",
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("external_ref", ""), _negated=True),
                                fields=("microgrid", "external_ref"),
                                name="interruption_recorded_once",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("tier__isnull", True),
                                    models.Q(("cause", "shedding"), ("tier__gte", 1), ("tier__lte", 4)),
                                    _connector="OR",
                                ),
                                name="only_shedding_has_a_tier",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="MarketInterval",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "microgrid",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="market_intervals", to="energy.microgrid"
                            ),
                        ),
                        ("start_at", models.DateTimeField()),
                        ("volume_wh", models.PositiveBigIntegerField()),
                        ("price_micro", models.IntegerField(help_text="Uniform; empty where nothing was matched.", null=True)),
                        ("asked_wh", models.PositiveBigIntegerField(help_text="All bids.")),
                        ("offered_wh", models.PositiveBigIntegerField(help_text="All offers.")),
                        ("cleared_at", models.DateTimeField()),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(fields=("microgrid", "start_at"), name="interval_cleared_once"),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("price_micro__isnull", True), ("volume_wh", 0)),
                                    models.Q(("price_micro__isnull", False), ("volume_wh__gt", 0)),
                                    _connector="OR",
                                ),
                                name="a_price_where_there_is_volume",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("volume_wh__lte", models.F("asked_wh")), ("volume_wh__lte", models.F("offered_wh"))),
                                name="volume_is_at_most_either_side",
                            ),
                        ]
                    },
                ),
                migrations.CreateModel(
                    name="MarketOrder",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("public_id", models.UUIDField(default=kernel.identifiers.uuid7, editable=False, unique=True)),
                        (
                            "microgrid",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="market_orders", to="energy.microgrid"
                            ),
                        ),
                        (
                            "site",
                            models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="market_orders", to="energy.site"),
                        ),
                        ("start_at", models.DateTimeField()),
                        ("side", models.CharField(choices=[("buy", "buy"), ("sell", "sell")], max_length=4)),
                        ("wh", models.PositiveIntegerField()),
                        ("price_micro", models.IntegerField(help_text="Millionths per kWh: at most, or at least.")),
                        ("placed_at", models.DateTimeField()),
                        (
                            "placed_by",
                            models.ForeignKey(
                                help_text="Empty: the agent.",
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("matched_wh", models.PositiveIntegerField(help_text="Empty: not cleared yet.", null=True)),
                    ],
                    options={"managed": False},
                ),
                migrations.CreateModel(
                    name="MarketTerms",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "microgrid",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="market_terms", to="energy.microgrid"
                            ),
                        ),
                        ("valid_from", models.DateField()),
                        (
                            "gate_minutes",
                            models.PositiveSmallIntegerField(
                                default=60,
                                help_text="Before an interval begins.",
                                validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(1440)],
                                verbose_name="orders close [minutes before]",
                            ),
                        ),
                        (
                            "deviation_micro",
                            models.PositiveIntegerField(
                                default=0,
                                help_text="For each kWh by which an order leaves others short; they receive it. 0: none, and what is lacking comes from the public grid.",
                                validators=[django.core.validators.MaxValueValidator(10000000)],
                                verbose_name="deviation charge [millionths per kWh]",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "terms of the market",
                        "verbose_name_plural": "terms of the market",
                        "constraints": [
                            models.UniqueConstraint(fields=("microgrid", "valid_from"), name="market_terms_once_a_day"),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("deviation_micro__lte", 10000000), ("gate_minutes__gte", 1), ("gate_minutes__lte", 1440)
                                ),
                                name="market_terms_within_bounds",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="NetworkStudy",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "microgrid",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE, related_name="network_studies", to="energy.microgrid"
                            ),
                        ),
                        ("made_at", models.DateTimeField()),
                        ("first_day", models.DateField()),
                        ("last_day", models.DateField()),
                        ("intervals", models.PositiveIntegerField()),
                        ("most_w", models.BigIntegerField(verbose_name="the most that was tried at a node [W]")),
                        (
                            "unbalance_usual",
                            models.FloatField(
                                blank=True,
                                help_text="Voltage unbalance factor that 95 % of the newest week stay below, at the worst node; empty where all sites have three phases.",
                                null=True,
                            ),
                        ),
                        ("unbalance_most", models.FloatField(blank=True, null=True)),
                        ("unbalance_node", models.CharField(blank=True, max_length=120)),
                        ("unbalance_at", models.DateTimeField(blank=True, help_text="The interval of the highest.", null=True)),
                    ],
                    options={"indexes": [models.Index(fields=["microgrid", "-made_at"], name="network_study_newest_first")]},
                ),
                migrations.CreateModel(
                    name="OperatorOverride",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("public_id", models.UUIDField(default=kernel.identifiers.uuid7, editable=False, unique=True)),
                        (
                            "microgrid",
                            models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="overrides", to="energy.microgrid"),
                        ),
                        (
                            "kind",
                            models.CharField(
                                choices=[("storage", "set a storage"), ("source", "limit a source"), ("tier", "let a tier of loads go")],
                                max_length=8,
                            ),
                        ),
                        (
                            "storage",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="energy.storageunit",
                            ),
                        ),
                        (
                            "source",
                            models.ForeignKey(
                                blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="energy.source"
                            ),
                        ),
                        ("tier", models.PositiveSmallIntegerField(blank=True, null=True)),
                        ("charge_w", models.BigIntegerField(default=0)),
                        ("discharge_w", models.BigIntegerField(default=0)),
                        ("limit_w", models.BigIntegerField(blank=True, null=True)),
                        ("minutes", models.PositiveIntegerField()),
                        ("reason", models.CharField(max_length=200)),
                        (
                            "proposed_by",
                            models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL),
                        ),
                        ("proposed_at", models.DateTimeField()),
                        (
                            "confirmed_by",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("confirmed_at", models.DateTimeField(blank=True, null=True)),
                        ("ends_at", models.DateTimeField(blank=True, null=True)),
                        (
                            "ended_by",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("ended_early_at", models.DateTimeField(blank=True, null=True)),
                    ],
                    options={
                        "indexes": [models.Index(fields=["microgrid", "-proposed_at"], name="overrides_newest_first")],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        ("kind", "storage"),
                                        ("limit_w__isnull", True),
                                        ("source__isnull", True),
                                        ("storage__isnull", False),
                                        ("tier__isnull", True),
                                    ),
                                    models.Q(
                                        ("kind", "source"),
                                        ("limit_w__gte", 0),
                                        ("source__isnull", False),
                                        ("storage__isnull", True),
                                        ("tier__isnull", True),
                                    ),
                                    models.Q(
                                        ("kind", "tier"),
                                        ("limit_w__isnull", True),
                                        ("source__isnull", True),
                                        ("storage__isnull", True),
                                        ("tier__gte", 1),
                                        ("tier__lte", 4),
                                    ),
                                    _connector="OR",
                                ),
                                name="override_orders_one_thing",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("charge_w", 0), ("discharge_w__gte", 0)),
                                    models.Q(("charge_w__gte", 0), ("discharge_w", 0)),
                                    _connector="OR",
                                ),
                                name="override_charges_or_discharges",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("confirmed_at__isnull", True), ("confirmed_by__isnull", True), ("ends_at__isnull", True)),
                                    models.Q(
                                        ("confirmed_at__isnull", False),
                                        ("confirmed_by__isnull", False),
                                        ("ends_at__gt", models.F("confirmed_at")),
                                    ),
                                    _connector="OR",
                                ),
                                name="override_confirmed_by_somebody_until_then",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("minutes__gte", 1), ("minutes__lte", 1440)), name="override_ends_within_a_day"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="OutageRule",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "microgrid",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.CASCADE, related_name="outage_rule", to="energy.microgrid"
                            ),
                        ),
                        (
                            "notice_hours",
                            models.PositiveIntegerField(
                                default=72,
                                help_text="Approved later than so long before it begins, a note must say why.",
                                verbose_name="notice [h]",
                            ),
                        ),
                        (
                            "remind_hours",
                            models.PositiveIntegerField(
                                default=24, help_text="So long before it begins members are reminded; 0: not.", verbose_name="reminder [h]"
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("notice_hours__gte", models.F("remind_hours"))), name="notice_comes_before_the_reminder"
                            )
                        ]
                    },
                ),
                migrations.CreateModel(
                    name="Plan",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "microgrid",
                            models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="plans", to="energy.microgrid"),
                        ),
                        ("origin_at", models.DateTimeField(help_text="Start of its first interval.")),
                        ("made_at", models.DateTimeField()),
                        (
                            "source",
                            models.CharField(
                                choices=[
                                    ("least_cost", "found anew"),
                                    ("shifted", "the plan before, moved on"),
                                    ("rule", "the plain rule"),
                                ],
                                max_length=12,
                            ),
                        ),
                        ("status", models.CharField(help_text="Of the search: optimal, best_effort, infeasible.", max_length=12)),
                        ("interval_minutes", models.PositiveSmallIntegerField()),
                        ("forecast_at", models.DateTimeField(help_text="Origin of the newest forecast it was made from.", null=True)),
                        ("cost_micro", models.BigIntegerField(null=True, verbose_name="cost of its horizon")),
                        ("peak_reached_w", models.BigIntegerField(default=0)),
                        (
                            "peak_target_w",
                            models.BigIntegerField(
                                help_text="Import at which the month's peak is held; empty: none is charged.", null=True
                            ),
                        ),
                        ("settings", models.JSONField(default=dict, help_text="What it counted with, by name of the plan rule.")),
                        ("use_w", django.contrib.postgres.fields.ArrayField(base_field=models.IntegerField(), size=None)),
                        ("production_w", django.contrib.postgres.fields.ArrayField(base_field=models.IntegerField(), size=None)),
                        ("import_w", django.contrib.postgres.fields.ArrayField(base_field=models.IntegerField(), size=None)),
                        ("export_w", django.contrib.postgres.fields.ArrayField(base_field=models.IntegerField(), size=None)),
                        ("retail_micro", django.contrib.postgres.fields.ArrayField(base_field=models.IntegerField(), size=None)),
                        ("feed_in_micro", django.contrib.postgres.fields.ArrayField(base_field=models.IntegerField(), size=None)),
                        (
                            "energy_micro",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.BigIntegerField(), help_text="Shadow price: of one more kWh of use.", size=None
                            ),
                        ),
                        (
                            "sentences",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.TextField(), help_text="Why, by interval.", size=None
                            ),
                        ),
                        (
                            "reasons",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.TextField(),
                                default=list,
                                help_text="What could not be kept, what was missing.",
                                size=None,
                            ),
                        ),
                        (
                            "measured_w",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.IntegerField(),
                                default=list,
                                help_text="Net power without storages, for `answer_w`.",
                                size=None,
                            ),
                        ),
                        (
                            "answer_w",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.IntegerField(),
                                default=list,
                                help_text="What the storages together do in the first interval where `measured_w` is measured; positive charges.",
                                size=None,
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(fields=("microgrid", "origin_at"), name="plan_once"),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("export_w__len", models.F("use_w__len")),
                                    ("import_w__len", models.F("use_w__len")),
                                    ("use_w__len", models.F("production_w__len")),
                                ),
                                name="plan_arrays_of_one_length",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("measured_w__len", models.F("answer_w__len")),
                                    models.Q(("answer_w", []), ("measured_w", [])),
                                    _connector="OR",
                                ),
                                name="plan_answers_what_is_measured",
                            ),
                        ]
                    },
                ),
                migrations.CreateModel(
                    name="PlannedOutage",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("public_id", models.UUIDField(default=kernel.identifiers.uuid7, editable=False, unique=True)),
                        (
                            "microgrid",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE, related_name="planned_outages", to="energy.microgrid"
                            ),
                        ),
                        ("start_at", models.DateTimeField()),
                        ("end_at", models.DateTimeField()),
                        ("reason", models.CharField(max_length=300)),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("requested", "requested"),
                                    ("approved", "approved"),
                                    ("refused", "refused"),
                                    ("withdrawn", "withdrawn"),
                                    ("running", "at work"),
                                    ("ended", "over"),
                                    ("failed", "did not begin"),
                                ],
                                default="requested",
                                max_length=12,
                            ),
                        ),
                        (
                            "requested_by",
                            models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL),
                        ),
                        ("requested_at", models.DateTimeField()),
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
                        ("decision_note", models.CharField(blank=True, max_length=300)),
                        ("computed_at", models.DateTimeField()),
                        ("based_on", models.CharField(help_text="Where the expected load comes from.", max_length=200)),
                        ("energy_not_supplied_wh", models.BigIntegerField()),
                        ("highest_loading", models.FloatField(help_text="Of the rest; 1 is full.", null=True)),
                        ("loaded_code", models.CharField(blank=True, max_length=120)),
                        ("loaded_at", models.DateTimeField(blank=True, null=True)),
                        ("lowest_voltage_pu", models.FloatField(null=True)),
                        ("lowest_code", models.CharField(blank=True, max_length=120)),
                        ("lowest_at", models.DateTimeField(blank=True, null=True)),
                        ("is_within", models.BooleanField(help_text="The rest keeps its limits.")),
                        ("problem", models.CharField(blank=True, max_length=300)),
                        (
                            "waits_for_clearance",
                            models.BooleanField(
                                default=False,
                                help_text="Supply comes back only when somebody says that the work is done.",
                                verbose_name="waits for clearance",
                            ),
                        ),
                        ("began_at", models.DateTimeField(blank=True, null=True)),
                        ("ended_at", models.DateTimeField(blank=True, null=True)),
                        (
                            "ended_by",
                            models.ForeignKey(
                                blank=True,
                                help_text="Empty: by itself.",
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("course_note", models.CharField(blank=True, help_text="What went otherwise than planned.", max_length=300)),
                        ("sites_lost", models.ManyToManyField(blank=True, related_name="+", to="energy.site")),
                    ],
                    options={
                        "indexes": [models.Index(fields=["microgrid", "start_at"], name="outage_by_start")],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("end_at__gt", models.F("start_at"))), name="outage_ends_after_it_begins"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("state__in", ("approved", "refused", "running", "ended", "failed")), _negated=True),
                                    models.Q(
                                        ("decided_by__isnull", False), models.Q(("decided_by", models.F("requested_by")), _negated=True)
                                    ),
                                    _connector="OR",
                                ),
                                name="outage_is_decided_by_another",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("state__in", ("running", "ended")), _negated=True),
                                    ("began_at__isnull", False),
                                    _connector="OR",
                                ),
                                name="outage_began_before_it_ran",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("ended_at__gte", models.F("began_at")), ("state", "ended")),
                                    models.Q(models.Q(("state", "ended"), _negated=True), ("ended_at__isnull", True)),
                                    _connector="OR",
                                ),
                                name="outage_that_is_over_ended",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="PlanRule",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "microgrid",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.CASCADE, related_name="plan_rule", to="energy.microgrid"
                            ),
                        ),
                        (
                            "peak_micro_per_kw",
                            models.BigIntegerField(
                                blank=True,
                                help_text="What the public grid charges for the month's highest import. Empty: as published from the reference tariff; 0: nothing.",
                                null=True,
                                validators=[django.core.validators.MinValueValidator(0)],
                                verbose_name="peak charge [millionths per kW and month]",
                            ),
                        ),
                        (
                            "wear_micro_per_kwh",
                            models.BigIntegerField(
                                default=20000,
                                help_text="What a battery wears off by a kWh discharged.",
                                validators=[django.core.validators.MinValueValidator(0)],
                                verbose_name="wear [millionths per kWh]",
                            ),
                        ),
                        (
                            "reserve_wh",
                            models.BigIntegerField(
                                default=0,
                                help_text="What all storages together should be able to give at any time.",
                                validators=[django.core.validators.MinValueValidator(0)],
                                verbose_name="reserve for an island [Wh]",
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("peak_micro_per_kw__isnull", True), ("peak_micro_per_kw__gte", 0), _connector="OR"),
                                    ("reserve_wh__gte", 0),
                                    ("wear_micro_per_kwh__gte", 0),
                                ),
                                name="plan_rule_not_negative",
                            )
                        ]
                    },
                ),
                migrations.CreateModel(
                    name="PlantDivision",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("public_id", models.UUIDField(default=kernel.identifiers.uuid7, editable=False, unique=True)),
                        (
                            "plant",
                            models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="divisions", to="energy.site"),
                        ),
                        ("valid_from", models.DateField(verbose_name="from")),
                        (
                            "valid_to",
                            models.DateField(
                                blank=True, help_text="Exclusive; empty: until further notice.", null=True, verbose_name="until"
                            ),
                        ),
                        ("entered_at", models.DateTimeField()),
                        (
                            "entered_by",
                            models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL),
                        ),
                    ],
                    options={
                        "constraints": [
                            django.contrib.postgres.constraints.ExclusionConstraint(
                                expressions=[
                                    (models.F("plant"), "="),
                                    (
                                        grid.models.sharing.DateRange(
                                            "valid_from", "valid_to", django.contrib.postgres.fields.ranges.RangeBoundary()
                                        ),
                                        "&&",
                                    ),
                                ],
                                name="one_division_at_a_time",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("valid_to__isnull", True), ("valid_to__gt", models.F("valid_from")), _connector="OR"),
                                name="division_days_in_order",
                            ),
                        ]
                    },
                ),
                migrations.CreateModel(
                    name="PriceDay",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "microgrid",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="price_days", to="energy.microgrid"
                            ),
                        ),
                        ("day", models.DateField()),
                        ("window_names", django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=40), size=None)),
                        (
                            "windows",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.SmallIntegerField(), help_text="Index into the names.", size=None
                            ),
                        ),
                        ("retail_micro", django.contrib.postgres.fields.ArrayField(base_field=models.IntegerField(), size=None)),
                        ("feed_in_micro", django.contrib.postgres.fields.ArrayField(base_field=models.IntegerField(), size=None)),
                        ("local_micro", django.contrib.postgres.fields.ArrayField(base_field=models.IntegerField(), size=None)),
                        (
                            "peak_micro_per_kw",
                            models.BigIntegerField(
                                blank=True,
                                help_text="Charged for the month's highest import, per kW and month; empty: none is published.",
                                null=True,
                            ),
                        ),
                        ("published_at", models.DateTimeField()),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(fields=("microgrid", "day"), name="prices_published_once"),
                            models.CheckConstraint(
                                condition=models.Q(("peak_micro_per_kw__isnull", True), ("peak_micro_per_kw__gte", 0), _connector="OR"),
                                name="published_peak_not_negative",
                            ),
                        ]
                    },
                ),
                migrations.CreateModel(
                    name="SharingDay",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "microgrid",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="sharing_days", to="energy.microgrid"
                            ),
                        ),
                        ("day", models.DateField()),
                        ("revision", models.PositiveSmallIntegerField(default=0)),
                        ("is_current", models.BooleanField(default=True)),
                        (
                            "key",
                            models.CharField(
                                choices=[
                                    ("dynamic", "dynamic: in proportion to use"),
                                    ("static", "static: fixed shares"),
                                    ("hybrid", "hybrid: fixed shares, what is left again"),
                                    ("hierarchical", "hierarchical: own site, then feeder, then all"),
                                    ("market", "market: as members order"),
                                ],
                                max_length=16,
                            ),
                        ),
                        (
                            "price_rule",
                            models.CharField(
                                choices=[
                                    ("mid_market", "mid-market: halfway between retail and feed-in price"),
                                    ("supply_demand_ratio", "supply-demand ratio: cheap when there is plenty"),
                                    ("bill_sharing", "bill sharing: local energy is free, the grid's cost is shared"),
                                    ("uniform_auction", "auction: what the last matched bid and offer agree on (market only)"),
                                ],
                                default="mid_market",
                                max_length=24,
                            ),
                        ),
                        ("sources_digest", models.CharField(help_text="Of the meter days it was computed from.", max_length=64)),
                        (
                            "consumption_wh",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.BigIntegerField(), help_text="C: what all sites drew.", size=None
                            ),
                        ),
                        (
                            "production_wh",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.BigIntegerField(), help_text="P: what all sites fed in of local origin.", size=None
                            ),
                        ),
                        (
                            "matched_wh",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.BigIntegerField(), help_text="M = min(C, P).", size=None
                            ),
                        ),
                        (
                            "shared_wh",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.BigIntegerField(), help_text="T: what was shared.", size=None
                            ),
                        ),
                        (
                            "not_local_wh",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.BigIntegerField(),
                                default=list,
                                help_text="Q: what storages fed in that is not of local origin; empty: nothing.",
                                size=None,
                            ),
                        ),
                        (
                            "carried_wh",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.BigIntegerField(),
                                default=list,
                                help_text="G: what of Q came from the public grid and was used at once; empty: nothing.",
                                size=None,
                            ),
                        ),
                        (
                            "keyed_wh",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.BigIntegerField(),
                                default=list,
                                help_text="Hybrid key: what sites with a share drew.",
                                size=None,
                            ),
                        ),
                        (
                            "level_wh",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.BigIntegerField(),
                                default=list,
                                help_text="Hybrid key: a site with share k receives min(c, k level / divisor), k in millionths; 0: all of them are served.",
                                size=None,
                            ),
                        ),
                        (
                            "level_divisor",
                            django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), default=list, size=None),
                        ),
                        (
                            "given_wh",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.BigIntegerField(),
                                default=list,
                                help_text="What preferences gave before the key shared the rest; empty: nothing.",
                                size=None,
                            ),
                        ),
                        (
                            "kept_bids_wh",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.BigIntegerField(),
                                default=list,
                                help_text="Market: of what buyers ordered, what they drew.",
                                size=None,
                            ),
                        ),
                        (
                            "kept_offers_wh",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.BigIntegerField(),
                                default=list,
                                help_text="Market: of what sellers ordered, what they fed in.",
                                size=None,
                            ),
                        ),
                        ("received_cutoff", django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None)),
                        ("received_cutoff_site", django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None)),
                        ("delivered_cutoff", django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None)),
                        (
                            "delivered_cutoff_site",
                            django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None),
                        ),
                        ("computed_at", models.DateTimeField()),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(fields=("microgrid", "day", "revision"), name="sharing_day_revision_once"),
                            models.UniqueConstraint(
                                condition=models.Q(("is_current", True)), fields=("microgrid", "day"), name="sharing_day_one_current"
                            ),
                        ]
                    },
                ),
                migrations.CreateModel(
                    name="SharingRule",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "microgrid",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="sharing_rules", to="energy.microgrid"
                            ),
                        ),
                        (
                            "key",
                            models.CharField(
                                choices=[
                                    ("dynamic", "dynamic: in proportion to use"),
                                    ("static", "static: fixed shares"),
                                    ("hybrid", "hybrid: fixed shares, what is left again"),
                                    ("hierarchical", "hierarchical: own site, then feeder, then all"),
                                    ("market", "market: as members order"),
                                ],
                                default="dynamic",
                                max_length=16,
                            ),
                        ),
                        (
                            "price_rule",
                            models.CharField(
                                choices=[
                                    ("mid_market", "mid-market: halfway between retail and feed-in price"),
                                    ("supply_demand_ratio", "supply-demand ratio: cheap when there is plenty"),
                                    ("bill_sharing", "bill sharing: local energy is free, the grid's cost is shared"),
                                    ("uniform_auction", "auction: what the last matched bid and offer agree on (market only)"),
                                ],
                                default="mid_market",
                                max_length=24,
                                verbose_name="price",
                            ),
                        ),
                        ("valid_from", models.DateField()),
                        ("valid_to", models.DateField(blank=True, help_text="Exclusive; empty: until further notice.", null=True)),
                        ("text", models.TextField(blank=True, editable=False, help_text="As members voted on it.")),
                        ("text_sha256", models.CharField(blank=True, editable=False, max_length=64)),
                    ],
                    options={
                        "constraints": [
                            django.contrib.postgres.constraints.ExclusionConstraint(
                                expressions=[
                                    (models.F("microgrid"), "="),
                                    (
                                        grid.models.sharing.DateRange(
                                            "valid_from", "valid_to", django.contrib.postgres.fields.ranges.RangeBoundary()
                                        ),
                                        "&&",
                                    ),
                                ],
                                name="one_sharing_rule_at_a_time",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("key", "market"), ("price_rule", "uniform_auction")),
                                    models.Q(
                                        models.Q(("key", "market"), _negated=True),
                                        models.Q(("price_rule", "uniform_auction"), _negated=True),
                                    ),
                                    _connector="OR",
                                ),
                                name="rule_prices_its_market",
                                violation_error_message="The market goes with the auction's price, and the auction's price with the market only.",
                            ),
                        ]
                    },
                ),
                migrations.CreateModel(
                    name="SiteMarketDay",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "microgrid",
                            models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="energy.microgrid"),
                        ),
                        (
                            "site",
                            models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="market_days", to="energy.site"),
                        ),
                        ("day", models.DateField()),
                        ("revision", models.PositiveSmallIntegerField()),
                        ("is_current", models.BooleanField(default=True)),
                        ("bid_wh", django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None)),
                        ("offer_wh", django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None)),
                        ("short_wh", django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None)),
                        ("missed_wh", django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None)),
                        ("deviation_micro", models.PositiveIntegerField(help_text="By the terms of that day.")),
                    ],
                    options={
                        "indexes": [models.Index(fields=["microgrid", "day"], name="market_days_by_day")],
                        "constraints": [
                            models.UniqueConstraint(fields=("site", "day", "revision"), name="market_day_revision_once"),
                            models.UniqueConstraint(
                                condition=models.Q(("is_current", True)), fields=("site", "day"), name="market_day_one_current"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="SiteShareDay",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "day", "site_id", "revision", blank=True, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("day", models.DateField()),
                        ("site_id", models.BigIntegerField()),
                        ("revision", models.SmallIntegerField(default=0)),
                        ("microgrid_id", models.BigIntegerField()),
                        ("is_current", models.BooleanField(default=True)),
                        ("import_version", models.SmallIntegerField(default=0)),
                        ("export_version", models.SmallIntegerField(default=0)),
                        ("import_wh", models.BinaryField(null=True)),
                        ("export_wh", models.BinaryField(null=True)),
                        ("received_wh", models.BinaryField(null=True)),
                        ("delivered_wh", models.BinaryField(null=True)),
                        ("not_local_wh", models.BinaryField(null=True)),
                        ("carried_wh", models.BinaryField(null=True)),
                    ],
                    options={"db_table": "grid_siteshareday", "managed": False},
                ),
                migrations.CreateModel(
                    name="StorageDay",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "storage",
                            models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="days", to="energy.storageunit"),
                        ),
                        (
                            "microgrid",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="storage_days", to="energy.microgrid"
                            ),
                        ),
                        ("day", models.DateField()),
                        ("revision", models.PositiveSmallIntegerField(default=0)),
                        ("is_current", models.BooleanField(default=True)),
                        (
                            "before_wh",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.BigIntegerField(), help_text="Stored before, by origin.", size=4
                            ),
                        ),
                        (
                            "charged_wh",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=django.contrib.postgres.fields.ArrayField(base_field=models.IntegerField(), size=None), size=4
                            ),
                        ),
                        (
                            "discharged_wh",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=django.contrib.postgres.fields.ArrayField(base_field=models.IntegerField(), size=None), size=4
                            ),
                        ),
                        (
                            "lost_wh",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=django.contrib.postgres.fields.ArrayField(base_field=models.IntegerField(), size=None), size=4
                            ),
                        ),
                        (
                            "emerged_wh",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.IntegerField(),
                                help_text="What left and was never seen going in: unknown that came to light.",
                                size=None,
                            ),
                        ),
                        (
                            "stored_wh",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.BigIntegerField(), help_text="After each interval, by the balance.", size=None
                            ),
                        ),
                        (
                            "layers_at",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.DateTimeField(),
                                default=list,
                                help_text="When each layer came in, the oldest first.",
                                size=None,
                            ),
                        ),
                        (
                            "layers_wh",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None),
                                default=list,
                                help_text="By layer and origin.",
                                size=None,
                            ),
                        ),
                        ("owed", models.BigIntegerField(default=0, help_text="Standing loss below a Wh, in 10^-12 Wh.")),
                        (
                            "producers",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.BigIntegerField(),
                                default=list,
                                help_text="Sites whose energy it held, ascending; 0: not known.",
                                size=None,
                            ),
                        ),
                        (
                            "produced_before_wh",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.BigIntegerField(), default=list, help_text="By producer.", size=None
                            ),
                        ),
                        (
                            "produced_charged_wh",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.BigIntegerField(), default=list, help_text="By producer.", size=None
                            ),
                        ),
                        (
                            "produced_discharged_wh",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.BigIntegerField(), default=list, help_text="By producer.", size=None
                            ),
                        ),
                        (
                            "produced_lost_wh",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.BigIntegerField(), default=list, help_text="By producer.", size=None
                            ),
                        ),
                        (
                            "parcels_at",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.DateTimeField(), default=list, help_text="When each parcel came in.", size=None
                            ),
                        ),
                        (
                            "parcels_layer",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.SmallIntegerField(), default=list, help_text="In which layer it lies, from 0.", size=None
                            ),
                        ),
                        (
                            "parcels_wh",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None),
                                default=list,
                                help_text="By parcel and producer.",
                                size=None,
                            ),
                        ),
                    ],
                    options={
                        "indexes": [models.Index(fields=["microgrid", "day"], name="storage_day_by_microgrid")],
                        "constraints": [
                            models.UniqueConstraint(fields=("storage", "day", "revision"), name="storage_day_revision_once"),
                            models.UniqueConstraint(
                                condition=models.Q(("is_current", True)), fields=("storage", "day"), name="storage_day_one_current"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("before_wh__len", 4),
                                    ("charged_wh__len", 4),
                                    ("discharged_wh__len", 4),
                                    ("lost_wh__len", 4),
                                    ("layers_at__len", models.F("layers_wh__len")),
                                ),
                                name="storage_day_by_four_origins",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("parcels_layer__len", models.F("parcels_at__len")),
                                    ("parcels_wh__len", models.F("parcels_at__len")),
                                    ("produced_before_wh__len", models.F("producers__len")),
                                    ("produced_charged_wh__len", models.F("producers__len")),
                                    ("produced_discharged_wh__len", models.F("producers__len")),
                                    ("produced_lost_wh__len", models.F("producers__len")),
                                ),
                                name="storage_day_by_producers",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="StorageOriginRule",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "microgrid",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="storage_origin_rules", to="energy.microgrid"
                            ),
                        ),
                        (
                            "order",
                            models.CharField(
                                choices=[
                                    ("first_in", "first in, first out"),
                                    ("pro_rata", "in proportion to what is stored"),
                                    ("not_followed", "not followed: all counts as local"),
                                ],
                                default="first_in",
                                max_length=12,
                            ),
                        ),
                        (
                            "unknown_is_local",
                            models.BooleanField(
                                default=False,
                                help_text="What nobody saw going in (before the first day, the meters' rounding) is shared as local energy.",
                                verbose_name="unknown counts as local",
                            ),
                        ),
                        ("valid_from", models.DateField()),
                        ("valid_to", models.DateField(blank=True, help_text="Exclusive; empty: until further notice.", null=True)),
                    ],
                    options={
                        "constraints": [
                            django.contrib.postgres.constraints.ExclusionConstraint(
                                expressions=[
                                    (models.F("microgrid"), "="),
                                    (
                                        grid.models.sharing.DateRange(
                                            "valid_from", "valid_to", django.contrib.postgres.fields.ranges.RangeBoundary()
                                        ),
                                        "&&",
                                    ),
                                ],
                                name="one_storage_origin_rule_at_a_time",
                            )
                        ]
                    },
                ),
                migrations.CreateModel(
                    name="SupplyRequest",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("public_id", models.UUIDField(default=kernel.identifiers.uuid7, editable=False, unique=True)),
                        (
                            "site",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="supply_requests", to="energy.site"
                            ),
                        ),
                        ("limit_w", models.PositiveIntegerField(verbose_name="power that stays [W]")),
                        ("why", models.CharField(help_text="In words that say nothing of money.", max_length=200)),
                        (
                            "status",
                            models.CharField(
                                choices=[
                                    ("asked", "waits for a decision"),
                                    ("declined", "declined"),
                                    ("agreed", "to be set by hand"),
                                    ("in_force", "in force"),
                                    ("lift_asked", "to be lifted by hand"),
                                    ("lifted", "lifted"),
                                    ("withdrawn", "withdrawn"),
                                ],
                                default="asked",
                                max_length=10,
                            ),
                        ),
                        ("asked_at", models.DateTimeField()),
                        ("decided_at", models.DateTimeField(blank=True, null=True)),
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
                        ("decided_why", models.CharField(blank=True, max_length=200)),
                        (
                            "by_device",
                            models.BooleanField(
                                default=False, help_text="Its devices hold the limit by themselves; otherwise a person sets and lifts it."
                            ),
                        ),
                    ],
                    options={
                        "indexes": [models.Index(fields=["-asked_at"], name="supply_requests_newest_first")],
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("status__in", ("asked", "agreed", "in_force", "lift_asked"))),
                                fields=("site",),
                                name="one_open_supply_request",
                            ),
                            models.CheckConstraint(condition=models.Q(("limit_w__gt", 0)), name="supply_limit_leaves_some_power"),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("status__in", ("declined", "agreed", "in_force", "lift_asked", "lifted")), _negated=True),
                                    models.Q(
                                        ("decided_at__isnull", False),
                                        ("decided_by__isnull", False),
                                        models.Q(("decided_why", ""), _negated=True),
                                    ),
                                    _connector="OR",
                                ),
                                name="supply_is_decided_by_a_person",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="SurplusPreference",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("public_id", models.UUIDField(default=kernel.identifiers.uuid7, editable=False, unique=True)),
                        (
                            "site",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="surplus_preferences", to="energy.site"
                            ),
                        ),
                        ("receiver", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="energy.site")),
                        ("place", models.PositiveSmallIntegerField(help_text="In the site's list, from 1.")),
                        (
                            "share",
                            models.DecimalField(decimal_places=6, default=1, help_text="Of the surplus in each interval.", max_digits=7),
                        ),
                        ("is_gift", models.BooleanField(default=False, help_text="For nothing; otherwise at the local price.")),
                        ("names_giver", models.BooleanField(default=False, help_text="The receiver reads the giver's name.")),
                        ("valid_from", models.DateField()),
                        ("valid_to", models.DateField(blank=True, help_text="Exclusive; empty: until further notice.", null=True)),
                        (
                            "set_by",
                            models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL),
                        ),
                        ("set_at", models.DateTimeField()),
                    ],
                    options={
                        "constraints": [
                            django.contrib.postgres.constraints.ExclusionConstraint(
                                expressions=[
                                    (models.F("site"), "="),
                                    (models.F("place"), "="),
                                    (
                                        grid.models.sharing.DateRange(
                                            "valid_from", "valid_to", django.contrib.postgres.fields.ranges.RangeBoundary()
                                        ),
                                        "&&",
                                    ),
                                ],
                                name="one_receiver_at_each_place",
                            ),
                            django.contrib.postgres.constraints.ExclusionConstraint(
                                expressions=[
                                    (models.F("site"), "="),
                                    (models.F("receiver"), "="),
                                    (
                                        grid.models.sharing.DateRange(
                                            "valid_from", "valid_to", django.contrib.postgres.fields.ranges.RangeBoundary()
                                        ),
                                        "&&",
                                    ),
                                ],
                                name="a_receiver_once_in_a_list",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("site", models.F("receiver")), _negated=True), name="nobody_gives_to_itself"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("place__gte", 1), ("share__gt", 0), ("share__lte", 1)), name="preference_within_bounds"
                            ),
                        ]
                    },
                ),
                migrations.CreateModel(
                    name="SwitchOrder",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("public_id", models.UUIDField(default=kernel.identifiers.uuid7, editable=False, unique=True)),
                        (
                            "microgrid",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE, related_name="switch_orders", to="energy.microgrid"
                            ),
                        ),
                        (
                            "switch",
                            models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="orders", to="energy.switch"),
                        ),
                        ("closes", models.BooleanField()),
                        ("reason", models.CharField(max_length=200)),
                        (
                            "proposed_by",
                            models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL),
                        ),
                        ("proposed_at", models.DateTimeField()),
                        (
                            "network_change",
                            models.BigIntegerField(help_text="The newest change of the network that it was computed with.", null=True),
                        ),
                        ("based_on", models.CharField(blank=True, help_text="Where the expected load comes from.", max_length=200)),
                        ("ring", models.CharField(blank=True, help_text="What would lead back to where it began.", max_length=300)),
                        ("highest_loading", models.FloatField(help_text="1 is full.", null=True)),
                        ("loaded_code", models.CharField(blank=True, max_length=120)),
                        ("lowest_voltage_pu", models.FloatField(null=True)),
                        ("lowest_code", models.CharField(blank=True, max_length=120)),
                        ("is_within", models.BooleanField(help_text="The network would keep its limits.")),
                        ("problem", models.CharField(blank=True, max_length=300)),
                        (
                            "confirmed_by",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("confirmed_at", models.DateTimeField(blank=True, null=True)),
                        (
                            "taken_back_by",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("taken_back_at", models.DateTimeField(blank=True, null=True)),
                        (
                            "position",
                            models.OneToOneField(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="order",
                                to="energy.switchposition",
                            ),
                        ),
                        ("sites_lost", models.ManyToManyField(blank=True, related_name="+", to="energy.site")),
                        ("sites_back", models.ManyToManyField(blank=True, related_name="+", to="energy.site")),
                    ],
                    options={
                        "indexes": [models.Index(fields=["microgrid", "-proposed_at"], name="switch_orders_newest_first")],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("confirmed_at__isnull", True), ("confirmed_by__isnull", True), ("position__isnull", True)),
                                    models.Q(
                                        ("confirmed_at__gte", models.F("proposed_at")),
                                        ("confirmed_by__isnull", False),
                                        ("position__isnull", False),
                                        ("taken_back_at__isnull", True),
                                    ),
                                    _connector="OR",
                                ),
                                name="switch_order_confirmed_by_somebody_moved_it",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="TradingLimit",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "site",
                            models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="trading_limits", to="energy.site"),
                        ),
                        (
                            "buying",
                            models.CharField(
                                choices=[("market", "join at the market's price"), ("limit", "only within a limit"), ("never", "stay out")],
                                default="market",
                                max_length=8,
                            ),
                        ),
                        ("buy_limit_micro", models.PositiveIntegerField(help_text="Millionths per kWh, at most.", null=True)),
                        (
                            "selling",
                            models.CharField(
                                choices=[("market", "join at the market's price"), ("limit", "only within a limit"), ("never", "stay out")],
                                default="market",
                                max_length=8,
                            ),
                        ),
                        ("sell_limit_micro", models.PositiveIntegerField(help_text="Millionths per kWh, at least.", null=True)),
                        (
                            "set_by",
                            models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL),
                        ),
                        ("set_at", models.DateTimeField()),
                        ("is_current", models.BooleanField(default=True)),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("is_current", True)), fields=("site",), name="one_trading_limit_a_site"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("buy_limit_micro__isnull", False), ("buying", "limit")),
                                    models.Q(models.Q(("buying", "limit"), _negated=True), ("buy_limit_micro__isnull", True)),
                                    _connector="OR",
                                ),
                                name="buying_limit_has_a_price",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("sell_limit_micro__isnull", False), ("selling", "limit")),
                                    models.Q(models.Q(("selling", "limit"), _negated=True), ("sell_limit_micro__isnull", True)),
                                    _connector="OR",
                                ),
                                name="selling_limit_has_a_price",
                            ),
                        ]
                    },
                ),
                migrations.CreateModel(
                    name="AdrEvent",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("public_id", models.UUIDField(default=kernel.identifiers.uuid7, editable=False, unique=True)),
                        (
                            "program",
                            models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="events", to="grid.adrprogram"),
                        ),
                        (
                            "link",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="adr_events",
                                to="grid.devicelink",
                            ),
                        ),
                        ("name", models.CharField(max_length=120)),
                        ("priority", models.PositiveSmallIntegerField(default=5, help_text="0 is the highest.")),
                        ("start_at", models.DateTimeField()),
                        ("end_at", models.DateTimeField()),
                        ("interval_s", models.PositiveIntegerField()),
                        ("values", django.contrib.postgres.fields.ArrayField(base_field=models.FloatField(), size=None)),
                        ("source_ref", models.CharField(max_length=120)),
                        ("created_at", models.DateTimeField()),
                        ("modified_at", models.DateTimeField()),
                        ("told_at", models.DateTimeField(blank=True, help_text="As of which change subscribers were called.", null=True)),
                    ],
                    options={
                        "indexes": [models.Index(fields=["program", "end_at"], name="adr_event_by_end")],
                        "constraints": [
                            models.UniqueConstraint(fields=("program", "source_ref"), name="adr_event_once"),
                            models.CheckConstraint(
                                condition=models.Q(("end_at__gt", models.F("start_at"))), name="adr_event_ends_after_its_start"
                            ),
                            models.CheckConstraint(condition=models.Q(("interval_s__gte", 1)), name="adr_event_interval_positive"),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="AdrSubscription",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("public_id", models.UUIDField(default=kernel.identifiers.uuid7, editable=False, unique=True)),
                        (
                            "link",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE, related_name="adr_subscriptions", to="grid.devicelink"
                            ),
                        ),
                        (
                            "program",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE, related_name="subscriptions", to="grid.adrprogram"
                            ),
                        ),
                        ("client_name", models.CharField(max_length=128)),
                        ("object_operations", models.JSONField()),
                        ("created_at", models.DateTimeField()),
                        ("modified_at", models.DateTimeField()),
                    ],
                    options={"abstract": False},
                ),
                migrations.CreateModel(
                    name="AdrVen",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("public_id", models.UUIDField(default=kernel.identifiers.uuid7, editable=False, unique=True)),
                        ("link", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="vens", to="grid.devicelink")),
                        ("name", models.CharField(max_length=128)),
                        ("attributes", models.JSONField(default=list)),
                        ("targets", models.JSONField(default=list)),
                        ("created_at", models.DateTimeField()),
                        ("modified_at", models.DateTimeField()),
                    ],
                    options={"constraints": [models.UniqueConstraint(fields=("link", "name"), name="adr_ven_once")]},
                ),
                migrations.CreateModel(
                    name="BypassSuspect",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "check_of",
                            models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="suspects", to="grid.bypasscheck"),
                        ),
                        ("place", models.PositiveSmallIntegerField()),
                        ("meter", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="energy.meter")),
                        ("score", models.FloatField()),
                        ("pattern", models.FloatField(help_text="How much of the residual's shape the meter's shape explains.")),
                        (
                            "drop_wh_per_day",
                            models.BigIntegerField(blank=True, help_text="What its use fell by beyond all others.", null=True),
                        ),
                        ("share", models.FloatField(help_text="What part of its use would pass by the meter.")),
                    ],
                    options={"constraints": [models.UniqueConstraint(fields=("check_of", "place"), name="suspect_place_once")]},
                ),
                migrations.CreateModel(
                    name="ChargingSession",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("public_id", models.UUIDField(default=kernel.identifiers.uuid7, editable=False, unique=True)),
                        (
                            "link",
                            models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="sessions", to="grid.devicelink"),
                        ),
                        ("reference", models.CharField(help_text="The transaction's id, as the station knows it.", max_length=40)),
                        (
                            "tag",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="sessions",
                                to="grid.chargingtag",
                            ),
                        ),
                        ("started_at", models.DateTimeField()),
                        ("start_wh", models.BigIntegerField(blank=True, null=True)),
                        ("ended_at", models.DateTimeField(blank=True, null=True)),
                        ("end_wh", models.BigIntegerField(blank=True, null=True)),
                        ("reason", models.CharField(blank=True, max_length=40)),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(fields=("link", "reference"), name="charging_session_once"),
                            models.CheckConstraint(
                                condition=models.Q(("ended_at__isnull", True), ("ended_at__gte", models.F("started_at")), _connector="OR"),
                                name="charging_session_ends_after_its_start",
                            ),
                        ]
                    },
                ),
                migrations.CreateModel(
                    name="DemandConsent",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("public_id", models.UUIDField(default=kernel.identifiers.uuid7, editable=False, unique=True)),
                        (
                            "programme",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="consents", to="grid.demandprogramme"
                            ),
                        ),
                        (
                            "site",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="demand_consents", to="energy.site"
                            ),
                        ),
                        (
                            "given_by",
                            models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL),
                        ),
                        ("given_at", models.DateTimeField()),
                        ("withdrawn_at", models.DateTimeField(blank=True, null=True)),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("withdrawn_at__isnull", True)), fields=("programme", "site"), name="demand_consent_once"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("withdrawn_at__isnull", True), ("withdrawn_at__gte", models.F("given_at")), _connector="OR"
                                ),
                                name="demand_consent_withdrawn_later",
                            ),
                        ]
                    },
                ),
                migrations.CreateModel(
                    name="DemandEvent",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("public_id", models.UUIDField(default=kernel.identifiers.uuid7, editable=False, unique=True)),
                        (
                            "programme",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="events", to="grid.demandprogramme"
                            ),
                        ),
                        ("start_at", models.DateTimeField()),
                        ("end_at", models.DateTimeField()),
                        ("reason", models.CharField(max_length=200)),
                        (
                            "called_by",
                            models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL),
                        ),
                        ("called_at", models.DateTimeField()),
                        ("cancelled_at", models.DateTimeField(blank=True, null=True)),
                        ("measured_at", models.DateTimeField(blank=True, null=True)),
                        ("booked_at", models.DateTimeField(blank=True, help_text="When billing took over the incentives.", null=True)),
                    ],
                    options={
                        "indexes": [models.Index(fields=["programme", "-start_at"], name="demand_events_newest")],
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("cancelled_at__isnull", True)),
                                fields=("programme", "start_at"),
                                name="demand_event_once",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("end_at__gt", models.F("start_at")), ("start_at__gte", models.F("called_at"))),
                                name="demand_event_in_order",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("cancelled_at__isnull", True), ("measured_at__isnull", True), _connector="OR"),
                                name="cancelled_events_are_not_measured",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("booked_at__isnull", True), ("measured_at__isnull", False), _connector="OR"),
                                name="booked_events_are_measured",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ElementLoss",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "study",
                            models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="losses", to="grid.networkstudy"),
                        ),
                        ("place", models.PositiveIntegerField(help_text="1 is the worst.")),
                        ("kind", models.CharField(max_length=12)),
                        ("code", models.CharField(max_length=120)),
                        ("sites_lost", models.PositiveIntegerField()),
                        ("members_lost", models.PositiveIntegerField()),
                        ("highest_loading", models.FloatField(help_text="Of the rest; 1 is full.", null=True)),
                        ("loaded_code", models.CharField(blank=True, max_length=120)),
                        ("lowest_voltage_pu", models.FloatField(null=True)),
                        ("is_within", models.BooleanField(help_text="The rest keeps its limits.")),
                        ("tie_code", models.CharField(blank=True, help_text="The open switch that helps most.", max_length=120)),
                        ("sites_lost_with_tie", models.PositiveIntegerField(null=True)),
                    ],
                    options={"constraints": [models.UniqueConstraint(fields=("study", "place"), name="element_loss_place_once")]},
                ),
                migrations.CreateModel(
                    name="EmergencyCall",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "emergency",
                            models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="calls", to="grid.emergency"),
                        ),
                        (
                            "user",
                            models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL),
                        ),
                        ("called_at", models.DateTimeField()),
                        ("answered_at", models.DateTimeField(blank=True, null=True)),
                    ],
                    options={"constraints": [models.UniqueConstraint(fields=("emergency", "user"), name="called_once")]},
                ),
                migrations.CreateModel(
                    name="EmergencyStep",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "emergency",
                            models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="steps", to="grid.emergency"),
                        ),
                        ("at", models.DateTimeField(help_text="By the microgrid's clock.")),
                        ("text", models.CharField(max_length=300)),
                        (
                            "by",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={"indexes": [models.Index(fields=["emergency", "at"], name="steps_of_emergency")]},
                ),
                migrations.CreateModel(
                    name="FeederShareDay",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "sharing_day",
                            models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="feeders", to="grid.sharingday"),
                        ),
                        ("feeder", models.CharField(max_length=120)),
                        ("drawn_wh", django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None)),
                        ("fed_in_wh", django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None)),
                        ("received_cutoff", django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None)),
                        ("received_cutoff_site", django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None)),
                        ("delivered_cutoff", django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None)),
                        (
                            "delivered_cutoff_site",
                            django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None),
                        ),
                    ],
                    options={"constraints": [models.UniqueConstraint(fields=("sharing_day", "feeder"), name="feeder_shares_once_a_day")]},
                ),
                migrations.CreateModel(
                    name="FlexibleRunPlan",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("plan", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="runs", to="grid.plan")),
                        (
                            "run",
                            models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="plans", to="grid.flexiblerun"),
                        ),
                        ("power_w", django.contrib.postgres.fields.ArrayField(base_field=models.IntegerField(), size=None)),
                        ("told_wh", models.BigIntegerField()),
                        ("why", models.CharField(max_length=300)),
                    ],
                    options={"constraints": [models.UniqueConstraint(fields=("plan", "run"), name="run_planned_once")]},
                ),
                migrations.CreateModel(
                    name="FlexibleRunResult",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "run",
                            models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="results", to="grid.flexiblerun"),
                        ),
                        ("ready_day", models.DateField(help_text="The local day on which it was to be ready: its month pays for it.")),
                        ("revision", models.PositiveSmallIntegerField(default=0)),
                        ("is_current", models.BooleanField(default=True)),
                        ("start_at", models.DateTimeField(help_text="Of the first interval.")),
                        (
                            "let_wh",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.IntegerField(), help_text="What it was let draw by commands it acknowledged.", size=None
                            ),
                        ),
                        (
                            "commanded",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.BooleanField(), help_text="Where such a command stood.", size=None
                            ),
                        ),
                        (
                            "drawn_wh",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.IntegerField(), help_text="By the meter.", size=None
                            ),
                        ),
                        (
                            "at_once_wh",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.IntegerField(),
                                help_text="Otherwise: as soon as it might, without hours that demand response pays for.",
                                size=None,
                            ),
                        ),
                        (
                            "saved_micro",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.BigIntegerField(), help_text="Of the grid's cost, against running at once.", size=None
                            ),
                        ),
                        ("moved_wh", models.BigIntegerField(help_text="Drawn at another time than otherwise.")),
                        (
                            "event_wh",
                            models.BigIntegerField(
                                default=0, help_text="Would have been drawn in hours that demand response pays for; not counted here."
                            ),
                        ),
                        ("why", models.CharField(blank=True, help_text="What the plan said when it ran first.", max_length=300)),
                        (
                            "owed_micro",
                            models.BigIntegerField(
                                default=0, help_text="By the terms of the day; below zero where it cost more than it saved."
                            ),
                        ),
                    ],
                    options={
                        "indexes": [models.Index(fields=["ready_day"], name="run_result_by_day")],
                        "constraints": [
                            models.UniqueConstraint(fields=("run", "revision"), name="run_result_revision_once"),
                            models.UniqueConstraint(
                                condition=models.Q(("is_current", True)), fields=("run",), name="run_result_one_current"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("at_once_wh__len", models.F("drawn_wh__len")),
                                    ("commanded__len", models.F("drawn_wh__len")),
                                    ("let_wh__len", models.F("drawn_wh__len")),
                                    ("saved_micro__len", models.F("drawn_wh__len")),
                                ),
                                name="run_result_of_one_length",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("event_wh__gte", 0), ("moved_wh__gte", 0)), name="run_result_not_negative"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="GivenDay",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "microgrid",
                            models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="energy.microgrid"),
                        ),
                        (
                            "preference",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="days", to="grid.surpluspreference"
                            ),
                        ),
                        ("day", models.DateField()),
                        ("revision", models.PositiveSmallIntegerField()),
                        ("is_current", models.BooleanField(default=True)),
                        ("wh", django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None)),
                    ],
                    options={
                        "indexes": [models.Index(fields=["microgrid", "day"], name="given_by_day")],
                        "constraints": [
                            models.UniqueConstraint(fields=("preference", "day", "revision"), name="given_day_revision_once"),
                            models.UniqueConstraint(
                                condition=models.Q(("is_current", True)), fields=("preference", "day"), name="given_day_one_current"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="GridAlarmStep",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "alarm",
                            models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="steps", to="grid.gridalarm"),
                        ),
                        ("at", models.DateTimeField()),
                        (
                            "kind",
                            models.CharField(
                                choices=[
                                    ("raised", "raised"),
                                    ("raised_again", "raised again"),
                                    ("priority", "priority changed"),
                                    ("cleared", "cleared"),
                                    ("acknowledged", "acknowledged"),
                                    ("shelved", "shelved"),
                                    ("unshelved", "taken from the shelf"),
                                    ("shelf_ended", "back from the shelf"),
                                ],
                                max_length=16,
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
                    options={"indexes": [models.Index(fields=["alarm", "at"], name="alarm_step_in_order")]},
                ),
                migrations.CreateModel(
                    name="GridPicture",
                    fields=[
                        (
                            "state",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.CASCADE,
                                primary_key=True,
                                related_name="picture",
                                serialize=False,
                                to="grid.gridstate",
                            ),
                        ),
                        ("order", models.CharField(help_text="Name of the order of nodes, branches and storages.", max_length=12)),
                        ("packed", models.BinaryField()),
                    ],
                ),
                migrations.CreateModel(
                    name="InterruptedSite",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "interruption",
                            models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="sites", to="grid.interruption"),
                        ),
                        (
                            "site",
                            models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="interruptions", to="energy.site"),
                        ),
                        ("restored_at", models.DateTimeField(blank=True, null=True)),
                        (
                            "share",
                            models.DecimalField(
                                decimal_places=4, default=1, help_text="Of its connected load that is without; 1: all of it.", max_digits=5
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("share__gt", 0), ("share__lte", 1)), name="interrupted_share_within_one"
                            ),
                            models.UniqueConstraint(fields=("interruption", "site"), name="interruption_touches_a_site_once"),
                        ]
                    },
                ),
                migrations.CreateModel(
                    name="NodeHosting",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "study",
                            models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="hosting", to="grid.networkstudy"),
                        ),
                        (
                            "technology",
                            models.CharField(
                                choices=[("solar", "solar roofs"), ("car_charging", "car charging"), ("heat_pumps", "heat pumps")],
                                max_length=16,
                            ),
                        ),
                        ("node_code", models.CharField(max_length=120)),
                        ("power_w", models.BigIntegerField()),
                        (
                            "limited_by",
                            models.CharField(blank=True, help_text="voltage, line or transformer; empty: by nothing.", max_length=12),
                        ),
                        ("limiting_code", models.CharField(blank=True, max_length=120)),
                        ("limited_at", models.DateTimeField(blank=True, help_text="The interval that decides.", null=True)),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(fields=("study", "technology", "node_code"), name="node_hosts_once"),
                            models.CheckConstraint(condition=models.Q(("power_w__gte", 0)), name="hosting_not_negative"),
                        ]
                    },
                ),
                migrations.CreateModel(
                    name="OutageElement",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "outage",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE, related_name="elements", to="grid.plannedoutage"
                            ),
                        ),
                        ("kind", models.CharField(choices=[("line", "line"), ("transformer", "transformer")], max_length=12)),
                        ("code", models.CharField(max_length=120)),
                    ],
                    options={"constraints": [models.UniqueConstraint(fields=("outage", "kind", "code"), name="outage_element_once")]},
                ),
                migrations.CreateModel(
                    name="OutageExtension",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("public_id", models.UUIDField(default=kernel.identifiers.uuid7, editable=False, unique=True)),
                        (
                            "outage",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE, related_name="extensions", to="grid.plannedoutage"
                            ),
                        ),
                        ("end_at", models.DateTimeField()),
                        ("reason", models.CharField(max_length=300)),
                        (
                            "asked_by",
                            models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL),
                        ),
                        ("asked_at", models.DateTimeField()),
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
                        ("is_approved", models.BooleanField(null=True)),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("decided_at__isnull", True)), fields=("outage",), name="one_extension_waits"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("decided_at__isnull", True), ("decided_by__isnull", True), ("is_approved__isnull", True)),
                                    models.Q(
                                        ("decided_at__isnull", False),
                                        ("decided_by__isnull", False),
                                        ("is_approved__isnull", False),
                                        models.Q(("decided_by", models.F("asked_by")), _negated=True),
                                    ),
                                    _connector="OR",
                                ),
                                name="extension_is_decided_by_another",
                            ),
                        ]
                    },
                ),
                migrations.CreateModel(
                    name="OutageMove",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "outage",
                            models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="moves", to="grid.plannedoutage"),
                        ),
                        ("switch", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="energy.switch")),
                        (
                            "position",
                            models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="energy.switchposition"),
                        ),
                        (
                            "back",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="energy.switchposition",
                            ),
                        ),
                        ("left", models.CharField(blank=True, help_text="Why it was not put back.", max_length=200)),
                    ],
                    options={"constraints": [models.UniqueConstraint(fields=("outage", "switch"), name="outage_moves_a_switch_once")]},
                ),
                migrations.CreateModel(
                    name="OutageSwitching",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "outage",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE, related_name="switchings", to="grid.plannedoutage"
                            ),
                        ),
                        ("switch", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="energy.switch")),
                    ],
                    options={"constraints": [models.UniqueConstraint(fields=("outage", "switch"), name="outage_switching_once")]},
                ),
                migrations.CreateModel(
                    name="PlantShare",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "division",
                            models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="shares", to="grid.plantdivision"),
                        ),
                        (
                            "member",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="plant_shares", to="members.member"
                            ),
                        ),
                        ("millionths", models.PositiveIntegerField()),
                        (
                            "used_at",
                            models.ForeignKey(
                                blank=True,
                                help_text="Where the member uses it; only what is not used there is credited. Empty: all of it is credited.",
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="energy.site",
                            ),
                        ),
                        (
                            "preference",
                            models.OneToOneField(
                                editable=False,
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="plant_share",
                                to="grid.surpluspreference",
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(fields=("division", "member"), name="a_member_once_in_a_division"),
                            models.CheckConstraint(
                                condition=models.Q(("millionths__gt", 0), ("millionths__lte", 1000000)),
                                name="a_part_of_a_plant_is_some_of_it",
                            ),
                        ]
                    },
                ),
                migrations.CreateModel(
                    name="SharingKeyShare",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "rule",
                            models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="shares", to="grid.sharingrule"),
                        ),
                        ("site", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="energy.site")),
                        ("share", models.DecimalField(decimal_places=6, max_digits=7)),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(fields=("rule", "site"), name="share_once"),
                            models.CheckConstraint(condition=models.Q(("share__gte", 0), ("share__lte", 1)), name="share_within_one"),
                        ]
                    },
                ),
                migrations.CreateModel(
                    name="SharingProposal",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("public_id", models.UUIDField(default=kernel.identifiers.uuid7, editable=False, unique=True)),
                        (
                            "microgrid",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="sharing_proposals", to="energy.microgrid"
                            ),
                        ),
                        (
                            "key",
                            models.CharField(
                                choices=[
                                    ("dynamic", "dynamic: in proportion to use"),
                                    ("static", "static: fixed shares"),
                                    ("hybrid", "hybrid: fixed shares, what is left again"),
                                    ("hierarchical", "hierarchical: own site, then feeder, then all"),
                                    ("market", "market: as members order"),
                                ],
                                max_length=16,
                            ),
                        ),
                        (
                            "price_rule",
                            models.CharField(
                                choices=[
                                    ("mid_market", "mid-market: halfway between retail and feed-in price"),
                                    ("supply_demand_ratio", "supply-demand ratio: cheap when there is plenty"),
                                    ("bill_sharing", "bill sharing: local energy is free, the grid's cost is shared"),
                                    ("uniform_auction", "auction: what the last matched bid and offer agree on (market only)"),
                                ],
                                max_length=24,
                                verbose_name="price",
                            ),
                        ),
                        ("valid_from", models.DateField(help_text="If adopted.", verbose_name="in force from")),
                        ("reason", models.CharField(help_text="Members read it.", max_length=600)),
                        (
                            "quorum_percent",
                            models.PositiveSmallIntegerField(
                                default=50, help_text="Of all members who can vote.", verbose_name="quorum [%]"
                            ),
                        ),
                        ("text", models.TextField(editable=False)),
                        ("text_sha256", models.CharField(editable=False, max_length=64)),
                        (
                            "opened_by",
                            models.ForeignKey(
                                editable=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                            ),
                        ),
                        ("opened_at", models.DateTimeField(editable=False)),
                        ("closes_at", models.DateTimeField()),
                        (
                            "status",
                            models.CharField(
                                choices=[
                                    ("open", "open"),
                                    ("adopted", "adopted"),
                                    ("rejected", "rejected"),
                                    ("too_few", "too few took part"),
                                    ("withdrawn", "withdrawn"),
                                ],
                                default="open",
                                editable=False,
                                max_length=12,
                            ),
                        ),
                        ("decided_at", models.DateTimeField(editable=False, null=True)),
                        ("eligible", models.PositiveIntegerField(editable=False, null=True)),
                        ("yes", models.PositiveIntegerField(editable=False, null=True)),
                        ("no", models.PositiveIntegerField(editable=False, null=True)),
                        ("abstained", models.PositiveIntegerField(editable=False, null=True)),
                        (
                            "rule",
                            models.OneToOneField(
                                editable=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="proposal",
                                to="grid.sharingrule",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "vote on sharing",
                        "verbose_name_plural": "votes on sharing",
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("status", "open")), fields=("microgrid",), name="one_open_vote_on_sharing"
                            ),
                            models.CheckConstraint(condition=models.Q(("closes_at__gt", models.F("opened_at"))), name="vote_lasts_a_while"),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("key", "market"), ("price_rule", "uniform_auction")),
                                    models.Q(
                                        models.Q(("key", "market"), _negated=True),
                                        models.Q(("price_rule", "uniform_auction"), _negated=True),
                                    ),
                                    _connector="OR",
                                ),
                                name="proposal_prices_its_market",
                                violation_error_message="The market goes with the auction's price, and the auction's price with the market only.",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("quorum_percent__gte", 1), ("quorum_percent__lte", 100)), name="quorum_is_a_percentage"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("status__in", ["open", "withdrawn"]),
                                    models.Q(
                                        ("abstained__isnull", False),
                                        ("decided_at__isnull", False),
                                        ("eligible__isnull", False),
                                        ("no__isnull", False),
                                        ("yes__isnull", False),
                                    ),
                                    _connector="OR",
                                ),
                                name="decided_vote_is_counted",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="StoragePlan",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("plan", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="storages", to="grid.plan")),
                        (
                            "storage",
                            models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="plans", to="energy.storageunit"),
                        ),
                        ("charge_w", django.contrib.postgres.fields.ArrayField(base_field=models.IntegerField(), size=None)),
                        ("discharge_w", django.contrib.postgres.fields.ArrayField(base_field=models.IntegerField(), size=None)),
                        ("soc_wh", django.contrib.postgres.fields.ArrayField(base_field=models.IntegerField(), size=None)),
                    ],
                    options={"constraints": [models.UniqueConstraint(fields=("plan", "storage"), name="storage_planned_once")]},
                ),
                migrations.CreateModel(
                    name="SupplyStep",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "request",
                            models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="steps", to="grid.supplyrequest"),
                        ),
                        (
                            "status",
                            models.CharField(
                                choices=[
                                    ("asked", "waits for a decision"),
                                    ("declined", "declined"),
                                    ("agreed", "to be set by hand"),
                                    ("in_force", "in force"),
                                    ("lift_asked", "to be lifted by hand"),
                                    ("lifted", "lifted"),
                                    ("withdrawn", "withdrawn"),
                                ],
                                max_length=10,
                            ),
                        ),
                        ("at", models.DateTimeField()),
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
                        ("why", models.CharField(blank=True, max_length=200)),
                    ],
                    options={"indexes": [models.Index(fields=["request", "at"], name="supply_steps_by_request")]},
                ),
                migrations.CreateModel(
                    name="AdrReport",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("public_id", models.UUIDField(default=kernel.identifiers.uuid7, editable=False, unique=True)),
                        (
                            "link",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE, related_name="adr_reports", to="grid.devicelink"
                            ),
                        ),
                        (
                            "event",
                            models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="reports", to="grid.adrevent"),
                        ),
                        ("client_name", models.CharField(max_length=128)),
                        ("name", models.CharField(blank=True, max_length=128)),
                        ("resources", models.JSONField()),
                        ("created_at", models.DateTimeField()),
                        ("modified_at", models.DateTimeField()),
                    ],
                    options={
                        "constraints": [models.UniqueConstraint(fields=("link", "event", "client_name", "name"), name="adr_report_once")]
                    },
                ),
                migrations.CreateModel(
                    name="DemandResponse",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("public_id", models.UUIDField(default=kernel.identifiers.uuid7, editable=False, unique=True)),
                        (
                            "event",
                            models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="responses", to="grid.demandevent"),
                        ),
                        (
                            "site",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="demand_responses", to="energy.site"
                            ),
                        ),
                        ("opted_out_at", models.DateTimeField(blank=True, null=True)),
                        (
                            "baseline_wh",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.BigIntegerField(),
                                default=list,
                                help_text="What it would have drawn, per interval.",
                                size=None,
                            ),
                        ),
                        (
                            "measured_wh",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.BigIntegerField(),
                                default=list,
                                help_text="What it drew, from final meter days.",
                                size=None,
                            ),
                        ),
                        ("adjustment", models.FloatField(blank=True, help_text="By which the same day moved the baseline.", null=True)),
                        ("delivered_wh", models.BigIntegerField(blank=True, help_text="Negative where more was drawn.", null=True)),
                        ("why_not", models.CharField(blank=True, help_text="Why there is no result.", max_length=160)),
                        ("incentive_minor", models.BigIntegerField(blank=True, help_text="Booked by billing.", null=True)),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(fields=("event", "site"), name="demand_response_once"),
                            models.CheckConstraint(
                                condition=models.Q(("opted_out_at__isnull", True), ("delivered_wh__isnull", True), _connector="OR"),
                                name="opted_out_delivers_nothing",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("incentive_minor__isnull", True),
                                    models.Q(("incentive_minor__gte", 0), ("delivered_wh__isnull", False)),
                                    _connector="OR",
                                ),
                                name="incentive_for_what_was_delivered",
                            ),
                        ]
                    },
                ),
                migrations.CreateModel(
                    name="ProposedShare",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "proposal",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE, related_name="shares", to="grid.sharingproposal"
                            ),
                        ),
                        ("site", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="energy.site")),
                        ("share", models.DecimalField(decimal_places=6, max_digits=7)),
                    ],
                    options={"constraints": [models.UniqueConstraint(fields=("proposal", "site"), name="share_proposed_once")]},
                ),
                migrations.CreateModel(
                    name="SharingVote",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "proposal",
                            models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="votes", to="grid.sharingproposal"),
                        ),
                        ("member", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="members.member")),
                        ("choice", models.CharField(choices=[("yes", "yes"), ("no", "no"), ("abstain", "abstain")], max_length=8)),
                        (
                            "cast_by",
                            models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL),
                        ),
                        ("cast_at", models.DateTimeField()),
                    ],
                    options={"constraints": [models.UniqueConstraint(fields=("proposal", "member"), name="one_vote_a_member")]},
                ),
            ]
        ),
        migrations.RunSQL(SHARES + BALANCE + STORED_ENERGY + STORED_PRODUCERS + MARKET + PLANT_SHARES + SUPPLY, UNDO),
    ]
