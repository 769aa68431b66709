"""A fiscal year that closes: its result goes to equity by two people, the database keeps it, and a counter opens it again."""

import csv
import io
import random
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction
from django.urls import reverse

from billing.domain.year_accounts import RESULT_LINE, FiscalYear, Side
from billing.models import AccountCode, AccountingPeriod, DistributionKind, DistributionRule, ExportProfile, LedgerTransaction, YearClosing
from billing.models.ledger import RESULT, YEAR_CLOSING
from billing.selectors.books import months_of_books, trial_balance_of
from billing.selectors.distributions import margin_lines
from billing.selectors.run_summary import trial_balance
from billing.selectors.vat_return import vat_return
from billing.selectors.years import fiscal_year, income_statement, to_the_margin, year_balance_sheet
from billing.services.distributions import CannotDistribute, Wanted, plan_distribution, prepare_distribution, release_distribution
from billing.services.journal_export import datev_file
from billing.services.ledger import CannotPost, account, post_transaction
from billing.services.periods import CannotReopen, close_period, reopen_period
from billing.services.years import CannotCloseYear, cancel_closing, plan_year, prepare_closing, prepare_reopening, release_closing
from kernel.intervals import Month
from members.models import Cooperative, Member, Role, User
from tests.integration.billing.conftest import MARCH, NOW, Hamlet
from tests.integration.billing.test_books_pages import client_of
from tests.integration.billing.test_interruptions import at_once
from tests.integration.billing.test_money_interrupted import killed

JANUARY = datetime(2017, 1, 10, 9, tzinfo=UTC)
YEAR = FiscalYear(date(2016, 1, 1), date(2016, 12, 31))
APRIL = Month(2016, 4)
WANTED = Wanted(DistributionKind.REVENUE, "Of March", MARCH.first_day, MARCH.last_day, 100, energy_percent=100)


@pytest.fixture
def hands(db: None) -> tuple[User, User]:
    return User.objects.create_user("one@x.example", "x"), User.objects.create_user("two@x.example", "x")


def ended(hamlet: Hamlet, hands: tuple[User, User]) -> Hamlet:
    """Billed in April for March, something shared out, and April closed."""
    hamlet.bill()
    made = prepare_distribution(cooperative=hamlet.cooperative, wanted=WANTED, by=hands[0], now=NOW)
    release_distribution(distribution=made, by=hands[1], now=NOW)
    close_period(cooperative=hamlet.cooperative, month=APRIL, by=hands[0], now=JANUARY)
    return hamlet


@pytest.fixture
def year(hamlet: Hamlet, hands: tuple[User, User]) -> Hamlet:
    return ended(hamlet, hands)


def close(hamlet: Hamlet, hands: tuple[User, User], reserve_minor: int = 0) -> YearClosing:
    made = prepare_closing(cooperative=hamlet.cooperative, year=YEAR, reserve_minor=reserve_minor, by=hands[0], now=JANUARY)
    return release_closing(closing=made, by=hands[1], now=JANUARY)


def book(cooperative: Cooperative, key: str, day: date, minor: int = 500) -> LedgerTransaction:
    return post_transaction(
        cooperative=cooperative,
        idempotency_key=key,
        cause="test",
        booked_date=day,
        now=JANUARY,
        amounts={account(cooperative, AccountCode.BANK): minor, account(cooperative, AccountCode.FEES): -minor},
    )


def what_stays(cooperative: Cooperative) -> dict[str, object]:
    """What a closing must not touch."""
    report = vat_return(cooperative, YEAR.first_day, YEAR.last_day)
    return {
        "income": income_statement(cooperative, YEAR),
        "margin": margin_lines(cooperative, YEAR.first_day, YEAR.last_day),
        "to margin": to_the_margin(cooperative, YEAR),
        "before": year_balance_sheet(cooperative, YEAR, with_closing=False),
        "vat": report.rows,
        "agrees": report.agrees,
        "months": [(s.content, s.is_changed) for s in months_of_books(cooperative) if s.month == APRIL],
        "pot": plan_distribution(cooperative=cooperative, wanted=WANTED).available_minor,
    }


