"""Splitting whole Wh in proportion, many intervals at once: rounded down, then one each to the largest remainders.

Ties go by the site's code as text. Numbers that could pass 64 bits are computed as Python's integers: slower, as exact.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

Wh = NDArray[np.int64]
Whole = NDArray[Any]  # int64, or Python's integers where 64 bits do not suffice
Stored = NDArray[Any]  # as it is kept: int32, or any `Whole`
LARGEST_PRODUCT = 2**62


@dataclass(frozen=True, slots=True)
class Split:
    """Whole Wh by interval and site [T, n], and the cut-off of each interval.

    `cutoff` is the remainder of the last site that got an extra Wh, `cutoff_site` its position; -1 where none did.
    """

    parts_wh: Whole
    cutoff: Whole
    cutoff_site: Wh

    def kept_like(self, stored: Stored) -> "Split":
        """As narrow as what was split: no part is larger than its weight."""
        return replace(self, parts_wh=kept_like(self.parts_wh, stored))

    @classmethod
    def joined(cls, splits: Sequence["Split"]) -> "Split":
        """Of some intervals after others, as one."""
        return cls(
            np.concatenate([split.parts_wh for split in splits]),
            np.concatenate([split.cutoff for split in splits]),
            np.concatenate([split.cutoff_site for split in splits]),
        )


def ranks_by_code(codes: Sequence[str]) -> Wh:
    """Each site's place when the codes are sorted as text (by code point)."""
    order = sorted(range(len(codes)), key=codes.__getitem__)
    ranks = np.empty(len(codes), dtype=np.int64)
    ranks[order] = np.arange(len(codes))
    return ranks


def largest(values: Whole) -> int:
    """The largest number, at least 0."""
    return int(values.max(initial=0)) if values.size else 0


def wide_enough(values: Whole, bound: int) -> Whole:
    """The values as they are where no result passes `bound`, else as Python's integers."""
    return values if bound < LARGEST_PRODUCT or values.dtype == object else values.astype(object)


def wide(values: Stored) -> Whole:
    """What may be as narrow as it is stored, wide enough to multiply with, each row in one piece."""
    return values if values.dtype == object else np.ascontiguousarray(values, dtype=np.int64)


def kept_like(values: Whole, stored: Stored) -> Stored:
    """As narrow as what it is a part of [T, n], then with a site's intervals side by side."""
    return values if values.dtype == stored.dtype else values.astype(stored.dtype, order="F")


def sums(values: Whole) -> Whole:
    """The sum of each row, exact."""
    exact: Whole = wide_enough(values, largest(values) * max(values.shape[1], 1)).sum(axis=1)
    return narrowed(exact)


def narrowed(values: Whole) -> Whole:
    """As int64 where all fit."""
    if values.dtype == object and (not values.size or -LARGEST_PRODUCT < values.min() <= values.max() < LARGEST_PRODUCT):
        return values.astype(np.int64)
    return values


def split(total: Whole, weights: Whole, whole: Whole, ranks: Wh) -> Split:
    """Split `total` [T] in proportion to `weights` [T, n] whose sums are `whole` [T]; 0 <= total <= whole.

    Intervals where nothing or everything is shared need no arithmetic.
    """
    intervals = len(weights)
    parts = np.where((total == whole)[:, None], weights, 0)
    result = Split(parts, _none(intervals), _none(intervals))
    open_rows = np.flatnonzero((total > 0) & (total < whole))
    columns = np.flatnonzero(weights[open_rows].any(axis=0)) if len(open_rows) else open_rows
    if not len(columns):
        return result
    chosen, share = weights[np.ix_(open_rows, columns)], total[open_rows, None]
    product = wide_enough(chosen, largest(chosen) * largest(share)) * share
    inner = proportional(product, whole[open_rows, None], total[open_rows], ranks[columns])
    return placed(result, inner, open_rows, columns)


def proportional(numerators: Whole, divisor: Any, total: Whole, ranks: Wh) -> Split:
    """Round `numerators / divisor` to whole Wh that sum to `total` [T]; the cut-off counts in divisors' parts."""
    parts = numerators // divisor
    remainders = numerators - parts * divisor
    return round_up_largest(narrowed(parts), narrowed(remainders), total, ranks)


def placed(outer: Split, inner: Split, rows: Wh, columns: Wh) -> Split:
    """`outer` with some rows and columns replaced by those of `inner`."""
    parts, cutoff, site = outer.parts_wh, outer.cutoff, outer.cutoff_site
    if object in (inner.parts_wh.dtype, inner.cutoff.dtype):
        parts, cutoff = parts.astype(object), cutoff.astype(object)
    parts[np.ix_(rows, columns)] = inner.parts_wh
    cutoff[rows] = inner.cutoff
    site[rows] = np.where(inner.cutoff_site >= 0, columns[inner.cutoff_site], -1)
    return Split(parts, cutoff, site)


def round_up_largest(parts: Whole, remainders: Whole, total: Whole, ranks: Wh) -> Split:
    """Give what is left of each interval's total, one Wh each, to the largest remainders, ties by rank."""
    intervals = len(parts)
    left = total - sums(parts)
    cutoff, cutoff_site = _none(intervals).astype(remainders.dtype), _none(intervals)
    for t in np.flatnonzero(left):
        row = remainders[t]
        claimants = np.flatnonzero(row)
        claims = row[claimants]
        kth = len(claims) - int(left[t])
        threshold = np.partition(claims, kth)[kth]
        above = claims > threshold
        equal = claimants[claims == threshold]
        last = int(left[t]) - int(np.count_nonzero(above)) - 1
        first = equal[np.argpartition(ranks[equal], last)[: last + 1]]
        parts[t, claimants[above]] += 1
        parts[t, first] += 1
        cutoff[t], cutoff_site[t] = threshold, first[-1]
    return Split(parts, cutoff, cutoff_site)


def _none(count: int) -> Wh:
    return np.full(count, -1, dtype=np.int64)
