"""Months that close, and what the database refuses from then on."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from billing.models import AccountCode, AccountingPeriod, LedgerEntry, LedgerTransaction, PeriodStep
from billing.selectors.books import account_sheet, month_content, months_of_books, newest_month, trial_balance_of
from billing.services.ledger import CannotPost, account, post_transaction, reverse_transaction
from billing.services.periods import CannotClose, CannotReopen, close_period, reopen_period
from kernel.intervals import Month
from members.models import Cooperative, User
from tests.integration.billing.conftest import MARCH, NOW, Hamlet

LATER = NOW + timedelta(days=60)
APRIL = Month(2016, 4)


@pytest.fixture
def people(db: None) -> tuple[User, User]:
    return User.objects.create_user("ada@x.org"), User.objects.create_user("ben@x.org")


def book(cooperative: Cooperative, key: str, amount: int = 500, day: date = date(2016, 4, 5)) -> LedgerTransaction:
    return post_transaction(
        cooperative=cooperative,
        idempotency_key=key,
        cause="test",
        booked_date=day,
        now=NOW,
        amounts={account(cooperative, AccountCode.BANK): amount, account(cooperative, AccountCode.FEES): -amount},
    )


def test_nothing_is_booked_into_a_closed_month(hamlet: Hamlet, people: tuple[User, User]) -> None:
    hamlet.bill()
    closed = close_period(cooperative=hamlet.cooperative, month=APRIL, by=people[0], now=LATER)
    assert closed.entries == LedgerEntry.objects.count() and closed.debits_minor > 0
    with pytest.raises(CannotPost, match="April 2016 is closed"):
        book(hamlet.cooperative, "late")
    with pytest.raises(DatabaseError, match="201604: the month is closed"), transaction.atomic():
        LedgerTransaction.objects.create(
            cooperative=hamlet.cooperative,
            idempotency_key="past the service",
            cause="x",
            currency="EUR",
            booked_date=date(2016, 4, 30),
            posted_at=NOW,
        )
    assert book(hamlet.cooperative, "next month", day=date(2016, 5, 1)).pk


def test_what_was_posted_may_be_asked_for_again_after_closing(hamlet: Hamlet, people: tuple[User, User]) -> None:
    first = book(hamlet.cooperative, "once")
    close_period(cooperative=hamlet.cooperative, month=APRIL, by=people[0], now=LATER)
    assert book(hamlet.cooperative, "once") == first


def test_a_month_is_closed_in_its_turn_and_when_it_is_over(hamlet: Hamlet, people: tuple[User, User]) -> None:
    book(hamlet.cooperative, "march", day=date(2016, 3, 5))
    with pytest.raises(CannotClose, match="not ended"):
        close_period(cooperative=hamlet.cooperative, month=MARCH, by=people[0], now=datetime(2016, 3, 31, tzinfo=UTC))
    with pytest.raises(CannotClose, match="Earlier months are open: March 2016"):
        close_period(cooperative=hamlet.cooperative, month=APRIL, by=people[0], now=LATER)
    close_period(cooperative=hamlet.cooperative, month=MARCH, by=people[0], now=LATER)
    assert close_period(cooperative=hamlet.cooperative, month=APRIL, by=people[0], now=LATER).period == 201604


def test_drafts_keep_a_month_open(hamlet: Hamlet, people: tuple[User, User]) -> None:
    from billing.services.runs import prepare_run, rate_chunk
    from tests.integration.billing.conftest import DAYS

    run = prepare_run(microgrid=hamlet.microgrid, month=MARCH, now=NOW, days=DAYS)
    rate_chunk(chunk_id=run.chunks.get().pk)
    with pytest.raises(CannotClose, match="are drafts"):
        close_period(cooperative=hamlet.cooperative, month=APRIL, by=people[0], now=LATER)


def test_only_somebody_else_opens_a_month_again_and_says_why(hamlet: Hamlet, people: tuple[User, User]) -> None:
    ada, ben = people
    close_period(cooperative=hamlet.cooperative, month=APRIL, by=ada, now=LATER)
    ask = {"cooperative": hamlet.cooperative, "month": APRIL, "now": LATER}
    with pytest.raises(CannotReopen, match="somebody else"):
        reopen_period(**ask, by=ada, reason="forgot a bill")
    with pytest.raises(CannotReopen, match="Say why"):
        reopen_period(**ask, by=ben, reason=" ")
    assert reopen_period(**ask, by=ben, reason="forgot a bill").status == "open"
    book(hamlet.cooperative, "late after all")
    close_period(cooperative=hamlet.cooperative, month=APRIL, by=ada, now=LATER)
    steps = list(PeriodStep.objects.order_by("pk").values_list("status", "by", "reason"))
    assert steps == [("closed", ada.pk, ""), ("open", ben.pk, "forgot a bill"), ("closed", ada.pk, "")]
    with pytest.raises(DatabaseError, match="stays written down"), transaction.atomic():
        PeriodStep.objects.update(reason="nothing")


def test_the_database_wants_a_second_person_too(hamlet: Hamlet, people: tuple[User, User]) -> None:
    period = close_period(cooperative=hamlet.cooperative, month=APRIL, by=people[0], now=LATER)
    with pytest.raises(DatabaseError, match="second_person"), transaction.atomic():
        AccountingPeriod.objects.filter(pk=period.pk).update(status="open", reopened_by=people[0], reopened_at=NOW, reason="x")
    with pytest.raises(DatabaseError, match="stays written down"), transaction.atomic():
        AccountingPeriod.objects.filter(pk=period.pk)._raw_delete("default")


def test_earlier_months_stay_closed_while_later_ones_are(hamlet: Hamlet, people: tuple[User, User]) -> None:
    book(hamlet.cooperative, "march", day=date(2016, 3, 5))
    for month in (MARCH, APRIL):
        close_period(cooperative=hamlet.cooperative, month=month, by=people[0], now=LATER)
    with pytest.raises(CannotReopen, match="newest first"):
        reopen_period(cooperative=hamlet.cooperative, month=MARCH, by=people[1], reason="x", now=LATER)


def test_a_closed_month_tells_when_it_was_changed_past_the_guards(hamlet: Hamlet, people: tuple[User, User]) -> None:
    book(hamlet.cooperative, "march", day=date(2016, 3, 5))
    close_period(cooperative=hamlet.cooperative, month=MARCH, by=people[0], now=LATER)
    assert [state.is_changed for state in months_of_books(hamlet.cooperative)] == [False]
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE billing_ledgerentry DISABLE TRIGGER entries_stay")
        cursor.execute("UPDATE billing_ledgerentry SET debit_minor = debit_minor * 2, credit_minor = credit_minor * 2")
    assert [state.is_changed for state in months_of_books(hamlet.cooperative)] == [True]


def test_a_transaction_is_of_one_currency_and_one_cooperative(hamlet: Hamlet) -> None:
    other = Cooperative.objects.create(slug="other", name="other")
    euros = account(hamlet.cooperative, AccountCode.BANK)
    francs = account(hamlet.cooperative, AccountCode.EXCHANGE, currency="CHF")
    with pytest.raises(CannotPost, match="one transaction per currency"):
        post_transaction(
            cooperative=hamlet.cooperative,
            idempotency_key="x",
            cause="test",
            booked_date=NOW.date(),
            now=NOW,
            amounts={euros: 5, francs: -5},
        )
    stranger = account(other, AccountCode.FEES)
    for wrong, words in ((francs, "is of EUR, its account of CHF"), (stranger, "of two cooperatives")):
        with pytest.raises(DatabaseError, match=words), transaction.atomic():
            posted = LedgerTransaction.objects.create(
                cooperative=hamlet.cooperative, idempotency_key="y", cause="x", currency="EUR", booked_date=NOW.date(), posted_at=NOW
            )
            sides = {"transaction": posted, "account": wrong}
            LedgerEntry.objects.bulk_create([LedgerEntry(**sides, debit_minor=5), LedgerEntry(**sides, credit_minor=5)])


def test_each_currency_balances_by_itself(hamlet: Hamlet) -> None:
    book(hamlet.cooperative, "euros")
    cash, exchange = (account(hamlet.cooperative, code, currency="CHF") for code in (AccountCode.BANK, AccountCode.EXCHANGE))
    post_transaction(
        cooperative=hamlet.cooperative,
        idempotency_key="francs",
        cause="exchange",
        booked_date=NOW.date(),
        now=NOW,
        amounts={cash: 700, exchange: -700},
    )
    found = trial_balance_of(hamlet.cooperative, until=date(2016, 12, 31))
    assert found.differences == {"CHF": 0, "EUR": 0}
    assert found.totals == {"CHF": (700, 700), "EUR": (500, 500)}


def test_the_same_key_with_other_amounts_is_refused(hamlet: Hamlet) -> None:
    book(hamlet.cooperative, "key", 500)
    with pytest.raises(CannotPost, match="other amounts"):
        book(hamlet.cooperative, "key", 501)


def test_a_transaction_is_taken_back_once_by_its_mirror(hamlet: Hamlet) -> None:
    posted = book(hamlet.cooperative, "mistake")
    first, again = (reverse_transaction(posted=posted, cause="correction", booked_date=date(2016, 4, 9), now=NOW) for _ in range(2))
    assert first == again and first.cause_ref == posted.public_id
    closing = {line.code: line.closing_minor for line in trial_balance_of(hamlet.cooperative, until=date(2016, 4, 30)).lines}
    assert closing == {"bank": 0, "fees": 0}


def test_an_account_stays_what_it_is(hamlet: Hamlet) -> None:
    bank = account(hamlet.cooperative, AccountCode.BANK)
    with pytest.raises(DatabaseError, match="stays what it is"), transaction.atomic():
        type(bank).objects.filter(pk=bank.pk).update(currency="CHF")


def test_a_sheet_runs_on_from_where_the_account_stood(hamlet: Hamlet) -> None:
    for i, amount in enumerate((500, 300, -200, 40), start=1):
        book(hamlet.cooperative, f"k{i}", amount, date(2016, 3, 30) + timedelta(days=i))
    bank = account(hamlet.cooperative, AccountCode.BANK)
    sheet = account_sheet(type(bank).objects.filter(pk=bank.pk), since=date(2016, 4, 1), until=date(2016, 4, 30))
    assert (sheet.opening_minor, sheet.closing_minor, sheet.count) == (500, 640, 3)
    assert [line.balance_minor for line in sheet.lines] == [800, 600, 640]
    page = account_sheet(type(bank).objects.filter(pk=bank.pk), since=date(2016, 4, 1), until=date(2016, 4, 30), first=2, most=1)
    assert [line.balance_minor for line in page.lines] == [640] and page.closing_minor == 640


def test_books_without_bookings_say_so(hamlet: Hamlet) -> None:
    assert newest_month(hamlet.cooperative) is None and months_of_books(hamlet.cooperative) == []
    assert month_content(hamlet.cooperative, MARCH).entries == 0


@pytest.mark.django_db(transaction=True)
def test_a_transaction_is_sealed_when_it_is_made(committed_hamlet: Hamlet) -> None:
    posted = book(committed_hamlet.cooperative, "sealed")
    with pytest.raises(DatabaseError, match="is sealed"), transaction.atomic():
        bank, fees = (account(committed_hamlet.cooperative, code) for code in (AccountCode.BANK, AccountCode.FEES))
        LedgerEntry.objects.bulk_create(
            [LedgerEntry(transaction=posted, account=bank, debit_minor=5), LedgerEntry(transaction=posted, account=fees, credit_minor=5)]
        )


@pytest.mark.django_db(transaction=True)
def test_a_booking_on_its_way_is_waited_for(committed_hamlet: Hamlet) -> None:
    """Who closes waits for who books: the month is closed with the booking in it, never around it."""
    cooperative, ada = committed_hamlet.cooperative, User.objects.create_user("ada@x.org")

    def close() -> int:
        try:
            return close_period(cooperative=cooperative, month=APRIL, by=ada, now=LATER).entries
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            book(cooperative, "on its way")
            closing = pool.submit(close)
            with pytest.raises(TimeoutError):
                closing.result(timeout=0.5)
        assert closing.result(timeout=20) == 2
