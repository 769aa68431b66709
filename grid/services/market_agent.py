"""The default agent at work: it places, changes and withdraws orders of all sites as forecasts and limits change."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
from django.db import transaction
from numpy.typing import NDArray

from energy.models import Microgrid
from grid.domain.market.agent import Wanted, lots, orders_for
from grid.domain.sharing.preferences import give
from grid.models import MarketInterval, MarketOrder, OrderSide
from grid.selectors.market import place_in_day
from grid.selectors.preferences import preferences_on
from grid.selectors.sharing_terms import SiteAxis
from grid.selectors.trading import Expected, expected_from, limits_of, published_bounds
from grid.services.market_orders import open_starts

Ints = NDArray[np.int64]
REACH = timedelta(hours=48)
MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Placed:
    """How many orders an agent's round changed."""

    placed: int
    withdrawn: int


def order_for_members(*, microgrid: Microgrid, now: datetime) -> Placed:
    """Bring the agent's orders of all open intervals in line with what is expected; asked again with the same facts it changes nothing.

    Intervals whose prices are not published or that are not foreseen yet wait.
    """
    starts = open_starts(microgrid, now, now + REACH)
    sites = SiteAxis.of(microgrid)
    if not starts or not sites.codes:
        return Placed(0, 0)
    expected = _expected(microgrid, sites, starts[0], len(starts), now)
    if expected is None:
        return Placed(0, 0)
    days = sorted({start.astimezone(microgrid.zone).date() for start in starts})
    placed = [
        _order_day(microgrid, sites, day, starts, expected, now)
        for day in days
    ]  # fmt: skip
    return Placed(sum(p.placed for p in placed), sum(p.withdrawn for p in placed))


def _expected(
    microgrid: Microgrid, sites: SiteAxis, first: datetime, count: int, now: datetime
) -> dict[datetime, Expected] | None:
    """What is expected in each interval as far as it is foreseen, looked at from now."""
    step = timedelta(minutes=microgrid.interval_minutes)
    origin = (
        now - (now - first) % step
    )  # the interval that runs now, in the rhythm of the settlement intervals
    ahead = (first - origin) // step
    found = expected_from(microgrid, sites, origin, ahead + REACH // step)
    if found is None:
        return None
    return {
        origin + i * step: Expected(found.draw_wh[i : i + 1], found.feed_in_wh[i : i + 1])
        for i in range(len(found.draw_wh))
    }


def _order_day(
    microgrid: Microgrid, sites: SiteAxis, day: date, starts: list[datetime], expected: dict[datetime, Expected], now: datetime
) -> Placed:  # fmt: skip
    """One day's open intervals: what is given away first is not offered, and what is given to a site it does not ask for."""
    bounds = published_bounds(microgrid, [day]).get(day)
    chosen = [s for s in starts if s.astimezone(microgrid.zone).date() == day and s in expected]
    if bounds is None or not chosen:
        return Placed(0, 0)
    draw = np.concatenate([expected[s].draw_wh for s in chosen])
    feed_in = np.concatenate([expected[s].feed_in_wh for s in chosen])
    entries = preferences_on(microgrid=microgrid, day=day, sites=sites).entries
    if entries:
        given = give(entries, draw, feed_in, sites.ranks)
        draw, feed_in = draw - given.received(len(sites.codes)), feed_in - given.delivered(len(sites.codes))
    places = [place_in_day(microgrid, day, s) for s in chosen]
    wanted = orders_for(limits_of(microgrid, sites), draw, feed_in, bounds[0][places], bounds[1][places])
    return _bring_in_line(microgrid, sites, chosen, wanted, now)


@transaction.atomic
def _bring_in_line(
    microgrid: Microgrid, sites: SiteAxis, starts: list[datetime], wanted: Wanted, now: datetime
) -> Placed:
    """Keep orders that are as wanted with the time they were placed at, withdraw others, place what is new."""
    Microgrid.objects.select_for_update(no_key=True).get(pk=microgrid.pk)
    cleared = set(
        MarketInterval.objects.filter(microgrid=microgrid, start_at__in=starts).values_list("start_at", flat=True)
    )  # fmt: skip
    rows = MarketOrder.objects.filter(microgrid=microgrid, start_at__in=set(starts) - cleared)
    standing = rows.values_list("pk", "site_id", "start_at", "side", "wh", "price_micro", "placed_by")
    fresh = {key: order for key, order in _orders(sites, starts, wanted).items() if key[1] not in cleared}
    superseded = []
    for pk, site, start_at, side, wh, price, placed_by in standing:
        key = (site, start_at, side)
        if placed_by is not None or fresh.get(key) == (wh, price):
            fresh.pop(key, None)  # by hand, or as it is wanted
        else:
            superseded.append(pk)
    # A row that stands by hand beside one of the agent's must not leave the agent's.
    MarketOrder.objects.filter(pk__in=superseded).delete()
    turn = {start: lots(int(start.timestamp()), len(sites.codes)).tolist() for start in starts}
    column = {site: place for place, site in enumerate(sites.site_ids.tolist())}
    MarketOrder.objects.bulk_create(
        (
            MarketOrder(
                microgrid=microgrid, site_id=site, start_at=start_at, side=side, wh=wh, price_micro=price,
                placed_at=now + MICROSECOND * turn[start_at][column[site]],
            )
            for (site, start_at, side), (wh, price) in fresh.items()
        ),
        batch_size=5000,
    )  # fmt: skip
    return Placed(len(fresh), len(superseded))


def _orders(
    sites: SiteAxis, starts: list[datetime], wanted: Wanted
) -> dict[tuple[int, datetime, str], tuple[int, int]]:
    """Wh and price by site, interval and side."""
    ids = sites.site_ids.tolist()
    found = {}
    for side, wh, price in (
        (OrderSide.BUY, wanted.bid_wh, wanted.bid_micro),
        (OrderSide.SELL, wanted.offer_wh, wanted.offer_micro),
    ):
        for t, n in zip(*(axis.tolist() for axis in np.nonzero(wh)), strict=True):
            found[ids[n], starts[t], side.value] = (int(wh[t, n]), int(price[t, n]))
    return found
