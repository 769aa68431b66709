"""From quantities to amounts in minor units: exact and rounded once, or floating point and unrounded."""

from decimal import Decimal
from math import gcd

import numpy as np
from numpy.typing import NDArray

from billing.domain.pricing.metered import CannotPrice
from billing.domain.pricing.sums import Ints, Numbers

MINOR = 100
SAFE = 2**62
MOST_DECIMALS = 60
MOST_MINOR = 2**53  # of one line; sums of very many lines stay whole


class CannotCount(CannotPrice):
    """An amount is beyond all that is ever billed, so a price or percentage must be wrong."""


def is_too_fine(price: Decimal) -> bool:
    """Whether a price has so many decimals that exact sums with it would take for ever (1e-999999999 is a short text)."""
    exponent = price.as_tuple().exponent
    return isinstance(exponent, int) and -exponent > MOST_DECIMALS


def scaled(price: Decimal) -> tuple[int, int]:
    """A price as whole number and denominator."""
    return price.as_integer_ratio()


def rounded_half_away(numerator: NDArray[np.object_] | Ints, denominator: int | Ints) -> Ints:
    """Round fractions to whole numbers, half away from zero.

    Raises:
        CannotCount: a number is too large for an amount of money.
    """
    half = (2 * np.abs(numerator) + denominator) // (2 * denominator)
    if half.max(initial=0) > MOST_MINOR:
        raise CannotCount(f"An amount is above {MOST_MINOR // MINOR:.0e}; look for a price or a percentage that is far too large.")
    rounded: Ints = np.where(numerator < 0, -half, half).astype(np.int64)
    return rounded


def exact_amount(quantity: Ints, price: Decimal, units_per_price: int, parts_of: Ints | int = 1) -> Ints:
    """`quantity x price / units_per_price / parts_of` in minor units, rounded once half away from zero; [n, M].

    `parts_of` [M] serves amounts for part of a month: days times the monthly amount over the month's days.
    """
    numerator, denominator = scaled(price)
    numerator, denominator = numerator * MINOR, denominator * units_per_price
    common = gcd(numerator, denominator)
    numerator, denominator = numerator // common, denominator // common
    parts = np.asarray(parts_of, dtype=np.int64)
    largest = max(int(np.abs(quantity).max(initial=0)) * abs(numerator), denominator * int(parts.max(initial=1)))
    if 4 * largest >= SAFE:
        return rounded_half_away(quantity.astype(object) * numerator, denominator * parts.astype(object))
    return rounded_half_away(quantity * numerator, denominator * parts)


def plain_amount(quantity: Numbers, price: Decimal, units_per_price: int) -> NDArray[np.float64]:
    """`quantity x price / units_per_price` in minor units, unrounded."""
    amount: NDArray[np.float64] = np.asarray(quantity, dtype=np.float64) * (float(price) * MINOR / units_per_price)
    return amount


def exact_sum(wh: Ints, micro_per_kwh: Ints) -> NDArray[np.object_] | Ints:
    """Sums of `Wh x millionths per kWh` over intervals, exact; [n, T] with [T] to [n]."""
    largest = int(wh.sum(axis=1).max(initial=0)) * int(np.abs(micro_per_kwh).max(initial=0))
    if largest < 2**53:
        return np.rint(wh.astype(np.float64) @ micro_per_kwh.astype(np.float64)).astype(np.int64)
    if largest < SAFE:
        summed: Ints = wh @ micro_per_kwh
        return summed
    of_objects: NDArray[np.object_] = wh.astype(object) @ micro_per_kwh.astype(object)
    return of_objects
