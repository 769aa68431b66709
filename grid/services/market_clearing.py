"""Clearing intervals whose orders are closed: each once, by one price, whoever is asked and however often."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
from django.db import connection, transaction
from numpy.typing import NDArray

from energy.models import Microgrid
from grid.domain.market.auction import Orders
from grid.domain.market.book import Side, clear_each, uniform_price_micro
from grid.domain.sharing.splitting import ranks_by_code
from grid.models import MarketInterval, MarketOrder, OrderSide, SharingKey, SharingRule
from grid.selectors.market import terms_of_market

Ints = NDArray[np.int64]
A_DAY = timedelta(days=1)
LOOKED_BACK = timedelta(days=45)


@dataclass(frozen=True, slots=True)
class _Book:
    """Orders of one side, and which rows they are."""

    ids: Ints
    side: Side


def clear_due(*, microgrid: Microgrid, now: datetime) -> int:
    """Clear all intervals whose gate has closed; returns how many. Safe to repeat, to kill, and to run twice at once."""
    cleared = 0
    for day in _market_days(microgrid, now):
        closed = [start for start in microgrid.local_day(day).starts() if _is_closed(microgrid, day, start, now)]
        cleared += clear_intervals(microgrid=microgrid, starts=closed, now=now)
    return cleared


@transaction.atomic
def clear_intervals(*, microgrid: Microgrid, starts: Sequence[datetime], now: datetime) -> int:
    """Clear those of these intervals that are not cleared yet, with orders or without; their gates have closed."""
    Microgrid.objects.select_for_update(no_key=True).get(pk=microgrid.pk)  # no order comes in meanwhile
    done = set(MarketInterval.objects.filter(microgrid=microgrid, start_at__in=starts).values_list("start_at", flat=True))
    due = [start for start in starts if start not in done]
    if not due:
        return 0
    bids, offers = _books(microgrid, due)
    matched = {OrderSide.BUY: np.zeros_like(bids.ids), OrderSide.SELL: np.zeros_like(offers.ids)}
    volume, price = [0] * len(due), [None] * len(due)  # type: tuple[list[int], list[int | None]]
    for found in clear_each(bids.side, offers.side):
        matched[OrderSide.BUY][found.bids] = found.cleared.bid_wh
        matched[OrderSide.SELL][found.offers] = found.cleared.offer_wh
        volume[found.interval] = found.cleared.volume_wh
        if found.cleared.volume_wh:
            price[found.interval] = uniform_price_micro(
                int(bids.side.orders.price[found.last_bid]), int(offers.side.orders.price[found.last_offer])
            )
    _keep_matches(due, bids.ids, matched[OrderSide.BUY])
    _keep_matches(due, offers.ids, matched[OrderSide.SELL])
    asked, offered = _total(bids, len(due)), _total(offers, len(due))
    MarketInterval.objects.bulk_create(
        MarketInterval(
            microgrid=microgrid,
            start_at=start,
            volume_wh=volume[i],
            price_micro=price[i],
            asked_wh=asked[i],
            offered_wh=offered[i],
            cleared_at=now,
        )
        for i, start in enumerate(due)
    )
    return len(due)


def _market_days(microgrid: Microgrid, now: datetime) -> list[date]:
    """Days shared as members order, of which an interval may be closed and not cleared."""
    today = now.astimezone(microgrid.zone).date()
    found: set[date] = set()
    for rule in SharingRule.objects.filter(microgrid=microgrid, key=SharingKey.MARKET):
        day = max(rule.valid_from, today - LOOKED_BACK)
        last = min(rule.valid_to - A_DAY if rule.valid_to else today + A_DAY, today + A_DAY)
        while day <= last:
            found.add(day)
            day += A_DAY
    first = microgrid.local_day(today - LOOKED_BACK).start_at
    whole = _cleared_counts(microgrid, first)
    return sorted(day for day in found if whole.get(day, 0) < microgrid.local_day(day).interval_count)


def _cleared_counts(microgrid: Microgrid, first: datetime) -> dict[date, int]:
    counts: dict[date, int] = {}
    rows = MarketInterval.objects.filter(microgrid=microgrid, start_at__gte=first)
    for start_at in rows.values_list("start_at", flat=True):
        day = start_at.astimezone(microgrid.zone).date()
        counts[day] = counts.get(day, 0) + 1
    return counts


def _is_closed(microgrid: Microgrid, day: date, start_at: datetime, now: datetime) -> bool:
    return start_at - timedelta(minutes=terms_of_market(microgrid, day).gate_minutes) <= now


def _books(microgrid: Microgrid, due: Sequence[datetime]) -> tuple[_Book, _Book]:
    """All orders of the intervals, those of one instant and price by the site's code and then as they came."""
    place = {start: i for i, start in enumerate(due)}
    rows = list(
        MarketOrder.objects.filter(microgrid=microgrid, start_at__in=due)
        .order_by("pk")
        .values_list("pk", "side", "start_at", "price_micro", "wh", "placed_at", "site__code")
    )
    codes = sorted({row[6] for row in rows})
    rank = dict(zip(codes, ranks_by_code(codes).tolist(), strict=True))

    def book(side: str) -> _Book:
        chosen = [row for row in rows if row[1] == side]

        def column(values: list[int]) -> Ints:
            return np.array(values, dtype=np.int64)

        orders = Orders(
            column([row[3] for row in chosen]),
            column([row[4] for row in chosen]),
            column([_microseconds(row[5]) for row in chosen]),
            column([rank[row[6]] for row in chosen]),
        )
        return _Book(column([row[0] for row in chosen]), Side(orders, column([place[row[2]] for row in chosen])))

    return book(OrderSide.BUY.value), book(OrderSide.SELL.value)


def _microseconds(at: datetime) -> int:
    return (at - datetime.fromtimestamp(0, at.tzinfo)) // timedelta(microseconds=1)


def _total(book: _Book, count: int) -> list[int]:
    total = np.zeros(count, dtype=np.int64)
    np.add.at(total, book.side.interval, book.side.orders.wh)
    values: list[int] = total.tolist()
    return values


def _keep_matches(due: Sequence[datetime], ids: Ints, matched_wh: Ints) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """UPDATE grid_marketorder o SET matched_wh = new.wh FROM unnest(%s::bigint[], %s::bigint[]) AS new (id, wh)
               WHERE o.id = new.id AND o.start_at = ANY(%s)""",
            [ids.tolist(), matched_wh.tolist(), list(due)],
        )
