"""What members let be ordered, and what of each meter is expected; as arrays."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from energy.models import ForecastKind, ForecastQuantity, Meter, MeterForecast, Microgrid
from energy.selectors.forecasts import newest_run
from grid.domain.market.agent import ANY_PRICE, NEVER_BUY, NEVER_SELL, Limits
from grid.models import PriceDay, TradingLimit, TradingMode
from grid.selectors.sharing_terms import SiteAxis

Ints = NDArray[np.int64]


def limits_of(microgrid: Microgrid, sites: SiteAxis) -> Limits:
    """What each site pays at most and asks at least; who said nothing joins at the market's price."""
    most = np.full(len(sites.codes), ANY_PRICE, dtype=np.int64)
    least = np.zeros(len(sites.codes), dtype=np.int64)
    column = {site: place for place, site in enumerate(sites.site_ids.tolist())}
    for row in TradingLimit.objects.filter(site__microgrid=microgrid, is_current=True):
        place = column.get(row.site_id)
        if place is not None:
            most[place] = _price(row.buying, row.buy_limit_micro, ANY_PRICE, NEVER_BUY)
            least[place] = _price(row.selling, row.sell_limit_micro, 0, NEVER_SELL)
    return Limits(most, least)


def _price(mode: str, limit: int | None, at_market: int, never: int) -> int:
    if mode == TradingMode.NEVER:
        return never
    return at_market if limit is None else limit


@dataclass(frozen=True, slots=True)
class Expected:
    """What sites are expected to draw and feed in, from an interval on [T, n]."""

    draw_wh: Ints
    feed_in_wh: Ints


def expected_from(microgrid: Microgrid, sites: SiteAxis, first_at: datetime, count: int) -> Expected | None:
    """The medians of the newest forecasts for each site, net of its own production; the intraday one before the day's.

    As many intervals as are foreseen without a gap, at most `count`; None where nothing is.
    """
    use = _medians(microgrid, ForecastQuantity.CONSUMPTION, first_at, count)
    if not use:
        return None
    made = _medians(microgrid, ForecastQuantity.PRODUCTION, first_at, count)
    reach = min(_reach(values) for values in use.values())
    if not reach:
        return None
    column = {meter: place for place, meter in enumerate(sites.meter_ids)}
    at_site = {site: place for place, site in enumerate(sites.site_ids.tolist())}
    site_of = dict(Meter.objects.filter(pk__in=list(made), source__isnull=False).values_list("pk", "source__site_id"))
    net = np.zeros((reach, len(sites.codes)), dtype=np.int64)
    for meter, values in use.items():
        if meter in column:
            net[:, column[meter]] += values[:reach].astype(np.int64)
    for meter, values in made.items():
        place = at_site.get(site_of.get(meter, -1))
        if place is not None:
            net[:, place] -= np.nan_to_num(values[:reach]).astype(np.int64)
    return Expected(np.maximum(net, 0), np.maximum(-net, 0))


def _medians(microgrid: Microgrid, quantity: str, first_at: datetime, count: int) -> dict[int, NDArray[np.float64]]:
    """By meter, what is foreseen from an instant on; NaN where nothing is."""
    step = timedelta(minutes=microgrid.interval_minutes)
    found: dict[int, NDArray[np.float64]] = {}
    for kind in (ForecastKind.DAY_AHEAD, ForecastKind.INTRADAY):
        run = newest_run(microgrid, kind=kind, before=first_at)
        if run is None or run.interval_minutes != microgrid.interval_minutes:
            continue
        shift = (first_at - run.origin_at) // step
        rows = MeterForecast.objects.filter(run=run, quantity=quantity, meter__isnull=False)
        for meter, values in rows.values_list("meter_id", "p50_wh"):
            ahead = np.array(values[shift : shift + count], dtype=np.float64)
            course = found.setdefault(meter, np.full(count, np.nan))
            course[: len(ahead)] = ahead
    return found


def _reach(values: NDArray[np.float64]) -> int:
    unknown = np.isnan(values)
    return int(np.argmax(unknown)) if unknown.any() else len(values)


def published_bounds(microgrid: Microgrid, days: Sequence[date]) -> dict[date, tuple[Ints, Ints]]:
    """Retail and feed-in price of each interval of those days that are published."""
    rows = PriceDay.objects.filter(microgrid=microgrid, day__in=days)
    return {row.day: (np.array(row.retail_micro, dtype=np.int64), np.array(row.feed_in_micro, dtype=np.int64)) for row in rows}
