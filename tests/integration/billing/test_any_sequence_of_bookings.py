"""Conservation, immutability, idempotency: whatever is done to the books, in whatever order (after TigerBeetle's ways of testing)."""

import random
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from billing.models import AccountCode, Document, LedgerEntry, LedgerTransaction, Payment, PaymentRail
from billing.selectors.books import month_content, months_of_books, trial_balance_of
from billing.services.ledger import CannotPost, account, post_transaction, reverse_transaction
from billing.services.payments import CannotBook, book_payment
from billing.services.periods import CannotClose, CannotReopen, close_period, reopen_period
from kernel.intervals import Month
from members.models import User
from tests.integration.billing.conftest import NOW, Hamlet

OPERATIONS = 200
CODES = [c for c in AccountCode if c not in (AccountCode.RECEIVABLE, AccountCode.PAYABLE)]
REFUSALS = (CannotPost, CannotBook, CannotClose, CannotReopen)


class Treasury:
    """Somebody who does anything, wisely or not; what is refused leaves nothing behind."""

    def __init__(self, hamlet: Hamlet, seed: int) -> None:
        self.chance, self.cooperative = random.Random(seed), hamlet.cooperative
        self.people = [User.objects.create_user(f"t{i}@x.org") for i in range(2)]
        self.bills = list(Document.objects.filter(kind="bill"))
        self.today, self.count, self.refused = NOW, 0, 0

    def step(self) -> None:
        self.count += 1
        self.today += timedelta(hours=self.chance.choice([0, 5, 30, 90]))
        action: Callable[[], object] = self.chance.choices(
            [
                self.pay,
                self.pay_again,
                self.charge,
                self.take_back,
                self.share_out,
                self.many_sided,
                self.tamper,
                self.francs,
                self.close,
                self.reopen,
            ],
            [8, 3, 4, 3, 2, 4, 1, 2, 2, 1],
        )[0]
        try:
            with transaction.atomic():
                action()
                with connection.cursor() as cursor:
                    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
                    cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        except (*REFUSALS, DatabaseError):
            self.refused += 1

    def day(self) -> date:
        """Today, or some day before it, as somebody in a hurry would date a booking."""
        return (self.today - timedelta(days=self.chance.choice([0, 0, 3, 20, 45]))).date()

    def post(self, key: str, amounts: dict[AccountCode, int], member: bool = False, currency: str = "") -> None:
        whose = self.chance.choice(self.bills).member if member else None
        post_transaction(
            cooperative=self.cooperative,
            idempotency_key=key,
            cause="test",
            booked_date=self.day(),
            now=self.today,
            amounts={account(self.cooperative, code, whose, currency=currency): amount for code, amount in amounts.items()},
        )

    def pay(self, ref: str = "") -> None:
        bill = self.chance.choice(self.bills)
        book_payment(
            document=bill,
            amount_minor=self.chance.choice([1, 50, bill.gross_minor, bill.gross_minor + 300]),
            rail=self.chance.choice([PaymentRail.BANK, PaymentRail.CHAIN]),
            external_ref=ref or f"p{self.count}",
            received_at=self.today,
            now=self.today,
        )

    def pay_again(self) -> None:
        self.pay(f"p{self.chance.randint(1, self.count)}")

    def charge(self) -> None:
        self.post(f"fee:{self.chance.randint(1, 30)}", {AccountCode.RECEIVABLE: 250, AccountCode.FEES: -250}, member=True)

    def share_out(self) -> None:
        self.post(f"share:{self.count}", {AccountCode.DISTRIBUTIONS: 999, AccountCode.PAYABLE: -999}, member=True)

    def take_back(self) -> None:
        rows = LedgerTransaction.objects.order_by("pk")
        posted = rows[self.chance.randrange(rows.count())]
        reverse_transaction(posted=posted, cause="correction", booked_date=self.day(), now=self.today)

    def many_sided(self) -> None:
        codes = self.chance.sample(CODES, 5)
        values = [self.chance.randint(-(10**6), 10**6) for _ in codes[1:]]
        amounts = dict(zip(codes, [-sum(values), *values], strict=True))
        if self.chance.random() < 0.2:
            amounts[codes[0]] += 1
        self.post(f"many:{self.count}", amounts)

    def francs(self) -> None:
        self.post(f"chf:{self.count}", {AccountCode.BANK: 700, AccountCode.EXCHANGE: -700}, member=False, currency="CHF")

    def tamper(self) -> None:
        self.chance.choice(
            [
                lambda: LedgerEntry.objects.update(debit_minor=1),
                lambda: LedgerEntry.objects.all()._raw_delete("default"),
                lambda: LedgerTransaction.objects.update(booked_date=NOW.date()),
                lambda: LedgerEntry.objects.create(
                    transaction=LedgerTransaction.objects.first(), account=account(self.cooperative, AccountCode.BANK), debit_minor=5
                ),
            ]
        )()

    def month(self) -> Month:
        day = self.today.date().replace(day=1) - timedelta(days=self.chance.choice([1, 40]))
        return Month(day.year, day.month)

    def close(self) -> None:
        close_period(cooperative=self.cooperative, month=self.month(), by=self.chance.choice(self.people), now=self.today)

    def reopen(self) -> None:
        reopen_period(
            cooperative=self.cooperative,
            month=self.month(),
            by=self.chance.choice(self.people),
            reason=self.chance.choice(["", "forgotten"]),
            now=self.today,
        )


def fingerprint(until_id: int) -> str:
    """Of all entries up to one, as they stand."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT md5(string_agg(concat_ws('|', e.id, e.account_id, e.debit_minor, e.credit_minor, t.idempotency_key, t.booked_date),
                      ',' ORDER BY e.id))
               FROM billing_ledgerentry e JOIN billing_ledgertransaction t ON t.id = e.transaction_id WHERE e.id <= %s""",
            [until_id],
        )
        return cursor.fetchone()[0]


@pytest.mark.parametrize("seed", [1, 20, 300])
def test_the_books_hold_after_any_two_hundred_operations(hamlet: Hamlet, seed: int) -> None:
    hamlet.bill()
    treasury, seen = Treasury(hamlet, seed), []
    for i in range(OPERATIONS):
        treasury.step()
        if i % 20 == 19:
            last = LedgerEntry.objects.order_by("-pk").values_list("pk", flat=True)[0]
            seen.append((last, fingerprint(last)))
            assert set(trial_balance_of(hamlet.cooperative, until=date(2099, 1, 1)).differences.values()) == {0}
    assert all(fingerprint(last) == then for last, then in seen), "what was posted has changed"
    assert LedgerTransaction.objects.count() > 80 and treasury.refused > 10
    closed = [state for state in months_of_books(hamlet.cooperative) if state.is_closed]
    assert closed and not any(state.is_changed for state in closed)
    assert all(month_content(hamlet.cooperative, s.month).entries == s.period.entries for s in closed)
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT count(*) FROM (SELECT transaction_id FROM billing_ledgerentry GROUP BY 1
               HAVING sum(debit_minor) <> sum(credit_minor)) AS crooked"""
        )
        assert cursor.fetchone() == (0,)
    _paid_is_what_was_booked(hamlet)


def _paid_is_what_was_booked(hamlet: Hamlet) -> None:
    """Every payment stands in the ledger once, however often it was asked for."""
    booked = LedgerTransaction.objects.filter(cause="payment")
    assert booked.count() == Payment.objects.filter(cooperative=hamlet.cooperative).count()
