"""Money: the tables, books that balance and stay, posted documents that nothing changes or adds to. One file in place of all before it: a new database is made in seconds."""

import billing.models.incentives
import billing.models.ledger
import billing.models.tariffs
import datetime
import django.contrib.postgres.constraints
import django.contrib.postgres.fields
import django.contrib.postgres.fields.ranges
import django.core.validators
import django.db.models.deletion
import django.db.models.expressions
import django.db.models.lookups
import grid.models.sharing
import kernel.identifiers
from decimal import Decimal
from django.conf import settings
from django.db import migrations, models

from members.adapters.schema import CreateModels

BALANCED = """
CREATE FUNCTION keep_what_is_posted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'Ledger entries stay; book a reversing transaction (%)', OLD.id;
END $$;
CREATE TRIGGER entries_stay BEFORE UPDATE OR DELETE ON billing_ledgerentry
    FOR EACH ROW EXECUTE FUNCTION keep_what_is_posted();
CREATE TRIGGER transactions_stay BEFORE UPDATE OR DELETE ON billing_ledgertransaction
    FOR EACH ROW EXECUTE FUNCTION keep_what_is_posted();
"""

CLOSED_MONTHS = """
CREATE FUNCTION keep_closed_months() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    month record;
    wrong record;
BEGIN
    -- The closing of a year stands beside its last month: it alone is booked though the month is closed.
    FOR month IN SELECT DISTINCT cooperative_id, to_char(booked_date, 'YYYYMM')::int AS period, cause = 'year closing' AS closes
                 FROM added ORDER BY 1, 2 LOOP
        PERFORM pg_advisory_xact_lock_shared(hashtextextended('books ' || month.cooperative_id || ' ' || month.period, 0));
        IF NOT month.closes AND EXISTS (SELECT FROM billing_accountingperiod p WHERE p.cooperative_id = month.cooperative_id
                   AND p.period = month.period AND p.status = 'closed') THEN
            RAISE EXCEPTION 'Nothing is booked into %: the month is closed', month.period;
        END IF;
    END LOOP;
    SELECT a.booked_date INTO wrong FROM added a JOIN billing_yearclosing y
        ON y.cooperative_id = a.cooperative_id AND a.booked_date BETWEEN y.first_day AND y.last_day
        AND y.status = 'released' AND y.counters_id IS NULL
    WHERE a.cause <> 'year closing' LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'Nothing is booked on %: the year is closed', wrong.booked_date;
    END IF;
    SELECT a.idempotency_key INTO wrong FROM added a WHERE a.cause = 'year closing' AND NOT EXISTS (
        SELECT FROM billing_yearclosing y WHERE y.public_id = a.cause_ref AND y.cooperative_id = a.cooperative_id
        AND y.last_day = a.booked_date AND y.status = 'released'
        AND a.idempotency_key = 'year closing:' || y.public_id || ':' || a.currency) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'No year was closed by %', wrong.idempotency_key;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER closed_months_stay AFTER INSERT ON billing_ledgertransaction
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION keep_closed_months();

CREATE FUNCTION keep_transactions_whole() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    wrong record;
BEGIN
    SELECT e.transaction_id, sum(e.debit_minor) - sum(e.credit_minor) AS difference INTO wrong
    FROM added e GROUP BY 1 HAVING sum(e.debit_minor) <> sum(e.credit_minor) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'Ledger transaction % does not balance: debits - credits = %', wrong.transaction_id, wrong.difference;
    END IF;
    SELECT e.transaction_id, e.account_id, t.id, t.made_in, t.currency, t.cooperative_id, a.id AS account,
           a.currency AS of_account, a.cooperative_id AS owner INTO wrong
    FROM added e LEFT JOIN billing_ledgertransaction t ON t.id = e.transaction_id
         LEFT JOIN billing_account a ON a.id = e.account_id
    WHERE t.id IS NULL OR a.id IS NULL OR t.made_in <> txid_current() OR a.currency <> t.currency
          OR a.cooperative_id <> t.cooperative_id LIMIT 1;
    IF NOT FOUND THEN
        RETURN NULL;
    ELSIF wrong.id IS NULL THEN
        RAISE EXCEPTION 'There is no ledger transaction %', wrong.transaction_id USING ERRCODE = 'foreign_key_violation';
    ELSIF wrong.account IS NULL THEN
        RAISE EXCEPTION 'There is no account %', wrong.account_id USING ERRCODE = 'foreign_key_violation';
    ELSIF wrong.made_in <> txid_current() THEN
        RAISE EXCEPTION 'Ledger transaction % is sealed; book another one', wrong.id;
    ELSIF wrong.cooperative_id <> wrong.owner THEN
        RAISE EXCEPTION 'Ledger transaction % and its account are of two cooperatives', wrong.id;
    END IF;
    RAISE EXCEPTION 'Ledger transaction % is of %, its account of %', wrong.id, wrong.currency, wrong.of_account;
END $$;
CREATE TRIGGER transactions_are_whole AFTER INSERT ON billing_ledgerentry
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION keep_transactions_whole();

CREATE FUNCTION keep_what_accounts_are() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.cooperative_id, NEW.code, NEW.member_id, NEW.currency, NEW.vat_key)
        IS DISTINCT FROM (OLD.cooperative_id, OLD.code, OLD.member_id, OLD.currency, OLD.vat_key) THEN
        RAISE EXCEPTION 'An account stays what it is (%); open another one', OLD.code;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER accounts_stay BEFORE UPDATE ON billing_account FOR EACH ROW EXECUTE FUNCTION keep_what_accounts_are();

CREATE FUNCTION keep_the_log_of_months() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'What was done with an accounting month stays written down';
END $$;
CREATE TRIGGER month_steps_stay BEFORE UPDATE OR DELETE ON billing_periodstep
    FOR EACH ROW EXECUTE FUNCTION keep_the_log_of_months();
CREATE TRIGGER months_stay BEFORE DELETE ON billing_accountingperiod
    FOR EACH ROW EXECUTE FUNCTION keep_the_log_of_months();
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

NO_LINES_AFTER_POSTING = """
CREATE FUNCTION keep_posted_documents_whole() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    posted bigint;
BEGIN
    SELECT d.id INTO posted FROM added JOIN billing_document d ON d.id = added.document_id
    WHERE d.number IS NOT NULL LIMIT 1;
    IF posted IS NOT NULL THEN
        RAISE EXCEPTION 'A posted document takes no further line (document %)', posted;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER no_lines_after_posting AFTER INSERT ON billing_documentline
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION keep_posted_documents_whole();
CREATE TRIGGER no_lines_moved_to_posted AFTER UPDATE ON billing_documentline
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION keep_posted_documents_whole();

CREATE FUNCTION keep_what_is_printed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.public_id, NEW.cooperative_id, NEW.vat_rate, NEW.payment_reference)
        IS DISTINCT FROM (OLD.public_id, OLD.cooperative_id, OLD.vat_rate, OLD.payment_reference) THEN
        RAISE EXCEPTION 'A posted document cannot change; issue a correction (%)', OLD.label;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER printed_words_stay BEFORE UPDATE ON billing_document
    FOR EACH ROW WHEN (OLD.number IS NOT NULL) EXECUTE FUNCTION keep_what_is_printed();
"""

VAT_SUMS = """
CREATE TRIGGER vat_sums_stay BEFORE UPDATE OR DELETE ON billing_documentvat
    FOR EACH ROW EXECUTE FUNCTION keep_posted_lines();
CREATE TRIGGER no_vat_after_posting AFTER INSERT ON billing_documentvat
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION keep_posted_documents_whole();
CREATE FUNCTION keep_document_days() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.first_day, NEW.last_day) IS DISTINCT FROM (OLD.first_day, OLD.last_day) THEN
        RAISE EXCEPTION 'The days of a posted document cannot change; issue a correction (%)', OLD.label;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER document_days_stay BEFORE UPDATE ON billing_document
    FOR EACH ROW WHEN (OLD.number IS NOT NULL) EXECUTE FUNCTION keep_document_days();
"""

REVERSALS = """
CREATE FUNCTION keep_links_of_documents() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.cancels_id, NEW.replaces_id) IS DISTINCT FROM (OLD.cancels_id, OLD.replaces_id) THEN
        RAISE EXCEPTION 'What a posted document takes back or stands for cannot change (%)', OLD.label;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER links_stay BEFORE UPDATE ON billing_document
    FOR EACH ROW WHEN (OLD.number IS NOT NULL) EXECUTE FUNCTION keep_links_of_documents();

CREATE FUNCTION keep_reversals_exact() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM billing_document o WHERE o.id = NEW.cancels_id AND o.number IS NOT NULL
        AND NEW.kind = o.kind || '_reversal'
        AND (o.member_id, o.site_id, o.currency, o.net_minor, o.vat_rate, o.vat_minor, o.gross_minor)
          IS NOT DISTINCT FROM (NEW.member_id, NEW.site_id, NEW.currency, NEW.net_minor, NEW.vat_rate, NEW.vat_minor, NEW.gross_minor)) THEN
        RAISE EXCEPTION 'A reversal takes back exactly what was posted (%)', NEW.label;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER reversals_are_exact BEFORE UPDATE ON billing_document
    FOR EACH ROW WHEN (NEW.cancels_id IS NOT NULL AND NEW.number IS NOT NULL AND OLD.number IS NULL)
    EXECUTE FUNCTION keep_reversals_exact();

-- A cancelled document is never open again, and only a reversal cancels.
CREATE FUNCTION keep_cancelled_documents() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.status = 'cancelled' AND NEW.status <> 'cancelled' THEN
        RAISE EXCEPTION 'A document that was taken back stays cancelled (%)', OLD.label;
    END IF;
    IF NEW.status = 'cancelled' AND NOT EXISTS (SELECT FROM billing_document r WHERE r.cancels_id = NEW.id) THEN
        RAISE EXCEPTION 'Only a reversal cancels a document (%)', OLD.label;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER cancelled_stays BEFORE UPDATE OF status ON billing_document
    FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status AND 'cancelled' IN (OLD.status, NEW.status))
    EXECUTE FUNCTION keep_cancelled_documents();
"""

FLEXIBILITY = """
-- Flexibility goes on to the document that replaces the one it stood on; nothing else of it changes.
CREATE FUNCTION keep_flexibility() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    moved billing_flexibilitycredit := NEW;
BEGIN
    IF NOT EXISTS (SELECT FROM billing_document WHERE id = OLD.document_id AND number IS NOT NULL) THEN
        RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    IF TG_OP = 'UPDATE' THEN
        moved.document_id := OLD.document_id;
        moved.position := OLD.position;
        IF moved IS NOT DISTINCT FROM OLD AND EXISTS (
            SELECT FROM billing_document WHERE id = NEW.document_id AND replaces_id = OLD.document_id) THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'What stands on a posted document cannot change (%)', OLD.cause_ref;
END $$;
CREATE TRIGGER flexibility_stays BEFORE UPDATE OR DELETE ON billing_flexibilitycredit
    FOR EACH ROW EXECUTE FUNCTION keep_flexibility();
"""

TARIFFS = """
CREATE FUNCTION keep_used_versions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.status = 'draft' THEN
        RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'A tariff version that was submitted cannot be deleted (%)', OLD.number;
    END IF;
    IF (NEW.tariff_id, NEW.number, NEW.public_id, NEW.valid_from, NEW.standing_per_day, NEW.energy_per_kwh, NEW.export_per_kwh,
        NEW.incentive_per_kwh, NEW.vat_rate, NEW.parts, NEW.source_name, NEW.not_billed, NEW.submitted_at)
        IS DISTINCT FROM
       (OLD.tariff_id, OLD.number, OLD.public_id, OLD.valid_from, OLD.standing_per_day, OLD.energy_per_kwh, OLD.export_per_kwh,
        OLD.incentive_per_kwh, OLD.vat_rate, OLD.parts, OLD.source_name, OLD.not_billed, OLD.submitted_at) THEN
        RAISE EXCEPTION 'A tariff version that was submitted cannot change; make a new version (%)', OLD.number;
    END IF;
    IF NEW.status <> OLD.status AND (OLD.status, NEW.status) NOT IN (('submitted', 'published'), ('submitted', 'rejected')) THEN
        RAISE EXCEPTION 'A tariff version that is % cannot change to % (%)', OLD.status, NEW.status, OLD.number;
    END IF;
    IF OLD.status = 'published' AND NEW.published_at IS DISTINCT FROM OLD.published_at
        OR OLD.used_at IS NOT NULL AND NEW.used_at IS DISTINCT FROM OLD.used_at
        OR OLD.submitted_by_id IS DISTINCT FROM NEW.submitted_by_id AND NEW.submitted_by_id IS NOT NULL
        OR OLD.status = 'published' AND OLD.published_by_id IS DISTINCT FROM NEW.published_by_id AND NEW.published_by_id IS NOT NULL THEN
        RAISE EXCEPTION 'Who submitted and approved a tariff version, and when it was used, cannot change (%)', OLD.number;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER used_versions_stay BEFORE UPDATE OR DELETE ON billing_tariffversion
    FOR EACH ROW EXECUTE FUNCTION keep_used_versions();

CREATE FUNCTION keep_used_windows() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    version bigint := CASE WHEN TG_OP = 'INSERT' THEN NEW.version_id ELSE OLD.version_id END;
BEGIN
    IF EXISTS (SELECT FROM billing_tariffversion WHERE id = version AND status <> 'draft') THEN
        RAISE EXCEPTION 'A time window of a submitted tariff version cannot change; make a new version';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER used_windows_stay BEFORE INSERT OR UPDATE OR DELETE ON billing_timewindow
    FOR EACH ROW EXECUTE FUNCTION keep_used_windows();

CREATE FUNCTION keep_tariff_steps() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'What was done with a tariff version stays (%)', OLD.kind;
END $$;
CREATE TRIGGER tariff_steps_stay BEFORE UPDATE OR DELETE ON billing_tariffstep
    FOR EACH ROW EXECUTE FUNCTION keep_tariff_steps();
"""

PRICES = """
CREATE FUNCTION keep_published_tariff_prices() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'Published prices and where an index came from stay (%)', OLD.id;
END $$;
CREATE TRIGGER tariff_prices_stay BEFORE UPDATE OR DELETE ON billing_tariffpriceday
    FOR EACH ROW EXECUTE FUNCTION keep_published_tariff_prices();
CREATE TRIGGER spot_imports_stay BEFORE UPDATE OR DELETE ON billing_spotimport
    FOR EACH ROW EXECUTE FUNCTION keep_published_tariff_prices();

CREATE FUNCTION keep_posted_surplus() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM billing_billingrun WHERE id = OLD.run_id AND status = 'posted') THEN
        RAISE EXCEPTION 'Surplus that a posted run counted stays (%)', OLD.id;
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER surplus_stays BEFORE UPDATE OR DELETE ON billing_surpluscarried
    FOR EACH ROW EXECUTE FUNCTION keep_posted_surplus();
"""

ALLOCATIONS = """
CREATE FUNCTION pay_document(which bigint, amount bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    paid record;
BEGIN
    UPDATE billing_document SET
        paid_minor = paid_minor + amount,
        status = CASE WHEN status NOT IN ('open', 'settled') THEN status
                      WHEN paid_minor + amount >= gross_minor THEN 'settled' ELSE 'open' END
    WHERE id = which AND number IS NOT NULL RETURNING label, paid_minor, gross_minor INTO paid;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'Only posted documents are paid (document %)', which;
    END IF;
    IF paid.paid_minor < 0 OR paid.paid_minor > paid.gross_minor THEN
        RAISE EXCEPTION 'Of % not % of % can be allocated', paid.label, paid.paid_minor, paid.gross_minor;
    END IF;
END $$;

CREATE FUNCTION spend_by_allocation() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    original billing_allocation;
    source_member bigint;
    target_member bigint;
BEGIN
    IF NEW.reverses_id IS NOT NULL THEN
        SELECT * INTO original FROM billing_allocation WHERE id = NEW.reverses_id;
        IF original.reverses_id IS NOT NULL
           OR (original.payment_id, original.credit_id, original.document_id, original.charge_id, original.payout_id,
               original.refund_id, original.amount_minor)
              IS DISTINCT FROM
              (NEW.payment_id, NEW.credit_id, NEW.document_id, NEW.charge_id, NEW.payout_id,
               NEW.refund_id, -NEW.amount_minor) THEN
            RAISE EXCEPTION 'A counter-row takes back one allocation wholly (%)', NEW.reverses_id;
        END IF;
    END IF;
    SELECT member_id INTO source_member FROM billing_payment WHERE id = NEW.payment_id
        UNION ALL SELECT member_id FROM billing_document WHERE id = NEW.credit_id;
    SELECT member_id INTO target_member FROM billing_document WHERE id = NEW.document_id
        UNION ALL SELECT member_id FROM billing_charge WHERE id = NEW.charge_id
        UNION ALL SELECT member_id FROM billing_payout WHERE id = NEW.payout_id
        UNION ALL SELECT member_id FROM billing_refund WHERE id = NEW.refund_id;
    IF source_member <> target_member THEN
        RAISE EXCEPTION 'An allocation stays with one member (% and %)', source_member, target_member;
    END IF;
    IF NEW.payment_id IS NOT NULL THEN
        UPDATE billing_payment SET
            allocated_minor = allocated_minor + CASE WHEN NEW.payout_id IS NULL AND NEW.refund_id IS NULL THEN NEW.amount_minor ELSE 0 END,
            refunded_minor = refunded_minor + CASE WHEN NEW.payout_id IS NULL AND NEW.refund_id IS NULL THEN 0 ELSE NEW.amount_minor END
        WHERE id = NEW.payment_id;
    ELSE
        PERFORM pay_document(NEW.credit_id, NEW.amount_minor);
    END IF;
    IF NEW.document_id IS NOT NULL THEN
        PERFORM pay_document(NEW.document_id, NEW.amount_minor);
    ELSIF NEW.charge_id IS NOT NULL THEN
        UPDATE billing_charge SET paid_minor = paid_minor + NEW.amount_minor WHERE id = NEW.charge_id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER allocations_spend AFTER INSERT ON billing_allocation
    FOR EACH ROW EXECUTE FUNCTION spend_by_allocation();

CREATE FUNCTION spend_by_return() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE billing_payment SET returned_minor = returned_minor + NEW.amount_minor WHERE id = NEW.payment_id;
    RETURN NULL;
END $$;
CREATE TRIGGER returns_spend AFTER INSERT ON billing_paymentreturn
    FOR EACH ROW EXECUTE FUNCTION spend_by_return();

CREATE FUNCTION keep_payment_rows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% stays as it is; make a counter-row (%)', TG_TABLE_NAME, OLD.id;
END $$;
CREATE TRIGGER allocations_stay BEFORE UPDATE OR DELETE ON billing_allocation
    FOR EACH ROW EXECUTE FUNCTION keep_payment_rows();
CREATE TRIGGER returns_stay BEFORE UPDATE OR DELETE ON billing_paymentreturn
    FOR EACH ROW EXECUTE FUNCTION keep_payment_rows();
CREATE TRIGGER payments_are_not_deleted BEFORE DELETE ON billing_payment
    FOR EACH ROW EXECUTE FUNCTION keep_payment_rows();
CREATE TRIGGER bank_lines_are_not_deleted BEFORE DELETE ON billing_bankstatementline
    FOR EACH ROW EXECUTE FUNCTION keep_payment_rows();
CREATE TRIGGER orders_are_not_deleted BEFORE DELETE ON billing_bankorder
    FOR EACH ROW EXECUTE FUNCTION keep_payment_rows();

CREATE FUNCTION keep_payments() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.public_id, NEW.cooperative_id, NEW.member_id, NEW.rail, NEW.amount_minor, NEW.external_ref,
        NEW.received_at, NEW.booked_at, NEW.bank_line_id)
        IS DISTINCT FROM
       (OLD.public_id, OLD.cooperative_id, OLD.member_id, OLD.rail, OLD.amount_minor, OLD.external_ref,
        OLD.received_at, OLD.booked_at, OLD.bank_line_id) THEN
        RAISE EXCEPTION 'A payment stays as it is; make a counter-row (%)', OLD.id;
    END IF;
    IF NEW.allocated_minor <> (SELECT coalesce(sum(amount_minor), 0) FROM billing_allocation
                               WHERE payment_id = NEW.id AND payout_id IS NULL AND refund_id IS NULL)
       OR NEW.refunded_minor <> (SELECT coalesce(sum(amount_minor), 0) FROM billing_allocation
                                 WHERE payment_id = NEW.id AND (payout_id IS NOT NULL OR refund_id IS NOT NULL))
       OR NEW.returned_minor <> (SELECT coalesce(sum(amount_minor), 0) FROM billing_paymentreturn
                                 WHERE payment_id = NEW.id) THEN
        RAISE EXCEPTION 'The sums of a payment follow from its rows (%)', OLD.id;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER payments_stay BEFORE UPDATE ON billing_payment FOR EACH ROW EXECUTE FUNCTION keep_payments();

