"""OpenEI URDB tariffs (version 7 and 8 of its API) as tariff parts, and what of a file is not billed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import pairwise
from typing import Any, Literal

from billing.domain.pricing.money import MOST_DECIMALS, is_too_fine
from billing.domain.pricing.parts import (
    Demand,
    Energy,
    Export,
    ExportRule,
    Minimum,
    Part,
    Period,
    PricedTariff,
    Span,
    Standing,
    Tier,
    TierRule,
    TierUnit,
)
from billing.domain.pricing.windows import Schedule, schedule_of_hours

Metering = Literal["none", "net-billing", "net-metering", "buy-all-sell-all"]
ENERGY_UNITS: dict[str, TierUnit] = {"kwh": "month", "kwh daily": "day", "kwh/kw": "kw", "kwh/kw daily": "kw_day"}
SPANS: dict[str, Span] = {"$/day": "day", "$/month": "month", "$/year": "year"}
SCHEDULES = {"energy": ("energyweekdayschedule", "energyweekendschedule"), "demand": ("demandweekdayschedule", "demandweekendschedule")}
SELLING: dict[str, ExportRule] = {"net-billing": "net_billing", "buy-all-sell-all": "buy_all_sell_all"}
MONTHS, HOURS = 12, 24
LOOKBACK = ("lookbackpercent", "lookbackrange", "lookbackmonths")
MOST_LOOKBACK = 24
MOST = Decimal("1e12")
SHOWN = 60
LOOKBACK_OF_NAMED = 11  # months before that count where a file only names months of the year


class CannotReadUrdb(ValueError):
    """The tariff cannot be billed; the message names the key, and says how to mend it."""


@dataclass(frozen=True, slots=True)
class UrdbTariff:
    """What a file says: the tariff, and the keys that no amount depends on."""

    tariff: PricedTariff
    ignored: tuple[str, ...]


def tariff_from_urdb(given: Mapping[str, Any], *, metering: Metering, tier_rule: TierRule) -> UrdbTariff:
    """The parts that a URDB object describes; its numbers should be Decimal.

    Raises:
        CannotReadUrdb: a key that is needed is missing or wrong.
    """
    used: set[str] = set()
    parts: list[Part] = [*_standing(given, used), *_energy(given, metering, tier_rule, used)]
    demands = [*_flat_demand(given, used), *_time_of_use_demand(given, used)]
    ratchet = _ratchet(given, used) if demands else {}
    parts += [*(replace(demand, **ratchet) for demand in demands), *_minimum(given, used)]
    ignored = [key for key in given if key not in used]
    ignored += _ignored_inside(given, used, metering)
    return UrdbTariff(PricedTariff(tuple(parts), "USD"), tuple(ignored))


def _standing(given: Mapping[str, Any], used: set[str]) -> list[Part]:
    amount = _amount(given, "fixedchargefirstmeter", used)
    if amount is not None:
        return [Standing(amount, _span(given, "fixedchargeunits", used))]
    amount = _amount(given, "fixedmonthlycharge", used)
    return [] if amount is None else [Standing(amount, "month")]


def _minimum(given: Mapping[str, Any], used: set[str]) -> list[Part]:
    parts: list[Part] = []
    amount = _amount(given, "mincharge", used)
    if amount is not None:
        parts.append(Minimum(amount, _span(given, "minchargeunits", used)))
    spans: dict[str, Span] = {"minmonthlycharge": "month", "annualmincharge": "year"}
    for key, per in spans.items():
        taken = any(isinstance(part, Minimum) and (part.per == "year") == (per == "year") for part in parts)
        older = None if taken else _amount(given, key, used)
        if older is not None:
            parts.append(Minimum(older, per))
    return parts


def _energy(given: Mapping[str, Any], metering: Metering, tier_rule: TierRule, used: set[str]) -> list[Part]:
    key = "energyratestructure"
    if given.get(key) is None:
        raise CannotReadUrdb(f"{key}: is missing; give the prices per kWh by period and tier")
    periods = _structure(given, key, used, "rate", ENERGY_UNITS)
    schedule = _schedule(given, "energy", len(periods), used)
    parts: list[Part] = [Energy(periods, schedule, tier_rule)]
    if metering in SELLING:
        parts.append(Export(SELLING[metering], _structure(given, key, used, "sell", ENERGY_UNITS), schedule))
    elif metering == "net-metering":
        parts.append(Export("net_metering"))
    return parts


def _flat_demand(given: Mapping[str, Any], used: set[str]) -> list[Demand]:
    """Flat demand holds where the file says in which months; a structure without months is not billed (as by PySAM)."""
    months = given.get("flatdemandmonths")
    if months is None:
        return []
    key = "flatdemandstructure"
    if given.get(key) is None:
        raise CannotReadUrdb(f"{key}: is missing, but flatdemandmonths is given; give the prices per kW")
    _check_power_unit(given, "flatdemandunit", used)
    periods = _structure(given, key, used, "rate", {"kw": "month"})
    if not isinstance(months, Sequence) or len(months) != MONTHS:
        raise CannotReadUrdb("flatdemandmonths: must be 12 numbers, one for each month")
    for place, period in enumerate(months, start=1):
        _check_period(period, len(periods), f"flatdemandmonths, month {place}", key)
    used.add("flatdemandmonths")
    return [Demand(periods, tuple(int(period) for period in months))]


def _time_of_use_demand(given: Mapping[str, Any], used: set[str]) -> list[Demand]:
    key = "demandratestructure"
    if given.get(key) is None:
        return []
    _check_power_unit(given, "demandrateunit", used)
    periods = _structure(given, key, used, "rate", {"kw": "month"})
    return [Demand(periods, schedule=_schedule(given, "demand", len(periods), used))]


def _ratchet(given: Mapping[str, Any], used: set[str]) -> dict[str, Any]:
    """The ratchet of all demand charges as fields of the part; nothing where the file gives no percentage or no months to look at.

    `lookbackrange` is how many months before count, `lookbackmonths` which months of the year; alone, of the eleven before.
    """
    # URDB's manual writes lookbackPercent, its answers lookbackpercent.
    keys = {key.lower(): key for key in given if key.lower() in LOOKBACK and given[key] is not None}
    percent, months, named = (keys.get(name) for name in LOOKBACK)
    share = Decimal(0) if percent is None else _number(given[percent], percent)
    if not 0 <= share <= 1:
        raise CannotReadUrdb(f"{percent}: is {_shown(share)}; give a part of 1, as 0.8 for 80 %")
    count = Decimal(0) if months is None else _number(given[months], months)
    if count != int(count) or not 0 <= count <= MOST_LOOKBACK:
        raise CannotReadUrdb(f"{months}: is {_shown(count)}; give a number of months, 0 to {MOST_LOOKBACK}")
    of = () if named is None else _lookback_months(given[named], named)
    if share and not count and not of:
        return {}
    used.update(keys.values())
    return {"ratchet_percent": share * 100, "ratchet_months": int(count) or LOOKBACK_OF_NAMED, "ratchet_of": of} if share else {}


def _lookback_months(given: Any, key: str) -> tuple[int, ...]:
    """The calendar months that a list of 12 times yes or no names."""
    if not isinstance(given, list) or len(given) != MONTHS or any(flag not in (0, 1) for flag in given):
        raise CannotReadUrdb(f"{key}: must be 12 times true or false, one for each month")
    return tuple(month for month, flag in enumerate(given, start=1) if flag)


def _structure(
    given: Mapping[str, Any], key: str, used: set[str], price: Literal["rate", "sell"], units: Mapping[str, TierUnit]
) -> tuple[Period, ...]:
    """Periods with their tiers; a tier's price is `rate + adj`, or `sell` alone."""
    structure = given[key]
    if not isinstance(structure, list) or not structure:
        raise CannotReadUrdb(f"{key}: must be a list of periods, each a list of tiers")
    used.add(key)
    periods = []
    for place, tiers in enumerate(structure):
        if not isinstance(tiers, list) or not tiers:
            raise CannotReadUrdb(f"{key}[{place}]: must be a list of tiers, at least one")
        read = tuple(_tier(tier, f"{key}[{place}][{number}]", price, units) for number, tier in enumerate(tiers))
        _check_rising(read, f"{key}[{place}]")
        periods.append(Period(f"period {place}", read))
    return tuple(periods)


