"""What a device was told over time, as means of intervals: set-points hold until they end or the next one comes."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def told_means(issued_s: Array, expires_s: Array, value: Array, edges_s: Array) -> tuple[Array, Array]:
    """Mean of what was told in each interval while anything was told, and for which share of it; both [T].

    Args:
        issued_s, expires_s: ascending by `issued_s` [s], [n].
        value: what was told, [n]; NaN says that nothing is told any more.
        edges_s: edges of the intervals [s], [T + 1].

    The mean is NaN where nothing was told.
    """
    count = len(edges_s) - 1
    if not len(issued_s):
        return np.full(count, np.nan), np.zeros(count)
    ends = np.minimum(expires_s, np.append(issued_s[1:], np.inf))
    holds = ~np.isnan(value) & (ends > issued_s)
    begins, ends, told = issued_s[holds], ends[holds], value[holds]
    if not len(begins):
        return np.full(count, np.nan), np.zeros(count)
    length = ends - begins
    times = np.column_stack([begins, ends]).ravel()
    told_s = np.interp(edges_s, times, _running(length))
    sums = np.interp(edges_s, times, _running(length * told))
    covered = np.diff(told_s)
    mean = np.divide(np.diff(sums), covered, out=np.full(count, np.nan), where=covered > 1e-6)
    return mean, covered / np.diff(edges_s)


def _running(amounts: Array) -> Array:
    """Sums before and after each stretch, so that they rise over stretches and rest between them."""
    after = np.cumsum(amounts)
    return np.column_stack([after - amounts, after]).ravel()
