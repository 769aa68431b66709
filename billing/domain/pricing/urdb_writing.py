"""Tariff parts as an OpenEI URDB object, and what of a tariff that format cannot say."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from billing.domain.pricing.engine import energy_parts
from billing.domain.pricing.parts import (
    KIND_OF,
    Demand,
    Energy,
    Export,
    Minimum,
    Part,
    PeakMultiplier,
    Period,
    PricedTariff,
    Span,
    Standing,
    Tier,
)
from billing.domain.pricing.urdb import LOOKBACK_OF_NAMED
from billing.domain.pricing.windows import Schedule, hours_of_schedule

UNITS = {"month": "kWh", "day": "kWh daily", "kw": "kWh/kW", "kw_day": "kWh/kW daily"}
SPANS: dict[Span, str] = {"day": "$/day", "month": "$/month", "year": "$/year"}
RULES = {"net_metering": "Net Metering", "net_billing": "Net Billing Hourly", "buy_all_sell_all": "Buy All Sell All"}
MINIMUM_KEYS: dict[Span, str] = {"month": "minmonthlycharge", "year": "annualmincharge"}


@dataclass(frozen=True, slots=True)
class UrdbObject:
    """The object, and the kinds of parts, or what of them, that it does not say."""

    data: dict[str, Any]
    left_out: tuple[str, ...]


def tariff_as_urdb(name: str, tariff: PricedTariff) -> UrdbObject:
    """Write what URDB knows; prices stay Decimal, so that the caller writes them as they are."""
    data: dict[str, Any] = {"name": name}
    left_out: list[str] = []
    energies, exports = energy_parts(tariff), tariff.of_kind(Export)
    export = exports[0] if exports else None
    for part in tariff.parts:
        if isinstance(part, Energy | PeakMultiplier):
            continue
        fault = _write(part, data)
        if fault:
            left_out.append(fault)
    left_out += _write_ratchet(tariff.of_kind(Demand), data)
    if energies:
        left_out += _write_energy(energies[0], export, data)
        left_out += ["energy: only the first part is written"] * (len(energies) > 1)
    return UrdbObject(data, tuple(dict.fromkeys(left_out)))


def _write(part: Part, data: dict[str, Any]) -> str | None:
    """Write one part; returns what could not be said."""
    if isinstance(part, Standing) and "fixedchargefirstmeter" not in data:
        data |= {"fixedchargefirstmeter": part.amount, "fixedchargeunits": SPANS[part.per]}
        return None
    if isinstance(part, Minimum):
        return _write_minimum(part, data)
    if isinstance(part, Export):
        if part.rule not in RULES:
            return f"export: the rule {part.rule}"
        data["dgrules"] = RULES[part.rule]
        return None
    if isinstance(part, Demand):
        return _write_demand(part, data)
    return KIND_OF[type(part)]


def _write_minimum(part: Minimum, data: dict[str, Any]) -> str | None:
    """A minimum by the day takes the place of one by the month."""
    key = "mincharge" if part.per == "day" else MINIMUM_KEYS[part.per]
    if key in data or (part.per != "year" and ("mincharge" in data or MINIMUM_KEYS["month"] in data)):
        return f"minimum: a further one by the {part.per}"
    data[key] = part.amount
    if part.per == "day":
        data["minchargeunits"] = SPANS["day"]
    return None


def _write_demand(part: Demand, data: dict[str, Any]) -> str | None:
    if part.measure != "highest":
        return f"demand: {part.measure}"
    if ("flatdemandstructure" if part.months else "demandratestructure") in data:
        return "demand: a further one by month or by time of use"
    structure = [[_power_tier(tier) for tier in period.tiers] for period in part.periods]
    if part.months:
        data |= {"flatdemandunit": "kW", "flatdemandstructure": structure, "flatdemandmonths": list(part.months)}
        return None
    grids = hours_of_schedule(part.schedule)
    if grids is None:
        return "demand: windows finer than hours, or days that are not weekdays and weekends"
    data |= {"demandrateunit": "kW", "demandratestructure": structure}
    data |= {"demandweekdayschedule": grids[0], "demandweekendschedule": grids[1]}
    return None


def _write_ratchet(demands: Sequence[Demand], data: dict[str, Any]) -> list[str]:
    """The one ratchet of all demand charges that are written; others cannot be said."""
    ratchets = {
        (part.ratchet_percent, part.ratchet_months, part.ratchet_of) if part.has_ratchet else None
        for part in demands
        if part.measure == "highest" and ("flatdemandstructure" if part.months else "demandratestructure") in data
    }
    if not ratchets - {None}:
        return []
    percent, months, of = next(ratchet for ratchet in ratchets if ratchet is not None)
    if len(ratchets) > 1 or percent > 100:
        return ["demand: a ratchet of more than 100 %, or not the same for all power"]
    data["lookbackpercent"] = percent / 100
    if of:
        data["lookbackmonths"] = [month in of for month in range(1, 13)]
    if not of or months != LOOKBACK_OF_NAMED:
        data["lookbackrange"] = months
    return []


def _power_tier(tier: Tier) -> dict[str, Any]:
    return {"rate": tier.price} | ({} if tier.up_to is None else {"max": tier.up_to})


def _write_energy(part: Energy, export: Export | None, data: dict[str, Any]) -> list[str]:
    grids = hours_of_schedule(part.schedule)
    if grids is None:
        return ["energy: windows finer than hours, or days that are not weekdays and weekends"]
    sells, faults = _sells(part, export)
    data["energyratestructure"] = [
        [_energy_tier(tier, sell) for tier, sell in zip(period.tiers, of_period, strict=True)]
        for period, of_period in zip(part.periods, sells, strict=True)
    ]
    data |= {"energyweekdayschedule": grids[0], "energyweekendschedule": grids[1]}
    return faults


def _energy_tier(tier: Tier, sell: Decimal) -> dict[str, Any]:
    found = {"rate": tier.price, "unit": UNITS[tier.unit]} | ({} if tier.up_to is None else {"max": tier.up_to})
    return found | ({"sell": sell} if sell else {})


def _sells(part: Energy, export: Export | None) -> tuple[list[list[Decimal]], list[str]]:
    """What each tier of the energy part sells at; an export of other periods than the energy's cannot be said."""
    nothing = [[Decimal(0)] * len(period.tiers) for period in part.periods]
    if export is None or not export.periods:
        return nothing, []
    if len(export.periods) == 1 and export.schedule == Schedule():
        return [[export.periods[0].tiers[0].price] * len(period.tiers) for period in part.periods], []
    if export.schedule != part.schedule or len(export.periods) != len(part.periods):
        return nothing, ["export: prices in other periods than the energy's"]
    return [_filled(sold, len(period.tiers)) for sold, period in zip(export.periods, part.periods, strict=True)], []


def _filled(period: Period, count: int) -> list[Decimal]:
    prices = [tier.price for tier in period.tiers][:count]
    return prices + [prices[-1]] * (count - len(prices))
