"""What a statement books is checked in one look: whole, balanced, of one currency, on accounts that are there (ADR 18).

Per entry the same checks cost a third of posting a month. Indexes that only repeat the beginning of a key go.
"""

import django.db.models.deletion
import kernel.identifiers
from django.db import migrations, models


WHOLE = """
DROP TRIGGER books_balance ON billing_ledgerentry;
DROP FUNCTION keep_the_books_balanced();

CREATE OR REPLACE FUNCTION keep_transactions_whole() RETURNS trigger LANGUAGE plpgsql AS $$
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

CREATE FUNCTION keep_accounts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'An account stays: entries may refer to it (%)', OLD.code;
END $$;
CREATE TRIGGER accounts_are_kept BEFORE DELETE ON billing_account FOR EACH ROW EXECUTE FUNCTION keep_accounts();
CREATE TRIGGER accounts_keep_their_id BEFORE UPDATE ON billing_account
    FOR EACH ROW WHEN (OLD.id IS DISTINCT FROM NEW.id) EXECUTE FUNCTION keep_accounts();
"""

BEFORE = """
DROP TRIGGER accounts_keep_their_id ON billing_account;
DROP TRIGGER accounts_are_kept ON billing_account;
DROP FUNCTION keep_accounts();
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
"""


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0010_vat_by_account"),
        ("energy", "0002_site_ownership"),
        ("members", "0001_schema"),
    ]

    operations = [
        migrations.RunSQL(WHOLE, BEFORE),
        migrations.AlterField(
            model_name="account",
            name="cooperative",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="accounts",
                to="members.cooperative",
            ),
        ),
        migrations.AlterField(
            model_name="document",
            name="chain_ref",
            field=models.CharField(default=kernel.identifiers.random_bytes32, editable=False, max_length=66),
        ),
        migrations.AlterField(
            model_name="document",
            name="member",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="documents",
                to="members.member",
            ),
        ),
        migrations.AlterField(
            model_name="document",
            name="run",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="documents",
                to="billing.billingrun",
            ),
        ),
        migrations.AlterField(
            model_name="documentline",
            name="document",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="lines",
                to="billing.document",
            ),
        ),
        migrations.AlterField(
            model_name="documentvat",
            name="document",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="vat_sums",
                to="billing.document",
            ),
        ),
        migrations.AlterField(
            model_name="ledgerentry",
            name="account",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="entries",
                to="billing.account",
            ),
        ),
        migrations.AlterField(
            model_name="ledgerentry",
            name="transaction",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="entries",
                to="billing.ledgertransaction",
            ),
        ),
        migrations.AlterField(
            model_name="ledgertransaction",
            name="cooperative",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="ledger_transactions",
                to="members.cooperative",
            ),
        ),
        migrations.AddConstraint(
            model_name="document",
            constraint=models.UniqueConstraint(fields=("chain_ref",), name="document_chain_ref_once"),
        ),
    ]
