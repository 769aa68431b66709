"""From tariffs to published prices: by tariffs that follow an index, and the retail, feed-in and local price of each interval."""

from collections.abc import Sequence
from datetime import date, datetime, time

import numpy as np
from numpy.typing import NDArray

from billing.domain.pricing.parts import Spot
from billing.domain.pricing.peak_price import peak_price_per_kw
from billing.domain.tariffs import TariffTerms
from billing.models import PriceState, Tariff, TariffPriceDay
from billing.selectors.foreseen_state import foreseen_state
from billing.selectors.holidays import public_holidays
from billing.selectors.tariff_prices import prices_of_day
from billing.selectors.tariffs import TariffMissing, reference_tariff, terms_by_day
from energy.models import Microgrid
from grid.domain.prices import mid_market
from grid.models import PriceDay
from grid.services.prices import publish_prices

SPOT_WINDOW = "price of the hour"
LATEST = time(18)
"""When tomorrow's prices are published at the latest, local time, whether the index came or not."""


def publish_tariff_prices(*, microgrid: Microgrid, days: Sequence[date], now: datetime) -> int:
    """Publish what tariffs that follow an index make of it on days that have no prices of theirs yet; returns how many.

    A day to come is published as soon as its whole index is known, and at the latest in the evening before it; then, as for days that have
    begun, the part's fallback rule stands in for what is not known. Published prices stay, whatever is imported later.
    """
    published = 0
    for tariff in Tariff.objects.filter(cooperative=microgrid.cooperative_id, versions__status="published").distinct():
        known = set(TariffPriceDay.objects.filter(microgrid=microgrid, tariff=tariff, day__in=days).values_list("day", flat=True))
        for day in sorted(set(days) - known):
            terms = _terms(tariff, day)
            if terms is not None and terms.spot is not None:
                published += _publish(microgrid, tariff, terms, day, now)
    return published


def _terms(tariff: Tariff, day: date) -> TariffTerms | None:
    try:
        return terms_by_day(tariff, [day])[day]
    except TariffMissing:
        return None


def _publish(microgrid: Microgrid, tariff: Tariff, terms: TariffTerms, day: date, now: datetime) -> bool:
    assert terms.spot is not None
    state = foreseen_state(microgrid, day)
    price, index = prices_of_day(microgrid, terms, day, state_factors(terms.spot, state))
    local = now.astimezone(microgrid.zone)
    if index.substituted.any() and day > local.date() and local.time() < LATEST:
        return False  # the index may still come
    _, is_new = TariffPriceDay.objects.get_or_create(
        microgrid=microgrid,
        tariff=tariff,
        day=day,
        defaults={
            "version_id": terms.version_id,
            "price_micro": price.tolist(),
            "index_micro": index.known,
            "state": state.tolist(),
            "substituted": index.substituted.tolist(),
            "published_at": now,
        },
    )
    return is_new


def state_factors(spot: Spot, state: NDArray[np.int64]) -> NDArray[np.float64]:
    """The factor of each interval by what the microgrid is foreseen to be."""
    factors = np.ones(len(state))
    factors[state == PriceState.SURPLUS] = float(spot.surplus_factor)
    factors[state == PriceState.SCARCE] = float(spot.scarce_factor)
    return factors


def publish_days(*, microgrid: Microgrid, days: Sequence[date], now: datetime) -> int:
    """Publish the prices of days that have none yet, from the reference tariff; returns how many.

    The local price is the mid-market rate, and the peak charge what the tariff asks for a kW of the month's highest power. Where the
    reference tariff follows an index, a day waits until its prices are published. Published days stay, whatever tariff is published later.
    """
    publish_tariff_prices(microgrid=microgrid, days=days, now=now)
    published = set(PriceDay.objects.filter(microgrid=microgrid, day__in=days).values_list("day", flat=True))
    missing = [day for day in sorted(days) if day not in published]
    if not missing:
        return 0
    tariff = reference_tariff(microgrid)
    terms = terms_by_day(tariff, missing)
    holidays = public_holidays(microgrid, missing)
    hourly = {row.day: row for row in TariffPriceDay.objects.filter(microgrid=microgrid, tariff=tariff, day__in=missing)}
    count = 0
    for day in missing:
        chosen = terms[day]
        if chosen.spot is not None and day not in hourly:
            continue
        windows = chosen.window_indexes(microgrid.local_day(day).local_starts(), holidays)
        names, retail = chosen.window_names, chosen.retail_micro_by_window()[windows]
        if chosen.spot is not None:
            names, retail = [SPOT_WINDOW], np.array(hourly[day].price_micro, dtype=np.int64)
            windows = np.zeros(len(retail), dtype=np.int64)
        feed_in = np.full(len(windows), chosen.export_micro, dtype=np.int64)
        publish_prices(
            microgrid=microgrid,
            day=day,
            window_names=names,
            windows=windows.tolist(),
            retail_micro=retail.tolist(),
            feed_in_micro=feed_in.tolist(),
            local_micro=mid_market(retail, feed_in).tolist(),
            now=now,
            peak_micro_per_kw=_peak_micro(chosen, day),
        )
        count += 1
    return count


def _peak_micro(terms: TariffTerms, day: date) -> int | None:
    """What a kW of the month's highest import costs where the tariff charges power."""
    price = peak_price_per_kw(terms.parts, day.month)
    return None if price is None else round(price * 1_000_000)
