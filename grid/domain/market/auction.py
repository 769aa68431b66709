"""The double auction (domain rules, section 2), in whole Wh and whole prices.

Bids by falling price, offers by rising price, ties by time and then by the trader's name; trade while bid >= offer. Sorting by price finds
volume and margin; the order among equal prices is settled only where it decides something.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grid.domain.sharing.splitting import Whole, largest, wide_enough

Ints = NDArray[np.int64]


class Pricing(StrEnum):
    """What the two sides of a trade pay and get."""

    UNIFORM = "uniform"  # both the mean of the last matched bid and offer
    PAY_AS_BID = "pay_as_bid"  # the buyer pays the bid, the seller gets the offer; what lies between stays with the cooperative
    MID_POINT = "mid_point"  # both the mean of the pair


@dataclass(frozen=True, slots=True)
class Orders:
    """One side of the book: price, Wh, and what breaks ties, [n] each; prices and times in whole units of the caller's choice.

    `rank` is the trader's place by name.
    """

    price: Ints
    wh: Whole
    placed: Ints
    rank: Ints


@dataclass(frozen=True, slots=True)
class Cleared:
    """What was matched, in the order the orders were given [n].

    `last_bid` and `last_offer` are the positions of the last matched orders, -1 where nothing was matched.
    """

    volume_wh: int
    bid_wh: Whole
    offer_wh: Whole
    last_bid: int
    last_offer: int


@dataclass(frozen=True, slots=True)
class Trades:
    """Pairs of matched orders with their Wh, best bid with best offer first, [k] each."""

    bid: Ints
    offer: Ints
    wh: Whole


def clear(bids: Orders, offers: Orders) -> Cleared:
    """Match as much as bids and offers allow."""
    demand, supply = _Side(bids, falling=True), _Side(offers, falling=False)
    volume = _volume(demand, supply)
    bid_wh, last_bid = demand.fill(volume)
    offer_wh, last_offer = supply.fill(volume)
    return Cleared(volume, bid_wh, offer_wh, last_bid, last_offer)


def trades(bids: Orders, offers: Orders) -> Trades:
    """Pair the matched orders one by one, for pay-as-bid and mid-point."""
    demand, supply = _Side(bids, falling=True), _Side(offers, falling=False)
    volume = _volume(demand, supply)
    if not volume:
        nothing = np.empty(0, dtype=np.int64)
        return Trades(nothing, nothing, nothing)
    demand.settle_ties()
    supply.settle_ties()
    ends = np.union1d(demand.until, supply.until)
    ends = ends[: int(np.searchsorted(ends, volume)) + 1]
    ends[-1] = volume
    bid = demand.order[np.searchsorted(demand.until, ends)]
    offer = supply.order[np.searchsorted(supply.until, ends)]
    return Trades(bid, offer, np.diff(ends, prepend=0))


def uniform_price_twice(bids: Orders, offers: Orders, cleared: Cleared) -> int | None:
    """Twice the uniform price, so that it stays whole; None where nothing was matched."""
    if not cleared.volume_wh:
        return None
    return int(bids.price[cleared.last_bid]) + int(offers.price[cleared.last_offer])


class _Side:
    """Orders with something to trade, sorted by price, with the Wh up to and including each."""

    def __init__(self, orders: Orders, *, falling: bool) -> None:
        self.orders = orders
        self.count = len(orders.price)
        self.sign = -1 if falling else 1
        some = np.flatnonzero(orders.wh)
        key = orders.price[some] * self.sign
        self.order = some[np.argsort(key)]
        self.price = orders.price[self.order]
        self._add_up()

    def _add_up(self) -> None:
        wh = self.orders.wh[self.order]
        self.until = np.cumsum(wide_enough(wh, largest(wh) * max(len(wh), 1)))

    def settle_ties(self) -> None:
        """Put equal prices in the order of time and trader."""
        same = self.price[1:] == self.price[:-1]
        if same.any():
            tied = np.flatnonzero(np.concatenate([[False], same]) | np.concatenate([same, [False]]))
            self._sort_by_time(tied)
            self._add_up()

    def fill(self, volume: int) -> tuple[Whole, int]:
        """What each order gets of the volume, and the position of the last that got something."""
        filled = np.zeros(self.count, dtype=self.orders.wh.dtype)
        if not volume:
            return filled, -1
        last = int(np.searchsorted(self.until, volume))
        at_margin = np.flatnonzero(self.price == self.price[last])
        if len(at_margin) > 1:
            self._sort_by_time(at_margin)
            self._add_up()
            last = int(np.searchsorted(self.until, volume))
        whole = self.order[:last]
        filled[whole] = self.orders.wh[whole]
        before = int(self.until[last - 1]) if last else 0
        filled[self.order[last]] = volume - before
        return filled, int(self.order[last])

    def _sort_by_time(self, places: Ints) -> None:
        chosen = self.order[places]
        by_time = np.lexsort((self.orders.rank[chosen], self.orders.placed[chosen], self.price[places] * self.sign))
        self.order[places] = chosen[by_time]


def _volume(demand: _Side, supply: _Side) -> int:
    """The most Wh of which each finds a bid at least as high as its offer."""
    if not len(demand.order) or not len(supply.order):
        return 0

    def furthest(own: _Side, other: _Side, trades_with: Any) -> int:
        """The last end of an order up to which trade is possible; possible stays possible further left."""
        low, high = 0, int(np.searchsorted(own.until, other.until[-1], side="right"))
        while low < high:
            middle = (low + high) // 2
            facing = int(np.searchsorted(other.until, own.until[middle]))
            if trades_with(own.price[middle], other.price[facing]):
                low = middle + 1
            else:
                high = middle
        return int(own.until[low - 1]) if low else 0

    return max(furthest(demand, supply, lambda bid, offer: bid >= offer), furthest(supply, demand, lambda offer, bid: bid >= offer))
