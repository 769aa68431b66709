"""The level up to which fixed keys are filled: the x with `sum min(c_i, k_i x) = M`, exact.

`g(x) = sum min(c_i, k_i x)` is concave and made of straight pieces, so Newton's steps from the left never pass the solution and end on
its piece after finitely many of them: no sorting, whole numbers only.
"""

from dataclasses import dataclass

import numpy as np

from grid.domain.sharing.splitting import Whole, largest, sums, wide_enough


@dataclass(frozen=True, slots=True)
class Filled:
    """`a_i = numerators / divisor`, by interval and site [T, n] and by interval [T]; `numerators = min(c divisor, k level)`."""

    numerators: Whole
    divisor: Whole
    level: Whole


def fill(matched_wh: Whole, drawn_wh: Whole, shares: Whole) -> Filled:
    """Fill keys up to what is matched.

    Args:
        matched_wh: M by interval [T], 0 < M < sum of c.
        drawn_wh: c by interval and site [T, n].
        shares: k [n], all above 0.
    """
    all_shares = int(shares.astype(object).sum())
    bound = max(largest(drawn_wh) * all_shares, largest(matched_wh) * largest(shares))
    drawn, matched = wide_enough(drawn_wh, bound), wide_enough(matched_wh, bound)
    keys = wide_enough(shares, bound)
    level, divisor = matched.copy(), np.full(len(matched), all_shares, dtype=drawn.dtype)
    numerators = np.empty_like(drawn)
    rows, count = np.arange(len(matched)), np.full(len(matched), -1)
    for _ in range(drawn.shape[1] + 2):
        demand, entitled = drawn[rows] * divisor[rows, None], keys * level[rows, None]
        full = demand <= entitled
        served = np.count_nonzero(full, axis=1)
        settled = served == count
        numerators[rows[settled]] = np.minimum(demand[settled], entitled[settled])
        rows, full, count = rows[~settled], full[~settled], served[~settled]
        if not len(rows):
            return Filled(numerators, divisor, level)
        level[rows] = matched[rows] - sums(np.where(full, drawn[rows], 0))
        divisor[rows] = sums(np.where(full, 0, keys))
    raise AssertionError("the keys' level was not found")
