"""One case of sharing, any key and any price rule: members, what they drew and fed in, prices, orders; and what comes of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from grid.domain.market.auction import Orders
from grid.domain.market.book import Side, clear_each
from grid.domain.prices import Interval, PriceRule, price_of
from grid.domain.sharing.keys import Shared
from grid.domain.sharing.splitting import Wh, Whole, ranks_by_code
from grid.domain.sharing.terms import ShareRule, SharingTerms, share_by

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Book:
    """One side's orders over all intervals [k]: whose, when, how much, at what price, placed when (whole microseconds)."""

    member: Ints
    interval: Ints
    wh: Whole
    price: Sequence[Fraction]
    placed: Ints

    @classmethod
    def empty(cls) -> "Book":
        nothing = np.empty(0, dtype=np.int64)
        return cls(nothing, nothing, nothing, [], nothing)


@dataclass(frozen=True, slots=True)
class ShareCase:
    """What is shared among n members over T intervals.

    Attributes:
        keys: fixed shares of static and hybrid [n], in `key_units`-ths.
        feeders: a number per feeder, from 0 [n].
        drawn_wh, fed_in_wh: c and p [T, n].
        retail, feed_in: b and f per kWh [T]; empty where the rule is the market.
    """

    rule: ShareRule
    price_rule: PriceRule
    members: Sequence[str]
    keys: Whole
    key_units: int
    feeders: Ints
    drawn_wh: Whole
    fed_in_wh: Whole
    retail: Sequence[Fraction]
    feed_in: Sequence[Fraction]
    bids: Book
    offers: Book


@dataclass(frozen=True, slots=True)
class CaseResult:
    """Received and delivered [T, n], matched [T], prices per kWh [T], and the intervals where mid-market took a rule's place."""

    received_wh: Whole
    delivered_wh: Whole
    matched_wh: Whole
    buy: Sequence[Fraction | None]
    sell: Sequence[Fraction | None]
    fell_back: Sequence[int]


def share_case(case: ShareCase) -> CaseResult:
    """Share and price a case.

    Raises:
        CannotShare: the fixed shares do not sum to one.
    """
    if case.rule == ShareRule.MARKET:
        return _trade(case)
    shared = _share(case)
    prices = [
        price_of(case.price_rule, Interval(int(c), int(p), int(m), b, f))
        for c, p, m, b, f in zip(shared.consumption_wh, shared.production_wh, shared.shared_wh, case.retail, case.feed_in, strict=True)
    ]
    return CaseResult(
        shared.received.parts_wh,
        shared.delivered.parts_wh,
        shared.shared_wh,
        [price.buy for price in prices],
        [price.sell for price in prices],
        [t for t, price in enumerate(prices) if price.fell_back],
    )


def _share(case: ShareCase) -> Shared:
    terms = SharingTerms(case.rule, case.price_rule, case.keys, case.key_units, case.feeders)
    return share_by(terms, case.drawn_wh, case.fed_in_wh, ranks_by_code(case.members))[0]


def _trade(case: ShareCase) -> CaseResult:
    """Clear each interval's orders at the uniform price; what was used and produced does not matter."""
    ranks = ranks_by_code(case.members)
    steps = sorted({*case.bids.price, *case.offers.price})
    place = {price: step for step, price in enumerate(steps)}
    bids, offers = (_orders(book, place, ranks) for book in (case.bids, case.offers))
    received, delivered = (np.zeros_like(case.drawn_wh, dtype=object), np.zeros_like(case.fed_in_wh, dtype=object))
    matched = np.zeros(len(received), dtype=object)
    price: list[Fraction | None] = [None] * len(received)
    for found in clear_each(Side(bids, case.bids.interval), Side(offers, case.offers.interval)):
        t, cleared = found.interval, found.cleared
        np.add.at(received[t], case.bids.member[found.bids], cleared.bid_wh)
        np.add.at(delivered[t], case.offers.member[found.offers], cleared.offer_wh)
        matched[t] = cleared.volume_wh
        if cleared.volume_wh:
            price[t] = (case.bids.price[found.last_bid] + case.offers.price[found.last_offer]) / 2
    return CaseResult(received, delivered, matched, price, price, [])


def _orders(book: Book, place: dict[Fraction, int], ranks: Wh) -> Orders:
    """Orders with each price as its step among all prices: small whole numbers in the same order."""
    steps = np.array([place[price] for price in book.price], dtype=np.int64)
    return Orders(steps, book.wh, book.placed, ranks[book.member])
