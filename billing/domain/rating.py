"""Rating a billing period: from Wh per interval to the lines of bills and credit documents (domain rules, section 4).

Many sites at once, exact integers: a line's exact amount is a sum of `Wh x millionths per kWh`; it is rounded once, half away
from zero, to the minor unit. The engine in `pricing` rates each tariff version over its own days.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from billing.domain.pricing.axis import TimeAxis
from billing.domain.pricing.conventions import OWN
from billing.domain.pricing.engine import buys_all, energy_parts, rate
from billing.domain.pricing.lines import Line, Rated
from billing.domain.pricing.metered import CannotPrice, Earlier, Metered, PriceSeries, YearSoFar
from billing.domain.pricing.parts import Energy, Export, Part, PeakMultiplier, PricedTariff, Reactive
from billing.domain.pricing.reactive import above_by_version
from billing.domain.pricing.tiers import CannotTier
from kernel.money import price_micro

Ints = NDArray[np.int64]
MICRO_PER_MINOR = 10_000_000  # Wh x millionths per kWh in one minor unit (a hundredth of a currency unit)
LARGEST_EXACT = 2**62
PER_KILO = 1000


class CannotRate(ValueError):
    """The readings or prices cannot be rated exactly; the message says why."""


# The order of a bill; an engine's kind of line and the component it is billed as.
COMPONENT_OF = {
    "standing": "standing",
    "local": "local",
    "energy": "grid",
    "spot": "spot",
    "set_off": "set_off",
    "incentive": "incentive",
    "demand": "demand",
    "capacity": "capacity",
    "reactive": "reactive",
    "levy": "levy",
    "discount": "discount",
    "minimum": "minimum",
}


@dataclass(frozen=True, slots=True)
class VersionDays:
    """The days of a billing period on which one tariff version holds: the version, their axis, and where they lie in the period.

    `spot_micro` are the version's published prices where they follow an index; `substituted` where a fallback made them.
    """

    tariff: PricedTariff
    axis: TimeAxis
    within: slice | Ints
    spot_micro: Ints | None = None
    substituted: NDArray[np.bool_] | None = None


@dataclass(frozen=True, slots=True)
class RatePlan:
    """What holds along a period of T intervals in one month, for all sites that have the same tariff over it.

    Attributes:
        versions: tariff versions in the order in which they begin.
        retail_micro, export_micro, local_micro: int64 [T], millionths per kWh.
        reference_micro: int64 [T], the published price of grid energy: what carried energy spared the cooperative.
        village_wh: int64 [T], what the microgrid drew at its point of common coupling; None where no part asks for its peak.
    """

    versions: Sequence[VersionDays]
    retail_micro: Ints
    export_micro: Ints
    local_micro: Ints
    reference_micro: Ints
    village_wh: Ints | None = None

    @property
    def parts(self) -> list[Part]:
        """All parts of all versions."""
        return [part for version in self.versions for part in version.tariff.parts]


@dataclass(frozen=True, slots=True)
class SiteHistory:
    """What the bills of n sites know beside the period's own readings.

    Attributes:
        fuse_a: [n], 0 where unknown.
        earlier: energy drawn in the months before, for ratchets.
        held_wh: surplus of net metering from months before, by the name of its period; [n] each.
        year: what was billed in the calendar year before; None where no part asks.
        leaves: who is gone after the period; bool [n].
    """

    fuse_a: Ints | None = None
    earlier: Earlier | None = None
    held_wh: Mapping[str, Ints] = field(default_factory=dict)
    year: YearSoFar | None = None
    leaves: NDArray[np.bool_] | None = None


@dataclass(frozen=True, slots=True)
class Rating:
    """Lines of bills and of credit documents, and the surplus of net metering that waits at the end, by period; [n] each."""

    bills: list["RatedLines"]
    credits: list["RatedLines"]
    left_wh: dict[str, Ints]


NOTHING_BEFORE = SiteHistory()


@dataclass(frozen=True, slots=True)
class SiteEnergy:
    """What n sites did over T intervals [Wh], int64 [n, T]: drew, fed in, received from and delivered to neighbours, carried.

    Carried is grid energy that came out of the site's storage and was used at once. Of what was received and delivered, `gifted_wh` and
    `given_wh` cost nothing; None where nobody gives anybody anything.

    Beside it, None where no tariff asks: `reactive_varh` drawn, and `own_wh`, what was produced behind the meter and used there at once.

    Most sites feed nothing in: where `feeding` names those that do, what is fed in, delivered, given and carried is theirs alone, [k, T].
    """

    import_wh: Ints
    export_wh: Ints
    received_wh: Ints
    delivered_wh: Ints
    carried_wh: Ints
    gifted_wh: Ints | None = None
    given_wh: Ints | None = None
    reactive_varh: Ints | None = None
    own_wh: Ints | None = None
    feeding: Ints | None = None

    @property
    def sold_wh(self) -> Ints:
        """What was delivered and is paid for."""
        return self.delivered_wh if self.given_wh is None else self.delivered_wh - self.given_wh

    def within(self, rows: Ints, span: slice) -> "SiteEnergy":
        """Of some of the sites, over some of the intervals; only those that feed in have the sides of it."""
        if self.feeding is not None:
            return self._dense().within(rows, span)
        feeding = None
        if self.own_wh is None:
            feeding = np.flatnonzero(_any(self.export_wh, rows) | _any(self.delivered_wh, rows) | _any(self.carried_wh, rows))
        theirs = rows if feeding is None else rows[feeding]
        return SiteEnergy(
            self.import_wh[rows, span],
            self.export_wh[theirs, span],
            self.received_wh[rows, span],
            self.delivered_wh[theirs, span],
            self.carried_wh[theirs, span],
            None if self.gifted_wh is None else self.gifted_wh[rows, span],
            None if self.given_wh is None else self.given_wh[theirs, span],
            None if self.reactive_varh is None else self.reactive_varh[rows, span],
            None if self.own_wh is None else self.own_wh[rows, span],
            feeding,
        )

    def _dense(self) -> "SiteEnergy":
        """With the sides of what is fed in for all sites again."""
        return replace(
            self,
            export_wh=self.of_all(self.export_wh),
            delivered_wh=self.of_all(self.delivered_wh),
            carried_wh=self.of_all(self.carried_wh),
            given_wh=None if self.given_wh is None else self.of_all(self.given_wh),
            feeding=None,
        )

    def of_all(self, theirs: Ints) -> Ints:
        """What those who feed in have [k] or [k, T], as it is of all sites: nothing for the others."""
        if self.feeding is None:
            return theirs
        whole = np.zeros((len(self.import_wh), *theirs.shape[1:]), dtype=theirs.dtype)
        whole[self.feeding] = theirs
        return whole


def _any(wh: Ints, rows: Ints) -> NDArray[np.bool_]:
    """Which of the rows hold anything; one zero spread over all of them is looked at once."""
    if wh.strides == (0, 0):
        return np.full(len(rows), bool(wh.size and wh[0, 0]))
    of_each: NDArray[np.bool_] = np.any(wh, axis=1)
    return of_each[rows]


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


def rate_bills(plan: RatePlan, energy: SiteEnergy, history: SiteHistory = NOTHING_BEFORE) -> list[RatedLines]:
    """Rate what sites drew, in the order of a bill: component by component, version by version.

    Raises:
        CannotRate: readings and shares do not fit, an amount is too large, or a part needs what is not known.
    """
    return rate_period(plan, energy, history).bills


def rate_period(plan: RatePlan, energy: SiteEnergy, history: SiteHistory = NOTHING_BEFORE) -> Rating:
    """Rate what sites drew and delivered, version by version; surplus of net metering goes from one to the next.

    Raises:
        CannotRate: as `rate_bills`.
    """
    _check_fits(energy.import_wh, energy.received_wh, "received more from neighbours than it drew")
    exported = _exported(energy)
    found: list[Line] = []
    paid: list[Line] = []
    above = _above_by_version(plan, energy)
    held, before, days = dict(history.held_wh), np.zeros(len(energy.import_wh), dtype=np.int64), 0
    for place, version in enumerate(plan.versions):
        rated = _rate_version(
            plan,
            version,
            energy,
            exported,
            above[place],
            replace(
                history,
                held_wh=held,
                year=_with_month(history.year, before, days),
                leaves=history.leaves if version is plan.versions[-1] else None,
            ),
        )
        found += [line for line in rated.lines if line.kind in COMPONENT_OF]
        paid += [line for line in rated.lines if line.kind == "export_credit"]
        before = before + sum((line.amount[:, 0] for line in rated.lines if line.kind in COMPONENT_OF), np.int64(0))
        days += int(version.axis.days_on_axis.sum())
        if rated.left_wh is not None:
            held = _by_name(version.tariff, rated.left_wh)
    order = list(COMPONENT_OF)
    bills = [_as_billed(line) for line in sorted(found, key=lambda line: order.index(line.kind))]
    bills += [_told("kept", name, wh) for name, wh in held.items() if wh.any()]
    credits = [*_fixed_credits(plan, energy, exported), *map(_as_credited, paid)]
    own = [_told("own_use", "", wh) for wh in (_own_use(plan, energy),) if wh.any()]
    return Rating([*bills, *own], [*credits, *own], held)


def _with_own(wh: Ints, version: VersionDays, energy: SiteEnergy) -> Ints:
    """Energy on a version's days [n, T], with what was made and used behind the meter where the version has it bought and sold all the same."""
    if energy.own_wh is None or not buys_all(version.tariff):
        return wh
    whole: Ints = wh + energy.own_wh[:, version.within]
    return whole


