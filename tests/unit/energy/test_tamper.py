"""Signs of tampering: what is one, and what only looks like one."""

from datetime import UTC, datetime, timedelta

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from energy.domain.tamper import are_alarming, missed_by_standstill, registers_went_back, returns_to_a_place

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


def like_days(values: list[int], count: int = 4) -> np.ndarray:
    return np.array([[values]] * count, np.int64)


def missed(day: list[int], like: np.ndarray, measured: bool = True) -> int:
    """What one meter missed on a day of quarter hours."""
    values = np.array([day], np.int64)
    flags = np.full(values.shape, measured)
    return int(missed_by_standstill(values, flags, like, np.ones(like.shape, bool), 15)[0])


@given(st.lists(st.integers(0, 7200), min_size=0, max_size=8))
def test_five_refusals_alarm_exactly_when_they_lie_within_an_hour(seconds: list[int]) -> None:
    newest = [NOON - timedelta(seconds=s) for s in sorted(seconds)]
    expected = len(seconds) >= 5 and sorted(seconds)[4] - sorted(seconds)[0] <= 3600
    assert are_alarming(newest) == expected


def test_a_register_that_falls_went_back_but_one_that_rolls_over_did_not() -> None:
    before, after = np.array([1000, 1000, 99_999_990, 500]), np.array([999, 1000, 10, 600])
    limits = np.full(4, 10**8)
    assert registers_went_back(before, after, limits).tolist() == [True, False, False, False]


def test_a_meter_that_stands_still_while_its_like_days_never_did_is_a_sign() -> None:
    day = [50] * 40 + [0] * 16 + [50] * 40
    assert missed(day, like_days([50] * 96)) == 16 * 50
    assert missed([50] * 40 + [0] * 15 + [50] * 41, like_days([50] * 96)) == 0  # not long enough


def test_a_roof_a_holiday_and_a_seldom_charged_car_are_no_sign() -> None:
    night = [40] * 30 + [0] * 36 + [40] * 30
    covered_noon = like_days([40] * 30 + [0] * 36 + [40] * 30)
    assert missed(night, covered_noon) == 0
    one_week_away = like_days([50] * 96)
    one_week_away[2] = 0
    assert missed([0] * 96, one_week_away) == 0
    assert missed([0] * 96, like_days([50] * 96, count=2)) == 0  # too few like days
    assert missed([0] * 96, like_days([2] * 96)) == 0  # next to nothing was missed
    assert missed([0] * 96, like_days([50] * 96), measured=False) == 0  # silent, which is another matter


def test_taking_turns_is_a_sign_and_changing_the_way_is_not() -> None:
    devices = np.array([7] * 6 + [8] * 6 + [9] * 5)
    places = np.array([0, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 0, 0, 1, 1])
    at = np.array([0, 60, 120, 180, 240, 300.0] * 2 + [0, 1, 2, 3, 4.0])
    assert returns_to_a_place(devices, places, at) == {7: 4, 8: 1}
    spread = np.arange(len(at)) * 30_000.0
    assert returns_to_a_place(devices, places, spread).get(7) is None
