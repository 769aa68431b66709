"""A site begins with an owner, has one on every day, and is handed over by an ownership alone."""

from django.db import migrations

GUARD = """
SET CONSTRAINTS ALL IMMEDIATE;
INSERT INTO energy_siteownership (public_id, site_id, member_id, is_vacant, has_begun, reason)
    SELECT uuidv7(), id, member_id, false, true, '' FROM energy_site;

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
"""


class Migration(migrations.Migration):
    dependencies = [("energy", "0003_site_ownership")]

    operations = [migrations.RunSQL(GUARD, UNDO)]
