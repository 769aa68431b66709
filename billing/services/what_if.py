"""What if: any tariffs over real readings of many sites, beside what the sites have; nothing is written."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import numpy as np
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from billing.domain.pricing.axis import TimeAxis, axis_of_days
from billing.domain.pricing.conventions import OWN
from billing.domain.pricing.effect import TariffEffect
from billing.domain.pricing.engine import rate
from billing.domain.pricing.faults import CannotReadParts
from billing.domain.pricing.metered import CannotPrice, Metered, PriceSeries
from billing.domain.pricing.parts import KINDS, Export, Local, PricedTariff, Reactive, Vat
from billing.domain.pricing.reactive import above_by_version
from billing.domain.pricing.reading import tariff_from_json
from billing.domain.pricing.tiers import CannotTier
from billing.domain.pricing.urdb import CannotReadUrdb, Metering, tariff_from_urdb
from billing.domain.rating import CannotRate
from billing.domain.tariffs import TariffTerms
from billing.models import Tariff, TariffAssignment, TariffVersion
from billing.selectors.compared_series import fuses_for, series_for
from billing.selectors.counted_beside import asks_own_use, asks_reactive, counted_beside
from billing.selectors.holidays import public_holidays
from billing.selectors.phrases import PHRASES
from billing.selectors.tariffs import TariffMissing, group_by_tariffs, terms_by_day, terms_of
from energy.models import Channel, Meter, Microgrid, Site
from energy.models.meters import MeterKind
from energy.selectors.meter_days import load_channel
from grid.models import BalanceDay, PriceDay
from grid.selectors.prices import load_prices
from grid.selectors.sharing import load_shares
from members.language import said

SITES_AT_ONCE = 200
MOST_DAYS = 366
WITHOUT_CREDITS = tuple(kind for kind in KINDS if kind != "export")
ENERGY = ("import_wh", "export_wh", "received_wh", "exported_wh", "reactive_varh", "own_wh")
Ints = NDArray[np.int64]


class CannotCompare(ValueError):
    """The tariffs cannot be compared; the message says what is missing or wrong."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A tariff to be tried; `ignored` are keys of its file that no amount depends on."""

    name: str
    tariff: PricedTariff
    ignored: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a proposal would have cost each site in each month, VAT included, less credits [minor units]; [n, M]."""

    proposal: Proposal
    amount_minor: Ints
    effect: TariffEffect


@dataclass(frozen=True, slots=True)
class WhatIf:
    """Sites, the days looked at, what they cost under the tariffs they have [n, M], and under others.

    `left_out` names sites that could not be compared, with the reason.
    """

    sites: list[Site]
    days: list[date]
    axis: TimeAxis
    present_minor: Ints
    outcomes: list[Outcome]
    left_out: list[tuple[Site, str]]


def proposal_of_version(version: TariffVersion) -> Proposal:
    """A tariff version, draft or published, as a proposal."""
    return proposal_of_terms(str(version), terms_of(version))


def proposal_of_terms(name: str, terms: TariffTerms) -> Proposal:
    """Terms that need not be saved, as a proposal."""
    return Proposal(name, _with_vat(terms.priced(), terms.vat_rate))


def proposal_of_json(name: str, given: Any, vat_rate: Decimal, currency: str) -> Proposal:
    """Parts as JSON; VAT at `vat_rate` where the parts name none.

    Raises:
        CannotCompare: they cannot be read, or name another currency than the cooperative's.
    """
    try:
        tariff = tariff_from_json(given)
    except CannotReadParts as problem:
        raise CannotCompare(f"{name}: {problem}") from None
    if given.get("currency", currency) != currency:
        raise CannotCompare(
            _("%(name)s: its prices are in %(theirs)s, the cooperative bills in %(ours)s; convert them first.")
            % {"name": name, "theirs": tariff.currency, "ours": currency}
        )
    return Proposal(name, tariff if tariff.of_kind(Vat) else _with_vat(tariff, vat_rate))


def proposal_of_urdb(name: str, given: Any, metering: Metering, vat_rate: Decimal) -> Proposal:
    """An OpenEI tariff, its amounts taken as the cooperative's currency.

    Raises:
        CannotCompare: it cannot be billed.
    """
    if not isinstance(given, dict):
        raise CannotCompare(_("%(name)s: is no JSON object; put the keys between braces") % {"name": name})
    rule: Any = "prorated" if metering == "net-metering" else "chronological"
    try:
        read = tariff_from_urdb(given, metering=metering, tier_rule=rule)
    except CannotReadUrdb as problem:
        raise CannotCompare(f"{name}, {said(str(problem), PHRASES)}") from None
    return Proposal(name, _with_vat(read.tariff, vat_rate), read.ignored)


def vat_rate_of(microgrid: Microgrid) -> Decimal:
    """The VAT rate of the reference tariff's newest version, for tariffs from files that name none."""
    tariff = Tariff.objects.filter(cooperative_id=microgrid.cooperative_id, is_reference=True).first()
    newest = tariff and tariff.versions.order_by("-number").first()
    return newest.vat_rate if newest else Decimal(0)


