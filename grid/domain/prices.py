"""Local prices (domain rules, section 2): exact as fractions for studies, in whole millionths of a currency unit per kWh for bills."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

Micro = NDArray[np.int64]


class PriceRule(StrEnum):
    """How the price of local energy is found."""

    MID_MARKET = "mid_market"
    SUPPLY_DEMAND_RATIO = "supply_demand_ratio"
    BILL_SHARING = "bill_sharing"
    UNIFORM_AUCTION = "uniform_auction"


@dataclass(frozen=True, slots=True)
class Interval:
    """What an interval's price depends on: C, P and M [Wh], retail price b and feed-in price f [per kWh]."""

    consumption_wh: int
    production_wh: int
    matched_wh: int
    retail: Fraction
    feed_in: Fraction


@dataclass(frozen=True, slots=True)
class IntervalPrice:
    """The price of a kWh shared, of one used (`buy`) and of one fed in (`sell`), over all of them; None where there is none.

    `fell_back` says that the rule has no price here and the mid-market rate took its place.
    """

    local: Fraction
    buy: Fraction | None
    sell: Fraction | None
    fell_back: bool = False


def mid_market(retail_micro: Micro, feed_in_micro: Micro) -> Micro:
    """Return `m = (b + f) / 2`, half even at six decimals (Long et al. 2017)."""
    twice = retail_micro + feed_in_micro
    half = twice // 2
    rounded: Micro = half + ((twice % 2 != 0) & (half % 2 != 0))
    return rounded


def price_of(rule: PriceRule, interval: Interval) -> IntervalPrice:
    """The interval's price by a rule that asks for no orders.

    `buy = (M m + (C - M) b) / C` and `sell = (M m + (P - M) f) / P`, m the local price.
    """
    fell_back = rule == PriceRule.SUPPLY_DEMAND_RATIO and not 0 < interval.feed_in <= interval.retail
    local = _LOCAL[PriceRule.MID_MARKET if fell_back else rule](interval)
    c, p, m = interval.consumption_wh, interval.production_wh, interval.matched_wh
    buy = (m * local + (c - m) * interval.retail) / c if c else None
    sell = (m * local + (p - m) * interval.feed_in) / p if p else None
    return IntervalPrice(local, buy, sell, fell_back)


def _middle(interval: Interval) -> Fraction:
    """Long et al. 2017: the middle of retail and feed-in price."""
    return (interval.retail + interval.feed_in) / 2


def _by_ratio(interval: Interval) -> Fraction:
    """Liu et al. 2017: `f b / ((b - f) R + f)` with R = M / C; without use the feed-in price."""
    b, f = interval.retail, interval.feed_in
    if not interval.consumption_wh:
        return f
    ratio = Fraction(interval.matched_wh, interval.consumption_wh)
    return f * b / ((b - f) * ratio + f)


def _shared_bill(interval: Interval) -> Fraction:
    """Grid cost and revenue are divided among all, so what is shared costs nothing by itself."""
    return Fraction(0)


_LOCAL: dict[PriceRule, Callable[[Interval], Fraction]] = {
    PriceRule.MID_MARKET: _middle,
    PriceRule.SUPPLY_DEMAND_RATIO: _by_ratio,
    PriceRule.BILL_SHARING: _shared_bill,
}


@dataclass(frozen=True, slots=True)
class LocalPrices:
    """What a shared kWh costs in each interval [T], in millionths, and where the mid-market rate took the rule's place."""

    local_micro: Micro
    fell_back: NDArray[np.bool_]


def local_prices(rule: PriceRule, consumption_wh: Micro, shared_wh: Micro, retail_micro: Micro, feed_in_micro: Micro) -> LocalPrices:
    """The prices of many intervals at once by a rule that asks for no orders, quantised to six decimals, half even."""
    nowhere = np.zeros(len(shared_wh), dtype=np.bool_)
    if rule == PriceRule.BILL_SHARING:
        return LocalPrices(np.zeros(len(shared_wh), dtype=np.int64), nowhere)
    middle = mid_market(retail_micro, feed_in_micro)
    if rule == PriceRule.MID_MARKET:
        return LocalPrices(middle, nowhere)
    if rule != PriceRule.SUPPLY_DEMAND_RATIO:
        raise ValueError(f"{rule} asks for orders")
    c, m, b, f = (values.astype(object) for values in (consumption_wh, shared_wh, retail_micro, feed_in_micro))
    without = (feed_in_micro <= 0) | (feed_in_micro > retail_micro)
    divisor = np.where(without, 1, np.where(c == 0, 1, (b - f) * m + f * c))
    ratio = _half_even(np.where(c == 0, f, f * b * c), divisor)
    return LocalPrices(np.where(without, middle, ratio).astype(np.int64), without)


def _half_even(numerators: NDArray[Any], divisors: NDArray[Any]) -> NDArray[Any]:
    whole = numerators // divisors
    twice = 2 * (numerators - whole * divisors)
    up = (twice > divisors) | ((twice == divisors) & (whole % 2 == 1))
    rounded: NDArray[Any] = whole + up.astype(np.int64)
    return rounded


def to_micro(price: Fraction) -> int:
    """Whole millionths, half even: as published and billed."""
    return round(price * 1_000_000)
