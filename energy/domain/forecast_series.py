"""What meters measured, cut off at an instant and laid on the local clock's face: what a forecast may look at.

A forecast for an origin is made from `MeterSeries.before(origin)` alone: arrays that end there. Nothing behind the cut has to be
masked, because it is not there. Days of the wall-clock grid all have the same length: of the hour that a change of clocks doubles
the first pass counts, the hour that is skipped repeats the value before it, so a like day is like on both days of the change.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Wh = NDArray[np.float64]
Slots = NDArray[np.int64]
SECOND = np.timedelta64(1, "s")
DAY = np.timedelta64(1, "D")


@dataclass(frozen=True, slots=True)
class MeterSeries:
    """Energy of m meters on one axis of intervals without holes.

    Attributes:
        first_at: start of the first interval, datetime64[s] in UTC.
        minutes: length of an interval.
        zone: local time zone, or a clock that never changes; it makes the days.
        values_wh: float64 [m, T]; NaN where missing.
    """

    first_at: np.datetime64
    minutes: int
    zone: tzinfo
    values_wh: Wh

    @property
    def end_at(self) -> np.datetime64:
        """The first instant behind the axis."""
        end: np.datetime64 = self.first_at + self.values_wh.shape[1] * self.step
        return end

    @property
    def step(self) -> np.timedelta64:
        return np.timedelta64(self.minutes * 60, "s")

    @property
    def slots_per_day(self) -> int:
        return 24 * 60 // self.minutes

    def before(self, instant: np.datetime64) -> "MeterSeries":
        """The same meters, knowing only intervals that had ended at `instant`."""
        count = int((instant - self.first_at) // self.step)
        known = np.array(self.values_wh[:, : max(count, 0)], order="C", copy=True)
        return MeterSeries(self.first_at, self.minutes, self.zone, known)

    def by(self, clock: tzinfo) -> "MeterSeries":
        """The same readings, their days made by another clock."""
        return MeterSeries(self.first_at, self.minutes, clock, self.values_wh)

    def of(self, rows: NDArray[np.int64]) -> "MeterSeries":
        """Some of the meters."""
        return MeterSeries(self.first_at, self.minutes, self.zone, self.values_wh[rows])


def starts_from(first_at: np.datetime64, minutes: int, count: int) -> NDArray[np.datetime64]:
    """Starts of `count` intervals in UTC, datetime64[s]."""
    return first_at + np.arange(count) * np.timedelta64(minutes * 60, "s")


def wall_slots(starts: NDArray[np.datetime64], zone: tzinfo, minutes: int) -> Slots:
    """The slot on the local wall clock of each start: days since 1970-01-01 times slots per day, plus the slot of the day."""
    seconds = starts.astype("datetime64[s]").astype(np.int64)
    if isinstance(zone, timezone):  # a clock that never changes
        return (seconds + round(zone.utcoffset(None).total_seconds())) // (minutes * 60)
    days = starts.astype("datetime64[D]")
    offsets = np.zeros(len(starts), dtype=np.int64)
    for day in np.unique(days):
        of_day = (
            np.flatnonzero(days == day)
            if len(starts) < 1000
            else slice(int(np.searchsorted(days, day)), int(np.searchsorted(days, day, side="right")))
        )
        begin, end = utc_offset_s(day, zone), utc_offset_s(day + DAY, zone)
        if begin == end:
            offsets[of_day] = begin
        else:
            offsets[of_day] = [utc_offset_s(start, zone) for start in starts[of_day]]
    return (seconds + offsets) // (minutes * 60)


@lru_cache(maxsize=4096)
def _offset_of_second(second: int, zone: tzinfo) -> int:
    offset = datetime.fromtimestamp(second, UTC).astimezone(zone).utcoffset()
    return int((offset or timedelta()).total_seconds())


def utc_offset_s(instant: np.datetime64, zone: tzinfo) -> int:
    """Seconds by which the zone's clock is ahead of UTC."""
    return _offset_of_second(int(instant.astype("datetime64[s]").astype(np.int64)), zone)