def test_the_result_is_carried_to_equity_and_all_else_stays(year: Hamlet, hands: tuple[User, User]) -> None:
    cooperative = year.cooperative
    before = what_stays(cooperative)
    result = sum(line.amount_minor for line in income_statement(cooperative, YEAR))
    closed = close(year, hands)
    for _ in range(2):
        assert release_closing(closing=closed, by=hands[1], now=JANUARY) == closed
        again = prepare_closing(cooperative=cooperative, year=YEAR, by=hands[0], now=JANUARY)
        assert again == closed
    (posted,) = LedgerTransaction.objects.filter(cause=YEAR_CLOSING)
    assert posted.booked_date == YEAR.last_day
    balances = trial_balance(cooperative)
    assert balances["retained_earnings"] == -(result - 100) and closed.result_minor == result
    assert not any(balances[code] for code in (*RESULT, "distributions"))
    own = Member.objects.get(cooperative=cooperative, is_cooperative=True)
    assert all(sum(e.debit_minor - e.credit_minor for e in a.entries.all()) == 0 for a in own.accounts.all())
    after = year_balance_sheet(cooperative, YEAR, with_closing=True)
    assert after.difference_minor == 0 and RESULT_LINE not in [line.code for line in after.lines]
    assert after.sum_of(Side.EQUITY) == year_balance_sheet(cooperative, YEAR, with_closing=False).sum_of(Side.EQUITY)
    assert trial_balance_of(cooperative, until=YEAR.last_day).differences == {"EUR": 0}
    assert what_stays(cooperative) == before


def test_what_is_in_the_way_is_said(hamlet: Hamlet, hands: tuple[User, User]) -> None:
    cooperative = hamlet.cooperative
    hamlet.bill()
    book(cooperative, "old", date(2015, 6, 1))
    told = " ".join(plan_year(cooperative=cooperative, year=YEAR, now=NOW).obstacles)
    for words in ("has not ended", "open: 2016-04", "The year before is open"):
        assert words in told
    with pytest.raises(CannotCloseYear, match="Nothing is booked in 2014"):
        prepare_closing(cooperative=cooperative, year=FiscalYear.around(date(2014, 1, 1), 1), by=hands[0], now=JANUARY)
    for month in (Month(2015, 6), APRIL):
        close_period(cooperative=cooperative, month=month, by=hands[0], now=JANUARY)
    earlier = prepare_closing(cooperative=cooperative, year=FiscalYear.around(date(2015, 6, 1), 1), by=hands[0], now=JANUARY)
    with pytest.raises(CannotCloseYear, match="second person"):
        release_closing(closing=earlier, by=hands[0], now=JANUARY)
    release_closing(closing=earlier, by=hands[1], now=JANUARY)
    close(hamlet, hands)
    with pytest.raises(CannotCloseYear, match="open the newest year first"):
        prepare_reopening(closing=earlier, why="x", by=hands[0], now=JANUARY)


def test_a_closed_year_takes_nothing(year: Hamlet, hands: tuple[User, User]) -> None:
    cooperative, december = year.cooperative, date(2016, 12, 31)
    stray = {"cooperative": cooperative, "currency": "EUR", "booked_date": december, "posted_at": JANUARY}
    with pytest.raises(DatabaseError, match="No year was closed"), transaction.atomic():
        LedgerTransaction.objects.create(idempotency_key="year closing:x:EUR", cause=YEAR_CLOSING, **stray)
    closed = close(year, hands)
    with pytest.raises(CannotPost, match="is closed"):
        book(cooperative, "late", date(2016, 7, 1))
    for key, cause, ref in (
        ("past", "x", None),
        ("year closing:again", YEAR_CLOSING, closed.public_id),
        (f"{YEAR_CLOSING}:{closed.public_id}:USD", YEAR_CLOSING, closed.public_id),
    ):
        with pytest.raises(DatabaseError, match=r"the year is closed|No year was closed"), transaction.atomic():
            LedgerTransaction.objects.create(idempotency_key=key, cause=cause, cause_ref=ref, **stray)
    with pytest.raises(CannotReopen, match="closed as a whole"):
        reopen_period(cooperative=cooperative, month=APRIL, by=hands[1], reason="x", now=JANUARY)
    period = AccountingPeriod.objects.filter(period=APRIL.number)
    with pytest.raises(DatabaseError, match="open the year again"), transaction.atomic():
        period.update(status="open", reopened_by=hands[1], reopened_at=JANUARY, reason="x")
    rows = YearClosing.objects.filter(pk=closed.pk)
    for change in ({"result_minor": 1}, {"status": "reopened"}, {"status": "prepared"}):
        with pytest.raises(DatabaseError), transaction.atomic():
            rows.update(**change)
    with pytest.raises(DatabaseError, match="stays"), transaction.atomic():
        rows.delete()
    assert book(cooperative, "next year", date(2017, 1, 2)).pk


