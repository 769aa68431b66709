"""Where somebody depends on supply no limit is asked for, agreed to or put in force; steps stay as they were taken."""

from typing import ClassVar

from django.db import migrations

TRIGGERS = """
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
DROP TRIGGER power_stays_where_life_depends_on_it ON grid_supplyrequest;
DROP FUNCTION keep_power_where_life_depends_on_it();
DROP TRIGGER supply_steps_stay ON grid_supplystep;
DROP FUNCTION keep_supply_steps();
"""


class Migration(migrations.Migration):
    dependencies: ClassVar = [("grid", "0004_supply_requests"), ("energy", "0001_schema")]
    operations: ClassVar = [migrations.RunSQL(TRIGGERS, UNDO)]
