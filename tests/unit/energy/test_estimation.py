"""Validation and estimation of a day: methods in their order, and nothing measured is touched."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from energy.domain.estimation import DayInput, estimate, register_difference, spread, validate
from energy.domain.quality import METHOD_MASK, Check, Method

COUNT = 96


def day(values: list[int] | None = None, missing: range | list[int] = range(0), **changes: Any) -> DayInput:
    """A day of 96 quarter hours of 10 Wh, with holes."""
    energy = np.array(values if values is not None else [10] * COUNT, dtype=np.int32)
    quality = np.zeros(len(energy), dtype=np.int16)
    quality[list(missing)] = Method.MISSING
    energy[list(missing)] = 0
    fields: dict[str, Any] = {
        "values_wh": energy, "quality": quality, "register_start_wh": None, "register_end_wh": None,
        "register_limit_wh": 10**9, "high_limit_wh": 0, "like_days_wh": np.empty((0, len(energy))),
        "class_profile_wh": np.zeros(len(energy)), **changes,
    }  # fmt: skip
    return DayInput(**fields)


def methods(quality: np.ndarray, where: slice) -> set[int]:
    return {int(flag) & METHOD_MASK for flag in quality[where]}


def test_the_registers_come_first() -> None:
    shape = np.zeros((1, COUNT))
    shape[0, 20], shape[0, 21] = 3, 1
    values, quality = estimate(
        day(
            missing=range(20, 40),
            register_start_wh=500,
            register_end_wh=500 + 76 * 10 + 40,
            like_days_wh=shape,
        )
    )
    assert (values[20], values[21], values[22:40].sum()) == (30, 10, 0)
    assert methods(quality, slice(20, 40)) == {Method.CALCULATED}


def test_a_register_that_rolls_over_counts_on() -> None:
    values, _ = estimate(day(missing=[5], register_start_wh=10**9 - 100, register_end_wh=95 * 10 + 7 - 100))
    assert values[5] == 7


def test_two_hours_are_interpolated() -> None:
    energy = [0] * 10 + [10] + [0] * 8 + [100] + [0] * 76
    values, quality = estimate(day(energy, missing=range(11, 19)))
    assert values[11:19].tolist() == [20, 30, 40, 50, 60, 70, 80, 90]
    assert methods(quality, slice(11, 19)) == {Method.INTERPOLATED}


def test_longer_gaps_follow_the_like_days() -> None:
    history = np.stack([np.arange(COUNT), np.arange(COUNT) + 2.0])
    values, quality = estimate(day(missing=range(30, 39), like_days_wh=history))
    assert values[30:39].tolist() == list(range(31, 40))
    assert methods(quality, slice(30, 39)) == {Method.LIKE_DAY}


def test_without_history_the_class_profile_serves() -> None:
    values, quality = estimate(day(missing=range(COUNT), class_profile_wh=np.full(COUNT, 12.4)))
    assert set(values.tolist()) == {12}
    assert methods(quality, slice(None)) == {Method.PROFILE}


def test_a_gap_at_the_edge_is_not_interpolated() -> None:
    _, quality = estimate(day(missing=range(4)))
    assert methods(quality, slice(0, 4)) == {Method.PROFILE}


def test_registers_below_what_was_measured_are_not_believed() -> None:
    _, quality = estimate(day(missing=range(4), register_start_wh=0, register_end_wh=5))
    assert methods(quality, slice(0, 4)) == {Method.PROFILE}


@pytest.mark.parametrize(("excess", "fails"), [(96, False), (97, True), (-96, False), (-97, True)])
def test_sums_may_differ_by_a_watt_hour_per_interval(excess: int, fails: bool) -> None:
    flags = validate(day(register_start_wh=1000, register_end_wh=1000 + 960 + excess))
    assert bool((flags & Check.SUM_FAILED).all()) == fails
    assert bool((flags & Check.SUM_FAILED).any()) == fails


def test_what_exceeds_the_connection_is_flagged() -> None:
    energy = [10] * COUNT
    energy[7] = 51
    flags = validate(day(energy, high_limit_wh=50))
    assert np.flatnonzero(flags & Check.HIGH).tolist() == [7]


def test_register_difference_by_hand() -> None:
    assert register_difference(99_990, 15, 100_000) == 25
    assert register_difference(10, 15, 100_000) == 5


@given(
    st.integers(min_value=0, max_value=10**9),
    st.lists(st.floats(min_value=0, max_value=1e6), min_size=1, max_size=100),
)
def test_spreading_loses_nothing(total: int, shape: list[float]) -> None:
    parts = spread(total, np.array(shape))
    assert int(parts.sum()) == total
    assert (parts >= 0).all()


@given(st.data())
def test_nothing_stays_missing_and_nothing_measured_changes(data: st.DataObject) -> None:
    count = data.draw(st.sampled_from([92, 96, 100]))
    energy = data.draw(st.lists(st.integers(0, 5000), min_size=count, max_size=count))
    missing = sorted(data.draw(st.sets(st.integers(0, count - 1))))
    start = data.draw(st.none() | st.integers(0, 10**6))
    gap_wh = data.draw(st.integers(0, 10**5))
    measured_wh = sum(wh for i, wh in enumerate(energy) if i not in missing)
    end = None if start is None else start + measured_wh + gap_wh
    given_day = day(
        energy, missing=missing, register_start_wh=start, register_end_wh=end,
        class_profile_wh=np.full(count, data.draw(st.floats(0, 1000))),
    )  # fmt: skip
    values, quality = estimate(given_day)
    kept = [i for i in range(count) if i not in missing]
    assert not ((quality & METHOD_MASK) == Method.MISSING).any()
    assert values[kept].tolist() == [energy[i] for i in kept]
    assert ((quality[kept] & METHOD_MASK) == Method.MEASURED).all()
    assert (values >= 0).all()
    if missing and start is not None:
        assert int(values.sum()) == measured_wh + gap_wh
