"""A member says what may be ordered; the agent orders, changes and leaves alone; pages and API show the own and name nobody else."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from energy.models import ForecastKind, ForecastQuantity, ForecastRun, Meter, MeterForecast, Microgrid, Site
from energy.models.meters import MeterKind
from energy.services.partitions import ensure_months
from grid.models import MarketInterval, MarketOrder, OrderSide, SharingRule, SurplusPreference, TradingMode
from grid.selectors.order_books import ORDERS_TABLE
from grid.services.market_agent import order_for_members
from grid.services.market_clearing import clear_due
from grid.services.market_orders import CannotLimit, NewOrder, place_orders, set_limit
from grid.services.preferences import CannotPrefer, Wish, end_preference, prefer
from grid.services.prices import publish_prices
from tests.integration.grid.conftest import SHOWN_NOW

pytestmark = pytest.mark.django_db
QUARTER = timedelta(minutes=15)
RETAIL, FEED_IN = 300_000, 80_000


def let_trade(microgrid: Microgrid) -> None:
    """Today is shared by the market; each site is expected to use 400 Wh a quarter hour, and each roof to give 700."""
    today = SHOWN_NOW.astimezone(microgrid.zone).date()
    SharingRule.objects.create(microgrid=microgrid, key="market", price_rule="uniform_auction", valid_from=today)
    for day in (today, today + timedelta(days=1)):
        publish_prices(
            microgrid=microgrid,
            day=day,
            window_names=["all"],
            windows=[0] * 96,
            retail_micro=[RETAIL] * 96,
            feed_in_micro=[FEED_IN] * 96,
            local_micro=[190_000] * 96,
            now=SHOWN_NOW,
        )
    run = ForecastRun.objects.create(
        microgrid=microgrid,
        kind=ForecastKind.INTRADAY,
        origin_at=SHOWN_NOW - timedelta(hours=1),
        made_at=SHOWN_NOW,
        interval_minutes=15,
        horizon=96,
        model_version="1",
        weather="none",
    )
    for kind, quantity, wh in ((MeterKind.SITE, ForecastQuantity.CONSUMPTION, 400), (MeterKind.SOURCE, ForecastQuantity.PRODUCTION, 700)):
        for meter in Meter.objects.filter(microgrid=microgrid, kind=kind, removed_at__isnull=True):
            MeterForecast.objects.create(
                run=run, quantity=quantity, meter=meter, p10_wh=[wh] * 96, p50_wh=[wh] * 96, p90_wh=[wh] * 96, from_like_days=True
            )


@pytest.fixture
def trading(microgrid: Microgrid) -> Microgrid:
    let_trade(microgrid)
    return microgrid


def own_site(household: Any, microgrid: Microgrid) -> Site:
    return household.memberships.get().member.sites.filter(microgrid=microgrid).order_by("code").first()


def orders_of(site: Site) -> list[tuple[str, int, int]]:
    rows = MarketOrder.objects.filter(site=site).order_by("start_at", "side")
    return [(row.side, row.wh, row.price_micro) for row in rows]


def expected_of(site: Site) -> tuple[str, int]:
    net = 400 - 700 * site.sources.count()
    return (OrderSide.BUY, net) if net > 0 else (OrderSide.SELL, -net)


def test_the_agent_orders_what_is_expected_within_what_was_said(trading, household):
    site = own_site(household, trading)
    first = order_for_members(microgrid=trading, now=SHOWN_NOW)
    assert first.placed > 0
    assert order_for_members(microgrid=trading, now=SHOWN_NOW).placed == 0
    side, wh = expected_of(site)
    price = RETAIL if side == OrderSide.BUY else FEED_IN
    found = orders_of(site)
    assert set(found) == {(side, wh, price)}
    opens = MarketOrder.objects.order_by("start_at").first().start_at
    assert opens - timedelta(hours=1) == SHOWN_NOW + QUARTER  # the gate of the one before has closed just now
    set_limit(
        site=site,
        buying=TradingMode.LIMIT,
        buy_limit_micro=250_000,
        selling=TradingMode.LIMIT,
        sell_limit_micro=120_000,
        by=household,
        now=SHOWN_NOW,
    )
    untouched = set(MarketOrder.objects.exclude(site=site).values_list("pk", "placed_at"))
    changed = order_for_members(microgrid=trading, now=SHOWN_NOW + timedelta(minutes=1))
    assert (changed.placed, changed.withdrawn) == (len(found), len(found))
    assert {price for _, _, price in orders_of(site)} == {250_000 if side == OrderSide.BUY else 120_000}
    assert untouched == set(MarketOrder.objects.exclude(site=site).values_list("pk", "placed_at"))
    set_limit(
        site=site,
        buying=TradingMode.NEVER,
        buy_limit_micro=None,
        selling=TradingMode.NEVER,
        sell_limit_micro=None,
        by=household,
        now=SHOWN_NOW,
    )
    order_for_members(microgrid=trading, now=SHOWN_NOW + timedelta(minutes=2))
    assert orders_of(site) == []
    assert site.trading_limits.count() == 2
    with pytest.raises(CannotLimit, match="which price"):
        set_limit(
            site=site,
            buying=TradingMode.LIMIT,
            buy_limit_micro=None,
            selling=TradingMode.MARKET,
            sell_limit_micro=None,
            by=household,
            now=SHOWN_NOW,
        )


def test_the_agent_leaves_alone_what_somebody_orders_by_hand_and_does_not_offer_what_is_given_away(trading, household):
    giver = next(site for site in Site.objects.filter(microgrid=trading) if expected_of(site)[0] == OrderSide.SELL)
    taker = own_site(household, trading)
    order_for_members(microgrid=trading, now=SHOWN_NOW)
    start = MarketOrder.objects.filter(site=giver).order_by("start_at").first().start_at
    place_orders(site=giver, orders=[NewOrder(OrderSide.SELL, start, 7, 200_000)], by=household, now=SHOWN_NOW)
    order_for_members(microgrid=trading, now=SHOWN_NOW)
    assert list(MarketOrder.objects.filter(site=giver, start_at=start).values_list("wh", flat=True)) == [7]
    other = next(site for site in Site.objects.filter(microgrid=trading) if site.pk not in (giver.pk, taker.pk))
    tomorrow = SHOWN_NOW.astimezone(trading.zone).date() + timedelta(days=1)
    prefer(site=giver, wish=Wish(other.code, 1, 1, True, False, tomorrow), by=household, now=SHOWN_NOW)
    order_for_members(microgrid=trading, now=SHOWN_NOW)
    needs = max(400 - 700 * other.sources.count(), 0)
    after = MarketOrder.objects.filter(site=giver, start_at__gte=trading.local_day(tomorrow).start_at)
    left = expected_of(giver)[1] - needs
    assert set(after.values_list("wh", flat=True)) == ({left} if left > 0 else set())


def test_a_member_sees_the_own_orders_and_matches_and_nobody_elses(trading, household, stranger, client):
    site = own_site(household, trading)
    order_for_members(microgrid=trading, now=SHOWN_NOW)
    clear_due(microgrid=trading, now=SHOWN_NOW + timedelta(hours=3))
    cleared = MarketInterval.objects.filter(volume_wh__gt=0)
    assert cleared.exists()
    assert set(cleared.values_list("price_micro", flat=True)) == {(RETAIL + FEED_IN) // 2}
    client.force_login(household)
    told = client.get(reverse("api-market-orders")).json()
    assert told["count"] == MarketOrder.objects.filter(site__member=site.member).count()
    assert any(row["matched_wh"] for row in told["results"])
    day = SHOWN_NOW.astimezone(trading.zone).date()
    course = client.get(reverse("api-market", args=[trading.public_id, day])).json()
    assert sum(row["volume_wh"] or 0 for row in course) == sum(row.volume_wh for row in MarketInterval.objects.all())
    start = cleared.first().start_at.isoformat()
    book = client.get(reverse("api-market-book", args=[trading.public_id]), {"start_at": start}).json()
    assert {frozenset(level) for level in book} == {frozenset(("side", "price_micro", "wh", "orders"))}
    page = client.get(reverse("market"), {"site": site.public_id, "day": day})
    assert page.status_code == 200
    assert "Never pay more than" in page.content.decode()
    client.force_login(stranger)
    assert client.get(reverse("api-market", args=[trading.public_id, day])).status_code == 404
    assert client.get(reverse("api-market-orders")).json()["count"] == 0
    assert client.get(reverse("api-trading-limit", args=[site.public_id])).status_code == 404


def test_a_program_orders_over_the_api_and_takes_back(trading, household, client, clock_at_noon):
    site = own_site(household, trading)
    client.force_login(household)
    start = clock_at_noon + timedelta(hours=3)
    order = {"side": "buy", "start_at": start.isoformat(), "wh": 250, "price_micro": 240_000}
    body = {"site": str(site.public_id), "orders": [order]}
    answer = client.post(reverse("api-market-orders"), body, content_type="application/json")
    assert answer.status_code == 201, answer.json()
    [placed] = answer.json()
    assert (placed["by_agent"], placed["matched_wh"]) == (False, None)
    dear = body | {"orders": [order | {"price_micro": 310_000}]}
    assert client.post(reverse("api-market-orders"), dear, content_type="application/json").status_code == 409
    assert client.delete(reverse("api-market-order", args=[placed["id"]])).status_code == 204
    limit = {"buying": "limit", "buy_limit_micro": 250_000, "selling": "never"}
    where = reverse("api-trading-limit", args=[site.public_id])
    assert client.put(where, limit, content_type="application/json").json()["buy_limit_micro"] == 250_000
    assert client.get(where).json()["selling"] == "never"


@pytest.fixture
def clock_at_noon(trading: Microgrid) -> Any:
    """The microgrid's own clock stands at SHOWN_NOW, as far as a request takes."""
    trading.clock_real_start = timezone.now()
    trading.save()
    return SHOWN_NOW


