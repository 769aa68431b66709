"""A tariff's parts in words, one sentence each: for who decides on a tariff and reads no JSON."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from billing.domain.pricing.hours_in_words import hours_in_words
from billing.domain.pricing.parts import (
    Capacity,
    Demand,
    Discount,
    Energy,
    Export,
    Incentive,
    Levy,
    Local,
    Minimum,
    Part,
    PeakMultiplier,
    Period,
    Reactive,
    Spot,
    Standing,
    Tier,
    Vat,
)
from billing.domain.pricing.reactive import cos_phi
from billing.domain.pricing.windows import Schedule

TIER_WORDS = {
    "month": "kWh a month", "day": "kWh a day", "kw": "kWh per kW of the month's peak", "kw_day": "kWh a day per kW of the month's peak",
}  # fmt: skip
MEASURES = {
    "highest": "the month's highest quarter hour", "mean_of_three": "the mean of the month's three highest quarter hours",
    "coincident": "the power drawn when the microgrid had its peak",
}  # fmt: skip
EXPORT_RULES = {
    "net_metering": "kWh fed in are set off against kWh drawn in the same period", "net_billing": "paid for what is fed in",
    "feed_in": "paid for what is fed in", "buy_all_sell_all": "the whole production is sold and the whole use bought",
}  # fmt: skip
LOCAL_RULES = {
    "mid_market": "at the middle between retail and feed-in price", "supply_demand_ratio": "at the supply-demand ratio's price",
    "bill_sharing": "at the community's shared cost", "auction": "at the auction's price",
}  # fmt: skip
FALLBACKS = {
    "last_week": "the same quarter hour a week before", "day_before": "the same quarter hour of the day before",
    "fixed": "the version's price of energy per kWh",
}  # fmt: skip


def plain(number: Decimal) -> str:
    """A number without trailing zeros."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def part_in_words(part: Part, currency: str) -> str:
    """What one part says."""
    return WRITERS[type(part)](part, currency)


def prices_in_words(tiers: tuple[Tier, ...], currency: str, per: str, unit: str = "") -> str:
    """A price, or the steps of prices: `0.30 up to 200 kWh a month, then 0.34 EUR per kWh`."""
    said = []
    for place, tier in enumerate(tiers):
        last = place == len(tiers) - 1
        limit = "" if tier.up_to is None else f" up to {plain(tier.up_to)} {unit or TIER_WORDS[tier.unit]}"
        said.append(
            f"{'then ' if place else ''}{plain(tier.price)}{f' {currency} per {per}' if last else ''}{limit}"
        )
    return ", ".join(said)


def _periods(periods: tuple[Period, ...], schedule: Schedule, currency: str, per: str, unit: str = "") -> str:
    if len(periods) == 1:
        return prices_in_words(periods[0].tiers, currency, per, unit)
    grid = schedule.grid()
    return "; ".join(
        f"{period.name} {prices_in_words(period.tiers, currency, per, unit)}"
        f"{f' ({hours_in_words(grid == place)})' if (grid == place).any() else ' (never)'}"
        for place, period in enumerate(periods)
    )


def _energy(part: Energy, currency: str) -> str:
    rule = ""
    if any(len(period.tiers) > 1 for period in part.periods):
        rule = (
            ", tiers filled as energy is drawn"
            if part.tier_rule == "chronological"
            else ", tiers spread over the periods"
        )
    return f"Energy: {_periods(part.periods, part.schedule, currency, 'kWh')}{rule}"


def _peak(part: PeakMultiplier, currency: str) -> str:
    peaks = ", ".join(f"{name} x {plain(times)}" for name, times in part.multipliers)
    return f"Energy: {plain(part.base_price)} {currency} per kWh, {peaks}"


def _spot(part: Spot, currency: str) -> str:
    bounds = [] if part.floor is None else [f"at least {plain(part.floor)}"]
    bounds += [] if part.cap is None else [f"at most {plain(part.cap)}"]
    factors = [f"x {plain(part.surplus_factor)} while the village has more than it needs"] * (
        part.surplus_factor != 1
    )
    factors += [f"x {plain(part.scarce_factor)} while the grid is near its limit"] * (part.scarce_factor != 1)
    more = "".join(f", {word}" for word in [*factors, *bounds])
    return (
        f"Energy at the index '{part.index}': {plain(part.factor)} x index + {plain(part.margin)} {currency} per kWh{more}; "
        f"where the index is missing, {FALLBACKS[part.fallback]}"
    )  # fmt: skip


