"""Rating sites: arrays in, draft documents out."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
from django.db import connection

from billing.domain.pricing.axis import axis_of_days
from billing.domain.pricing.parts import Demand
from billing.domain.rating import (
    CannotRate,
    RatedLines,
    RatePlan,
    Rating,
    SiteEnergy,
    VersionDays,
    rate_period,
)
from billing.domain.tariffs import TariffTerms
from billing.models import BilledReadings, BillingRun, FlexibilityCredit, TariffAssignment
from billing.selectors.bill_history import history_of, village_import
from billing.selectors.holidays import public_holidays
from billing.selectors.tariff_prices import spot_along
from billing.selectors.tariffs import TariffMissing, assignments_by_site, terms_by_day
from billing.services.flexibility import flexibility_to_take, place_on_documents
from billing.services.market_lines import Lines, gift_arrays, market_lines
from billing.services.surplus import keep_surplus
from energy.adapters.binary_copy import Column, copy_in
from energy.models import Channel, Meter, Site
from energy.models.meters import MeterKind
from energy.selectors.meter_days import current_versions
from grid.selectors.prices import PriceBlock, load_prices
from grid.selectors.sharing import ShareBlock, load_shares
from kernel.identifiers import uuid7
from kernel.money import price_from_micro, round_half_away


@dataclass(frozen=True, slots=True)
class _Draft:
    """A document on its way into the database."""

    site: Site
    kind: str
    vat_rate: Decimal
    lines: list[tuple[str, str, int, str, Decimal, int, int]]
    flexibility: list[FlexibilityCredit] = field(default_factory=list)

    def add_flexibility(self, rows: list[FlexibilityCredit]) -> None:
        """What the site is owed for flexibility, as the last lines."""
        for row in rows:
            self.lines.append(
                (row.component, row.window, row.quantity_wh, "Wh", row.price, row.exact_micro, row.net_minor)
            )
        self.flexibility.extend(rows)

    @property
    def net_minor(self) -> int:
        return sum(line[6] for line in self.lines)

    @property
    def vat_minor(self) -> int:
        return round_half_away(self.net_minor * self.vat_rate)


def rate_sites(*, run: BillingRun, site_ids: Sequence[int], days: Sequence[date]) -> set[int]:
    """Write draft documents of some sites; part of the caller's transaction. Returns the tariff versions used."""
    microgrid = run.microgrid
    sites = {site.pk: site for site in Site.objects.filter(pk__in=site_ids).select_related("member")}
    prices = load_prices(microgrid_id=microgrid.pk, days=days)
    shares, meters = (
        load_shares(microgrid=microgrid, days=days, site_ids=sorted(sites)),
        _Meters.of(sorted(sites)),
    )
    _check_current(run, meters, shares, days)
    _remember_versions(run, meters, shares)
    energy, axis = _energy_of(run, days, shares), shares.site_ids
    drafts: list[_Draft] = []
    used: set[int] = set()
    owed = flexibility_to_take(run=run, site_ids=sorted(sites))
    traded = market_lines(run=run, site_ids=sorted(sites), days=days)
    for signature, members in group_by_tariffs(sorted(sites), days).items():
        terms = terms_along(signature, days)
        used |= {t.version_id for t in terms}
        plan = rate_plan(terms, days, run, prices)
        rows = np.searchsorted(axis, np.array(members))
        chosen = energy.at(rows)
        history = history_of(run=run, site_ids=members, parts=plan.parts)
        rating = rate_period(plan, chosen, history)
        keep_surplus(run=run, site_ids=members, before=history.held_wh, after=rating.left_wh)
        drafts += _drafts([sites[pk] for pk in members], rating, terms[-1].vat_rate, traded)
    drafts += _credits_for_flexibility(drafts, sites, owed)
    _store(run, sorted(drafts, key=lambda d: (d.site.code, d.kind)))
    return used


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