def test_pages_take_what_members_say_in_their_language(trading, household, client, clock_at_noon):
    site = own_site(household, trading)
    client.force_login(household)
    said = {"site": site.public_id, "buying": "limit", "buy_ct": "25,5", "selling": "market", "sell_ct": "", "day": "2016-06-03"}
    assert client.post(reverse("market-limit"), said).status_code == 302
    assert site.trading_limits.get(is_current=True).buy_limit_micro == 255_000
    asked = {"site": site.public_id}
    german = client.get(reverse("market"), asked, headers={"Accept-Language": "de"}).content.decode()
    assert "Nie mehr zahlen als" in german
    assert 'value="25.5"' in german
    other = Site.objects.filter(microgrid=trading).exclude(member=site.member).first()
    wish = {"code": other.code, "place": 1, "percent": "50", "valid_from": "2016-06-04", "is_gift": "on"}
    where = f"{reverse('preferences')}?site={site.public_id}"
    assert client.post(where, wish).status_code == 302
    entry = SurplusPreference.objects.get(site=site)
    assert (entry.receiver, float(entry.share), entry.is_gift, entry.names_giver) == (other, 0.5, True, False)
    assert other.code in client.get(where).content.decode()
    assert "taken in that time" not in client.get(where).content.decode()
    assert client.post(where, wish).status_code == 200  # the place is taken: the form says so
    assert client.post(reverse("preference-end", args=[entry.public_id])).status_code == 302
    assert not SurplusPreference.objects.filter(site=site).exists()
    ensure_months(table=ORDERS_TABLE, days=[SHOWN_NOW.date()])
    strange = MarketOrder.objects.create(
        microgrid=trading,
        site=other,
        start_at=SHOWN_NOW + timedelta(hours=5),
        side="buy",
        wh=1,
        price_micro=RETAIL,
        placed_at=SHOWN_NOW,
        placed_by=household,
    )
    assert client.post(reverse("market-order-back", args=[strange.public_id])).status_code == 404