def _own_use(plan: RatePlan, energy: SiteEnergy) -> Ints:
    """What was so bought and sold over all versions; [n]."""
    total = np.zeros(len(energy.import_wh), dtype=np.int64)
    for version in plan.versions:
        if energy.own_wh is not None and buys_all(version.tariff):
            total += energy.own_wh[:, version.within].sum(axis=1)
    return total


def _above_by_version(plan: RatePlan, energy: SiteEnergy) -> list[dict[Reactive, Ints]]:
    if energy.reactive_varh is None or len(plan.versions) < 2:
        return [{} for _ in plan.versions]
    return above_by_version(
        [(version.tariff, version.axis) for version in plan.versions],
        [energy.reactive_varh[:, version.within] for version in plan.versions],
        [_with_own(energy.import_wh[:, version.within], version, energy) for version in plan.versions],
        OWN,
    )


def _rate_version(
    plan: RatePlan, version: VersionDays, energy: SiteEnergy, exported: Ints, above_varh: Mapping[Reactive, Ints], history: SiteHistory
) -> Rated:
    tariff, axis = version.tariff, version.axis
    drawn = _with_own(energy.import_wh[:, version.within], version, energy)
    received = energy.received_wh[:, version.within]
    gifted = None if energy.gifted_wh is None else energy.gifted_wh[:, version.within]
    fed_in = (
        _with_own(energy.of_all(exported[:, version.within]), version, energy)
        if _pays_by_engine(tariff)
        else np.broadcast_to(np.int64(0), drawn.shape)
    )
    metered = Metered(
        drawn,
        fed_in,
        received,
        fuse_a=history.fuse_a,
        earlier=history.earlier,
        gifted_wh=gifted,
        held_wh=_held(tariff, history.held_wh, len(drawn)),
        year=history.year if axis.months[-1].month == 12 and axis.ends_month else None,
        leaves=history.leaves,
        reactive_varh=None if energy.reactive_varh is None else energy.reactive_varh[:, version.within],
        above_varh=above_varh,
    )
    series = PriceSeries(
        local_micro=plan.local_micro[version.within],
        spot_micro=version.spot_micro,
        substituted=version.substituted,
        system_peak_interval=_peak_interval(plan, version),
    )
    try:
        rated = rate(_as_billed_alone(tariff), axis, metered, series=series)
        if not _pays_by_engine(tariff):
            return rated
        credited = rate(_energy_and_export(tariff), axis, metered, series=series)
    except (CannotPrice, CannotTier) as problem:
        raise CannotRate(str(problem)) from None
    paid = [line for line in credited.lines if line.kind == "export_credit"]
    return replace(rated, lines=(*rated.lines, *paid), left_wh=credited.left_wh)


