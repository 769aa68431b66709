from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.apportionment import CannotApportion, largest_remainder

weights = st.lists(st.integers(0, 10**9), min_size=1, max_size=30).filter(any)


def test_the_larger_remainder_receives_the_unit_that_is_left():
    assert largest_remainder(47, [209, 264], ["ben", "storage"]) == [21, 26]


def test_equal_remainders_are_settled_by_name():
    assert largest_remainder(1, [1, 1], ["b", "a"]) == [0, 1]


@given(total=st.integers(0, 10**12), weights=weights)
def test_parts_sum_to_the_whole_and_miss_their_share_by_less_than_one(total, weights):
    parts = largest_remainder(total, weights, [f"{i:03d}" for i in range(len(weights))])
    assert sum(parts) == total
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part - Fraction(total * weight, sum(weights))) < 1


@given(total=st.integers(0, 10**6), weights=weights)
def test_the_order_of_the_participants_does_not_matter(total, weights):
    names = [f"{i:03d}" for i in range(len(weights))]
    parts = dict(zip(names, largest_remainder(total, weights, names), strict=True))
    turned = dict(zip(names[::-1], largest_remainder(total, weights[::-1], names[::-1]), strict=True))
    assert parts == turned


def test_nothing_can_carry_a_total_that_is_not_zero():
    assert largest_remainder(0, [0, 0], ["a", "b"]) == [0, 0]
    with pytest.raises(CannotApportion, match="all weights are zero"):
        largest_remainder(5, [0, 0], ["a", "b"])
    with pytest.raises(CannotApportion, match="negative"):
        largest_remainder(5, [-1, 2], ["a", "b"])
