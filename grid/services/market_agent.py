"""The default agent at work: it places, changes and withdraws orders of all sites as forecasts and limits change."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
from django.db import connection, transaction
from numpy.typing import NDArray

from energy.adapters.binary_copy import Column, copy_in
from energy.models import Microgrid
from energy.services.partitions import ensure_months
from grid.domain.market.agent import Wanted, lots, orders_for
from grid.domain.sharing.preferences import give
from grid.models import MarketInterval
from grid.selectors.market import place_in_day
from grid.selectors.order_books import ORDERS_TABLE
from grid.selectors.preferences import preferences_on
from grid.selectors.sharing_terms import SiteAxis
from grid.selectors.trading import Expected, expected_from, limits_of, published_bounds
from grid.services.market_orders import open_starts

Ints = NDArray[np.int64]
REACH = timedelta(hours=48)
COLUMNS = [
    Column("site_id", "int8"),
    Column("start_at", "timestamptz"),
    Column("is_buy", "bool"),
    Column("wh", "int4"),
    Column("price_micro", "int4"),
    Column("placed_at", "timestamptz"),
]
WANTED = """
    DROP TABLE IF EXISTS pg_temp.wanted_order;
    CREATE TEMPORARY TABLE wanted_order (
        site_id bigint, start_at timestamptz, is_buy boolean, wh integer, price_micro integer, placed_at timestamptz
    ) ON COMMIT DROP
"""
# The starts are named in every part, so that the database opens no other month's table.
SAME_PLACE = "w.site_id = o.site_id AND w.start_at = o.start_at AND w.is_buy = (o.side = 'buy')"
WITHDRAW = f"""
    DELETE FROM grid_marketorder o
    WHERE o.microgrid_id = %(microgrid)s AND o.start_at = ANY(%(starts)s) AND o.placed_by_id IS NULL
      AND (NOT EXISTS (SELECT FROM wanted_order w WHERE {SAME_PLACE} AND w.wh = o.wh AND w.price_micro = o.price_micro)
           OR EXISTS (SELECT FROM grid_marketorder h WHERE h.site_id = o.site_id AND h.start_at = o.start_at AND h.side = o.side
                      AND h.start_at = ANY(%(starts)s) AND h.placed_by_id IS NOT NULL))
"""
PLACE = f"""
    INSERT INTO grid_marketorder (public_id, microgrid_id, site_id, start_at, side, wh, price_micro, placed_at)
    SELECT uuidv7(), %(microgrid)s, site_id, start_at, CASE WHEN is_buy THEN 'buy' ELSE 'sell' END, wh, price_micro, placed_at
    FROM wanted_order w WHERE NOT EXISTS (SELECT FROM grid_marketorder o WHERE {SAME_PLACE} AND o.start_at = ANY(%(starts)s))
"""


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
    placed = [_order_day(microgrid, sites, day, starts, expected, now) for day in days]
    return Placed(sum(p.placed for p in placed), sum(p.withdrawn for p in placed))


def _expected(microgrid: Microgrid, sites: SiteAxis, first: datetime, count: int, now: datetime) -> dict[datetime, Expected] | None:
    """What is expected in each interval as far as it is foreseen, looked at from now."""
    step = timedelta(minutes=microgrid.interval_minutes)
    origin = now - (now - first) % step  # the interval that runs now, in the rhythm of the settlement intervals
    ahead = (first - origin) // step
    found = expected_from(microgrid, sites, origin, ahead + REACH // step)
    if found is None:
        return None
    return {origin + i * step: Expected(found.draw_wh[i : i + 1], found.feed_in_wh[i : i + 1]) for i in range(len(found.draw_wh))}


def _order_day(
    microgrid: Microgrid, sites: SiteAxis, day: date, starts: list[datetime], expected: dict[datetime, Expected], now: datetime
) -> Placed:
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
    return bring_in_line(microgrid, sites, chosen, wanted, now)


@transaction.atomic
def bring_in_line(microgrid: Microgrid, sites: SiteAxis, starts: list[datetime], wanted: Wanted, now: datetime) -> Placed:
    """Keep orders that are as wanted with the time they were placed at, withdraw others, place what is new; the database compares them.

    Where a member ordered by hand the agent has no order of its own.
    """
    Microgrid.objects.select_for_update(no_key=True).get(pk=microgrid.pk)
    cleared = set(MarketInterval.objects.filter(microgrid=microgrid, start_at__in=starts).values_list("start_at", flat=True))
    still_open = [start for start in starts if start not in cleared]
    ensure_months(table=ORDERS_TABLE, days={start.astimezone(UTC).date() for start in still_open})
    values = _orders(sites, starts, np.array([start not in cleared for start in starts]), wanted, now)
    with connection.cursor() as cursor:
        cursor.execute(WANTED)
        copy_in(cursor, "wanted_order", COLUMNS, values, len(values["wh"]))
        cursor.execute("ANALYZE wanted_order")
        cursor.execute(WITHDRAW, {"microgrid": microgrid.pk, "starts": still_open})
        withdrawn = cursor.rowcount
        cursor.execute(PLACE, {"microgrid": microgrid.pk, "starts": still_open})
        return Placed(cursor.rowcount, withdrawn)


def _orders(sites: SiteAxis, starts: list[datetime], is_open: NDArray[np.bool_], wanted: Wanted, now: datetime) -> dict[str, NDArray[Any]]:
    """What is wanted in open intervals, a row for each order; of one interval each site has its turn by lot, a microsecond apart."""
    turn = np.stack([lots(int(start.timestamp()), len(sites.codes)) for start in starts])
    instants = np.array([start.astimezone(UTC).replace(tzinfo=None) for start in starts], dtype="datetime64[us]")
    placed_at = np.datetime64(now.astimezone(UTC).replace(tzinfo=None), "us")
    parts = []
    for is_buy, wh, price in ((True, wanted.bid_wh, wanted.bid_micro), (False, wanted.offer_wh, wanted.offer_micro)):
        t, n = np.nonzero((wh > 0) & is_open[:, None])
        parts.append((sites.site_ids[n], instants[t], np.full(len(t), is_buy), wh[t, n], price[t, n], placed_at + turn[t, n]))
    return {column.name: np.concatenate(arrays) for column, arrays in zip(COLUMNS, zip(*parts, strict=True), strict=True)}