def _check_rising(tiers: Sequence[Tier], where: str) -> None:
    for number, (below, above) in enumerate(pairwise(tiers), start=1):
        if below.unit == above.unit and (below.up_to or 0) > (above.up_to or Decimal("inf")):
            raise CannotReadUrdb(
                f"{where}[{number}].max: is {above.up_to}, below the tier before it ({below.up_to}); put tiers in rising order"
            )


def _tier(tier: Any, where: str, price: Literal["rate", "sell"], units: Mapping[str, TierUnit]) -> Tier:
    if not isinstance(tier, Mapping):
        raise CannotReadUrdb(f"{where}: must be an object with a rate")
    rate = _number(tier.get("rate"), f"{where}.rate", required=True)
    adjustment = _number(tier.get("adj"), f"{where}.adj")
    sell = _number(tier.get("sell"), f"{where}.sell")
    limit = None if tier.get("max") is None else _number(tier["max"], f"{where}.max")
    if limit is not None and limit < 0:
        raise CannotReadUrdb(f"{where}.max: is {_shown(limit)}; a limit must not be negative")
    unit = tier.get("unit")
    if unit is not None and (not isinstance(unit, str) or unit.lower() not in units):
        raise CannotReadUrdb(f"{where}.unit: is {_shown(unit)}; known are {', '.join(units)}")
    # Numbers that stand for "no limit" (1e38) are one.
    limit = None if limit is not None and limit >= Decimal("1e30") else limit
    return Tier(rate + adjustment if price == "rate" else sell, limit, units[unit.lower()] if unit else "month")


