"""Readings of sensors, partitioned by month; they and the events of devices are only ever added."""

from django.db import migrations

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

UNDO = """
DROP TABLE energy_sensorreading;
DROP TRIGGER device_events_stay ON energy_deviceevent;
DROP FUNCTION refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("energy", "0005_devices_and_sensors")]

    operations = [migrations.RunSQL(READINGS + ONLY_ADDED, UNDO)]
