"""What came in is allocated, credit, paid back or taken back: to the cent, in the database, whatever people do."""

import random
from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction
from django.db.models import Sum

from billing.models import Allocation, CreditUse, Document, LedgerEntry, Payment, PaymentRail, PaymentReturn, PaymentRules, ReturnKind
from billing.selectors.run_summary import trial_balance
from billing.services.allocations import CannotAllocate, allocate, standing_allocations, take_back
from billing.services.bank_orders import release_order
from billing.services.payables import CannotPayOut
from billing.services.payments import book_member_payment, credit_of, return_payment, use_credit
from billing.services.payouts import ask_refund, prepare_payouts
from members.models import Cooperative, Member, User
from tests.integration.billing.conftest import NOW, Hamlet

IBAN = "DE89370400440532013000"


@pytest.fixture
def bills(hamlet: Hamlet) -> list[Document]:
    run = hamlet.bill()
    return list(Document.objects.filter(run=run, kind="bill", gross_minor__gt=0).order_by("number"))


def pay(member: Member, amount_minor: int, ref: str, document: Document | None = None) -> Payment:
    return book_member_payment(
        member=member, document=document, amount_minor=amount_minor, rail=PaymentRail.CASH, external_ref=ref, received_at=NOW, now=NOW
    )[0]


def people() -> tuple[User, User]:
    return User.objects.create_user("one@x.example", "x"), User.objects.create_user("two@x.example", "x")


def check_conserved(cooperative: Cooperative) -> None:
    """Each payment to the cent, each document from its allocations, the ledger's receivables from both."""
    for payment in Payment.objects.filter(cooperative=cooperative):
        spent = payment.allocations.filter(payout=None, refund=None).aggregate(s=Sum("amount_minor"))["s"] or 0
        back = payment.allocations.exclude(payout=None, refund=None).aggregate(s=Sum("amount_minor"))["s"] or 0
        returned = PaymentReturn.objects.filter(payment=payment).aggregate(s=Sum("amount_minor"))["s"] or 0
        assert payment.amount_minor == spent + back + returned + payment.credit_minor
        assert payment.credit_minor >= 0
    for document in Document.objects.filter(cooperative=cooperative, kind="bill"):
        paid = document.allocations.aggregate(s=Sum("amount_minor"))["s"] or 0
        assert (document.paid_minor, document.status == "settled") == (paid, paid >= document.gross_minor)
    billed = Document.objects.filter(cooperative=cooperative, kind="bill").aggregate(s=Sum("gross_minor"))["s"]
    sums = Payment.objects.filter(cooperative=cooperative).aggregate(
        a=Sum("amount_minor"), b=Sum("refunded_minor"), c=Sum("returned_minor")
    )
    left = (sums["a"] or 0) - (sums["b"] or 0) - (sums["c"] or 0)
    assert trial_balance(cooperative)["receivable"] == billed - left
    totals = LedgerEntry.objects.aggregate(d=Sum("debit_minor"), c=Sum("credit_minor"))
    assert totals["d"] == totals["c"]


def test_a_rest_is_credit_until_the_next_bill(hamlet: Hamlet, bills: list[Document]) -> None:
    bill = bills[0]
    payment = pay(bill.member, 50, "early")
    bill.refresh_from_db()
    assert (bill.paid_minor, credit_of(bill.member)) == (50, 0)  # an open bill takes it by rule
    more = pay(bill.member, bill.gross_minor, "more", bill)
    assert (more.credit_minor, credit_of(bill.member)) == (50, 50)
    take_back(allocation=payment.allocations.get(), now=NOW)
    bill.refresh_from_db()
    assert (bill.status, bill.rest_minor) == ("open", 50)
    assert use_credit(member=bill.member, now=NOW) == 50
    check_conserved(hamlet.cooperative)


def test_by_hand_means_by_hand(hamlet: Hamlet, bills: list[Document]) -> None:
    PaymentRules.objects.create(cooperative=hamlet.cooperative, credit_use=CreditUse.BY_HAND)
    payment = pay(bills[0].member, 80, "x")
    assert (payment.credit_minor, use_credit(member=bills[0].member, now=NOW)) == (80, 0)
    allocate(payment=payment, document=bills[0], amount_minor=30, now=NOW)
    with pytest.raises(CannotAllocate, match=r"0\.50 are left"):
        allocate(payment=payment, document=bills[0], amount_minor=51, now=NOW)
    check_conserved(hamlet.cooperative)


