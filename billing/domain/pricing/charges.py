"""Lines of the parts that depend on power, connection or nothing at all."""

from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from billing.domain.pricing.axis import TimeAxis
from billing.domain.pricing.conventions import Conventions
from billing.domain.pricing.limits import power_limits, prices_by_tier, tier_count
from billing.domain.pricing.lines import Line
from billing.domain.pricing.metered import CannotPrice, Metered, PriceSeries
from billing.domain.pricing.money import exact_amount, plain_amount
from billing.domain.pricing.parts import Capacity, Demand, Period, Span, Standing
from billing.domain.pricing.peaks import coincident_w, highest_w, mean_of_highest_w
from billing.domain.pricing.ratchets import billing_demand_of_sam, in_use, with_ratchet
from billing.domain.pricing.sums import Ints, Numbers, Stretches
from billing.domain.pricing.tiers import in_steps

KILO = 1000
YEAR_DAYS = Decimal(365)


def priced(quantity: Numbers, price: Decimal, conventions: Conventions, units: int = KILO) -> Numbers:
    """`quantity x price` in minor units, by the conventions' arithmetic."""
    return exact_amount(quantity, price, units) if conventions.exact else plain_amount(quantity, price, units)


def span_amounts(amount: Decimal, per: Span, axis: TimeAxis, conventions: Conventions) -> Numbers:
    """What an amount per day, month or year comes to in each month [minor units]; [M]."""
    if conventions.equal_months:
        monthly = {"day": amount * YEAR_DAYS / 12, "month": amount, "year": amount / 12}[per]
        return plain_amount(np.ones(len(axis.months)), monthly, 1)
    days = axis.days_on_axis
    if per == "day":
        return exact_amount(days, amount, 1)
    if per == "month":
        return exact_amount(days, amount, 1, axis.days_in_month)
    return exact_amount(days, amount, 1, days_in_years(axis))


def days_in_years(axis: TimeAxis) -> Ints:
    """The length of each month's calendar year; [M]."""
    return np.array([366 if m.year % 4 == 0 and (m.year % 100 or m.year % 400 == 0) else 365 for m in axis.months])


def standing_line(part: Standing, axis: TimeAxis, conventions: Conventions, customers: int) -> Line:
    amount = span_amounts(part.amount, part.per, axis, conventions)
    days = np.broadcast_to(axis.days_on_axis, (customers, len(axis.months)))
    price = part.amount if part.per == "day" else None
    return Line("standing", "", 0, "day", days, price, np.broadcast_to(amount, days.shape))


def capacity_line(part: Capacity, metered: Metered, axis: TimeAxis, conventions: Conventions) -> Line:
    """Raises CannotPrice where a fuse is unknown or larger than the last step."""
    if metered.fuse_a is None or (metered.fuse_a <= 0).any():
        raise CannotPrice("The tariff charges by fuse, but the fuses are not known.")
    sizes = np.array([size for size, _ in part.steps])
    step = np.searchsorted(sizes, metered.fuse_a)
    if int(step.max(initial=0)) >= len(sizes):
        raise CannotPrice(f"A fuse is larger than the tariff's largest step, {sizes[-1]} A.")
    by_step = np.stack([span_amounts(amount, "month", axis, conventions) for _, amount in part.steps])
    days = np.broadcast_to(axis.days_on_axis, (len(step), len(axis.months)))
    return Line("capacity", "", 0, "day", days, None, by_step[step])


@dataclass(frozen=True, slots=True)
class BilledPower:
    """The power that a demand charge is on, by month and period of its schedule [W], and where a ratchet raised it; [n, M, P]."""

    power_w: Numbers
    raised: NDArray[np.bool_]


