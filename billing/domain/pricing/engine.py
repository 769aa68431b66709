"""The one engine: a tariff's parts over the energy of many customers, by our conventions or by SAM's."""

from dataclasses import replace
from decimal import Decimal

import numpy as np

from billing.domain.pricing.axis import TimeAxis
from billing.domain.pricing.charges import billed_power_w, capacity_line, days_in_years, power_lines, priced, span_amounts, standing_line
from billing.domain.pricing.conventions import OWN, Conventions
from billing.domain.pricing.energy_charges import Laid, credit_lines, drawn_lines, lay, netted_lines, series_lines, spot_lines
from billing.domain.pricing.lines import Line, Rated, VatLine, percent_of, sum_where
from billing.domain.pricing.metered import CannotPrice, Earlier, Metered, PriceSeries, YearSoFar
from billing.domain.pricing.money import exact_amount
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
    PeakMultiplier,
    Period,
    PricedTariff,
    Reactive,
    Spot,
    Standing,
    Tier,
    Vat,
)
from billing.domain.pricing.reactive import reactive_line
from billing.domain.pricing.sums import Ints, Numbers, Stretches
from billing.domain.pricing.windows import Schedule

WITHOUT_VAT = {"reverse_charge", "small_business", "exempt"}
NO_SERIES = PriceSeries()


def rate(
    tariff: PricedTariff, axis: TimeAxis, metered: Metered, *, conventions: Conventions = OWN, series: PriceSeries = NO_SERIES
) -> Rated:
    """Rate n customers along an axis: every line by month, minimum, VAT.

    Raises:
        CannotPrice: something that a part needs is not known.
        CannotTier: energy is too large for whole-number arithmetic.
    """
    seen = metered if buys_all(tariff) else metered.by(conventions)
    if conventions.repeats_year:
        seen = replace(seen, earlier=Earlier(axis, metered.import_wh))
    job = _Job(tariff, axis, seen, conventions, series)
    lines = [standing_line(part, axis, conventions, job.customers) for part in tariff.of_kind(Standing)]
    lines += job.energy_lines()
    lines += job.power_lines()
    lines += job.connection_lines()
    lines += _levies_and_discounts(job, lines)
    lines += _minimum_lines(job, lines)
    return Rated(tuple(lines), _vat_lines(job, lines), job.nothing, job.left_wh)


def energy_parts(tariff: PricedTariff) -> list[Energy]:
    """The energy parts, peak multipliers among them as the time of use they are."""
    found = []
    for part in tariff.parts:
        if isinstance(part, Energy):
            found.append(part)
        elif isinstance(part, PeakMultiplier):
            base = Period("base", (Tier(part.base_price),))
            peaks = (Period(name, (Tier(part.base_price * times),)) for name, times in part.multipliers)
            found.append(Energy((base, *peaks), part.schedule))
    return found


def buys_all(tariff: PricedTariff) -> bool:
    """Whether the whole use is bought and the whole production sold."""
    return any(export.rule == "buy_all_sell_all" for export in tariff.of_kind(Export))


