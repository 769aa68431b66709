"""Who is silent: two intervals without a reading, or two zeros where like days never had any."""

import numpy as np
import pytest

from energy.domain.silence import Heard, intervals_since, judge


def heard(
    own: list[int],
    *,
    missing_last: int = 0,
    like: list[list[int]] | None = None,
    per_message: float = 1.0,
    plants: int = 0,
    meters: int = 1,
) -> Heard:
    values = np.array([own] * meters, dtype=np.int64)
    measured = np.ones(values.shape, dtype=bool)
    if missing_last:
        measured[:, -missing_last:] = False
    days = np.array([like or [[50] * len(own)] * 6] * meters, dtype=np.int64)
    return Heard(values, measured, days, np.ones(days.shape, dtype=bool), np.full(meters, per_message), np.arange(meters) < plants)


@pytest.mark.parametrize(("missing", "stopped"), [(0, False), (1, False), (2, True), (5, True)])
def test_a_meter_is_silent_from_the_second_interval_on(missing: int, stopped: bool) -> None:
    verdict = judge(heard([50] * 10, missing_last=missing))
    assert verdict.stopped.tolist() == [stopped]
    assert verdict.silent_for.tolist() == [missing]


def test_a_meter_that_sends_by_the_hour_has_two_hours() -> None:
    assert judge(heard([50] * 10, missing_last=7, per_message=4)).stopped.tolist() == [False]
    assert judge(heard([50] * 10, missing_last=8, per_message=4)).stopped.tolist() == [True]


def test_a_meter_never_heard_of_is_not_silent() -> None:
    verdict = judge(heard([50] * 10, missing_last=10))
    assert verdict.stopped.tolist() == [False]
    assert verdict.silent_for.tolist() == [11]


def test_two_zeros_where_like_days_have_none_are_told_with_their_length() -> None:
    assert judge(heard([50] * 9 + [0])).zeros_for.tolist() == [0]
    assert judge(heard([50] * 8 + [0, 0])).zeros_for.tolist() == [2]
    assert judge(heard([50] * 4 + [0] * 5, missing_last=0)).zeros_for.tolist() == [5]


def test_zero_is_no_news_where_like_days_had_it() -> None:
    often = [[50] * 10] * 5 + [[50] * 8 + [0, 0]]
    assert judge(heard([50] * 8 + [0, 0], like=often)).zeros_for.tolist() == [0]
    uneven = [[500] * 10] * 5 + [[50] * 10]
    assert judge(heard([50] * 8 + [0, 0], like=uneven)).zeros_for.tolist() == [0]
    few = [[50] * 10] * 3
    assert judge(heard([50] * 8 + [0, 0], like=few)).zeros_for.tolist() == [0]


def test_many_plants_at_once_are_weather_for_two_hours() -> None:
    assert judge(heard([50] * 8 + [0, 0], meters=4, plants=4)).zeros_for.tolist() == [0, 0, 0, 0]
    assert judge(heard([50] * 2 + [0] * 8, meters=4, plants=4)).zeros_for.tolist() == [8, 8, 8, 8]


def test_intervals_since_the_newest_measured_one() -> None:
    measured = np.array([[True, True, False], [False, False, False], [False, False, True]])
    assert intervals_since(measured).tolist() == [1, 4, 0]
