"""When a device is told anew, and when its silence is somebody's business."""

import numpy as np

from grid.domain.control.command_life import Told, acknowledge, due, tell, unanswered

INF = np.inf
ALL = np.ones(3, bool)


def told(value: list[float], *, at_s: float = 0.0, answered: bool = True) -> Told:
    """One storage, one source, one load, told at `at_s` for twenty seconds."""
    one = tell(Told.nothing(1, 2), ALL, np.array(value), ["a", "b", "c"], at_s + 20)
    return acknowledge(one, {"a", "b", "c"}) if answered else one


def places(one: Told, wanted: list[float], at_s: float) -> list[int]:
    return np.flatnonzero(due(one, np.array(wanted), ALL, at_s, 8.0)).tolist()


def test_what_a_device_does_by_itself_needs_no_command():
    assert places(Told.nothing(1, 2), [0.0, INF, INF], 0) == []
    assert places(Told.nothing(1, 2), [100.0, 500.0, 0.0], 0) == [0, 1, 2]


def test_a_change_within_the_deadband_is_not_sent():
    assert places(told([1000.0, 500.0, 0.0]), [1019.0, 515.0, 0.0], 4) == []
    assert places(told([1000.0, 500.0, 0.0]), [1021.0, 521.0, INF], 4) == [0, 1, 2]


def test_a_limit_that_falls_is_told_by_small_steps_too():
    """Control counts on what it takes from roofs as soon as it has decided so."""
    assert places(told([1000.0, 6278.0, 900.0]), [1000.0, 6222.0, 870.0], 4) == [1, 2]
    assert places(told([1000.0, 6278.0, 900.0]), [985.0, 6270.0, 890.0], 4) == []


def test_what_runs_out_is_renewed_in_time_and_free_again_is_not():
    assert places(told([1000.0, 500.0, 0.0]), [1000.0, 500.0, 0.0], 11) == []
    assert places(told([1000.0, 500.0, 0.0]), [1000.0, 500.0, 0.0], 13) == [0, 1, 2]
    assert places(told([0.0, INF, INF]), [0.0, INF, INF], 13) == []


def test_an_ended_command_counts_as_the_fallback():
    assert places(told([1000.0, 500.0, 0.0]), [0.0, INF, INF], 21) == []


def test_silence_is_asked_again_often_then_seldom_and_escalated():
    one, asked = told([1000.0, INF, INF], answered=False), []
    for tick in range(1, 30):
        who = due(one, np.array([1000.0, INF, INF]), np.array([True, False, False]), 4.0 * tick, 8.0)
        asked.append(bool(who[0]))
        one = tell(one, who, np.array([1000.0, INF, INF]), ["x"] * int(who.sum()), 4.0 * tick + 20)
    assert asked[:3] == [True] * 3
    assert sum(asked[5:]) <= 6
    assert unanswered(one, 100.0, 4)[0]
    assert not unanswered(acknowledge(one, {"x"}), 100.0, 4)[0]
