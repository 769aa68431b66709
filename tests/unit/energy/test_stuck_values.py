"""Runs of one value: a meter's rest and habit are no faults, a frozen home is."""

import numpy as np

from energy.domain.stuck_values import learn_stuck_limits, stuck_runs
from energy.domain.validation_rules import repeats, runs_of


def _found(values: np.ndarray) -> list[tuple[int, int, int]]:
    same = repeats(values)
    runs = runs_of(same, 2)
    stuck = stuck_runs(values, runs, learn_stuck_limits(values, same, runs))
    return list(zip(stuck.meters.tolist(), stuck.firsts.tolist(), stuck.lengths.tolist(), strict=True))


def _homes(days: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(20, 400, (1, days * 96)).astype(np.float32)


def test_a_frozen_home_is_found() -> None:
    values = _homes(60, 1)
    values[0, 1000:1008] = values[0, 1000]
    values[0, 4000:4030] = values[0, 4000]
    assert [(first, length) for _, first, length in _found(values)] == [(1000, 8), (4000, 30)]


def test_a_pump_that_rests_at_its_standby_is_sound_however_long_it_rests() -> None:
    values = _homes(120, 2) + 900
    for day in range(0, 120, 2):
        values[0, day * 96 : day * 96 + 40] = 3
    values[0, 30 * 96 : 45 * 96] = 3
    assert _found(values) == []


def test_a_charger_whose_sessions_are_flat_is_sound() -> None:
    random = np.random.default_rng(3)
    values = np.zeros((1, 150 * 96), dtype=np.float32)
    for day in range(0, 150, 2):
        first, length = day * 96 + int(random.integers(60, 70)), int(random.integers(4, 24))
        values[0, first : first + length] = np.rint(925 * random.uniform(0.93, 1))
    assert len(_found(values)) <= 1
