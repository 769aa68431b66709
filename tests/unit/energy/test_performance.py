"""Capacity factor and performance ratio by hand; planes, outages, ageing and dirt that were planted are found."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from energy.domain.clear_sky import Place, assumed_plane, clear_days, clear_sky, learn_planes, plane_irradiance
from energy.domain.degradation import TrendMethod, soiling, trend
from energy.domain.outages import OutageKind, find_outages, median_of_others
from energy.domain.performance import capacity_factor, daily_performance, performance_ratio

MECKLENBURG = Place(53.65, 11.41)
HOUR_QUARTER = 0.25


def axis(first: datetime, days: int) -> tuple[np.ndarray, np.ndarray]:
    """Starts [s] and offsets of whole UTC days."""
    return int(first.timestamp()) + 900 * np.arange(96 * days), 96 * np.arange(days + 1)


@pytest.fixture(scope="module")
def spring() -> dict[str, np.ndarray]:
    """Sixty days of clear sky from 1 April on."""
    starts, offsets = axis(datetime(2016, 4, 1, tzinfo=UTC), 60)
    return {"sky": clear_sky(starts, 15, MECKLENBURG), "offsets": offsets}


def roofs(sky, tilts: list[float], azimuths: list[float], capacity_w: int, ratio: float = 0.8) -> np.ndarray:
    irradiance = plane_irradiance(sky, np.array(tilts), np.array(azimuths))
    return np.rint(irradiance / 1000 * capacity_w * HOUR_QUARTER * ratio).astype(np.int64)


def test_capacity_factor_by_hand():
    # 10 kW at full power for 30 days of 24 h would give 7,200 kWh; it gave 900 kWh: 12.5 %.
    assert capacity_factor(np.array([900_000.0]), np.array([10_000.0]), np.array([720.0]))[0] == pytest.approx(0.125)
    assert np.isnan(capacity_factor(np.array([1.0]), np.array([0.0]), np.array([720.0]))[0])


def test_performance_ratio_by_hand():
    # IEC 61724-1: final yield 45 kWh / 10 kW = 4.5 h; reference yield 5.4 kWh/m2 / 1 kW/m2 = 5.4 h; 4.5 / 5.4 = 0.8333.
    assert performance_ratio(np.array([45_000.0]), np.array([10_000.0]), np.array([5_400.0]))[0] == pytest.approx(0.83333, abs=1e-5)


def test_a_clear_noon_in_june_is_what_a_text_book_says():
    # Clear summer noon at 53.65 north: sun at 90 - 53.65 + 23.4 = 59.8 degrees, 800 to 950 W/m2 on the ground.
    noon = datetime(2016, 6, 21, 11, 15, tzinfo=UTC) - timedelta(minutes=7, seconds=30)
    sky = clear_sky(np.array([int(noon.timestamp())]), 15, MECKLENBURG)
    assert 90 - sky.zenith_deg[0] == pytest.approx(59.8, abs=0.2)
    assert 800 < sky.ghi_w_m2[0] < 950
    flat = plane_irradiance(sky, np.array([0.0]), np.array([180.0]))[0, 0]
    closure = sky.dni_w_m2[0] * np.cos(np.radians(sky.zenith_deg[0])) + sky.dhi_w_m2[0]
    assert flat == pytest.approx(closure)
    assert flat == pytest.approx(sky.ghi_w_m2[0], rel=0.02)


def test_planes_are_learned_from_clear_days(spring):
    sky, offsets = spring["sky"], spring["offsets"]
    made = roofs(sky, [30, 20, 40], [180, 105, 255], 8000)
    chance = np.random.default_rng(5)
    cloudy = chance.random((3, 60)) < 0.5
    clouds = np.where(np.repeat(cloudy, 96, axis=1), chance.uniform(0.1, 0.9, made.shape), 1.0)
    clouded = np.rint(made * clouds).astype(np.int64)
    clear = clear_days(clouded, offsets, sky, np.ones((3, 60), dtype=bool))
    assert not (clear & cloudy).any()
    assert (clear | cloudy).mean() > 0.9
    planes = learn_planes(clouded, offsets, sky, clear, MECKLENBURG)
    assert [(p.tilt_deg, p.azimuth_deg) for p in planes] == [(30, 180), (20, 105), (40, 255)]
    assert all(p.is_learned and p.likeness > 0.999 for p in planes)


def test_a_plane_is_assumed_until_there_were_clear_days(spring):
    none = np.zeros((1, 60), dtype=bool)
    made = roofs(spring["sky"], [30], [180], 8000)
    [plane] = learn_planes(made, spring["offsets"], spring["sky"], none, MECKLENBURG)
    assert plane == assumed_plane(MECKLENBURG)
    assert (plane.azimuth_deg, plane.is_learned) == (180.0, False)
    assert assumed_plane(Place(-30.0, 20.0)).azimuth_deg == 0.0


def test_daily_performance_is_the_planted_ratio(spring):
    sky, offsets = spring["sky"], spring["offsets"]
    made = roofs(sky, [30], [180], 8000, ratio=0.8)
    whole = np.ones((1, 60), dtype=bool)
    whole[0, 3] = False
    found = daily_performance(
        made,
        offsets,
        plane_irradiance(sky, np.array([30.0]), np.array([180.0])),
        np.array([8000]),
        HOUR_QUARTER,
        clear_days(made, offsets, sky, whole),
        whole,
    )
    assert found.usual[0] == pytest.approx(0.8, abs=0.001)
    assert np.isnan(found.efficiency[0, 3])
    assert not found.clear[0, 3]


def test_a_median_of_others_leaves_the_own_value_out():
    values = np.array([[1.0], [5.0], [9.0], [100.0]])
    known = np.ones((4, 1), dtype=bool)
    assert median_of_others(values, known)[:, 0].tolist() == [9.0, 9.0, 5.0, 5.0]
    known[3] = False
    assert median_of_others(values, known)[:, 0].tolist() == [7.0, 5.0, 3.0, 5.0]
    assert np.isnan(median_of_others(values[:2], known[:2])).all()


@settings(max_examples=60)
@given(st.integers(3, 9), st.integers(1, 6), st.integers(0, 2**32 - 1))
def test_a_median_of_others_is_the_plain_one(rows: int, columns: int, seed: int):
    chance = np.random.default_rng(seed)
    values = chance.integers(0, 5, (rows, columns)).astype(float)
    known = chance.random((rows, columns)) < 0.8
    found = median_of_others(values, known)
    for row in range(rows):
        for column in range(columns):
            others = [values[r, column] for r in range(rows) if r != row and known[r, column]]
            expected = np.median(others) if len(others) >= 2 else np.nan
            assert found[row, column] == pytest.approx(expected, nan_ok=True)


def test_a_planted_outage_is_found_and_nothing_else(spring):
    sky, offsets = spring["sky"], spring["offsets"]
    made = roofs(sky, [30, 20, 40, 35, 30], [180, 105, 255, 180, 150], 8000)
    clouds = np.random.default_rng(2).uniform(0.2, 1.0, 60)  # the same clouds for all of the village
    made = np.rint(made * np.repeat(clouds, 96)).astype(np.int64)
    sound = made.copy()
    made[1, 96 * 20 + 40 : 96 * 23] = 0
    made[3, 96 * 40 : 96 * 46] //= 2
    found = find_outages(made, np.full(5, 8000), offsets, np.ones(made.shape, dtype=bool), HOUR_QUARTER)
    assert [(o.source, o.kind) for o in found] == [(1, OutageKind.OFF), (3, OutageKind.REDUCED)]
    off, reduced = found
    assert off.first == 96 * 20 + 40
    assert 96 * 22 + 48 < off.after <= 96 * 23
    lost = int(sound[1, off.first : off.after].sum())
    assert off.lost_wh == pytest.approx(lost, rel=0.25)
    assert (reduced.first, reduced.after) == (96 * 40, 96 * 46)


def test_a_silent_meter_is_no_outage(spring):
    made = roofs(spring["sky"], [30, 30, 30, 30], [180, 180, 165, 195], 8000)
    measured = np.ones(made.shape, dtype=bool)
    made[0, 96 * 5 : 96 * 9], measured[0, 96 * 5 : 96 * 9] = 0, False
    assert find_outages(made, np.full(4, 8000), spring["offsets"], measured, HOUR_QUARTER) == []


def aged(years: float, per_year: float, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Clear days at random, performance with a season of 6 %, an ageing and a scatter of 2 %."""
    chance = np.random.default_rng(seed)
    days = np.flatnonzero(chance.random(int(365.25 * years)) < 0.25)
    season = 1 + 0.06 * np.cos(2 * np.pi * days / 365.25)
    return days, 0.8 * season * (1 + per_year * days / 365.25) * (1 + chance.normal(0, 0.02, len(days)))


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("per_year", [-0.01, -0.03, 0.0])
def test_a_planted_ageing_is_found_in_three_years(per_year: float, seed: int):
    found = trend(*aged(3, per_year, seed))
    assert found is not None
    assert found.method is TrendMethod.YEAR_ON_YEAR
    assert found.per_year == pytest.approx(per_year, abs=0.004)
    assert found.low < per_year < found.high


def test_below_thirteen_months_the_answer_says_that_the_season_may_bend_it():
    days, values = aged(0.6, -0.01)
    found = trend(days, values)
    assert found is not None
    assert found.method is TrendMethod.SLOPE
    assert trend(days[:10], values[:10]) is None


def test_dirt_and_the_day_it_was_washed_off_are_found():
    days = np.arange(0, 120, 2)
    since = np.where(days < 60, days, days - 60)
    values = 0.8 * (1 - 0.002 * since) * (1 + np.random.default_rng(3).normal(0, 0.002, len(days)))
    found = soiling(days, values)
    assert found is not None
    assert found.cleaned_days == (60,)
    assert found.per_day == pytest.approx(-0.002, abs=0.0004)
    assert found.loss_share == pytest.approx(0.11, abs=0.02)
    assert soiling(days[:8], values[:8]) is None
