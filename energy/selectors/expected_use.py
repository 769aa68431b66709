"""What site meters will draw over a month, for whoever needs a single figure."""

from datetime import date, timedelta

import numpy as np

from energy.domain.forecast_calendar import country_of_zone
from energy.domain.forecast_features import Calendar
from energy.domain.forecast_like_days import expected_total
from energy.models import Channel, Microgrid
from energy.selectors.meter_days import load_channel
from kernel.intervals import Month

EPOCH = date(1970, 1, 1)
KNOWN_DAYS = 31


def expected_import(*, microgrid: Microgrid, month: Month) -> dict[int, int]:
    """Wh that each site meter will draw in a month, from what is known of the 31 days before its first day; by meter."""
    known = [month.first_day - timedelta(days=i) for i in range(KNOWN_DAYS, 0, -1)]
    block = load_channel(microgrid=microgrid, channel=Channel.IMPORT, days=known, with_quality=False)
    daily = np.add.reduceat(block.values_wh, block.offsets[:-1], axis=1).astype(np.float64)
    daily[~block.present] = np.nan
    totals = expected_total(daily, _numbers(known), _numbers(month.days()), Calendar(country_of_zone(microgrid.time_zone)))
    return dict(zip(block.meter_ids.tolist(), np.rint(totals).astype(np.int64).tolist(), strict=True))


def _numbers(days: list[date]) -> np.ndarray:
    return np.array([(day - EPOCH).days for day in days], dtype=np.int64)
