"""The clock that meters live by: found from what was known, the wall's where nothing tells."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from energy.domain.forecast_clock import clock_of_habits
from energy.domain.forecast_series import MeterSeries, starts_from, wall_slots

BERLIN = ZoneInfo("Europe/Berlin")
FIRST = np.datetime64("2016-01-31T23:00:00")
SPRING_WEEKS_LATER = np.datetime64("2016-04-20T22:00:00")


def village(*, by_the_wall: bool, days: int = 100) -> MeterSeries:
    """Meters whose evening comes at the same time each day: of the wall's clock, or of winter time."""
    starts = starts_from(FIRST, 15, days * 96)
    hour = (wall_slots(starts, BERLIN, 15) if by_the_wall else (starts.astype(np.int64) // 900 + 4)) % 96 / 4
    noise = np.random.default_rng(7).gamma(2, 40, (12, len(starts)))
    return MeterSeries(FIRST, 15, BERLIN, 50 + 600 * np.exp(-((hour - 19) ** 2)) + noise)


@pytest.mark.parametrize("by_the_wall", [True, False])
def test_the_change_of_clocks_tells(by_the_wall: bool) -> None:
    clock = clock_of_habits(village(by_the_wall=by_the_wall), SPRING_WEEKS_LATER)
    assert (clock is BERLIN) == by_the_wall
    assert by_the_wall or clock.utcoffset(None) == timedelta(hours=1)


def test_what_was_not_known_yet_tells_nothing() -> None:
    winter_lovers = village(by_the_wall=False)
    assert clock_of_habits(winter_lovers, np.datetime64("2016-04-05")) is BERLIN
    assert clock_of_habits(winter_lovers.before(np.datetime64("2016-03-20")), SPRING_WEEKS_LATER) is BERLIN


def test_missing_values_and_idle_meters_do_no_harm() -> None:
    series = village(by_the_wall=False)
    values = series.values_wh.copy()
    values[0] = np.nan
    values[1] = 0.0
    values[2:, 3000:3400] = np.nan
    assert clock_of_habits(MeterSeries(FIRST, 15, BERLIN, values), SPRING_WEEKS_LATER) is not BERLIN
