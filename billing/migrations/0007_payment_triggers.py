"""Money is spent once: running sums follow from rows that stay, and what came from or went to a bank never changes."""

from django.db import migrations

# What was paid before allocations stood by themselves went to the bill its payment names, as far as that was open.
PAID_BEFORE = """
INSERT INTO billing_allocation (public_id, payment_id, document_id, amount_minor, made_at, why)
    SELECT uuidv7(), id, document_id, least(amount_minor, open_minor), booked_at, '' FROM (
        SELECT p.id, p.document_id, p.amount_minor, p.booked_at, d.gross_minor - coalesce(sum(p.amount_minor) OVER (
            PARTITION BY p.document_id ORDER BY p.id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS open_minor
        FROM billing_payment p JOIN billing_document d ON d.id = p.document_id) AS paid
    WHERE open_minor > 0;
UPDATE billing_payment p SET allocated_minor = a.amount_minor FROM billing_allocation a WHERE a.payment_id = p.id;
UPDATE billing_document SET paid_minor = gross_minor WHERE paid_minor > gross_minor;
SET CONSTRAINTS ALL IMMEDIATE;
SET CONSTRAINTS ALL DEFERRED;
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
               original.amount_minor)
              IS DISTINCT FROM
              (NEW.payment_id, NEW.credit_id, NEW.document_id, NEW.charge_id, NEW.payout_id, -NEW.amount_minor) THEN
            RAISE EXCEPTION 'A counter-row takes back one allocation wholly (%)', NEW.reverses_id;
        END IF;
    END IF;
    SELECT member_id INTO source_member FROM billing_payment WHERE id = NEW.payment_id
        UNION ALL SELECT member_id FROM billing_document WHERE id = NEW.credit_id;
    SELECT member_id INTO target_member FROM billing_document WHERE id = NEW.document_id
        UNION ALL SELECT member_id FROM billing_charge WHERE id = NEW.charge_id
        UNION ALL SELECT member_id FROM billing_payout WHERE id = NEW.payout_id;
    IF source_member <> target_member THEN
        RAISE EXCEPTION 'An allocation stays with one member (% and %)', source_member, target_member;
    END IF;
    IF NEW.payment_id IS NOT NULL THEN
        UPDATE billing_payment SET
            allocated_minor = allocated_minor + CASE WHEN NEW.payout_id IS NULL THEN NEW.amount_minor ELSE 0 END,
            refunded_minor = refunded_minor + CASE WHEN NEW.payout_id IS NULL THEN 0 ELSE NEW.amount_minor END
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
                               WHERE payment_id = NEW.id AND payout_id IS NULL)
       OR NEW.refunded_minor <> (SELECT coalesce(sum(amount_minor), 0) FROM billing_allocation
                                 WHERE payment_id = NEW.id AND payout_id IS NOT NULL)
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

UNDO = """
DROP FUNCTION pay_document, spend_by_allocation, spend_by_return, keep_payment_rows, keep_payments, begin_unspent,
    keep_bank_lines, keep_bank_orders, keep_bank_order_items, keep_mandates CASCADE;
"""


class Migration(migrations.Migration):
    """Triggers of payments, bank lines, bank orders and mandates."""

    dependencies = [("billing", "0006_payments")]

    operations = [
        migrations.RunSQL(PAID_BEFORE, migrations.RunSQL.noop),
        migrations.RunSQL(ALLOCATIONS + BANK, UNDO),
    ]
