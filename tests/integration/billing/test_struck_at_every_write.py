"""Moves, top-ups and payments by card cut off before each of their writes in turn and done again: one owner, one payment, one notice, one number."""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone
from pytest_django import Settings

from billing.adapters.cards import provider
from billing.models import CardCheckout, CardEvent, CardMovement, Document, LedgerEntry, Payment, PrepaidAlarm, PrepaidDay, TariffAssignment
from billing.services.cards import pay_bill_by_card, take_event
from billing.services.moves import begin_due, move
from billing.services.payments import use_credit
from energy.models import Site, SiteOwnership
from energy.services.ownership import CannotMove
from grid.models import SupplyRequest, SurplusPreference, TradingLimit, TradingMode
from grid.services.market_orders import set_limit
from members.models import Notification, User
from tests.integration.billing.card_server import SECRET_KEY, WEBHOOK_SECRET, Account, card_server
from tests.integration.billing.conftest import DAYS, NOW, Hamlet, make_tariff, outcome
from tests.integration.billing.moving import Moving, make_moving
from tests.integration.billing.test_allocations import check_conserved
from tests.integration.billing.test_prepaid import AFTER, TUESDAY, House, house_in
from tests.integration.striking import Clock, PowerCutError, power_cut

SEED = 20160327


@contextmanager
def rolled_back() -> Iterator[None]:
    """Whatever is done inside is as if it had never been."""
    with transaction.atomic():
        point = transaction.savepoint()
        yield
        transaction.savepoint_rollback(point)


def strike_everywhere(work: Callable[[], object], told: Callable[[], object], most: int | None = None) -> int:
    """Each time from the same start: cut `work` off before one of its writes, do it again, twice; it must come to what it comes to undisturbed.

    Services commit where their outermost `atomic` ends, which is a savepoint inside a test: what a cut undoes there a killed process
    loses, what it leaves a killed process has committed. Returns how many writes there are; `most`: so many of them, drawn by seed.
    """
    with rolled_back():
        clock = Clock(None, power_cut)
        with connection.execute_wrapper(clock):
            work()
        expected = told()
        work()
        assert told() == expected, "done twice it is not what it is done once"
    strikes = range(1, clock.count + 1)
    for strike_at in strikes if most is None else sorted(random.Random(SEED).sample(strikes, most)):
        with rolled_back():
            with connection.execute_wrapper(Clock(strike_at, power_cut)), pytest.raises(PowerCutError):
                work()
            # Django's bulk_create opens a block without a savepoint, which only asks for a rollback: its one statement was not run.
            connection.set_rollback(False)
            work()
            assert told() == expected, f"struck down before write {strike_at} of {clock.count}"
    return clock.count


@pytest.fixture
def moving(hamlet: Hamlet) -> Moving:
    """Somebody of either household reads along, and who went had a limit for the market and gave surplus to a neighbour."""
    moving = make_moving(hamlet)
    for member in (moving.went, moving.came):
        moving.client(member)
    user = User.objects.get(memberships__member=moving.went)
    set_limit(
        site=moving.site,
        buying=TradingMode.LIMIT,
        buy_limit_micro=250_000,
        selling=TradingMode.NEVER,
        sell_limit_micro=None,
        by=user,
        now=NOW,
    )
    SurplusPreference.objects.create(
        site=moving.site, receiver=Site.objects.exclude(pk=moving.site.pk).first(), place=1, valid_from=DAYS[0], set_by=user, set_at=NOW
    )
    return moving


def told_of_move(moving: Moving) -> object:
    """Whose the site is on which days, by which tariff, what of the arrangements is left, and who was told how often."""
    return (
        list(
            SiteOwnership.objects.filter(site=moving.site)
            .order_by("pk")
            .values_list("member", "valid_from", "valid_to", "has_begun", "is_vacant")
        ),
        Site.objects.get(pk=moving.site.pk).member_id,
        list(TariffAssignment.objects.filter(site=moving.site).order_by("valid_from").values_list("tariff", "valid_from", "valid_to")),
        TradingLimit.objects.filter(site=moving.site, is_current=True).count(),
        list(SurplusPreference.objects.filter(site=moving.site).values_list("valid_to", flat=True)),
        sorted(Notification.objects.values_list("user__email", "kind", "subject")),
    )


def test_a_move_inside_a_month_that_is_cut_off_happens_once(moving: Moving) -> None:
    other, _ = make_tariff(moving.hamlet.cooperative, "other", energy_per_kwh="0.50")

    def hand_over() -> None:
        site = Site.objects.get(pk=moving.site.pk)
        with suppress(CannotMove):  # it happened already
            move(site=site, member=moving.came, day=DAYS[1], by=None, now=NOW + timedelta(hours=1), tariff=other)

    writes = strike_everywhere(hand_over, lambda: told_of_move(moving))
    assert writes > 12
    hand_over()
    assert len(set(Notification.objects.values_list("user", flat=True))) == 2

    def told_of_bills() -> object:
        return outcome(moving.hamlet.cooperative)

    assert strike_everywhere(lambda: moving.hamlet.bill(), told_of_bills, most=3) > 25
    moving.hamlet.bill()
    assert [moving.document(m).days() for m in (moving.went, moving.came)] == [[DAYS[0]], [DAYS[1]]]