def billed_power_w(
    part: Demand, metered: Metered, stretches: Stretches, axis: TimeAxis, series: PriceSeries, conventions: Conventions
) -> BilledPower:
    """Measured on the axis; a ratchet looks at the months before, on the axis or before it."""
    measured = measured_power_w(part, metered, stretches, axis, series, conventions)
    if not part.has_ratchet:
        return BilledPower(measured, np.zeros(measured.shape, dtype=bool))
    if conventions.repeats_year:
        demand = billing_demand_of_sam(measured.max(axis=-1), part, metered, axis, conventions)
        every = demand[..., None] * in_use(part, axis)
        return BilledPower(every, every > measured)
    whole, before, calendar_month = measured, 0, axis.calendar_month
    if metered.earlier is not None:
        past, old = metered.earlier, metered.earlier.axis
        old_stretches = Stretches.of(old, [old.periods(part.schedule)])
        known = measured_power_w(part, Metered(past.import_wh, past.import_wh), old_stretches, old, series, conventions)
        whole, before = np.concatenate([known, measured], axis=1), known.shape[1]
        calendar_month = np.concatenate([old.calendar_month, calendar_month])
    billed = with_ratchet(whole, part, calendar_month, conventions)[:, before:]
    return BilledPower(billed, billed > measured)


def measured_power_w(
    part: Demand, metered: Metered, stretches: Stretches, axis: TimeAxis, series: PriceSeries, conventions: Conventions
) -> Numbers:
    """The power itself, by month and period of the part's schedule; [n, M, P]."""
    along = axis.periods(part.schedule)
    periods = 1 if part.months else len(part.periods)
    if part.measure == "coincident":
        if series.system_peak_interval is None:
            raise CannotPrice("The tariff charges power at the system's peak, which is not known.")
        power = coincident_w(metered.import_wh, series.system_peak_interval, axis, conventions)
    elif part.measure == "mean_of_three":
        power = mean_of_highest_w(metered.import_wh, along, periods, axis, conventions)
    else:
        one = np.zeros_like(along) if part.months else along
        power = highest_w(metered.import_wh, stretches, one[stretches.starts], periods, axis, conventions)
    return power


def power_lines(part: Demand, power: BilledPower, axis: TimeAxis, conventions: Conventions) -> list[Line]:
    """Lines of a demand charge; power that only a ratchet raised to what it is stands on lines of its own."""
    if not power.raised.any():
        return demand_lines(part, power.power_w, axis, conventions)
    own = demand_lines(part, np.where(power.raised, 0, power.power_w), axis, conventions)
    raised = demand_lines(part, np.where(power.raised, power.power_w, 0), axis, conventions)
    return [*own, *(replace(line, name=f"{line.name}, earlier") for line in raised)]


def demand_lines(part: Demand, power_w: Numbers, axis: TimeAxis, conventions: Conventions) -> list[Line]:
    """A line for each step of each period; flat demand takes each month's own period. Part of a month counts by its days."""
    limits = power_limits(part.periods, conventions)
    if part.months:
        chosen = np.array(part.months)[axis.calendar_month]
        steps = in_steps(power_w, limits[chosen][:, None, :])[:, :, 0]
        in_month = chosen == np.arange(len(part.periods))[:, None]
        split = steps[:, :, None, :] * in_month.T[None, :, :, None]
    else:
        split = in_steps(power_w, limits)
    lines = priced_cells("demand", part.periods, split, "W", conventions)
    if not conventions.exact or (axis.days_on_axis == axis.days_in_month).all():
        return lines
    return [_by_days(line, axis) for line in lines]


def _by_days(line: Line, axis: TimeAxis) -> Line:
    """A line whose price is per month, for part of a month."""
    assert line.price is not None and line.quantity is not None
    amount = exact_amount(line.quantity * axis.days_on_axis, line.price, KILO, axis.days_in_month)
    return replace(line, price=None, amount=amount)


def priced_cells(
    kind: str, periods: tuple[Period, ...], quantity: Numbers, unit: str, conventions: Conventions, sign: int = 1
) -> list[Line]:
    """A line for each period and tier that anybody has a quantity in; [n, M, P, K]."""
    prices, several = prices_by_tier(periods), tier_count(periods) > 1
    lines = []
    for place, period in enumerate(periods):
        for tier in range(quantity.shape[-1]):
            cell = quantity[:, :, place, tier]
            if cell.any():
                price = prices[place][tier]
                amount = sign * priced(cell, price, conventions)
                lines.append(Line(kind, period.name, tier + 1 if several else 0, unit, cell, price, amount))
    return lines