CREATE FUNCTION begin_unspent() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.allocated_minor <> 0 OR NEW.refunded_minor <> 0 OR NEW.returned_minor <> 0 THEN
        RAISE EXCEPTION 'The sums of a payment follow from its rows';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER payments_begin_unspent BEFORE INSERT ON billing_payment
    FOR EACH ROW EXECUTE FUNCTION begin_unspent();
"""

BANK = """
CREATE FUNCTION keep_bank_lines() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.statement_id, NEW.row, NEW.booked_date, NEW.amount_minor, NEW.payer, NEW.payer_iban, NEW.purpose,
        NEW.end_to_end_id, NEW.content_key, NEW.occurrence, NEW.public_id)
        IS DISTINCT FROM
       (OLD.statement_id, OLD.row, OLD.booked_date, OLD.amount_minor, OLD.payer, OLD.payer_iban, OLD.purpose,
        OLD.end_to_end_id, OLD.content_key, OLD.occurrence, OLD.public_id) THEN
        RAISE EXCEPTION 'A bank statement line stays as the bank wrote it (%)', OLD.id;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER bank_lines_stay BEFORE UPDATE ON billing_bankstatementline
    FOR EACH ROW EXECUTE FUNCTION keep_bank_lines();

CREATE FUNCTION keep_bank_orders() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.content, NEW.digest, NEW.message_id, NEW.execution_date, NEW.status, NEW.released_by_id, NEW.released_at,
        NEW.prepared_by_id, NEW.kind)
        IS DISTINCT FROM
       (OLD.content, OLD.digest, OLD.message_id, OLD.execution_date, OLD.status, OLD.released_by_id, OLD.released_at,
        OLD.prepared_by_id, OLD.kind) THEN
        RAISE EXCEPTION 'A released bank order never changes (%)', OLD.message_id;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER released_orders_stay BEFORE UPDATE ON billing_bankorder
    FOR EACH ROW WHEN (OLD.status <> 'prepared') EXECUTE FUNCTION keep_bank_orders();

CREATE FUNCTION keep_bank_order_items() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF EXISTS (SELECT FROM billing_bankorder WHERE id = NEW.order_id AND status <> 'prepared') THEN
            RAISE EXCEPTION 'A released bank order takes no further item (%)', NEW.order_id;
        END IF;
        RETURN NEW;
    END IF;
    IF TG_OP = 'DELETE' OR (NEW.order_id, NEW.amount_minor, NEW.end_to_end_id)
                           IS DISTINCT FROM (OLD.order_id, OLD.amount_minor, OLD.end_to_end_id) THEN
        RAISE EXCEPTION 'An item of a bank order stays (%)', OLD.end_to_end_id;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER debits_stay BEFORE INSERT OR UPDATE OR DELETE ON billing_debit
    FOR EACH ROW EXECUTE FUNCTION keep_bank_order_items();
CREATE TRIGGER payouts_stay BEFORE INSERT OR UPDATE OR DELETE ON billing_payout
    FOR EACH ROW EXECUTE FUNCTION keep_bank_order_items();

CREATE FUNCTION keep_mandates() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR (NEW.member_id, NEW.reference, NEW.holder, NEW.iban, NEW.signed_date)
                           IS DISTINCT FROM (OLD.member_id, OLD.reference, OLD.holder, OLD.iban, OLD.signed_date) THEN
        RAISE EXCEPTION 'A mandate stays as it was signed (%)', OLD.reference;
    END IF;
    IF OLD.status = 'revoked' AND NEW.status <> 'revoked' THEN
        RAISE EXCEPTION 'A revoked mandate stays revoked (%)', OLD.reference;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER mandates_stay BEFORE UPDATE OR DELETE ON billing_mandate
    FOR EACH ROW EXECUTE FUNCTION keep_mandates();
"""

LIFE_SUPPORT = """
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

DISTRIBUTIONS = """
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
    IF TG_OP = 'DELETE'
       OR to_jsonb(NEW) - ARRAY['returned_date', 'way', 'bank_line_id', 'repaid_minor'] <> to_jsonb(OLD) - ARRAY['returned_date', 'way', 'bank_line_id', 'repaid_minor']
       OR (OLD.returned_date IS NOT NULL AND NEW.returned_date IS DISTINCT FROM OLD.returned_date)
       OR (OLD.way <> '' AND (NEW.way, NEW.bank_line_id) IS DISTINCT FROM (OLD.way, OLD.bank_line_id)) THEN
        RAISE EXCEPTION 'Shares stay as they were paid in; they can be given back, once';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER member_shares_stay BEFORE UPDATE OR DELETE ON billing_membershare
    FOR EACH ROW EXECUTE FUNCTION keep_member_shares();
"""

INCENTIVES = """
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

ACCOUNTS_ARE_KEPT = """
CREATE FUNCTION keep_accounts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'An account stays: entries may refer to it (%)', OLD.code;
END $$;
CREATE TRIGGER accounts_are_kept BEFORE DELETE ON billing_account FOR EACH ROW EXECUTE FUNCTION keep_accounts();
CREATE TRIGGER accounts_keep_their_id BEFORE UPDATE ON billing_account
    FOR EACH ROW WHEN (OLD.id IS DISTINCT FROM NEW.id) EXECUTE FUNCTION keep_accounts();
"""

YEARS = """
CREATE FUNCTION keep_year_closings() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'The closing of a year stays: cancel it, or open the year again';
    END IF;
    IF to_jsonb(NEW) - ARRAY['status', 'released_at', 'released_by_id'] <> to_jsonb(OLD) - ARRAY['status', 'released_at', 'released_by_id'] THEN
        RAISE EXCEPTION 'The figures of a closing never change';
    END IF;
    IF NEW.status <> OLD.status AND NOT (
        OLD.status = 'prepared' AND NEW.status IN ('released', 'cancelled')
        OR OLD.status = 'released' AND NEW.status = 'reopened'
           AND EXISTS (SELECT FROM billing_yearclosing c WHERE c.counters_id = OLD.id AND c.status = 'released')) THEN
        RAISE EXCEPTION 'A closing is decided once, and opened again by its counter alone';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER year_closings_stay BEFORE UPDATE OR DELETE ON billing_yearclosing
    FOR EACH ROW EXECUTE FUNCTION keep_year_closings();

CREATE FUNCTION keep_months_of_closed_years() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM billing_yearclosing y WHERE y.cooperative_id = NEW.cooperative_id AND y.status = 'released' AND y.counters_id IS NULL
               AND to_date(NEW.period::text, 'YYYYMM') BETWEEN y.first_day AND y.last_day) THEN
        RAISE EXCEPTION 'The year of % is closed: open the year again first', NEW.period;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER months_of_closed_years_stay BEFORE UPDATE ON billing_accountingperiod
    FOR EACH ROW WHEN (NEW.status = 'open' AND OLD.status = 'closed') EXECUTE FUNCTION keep_months_of_closed_years();
"""

PREPAID = """
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
DROP TRIGGER months_of_closed_years_stay ON billing_accountingperiod;
DROP TRIGGER year_closings_stay ON billing_yearclosing;
DROP FUNCTION keep_year_closings, keep_months_of_closed_years;
DROP TRIGGER accounts_keep_their_id ON billing_account;
DROP TRIGGER accounts_are_kept ON billing_account;
DROP FUNCTION keep_accounts();
DROP TRIGGER incentive_versions_stay ON billing_incentiveversion;
DROP TRIGGER incentive_awards_stay ON billing_incentiveaward;
DROP FUNCTION keep_incentive_versions, keep_incentive_awards;
DROP TRIGGER distributions_stay ON billing_distribution;
DROP TRIGGER distribution_parts_stay ON billing_distributionpart;
DROP TRIGGER member_shares_stay ON billing_membershare;
DROP FUNCTION keep_distributions, keep_distribution_parts, keep_member_shares;
DROP TRIGGER supply_stays_where_life_depends_on_it ON billing_disconnectionproposal;
DROP FUNCTION keep_supply_where_life_depends_on_it();
DROP FUNCTION pay_document, spend_by_allocation, spend_by_return, keep_payment_rows, keep_payments, begin_unspent,
    keep_bank_lines, keep_bank_orders, keep_bank_order_items, keep_mandates CASCADE;
