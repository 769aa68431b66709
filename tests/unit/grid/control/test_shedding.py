"""Shedding: tiers, turns, stages, the way back; whose production is held back."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grid.domain.control.curtailment import fair_cuts, released
from grid.domain.control.shedding import next_to_restore, shed_by_stage, shed_for, stage_of, take_turns

TIER = np.array([0, 1, 2, 2, 3, 4, 4])
DRAW = np.array([100.0, 100, 100, 100, 100, 100, 100])
ON, ONE = np.ones(7, bool), np.ones(7)
BELOW = (49.0, 48.8, 48.6, 48.4)


@pytest.mark.parametrize(
    ("hz", "gone"), [(49.0, []), (48.99, [5, 6]), (48.79, [4, 5, 6]), (48.5, [2, 3, 4, 5, 6]), (47.0, [1, 2, 3, 4, 5, 6]), (np.nan, [])]
)
def test_stages_let_tiers_go_and_never_tier_0(hz, gone):
    assert np.flatnonzero(shed_by_stage(TIER, stage_of(hz, BELOW))).tolist() == gone


@pytest.mark.parametrize(("need", "gone"), [(0, []), (50, [5]), (150, [5, 6]), (250, [4, 5, 6]), (1e9, [1, 2, 3, 4, 5, 6])])
def test_just_enough_goes_from_tier_4_upwards(need, gone):
    assert np.flatnonzero(shed_for(need, ONE, DRAW, TIER, np.zeros(7), ON)).tolist() == gone


def test_in_a_tier_goes_who_gave_up_least():
    given_wh = np.array([0.0, 0, 0, 0, 0, 20, 10])
    assert np.flatnonzero(shed_for(50, ONE, DRAW, TIER, given_wh, ON)).tolist() == [6]


def test_who_does_not_help_stays():
    effect = np.array([1.0, 1, 1, 1, 1, 0, 1])
    assert np.flatnonzero(shed_for(50, effect, DRAW, TIER, np.zeros(7), ON)).tolist() == [6]


def restore(shed: list[int], since: list[float], margin: float) -> int | None:
    off = np.zeros(7, bool)
    off[shed] = True
    return next_to_restore(off, TIER, np.array(since), DRAW, 2.0, np.ones((1, 7)), np.array([margin]))


def test_lower_tiers_come_back_first_and_who_waited_longest():
    assert restore([2, 3, 5], [0, 0, 9, 4, 0, 0, 0], 1000) == 3
    assert restore([5, 6], [0, 0, 0, 0, 0, 7, 8], 1000) == 5
    assert restore([], [0] * 7, 1000) is None


def test_nobody_overtakes_and_pickup_must_fit():
    assert restore([2, 5], [0] * 7, 199) is None
    assert restore([2, 5], [0] * 7, 200) == 2


def test_turns_make_room_for_what_comes_back_takes():
    off = np.zeros(7, bool)
    off[5] = True
    gave = np.array([0.0, 0, 0, 0, 0, 50, 0])
    arguments = (off, TIER, np.zeros(7), DRAW, DRAW, gave, 900.0, 900.0)
    assert take_turns(*arguments, 1.0, np.ones((1, 7)), np.array([0.0])) is not None
    assert take_turns(*arguments, 2.0, np.ones((1, 7)), np.array([0.0])) is None, "one is too little"
    back, instead = take_turns(*arguments, 2.0, np.ones((1, 7)), np.array([100.0]))
    assert back == 5 and np.flatnonzero(instead).tolist() == [6]


@given(
    need=st.floats(0, 30e3),
    available=st.lists(st.floats(0, 10e3), min_size=3, max_size=3),
    gave=st.lists(st.floats(0, 500), min_size=3, max_size=3),
)
def test_cuts_meet_the_need_or_take_all_there_is(need, available, gave):
    available, gave = np.array(available), np.array(gave)
    cuts = fair_cuts(need, np.ones(3), available, gave, np.full(3, 10e3))
    assert (cuts >= 0).all() and (cuts <= available + 1e-9).all()
    assert cuts.sum() == pytest.approx(min(need, available.sum()), abs=1e-3)


def test_the_share_rotates_by_what_was_given_up():
    capacity = np.full(2, 10e3)
    cuts = fair_cuts(1000, np.ones(2), np.full(2, 5e3), np.array([800.0, 0.0]), capacity)
    assert cuts == pytest.approx([100, 900], abs=0.1)
    assert fair_cuts(1000, np.ones(2), np.full(2, 5e3), np.zeros(2), capacity) == pytest.approx([500, 500], abs=0.1)
    assert fair_cuts(300, np.array([1.0, 0.1]), np.full(2, 5e3), np.zeros(2), capacity)[1] == 0, "too far away to help"


def test_release_never_uses_up_more_than_half_of_a_margin():
    limit, giving, capacity = np.array([4e3, np.inf]), np.array([4e3, 9e3]), np.full(2, 10e3)
    grown = released(limit, giving, capacity, np.full(2, 1e3), np.ones((1, 2)), np.array([600.0]))
    assert grown == pytest.approx([4300, np.inf])
    assert released(limit, giving, capacity, np.full(2, 1e3), np.ones((1, 2)), np.array([-5.0]))[0] == 4e3
    assert np.isinf(released(np.array([9.5e3, np.inf]), giving, capacity, np.full(2, 1e3), np.ones((1, 2)), np.array([1e6]))[0])