def _schedule(given: Mapping[str, Any], what: str, periods: int, used: set[str]) -> Schedule:
    grids = []
    for key in SCHEDULES[what]:
        rows = given.get(key)
        if rows is None:
            raise CannotReadUrdb(f"{key}: is missing; give 12 rows of 24 periods, one row for each month")
        if not isinstance(rows, list) or len(rows) != MONTHS:
            raise CannotReadUrdb(f"{key}: must have 12 rows, one for each month")
        for number, row in enumerate(rows, start=1):
            if not isinstance(row, list) or len(row) != HOURS:
                raise CannotReadUrdb(f"{key}, row {number}: must have 24 periods, one for each hour")
            for hour, period in enumerate(row):
                _check_period(period, periods, f"{key}, row {number}, hour {hour}", f"{what}ratestructure")
        used.add(key)
        grids.append([[int(period) for period in row] for row in rows])
    return schedule_of_hours(*grids)


def _check_period(period: Any, periods: int, where: str, structure: str) -> None:
    is_number = isinstance(period, int | Decimal) and not isinstance(period, bool)
    if not is_number or not 0 <= period < periods or period != int(period):
        raise CannotReadUrdb(f"{where}: is {_shown(period)}; {structure} has the periods 0 to {periods - 1}")


def _check_power_unit(given: Mapping[str, Any], key: str, used: set[str]) -> None:
    unit = given.get(key)
    if unit is not None and str(unit).lower() != "kw":
        raise CannotReadUrdb(f"{key}: is {_shown(unit)}; only kW can be billed, so give prices per kW")
    used.add(key)


def _span(given: Mapping[str, Any], key: str, used: set[str]) -> Span:
    unit = given.get(key) or "$/month"
    if not isinstance(unit, str) or unit not in SPANS:
        raise CannotReadUrdb(f"{key}: is {_shown(unit)}; known are {', '.join(SPANS)}")
    used.add(key)
    return SPANS[unit]


def _amount(given: Mapping[str, Any], key: str, used: set[str]) -> Decimal | None:
    if given.get(key) is None:
        return None
    used.add(key)
    return _number(given[key], key)


def _number(value: Any, where: str, required: bool = False) -> Decimal:
    if value is None:
        if required:
            raise CannotReadUrdb(f"{where}: is missing; give the price")
        return Decimal(0)
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise CannotReadUrdb(f"{where}: is {_shown(value)}; must be a number")
    number = Decimal(str(value))
    if not number.is_finite() or (number.copy_abs() >= MOST and not where.endswith(".max")):
        raise CannotReadUrdb(f"{where}: is {_shown(value)}; must be a finite number below {MOST:.0e}")
    if is_too_fine(number):
        raise CannotReadUrdb(f"{where}: has more than {MOST_DECIMALS} decimals; round it")
    return number


def _shown(value: Any) -> str:
    """What a message shows of a value, in one short piece."""
    text = str(value) if isinstance(value, Decimal) else repr(value)
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 3]}..."


def _ignored_inside(given: Mapping[str, Any], used: set[str], metering: Metering) -> list[str]:
    """Keys of tiers that no amount depends on, once each."""
    ignored: dict[str, None] = {}
    for key in ("energyratestructure", "flatdemandstructure", "demandratestructure"):
        billed = {"rate", "adj", "max", "unit"}
        billed |= {"sell"} if key == "energyratestructure" and metering in SELLING else set()
        if key in used:
            for tiers in given[key]:
                ignored |= {f"{key}[][].{name}": None for tier in tiers for name in tier if name not in billed}
    return list(ignored)
