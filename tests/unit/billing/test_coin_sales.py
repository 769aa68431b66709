"""Coins sold: at their average cost, which is neither made nor lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.domain.coin_sales import Holding, NotHeld, SaleFigures, cost_of, is_named


def test_two_lots_leave_at_their_average() -> None:
    # 10 coins for 1.00 and 10 for 2.00: 15 of the 20 cost 15/20 of 3.00 = 2.25, the last 5 the rest.
    held = Holding(20, 300)
    assert cost_of(held, 15) == 225
    assert cost_of(Holding(5, 75), 5) == 75
    assert cost_of(Holding(3, 1), 1) == 0  # 0.33 of a cent
    assert cost_of(Holding(2, 1), 1) == 1  # half a cent, away from zero
    assert SaleFigures(225, 260, 15).net_minor == 245
    assert SaleFigures(225, 260, 15).gain_minor == 35


@pytest.mark.parametrize("units", [0, -1, 21])
def test_only_what_is_held_is_sold(units: int) -> None:
    with pytest.raises(NotHeld):
        cost_of(Holding(20, 300), units)


@given(st.lists(st.tuples(st.integers(1, 10**20), st.integers(0, 10**9)), min_size=1, max_size=8), st.data())
def test_whatever_is_sold_in_whatever_parts_costs_what_came_in(lots: list[tuple[int, int]], data: st.DataObject) -> None:
    units = worth = cost = 0
    for came, minor in lots:
        units, worth = units + came, worth + minor
        for _ in range(data.draw(st.integers(0, 3))):
            if not units:
                break
            sold = data.draw(st.integers(1, units))
            part = cost_of(Holding(units, worth), sold)
            assert 0 <= part <= worth
            units, worth, cost = units - sold, worth - part, cost + part
    if units:
        cost += cost_of(Holding(units, worth), units)
    assert cost == sum(minor for _, minor in lots)


@pytest.mark.parametrize(
    ("reference", "words", "named"),
    [
        ("TX-2016-0042", "Payout TX20160042 thank you", True),
        ("TX-2016-0042", "Payout TX-2016-00 42", True),
        ("tx 2016 0042", "PAYOUT TX-2016-0042", True),
        ("TX-2016-0042", "Payout TX-2016-0043", False),
        ("42", "Payout 42", False),
    ],
)
def test_a_reference_is_found_as_banks_write_it(reference: str, words: str, named: bool) -> None:
    assert is_named(reference, words) is named
