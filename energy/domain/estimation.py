"""Validation and estimation of one meter's day: what is missing is filled by named methods, in a fixed order.

1. the register difference over the gap, spread by the shape of like days; 2. linear interpolation up to two hours;
3. the mean of like days; 4. the class profile. Each value carries the method that made it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from energy.domain.quality import METHOD_MASK, Check, Method

LONGEST_INTERPOLATED = 8
Wh = NDArray[np.int32]
Flags = NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class DayInput:
    """One meter, channel and day before estimation.

    Attributes:
        values_wh: int32 [k]; 0 where missing.
        quality: int16 [k].
        register_start_wh, register_end_wh: readings at the day's ends [Wh], or None.
        register_limit_wh: where the register rolls over.
        high_limit_wh: the most that can flow in an interval [Wh]; 0 for no limit.
        like_days_wh: float64 [n, k], like days of the same meter, may be empty.
        class_profile_wh: float64 [k], what meters of its class did on this day.
    """

    values_wh: Wh
    quality: Flags
    register_start_wh: int | None
    register_end_wh: int | None
    register_limit_wh: int
    high_limit_wh: int
    like_days_wh: NDArray[np.float64]
    class_profile_wh: NDArray[np.float64]


def register_difference(start_wh: int, end_wh: int, limit_wh: int) -> int:
    """What a register counted between two readings [Wh]; it starts again from 0 at `limit_wh`."""
    return end_wh - start_wh if end_wh >= start_wh else end_wh + limit_wh - start_wh


def validate(day: DayInput) -> Flags:
    """Return the quality flags with the outcome of the checks on sums and range."""
    quality = day.quality.copy()
    missing = (quality & METHOD_MASK) == Method.MISSING
    if day.high_limit_wh:
        quality[day.values_wh > day.high_limit_wh] |= Check.HIGH
    if day.register_start_wh is not None and day.register_end_wh is not None and not missing.any():
        counted = register_difference(day.register_start_wh, day.register_end_wh, day.register_limit_wh)
        if abs(counted - int(day.values_wh.sum())) > len(day.values_wh):
            quality |= Check.SUM_FAILED
    return quality


def estimate(day: DayInput) -> tuple[Wh, Flags]:
    """Fill what is missing; values that were measured stay as they are."""
    values, quality = day.values_wh.copy(), day.quality.copy()
    missing = (quality & METHOD_MASK) == Method.MISSING
    if not missing.any():
        return values, quality
    shape, shape_method = _shape(day)
    counted = _counted_in_gaps(day, missing)
    if counted is not None:
        values[missing] = spread(counted, shape[missing])
        quality[missing] = Method.CALCULATED
        return values, quality
    for first, last in _gaps(missing):
        if last - first <= LONGEST_INTERPOLATED and first > 0 and last < len(values):
            line = np.linspace(values[first - 1], values[last], last - first + 2)[1:-1]
            values[first:last] = np.rint(line)
            quality[first:last] = Method.INTERPOLATED
        else:
            values[first:last] = np.rint(shape[first:last])
            quality[first:last] = shape_method
    return values, quality


def _shape(day: DayInput) -> tuple[NDArray[np.float64], Method]:
    if len(day.like_days_wh):
        return day.like_days_wh.mean(axis=0), Method.LIKE_DAY
    return day.class_profile_wh, Method.PROFILE


def _counted_in_gaps(day: DayInput, missing: NDArray[np.bool_]) -> int | None:
    """What the registers counted beyond the measured values [Wh], where both readings are there."""
    if day.register_start_wh is None or day.register_end_wh is None:
        return None
    counted = register_difference(day.register_start_wh, day.register_end_wh, day.register_limit_wh)
    rest = counted - int(day.values_wh[~missing].sum())
    return rest if rest >= 0 else None


def _gaps(missing: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """First interval and the one after the last of each gap."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], missing.astype(np.int8), [0]])))
    return [(int(a), int(b)) for a, b in edges.reshape(-1, 2)]


def spread(total_wh: int, shape: NDArray[np.float64]) -> Wh:
    """Split a whole by a shape, flat where the shape is empty; the parts sum to the whole (largest remainder)."""
    weights = shape if shape.sum() > 0 else np.ones(len(shape))
    exact = total_wh * weights / weights.sum()
    parts = np.floor(exact).astype(np.int64)
    order = np.argsort(parts - exact, kind="stable")
    parts[order[: total_wh - int(parts.sum())]] += 1
    result: Wh = parts.astype(np.int32)
    return result
