"""Debits equal credits; what is posted, used or numbered stays."""

from django.db import migrations

BALANCED = """
CREATE FUNCTION keep_the_books_balanced() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    difference bigint;
BEGIN
    SELECT sum(debit_minor) - sum(credit_minor) INTO difference
    FROM billing_ledgerentry WHERE transaction_id = NEW.transaction_id;
    IF difference <> 0 THEN
        RAISE EXCEPTION 'Ledger transaction % does not balance: debits - credits = %', NEW.transaction_id, difference;
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER books_balance AFTER INSERT ON billing_ledgerentry
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION keep_the_books_balanced();

CREATE FUNCTION keep_what_is_posted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'Ledger entries stay; book a reversing transaction (%)', OLD.id;
END $$;
CREATE TRIGGER entries_stay BEFORE UPDATE OR DELETE ON billing_ledgerentry
    FOR EACH ROW EXECUTE FUNCTION keep_what_is_posted();
CREATE TRIGGER transactions_stay BEFORE UPDATE OR DELETE ON billing_ledgertransaction
    FOR EACH ROW EXECUTE FUNCTION keep_what_is_posted();
"""

DOCUMENTS = """
CREATE FUNCTION keep_posted_documents() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.number IS NULL THEN
        RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'A posted document cannot be deleted (%)', OLD.label;
    END IF;
    IF (NEW.run_id, NEW.member_id, NEW.site_id, NEW.kind, NEW.series, NEW.year, NEW.number, NEW.label, NEW.period,
        NEW.issue_date, NEW.due_date, NEW.currency, NEW.net_minor, NEW.vat_minor, NEW.gross_minor, NEW.chain_ref)
        IS DISTINCT FROM
       (OLD.run_id, OLD.member_id, OLD.site_id, OLD.kind, OLD.series, OLD.year, OLD.number, OLD.label, OLD.period,
        OLD.issue_date, OLD.due_date, OLD.currency, OLD.net_minor, OLD.vat_minor, OLD.gross_minor, OLD.chain_ref) THEN
        RAISE EXCEPTION 'A posted document cannot change; issue a correction (%)', OLD.label;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER documents_stay BEFORE UPDATE OR DELETE ON billing_document
    FOR EACH ROW EXECUTE FUNCTION keep_posted_documents();

CREATE FUNCTION keep_posted_lines() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM billing_document WHERE id = OLD.document_id AND number IS NOT NULL) THEN
        RAISE EXCEPTION 'A line of a posted document cannot change (document %)', OLD.document_id;
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER lines_stay BEFORE UPDATE OR DELETE ON billing_documentline
    FOR EACH ROW EXECUTE FUNCTION keep_posted_lines();
"""

TARIFFS = """
CREATE FUNCTION keep_used_versions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.used_at IS NULL THEN
        RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    IF TG_OP = 'DELETE' OR (NEW.valid_from, NEW.status, NEW.standing_per_day, NEW.energy_per_kwh, NEW.export_per_kwh,
                            NEW.incentive_per_kwh, NEW.vat_rate, NEW.used_at)
        IS DISTINCT FROM (OLD.valid_from, OLD.status, OLD.standing_per_day, OLD.energy_per_kwh, OLD.export_per_kwh,
                          OLD.incentive_per_kwh, OLD.vat_rate, OLD.used_at) THEN
        RAISE EXCEPTION 'A tariff version that was billed cannot change; make a new version (%)', OLD.number;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER used_versions_stay BEFORE UPDATE OR DELETE ON billing_tariffversion
    FOR EACH ROW EXECUTE FUNCTION keep_used_versions();

CREATE FUNCTION keep_used_windows() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    version bigint := CASE WHEN TG_OP = 'INSERT' THEN NEW.version_id ELSE OLD.version_id END;
BEGIN
    IF EXISTS (SELECT FROM billing_tariffversion WHERE id = version AND used_at IS NOT NULL) THEN
        RAISE EXCEPTION 'A time window of a billed tariff version cannot change; make a new version';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER used_windows_stay BEFORE INSERT OR UPDATE OR DELETE ON billing_timewindow
    FOR EACH ROW EXECUTE FUNCTION keep_used_windows();
"""

UNDO = """
DROP TRIGGER used_windows_stay ON billing_timewindow;
DROP FUNCTION keep_used_windows();
DROP TRIGGER used_versions_stay ON billing_tariffversion;
DROP FUNCTION keep_used_versions();
DROP TRIGGER lines_stay ON billing_documentline;
DROP FUNCTION keep_posted_lines();
DROP TRIGGER documents_stay ON billing_document;
DROP FUNCTION keep_posted_documents();
DROP TRIGGER transactions_stay ON billing_ledgertransaction;
DROP TRIGGER entries_stay ON billing_ledgerentry;
DROP FUNCTION keep_what_is_posted();
DROP TRIGGER books_balance ON billing_ledgerentry;
DROP FUNCTION keep_the_books_balanced();
"""


class Migration(migrations.Migration):
    dependencies = [("billing", "0001_initial"), ("grid", "0002_shares_and_balance")]

    operations = [migrations.RunSQL(BALANCED + DOCUMENTS + TARIFFS, UNDO)]
