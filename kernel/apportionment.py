"""Splitting a whole so that the parts are whole and lose nothing (largest remainder, Hamilton's method)."""

from collections.abc import Sequence
from fractions import Fraction
from math import lcm


class CannotApportion(ValueError):
    """The weights cannot carry the total: negative, or all zero under a total that is not."""


def largest_remainder(total: int, weights: Sequence[int | Fraction], names: Sequence[str]) -> list[int]:
    """Split `total` whole units in proportion to `weights`; the parts sum to `total` exactly.

    Each part is first rounded down; what is left goes, one unit each, to the largest remainders, ties in the
    order of `names` as text.

    Raises:
        CannotApportion: a weight is negative, or the weights are all zero while the total is not.
    """
    if len(weights) != len(names):
        raise CannotApportion("one name for each weight is needed")
    if any(weight < 0 for weight in weights) or total < 0:
        raise CannotApportion("neither the total nor a weight may be negative")
    shares = _in_whole_numbers(weights)
    whole = sum(shares)
    if whole == 0:
        if total:
            raise CannotApportion(f"{total} cannot be split: all weights are zero")
        return [0] * len(weights)
    parts, remainders = map(list, zip(*(divmod(total * share, whole) for share in shares), strict=True))
    by_claim = sorted(range(len(parts)), key=lambda i: (-remainders[i], names[i]))
    for i in by_claim[: total - sum(parts)]:
        parts[i] += 1
    if sum(parts) != total:
        raise AssertionError("apportionment lost a unit")
    return parts


def _in_whole_numbers(weights: Sequence[int | Fraction]) -> list[int]:
    """Numbers in the same proportion: one comparison of integers costs a tenth of one of fractions."""
    divisor = lcm(*(int(weight.denominator) for weight in weights))
    return [int(weight.numerator) * (divisor // int(weight.denominator)) for weight in weights]
