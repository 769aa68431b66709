"""Money that comes in is booked once and settles what it pays."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from billing.models import Document, LedgerTransaction, Payment, PaymentRail
from billing.selectors.run_summary import trial_balance
from billing.services.payments import CannotBook, book_payment, credit_of
from tests.integration.billing.conftest import NOW, Hamlet


def pay(bill: Document, amount_minor: int, ref: str = "r1", rail: PaymentRail = PaymentRail.BANK) -> tuple[Payment, bool]:
    return book_payment(document=bill, amount_minor=amount_minor, rail=rail, external_ref=ref, received_at=NOW, now=NOW + timedelta(days=2))


@pytest.fixture
def bill(hamlet: Hamlet) -> Document:
    run = hamlet.bill()
    return Document.objects.filter(run=run, kind="bill").order_by("-gross_minor")[0]


def state(bill: Document) -> tuple[Any, ...]:
    bill.refresh_from_db()
    return bill.status, bill.paid_minor, bill.rest_minor


def test_a_payment_settles_the_bill_in_the_ledger(hamlet: Hamlet, bill: Document) -> None:
    before = trial_balance(hamlet.cooperative)
    pay(bill, bill.gross_minor)
    after = trial_balance(hamlet.cooperative)
    assert state(bill) == ("settled", bill.gross_minor, 0)
    assert after["bank"] == bill.gross_minor
    assert before["receivable"] - after["receivable"] == bill.gross_minor


def test_the_same_payment_again_changes_nothing(hamlet: Hamlet, bill: Document) -> None:
    first, new = pay(bill, 5)
    again, new_again = pay(bill, 5)
    assert (first.pk, new, new_again) == (again.pk, True, False)
    assert state(bill)[1] == 5
    assert trial_balance(hamlet.cooperative)["bank"] == 5


def test_parts_add_up_and_each_rail_has_its_account(hamlet: Hamlet, bill: Document) -> None:
    pay(bill, 1, "same")
    assert state(bill) == ("open", 1, bill.gross_minor - 1)
    pay(bill, bill.gross_minor - 1, "same", PaymentRail.CHAIN)
    assert state(bill)[0] == "settled"
    balance = trial_balance(hamlet.cooperative)
    assert (balance["bank"], balance["chain_wallet"]) == (1, bill.gross_minor - 1)


def test_what_is_paid_too_much_stays_the_members(hamlet: Hamlet, bill: Document) -> None:
    others = sum(Document.objects.filter(kind="bill").exclude(pk=bill.pk).values_list("gross_minor", flat=True))
    pay(bill, bill.gross_minor + 300)
    assert state(bill) == ("settled", bill.gross_minor, 0)
    assert credit_of(bill.member) == 300
    assert trial_balance(hamlet.cooperative)["receivable"] == others - 300


def test_references_that_are_alike_for_long_are_booked_apart(hamlet: Hamlet, bill: Document) -> None:
    for end in "ab":
        pay(bill, 4, "0" * 150 + end)
    assert trial_balance(hamlet.cooperative)["bank"] == 8
    assert LedgerTransaction.objects.filter(cause="payment").count() == 2


def test_only_posted_bills_are_paid_and_only_by_amounts_above_nothing(hamlet: Hamlet, bill: Document) -> None:
    with pytest.raises(CannotBook, match="positive"):
        pay(bill, 0)
    with pytest.raises(CannotBook, match="not a posted bill"):
        pay(Document.objects.filter(kind="credit")[0], 1)
    assert not Payment.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_payment_that_comes_by_two_hands_is_booked_once(committed_hamlet: Hamlet) -> None:
    run = committed_hamlet.bill()
    bill = Document.objects.filter(run=run, kind="bill")[0]

    def one(_: int) -> bool:
        try:
            return pay(bill, 3)[1]
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(one, range(4))) == [False, False, False, True]
    assert trial_balance(committed_hamlet.cooperative)["bank"] == 3