def _pays_by_engine(tariff: PricedTariff) -> bool:
    """Whether what is fed in is more than one price at all times, which the plan's export price says."""
    exports = tariff.of_kind(Export)
    return any(e.rule == "net_metering" or len(e.periods) != 1 or len(e.periods[0].tiers) > 1 for e in exports)


def _as_billed_alone(tariff: PricedTariff) -> PricedTariff:
    """The tariff of the bill: what is paid for energy fed in stands on a document of its own, and no levy, discount or minimum counts it."""
    kept: list[Part] = []
    for part in tariff.parts:
        if not isinstance(part, Export):
            kept.append(part)
        elif part.rule == "net_metering":
            kept.append(replace(part, year_end_price=Decimal(0)))
    return PricedTariff(tuple(kept), tariff.currency)


def _energy_and_export(tariff: PricedTariff) -> PricedTariff:
    """What the credit for energy fed in depends on: its own prices, and the tiers of energy drawn."""
    kinds = (Energy, PeakMultiplier, Export)
    return PricedTariff(tuple(part for part in tariff.parts if isinstance(part, kinds)), tariff.currency)


def _held(tariff: PricedTariff, held: Mapping[str, Ints], sites: int) -> Ints | None:
    """Surplus from before by the periods of the energy part; that of a period that is no more goes to the first."""
    energies = energy_parts(tariff)
    if not held or not energies:
        return None
    names = [period.name for period in energies[0].periods]
    found = np.zeros((sites, len(names)), dtype=np.int64)
    for name, wh in held.items():
        found[:, names.index(name) if name in names else 0] += wh
    return found


