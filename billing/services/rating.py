"""Rating sites: arrays in, draft documents out."""

import secrets
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
from django.db import connection

from billing.domain.pricing.axis import axis_of_days
from billing.domain.pricing.parts import Demand
from billing.domain.rating import (
    COMPONENT_OF,
    CannotRate,
    RatedLines,
    RatePlan,
    Rating,
    SiteEnergy,
    VersionDays,
    rate_period,
)
from billing.domain.sentences import WORDS
from billing.domain.tariffs import TariffTerms
from billing.domain.vat import (
    TariffVat,
    VatParty,
    VatSum,
    VatTreatment,
    bought_from,
    own_supply,
    side_by_side,
    supplied_by,
    vat_sums,
)
from billing.models import BilledReadings, BillingRun, Component, FlexibilityCredit, TariffAssignment
from billing.selectors.bill_history import history_of, village_import
from billing.selectors.counted_beside import CountedBeside
from billing.selectors.holidays import public_holidays
from billing.selectors.tariff_prices import spot_along
from billing.selectors.tariffs import TariffMissing, assignments_by_site, terms_by_day
from billing.selectors.vat_status import VatParties, vat_parties
from billing.services.carried import Carried
from billing.services.counted_beside import Groups, remember_beside, with_counted_beside
from billing.services.flexibility import flexibility_to_take, place_on_documents
from billing.services.market_lines import Lines, gift_arrays, market_lines
from billing.services.plant_parts import with_parts
from billing.services.stays import Piece, Stay, pieces_of, stay_on, stays_by_site, stays_of
from energy.adapters.binary_copy import Column, copy_in
from energy.models import Channel, Meter, Site
from energy.models.meters import MeterKind
from energy.selectors.meter_days import current_versions
from grid.selectors.prices import PriceBlock, load_prices
from grid.selectors.sharing import ShareBlock, load_shares
from kernel.identifiers import uuid7
from kernel.money import price_from_micro

VatOfLines = Callable[[str], VatTreatment]


@dataclass(frozen=True, slots=True)
class _Draft:
    """A document on its way into the database."""

    stay: Stay
    kind: str
    lines: list[tuple[str, str, int, str, Decimal, int, int]] = field(default_factory=list)
    vat: list[VatTreatment] = field(default_factory=list)
    flexibility: list[FlexibilityCredit] = field(default_factory=list)

    @property
    def site(self) -> Site:
        return self.stay.site

    def add(self, lines: list[tuple[str, str, int, str, Decimal, int, int]], vat_of: VatOfLines) -> None:
        """Further lines, each with the VAT of its component."""
        self.lines.extend(lines)
        self.vat.extend(vat_of(line[0]) for line in lines)

    def add_flexibility(self, row: FlexibilityCredit, vat: VatTreatment) -> None:
        """What the site is owed for flexibility, as the last lines."""
        self.lines.append(
            (row.component, row.window, row.quantity_wh, row.unit, row.price, row.exact_micro, row.net_minor)
        )
        self.vat.append(vat)
        self.flexibility.append(row)

    @property
    def net_minor(self) -> int:
        return sum(line[6] for line in self.lines)

    def settle_vat(self) -> list[VatSum]:
        """Let the lines' VAT be such as may stand on one document; returns its sums."""
        self.vat[:] = side_by_side(self.vat)
        return vat_sums((vat, line[6]) for vat, line in zip(self.vat, self.lines, strict=True))


def rate_sites(*, run: BillingRun, site_ids: Sequence[int], days: Sequence[date]) -> set[int]:
    """Write draft documents of some sites; part of the caller's transaction. Returns the tariff versions used."""
    microgrid = run.microgrid
    sites = {site.pk: site for site in Site.objects.filter(pk__in=site_ids)}
    prices = load_prices(microgrid_id=microgrid.pk, days=days)
    shares, meters = (
        load_shares(microgrid=microgrid, days=days, site_ids=sorted(sites)),
        _Meters.of(sorted(sites)),
    )
    _check_current(run, meters, shares, days)
    _remember_versions(run, meters, shares)
    owed = flexibility_to_take(run=run, site_ids=sorted(sites))
    drafted = draft_sites(run=run, sites=sites, days=days, prices=prices, shares=shares)
    remember_beside(run, shares.site_ids.tolist(), drafted.beside)
    drafted.carried.keep(run)
    drafted.drafts.add_flexibility(drafted.owners, owed)
    _store(run, drafted.drafts.in_order())
    return drafted.version_ids


