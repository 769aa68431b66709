"""A village that trades: from orders to bills, with gifts beside, every Wh and cent accounted for."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction

from benchmarks.e_invoice_rules import broken_rules
from billing.models import Document, DocumentLine, LedgerEntry
from billing.services.rule_replay import replay_rules
from energy.adapters.meter_day_rows import MeterDayRow, write_rows
from energy.models import Channel, Meter, Site
from energy.selectors.meter_days import load_channel
from energy.services.partitions import ensure_months
from grid.models import (
    GivenDay,
    MarketInterval,
    MarketOrder,
    MarketTerms,
    OrderSide,
    SharingDay,
    SharingRule,
    SiteMarketDay,
    SurplusPreference,
)
from grid.selectors.prices import load_prices
from grid.selectors.sharing import load_shares
from grid.services.day_close import close_day
from grid.services.market_clearing import clear_due, clear_intervals
from grid.services.market_orders import CannotOrder, NewOrder, place_orders, withdraw_order
from members.models import User
from tests.integration.billing.conftest import DAYS, NOW, Hamlet, make_hamlet, measure
from tests.integration.billing.test_e_invoices import xml_of
from tests.integration.billing.test_rule_replay import posted, replayed

pytestmark = pytest.mark.django_db
EARLY = datetime.fromisoformat("2016-03-20T12:00:00+00:00")
RETAIL, FEED_IN = 270_000, 83_000


def trading_hamlet(slug: str = "hamlet", **terms: Any) -> Hamlet:
    hamlet = make_hamlet(slug, closed=False)
    SharingRule.objects.create(microgrid=hamlet.microgrid, key="market", price_rule="uniform_auction", valid_from=DAYS[0])
    if terms:
        MarketTerms.objects.create(microgrid=hamlet.microgrid, valid_from=DAYS[0], **terms)
    return hamlet


def somebody() -> User:
    return User.objects.get_or_create(email="trader@example.org")[0]


def random_orders(hamlet: Hamlet, seed: int, most_wh: int = 200) -> list[MarketOrder]:
    """Orders of all sites on both days, at prices that differ."""
    chance = np.random.default_rng(seed)
    placed = []
    for site in Site.objects.filter(microgrid=hamlet.microgrid).order_by("code"):
        new = []
        for day in DAYS:
            starts = hamlet.microgrid.local_day(day).starts()
            for place in chance.choice(len(starts), 12, replace=False).tolist():
                new += [
                    NewOrder(side, starts[place], int(chance.integers(1, most_wh)), int(chance.integers(83, 271)) * 1000)
                    for side in OrderSide
                ]
        at = EARLY + timedelta(minutes=int(chance.integers(0, 5)))
        placed += place_orders(site=site, orders=new, by=somebody(), now=at)
    return placed


def test_the_day_close_with_orders_is_what_study_share_makes_of_the_same_case(tmp_path: Path, capsys: Any):
    """Where meters show at least what was ordered, what is shared and its price are those of the study, to the Wh."""
    hamlet = trading_hamlet()
    microgrid, day = hamlet.microgrid, DAYS[0]
    orders = [order for order in random_orders(hamlet, seed=5, most_wh=40) if order.start_at < microgrid.local_day(day).end_at]
    measure(microgrid, DAYS[1:])  # the other day must not matter
    sites = list(Site.objects.filter(microgrid=microgrid).order_by("pk"))
    plenty = {site.code: [10_000] * 96 for site in sites}
    write_days(hamlet, day, plenty)
    starts = microgrid.local_day(day).starts()
    case = {
        "rule": "market",
        "price_rule": "uniform_auction",
        "members": [{"id": site.code} for site in sites],
        "consumption_wh": plenty,
        "production_wh": plenty,
        **{
            name: [
                {
                    "member": o.site.code,
                    "interval": starts.index(o.start_at),
                    "wh": o.wh,
                    "price_per_kwh": o.price_micro / 1e6,
                    "placed_at": o.placed_at.isoformat(),
                }
                for o in orders
                if o.side == side
            ]
            for name, side in (("bids", OrderSide.BUY), ("offers", OrderSide.SELL))
        },
    }
    path = tmp_path / "case.json"
    path.write_text(json.dumps(case))
    call_command("study_share", str(path), "--json")
    study = json.loads(capsys.readouterr().out.strip().splitlines()[-1])
    block = load_shares(microgrid=microgrid, days=[day], site_ids=[site.pk for site in sites])
    assert sum(study["matched_wh"]) > 0
    for row, site in enumerate(sites):
        assert block.received_wh[row].tolist() == study["received_wh"][site.code]
        assert block.delivered_wh[row].tolist() == study["delivered_wh"][site.code]
    prices = load_prices(microgrid_id=microgrid.pk, days=[day]).local_micro
    for place, price in enumerate(study["buy_price_per_kwh"]):
        if price is not None:
            assert abs(prices[place] - price * 1e6) <= 0.5


def write_days(hamlet: Hamlet, day: date, import_wh: dict[str, list[int]]) -> None:
    """A day on which each site draws and feeds in the same, closed."""
    rows = [
        MeterDayRow(day, meter.pk, int(channel), np.array(import_wh[meter.code], np.int32), np.zeros(96, np.int16))
        for meter in Meter.objects.filter(microgrid=hamlet.microgrid)
        for channel in (Channel.IMPORT, Channel.EXPORT)
    ]
    ensure_months(table="energy_meterday", days=[day])
    with transaction.atomic(), connection.cursor() as cursor:
        write_rows(cursor, rows, microgrid_id=hamlet.microgrid.pk, provenance="test", now=NOW, replace=False)
    close_day(microgrid=hamlet.microgrid, day=day, now=NOW)


def test_bills_of_a_trading_month_are_conserved_and_deviations_stand_on_them():
    hamlet = trading_hamlet(deviation_micro=50_000)
    random_orders(hamlet, seed=7)
    measure(hamlet.microgrid, DAYS)
    run = hamlet.bill()
    days = SiteMarketDay.objects.filter(microgrid=hamlet.microgrid, is_current=True)
    short, missed = (sum(sum(getattr(row, name)) for row in days) for name in ("short_wh", "missed_wh"))
    assert short == missed > 0
    lines = DocumentLine.objects.filter(document__run=run)

    def total(component: str, name: str) -> int:
        return sum(lines.filter(component=component).values_list(name, flat=True))

    assert total("deviation", "quantity") == total("compensation", "quantity") == short
    assert total("deviation", "net_minor") == total("compensation", "net_minor") > 0
    assert total("local", "net_minor") == total("local_delivered", "net_minor") > 0
    shared = sum(sum(row.shared_wh) for row in SharingDay.objects.filter(microgrid=hamlet.microgrid, is_current=True))
    assert total("local", "quantity") == total("local_delivered", "quantity") == shared
    local = LedgerEntry.objects.filter(account__code="local_clearing")
    assert sum(e.debit_minor - e.credit_minor for e in local) == 0
    assert set(lines.filter(component="deviation").values_list("document__kind", flat=True)) == {"bill"}
    assert set(lines.filter(component="compensation").values_list("document__kind", flat=True)) == {"credit"}
    for component in ("deviation", "compensation"):
        assert broken_rules(xml_of(lines.filter(component=component).first().document)) == []


def test_gifts_are_booked_at_nothing_on_both_sides_and_the_rest_follows_the_rule():
    hamlet = make_hamlet(closed=False)
    microgrid = hamlet.microgrid
    giver, daughter, school = (Site.objects.get(microgrid=microgrid, code=code) for code in ("B 9", "Z 1", "B 10"))
    entry = {"site": giver, "valid_from": DAYS[0], "set_by": somebody(), "set_at": EARLY}
    SurplusPreference.objects.create(receiver=daughter, place=1, share="0.5", is_gift=True, names_giver=True, **entry)
    SurplusPreference.objects.create(receiver=school, place=2, **entry)
    measure(microgrid, DAYS)
    run = hamlet.bill()
    given = sum(sum(row.wh) for row in GivenDay.objects.filter(preference__receiver=daughter, is_current=True))
    sold = sum(sum(row.wh) for row in GivenDay.objects.filter(preference__receiver=school, is_current=True))
    assert given > 0
    assert sold > 0
    lines = DocumentLine.objects.filter(document__run=run)
    gift, away = lines.get(component="gift"), lines.get(component="given")
    assert (gift.document.site, gift.document.kind, gift.quantity, gift.price, gift.net_minor, gift.window) == (
        daughter,
        "bill",
        given,
        0,
        0,
        giver.member.name,
    )
    assert (away.document.site, away.document.kind, away.quantity, away.net_minor, away.window) == (giver, "credit", given, 0, "Z 1")
    for document in Document.objects.filter(run=run):
        own = {line.component: 0 for line in document.lines.all()}
        for line in document.lines.all():
            own[line.component] += line.quantity
        channel = Channel.IMPORT if document.kind == "bill" else Channel.EXPORT
        block = load_channel(microgrid=microgrid, channel=channel, days=DAYS, meter_ids=[document.site.meters.get().pk])
        names = ("local", "gift", "grid") if document.kind == "bill" else ("local_delivered", "given", "export")
        assert sum(own.get(name, 0) for name in names) == block.values_wh.sum()
    for document in (gift.document, away.document):
        assert broken_rules(xml_of(document)) == []
    replay_rules(run=run, now=NOW)
    assert replayed(run.replays.get(key="")) == posted(run)
    assert replayed(run.replays.get(key="dynamic", price_rule="mid_market")) == posted(run)


def test_a_month_that_traded_is_replayed_as_it_was_billed():
    """Everybody orders just what the meters then show, at the public grid's prices: what the replay supposes of the agent."""
    hamlet = trading_hamlet()
    trade_as_measured(hamlet)
    run = hamlet.bill()
    replay_rules(run=run, now=NOW)
    assert sum(sum(row.shared_wh) for row in SharingDay.objects.filter(is_current=True)) > 0
    assert replayed(run.replays.get(key="market")) == posted(run)


