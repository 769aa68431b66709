"""Checks that need no history, by hand and as properties."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from energy.domain.validation_rules import (
    Registers,
    beyond_connection,
    counted_wh,
    mark_runs,
    night_production,
    repeats,
    resolution_wh,
    runs_of,
    sum_excess,
    zero_days,
)
from tests.unit.energy.villages import axis_of

AXIS = axis_of("2023-01-09T00:00+01:00", 2)


def registers(start: float, end: float, limit: float = 1e8) -> Registers:
    return Registers(np.array([[start, np.nan]]), np.array([[end, np.nan]]), np.array([limit]))


def flat(wh: float = 10.0) -> np.ndarray:
    return np.full((1, 192), wh, dtype=np.float32)


def test_negative_and_too_much_are_out_of_range() -> None:
    values = np.array([[-1, 0, 500, 501, 502, np.nan]], dtype=np.float32)
    assert beyond_connection(values, np.array([500.0]))[0].tolist() == [True, False, False, False, True, False]
    assert beyond_connection(values, np.array([0.0]))[0].tolist() == [True] + [False] * 5


@pytest.mark.parametrize(("excess", "fails"), [(96, False), (97, True), (-96, False), (-97, True)])
def test_sums_may_differ_by_a_watt_hour_per_interval(excess: int, fails: bool) -> None:
    found, failed = sum_excess(flat(), AXIS, registers(1000, 1960 - excess))
    assert found[0, 0] == excess
    assert failed[0].tolist() == [fails, False]


def test_a_register_that_rolls_over_is_sound() -> None:
    rolled = registers(1e8 - 500, 460)
    assert counted_wh(rolled)[0, 0] == 960
    assert not sum_excess(flat(), AXIS, rolled)[1].any()


def test_a_meter_exchanged_during_the_day_is_sound() -> None:
    assert not sum_excess(flat(), AXIS, registers(5_000_000, 430))[1].any()


def test_a_register_that_went_back_is_not() -> None:
    assert sum_excess(flat(), AXIS, registers(5_000_000, 4_999_000))[1][0, 0]


def test_registers_in_whole_kilowatt_hours_allow_one() -> None:
    coarse = Registers(np.array([[1000.0, 2000.0]]), np.array([[2000.0, 4000.0]]), np.array([1e8]))
    assert resolution_wh(coarse).tolist() == [1000]
    assert sum_excess(flat(), AXIS, coarse)[1].tolist() == [[False, True]]


def test_with_a_gap_only_too_much_can_be_told() -> None:
    values = flat()
    values[0, 3] = np.nan
    assert not sum_excess(values, AXIS, registers(0, 5000))[1].any()
    assert sum_excess(values, AXIS, registers(0, 500))[1][0, 0]


def test_night_production_is_found_but_for_mornings_that_are_a_habit() -> None:
    dark = np.zeros((1, 12), dtype=bool)
    dark[0, :8] = True
    values = np.array([[0, 9, 0, 0, 30, 12, 20, 40, 90, 200, 300, 300]], dtype=np.float32)
    limit = np.array([8.0])
    strict = night_production(values, limit, dark, np.array([False]))
    assert np.flatnonzero(strict[0]).tolist() == [1, 4, 5, 6, 7]
    habit = night_production(values, limit, dark, np.array([True]))
    assert np.flatnonzero(habit[0]).tolist() == [1, 4]


def test_eight_alike_are_a_run_and_zeros_are_none() -> None:
    values = np.array([[0] * 9 + [5] * 8 + [6] * 7 + [7]], dtype=np.float32)
    found = runs_of(repeats(values), 8)
    assert (found.firsts.tolist(), found.lengths.tolist()) == ([9], [8])
    assert np.flatnonzero(mark_runs(found, values.shape)[0]).tolist() == list(range(9, 17))


def test_a_day_of_zeros_is_found_through_gaps() -> None:
    values = flat()
    values[0, 96:] = 0
    values[0, 100:120] = np.nan
    assert zero_days(values, AXIS).tolist() == [[False, True]]


@given(arrays.arrays(np.float32, (3, 40), elements=st.sampled_from([0.0, 1.0, 2.0, 3.0])), st.integers(2, 10))
def test_runs_are_what_a_plain_count_finds(values: np.ndarray, least: int) -> None:
    marked = mark_runs(runs_of(repeats(values), least), values.shape)
    for row in range(3):
        expected = np.zeros(40, dtype=bool)
        first = 0
        for at in range(1, 41):
            if at == 40 or values[row, at] != values[row, first]:
                if values[row, first] != 0 and at - first >= least:
                    expected[first:at] = True
                first = at
        assert marked[row].tolist() == expected.tolist()


@given(st.integers(2, 30))
def test_longer_runs_are_fewer(least: int) -> None:
    values = np.random.default_rng(least).integers(1, 3, (4, 300)).astype(np.float32)
    shorter, longer = (mark_runs(runs_of(repeats(values), n), values.shape) for n in (least, least + 1))
    assert not (longer & ~shorter).any()
