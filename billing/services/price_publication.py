"""From tariffs to published prices: retail, feed-in and local price of each interval."""

from collections.abc import Sequence
from datetime import date, datetime

import numpy as np

from billing.domain.pricing.peak_price import peak_price_per_kw
from billing.domain.tariffs import TariffTerms
from billing.selectors.tariffs import reference_tariff, terms_by_day
from energy.models import Microgrid
from grid.domain.prices import mid_market
from grid.models import PriceDay
from grid.services.prices import publish_prices


def publish_days(*, microgrid: Microgrid, days: Sequence[date], now: datetime) -> int:
    """Publish the prices of days that have none yet, from the reference tariff; returns how many.

    The local price is the mid-market rate, and the peak charge what the tariff asks for a kW of the month's highest power. Published days stay, whatever tariff is published later.
    """
    published = set(PriceDay.objects.filter(microgrid=microgrid, day__in=days).values_list("day", flat=True))
    missing = [day for day in sorted(days) if day not in published]
    if not missing:
        return 0
    terms = terms_by_day(reference_tariff(microgrid), missing)
    for day in missing:
        chosen = terms[day]
        windows = chosen.window_indexes(microgrid.local_day(day).local_starts())
        retail = chosen.retail_micro_by_window()[windows]
        feed_in = np.full(len(windows), chosen.export_micro, dtype=np.int64)
        publish_prices(
            microgrid=microgrid, day=day, window_names=chosen.window_names, windows=windows.tolist(),
            retail_micro=retail.tolist(), feed_in_micro=feed_in.tolist(),
            local_micro=mid_market(retail, feed_in).tolist(), now=now, peak_micro_per_kw=_peak_micro(chosen, day),
        )  # fmt: skip
    return len(missing)


def _peak_micro(terms: TariffTerms, day: date) -> int | None:
    """What a kW of the month's highest import costs where the tariff charges power."""
    price = peak_price_per_kw(terms.parts, day.month)
    return None if price is None else round(price * 1_000_000)