DROP TRIGGER surplus_stays ON billing_surpluscarried; DROP FUNCTION keep_posted_surplus();
DROP TRIGGER spot_imports_stay ON billing_spotimport; DROP TRIGGER tariff_prices_stay ON billing_tariffpriceday;
DROP FUNCTION keep_published_tariff_prices();
DROP TRIGGER tariff_steps_stay ON billing_tariffstep;
DROP FUNCTION keep_tariff_steps();
DROP TRIGGER cancelled_stays ON billing_document;
DROP FUNCTION keep_cancelled_documents();
DROP TRIGGER reversals_are_exact ON billing_document;
DROP FUNCTION keep_reversals_exact();
DROP TRIGGER links_stay ON billing_document;
DROP FUNCTION keep_links_of_documents();
DROP TRIGGER document_days_stay ON billing_document;
DROP FUNCTION keep_document_days();
DROP TRIGGER no_vat_after_posting ON billing_documentvat;
DROP TRIGGER vat_sums_stay ON billing_documentvat;
DROP TRIGGER months_stay ON billing_accountingperiod;
DROP TRIGGER month_steps_stay ON billing_periodstep;
DROP FUNCTION keep_the_log_of_months();
DROP TRIGGER accounts_stay ON billing_account;
DROP FUNCTION keep_what_accounts_are();
DROP TRIGGER transactions_are_whole ON billing_ledgerentry;
DROP FUNCTION keep_transactions_whole();
DROP TRIGGER closed_months_stay ON billing_ledgertransaction;
DROP FUNCTION keep_closed_months();
DROP TRIGGER flexibility_stays ON billing_flexibilitycredit;
DROP FUNCTION keep_flexibility();
DROP TRIGGER printed_words_stay ON billing_document;
DROP FUNCTION keep_what_is_printed();
DROP TRIGGER no_lines_moved_to_posted ON billing_documentline;
DROP TRIGGER no_lines_after_posting ON billing_documentline;
DROP FUNCTION keep_posted_documents_whole();
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
"""


class Migration(migrations.Migration):
    replaces = [
        ("billing", "0001_schema"),
        ("billing", "0002_surplus_of_members"),
        ("billing", "0003_distributions"),
        ("billing", "0004_distribution_triggers"),
        ("billing", "0005_money_by_hand_and_card"),
        ("billing", "0006_refund_triggers"),
        ("billing", "0007_incentives"),
        ("billing", "0008_incentive_triggers"),
        ("billing", "0009_spot_feeds"),
        ("billing", "0010_vat_by_account"),
        ("billing", "0011_books_in_one_look"),
        ("billing", "0012_years"),
        ("billing", "0013_reactive_own_use_and_parts_in_replays"),
        ("billing", "0014_shares_in_the_books"),
        ("billing", "0015_prepaid"),
        ("billing", "0016_prepaid_triggers"),
        ("billing", "0017_letters"),
    ]

    initial = True

    dependencies = [("grid", "0001_initial"), ("energy", "0001_initial"), ("members", "0001_initial")]

    operations = [
        CreateModels(
            [
                migrations.CreateModel(
                    name="Account",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "cooperative",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="accounts",
                                to="members.cooperative",
                            ),
                        ),
                        (
                            "code",
                            models.CharField(
                                choices=[
                                    ("receivable", "member receivable"),
                                    ("payable", "member payable"),
                                    ("energy_sales", "energy sales"),
                                    ("fees", "standing charges"),
                                    ("local_clearing", "local energy, from neighbours to neighbours"),
                                    ("energy_purchases", "energy bought from producers for the public grid"),
                                    ("incentives", "incentives"),
                                    ("reminder_fees", "fees of reminders"),
                                    ("arrears_interest", "interest on arrears"),
                                    ("distributions", "shared out to producers and members"),
                                    ("retained_earnings", "results carried forward"),
                                    ("reserves", "reserves"),
                                    ("member_shares", "members' shares"),
                                    ("opening", "carried in from books before"),
                                    ("withheld_tax", "tax withheld of dividends"),
                                    ("exchange", "between currencies"),
                                    ("vat", "VAT"),
                                    ("input_vat", "input VAT"),
                                    ("reverse_vat", "VAT owed as recipient"),
                                    ("reverse_input_vat", "input VAT as recipient"),
                                    ("vat_cost", "VAT that is not given back"),
                                    ("bank", "bank"),
                                    ("chain_wallet", "chain wallet"),
                                    ("cash", "cash"),
                                    ("mobile_money", "mobile money"),
                                    ("card", "card provider"),
                                    ("card_fees", "fees of card payments"),
                                    ("suspense", "unclear money of the bank account"),
                                    ("transit", "payouts on their way"),
                                    ("bank_charges", "bank charges"),
                                    ("return_fees", "fees of returned payments"),
                                    ("rounding", "rounding"),
                                ],
                                max_length=20,
                            ),
                        ),
                        (
                            "member",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="accounts",
                                to="members.member",
                            ),
                        ),
                        ("currency", models.CharField(max_length=3)),
                        (
                            "vat_key",
                            models.CharField(
                                blank=True,
                                db_default="",
                                editable=False,
                                help_text="Side, category, rate and ground, for example output/S/0.1900/taxed; empty: none.",
                                max_length=40,
                                verbose_name="VAT key",
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("cooperative", "code", "member", "currency", "vat_key"), name="account_once", nulls_distinct=False
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("code__in", ["receivable", "payable"]), ("member__isnull", False)),
                                    models.Q(models.Q(("code__in", ["receivable", "payable"]), _negated=True), ("member__isnull", True)),
                                    _connector="OR",
                                ),
                                name="personal_accounts_name_their_member",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("vat_key", ""),
                                    models.Q(
                                        ("member__isnull", True), ("vat_key__regex", "^(output|input)/(S|Z|E|AE|O)/0[.][0-9]{4}/[a-z_]+$")
                                    ),
                                    _connector="OR",
                                ),
                                name="account_vat_key_is_written_so",
                            ),
                        ]
                    },
                ),
                migrations.CreateModel(
                    name="AccountingPeriod",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "cooperative",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="accounting_periods", to="members.cooperative"
                            ),
                        ),
                        ("period", models.PositiveIntegerField(help_text="YYYYMM")),
                        ("status", models.CharField(choices=[("open", "open"), ("closed", "closed")], default="closed", max_length=8)),
                        ("closed_at", models.DateTimeField()),
                        (
                            "closed_by",
                            models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL),
                        ),
                        ("entries", models.PositiveIntegerField(help_text="How many were booked in the month.")),
                        ("debits_minor", models.BigIntegerField(help_text="Sum of all debits, all currencies.")),
                        ("content_sha256", models.CharField(help_text="Of the month's entries in their order.", max_length=64)),
                        ("reopened_at", models.DateTimeField(blank=True, null=True)),
                        (
                            "reopened_by",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("reason", models.CharField(blank=True, help_text="Why it was opened again.", max_length=300)),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(fields=("cooperative", "period"), name="period_once"),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("reopened_at__isnull", True), ("reopened_by__isnull", True), ("status", "closed")),
                                    models.Q(
                                        ("reopened_at__isnull", False),
                                        ("reopened_by__isnull", False),
                                        ("status", "open"),
                                        models.Q(("reason", ""), _negated=True),
                                    ),
                                    _connector="OR",
                                ),
                                name="months_open_again_say_why",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("reopened_by__isnull", True),
                                    models.Q(("reopened_by", models.F("closed_by")), _negated=True),
                                    _connector="OR",
                                ),
                                name="opened_again_by_a_second_person",
                            ),
                        ]
                    },
                ),
                migrations.CreateModel(
                    name="ArrearsRule",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "cooperative",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="arrears_rules", to="members.cooperative"
                            ),
                        ),
                        ("valid_from", models.DateField()),
                        (
                            "least_minor",
                            models.PositiveIntegerField(default=500, verbose_name="below this nobody is reminded [minor units]"),
                        ),
                        ("rest_days", models.PositiveSmallIntegerField(default=14, verbose_name="days that a reminder gives")),
                        (
                            "interest_points",
                            models.DecimalField(
                                decimal_places=2,
                                default=Decimal("5.00"),
                                help_text="Base rates are entered beside; 5 points for households by section 288 BGB.",
                                max_digits=5,
                                verbose_name="interest above the base rate [per cent points]",
                            ),
                        ),
                        ("charges_interest", models.BooleanField(default=False, verbose_name="interest is charged with reminders")),
                        (
                            "spares_hardship",
                            models.BooleanField(default=True, verbose_name="members in hardship get no fees and no interest"),
                        ),
                        ("plan_grace_days", models.PositiveSmallIntegerField(default=7, verbose_name="days of grace for an instalment")),
                        ("winter_first_month", models.PositiveSmallIntegerField(default=11)),
                        ("winter_last_month", models.PositiveSmallIntegerField(default=3)),
                        (
                            "proposal_level",
                            models.PositiveSmallIntegerField(
                                default=3, verbose_name="a disconnection may be proposed after the reminder of level"
                            ),
                        ),
                        (
                            "proposal_least_minor",
                            models.PositiveIntegerField(default=10000, verbose_name="and from so much on [minor units]"),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(fields=("cooperative", "valid_from"), name="arrears_rule_once_a_day"),
                            models.CheckConstraint(
                                condition=models.Q(("winter_first_month__range", (1, 12)), ("winter_last_month__range", (1, 12))),
                                name="winter_is_months",
                            ),
                            models.CheckConstraint(condition=models.Q(("rest_days__gte", 7)), name="reminders_give_a_week_at_least"),
                            models.CheckConstraint(
                                condition=models.Q(("interest_points__gte", 0), ("interest_points__lte", 9)),
                                name="interest_points_are_lawful",
                            ),
                        ]
                    },
                ),
                migrations.CreateModel(
                    name="BankOrder",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("public_id", models.UUIDField(default=kernel.identifiers.uuid7, editable=False, unique=True)),
                        (
                            "cooperative",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="bank_orders", to="members.cooperative"
                            ),
                        ),
                        ("kind", models.CharField(choices=[("debits", "direct debits"), ("payouts", "payouts")], max_length=8)),
                        (
                            "status",
                            models.CharField(
                                choices=[("prepared", "prepared"), ("released", "released"), ("cancelled", "cancelled")],
                                default="prepared",
                                max_length=10,
                            ),
                        ),
                        ("message_id", models.CharField(max_length=35)),
                        ("execution_date", models.DateField()),
                        ("prepared_at", models.DateTimeField()),
                        (
                            "prepared_by",
                            models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL),
                        ),
                        ("released_at", models.DateTimeField(blank=True, null=True)),
                        (
                            "released_by",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("content", models.BinaryField(null=True)),
                        ("digest", models.CharField(blank=True, max_length=64)),
                        (
                            "bank_status",
                            models.CharField(blank=True, help_text="The bank's answer (pain.002), for example ACCP or RJCT.", max_length=4),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(fields=("cooperative", "message_id"), name="message_id_once"),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("released_by__isnull", True),
                                    models.Q(("released_by", models.F("prepared_by")), _negated=True),
                                    _connector="OR",
                                ),
                                name="released_by_a_second_person",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        ("content__isnull", False),
                                        ("released_at__isnull", False),
                                        ("released_by__isnull", False),
                                        ("status", "released"),
                                    ),
                                    models.Q(models.Q(("status", "released"), _negated=True), ("content__isnull", True)),
                                    _connector="OR",
                                ),
                                name="released_orders_have_their_file",
                            ),
                        ]
                    },
                ),
                migrations.CreateModel(
                    name="BankStatement",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("public_id", models.UUIDField(default=kernel.identifiers.uuid7, editable=False, unique=True)),
                        (
                            "cooperative",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="bank_statements", to="members.cooperative"
                            ),
                        ),
                        (
                            "kind",
                            models.CharField(
                                choices=[
                                    ("csv", "CSV export"),
                                    ("camt.052", "report (camt.052)"),
                                    ("camt.053", "statement (camt.053)"),
                                    ("camt.054", "notification (camt.054)"),
                                ],
                                default="csv",
                                max_length=8,
                            ),
                        ),
                        ("file_name", models.CharField(max_length=200)),
                        ("digest", models.CharField(max_length=64)),
                        ("part", models.PositiveSmallIntegerField(default=0)),
                        ("imported_at", models.DateTimeField()),
                        ("iban", models.CharField(blank=True, max_length=34, verbose_name="IBAN")),
                        ("number", models.CharField(blank=True, help_text="The bank's own id of the statement.", max_length=40)),
                        ("sequence", models.BigIntegerField(blank=True, help_text="The statement's number in the year.", null=True)),
                        ("first_date", models.DateField(blank=True, null=True)),
                        ("last_date", models.DateField(blank=True, null=True)),
                        ("opening_minor", models.BigIntegerField(blank=True, null=True)),
                        ("closing_minor", models.BigIntegerField(blank=True, null=True)),
                        ("findings", models.TextField(blank=True, help_text="What does not fit, one sentence a line.")),
                    ],
                    options={"constraints": [models.UniqueConstraint(fields=("cooperative", "digest", "part"), name="statement_once")]},
                ),
                migrations.CreateModel(
                    name="BaseRate",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("currency", models.CharField(default="EUR", max_length=3)),
                        ("valid_from", models.DateField()),
                        ("percent", models.DecimalField(decimal_places=2, max_digits=5)),
                    ],
                    options={"constraints": [models.UniqueConstraint(fields=("currency", "valid_from"), name="base_rate_once")]},
                ),
                migrations.CreateModel(
                    name="BillingPolicy",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "cooperative",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.CASCADE, related_name="billing_policy", to="members.cooperative"
                            ),
                        ),
                        (
                            "releases_by_rule",
                            models.BooleanField(
                                default=False,
                                help_text="Without a second person, where no check blocks the run.",
                                verbose_name="months are released by rule",
                            ),
                        ),
                        (
                            "correction_limit_minor",
                            models.PositiveIntegerField(
                                default=0,
                                help_text="Minor units. A correction of which no document changes by more is released by rule; 0: none is.",
                                verbose_name="corrections up to",
                            ),
                        ),
                        (
                            "sends_by_mail",
                            models.BooleanField(
                                default=False,
                                help_text="As soon as a run is posted and printed, to the members' addresses.",
                                verbose_name="documents are sent by e-mail",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name_plural": "billing policies",
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("correction_limit_minor__lte", 100000000)), name="correction_limit_is_sane"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="BillingRun",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("public_id", models.UUIDField(default=kernel.identifiers.uuid7, editable=False, unique=True)),
                        (
                            "microgrid",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="billing_runs", to="energy.microgrid"
                            ),
                        ),
                        ("period", models.PositiveIntegerField(help_text="YYYYMM")),
                        ("revision", models.PositiveSmallIntegerField(default=0)),
                        (
                            "kind",
                            models.CharField(
                                choices=[
                                    ("final", "final: a whole month"),
                                    ("interim", "interim: part of a month, taken back by the final bill"),
                                    ("correction", "correction: readings changed after the month was billed"),
                                    ("cancellation", "cancellation of documents"),
                                ],
                                default="final",
                                max_length=12,
                            ),
                        ),
                        (
                            "only_sites",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.BigIntegerField(),
                                blank=True,
                                default=list,
                                help_text="Sites that get documents; empty: all of them.",
                                size=None,
                            ),
                        ),
                        ("reason", models.CharField(blank=True, help_text="Why it was made, in words.", max_length=300)),
                        ("first_day", models.DateField()),
                        ("last_day", models.DateField()),
                        ("issue_date", models.DateField()),
                        ("due_date", models.DateField()),
                        (
                            "status",
                            models.CharField(
                                choices=[
                                    ("prepared", "prepared"),
                                    ("rated", "to be released"),
                                    ("released", "released"),
                                    ("posted", "posted"),
                                    ("withdrawn", "withdrawn"),
                                ],
                                default="prepared",
                                max_length=12,
                            ),
                        ),
                        ("prepared_at", models.DateTimeField()),
                        (
                            "prepared_by",
                            models.ForeignKey(
                                blank=True,
                                editable=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("released_at", models.DateTimeField(blank=True, editable=False, null=True)),
                        (
                            "released_by",
                            models.ForeignKey(
                                blank=True,
                                editable=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "release_rule",
                            models.CharField(
                                blank=True, editable=False, help_text="The rule that released it, where no person did.", max_length=160
                            ),
                        ),
                        (
                            "sharing_revisions",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.PositiveSmallIntegerField(),
                                default=list,
                                help_text="Of the run's days, as they stand when it is rated.",
                                size=None,
                            ),
                        ),
                        ("posted_at", models.DateTimeField(blank=True, null=True)),
                        (
                            "chain_ref",
                            models.CharField(default=kernel.identifiers.random_bytes32, editable=False, max_length=66, unique=True),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(fields=("microgrid", "period", "revision"), name="run_once"),
                            models.CheckConstraint(condition=models.Q(("last_day__gte", models.F("first_day"))), name="run_days_in_order"),
                            models.UniqueConstraint(
                                condition=models.Q(("kind", "final"), ("only_sites", []), models.Q(("status", "withdrawn"), _negated=True)),
                                fields=("microgrid", "period"),
                                name="one_final_run_of_a_month",
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("kind", "correction"), ("status__in", ["prepared", "rated", "released"])),
                                fields=("microgrid", "period"),
                                name="one_correction_at_a_time",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("released_by__isnull", True),
                                    ("prepared_by__isnull", True),
                                    models.Q(("released_by", models.F("prepared_by")), _negated=True),
                                    _connector="OR",
                                ),
                                name="a_second_person_releases",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("status__in", ["released", "posted"]), _negated=True),
                                    models.Q(
                                        ("released_at__isnull", False),
                                        models.Q(
                                            ("released_by__isnull", False), models.Q(("release_rule", ""), _negated=True), _connector="OR"
                                        ),
                                    ),
                                    _connector="OR",
                                ),
                                name="posted_runs_were_released",
                            ),
                        ]
                    },
                ),
                migrations.CreateModel(
                    name="CardEvent",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("event_ref", models.CharField(max_length=120, unique=True)),
                        ("kind", models.CharField(max_length=80)),
                        ("object_ref", models.CharField(max_length=120)),
                        ("intent_ref", models.CharField(blank=True, max_length=120)),
                        ("told_at", models.DateTimeField()),
                        ("received_at", models.DateTimeField()),
                        ("done_at", models.DateTimeField(blank=True, null=True)),
                        ("outcome", models.CharField(blank=True, max_length=200)),
                    ],
                    options={
                        "indexes": [
                            models.Index(condition=models.Q(("done_at__isnull", True)), fields=["received_at"], name="card_events_waiting")
                        ]
                    },
                ),
                migrations.CreateModel(
                    name="CardMovement",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "cooperative",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="card_movements", to="members.cooperative"
                            ),
                        ),
                        ("ref", models.CharField(max_length=120)),
                        ("kind", models.CharField(max_length=40)),
                        ("amount_minor", models.BigIntegerField()),
                        ("fee_minor", models.BigIntegerField(default=0)),
                        ("source_ref", models.CharField(blank=True, max_length=120)),
                        (
                            "intent_ref",
                            models.CharField(blank=True, db_default="", help_text="The payment that it belongs to.", max_length=120),
                        ),
                        ("payout_ref", models.CharField(blank=True, help_text="The payout that it went out with.", max_length=120)),
                        ("happened_at", models.DateTimeField()),
                    ],
                    options={
                        "indexes": [models.Index(fields=["cooperative", "payout_ref"], name="card_movements_by_payout")],
                        "constraints": [models.UniqueConstraint(fields=("cooperative", "ref"), name="card_movement_once")],
                    },
                ),
                migrations.CreateModel(
                    name="Charge",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("public_id", models.UUIDField(default=kernel.identifiers.uuid7, editable=False, unique=True)),
                        (
                            "cooperative",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="charges", to="members.cooperative"
                            ),
                        ),
                        (
                            "member",
                            models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="charges", to="members.member"),
                        ),
                        (
                            "kind",
                            models.CharField(
                                choices=[
                                    ("return_fee", "fee of a returned payment"),
                                    ("reminder_fee", "fee of a reminder"),
                                    ("interest", "interest on arrears"),
                                    ("claim", "paid out too much"),
                                ],
                                max_length=16,
                            ),
                        ),
                        ("key", models.CharField(max_length=80)),
                        ("text", models.CharField(max_length=140)),
                        ("amount_minor", models.BigIntegerField()),
                        ("paid_minor", models.BigIntegerField(default=0, editable=False)),
                        ("charged_at", models.DateTimeField()),
                        ("taken_back_at", models.DateTimeField(blank=True, null=True)),
                        (
                            "taken_back_by",
                            models.ForeignKey(
                                blank=True,
                                help_text="Who did, where a person did.",
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("why", models.CharField(blank=True, max_length=160, verbose_name="why taken back")),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(fields=("cooperative", "key"), name="charged_once"),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("amount_minor__gt", 0), ("paid_minor__gte", 0), ("paid_minor__lte", models.F("amount_minor"))
                                ),
                                name="charge_is_paid_once",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("taken_back_at__isnull", True), ("paid_minor", 0), _connector="OR"),
                                name="paid_charges_are_not_taken_back",
                            ),
                        ]
                    },
                ),
                migrations.CreateModel(
                    name="DisconnectionProposal",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("public_id", models.UUIDField(default=kernel.identifiers.uuid7, editable=False, unique=True)),
                        (
                            "site",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="disconnection_proposals", to="energy.site"
                            ),
                        ),
                        (
                            "member",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="disconnection_proposals", to="members.member"
                            ),
                        ),
                        ("rest_minor", models.BigIntegerField()),
                        (
                            "status",
                            models.CharField(
                                choices=[
                                    ("proposed", "before the board"),
                                    ("declined", "declined"),
                                    ("agreed", "agreed by the board"),
                                    ("withdrawn", "withdrawn"),
                                ],
                                default="proposed",
                                max_length=10,
                            ),
                        ),
                        ("proposed_at", models.DateTimeField()),
                        (
                            "proposed_by",
                            models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL),
                        ),
                        ("decided_at", models.DateTimeField(blank=True, null=True)),
                        (
                            "decided_by",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("why", models.CharField(max_length=300)),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(condition=models.Q(("status", "proposed")), fields=("site",), name="proposed_once"),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("decided_by__isnull", True),
                                    models.Q(("decided_by", models.F("proposed_by")), _negated=True),
                                    _connector="OR",
                                ),
                                name="decided_by_a_second_person",
                            ),
                        ]
                    },
                ),
                migrations.CreateModel(
                    name="Distribution",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("public_id", models.UUIDField(default=kernel.identifiers.uuid7, editable=False, unique=True)),
                        (
                            "cooperative",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="distributions", to="members.cooperative"
                            ),
                        ),
                        (
                            "kind",
                            models.CharField(
                                choices=[("revenue", "revenue to producers"), ("dividend", "dividend on shares")], max_length=8
                            ),
                        ),
                        ("name", models.CharField(help_text="As it stands on statements, for example Dividend 2015.", max_length=80)),
                        (
                            "status",
                            models.CharField(
                                choices=[("prepared", "prepared"), ("released", "released"), ("cancelled", "cancelled")],
                                default="prepared",
                                max_length=10,
                            ),
                        ),
                        ("first_day", models.DateField()),
                        ("last_day", models.DateField()),
                        (
                            "energy_percent",
                            models.PositiveSmallIntegerField(default=0, help_text="Of the sum, by Wh delivered; the rest goes by shares."),
                        ),
                        ("dividend_rate", models.DecimalField(blank=True, decimal_places=5, max_digits=6, null=True)),
                        ("reserve_rate", models.DecimalField(decimal_places=4, max_digits=5)),
                        ("withholding_rate", models.DecimalField(decimal_places=5, max_digits=6)),
                        ("member_cap_minor", models.BigIntegerField(blank=True, null=True)),
                        ("margin_minor", models.BigIntegerField(help_text="What the books said was left of these months.")),
                        ("other_costs_minor", models.BigIntegerField(default=0, help_text="Of these months, and not in the books.")),
                        ("other_costs_why", models.CharField(blank=True, max_length=200)),
                        ("used_minor", models.BigIntegerField(help_text="Taken from the margin: to members and reserves.")),
                        ("reserve_minor", models.BigIntegerField(help_text="To the reserves: by the bylaws' rate, and what a cap left.")),
                        (
                            "counters",
                            models.ForeignKey(
                                blank=True,
                                editable=False,
                                help_text="The distribution that this one takes back.",
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="countered_by",
                                to="billing.distribution",
                            ),
                        ),
                        ("why", models.CharField(blank=True, help_text="Why one is taken back.", max_length=200)),
                        ("prepared_at", models.DateTimeField()),
                        (
                            "prepared_by",
                            models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL),
                        ),
                        ("released_at", models.DateTimeField(blank=True, null=True)),
                        (
                            "released_by",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("counters__isnull", True), models.Q(("status", "cancelled"), _negated=True)),
                                fields=("cooperative", "name"),
                                name="distributed_once",
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("counters__isnull", False), models.Q(("status", "cancelled"), _negated=True)),
                                fields=("counters",),
                                name="taken_back_once",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("energy_percent__lte", 100), ("last_day__gte", models.F("first_day")), ("other_costs_minor__gte", 0)
                                ),
                                name="distribution_in_range",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        ("counters__isnull", True),
                                        ("reserve_minor__gte", 0),
                                        ("reserve_minor__lte", models.F("used_minor")),
                                        ("used_minor__gt", 0),
                                    ),
                                    models.Q(
                                        ("counters__isnull", False),
                                        ("reserve_minor__gte", models.F("used_minor")),
                                        ("reserve_minor__lte", 0),
                                        ("used_minor__lt", 0),
                                        models.Q(("why", ""), _negated=True),
                                    ),
                                    _connector="OR",
                                ),
                                name="distributions_give_counters_take",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("dividend_rate__isnull", False), ("energy_percent", 0), ("kind", "dividend")),
                                    models.Q(("dividend_rate__isnull", True), ("kind", "revenue")),
                                    _connector="OR",
                                ),
                                name="dividends_have_a_rate",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        ("released_at__isnull", False),
                                        ("released_by__isnull", False),
                                        ("status", "released"),
                                        models.Q(("released_by", models.F("prepared_by")), _negated=True),
                                    ),
                                    models.Q(models.Q(("status", "released"), _negated=True), ("released_by__isnull", True)),
                                    _connector="OR",
                                ),
                                name="distribution_released_by_another",
                            ),
                        ]
                    },
                ),
                migrations.CreateModel(
                    name="DistributionRule",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "cooperative",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="distribution_rules", to="members.cooperative"
                            ),
                        ),
                        ("valid_from", models.DateField()),
                        (
                            "reserve_rate",
                            models.DecimalField(
                                decimal_places=4,
                                default=0,
                                help_text="Of each sum, for example 0.1 for 10 %.",
                                max_digits=5,
                                verbose_name="to the reserves first",
                            ),
                        ),
                        (
                            "highest_dividend",
                            models.DecimalField(
                                decimal_places=4,
                                default=0,
                                help_text="Of the capital a year, for example 0.04 for 4 %.",
                                max_digits=5,
                                verbose_name="highest dividend",
                            ),
                        ),
                        (
                            "dividend_withholding",
                            models.DecimalField(
                                decimal_places=5,
                                default=0,
                                help_text="Tax that is kept back and owed to the tax office, for example 0.26375.",
                                max_digits=6,
                                verbose_name="withheld of dividends",
                            ),
                        ),
                        (
                            "member_cap_minor",
                            models.BigIntegerField(
                                blank=True,
                                help_text="Minor units a distribution of revenue; empty: no limit. What it leaves goes to the others.",
                                null=True,
                                verbose_name="most for one member",
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(fields=("cooperative", "valid_from"), name="distribution_rule_once_a_day"),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("dividend_withholding__gte", 0),
                                    ("dividend_withholding__lt", 1),
                                    ("highest_dividend__gte", 0),
                                    ("reserve_rate__gte", 0),
                                    ("reserve_rate__lt", 1),
                                    models.Q(("member_cap_minor__isnull", True), ("member_cap_minor__gt", 0), _connector="OR"),
                                ),
                                name="distribution_rule_in_range",
                            ),
                        ]
                    },
                ),
                migrations.CreateModel(
                    name="ExportProfile",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "cooperative",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.PROTECT, related_name="export_profile", to="members.cooperative"
                            ),
                        ),
                        ("consultant_number", models.PositiveIntegerField(default=1001, verbose_name="consultant (Berater)")),
                        ("client_number", models.PositiveIntegerField(default=1, verbose_name="client (Mandant)")),
                        ("account_length", models.PositiveSmallIntegerField(default=4, verbose_name="digits of general accounts")),
                        ("year_starts_in", models.PositiveSmallIntegerField(default=1, verbose_name="first month of the fiscal year")),
                        ("first_debtor", models.PositiveIntegerField(default=10000, verbose_name="first number for members who owe")),
                        (
                            "first_creditor",
                            models.PositiveIntegerField(default=70000, verbose_name="first number for members who are owed"),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("consultant_number__gte", 1001),
                                    ("consultant_number__lte", 9999999),
                                    ("client_number__gte", 1),
                                    ("client_number__lte", 99999),
                                ),
                                name="export_numbers_in_range",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("account_length__gte", 4),
                                    ("account_length__lte", 8),
                                    ("year_starts_in__gte", 1),
                                    ("year_starts_in__lte", 12),
                                ),
                                name="export_account_length_in_range",
                            ),
                        ]
                    },
                ),
                migrations.CreateModel(
                    name="IncentiveEntitlement",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "member",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="incentive_entitlements", to="members.member"
                            ),
                        ),
                        ("valid_from", models.DateField()),
                        ("valid_to", models.DateField(blank=True, help_text="Exclusive; empty: until further notice.", null=True)),
                        (
                            "noted_by",
                            models.ForeignKey(
                                editable=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("valid_to__isnull", True), ("valid_to__gt", models.F("valid_from")), _connector="OR"),
                                name="entitlement_in_order",
                            )
                        ]
                    },
                ),
                migrations.CreateModel(
                    name="IncentiveProgramme",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("public_id", models.UUIDField(default=kernel.identifiers.uuid7, editable=False, unique=True)),
                        (
                            "microgrid",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="incentive_programmes", to="energy.microgrid"
                            ),
                        ),
                        ("name", models.CharField(help_text="As it stands on members' documents.", max_length=40)),
                    ],
                    options={"constraints": [models.UniqueConstraint(fields=("microgrid", "name"), name="incentive_name_once")]},
                ),
                migrations.CreateModel(
                    name="LedgerTransaction",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("public_id", models.UUIDField(default=kernel.identifiers.uuid7, editable=False, unique=True)),
                        (
                            "cooperative",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="ledger_transactions",
                                to="members.cooperative",
                            ),
                        ),
                        ("idempotency_key", models.CharField(max_length=120)),
                        ("cause", models.CharField(help_text="document, payment, ...", max_length=40)),
                        ("cause_ref", models.UUIDField(blank=True, help_text="The public id of what caused it.", null=True)),
                        ("currency", models.CharField(max_length=3)),
                        ("booked_date", models.DateField()),
                        ("posted_at", models.DateTimeField()),
                        ("made_in", models.BigIntegerField(db_default=billing.models.ledger.DatabaseTransaction(), editable=False)),
                    ],
                    options={
                        "indexes": [
                            models.Index(fields=["cooperative", "booked_date"], name="transactions_by_day"),
                            models.Index(fields=["cause_ref"], name="transactions_by_cause"),
                        ],
                        "constraints": [models.UniqueConstraint(fields=("cooperative", "idempotency_key"), name="posted_once")],
                    },
                ),
                migrations.CreateModel(
                    name="Mandate",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("public_id", models.UUIDField(default=kernel.identifiers.uuid7, editable=False, unique=True)),
                        (
                            "cooperative",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="mandates", to="members.cooperative"
                            ),
                        ),
                        (
                            "member",
                            models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="mandates", to="members.member"),
                        ),
                        ("reference", models.CharField(max_length=35)),
                        ("holder", models.CharField(max_length=70, verbose_name="account holder")),
                        ("iban", models.CharField(max_length=34, verbose_name="IBAN")),
                        ("bic", models.CharField(blank=True, max_length=11, verbose_name="BIC")),
                        ("signed_date", models.DateField()),
                        (
                            "signed_by",
                            models.ForeignKey(
                                blank=True,
                                help_text="Empty: on paper.",
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "status",
                            models.CharField(
                                choices=[("active", "active"), ("paused", "paused"), ("revoked", "revoked")], default="active", max_length=8
                            ),
                        ),
                        ("pause_reason", models.CharField(blank=True, max_length=200)),
                        ("revoked_at", models.DateTimeField(blank=True, null=True)),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(fields=("cooperative", "reference"), name="mandate_reference_once"),
                            models.UniqueConstraint(
                                condition=models.Q(("status", "revoked"), _negated=True), fields=("member",), name="one_mandate_per_member"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("revoked_at__isnull", False), ("status", "revoked")),
                                    models.Q(models.Q(("status", "revoked"), _negated=True), ("revoked_at__isnull", True)),
                                    _connector="OR",
                                ),
                                name="revoked_mandates_say_when",
                            ),
                        ]
                    },
                ),
                migrations.CreateModel(
                    name="NumberSeries",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "cooperative",
                            models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="members.cooperative"),
                        ),
                        ("series", models.CharField(max_length=4)),
                        ("year", models.PositiveSmallIntegerField()),
                        ("next_number", models.PositiveIntegerField(default=1)),
                    ],
                    options={"constraints": [models.UniqueConstraint(fields=("cooperative", "series", "year"), name="series_once")]},
                ),
                migrations.CreateModel(
                    name="PaymentRules",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "cooperative",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.PROTECT, related_name="payment_rules", to="members.cooperative"
                            ),
                        ),
                        (
                            "creditor_id",
                            models.CharField(
                                blank=True,
                                help_text="For direct debits, for example DE98ZZZ09999999999.",
                                max_length=35,
                                verbose_name="creditor identifier",
                            ),
                        ),
                        (
                            "prenotification_days",
                            models.PositiveSmallIntegerField(
                                default=14,
                                help_text="14 unless agreed otherwise with the members.",
                                verbose_name="days of notice before a debit",
                            ),
                        ),
                        (
                            "credit_use",
                            models.CharField(
                                choices=[("next_bill", "for the next bill, the oldest first"), ("by_hand", "only by hand")],
                                default="next_bill",
                                max_length=10,
                                verbose_name="credit is used",
                            ),
                        ),
                        (
                            "return_fee",
                            models.CharField(
                                choices=[("none", "the cooperative bears it"), ("bank", "what the bank took"), ("fixed", "a fixed fee")],
                                default="bank",
                                max_length=8,
                                verbose_name="a returned debit costs the member",
                            ),
                        ),
                        ("return_fee_minor", models.PositiveIntegerField(default=0, verbose_name="fixed fee [minor units]")),
                    ],
                    options={
                        "verbose_name": "payment rules",
                        "verbose_name_plural": "payment rules",
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("prenotification_days__gte", 1), ("prenotification_days__lte", 60)),
                                name="notice_is_between_a_day_and_two_months",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="PrepaidAgreement",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("public_id", models.UUIDField(default=kernel.identifiers.uuid7, editable=False, unique=True)),
                        (
                            "member",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="prepaid_agreements", to="members.member"
                            ),
                        ),
                        (
                            "cooperative",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="prepaid_agreements", to="members.cooperative"
                            ),
                        ),
                        ("reference", models.CharField(max_length=35)),
                        ("valid_from", models.DateField()),
                        ("ended_date", models.DateField(blank=True, help_text="The first day on which it no longer holds.", null=True)),
                        ("terms", models.TextField(help_text="What was agreed, in the words that the member read.")),
                        ("agreed_at", models.DateTimeField()),
                        (
                            "agreed_by",
                            models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL),
                        ),
                        (
                            "ended_by",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("friendly_minor", models.PositiveIntegerField(verbose_name="friendly credit [minor units]")),
                        ("friendly_days", models.PositiveSmallIntegerField(verbose_name="for so many days")),
                        (
                            "own_days",
                            models.PositiveSmallIntegerField(
                                blank=True,
                                null=True,
                                validators=[django.core.validators.MaxValueValidator(90)],
                                verbose_name="told earlier, at so many days",
                            ),
                        ),
                        (
                            "own_minor",
                            models.PositiveIntegerField(blank=True, null=True, verbose_name="told earlier, at so much [minor units]"),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(fields=("cooperative", "reference"), name="prepaid_reference_once"),
                            models.UniqueConstraint(
                                condition=models.Q(("ended_date__isnull", True)), fields=("member",), name="one_prepaid_agreement"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("ended_date__isnull", True),
                                    models.Q(("ended_by__isnull", False), ("ended_date__gte", models.F("valid_from"))),
                                    _connector="OR",
                                ),
                                name="prepaid_ends_after_it_begins",
                            ),
                        ]
                    },
                ),
                migrations.CreateModel(
                    name="PrepaidRule",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "cooperative",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.PROTECT, related_name="prepaid_rule", to="members.cooperative"
                            ),
                        ),
                        ("low_days", models.PositiveSmallIntegerField(default=7, verbose_name="told when so many days are left")),
                        (
                            "very_low_days",
                            models.PositiveSmallIntegerField(default=2, verbose_name="told again when so many days are left"),
                        ),
                        (
                            "little_minor",
                            models.PositiveIntegerField(default=1000, verbose_name="told when so little is left [minor units]"),
                        ),
                        (
                            "friendly_minor",
                            models.PositiveIntegerField(
                                default=2000,
                                help_text="So far a balance may go below nothing before anything is asked.",
                                verbose_name="friendly credit [minor units]",
                            ),
                        ),
                        ("friendly_days", models.PositiveSmallIntegerField(default=14, verbose_name="and for so many days")),
                        (
                            "limit_w",
                            models.PositiveIntegerField(
                                default=1500,
                                help_text="Nobody is cut off: a limit of this is asked for, and an operator decides.",
                                verbose_name="power that stays when all is used up [W]",
                            ),
                        ),
                        (
                            "night_from_hour",
                            models.PositiveSmallIntegerField(
                                default=16, validators=[django.core.validators.MaxValueValidator(23)], verbose_name="no limit from hour"
                            ),
                        ),
                        (
                            "night_to_hour",
                            models.PositiveSmallIntegerField(
                                default=8, validators=[django.core.validators.MaxValueValidator(23)], verbose_name="until hour"
                            ),
                        ),
                        ("spares_weekends", models.BooleanField(default=True, verbose_name="no limit at weekends and on holidays")),
                        ("winter_first_month", models.PositiveSmallIntegerField(default=11)),
                        ("winter_last_month", models.PositiveSmallIntegerField(default=3)),
                        (
                            "spares_all_in_winter",
                            models.BooleanField(
                                default=False,
                                help_text="Members in hardship are always spared in winter.",
                                verbose_name="no limit for anybody in winter",
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("low_days__gte", models.F("very_low_days")), ("low_days__lte", 60)),
                                name="prepaid_alarms_in_order",
                            ),
                            models.CheckConstraint(condition=models.Q(("limit_w__gt", 0)), name="prepaid_limit_leaves_some_power"),
                            models.CheckConstraint(
                                condition=models.Q(("night_from_hour__lte", 23), ("night_to_hour__lte", 23)), name="prepaid_night_is_hours"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("winter_first_month__range", (1, 12)), ("winter_last_month__range", (1, 12))),
                                name="prepaid_winter_is_months",
                            ),
                        ]
                    },
                ),
                migrations.CreateModel(
                    name="Protection",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "member",
                            models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="protections", to="members.member"),
                        ),
                        ("kind", models.CharField(choices=[("hardship", "hardship"), ("life_support", "life support")], max_length=14)),
                        ("valid_from", models.DateField()),
                        ("valid_to", models.DateField(blank=True, help_text="Exclusive; empty: until further notice.", null=True)),
                        (
                            "noted_by",
                            models.ForeignKey(
                                editable=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("valid_to__isnull", True), ("valid_to__gt", models.F("valid_from")), _connector="OR"),
                                name="protection_in_order",
                            )
                        ]
                    },
                ),
                migrations.CreateModel(
                    name="PublicPage",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "cooperative",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.PROTECT, related_name="public_page", to="members.cooperative"
                            ),
                        ),
                        ("is_open", models.BooleanField(default=False, verbose_name="shown to everybody")),
                        ("words_en", models.CharField(blank=True, max_length=300, verbose_name="a sentence about us, in English")),
                        ("words_de", models.CharField(blank=True, max_length=300, verbose_name="a sentence about us, in German")),
                    ],
                ),
                migrations.CreateModel(
                    name="SpotIndex",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("public_id", models.UUIDField(default=kernel.identifiers.uuid7, editable=False, unique=True)),
                        (
                            "cooperative",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="spot_indexes", to="members.cooperative"
                            ),
                        ),
                        ("code", models.SlugField(help_text="As the spot part of a tariff names it.", max_length=40)),
                        ("name", models.CharField(max_length=120)),
                        (
                            "time_zone",
                            models.CharField(default="Europe/Berlin", help_text="Whose midnight begins its days.", max_length=40),
                        ),
                    ],
                    options={
                        "verbose_name_plural": "spot indexes",
                        "constraints": [models.UniqueConstraint(fields=("cooperative", "code"), name="spot_index_code_once")],
                    },
                ),
                migrations.CreateModel(
                    name="Tariff",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("public_id", models.UUIDField(default=kernel.identifiers.uuid7, editable=False, unique=True)),
                        (
                            "cooperative",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="tariffs", to="members.cooperative"
                            ),
                        ),
                        ("code", models.SlugField()),
                        ("name", models.CharField(max_length=120)),
                        (
                            "is_reference",
                            models.BooleanField(
                                default=False, help_text="Its prices are the retail and feed-in prices from which local prices are made."
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(fields=("cooperative", "code"), name="tariff_code_once"),
                            models.UniqueConstraint(
                                condition=models.Q(("is_reference", True)), fields=("cooperative",), name="one_reference_tariff"
                            ),
                        ]
                    },
                ),
                migrations.CreateModel(
                    name="VatStatus",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("public_id", models.UUIDField(default=kernel.identifiers.uuid7, editable=False, unique=True)),
                        (
                            "cooperative",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="vat_statuses", to="members.cooperative"
                            ),
                        ),
                        (
                            "member",
                            models.ForeignKey(
                                blank=True,
                                help_text="Empty: the cooperative itself.",
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="vat_statuses",
                                to="members.member",
                            ),
                        ),
                        ("valid_from", models.DateField()),
                        ("valid_to", models.DateField(blank=True, help_text="Exclusive; empty: until further notice.", null=True)),
                        (
                            "scheme",
                            models.CharField(
                                choices=[
                                    ("standard", "shows VAT"),
                                    ("small_business", "small business: shows none"),
                                    ("exempt", "exempt"),
                                    ("outside", "outside VAT, as a household is"),
                                ],
                                max_length=16,
                            ),
                        ),
                        (
                            "rate",
                            models.DecimalField(
                                decimal_places=4,
                                default=0,
                                help_text="Of what a member delivers, for example 0.19; bills take the tariff's rate.",
                                max_digits=5,
                            ),
                        ),
                        ("vat_id", models.CharField(blank=True, help_text="Of a member.", max_length=20, verbose_name="VAT id")),
                        (
                            "tax_number",
                            models.CharField(
                                blank=True, help_text="Where there is no VAT id, as many small businesses have none.", max_length=30
                            ),
                        ),
                        (
                            "owes_as_recipient",
                            models.BooleanField(
                                default=False,
                                help_text="A member who resells energy owes the VAT on bills in our place.",
                                verbose_name="reverse charge",
                            ),
                        ),
                        (
                            "recipient_owes",
                            models.BooleanField(
                                default=False,
                                help_text="We owe the VAT on what this member delivers to us, at the rate above; its credit documents show none.",
                                verbose_name="reverse charge of what it delivers",
                            ),
                        ),
                        (
                            "sentence",
                            models.CharField(
                                blank=True,
                                help_text="Why no VAT is shown, as the document says it; empty: the usual words in the member's language.",
                                max_length=160,
                                verbose_name="legal sentence",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "VAT status",
                        "verbose_name_plural": "VAT statuses",
                        "constraints": [
                            django.contrib.postgres.constraints.ExclusionConstraint(
                                condition=models.Q(("member__isnull", False)),
                                expressions=[
                                    (models.F("member"), "="),
                                    (
                                        grid.models.sharing.DateRange(
                                            "valid_from", "valid_to", django.contrib.postgres.fields.ranges.RangeBoundary()
                                        ),
                                        "&&",
                                    ),
                                ],
                                name="one_vat_status_of_a_member_at_a_time",
                            ),
                            django.contrib.postgres.constraints.ExclusionConstraint(
                                condition=models.Q(("member__isnull", True)),
                                expressions=[
                                    (models.F("cooperative"), "="),
                                    (
                                        grid.models.sharing.DateRange(
                                            "valid_from", "valid_to", django.contrib.postgres.fields.ranges.RangeBoundary()
                                        ),
                                        "&&",
                                    ),
                                ],
                                name="one_vat_status_of_the_cooperative_at_a_time",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("valid_to__isnull", True), ("valid_to__gt", models.F("valid_from")), _connector="OR"),
                                name="vat_status_in_order",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        ("member__isnull", True), ("owes_as_recipient", False), ("rate", 0), ("recipient_owes", False)
                                    ),
                                    models.Q(("member__isnull", False), ("rate__gt", 0), ("rate__lt", 1), ("scheme", "standard")),
                                    models.Q(("member__isnull", False), ("rate", 0), models.Q(("scheme", "standard"), _negated=True)),
                                    _connector="OR",
                                ),
                                name="vat_rate_of_members_who_show_vat",
                                violation_error_message="A member who shows VAT needs a rate; everybody else has none here.",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("member__isnull", True),
                                    models.Q(("vat_id", ""), _negated=True),
                                    models.Q(models.Q(("scheme", "standard"), _negated=True), ("owes_as_recipient", False)),
                                    _connector="OR",
                                ),
                                name="vat_needs_an_id",
                                violation_error_message="Who shows VAT, or owes it as the recipient, needs a VAT id.",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("recipient_owes", False), ("scheme", "standard"), _connector="OR"),
                                name="reverse_charge_of_who_would_show_vat",
                                violation_error_message="Only for a member who would show VAT itself does the recipient owe it.",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="YearClosing",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("public_id", models.UUIDField(default=kernel.identifiers.uuid7, editable=False, unique=True)),
                        (
                            "cooperative",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="year_closings", to="members.cooperative"
                            ),
                        ),
                        ("first_day", models.DateField()),
                        ("last_day", models.DateField()),
                        (
                            "status",
                            models.CharField(
                                choices=[
                                    ("prepared", "prepared"),
                                    ("released", "released"),
                                    ("reopened", "opened again"),
                                    ("cancelled", "cancelled"),
                                ],
                                default="prepared",
                                max_length=10,
                            ),
                        ),
                        (
                            "result_minor",
                            models.BigIntegerField(help_text="What the year brought (above 0) or lost, in the cooperative's currency."),
                        ),
                        (
                            "shared_minor",
                            models.BigIntegerField(help_text="What was booked in the year as shared out; it leaves the same equity."),
                        ),
                        ("reserve_minor", models.BigIntegerField(default=0, help_text="Of the result, to the reserves.")),
                        (
                            "entries",
                            models.PositiveIntegerField(
                                help_text="How many accounts are emptied; what changes before the release is refused."
                            ),
                        ),
                        (
                            "counters",
                            models.ForeignKey(
                                blank=True,
                                editable=False,
                                help_text="The closing that this one takes back.",
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="countered_by",
                                to="billing.yearclosing",
                            ),
                        ),
                        ("why", models.CharField(blank=True, help_text="Why the year is opened again.", max_length=200)),
                        ("prepared_at", models.DateTimeField()),
                        (
                            "prepared_by",
                            models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL),
                        ),
                        ("released_at", models.DateTimeField(blank=True, null=True)),
                        (
                            "released_by",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "closing of a year",
                        "verbose_name_plural": "closings of years",
                        "constraints": [
                            django.contrib.postgres.constraints.ExclusionConstraint(
                                condition=models.Q(("counters__isnull", True), ("status__in", ("prepared", "released"))),
                                expressions=[
                                    (models.F("cooperative"), "="),
                                    (
                                        grid.models.sharing.DateRange(
                                            "first_day",
                                            "last_day",
                                            django.contrib.postgres.fields.ranges.RangeBoundary(inclusive_upper=True),
                                        ),
                                        "&&",
                                    ),
                                ],
                                name="a_year_is_closed_once",
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("counters__isnull", False), models.Q(("status", "cancelled"), _negated=True)),
                                fields=("counters",),
                                name="a_year_is_opened_again_once",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("last_day__gt", models.F("first_day")), ("reserve_minor__gte", 0)),
                                name="year_closing_in_range",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("counters__isnull", True), models.Q(("why", ""), _negated=True), _connector="OR"),
                                name="years_open_again_say_why",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        ("released_at__isnull", False),
                                        ("released_by__isnull", False),
                                        ("status__in", ("released", "reopened")),
                                        models.Q(("released_by", models.F("prepared_by")), _negated=True),
                                    ),
                                    models.Q(
                                        models.Q(("status__in", ("released", "reopened")), _negated=True), ("released_by__isnull", True)
                                    ),
                                    _connector="OR",
                                ),
                                name="year_closed_by_two",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="YearStatement",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("public_id", models.UUIDField(default=kernel.identifiers.uuid7, editable=False, unique=True)),
                        (
                            "member",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="year_statements", to="members.member"
                            ),
                        ),
                        (
                            "site",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="year_statements", to="energy.site"
                            ),
                        ),
                        ("year", models.PositiveSmallIntegerField()),
                        ("made_at", models.DateTimeField()),
                    ],
                    options={"constraints": [models.UniqueConstraint(fields=("member", "site", "year"), name="year_is_told_once")]},
                ),
                migrations.CreateModel(
                    name="BankStatementLine",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("public_id", models.UUIDField(default=kernel.identifiers.uuid7, editable=False, unique=True)),
                        (
                            "cooperative",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="bank_lines", to="members.cooperative"
                            ),
                        ),
                        (
                            "statement",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="lines", to="billing.bankstatement"
                            ),
                        ),
                        ("row", models.PositiveIntegerField()),
                        ("booked_date", models.DateField()),
                        ("value_date", models.DateField(blank=True, null=True)),
                        ("amount_minor", models.BigIntegerField(help_text="Below zero: went out.")),
                        ("payer", models.CharField(blank=True, max_length=140, verbose_name="other party")),
                        ("payer_iban", models.CharField(blank=True, max_length=34, verbose_name="their IBAN")),
                        ("purpose", models.CharField(blank=True, max_length=1000)),
                        ("reference", models.CharField(blank=True, max_length=40, verbose_name="structured reference")),
                        ("end_to_end_id", models.CharField(blank=True, max_length=35)),
                        ("mandate_ref", models.CharField(blank=True, max_length=35)),
                        ("batch_ref", models.CharField(blank=True, help_text="The payment group's id in our own file.", max_length=35)),
                        ("batch_count", models.PositiveIntegerField(default=1, help_text="How many payments the sum stands for.")),
                        ("bank_ref", models.CharField(blank=True, help_text="The bank's own id of the movement.", max_length=70)),
                        (
                            "entry_ref",
                            models.CharField(blank=True, help_text="The bank's id of the booked sum that it is part of.", max_length=70),
                        ),
                        ("bank_code", models.CharField(blank=True, max_length=40)),
                        ("is_reversal", models.BooleanField(default=False)),
                        ("return_code", models.CharField(blank=True, max_length=8)),
                        ("original_minor", models.BigIntegerField(blank=True, help_text="Before the bank's charges.", null=True)),
                        ("charges_minor", models.BigIntegerField(default=0)),
                        ("content_key", models.CharField(editable=False, max_length=64)),
                        ("occurrence", models.PositiveIntegerField(default=1, editable=False, help_text="Which of equal movements.")),
                        (
                            "status",
                            models.CharField(
                                choices=[
                                    ("open", "to be looked at"),
                                    ("booked", "booked"),
                                    ("not_ours", "not ours"),
                                    ("detailed", "told in detail by another notification"),
                                ],
                                default="open",
                                max_length=8,
                            ),
                        ),
                        ("why", models.CharField(blank=True, help_text="How it was decided, in words.", max_length=200)),
                        ("resolutions", models.PositiveIntegerField(default=0, editable=False)),
                        ("resolved_at", models.DateTimeField(blank=True, null=True)),
                        (
                            "resolved_by",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "indexes": [
                            models.Index(fields=["cooperative", "booked_date"], name="bank_lines_by_day"),
                            models.Index(condition=models.Q(("status", "open")), fields=["cooperative"], name="bank_lines_to_look_at"),
                        ],
                        "constraints": [
                            models.UniqueConstraint(fields=("statement", "row"), name="statement_row_once"),
                            models.UniqueConstraint(fields=("cooperative", "content_key", "occurrence"), name="bank_movement_once"),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="BilledReadings",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "run",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE, related_name="billed_readings", to="billing.billingrun"
                            ),
                        ),
                        ("meter_id", models.BigIntegerField()),
                        (
                            "channel",
                            models.SmallIntegerField(
                                choices=[
                                    (1, "import"),
                                    (2, "export"),
                                    (3, "production"),
                                    (4, "charge"),
                                    (5, "discharge"),
                                    (6, "down"),
                                    (7, "up"),
                                    (8, "reactive"),
                                ]
                            ),
                        ),
                        ("versions", django.contrib.postgres.fields.ArrayField(base_field=models.SmallIntegerField(), size=None)),
                    ],
                    options={
                        "indexes": [models.Index(fields=["meter_id", "channel"], name="billed_readings_by_meter")],
                        "constraints": [models.UniqueConstraint(fields=("run", "meter_id", "channel"), name="billed_readings_once")],
                    },
                ),
                migrations.CreateModel(
                    name="DistributionPart",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("public_id", models.UUIDField(default=kernel.identifiers.uuid7, editable=False, unique=True)),
                        (
                            "distribution",
                            models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="parts", to="billing.distribution"),
                        ),
                        (
                            "member",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="distribution_parts", to="members.member"
                            ),
                        ),
                        ("delivered_wh", models.BigIntegerField()),
                        (
                            "capital_days",
                            models.BigIntegerField(help_text="Paid-in capital times the days it was held, minor units x days."),
                        ),
                        ("gross_minor", models.BigIntegerField()),
                        ("withheld_minor", models.BigIntegerField(default=0)),
                        ("paid_minor", models.BigIntegerField(default=0, editable=False)),
                    ],
                    options={
                        "indexes": [models.Index(fields=["member"], name="parts_by_member")],
                        "constraints": [
                            models.UniqueConstraint(fields=("distribution", "member"), name="one_part_per_member"),
                            models.CheckConstraint(
                                condition=models.Q(("capital_days__gte", 0), ("delivered_wh__gte", 0)), name="part_is_counted_by_something"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        ("gross_minor__gte", 0),
                                        ("paid_minor__gte", 0),
                                        ("withheld_minor__gte", 0),
                                        ("withheld_minor__lte", models.F("gross_minor")),
                                        (
                                            "paid_minor__lte",
                                            django.db.models.expressions.CombinedExpression(
                                                models.F("gross_minor"), "-", models.F("withheld_minor")
                                            ),
                                        ),
                                    ),
                                    models.Q(
                                        ("gross_minor__lt", 0),
                                        ("paid_minor", 0),
                                        ("withheld_minor__gte", models.F("gross_minor")),
                                        ("withheld_minor__lte", 0),
                                    ),
                                    _connector="OR",
                                ),
                                name="part_is_paid_once",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Document",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("public_id", models.UUIDField(default=kernel.identifiers.uuid7, editable=False, unique=True)),
                        (
                            "run",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="documents",
                                to="billing.billingrun",
                            ),
                        ),
                        (
                            "cooperative",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="documents", to="members.cooperative"
                            ),
                        ),
                        (
                            "member",
                            models.ForeignKey(
                                db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="documents", to="members.member"
                            ),
                        ),
                        (
                            "site",
                            models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="documents", to="energy.site"),
                        ),
                        (
                            "kind",
                            models.CharField(
                                choices=[
                                    ("bill", "bill"),
                                    ("credit", "credit"),
                                    ("bill_reversal", "credit note for a bill"),
                                    ("credit_reversal", "note that takes a credit back"),
                                ],
                                max_length=16,
                            ),
                        ),
                        (
                            "status",
                            models.CharField(
                                choices=[("draft", "draft"), ("open", "open"), ("settled", "settled"), ("cancelled", "cancelled")],
                                default="draft",
                                max_length=12,
                            ),
                        ),
                        ("series", models.CharField(blank=True, max_length=4)),
                        ("year", models.PositiveSmallIntegerField(null=True)),
                        ("number", models.PositiveIntegerField(null=True)),
                        ("label", models.CharField(blank=True, help_text="Series, year and number as people read them.", max_length=24)),
                        ("period", models.PositiveIntegerField(help_text="YYYYMM")),
                        ("first_day", models.DateField(help_text="Of the days that it is for.")),
                        ("last_day", models.DateField()),
                        ("issue_date", models.DateField()),
                        ("due_date", models.DateField()),
                        ("currency", models.CharField(max_length=3)),
                        ("net_minor", models.BigIntegerField(default=0)),
                        (
                            "vat_rate",
                            models.DecimalField(
                                decimal_places=4,
                                default=0,
                                help_text="Of all lines; empty where they bear several.",
                                max_digits=5,
                                null=True,
                            ),
                        ),
                        ("vat_minor", models.BigIntegerField(default=0)),
                        ("gross_minor", models.BigIntegerField(default=0)),
                        ("paid_minor", models.BigIntegerField(default=0)),
                        ("payment_reference", models.CharField(blank=True, max_length=35)),
                        ("chain_ref", models.CharField(default=kernel.identifiers.random_bytes32, editable=False, max_length=66)),
                        (
                            "cancels",
                            models.OneToOneField(
                                blank=True,
                                editable=False,
                                help_text="The document that this one takes back.",
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="cancelled_by",
                                to="billing.document",
                            ),
                        ),
                        (
                            "replaces",
                            models.OneToOneField(
                                blank=True,
                                editable=False,
                                help_text="The document that was taken back and that this one stands for now.",
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="replaced_by",
                                to="billing.document",
                            ),
                        ),
                    ],
                    options={
                        "indexes": [models.Index(fields=["member", "-period"], name="document_by_member")],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        ("cancels__isnull", False),
                                        ("kind__in", ["bill_reversal", "credit_reversal"]),
                                        ("replaces__isnull", True),
                                    ),
                                    models.Q(("cancels__isnull", True), ("kind__in", ["bill", "credit"])),
                                    _connector="OR",
                                ),
                                name="reversals_name_what_they_take_back",
                            ),
                            models.UniqueConstraint(
                                fields=("run", "site", "member", "kind", "first_day"), name="document_once_per_run_and_stay"
                            ),
                            models.UniqueConstraint(fields=("chain_ref",), name="document_chain_ref_once"),
                            models.CheckConstraint(
                                condition=models.Q(("last_day__gte", models.F("first_day"))), name="document_days_in_order"
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("number__isnull", False)),
                                fields=("cooperative", "series", "year", "number"),
                                name="document_number_once",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("number__isnull", True), ("status", "draft")),
                                    models.Q(models.Q(("status", "draft"), _negated=True), ("number__isnull", False)),
                                    _connector="OR",
                                ),
                                name="posted_documents_are_numbered",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    (
                                        "gross_minor",
                                        django.db.models.expressions.CombinedExpression(models.F("net_minor"), "+", models.F("vat_minor")),
                                    )
                                ),
                                name="gross_is_net_and_vat",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ExternalAccount",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "account",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.PROTECT, related_name="external", to="billing.account"
                            ),
                        ),
                        (
                            "cooperative",
                            models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="members.cooperative"),
                        ),
                        ("number", models.PositiveBigIntegerField()),
                        (
                            "tax_key",
                            models.CharField(
                                blank=True,
                                help_text="For accounts with a tax automatism of their own; empty: none.",
                                max_length=4,
                                verbose_name="BU key",
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(fields=("cooperative", "number"), name="external_number_once"),
                            models.CheckConstraint(
                                condition=models.Q(("number__gte", 1), ("number__lte", 999999999)), name="external_number_in_range"
                            ),
                        ]
                    },
                ),
                migrations.CreateModel(
                    name="IncentiveBudget",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "programme",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="budgets", to="billing.incentiveprogramme"
                            ),
                        ),
                        ("first_day", models.DateField()),
                        ("span", models.CharField(choices=[("month", "a month"), ("year", "a calendar year")], max_length=5)),
                        ("budget_minor", models.BigIntegerField()),
                        ("spent_minor", models.BigIntegerField(default=0)),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(fields=("programme", "first_day", "span"), name="incentive_budget_once"),
                            models.CheckConstraint(
                                condition=models.Q(("spent_minor__gte", 0), ("spent_minor__lte", models.F("budget_minor"))),
                                name="budget_is_never_exceeded",
                            ),
                        ]
                    },
                ),
                migrations.CreateModel(
                    name="IncentiveVersion",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("public_id", models.UUIDField(default=kernel.identifiers.uuid7, editable=False, unique=True)),
                        (
                            "programme",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="versions", to="billing.incentiveprogramme"
                            ),
                        ),
                        ("number", models.PositiveSmallIntegerField()),
                        (
                            "status",
                            models.CharField(
                                choices=[
                                    ("draft", "draft"),
                                    ("submitted", "waits for approval"),
                                    ("approved", "approved"),
                                    ("rejected", "rejected"),
                                ],
                                default="draft",
                                max_length=10,
                            ),
                        ),
                        ("valid_from", models.DateField(help_text="The first day of a month.")),
                        ("rule", models.JSONField(validators=[billing.models.incentives.validate_rule])),
                        (
                            "member_cap_minor",
                            models.BigIntegerField(
                                blank=True, help_text="Minor units a month; empty: no limit.", null=True, verbose_name="most for one member"
                            ),
                        ),
                        (
                            "budget_minor",
                            models.BigIntegerField(help_text="Minor units; never exceeded. 0 ends the programme.", verbose_name="budget"),
                        ),
                        (
                            "budget_span",
                            models.CharField(choices=[("month", "a month"), ("year", "a calendar year")], default="month", max_length=5),
                        ),
                        (
                            "when_short",
                            models.CharField(
                                choices=[
                                    ("pro_rata", "everybody gets a part, in proportion"),
                                    ("first_come", "who earned it on an earlier day gets it in full"),
                                ],
                                default="pro_rata",
                                max_length=10,
                                verbose_name="where the budget is short",
                            ),
                        ),
                        (
                            "submitted_by",
                            models.ForeignKey(
                                blank=True,
                                editable=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "approved_by",
                            models.ForeignKey(
                                blank=True,
                                editable=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("approved_at", models.DateTimeField(blank=True, editable=False, null=True)),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(fields=("programme", "number"), name="incentive_version_number_once"),
                            models.UniqueConstraint(
                                condition=models.Q(("status", "approved")),
                                fields=("programme", "valid_from"),
                                name="one_incentive_version_a_month",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("budget_minor__gte", 0),
                                    models.Q(("member_cap_minor__isnull", True), ("member_cap_minor__gt", 0), _connector="OR"),
                                ),
                                name="incentive_limits_in_range",
                            ),
                            models.CheckConstraint(condition=models.Q(("valid_from__day", 1)), name="incentive_begins_with_a_month"),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        ("approved_by__isnull", False),
                                        ("status", "approved"),
                                        ("submitted_by__isnull", False),
                                        models.Q(("approved_by", models.F("submitted_by")), _negated=True),
                                    ),
                                    models.Q(models.Q(("status", "approved"), _negated=True), ("approved_by__isnull", True)),
                                    _connector="OR",
                                ),
                                name="incentive_approved_by_another",
                            ),
                        ]
                    },
                ),
                migrations.CreateModel(
                    name="LedgerEntry",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "transaction",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="entries",
                                to="billing.ledgertransaction",
                            ),
                        ),
                        (
                            "account",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="entries",
                                to="billing.account",
                            ),
                        ),
                        ("debit_minor", models.BigIntegerField(default=0)),
                        ("credit_minor", models.BigIntegerField(default=0)),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("credit_minor__gt", 0), ("debit_minor", 0)),
                                    models.Q(("credit_minor", 0), ("debit_minor__gt", 0)),
                                    _connector="OR",
                                ),
                                name="entry_has_one_side",
                            )
                        ]
                    },
                ),
                migrations.CreateModel(
                    name="PeriodStep",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "period",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="steps", to="billing.accountingperiod"
                            ),
                        ),
                        ("status", models.CharField(choices=[("open", "open"), ("closed", "closed")], max_length=8)),
                        ("at", models.DateTimeField()),
                        (
                            "by",
                            models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL),
                        ),
                        ("reason", models.CharField(blank=True, max_length=300)),
                        ("content_sha256", models.CharField(blank=True, max_length=64)),
                    ],
                ),
                migrations.CreateModel(
                    name="PrepaidAlarm",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("public_id", models.UUIDField(default=kernel.identifiers.uuid7, editable=False, unique=True)),
                        (
                            "agreement",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="alarms", to="billing.prepaidagreement"
                            ),
                        ),
                        (
                            "alarm",
                            models.CharField(
                                choices=[
                                    ("low", "low"),
                                    ("little", "little"),
                                    ("very_low", "very low"),
                                    ("friendly", "friendly"),
                                    ("used_up", "used up"),
                                ],
                                max_length=10,
                            ),
                        ),
                        ("passed_at", models.DateTimeField()),
                        ("shown_minor", models.BigIntegerField()),
                        ("days_left", models.PositiveIntegerField(blank=True, null=True)),
                        ("is_told", models.BooleanField(help_text="False where a worse one was passed at the same time and told instead.")),
                        ("over_at", models.DateTimeField(blank=True, null=True)),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("over_at__isnull", True)),
                                fields=("agreement", "alarm"),
                                name="prepaid_alarm_stands_once",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("over_at__isnull", True), ("over_at__gte", models.F("passed_at")), _connector="OR"),
                                name="prepaid_alarm_over_later",
                            ),
                        ]
                    },
                ),
                migrations.CreateModel(
                    name="PrepaidDay",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "agreement",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE, related_name="days", to="billing.prepaidagreement"
                            ),
                        ),
                        ("day", models.DateField()),
                        ("books_minor", models.BigIntegerField(help_text="What lay in the books for the member; below 0: what they owed.")),
                        ("spent_minor", models.BigIntegerField()),
                        ("unbilled_minor", models.BigIntegerField()),
                        ("unbilled_days", models.PositiveSmallIntegerField()),
                        (
                            "estimated_days",
                            models.PositiveSmallIntegerField(help_text="Of the days not billed yet, those that are not closed."),
                        ),
                        ("unread_days", models.PositiveSmallIntegerField(help_text="Of these, those that lack readings.")),
                        ("usual_minor", models.BigIntegerField(help_text="What a day usually costs.")),
                        ("looked_at", models.DateTimeField()),
                    ],
                    options={"constraints": [models.UniqueConstraint(fields=("agreement", "day"), name="prepaid_day_once")]},
                ),
                migrations.CreateModel(
                    name="ReminderStage",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "rule",
                            models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="stages", to="billing.arrearsrule"),
                        ),
                        ("level", models.PositiveSmallIntegerField()),
                        ("days_after_due", models.PositiveSmallIntegerField()),
                        ("fee_minor", models.PositiveIntegerField(default=0, verbose_name="fee [minor units]")),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(fields=("rule", "level"), name="stage_level_once"),
                            models.CheckConstraint(condition=models.Q(("level__range", (1, 9))), name="stage_level_in_range"),
                        ]
                    },
                ),
                migrations.CreateModel(
                    name="RuleReplay",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "run",
                            models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="replays", to="billing.billingrun"),
                        ),
                        (
                            "key",
                            models.CharField(
                                blank=True,
                                choices=[
                                    ("dynamic", "dynamic: in proportion to use"),
                                    ("static", "static: fixed shares"),
                                    ("hybrid", "hybrid: fixed shares, what is left again"),
                                    ("hierarchical", "hierarchical: own site, then feeder, then all"),
                                    ("market", "market: as members order"),
                                ],
                                max_length=16,
                            ),
                        ),
                        (
                            "price_rule",
                            models.CharField(
                                blank=True,
                                choices=[
                                    ("mid_market", "mid-market: halfway between retail and feed-in price"),
                                    ("supply_demand_ratio", "supply-demand ratio: cheap when there is plenty"),
                                    ("bill_sharing", "bill sharing: local energy is free, the grid's cost is shared"),
                                    ("uniform_auction", "auction: what the last matched bid and offer agree on (market only)"),
                                ],
                                max_length=24,
                            ),
                        ),
                        ("shared_wh", models.BigIntegerField()),
                        ("site_ids", django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None)),
                        (
                            "bill_minor",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.BigIntegerField(), help_text="What each site would have paid, with VAT.", size=None
                            ),
                        ),
                        (
                            "credit_minor",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.BigIntegerField(), help_text="What each would have been paid for its energy.", size=None
                            ),
                        ),
                        (
                            "part_site_ids",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.BigIntegerField(),
                                default=list,
                                help_text="Common plants, one entry for each part that somebody else than the owner holds.",
                                size=None,
                            ),
                        ),
                        (
                            "part_member_ids",
                            django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), default=list, size=None),
                        ),
                        (
                            "part_credit_minor",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.BigIntegerField(),
                                default=list,
                                help_text="What each holder would have been paid for the part.",
                                size=None,
                            ),
                        ),
                        ("computed_at", models.DateTimeField()),
                    ],
                    options={"constraints": [models.UniqueConstraint(fields=("run", "key", "price_rule"), name="rule_replayed_once")]},
                ),
                migrations.CreateModel(
                    name="RunCheck",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "run",
                            models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="checks", to="billing.billingrun"),
                        ),
                        ("site", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="energy.site")),
                        (
                            "kind",
                            models.CharField(
                                choices=[
                                    ("negative", "to be paid is less than nothing"),
                                    ("no_readings", "days without readings"),
                                    ("estimated", "a large part is estimated"),
                                    ("very_high", "far above what is usual in the village"),
                                    ("last_year", "far from the same month last year"),
                                    ("months_before", "far from the months before"),
                                    ("nothing_used", "nothing was used"),
                                    ("first_bill", "the first document of this member"),
                                    ("new_tariff", "the tariff changed"),
                                    ("no_address", "no postal address"),
                                    ("no_contact", "no e-mail address"),
                                ],
                                max_length=16,
                            ),
                        ),
                        ("is_blocking", models.BooleanField(default=False)),
                        ("told", models.CharField(help_text="What was found, with its figures.", max_length=300)),
                        ("settled_at", models.DateTimeField(blank=True, null=True)),
                        (
                            "settled_by",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("note", models.CharField(blank=True, help_text="What was found out, and by whom.", max_length=300)),
                    ],
                    options={
                        "indexes": [
                            models.Index(
                                condition=models.Q(("is_blocking", True), ("settled_at__isnull", True)),
                                fields=["run"],
                                name="checks_that_block",
                            )
                        ],
                        "constraints": [
                            models.UniqueConstraint(fields=("run", "site", "kind"), name="checked_once"),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("settled_at__isnull", True), ("settled_by__isnull", True)),
                                    models.Q(("settled_at__isnull", False), ("settled_by__isnull", False)),
                                    _connector="OR",
                                ),
                                name="a_person_settles_a_check",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("is_blocking", False),
                                    ("settled_at__isnull", True),
                                    models.Q(("note", ""), _negated=True),
                                    _connector="OR",
                                ),
                                name="what_blocks_is_settled_with_a_note",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="RunChunk",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "run",
                            models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="chunks", to="billing.billingrun"),
                        ),
                        ("index", models.PositiveIntegerField()),
                        ("site_ids", django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None)),
                        ("status", models.CharField(choices=[("open", "open"), ("rated", "rated")], default="open", max_length=8)),
                    ],
                    options={"constraints": [models.UniqueConstraint(fields=("run", "index"), name="chunk_once")]},
                ),
                migrations.CreateModel(
                    name="SpotFeed",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "index",
                            models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name="feed", to="billing.spotindex"),
                        ),
                        (
                            "form",
                            models.CharField(
                                choices=[
                                    ("entsoe", "ENTSO-E Transparency Platform (A44)"),
                                    ("awattar", "aWATTar"),
                                    ("energy_charts", "Energy-Charts"),
                                ],
                                max_length=20,
                            ),
                        ),
                        (
                            "address",
                            models.URLField(
                                help_text="For example https://web-api.tp.entsoe.eu/api (its token is ENTSOE_TOKEN).", max_length=300
                            ),
                        ),
                        (
                            "area",
                            models.CharField(
                                blank=True,
                                help_text="ENTSO-E's code (10Y1001A1001A82H) or Energy-Charts' (DE-LU); aWATTar needs none.",
                                max_length=40,
                                verbose_name="bidding zone",
                            ),
                        ),
                        (
                            "exchange_rate",
                            models.DecimalField(
                                blank=True,
                                decimal_places=8,
                                help_text="What a unit of the service's currency is worth in the cooperative's, where they differ.",
                                max_digits=18,
                                null=True,
                            ),
                        ),
                        (
                            "asks_from",
                            models.TimeField(
                                default=datetime.time(13, 0), help_text="Tomorrow's prices are asked for from then on, local time."
                            ),
                        ),
                        ("is_on", models.BooleanField(default=False, verbose_name="asks by itself")),
                        ("tried_at", models.DateTimeField(blank=True, editable=False, null=True)),
                        ("succeeded_at", models.DateTimeField(blank=True, editable=False, null=True)),
                        ("failures", models.PositiveSmallIntegerField(default=0, editable=False, verbose_name="failures since then")),
                        ("problem", models.CharField(blank=True, editable=False, max_length=300)),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("exchange_rate__isnull", True), ("exchange_rate__gt", 0), _connector="OR"),
                                name="spot_feed_rate_above_0",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("form", "awattar"), models.Q(("area", ""), _negated=True), _connector="OR"),
                                name="spot_feed_knows_its_area",
                            ),
                        ]
                    },
                ),
                migrations.CreateModel(
                    name="SpotImport",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("public_id", models.UUIDField(default=kernel.identifiers.uuid7, editable=False, unique=True)),
                        (
                            "index",
                            models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="imports", to="billing.spotindex"),
                        ),
                        ("source", models.CharField(help_text="Who published the prices, or how they were made.", max_length=120)),
                        ("file_name", models.CharField(max_length=120)),
                        ("sha256", models.CharField(max_length=64)),
                        ("prices", models.PositiveIntegerField()),
                        ("first_at", models.DateTimeField()),
                        ("last_at", models.DateTimeField()),
                        ("imported_at", models.DateTimeField()),
                        (
                            "imported_by",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(fields=("index", "sha256"), name="spot_file_once"),
                            models.CheckConstraint(condition=models.Q(("last_at__gte", models.F("first_at"))), name="spot_import_in_order"),
                        ]
                    },
                ),
                migrations.CreateModel(
                    name="SurplusCarried",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "run",
                            models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="surplus", to="billing.billingrun"),
                        ),
                        ("site", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="surplus", to="energy.site")),
                        (
                            "member",
                            models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="surplus", to="members.member"),
                        ),
                        ("first_day", models.DateField(help_text="Of the days that the run counts for the member.")),
                        ("window", models.CharField(max_length=40)),
                        ("before_wh", models.BigIntegerField()),
                        ("after_wh", models.BigIntegerField()),
                    ],
                    options={
                        "indexes": [models.Index(fields=["site", "run"], name="surplus_by_site")],
                        "constraints": [
                            models.UniqueConstraint(fields=("run", "site", "first_day", "window"), name="surplus_once_per_run"),
                            models.CheckConstraint(
                                condition=models.Q(("after_wh__gte", 0), ("before_wh__gte", 0)), name="surplus_not_negative"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="TariffAssignment",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "site",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="tariff_assignments", to="energy.site"
                            ),
                        ),
                        (
                            "tariff",
                            models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="assignments", to="billing.tariff"),
                        ),
                        ("valid_from", models.DateField()),
                        ("valid_to", models.DateField(blank=True, null=True)),
                    ],
                    options={
                        "constraints": [
                            django.contrib.postgres.constraints.ExclusionConstraint(
                                expressions=[
                                    (models.F("site"), "="),
                                    (
                                        grid.models.sharing.DateRange(
                                            "valid_from", "valid_to", django.contrib.postgres.fields.ranges.RangeBoundary()
                                        ),
                                        "&&",
                                    ),
                                ],
                                name="one_tariff_at_a_time",
                            )
                        ]
                    },
                ),
                migrations.CreateModel(
                    name="TariffVersion",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("public_id", models.UUIDField(default=kernel.identifiers.uuid7, editable=False, unique=True)),
                        (
                            "tariff",
                            models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="versions", to="billing.tariff"),
                        ),
                        ("number", models.PositiveSmallIntegerField()),
                        (
                            "status",
                            models.CharField(
                                choices=[
                                    ("draft", "draft"),
                                    ("submitted", "waits for approval"),
                                    ("published", "approved"),
                                    ("rejected", "rejected"),
                                ],
                                default="draft",
                                max_length=12,
                            ),
                        ),
                        ("valid_from", models.DateField()),
                        ("valid_to", models.DateField(blank=True, help_text="Exclusive; empty: until further notice.", null=True)),
                        (
                            "standing_per_day",
                            models.DecimalField(
                                decimal_places=6, default=Decimal("0"), max_digits=12, verbose_name="standing charge per day"
                            ),
                        ),
                        (
                            "energy_per_kwh",
                            models.DecimalField(
                                decimal_places=6,
                                default=Decimal("0"),
                                help_text="From the public grid, outside every time window.",
                                max_digits=12,
                                verbose_name="energy per kWh",
                            ),
                        ),
                        (
                            "export_per_kwh",
                            models.DecimalField(
                                decimal_places=6,
                                default=Decimal("0"),
                                help_text="Paid for energy that goes to the public grid.",
                                max_digits=12,
                                verbose_name="export per kWh",
                            ),
                        ),
                        (
                            "incentive_per_kwh",
                            models.DecimalField(
                                decimal_places=6,
                                default=Decimal("0"),
                                help_text="Deducted for energy received from neighbours.",
                                max_digits=12,
                                verbose_name="incentive per kWh",
                            ),
                        ),
                        ("vat_rate", models.DecimalField(decimal_places=4, default=Decimal("0.19"), max_digits=5, verbose_name="VAT rate")),
                        (
                            "parts",
                            models.JSONField(
                                blank=True,
                                default=list,
                                help_text="Charges beside these prices: tiers, demand, levies, discounts, a minimum. Written as a list of parts.",
                                validators=[billing.models.tariffs.validate_parts],
                                verbose_name="more parts",
                            ),
                        ),
                        (
                            "source_name",
                            models.CharField(
                                blank=True,
                                editable=False,
                                help_text="Empty: written here.",
                                max_length=120,
                                verbose_name="made from the file",
                            ),
                        ),
                        (
                            "not_billed",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.CharField(max_length=200),
                                blank=True,
                                default=list,
                                editable=False,
                                help_text="What that file holds and no bill depends on.",
                                size=None,
                            ),
                        ),
                        ("submitted_at", models.DateTimeField(blank=True, editable=False, null=True)),
                        (
                            "submitted_by",
                            models.ForeignKey(
                                blank=True,
                                editable=False,
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("published_at", models.DateTimeField(blank=True, editable=False, null=True, verbose_name="approved at")),
                        (
                            "published_by",
                            models.ForeignKey(
                                blank=True,
                                editable=False,
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                                verbose_name="approved by",
                            ),
                        ),
                        ("used_at", models.DateTimeField(blank=True, editable=False, null=True)),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(fields=("tariff", "number"), name="tariff_version_number_once"),
                            django.contrib.postgres.constraints.ExclusionConstraint(
                                condition=models.Q(("status", "published")),
                                expressions=[
                                    (models.F("tariff"), "="),
                                    (
                                        grid.models.sharing.DateRange(
                                            "valid_from", "valid_to", django.contrib.postgres.fields.ranges.RangeBoundary()
                                        ),
                                        "&&",
                                    ),
                                ],
                                name="published_versions_do_not_overlap",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("valid_to__isnull", True), ("valid_to__gt", models.F("valid_from")), _connector="OR"),
                                name="version_ends_after_it_starts",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("energy_per_kwh__gte", 0), ("incentive_per_kwh__gte", 0), ("standing_per_day__gte", 0)),
                                name="version_prices_not_negative",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("vat_rate__gte", 0), ("vat_rate__lt", 1)), name="version_vat_within_one"
                            ),
                            models.CheckConstraint(
                                condition=django.db.models.lookups.Exact(
                                    models.Func(models.F("parts"), function="jsonb_typeof", output_field=models.TextField()), "array"
                                ),
                                name="version_parts_are_a_list",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("published_by", models.F("submitted_by")), _negated=True),
                                name="version_approved_by_another",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("status", "draft"), ("submitted_at__isnull", True)),
                                    models.Q(models.Q(("status", "draft"), _negated=True), ("submitted_at__isnull", False)),
                                    _connector="OR",
                                ),
                                name="version_was_submitted",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("status", "published"), _negated=True), ("published_at__isnull", False), _connector="OR"
                                ),
                                name="version_was_approved",
                            ),
                        ]
                    },
                ),
                migrations.CreateModel(
                    name="CardPayout",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("public_id", models.UUIDField(default=kernel.identifiers.uuid7, editable=False, unique=True)),
                        (
                            "cooperative",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="card_payouts", to="members.cooperative"
                            ),
                        ),
                        ("ref", models.CharField(max_length=120)),
                        ("amount_minor", models.BigIntegerField()),
                        ("status", models.CharField(max_length=20)),
                        ("arrival_date", models.DateField()),
                        ("trace", models.CharField(blank=True, help_text="What the provider's bank writes with it.", max_length=80)),
                        ("finding", models.CharField(blank=True, max_length=200)),
                        (
                            "bank_line",
                            models.OneToOneField(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="card_payout",
                                to="billing.bankstatementline",
                            ),
                        ),
                    ],
                    options={"constraints": [models.UniqueConstraint(fields=("cooperative", "ref"), name="card_payout_once")]},
                ),
                migrations.CreateModel(
                    name="DocumentLine",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "document",
                            models.ForeignKey(
                                db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="lines", to="billing.document"
                            ),
                        ),
                        ("position", models.PositiveSmallIntegerField()),
                        (
                            "component",
                            models.CharField(
                                choices=[
                                    ("standing", "standing charge"),
                                    ("local", "energy from neighbours"),
                                    ("grid", "energy from the public grid"),
                                    ("incentive", "incentive for local energy"),
                                    ("local_delivered", "energy delivered to neighbours"),
                                    ("carried", "grid energy carried for neighbours"),
                                    ("gift", "energy given to you"),
                                    ("given", "energy you gave away"),
                                    ("deviation", "orders not kept"),
                                    ("compensation", "orders others did not keep"),
                                    ("export", "energy to the public grid"),
                                    ("demand_response", "drawing less when asked"),
                                    ("battery", "flexibility of your battery"),
                                    ("flexible_run", "flexibility of your devices"),
                                    ("local_use", "reward for local energy"),
                                    ("shifted", "reward for drawing outside the peak"),
                                    ("low_income", "support"),
                                    ("demand", "highest power of the month"),
                                    ("levy", "levy"),
                                    ("discount", "discount"),
                                    ("spot", "energy at the price of the hour"),
                                    ("set_off", "set off against what was fed in"),
                                    ("kept", "surplus that waits"),
                                    ("capacity", "connection by fuse"),
                                    ("reactive", "reactive energy"),
                                    ("own_use", "made and used at the site"),
                                    ("minimum", "top-up to the minimum"),
                                ],
                                max_length=16,
                            ),
                        ),
                        ("window", models.CharField(blank=True, max_length=60)),
                        ("quantity", models.BigIntegerField()),
                        ("unit", models.CharField(max_length=4)),
                        ("price", models.DecimalField(decimal_places=6, help_text="Per kWh, per kW or per day.", max_digits=14)),
                        ("exact_micro", models.BigIntegerField(help_text="Sum of Wh x millionths per kWh, before rounding.")),
                        ("net_minor", models.BigIntegerField()),
                        ("vat_category", models.CharField(default="O", help_text="UNTDID 5305: S, Z, E, AE or O.", max_length=2)),
                        ("vat_rate", models.DecimalField(decimal_places=4, default=0, max_digits=5)),
                    ],
                    options={"constraints": [models.UniqueConstraint(fields=("document", "position"), name="line_position_once")]},
                ),
                migrations.CreateModel(
                    name="DocumentVat",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "document",
                            models.ForeignKey(
                                db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="vat_sums", to="billing.document"
                            ),
                        ),
                        (
                            "category",
                            models.CharField(
                                choices=[
                                    ("S", "standard"),
                                    ("Z", "zero rated"),
                                    ("E", "exempt"),
                                    ("AE", "reverse charge"),
                                    ("O", "outside VAT"),
                                ],
                                max_length=2,
                            ),
                        ),
                        ("rate", models.DecimalField(decimal_places=4, max_digits=5)),
                        ("net_minor", models.BigIntegerField()),
                        ("vat_minor", models.BigIntegerField()),
                        ("reason", models.CharField(blank=True, help_text="Why no tax is shown, as it is printed.", max_length=200)),
                        (
                            "ground",
                            models.CharField(
                                choices=[
                                    ("taxed", "taxed"),
                                    ("zero", "at a rate of nothing"),
                                    ("reverse_charge", "reverse charge"),
                                    ("small_business", "small business"),
                                    ("exempt", "exempt"),
                                    ("outside", "outside VAT"),
                                    ("own_supply", "the cooperative's own supply"),
                                ],
                                db_default="taxed",
                                max_length=16,
                            ),
                        ),
                        (
                            "recipient_rate",
                            models.DecimalField(
                                db_default=0, decimal_places=4, help_text="At which we owe the tax as recipient.", max_digits=5
                            ),
                        ),
                        ("recipient_vat_minor", models.BigIntegerField(db_default=0, help_text="What we owe as recipient.")),
                        (
                            "is_deducted",
                            models.BooleanField(db_default=True, help_text="Whether we get back what we are charged, or owe as recipient."),
                        ),
                    ],
                    options={
                        "verbose_name": "VAT sum",
                        "constraints": [
                            models.UniqueConstraint(fields=("document", "category", "rate"), name="vat_sum_once"),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("category", "S"), ("rate__gt", 0)),
                                    models.Q(models.Q(("category", "S"), _negated=True), ("rate", 0), ("vat_minor", 0)),
                                    _connector="OR",
                                ),
                                name="only_standard_lines_bear_tax",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("recipient_rate", 0), ("recipient_vat_minor", 0)),
                                    models.Q(("category", "AE"), ("recipient_rate__gt", 0), ("recipient_rate__lt", 1)),
                                    _connector="OR",
                                ),
                                name="recipients_owe_under_reverse_charge",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="FlexibilityCredit",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("public_id", models.UUIDField(default=kernel.identifiers.uuid7, editable=False, unique=True)),
                        (
                            "site",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="flexibility_credits", to="energy.site"
                            ),
                        ),
                        (
                            "component",
                            models.CharField(
                                choices=[
                                    ("demand_response", "drawing less when asked"),
                                    ("battery", "flexibility of your battery"),
                                    ("flexible_run", "flexibility of your devices"),
                                    ("local_use", "reward for local energy"),
                                    ("shifted", "reward for drawing outside the peak"),
                                    ("low_income", "support"),
                                ],
                                max_length=16,
                            ),
                        ),
                        ("cause_ref", models.CharField(max_length=120, unique=True)),
                        ("start_at", models.DateTimeField()),
                        ("end_at", models.DateTimeField()),
                        ("window", models.CharField(blank=True, help_text="As the line names it.", max_length=40)),
                        (
                            "baseline_wh",
                            models.BigIntegerField(
                                blank=True, help_text="What it would have been without; empty where nothing is compared.", null=True
                            ),
                        ),
                        ("measured_wh", models.BigIntegerField(blank=True, help_text="What the meter showed.", null=True)),
                        ("quantity_wh", models.BigIntegerField(help_text="What is paid for; days where the unit says so.")),
                        ("unit", models.CharField(blank=True, default="Wh", help_text="Wh, day, or none: an amount alone.", max_length=4)),
                        ("price", models.DecimalField(decimal_places=6, help_text="Per kWh; the mean where it changed.", max_digits=14)),
                        ("exact_micro", models.BigIntegerField(help_text="Sum of Wh x millionths per kWh, before rounding.")),
                        ("net_minor", models.BigIntegerField()),
                        ("noted_at", models.DateTimeField()),
                        (
                            "document",
                            models.ForeignKey(
                                blank=True,
                                editable=False,
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="flexibility",
                                to="billing.document",
                            ),
                        ),
                        ("position", models.PositiveSmallIntegerField(blank=True, editable=False, null=True)),
                    ],
                    options={
                        "indexes": [
                            models.Index(
                                condition=models.Q(("document__isnull", True)), fields=["site", "end_at"], name="flexibility_waiting"
                            )
                        ],
                        "constraints": [
                            models.CheckConstraint(condition=models.Q(("end_at__gt", models.F("start_at"))), name="flexibility_in_order"),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("exact_micro__gte", 0), ("net_minor__gte", 0), ("price__gte", 0), ("quantity_wh__gt", 0)
                                ),
                                name="flexibility_is_owed_to_the_site",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="IncentiveAward",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("public_id", models.UUIDField(default=kernel.identifiers.uuid7, editable=False, unique=True)),
                        (
                            "version",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="awards", to="billing.incentiveversion"
                            ),
                        ),
                        (
                            "budget",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="awards", to="billing.incentivebudget"
                            ),
                        ),
                        (
                            "site",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="incentive_awards", to="energy.site"
                            ),
                        ),
                        (
                            "member",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="incentive_awards", to="members.member"
                            ),
                        ),
                        ("period", models.PositiveIntegerField(help_text="YYYYMM")),
                        ("cause_ref", models.CharField(max_length=120, unique=True)),
                        ("start_at", models.DateTimeField()),
                        ("end_at", models.DateTimeField()),
                        ("quantity", models.BigIntegerField()),
                        ("unit", models.CharField(blank=True, max_length=4)),
                        ("baseline_wh", models.BigIntegerField(blank=True, null=True)),
                        ("measured_wh", models.BigIntegerField(blank=True, null=True)),
                        ("earned_minor", models.BigIntegerField(help_text="Without limits.")),
                        ("capped_minor", models.BigIntegerField(help_text="Within the member's cap.")),
                        ("awarded_minor", models.BigIntegerField(help_text="Within the budget too.")),
                        (
                            "status",
                            models.CharField(
                                choices=[("granted", "granted"), ("held", "to be looked at"), ("declined", "declined")], max_length=8
                            ),
                        ),
                        (
                            "concerns",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.CharField(
                                    choices=[
                                        ("raised_before", "raised_before"),
                                        ("cycled", "cycled"),
                                        ("own_sites", "own_sites"),
                                        ("moved_next_door", "moved_next_door"),
                                    ],
                                    max_length=16,
                                ),
                                blank=True,
                                default=list,
                                size=None,
                            ),
                        ),
                        ("made_at", models.DateTimeField()),
                        ("decided_at", models.DateTimeField(blank=True, null=True)),
                        (
                            "decided_by",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("why", models.CharField(blank=True, help_text="Of the decision; the member reads it.", max_length=200)),
                    ],
                    options={
                        "indexes": [
                            models.Index(fields=["version", "period"], name="awards_by_period"),
                            models.Index(fields=["member", "-period"], name="awards_by_member"),
                            models.Index(condition=models.Q(("status", "held")), fields=["version"], name="awards_held"),
                        ],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("awarded_minor__gte", 0),
                                    ("capped_minor__gte", models.F("awarded_minor")),
                                    ("earned_minor__gte", models.F("capped_minor")),
                                    ("quantity__gt", 0),
                                ),
                                name="award_within_its_limits",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("concerns", []), ("status", "granted")),
                                    models.Q(("decided_by__isnull", True), ("status", "held")),
                                    models.Q(
                                        ("decided_at__isnull", False),
                                        ("decided_by__isnull", False),
                                        ("status__in", ["granted", "declined"]),
                                        models.Q(("why", ""), _negated=True),
                                    ),
                                    _connector="OR",
                                ),
                                name="concerns_are_decided_by_a_person",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="InstalmentPlan",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("public_id", models.UUIDField(default=kernel.identifiers.uuid7, editable=False, unique=True)),
                        (
                            "member",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="instalment_plans", to="members.member"
                            ),
                        ),
                        ("agreed_date", models.DateField()),
                        (
                            "agreed_by",
                            models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL),
                        ),
                        ("paid_before_minor", models.BigIntegerField(help_text="Of these bills, when it was agreed.")),
                        ("due_dates", django.contrib.postgres.fields.ArrayField(base_field=models.DateField(), size=None)),
                        ("amounts_minor", django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None)),
                        (
                            "status",
                            models.CharField(
                                choices=[
                                    ("agreed", "agreed"),
                                    ("kept", "kept to the end"),
                                    ("broken", "broken"),
                                    ("withdrawn", "withdrawn"),
                                ],
                                default="agreed",
                                max_length=10,
                            ),
                        ),
                        ("ended_at", models.DateTimeField(blank=True, null=True)),
                        ("documents", models.ManyToManyField(related_name="instalment_plans", to="billing.document")),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(condition=models.Q(("status", "agreed")), fields=("member",), name="one_plan_at_a_time")
                        ]
                    },
                ),
                migrations.CreateModel(
                    name="MemberShare",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("public_id", models.UUIDField(default=kernel.identifiers.uuid7, editable=False, unique=True)),
                        (
                            "member",
                            models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="shares", to="members.member"),
                        ),
                        ("count", models.PositiveIntegerField(verbose_name="shares")),
                        (
                            "paid_in_minor",
                            models.BigIntegerField(help_text="For all of them together, minor units.", verbose_name="paid in"),
                        ),
                        ("paid_in_date", models.DateField(verbose_name="paid in on")),
                        (
                            "returned_date",
                            models.DateField(
                                blank=True,
                                help_text="The first day on which they no longer count.",
                                null=True,
                                verbose_name="given back on",
                            ),
                        ),
                        (
                            "noted_by",
                            models.ForeignKey(
                                editable=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                            ),
                        ),
                        (
                            "way",
                            models.CharField(
                                blank=True,
                                choices=[("bank", "bank"), ("cash", "cash"), ("mobile", "mobile money"), ("opening", "before these books")],
                                db_default="",
                                editable=False,
                                help_text="Empty: not in the books yet.",
                                max_length=8,
                                verbose_name="paid by",
                            ),
                        ),
                        (
                            "bank_line",
                            models.OneToOneField(
                                blank=True,
                                editable=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="member_share",
                                to="billing.bankstatementline",
                            ),
                        ),
                        ("repaid_minor", models.BigIntegerField(db_default=0, editable=False)),
                    ],
                    options={
                        "verbose_name_plural": "members' shares",
                        "indexes": [models.Index(fields=["member", "paid_in_date"], name="shares_by_member")],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("repaid_minor", 0),
                                    models.Q(
                                        ("repaid_minor__gt", 0),
                                        ("repaid_minor__lte", models.F("paid_in_minor")),
                                        ("returned_date__isnull", False),
                                        models.Q(("way", ""), _negated=True),
                                    ),
                                    _connector="OR",
                                ),
                                name="shares_are_paid_back_once",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("bank_line__isnull", False), ("way", "bank")),
                                    models.Q(models.Q(("way", "bank"), _negated=True), ("bank_line__isnull", True)),
                                    _connector="OR",
                                ),
                                name="shares_by_bank_have_their_movement",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("count__gt", 0), ("paid_in_minor__gt", 0)), name="shares_are_worth_something"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("returned_date__isnull", True), ("returned_date__gte", models.F("paid_in_date")), _connector="OR"
                                ),
                                name="shares_held_in_order",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Payment",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("public_id", models.UUIDField(default=kernel.identifiers.uuid7, editable=False, unique=True)),
                        (
                            "cooperative",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="payments", to="members.cooperative"
                            ),
                        ),
                        (
                            "member",
                            models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="payments", to="members.member"),
                        ),
                        (
                            "document",
                            models.ForeignKey(
                                blank=True,
                                help_text="The bill that its payer meant.",
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="payments",
                                to="billing.document",
                            ),
                        ),
                        (
                            "rail",
                            models.CharField(
                                choices=[
                                    ("bank", "bank transfer"),
                                    ("debit", "direct debit"),
                                    ("cash", "cash"),
                                    ("mobile", "mobile money"),
                                    ("chain", "on the chain"),
                                    ("card", "card"),
                                ],
                                max_length=8,
                            ),
                        ),
                        ("amount_minor", models.BigIntegerField()),
                        ("external_ref", models.CharField(max_length=160)),
                        ("received_at", models.DateTimeField()),
                        ("booked_at", models.DateTimeField()),
                        (
                            "bank_line",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="payments",
                                to="billing.bankstatementline",
                            ),
                        ),
                        (
                            "taken_by",
                            models.ForeignKey(
                                blank=True,
                                help_text="Who took it, where a person did.",
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("note", models.CharField(blank=True, max_length=200)),
                        ("allocated_minor", models.BigIntegerField(default=0, editable=False)),
                        ("refunded_minor", models.BigIntegerField(default=0, editable=False)),
                        ("returned_minor", models.BigIntegerField(default=0, editable=False)),
                        (
                            "credit_minor",
                            models.GeneratedField(
                                db_persist=True,
                                expression=django.db.models.expressions.CombinedExpression(
                                    django.db.models.expressions.CombinedExpression(
                                        django.db.models.expressions.CombinedExpression(
                                            models.F("amount_minor"), "-", models.F("allocated_minor")
                                        ),
                                        "-",
                                        models.F("refunded_minor"),
                                    ),
                                    "-",
                                    models.F("returned_minor"),
                                ),
                                output_field=models.BigIntegerField(),
                            ),
                        ),
                    ],
                    options={
                        "indexes": [
                            models.Index(
                                condition=models.Q(
                                    (
                                        "amount_minor__gt",
                                        django.db.models.expressions.CombinedExpression(
                                            django.db.models.expressions.CombinedExpression(
                                                models.F("allocated_minor"), "+", models.F("refunded_minor")
                                            ),
                                            "+",
                                            models.F("returned_minor"),
                                        ),
                                    )
                                ),
                                fields=["member"],
                                name="payments_with_credit",
                            )
                        ],
                        "constraints": [
                            models.UniqueConstraint(fields=("cooperative", "rail", "external_ref"), name="payment_booked_once"),
                            models.CheckConstraint(condition=models.Q(("amount_minor__gt", 0)), name="payment_is_positive"),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("allocated_minor__gte", 0),
                                    ("refunded_minor__gte", 0),
                                    ("returned_minor__gte", 0),
                                    (
                                        "amount_minor__gte",
                                        django.db.models.expressions.CombinedExpression(
                                            django.db.models.expressions.CombinedExpression(
                                                models.F("allocated_minor"), "+", models.F("refunded_minor")
                                            ),
                                            "+",
                                            models.F("returned_minor"),
                                        ),
                                    ),
                                ),
                                name="payment_is_spent_once",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Payout",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("public_id", models.UUIDField(default=kernel.identifiers.uuid7, editable=False, unique=True)),
                        (
                            "order",
                            models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="payouts", to="billing.bankorder"),
                        ),
                        (
                            "cooperative",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="payouts", to="members.cooperative"
                            ),
                        ),
                        ("source", models.CharField(help_text="credit, refund, dividend, ...", max_length=20)),
                        ("source_key", models.CharField(max_length=60)),
                        (
                            "member",
                            models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="payouts", to="members.member"),
                        ),
                        ("debit_account", models.CharField(help_text="The account whose debt it settles.", max_length=20)),
                        ("name", models.CharField(max_length=70)),
                        ("iban", models.CharField(max_length=34, verbose_name="IBAN")),
                        ("amount_minor", models.BigIntegerField()),
                        ("text", models.CharField(max_length=140)),
                        ("end_to_end_id", models.CharField(max_length=35)),
                        (
                            "status",
                            models.CharField(
                                choices=[
                                    ("prepared", "prepared"),
                                    ("released", "with the bank"),
                                    ("done", "done"),
                                    ("rejected", "rejected"),
                                    ("returned", "returned"),
                                    ("cancelled", "cancelled"),
                                ],
                                default="prepared",
                                max_length=10,
                            ),
                        ),
                        ("code", models.CharField(blank=True, max_length=8)),
                        (
                            "bank_line",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="payouts",
                                to="billing.bankstatementline",
                            ),
                        ),
                        (
                            "returned_line",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="returned_payouts",
                                to="billing.bankstatementline",
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(fields=("cooperative", "end_to_end_id"), name="payout_id_once"),
                            models.UniqueConstraint(
                                condition=models.Q(("status__in", ("prepared", "released", "done"))),
                                fields=("cooperative", "source", "source_key"),
                                name="paid_out_once",
                            ),
                            models.CheckConstraint(condition=models.Q(("amount_minor__gt", 0)), name="payout_is_positive"),
                        ]
                    },
                ),
                migrations.CreateModel(
                    name="Reminder",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("public_id", models.UUIDField(default=kernel.identifiers.uuid7, editable=False, unique=True)),
                        (
                            "cooperative",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="reminders", to="members.cooperative"
                            ),
                        ),
                        (
                            "member",
                            models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="reminders", to="members.member"),
                        ),
                        (
                            "document",
                            models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="reminders", to="billing.document"),
                        ),
                        ("level", models.PositiveSmallIntegerField()),
                        ("sent_date", models.DateField()),
                        ("pay_until", models.DateField()),
                        ("rest_minor", models.BigIntegerField()),
                        ("fee_minor", models.BigIntegerField(default=0)),
                        ("interest_minor", models.BigIntegerField(default=0)),
                        (
                            "interest_from",
                            models.DateField(help_text="First day of the interest; it ends with the day before it was sent."),
                        ),
                        (
                            "interest_words",
                            models.CharField(blank=True, help_text="First day, days and rate of each piece.", max_length=300),
                        ),
                        ("taken_back_at", models.DateTimeField(blank=True, null=True)),
                        (
                            "taken_back_by",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("why", models.CharField(blank=True, max_length=200)),
                    ],
                    options={
                        "indexes": [models.Index(fields=["member", "-sent_date"], name="reminders_by_member")],
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("taken_back_at__isnull", True)),
                                fields=("document", "level"),
                                name="reminded_once_a_level",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("fee_minor__gte", 0), ("interest_minor__gte", 0), ("rest_minor__gt", 0)),
                                name="reminder_amounts_in_range",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("taken_back_at__isnull", True),
                                    models.Q(("taken_back_by__isnull", False), models.Q(("why", ""), _negated=True)),
                                    _connector="OR",
                                ),
                                name="reminders_taken_back_say_why",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="SpotDay",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "index",
                            models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="days", to="billing.spotindex"),
                        ),
                        ("day", models.DateField()),
                        ("price_micro", django.contrib.postgres.fields.ArrayField(base_field=models.IntegerField(null=True), size=None)),
                        (
                            "spot_import",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="days",
                                to="billing.spotimport",
                                verbose_name="from",
                            ),
                        ),
                    ],
                    options={"constraints": [models.UniqueConstraint(fields=("index", "day"), name="spot_day_once")]},
                ),
                migrations.CreateModel(
                    name="TariffPriceDay",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "microgrid",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="tariff_price_days", to="energy.microgrid"
                            ),
                        ),
                        (
                            "tariff",
                            models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="price_days", to="billing.tariff"),
                        ),
                        (
                            "version",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="price_days", to="billing.tariffversion"
                            ),
                        ),
                        ("day", models.DateField()),
                        (
                            "price_micro",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.IntegerField(), help_text="Millionths per kWh, without VAT.", size=None
                            ),
                        ),
                        (
                            "index_micro",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.IntegerField(null=True), help_text="The index as it was known then.", size=None
                            ),
                        ),
                        (
                            "state",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.SmallIntegerField(
                                    choices=[(0, "ordinary"), (1, "more than it needs"), (2, "near its limit")]
                                ),
                                size=None,
                            ),
                        ),
                        (
                            "substituted",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.BooleanField(), help_text="Where the fallback rule stands in for the index.", size=None
                            ),
                        ),
                        ("published_at", models.DateTimeField()),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(fields=("microgrid", "tariff", "day"), name="tariff_prices_published_once"),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("index_micro__len", models.F("price_micro__len")),
                                    ("state__len", models.F("price_micro__len")),
                                    ("substituted__len", models.F("price_micro__len")),
                                ),
                                name="tariff_prices_of_one_length",
                            ),
                        ]
                    },
                ),
                migrations.CreateModel(
                    name="TariffStep",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "version",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="steps", to="billing.tariffversion"
                            ),
                        ),
                        (
                            "kind",
                            models.CharField(
                                choices=[("submitted", "submitted"), ("approved", "approved"), ("rejected", "rejected")], max_length=12
                            ),
                        ),
                        (
                            "user",
                            models.ForeignKey(
                                blank=True,
                                help_text="Empty: the programme itself, as it set the cooperative up.",
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("at", models.DateTimeField()),
                        ("reason", models.CharField(blank=True, max_length=400)),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(fields=("version", "kind"), name="tariff_step_once"),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("kind", "rejected"), _negated=True), models.Q(("reason", ""), _negated=True), _connector="OR"
                                ),
                                name="rejection_says_why",
                            ),
                        ]
                    },
                ),
                migrations.CreateModel(
                    name="TimeWindow",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "version",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE, related_name="windows", to="billing.tariffversion"
                            ),
                        ),
                        ("name", models.CharField(max_length=40)),
                        (
                            "days",
                            models.CharField(
                                choices=[("every_day", "every day"), ("weekdays", "Monday to Friday"), ("weekends", "Saturday and Sunday")],
                                default="every_day",
                                max_length=12,
                            ),
                        ),
                        ("start_minute", models.PositiveSmallIntegerField(help_text="Minutes after midnight, local time.")),
                        ("end_minute", models.PositiveSmallIntegerField(help_text="Minutes after midnight; 1440 is the day's end.")),
                        ("multiplier", models.DecimalField(decimal_places=6, max_digits=8)),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(fields=("version", "name"), name="window_name_once"),
                            models.CheckConstraint(
                                condition=models.Q(("end_minute__gt", models.F("start_minute")), ("end_minute__lte", 1440)),
                                name="window_within_a_day",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("multiplier__gte", 0), models.Q(("name", "base"), _negated=True)),
                                name="window_is_not_base",
                            ),
                        ]
                    },
                ),
                migrations.CreateModel(
                    name="CardCheckout",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("public_id", models.UUIDField(default=kernel.identifiers.uuid7, editable=False, unique=True)),
                        (
                            "cooperative",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="card_checkouts", to="members.cooperative"
                            ),
                        ),
                        (
                            "member",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="card_checkouts", to="members.member"
                            ),
                        ),
                        (
                            "document",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="card_checkouts",
                                to="billing.document",
                            ),
                        ),
                        ("amount_minor", models.BigIntegerField()),
                        ("currency", models.CharField(max_length=3)),
                        (
                            "status",
                            models.CharField(
                                choices=[
                                    ("open", "waits for the payer"),
                                    ("paid", "paid"),
                                    ("dropped", "nothing was collected"),
                                    ("odd", "the provider has another sum"),
                                ],
                                default="open",
                                max_length=8,
                            ),
                        ),
                        ("why", models.CharField(blank=True, max_length=160)),
                        ("session_ref", models.CharField(blank=True, max_length=120)),
                        ("intent_ref", models.CharField(blank=True, max_length=120)),
                        ("page_url", models.URLField(blank=True, max_length=1000)),
                        ("made_at", models.DateTimeField()),
                        (
                            "made_by",
                            models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL),
                        ),
                        (
                            "payment",
                            models.OneToOneField(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="card_checkout",
                                to="billing.payment",
                            ),
                        ),
                    ],
                    options={
                        "indexes": [models.Index(fields=["cooperative", "-made_at"], name="checkouts_by_time")],
                        "constraints": [
                            models.CheckConstraint(condition=models.Q(("amount_minor__gt", 0)), name="checkout_is_positive"),
                            models.UniqueConstraint(
                                condition=models.Q(("session_ref", ""), _negated=True),
                                fields=("session_ref",),
                                name="checkout_session_once",
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("intent_ref", ""), _negated=True), fields=("intent_ref",), name="checkout_intent_once"
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("status", "open")), fields=("document",), name="one_checkout_of_a_bill_at_a_time"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("payment__isnull", False), ("status", "paid")),
                                    models.Q(models.Q(("status", "paid"), _negated=True), ("payment__isnull", True)),
                                    _connector="OR",
                                ),
                                name="paid_checkouts_have_their_payment",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="CardDispute",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("public_id", models.UUIDField(default=kernel.identifiers.uuid7, editable=False, unique=True)),
                        (
                            "cooperative",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="card_disputes", to="members.cooperative"
                            ),
                        ),
                        ("ref", models.CharField(max_length=120)),
                        (
                            "payment",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="card_disputes", to="billing.payment"
                            ),
                        ),
                        ("amount_minor", models.BigIntegerField()),
                        ("reason", models.CharField(blank=True, max_length=60)),
                        ("status", models.CharField(max_length=40)),
                        ("opened_at", models.DateTimeField()),
                        ("withdrawn_minor", models.BigIntegerField(default=0, help_text="What the provider holds back for it now.")),
                    ],
                    options={"constraints": [models.UniqueConstraint(fields=("cooperative", "ref"), name="card_dispute_once")]},
                ),
                migrations.CreateModel(
                    name="Debit",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("public_id", models.UUIDField(default=kernel.identifiers.uuid7, editable=False, unique=True)),
                        (
                            "order",
                            models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="debits", to="billing.bankorder"),
                        ),
                        (
                            "cooperative",
                            models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="debits", to="members.cooperative"),
                        ),
                        (
                            "document",
                            models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="debits", to="billing.document"),
                        ),
                        (
                            "mandate",
                            models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="debits", to="billing.mandate"),
                        ),
                        ("amount_minor", models.BigIntegerField()),
                        ("sequence", models.CharField(choices=[("FRST", "first"), ("RCUR", "recurring")], max_length=4)),
                        ("end_to_end_id", models.CharField(max_length=35)),
                        (
                            "status",
                            models.CharField(
                                choices=[
                                    ("prepared", "prepared"),
                                    ("released", "with the bank"),
                                    ("done", "done"),
                                    ("rejected", "rejected"),
                                    ("returned", "returned"),
                                    ("cancelled", "cancelled"),
                                ],
                                default="prepared",
                                max_length=10,
                            ),
                        ),
                        ("code", models.CharField(blank=True, help_text="The bank's reason, for example MD01.", max_length=8)),
                        (
                            "payment",
                            models.OneToOneField(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="debit",
                                to="billing.payment",
                            ),
                        ),
                        (
                            "bank_line",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="debits_collected",
                                to="billing.bankstatementline",
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(fields=("cooperative", "end_to_end_id"), name="debit_id_once"),
                            models.UniqueConstraint(
                                condition=models.Q(("status__in", ("prepared", "released"))),
                                fields=("document",),
                                name="bill_collected_once",
                            ),
                            models.CheckConstraint(condition=models.Q(("amount_minor__gt", 0)), name="debit_is_positive"),
                        ]
                    },
                ),
                migrations.CreateModel(
                    name="Delivery",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("public_id", models.UUIDField(default=kernel.identifiers.uuid7, editable=False, unique=True)),
                        (
                            "member",
                            models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="deliveries", to="members.member"),
                        ),
                        (
                            "document",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="deliveries",
                                to="billing.document",
                            ),
                        ),
                        (
                            "reminder",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="deliveries",
                                to="billing.reminder",
                            ),
                        ),
                        (
                            "part",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="deliveries",
                                to="billing.distributionpart",
                            ),
                        ),
                        (
                            "statement",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="deliveries",
                                to="billing.yearstatement",
                            ),
                        ),
                        (
                            "alarm",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="deliveries",
                                to="billing.prepaidalarm",
                            ),
                        ),
                        ("recipient", models.EmailField(max_length=254)),
                        ("sending", models.PositiveSmallIntegerField(default=1, help_text="1 for the first time.")),
                        (
                            "status",
                            models.CharField(
                                choices=[
                                    ("queued", "queued"),
                                    ("sending", "being sent"),
                                    ("sent", "sent"),
                                    ("failed", "failed"),
                                    ("opened", "opened"),
                                ],
                                default="queued",
                                max_length=8,
                            ),
                        ),
                        ("queued_at", models.DateTimeField()),
                        ("claimed_at", models.DateTimeField(blank=True, null=True)),
                        ("sent_at", models.DateTimeField(blank=True, null=True)),
                        ("opened_at", models.DateTimeField(blank=True, null=True)),
                        ("problem", models.CharField(blank=True, max_length=300)),
                    ],
                    options={
                        "verbose_name_plural": "deliveries",
                        "indexes": [
                            models.Index(
                                condition=models.Q(("status__in", ["queued", "sending"])), fields=["queued_at"], name="deliveries_to_send"
                            ),
                            models.Index(
                                models.OrderBy(models.F("queued_at"), descending=True),
                                models.OrderBy(models.F("id"), descending=True),
                                name="deliveries_newest",
                            ),
                        ],
                        "constraints": [
                            models.UniqueConstraint(fields=("document", "recipient", "sending"), name="delivered_once"),
                            models.UniqueConstraint(fields=("reminder", "recipient", "sending"), name="reminder_delivered_once"),
                            models.UniqueConstraint(fields=("part", "recipient", "sending"), name="part_delivered_once"),
                            models.UniqueConstraint(fields=("statement", "recipient", "sending"), name="year_delivered_once"),
                            models.UniqueConstraint(fields=("alarm", "recipient", "sending"), name="alarm_delivered_once"),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        ("alarm__isnull", True),
                                        ("document__isnull", False),
                                        ("part__isnull", True),
                                        ("reminder__isnull", True),
                                        ("statement__isnull", True),
                                    ),
                                    models.Q(
                                        ("alarm__isnull", True),
                                        ("document__isnull", True),
                                        ("part__isnull", True),
                                        ("reminder__isnull", False),
                                        ("statement__isnull", True),
                                    ),
                                    models.Q(
                                        ("alarm__isnull", True),
                                        ("document__isnull", True),
                                        ("part__isnull", False),
                                        ("reminder__isnull", True),
                                        ("statement__isnull", True),
                                    ),
                                    models.Q(
                                        ("alarm__isnull", True),
                                        ("document__isnull", True),
                                        ("part__isnull", True),
                                        ("reminder__isnull", True),
                                        ("statement__isnull", False),
                                    ),
                                    models.Q(
                                        ("alarm__isnull", False),
                                        ("document__isnull", True),
                                        ("part__isnull", True),
                                        ("reminder__isnull", True),
                                        ("statement__isnull", True),
                                    ),
                                    _connector="OR",
                                ),
                                name="deliveries_are_of_one_letter",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("status__in", ["sent", "opened"]), _negated=True), ("sent_at__isnull", False), _connector="OR"
                                ),
                                name="sent_deliveries_say_when",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("status", "opened"), _negated=True), ("opened_at__isnull", False), _connector="OR"
                                ),
                                name="opened_deliveries_say_when",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("status", "failed"), _negated=True), models.Q(("problem", ""), _negated=True), _connector="OR"
                                ),
                                name="failed_deliveries_say_why",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="PaymentReturn",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("public_id", models.UUIDField(default=kernel.identifiers.uuid7, editable=False, unique=True)),
                        (
                            "payment",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.PROTECT, related_name="taken_back", to="billing.payment"
                            ),
                        ),
                        (
                            "kind",
                            models.CharField(
                                choices=[
                                    ("bank", "taken back by the bank"),
                                    ("card", "taken back by the card provider"),
                                    ("undone", "undone by a person"),
                                ],
                                max_length=8,
                            ),
                        ),
                        ("amount_minor", models.BigIntegerField()),
                        ("code", models.CharField(blank=True, help_text="The bank's reason, for example AM04.", max_length=8)),
                        ("fee_minor", models.BigIntegerField(default=0, help_text="What the bank took for it.")),
                        (
                            "bank_line",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="returns",
                                to="billing.bankstatementline",
                            ),
                        ),
                        ("returned_at", models.DateTimeField()),
                        (
                            "made_by",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("amount_minor__gt", 0), ("fee_minor__gte", 0)), name="return_is_positive"
                            )
                        ]
                    },
                ),
                migrations.CreateModel(
                    name="Refund",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("public_id", models.UUIDField(default=kernel.identifiers.uuid7, editable=False, unique=True)),
                        (
                            "cooperative",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="refunds", to="members.cooperative"
                            ),
                        ),
                        (
                            "member",
                            models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="refunds", to="members.member"),
                        ),
                        ("amount_minor", models.BigIntegerField()),
                        (
                            "way",
                            models.CharField(
                                choices=[("bank", "by transfer"), ("card", "to the card that paid")], default="bank", max_length=4
                            ),
                        ),
                        ("iban", models.CharField(blank=True, max_length=34, verbose_name="IBAN")),
                        (
                            "payment",
                            models.ForeignKey(
                                blank=True,
                                help_text="The card payment that goes back.",
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="refunds",
                                to="billing.payment",
                            ),
                        ),
                        ("why", models.CharField(max_length=140)),
                        ("asked_at", models.DateTimeField()),
                        (
                            "asked_by",
                            models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL),
                        ),
                        ("withdrawn_at", models.DateTimeField(blank=True, null=True)),
                        ("released_at", models.DateTimeField(blank=True, null=True)),
                        (
                            "released_by",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("provider_ref", models.CharField(blank=True, max_length=80)),
                        ("failed", models.CharField(blank=True, help_text="Why the provider did not pay it back.", max_length=80)),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(condition=models.Q(("amount_minor__gt", 0)), name="refund_is_positive"),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("released_by__isnull", True),
                                    models.Q(("released_by", models.F("asked_by")), _negated=True),
                                    _connector="OR",
                                ),
                                name="refund_released_by_a_second_person",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        ("payment__isnull", True),
                                        ("released_at__isnull", True),
                                        ("way", "bank"),
                                        models.Q(("iban", ""), _negated=True),
                                    ),
                                    models.Q(("iban", ""), ("payment__isnull", False), ("way", "card")),
                                    _connector="OR",
                                ),
                                name="refund_names_where_it_goes",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("released_at__isnull", True), ("released_by__isnull", True)),
                                    models.Q(
                                        ("released_at__isnull", False), ("released_by__isnull", False), ("withdrawn_at__isnull", True)
                                    ),
                                    _connector="OR",
                                ),
                                name="refund_released_by_somebody",
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("provider_ref", ""), _negated=True),
                                fields=("cooperative", "provider_ref"),
                                name="refund_ref_once",
                            ),
                        ]
                    },
                ),
                migrations.CreateModel(
                    name="Allocation",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("public_id", models.UUIDField(default=kernel.identifiers.uuid7, editable=False, unique=True)),
                        (
                            "payment",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="allocations",
                                to="billing.payment",
                            ),
                        ),
                        (
                            "credit",
                            models.ForeignKey(
                                blank=True,
                                help_text="A credit document.",
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="spent",
                                to="billing.document",
                            ),
                        ),
                        (
                            "document",
                            models.ForeignKey(
                                blank=True,
                                help_text="A bill.",
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="allocations",
                                to="billing.document",
                            ),
                        ),
                        (
                            "charge",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="allocations",
                                to="billing.charge",
                            ),
                        ),
                        (
                            "payout",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="allocations",
                                to="billing.payout",
                            ),
                        ),
                        (
                            "refund",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="allocations",
                                to="billing.refund",
                            ),
                        ),
                        ("amount_minor", models.BigIntegerField()),
                        (
                            "reverses",
                            models.OneToOneField(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="reversed_by",
                                to="billing.allocation",
                            ),
                        ),
                        ("made_at", models.DateTimeField()),
                        (
                            "made_by",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("why", models.CharField(blank=True, max_length=120)),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("credit__isnull", True), ("payment__isnull", False)),
                                    models.Q(("credit__isnull", False), ("payment__isnull", True)),
                                    _connector="OR",
                                ),
                                name="allocation_has_one_source",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        ("charge__isnull", True),
                                        ("document__isnull", False),
                                        ("payout__isnull", True),
                                        ("refund__isnull", True),
                                    ),
                                    models.Q(
                                        ("charge__isnull", False),
                                        ("document__isnull", True),
                                        ("payout__isnull", True),
                                        ("refund__isnull", True),
                                    ),
                                    models.Q(
                                        ("charge__isnull", True),
                                        ("document__isnull", True),
                                        ("payout__isnull", False),
                                        ("refund__isnull", True),
                                    ),
                                    models.Q(
                                        ("charge__isnull", True),
                                        ("document__isnull", True),
                                        ("payout__isnull", True),
                                        ("refund__isnull", False),
                                    ),
                                    _connector="OR",
                                ),
                                name="allocation_has_one_target",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("amount_minor__gt", 0), ("reverses__isnull", True)),
                                    models.Q(("amount_minor__lt", 0), ("reverses__isnull", False)),
                                    _connector="OR",
                                ),
                                name="only_counter_rows_are_negative",
                            ),
                        ]
                    },
                ),
            ]
        ),
        migrations.RunSQL(
            BALANCED
            + CLOSED_MONTHS
            + DOCUMENTS
            + NO_LINES_AFTER_POSTING
            + VAT_SUMS
            + REVERSALS
            + FLEXIBILITY
            + TARIFFS
            + PRICES
            + ALLOCATIONS
            + BANK
            + LIFE_SUPPORT
            + DISTRIBUTIONS
            + INCENTIVES
            + ACCOUNTS_ARE_KEPT
            + YEARS
            + PREPAID,
            UNDO,
        ),
    ]
