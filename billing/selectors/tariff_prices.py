"""Prices that follow an index: what is known of the index, what a tariff would make of it, what was published."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from billing.domain.pricing.energy_charges import spot_prices
from billing.domain.pricing.parts import Spot
from billing.domain.rating import CannotRate
from billing.domain.spot_index import IndexDay, filled
from billing.domain.tariffs import TariffTerms
from billing.models import SpotDay, TariffPriceDay
from energy.models import Microgrid

Ints = NDArray[np.int64]
QUARTER_MINUTES = 15


@dataclass(frozen=True, slots=True)
class SpotAlong:
    """Prices along days [millionths per kWh], and where a fallback made them."""

    price_micro: Ints
    substituted: NDArray[np.bool_]


def index_day(microgrid: Microgrid, spot: Spot, day: date, fixed_micro: int) -> IndexDay:
    """The index on one day, gaps filled by the part's fallback rule; `fixed_micro` is the version's own price."""
    before = day - timedelta(days=7 if spot.fallback == "last_week" else 1)
    rows = dict(
        SpotDay.objects.filter(index__cooperative=microgrid.cooperative_id, index__code=spot.index, day__in=[day, before]).values_list(
            "day", "price_micro"
        )
    )
    local, earlier = microgrid.local_day(day), microgrid.local_day(before)
    return filled(
        _of_intervals(rows.get(day), local.interval_count, microgrid.interval_minutes),
        _of_intervals(rows.get(before), earlier.interval_count, microgrid.interval_minutes),
        [s.hour * 60 + s.minute for s in local.local_starts()],
        [s.hour * 60 + s.minute for s in earlier.local_starts()],
        spot,
        fixed_micro,
    )


def _of_intervals(quarters: Sequence[int | None] | None, count: int, minutes: int) -> list[int | None]:
    """Quarter hours as the microgrid's intervals: the mean of those within, none where one is missing."""
    if quarters is None:
        return [None] * count
    if minutes <= QUARTER_MINUTES:
        times = QUARTER_MINUTES // minutes
        return [price for price in quarters for _ in range(times)][:count]
    size = minutes // QUARTER_MINUTES
    groups = [quarters[i : i + size] for i in range(0, len(quarters), size)]
    return [None if None in group else round(sum(p for p in group if p is not None) / len(group)) for group in groups]


def prices_of_day(microgrid: Microgrid, terms: TariffTerms, day: date, state: NDArray[np.float64] | None = None) -> tuple[Ints, IndexDay]:
    """What a version's spot part makes of the index on a day; where the fallback is the fixed price, that is the price."""
    assert terms.spot is not None
    fixed = int(terms.retail_micro_by_window()[0])
    index = index_day(microgrid, terms.spot, day, fixed)
    price = spot_prices(terms.spot, index.micro, state)
    if terms.spot.fallback == "fixed":
        price = np.where(index.substituted, fixed, price)
    return price, index


def spot_along(microgrid: Microgrid, terms: TariffTerms, days: Sequence[date], *, tried: bool) -> SpotAlong:
    """The published prices of a version's days; for a version that is only tried what the index makes of them.

    Raises:
        CannotRate: a day's prices were never published.
    """
    rows = {row.day: row for row in TariffPriceDay.objects.filter(microgrid=microgrid, version_id=terms.version_id, day__in=days)}
    missing = [str(day) for day in days if day not in rows]
    if missing and not tried:
        raise CannotRate(
            _("No prices by '%(else)s' were published for %(missing)s; publish them.")
            % {"else": terms.spot.index if terms.spot else "", "missing": ", ".join(missing[:5])}
        )
    prices, substituted = [], []
    for day in days:
        if day in rows:
            prices.append(np.array(rows[day].price_micro, dtype=np.int64))
            substituted.append(np.array(rows[day].substituted, dtype=bool))
        else:
            price, index = prices_of_day(microgrid, terms, day)
            prices.append(price)
            substituted.append(index.substituted)
    return SpotAlong(np.concatenate(prices), np.concatenate(substituted))