def trade_as_measured(hamlet: Hamlet) -> None:
    """Measure the same days in a twin first, then order what it drew and fed in, and measure again."""
    twin = make_hamlet("twin")
    placed = {}
    for channel, side in ((Channel.IMPORT, OrderSide.BUY), (Channel.EXPORT, OrderSide.SELL)):
        block = load_channel(microgrid=twin.microgrid, channel=channel, days=DAYS)
        codes = dict(Meter.objects.filter(microgrid=twin.microgrid).values_list("pk", "code"))
        for meter, values in zip(block.meter_ids.tolist(), block.values_wh, strict=True):
            placed[side, codes[meter]] = values.tolist()
    starts = [start for day in DAYS for start in hamlet.microgrid.local_day(day).starts()]
    prices = load_prices(microgrid_id=hamlet.microgrid.pk, days=DAYS)
    for site in Site.objects.filter(microgrid=hamlet.microgrid):
        for side in OrderSide:
            bound = prices.retail_micro if side == OrderSide.BUY else prices.feed_in_micro
            new = [
                NewOrder(side, start, wh, int(price))
                for start, wh, price in zip(starts, placed.get((side, site.code), [0] * len(starts)), bound, strict=True)
                if wh
            ]
            if new:
                place_orders(site=site, orders=new, by=somebody(), now=EARLY)
    measure(hamlet.microgrid, DAYS)


