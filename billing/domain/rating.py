"""Rating: from Wh per interval to lines with quantity, price and amount (domain rules, section 4).

Many sites at once, exact integers: a line's exact amount is a sum of `Wh x millionths per kWh`; it is rounded once, half away
from zero, to the minor unit.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
MICRO_PER_MINOR = 10_000_000  # Wh x millionths per kWh in one minor unit (a hundredth of a currency unit)
DAY_MICRO_PER_MINOR = 10_000  # millionths of a currency unit in one minor unit
LARGEST_EXACT = 2**62


class CannotRate(ValueError):
    """The readings or prices cannot be rated exactly; the message says why."""


@dataclass(frozen=True, slots=True)
class RatePlan:
    """Prices along one time axis of T intervals, for all sites that have the same tariff over the period.

    Attributes:
        group: int64 [T], index into `groups`.
        groups: version position and window name of each group.
        retail_micro, export_micro, incentive_micro, local_micro: int64 [T], millionths per kWh.
        standing: days and millionths per day of each version position.
        reference_micro: int64 [T], the published price of grid energy: what carried energy spared the cooperative.
    """

    group: Ints
    groups: list[tuple[int, str]]
    retail_micro: Ints
    export_micro: Ints
    incentive_micro: Ints
    local_micro: Ints
    standing: list[tuple[int, int]]
    reference_micro: Ints


@dataclass(frozen=True, slots=True)
class SiteEnergy:
    """What n sites did over T intervals [Wh], int64 [n, T]: drew, fed in, received from and delivered to neighbours, carried.

    Carried is grid energy that came out of the site's storage and was used at once.
    """

    import_wh: Ints
    export_wh: Ints
    received_wh: Ints
    delivered_wh: Ints
    carried_wh: Ints


@dataclass(frozen=True, slots=True)
class RatedLines:
    """One kind of line for n sites: quantity [Wh or days], exact sum, price shown and net amount, int64 [n] each."""

    component: str
    window: str
    unit: str
    quantity: Ints
    exact_micro: Ints
    price_micro: Ints
    net_minor: Ints


def round_half_away(exact: Ints, per_minor: int) -> Ints:
    """Round exact sums to minor units, half away from zero."""
    rounded: Ints = np.sign(exact) * ((np.abs(exact) + per_minor // 2) // per_minor)
    return rounded


def rate_bills(plan: RatePlan, energy: SiteEnergy) -> list[RatedLines]:
    """Rate what sites drew: standing charge, local and grid energy by window, incentive; in the order of a bill."""
    grid_wh = _rest(energy.import_wh, energy.received_wh, "received more from neighbours than it drew")
    sites = len(energy.import_wh)
    lines = [_standing(days, micro, sites) for days, micro in plan.standing if micro]
    for component, wh, price in (
        ("local", energy.received_wh, plan.local_micro),
        ("grid", grid_wh, plan.retail_micro),
    ):
        lines += [_energy_line(component, plan, g, wh, price) for g in range(len(plan.groups))]
    for within in _axis_by_version(plan):
        incentive = _sum_over(energy.received_wh[:, within], plan.incentive_micro[within])
        received = energy.received_wh[:, within].sum(axis=1)
        lines.append(_line("incentive", "", "Wh", np.where(incentive != 0, received, 0), -incentive))
    return lines


def rate_credits(plan: RatePlan, energy: SiteEnergy) -> list[RatedLines]:
    """Rate what sites delivered. The local line's amount is not rounded here but shared out over the whole run."""
    local = _line(
        "local_delivered",
        "",
        "Wh",
        energy.delivered_wh.sum(axis=1),
        _sum_over(energy.delivered_wh, plan.local_micro),
    )
    carried = _line(
        "carried", "", "Wh", energy.carried_wh.sum(axis=1), _sum_over(energy.carried_wh, plan.reference_micro)
    )
    given = energy.delivered_wh + energy.carried_wh
    exported = _rest(energy.export_wh, given, "delivered more to neighbours than it fed in")
    exports = [
        _line("export", "", "Wh", exported[:, w].sum(axis=1), _sum_over(exported[:, w], plan.export_micro[w]))
        for w in _axis_by_version(plan)
    ]
    return [local, carried, *exports]


def _rest(whole_wh: Ints, shared_wh: Ints, fault: str) -> Ints:
    """What is left to the public grid; shares that do not fit the readings are of another day's revision."""
    rest: Ints = whole_wh - shared_wh
    if (rest < 0).any():
        raise CannotRate(f"A site {fault}: its day must be closed again before it is billed.")
    return rest


def _axis_by_version(plan: RatePlan) -> list[Any]:
    """The intervals of each tariff version, in the order of their validity; all of them where there is one version."""
    if len(plan.standing) == 1:
        return [slice(None)]
    version_of_group = np.array([version for version, _ in plan.groups])
    versions = version_of_group[plan.group]
    return [np.flatnonzero(versions == v) for v in range(len(plan.standing))]


def _standing(days: int, micro_per_day: int, sites: int) -> RatedLines:
    exact = np.full(sites, days * micro_per_day, dtype=np.int64)
    return RatedLines(
        "standing", "", "day", np.full(sites, days, dtype=np.int64), exact,
        np.full(sites, micro_per_day, dtype=np.int64), round_half_away(exact, DAY_MICRO_PER_MINOR),
    )  # fmt: skip


def _energy_line(component: str, plan: RatePlan, group: int, wh: Ints, price_micro: Ints) -> RatedLines:
    within = np.flatnonzero(plan.group == group)
    chosen, prices = wh[:, within], price_micro[within]
    return _line(component, plan.groups[group][1], "Wh", chosen.sum(axis=1), _sum_over(chosen, prices))


def _sum_over(wh: Ints, price_micro: Ints) -> Ints:
    """Exact sum of Wh x price per site; int64 [n]."""
    largest_price = int(np.abs(price_micro).max(initial=0))
    totals = wh.sum(axis=1)
    if int(totals.max(initial=0)) * largest_price >= LARGEST_EXACT:
        raise CannotRate("A site's energy times price is too large to be rated exactly; check the readings.")
    exact: Ints
    if len(price_micro) and (price_micro == price_micro[0]).all():
        exact = totals * int(price_micro[0])
    else:
        exact = wh @ price_micro
    return exact


def _line(component: str, window: str, unit: str, quantity: Ints, exact: Ints) -> RatedLines:
    """Round once; the price shown is the exact one where it is constant, else the mean to six decimals."""
    divisor = np.maximum(quantity, 1)
    price = np.sign(exact) * ((np.abs(exact) + divisor // 2) // divisor)
    return RatedLines(
        component, window, unit, quantity, exact, price, round_half_away(exact, MICRO_PER_MINOR)
    )
