"""The time axis that customers are rated along: which month, which kind of day and which minute each interval is."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
from numpy.typing import NDArray

from billing.domain.pricing.windows import DAY_MINUTES, DAYS, HOLIDAY, Schedule
from kernel.intervals import LocalDay, Month

Ints = NDArray[np.int64]
COMMON_YEAR = 2018  # a year of 365 days that begins on a Monday


@dataclass(frozen=True, slots=True)
class TimeAxis:
    """T intervals in order, in M months.

    Attributes:
        month: int64 [T], index into `months`, never falling.
        day: int64 [T], number of the local day on the axis.
        day_kind: int64 [T], index into `windows.DAYS`.
        minute: int64 [T], local minute of the day at the interval's start.
        months: the calendar months.
        days_on_axis, days_in_month: int64 [M].
        hours: length of an interval.
        last_day: the last day on the axis; None where it is of no real year.
    """

    month: Ints
    day: Ints
    day_kind: Ints
    minute: Ints
    months: tuple[Month, ...]
    days_on_axis: Ints
    days_in_month: Ints
    hours: float
    last_day: date | None = None

    @property
    def intervals(self) -> int:
        return len(self.month)

    @property
    def ends_month(self) -> bool:
        """Whether the axis reaches the end of its last month (a stretch of days that begins later counts too)."""
        return self.last_day is None or self.last_day.day == int(self.days_in_month[-1])

    @property
    def calendar_month(self) -> Ints:
        """The calendar month of each month on the axis, 0 for January; int64 [M]."""
        return np.array([month.month - 1 for month in self.months], dtype=np.int64)

    def periods(self, schedule: Schedule) -> Ints:
        """The schedule's period in each interval; int64 [T]."""
        return schedule.grid()[self.calendar_month[self.month], self.day_kind, self.minute]


def axis_of_days(days: Sequence[LocalDay], holidays: Collection[date] = ()) -> TimeAxis:
    """The axis of whole local days in order, each as long as it is."""
    minutes = [_minutes_of(day) for day in days]
    return _axis([day.day for day in days], minutes, days[0].interval_minutes, holidays)


def axis_of_starts(local_starts: Sequence[datetime], interval_minutes: int, holidays: Collection[date] = ()) -> TimeAxis:
    """The axis of intervals that begin at these times of the local clock."""
    days: dict[date, list[int]] = {}
    for local in local_starts:
        days.setdefault(local.date(), []).append(local.hour * 60 + local.minute)
    return _axis(list(days), [np.array(minutes) for minutes in days.values()], interval_minutes, holidays)


def _minutes_of(day: LocalDay) -> Ints:
    """Local minute of each interval; only days on which clocks change need to be asked."""
    if day.interval_count * day.interval_minutes == DAY_MINUTES:
        return np.arange(0, DAY_MINUTES, day.interval_minutes)
    return np.array([local.hour * 60 + local.minute for local in day.local_starts()])


def _axis(days: Sequence[date], minutes: Sequence[Ints], interval_minutes: int, holidays: Collection[date]) -> TimeAxis:
    months = tuple(dict.fromkeys(Month(day.year, day.month) for day in days))
    places = {month: place for place, month in enumerate(months)}
    month_of_day = np.array([places[Month(day.year, day.month)] for day in days], dtype=np.int64)
    kind_of_day = np.array([HOLIDAY if day in holidays else day.weekday() for day in days], dtype=np.int64)
    day = np.repeat(np.arange(len(days)), [len(starts) for starts in minutes])
    return TimeAxis(
        month=month_of_day[day],
        day=day,
        day_kind=kind_of_day[day],
        minute=np.concatenate(minutes).astype(np.int64),
        months=months,
        days_on_axis=np.bincount(month_of_day, minlength=len(months)).astype(np.int64),
        days_in_month=np.array([len(month.days()) for month in months], dtype=np.int64),
        hours=interval_minutes / 60,
        last_day=days[-1],
    )


def common_year(intervals_per_hour: int = 1) -> TimeAxis:
    """A year of 8,760 hours that begins on a Monday, without holidays and without daylight saving (as SAM counts)."""
    months = tuple(Month(COMMON_YEAR, number) for number in range(1, 13))
    lengths = np.array([len(month.days()) for month in months], dtype=np.int64)
    steps = 24 * intervals_per_hour
    day = np.repeat(np.arange(lengths.sum()), steps)
    return TimeAxis(
        month=np.repeat(np.arange(12), lengths * steps),
        day=day,
        day_kind=day % (len(DAYS) - 1),
        minute=np.tile(np.arange(steps) * (60 // intervals_per_hour), int(lengths.sum())),
        months=months,
        days_on_axis=lengths,
        days_in_month=lengths,
        hours=1 / intervals_per_hour,
    )
