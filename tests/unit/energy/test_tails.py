"""Learned limits: sound days seldom pass them, faults do not move them much."""

import numpy as np
import pytest

from energy.domain.tails import Tail, tail_limits

TAIL = Tail(share=0.002, ratio=3.0)


def scores(meters: int, days: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).exponential(1.0, (meters, days))


def test_about_the_share_passes() -> None:
    drawn = scores(20, 365)
    limits = tail_limits(drawn, np.ones(20), np.zeros(20, int), TAIL)
    assert 0.0003 < (drawn > limits[:, None]).mean() < 0.006


@pytest.mark.parametrize("faulty_share", [0.005, 0.01, 0.02])
def test_faults_do_not_hide_themselves(faulty_share: float) -> None:
    drawn = scores(20, 365)
    clean = tail_limits(drawn, np.ones(20), np.zeros(20, int), TAIL)
    faulty = np.random.default_rng(2).random(drawn.shape) < faulty_share
    mixed = np.where(faulty, 25.0, drawn)
    limits = tail_limits(mixed, np.ones(20), np.zeros(20, int), TAIL)
    assert (mixed > limits[:, None])[faulty].mean() > 0.95
    assert np.median(limits / clean) < 1.5


def test_what_a_meter_does_by_habit_is_no_fault() -> None:
    drawn = scores(1, 300)
    drawn[0, ::20] = 30.0
    assert tail_limits(drawn, np.ones(1), np.zeros(1, int), TAIL)[0] >= 30


def test_few_days_lean_on_the_class() -> None:
    drawn = np.vstack([scores(10, 365), np.full((1, 365), np.nan)])
    drawn[10, :3] = [1.0, 2.0, 0.5]
    limits = tail_limits(drawn, np.ones(11), np.zeros(11, int), TAIL)
    assert 0.4 < limits[10] / np.median(limits[:10]) < 2.0


def test_meters_of_one_class_may_differ_in_size() -> None:
    drawn = scores(6, 30)
    sizes = np.array([1.0, 10, 100, 1000, 1, 1])
    limits = tail_limits(drawn * sizes[:, None], sizes, np.zeros(6, int), TAIL)
    alike = tail_limits(drawn, np.ones(6), np.zeros(6, int), TAIL)
    assert limits == pytest.approx(alike * sizes)


def test_a_class_without_a_score_has_no_limit() -> None:
    limits = tail_limits(np.full((2, 10), np.nan), np.ones(2), np.zeros(2, int), TAIL)
    assert np.isinf(limits).all()
