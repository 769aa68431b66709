"""Sums and peaks along a time axis, for many customers at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from billing.domain.pricing.axis import TimeAxis

Ints = NDArray[np.int64]
Numbers = NDArray[Any]  # int64 where conventions are exact, float64 where they are not


@dataclass(frozen=True, slots=True)
class Stretches:
    """Stretches of intervals in which neither the month nor any schedule's period changes.

    Attributes:
        starts: int64 [R], each stretch's first interval.
        month: int64 [R].
        months: how many there are.
    """

    starts: Ints
    month: Ints
    months: int

    @classmethod
    def of(cls, axis: TimeAxis, periods: Sequence[Ints]) -> "Stretches":
        changes = np.zeros(axis.intervals, dtype=bool)
        changes[0] = True
        for along in (axis.month, *periods):
            changes[1:] |= along[1:] != along[:-1]
        starts = np.flatnonzero(changes)
        return cls(starts, axis.month[starts], len(axis.months))

    def sums(self, values: Numbers) -> Numbers:
        """Sum of each stretch; [n, T] to [n, R]."""
        summed: Numbers = np.add.reduceat(values, self.starts, axis=1)
        return summed

    def highest(self, values: Numbers) -> Numbers:
        """Highest value of each stretch; [n, T] to [n, R]."""
        peaks: Numbers = np.maximum.reduceat(values, self.starts, axis=1)
        return peaks

    def totals(self, of_stretches: Numbers, period: Ints, periods: int) -> Numbers:
        """Sums of stretches by month and period; [n, R] to [n, M, P]."""
        return self._grouped(of_stretches, period, periods, np.add)

    def peaks(self, of_stretches: Numbers, period: Ints, periods: int) -> Numbers:
        """The highest of the stretches by month and period, at least 0; [n, R] to [n, M, P]."""
        return self._grouped(of_stretches, period, periods, np.maximum)

    def _grouped(self, of_stretches: Numbers, period: Ints, periods: int, ufunc: np.ufunc) -> Numbers:
        group = self.month * periods + period
        order = np.argsort(group, kind="stable")
        present, first = np.unique(group[order], return_index=True)
        found = np.zeros((len(of_stretches), self.months * periods), dtype=of_stretches.dtype)
        found[:, present] = ufunc.reduceat(of_stretches[:, order], first, axis=1)
        if ufunc is np.maximum:
            np.maximum(found, 0, out=found)
        return found.reshape(len(of_stretches), self.months, periods)
