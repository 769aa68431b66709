"""A distribution's figures never change, its parts sum to it, and shares change only when they are given back; whoever asks."""

from django.db import migrations

GUARD = """
CREATE FUNCTION keep_distributions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'A distribution stays: cancel it, or take it back';
    END IF;
    IF to_jsonb(NEW) - ARRAY['status', 'released_at', 'released_by_id'] <> to_jsonb(OLD) - ARRAY['status', 'released_at', 'released_by_id'] THEN
        RAISE EXCEPTION 'The figures of a distribution never change';
    END IF;
    IF OLD.status <> 'prepared' AND NEW IS DISTINCT FROM OLD THEN
        RAISE EXCEPTION 'A distribution is decided once';
    END IF;
    IF NEW.status = 'released' AND OLD.status = 'prepared' AND NEW.used_minor - NEW.reserve_minor <>
       (SELECT coalesce(sum(gross_minor), 0) FROM billing_distributionpart WHERE distribution_id = NEW.id) THEN
        RAISE EXCEPTION 'The parts of a distribution sum to what is shared out';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER distributions_stay BEFORE UPDATE OR DELETE ON billing_distribution
    FOR EACH ROW EXECUTE FUNCTION keep_distributions();

CREATE FUNCTION keep_distribution_parts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'The part of a distribution stays';
    END IF;
    IF TG_OP = 'INSERT' THEN
        IF (SELECT status FROM billing_distribution WHERE id = NEW.distribution_id FOR SHARE) <> 'prepared' THEN
            RAISE EXCEPTION 'A distribution that is decided takes no further part';
        END IF;
        RETURN NEW;
    END IF;
    IF to_jsonb(NEW) - 'paid_minor' <> to_jsonb(OLD) - 'paid_minor' THEN
        RAISE EXCEPTION 'The part of a distribution never changes';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER distribution_parts_stay BEFORE INSERT OR UPDATE OR DELETE ON billing_distributionpart
    FOR EACH ROW EXECUTE FUNCTION keep_distribution_parts();

CREATE FUNCTION keep_member_shares() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR to_jsonb(NEW) - 'returned_date' <> to_jsonb(OLD) - 'returned_date'
       OR (OLD.returned_date IS NOT NULL AND NEW.returned_date IS DISTINCT FROM OLD.returned_date) THEN
        RAISE EXCEPTION 'Shares stay as they were paid in; they can be given back, once';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER member_shares_stay BEFORE UPDATE OR DELETE ON billing_membershare
    FOR EACH ROW EXECUTE FUNCTION keep_member_shares();
"""

UNDO = """
DROP TRIGGER distributions_stay ON billing_distribution;
DROP TRIGGER distribution_parts_stay ON billing_distributionpart;
DROP TRIGGER member_shares_stay ON billing_membershare;
DROP FUNCTION keep_distributions, keep_distribution_parts, keep_member_shares;
"""


class Migration(migrations.Migration):
    dependencies = [("billing", "0003_distributions")]

    operations = [migrations.RunSQL(GUARD, UNDO)]
