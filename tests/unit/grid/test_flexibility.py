"""What storages saved: worked by hand, and conserved whatever comes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grid.domain.flexibility import CannotWeigh, Pay, Terms, grid_cost, owed, peak_savings, savings

RETAIL, FEED_IN = 300_000, 80_000


def ints(*values):
    return np.array(values, dtype=np.int64)


def prices(count):
    return np.full(count, RETAIL), np.full(count, FEED_IN)


def test_a_charge_costs_what_it_would_have_been_sold_for_and_saves_what_need_not_be_bought():
    # Noon: 500 Wh would have been sold beyond the 300 sold. Evening: 400 Wh need not be bought.
    saved = savings(ints(-300, 1000), ints([-500], [400]), *prices(2))
    assert saved[:, 0].tolist() == [-500 * FEED_IN, 400 * RETAIL]


def test_a_discharge_beyond_use_is_worth_both_prices():
    # 600 given where 400 were lacking: 400 bought less, 200 sold.
    [[one, two]] = savings(ints(-200), ints([450, 150]), *prices(1)).tolist()
    assert one + two == 400 * RETAIL + 200 * FEED_IN
    assert one == 3 * two


def test_storages_that_pass_energy_among_each_other_save_nothing_together():
    [[one, two]] = savings(ints(100), ints([250, -250]), *prices(1)).tolist()
    assert (one, two) == (250 * RETAIL, -250 * RETAIL)


def test_the_peak_goes_to_those_that_gave_when_it_would_have_been():
    # Idle: 1500 and 2000 Wh a quarter hour; with storages 1400 and 1200: 600 Wh less, 2.4 kW at 5.00.
    assert peak_savings(ints(1400, 1200), ints([100, 0], [600, 200]), 5_000_000, 4) == [1_800 * 5_000_000, 600 * 5_000_000]
    assert peak_savings(ints(1400, 1200), ints([-100, 0], [0, 0]), 5_000_000, 4) == [0, 0]


def test_owners_are_paid_by_their_terms():
    assert owed(Terms(Pay.SHARE_OF_SAVING, 400_000, 0), 1_000_001, 70) == 400_000
    assert owed(Terms(Pay.SHARE_OF_SAVING, 400_000, 0), -10, 70) == -4
    assert owed(Terms(Pay.PER_KWH, 0, 50_000), -10, 70) == 70 * 50_000


def test_more_than_can_be_weighed_is_refused():
    with pytest.raises(CannotWeigh):
        savings(ints(2**40), ints([2**31]), *prices(1))


@given(
    st.lists(
        st.tuples(
            st.integers(-20_000, 20_000),
            st.lists(st.integers(-3000, 3000), min_size=3, max_size=3),
            st.integers(-50_000, 500_000),
            st.integers(-50_000, 500_000),
        ),
        min_size=1,
        max_size=12,
    )
)
def test_savings_sum_to_the_difference_to_standing_idle(steps):
    net, retail, feed_in = (ints(*[s[i] for s in steps]) for i in (0, 2, 3))
    gave = np.array([s[1] for s in steps], dtype=np.int64)
    saved = savings(net, gave, retail, feed_in)
    idle = grid_cost(net + gave.sum(axis=1), retail, feed_in)
    assert (saved.sum(axis=1) == idle - grid_cost(net, retail, feed_in)).all()
    assert (saved[gave == 0] <= 1).all()
