"""What stored energy carries to a site; a storage's day that must add up; microgrids that have closed days follow origins from the next on."""

from datetime import date, timedelta
from typing import Any

from django.db import migrations
from django.db.models import Max

EVER = date(1970, 1, 1)
CARRIED = """
ALTER TABLE grid_siteshareday
    ADD COLUMN not_local_wh integer[],
    ADD COLUMN carried_wh integer[],
    ADD CONSTRAINT stored_not_negative CHECK (0 <= ALL (not_local_wh) AND 0 <= ALL (carried_wh));
"""
UNDO_CARRIED = """
ALTER TABLE grid_siteshareday
    DROP CONSTRAINT stored_not_negative, DROP COLUMN not_local_wh, DROP COLUMN carried_wh;
"""

KEEP = """
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
UNDO_KEEP = """
DROP TRIGGER stored_energy_is_kept ON grid_storageday;
DROP FUNCTION keep_stored_energy();
"""


def begin_after_closed_days(apps: Any, _: Any) -> None:
    """Closed days stay as they were shared; what lies in the storages then counts as local, as it did."""
    closings = apps.get_model("grid", "DayClosing").objects.order_by().values("microgrid_id")
    rule = apps.get_model("grid", "StorageOriginRule")
    for row in closings.annotate(last=Max("day")):
        begin = row["last"] + timedelta(days=1)
        grid = row["microgrid_id"]
        rule.objects.create(microgrid_id=grid, order="not_followed", valid_from=EVER, valid_to=begin)
        rule.objects.create(microgrid_id=grid, valid_from=begin, unknown_is_local=True)


class Migration(migrations.Migration):
    dependencies = [("grid", "0018_storage_origin")]

    operations = [
        migrations.RunSQL(CARRIED, UNDO_CARRIED),
        migrations.RunSQL(KEEP, UNDO_KEEP),
        migrations.RunPython(begin_after_closed_days, migrations.RunPython.noop),
    ]