class _Job:
    """One rating: what is rated, and the stretches that all schedules of the tariff share."""

    def __init__(self, tariff: PricedTariff, axis: TimeAxis, metered: Metered, conventions: Conventions, series: PriceSeries) -> None:
        self.tariff, self.axis, self.metered = tariff, axis, metered
        self.conventions, self.series = conventions, series
        self.customers = len(metered.import_wh)
        self.left_wh: Numbers | None = None
        schedules = {part.schedule for part in tariff.parts if isinstance(part, Energy | PeakMultiplier | Demand | Export | Incentive)}
        self.stretches = Stretches.of(axis, [axis.periods(schedule) for schedule in schedules])
        self.nothing: Numbers = np.zeros((self.customers, len(axis.months)), dtype=np.int64 if conventions.exact else np.float64)

    @property
    def grid_wh(self) -> Numbers:
        """What was drawn and did not come from neighbours."""
        received = self.metered.received_wh
        return self.metered.import_wh if received is None else self.metered.import_wh - received

    def energy_lines(self) -> list[Line]:
        """Energy drawn, from neighbours and from the grid, and energy fed in."""
        lines = self._local_lines()
        exports = self.tariff.of_kind(Export)
        netting = next((export for export in exports if export.rule == "net_metering"), None)
        laid: Laid | None = None
        for part in energy_parts(self.tariff):
            laid = self._laid(part)
            if netting is not None:
                netted, self.left_wh = netted_lines(laid, netting, self.metered, self.grid_wh, self.axis)
                lines += self._not_negative(netted)
            else:
                drawn = drawn_lines(laid, self.grid_wh, self.axis)
                keeps = part.tier_rule == "prorated" and not exports
                lines += self._not_negative(drawn) if keeps else drawn
        for spot in self.tariff.of_kind(Spot):
            lines += spot_lines(spot, self.grid_wh, self.series, self.axis, self.conventions)
        for export in exports:
            if export.rule != "net_metering":
                lines += credit_lines(export, laid, self.metered, self.axis, self.stretches, self.conventions)
        return lines

    def _laid(self, part: Energy) -> Laid:
        ratchet = next((demand for demand in self.tariff.of_kind(Demand) if demand.has_ratchet), None)
        return lay(part, self.metered, self.axis, self.stretches, self.conventions, ratchet)

    def _not_negative(self, lines: list[Line]) -> list[Line]:
        """SAM lets a month's energy charge not fall below 0 where kWh are netted (prices may be negative)."""
        if self.conventions.exact:
            return lines
        below = np.minimum(sum_where(lines, lambda line: True, self.nothing), 0)
        return [*lines, Line("energy", "below zero", 0, "", None, None, -below)] if below.any() else lines

    def _local_lines(self) -> list[Line]:
        """Energy bought from neighbours at the published local price, or at a share of the own grid price."""
        received = self.metered.bought_wh
        if received is None:
            return []
        lines = []
        for part in self.tariff.of_kind(Local):
            if part.rule == "discount":
                for energy in energy_parts(self.tariff):
                    laid = self._laid(energy)
                    whole = drawn_lines(laid, received, self.axis)
                    lines += [
                        Line(
                            "local",
                            w.name,
                            w.tier,
                            "Wh",
                            w.quantity,
                            (w.price or Decimal(0)) * part.share,
                            priced(w.quantity, (w.price or Decimal(0)) * part.share, self.conventions),
                        )
                        for w in whole
                        if w.quantity is not None
                    ]
            elif self.series.local_micro is None:
                raise CannotPrice("The local prices of the days are not published.")
            else:
                lines += self._published_local_lines(received, self.series.local_micro)
        return lines

    def _published_local_lines(self, received: Numbers, local_micro: Ints) -> list[Line]:
        """Energy at the published local price, told apart by the periods of the first energy part."""
        energies = energy_parts(self.tariff)
        names = tuple(period.name for period in energies[0].periods) if energies else ("",)
        period = self.axis.periods(energies[0].schedule if energies else Schedule())
        return series_lines("local", names, period, received, local_micro, self.axis, self.conventions)

    def power_lines(self) -> list[Line]:
        """Demand charges."""
        lines = []
        for part in self.tariff.of_kind(Demand):
            power = billed_power_w(part, self.metered, self.stretches, self.axis, self.series, self.conventions)
            lines += power_lines(part, power, self.axis, self.conventions)
        return lines

    def connection_lines(self) -> list[Line]:
        """Capacity, reactive energy, incentives."""
        lines = [capacity_line(part, self.metered, self.axis, self.conventions) for part in self.tariff.of_kind(Capacity)]
        lines += [reactive_line(part, self.metered, self.stretches, self.conventions) for part in self.tariff.of_kind(Reactive)]
        for part in self.tariff.of_kind(Incentive):
            wh = self._incentive_wh(part)
            amount = -priced(wh, part.price, self.conventions)
            lines.append(Line("incentive", part.basis, 0, "Wh", wh, part.price, amount))
        return lines

    def _incentive_wh(self, part: Incentive) -> Numbers:
        if part.basis == "local":
            received = self.metered.received_wh
            if received is None:
                return self.nothing
            return self.stretches.totals(self.stretches.sums(received), np.zeros_like(self.stretches.month), 1)[..., 0]
        period = (self.axis.periods(part.schedule)[self.stretches.starts] > 0).astype(np.int64)
        return self.stretches.totals(self.stretches.sums(self.metered.import_wh), period, 2)[..., 1]

    def drawn_wh(self) -> Numbers:
        """All energy drawn in each month; [n, M]."""
        one = np.zeros_like(self.stretches.month)
        return self.stretches.totals(self.stretches.sums(self.metered.import_wh), one, 1)[..., 0]