@dataclass(frozen=True, slots=True)
class Drafted:
    """Documents of some sites before they are written: with what they leave for the next month, and who had each site."""

    drafts: "_Drafts"
    carried: Carried
    owners: dict[int, list[Stay]]
    version_ids: set[int]
    beside: CountedBeside

    def bills_gross(self) -> dict[tuple[int, int], int]:
        """What the bills come to by site and member, VAT included [minor units]; their VAT is settled by this."""
        found: dict[tuple[int, int], int] = defaultdict(int)
        for draft in self.drafts.in_order():
            if draft.kind == "bill":
                vat = sum(part.vat_minor for part in draft.settle_vat())
                found[draft.site.pk, draft.stay.member.pk] += draft.net_minor + vat
        return dict(found)


def draft_sites(
    *, run: BillingRun, sites: dict[int, Site], days: Sequence[date], prices: PriceBlock, shares: ShareBlock,
    carried: Carried | None = None,
) -> Drafted:  # fmt: skip
    """Draft documents of some sites over days that follow each other; writes nothing, so `run` need not be saved.

    Args:
        shares: of these sites in the order of their ids, over these days.
        carried: what stays bring along from a month before that is not billed yet; else what the books say of it.
    """
    groups = [
        (members, terms_along(signature, days))
        for signature, members in group_by_tariffs(sorted(sites), days).items()
    ]
    energy, axis = _energy_of(run, days, shares), shares.site_ids
    energy, beside = with_counted_beside(run, energy, axis.tolist(), days, groups)
    stays = stays_of([sites[pk] for pk in axis.tolist()], days)
    owners = stays_by_site(stays)
    stays, energy = with_parts(run, sites, stays, energy, shares, days)
    parties = vat_parties(run.microgrid.cooperative, {stay.member.pk for stay in stays}, days)
    drafts = _Drafts(run, parties)
    used: set[int] = set()
    stays_at, traded = stays_by_site(stays), _Traded(run, sorted(sites), days)
    carried = carried or Carried()
    for members, terms in groups:
        used |= {t.version_id for t in terms}
        chosen = [stay for pk in members for stay in stays_at[pk]]
        for piece, here in pieces_of(chosen, terms, parties).items():
            span = slice(int(shares.offsets[piece.first]), int(shares.offsets[piece.after]))
            own = terms[piece.first : piece.after]
            plan = rate_plan(own, days[piece.first : piece.after], run, prices_within(prices, span))
            rows = np.searchsorted(axis, np.array([stay.site.pk for stay in here]))
            for place, part in [
                (place, stay.part) for place, stay in enumerate(here) if stay.part is not None
            ]:
                rows[place] = len(axis) + part
            billed = [stay.billed(piece.after) for stay in here]
            history = carried.history(here, history_of(run=run, billed=billed, parts=plan.parts))
            rating = rate_period(plan, energy.within(rows, span), history)
            carried.note(here, rating, piece.after - piece.first)
            drafts.add(piece, here, rating, own[0].vat, traded.on(piece))
    return Drafted(drafts, carried, owners, used, beside)


def _check_current(run: BillingRun, meters: "_Meters", shares: ShareBlock, days: Sequence[date]) -> None:
    """Readings that were superseded after the day was shared must not be billed as they were shared."""
    rows = np.searchsorted(shares.site_ids, meters.site_ids)
    unfit = np.zeros(len(rows), dtype=bool)
    for channel, shared in (
        (Channel.IMPORT, shares.import_versions),
        (Channel.EXPORT, shares.export_versions),
    ):
        now = current_versions(
            microgrid=run.microgrid, channel=channel, days=days, meter_ids=meters.meter_ids
        )
        unfit |= (now != shared[rows]).any(axis=1)
    if unfit.any():
        changed = [meters.site_ids[row] for row in np.flatnonzero(unfit)]
        codes = Site.objects.filter(pk__in=changed).order_by("code").values_list("code", flat=True)
        raise CannotRate(
            f"The readings of {len(codes)} sites no longer fit what was shared ({', '.join(codes[:5])}); close their days again."
        )


@dataclass(frozen=True, slots=True)
class _Meters:
    """The meters of some sites in the order of their ids, and the sites they measure."""

    meter_ids: list[int]
    site_ids: list[int]

    @classmethod
    def of(cls, site_ids: list[int]) -> "_Meters":
        rows = Meter.objects.filter(site_id__in=site_ids, kind=MeterKind.SITE, removed_at__isnull=True)
        pairs = list(rows.order_by("pk").values_list("pk", "site_id"))
        return cls([meter for meter, _ in pairs], [site for _, site in pairs])


