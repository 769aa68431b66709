"""Alarms of a member's own choosing: one rule each over the last days of a site."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
BASE_QUANTILE = 0.1
NOTHING_WH = 5.0


class AlarmKind(StrEnum):
    """What a member may ask to be told of."""

    DAY_USE = "day_use"
    BASE_LOAD = "base_load"
    NO_USE = "no_use"
    ROOF_BELOW = "roof_below"


@dataclass(frozen=True, slots=True)
class SiteDays:
    """The last days of a site, the newest last.

    Attributes:
        use_wh: float64 [d, n], use by interval.
        known: bool [d], every interval is there, measured or estimated.
        roof_share: of what the roof gives on average compared with its neighbours, on the newest day; None without a roof or
            where it cannot be judged.
    """

    use_wh: Floats
    known: NDArray[np.bool_]
    roof_share: float | None = None


def judge(kind: AlarmKind, limit: float, days: SiteDays) -> float | None:
    """What was measured where an alarm goes off on the newest day; None where it does not. Both in kWh, W, days, or per cent, by kind."""
    if not len(days.known) or not days.known[-1]:
        return None
    newest = days.use_wh[-1]
    if kind is AlarmKind.DAY_USE:
        used_kwh = float(newest.sum()) / 1000
        return used_kwh if used_kwh > limit else None
    if kind is AlarmKind.BASE_LOAD:
        base_w = max(float(np.quantile(newest, BASE_QUANTILE)), 0.0) * len(newest) / 24
        return base_w if base_w > limit else None
    if kind is AlarmKind.NO_USE:
        quiet = (days.use_wh.sum(axis=1) <= NOTHING_WH) & days.known
        run = len(quiet) if quiet.all() else int(np.argmin(quiet[::-1]))
        return float(run) if run >= limit else None
    if days.roof_share is not None and days.roof_share * 100 < limit:
        return days.roof_share * 100
    return None