def test_a_move_ahead_that_is_cut_off_on_its_day_begins_once(moving: Moving) -> None:
    ahead = NOW.date() + timedelta(days=3)
    move(site=moving.site, member=moving.came, day=ahead, by=None, now=NOW)

    def begin() -> None:
        begin_due(microgrid=moving.hamlet.microgrid, now=NOW + timedelta(days=3))

    assert strike_everywhere(begin, lambda: told_of_move(moving)) > 8
    assert Site.objects.get(pk=moving.site.pk).member_id == moving.went.pk


def told_of_house(house: House) -> object:
    """Money in the books, what is shown, alarms, requests, and what was written to whom."""
    return (
        list(Payment.objects.order_by("pk").values_list("external_ref", "amount_minor")),
        list(PrepaidDay.objects.order_by("day").values_list("day", "books_minor", "spent_minor", "unbilled_minor")),
        sorted(PrepaidAlarm.objects.values_list("alarm", "shown_minor", "is_told", "over_at")),
        sorted(SupplyRequest.objects.values_list("status", "limit_w", "asked_at")),
        sorted(Notification.objects.values_list("user__email", "kind", "subject")),
        sorted(
            LedgerEntry.objects.filter(account__cooperative=house.hamlet.cooperative).values_list(
                "account__code", "debit_minor", "credit_minor"
            )
        ),
        list(Document.objects.filter(member=house.member).order_by("pk").values_list("status", "number")),
    )


def test_a_top_up_and_what_it_settles_are_cut_off_and_happen_once(hamlet: Hamlet) -> None:
    house = house_in(hamlet)

    def look() -> None:
        house.look(TUESDAY)

    def told() -> object:
        return told_of_house(house)

    assert strike_everywhere(look, told, most=4) > 8  # the estimate, the alarms, a notice and a request for a limit
    look()
    assert SupplyRequest.objects.filter(status="asked").count() == 1

    def top_up() -> None:
        house.pay(10_000, "top up 1", TUESDAY)

    assert strike_everywhere(top_up, told) > 4
    top_up()
    assert (Payment.objects.count(), SupplyRequest.objects.filter(status="asked").count()) == (1, 0)
    hamlet.bill()
    assert Document.objects.get(member=house.member, kind="bill").status == "open"
    assert strike_everywhere(lambda: use_credit(member=house.member, now=AFTER), told) >= 3
    use_credit(member=house.member, now=AFTER)
    assert Document.objects.get(member=house.member, kind="bill").status == "settled"
    check_conserved(hamlet.cooperative)


@pytest.fixture
def shop(settings: Settings) -> Iterator[Account]:
    with card_server() as (url, account):
        settings.CARD_PROVIDER, settings.CARD_API_URL = "stripe", url
        settings.CARD_SECRET_KEY, settings.CARD_WEBHOOK_SECRETS = SECRET_KEY, [WEBHOOK_SECRET]
        yield account


def test_a_payment_by_card_that_is_cut_off_is_one_page_one_collection_one_payment(hamlet: Hamlet, shop: Account) -> None:
    """What the provider was asked stays with it: every cut comes on top of those before."""
    hamlet.bill()
    bill = Document.objects.filter(kind="bill", gross_minor__gt=100).order_by("number")[0]
    user = User.objects.create_user("payer@x.example", "x")

    def ask() -> CardCheckout:
        return pay_bill_by_card(
            document=Document.objects.get(pk=bill.pk),
            user=user,
            back_url="https://x.example/{key}",
            provider=provider(),
            now=timezone.now(),
        )

    assert cut_off_in_turn(ask) > 3
    checkout = ask()
    assert (len(shop.sessions), CardCheckout.objects.count()) == (1, 1)
    shop.pay(checkout.session_ref)
    content, headers = shop.event("checkout.session.completed", shop.sessions[checkout.session_ref])

    def tell() -> str:
        return take_event(content=content, headers=headers, provider=provider(), now=timezone.now()).outcome

    assert cut_off_in_turn(tell) > 6
    assert tell() == "paid"
    assert len(shop.movements) == 1
    assert [model.objects.count() for model in (Payment, CardMovement, CardEvent)] == [1, 1, 1]
    assert Document.objects.get(pk=bill.pk).status == "settled"
    check_conserved(hamlet.cooperative)


def cut_off_in_turn(work: Callable[[], object]) -> int:
    """Cut off before the first write, then before the second one of what is left to do, and so on until it comes to its end."""
    strike_at = 1
    while True:
        try:
            with connection.execute_wrapper(Clock(strike_at, power_cut)):
                work()
        except PowerCutError:
            strike_at += 1
        else:
            return strike_at