def test_orders_stay_once_their_gate_has_closed():
    hamlet = trading_hamlet(gate_minutes=30)
    site = Site.objects.get(microgrid=hamlet.microgrid, code="Z 1")
    start = hamlet.microgrid.local_day(DAYS[0]).starts()[40]
    order = NewOrder(OrderSide.BUY, start, 100, 200_000)
    [row] = place_orders(site=site, orders=[order], by=somebody(), now=start - timedelta(minutes=31))
    for late in (lambda at: place_orders(site=site, orders=[order], by=somebody(), now=at), lambda at: withdraw_order(order=row, now=at)):
        with pytest.raises(CannotOrder, match="closed"):
            late(start - timedelta(minutes=30))
    with pytest.raises(CannotOrder, match="asks 27 ct"):
        place_orders(site=site, orders=[NewOrder(OrderSide.BUY, start, 1, RETAIL + 1)], by=somebody(), now=EARLY)
    with pytest.raises(CannotOrder, match="not shared by the market"):
        before = NewOrder(OrderSide.BUY, hamlet.microgrid.local_day(date(2016, 3, 25)).starts()[40], 1, 200_000)
        place_orders(site=site, orders=[before], by=somebody(), now=EARLY)
    assert clear_due(microgrid=hamlet.microgrid, now=start - timedelta(minutes=30)) == 41
    assert clear_due(microgrid=hamlet.microgrid, now=start - timedelta(minutes=30)) == 0
    row.refresh_from_db()
    assert row.matched_wh == 0
    for change in (
        lambda: MarketOrder.objects.filter(pk=row.pk).update(wh=5),
        lambda: MarketOrder.objects.filter(pk=row.pk).delete(),
        lambda: MarketOrder.objects.create(
            microgrid=hamlet.microgrid, site=site, start_at=start, side="buy", wh=1, price_micro=1, placed_at=NOW
        ),
        lambda: MarketInterval.objects.filter(start_at=start).update(volume_wh=0, asked_wh=7),
        lambda: MarketInterval.objects.filter(start_at=start).delete(),
    ):
        with pytest.raises(DatabaseError, match="stay"), transaction.atomic():
            change()


@pytest.mark.django_db(transaction=True)
def test_two_workers_clear_each_interval_once():
    hamlet = trading_hamlet()
    random_orders(hamlet, seed=9)
    starts = hamlet.microgrid.local_day(DAYS[0]).starts()

    def work(_: int) -> int:
        try:
            return clear_intervals(microgrid=hamlet.microgrid, starts=starts, now=NOW)
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as pool:
        cleared = list(pool.map(work, range(3)))
    assert sorted(cleared) == [0, 0, 96]
    for row in MarketInterval.objects.filter(volume_wh__gt=0):
        orders = MarketOrder.objects.filter(start_at=row.start_at)
        for side in OrderSide:
            matched = [o for o in orders if o.side == side and o.matched_wh]
            assert sum(o.matched_wh for o in matched) == row.volume_wh
            good = all(o.price_micro >= row.price_micro if side == OrderSide.BUY else o.price_micro <= row.price_micro for o in matched)
            assert good