def load_energy(
    run: BillingRun, site_ids: list[int], days: Sequence[date], groups: Groups = ()
) -> SiteEnergy:
    """Wh per interval of the sites as they were shared, in the order of their ids, and what the tariffs of some of them ask beside.

    Raises:
        CannotRate: what they ask is not known.
    """
    shared = _energy_of(run, days, load_shares(microgrid=run.microgrid, days=days, site_ids=site_ids))
    return with_counted_beside(run, shared, site_ids, days, groups)[0]


def _energy_of(run: BillingRun, days: Sequence[date], shares: ShareBlock) -> SiteEnergy:
    return SiteEnergy(
        shares.import_wh, shares.export_wh, shares.received_wh, shares.delivered_wh, shares.carried_wh,
        *gift_arrays(microgrid=run.microgrid, days=days, shares=shares),
    )  # fmt: skip


def _remember_versions(run: BillingRun, meters: _Meters, shares: ShareBlock) -> None:
    """Keep which versions were rated; rated anew, a run keeps the newer ones."""
    rows = np.searchsorted(shares.site_ids, meters.site_ids)
    with connection.cursor() as cursor:
        for channel, versions in (
            (Channel.IMPORT, shares.import_versions),
            (Channel.EXPORT, shares.export_versions),
        ):
            BilledReadings.objects.filter(run=run, channel=channel, meter_id__in=meters.meter_ids).delete()
            columns = [
                Column("run_id", "int8"), Column("meter_id", "int8"), Column("channel", "int2"),
                Column("versions", "int2[]", versions.shape[1]),
            ]  # fmt: skip
            values = {
                "run_id": run.pk, "meter_id": meters.meter_ids, "channel": int(channel), "versions": versions[rows],
            }  # fmt: skip
            copy_in(cursor, BilledReadings._meta.db_table, columns, values, len(rows))


def group_by_tariffs(
    site_ids: list[int], days: Sequence[date]
) -> dict[tuple[TariffAssignment, ...], list[int]]:
    """Group sites that have the same tariffs over the same days."""
    groups: dict[tuple[Any, ...], tuple[tuple[TariffAssignment, ...], list[int]]] = {}
    for site_id, rows in assignments_by_site(site_ids, min(days), max(days)).items():
        key = tuple((r.tariff_id, max(r.valid_from, min(days)), r.valid_to) for r in rows)
        groups.setdefault(key, (tuple(rows), []))[1].append(site_id)
    return dict(groups.values())


def terms_along(rows: Sequence[TariffAssignment], days: Sequence[date]) -> list[TariffTerms]:
    """The terms of each day.

    Raises:
        TariffMissing: a day has no tariff, or its tariff no published version.
    """
    by_day: dict[date, TariffTerms] = {}
    for row in rows:
        within = [d for d in days if row.valid_from <= d and (row.valid_to is None or d < row.valid_to)]
        if within:
            by_day |= terms_by_day(row.tariff, within)
    without = [str(day) for day in days if day not in by_day]
    if without:
        raise TariffMissing(f"Site '{rows[0].site}' has no tariff on {', '.join(without[:5])}; assign one.")
    return [by_day[day] for day in days]


def rate_plan(
    terms: Sequence[TariffTerms], days: Sequence[date], run: BillingRun, prices: PriceBlock, *, tried: bool = False
) -> RatePlan:  # fmt: skip
    """Lay the terms of each day along the time axis; `tried` terms need no published prices.

    Raises:
        CannotRate: prices that follow an index were not published for a day, or the village's peak is not known.
    """
    local_days = [run.microgrid.local_day(day) for day in days]
    holidays = public_holidays(run.microgrid, days)
    windows = [
        term.window_indexes(day.local_starts(), holidays) for term, day in zip(terms, local_days, strict=True)
    ]
    retail = [term.retail_micro_by_window()[places] for term, places in zip(terms, windows, strict=True)]
    export = [np.full(len(places), term.export_micro) for term, places in zip(terms, windows, strict=True)]
    day_of_interval = np.repeat(np.arange(len(days)), [len(places) for places in windows])
    versions = []
    for term in dict.fromkeys(terms):
        places = [i for i, other in enumerate(terms) if other == term]
        within = np.flatnonzero(np.isin(day_of_interval, places))
        axis = axis_of_days([local_days[i] for i in places], holidays)
        along = None
        if term.spot is not None:
            along = spot_along(run.microgrid, term, [days[i] for i in places], tried=tried)
        versions.append(
            VersionDays(
                term.priced(), axis, slice(None) if len(places) == len(days) else within,
                along and along.price_micro, along and along.substituted,
            )
        )  # fmt: skip
    plan = RatePlan(
        versions, np.concatenate(retail), np.concatenate(export), prices.local_micro, prices.retail_micro
    )
    asks_for_peak = any(isinstance(part, Demand) and part.measure == "coincident" for part in plan.parts)
    return replace(plan, village_wh=village_import(run.microgrid, days)) if asks_for_peak else plan


