"""Plans become due by their rule; what is planned takes its part of a source's intervals; alarms go off when asked to."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from energy.domain.maintenance import PlanRule, PlanTerms, SourceFacts, Window, add_months, availability, due, operating_hours
from energy.domain.own_alarm_words import ENGLISH, GERMAN
from energy.domain.own_alarms import AlarmKind, SiteDays, judge

TODAY = date(2016, 5, 20)


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [
        (date(2016, 1, 31), 1, date(2016, 2, 29)),
        (date(2016, 12, 15), 1, date(2017, 1, 15)),
        (date(2016, 5, 1), 24, date(2018, 5, 1)),
        (date(2015, 11, 30), 1, date(2015, 12, 30)),
    ],
)
def test_months_are_added_within_the_calendar(day: date, months: int, later: date):
    assert add_months(day, months) == later


def test_a_date_is_due_when_the_reminder_says_so():
    plan = PlanTerms(PlanRule.DATE, every_months=12, next_date=TODAY + timedelta(days=14), remind_days=14)
    found = due(plan, SourceFacts(TODAY))
    assert found is not None
    assert found.due_date == TODAY + timedelta(days=14)
    assert due(plan, SourceFacts(TODAY - timedelta(days=1))) is None


def test_hours_and_performance_are_due_at_their_limits():
    hours = PlanTerms(PlanRule.HOURS, every_hours=4000)
    assert due(hours, SourceFacts(TODAY, hours_since=3999)) is None
    assert due(hours, SourceFacts(TODAY)) is None
    found = due(hours, SourceFacts(TODAY, hours_since=4000))
    assert found is not None
    assert "4,000 hours of operation" in found.reason
    weak = PlanTerms(PlanRule.PERFORMANCE, below_share=0.9)
    assert due(weak, SourceFacts(TODAY, share_of_usual=0.9)) is None
    assert due(weak, SourceFacts(TODAY, share_of_usual=0.88, days_judged=6)) is not None


def test_operating_hours_by_hand():
    assert operating_hours(np.array([[0, 5, 10, 0], [0, 0, 0, 0]]), 0.25).tolist() == [0.5, 0.0]


def test_a_window_takes_its_part_of_each_interval():
    start = datetime(2016, 5, 20, 10, tzinfo=UTC)
    starts = int(start.timestamp()) + 900 * np.arange(4)
    half_past = Window(0, start + timedelta(minutes=7, seconds=30), start + timedelta(minutes=30), 0.0)
    half = Window(1, start, None, 0.5)
    also = Window(1, start + timedelta(minutes=45), None, 0.5)
    found = availability([half_past, half, also], 3, starts, 15)
    assert found.tolist() == [[0.5, 0.0, 1.0, 1.0], [0.5, 0.5, 0.5, 0.25], [1.0, 1.0, 1.0, 1.0]]


def days(*totals_wh: float) -> SiteDays:
    return SiteDays(np.array([[t / 96] * 96 for t in totals_wh]), np.ones(len(totals_wh), dtype=bool))


@pytest.mark.parametrize(
    ("kind", "limit", "given", "value"),
    [
        (AlarmKind.DAY_USE, 20, days(5000, 20_001), pytest.approx(20.001)),
        (AlarmKind.DAY_USE, 20, days(30_000, 20_000), None),
        (AlarmKind.BASE_LOAD, 100, days(2_424), pytest.approx(101)),
        (AlarmKind.BASE_LOAD, 101.5, days(2_424), None),
        (AlarmKind.NO_USE, 2, days(900, 0, 3), 2),
        (AlarmKind.NO_USE, 3, days(900, 0, 3), None),
        (AlarmKind.NO_USE, 2, days(0, 0, 0), 3),
        (AlarmKind.ROOF_BELOW, 80, days(0), None),
        (AlarmKind.ROOF_BELOW, 80, SiteDays(np.zeros((1, 96)), np.ones(1, dtype=bool), 0.79), pytest.approx(79)),
        (AlarmKind.DAY_USE, 1, SiteDays(np.ones((1, 96)) * 99, np.zeros(1, dtype=bool)), None),
    ],
)
def test_an_alarm_goes_off_at_its_limit(kind: AlarmKind, limit: float, given: SiteDays, value: float | None):
    assert judge(kind, limit, given) == value


def test_an_alarm_speaks_the_language_of_who_set_it() -> None:
    assert ENGLISH.sentence(AlarmKind.DAY_USE, 26.08, 25.0) == "You used 26.1 kWh, more than 25 kWh."
    assert GERMAN.sentence(AlarmKind.DAY_USE, 26.08, 25.5) == "Sie haben 26,1 kWh verbraucht, mehr als 25,5 kWh."
    assert GERMAN.sentence(AlarmKind.NO_USE, 3.0, 2.0) == "Seit 3 Tagen wurde nichts verbraucht."
