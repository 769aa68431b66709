"""Made-up meters for tests of validation: homes, a heat pump, a charger, solar plants under one sky; seeded, in whole Wh."""

from dataclasses import replace
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from energy.domain.day_axis import DayAxis, day_axis
from energy.domain.sun import sun_over
from energy.domain.validation import Readings
from energy.domain.validation_rules import Registers

BERLIN = ZoneInfo("Europe/Berlin")
PLACE = (52.5, 13.4)
ROLLOVER_WH = 1e8


def axis_of(first: str, days: int, minutes: int = 15) -> DayAxis:
    """Local days from the midnight `first` (ISO 8601 with offset) on; the last may be cut where clocks change."""
    start = int(np.datetime64(np.datetime64(first[:16]), "s").astype(np.int64)) - int(first[17:19]) * 3600
    start_s = start + np.arange(days * 1440 // minutes, dtype=np.int64) * minutes * 60
    return day_axis(start_s=start_s, zone=BERLIN, interval_minutes=minutes, is_holiday=lambda day: False)


def home(axis: DayAxis, rng: np.random.Generator, size: float = 1.0) -> NDArray[np.float64]:
    """A base load, a morning and an evening, and appliances that run for a quarter of an hour or two."""
    hour = axis.slots * axis.interval_minutes / 60
    day = rng.lognormal(0, 0.15, len(axis.days))[axis.day_of]
    base = 25 + 30 * np.exp(-((hour - 7.5) ** 2) / 3) + 60 * np.exp(-((hour - 19) ** 2) / 5)
    noise = rng.lognormal(0, 0.25, len(hour))
    appliance = (rng.random(len(hour)) < 0.03) * rng.uniform(60, 250, len(hour))
    return np.rint(size * (base * day * noise + appliance + 5))


def heat_pump(axis: DayAxis, rng: np.random.Generator) -> NDArray[np.float64]:
    """Runs of two hours at its level, and partial quarter hours at both ends."""
    wh = np.zeros(len(axis.slots))
    at = int(rng.integers(0, 20))
    while at + 12 < len(wh):
        length = int(rng.integers(4, 10))
        wh[at + 1 : at + length] = 750
        wh[at], wh[at + length] = rng.integers(50, 700, 2)
        at += length + int(rng.integers(8, 40))
    return wh


def charger(axis: DayAxis, rng: np.random.Generator) -> NDArray[np.float64]:
    """Every other evening a few hours at 11 kW."""
    wh = np.zeros(len(axis.slots))
    for day in range(len(axis.days)):
        if rng.random() < 0.5:
            at = int(axis.offsets[day] + rng.integers(64, 84))
            wh[at : at + int(rng.integers(3, 10))] = 2740 + rng.integers(0, 5)
    return wh


def solar(axis: DayAxis, rng: np.random.Generator, sky: NDArray[np.float64], clouds: NDArray[np.float64]) -> NDArray[np.float64]:
    """A share of the clear sky, the same clouds for all and a little of its own."""
    return np.rint(sky * 1.5 * clouds[axis.day_of] * rng.uniform(0.9, 1.0, len(sky)))


def village(
    *, first: str = "2023-09-04T00:00+02:00", days: int = 70, homes: int = 6, seed: int = 3
) -> tuple[Readings, NDArray[np.float64]]:
    """Sound readings with registers, and the same as float64 [m, T]: homes, then a heat pump, a charger, four plants."""
    rng = np.random.default_rng(seed)
    axis = axis_of(first, days)
    sun = sun_over(axis.start_s, 15, *PLACE)
    clouds = rng.uniform(0.25, 1.0, len(axis.days))
    rows = [home(axis, rng, size) for size in rng.uniform(0.7, 2.0, homes)]
    rows += [heat_pump(axis, rng), charger(axis, rng)]
    rows += [solar(axis, rng, sun.clear_sky_w_m2, clouds) for _ in range(4)]
    truth = np.array(rows)
    is_production = np.arange(len(truth)) >= homes + 2
    connection = np.where(is_production, 2000.0, 3500.0)
    night = np.zeros(truth.shape, dtype=bool)
    night[is_production] = sun.is_night
    readings = Readings(axis, truth.astype(np.float32), is_production, connection, night, registers_of(truth, axis))
    return readings, truth


def registers_of(truth_wh: NDArray[np.float64], axis: DayAxis) -> Registers:
    """Registers that count the truth and roll over on the way."""
    counted = np.cumsum(axis.per_day(np.add, truth_wh), axis=1)
    first = ROLLOVER_WH - np.rint(counted[:, -1:] / 2)
    ends = np.mod(np.concatenate([first, first + counted], axis=1), ROLLOVER_WH)
    return Registers(ends[:, :-1], ends[:, 1:], np.full(len(truth_wh), ROLLOVER_WH))


def with_values(readings: Readings, values: NDArray[np.float64]) -> Readings:
    """The same meters with other values."""
    return replace(readings, values_wh=values.astype(np.float32))
