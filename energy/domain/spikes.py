"""Spikes: an interval far outside what a meter and its class do.

Two scores, both in Wh: the height itself, and the rise above both neighbours. What a home draws for a quarter of an hour alone is
far less than what it draws at most, so the rise finds spikes that a limit on the height never could. Limits are the tails of
the days' largest scores (`tails`). Heat pumps and car chargers switch between levels: their height is limited by the highest level
that they hold, however seldom, and a rise to it is nothing special.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from energy.domain.day_axis import DayAxis
from energy.domain.tails import Tail, tail_limits

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

HEIGHT_TAIL = Tail(share=0.0008, ratio=1.9)
RISE_TAIL = Tail(share=0.0015, ratio=2.2)
LEVEL_WIDTH = 0.03
ABOVE_LEVEL = 1.04
LEAST_RISE_OF_PEAK = 0.06
LEVEL_DAYS = 3
HABIT_DAYS = 5
HABIT_OF_LEVEL = 0.03
NEXT_LEVEL = 2.2
DAYS_OF_LEVELS = 45
REGISTER_SHARE = (0.75, 1.35)
WEAKER = 0.5


@dataclass(frozen=True, slots=True)
class SpikeLimits:
    """Height and rise above which an interval is a spike [Wh], float64 [m]."""

    height_wh: Doubles
    rise_wh: Doubles


def rises(values_wh: Floats) -> Floats:
    """Wh above the higher neighbour; where one is missing above the other; NaN where both are. [m, T]"""
    padded = np.full((len(values_wh), values_wh.shape[1] + 2), np.nan, dtype=np.float32)
    padded[:, 1:-1] = values_wh
    return values_wh - np.fmax(padded[:, :-2], padded[:, 2:])


def learn_spike_limits(values_wh: Floats, axis: DayAxis, classes: Ints, switched: Bools, connection_wh: Doubles) -> SpikeLimits:
    """Limits that few sound days pass; learned from values that may hold spikes.

    Args:
        classes: int64 [m]; switched: bool [m], whether the meter switches between levels.
        connection_wh: what the connection carries in an interval [Wh], float64 [m]; 0 where unknown.
    """
    peaks = _active(axis.per_day(np.fmax, values_wh))
    sizes = _middle(peaks)
    height = tail_limits(peaks, sizes, classes, HEIGHT_TAIL)
    level = held_level(values_wh, axis)
    with np.errstate(invalid="ignore"):
        above = (peaks > ABOVE_LEVEL * level[:, None]).sum(axis=1)
    days = np.isfinite(peaks).sum(axis=1)
    keeps = switched & (level > 0) & (above <= np.maximum(HABIT_DAYS, HABIT_OF_LEVEL * days))
    unseen = np.minimum(level * NEXT_LEVEL, np.where(connection_wh > 0, connection_wh, np.inf))
    short = len(axis.days) < DAYS_OF_LEVELS  # the level of cold days may not have been seen yet
    height = np.where(keeps, np.maximum(level * ABOVE_LEVEL, unseen if short else 0), height)
    height = np.where(connection_wh > 0, np.minimum(height, connection_wh + 1), height)
    top = np.where(np.isfinite(height), height, 0)
    largest = np.maximum(axis.per_day(np.fmax, rises(values_wh)), 0)
    rise = tail_limits(np.where(np.isfinite(peaks), largest, np.nan), sizes, classes, RISE_TAIL)
    rise = np.maximum(rise, top * LEAST_RISE_OF_PEAK)
    return SpikeLimits(height, np.where(switched, height, rise))


def _middle(peaks: Doubles) -> Doubles:
    """Median of each meter's days, 1 where there is none."""
    ordered = np.sort(peaks, axis=1)
    known = np.isfinite(peaks).sum(axis=1)
    middle = ordered[np.arange(len(peaks)), np.maximum(known - 1, 0) // 2]
    return np.where(known > 0, middle, 1.0)


def _active(peaks: NDArray[Any]) -> Doubles:
    """The days' peaks, NaN where a day had none: a charger that stood still says nothing about charging."""
    found = np.asarray(peaks, dtype=np.float64).copy()
    found[~(found > 0)] = np.nan
    return found


def held_level(values_wh: Floats, axis: DayAxis) -> Doubles:
    """The highest level that each meter holds for two intervals on at least three days [Wh], float64 [m]; 0 where there is none.

    One bad value never is a level, for it does not last; nor are many of the same height.
    """
    before, after = values_wh[:, :-1], values_wh[:, 1:]
    with np.errstate(invalid="ignore"):
        held = np.where(np.abs(after - before) <= LEVEL_WIDTH * after, np.minimum(before, after), 0)
    padded = np.zeros(values_wh.shape, dtype=np.float32)
    padded[:, 1:] = np.nan_to_num(held)
    tops = np.sort(axis.per_day(np.maximum, padded), axis=1)
    days = min(LEVEL_DAYS, tops.shape[1])
    level: Doubles = tops[:, -days].astype(np.float64)
    # the third highest day counts: what it holds, the two above may hold a little higher still
    close = tops[:, -1] <= level * (1 + 2 * LEVEL_WIDTH)
    return np.where(close, tops[:, -1], level).astype(np.float64)


def spikes(values_wh: Floats, axis: DayAxis, limits: SpikeLimits, switched: Bools, excess_wh: Doubles | None) -> Bools:
    """Intervals that are spikes, bool [m, T].

    `excess_wh` (float64 [m, d]) is what a day's intervals have beyond its registers, NaN where it is allowed or unknown: an
    interval that alone explains it is a spike at half the rise. A switched meter (bool [m]) whose neighbouring interval
    is as high goes to a level of its own, however seldom.
    """
    rise = rises(values_wh)
    limit = limits.rise_wh.astype(np.float32)[:, None]
    with np.errstate(invalid="ignore"):
        found: Bools = (values_wh > limits.height_wh.astype(np.float32)[:, None]) | (rise > limit)
        found &= ~(switched[:, None] & (rise <= LEVEL_WIDTH * values_wh))
        if excess_wh is not None and np.isfinite(excess_wh).any():
            meters, days = np.nonzero(excess_wh > 0)
            for meter, day in zip(meters.tolist(), days.tolist(), strict=True):
                span = slice(axis.offsets[day], axis.offsets[day + 1])
                share = rise[meter, span] / excess_wh[meter, day]
                fits = (share >= REGISTER_SHARE[0]) & (share <= REGISTER_SHARE[1])
                found[meter, span] |= fits & (rise[meter, span] > WEAKER * limit[meter])
    return found
