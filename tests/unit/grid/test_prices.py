"""Local prices: the derived cases of the domain rules, section 2."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from grid.domain.prices import mid_market


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
