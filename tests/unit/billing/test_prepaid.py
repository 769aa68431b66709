"""What is left and what follows: alarms once per fall, and hours, days and people that are spared."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.domain.prepaid import Alarm, Balance, Spared, Sparing, Thresholds, fallen, spared, usual_minor

TERMS = Thresholds(low_days=7, very_low_days=2, little_minor=500, friendly_minor=2000, friendly_days=14)
RULE = Sparing(16, 8, True, 11, 3, False)
TODAY = date(2016, 6, 14)
NOON = datetime(2016, 6, 14, 12, tzinfo=UTC)  # a Tuesday in summer


def look(shown: int, standing: set[Alarm], since: date = TODAY) -> tuple[Alarm, ...]:
    fall = fallen(Balance(shown, 0, 100), TERMS, standing, friendly_since=since, today=TODAY)
    standing |= set(fall.passed)
    standing -= set(fall.over)
    return fall.passed


def test_a_balance_that_falls_passes_each_threshold_once() -> None:
    standing: set[Alarm] = set()
    passed = [(shown, alarm) for shown in range(1500, -2600, -50) for alarm in look(shown, standing)]
    assert passed == [(750, Alarm.LOW), (500, Alarm.LITTLE), (250, Alarm.VERY_LOW), (0, Alarm.FRIENDLY), (-2000, Alarm.USED_UP)]


def test_a_balance_around_a_threshold_is_told_once() -> None:
    standing: set[Alarm] = set()
    told = [look(shown, standing) for shown in (790, 810, 790, 850, 780)]
    assert told == [(Alarm.LOW,), (), (), (), ()]
    assert look(950, standing) == () and not standing  # a day clear of it
    assert look(790, standing) == (Alarm.LOW,)


@given(st.lists(st.integers(-5000, 5000), min_size=1, max_size=40))
def test_nothing_stands_twice_and_what_is_below_stands(course: list[int]) -> None:
    standing: set[Alarm] = set()
    for shown in course:
        before = set(standing)
        passed = look(shown, standing)
        assert not before & set(passed)
        assert (Alarm.FRIENDLY in standing) == (shown <= 0)
        assert (Alarm.USED_UP in standing) == (shown <= -2000)
        assert shown > TERMS.little_minor or Alarm.LITTLE in standing


def test_the_friendly_credit_ends_by_days_too() -> None:
    standing = {Alarm.LOW, Alarm.LITTLE, Alarm.VERY_LOW, Alarm.FRIENDLY}
    assert look(-100, standing, since=TODAY - timedelta(days=13)) == ()
    assert look(-100, standing, since=TODAY - timedelta(days=14)) == (Alarm.USED_UP,)


def test_who_uses_nothing_has_no_days_to_count() -> None:
    assert Balance(100_000, 0, 0).days_left is None
    assert Balance(100, 350, 50).days_left == 0
    assert Balance(1000, 250, 100).days_left == 7


def test_usual_is_the_mean_of_the_last_days_or_of_what_is_not_billed_yet() -> None:
    days = [(TODAY - timedelta(days=20 - i), 100 * i) for i in range(21)]
    assert usual_minor(days, before=[(1, 1)]) == 100
    assert usual_minor(days[-3:], before=[(900, 6), (3000, 20)]) == 150
    assert usual_minor([], before=[]) == 0
    assert usual_minor([], before=[(-500, 5)]) == 0  # what is taken back is no use


def why(at: datetime = NOON, **words: bool) -> list[Spared]:
    given = {"is_holiday": False, "life_support": False, "hardship": False, "plan_stands": False, "is_used_up": True} | words
    return spared(at=at, rule=RULE, **given)


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (why(), []),
        (why(life_support=True), [Spared.LIFE_SUPPORT]),
        (why(hardship=True), []),
        (why(datetime(2016, 12, 13, 12, tzinfo=UTC), hardship=True), [Spared.HARDSHIP_IN_WINTER]),
        (why(datetime(2016, 12, 13, 12, tzinfo=UTC)), []),
        (why(datetime(2016, 6, 14, 7, 59, tzinfo=UTC)), [Spared.NIGHT]),
        (why(datetime(2016, 6, 14, 8, tzinfo=UTC)), []),
        (why(datetime(2016, 6, 14, 16, tzinfo=UTC)), [Spared.NIGHT]),
        (why(datetime(2016, 6, 18, 12, tzinfo=UTC)), [Spared.WEEKEND]),
        (why(is_holiday=True), [Spared.HOLIDAY]),
        (why(plan_stands=True), [Spared.PLAN]),
        (why(is_used_up=False), [Spared.NOT_USED_UP]),
    ],
)
def test_a_limit_begins_only_where_nothing_speaks_against_it(found: list[Spared], reason: list[Spared]) -> None:
    assert found == reason
