"""Estimates over many meters: methods in their order, nothing measured is touched, registers lose nothing."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from energy.domain.gap_estimates import Estimates, GapInput, estimate_gaps, like_candidates, spread_groups
from energy.domain.quality import Method
from energy.domain.validation_rules import Registers
from tests.unit.energy.villages import axis_of

DAYS = 35
AXIS = axis_of("2023-01-02T00:00+01:00", DAYS)  # a Monday
DAY = 30 * 96


def given_gap(values: np.ndarray, gaps: list[tuple[int, int, int]], **changes: Any) -> tuple[GapInput, np.ndarray]:
    missing = np.zeros(values.shape, dtype=bool)
    for meter, first, last in gaps:
        missing[meter, first:last] = True
    meters = len(values)
    fields: dict[str, Any] = {
        "axis": AXIS,
        "values_wh": np.where(missing, np.nan, values).astype(np.float32),
        "missing": missing,
        "measured": ~missing,
        "trusted": ~missing,
        "groups": np.zeros(meters, int),
        "sizes": np.ones(meters),
        "is_production": np.zeros(meters, bool),
        "sky_w_m2": None,
        "registers": None,
        "most_wh": np.full(meters, np.inf),
        **changes,
    }
    return GapInput(**fields), missing


def registers_of(values: np.ndarray, limit: float = 1e8, first: float = 0) -> Registers:
    ends = first + np.concatenate([np.zeros((len(values), 1)), np.cumsum(AXIS.per_day(np.add, values), axis=1)], axis=1)
    ends = np.mod(ends, limit)
    return Registers(ends[:, :-1].copy(), ends[:, 1:].copy(), np.full(len(values), limit))


def flat(meters: int = 1, wh: float = 10.0) -> np.ndarray:
    return np.full((meters, DAYS * 96), wh)


def methods(found: Estimates) -> set[str]:
    return {Method(int(method)).label for method in found.methods}


def test_registers_come_first_and_a_rollover_counts_on() -> None:
    values = flat()
    values[0, DAY + 20 : DAY + 24] = [1, 2, 3, 40]
    read = registers_of(values, limit=1000)
    found = estimate_gaps(given_gap(values, [(0, DAY + 20, DAY + 24)], registers=read)[0])
    assert methods(found) == {"calculated"}
    assert found.wh.sum() == 46


def test_registers_reach_over_days_that_have_none() -> None:
    values = flat(wh=7)
    read = registers_of(values)
    read.start_wh[0, 30] = read.end_wh[0, 29] = read.start_wh[0, 29] = read.end_wh[0, 30] = np.nan
    gap = (0, DAY - 50, DAY + 50)
    found = estimate_gaps(given_gap(values, [gap], registers=read)[0])
    assert methods(found) == {"calculated"}
    assert found.wh.tolist() == [7] * 100


def test_a_value_in_doubt_does_not_spoil_what_registers_say() -> None:
    values = flat()
    read = registers_of(values)
    values[0, DAY + 5] = 5000  # a spike that the registers did not count
    case, missing = given_gap(values, [(0, DAY + 40, DAY + 42)], registers=read)
    trusted = ~missing
    trusted[0, DAY + 5] = False
    found = estimate_gaps(replace(case, trusted=trusted))
    assert found.wh.tolist() == [10, 10]
    assert methods(found) == {"calculated"}


def test_registers_below_what_was_measured_are_not_believed() -> None:
    values = flat()
    read = registers_of(values)
    read.end_wh[0, 30] = read.start_wh[0, 30] + 5
    found = estimate_gaps(given_gap(values, [(0, DAY + 40, DAY + 42)], registers=read)[0])
    assert methods(found) == {"interpolated"}


def test_two_hours_are_a_straight_line() -> None:
    values = flat()
    values[0, DAY + 30], values[0, DAY + 39] = 10, 100
    found = estimate_gaps(given_gap(values, [(0, DAY + 31, DAY + 39)])[0])
    assert found.wh.tolist() == [20, 30, 40, 50, 60, 70, 80, 90]
    assert methods(found) == {"interpolated"}


def test_longer_gaps_take_the_last_four_like_days_with_values() -> None:
    values = flat()
    for weeks, wh in ((1, 10), (2, 20), (3, 30), (4, 40)):
        day = (30 - 7 * weeks) * 96
        values[0, day : day + 96] = wh
    long = (0, DAY + 30, DAY + 39)
    found = estimate_gaps(given_gap(values, [long])[0])
    assert found.wh.tolist() == [25] * 9
    assert methods(found) == {"like-day"}
    second = (16 * 96) + 34
    found = estimate_gaps(given_gap(values, [long, (0, second, second + 1)])[0])
    assert found.wh[-9:].tolist()[4] == round((10 + 30 + 40) / 3)


def test_a_holiday_takes_sundays() -> None:
    weekdays = AXIS.weekdays.copy()
    weekdays[30] = 6  # a Wednesday
    assert like_candidates(replace(AXIS, weekdays=weekdays))[30].tolist()[:4] == [27, 20, 13, 6]


def test_without_history_the_class_serves_in_the_meters_size() -> None:
    values = np.vstack([flat(wh=0), flat(wh=8), flat(wh=4)])
    case, missing = given_gap(values, [(0, 30, 60)], sizes=np.array([2.0, 8.0, 4.0]))
    found = estimate_gaps(case)
    assert set(found.wh.tolist()) == {2}
    assert methods(found) == {"profile"}
    assert missing.sum() == len(found.wh)


def test_a_source_follows_the_clear_sky_over_a_short_gap() -> None:
    sky = np.maximum(np.sin((AXIS.slots - 24) / 48 * np.pi), 0)[None, :] * 800
    values = np.rint(sky * 2)
    noon = DAY + 44
    found = estimate_gaps(given_gap(values, [(0, noon, noon + 8)], sky_w_m2=sky, is_production=np.array([True]))[0])
    assert np.abs(found.wh - values[0, noon : noon + 8]).max() <= 1
    assert methods(found) == {"interpolated"}


def test_a_source_follows_its_neighbours_over_a_long_one() -> None:
    rng = np.random.default_rng(1)
    course = np.rint(rng.uniform(0, 500, DAYS * 96))
    values = np.vstack([course * 2, course, course])
    case, _ = given_gap(values, [(0, DAY, DAY + 48)], is_production=np.ones(3, bool), sizes=np.array([2.0, 1.0, 1.0]))
    found = estimate_gaps(case)
    assert found.wh.tolist() == (course[DAY : DAY + 48] * 2).tolist()
    assert methods(found) == {"profile"}


@given(st.lists(st.tuples(st.integers(0, 10**7), st.lists(st.floats(0, 1e5), min_size=1, max_size=30)), min_size=1, max_size=6))
def test_spreading_loses_nothing(groups: list[tuple[int, list[float]]]) -> None:
    numbers = np.concatenate([[i] * len(shape) for i, (_, shape) in enumerate(groups)]).astype(np.int64)
    totals = np.array([groups[i][0] for i in numbers], dtype=np.float64)
    parts = spread_groups(totals, numbers, np.concatenate([shape for _, shape in groups]))
    assert (parts >= 0).all()
    assert np.bincount(numbers, weights=parts).tolist() == [total for total, _ in groups]


@settings(max_examples=40)
@given(st.data())
def test_everything_missing_is_estimated_once_and_registers_hold(data: st.DataObject) -> None:
    rng = np.random.default_rng(data.draw(st.integers(0, 10**6)))
    values = rng.integers(0, 400, (3, DAYS * 96)).astype(float)
    gaps = []
    for _ in range(data.draw(st.integers(0, 5))):
        first = data.draw(st.integers(0, DAYS * 96 - 1))
        length = data.draw(st.integers(1, 300))
        gaps.append((data.draw(st.integers(0, 2)), first, min(first + length, DAYS * 96)))
    read = registers_of(values, first=5e7)
    case, missing = given_gap(values, gaps, registers=read)
    before = case.values_wh.copy()
    found = estimate_gaps(case)
    assert np.array_equal(case.values_wh, before, equal_nan=True)
    assert list(zip(found.meters.tolist(), found.intervals.tolist(), strict=True)) == list(
        zip(*(axis.tolist() for axis in np.nonzero(missing)), strict=True)
    )
    assert (found.wh >= 0).all()
    filled = np.where(missing, 0, values)
    filled[found.meters, found.intervals] = found.wh
    assert np.array_equal(AXIS.per_day(np.add, filled), AXIS.per_day(np.add, values))


@pytest.mark.parametrize("minutes", [5, 30, 60])
def test_other_intervals(minutes: int) -> None:
    axis = axis_of("2023-01-02T00:00+01:00", DAYS, minutes)
    values = np.full((1, DAYS * 1440 // minutes), 9.0)
    case, _ = given_gap(values, [(0, 1000 // minutes, 1000 // minutes + 1)], axis=axis)
    found = estimate_gaps(case)
    assert found.wh.tolist() == [9]
    assert methods(found) == {"interpolated"}
