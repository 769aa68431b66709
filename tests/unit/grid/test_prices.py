"""Local prices: the derived cases of the domain rules, section 2."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grid.domain.prices import Interval, PriceRule, local_prices, mid_market, price_of, to_micro


def test_mid_market_of_the_worked_hour():
    local = mid_market(np.array([300_000, 360_000]), np.array([80_000, 80_000]))
    assert local.tolist() == [190_000, 220_000]


def test_halves_go_to_the_even_side():
    assert mid_market(np.array([3, 5, -3]), np.array([0, 0, 0])).tolist() == [2, 2, -2]


@given(st.integers(-(10**7), 10**7), st.integers(0, 10**7))
def test_nobody_is_worse_off_than_with_the_retailer(feed_in, margin):
    retail = feed_in + margin
    [local] = mid_market(np.array([retail]), np.array([feed_in]))
    assert feed_in <= local <= retail


@pytest.mark.parametrize(
    ("rule", "used_kwh", "produced_kwh", "buy", "sell"),
    [
        (PriceRule.MID_MARKET, 16, 10, 23.125, 19),
        (PriceRule.MID_MARKET, 10, 20, 19, 13.5),
        (PriceRule.SUPPLY_DEMAND_RATIO, 20, 10, 21.315789, 12.631579),
        (PriceRule.SUPPLY_DEMAND_RATIO, 10, 10, 8, 8),
        (PriceRule.SUPPLY_DEMAND_RATIO, 10, 20, 8, 8),
        (PriceRule.SUPPLY_DEMAND_RATIO, 10, 0, 30, None),
        (PriceRule.BILL_SHARING, 20, 10, 15, 0),
        (PriceRule.BILL_SHARING, 10, 20, 0, 4),
    ],
)
def test_derived_cases_at_retail_30_and_feed_in_8(rule, used_kwh, produced_kwh, buy, sell):
    c, p = used_kwh * 1000, produced_kwh * 1000
    price = price_of(rule, Interval(c, p, min(c, p), Fraction(30), Fraction(8)))
    assert to_micro(price.buy) == round(buy * 1_000_000)
    assert price.sell is None if sell is None else to_micro(price.sell) == round(sell * 1_000_000)


@pytest.mark.parametrize("feed_in", [0, -1])
def test_a_ratio_without_a_feed_in_price_falls_back_and_says_so(feed_in):
    price = price_of(PriceRule.SUPPLY_DEMAND_RATIO, Interval(10, 10, 10, Fraction(30), Fraction(feed_in)))
    assert price.fell_back
    assert price.local == Fraction(30 + feed_in, 2)


def test_published_prices_are_whole_millionths_half_even():
    assert [to_micro(Fraction(n, 2_000_000)) for n in (1, 3, 5)] == [0, 2, 2]


@settings(max_examples=30)
@given(
    st.lists(
        st.tuples(st.integers(0, 10**9), st.integers(0, 10**9), st.integers(-5, 400_000), st.integers(0, 400_000)), min_size=1, max_size=8
    )
)
def test_prices_of_many_intervals_are_the_exact_ones_quantised(rows):
    c, p, f, over = (np.array(column) for column in zip(*rows, strict=True))
    m, b = np.minimum(c, p), f + over
    for rule in (PriceRule.MID_MARKET, PriceRule.SUPPLY_DEMAND_RATIO, PriceRule.BILL_SHARING):
        together = local_prices(rule, c, m, b, f)
        for t in range(len(rows)):
            alone = price_of(rule, Interval(int(c[t]), int(p[t]), int(m[t]), Fraction(int(b[t]), 10**6), Fraction(int(f[t]), 10**6)))
            assert together.local_micro[t] == to_micro(alone.local)
            assert together.fell_back[t] == alone.fell_back
