"""Nothing is booked into a closed month; a transaction is sealed when it is made, of one currency and one cooperative."""

from django.db import migrations

CURRENCIES = """
ALTER TABLE billing_ledgertransaction DISABLE TRIGGER transactions_stay;
UPDATE billing_account a SET currency = c.currency FROM members_cooperative c
    WHERE c.id = a.cooperative_id AND c.currency <> a.currency;
UPDATE billing_ledgertransaction t SET currency = c.currency FROM members_cooperative c
    WHERE c.id = t.cooperative_id AND c.currency <> t.currency;
UPDATE billing_ledgertransaction SET cause_ref = substr(idempotency_key, 10)::uuid
    WHERE cause = 'document' AND idempotency_key LIKE 'document:%';
ALTER TABLE billing_ledgertransaction ENABLE TRIGGER transactions_stay;
"""

GUARDS = """
-- Whoever closes a month takes the same lock alone, so that nothing is on its way into it meanwhile.
CREATE FUNCTION keep_closed_months() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    month record;
BEGIN
    FOR month IN SELECT DISTINCT cooperative_id, to_char(booked_date, 'YYYYMM')::int AS period FROM added ORDER BY 1, 2 LOOP
        PERFORM pg_advisory_xact_lock_shared(hashtextextended('books ' || month.cooperative_id || ' ' || month.period, 0));
        IF EXISTS (SELECT FROM billing_accountingperiod p WHERE p.cooperative_id = month.cooperative_id
                   AND p.period = month.period AND p.status = 'closed') THEN
            RAISE EXCEPTION 'Nothing is booked into %: the month is closed', month.period;
        END IF;
    END LOOP;
    RETURN NULL;
END $$;
CREATE TRIGGER closed_months_stay AFTER INSERT ON billing_ledgertransaction
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION keep_closed_months();

CREATE FUNCTION keep_transactions_whole() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    wrong record;
BEGIN
    SELECT t.id, t.made_in, t.currency, t.cooperative_id, a.currency AS of_account, a.cooperative_id AS owner INTO wrong
    FROM added e JOIN billing_ledgertransaction t ON t.id = e.transaction_id JOIN billing_account a ON a.id = e.account_id
    WHERE t.made_in <> txid_current() OR a.currency <> t.currency OR a.cooperative_id <> t.cooperative_id LIMIT 1;
    IF NOT FOUND THEN
        RETURN NULL;
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
    IF (NEW.cooperative_id, NEW.code, NEW.member_id, NEW.currency)
        IS DISTINCT FROM (OLD.cooperative_id, OLD.code, OLD.member_id, OLD.currency) THEN
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

UNDO = """
DROP TRIGGER months_stay ON billing_accountingperiod;
DROP TRIGGER month_steps_stay ON billing_periodstep;
DROP FUNCTION keep_the_log_of_months();
DROP TRIGGER accounts_stay ON billing_account;
DROP FUNCTION keep_what_accounts_are();
DROP TRIGGER transactions_are_whole ON billing_ledgerentry;
DROP FUNCTION keep_transactions_whole();
DROP TRIGGER closed_months_stay ON billing_ledgertransaction;
DROP FUNCTION keep_closed_months();
"""


class Migration(migrations.Migration):
    dependencies = [("billing", "0003_books")]

    operations = [
        migrations.RunSQL(CURRENCIES, migrations.RunSQL.noop),
        migrations.RunSQL(GUARDS, UNDO),
    ]
