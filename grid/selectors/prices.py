"""Published prices as arrays."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
from django.db.models import OuterRef, Subquery
from numpy.typing import NDArray

from grid.domain.prices import LocalPrices, PriceRule, local_prices
from grid.models import MarketInterval, PriceDay, SharingDay, SharingPrice
from grid.selectors.market import cleared_on, cleared_prices


@dataclass(frozen=True, slots=True)
class PriceBlock:
    """Prices of many days in one axis of length T, in millionths of a currency unit per kWh; windows as names' indexes."""

    window_names: list[str]
    windows: NDArray[np.int64]
    retail_micro: NDArray[np.int64]
    feed_in_micro: NDArray[np.int64]
    local_micro: NDArray[np.int64]


class PricesMissing(LookupError):
    """No prices were published for some of the days; the message names them."""


def load_prices(*, microgrid_id: int, days: Sequence[date]) -> PriceBlock:
    """Load the prices of `days`, in their order of date.

    The local price is the one published ahead, or on a day that was shared by another price rule, what that rule makes of the published
    retail and feed-in price and of what was shared.

    Raises:
        PricesMissing: a day has none.
    """
    shared = SharingDay.objects.filter(microgrid=OuterRef("microgrid"), day=OuterRef("day"), is_current=True)
    rows = {
        row.day: row
        for row in PriceDay.objects.filter(microgrid_id=microgrid_id, day__in=days).annotate(
            price_rule=Subquery(shared.values("price_rule"))
        )
    }
    missing = [str(day) for day in sorted(days) if day not in rows]
    if missing:
        raise PricesMissing(f"No prices are published for {', '.join(missing[:5])}.")
    names: list[str] = []
    windows = []
    for day in sorted(days):
        row = rows[day]
        names.extend(name for name in row.window_names if name not in names)
        place = np.array([names.index(name) for name in row.window_names], dtype=np.int64)
        windows.append(place[np.array(row.windows, dtype=np.int64)])
    ordered = [rows[day] for day in sorted(days)]
    by_rule = _by_other_rules(microgrid_id, ordered)

    def column(name: str) -> NDArray[np.int64]:
        return np.concatenate([np.array(getattr(row, name), dtype=np.int64) for row in ordered])

    local = [by_rule[row.day].local_micro if row.day in by_rule else np.array(row.local_micro, dtype=np.int64) for row in ordered]
    return PriceBlock(names, np.concatenate(windows), column("retail_micro"), column("feed_in_micro"), np.concatenate(local))


def _by_other_rules(microgrid_id: int, rows: Sequence[Any]) -> dict[date, LocalPrices]:
    """The local prices of days that were shared at another price than the one published ahead."""
    chosen = {row.day: row for row in rows if row.price_rule not in (None, SharingPrice.MID_MARKET)}
    if not chosen:
        return {}
    shared = list(SharingDay.objects.filter(microgrid_id=microgrid_id, day__in=list(chosen), is_current=True).select_related("microgrid"))
    traded = cleared_on(microgrid_id, [day.day for day in shared if day.price_rule == SharingPrice.UNIFORM_AUCTION])
    return {day.day: settled_prices(day, chosen[day.day], traded) for day in shared}


def shared_prices(shared: SharingDay) -> LocalPrices | None:
    """What a shared kWh cost on a shared day; None while no prices are published for it."""
    published = PriceDay.objects.filter(microgrid=shared.microgrid_id, day=shared.day).first()
    if published is None:
        return None
    if shared.price_rule == SharingPrice.MID_MARKET:
        local = np.array(published.local_micro, dtype=np.int64)
        return LocalPrices(local, np.zeros(len(local), dtype=np.bool_))
    is_traded = shared.price_rule == SharingPrice.UNIFORM_AUCTION
    return settled_prices(shared, published, cleared_on(shared.microgrid_id, [shared.day] if is_traded else []))


def settled_prices(shared: SharingDay, published: PriceDay, cleared: dict[datetime, MarketInterval]) -> LocalPrices:
    """What a shared kWh cost in each interval of a day, by the rule it was shared by.

    On a day of the market it is the price of the cleared interval; where nothing was matched, what preferences gave costs the
    mid-market price published ahead.
    """
    if shared.price_rule == SharingPrice.UNIFORM_AUCTION:
        instead = np.array(published.local_micro, dtype=np.int64)
        return LocalPrices(*cleared_prices(shared.microgrid, shared.day, cleared, instead))
    return local_prices(
        PriceRule(shared.price_rule),
        np.array(shared.consumption_wh, dtype=np.int64),
        np.array(shared.shared_wh, dtype=np.int64),
        np.array(published.retail_micro, dtype=np.int64),
        np.array(published.feed_in_micro, dtype=np.int64),
    )
