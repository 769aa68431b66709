"""The double auction: the derived case of the domain rules, section 2, and what holds for any book of orders."""

from collections.abc import Iterable
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grid.domain.market.auction import Orders, clear, trades, uniform_price_twice


def orders(*rows: tuple[int, int] | tuple[int, int, int, int]) -> Orders:
    """Orders of price and Wh, or price, Wh, time and trader."""
    whole = [(*row, 0, i) if len(row) == 2 else row for i, row in enumerate(rows)]
    table = np.array(whole, dtype=np.int64).reshape(-1, 4)
    return Orders(*table.T)


few = settings(max_examples=30)
DERIVED_BIDS, DERIVED_OFFERS = orders((30, 5), (25, 5), (12, 5)), orders((10, 4), (20, 4), (28, 4))
books = st.lists(st.tuples(st.integers(-3, 9), st.integers(0, 12), st.integers(0, 2), st.integers(0, 4)), max_size=12).map(
    lambda rows: orders(*rows)
)


class TestDerivedCase:
    def test_uniform_price(self):
        cleared = clear(DERIVED_BIDS, DERIVED_OFFERS)
        assert cleared.volume_wh == 8
        assert cleared.bid_wh.tolist() == [5, 3, 0]
        assert cleared.offer_wh.tolist() == [4, 4, 0]
        assert uniform_price_twice(DERIVED_BIDS, DERIVED_OFFERS, cleared) == 45

    def test_pairs(self):
        pairs = trades(DERIVED_BIDS, DERIVED_OFFERS)
        assert list(zip(pairs.bid.tolist(), pairs.offer.tolist(), pairs.wh.tolist(), strict=True)) == [(0, 0, 4), (0, 1, 1), (1, 1, 3)]


def walked(bids: Orders, offers: Orders) -> list[tuple[int, int, int]]:
    """Trade by trade, as the rule is written."""

    def queue(side: Orders, sign: int) -> list[list[int]]:
        order = sorted(range(len(side.price)), key=lambda i: (sign * int(side.price[i]), int(side.placed[i]), int(side.rank[i]), i))
        return [[i, int(side.wh[i])] for i in order if side.wh[i]]

    buying, selling, done = queue(bids, -1), queue(offers, 1), []
    while buying and selling and bids.price[buying[0][0]] >= offers.price[selling[0][0]]:
        wh = min(buying[0][1], selling[0][1])
        done.append((buying[0][0], selling[0][0], wh))
        for side in (buying, selling):
            side[0][1] -= wh
            if not side[0][1]:
                side.pop(0)
    return done


@few
@given(books, books)
def test_volume_and_price_equal_walking_through_the_book(bids, offers):
    done = walked(bids, offers)
    cleared = clear(bids, offers)
    assert cleared.volume_wh == sum(wh for _, _, wh in done)
    price = uniform_price_twice(bids, offers, cleared)
    assert price == (int(bids.price[done[-1][0]]) + int(offers.price[done[-1][1]]) if done else None)
    for trader in range(5):
        for side, filled, at in ((bids, cleared.bid_wh, 0), (offers, cleared.offer_wh, 1)):
            got = sum(wh for *pair, wh in done if side.rank[pair[at]] == trader)
            assert got == filled[side.rank == trader].sum()


@few
@given(books, books)
def test_pairs_equal_walking_through_the_book(bids, offers):
    pairs = trades(bids, offers)

    def by_standing(rows: Iterable[tuple[int, int, int]]) -> dict[tuple[int, ...], int]:
        """Wh between what stands behind orders: equal in price, time and trader they are one order in two parts."""
        sums: dict[tuple[int, ...], int] = {}
        for b, o, wh in rows:
            key = tuple(int(column[i]) for side, i in ((bids, b), (offers, o)) for column in (side.price, side.placed, side.rank))
            sums[key] = sums.get(key, 0) + wh
        return sums

    found = zip(pairs.bid.tolist(), pairs.offer.tolist(), pairs.wh.tolist(), strict=True)
    assert by_standing(found) == by_standing(walked(bids, offers))


@few
@given(books, books)
def test_matched_energy_is_equal_on_both_sides_and_nobody_passes_an_own_limit(bids, offers):
    cleared = clear(bids, offers)
    assert cleared.bid_wh.sum() == cleared.offer_wh.sum() == cleared.volume_wh
    assert (cleared.bid_wh <= bids.wh).all()
    assert (cleared.offer_wh <= offers.wh).all()
    price = uniform_price_twice(bids, offers, cleared)
    if price is not None:
        assert (2 * bids.price[cleared.bid_wh > 0] >= price).all()
        assert (2 * offers.price[cleared.offer_wh > 0] <= price).all()


@few
@given(books, books)
def test_money_is_conserved_by_each_pricing(bids, offers):
    """Uniform and mid-point: buyers pay what sellers get. Pay-as-bid: the difference is the cooperative's, never negative."""
    pairs = trades(bids, offers)
    bid, offer = bids.price[pairs.bid], offers.price[pairs.offer]
    assert (bid >= offer).all()
    middle = [Fraction(int(b) + int(o), 2) for b, o in zip(bid, offer, strict=True)]
    assert all(o <= m <= b for b, m, o in zip(bid.tolist(), middle, offer.tolist(), strict=True))
    assert int((bid * pairs.wh).sum()) - int((offer * pairs.wh).sum()) >= 0


@few
@given(books, books, st.randoms(use_true_random=False))
def test_the_order_of_arrival_in_the_list_does_not_matter(bids, offers, r):
    def shuffled(side: Orders) -> tuple[Orders, np.ndarray]:
        places = list(range(len(side.price)))
        r.shuffle(places)
        at = np.array(places, dtype=np.int64)
        return Orders(side.price[at], side.wh[at], side.placed[at], side.rank[at]), at

    other_bids, _ = shuffled(bids)
    other_offers, _ = shuffled(offers)
    one, other = clear(bids, offers), clear(other_bids, other_offers)
    assert one.volume_wh == other.volume_wh
    assert uniform_price_twice(bids, offers, one) == uniform_price_twice(other_bids, other_offers, other)
    for trader in range(5):
        assert one.bid_wh[bids.rank == trader].sum() == other.bid_wh[other_bids.rank == trader].sum()


@pytest.mark.parametrize(("bids", "offers"), [(orders(), orders()), (orders((5, 1)), orders()), (orders((5, 0)), orders((1, 3)))])
def test_without_two_sides_nothing_is_matched(bids, offers):
    cleared = clear(bids, offers)
    assert (cleared.volume_wh, cleared.last_bid, cleared.last_offer) == (0, -1, -1)
    assert uniform_price_twice(bids, offers, cleared) is None


def test_energies_beyond_64_bits_are_matched_exactly():
    big = Orders(np.array([5, 5]), np.array([2**62, 2**62], dtype=object), np.array([0, 0]), np.array([0, 1]))
    cleared = clear(big, Orders(np.array([5]), np.array([2**63 + 1], dtype=object), np.array([0]), np.array([0])))
    assert cleared.volume_wh == 2**63
