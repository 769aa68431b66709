"""Tariffs of kinds that utilities have, invented by seed: seasons with limits and units of their own, hours of use, lifelines, ratchets.

`random_tariffs.py` strews every combination evenly; here each tariff is of one kind, with the keys, the gaps and the oddities that files of
that kind have. `case_of_kind(kind, seed)` is the same for the same seed.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from benchmarks.load_kinds import LOADS, Energy
from benchmarks.random_tariffs import METERING, RateCase, finer_load

Tariff = dict[str, Any]
Random = np.random.Generator
Tiers = list[dict[str, Any]]
MONTHS, HOURS = 12, 24
SUMMER = range(5, 9)


def case_of_kind(kind: str, seed: int) -> RateCase:
    """A tariff of a kind over a year of some load, metered in one of the ways."""
    random = np.random.default_rng([seed, *kind.encode()])
    load = str(random.choice(list(LOADS)))
    import_kwh, export_kwh = LOADS[load](random)
    metering, tiers = METERING[seed % len(METERING)]
    tariff = {"name": f"{kind} {seed}"} | KINDS[kind](random, Energy(import_kwh, export_kwh))
    per_hour = int(random.choice([1, 1, 2, 4]))
    if per_hour > 1:
        import_kwh, export_kwh = finer_load(random, import_kwh, export_kwh, per_hour)
    return RateCase(f"{kind} {seed}, {load}", tariff, import_kwh, export_kwh, metering, tiers)


def price(random: Random, low: float = 0.03, high: float = 0.5) -> float:
    return round(float(random.uniform(low, high)), 5)


def tiers_of(random: Random, count: int, unit: str, typical: float, *, sells: bool = True, falling: bool = False) -> Tiers:
    """Tiers of rising limits around what is typical; prices rise, or fall as they do for large users."""
    limits = np.sort(np.round(random.uniform(0.1, 1.5, count - 1) * typical, 3)).tolist()
    prices = sorted((price(random) for _ in range(count)), reverse=falling)
    found: Tiers = []
    for place, rate in enumerate(prices):
        tier: dict[str, Any] = {"rate": rate, "unit": unit}
        tier |= {"max": limits[place]} if place < count - 1 else {}
        tier |= {"sell": price(random, 0, 0.2)} if sells else {}
        found.append(tier)
    return found


def priced_like(random: Random, tiers: Tiers) -> Tiers:
    """The same limits at other prices: another period of the same months."""
    return [tier | {"rate": price(random), "sell": price(random, 0, 0.2)} for tier in tiers]


def grid(by_month: Callable[[int], list[int]]) -> list[list[int]]:
    return [by_month(month) for month in range(MONTHS)]


def day_of(base: int, *blocks: tuple[int, int, int]) -> list[int]:
    """24 periods: `base`, and (from hour, to hour, period) on top."""
    hours = [base] * HOURS
    for start, end, period in blocks:
        hours[start:end] = [period] * (end - start)
    return hours


def energy(structure: list[Tiers], weekday: list[list[int]], weekend: list[list[int]] | None = None) -> Tariff:
    return {
        "energyratestructure": structure,
        "energyweekdayschedule": weekday,
        "energyweekendschedule": weekday if weekend is None else weekend,
    }


def one_period(tiers: Tiers) -> Tariff:
    return energy([tiers], grid(lambda month: day_of(0)))


def two_seasons(winter: list[Tiers], summer: list[Tiers]) -> Tariff:
    """Each season with time of use of its own, weekends wholly in its first period."""
    first = len(winter)

    def weekday(month: int) -> list[int]:
        base, count = (first, len(summer)) if month in SUMMER else (0, first)
        return day_of(base, *[(7 + 4 * place, 11 + 4 * place, base + place) for place in range(1, count)])

    return energy([*winter, *summer], grid(weekday), grid(lambda month: day_of(first if month in SUMMER else 0)))


def plain(random: Random, load: Energy) -> Tariff:
    return one_period([{"rate": price(random), "adj": price(random, -0.02, 0.02)}]) | {
        "fixedchargefirstmeter": price(random, 0.1, 1.5),
        "fixedchargeunits": "$/day",
    }


def seasons_with_other_blocks(random: Random, load: Energy) -> Tariff:
    """Winter has more tiers than summer, at limits of its own."""
    winter = tiers_of(random, int(random.integers(2, 5)), "kWh", load.monthly_kwh)
    summer = tiers_of(random, int(random.integers(1, 4)), "kWh", load.monthly_kwh)
    return two_seasons([winter], [summer]) | {"fixedmonthlycharge": 11.25, "minmonthlycharge": 18}


def baseline_by_day(random: Random, load: Energy) -> Tariff:
    """A daily baseline in both seasons, a peak price in summer, a minimum by the day."""
    winter = tiers_of(random, 2, "kWh daily", load.monthly_kwh / 30)
    summer = tiers_of(random, 2, "kWh daily", load.monthly_kwh / 30)
    return two_seasons([winter, priced_like(random, winter)], [summer, priced_like(random, summer)]) | {
        "mincharge": 0.34511,
        "minchargeunits": "$/day",
    }


def hours_of_use(random: Random, load: Energy) -> Tariff:
    """Falling prices by hours of use of the month's peak."""
    tiers = tiers_of(random, int(random.integers(2, 5)), "kWh/kW", 300.0, falling=True)
    return one_period(tiers) | flat_demand(random, load, 1) | {"fixedchargefirstmeter": 85, "fixedchargeunits": "$/month"}


