"""Settling matched orders against the meters: conserved in Wh and in money, and nobody who kept an order loses by it."""

from fractions import Fraction

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from grid.domain.market.auction import Orders
from grid.domain.market.book import Side, clear_each, uniform_price_micro
from grid.domain.market.settlement import Matched, settle
from grid.domain.sharing.splitting import ranks_by_code

RETAIL, FEED_IN = 300, 80


def test_what_sellers_lack_is_taken_from_buyers_in_proportion_and_charged_to_those_who_lacked_it():
    """*Derived.* Matched: A 300, B 100 from C 200 and D 200. C feeds in 80, D 200: 280 for 400 ordered."""
    found = settle(
        Matched(np.array([[300, 100, 0, 0]]), np.array([[0, 0, 200, 200]])),
        np.array([[500, 100, 0, 0]]),
        np.array([[0, 0, 80, 900]]),
        ranks_by_code("ABCD"),
    )
    assert found.shared.received.parts_wh.tolist() == [[210, 70, 0, 0]]
    assert found.shared.delivered.parts_wh.tolist() == [[0, 0, 80, 200]]
    assert found.short_wh.tolist() == [[0, 0, 120, 0]]
    assert found.missed_wh.tolist() == [[90, 30, 0, 0]]
    assert (found.kept_bids_wh.tolist(), found.kept_offers_wh.tolist()) == ([400], [280])


def test_where_both_sides_fall_short_only_the_difference_is_charged():
    """*Derived.* 100 each from buyer to seller: the buyer draws 40, the seller feeds in 70: 30 of the seller's are not taken."""
    found = settle(Matched(np.array([[100, 0]]), np.array([[0, 100]])), np.array([[40, 0]]), np.array([[0, 70]]), ranks_by_code("AB"))
    assert found.shared.shared_wh.tolist() == [40]
    assert found.short_wh.tolist() == [[30, 0]]
    assert found.missed_wh.tolist() == [[0, 30]]


def test_what_a_site_promised_that_left_is_charged_to_nobody():
    found = settle(Matched(np.array([[100, 0]]), np.array([[0, 0]])), np.array([[90, 0]]), np.array([[0, 50]]), ranks_by_code("AB"))
    assert found.shared.shared_wh.tolist() == [0]
    assert not found.short_wh.any()
    assert not found.missed_wh.any()


@st.composite
def villages(draw):
    """Orders within what the public grid pays and asks, and what then really happened."""
    n, t = draw(st.integers(2, 6)), draw(st.integers(1, 3))
    wh = st.integers(0, 40)
    sides = []
    for _ in range(2):
        count = draw(st.integers(0, 10))
        rows = [
            (
                draw(st.integers(FEED_IN, RETAIL)),
                draw(wh),
                draw(st.integers(0, 3)),
                draw(st.integers(0, n - 1)),
                draw(st.integers(0, t - 1)),
            )
            for _ in range(count)
        ]
        sides.append(np.array(rows, dtype=np.int64).reshape(-1, 5))
    measured = np.array([[[draw(wh) for _ in range(n)] for _ in range(t)] for _ in range(2)], dtype=np.int64)
    return n, t, sides, measured


def matched(n, t, sides, order=None):
    """Matched Wh by interval and site, and the price of each interval."""
    bids, offers = (Side(Orders(rows[:, 0], rows[:, 1], rows[:, 2], rows[:, 3]), rows[:, 4]) for rows in sides)
    found = np.zeros((2, t, n), dtype=np.int64)
    price = [None] * t
    for one in clear_each(bids, offers):
        np.add.at(found[0, one.interval], bids.orders.rank[one.bids], one.cleared.bid_wh)
        np.add.at(found[1, one.interval], offers.orders.rank[one.offers], one.cleared.offer_wh)
        if one.cleared.volume_wh:
            price[one.interval] = uniform_price_micro(int(bids.orders.price[one.last_bid]), int(offers.orders.price[one.last_offer]))
    return found[0], found[1], price


@given(villages(), st.integers(0, 50))
@settings(max_examples=60)
def test_watt_hours_and_money_are_conserved_in_each_interval(village, deviation):
    n, t, sides, (drawn, fed_in) = village
    bid, offer, price = matched(n, t, sides)
    assert (bid.sum(axis=1) == offer.sum(axis=1)).all()
    found = settle(Matched(bid, offer), drawn, fed_in, np.arange(n))
    received, delivered = found.shared.received.parts_wh, found.shared.delivered.parts_wh
    assert (received <= np.minimum(bid, drawn)).all()
    assert (delivered <= np.minimum(offer, fed_in)).all()
    for i in range(t):
        m = price[i] or 0
        paid = m * received[i].sum() + deviation * found.short_wh[i].sum()
        got = m * delivered[i].sum() + deviation * found.missed_wh[i].sum()
        assert paid == got
        assert received[i].sum() == min(np.minimum(bid[i], drawn[i]).sum(), np.minimum(offer[i], fed_in[i]).sum())
        assert price[i] is None or FEED_IN <= price[i] <= RETAIL


@given(villages(), st.integers(0, 50))
@settings(max_examples=60)
def test_nobody_who_kept_its_orders_is_worse_off_than_alone_with_the_public_grid(village, deviation):
    n, t, sides, (drawn, fed_in) = village
    bid, offer, price = matched(n, t, sides)
    found = settle(Matched(bid, offer), drawn, fed_in, np.arange(n))
    received, delivered = found.shared.received.parts_wh, found.shared.delivered.parts_wh
    for i in range(t):
        m = price[i] or 0
        for j in range(n):
            alone = RETAIL * drawn[i, j] - FEED_IN * fed_in[i, j]
            traded = (
                m * received[i, j]
                + RETAIL * (drawn[i, j] - received[i, j])
                - m * delivered[i, j]
                - FEED_IN * (fed_in[i, j] - delivered[i, j])
                + deviation * (found.short_wh[i, j] - found.missed_wh[i, j])
            )
            kept = drawn[i, j] >= bid[i, j] and fed_in[i, j] >= offer[i, j]
            if kept or deviation == 0:
                assert traded <= alone


@given(villages(), st.randoms(use_true_random=False))
@settings(max_examples=40)
def test_the_order_in_which_orders_arrive_in_the_list_does_not_matter(village, chance):
    n, t, sides, (drawn, fed_in) = village
    shuffled = [rows[np.array(chance.sample(range(len(rows)), len(rows)), dtype=np.int64)] for rows in sides]
    one, other = (settle(Matched(*matched(n, t, s)[:2]), drawn, fed_in, np.arange(n)) for s in (sides, shuffled))
    assert (one.shared.received.parts_wh == other.shared.received.parts_wh).all()
    assert (one.short_wh == other.short_wh).all()


@given(st.integers(-(10**6), 10**6), st.integers(0, 10**6))
def test_the_price_is_the_mean_to_half_a_millionth_and_within_both_orders(offer, above):
    price = uniform_price_micro(offer + above, offer)
    assert offer <= price <= offer + above
    assert abs(Fraction(2 * offer + above, 2) - price) <= Fraction(1, 2)
