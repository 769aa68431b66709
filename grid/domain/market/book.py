"""The order book of many intervals at once: each is cleared by itself, all by the one auction."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from grid.domain.market.agent import Wanted
from grid.domain.market.auction import Cleared, Orders, clear
from grid.domain.market.settlement import Matched

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Side:
    """One side's orders over many intervals: `interval` is when each is for, [k]."""

    orders: Orders
    interval: Ints


@dataclass(frozen=True, slots=True)
class ClearedInterval:
    """What an interval's orders came to; `bids` and `offers` are the positions of its orders in the book's two sides."""

    interval: int
    bids: Ints
    offers: Ints
    cleared: Cleared

    @property
    def last_bid(self) -> int:
        """The last matched bid's position in the book."""
        return int(self.bids[self.cleared.last_bid])

    @property
    def last_offer(self) -> int:
        return int(self.offers[self.cleared.last_offer])


def clear_each(bids: Side, offers: Side) -> Iterator[ClearedInterval]:
    """Clear every interval that has orders on both sides, ascending."""
    of_bid, of_offer = _places(bids.interval), _places(offers.interval)
    for interval in sorted(of_bid.keys() & of_offer.keys()):
        mine, yours = of_bid[interval], of_offer[interval]
        yield ClearedInterval(interval, mine, yours, clear(_chosen(bids.orders, mine), _chosen(offers.orders, yours)))


def clear_wanted(wanted: Wanted, ranks: Ints, instead_micro: Ints) -> tuple[Matched, Ints]:
    """Clear orders of many intervals that were all placed at one instant.

    Returns what was matched by interval and site [T, n], and the uniform price of each interval, `instead_micro` [T] where nothing was.
    """
    bids, offers = (_side(wanted.bid_wh, wanted.bid_micro, ranks), _side(wanted.offer_wh, wanted.offer_micro, ranks))
    bid_wh, offer_wh = np.zeros_like(wanted.bid_wh), np.zeros_like(wanted.offer_wh)
    price = instead_micro.copy()
    bid_site, offer_site = np.nonzero(wanted.bid_wh)[1], np.nonzero(wanted.offer_wh)[1]
    for found in clear_each(bids, offers):
        bid_wh[found.interval, bid_site[found.bids]] = found.cleared.bid_wh
        offer_wh[found.interval, offer_site[found.offers]] = found.cleared.offer_wh
        if found.cleared.volume_wh:
            price[found.interval] = uniform_price_micro(int(bids.orders.price[found.last_bid]), int(offers.orders.price[found.last_offer]))
    return Matched(bid_wh, offer_wh), price


def _side(wh: Ints, micro: Ints, ranks: Ints) -> Side:
    interval, site = np.nonzero(wh)
    orders = Orders(micro[interval, site], wh[interval, site], np.zeros(len(site), dtype=np.int64), ranks[site])
    return Side(orders, interval)


def uniform_price_micro(bid_micro: int, offer_micro: int) -> int:
    """The mean of the last matched bid and offer in whole millionths, half even: never above the bid, never below the offer."""
    whole, rest = divmod(bid_micro + offer_micro, 2)
    return whole + (rest and whole % 2)


def _places(interval: Ints) -> dict[int, Ints]:
    """Positions by interval."""
    order = np.argsort(interval, kind="stable")
    values, starts = np.unique(interval[order], return_index=True)
    return dict(zip(values.tolist(), np.split(order, starts[1:]), strict=True)) if len(values) else {}


def _chosen(orders: Orders, places: Ints) -> Orders:
    return replace(orders, price=orders.price[places], wh=orders.wh[places], placed=orders.placed[places], rank=orders.rank[places])
