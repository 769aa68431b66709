"""Years of energy by kind of customer: who draws only in summer, only at weekends, nothing at all, or feeds in and draws nothing."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

HOURS = 8760
Kwh = NDArray[np.float64]
Year = tuple[Kwh, Kwh]
Random = np.random.Generator


@dataclass(frozen=True, slots=True)
class Energy:
    """A year by the hour [kWh], and what limits of a tariff are made from; a customer without use has limits all the same."""

    import_kwh: Kwh
    export_kwh: Kwh

    @property
    def monthly_kwh(self) -> float:
        return float(self.import_kwh.sum()) / 12 or 250.0

    @property
    def peak_kw(self) -> float:
        return float(self.import_kwh.max()) or 5.0


def _hour() -> NDArray[np.int64]:
    return np.arange(HOURS) % 24


def _month() -> NDArray[np.int64]:
    days = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
    return np.repeat(np.arange(12), np.array(days) * 24)


def _sun(random: Random, kw: float) -> Kwh:
    height = np.maximum(0, np.sin((_hour() - 6) / 12 * np.pi)) * (0.65 - 0.35 * np.cos(_month() / 12 * 2 * np.pi))
    return height * kw * np.repeat(random.uniform(0.15, 1.0, 365), 24)


def _settled(net: Kwh) -> Year:
    net = np.round(net, 5)
    return np.maximum(net, 0), np.maximum(-net, 0)


def household(random: Random) -> Year:
    evening = 0.3 + 0.9 * np.exp(-(((_hour() - 19) / 2.5) ** 2))
    return _settled(evening * random.gamma(3.0, 0.4, HOURS))


def household_with_panels(random: Random) -> Year:
    drawn, _ = household(random)
    return _settled(drawn - _sun(random, float(random.choice([1.5, 4.0, 9.0]))))


def pump_in_summer(random: Random) -> Year:
    """Nothing but from May to September, then day and night."""
    return _settled(np.where((_month() >= 4) & (_month() <= 8), 22 * random.uniform(0.9, 1.1, HOURS), 0.0))


def lift_in_winter_with_panels(random: Random) -> Year:
    running = ((_month() <= 2) | (_month() == 11)) & (_hour() >= 9) & (_hour() < 16)
    return _settled(np.where(running, 180.0, 1.5) * random.uniform(0.7, 1.0, HOURS) - _sun(random, 60.0))


def cold_store(random: Random) -> Year:
    return _settled(45 + 8 * np.sin((_hour() - 9) / 24 * 2 * np.pi) + random.normal(0, 2, HOURS))


def car_at_night(random: Random) -> Year:
    charging = (_hour() < 5) & (np.repeat(random.random(365), 24) < 0.6)
    return _settled(0.25 + np.where(charging, 11.0, 0.0) - _sun(random, 3.0))


def office_on_weekdays(random: Random) -> Year:
    weekday = np.arange(HOURS) // 24 % 7 < 5
    return _settled(np.where(weekday & (_hour() >= 7) & (_hour() < 19), 35.0, 4.0) * random.uniform(0.8, 1.2, HOURS))


def one_hour_of_welding(random: Random) -> Year:
    drawn = np.full(HOURS, 0.1)
    drawn[random.integers(0, HOURS, 9)] = 75.0
    return _settled(drawn)


def nothing_at_all(random: Random) -> Year:
    return np.zeros(HOURS), np.zeros(HOURS)


def solar_field(random: Random) -> Year:
    """Feeds in and never draws."""
    return np.zeros(HOURS), np.round(_sun(random, 400.0), 4)


def away_half_the_year(random: Random) -> Year:
    """A household with panels whose people leave from April to September: months of nothing but surplus."""
    drawn, _ = household(random)
    return _settled(np.where((_month() >= 3) & (_month() <= 8), 0.0, 4 * drawn) - _sun(random, 6.0))


def both_registers_at_once(random: Random) -> Year:
    drawn, fed_in = household_with_panels(random)
    within = np.where(random.random(HOURS) < 0.3, np.round(random.uniform(0, 0.8, HOURS), 4), 0.0)
    return drawn + within, fed_in + within


def factory(random: Random) -> Year:
    shift = (_hour() >= 6) & (_hour() < 22)
    return _settled(np.where(shift, 5200.0, 900.0) * random.uniform(0.85, 1.1, HOURS) - _sun(random, 2500.0))


LOADS: Mapping[str, Callable[[Random], Year]] = {
    kind.__name__.replace("_", " "): kind
    for kind in (
        household,
        household_with_panels,
        pump_in_summer,
        lift_in_winter_with_panels,
        cold_store,
        car_at_night,
        office_on_weekdays,
        one_hour_of_welding,
        nothing_at_all,
        solar_field,
        away_half_the_year,
        both_registers_at_once,
        factory,
    )
}
