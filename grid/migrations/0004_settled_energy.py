"""Shares stand packed beside the readings they were made of: the server passes bytes on, and a bill needs one table."""

from django.db import migrations

# Rows that were shared before take their readings from the versions that count now, which is what their bills were made of.
PACK = """
CREATE FUNCTION pack_wh(integer[]) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN 0 < ANY ($1) THEN (SELECT string_agg(int4send(v), ''::bytea ORDER BY i) FROM unnest($1) WITH ORDINALITY AS u (v, i)) END
$$;
ALTER TABLE grid_siteshareday DROP CONSTRAINT shares_not_negative, DROP CONSTRAINT stored_not_negative;
ALTER TABLE grid_siteshareday
    ALTER COLUMN received_wh TYPE bytea USING pack_wh(received_wh),
    ALTER COLUMN delivered_wh TYPE bytea USING pack_wh(delivered_wh),
    ALTER COLUMN not_local_wh TYPE bytea USING pack_wh(not_local_wh),
    ALTER COLUMN carried_wh TYPE bytea USING pack_wh(carried_wh),
    ADD COLUMN import_version smallint NOT NULL DEFAULT 0,
    ADD COLUMN export_version smallint NOT NULL DEFAULT 0,
    ADD COLUMN import_wh bytea,
    ADD COLUMN export_wh bytea;
INSERT INTO grid_siteshareday (day, site_id, revision, microgrid_id, is_current)
    SELECT s.day, m.site_id, s.revision, s.microgrid_id, true
    FROM grid_sharingday s JOIN energy_meter m ON m.microgrid_id = s.microgrid_id AND m.kind = 'site' AND m.removed_at IS NULL
    WHERE s.is_current ON CONFLICT DO NOTHING;
UPDATE grid_siteshareday s SET import_version = d.version, import_wh = pack_wh(d.values_wh)
    FROM energy_meter m JOIN energy_meterday d ON d.meter_id = m.id AND d.channel = 1 AND d.is_current
    WHERE m.site_id = s.site_id AND m.kind = 'site' AND m.removed_at IS NULL AND d.day = s.day AND s.is_current;
UPDATE grid_siteshareday s SET export_version = d.version, export_wh = pack_wh(d.values_wh)
    FROM energy_meter m JOIN energy_meterday d ON d.meter_id = m.id AND d.channel = 2 AND d.is_current
    WHERE m.site_id = s.site_id AND m.kind = 'site' AND m.removed_at IS NULL AND d.day = s.day AND s.is_current;
DROP FUNCTION pack_wh(integer[]);
ALTER TABLE grid_siteshareday ADD CONSTRAINT sides_fit CHECK (
    coalesce(octet_length(received_wh), octet_length(import_wh)) IS NOT DISTINCT FROM octet_length(import_wh)
    AND coalesce(octet_length(delivered_wh), octet_length(export_wh)) IS NOT DISTINCT FROM octet_length(export_wh)
    AND coalesce(octet_length(not_local_wh), octet_length(export_wh)) IS NOT DISTINCT FROM octet_length(export_wh)
    AND coalesce(octet_length(carried_wh), octet_length(export_wh)) IS NOT DISTINCT FROM octet_length(export_wh)
);
"""


class Migration(migrations.Migration):
    dependencies = [("grid", "0003_run_results"), ("energy", "0001_tables")]

    operations = [migrations.RunSQL(PACK, migrations.RunSQL.noop)]
