"""Habits that were planted are found; the same days always give the same answer."""

from datetime import date, timedelta

import numpy as np
import pytest

from energy.domain.load_patterns import absences, car_signature, habits, heat_signature, silhouette, typical_days, wall_clock_days
from kernel.intervals import LocalDay, zone

FIRST = date(2016, 2, 1)


def household(days: int, seed: int = 4) -> tuple[np.ndarray, np.ndarray]:
    """Base load of 120 W; weekdays a morning and an evening, weekends a noon; and which days are weekends."""
    chance = np.random.default_rng(seed)
    clock = np.arange(96) / 4

    def bump(hour: float, width: float) -> np.ndarray:
        return np.exp(-(((clock - hour) / width) ** 2))

    weekend = np.array([(FIRST + timedelta(days=i)).weekday() >= 5 for i in range(days)])
    weekday_course = 200 * bump(7, 0.8) + 350 * bump(19, 1.5)
    course = np.where(weekend[:, None], 420 * bump(12.5, 2.5), weekday_course)
    scatter = chance.uniform(0.8, 1.2, (days, 1)) * chance.uniform(0.85, 1.15, (days, 96))
    return 30 + course * scatter, weekend


def test_weekdays_and_weekends_are_two_habits():
    days, weekend = household(42)
    found = typical_days(days, weekend, np.ones(42, dtype=bool))
    assert found is not None
    assert [(k.days, k.weekend_days) for k in found.kinds] == [(30, 0), (12, 12)]
    assert found.silhouette > 0.5
    assert (found.labels == weekend).all()
    again = typical_days(days, weekend, np.ones(42, dtype=bool))
    assert again is not None
    assert (again.labels == found.labels).all()


def test_one_habit_is_not_split():
    chance = np.random.default_rng(6)
    days = 100 + 20 * np.sin(np.arange(96) / 96 * 2 * np.pi) + chance.normal(0, 8, (40, 96))
    found = typical_days(days, np.zeros(40, dtype=bool), np.ones(40, dtype=bool))
    assert found is not None
    assert len(found.kinds) == 1


def test_two_weeks_are_needed():
    days, weekend = household(42)
    usable = np.arange(42) < 13
    assert typical_days(days, weekend, usable) is None


def test_a_silhouette_by_hand():
    # Points 0, 1 | 5, 6 on a line: for 0, inside 1, outside (5 + 6) / 2 = 5.5: 1 - 1/5.5; for 1, outside 4.5: 1 - 1/4.5.
    points = np.array([0.0, 1.0, 5.0, 6.0])
    expected = ((1 - 1 / 5.5) + (1 - 1 / 4.5)) / 2
    assert silhouette(np.abs(points[:, None] - points), np.array([0, 0, 1, 1])) == pytest.approx(expected)


def test_habits_in_figures():
    days, weekend = household(42)
    found = habits(days, weekend, np.ones(42, dtype=bool))
    assert found is not None
    assert found.base_load_w == pytest.approx(120, abs=2)
    assert found.weekday_wh == pytest.approx(days[~weekend].sum(axis=1).mean())
    assert set(found.peak_hours) <= {11, 12, 18, 19, 20}
    assert habits(days, weekend, np.zeros(42, dtype=bool)) is None


def test_an_absence_is_found():
    days, _ = household(42)
    days[20:27] = 30
    usable = np.ones(42, dtype=bool)
    assert absences(days, usable) == [(20, 27)]
    assert absences(household(42)[0], usable) == []


def test_a_car_shows_by_its_even_blocks():
    days, _ = household(42)
    for i in range(0, 42, 3):
        days[i, 88:96] += 3700 / 4
    found = car_signature(days, np.ones(42, dtype=bool))
    assert found is not None
    assert (found.sessions, found.usual_hour) == (14, 22)
    assert found.energy_wh == pytest.approx(14 * 7400, rel=0.05)
    assert found.mean_power_w == pytest.approx(3700, rel=0.05)
    assert car_signature(household(42)[0], np.ones(42, dtype=bool)) is None


def test_heating_shows_by_the_cold():
    chance = np.random.default_rng(8)
    temperature = chance.uniform(-5, 20, 120)
    use = 8000 + 900 * np.maximum(15 - temperature, 0) + chance.normal(0, 800, 120)
    day_of_year = np.arange(1, 121)
    found = heat_signature(use, np.ones(120, dtype=bool), day_of_year, temperature)
    assert found is not None
    assert found.wh_per_degree == pytest.approx(900, rel=0.05)
    assert found.by_temperature
    even = 8000 + chance.normal(0, 800, 120)
    assert heat_signature(even, np.ones(120, dtype=bool), day_of_year, temperature) is None
    assert heat_signature(use, np.arange(120) < 30, day_of_year, temperature) is None


@pytest.mark.parametrize(("day", "count"), [(date(2016, 3, 27), 92), (date(2016, 10, 30), 100), (date(2016, 5, 1), 96)])
def test_days_on_which_clocks_change_stand_on_the_same_clock(day: date, count: int):
    starts = LocalDay(day, zone("Europe/Berlin")).local_starts()
    slots = np.array([s.hour * 4 + s.minute // 15 for s in starts])
    row = slots.astype(float)  # each interval holds its own place on the clock
    found = wall_clock_days(row, np.array([0, count]), slots, 96)[0]
    expected = np.arange(96.0)
    if count == 92:
        expected[8:12] = 7.0
    assert found.tolist() == expected.tolist()
