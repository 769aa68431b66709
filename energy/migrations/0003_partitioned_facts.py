"""Messages and meter days: append-mostly tables, partitioned by month from the first day."""

from django.db import migrations

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
    channel smallint NOT NULL CHECK (channel BETWEEN 1 AND 5),
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

UNDO = """
DROP TABLE energy_meterday;
DROP TABLE energy_telemetrymessage;
DROP SEQUENCE energy_telemetrymessage_id_seq;
DROP FUNCTION keep_final_meter_days();
DROP FUNCTION ensure_month_partition(text, date);
"""


class Migration(migrations.Migration):
    dependencies = [("energy", "0002_initial")]

    operations = [
        migrations.RunSQL(ENSURE_MONTH + TELEMETRY + METER_DAYS, UNDO),
    ]
