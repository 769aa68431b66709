"""Gateway bodies by month; channels of grid meters; each version after the first leaves a row that says whence it came."""

from django.db import migrations

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

CHANNELS = """
ALTER TABLE energy_meterday DROP CONSTRAINT energy_meterday_channel_check;
ALTER TABLE energy_meterday ADD CONSTRAINT energy_meterday_channel_check CHECK (channel BETWEEN 1 AND 7);
CREATE INDEX meter_day_provisional ON energy_meterday (microgrid_id, day) WHERE status = 0 AND is_current;
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

UNDO = """
DROP TRIGGER later_versions_are_told ON energy_meterday;
DROP FUNCTION keep_meter_day_version();
DROP INDEX meter_day_provisional;
ALTER TABLE energy_meterday DROP CONSTRAINT energy_meterday_channel_check;
ALTER TABLE energy_meterday ADD CONSTRAINT energy_meterday_channel_check CHECK (channel BETWEEN 1 AND 5);
DROP TABLE energy_gatewaymessage;
"""


class Migration(migrations.Migration):
    dependencies = [("energy", "0007_bulk_doors")]

    operations = [migrations.RunSQL(GATEWAY_MESSAGES + CHANNELS + VERSIONS, UNDO)]
