"""What is billed, paid and told, by two workers at once, and by one beside a person: it comes to what one after the other comes to."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.db import transaction
from django.utils import timezone
from pytest_django import Settings

import billing.tasks
import contracts.tasks
import grid.tasks
from billing.adapters.cards import provider
from billing.domain.incentive_rules import LocalUse, PerKwh, rule_to_json
from billing.models import (
    ArrearsRule,
    BillingPolicy,
    BillingRun,
    Document,
    FeedForm,
    IncentiveProgramme,
    IncentiveVersion,
    PaymentRail,
    ReminderStage,
    RunKind,
    RunStatus,
    SpotFeed,
    SpotIndex,
    TariffVersion,
)
from billing.services.arrears import propose_disconnection, remind
from billing.services.cards import top_up_by_card
from billing.services.corrections import prepare_cancellation, prepare_correction
from billing.services.deliveries import queue_run
from billing.services.incentive_versions import next_number
from billing.services.moves import move
from billing.services.payments import book_member_payment, book_payment
from billing.services.prepaid import end_prepaid
from billing.services.release import check_run, release_run, withdraw_run
from billing.services.runs import draw_up_run, prepare_run, rate_chunk
from billing.services.spot_prices import import_spot_prices
from billing.services.tariffs import draft_from, publish_version
from energy.models import Site, SiteOwnership
from energy.services import ownership
from kernel.intervals import LocalDay, zone
from members.models import Member, User
from tests.integration.billing.card_server import SECRET_KEY, Account, card_server
from tests.integration.billing.conftest import DAYS, MARCH, NOW, Hamlet, committed_hamlet, measure
from tests.integration.billing.late import measure_again
from tests.integration.billing.test_market import random_orders, trading_hamlet
from tests.integration.billing.test_prepaid import House, house_in
from tests.integration.billing.test_prices_of_the_hour import SPOT, TODAY, file_of
from tests.integration.billing.test_release import person
from tests.integration.billing.test_spot_feeds import market
from tests.integration.hands import Table, Work, twice
from tests.unit.billing.test_spot_documents import document, series

__all__ = ["committed_hamlet"]
BACK = "https://example.org/cards/back/{key}/"


@dataclass
class Books:
    """A hamlet with two closed days, two treasurers, a household that pays before using; its clock stands where a case needs it."""

    hamlet: Hamlet
    first: User
    second: User
    shop: Account
    asked: list[dict[str, list[str]]]
    market_url: str
    house: House | None = None

    def calls(self) -> int:
        return len(self.asked)

    def shows(self, now: datetime) -> datetime:
        grid = self.hamlet.microgrid
        grid.clock_real_start, grid.clock_shown_start = timezone.now(), now
        grid.save()
        return now

    def prepared(self) -> BillingRun:
        return prepare_run(microgrid=self.hamlet.microgrid, month=MARCH, now=NOW, days=DAYS, user=self.first)

    def largest_bill(self) -> Document:
        bills = Document.objects.filter(kind="bill", status="open", member__is_cooperative=False, paid_minor=0)
        return bills.order_by("-gross_minor")[0]


BOOKS = Table[Books]()


def _two_days() -> bytes:
    """Prices of an index, as a market tells them, of today and tomorrow."""
    local = LocalDay(TODAY, zone("Europe/Berlin"))
    return document(series(local.start_at.astimezone(UTC), 48, {1: "80", 48: "-5"}))


@pytest.fixture
def books(committed_hamlet: Hamlet, settings: Settings, tmp_path: Path) -> Iterator[Books]:
    settings.VAR_DIR = tmp_path / "var"
    settings.CARD_PROVIDER, settings.CARD_SECRET_KEY = "stripe", SECRET_KEY
    with card_server() as (card_url, shop), market([_two_days()]) as (url, asked):
        settings.CARD_API_URL = card_url
        first, second = person(committed_hamlet, "first"), person(committed_hamlet, "second")
        found = Books(committed_hamlet, first, second, shop, asked, url)
        found.shows(NOW)
        BillingPolicy.objects.create(cooperative=committed_hamlet.cooperative, sends_by_mail=True)
        Member.objects.filter(is_cooperative=False).update(email="somebody@hamlet.example")
        rule = ArrearsRule.objects.create(
            cooperative=committed_hamlet.cooperative, valid_from=date(2016, 1, 1), least_minor=1, proposal_least_minor=1
        )
        for level, days in ((1, 7), (2, 21), (3, 42)):
            ReminderStage.objects.create(rule=rule, level=level, days_after_due=days, fee_minor=250)
        yield found


@pytest.mark.django_db(transaction=True)
def test_two_hands_do_what_one_after_the_other_does(books: Books, subtests: pytest.Subtests) -> None:
    BOOKS.run(books, subtests)


@BOOKS.case()
def a_run_is_prepared(books: Books) -> Sequence[Work]:
    return [books.prepared, books.prepared]


@BOOKS.case(billing.tasks.rate_chunk)
def a_chunk_is_rated(books: Books) -> Sequence[Work]:
    return twice(billing.tasks.rate_chunk, chunk_id=books.prepared().chunks.get().pk)


@BOOKS.case(billing.tasks.finish_run)
def a_run_is_drawn_up(books: Books) -> Sequence[Work]:
    return twice(billing.tasks.finish_run, run_id=books.prepared().pk)


@BOOKS.case(billing.tasks.bill_finished_months)
def a_run_that_was_left_is_taken_up_as_it_is_withdrawn(books: Books) -> Sequence[Work]:
    withdraw_run(run_id=books.prepared().pk, now=NOW)
    run = books.prepared()
    return [billing.tasks.bill_finished_months, lambda: withdraw_run(run_id=run.pk, now=NOW)]


@BOOKS.case(billing.tasks.rate_chunk)
def a_chunk_is_rated_as_its_run_is_withdrawn(books: Books) -> Sequence[Work]:
    withdraw_run(run_id=books.prepared().pk, now=NOW)
    run = books.prepared()
    chunk = run.chunks.get()
    return [lambda: billing.tasks.rate_chunk(chunk_id=chunk.pk), lambda: withdraw_run(run_id=run.pk, now=NOW)]


@BOOKS.case(billing.tasks.finish_run)
def a_run_is_drawn_up_as_it_is_withdrawn(books: Books) -> Sequence[Work]:
    withdraw_run(run_id=books.prepared().pk, now=NOW)
    run = books.prepared()
    rate_chunk(chunk_id=run.chunks.get().pk)
    return [lambda: billing.tasks.finish_run(run_id=run.pk), lambda: withdraw_run(run_id=run.pk, now=NOW)]


@BOOKS.case()
def a_run_is_released_as_it_is_withdrawn(books: Books) -> Sequence[Work]:
    withdraw_run(run_id=books.prepared().pk, now=NOW)
    run = _drawn_up(books)
    return [lambda: release_run(run_id=run.pk, user=books.second, now=NOW), lambda: withdraw_run(run_id=run.pk, now=NOW)]


def _drawn_up(books: Books) -> BillingRun:
    run = books.prepared()
    rate_chunk(chunk_id=run.chunks.get().pk)
    draw_up_run(run_id=run.pk, now=NOW)
    check_run(run_id=run.pk)
    return run


@BOOKS.case(billing.tasks.post_run, billing.tasks.print_run, billing.tasks.print_block, billing.tasks.send_run)
def a_run_is_posted_printed_and_sent(books: Books) -> Sequence[Work]:
    withdraw_run(run_id=books.prepared().pk, now=NOW)
    run = _drawn_up(books)
    release_run(run_id=run.pk, user=books.second, now=NOW)
    member = Member.objects.get(cooperative=books.hamlet.cooperative, sites__code="B 10")
    book_member_payment(member=member, amount_minor=3, rail=PaymentRail.CASH, external_ref="c", received_at=NOW, now=NOW)
    return twice(billing.tasks.post_run, run_id=run.pk)


@BOOKS.case(billing.tasks.use_open_credits)
def credit_is_used(books: Books) -> Sequence[Work]:
    return twice(billing.tasks.use_open_credits)


@BOOKS.case(billing.tasks.send_queued)
def letters_are_sent(books: Books) -> Sequence[Work]:
    run = BillingRun.objects.get(status=RunStatus.POSTED)
    run.documents.first().deliveries.all().delete()
    queue_run(run=run, now=NOW)
    return twice(billing.tasks.send_queued)


@BOOKS.case(billing.tasks.bill_finished_months)
def a_correction_is_proposed(books: Books) -> Sequence[Work]:
    measure_again(books.hamlet, "a 2", DAYS[1], 35)
    return twice(billing.tasks.bill_finished_months)


@BOOKS.case(billing.tasks.bill_finished_months)
def a_correction_is_proposed_as_a_person_prepares_it(books: Books) -> Sequence[Work]:
    withdraw_run(run_id=BillingRun.objects.get(kind=RunKind.CORRECTION).pk, now=NOW)
    measure_again(books.hamlet, "B 10", DAYS[1], 35)
    return [
        billing.tasks.bill_finished_months,
        lambda: prepare_correction(microgrid=books.hamlet.microgrid, month=MARCH, now=NOW, user=books.first),
    ]


def _withdraw_all() -> None:
    for run in BillingRun.objects.exclude(status__in=[RunStatus.POSTED, RunStatus.WITHDRAWN]):
        withdraw_run(run_id=run.pk, now=NOW)


@BOOKS.case()
def two_documents_of_a_month_are_taken_back(books: Books) -> Sequence[Work]:
    _withdraw_all()
    bills = list(Document.objects.filter(kind="bill", status="open").order_by("pk")[:2])

    def take_back(bill: Document) -> Work:
        return lambda: prepare_cancellation(document=bill, reason="wrong", user=books.first, now=NOW)

    return [take_back(bill) for bill in bills]


@BOOKS.case()
def a_document_is_taken_back_as_a_correction_is_prepared(books: Books) -> Sequence[Work]:
    _withdraw_all()
    measure_again(books.hamlet, "Z 1", DAYS[1], 35)
    bill = Document.objects.filter(kind="bill", status="open").order_by("pk")[0]
    return [
        lambda: prepare_cancellation(document=bill, reason="wrong", user=books.first, now=NOW),
        lambda: prepare_correction(microgrid=books.hamlet.microgrid, month=MARCH, now=NOW, user=books.first),
    ]


@BOOKS.case(billing.tasks.replay_posted_months)
def a_month_is_replayed(books: Books) -> Sequence[Work]:
    return twice(billing.tasks.replay_posted_months)


@BOOKS.case(contracts.tasks.compare_sums)
def sums_are_compared(books: Books) -> Sequence[Work]:
    return twice(contracts.tasks.compare_sums)


@BOOKS.case(billing.tasks.remind_members)
def members_are_reminded(books: Books) -> Sequence[Work]:
    books.shows(NOW + timedelta(days=30))
    return twice(billing.tasks.remind_members)


@BOOKS.case(billing.tasks.remind_members, reads="billing_document")
def a_member_is_reminded_as_the_bill_is_paid(books: Books) -> Sequence[Work]:
    now = books.shows(NOW + timedelta(days=60))
    bill = books.largest_bill()
    return [
        billing.tasks.remind_members,
        lambda: book_payment(
            document=bill, amount_minor=bill.rest_minor, rail=PaymentRail.CASH, external_ref="p", received_at=now, now=now
        ),
    ]


@BOOKS.case()
def a_disconnection_is_proposed(books: Books) -> Sequence[Work]:
    now = books.shows(NOW + timedelta(days=90))
    for days in (30, 60):
        remind(cooperative=books.hamlet.cooperative, today=(now + timedelta(days=days)).date(), now=now)
    bill = books.largest_bill()
    today = (now + timedelta(days=90)).date()

    def propose() -> None:
        propose_disconnection(site=bill.site, by=books.first, why="", today=today, now=now)

    return [propose, propose]


@BOOKS.case(billing.tasks.look_at_prepaid)
def balances_are_looked_at(books: Books) -> Sequence[Work]:
    books.shows(NOW)
    books.house = house_in(books.hamlet)
    books.house.pay(60, "top-up")
    return twice(billing.tasks.look_at_prepaid)


@BOOKS.case(billing.tasks.look_at_prepaid)
def a_balance_is_looked_at_as_it_is_topped_up(books: Books) -> Sequence[Work]:
    house = books.house
    assert house is not None
    return [billing.tasks.look_at_prepaid, lambda: house.pay(90_000, "more")]


@BOOKS.case(billing.tasks.look_at_prepaid)
def a_balance_is_looked_at_as_it_ends(books: Books) -> Sequence[Work]:
    house = books.house
    assert house is not None
    return [billing.tasks.look_at_prepaid, lambda: end_prepaid(agreement=house.agreement, by=house.user, now=NOW)]


@BOOKS.case(billing.tasks.begin_moves)
def sites_are_handed_over(books: Books) -> Sequence[Work]:
    _moving(books, "b 10")
    return twice(billing.tasks.begin_moves)


def _moving(books: Books, code: str) -> SiteOwnership:
    """A move whose day has come."""
    member = Member.objects.create(cooperative=books.hamlet.cooperative, number=f"9{code}", name="Carla Came")
    site = Site.objects.get(microgrid=books.hamlet.microgrid, code=code)
    now = books.shows(NOW)
    row = move(site=site, member=member, day=(now + timedelta(days=2)).date(), by=None, now=now)
    books.shows(NOW + timedelta(days=2))
    return row


@BOOKS.case(billing.tasks.begin_moves)
def a_site_is_handed_over_as_that_is_taken_back(books: Books) -> Sequence[Work]:
    row = _moving(books, "B 9")
    return [billing.tasks.begin_moves, lambda: ownership.take_back(ownership=row)]


@BOOKS.case()
def two_drafts_of_a_tariff_are_begun(books: Books) -> Sequence[Work]:
    return twice(draft_from, version=books.hamlet.version, now=NOW)


@BOOKS.case()
def two_versions_of_an_incentive_are_begun(books: Books) -> Sequence[Work]:
    programme = IncentiveProgramme.objects.create(microgrid=books.hamlet.microgrid, name="Sun")
    rule = rule_to_json(LocalUse(PerKwh(Decimal("0.05"))))

    @transaction.atomic
    def begin() -> None:
        IncentiveVersion.objects.create(programme=programme, number=next_number(programme), valid_from=TODAY, rule=rule, budget_minor=1)

    return [begin, begin]


@BOOKS.case(billing.tasks.fetch_index_prices)
def prices_of_an_index_are_fetched(books: Books) -> Sequence[Work]:
    books.shows(NOW + timedelta(hours=8))
    draft = draft_from(version=books.hamlet.version, now=NOW)
    TariffVersion.objects.filter(pk=draft.pk).update(valid_from=TODAY, parts=[SPOT])
    publish_version(version=draft, user=None, now=NOW)
    index = SpotIndex.objects.create(cooperative=books.hamlet.cooperative, code="day-ahead", name="Day ahead")
    SpotFeed.objects.create(index=index, form=FeedForm.ENTSOE, address=books.market_url, area="10Y1001A1001A82H", is_on=True)
    return twice(billing.tasks.fetch_index_prices)


@BOOKS.case()
def a_file_of_prices_is_handed_in(books: Books) -> Sequence[Work]:
    index = SpotIndex.objects.get()

    def take(per_mwh: int) -> Work:
        return lambda: import_spot_prices(
            index=index, source="x", file_name="x.csv", content=file_of(date(2016, 4, 9), per_mwh), user=None, now=NOW
        )

    return [take(70), take(70)]


@BOOKS.case()
def two_files_of_prices_are_handed_in(books: Books) -> Sequence[Work]:
    index = SpotIndex.objects.get()

    def take(per_mwh: int) -> Work:
        return lambda: import_spot_prices(
            index=index, source="x", file_name="x.csv", content=file_of(date(2016, 4, 10), per_mwh), user=None, now=NOW
        )

    return [take(70), take(80)]


@BOOKS.case(billing.tasks.publish_prices_ahead)
def prices_are_published_ahead(books: Books) -> Sequence[Work]:
    return twice(billing.tasks.publish_prices_ahead)


@BOOKS.case(billing.tasks.ask_card_provider)
def what_cards_paid_is_looked_after(books: Books) -> Sequence[Work]:
    member = Member.objects.filter(is_cooperative=False).order_by("pk")[0]
    checkout = top_up_by_card(
        member=member, amount_minor=900, user=books.first, back_url=BACK, provider=provider(), now=timezone.now() - timedelta(hours=2)
    )
    books.shop.pay(checkout.session_ref)
    return twice(billing.tasks.ask_card_provider)


@BOOKS.case(grid.tasks.forget_old_orders)
def orders_of_old_months_are_forgotten(books: Books) -> Sequence[Work]:
    trading = trading_hamlet("trading")
    random_orders(trading, seed=11)
    measure(trading.microgrid, DAYS)
    trading.bill()
    return twice(grid.tasks.forget_old_orders)
