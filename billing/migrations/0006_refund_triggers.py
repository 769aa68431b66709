"""A payment's sum of what was paid back counts refunds that leave by another way than a payout."""

from django.db import migrations

SPENT = """
CREATE OR REPLACE FUNCTION spend_by_allocation() RETURNS trigger LANGUAGE plpgsql AS $$
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

CREATE OR REPLACE FUNCTION keep_payments() RETURNS trigger LANGUAGE plpgsql AS $$
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
"""

BEFORE = """
CREATE OR REPLACE FUNCTION spend_by_allocation() RETURNS trigger LANGUAGE plpgsql AS $$
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
CREATE OR REPLACE FUNCTION keep_payments() RETURNS trigger LANGUAGE plpgsql AS $$
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
"""


class Migration(migrations.Migration):
    """The two functions behind the sums of a payment."""

    dependencies = [("billing", "0005_money_by_hand_and_card")]

    operations = [migrations.RunSQL(SPENT, BEFORE)]
