"""Where stored energy came from: nothing is lost from sight, grid energy stays grid energy."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grid.domain.energy_origin import PARTS, STANDING_PARTS, Layer, Order, Origin, Stock, Vessel, assert_conserved, follow, split

LOSSLESS = Vessel(PARTS, PARTS, 0, 10**9)


def charged(*rows):
    """Rows of (own, local, public, unknown)."""
    return np.array(rows, dtype=np.int64)


def day(stock, vessel, rows, discharge, order=Order.FIRST_IN):
    starts = [900 * t for t in range(len(rows))]
    return follow(stock, vessel, starts, charged(*rows), np.array(discharge, dtype=np.int64), order)


def test_first_in_first_out_gives_the_night_grid_energy_before_the_noon_sun():
    course = day(Stock(), LOSSLESS, [(0, 0, 1000, 0), (0, 1000, 0, 0), (0,) * 4, (0,) * 4], [0, 0, 1200, 300])
    assert course.discharged_wh[2].tolist() == [0, 200, 1000, 0]
    assert course.discharged_wh[3].tolist() == [0, 300, 0, 0]
    assert course.after.layers == (Layer(900, (0, 500, 0, 0)),)
    assert not course.emerged_wh.any()


def test_pro_rata_mixes():
    course = day(Stock(), LOSSLESS, [(0, 500, 1500, 0), (0,) * 4], [0, 400], Order.PRO_RATA)
    assert course.discharged_wh[1].tolist() == [0, 100, 300, 0]


def test_each_loss_is_borne_by_the_energy_that_was_lost():
    vessel = Vessel(90_000, 80_000, 0, 10**9)
    course = day(Stock(), vessel, [(0, 300, 700, 0), (0, 1000, 0, 0), (0,) * 4], [0, 0, 400])
    assert course.lost_wh[0].tolist() == [0, 30, 70, 0]
    assert course.lost_wh[1].tolist() == [0, 100, 0, 0]
    # 400 Wh at the terminals take 500 of the first layer: 150 local, 350 public.
    assert course.discharged_wh[2].tolist() == [0, 120, 280, 0]
    assert course.lost_wh[2].tolist() == [0, 30, 70, 0]
    assert course.stored_wh.tolist() == [900, 1800, 1300]


def test_standing_loss_below_a_watt_hour_adds_up_and_is_of_all_layers():
    vessel = Vessel(PARTS, PARTS, STANDING_PARTS // 10_000, 10**9)
    stock = Stock((Layer(0, (0, 500, 500, 0)),))
    course = day(stock, vessel, [(0,) * 4] * 96, [0] * 96)
    assert int(course.lost_wh.sum()) == 9  # 1 - (1 - 0.0001)^96 of 1000 is 9.55; the rest is owed
    assert course.after.by_origin == (0, 495, 496, 0)
    assert course.after.owed > STANDING_PARTS // 2


def test_what_was_never_seen_going_in_comes_to_light_as_unknown():
    course = day(Stock(), LOSSLESS, [(0, 100, 0, 0), (0,) * 4], [50, 150])
    assert course.emerged_wh.tolist() == [50, 50]
    assert course.discharged_wh.tolist() == [[0, 0, 0, 50], [0, 100, 0, 50]]
    assert course.stored_wh.tolist() == [100, 0]


def test_no_more_is_known_to_be_stored_than_the_storage_can_hold():
    course = day(Stock(), Vessel(PARTS, PARTS, 0, 1000), [(0, 800, 0, 0), (0, 0, 800, 0)], [0, 0])
    assert course.stored_wh.tolist() == [800, 1000]
    assert course.lost_wh[1].sum() == 600


quarter_hours = st.lists(st.tuples(*[st.integers(0, 900)] * 4, st.one_of(st.just(0), st.integers(0, 1500))), min_size=1, max_size=24)
vessels = st.builds(
    Vessel, st.integers(60_000, PARTS), st.integers(60_000, PARTS), st.integers(0, STANDING_PARTS // 100), st.integers(0, 9000)
)


@settings(max_examples=40)
@given(quarter_hours, vessels, st.sampled_from(list(Order)), st.integers(0, 40))
def test_energy_is_conserved_for_each_origin_and_a_day_may_be_cut_anywhere(steps, vessel, order, cut):
    rows, discharge = [s[:4] for s in steps], [s[4] for s in steps]
    course = day(Stock(), vessel, rows, discharge, order)
    assert (course.discharged_wh.sum(axis=1) == discharge).all()
    came = course.charged_wh.sum(axis=0)
    came[Origin.UNKNOWN] += course.emerged_wh.sum()
    left = np.array(course.after.by_origin)
    assert (came == course.discharged_wh.sum(axis=0) + course.lost_wh.sum(axis=0) + left).all()
    assert left.sum() == course.stored_wh[-1] <= max(vessel.capacity_wh, 0)
    assert (course.discharged_wh >= 0).all() and (course.lost_wh >= 0).all()
    cut = min(cut, len(steps))
    if 0 < cut < len(steps):
        first = day(Stock(), vessel, rows[:cut], discharge[:cut], order)
        second = follow(
            first.after,
            vessel,
            [900 * t for t in range(cut, len(steps))],
            charged(*rows[cut:]),
            np.array(discharge[cut:], dtype=np.int64),
            order,
        )
        assert second.after == course.after


@settings(max_examples=40)
@given(quarter_hours, vessels, st.sampled_from(list(Order)))
def test_what_never_went_in_as_local_never_comes_out_as_local(steps, vessel, order):
    rows = [(0, 0, public, unknown) for _, _, public, unknown, _ in steps]
    course = day(Stock(), vessel, rows, [s[4] for s in steps], order)
    assert not course.discharged_wh[:, [Origin.OWN, Origin.LOCAL]].any()


def test_splitting_leaves_nothing_over():
    assert split(10, [5, 5, 5]) == [4, 3, 3]
    assert split(0, [1, 2]) == [0, 0]
    assert split(3, [1, 2]) == [1, 2]


def test_a_ledger_that_does_not_add_up_is_refused():
    course = day(Stock(), LOSSLESS, [(0, 100, 0, 0)], [0])
    with pytest.raises(AssertionError, match="not conserved"):
        assert_conserved(replace(course, after=Stock((Layer(0, (0, 99, 0, 0)),))))