def test_a_counter_opens_it_again_and_it_closes_anew(year: Hamlet, hands: tuple[User, User]) -> None:
    cooperative = year.cooperative
    before = trial_balance(cooperative)
    closed = close(year, hands, reserve_minor=30)
    assert trial_balance(cooperative)["reserves"] == -30
    with pytest.raises(CannotCloseYear, match="Say why"):
        prepare_reopening(closing=closed, why=" ", by=hands[0], now=JANUARY)
    counter = prepare_reopening(closing=closed, why="a bill was forgotten", by=hands[1], now=JANUARY)
    with pytest.raises(CannotCloseYear, match="prepared already"):
        prepare_reopening(closing=closed, why="again", by=hands[0], now=JANUARY)
    for _ in range(2):
        release_closing(closing=counter, by=hands[0], now=JANUARY)
    closed.refresh_from_db()
    assert closed.status == "reopened" and trial_balance(cooperative) == before
    reopen_period(cooperative=cooperative, month=APRIL, by=hands[1], reason="a bill was forgotten", now=JANUARY)
    book(cooperative, "forgotten", date(2016, 4, 30))
    close_period(cooperative=cooperative, month=APRIL, by=hands[0], now=JANUARY)
    anew = close(year, hands)
    assert (anew.pk, anew.result_minor) != (closed.pk, closed.result_minor)
    assert anew.result_minor == closed.result_minor + 500
    assert LedgerTransaction.objects.filter(cause=YEAR_CLOSING).count() == 3
    assert trial_balance(cooperative)["retained_earnings"] == -(anew.result_minor - 100)


def test_what_comes_to_other_amounts_is_not_released(year: Hamlet, hands: tuple[User, User]) -> None:
    made = prepare_closing(cooperative=year.cooperative, year=YEAR, by=hands[0], now=JANUARY)
    reopen_period(cooperative=year.cooperative, month=APRIL, by=hands[1], reason="x", now=JANUARY)
    with pytest.raises(CannotCloseYear, match="are open"):
        release_closing(closing=made, by=hands[1], now=JANUARY)
    book(year.cooperative, "between", date(2016, 4, 30))
    close_period(cooperative=year.cooperative, month=APRIL, by=hands[0], now=JANUARY)
    with pytest.raises(CannotCloseYear, match="other amounts"):
        release_closing(closing=made, by=hands[1], now=JANUARY)
    assert cancel_closing(closing=made) and not cancel_closing(closing=made)
    with pytest.raises(CannotCloseYear, match="cancelled"):
        release_closing(closing=made, by=hands[1], now=JANUARY)


def test_what_went_to_the_reserves_is_not_shared_out(year: Hamlet, hands: tuple[User, User]) -> None:
    cooperative = year.cooperative
    DistributionRule.objects.create(cooperative=cooperative, valid_from=date(2016, 1, 1), reserve_rate=Decimal(0))
    free = plan_year(cooperative=cooperative, year=YEAR, now=JANUARY).free_minor
    assert free > 50
    with pytest.raises(CannotCloseYear, match="can go to the reserves"):
        close(year, hands, reserve_minor=free + 1)
    left = plan_distribution(cooperative=cooperative, wanted=WANTED).available_minor
    close(year, hands, reserve_minor=free - 50)
    plan = plan_distribution(cooperative=cooperative, wanted=WANTED)
    assert plan.available_minor == left - (free - 50) == 50
    with pytest.raises(CannotDistribute, match="set part of it aside"):
        prepare_distribution(
            cooperative=cooperative,
            wanted=Wanted(DistributionKind.REVENUE, "More", MARCH.first_day, MARCH.last_day, 51),
            by=hands[0],
            now=JANUARY,
        )


