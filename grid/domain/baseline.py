"""What a site would have drawn without an event: the high 5 of the last 10 comparison days, adjusted to the day itself.

After the customer baseline load of the New York ISO (Emergency Demand Response Program Manual): of the last ten comparison days
before the event the five with the highest mean use in the event's hours are averaged, interval by interval. The same day's use in the two hours
that begin four hours before the event (before anybody reacts) moves that average, by at most 20 % up or down.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

WattHours = NDArray[np.int64]
COMPARED_DAYS, HIGH_DAYS, LEAST_DAYS = 10, 5, 5
MOST_ADJUSTMENT = 0.2
ADJUSTMENT_BEGINS, ADJUSTMENT_ENDS = timedelta(hours=4), timedelta(hours=2)  # before the event


class CannotEstimate(ValueError):
    """There are too few comparison days; the message says how many."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """What would have been drawn.

    Attributes:
        use_wh: int64 [k], whole Wh in each interval of the event.
        chosen: which of the comparison days were averaged, the highest first.
        factor: by which the same day moved their average.
    """

    use_wh: WattHours
    chosen: tuple[int, ...]
    factor: float


def comparison_days(*, event_day: date, known: Sequence[date], kind_of: Mapping[date, int], excluded: Collection[date]) -> list[date]:
    """The last ten days of the event's kind before it, the newest first; days of other events tell nothing."""
    alike = (d for d in known if d < event_day and kind_of[d] == kind_of[event_day] and d not in excluded)
    return sorted(alike, reverse=True)[:COMPARED_DAYS]


def high_5_of_10(*, event_wh: WattHours, before_wh: WattHours, before_today_wh: WattHours) -> Baseline:
    """The baseline of one site.

    Args:
        event_wh: int64 [d, k], use in the event's intervals on up to ten comparison days, the newest first.
        before_wh: int64 [d, a], use in the intervals of the adjustment on the same days.
        before_today_wh: int64 [a], the same on the day of the event.

    With fewer than ten comparison days the higher half counts. Of equal days the newer one is chosen.

    Raises:
        CannotEstimate: fewer than five comparison days.
    """
    days = len(event_wh)
    if days < LEAST_DAYS:
        raise CannotEstimate(f"{days} comparison days with final readings, {LEAST_DAYS} are needed")
    chosen = np.argsort(-event_wh.sum(axis=1), kind="stable")[: min(HIGH_DAYS, (days + 1) // 2)]
    usual = float(before_wh[chosen].sum(axis=1).mean())
    factor = 1.0
    if usual > 0:
        factor = float(np.clip(before_today_wh.sum() / usual, 1.0 - MOST_ADJUSTMENT, 1.0 + MOST_ADJUSTMENT))
    use = np.rint(event_wh[chosen].mean(axis=0) * factor).astype(np.int64)
    return Baseline(use, tuple(chosen.tolist()), factor)
