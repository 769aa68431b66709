"""No disconnection is proposed or agreed where somebody depends on supply, whoever asks."""

from django.db import migrations

GUARD = """
CREATE FUNCTION keep_supply_where_life_depends_on_it() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.status IN ('proposed', 'agreed') AND (
        EXISTS (SELECT FROM energy_consumer WHERE site_id = NEW.site_id AND priority_tier = 0)
        OR EXISTS (SELECT FROM billing_protection p WHERE p.member_id = NEW.member_id AND p.kind = 'life_support'
                   AND p.valid_from <= greatest(NEW.proposed_at, NEW.decided_at)::date
                   AND (p.valid_to IS NULL OR p.valid_to > greatest(NEW.proposed_at, NEW.decided_at)::date))) THEN
        RAISE EXCEPTION 'Somebody at this site depends on supply: no disconnection';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER supply_stays_where_life_depends_on_it BEFORE INSERT OR UPDATE ON billing_disconnectionproposal
    FOR EACH ROW EXECUTE FUNCTION keep_supply_where_life_depends_on_it();
"""

UNDO = """
DROP TRIGGER supply_stays_where_life_depends_on_it ON billing_disconnectionproposal;
DROP FUNCTION keep_supply_where_life_depends_on_it();
"""


class Migration(migrations.Migration):
    dependencies = [("billing", "0010_arrears"), ("energy", "0001_tables")]

    operations = [migrations.RunSQL(GUARD, UNDO)]
