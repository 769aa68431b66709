"""Approved incentives and awards stay as they were decided, whoever asks."""

from django.db import migrations

GUARD = """
CREATE FUNCTION keep_incentive_versions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.status IN ('approved', 'rejected') OR (TG_OP = 'UPDATE' AND OLD.status = 'submitted' AND
       to_jsonb(NEW) - ARRAY['status', 'approved_by_id', 'approved_at'] <> to_jsonb(OLD) - ARRAY['status', 'approved_by_id', 'approved_at']) THEN
        RAISE EXCEPTION 'Only the draft of an incentive can be changed';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER incentive_versions_stay BEFORE UPDATE OR DELETE ON billing_incentiveversion
    FOR EACH ROW EXECUTE FUNCTION keep_incentive_versions();

CREATE FUNCTION keep_incentive_awards() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'An award stays';
    END IF;
    IF OLD.status <> 'held' OR
       to_jsonb(NEW) - ARRAY['status', 'decided_at', 'decided_by_id', 'why'] <> to_jsonb(OLD) - ARRAY['status', 'decided_at', 'decided_by_id', 'why'] THEN
        RAISE EXCEPTION 'An award never changes; one that is held is decided once';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER incentive_awards_stay BEFORE UPDATE OR DELETE ON billing_incentiveaward
    FOR EACH ROW EXECUTE FUNCTION keep_incentive_awards();
"""

UNDO = """
DROP TRIGGER incentive_versions_stay ON billing_incentiveversion;
DROP TRIGGER incentive_awards_stay ON billing_incentiveaward;
DROP FUNCTION keep_incentive_versions, keep_incentive_awards;
"""


class Migration(migrations.Migration):
    dependencies = [("billing", "0007_incentives")]

    operations = [migrations.RunSQL(GUARD, UNDO)]