def test_a_list_begins_tomorrow_and_ends_without_touching_what_was_shared(trading, household):
    site = own_site(household, trading)
    other = Site.objects.filter(microgrid=trading).exclude(pk=site.pk).order_by("pk").first()
    today = SHOWN_NOW.astimezone(trading.zone).date()
    for wrong, why in (
        ({"receiver_code": "nobody"}, "code"),
        ({"receiver_code": site.code}, "already"),
        ({"valid_from": today}, "earliest"),
        ({"share": 0}, "share"),
        ({"valid_to": today}, "end after"),
    ):
        given = {
            "receiver_code": other.code,
            "place": 1,
            "share": 1,
            "is_gift": False,
            "names_giver": False,
            "valid_from": today + timedelta(days=1),
        } | wrong
        with pytest.raises(CannotPrefer, match=why):
            prefer(site=site, wish=Wish(**given), by=household, now=SHOWN_NOW)
    row = prefer(site=site, wish=Wish(other.code, 1, 1, False, False, today + timedelta(days=1)), by=household, now=SHOWN_NOW)
    later = SHOWN_NOW + timedelta(days=3)
    assert end_preference(preference=row, now=later)
    row.refresh_from_db()
    assert row.valid_to == date(2016, 6, 7)
    assert not end_preference(preference=row, now=later)
