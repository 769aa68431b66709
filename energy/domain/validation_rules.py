"""Checks that need no history: range, registers, night, runs of the same value. Arrays of meters and intervals, no loop over readings.

`values_wh` is float [m, T], NaN where missing; outcomes are bool [m, T] for intervals and bool [m, d] for days.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from energy.domain.day_axis import DayAxis

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Bools = NDArray[np.bool_]
ROUNDING_WH = 1.0
MAY_FALL = 1.5
LARGEST_RESOLUTION_WH = 10_000


@dataclass(frozen=True, slots=True)
class Registers:
    """Readings at the ends of the days [Wh], float64 [m, d], NaN where unknown; they roll over at `limit_wh` (float64 [m])."""

    start_wh: Doubles
    end_wh: Doubles
    limit_wh: Doubles


def beyond_connection(values_wh: Floats, limit_wh: Doubles) -> Bools:
    """Negative, or more than the connection carries in an interval; a limit of 0 is unknown (float64 [m])."""
    highest = np.where(limit_wh > 0, limit_wh + ROUNDING_WH, np.inf).astype(np.float32)[:, None]
    found: Bools = (values_wh < 0) | (values_wh > highest)
    return found


def counted_wh(registers: Registers) -> Doubles:
    """What registers counted over each day [Wh], float64 [m, d]; they start again from 0 at their limit."""
    limit = registers.limit_wh[:, None]
    difference: Doubles = np.mod(registers.end_wh - registers.start_wh, limit)
    return difference


def resolution_wh(registers: Registers) -> Doubles:
    """The step in which each meter's registers are read [Wh], float64 [m]: the largest power of ten that divides all readings."""
    readings = np.concatenate([registers.start_wh, registers.end_wh], axis=1)
    known = np.isfinite(readings)
    step = np.ones(len(readings))
    for power in (10, 100, 1_000, LARGEST_RESOLUTION_WH):
        divides = np.where(known, np.mod(readings, power) == 0, True).all(axis=1)
        step = np.where(divides & (known.sum(axis=1) >= 4), power, step)
    return step


def sum_excess(values_wh: Floats, axis: DayAxis, registers: Registers) -> tuple[Doubles, Bools]:
    """Wh that the intervals of a day have beyond its registers (NaN where unknown), and whether that is too much: [m, d].

    Both may differ by 1 Wh per interval, or by the registers' resolution. With a gap only too much can be told. A meter that was
    exchanged during the day began again near zero: there its registers say nothing about the day.
    """
    known = np.isfinite(values_wh)
    measured = axis.per_day(np.add, np.where(known, values_wh, 0).astype(np.float64))
    complete = axis.per_day(np.logical_and, known)
    counted = counted_wh(registers)
    allowed = np.maximum(axis.counts[None, :], resolution_wh(registers)[:, None])
    excess: Doubles = np.where(axis.whole[None, :], measured - counted, np.nan)
    went_back = registers.end_wh < registers.start_wh
    exchanged = went_back & (excess < -allowed) & (registers.end_wh <= measured + allowed)
    with np.errstate(invalid="ignore"):
        failed: Bools = np.where(complete, np.abs(excess) > allowed, excess > allowed) & ~exchanged
    return np.where(exchanged, np.nan, excess), failed


def night_production(values_wh: Floats, limit_wh: Doubles, is_night: Bools, twilight: Bools) -> Bools:
    """Production above its night limit (float64 [m]) while no sun shines (bool [k, T], k = m or 1).

    Where the clock or the raster of a source is coarse its mornings begin in the dark (`twilight`, bool [m]): there a course that
    grows from the night into the day is one of these.
    """
    dark = np.broadcast_to(is_night, values_wh.shape)
    shining = values_wh > limit_wh.astype(np.float32)[:, None]
    found: Bools = shining & dark
    rows = np.flatnonzero(twilight & found.any(axis=1))
    if len(rows):
        found[rows] &= ~(_grows_into_day(values_wh[rows], dark[rows]) | _grows_into_day(values_wh[rows, ::-1], dark[rows, ::-1])[:, ::-1])
    return found


def _grows_into_day(values_wh: Floats, dark: Bools) -> Bools:
    """Whether production in an interval of the night goes on without a break, and without falling, until it is light; bool [m, T]."""
    following = np.full(values_wh.shape, np.inf, dtype=np.float32)
    following[:, :-1] = values_wh[:, 1:] * MAY_FALL
    with np.errstate(invalid="ignore"):
        goes_on = (values_wh > 0) & (values_wh <= following)
    never = values_wh.shape[1]
    place = np.arange(never)
    next_stop = np.minimum.accumulate(np.where(goes_on, never, place)[:, ::-1], axis=1)[:, ::-1]
    next_light = np.minimum.accumulate(np.where(dark, never, place)[:, ::-1], axis=1)[:, ::-1]
    found: Bools = (next_light <= next_stop) & (next_light < never)
    return found


def repeats(values_wh: Floats) -> Bools:
    """Whether each interval holds the same non-zero value as the one before; bool [m, T]."""
    same = np.zeros(values_wh.shape, dtype=bool)
    same[:, 1:] = (values_wh[:, 1:] == values_wh[:, :-1]) & (values_wh[:, 1:] != 0)
    return same


@dataclass(frozen=True, slots=True)
class Runs:
    """Runs of the same value: meter, first interval and length of each, int64 [n]."""

    meters: NDArray[np.int64]
    firsts: NDArray[np.int64]
    lengths: NDArray[np.int64]


def runs_of(same: Bools, least: int) -> Runs:
    """Runs of at least `least` intervals, from `repeats`."""
    edges = np.diff(same.astype(np.int8), axis=1, prepend=0, append=0)
    meters, firsts = np.nonzero(edges == 1)
    _, ends = np.nonzero(edges == -1)
    lengths = ends - firsts + 1  # the first of a run is not the same as the one before it
    long = lengths >= least
    return Runs(meters[long], firsts[long] - 1, lengths[long])


def mark_runs(runs: Runs, shape: tuple[int, int]) -> Bools:
    """The intervals of runs, bool [m, T]."""
    steps = np.zeros((shape[0], shape[1] + 1), dtype=np.int32)
    np.add.at(steps, (runs.meters, runs.firsts), 1)
    np.add.at(steps, (runs.meters, runs.firsts + runs.lengths), -1)
    marked: Bools = steps.cumsum(axis=1)[:, :-1] > 0
    return marked


def zero_days(values_wh: Floats, axis: DayAxis) -> Bools:
    """Whole days on which nothing but zeros were measured; bool [m, d]."""
    nothing = (values_wh == 0) | np.isnan(values_wh)
    measured = axis.per_day(np.add, np.isfinite(values_wh).astype(np.int32))
    found: Bools = axis.per_day(np.logical_and, nothing) & (measured * 2 > axis.counts) & axis.whole
    return found