def _local(part: Local, currency: str) -> str:
    if part.rule == "discount":
        return f"Energy from neighbours at {plain(part.share * 100)} % of the own grid price"
    return f"Energy from neighbours {LOCAL_RULES[part.rule]}"


def _demand(part: Demand, currency: str) -> str:
    if part.months:
        months = ", ".join(
            f"{period.name} {prices_in_words(period.tiers, currency, 'kW', 'kW')}" for period in part.periods
        )
        said = f"{months}, by calendar month"
    else:
        said = _periods(part.periods, part.schedule, currency, "kW", "kW")
    ratchet = (
        f", at least {plain(part.ratchet_percent)} % of the highest of {part.ratchet_months} months before"
        if part.ratchet_months and part.ratchet_percent
        else ""
    )
    return f"Power, {MEASURES[part.measure]}: {said}{ratchet}"


def _capacity(part: Capacity, currency: str) -> str:
    steps = ", ".join(f"{plain(amount)} up to {size} A" for size, amount in part.steps)
    return f"Connection by fuse: {steps} ({currency} a month)"


def _export(part: Export, currency: str) -> str:
    prices = f": {_periods(part.periods, part.schedule, currency, 'kWh')}" if part.periods else ""
    carry = ""
    if part.rule == "net_metering":
        carry = ", surplus waits for later months" if part.carry else ", surplus is lost at the month's end"
        if part.year_end_price:
            carry += f", what is left in December is paid at {plain(part.year_end_price)} {currency} per kWh"
    return f"Feeding in: {EXPORT_RULES[part.rule]}{carry}{prices}"


def _incentive(part: Incentive, currency: str) -> str:
    when = (
        "received from neighbours"
        if part.basis == "local"
        else f"drawn {hours_in_words(part.schedule.grid() > 0)}"
    )
    return f"Thank-you: {plain(part.price)} {currency} for each kWh {when}"


def _levy(part: Levy, currency: str) -> str:
    charges = [f"{plain(part.price)} {currency} per kWh"] * bool(part.price)
    charges += [f"{plain(part.percent)} % of {_on(part.on)}"] * bool(part.percent)
    return f"Levy '{part.name}': {' and '.join(charges) or 'nothing'}"


def _discount(part: Discount, currency: str) -> str:
    charges = [f"{plain(part.percent)} % off {_on(part.on)}"] * bool(part.percent)
    charges += [f"{plain(part.amount_per_month)} {currency} off a month"] * bool(part.amount_per_month)
    return f"Discount '{part.name}': {' and '.join(charges) or 'nothing'}"


def _on(kinds: tuple[str, ...]) -> str:
    return ", ".join(kinds) if kinds else "everything"


def _reactive(part: Reactive, currency: str) -> str:
    free = f"{plain(part.free_share * 100)} % of the active energy (cos phi {cos_phi(part.free_share):.2f})"
    return f"Reactive energy: {plain(part.price)} {currency} per kvarh above {free}"


def _vat(part: Vat, currency: str) -> str:
    return f"VAT {plain(part.rate * 100)} % on {_on(part.on)}, {part.treatment.replace('_', ' ')}"


def _standing(part: Standing, currency: str) -> str:
    return f"Standing charge: {plain(part.amount)} {currency} a {part.per}"


def _minimum(part: Minimum, currency: str) -> str:
    return f"At least {plain(part.amount)} {currency} a {part.per}, before VAT"


# Each writer takes the kind it stands for; the key says so, types cannot.
WRITERS: dict[type[Part], Callable[[Any, str], str]] = {
    Standing: _standing, Energy: _energy, PeakMultiplier: _peak, Spot: _spot, Local: _local, Demand: _demand, Capacity: _capacity,
    Reactive: _reactive, Export: _export, Incentive: _incentive, Levy: _levy, Discount: _discount, Vat: _vat, Minimum: _minimum,
}  # fmt: skip
