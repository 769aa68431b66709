"""Tariffs and loads by seed: every combination of charges that URDB knows and Utilityrate5 bills."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

ENERGY_UNITS = ("kWh", "kWh daily", "kWh/kW", "kWh/kW daily")
METERING = (
    ("none", "prorated"),
    ("none", "chronological"),
    ("net-billing", "chronological"),
    ("net-metering", "prorated"),
    ("buy-all-sell-all", "chronological"),
)
SPANS = ("$/month", "$/day", "$/year")
HOURS = 8760


@dataclass(frozen=True, slots=True)
class RateCase:
    """A URDB tariff, a year of energy [kWh] and how to bill it."""

    name: str
    tariff: dict[str, Any]
    import_kwh: NDArray[np.float64]
    export_kwh: NDArray[np.float64]
    metering: str
    tiers: str


def finer_load(
    random: np.random.Generator, import_kwh: NDArray[np.float64], export_kwh: NDArray[np.float64], per_hour: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The hours cut into parts that sum to them; both registers may run within one interval."""
    parts = random.dirichlet(np.full(per_hour, 4.0), (2, HOURS))
    sums = zip((import_kwh, export_kwh), parts, strict=True)
    drawn, fed_in = (np.round(hourly[:, None] * part, 5).ravel() for hourly, part in sums)
    both = np.where(random.random(len(drawn)) < 0.2, np.round(random.uniform(0, 0.3, len(drawn)), 4), 0.0)
    return drawn + both, fed_in + both


def random_load(random: np.random.Generator) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """A household or a business with or without a plant; import and export are never both above 0."""
    hour = np.arange(HOURS)
    size = float(random.choice([0.6, 1.5, 12.0, 160.0]))
    daily = 1 + 0.6 * np.sin((hour % 24 - random.integers(5, 15)) / 24 * 2 * np.pi)
    yearly = 1 + 0.4 * np.cos((hour - random.integers(0, HOURS)) / HOURS * 2 * np.pi)
    load = size * daily * yearly * random.gamma(2.0, 0.5, HOURS)
    if random.random() < 0.15:
        load[random.integers(0, 300) : random.integers(700, 2200)] = 0.0
    sun = np.maximum(0, np.sin((hour % 24 - 6) / 12 * np.pi)) * (1 + 0.5 * np.sin((hour / HOURS - 0.25) * 2 * np.pi))
    plant = size * float(random.choice([0.0, 1.0, 3.0, 8.0])) * sun * random.uniform(0.1, 1.0, HOURS)
    net = np.round(load - plant, 4)
    return np.maximum(net, 0), np.maximum(-net, 0)


def random_case(seed: int) -> RateCase:
    """One case; the same for the same seed."""
    random = np.random.default_rng(seed)
    import_kwh, export_kwh = random_load(random)
    metering, tiers = METERING[seed % len(METERING)]
    tariff: dict[str, Any] = {"name": f"random {seed}", "utility": "nobody"}
    tariff |= _energy(random, float(import_kwh.sum()) / 12)
    tariff |= _fixed(random) | _minimum(random, float(import_kwh.sum()) / 12)
    if random.random() < 0.5:
        tariff |= _flat_demand(random, float(import_kwh.max()))
    if random.random() < 0.5:
        tariff |= _demand_by_time(random, float(import_kwh.max()))
    per_hour = int(random.choice([1, 1, 2, 4]))
    if random.random() < 0.5 or per_hour > 1:
        import_kwh, export_kwh = finer_load(random, import_kwh, export_kwh, per_hour)
    return RateCase(f"random {seed}", tariff, import_kwh, export_kwh, metering, tiers)


def _energy(random: np.random.Generator, monthly_kwh: float) -> dict[str, Any]:
    periods, tiers = int(random.integers(1, 7)), int(random.choice([1, 1, 2, 3, 4]))
    unit = str(random.choice(ENERGY_UNITS, p=[0.4, 0.25, 0.25, 0.1]))
    typical = {"kWh": monthly_kwh, "kWh daily": monthly_kwh / 30, "kWh/kW": 250.0, "kWh/kW daily": 8.0}[unit]
    limits = np.sort(np.round(random.uniform(0.1, 1.4, tiers - 1) * typical, 3)).tolist()
    closed = tiers > 1 and random.random() < 0.15
    if closed:
        limits.append(round(typical * float(random.uniform(1.5, 2.0)), 3))
    steps = unit == "kWh/kW" and random.random() < 0.3
    inside = int(random.integers(1, tiers + 1))
    step_units = ["kWh" if 1 <= place <= inside else "kWh/kW" for place in range(tiers)]
    step_limits = np.sort(random.uniform(50.0, 600.0, tiers)).tolist()
    structure = []
    for _ in range(periods):
        rates = np.round(random.uniform(0.03, 0.5, tiers), 5)
        row = []
        for place, rate in enumerate(rates.tolist()):
            tier: dict[str, Any] = {"rate": rate, "unit": unit}
            if place < len(limits):
                tier["max"] = limits[place]
            if steps and place:
                # Steps in kWh inside a block that a limit per kW makes, as some utilities write them.
                tier |= {"unit": step_units[place]}
                if place < len(limits) and step_units[place] == "kWh":
                    tier["max"] = round(step_limits[place], 2)
            if random.random() < 0.4:
                tier["adj"] = round(float(random.uniform(-0.05, 0.05)), 5)
            if random.random() < 0.6:
                tier["sell"] = round(float(random.uniform(0, 0.3)), 5)
            row.append(tier)
        structure.append(row)
    weekday, weekend = _grids(random, periods)
    return {"energyratestructure": structure, "energyweekdayschedule": weekday, "energyweekendschedule": weekend}


