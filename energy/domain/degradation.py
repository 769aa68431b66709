"""How a source ages and gets dirty, from its performance on clear days.

Ageing by year-on-year pairs as in RdTools (Jordan et al. 2018): each clear day against the one a year later, the median of
the rates. A year's pair sees the same sun, so season and a wrongly learned plane cancel. Below thirteen months there are no pairs;
then Theil and Sen's slope, which the season may bend, and the answer says so. Dirt is what comes back by itself: performance
falls slowly and jumps up when rain or a cleaning washed the panels; it is judged within the last four months.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Days = NDArray[np.int64]

YEAR_DAYS = 365.25
PAIR_WINDOW_DAYS = 7
LEAST_PAIRS = 20
LEAST_CLEAR_DAYS = 15
LEAST_SPAN_DAYS = 60
SIDE = 5
CLEANING_STEP = 0.03
CLEAN_QUANTILE, CLEAN_SIGMAS = 0.9, 1.2816
SOILING_DAYS = 120


class TrendMethod(StrEnum):
    YEAR_ON_YEAR = "year_on_year"
    SLOPE = "slope"


@dataclass(frozen=True, slots=True)
class Trend:
    """Change of performance per year, as a share (-0.01 is one per cent a year less), with a 95 % interval."""

    per_year: float
    low: float
    high: float
    method: TrendMethod
    compared: int

    @property
    def is_sure(self) -> bool:
        """Whether the interval leaves zero out."""
        return self.low > 0 or self.high < 0


def trend(day_numbers: Days, performance: Floats) -> Trend | None:
    """The trend of clear-day performance; days as numbers, ascending, int64 [n]; None where they are too few."""
    known = np.isfinite(performance) & (performance > 0)
    days, values = day_numbers[known], performance[known]
    rates = _yearly_rates(days, values)
    if len(rates) >= LEAST_PAIRS:
        low, high = _median_interval(rates)
        return Trend(float(np.median(rates)), low, high, TrendMethod.YEAR_ON_YEAR, len(rates))
    if len(days) < LEAST_CLEAR_DAYS or days[-1] - days[0] < LEAST_SPAN_DAYS:
        return None
    from scipy.stats import theilslopes

    found = theilslopes(values, days / YEAR_DAYS)
    level = float(np.median(values))
    return Trend(float(found.slope) / level, float(found.low_slope) / level, float(found.high_slope) / level, TrendMethod.SLOPE, len(days))


def _yearly_rates(days: Days, values: Floats) -> Floats:
    """Rate of change per year of each day against the nearest one a year later."""
    if not len(days):
        return np.empty(0)
    wanted = days + YEAR_DAYS
    after = np.clip(np.searchsorted(days, wanted), 1, max(len(days) - 1, 1))
    before = np.clip(after - 1, 0, len(days) - 1)
    after = np.minimum(after, len(days) - 1)
    partner = np.where(np.abs(days[after] - wanted) < np.abs(days[before] - wanted), after, before)
    near = np.abs(days[partner] - wanted) <= PAIR_WINDOW_DAYS
    apart = (days[partner] - days) / YEAR_DAYS
    rates: Floats = (values[partner][near] / values[near] - 1) / apart[near]
    return rates


def _median_interval(rates: Floats) -> tuple[float, float]:
    """95 % interval of a median by order statistics; neighbouring days are alike, so only a fifth of the pairs counts."""
    ordered, n = np.sort(rates), len(rates)
    reach = 1.96 * np.sqrt(max(n / 5, 1)) / 2 / max(n / 5, 1)
    low, high = np.quantile(ordered, [max(0.5 - reach, 0), min(0.5 + reach, 1)])
    return float(low), float(high)


@dataclass(frozen=True, slots=True)
class Soiling:
    """Dirt on a source now.

    Attributes:
        loss_share: of what it would give clean, by its last clear days.
        per_day: change a day since the last cleaning; negative when it gets dirtier.
        cleaned_days: numbers of the days from which on it was clean again, by rain or by hand.
        compared: clear days used.
    """

    loss_share: float
    per_day: float
    cleaned_days: tuple[int, ...]
    compared: int


def soiling(day_numbers: Days, performance: Floats, ageing: Trend | None = None) -> Soiling | None:
    """What dirt costs now, after taking out the ageing where it is known by pairs; None with too few clear days."""
    known = np.isfinite(performance) & (performance > 0)
    days, values = day_numbers[known], performance[known]
    if len(days) < LEAST_CLEAR_DAYS:
        return None
    if ageing is not None and ageing.method is TrendMethod.YEAR_ON_YEAR:
        values = values / (1 + ageing.per_year * (days - days[0]) / YEAR_DAYS)
    recent = days > days[-1] - SOILING_DAYS
    days, values = days[recent], values[recent]
    if len(days) < LEAST_CLEAR_DAYS:
        return None
    # The scatter of a clear day alone would lift the best tenth above what clean panels give on average.
    scatter = float(np.median(np.abs(np.diff(values)))) / (0.6745 * np.sqrt(2))
    clean = float(np.quantile(values, CLEAN_QUANTILE)) - CLEAN_SIGMAS * scatter
    now = float(np.median(values[-SIDE:]))
    cleanings = _cleanings(values)
    since = cleanings[-1] if cleanings else 0
    return Soiling(
        max(0.0, float(1 - now / clean)),
        _slope(days[since:], values[since:] / clean),
        tuple(int(days[place]) for place in cleanings),
        len(days),
    )


def _cleanings(values: Floats) -> list[int]:
    """Places where the median of some clear days is far above that of the days before, at the steepest step."""
    if len(values) < 2 * SIDE:
        return []
    medians = np.median(np.lib.stride_tricks.sliding_window_view(values, SIDE), axis=1)
    steps = medians[SIDE:] / medians[:-SIDE] - 1
    usual = float(np.median(np.abs(steps - np.median(steps)))) / 0.6745
    least = max(CLEANING_STEP, 3 * usual)
    found: list[int] = []
    for place in np.argsort(-steps):
        if steps[place] < least:
            break
        at = int(place) + SIDE
        if all(abs(at - other) > SIDE for other in found):
            found.append(at)
    return sorted(found)


def _slope(days: Days, values: Floats) -> float:
    if len(days) < SIDE:
        return 0.0
    from scipy.stats import theilslopes

    return float(theilslopes(values, days).slope)