def prices_within(prices: PriceBlock, span: slice) -> PriceBlock:
    """The prices that bills need, over some of the intervals."""
    return replace(prices, local_micro=prices.local_micro[span], retail_micro=prices.retail_micro[span])


class _Traded:
    """Lines of gifts and orders by days; fetched once for each stretch of them."""

    def __init__(self, run: BillingRun, site_ids: list[int], days: Sequence[date]) -> None:
        self.run, self.site_ids, self.days = run, site_ids, days
        self.known: dict[tuple[int, int], Lines] = {}

    def on(self, piece: Piece) -> Lines:
        """By site and kind of document, what its days brought."""
        key = piece.first, piece.after
        if key not in self.known:
            days = self.days[piece.first : piece.after]
            self.known[key] = market_lines(run=self.run, site_ids=self.site_ids, days=days)
        return self.known[key]


class _Drafts:
    """The documents of some stays while they are being rated, piece by piece."""

    def __init__(self, run: BillingRun, parties: VatParties) -> None:
        self.run, self.parties = run, parties
        self.found: dict[tuple[int, int, int, str], _Draft] = {}

    def of(self, stay: Stay, kind: str) -> _Draft:
        """The stay's document of a kind, begun where there is none yet."""
        key = (*stay.key, kind)
        if key not in self.found:
            self.found[key] = _Draft(stay, kind)
        return self.found[key]

    def add(self, piece: Piece, stays: list[Stay], rating: Rating, tariff: TariffVat, traded: Lines) -> None:
        """A bill for each stay that drew or owes anything, a credit document for each that delivered anything."""
        bills, credits = rating.bills, rating.credits
        columns = [_columns(lines) for lines in bills], [_columns(lines) for lines in credits]
        of_bills = {own: self._vat_of_bills(piece, tariff, own) for own in (False, True)}
        for row, stay in enumerate(stays):
            own = stay.member.is_cooperative
            if stay.part is not None:
                # What a plant draws, gives away or leaves undelivered is its owner's.
                part = _lines_of(credits, columns[1], row)
                if part:
                    vat = self._vat_of_credits(piece.member, piece.cooperative, own)
                    named = [(line[0], stay.label, *line[2:]) for line in part]
                    self.of(stay, "credit").add(named, lambda component, vat=vat: vat)  # type: ignore[misc]
                continue
            bill = _lines_of(bills, columns[0], row) + traded.get((stay.site.pk, "bill"), [])
            if piece.after < stay.after:
                # What waits for the next month is what the last piece leaves.
                bill = [line for line in bill if line[0] != Component.KEPT]
            if bill:
                self.of(stay, "bill").add(bill, of_bills[own])
            credit = _lines_of(credits, columns[1], row) + traded.get((stay.site.pk, "credit"), [])
            if credit:
                vat = self._vat_of_credits(piece.member, piece.cooperative, own)
                self.of(stay, "credit").add(credit, lambda component, vat=vat: vat)  # type: ignore[misc]

    def _vat_of_bills(self, piece: Piece, tariff: TariffVat, own: bool) -> VatOfLines:
        """The cooperative supplies; what it draws itself is outside VAT."""
        if own:
            return lambda component: own_supply(piece.cooperative)
        treatments = {
            component: supplied_by(piece.cooperative, piece.member, *tariff.of_kind(kind))
            for kind, component in COMPONENT_OF.items()
        }
        usual = supplied_by(piece.cooperative, piece.member, *tariff.of_kind(""))
        return lambda component: treatments.get(component, usual)

    def _vat_of_credits(self, member: VatParty, cooperative: VatParty, own: bool) -> VatTreatment:
        """The member supplies, the cooperative writes the document."""
        return own_supply(member) if own else bought_from(member, cooperative)

    def add_flexibility(
        self, stays_at: dict[int, list[Stay]], owed: dict[int, list[FlexibilityCredit]]
    ) -> None:
        """Put what sites are owed on the credit documents of those who had them then."""
        for site_id, rows in owed.items():
            for row in rows:
                day = row.start_at.astimezone(self.run.microgrid.zone).date()
                stay = stay_on(stays_at[site_id], (day - self.run.first_day).days, self.run.days())
                party = self.parties.of_member(stay.member.pk)[stay.first]
                own = stay.member.is_cooperative
                vat = self._vat_of_credits(party, self.parties.cooperative[stay.first], own)
                self.of(stay, "credit").add_flexibility(row, vat)

    def in_order(self) -> list[_Draft]:
        """By site, then day, bills before credits."""
        return sorted(self.found.values(), key=lambda d: (d.site.code, d.stay.first, d.kind))