def comparable_days(microgrid: Microgrid, first: date | None = None, last: date | None = None) -> list[date]:
    """Closed days with published prices, within bounds if given; the newest year of them at most."""
    closed = BalanceDay.objects.filter(microgrid=microgrid, is_current=True).values("day")
    days = PriceDay.objects.filter(microgrid=microgrid, day__in=closed)
    if first is not None:
        days = days.filter(day__gte=first)
    if last is not None:
        days = days.filter(day__lte=last)
    return sorted(days.order_by("-day").values_list("day", flat=True)[:MOST_DAYS])


def what_if(*, sites: Sequence[Site], proposals: Sequence[Proposal], days: Sequence[date]) -> WhatIf:
    """Rate sites of one microgrid over closed days under what they have and under each proposal.

    Raises:
        CannotCompare: there are no days or sites, or a proposal needs what is not metered.
    """
    if not days or not sites:
        raise CannotCompare(_("There is nothing to compare yet: no day is closed and priced, or no site is yours to see."))
    microgrid = sites[0].microgrid
    days = sorted(days)
    axis = axis_of_days([microgrid.local_day(day) for day in days], public_holidays(microgrid, days))
    local = PriceSeries(local_micro=load_prices(microgrid_id=microgrid.pk, days=days).local_micro)
    try:
        tried = [series_for(microgrid, days, axis, proposal.tariff, local) for proposal in proposals]
    except CannotRate as problem:
        raise CannotCompare(str(problem)) from None
    by_id = {site.pk: site for site in sites}
    kept: list[Site] = []
    left_out: list[tuple[Site, str]] = []
    present: list[Ints] = []
    proposed: list[list[Ints]] = [[] for _ in proposals]
    for block in _energy_of(microgrid, sorted(by_id), days):
        left_out += [(by_id[site], "Its readings do not cover all of these days.") for site in block.incomplete]
        block, cannot = _with_beside(microgrid, days, block, proposals)
        left_out += [(by_id[site], why) for site, why in cannot.items()]
        grouped = group_by_tariffs(block.site_ids, days)
        with_tariff = {site for members in grouped.values() for site in members}
        left_out += [(by_id[site], "It has no tariff.") for site in block.site_ids if site not in with_tariff]
        for signature, members in grouped.items():
            rows = np.searchsorted(block.site_ids, members)
            try:
                amounts = _present(signature, days, axis, block.of(rows), local)
            except TariffMissing as problem:
                left_out += [(by_id[site], str(problem)) for site in members]
                continue
            kept += [by_id[site] for site in members]
            present.append(amounts)
            for place, proposal in enumerate(proposals):
                proposed[place].append(_rated(proposal, axis, block.of(rows), tried[place]))
    nothing = np.zeros((0, len(axis.months)), dtype=np.int64)
    before = np.concatenate([nothing, *present])
    outcomes = []
    for proposal, parts in zip(proposals, proposed, strict=True):
        after = np.concatenate([nothing, *parts])
        outcomes.append(Outcome(proposal, after, TariffEffect(before.sum(axis=1), after.sum(axis=1))))
    return WhatIf(kept, list(days), axis, before, outcomes, left_out)


