"""Continuous piecewise linear functions on an interval, not necessarily convex: sums, least values in a sliding window, lower envelopes.

A function is its corner points `x` (ascending) and its values `y` there; outside `x[0]..x[-1]` it is infinite.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from grid.domain.planning.parts import Array

HAIR = 1e-11


@dataclass(frozen=True, slots=True)
class Piecewise:
    """Corner points and values there, both [c], c >= 1."""

    x: Array
    y: Array

    @classmethod
    def through(cls, x: Sequence[float] | Array, y: Sequence[float] | Array) -> Self:
        return cls(np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64))

    def at(self, points: Array) -> Array:
        """Values at points; infinite outside, but for a hair."""
        hair = HAIR * max(1.0, float(np.abs(self.x).max()))
        inside = (points >= self.x[0] - hair) & (points <= self.x[-1] + hair)
        found: Array = np.where(inside, np.interp(points, self.x, self.y), np.inf)
        return found

    def plus(self, other: Self) -> Self:
        """The sum, where both are finite; they must overlap."""
        low, high = max(self.x[0], other.x[0]), min(self.x[-1], other.x[-1])
        points = np.unique(np.concatenate([self.x, other.x]))
        points = np.unique(np.concatenate([[low], points[(points > low) & (points < high)], [high]]))
        return type(self)(points, np.interp(points, self.x, self.y) + np.interp(points, other.x, other.y))

    def cut(self, low: float, high: float) -> Self | None:
        """The same function on a smaller interval; None where nothing is left."""
        low, high = max(low, float(self.x[0])), min(high, float(self.x[-1]))
        if low > high + HAIR * max(1.0, abs(low)):
            return None
        high = max(low, high)
        inner = self.x[(self.x > low) & (self.x < high)]
        points = np.unique(np.concatenate([[low], inner, [high]]))
        return type(self)(points, np.interp(points, self.x, self.y))


def least_within(function: Piecewise, low: float, high: float) -> Piecewise:
    """`w(q) = min f(r)` over r in `[q + low, q + high]`: exact, corner by corner.

    Between the places where a corner enters or leaves the window, the least value is that at the window's left end, at its right end, or at a
    corner inside: two lines and a constant.
    """
    x = function.x
    first, last = float(x[0]) - high, float(x[-1]) - low
    points = np.unique(np.clip(np.concatenate([x - low, x - high]), first, last))
    value = _Window(function, low, high)
    if len(points) > 1:
        begin, end = points[:-1], points[1:]
        middle = (begin + end) / 2
        left = value.at_end(begin + low, middle + low), value.at_end(end + low, middle + low)
        right = value.at_end(begin + high, middle + high), value.at_end(end + high, middle + high)
        inside = value.inside(middle, 0.0)
        crossings = [_crossings(begin, end, *a, *b) for a, b in ((left, right), (left, (inside, inside)), (right, (inside, inside)))]
        points = np.unique(np.concatenate([points, *crossings]))
    return simple(points, value.at(points))


class _Window:
    """Evaluates the least value in a window; range minima from a table of powers of two."""

    def __init__(self, function: Piecewise, low: float, high: float) -> None:
        self.function, self.low, self.high = function, low, high
        self.hair = HAIR * max(1.0, float(np.abs(function.x).max()))
        self.table = [function.y]
        while 2 ** len(self.table) <= len(function.y):
            last, step = self.table[-1], 2 ** (len(self.table) - 1)
            self.table.append(np.minimum(last[:-step], last[step:]))

    def at_end(self, points: Array, middle: Array) -> Array:
        """The function's line at an end of the window, infinite where the end lies outside the function."""
        x = self.function.x
        outside = (middle < x[0]) | (middle > x[-1])
        found: Array = np.where(outside, np.inf, np.interp(points, x, self.function.y))
        return found

    def inside(self, points: Array, hair: float) -> Array:
        """The least value at a corner inside the window."""
        x = self.function.x
        begin = np.searchsorted(x, points + self.low - hair, side="left")
        end = np.searchsorted(x, points + self.high + hair, side="right")
        length = end - begin
        found = np.full(len(points), np.inf)
        some = np.flatnonzero(length > 0)
        level = np.frexp(length[some])[1] - 1
        for power in np.unique(level):
            these = some[level == power]
            table = self.table[power]
            found[these] = np.minimum(table[begin[these]], table[end[these] - 2**power])
        return found

    def at(self, points: Array) -> Array:
        ends = np.minimum(self.function.at(points + self.low), self.function.at(points + self.high))
        found: Array = np.minimum(ends, self.inside(points, self.hair))
        return found


def lowest(functions: Sequence[Piecewise]) -> Piecewise:
    """The lower envelope; together the functions must cover an interval."""
    points = np.unique(np.concatenate([f.x for f in functions]))
    if len(functions) > 1 and len(points) > 1:
        begin, end = points[:-1], points[1:]
        middle = (begin + end) / 2
        lines = [tuple(np.where(np.isfinite(f.at(middle)), np.interp(p, f.x, f.y), np.inf) for p in (begin, end)) for f in functions]
        crossings = [_crossings(begin, end, *a, *b) for i, a in enumerate(lines) for b in lines[:i]]
        points = np.unique(np.concatenate([points, *crossings]))
    values = np.full(len(points), np.inf)
    for f in functions:
        values = np.minimum(values, f.at(points))
    return simple(points, values)


def _crossings(begin: Array, end: Array, first_a: Array, last_a: Array, first_b: Array, last_b: Array) -> Array:
    """Where two lines cross inside their intervals."""
    with np.errstate(invalid="ignore"):
        before, after = first_a - first_b, last_a - last_b
        cross = np.isfinite(before) & np.isfinite(after) & (before * after < 0)
    share = before[cross] / (before[cross] - after[cross])
    found: Array = begin[cross] + share * (end[cross] - begin[cross])
    return found


def simple(x: Array, y: Array) -> Piecewise:
    """Without points that follow one another within a hair, and without corners that are none."""
    if len(x) > 1:
        hair = HAIR * max(1.0, float(np.abs(x).max()))
        apart = np.concatenate([[True], np.diff(x) > hair])
        apart[1:-1] &= x[-1] - x[1:-1] > hair  # the ends stay where they are
        apart[-1] = x[-1] - x[0] > hair
        x, y = x[apart], y[apart]
    if len(x) > 2:
        slope = np.diff(y) / np.maximum(np.diff(x), 1e-300)
        corner = np.abs(np.diff(slope)) > 1e-10 * max(1.0, float(np.abs(slope).max()))
        keep = np.concatenate([[True], corner, [True]])
        x, y = x[keep], y[keep]
    return Piecewise(x, y)


def thinned(function: Piecewise, most: int) -> Piecewise:
    """The function with no more than `most` corners: those that stand out least from the line between their neighbours are left out."""
    x, y = function.x, function.y
    if len(x) <= most:
        return function
    share = (x[1:-1] - x[:-2]) / np.maximum(x[2:] - x[:-2], 1e-300)
    between = y[:-2] + share * (y[2:] - y[:-2])
    kept = np.sort(np.argsort(np.abs(y[1:-1] - between), kind="stable")[-(most - 2) :]) + 1
    places = np.concatenate([[0], kept, [len(x) - 1]])
    return Piecewise(x[places], y[places])