def hours_of_use_by_season(random: Random, load: Energy) -> Tariff:
    """Hours of use in winter, plain blocks in summer."""
    winter = tiers_of(random, 3, "kWh/kW", 250.0, falling=True)
    summer = tiers_of(random, int(random.integers(1, 4)), "kWh", load.monthly_kwh)
    return two_seasons([winter, priced_like(random, winter)], [summer, priced_like(random, summer)])


def hours_of_use_by_day(random: Random, load: Energy) -> Tariff:
    tiers = tiers_of(random, 3, "kWh/kW daily", 9.0)
    return two_seasons([tiers, priced_like(random, tiers)], [priced_like(random, tiers)])


def steps_inside_a_block(random: Random, load: Energy) -> Tariff:
    """200 kWh/kW first, the next block with steps in kWh."""
    low, high = sorted(np.round(random.uniform(0.2, 2.0, 2) * load.monthly_kwh, 1).tolist())
    tiers = [
        {"rate": price(random), "unit": "kWh/kW", "max": 200},
        {"rate": price(random), "unit": "kWh/kW", "max": 400},
        {"rate": price(random), "unit": "kWh", "max": low},
        {"rate": price(random), "unit": "kWh", "max": high},
        {"rate": price(random), "unit": "kWh/kW"},
    ]
    return one_period(tiers) | {"annualmincharge": round(load.monthly_kwh * 1.1, 2)}


def lifeline(random: Random, load: Energy) -> Tariff:
    """The first kWh cost nothing; the minimum is below what most months cost."""
    tiers = [{"rate": 0, "max": round(load.monthly_kwh / 3, 1), "unit": "kWh"}, {"rate": price(random), "unit": "kWh", "sell": 0.05}]
    return one_period(tiers) | {"minmonthlycharge": 6.5, "annualmincharge": round(load.monthly_kwh * 0.9, 2)}


def midday_for_nothing(random: Random, load: Energy) -> Tariff:
    """Negative at noon in spring, dear in the evening, buying back at a part of it."""
    structure = [[{"rate": 0.21, "sell": 0.09}], [{"rate": -price(random, 0.01, 0.3), "sell": -0.02}], [{"rate": 0.62, "sell": 0.4}]]
    spring = range(2, 6)
    weekday = grid(lambda month: day_of(0, (11, 15, 1 if month in spring else 0), (17, 21, 2)))
    return energy(structure, weekday, grid(lambda month: day_of(0, (10, 16, 1 if month in spring else 0)))) | {
        "fixedchargefirstmeter": 144,
        "fixedchargeunits": "$/year",
    }


def each_month_its_own(random: Random, load: Energy) -> Tariff:
    """Twelve months with prices and limits of their own; a night price besides."""
    structure: list[Tiers] = []
    for _ in range(MONTHS):
        tiers = tiers_of(random, int(random.integers(1, 4)), "kWh", load.monthly_kwh)
        structure += [tiers, priced_like(random, tiers)]
    return energy(structure, grid(lambda month: day_of(2 * month, (6, 22, 2 * month + 1))))


def weekend_only(random: Random, load: Energy) -> Tariff:
    """Weekends cheap and in blocks; the periods of weekdays are never in use on them, and one never at all."""
    tiers = tiers_of(random, 2, "kWh", load.monthly_kwh)
    structure = [priced_like(random, tiers), priced_like(random, tiers), tiers, [{"rate": 9.99, "sell": 9.99}]]
    return energy(structure, grid(lambda month: day_of(0, (8, 20, 1))), grid(lambda month: day_of(2))) | (
        {"mincharge": round(load.monthly_kwh * 1.4, 2), "minchargeunits": "$/year"}
    )


