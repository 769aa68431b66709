"""Windows on the local clock, both days of daylight saving, and published prices of six decimals."""

from collections import Counter
from datetime import date
from decimal import Decimal

import pytest

from billing.domain.tariffs import TariffTerms, WindowTerms
from kernel.intervals import LocalDay, zone

BERLIN = zone("Europe/Berlin")
SPRING, AUTUMN, WEEKDAY, SATURDAY = date(2016, 3, 27), date(2016, 10, 30), date(2016, 3, 9), date(2016, 3, 12)


def terms(*windows: WindowTerms, energy: str = "0.30") -> TariffTerms:
    return TariffTerms(1, Decimal("0.10"), Decimal(energy), Decimal("0.08"), Decimal("0.01"), Decimal("0.2"), windows)


def window(name: str, days: str, start: int, end: int, multiplier: str = "1.2") -> WindowTerms:
    return WindowTerms(name, days, start, end, Decimal(multiplier))


def indexes(day: date, *windows: WindowTerms) -> list[int]:
    return terms(*windows).window_indexes(LocalDay(day, BERLIN).local_starts()).tolist()


def test_a_window_begins_with_its_first_minute_and_ends_before_its_last() -> None:
    found = indexes(WEEKDAY, window("peak", "every_day", 1020, 1260))
    assert [i for i, place in enumerate(found) if place] == list(range(68, 84))


@pytest.mark.parametrize(("day", "count"), [(SPRING, 92), (AUTUMN, 100), (WEEKDAY, 96)])
def test_every_interval_of_a_long_or_short_day_has_one_window(day: date, count: int) -> None:
    found = indexes(day, window("night", "every_day", 0, 360), window("peak", "every_day", 1020, 1260))
    night = {92: 20, 100: 28, 96: 24}[count]
    assert Counter(found) == {1: night, 2: 16, 0: count - night - 16}


def test_the_hour_that_comes_twice_is_billed_twice_and_the_missing_one_not() -> None:
    two_to_three = window("small hours", "every_day", 120, 180)
    assert sum(indexes(AUTUMN, two_to_three)) == 8
    assert sum(indexes(SPRING, two_to_three)) == 0


@pytest.mark.parametrize(("days", "weekday", "saturday"), [("every_day", 4, 4), ("weekdays", 4, 0), ("weekends", 0, 4)])
def test_windows_hold_on_their_days(days: str, weekday: int, saturday: int) -> None:
    noon = window("noon", days, 720, 780)
    assert (sum(indexes(WEEKDAY, noon)), sum(indexes(SATURDAY, noon))) == (weekday, saturday)


def test_the_first_window_that_holds_counts() -> None:
    found = indexes(WEEKDAY, window("evening", "every_day", 1020, 1260), window("late", "every_day", 1200, 1440))
    assert found[80:84] == [1] * 4
    assert found[84:] == [2] * 12


def test_retail_is_base_times_multiplier_to_six_decimals_half_even() -> None:
    chosen = terms(window("peak", "every_day", 0, 60, "1.2"), window("odd", "every_day", 60, 120, "0.333333"), energy="0.300005")
    assert chosen.window_names == ["base", "peak", "odd"]
    assert chosen.retail_micro_by_window().tolist() == [300_005, 360_006, 100_002]
    halves = terms(window("half", "every_day", 0, 60, "0.5"), window("more", "every_day", 60, 90, "1.5"), energy="0.000001")
    assert halves.retail_micro_by_window().tolist() == [1, 0, 2]
    assert (chosen.export_micro, chosen.incentive_micro, chosen.standing_micro) == (80_000, 10_000, 100_000)
