"""All checks together on made-up villages: each kind of fault is found, sound days are left alone."""

from dataclasses import replace

import numpy as np
import pytest

from energy.domain.meter_class import MeterClass
from energy.domain.quality import Check
from energy.domain.validation import Findings, Limits, Readings, check, class_names, learn_limits
from tests.unit.energy.villages import village, with_values

HOME, PUMP, CHARGER, PLANT = 0, 6, 7, 8


@pytest.fixture(scope="module")
def sound() -> tuple[Readings, np.ndarray]:
    return village()


@pytest.fixture(scope="module")
def limits(sound: tuple[Readings, np.ndarray]) -> Limits:
    return learn_limits(sound[0], looks_ahead=True)


def found(readings: Readings, values: np.ndarray) -> Findings:
    """Checked with limits that were learned from the faulty readings themselves."""
    faulty = with_values(readings, values)
    return check(faulty, learn_limits(faulty, looks_ahead=True))


def test_classes_are_learned_from_readings(limits: Limits) -> None:
    assert class_names(limits) == [MeterClass.HOME] * 6 + [MeterClass.HEAT_PUMP, MeterClass.CAR_CHARGER, *[MeterClass.SOLAR] * 4]


def test_sound_readings_are_left_alone(sound: tuple[Readings, np.ndarray], limits: Limits) -> None:
    findings = check(sound[0], limits)
    assert (findings.intervals != 0).mean() < 0.001
    flagged = sound[0].axis.per_day(np.logical_or, findings.intervals != 0) | (findings.days != 0)
    assert flagged.mean() < 0.02


@pytest.mark.parametrize("meter", [HOME, PUMP, CHARGER, PLANT])
@pytest.mark.parametrize("factor", [1.3, 3.0, 20.0])
def test_a_spike_is_found_on_every_class(sound: tuple[Readings, np.ndarray], meter: int, factor: float) -> None:
    readings, truth = sound
    values = truth.copy()
    at = 40 * 96 + 44
    values[meter, at] = np.rint(truth[meter].max() * factor)
    assert found(readings, values).intervals[meter, at] & Check.SPIKE


def test_negative_and_above_the_connection(sound: tuple[Readings, np.ndarray]) -> None:
    readings, truth = sound
    values = truth.copy()
    values[HOME, 1000], values[PLANT, 2000] = -1, 2002
    findings = found(readings, values)
    assert findings.intervals[HOME, 1000] & Check.HIGH
    assert findings.intervals[PLANT, 2000] & Check.HIGH


@pytest.mark.parametrize("length", [8, 30])
def test_a_stuck_home_is_found_and_a_heat_pump_at_its_level_is_not(sound: tuple[Readings, np.ndarray], length: int) -> None:
    readings, truth = sound
    values = truth.copy()
    at = 30 * 96 + 30
    values[HOME, at : at + length] = values[HOME, at]
    findings = found(readings, values)
    assert ((findings.intervals[HOME, at : at + length] & Check.STUCK) != 0).all()
    assert not (findings.intervals[PUMP] & Check.STUCK).any()


def test_a_day_of_zeros_on_a_meter_that_is_never_zero(sound: tuple[Readings, np.ndarray]) -> None:
    readings, truth = sound
    values = truth.copy()
    values[HOME, 20 * 96 : 21 * 96] = 0
    findings = found(readings, values)
    assert findings.days[HOME, 20] & Check.STUCK
    assert not (findings.days[CHARGER] & Check.STUCK).any()


@pytest.mark.parametrize("share", [0.012, 0.5])
def test_production_at_night(sound: tuple[Readings, np.ndarray], share: float) -> None:
    readings, truth = sound
    values = truth.copy()
    at = 25 * 96 + 6
    values[PLANT, at] = np.ceil(readings.connection_wh[PLANT] * share)
    assert found(readings, values).intervals[PLANT, at] & Check.IMPLAUSIBLE


@pytest.mark.parametrize("factor", [0.25, 3.0])
@pytest.mark.parametrize("with_registers", [False, True])
def test_a_day_off_by_a_factor(sound: tuple[Readings, np.ndarray], factor: float, with_registers: bool) -> None:
    readings, truth = sound
    values = truth.copy()
    values[HOME, 33 * 96 : 34 * 96] = np.rint(values[HOME, 33 * 96 : 34 * 96] * factor)
    findings = found(readings if with_registers else replace(readings, registers=None), values)
    assert findings.days[HOME, 33] & Check.UNUSUAL
    assert bool(findings.days[HOME, 33] & Check.SUM_FAILED) == with_registers


def test_a_week_away_is_not_seven_unusual_days(sound: tuple[Readings, np.ndarray]) -> None:
    readings, truth = sound
    values = truth.copy()
    away = slice(28 * 96, 35 * 96)
    values[HOME, away] = np.rint(20 + np.random.default_rng(1).normal(0, 2, 7 * 96))
    findings = found(replace(readings, registers=None), values)
    assert (findings.days[HOME, 28:35] & Check.UNUSUAL > 0).sum() <= 2


def test_a_connection_that_is_passed_every_day_is_doubted(sound: tuple[Readings, np.ndarray]) -> None:
    readings, _ = sound
    small = replace(readings, connection_wh=np.where(np.arange(12) == HOME, 100.0, 3500.0))
    learned = learn_limits(small, looks_ahead=True)
    assert learned.doubted[HOME]
    assert not (check(small, learned).intervals[HOME] & Check.HIGH).any()


def test_checking_changes_nothing(sound: tuple[Readings, np.ndarray]) -> None:
    readings, _ = sound
    before = readings.values_wh.copy()
    check(readings, learn_limits(readings, looks_ahead=False))
    assert np.array_equal(readings.values_wh, before)


def test_days_to_come_have_no_say_where_they_are_not_known(sound: tuple[Readings, np.ndarray]) -> None:
    """With limits learned for the close of a day, the flags of a day stay the same whatever follows it."""
    readings, truth = sound
    learned = learn_limits(readings, looks_ahead=False)
    values = truth.copy()
    values[:, 60 * 96 :] *= 5
    before, after = check(readings, learned), check(with_values(readings, values), learned)
    assert (before.days[:, :59] & Check.UNUSUAL == after.days[:, :59] & Check.UNUSUAL).all()


def test_lower_limits_flag_more(sound: tuple[Readings, np.ndarray], limits: Limits) -> None:
    stricter = replace(limits, spikes=replace(limits.spikes, rise_wh=limits.spikes.rise_wh / 2))
    before, after = check(sound[0], limits), check(sound[0], stricter)
    assert not ((before.intervals & Check.SPIKE) & ~(after.intervals & Check.SPIKE)).any()
