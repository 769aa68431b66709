"""Whatever happens to a billed month, in whatever order: books balance, no cent is lost, and what stands in the end is what a first run would have made."""

import random
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.db.models import Sum

from billing.models import Document, LedgerEntry, LedgerTransaction, Payment, PaymentRail
from billing.selectors.run_summary import trial_balance
from billing.services.corrections import NothingToCorrect, correct_month
from billing.services.moves import move
from billing.services.payments import book_payment, credit_of
from billing.services.payouts import CannotPayOut, ask_refund
from energy.models import Channel, Site
from energy.services.ownership import CannotMove
from members.models import Member, User
from tests.integration.billing.conftest import CODES, DAYS, MARCH, NOW, WITH_ROOF, Hamlet
from tests.integration.billing.late import measure_again

OPERATIONS, CHECKED_EVERY = 200, 25
REFUSALS = (CannotMove, NothingToCorrect, CannotPayOut)


class Year:
    """Members who move, meters that are read again, people who pay."""

    def __init__(self, hamlet: Hamlet, seed: int) -> None:
        self.chance, self.hamlet, self.count, self.refused = random.Random(seed), hamlet, 0, 0
        self.now = NOW
        self.user = User.objects.create_user("t@year.example")
        self.newcomers = [Member.objects.create(cooperative=hamlet.cooperative, number=f"9{i}", name=f"Newcomer {i}") for i in range(4)]

    def step(self) -> None:
        self.count += 1
        self.now += timedelta(minutes=self.chance.randint(1, 600))
        action: Callable[[], object] = self.chance.choices(
            [self.pay, self.refund, self.move, self.read_again, self.correct], [120, 30, 18, 14, 18]
        )[0]
        try:
            with transaction.atomic():
                action()
        except REFUSALS:
            self.refused += 1

    def move(self) -> None:
        site = Site.objects.get(microgrid=self.hamlet.microgrid, code=self.chance.choice(CODES))
        comes = self.chance.choice([*self.newcomers, None])
        move(site=site, member=comes, day=self.chance.choice(DAYS), by=None, now=self.now)

    def read_again(self) -> None:
        code = self.chance.choice(CODES)
        channel = self.chance.choice([Channel.IMPORT, Channel.EXPORT] if code in WITH_ROOF else [Channel.IMPORT])
        measure_again(self.hamlet, code, self.chance.choice(DAYS), self.chance.randint(-60, 60), channel=channel, now=self.now)

    def correct(self) -> None:
        correct_month(microgrid=self.hamlet.microgrid, month=MARCH, now=self.now)

    def pay(self) -> None:
        bill = self.chance.choice(list(Document.objects.posted().filter(kind="bill", gross_minor__gt=0).order_by("pk")))
        amount = self.chance.choice([1, 7, bill.gross_minor, bill.gross_minor + 100])
        ref = f"p{self.chance.randint(1, self.count)}"
        if not Payment.objects.filter(external_ref=ref).exists():
            book_payment(document=bill, amount_minor=amount, rail=PaymentRail.BANK, external_ref=ref, received_at=self.now, now=self.now)

    def refund(self) -> None:
        rich = [m for m in Member.objects.filter(cooperative=self.hamlet.cooperative) if credit_of(m) > 0]
        if rich:
            member = self.chance.choice(rich)
            ask_refund(
                member=member,
                amount_minor=self.chance.choice([1, credit_of(member), 10**6]),
                iban="DE02120300000000202051",
                why="asked",
                user=self.user,
                now=self.now,
            )


def figures(hamlet: Hamlet) -> dict[tuple[str, str, str, str], tuple[int, int, int]]:
    rows = Document.objects.standing().filter(cooperative=hamlet.cooperative).select_related("site", "member")
    return {(d.site.code, d.member.number, d.kind, str(d.first_day)): (d.net_minor, d.vat_minor, d.gross_minor) for d in rows}


def first_run(hamlet: Hamlet) -> dict[tuple[str, str, str, str], tuple[int, int, int]]:
    """What a first run would make of everything as it is now."""
    with transaction.atomic():
        point = transaction.savepoint()
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
            cursor.execute("TRUNCATE billing_billingrun, billing_document RESTART IDENTITY CASCADE")
        hamlet.bill()
        found = figures(hamlet)
        transaction.savepoint_rollback(point)
    return found


def check_books(hamlet: Hamlet) -> None:
    balance = trial_balance(hamlet.cooperative)
    assert sum(balance.values()) == 0
    # What neighbours pay is paid to neighbours, to the cent, so nothing gathers: not for local energy, not by rounding.
    assert balance["local_clearing"] == 0 and balance.get("rounding", 0) == 0
    standing = Document.objects.standing().filter(cooperative=hamlet.cooperative, kind="bill")
    billed = standing.aggregate(sum=Sum("gross_minor"))["sum"] or 0
    paid = Payment.objects.filter(cooperative=hamlet.cooperative).aggregate(sum=Sum("amount_minor"))["sum"] or 0
    assert balance["receivable"] == billed - paid
    crooked = LedgerEntry.objects.values("transaction").annotate(difference=Sum("debit_minor") - Sum("credit_minor")).exclude(difference=0)
    assert not crooked.exists()
    assert all(document.paid_minor <= max(document.gross_minor, 0) for document in standing)


@pytest.mark.parametrize("seed", [44])
def test_two_hundred_moves_readings_corrections_payments_and_refunds(hamlet: Hamlet, seed: int) -> None:
    hamlet.bill()
    year = Year(hamlet, seed)
    for i in range(OPERATIONS):
        year.step()
        if i % CHECKED_EVERY == CHECKED_EVERY - 1:
            check_books(hamlet)
    try:
        correct_month(microgrid=hamlet.microgrid, month=MARCH, now=year.now)
    except NothingToCorrect:
        assert year.count == OPERATIONS
    check_books(hamlet)
    assert figures(hamlet) == first_run(hamlet)
    assert year.refused > 3 and LedgerTransaction.objects.filter(cause="payment").count() > 20
    keys = list(LedgerTransaction.objects.values_list("idempotency_key", flat=True))
    assert len(keys) == len(set(keys))
