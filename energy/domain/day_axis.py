"""Many local days as one axis of intervals, and as a table of days by wall-clock slots; both days of daylight saving included."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import IntEnum
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float32]
MINUTES_PER_DAY = 1440


class DayKind(IntEnum):
    """Days that are alike: holidays count as Sundays."""

    WORKING = 0
    SATURDAY = 1
    SUNDAY = 2


@dataclass(frozen=True)
class DayAxis:
    """Consecutive local days, cut into intervals.

    Attributes:
        days: the d local days, ascending.
        start_s: int64 [T], first instants of the intervals [s since 1970].
        offsets: int64 [d + 1], first interval of each day, then T; the first and the last day may be cut.
        slots: int64 [T], the interval's place on the wall clock, counted from midnight; the repeated hour repeats its slots.
        weekdays: int64 [d], 0 Monday to 6 Sunday; 6 on holidays.
        interval_minutes: length of an interval.
    """

    days: list[date]
    start_s: Ints
    offsets: Ints
    slots: Ints
    weekdays: Ints
    interval_minutes: int

    @property
    def slots_per_day(self) -> int:
        return MINUTES_PER_DAY // self.interval_minutes

    @property
    def hours(self) -> float:
        """Length of an interval [h]."""
        return self.interval_minutes / 60

    @cached_property
    def counts(self) -> Ints:
        """Intervals of each day, int64 [d]."""
        return np.diff(self.offsets)

    @cached_property
    def day_of(self) -> Ints:
        """The number of the day of each interval, int64 [T]."""
        return np.repeat(np.arange(len(self.days)), self.counts)

    @cached_property
    def kinds(self) -> Ints:
        """DayKind of each day, int64 [d]."""
        return np.maximum(self.weekdays - 4, 0)

    @cached_property
    def whole(self) -> NDArray[np.bool_]:
        """Whether each day is there from midnight to midnight, bool [d]; only the first and the last may not be."""
        most = self.slots_per_day
        found: NDArray[np.bool_] = self.counts >= most - 60 // self.interval_minutes
        found[1:-1] = True
        found[0] &= self.slots[0] == 0
        found[-1] &= self.slots[-1] == most - 1
        return found

    @cached_property
    def places(self) -> Ints:
        """Interval at each slot of each day, the first where the hour repeats, -1 where there is none: int64 [d, slots]."""
        table = np.full((len(self.days), self.slots_per_day), -1, dtype=np.int64)
        backwards = np.arange(len(self.slots))[::-1]
        table[self.day_of[backwards], self.slots[backwards]] = backwards
        return table

    def by_slot(self, values: Floats) -> Floats:
        """[m, T] as [m, d, slots]; NaN where a day has no such slot."""
        table: Floats = values[:, np.maximum(self.places, 0)]
        table[:, self.places < 0] = np.nan
        return table

    def per_day(self, function: np.ufunc, values: NDArray[Any]) -> NDArray[Any]:
        """Reduce [m, T] over the intervals of each day: [m, d]."""
        reduced: NDArray[Any] = function.reduceat(values, self.offsets[:-1], axis=-1)
        return reduced


def day_axis(*, start_s: Ints, zone: ZoneInfo, interval_minutes: int, is_holiday: Callable[[date], bool]) -> DayAxis:
    """Lay an axis over intervals that follow each other without holes from `start_s[0]` [s since 1970]."""
    first, last = (datetime.fromtimestamp(int(start_s[i]), UTC).astimezone(zone).date() for i in (0, -1))
    days = [first + timedelta(days=i) for i in range((last - first).days + 1)]
    midnights = np.array([_midnight_s(day, zone) for day in [*days, last + timedelta(days=1)]])
    offsets = np.searchsorted(start_s, midnights).astype(np.int64)
    lengths = np.diff(midnights)
    day_of = np.repeat(np.arange(len(days)), np.diff(offsets))
    slots = (start_s - midnights[day_of]) // (interval_minutes * 60)
    for day in np.flatnonzero(lengths != 86_400):  # a clock changes: the wall clock has to be asked
        span = slice(offsets[day], offsets[day + 1])
        slots[span] = [_slot(int(second), zone, interval_minutes) for second in start_s[span]]
    weekdays = np.array([6 if is_holiday(day) else day.weekday() for day in days], dtype=np.int64)
    return DayAxis(days, start_s, offsets, slots, weekdays, interval_minutes)


def _midnight_s(day: date, zone: ZoneInfo) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp())


def _slot(second: int, zone: ZoneInfo, interval_minutes: int) -> int:
    local = datetime.fromtimestamp(second, UTC).astimezone(zone)
    return (local.hour * 60 + local.minute) // interval_minutes
