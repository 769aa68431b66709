"""No limit for a member who depends on supply; what was agreed on stays as it was agreed."""

from typing import ClassVar

from django.db import migrations

TRIGGERS = """
CREATE FUNCTION keep_power_of_protected_members() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.status IN ('asked', 'agreed', 'in_force') AND EXISTS (
        SELECT FROM billing_protection p JOIN energy_site s ON s.id = NEW.site_id
        WHERE p.member_id = s.member_id AND p.kind = 'life_support'
          AND p.valid_from <= greatest(NEW.asked_at, NEW.decided_at)::date
          AND (p.valid_to IS NULL OR p.valid_to > greatest(NEW.asked_at, NEW.decided_at)::date)) THEN
        RAISE EXCEPTION 'The member of this site depends on supply: no limit';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER power_of_protected_members_stays BEFORE INSERT OR UPDATE ON grid_supplyrequest
    FOR EACH ROW EXECUTE FUNCTION keep_power_of_protected_members();
CREATE FUNCTION keep_prepaid_agreements() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'An agreement stays; end it (%)', OLD.reference;
    END IF;
    IF (NEW.member_id, NEW.cooperative_id, NEW.reference, NEW.valid_from, NEW.terms, NEW.agreed_at, NEW.agreed_by_id,
        NEW.friendly_minor, NEW.friendly_days) IS DISTINCT FROM
       (OLD.member_id, OLD.cooperative_id, OLD.reference, OLD.valid_from, OLD.terms, OLD.agreed_at, OLD.agreed_by_id,
        OLD.friendly_minor, OLD.friendly_days) OR (OLD.ended_date IS NOT NULL AND NEW.ended_date IS DISTINCT FROM OLD.ended_date) THEN
        RAISE EXCEPTION 'An agreement stays as it was agreed (%)', OLD.reference;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER prepaid_agreements_stay BEFORE UPDATE OR DELETE ON billing_prepaidagreement
    FOR EACH ROW EXECUTE FUNCTION keep_prepaid_agreements();
CREATE FUNCTION keep_prepaid_alarms() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR (NEW.agreement_id, NEW.alarm, NEW.passed_at, NEW.shown_minor, NEW.days_left, NEW.is_told)
                           IS DISTINCT FROM (OLD.agreement_id, OLD.alarm, OLD.passed_at, OLD.shown_minor, OLD.days_left, OLD.is_told)
       OR OLD.over_at IS NOT NULL THEN
        RAISE EXCEPTION 'An alarm stays as it was passed (%)', OLD.id;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER prepaid_alarms_stay BEFORE UPDATE OR DELETE ON billing_prepaidalarm
    FOR EACH ROW EXECUTE FUNCTION keep_prepaid_alarms();
"""
UNDO = """
DROP TRIGGER power_of_protected_members_stays ON grid_supplyrequest;
DROP FUNCTION keep_power_of_protected_members();
DROP TRIGGER prepaid_agreements_stay ON billing_prepaidagreement;
DROP FUNCTION keep_prepaid_agreements();
DROP TRIGGER prepaid_alarms_stay ON billing_prepaidalarm;
DROP FUNCTION keep_prepaid_alarms();
"""


class Migration(migrations.Migration):
    dependencies: ClassVar = [("billing", "0015_prepaid"), ("grid", "0005_supply_triggers")]
    operations: ClassVar = [migrations.RunSQL(TRIGGERS, UNDO)]