def _grids(random: np.random.Generator, periods: int) -> tuple[list[list[int]], list[list[int]]]:
    """A year's schedule, of seasons with steps by hour, or of periods strewn at random."""
    if random.random() < 0.2:
        return random.integers(0, periods, (12, 24)).tolist(), random.integers(0, periods, (12, 24)).tolist()
    summer = {int(m) for m in random.choice(12, size=int(random.integers(0, 7)), replace=False)}
    days = []
    for _ in range(2):
        seasons = [[0] * 24, [0] * 24]
        for season in seasons:
            cuts = sorted(random.integers(0, 25, int(random.integers(0, 4))).tolist())
            for start, end in zip([0, *cuts], [*cuts, 24], strict=True):
                season[start:end] = [int(random.integers(0, periods))] * (end - start)
        days.append([list(seasons[month in summer]) for month in range(12)])
    return days[0], days[1]


def _fixed(random: np.random.Generator) -> dict[str, Any]:
    kind = int(random.integers(0, 4))
    amount = round(float(random.uniform(0.2, 30)), 3)
    if kind == 0:
        return {}
    if kind == 1:
        return {"fixedmonthlycharge": amount}
    return {"fixedchargefirstmeter": amount, "fixedchargeunits": str(random.choice(SPANS))}


def _minimum(random: np.random.Generator, monthly_kwh: float) -> dict[str, Any]:
    kind = int(random.integers(0, 5))
    amount = round(float(random.uniform(0.02, 0.3)) * monthly_kwh, 2)
    if kind == 0:
        return {"minmonthlycharge": amount}
    if kind == 1:
        return {"annualmincharge": round(amount * 12, 2)}
    if kind == 2:
        unit = str(random.choice(SPANS))
        scale = {"$/month": 1.0, "$/day": 1 / 30, "$/year": 12.0}[unit]
        return {"mincharge": round(amount * scale, 3), "minchargeunits": unit}
    if kind == 3:
        return {"minmonthlycharge": amount, "annualmincharge": round(amount * 13, 2)}
    return {}


def _power_tiers(random: np.random.Generator, peak_kw: float, periods: int, same_limits: bool) -> list[list[dict[str, Any]]]:
    tiers = int(random.choice([1, 1, 2, 3]))
    structure = []
    limits = np.sort(np.round(random.uniform(0.1, 1.0, tiers - 1) * peak_kw, 2)).tolist()
    for _ in range(periods):
        if not same_limits:
            limits = np.sort(np.round(random.uniform(0.1, 1.0, tiers - 1) * peak_kw, 2)).tolist()
        row = []
        for place in range(tiers):
            tier: dict[str, Any] = {"rate": round(float(random.uniform(0, 20)), 3)}
            if place < len(limits):
                tier["max"] = limits[place]
            if random.random() < 0.3:
                tier["adj"] = round(float(random.uniform(-1, 1)), 3)
            row.append(tier)
        structure.append(row)
    return structure


def _flat_demand(random: np.random.Generator, peak_kw: float) -> dict[str, Any]:
    periods = int(random.integers(1, 4))
    structure = _power_tiers(random, peak_kw, periods, same_limits=False)
    months = random.integers(0, periods, 12).tolist()
    return {"flatdemandunit": "kW", "flatdemandstructure": structure, "flatdemandmonths": months}


def _demand_by_time(random: np.random.Generator, peak_kw: float) -> dict[str, Any]:
    periods = int(random.integers(1, 5))
    weekday, weekend = _grids(random, periods)
    return {
        "demandrateunit": "kW",
        "demandratestructure": _power_tiers(random, peak_kw, periods, same_limits=True),
        "demandweekdayschedule": weekday,
        "demandweekendschedule": weekend,
    }
