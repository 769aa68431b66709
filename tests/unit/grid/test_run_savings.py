"""A run that waited: measured, compared with running at once, never paid twice."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grid.domain.flexibility import CannotWeigh, Pay, Terms, grid_cost
from grid.domain.run_savings import RunFacts, at_once, drawn_by_meter, mean_price, owed_for_run, weigh_run

RETAIL, FEED_IN = np.array([400, 400, 100, 100]) * 1000, np.full(4, 80_000)
SHARE, PER_KWH = Terms(Pay.SHARE_OF_SAVING, 400_000, 0), Terms(Pay.PER_KWH, 0, 50_000)


def ints(*values):
    return np.array(values, dtype=np.int64)


def facts(let=(0, 0, 2000, 2000), use=(100, 100, 2100, 2100), **changes):
    """A car that might charge from the first quarter hour on and was held for two."""
    values = {
        "let_wh": ints(*let),
        "commanded": np.ones(len(let), dtype=bool),
        "others_wh": np.zeros(len(let), dtype=np.int64),
        "use_wh": ints(*use),
        "first": 0,
        "last": len(let),
        "most_wh": 2000,
        "in_event": np.zeros(len(let), dtype=bool),
    } | changes
    return RunFacts(**values)


def test_a_car_that_waited_saved_the_difference_of_prices():
    done = weigh_run(facts(), ints(100, 100, 2100, 2100), RETAIL, FEED_IN)
    assert done.drawn_wh.tolist() == [0, 0, 2000, 2000]
    assert done.at_once_wh.tolist() == [2000, 2000, 0, 0]
    assert done.saved_micro.tolist() == [800_000_000, 800_000_000, -200_000_000, -200_000_000]
    assert (done.event_wh, done.moved_wh) == (0, 4000)
    assert owed_for_run(SHARE, done) == 1_200_000_000 * 2 // 5
    assert owed_for_run(PER_KWH, done) == 4000 * 50_000
    assert mean_price(done.saved_micro.tolist(), done.moved_wh) == 300_000


def test_the_meter_counts_not_what_was_let_through():
    # The car left early: in the last quarter hour the site used what it uses without it.
    assert drawn_by_meter(facts(use=(100, 120, 1500, 90))).tolist() == [0, 0, 1390, 0]
    assert drawn_by_meter(facts(use=(100, 100, 9000, 9000))).tolist() == [0, 0, 2000, 2000]
    assert drawn_by_meter(facts(register_wh=1000)).tolist() == [0, 0, 500, 500]
    # Another device was let draw as much: half of what the site used is this one's.
    assert drawn_by_meter(facts(use=(100, 100, 2100, 2100), others_wh=ints(0, 0, 2000, 2000))).tolist() == [0, 0, 1000, 1000]


def test_what_demand_response_pays_for_is_not_paid_again():
    event = np.array([True, False, False, False])
    done = weigh_run(facts(in_event=event), ints(100, 100, 2100, 2100), RETAIL, FEED_IN)
    assert (done.event_wh, done.moved_wh) == (2000, 2000)
    assert done.saved_micro.tolist() == [0, 800_000_000, -100_000_000, -100_000_000]
    everything = weigh_run(facts(in_event=event | True), ints(100, 100, 2100, 2100), RETAIL, FEED_IN)
    assert (everything.moved_wh, owed_for_run(SHARE, everything)) == (0, 0)


def test_a_run_that_began_at_once_saved_nothing():
    done = weigh_run(facts(let=(2000, 2000, 0, 0), use=(2100, 2100, 100, 100)), ints(0, 0, 0, 0), RETAIL, FEED_IN)
    assert (done.moved_wh, done.saved_micro.any()) == (0, False)


def test_surplus_that_would_have_been_sold_costs_what_it_would_have_brought():
    done = weigh_run(facts(), ints(100, 100, -500, 2100), RETAIL, FEED_IN)
    assert done.saved_micro[2] == -2000 * 80_000


def test_the_same_energy_at_full_power_from_the_first_interval_on():
    assert at_once(3000, facts(first=1)).tolist() == [0, 2000, 1000, 0]


amounts = st.lists(st.integers(0, 3000), min_size=6, max_size=6)


@given(
    amounts,
    amounts,
    st.lists(st.integers(-5000, 5000), min_size=6, max_size=6),
    st.lists(st.booleans(), min_size=6, max_size=6),
    st.integers(0, 3),
)
def test_the_saving_is_the_difference_of_what_crosses_the_coupling_point(let, use, net, event, first):
    one = facts(let=np.minimum(let, 2000), use=use, in_event=np.array(event), first=first, last=6)
    prices = np.array([400, 300, 200, 100, 90, 80]) * 1000, np.full(6, 80_000)
    done = weigh_run(one, ints(*net), *prices)
    assert (done.drawn_wh <= one.let_wh).all() and (done.drawn_wh <= one.use_wh).all()
    gave = np.zeros(6, dtype=np.int64)
    if not any(event):
        gave = done.at_once_wh - done.drawn_wh
        idle = grid_cost(ints(*net) + gave, *prices).sum() - grid_cost(ints(*net), *prices).sum()
        assert done.saved_micro.sum() == idle
        assert done.at_once_wh.sum() == done.drawn_wh.sum()
    assert done.event_wh + done.moved_wh <= int(done.drawn_wh.sum())


def test_a_price_too_large_is_refused_by_name():
    with pytest.raises(CannotWeigh, match="check the readings"):
        weigh_run(facts(), ints(0, 0, 0, 0), np.full(4, 10**16), FEED_IN)