@dataclass(frozen=True, slots=True)
class _Block:
    """Energy of some sites over the axis; [n, T]. `exported_wh` is what was fed in and did not go to neighbours.

    Beside it, where a tariff asks: reactive energy drawn, and what was made behind the meter and used there.
    """

    site_ids: list[int]
    incomplete: list[int]
    import_wh: Ints
    export_wh: Ints
    received_wh: Ints
    exported_wh: Ints
    reactive_varh: Ints | None = None
    own_wh: Ints | None = None

    def of(self, rows: NDArray[np.int64], within: slice | NDArray[np.int64] = slice(None)) -> "_Block":
        """Some of the sites, over some of the intervals."""
        chosen: dict[str, Any] = {
            name: values if values is None else values[rows][:, within] for name in ENERGY for values in (getattr(self, name),)
        }
        return replace(self, site_ids=[self.site_ids[row] for row in rows.tolist()], incomplete=[], **chosen)

    def metered(self, tariff: PricedTariff) -> Metered:
        """As a tariff sees it: one that knows no neighbours is on all that was drawn and fed in."""
        knows_neighbours = bool(tariff.of_kind(Local))
        fed_in = self.exported_wh if knows_neighbours else self.export_wh
        return Metered(
            self.drawn_wh(tariff),
            fed_in if (own_wh := self._sold_wh(tariff)) is None else fed_in + own_wh,
            self.received_wh if knows_neighbours else None,
            reactive_varh=self.reactive_varh,
            fuse_a=fuses_for(tariff, self.site_ids),
        )

    def drawn_wh(self, tariff: PricedTariff) -> Ints:
        """What the tariff sees as drawn: the register, or the whole use."""
        own_wh = self._sold_wh(tariff)
        return self.import_wh if own_wh is None else self.import_wh + own_wh

    def _sold_wh(self, tariff: PricedTariff) -> Ints | None:
        """What was made and used behind the meter, where the tariff has all made sold and all used bought."""
        return self.own_wh if asks_own_use(tariff) else None


def _with_beside(microgrid: Microgrid, days: Sequence[date], block: _Block, proposals: Sequence[Proposal]) -> tuple[_Block, dict[int, str]]:
    """The block with what tariffs ask beside the registers, without the sites of which it is not known, and why."""
    reactive: set[int] = set()
    own: set[int] = set()
    asking = [(block.site_ids, proposal.tariff) for proposal in proposals]
    for signature, members in group_by_tariffs(block.site_ids, days).items():
        try:
            terms = dict.fromkeys(_terms_by_day(signature, days))
        except TariffMissing:
            continue  # told where it is rated
        asking += [(members, term.priced()) for term in terms]
    for members, tariff in asking:
        reactive |= set(members) if asks_reactive(tariff) else set()
        own |= set(members) if asks_own_use(tariff) else set()
    found = counted_beside(microgrid=microgrid, days=days, site_ids=block.site_ids, export_wh=block.export_wh, reactive=reactive, own=own)
    whole = replace(block, reactive_varh=found.reactive_varh, own_wh=found.own_wh)
    rows = np.array([row for row, site in enumerate(block.site_ids) if site not in found.cannot], dtype=np.int64)
    return whole.of(rows) if found.cannot else whole, found.cannot


def _energy_of(microgrid: Microgrid, site_ids: list[int], days: Sequence[date]) -> Iterator[_Block]:
    """Blocks of sites whose registers cover every day."""
    for start in range(0, len(site_ids), SITES_AT_ONCE):
        chosen = site_ids[start : start + SITES_AT_ONCE]
        meters = Meter.objects.filter(site_id__in=chosen, kind=MeterKind.SITE, removed_at__isnull=True)
        site_of = dict(meters.values_list("pk", "site_id"))
        arrays, complete = {}, np.zeros(len(chosen), dtype=bool)
        for channel in (Channel.IMPORT, Channel.EXPORT):
            found = load_channel(microgrid=microgrid, channel=channel, days=days, meter_ids=sorted(site_of), with_quality=False)
            rows = np.searchsorted(chosen, [site_of[int(meter)] for meter in found.meter_ids])
            values = np.zeros((len(chosen), found.values_wh.shape[1]), dtype=np.int64)
            values[rows] = found.values_wh
            arrays[channel] = values
            if channel == Channel.IMPORT:
                complete[rows] = found.present.all(axis=1)
        shares = load_shares(microgrid=microgrid, days=days, site_ids=chosen)
        whole = np.flatnonzero(complete)
        ids = [chosen[row] for row in whole.tolist()]
        incomplete = [site for site, is_whole in zip(chosen, complete, strict=True) if not is_whole]
        yield _Block(
            ids,
            incomplete,
            arrays[Channel.IMPORT][whole],
            arrays[Channel.EXPORT][whole],
            shares.received_wh[whole],
            (arrays[Channel.EXPORT] - shares.delivered_wh - shares.carried_wh)[whole],
        )