def _columns(lines: RatedLines) -> tuple[list[int], list[int], list[int], list[int]]:
    return (
        lines.quantity.tolist(),
        lines.exact_micro.tolist(),
        lines.price_micro.tolist(),
        lines.net_minor.tolist(),
    )


def _lines_of(
    kinds: list[RatedLines], columns: list[tuple[list[int], list[int], list[int], list[int]]], row: int
) -> list[tuple[str, str, int, str, Decimal, int, int]]:
    """The lines of one document: component, window, quantity, unit, price, exact sum, net; those without quantity and amount left out."""
    lines = []
    for kind, (quantity, exact, price, net) in zip(kinds, columns, strict=True):
        if quantity[row] or net[row]:
            # What neighbours pay is shared out over the whole run, so the producers' line has no amount yet.
            amount = 0 if kind.component == "local_delivered" else net[row]
            lines.append(
                (
                    kind.component,
                    kind.window,
                    quantity[row],
                    kind.unit,
                    price_from_micro(price[row]),
                    exact[row],
                    amount,
                )
            )
    return lines


def _store(run: BillingRun, drafts: list[_Draft]) -> None:
    """Append drafts and their lines by COPY."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence('billing_document', 'id')) FROM generate_series(1, %s)",
            [len(drafts)],
        )
        ids = [row[0] for row in cursor.fetchall()]
        currency = run.microgrid.cooperative.currency
        settled: dict[int, list[VatSum]] = {}
        with cursor.copy(
            "COPY billing_document (id, public_id, run_id, cooperative_id, member_id, site_id, kind, status, series, label,"
            " period, first_day, last_day, issue_date, due_date, currency, net_minor, vat_rate, vat_minor, gross_minor, paid_minor,"
            " payment_reference, chain_ref) FROM STDIN"
        ) as copy:
            for pk, draft in zip(ids, drafts, strict=True):
                sums = settled[pk] = draft.settle_vat()
                net, vat = draft.net_minor, sum(part.vat_minor for part in sums)
                first = run.first_day + timedelta(days=draft.stay.first)
                last = run.first_day + timedelta(days=draft.stay.after - 1)
                copy.write_row(
                    (pk, uuid7(), run.pk, run.microgrid.cooperative_id, draft.stay.member.pk, draft.site.pk, draft.kind,
                     "draft", "", "", run.period, first, last, run.issue_date, run.due_date, currency, net,
                     sums[0].rate if len(sums) == 1 else None, vat,
                     net + vat, 0, "", "0x" + secrets.token_hex(32))
                )  # fmt: skip
        with cursor.copy(
            'COPY billing_documentline (document_id, position, component, "window", quantity, unit, price, exact_micro,'
            " net_minor, vat_category, vat_rate) FROM STDIN"
        ) as copy:
            for pk, draft in zip(ids, drafts, strict=True):
                for position, (line, vat_of) in enumerate(zip(draft.lines, draft.vat, strict=True)):
                    copy.write_row((pk, position, *line, vat_of.category.value, vat_of.rate))
        with cursor.copy(
            "COPY billing_documentvat (document_id, category, rate, net_minor, vat_minor, reason, ground, recipient_rate,"
            " recipient_vat_minor, is_deducted) FROM STDIN"
        ) as copy:
            for pk, draft in zip(ids, drafts, strict=True):
                words = WORDS.get(draft.stay.member.language, WORDS["en"])
                for part in settled[pk]:
                    why = "; ".join(words.labels.get(reason, reason) for reason in part.reasons)[:200]
                    copy.write_row(
                        (pk, part.category.value, part.rate, part.net_minor, part.vat_minor, why, part.ground.value, part.recipient_rate,
                         part.recipient_vat_minor, part.is_deducted)
                    )  # fmt: skip
    place_on_documents(
        {pk: _places(draft) for pk, draft in zip(ids, drafts, strict=True) if draft.flexibility}
    )


def _places(draft: _Draft) -> list[tuple[FlexibilityCredit, int]]:
    first = len(draft.lines) - len(draft.flexibility)
    return [(row, first + i) for i, row in enumerate(draft.flexibility)]
