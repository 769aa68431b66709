"""Coins: what a rest costs is worth it, what is asked for is never more than quote or books leave, amounts are written exactly."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.domain.coins import WAD, NoUsableCoin, cost_of, in_coins, one_to_one, rest_to_ask_for, whole_minor


@given(rest=st.integers(0, 2**124), rate=st.integers(1, 2**96))
def test_a_rest_is_worth_what_it_costs(rest: int, rate: int) -> None:
    cost = cost_of(rest, rate)
    assert cost * WAD // rate >= rest
    assert cost == 0 or (cost - 1) * WAD // rate < rest


@given(due=st.integers(0, 10**9), parts=st.lists(st.integers(0, 10**27), max_size=6), elsewhere=st.integers(0, 10**9))
def test_asked_for_is_what_both_quote_and_books_leave(due: int, parts: list[int], elsewhere: int) -> None:
    applied = 0
    for part in parts:
        applied += min(part, due * WAD - applied)
    books = max(due - elsewhere - whole_minor(applied), 0)
    asked = rest_to_ask_for(due_minor=due, applied_wad=applied, bill_rest_minor=books)
    assert 0 <= asked <= due * WAD - applied
    assert whole_minor(applied + asked) - whole_minor(applied) <= books
    if not elsewhere:
        assert asked == due * WAD - applied


@given(units=st.integers(0, 10**30), decimals=st.integers(0, 18))
def test_coins_are_written_exactly(units: int, decimals: int) -> None:
    assert Fraction(in_coins(units, decimals)) == Fraction(units, 10**decimals)


def test_known_amounts() -> None:
    assert in_coins(1_500_000, 6) == "1.5"
    assert in_coins(67_270_000, 6) == "67.27"
    assert in_coins(4_000_000_000_000, 18) == "0.000004"
    assert in_coins(7, 0) == "7"
    assert (one_to_one(6), one_to_one(18), one_to_one(2)) == (10_000, 10**16, 1)
    with pytest.raises(NoUsableCoin, match="no cents"):
        one_to_one(0)