def test_the_closing_is_in_the_advisers_file_and_alone_in_another(year: Hamlet, hands: tuple[User, User]) -> None:
    close(year, hands)
    december = Month(2016, 12)
    _, whole = datev_file(cooperative=year.cooperative, month=december, now=JANUARY)
    name, alone = datev_file(cooperative=year.cooperative, month=december, now=JANUARY, closing_alone=True)
    rows = list(csv.reader(io.StringIO(alone.decode("cp1252"), newline=""), delimiter=";"))[2:]
    assert name == "EXTF_Buchungsstapel_201612_Jahresabschluss.csv" and whole == alone
    assert {(row[9], row[10]) for row in rows} == {("3112", "JA2016")} and len(rows) >= 3


def test_two_treasurers_close_a_year_on_its_page(year: Hamlet) -> None:
    cooperative = year.cooperative
    ada, ben, auditor = (
        client_of(cooperative, role, name) for role, name in ((Role.TARIFF_ADMIN, "ada"), (Role.TARIFF_ADMIN, "ben"), (Role.AUDITOR, "aud"))
    )
    url = reverse("books-year")
    form = {"cooperative": "hamlet", "month": "2016-04"}
    eve = client_of(Cooperative.objects.create(slug="other", name="other"), Role.TARIFF_ADMIN, "eve")
    assert eve.get(url, form).status_code == 404
    assert auditor.post(url, form | {"do": "prepare"}).status_code == 403
    page = ada.post(url, form | {"do": "prepare", "reserve": "0,10"}, follow=True).content.decode()
    assert "a second person releases it" in page
    made = YearClosing.objects.get()
    decide = form | {"do": "release", "closing": str(made.public_id)}
    assert "second person" in ada.post(url, decide, follow=True).content.decode()
    assert "The year is closed" in ben.post(url, decide, follow=True).content.decode()
    german = auditor.get(url, form, HTTP_ACCEPT_LANGUAGE="de").content.decode()
    assert "Geschäftsjahr" in german and "Bilanz" in german and "Ergebnisvortrag" in german


@pytest.mark.django_db(transaction=True)
def test_a_release_that_is_killed_or_done_by_three_closes_once(committed_hamlet: Hamlet) -> None:
    hands = tuple(User.objects.create_user(f"{n}@x.example", "x") for n in ("one", "two"))
    ended(committed_hamlet, hands)  # type: ignore[arg-type]
    made = prepare_closing(cooperative=committed_hamlet.cooperative, year=YEAR, by=hands[0], now=JANUARY)

    def release(_: object) -> str:
        return str(release_closing(closing=made, by=hands[1], now=JANUARY).status)

    for strike_at in sorted(random.Random(7).sample(range(1, 8), 3)):
        killed(release, committed_hamlet, strike_at)
        made.refresh_from_db()
        assert made.status == "prepared" and not LedgerTransaction.objects.filter(cause=YEAR_CLOSING).exists()
    assert set(at_once(3, release)) == {"released"}
    assert LedgerTransaction.objects.filter(cause=YEAR_CLOSING).count() == 1


def test_a_fiscal_year_may_end_in_june(year: Hamlet, hands: tuple[User, User]) -> None:
    ExportProfile.objects.create(cooperative=year.cooperative, year_starts_in=7)
    found = fiscal_year(year.cooperative, date(2016, 4, 1))
    assert (found.name, found.last_day) == ("2015/16", date(2016, 6, 30))
    made = prepare_closing(cooperative=year.cooperative, year=found, by=hands[0], now=JANUARY)
    release_closing(closing=made, by=hands[1], now=JANUARY)
    with pytest.raises(CannotPost, match="June 2016 is closed"):
        book(year.cooperative, "late", date(2016, 6, 30))
    assert book(year.cooperative, "next", date(2016, 7, 1)).pk
    with pytest.raises(DatabaseError, match="a_year_is_closed_once"), transaction.atomic():
        YearClosing.objects.create(
            cooperative=year.cooperative,
            first_day=YEAR.first_day,
            last_day=YEAR.last_day,
            result_minor=0,
            shared_minor=0,
            entries=0,
            prepared_at=JANUARY,
            prepared_by=hands[0],
        )