def load_energy(run: BillingRun, site_ids: list[int], days: Sequence[date]) -> SiteEnergy:
    """Wh per interval of the sites as they were shared, in the order of their ids."""
    return _energy_of(run, days, load_shares(microgrid=run.microgrid, days=days, site_ids=site_ids))


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
        CannotRate: the VAT rate changes between two of the days; a document bears one rate.
    """
    by_day: dict[date, TariffTerms] = {}
    for row in rows:
        within = [d for d in days if row.valid_from <= d and (row.valid_to is None or d < row.valid_to)]
        if within:
            by_day |= terms_by_day(row.tariff, within)
    without = [str(day) for day in days if day not in by_day]
    if without:
        raise TariffMissing(f"Site '{rows[0].site}' has no tariff on {', '.join(without[:5])}; assign one.")
    terms = [by_day[day] for day in days]
    changed = next((d for d, t in zip(days, terms, strict=True) if t.vat_rate != terms[0].vat_rate), None)
    if changed is not None:
        raise CannotRate(
            f"The VAT rate of '{rows[-1].tariff}' changes on {changed}, within the month; let it change with a month."
        )
    return terms


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


def _drafts(sites: list[Site], rating: Rating, vat_rate: Decimal, traded: Lines) -> list[_Draft]:
    """A bill for each site that drew or owes anything, a credit document for each that delivered anything."""
    bills, credits = rating.bills, rating.credits
    columns = {"bill": [_columns(lines) for lines in bills], "credit": [_columns(lines) for lines in credits]}
    drafts = []
    for row, site in enumerate(sites):
        own_rate = Decimal(0) if site.member.is_cooperative else vat_rate
        bill = _lines_of(bills, columns["bill"], row) + traded.get((site.pk, "bill"), [])
        if bill:
            drafts.append(_Draft(site, "bill", own_rate, bill))
        credit = _lines_of(credits, columns["credit"], row) + traded.get((site.pk, "credit"), [])
        if credit:
            drafts.append(_Draft(site, "credit", Decimal(0), credit))
    return drafts


def _credits_for_flexibility(
    drafts: Sequence[_Draft], sites: dict[int, Site], owed: dict[int, list[FlexibilityCredit]]
) -> list[_Draft]:
    """Put what sites are owed on their credit documents; returns new ones for sites that delivered nothing else."""
    known = {draft.site.pk: draft for draft in drafts if draft.kind == "credit"}
    fresh = []
    for site_id, rows in owed.items():
        draft = known.get(site_id)
        if draft is None:
            draft = _Draft(sites[site_id], "credit", Decimal(0), [])
            fresh.append(draft)
        draft.add_flexibility(rows)
    return fresh


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
        with cursor.copy(
            "COPY billing_document (id, public_id, run_id, cooperative_id, member_id, site_id, kind, status, series, label,"
            " period, issue_date, due_date, currency, net_minor, vat_rate, vat_minor, gross_minor, paid_minor,"
            " payment_reference, chain_ref) FROM STDIN"
        ) as copy:
            for pk, draft in zip(ids, drafts, strict=True):
                net, vat = draft.net_minor, draft.vat_minor
                copy.write_row(
                    (pk, uuid7(), run.pk, run.microgrid.cooperative_id, draft.site.member_id, draft.site.pk, draft.kind,
                     "draft", "", "", run.period, run.issue_date, run.due_date, currency, net, draft.vat_rate, vat,
                     net + vat, 0, "", "0x" + secrets.token_hex(32))
                )  # fmt: skip
        with cursor.copy(
            'COPY billing_documentline (document_id, position, component, "window", quantity, unit, price, exact_micro,'
            " net_minor) FROM STDIN"
        ) as copy:
            for pk, draft in zip(ids, drafts, strict=True):
                for position, line in enumerate(draft.lines):
                    copy.write_row((pk, position, *line))
    place_on_documents(
        {pk: _places(draft) for pk, draft in zip(ids, drafts, strict=True) if draft.flexibility}
    )


def _places(draft: _Draft) -> list[tuple[FlexibilityCredit, int]]:
    first = len(draft.lines) - len(draft.flexibility)
    return [(row, first + i) for i, row in enumerate(draft.flexibility)]
