"""What members agreed to, laid over what control decides: held down, never the loads that cannot wait, shed before held."""

from dataclasses import replace

import numpy as np

from grid.domain.control.requests import Requests
from grid.domain.control.state import Points
from tests.unit.grid.control.test_tick import LIMITS, decided, readings


def points(tiers: list[int]) -> Points:
    count = len(tiers)
    return Points(
        LIMITS,
        np.zeros(len(LIMITS.charge_max_w), np.int64),
        np.ones(len(LIMITS.charge_max_w)),
        np.zeros(0),
        np.zeros(0, np.int64),
        np.full(count, 8000.0),
        np.array(tiers),
        np.zeros(count, np.int64),
    )


def test_only_loads_that_can_wait_are_held_down() -> None:
    asked = Requests.of_shares(np.array([0.25, 0.25, 0.25, np.nan]), points([0, 2, 4, 4]), "an event")
    assert asked.load_limit_w.tolist() == [np.inf, np.inf, 2000.0, np.inf]
    assert asked.words == ("1 load is held down: an event",)
    assert Requests.none(points([4])).words == ()


def test_a_load_that_is_shed_draws_nothing_whatever_was_agreed() -> None:
    choice = replace(decided(readings()), load_is_shed=np.array([True, False, False]), load_limit_w=np.array([500.0, 500.0, np.inf]))
    assert choice.load_most_w.tolist() == [0.0, 500.0, np.inf]
    assert replace(choice, load_limit_w=np.zeros(0)).load_most_w.tolist() == [0.0, np.inf, np.inf]
