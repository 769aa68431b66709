"""Lines of energy: drawn from the public grid by time of use and tier, from neighbours, at spot prices; fed in."""

from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from billing.domain.pricing.axis import TimeAxis
from billing.domain.pricing.charges import KILO, priced, priced_cells
from billing.domain.pricing.conventions import Conventions
from billing.domain.pricing.limits import energy_limits, needs_peak
from billing.domain.pricing.lines import Line
from billing.domain.pricing.metered import CannotPrice, Metered, PriceSeries
from billing.domain.pricing.money import MINOR, exact_sum, rounded_half_away
from billing.domain.pricing.netting import net_by_hour, net_by_period
from billing.domain.pricing.parts import Demand, Energy, Export, Period, Spot
from billing.domain.pricing.peaks import highest_w
from billing.domain.pricing.ratchets import billing_demand_of_sam
from billing.domain.pricing.sam_blocks import TierLimits
from billing.domain.pricing.sums import Ints, Numbers, Stretches
from billing.domain.pricing.tiers import fill_in_order, fill_in_order_to_the_end, spread_in_proportion, spread_whole

MICRO_PER_MINOR = KILO * 1_000_000 // MINOR


@dataclass(frozen=True, slots=True)
class Laid:
    """Energy part laid along an axis: stretches, the period of each stretch, limits of tiers."""

    part: Energy
    stretches: Stretches
    period: Ints
    limits: TierLimits
    conventions: Conventions

    @property
    def periods(self) -> int:
        return len(self.part.periods)

    def by_period(self, wh: Numbers) -> Numbers:
        """Sums by month and period; [n, T] to [n, M, P]."""
        return self.stretches.totals(self.stretches.sums(wh), self.period, self.periods)


def lay(part: Energy, metered: Metered, axis: TimeAxis, stretches: Stretches, conventions: Conventions, ratchet: Demand | None) -> Laid:
    """Find what the part's tiers need: the period of each stretch, and limits by month (by customer where they are per kW).

    By SAM's conventions limits per kW go with the power that the demand charge with a `ratchet` is on, else with the month's peak.
    """
    peak = None
    if needs_peak(part.periods):
        one = np.zeros_like(stretches.month)
        peak = highest_w(metered.import_wh, stretches, one, 1, axis, conventions)[..., 0]
        if ratchet is not None and conventions.repeats_year:
            peak = billing_demand_of_sam(peak, ratchet, metered, axis, conventions)
    limits = energy_limits(part.periods, part.schedule, axis, peak, conventions)
    return Laid(part, stretches, axis.periods(part.schedule)[stretches.starts], limits, conventions)


def tiered(laid: Laid, wh: Numbers, axis: TimeAxis, to_the_end: bool = False) -> Numbers:
    """Energy by month, period and tier; [n, T] to [n, M, P, K]."""
    if laid.part.tier_rule == "prorated":
        return spread(laid, laid.by_period(wh))
    upper = laid.limits.upper
    if to_the_end and not np.isinf(upper[..., -1]).all():
        single = Stretches(np.arange(axis.intervals), axis.month, len(axis.months))
        along = axis.periods(laid.part.schedule)
        return laid.limits.of_tiers(fill_in_order_to_the_end(wh, single, along, upper))
    return laid.limits.of_tiers(fill_in_order(laid.stretches.sums(wh), laid.stretches, laid.period, upper))


def spread(laid: Laid, by_period: Numbers) -> Numbers:
    """Energy per tier spread over periods; [n, M, P] to [n, M, P, K]."""
    if laid.conventions.exact:
        return spread_whole(by_period, laid.limits.upper)
    return laid.limits.of_tiers(spread_in_proportion(by_period, laid.limits.upper))


def drawn_lines(laid: Laid, wh: Numbers, axis: TimeAxis) -> list[Line]:
    """What is drawn from the public grid."""
    quantity = tiered(laid, wh, axis, to_the_end=not laid.conventions.open_end)
    return priced_cells("energy", laid.part.periods, quantity, "Wh", laid.conventions)