def _by_name(tariff: PricedTariff, left_wh: Ints) -> dict[str, Ints]:
    """Surplus by the names of the version's periods; other names hold nothing any more."""
    return {period.name: left_wh[:, place] for place, period in enumerate(energy_parts(tariff)[0].periods)}


def _with_month(year: YearSoFar | None, net_minor: Ints, days: int) -> YearSoFar | None:
    """The year so far with what earlier versions billed in the same month."""
    return None if year is None else YearSoFar(year.net_minor + net_minor, year.days + days)


def _told(component: str, name: str, wh: Ints) -> RatedLines:
    """What is told on a document at no price: what waits for the next month, what was used where it was made."""
    nothing = np.zeros_like(wh)
    return RatedLines(component, name, "Wh", wh, nothing, nothing, nothing)


def _peak_interval(plan: RatePlan, version: VersionDays) -> Ints | None:
    """The first interval of the version's days in which the microgrid drew most; [1]."""
    if plan.village_wh is None:
        return None
    return np.array([int(np.argmax(plan.village_wh[version.within]))], dtype=np.int64)


def _as_billed(line: Line) -> RatedLines:
    """A line of the engine, which is of one month, as it stands on bills."""
    net = line.amount[:, 0]
    quantity = np.zeros_like(net) if line.quantity is None else line.quantity[:, 0]
    exact = _exact_micro(line, quantity, net)
    name = "" if (line.kind, line.name) == ("incentive", "local") else line.name
    window = f"{name}, tier {line.tier}" if line.tier else name
    # Deductions show a negative price, so the mean serves them too.
    if line.price is None or line.kind == "incentive":
        # A price is per day or per thousand Wh or W; the exact sum is of Wh.
        price = _mean(exact if line.unit != "day" else exact // PER_KILO, quantity)
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
    return rate_period(plan, energy).credits


def _exported(energy: SiteEnergy) -> Ints:
    """What was fed in and neither went to neighbours nor was carried; of those who feed in."""
    given = energy.delivered_wh + energy.carried_wh
    _check_fits(energy.export_wh, given, "delivered more to neighbours than it fed in")
    rest: Ints = energy.export_wh - given
    return rest


def _fixed_credits(plan: RatePlan, energy: SiteEnergy, exported: Ints) -> list[RatedLines]:
    """What neighbours received, what was carried, and what was fed in at one price."""
    lines = [("local_delivered", energy.sold_wh, plan.local_micro), ("carried", energy.carried_wh, plan.reference_micro)]
    for v in plan.versions:
        if not _pays_by_engine(v.tariff):
            lines.append(("export", _with_own(exported[:, v.within], v, energy), plan.export_micro[v.within]))
    return [
        _line(component, "", "Wh", energy.of_all(wh.sum(axis=1)), energy.of_all(_sum_over(wh, micro))) for component, wh, micro in lines
    ]


def _as_credited(line: Line) -> RatedLines:
    """A credit of the engine, which counts it against a bill, as it stands on a document of its own."""
    billed = _as_billed(replace(line, kind="energy", amount=-line.amount))
    return replace(billed, component="export")


def _check_fits(whole_wh: Ints, shared_wh: Ints, fault: str) -> None:
    """Shares that do not fit the readings are of another day's revision."""
    if (shared_wh > whole_wh).any():
        raise CannotRate(f"A site {fault}: its day must be closed again before it is billed.")


def _sum_over(wh: Ints, price_micro: Ints) -> Ints:
    """Exact sum of Wh x price per site; int64 [n]."""
    largest_price = int(np.abs(price_micro).max(initial=0))
    totals = wh.sum(axis=1)
    if int(totals.max(initial=0)) * largest_price >= LARGEST_EXACT:
        raise CannotRate("A site's energy times price is too large to be rated exactly; check the readings.")
    exact: Ints
    exact = totals * int(price_micro[0]) if len(price_micro) and (price_micro == price_micro[0]).all() else wh @ price_micro
    return exact


def _line(component: str, window: str, unit: str, quantity: Ints, exact: Ints) -> RatedLines:
    """Round once; the price shown is the exact one where it is constant, else the mean to six decimals."""
    net = round_half_away(exact, MICRO_PER_MINOR)
    return RatedLines(component, window, unit, quantity, exact, _mean(exact, quantity), net)
