"""Placing and withdrawing orders, and setting limits; `now` is the microgrid's. Once an interval's gate has closed its orders stay."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import transaction

from energy.models import Microgrid, Site
from energy.models.meters import MeterKind
from energy.services.partitions import ensure_months
from grid.models import MarketOrder, OrderSide, TradingLimit, TradingMode
from grid.selectors.market import gate_of, is_market_on, place_in_day
from grid.selectors.order_books import ORDERS_TABLE
from grid.selectors.trading import published_bounds
from members.models import User

MOST_OPEN_EACH = 20
MOST_INTERVALS = 200
MOST_WH = 10_000_000
HIGHEST_MICRO = 10_000_000


class CannotOrder(ValueError):
    """An order cannot be placed or withdrawn; the message says why."""


class CannotLimit(ValueError):
    """A limit cannot be set; the message says why."""


@dataclass(frozen=True, slots=True)
class NewOrder:
    """Wh to buy or sell in the interval that begins at `start_at`, and the price per kWh at which it is still done."""

    side: OrderSide
    start_at: datetime
    wh: int
    price_micro: int


@transaction.atomic
def place_orders(*, site: Site, orders: Sequence[NewOrder], by: User, now: datetime) -> list[MarketOrder]:
    """Place a site's own orders, all or none; the agent orders nothing more on that side of these intervals.

    Raises:
        CannotOrder: no market, a gate that has closed, a price beyond the public grid's, too many.
    """
    if not 0 < len(orders) <= MOST_INTERVALS:
        raise CannotOrder(f"Place at least one order and at most {MOST_INTERVALS} at once.")
    microgrid = Microgrid.objects.select_for_update(no_key=True).get(pk=site.microgrid_id)  # nothing is cleared meanwhile
    if not site.meters.filter(kind=MeterKind.SITE, removed_at__isnull=True).exists():
        raise CannotOrder(f"{site} has no meter that would say what was delivered.")
    for order in orders:
        _check(microgrid, site, order, now)
    ensure_months(table=ORDERS_TABLE, days={order.start_at.astimezone(UTC).date() for order in orders})
    for order in orders:
        MarketOrder.objects.filter(site=site, start_at=order.start_at, side=order.side, placed_by__isnull=True).delete()
    return [
        MarketOrder.objects.create(
            microgrid=microgrid,
            site=site,
            start_at=order.start_at,
            side=order.side,
            wh=order.wh,
            price_micro=order.price_micro,
            placed_at=now,
            placed_by=by,
        )
        for order in orders
    ]


def _check(microgrid: Microgrid, site: Site, order: NewOrder, now: datetime) -> None:
    day = order.start_at.astimezone(microgrid.zone).date()
    local_day = microgrid.local_day(day)
    if order.start_at not in set(local_day.starts()):
        raise CannotOrder(f"No interval begins at {order.start_at.isoformat()}; they are {microgrid.interval_minutes} minutes long.")
    if not is_market_on(microgrid, day):
        raise CannotOrder(f"On {day} energy is not shared by the market.")
    if gate_of(microgrid, order.start_at) <= now:
        raise CannotOrder("Orders for this interval are closed.")
    if not 0 < order.wh <= MOST_WH:
        raise CannotOrder(f"Order at least 1 Wh and at most {MOST_WH // 1000} kWh.")
    bounds = published_bounds(microgrid, [day]).get(day)
    if bounds is None:
        raise CannotOrder(f"The prices of {day} are not published yet.")
    place = place_in_day(microgrid, day, order.start_at)
    retail, feed_in = int(bounds[0][place]), int(bounds[1][place])
    if not feed_in <= order.price_micro <= retail:
        raise CannotOrder(
            f"The public grid pays {feed_in / 10_000:g} ct and asks {retail / 10_000:g} ct per kWh; a price beyond them would cost somebody."
        )
    open_ones = MarketOrder.objects.filter(site=site, start_at=order.start_at, side=order.side, placed_by__isnull=False)
    if open_ones.count() >= MOST_OPEN_EACH:
        raise CannotOrder(f"{site} has {MOST_OPEN_EACH} orders on this side of the interval already.")


@transaction.atomic
def withdraw_order(*, order: MarketOrder, now: datetime) -> None:
    """Take an own order back while its interval is open.

    Raises:
        CannotOrder: the gate has closed.
    """
    microgrid = Microgrid.objects.select_for_update(no_key=True).get(pk=order.microgrid_id)
    if gate_of(microgrid, order.start_at) <= now:
        raise CannotOrder("Orders for this interval are closed; this one stands.")
    MarketOrder.objects.filter(pk=order.pk, start_at=order.start_at).delete()


@transaction.atomic
def set_limit(
    *,
    site: Site,
    buying: TradingMode,
    buy_limit_micro: int | None,
    selling: TradingMode,
    sell_limit_micro: int | None,
    by: User,
    now: datetime,
) -> TradingLimit:
    """Say what the agent may order for a site from now on; what it said before is kept.

    Raises:
        CannotLimit: a limit without a price, or a price out of reason.
    """
    buy = _limit(buying, buy_limit_micro)
    sell = _limit(selling, sell_limit_micro)
    Site.objects.select_for_update(no_key=True).get(pk=site.pk)
    TradingLimit.objects.filter(site=site, is_current=True).update(is_current=False)
    return TradingLimit.objects.create(
        site=site, buying=buying, buy_limit_micro=buy, selling=selling, sell_limit_micro=sell, set_by=by, set_at=now
    )


def _limit(mode: TradingMode, price_micro: int | None) -> int | None:
    if mode != TradingMode.LIMIT:
        return None
    if price_micro is None:
        raise CannotLimit("Say which price the limit is.")
    if not 0 <= price_micro <= HIGHEST_MICRO:
        raise CannotLimit(f"A limit lies between 0 and {HIGHEST_MICRO // 10_000} ct per kWh.")
    return price_micro


def open_starts(microgrid: Microgrid, now: datetime, until: datetime) -> list[datetime]:
    """Starts of the intervals of market days that are open for orders."""
    step = timedelta(minutes=microgrid.interval_minutes)
    day = now.astimezone(microgrid.zone).date()
    found: list[datetime] = []
    while microgrid.local_day(day).start_at < until:
        if is_market_on(microgrid, day):
            starts = microgrid.local_day(day).starts()
            gate = starts[0] - gate_of(microgrid, starts[0])
            found += [start for start in starts if start - gate > now and start + step <= until]
        day += timedelta(days=1)
    return found
