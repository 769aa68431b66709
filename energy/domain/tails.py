"""Limits that few sound days pass, learned from days of which some are not sound.

A score is small on a sound day; its upper tail falls off about exponentially. The slope is read where faults hardly reach, the
limit is extrapolated to the share of sound days that may pass it, what lies beyond is set aside, and the tail is read again
from the rest. Each meter has its own tail; the fewer days it has, the more that of its class counts, and for a class with few
days what is known beforehand.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
FIRST_READING = (0.80, 0.93)
SECOND_READING = (0.90, 0.975)
SCALE_AT = 0.90
DAYS_OF_OWN = 100
DAYS_OF_CLASS = 100
DAYS_OF_SCALE = 15
HABIT_SHARE = 0.025
HABIT_DAYS = 4


@dataclass(frozen=True, slots=True)
class Tail:
    """What the tail of a class is taken for before its days are seen: limit over the score's 90 % quantile."""

    share: float
    ratio: float
    least: float = 0.0


def tail_limits(scores: Floats, sizes: Floats, groups: NDArray[np.int64], tail: Tail) -> Floats:
    """Limit of each meter that about `tail.share` of its sound days pass; inf where a class has no score at all.

    Args:
        scores: float [m, d], one score per day; NaN where it has none.
        sizes: float [m], in what each meter's scores are measured, so that meters of one class are comparable.
        groups: int64 [m], the class of each meter.
    """
    sizes = np.maximum(sizes, 1e-9)
    scores = scores / sizes[:, None]
    rows, counts = _sorted(scores)
    own_limit = _limits(rows, counts, tail.share)
    own_scale = _quantile(rows, counts, SCALE_AT)
    limits = np.full(len(scores), np.inf)
    for group in np.unique(groups):
        members = groups == group
        total = int(counts[members].sum())
        if not total:
            continue
        weight = counts[members] / (counts[members] + DAYS_OF_SCALE)
        class_scale = np.median(own_scale[members & (counts > 0)])
        scale = _blend(own_scale[members], class_scale, weight)
        relative = scores[members] / np.maximum(scale, 1e-9)[:, None]
        pooled, pooled_count = _sorted(relative.reshape(1, -1))
        ratio = _blend(_limits(pooled, pooled_count, tail.share), tail.ratio, pooled_count / (pooled_count + DAYS_OF_CLASS))
        weight = counts[members] / (counts[members] + DAYS_OF_OWN)
        limits[members] = _blend(own_limit[members], ratio * scale, weight)
    habit = np.maximum(HABIT_SHARE, HABIT_DAYS / np.maximum(counts, 1))
    limits = np.maximum(limits, _quantile(rows, counts, 1 - np.minimum(habit, 1)))
    result: Floats = np.maximum(limits, tail.least) * sizes
    return result


def _sorted(scores: Floats) -> tuple[Floats, NDArray[np.int64]]:
    return np.sort(scores, axis=1), np.isfinite(scores).sum(axis=1).astype(np.int64)


def _quantile(rows: Floats, counts: NDArray[np.int64], share: Floats | float) -> Floats:
    """A quantile of the first `counts` numbers of each sorted row; 0 of none."""
    place = np.maximum(counts - 1, 0) * share
    low = np.floor(place).astype(np.int64)
    high = np.minimum(low + 1, np.maximum(counts - 1, 0))
    at = np.arange(len(rows))
    found: Floats = rows[at, low] + (place - low) * (rows[at, high] - rows[at, low])
    return np.where(counts > 0, found, 0.0)


def _limits(rows: Floats, counts: NDArray[np.int64], share: float) -> Floats:
    first = _extrapolate(rows, counts, share, FIRST_READING)
    sound = (rows <= first[:, None]).sum(axis=1)
    return _extrapolate(rows, sound, share, SECOND_READING)


def _extrapolate(rows: Floats, counts: NDArray[np.int64], share: float, reading: tuple[float, float]) -> Floats:
    low, high = (_quantile(rows, counts, at) for at in reading)
    slope = (high - low) / np.log((1 - reading[0]) / (1 - reading[1]))
    limit: Floats = high + slope * np.log((1 - reading[1]) / share)
    return limit


def _blend(own: Floats, other: Floats | float, weight: Floats) -> Floats:
    """Geometric mean, `weight` of it `own`; where one of the two is nothing, the other."""
    other = np.broadcast_to(np.asarray(other, dtype=np.float64), own.shape)
    tiny = 1e-9
    mixed: Floats = np.exp(weight * np.log(np.maximum(own, tiny)) + (1 - weight) * np.log(np.maximum(other, tiny)))
    return np.where(own <= tiny, other, np.where(other <= tiny, own, mixed))