def _levies_and_discounts(job: _Job, lines: list[Line]) -> list[Line]:
    """Levies on kWh and on lines, then discounts on lines; each on the lines before levies and discounts."""
    added = []
    exact = job.conventions.exact
    for levy in job.tariff.of_kind(Levy):
        if levy.price:
            drawn = job.drawn_wh()
            amount = priced(drawn, levy.price, job.conventions)
            added.append(Line("levy", levy.name, 0, "Wh", drawn, levy.price, amount))
        if levy.percent:
            base = _on(lines, levy.on, job.nothing)
            added.append(Line("levy", levy.name, 0, "", None, levy.percent, percent_of(base, levy.percent, exact)))
    for discount in job.tariff.of_kind(Discount):
        off = percent_of(_on(lines, discount.on, job.nothing), discount.percent, exact)
        off = off + span_amounts(discount.amount_per_month, "month", job.axis, job.conventions)
        added.append(Line("discount", discount.name, 0, "", None, None, -off))
    return added


def _on(lines: list[Line], kinds: tuple[str, ...], nothing: Numbers) -> Numbers:
    return sum_where(lines, lambda line: not kinds or line.kind in kinds, nothing)


def _minimum_lines(job: _Job, lines: list[Line]) -> list[Line]:
    """What is missing to a minimum: by month, and by year in the year's last month.

    The year's minimum is compared with what was billed before a monthly minimum by SAM, after it by ours.
    """
    parts = job.tariff.of_kind(Minimum)
    if not parts:
        return []
    # Who sells all production sells it in a transaction of its own: the minimum is of what is bought.
    sells = buys_all(job.tariff)
    bought = sum_where(lines, lambda line: not (sells and line.kind == "export_credit"), job.nothing)
    billed = np.maximum(bought, 0)
    top_up = job.nothing.copy()
    for part in parts:
        if part.per != "year":
            least = span_amounts(part.amount, part.per, job.axis, job.conventions)
            top_up += np.maximum(least - billed - (top_up if job.conventions.exact else 0), 0)
    for part in parts:
        if part.per == "year" and job.metered.year is not None:
            top_up[:, -1] += _missing_to_year(part.amount, job, billed[:, -1] + top_up[:, -1], job.metered.year)
        elif part.per == "year" and len(job.axis.months) == 12:
            year = (billed + (top_up if job.conventions.exact else 0)).sum(axis=1)
            least_of_year = priced(np.ones((1, 1), dtype=np.int64), part.amount, job.conventions, 1)[0, 0]
            top_up[:, -1] += np.maximum(least_of_year - year, 0)
    return [Line("minimum", "", 0, "", None, None, top_up)] if top_up.any() else []


def _missing_to_year(amount: Decimal, job: _Job, billed: Numbers, year: YearSoFar) -> Numbers:
    """What is missing to a year's minimum at its end, the minimum by the days that were billed; [n]."""
    days = year.days + job.axis.days_on_axis[-1]
    least = exact_amount(days[:, None], amount, 1, days_in_years(job.axis)[-1:])[:, 0]
    missing: Numbers = np.maximum(least - (billed + np.maximum(year.net_minor, 0)), 0)
    return missing


def _vat_lines(job: _Job, lines: list[Line]) -> tuple[VatLine, ...]:
    """VAT of each rate on the sum of its lines; a line goes to the first part that names its kind, else to one that names none."""
    parts = job.tariff.of_kind(Vat)
    found = []
    for place, part in enumerate(parts):
        net = sum_where(lines, lambda line, place=place: _vat_place(parts, line.kind) == place, job.nothing)  # type: ignore[misc]
        taxed = Decimal(0) if part.treatment in WITHOUT_VAT else part.rate
        vat = percent_of(net, taxed * 100, job.conventions.exact)
        found.append(VatLine(taxed, part.treatment, net, vat))
    return tuple(found)


def _vat_place(parts: list[Vat], kind: str) -> int | None:
    named = (place for place, part in enumerate(parts) if kind in part.on)
    return next(named, next((place for place, part in enumerate(parts) if not part.on), None))
