"""Which period of a schedule holds at a local time: months, weekdays, holidays and hours; the first window that holds counts."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
MONTHS = tuple(range(1, 13))
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun", "holiday")
WEEKDAYS, WEEKEND = DAYS[:5], DAYS[5:]
HOLIDAY = DAYS.index("holiday")
DAY_MINUTES = 1440


@dataclass(frozen=True, slots=True)
class Window:
    """Local minutes `[start_minute, end_minute)` on some days of some months, in which `period` holds."""

    period: int
    start_minute: int
    end_minute: int
    days: tuple[str, ...] = DAYS
    months: tuple[int, ...] = MONTHS


@dataclass(frozen=True, slots=True)
class Schedule:
    """Windows in the order in which they are asked; period 0 holds where none does. A holiday is a day of its own kind."""

    windows: tuple[Window, ...] = ()

    def grid(self) -> Ints:
        """The period of each minute of each kind of day of each month; int64 [12, 8, 1440], not to be written to."""
        return _grid(self.windows)


@lru_cache(maxsize=64)
def _grid(windows: tuple[Window, ...]) -> Ints:
    grid = np.zeros((len(MONTHS), len(DAYS), DAY_MINUTES), dtype=np.int64)
    for window in reversed(windows):
        days = np.array([DAYS.index(day) for day in window.days])
        for month in window.months:
            grid[month - 1, days, window.start_minute : window.end_minute] = window.period
    grid.flags.writeable = False
    return grid


def schedule_of_hours(weekday: list[list[int]], weekend: list[list[int]]) -> Schedule:
    """The schedule that two grids of periods say, 12 months x 24 hours each; a holiday counts as weekend.

    Hours of one kind of day that are the same in several months become one window.
    """
    windows: list[Window] = []
    for rows, days in ((weekday, WEEKDAYS), (weekend, WEEKEND)):
        months_of: dict[tuple[int, int, int], list[int]] = {}
        for month, row in enumerate(rows, start=1):
            start = 0
            for hour in range(1, 25):
                if hour == 24 or row[hour] != row[start]:
                    months_of.setdefault((row[start], start * 60, hour * 60), []).append(month)
                    start = hour
        windows += [Window(period, start, end, days, tuple(months)) for (period, start, end), months in sorted(months_of.items()) if period]
    return Schedule(tuple(windows))


def hours_of_schedule(schedule: Schedule) -> tuple[list[list[int]], list[list[int]]] | None:
    """The two grids of 12 months x 24 hours that say the schedule; None where it is finer than that."""
    grid = schedule.grid().reshape(len(MONTHS), len(DAYS), 24, 60)
    if (grid != grid[..., :1]).any():
        return None
    hourly = grid[..., 0]
    weekday, weekend = hourly[:, :5], hourly[:, 5:]
    if (weekday != weekday[:, :1]).any() or (weekend != weekend[:, :1]).any():
        return None
    return weekday[:, 0].tolist(), weekend[:, 0].tolist()
