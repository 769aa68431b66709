"""What a comparison of tariffs knows beside readings: an index, the village's peak of each month, fuses."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import numpy as np
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from billing.domain.pricing.axis import TimeAxis
from billing.domain.pricing.metered import PriceSeries
from billing.domain.pricing.parts import Capacity, Demand, PricedTariff
from billing.domain.pricing.parts import Spot as SpotPart
from billing.domain.rating import CannotRate
from billing.domain.tariffs import TariffTerms
from billing.models import SpotDay
from billing.selectors.bill_history import village_import
from billing.selectors.tariff_prices import index_day, spot_along
from energy.models import Microgrid, Site

Ints = NDArray[np.int64]


def series_for(
    microgrid: Microgrid, days: Sequence[date], axis: TimeAxis, tariff: PricedTariff, local: PriceSeries, terms: TariffTerms | None = None
) -> PriceSeries:
    """`local` with what the tariff's parts ask for: of a version its published prices, else what the index says; nothing is read in vain.

    Where an index is not known for some hours its fallback rule stands in.

    Raises:
        CannotRate: nothing is known of an index on any of the days.
    """
    series = local
    if terms is not None and terms.spot is not None:
        along = spot_along(microgrid, terms, days, tried=True)
        series = replace(series, spot_micro=along.price_micro, substituted=along.substituted)
    else:
        for spot in tariff.of_kind(SpotPart):
            if not SpotDay.objects.filter(index__cooperative=microgrid.cooperative_id, index__code=spot.index, day__in=days).exists():
                raise CannotRate(_("The prices of the index '%(index)s' are not known on any of these days.") % {"index": spot.index})
        index = {
            spot.index: np.concatenate([index_day(microgrid, spot, day, round(spot.margin * 1_000_000)).micro for day in days])
            for spot in tariff.of_kind(SpotPart)
        }
        series = replace(series, index_micro=index) if index else series
    if any(part.measure == "coincident" for part in tariff.of_kind(Demand)):
        village = village_import(microgrid, days)
        series = replace(series, system_peak_interval=_peaks(village, axis))
    return series


def _peaks(village_wh: Ints, axis: TimeAxis) -> Ints:
    """The first interval of each month in which the microgrid drew most; [M]."""
    found = []
    for month in range(len(axis.months)):
        within = np.flatnonzero(axis.month == month)
        found.append(int(within[np.argmax(village_wh[within])]))
    return np.array(found, dtype=np.int64)


def fuses_for(tariff: PricedTariff, site_ids: Sequence[int]) -> Ints | None:
    """The sites' fuses where a part charges by them, 0 where unknown."""
    if not tariff.of_kind(Capacity):
        return None
    known = dict(Site.objects.filter(pk__in=site_ids, fuse_a__isnull=False).values_list("pk", "fuse_a"))
    return np.array([known.get(pk) or 0 for pk in site_ids], dtype=np.int64)