def selling_above_buying(random: Random, load: Energy) -> Tariff:
    """A sell rate by tier, above the price of energy; no other charge."""
    tiers = tiers_of(random, 3, "kWh", load.monthly_kwh)
    return one_period([tier | {"sell": tier["rate"] + place / 10} for place, tier in enumerate(tiers)])


def limits_beyond_all(random: Random, load: Energy) -> Tariff:
    """Limits that nobody reaches, and the numbers that stand for none."""
    tiers = [
        {"rate": price(random), "max": 1e9, "unit": "kWh"},
        {"rate": price(random), "max": 9.99e37, "unit": "kWh"},
        {"rate": 5, "max": 1e38, "unit": "kWh"},
    ]
    return one_period(tiers) | flat_demand(random, load, 2, last=1e38)


def tiny_limits(random: Random, load: Energy) -> Tariff:
    """Limits of 0 and of less than any hour draws."""
    tiers = [{"rate": price(random), "max": limit, "unit": "kWh"} for limit in (0, 0.001, 1)]
    return one_period([*tiers, {"rate": price(random), "unit": "kWh", "sell": 0.03}])


def flat_demand(random: Random, load: Energy, periods: int, last: float | None = None) -> Tariff:
    structure = []
    for place in range(periods):
        limits = np.sort(np.round(random.uniform(0.05, 1.1, place + 1) * load.peak_kw, 2)).tolist()
        steps = [{"rate": price(random, 0, 20), "max": limit, "unit": "kW"} for limit in limits]
        end = {} if last is None else {"max": last}
        structure.append([*steps, {"rate": price(random, 0, 20), "adj": price(random, -1, 1)} | end])
    return {
        "flatdemandunit": "kW",
        "flatdemandstructure": structure,
        "flatdemandmonths": [month * periods // MONTHS for month in range(MONTHS)],
    }


def demand_by_month(random: Random, load: Energy) -> Tariff:
    """A flat demand charge of another structure in each quarter of the year."""
    return one_period([{"rate": 0.06, "sell": 0.04}]) | flat_demand(random, load, 4)


def demand_by_season_and_hour(random: Random, load: Energy) -> Tariff:
    """On-peak power in summer in two steps, all hours in winter in one; a flat charge and a yearly minimum besides."""
    step = round(load.peak_kw * 0.4, 2)
    summer_on = [{"rate": 14.3, "max": step}, {"rate": 19.1}]
    summer_off = [{"rate": 4.1, "max": step}, {"rate": 3.3, "adj": 0.25}]
    structure = [[{"rate": 6.21}], summer_off, summer_on]
    weekday = grid(lambda month: day_of(1, (12, 18, 2)) if month in SUMMER else day_of(0))
    weekend = grid(lambda month: day_of(1 if month in SUMMER else 0))
    return (
        one_period([{"rate": 0.08}])
        | flat_demand(random, load, 1)
        | {
            "demandrateunit": "kW",
            "demandratestructure": structure,
            "demandweekdayschedule": weekday,
            "demandweekendschedule": weekend,
            "annualmincharge": round(load.peak_kw * 150, 2),
        }
    )


def power_at_some_hours_only(random: Random, load: Energy) -> Tariff:
    """Power counts on weekday evenings; everything else is of a period at no price."""
    step = round(load.peak_kw / 2, 2)
    structure = [[{"rate": 0, "max": step}, {"rate": 0}], [{"rate": price(random, 5, 25), "max": step}, {"rate": 31.5}]]
    return one_period([{"rate": 0.11, "sell": 0.11}]) | {
        "demandrateunit": "kW",
        "demandratestructure": structure,
        "demandwindow": 15,
        "demandweekdayschedule": grid(lambda month: day_of(0, (16, 21, 1))),
        "demandweekendschedule": grid(lambda month: day_of(0)),
    }


def keys_nobody_bills(random: Random, load: Energy) -> Tariff:
    """Coincident and reactive charges, fuel by the month, a ratchet that looks at no month: all listed, none billed."""
    return demand_by_month(random, load) | {
        "lookbackpercent": 0.8,
        "lookbackrange": 0,
        "lookbackmonths": [False] * 12,
        "coincidentratestructure": [[{"rate": 12.0}]],
        "coincidentrateunit": "kW",
        "coincidentrateschedule": grid(lambda month: day_of(0)),
        "demandreactivepowercharge": 0.55,
        "fueladjustmentsmonthly": [0.01] * MONTHS,
        "demandratchetpercentage": [0.5] * MONTHS,
        "peakkwcapacitymin": 20,
        "peakkwcapacitymax": 500,
        "voltagecategory": "Primary",
        "phasewiring": "3-Phase",
        "fixedchargeeaaddl": 4.0,
        "energyattrs": [{"season": "all"}],
        "energycomments": "none",
        "approved": True,
        "is_default": False,
        "enddate": None,
    }


def power_of_months_before(random: Random, load: Energy) -> Tariff:
    """A ratchet on flat power, on power by the hour or on both; hours of use count by it too."""
    base = hours_of_use(random, load) if random.random() < 0.4 else demand_by_month(random, load)
    kind = int(random.integers(0, 3))
    if kind != 0:
        base |= {key: value for key, value in demand_by_season_and_hour(random, load).items() if key.startswith("demand")}
    if kind == 1:
        base = {key: value for key, value in base.items() if not key.startswith("flatdemand")}
    named = (random.random(MONTHS) < 0.4).tolist()
    looks = [
        {"lookbackrange": int(random.integers(1, 13))},
        {"lookbackrange": 0, "lookbackmonths": named},
        {"lookbackrange": int(random.integers(1, 13)), "lookbackmonths": named},
    ]
    return base | {"lookbackpercent": round(float(random.uniform(0.3, 1)), 2)} | looks[int(random.integers(0, 3))]


def keys_that_are_null(random: Random, load: Energy) -> Tariff:
    """What a database writes of fields that nobody filled in."""
    return one_period([{"rate": price(random), "max": None, "adj": None, "sell": None, "unit": None}]) | {
        "fixedchargefirstmeter": None,
        "fixedchargeunits": None,
        "fixedmonthlycharge": 7.5,
        "mincharge": None,
        "minchargeunits": None,
        "minmonthlycharge": 9,
        "flatdemandstructure": None,
        "flatdemandmonths": None,
        "demandratestructure": None,
        "demandweekdayschedule": None,
        "demandweekendschedule": None,
    }


def older_and_newer_names(random: Random, load: Energy) -> Tariff:
    """Both names of one charge: the newer counts."""
    return one_period(tiers_of(random, 2, "kWh", load.monthly_kwh)) | {
        "fixedmonthlycharge": 99,
        "fixedchargefirstmeter": 0.25,
        "fixedchargeunits": "$/day",
        "minmonthlycharge": 500,
        "mincharge": round(load.monthly_kwh * 0.2, 2),
        "minchargeunits": "$/month",
    }


def credit_each_month(random: Random, load: Energy) -> Tariff:
    """A rebate as a standing amount below nothing, and a minimum of nothing."""
    return one_period(tiers_of(random, 2, "kWh", load.monthly_kwh)) | {
        "fixedchargefirstmeter": -12.5,
        "fixedchargeunits": "$/month",
        "mincharge": 0,
        "minchargeunits": "$/month",
    }


def periods_of_four_days_a_year(random: Random, load: Energy) -> Tariff:
    """Other periods before and after each change of months, so that what net metering carries over finds none, or another."""
    tiers = tiers_of(random, 2, "kWh", load.monthly_kwh)
    structure = [priced_like(random, tiers) for _ in range(6)]
    weekday = grid(lambda month: day_of(month % 6, (5, 12, (month + 2) % 6), (12, 17, (month * 5) % 6)))
    return energy(structure, weekday, grid(lambda month: day_of((month + 3) % 6)))


def seasons_of_other_tier_counts_netted(random: Random, load: Energy) -> Tariff:
    """Closed last limits in winter, open ones in summer; surplus goes from one to the other."""
    winter = tiers_of(random, 2, "kWh", load.monthly_kwh)
    winter[-1]["max"] = round(load.monthly_kwh * 60, 1)
    summer = tiers_of(random, 4, "kWh daily", load.monthly_kwh / 30)
    return two_seasons([winter, priced_like(random, winter)], [summer, priced_like(random, summer)])


KINDS: Mapping[str, Callable[[Random, Energy], Tariff]] = {
    kind.__name__.replace("_", " "): kind
    for kind in (
        plain,
        seasons_with_other_blocks,
        baseline_by_day,
        hours_of_use,
        hours_of_use_by_season,
        hours_of_use_by_day,
        steps_inside_a_block,
        lifeline,
        midday_for_nothing,
        each_month_its_own,
        weekend_only,
        selling_above_buying,
        limits_beyond_all,
        tiny_limits,
        demand_by_month,
        demand_by_season_and_hour,
        power_at_some_hours_only,
        keys_nobody_bills,
        power_of_months_before,
        keys_that_are_null,
        older_and_newer_names,
        credit_each_month,
        periods_of_four_days_a_year,
        seasons_of_other_tier_counts_netted,
    )
}
