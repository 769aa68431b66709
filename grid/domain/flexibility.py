"""What storages saved the village, interval by interval, against standing idle; and what of it their owners get.

The grid's cost of an interval is `retail x import - feed-in x export` at the point of common coupling. Had the storages stood idle, the net
power would have been without what their meters show: the difference is what they saved together. It is divided among them in
proportion to what each gave less what it took, so that each is paid the mean price that its energy met (Aumann and Shapley's price of a jointly
caused cost), and the parts sum to the whole. A charge costs in its own interval and saves in a later one.

Amounts are exact integers: Wh x millionths of the currency per kWh.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
PARTS = 1_000_000
LARGEST_EXACT = 2**62


class Pay(StrEnum):
    """By what an owner is paid."""

    SHARE_OF_SAVING = "share_of_saving"
    PER_KWH = "per_kwh"


@dataclass(frozen=True, slots=True)
class Terms:
    """What the cooperative owes for flexibility: a share of what was saved in millionths, or a price per kWh given."""

    pay: Pay
    share_millionths: int
    price_micro: int


class CannotWeigh(ValueError):
    """Energy times price is too large to be weighed exactly; the message says so."""


def grid_cost(net_wh: Ints, retail_micro: Ints, feed_in_micro: Ints) -> Ints:
    """Cost of what crosses the coupling point, by interval; `net_wh` is import where positive, export where negative."""
    cost: Ints = retail_micro * np.maximum(net_wh, 0) - feed_in_micro * np.maximum(-net_wh, 0)
    return cost


def savings(net_wh: Ints, gave_wh: Ints, retail_micro: Ints, feed_in_micro: Ints) -> Ints:
    """What each storage saved in each interval [T, s]; negative where it charged from what would have been sold or not bought.

    Args:
        net_wh: import less export as it was [T].
        gave_wh: discharge less charge of each storage [T, s].
    """
    together = gave_wh.sum(axis=1)
    idle = grid_cost(net_wh + together, retail_micro, feed_in_micro)
    saved = idle - grid_cost(net_wh, retail_micro, feed_in_micro)
    largest = int(np.abs(saved).max(initial=0)) * int(np.abs(gave_wh).max(initial=0))
    if largest >= LARGEST_EXACT:
        raise CannotWeigh("A storage's energy times price is too large to be weighed exactly; check the readings.")
    # Where storages only passed energy among each other, each meets the price of one more kWh.
    marginal = np.where(net_wh > 0, retail_micro, feed_in_micro)
    divisor = np.where(together != 0, together, 1)[:, None]
    parts = np.where((together != 0)[:, None], saved[:, None] * gave_wh // divisor, marginal[:, None] * gave_wh)
    return _with_remainders(parts, saved, saved[:, None] * gave_wh % divisor)


def _with_remainders(parts: Ints, whole: Ints, remainders: Ints) -> Ints:
    """Give what rounding down left over, one unit each, to the largest remainders, ties to the first."""
    left = whole - parts.sum(axis=1)
    given = parts.copy()
    for t in np.flatnonzero(left):
        order = np.argsort(-np.abs(remainders[t]), kind="stable")
        given[t, order[: int(left[t])]] += 1
    if (given.sum(axis=1) != whole).any():
        raise AssertionError("savings were lost in dividing them")
    return given


def peak_savings(net_wh: Ints, gave_wh: Ints, micro_per_kw: int, intervals_per_hour: int) -> list[int]:
    """What each storage saved of the month's peak charge: the highest import had they stood idle, less the highest there was.

    It goes to those that gave in the interval in which the highest would have been, in proportion.
    """
    if not len(net_wh):
        return [0] * gave_wh.shape[1]
    idle = net_wh + gave_wh.sum(axis=1)
    lower_w = (max(int(idle.max()), 0) - max(int(net_wh.max()), 0)) * intervals_per_hour
    gave = np.maximum(gave_wh[int(np.argmax(idle))], 0).tolist()
    total = lower_w * micro_per_kw
    if total <= 0 or not any(gave):
        return [0] * len(gave)
    parts = [total * one // sum(gave) for one in gave]
    parts[gave.index(max(gave))] += total - sum(parts)
    return parts


def owed(terms: Terms, saved_micro: int, given_wh: int) -> int:
    """What an owner is owed for a saving or for energy given; below zero for a time in which more was taken than saved."""
    if terms.pay == Pay.PER_KWH:
        return given_wh * terms.price_micro
    return saved_micro * terms.share_millionths // PARTS
