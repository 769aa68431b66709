"""Rating a billing period: from Wh per interval to the lines of bills and credit documents (domain rules, section 4).

Many sites at once, exact integers: a line's exact amount is a sum of `Wh x millionths per kWh`; it is rounded once, half away
from zero, to the minor unit. The engine in `pricing` rates each tariff version over its own days.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from billing.domain.pricing.axis import TimeAxis
from billing.domain.pricing.engine import rate
from billing.domain.pricing.lines import Line
from billing.domain.pricing.metered import CannotPrice, Metered, PriceSeries
from billing.domain.pricing.parts import PricedTariff
from billing.domain.pricing.tiers import CannotTier
from kernel.money import price_micro

Ints = NDArray[np.int64]
MICRO_PER_MINOR = 10_000_000  # Wh x millionths per kWh in one minor unit (a hundredth of a currency unit)
LARGEST_EXACT = 2**62


class CannotRate(ValueError):
    """The readings or prices cannot be rated exactly; the message says why."""


# The order of a bill; an engine's kind of line and the component it is billed as.
COMPONENT_OF = {
    "standing": "standing", "local": "local", "energy": "grid", "incentive": "incentive", "demand": "demand",
    "levy": "levy", "discount": "discount", "minimum": "minimum",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class VersionDays:
    """The days of a billing period on which one tariff version holds: the version, their axis, and where they lie in the period."""

    tariff: PricedTariff
    axis: TimeAxis
    within: slice | Ints


@dataclass(frozen=True, slots=True)
class RatePlan:
    """What holds along a period of T intervals in one month, for all sites that have the same tariff over it.

    Attributes:
        versions: tariff versions in the order in which they begin.
        retail_micro, export_micro, local_micro: int64 [T], millionths per kWh.
        reference_micro: int64 [T], the published price of grid energy: what carried energy spared the cooperative.
    """

    versions: Sequence[VersionDays]
    retail_micro: Ints
    export_micro: Ints
    local_micro: Ints
    reference_micro: Ints


@dataclass(frozen=True, slots=True)
class SiteEnergy:
    """What n sites did over T intervals [Wh], int64 [n, T]: drew, fed in, received from and delivered to neighbours, carried.

    Carried is grid energy that came out of the site's storage and was used at once. Of what was received and delivered, `gifted_wh` and
    `given_wh` cost nothing; None where nobody gives anybody anything.
    """

    import_wh: Ints
    export_wh: Ints
    received_wh: Ints
    delivered_wh: Ints
    carried_wh: Ints
    gifted_wh: Ints | None = None
    given_wh: Ints | None = None

    def at(self, rows: Ints) -> "SiteEnergy":
        """Of some of the sites."""
        return SiteEnergy(
            self.import_wh[rows], self.export_wh[rows], self.received_wh[rows], self.delivered_wh[rows], self.carried_wh[rows],
            None if self.gifted_wh is None else self.gifted_wh[rows], None if self.given_wh is None else self.given_wh[rows],
        )  # fmt: skip

    @property
    def sold_wh(self) -> Ints:
        """What was delivered and is paid for."""
        return self.delivered_wh if self.given_wh is None else self.delivered_wh - self.given_wh


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
    """Rate what sites drew, in the order of a bill: component by component, version by version.

    Raises:
        CannotRate: readings and shares do not fit, an amount is too large, or a part needs what is not known.
    """
    _rest(energy.import_wh, energy.received_wh, "received more from neighbours than it drew")
    found = [line for version in plan.versions for line in _rate_version(plan, version, energy)]
    order = list(COMPONENT_OF)
    return [_as_billed(line) for line in sorted(found, key=lambda line: order.index(line.kind))]


def _rate_version(plan: RatePlan, version: VersionDays, energy: SiteEnergy) -> list[Line]:
    drawn, received = energy.import_wh[:, version.within], energy.received_wh[:, version.within]
    gifted = None if energy.gifted_wh is None else energy.gifted_wh[:, version.within]
    metered = Metered(drawn, drawn, received, gifted_wh=gifted).without_export()
    series = PriceSeries(local_micro=plan.local_micro[version.within])
    try:
        rated = rate(version.tariff, version.axis, metered, series=series)
    except (CannotPrice, CannotTier) as problem:
        raise CannotRate(str(problem)) from None
    return [line for line in rated.lines if line.kind in COMPONENT_OF]


def _as_billed(line: Line) -> RatedLines:
    """A line of the engine, which is of one month, as it stands on bills."""
    net = line.amount[:, 0]
    quantity = np.zeros_like(net) if line.quantity is None else line.quantity[:, 0]
    exact = _exact_micro(line, quantity, net)
    window = f"{line.name}, tier {line.tier}" if line.tier else "" if line.kind == "incentive" else line.name
    # Deductions show a negative price, so the mean serves them too.
    if line.price is None or line.kind == "incentive":
        price = _mean(exact, quantity)
    else:
        price = np.full_like(net, price_micro(line.price))
    return RatedLines(COMPONENT_OF[line.kind], window, line.unit, quantity, exact, price, net)


def _exact_micro(line: Line, quantity: Ints, net: Ints) -> Ints:
    """The sum before rounding; where a line is no quantity at one price it is the amount itself."""
    if line.exact_micro is not None:
        largest = np.abs(line.exact_micro).max(initial=0)
        micro = line.exact_micro[:, 0]
    elif line.price is not None and line.unit:
        sign = -1 if line.kind == "incentive" else 1
        largest = int(np.abs(quantity).max(initial=0)) * abs(price_micro(line.price))
        micro = quantity * (sign * price_micro(line.price)) if largest < LARGEST_EXACT else quantity
    else:
        largest, micro = int(np.abs(net).max(initial=0)) * MICRO_PER_MINOR, net * MICRO_PER_MINOR
    if largest >= LARGEST_EXACT:
        raise CannotRate("A site's energy times price is too large to be rated exactly; check the readings.")
    exact: Ints = micro.astype(np.int64)
    return exact


def _mean(exact: Ints, quantity: Ints) -> Ints:
    """The mean price, half away from zero; 0 where there is no quantity."""
    divisor = np.maximum(quantity, 1)
    mean: Ints = np.where(quantity > 0, np.sign(exact) * ((np.abs(exact) + divisor // 2) // divisor), 0)
    return mean


def rate_credits(plan: RatePlan, energy: SiteEnergy) -> list[RatedLines]:
    """Rate what sites delivered. The local line's amount is not rounded here but shared out over the whole run."""
    local = _line(
        "local_delivered",
        "",
        "Wh",
        energy.sold_wh.sum(axis=1),
        _sum_over(energy.sold_wh, plan.local_micro),
    )
    carried = _line(
        "carried", "", "Wh", energy.carried_wh.sum(axis=1), _sum_over(energy.carried_wh, plan.reference_micro)
    )
    given = energy.delivered_wh + energy.carried_wh
    exported = _rest(energy.export_wh, given, "delivered more to neighbours than it fed in")
    exports = [
        _line(
            "export",
            "",
            "Wh",
            exported[:, v.within].sum(axis=1),
            _sum_over(exported[:, v.within], plan.export_micro[v.within]),
        )
        for v in plan.versions
    ]
    return [local, carried, *exports]


def _rest(whole_wh: Ints, shared_wh: Ints, fault: str) -> Ints:
    """What is left to the public grid; shares that do not fit the readings are of another day's revision."""
    rest: Ints = whole_wh - shared_wh
    if (rest < 0).any():
        raise CannotRate(f"A site {fault}: its day must be closed again before it is billed.")
    return rest


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
    net = round_half_away(exact, MICRO_PER_MINOR)
    return RatedLines(component, window, unit, quantity, exact, _mean(exact, quantity), net)