def test_an_allocation_is_taken_back_once_and_never_edited(hamlet: Hamlet, bills: list[Document]) -> None:
    payment = pay(bills[0].member, 40, "x", bills[0])
    allocation = payment.allocations.get()
    assert take_back(allocation=allocation, now=NOW) == take_back(allocation=allocation, now=NOW)
    assert Allocation.objects.count() == 2
    for forbidden in (
        lambda: Allocation.objects.update(amount_minor=1),
        lambda: Allocation.objects.all()._raw_delete("default"),
        lambda: Payment.objects.update(amount_minor=9),
        lambda: Payment.objects.update(allocated_minor=9),
        lambda: Payment.objects.all()._raw_delete("default"),
        lambda: Allocation.objects.create(payment=payment, document=bills[1], amount_minor=1, made_at=NOW),
        lambda: Allocation.objects.create(payment=payment, document=bills[0], amount_minor=41, made_at=NOW),
        lambda: Allocation.objects.create(payment=payment, document=bills[0], amount_minor=-1, reverses=allocation, made_at=NOW),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            forbidden()
    check_conserved(hamlet.cooperative)


def test_a_returned_payment_opens_its_bill_again_once(hamlet: Hamlet, bills: list[Document]) -> None:
    payment = pay(bills[0].member, bills[0].gross_minor, "x", bills[0])
    _, fresh = return_payment(payment=payment, kind=ReturnKind.UNDONE, now=NOW)
    _, again = return_payment(payment=payment, kind=ReturnKind.UNDONE, now=NOW)
    bills[0].refresh_from_db()
    assert (fresh, again, bills[0].status, bills[0].paid_minor) == (True, False, "open", 0)
    assert trial_balance(hamlet.cooperative)["cash"] == 0
    check_conserved(hamlet.cooperative)


@pytest.mark.parametrize("seed", range(2))
def test_any_sequence_of_hands_conserves_every_cent(hamlet: Hamlet, bills: list[Document], seed: int) -> None:
    """Pay, overpay, allocate, take back, return, refund, use up: 60 random steps, checked along the way."""
    chance = random.Random(seed)
    cooperative = hamlet.cooperative
    Cooperative.objects.filter(pk=cooperative.pk).update(iban=IBAN)
    cooperative.refresh_from_db()
    first, second = people()
    for step in range(60):
        bill = chance.choice(bills)
        bill.refresh_from_db()
        now = NOW + timedelta(hours=step)
        what = chance.choice(["pay", "pay", "account", "back", "return", "credit", "allocate", "refund"])
        payments = list(Payment.objects.filter(member=bill.member).order_by("pk"))
        payment = chance.choice(payments) if payments else None
        try:
            if what == "pay":
                pay(bill.member, chance.randint(1, bill.gross_minor * 2), f"{step}", bill)
            elif what == "account":
                pay(bill.member, chance.randint(1, 900), f"{step}")
            elif what == "credit":
                use_credit(member=bill.member, now=now)
            elif what == "refund" and credit_of(bill.member):
                ask_refund(
                    member=bill.member, amount_minor=chance.randint(1, credit_of(bill.member)), iban=IBAN, why="asked", user=first, now=now
                )
                order = prepare_payouts(cooperative=cooperative, user=first, now=now, sources=["refund"])
                release_order(order=order, user=second, now=now)
            elif payment is None:
                continue
            elif what == "back":
                standing = list(standing_allocations(payment=payment, payout=None))
                if standing:
                    take_back(allocation=chance.choice(standing), now=now)
            elif what == "allocate":
                allocate(payment=payment, document=bill, amount_minor=chance.randint(1, 300), now=now)
            elif not payment.refunded_minor:
                return_payment(payment=payment, kind=ReturnKind.UNDONE, now=now)
        except (CannotAllocate, CannotPayOut):
            pass
        if step % 20 == 19:
            check_conserved(cooperative)
    check_conserved(cooperative)
    assert Payment.objects.exists()