def _rated(
    proposal: Proposal, axis: TimeAxis, block: _Block, local: PriceSeries, above_varh: Mapping[Reactive, Ints] = MappingProxyType({})
) -> Ints:
    metered = replace(block.metered(proposal.tariff), above_varh=above_varh)
    try:
        rated = rate(proposal.tariff, axis, metered, series=local)
    except (CannotPrice, CannotTier) as problem:
        raise CannotCompare(f"{proposal.name}: {said(str(problem), PHRASES)}") from None
    return rated.gross.astype(np.int64)


def _present(signature: Sequence[TariffAssignment], days: Sequence[date], axis: TimeAxis, block: _Block, local: PriceSeries) -> Ints:
    """What the sites paid under the tariffs they had, version by version; [n, M].

    Raises:
        TariffMissing: a day has no tariff or no published version.
    """
    terms = _terms_by_day(signature, days)
    total = np.zeros((len(block.site_ids), len(axis.months)), dtype=np.int64)
    month_of = {month: place for place, month in enumerate(axis.months)}
    microgrid = signature[0].site.microgrid
    everybody = np.arange(len(block.site_ids))
    spans: list[tuple[TariffTerms, list[date], TimeAxis, NDArray[np.int64]]] = []
    for version in dict.fromkeys(terms):
        places = [place for place, other in enumerate(terms) if other == version]
        chosen_days = [days[place] for place in places]
        part = axis_of_days([microgrid.local_day(day) for day in chosen_days], public_holidays(microgrid, chosen_days))
        spans.append((version, chosen_days, part, np.flatnonzero(np.isin(axis.day, places))))
    above: list[dict[Reactive, Ints]] = [{} for _ in spans]
    if block.reactive_varh is not None:
        tariffs = [version.priced() for version, *_ in spans]
        above = above_by_version(
            [(tariff, span[2]) for tariff, span in zip(tariffs, spans, strict=True)],
            [block.reactive_varh[:, within] for *_, within in spans],
            [block.drawn_wh(tariff)[:, span[3]] for tariff, span in zip(tariffs, spans, strict=True)],
            OWN,
        )
    for place, (version, chosen_days, part, within) in enumerate(spans):
        assert local.local_micro is not None
        series = series_for(microgrid, chosen_days, part, version.priced(), replace(local, local_micro=local.local_micro[within]), version)
        chosen = block.of(everybody, within)
        proposal = Proposal("the tariff in force", _with_vat(version.priced(), version.vat_rate))
        total[:, [month_of[month] for month in part.months]] += _rated(proposal, part, chosen, series, above[place])
    return total


def _terms_by_day(signature: Sequence[TariffAssignment], days: Sequence[date]) -> list[TariffTerms]:
    by_day: dict[date, TariffTerms] = {}
    for row in signature:
        within = [d for d in days if row.valid_from <= d and (row.valid_to is None or d < row.valid_to)]
        if within:
            by_day |= terms_by_day(row.tariff, within)
    missing = next((day for day in days if day not in by_day), None)
    if missing is not None:
        raise TariffMissing(_("It has no tariff on %(missing)s.") % {"missing": missing})
    return [by_day[day] for day in days]


def _with_vat(tariff: PricedTariff, vat_rate: Decimal) -> PricedTariff:
    """VAT on all but what is paid for energy fed in, which is a document of its own; net metering sets off before VAT."""
    feeds_in = any(export.rule != "net_metering" for export in tariff.of_kind(Export))
    vat = Vat(vat_rate, on=WITHOUT_CREDITS if feeds_in else ())
    return PricedTariff((*tariff.parts, vat), tariff.currency)
