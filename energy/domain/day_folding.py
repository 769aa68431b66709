"""Series of readings folded into local days: whole Wh per settlement interval, missing ones marked."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from energy.domain.quality import Method
from energy.domain.reading_files import MOST_PROBLEMS, ReadingSeries, ReadOptions, RowProblem
from energy.domain.telemetry import LARGEST_INTERVAL_WH
from kernel.intervals import LocalDay

WHOLE_WITHIN_WH = 1e-6


@dataclass(frozen=True, slots=True)
class DayAxis:
    """The settlement intervals of consecutive local days, one behind the other.

    Attributes:
        days: ascending, none left out.
        offsets: int64 [d + 1], first interval of each day; the last is their number.
        start_s: first instant of the first day [s since 1970].
    """

    days: list[date]
    offsets: NDArray[np.int64]
    start_s: int
    interval_s: int

    @classmethod
    def between(cls, first_s: int, last_s: int, options: ReadOptions) -> "DayAxis":
        """The days that hold two instants and all between them."""
        first, last = (datetime.fromtimestamp(s, UTC).astimezone(options.zone).date() for s in (first_s, last_s))
        days = [first + timedelta(days=i) for i in range((last - first).days + 1)]
        local = [LocalDay(day, options.zone, options.interval_minutes) for day in days]
        offsets = np.concatenate([[0], np.cumsum([day.interval_count for day in local])]).astype(np.int64)
        return cls(days, offsets, int(local[0].start_at.timestamp()), options.interval_s)

    @property
    def counts(self) -> NDArray[np.int64]:
        """Intervals of each day; int64 [d]."""
        return np.diff(self.offsets)


@dataclass(frozen=True, slots=True)
class FoldedSeries:
    """A series along an axis.

    Attributes:
        values_wh: int32 [T].
        quality: int16 [T]: measured, edited (a substitute value), or missing where the file says nothing.
        rounded: how many values were not whole Wh.
    """

    values_wh: NDArray[np.int32]
    quality: NDArray[np.int16]
    rounded: int


def fold(series: ReadingSeries, axis: DayAxis, options: ReadOptions) -> tuple[FoldedSeries, list[RowProblem]]:
    """Lay a series along the axis; what does not fit is told by row and left out."""
    problems: list[RowProblem] = []
    place, rest = np.divmod(series.starts_s - axis.start_s, axis.interval_s)
    energy = series.energy_wh

    def tell(wrong: NDArray[np.bool_], column: str, what: str, mending: str) -> None:
        for i in np.flatnonzero(wrong)[:MOST_PROBLEMS].tolist():
            problems.append(RowProblem(int(series.rows[i]), column, what.format(energy[i]), mending))

    off = rest != 0
    tell(
        off,
        "time",
        f"the interval does not begin on the grid of {options.interval_minutes} minutes",
        "say whether times label the start or the end, or shift them",
    )
    negative = energy < 0
    tell(negative, series.column, "{:g} Wh is negative", "feed-in has a channel of its own, never a minus sign")
    large = energy > LARGEST_INTERVAL_WH
    tell(large, series.column, "{:g} Wh is more than an interval can hold", "check the unit and the decimal sign")
    usable = ~(off | negative | large)
    _tell_coarse(series, place[usable], options, problems)
    _, first = np.unique(place[usable], return_index=True)
    again = np.ones(int(usable.sum()), dtype=bool)
    again[first] = False
    doubled = np.zeros(len(energy), dtype=bool)
    doubled[np.flatnonzero(usable)[again]] = True
    tell(doubled, "time", "this interval stands a second time", "leave one of the two rows")
    return _lay(series, place, usable & ~doubled, axis), problems


def _tell_coarse(series: ReadingSeries, places: NDArray[np.int64], options: ReadOptions, problems: list[RowProblem]) -> None:
    """Hourly values would leave three of four quarter hours missing without a word."""
    steps = np.diff(np.unique(places))
    if len(steps) >= 3 and steps.min() > 1:
        minutes = int(steps.min()) * options.interval_minutes
        problems.append(
            RowProblem(
                int(series.rows[0]),
                "time",
                f"intervals of {series.meter} are {minutes} minutes long, the microgrid's {options.interval_minutes}",
                "ask for values at the microgrid's interval",
            )
        )


def _lay(series: ReadingSeries, place: NDArray[np.int64], chosen: NDArray[np.bool_], axis: DayAxis) -> FoldedSeries:
    total = int(axis.offsets[-1])
    energy = np.full(total, np.nan)
    energy[place[chosen]] = series.energy_wh[chosen]
    quality = np.where(np.isnan(energy), Method.MISSING, Method.MEASURED).astype(np.int16)
    if series.substitute is not None:
        quality[place[chosen & series.substitute]] = Method.EDITED
    values, rounded = whole_wh(energy, axis.offsets)
    return FoldedSeries(values.astype(np.int32), quality, rounded)


def whole_wh(energy_wh: NDArray[np.float64], offsets: NDArray[np.int64]) -> tuple[NDArray[np.int64], int]:
    """Round to whole Wh, the remainder carried on within each day, so that no day's sum drifts; missing (NaN) is 0.

    Returns int64 [T] and how many values were not whole.
    """
    energy = np.nan_to_num(energy_wh, nan=0.0)
    nearest = np.rint(energy)
    uneven = np.abs(energy - nearest) > WHOLE_WITHIN_WH
    if not uneven.any():
        return nearest.astype(np.int64), 0
    result = nearest.astype(np.int64)
    touched = np.unique(np.searchsorted(offsets, np.flatnonzero(uneven), side="right") - 1)
    for day in touched.tolist():
        span = slice(int(offsets[day]), int(offsets[day + 1]))
        counted = np.floor(np.cumsum(energy[span]) + 0.5)
        result[span] = np.diff(counted, prepend=0.0)
    return result, int(uneven.sum())