@dataclass(frozen=True, slots=True)
class WallGrid:
    """Values on the wall clock's face up to an instant, gaps filled from the days before.

    Attributes:
        first_day: local day of the first column, as days since 1970-01-01.
        slots_per_day: columns of a day.
        values_wh: float64 [m, n], n slots from the first day's midnight up to the cut; where a value is missing, that of the same
            slot on the day before; NaN before a meter's first value.
        measured: bool [m, n], where the value is a meter's own.
    """

    first_day: int
    slots_per_day: int
    values_wh: Wh
    measured: NDArray[np.bool_]

    @property
    def width(self) -> int:
        """How many slots are known."""
        return int(self.values_wh.shape[1])

    @property
    def days_known(self) -> NDArray[np.int64]:
        """Whole days since each row's first value; 0 where it has none."""
        firsts = np.where(self.measured.any(axis=1), _first_true(self.measured), self.width)
        return (self.width - firsts) // self.slots_per_day

    def with_sums(self, groups: Sequence[NDArray[np.int64]]) -> "WallGrid":
        """The same grid with a row for the sum of each group of rows; a meter counts from its first value on."""
        started = ~np.isnan(self.values_wh)
        filled = np.where(started, self.values_wh, 0.0)
        sums = [np.where(started[g].any(axis=0), filled[g].sum(axis=0), np.nan) for g in groups]
        whole = [(self.measured[g] | ~started[g]).all(axis=0) & started[g].any(axis=0) for g in groups]
        return WallGrid(self.first_day, self.slots_per_day, np.vstack([self.values_wh, *sums]), np.vstack([self.measured, *whole]))


def wall_grid(series: MeterSeries, until: np.datetime64, days: int) -> WallGrid:
    """Lay what was known before `until`, at most `days` local days back, on the wall clock.

    The series may end earlier (then the rest is missing) or later (then it is cut).
    """
    known = series.before(until)
    per_day = series.slots_per_day
    edge = int(wall_slots(np.array([until]), series.zone, series.minutes)[0])
    starts = starts_from(series.first_at, series.minutes, known.values_wh.shape[1])
    # A day more than asked for, since days of 25 hours have more intervals than slots.
    oldest = max(len(starts) - (days + 1) * per_day, 0)
    slots = wall_slots(starts[oldest:], series.zone, series.minutes)
    first_day = edge // per_day - days
    first_day = max(first_day, int(slots[0]) // per_day) if len(slots) else edge // per_day
    width = max(edge - first_day * per_day, 0)
    places = slots - first_day * per_day
    keep = np.flatnonzero(_first_pass(places) & (places < width) & (places >= 0))
    grid = np.full((series.values_wh.shape[0], width), np.nan)
    grid[:, places[keep]] = known.values_wh[:, oldest + keep]
    _repeat_skipped(grid, places[keep])
    return WallGrid(first_day, per_day, fill_from_days_before(grid, per_day), ~np.isnan(grid))


def _first_pass(places: Slots) -> NDArray[np.bool_]:
    """Which intervals stand further on the wall clock than any before them: the second pass of a doubled hour does not."""
    if not len(places):
        return np.zeros(0, dtype=np.bool_)
    furthest = np.maximum.accumulate(places)
    result = np.ones(len(places), dtype=np.bool_)
    result[1:] = places[1:] > furthest[:-1]
    return result


def _repeat_skipped(grid: Wh, places: Slots) -> None:
    """Give the slots that a change of clocks skipped the value before them (writes into `grid`)."""
    for jump in np.flatnonzero(np.diff(places) > 1):
        grid[:, places[jump] + 1 : places[jump + 1]] = grid[:, places[jump], None]


def fill_from_days_before(grid: Wh, per_day: int) -> Wh:
    """Fill what is missing with the same slot's last value on a day before; what has none stays NaN."""
    if not np.isnan(grid).any():
        return grid
    meters, width = grid.shape
    days = -(-width // per_day)
    padded = np.full((meters, days * per_day), np.nan)
    padded[:, :width] = grid
    by_day = padded.reshape(meters, days, per_day)
    known = np.where(np.isnan(by_day), -1, np.arange(days)[None, :, None])
    last = np.maximum.accumulate(known, axis=1)
    filled = np.where(last >= 0, np.take_along_axis(by_day, np.maximum(last, 0), axis=1), np.nan)
    return np.ascontiguousarray(filled.reshape(meters, -1)[:, :width])


def _first_true(rows: NDArray[np.bool_]) -> NDArray[np.int64]:
    if not rows.shape[1]:
        return np.zeros(len(rows), dtype=np.int64)
    firsts: NDArray[np.int64] = rows.argmax(axis=1).astype(np.int64)
    return firsts
