"""What each holder of a common plant is owed for: whole Wh of what was sold to neighbours and of what went to the public grid.

In each interval the plant's feed-in is split by the shares (largest remainder, ties by rank). What a holder used at an own site of it is
off; what is left is the holder's rest, and the rests together are what the plant sold and exported. What was sold is split by the rests.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


class CannotDivide(ValueError):
    """Holders used more of a plant than was theirs; its day must be shared again."""


@dataclass(frozen=True, slots=True)
class Divided:
    """By holder and interval [H, T]: the whole part, and what of it was sold and what exported."""

    part_wh: Ints
    sold_wh: Ints
    exported_wh: Ints


def divide(fed_in_wh: Ints, sold_wh: Ints, used_wh: Ints, weights: Ints, ranks: Ints) -> Divided:
    """Divide a plant's intervals.

    Args:
        fed_in_wh, sold_wh: what the plant fed in of its own, and what of it neighbours bought; [T].
        used_wh: what holders used at own sites; [H, T].
        weights: shares, whole numbers; [H].
        ranks: of holders, for ties; [H].

    Raises:
        CannotDivide: see there.
    """
    part = by_weights(fed_in_wh, np.broadcast_to(weights[:, None], used_wh.shape), ranks)
    rest = part - used_wh
    if (rest < 0).any() or (rest.sum(axis=0) < sold_wh).any():
        raise CannotDivide("Holders used more of a common plant than was theirs; its days must be closed again.")
    sold = by_weights(sold_wh, rest, ranks)
    return Divided(part, sold, rest - sold)


def by_weights(total: Ints, weights: Ints, ranks: Ints) -> Ints:
    """Split each interval's total [T] by weights [H, T] into whole parts that sum to it: largest remainder, ties by rank; exact in int64."""
    whole = weights.sum(axis=0)
    divisor = np.maximum(whole, 1)
    products = total * weights
    parts = products // divisor
    remainders = products - parts * divisor
    missing = np.where(whole > 0, total - parts.sum(axis=0), 0)
    order = np.lexsort((np.broadcast_to(ranks[:, None], weights.shape), -remainders), axis=0)
    place = np.argsort(order, axis=0)
    result: Ints = parts + (place < missing)
    return result