def netted_lines(laid: Laid, export: Export, metered: Metered, grid_wh: Numbers, axis: TimeAxis) -> tuple[list[Line], Numbers | None]:
    """Net metering: what is left of the use after kWh fed in, and the surplus of the year's end, or of who leaves, at its price.

    Returns the lines and, by our conventions, the surplus that waits at the end by period; [n, P].
    """
    drawn = laid.by_period(grid_wh)
    net = drawn - laid.by_period(metered.export_wh)
    if laid.conventions.carries_by_hour:
        use = net_by_hour(net, laid.limits, laid.part.schedule, axis)
        return priced_cells("energy", laid.part.periods, spread(laid, use), "Wh", laid.conventions), None
    use, left = net_by_period(net, export.carry, metered.held_wh)
    lines = priced_cells("energy", laid.part.periods, spread(laid, use), "Wh", laid.conventions)
    for place, period in enumerate(laid.part.periods):
        off = (drawn - use)[..., place]
        if off.any():
            lines.append(Line("set_off", period.name, 0, "Wh", off, Decimal(0), np.zeros_like(off)))
    if not export.carry:
        left = np.zeros_like(left)
    settles = np.full(len(left), bool(export.year_end_price) and axis.months[-1].month == 12 and axis.ends_month)
    if metered.leaves is not None:
        settles |= metered.leaves
    if settles.any():
        surplus = np.zeros_like(use[..., 0])
        surplus[:, -1] = np.where(settles, left.sum(axis=1), 0)
        amount = -priced(surplus, export.year_end_price, laid.conventions)
        lines.append(Line("export_credit", "surplus", 0, "Wh", surplus, export.year_end_price, amount))
        left = np.where(settles[:, None], np.zeros_like(left), left)
    return lines, left


def credit_lines(
    export: Export, laid: Laid | None, metered: Metered, axis: TimeAxis, stretches: Stretches, conventions: Conventions
) -> list[Line]:
    """What is fed in, at the export's prices; where its periods are those of the energy part, by the same tiers."""
    if laid is not None and export.schedule == laid.part.schedule and len(export.periods) == laid.periods:
        quantity = tiered(laid, metered.export_wh, axis)
    else:
        period = axis.periods(export.schedule)[stretches.starts]
        quantity = stretches.totals(stretches.sums(metered.export_wh), period, len(export.periods))[..., None]
    tiers = quantity.shape[-1]
    periods = tuple(Period(p.name, (*p.tiers, *[p.tiers[-1]] * (tiers - len(p.tiers)))) for p in export.periods)
    return priced_cells("export_credit", periods, quantity, "Wh", conventions, sign=-1)


def spot_lines(part: Spot, wh: Numbers, series: PriceSeries, axis: TimeAxis, conventions: Conventions) -> list[Line]:
    """Energy at the price of each interval: as published, where prices were, told apart where a fallback made them; else by the index.

    Raises:
        CannotPrice: neither is given.
    """
    if series.spot_micro is not None:
        substituted = np.zeros(axis.intervals, dtype=bool) if series.substituted is None else series.substituted
        names = (part.index, f"{part.index}, substitute")
        lines = series_lines("spot", names, substituted.astype(np.int64), wh, series.spot_micro, axis, conventions)
        return lines if substituted.any() else lines[:1]
    index_micro = series.index_micro.get(part.index)
    if index_micro is None:
        raise CannotPrice(f"The prices of the index '{part.index}' are not known.")
    return [series_line("spot", part.index, wh, spot_prices(part, index_micro), axis, conventions)]


def spot_prices(part: Spot, index_micro: Ints, state: NDArray[np.float64] | None = None) -> Ints:
    """`factor x index x state + margin` between floor and cap [millionths per kWh]; [T]."""
    scaled = index_micro * float(part.factor)
    price = np.rint(scaled if state is None else scaled * state).astype(np.int64) + round(part.margin * 1_000_000)
    low = None if part.floor is None else round(part.floor * 1_000_000)
    high = None if part.cap is None else round(part.cap * 1_000_000)
    return price if low is None and high is None else np.clip(price, low, high)


def series_line(kind: str, name: str, wh: Numbers, price_micro: Ints, axis: TimeAxis, conventions: Conventions) -> Line:
    """Energy at a price of its own in each interval [millionths per kWh]."""
    everywhere = np.zeros(axis.intervals, dtype=np.int64)
    return series_lines(kind, (name,), everywhere, wh, price_micro, axis, conventions)[0]


def series_lines(
    kind: str, names: tuple[str, ...], period: Ints, wh: Numbers, price_micro: Ints, axis: TimeAxis, conventions: Conventions
) -> list[Line]:
    """The same for each period of a schedule; `period` [T] is of intervals."""
    lines = []
    for place, name in enumerate(names):
        quantities, exacts = [], []
        for month in range(len(axis.months)):
            within = np.flatnonzero((axis.month == month) & (period == place))
            everything = len(within) == wh.shape[1]  # no copy of what is mostly one period of one month
            chosen, prices = (wh, price_micro) if everything else (wh[:, within], price_micro[within])
            quantities.append(chosen.sum(axis=1))
            exacts.append(exact_sum(chosen, prices) if conventions.exact else chosen @ prices)
        exact: Numbers = np.stack(exacts, axis=1)
        amount = rounded_half_away(exact, MICRO_PER_MINOR) if conventions.exact else exact / MICRO_PER_MINOR
        lines.append(Line(kind, name, 0, "Wh", np.stack(quantities, axis=1), None, amount, exact))
    return lines
