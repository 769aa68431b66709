"""From a document back to the versions of meter days behind its figures, and from a version to the documents."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from django.db.models import Exists, OuterRef, Q, QuerySet

from billing.models import BilledReadings, Component, Document, DocumentKind, DocumentLine
from billing.models.documents import GIVER_LENGTH
from energy.domain.quality import METHOD_MASK, Method
from energy.models import Channel, Meter, MeterDay, MeterDayVersion, Site
from energy.models.meters import MeterKind
from grid.models import GivenDay, PlantShare
from grid.selectors.plant_shares import divisions_along


@dataclass(frozen=True, slots=True)
class VersionUse:
    """A day as a document used it.

    Attributes:
        energy_wh: what that version holds.
        estimated: how many of its intervals were not measured.
        told: who made the version, when and why; None for the first, which messages made.
        newest: the version that is current now; a higher one was made after the document.
    """

    day: date
    meter: Meter
    version: int
    energy_wh: int
    intervals: int
    estimated: int
    told: MeterDayVersion | None
    newest: int


@dataclass(frozen=True, slots=True)
class CountedReadings:
    """The days of one channel that a document counts, in `unit` (Wh or varh)."""

    channel: Channel
    unit: str
    uses: list[VersionUse]

    @property
    def total(self) -> int:
        return sum(use.energy_wh for use in self.uses)


def versions_behind(document: Document) -> list[VersionUse]:
    """The versions whose readings make up a document's energy, day by day; empty for runs before they were kept."""
    return _versions(document, Channel.IMPORT if document.is_for_use else Channel.EXPORT, MeterKind.SITE)


def versions_beside(document: Document) -> list[CountedReadings]:
    """The same of what its tariff asked beside that register: reactive energy, and what the site's own plants made, from which own use follows."""
    lines = set(document.lines.values_list("component", flat=True))
    asked = []
    if document.is_for_use:
        asked.append((Channel.REACTIVE, [MeterKind.SITE]))
    if Component.OWN_USE in lines:
        asked.append((Channel.PRODUCTION, [MeterKind.SOURCE]))
        # Own use is what plants made less what was fed in, so a bill rests on that too; a credit document names it already.
        asked += [(Channel.EXPORT, [MeterKind.SITE])] * document.is_for_use
    found = [CountedReadings(channel, channel.unit, _versions(document, channel, *kinds)) for channel, kinds in asked]
    return [counted for counted in found if counted.uses]


@dataclass(frozen=True, slots=True)
class PlantReadings:
    """A common plant's days behind the energy of it that was used at home.

    Attributes:
        uses: with each version of the plant's day, what of it was used at the document's site [Wh].
        billed_wh: what the document says of the plant; more or less where days were shared anew since.
    """

    plant: Site
    percent: str
    uses: list[tuple[VersionUse, int]]
    billed_wh: int

    @property
    def fed_in_wh(self) -> int:
        return sum(use.energy_wh for use, _ in self.uses)

    @property
    def used_wh(self) -> int:
        return sum(used for _, used in self.uses)


def common_plants_behind(document: Document) -> list[PlantReadings]:
    """The readings of common plants of which a bill's member used a part at home."""
    days = document.days()
    shares = PlantShare.objects.filter(
        Q(division__valid_to__isnull=True) | Q(division__valid_to__gt=days[0]),
        division__valid_from__lte=days[-1],
        used_at=document.site_id,
        member=document.member_id,
    ).select_related("division__plant")
    if not document.is_for_use:
        return []
    by_plant: dict[Site, list[PlantShare]] = {}
    for share in shares.order_by("division__plant__code", "division__valid_from"):
        by_plant.setdefault(share.division.plant, []).append(share)
    billed = dict(document.lines.filter(component=Component.GIFT).values_list("window", "quantity"))
    found = []
    for plant, parts in by_plant.items():
        used = _used_at_home(parts, days)
        held = {day for day in days for part in parts if part.division.holds_on(day)}
        versions = [use for use in _versions(document, Channel.EXPORT, MeterKind.SITE, site=plant.pk) if use.day in held]
        percent = ", ".join(dict.fromkeys(f"{part.millionths / 10_000:g} %" for part in parts))
        uses = [(use, used.get(use.day, 0)) for use in versions]
        if uses:
            found.append(PlantReadings(plant, percent, uses, billed.get(plant.name[:GIVER_LENGTH], 0)))
    return found


def _used_at_home(parts: Sequence[PlantShare], days: Sequence[date]) -> dict[date, int]:
    """What was used of a plant by day [Wh], as the days are shared now."""
    rows = GivenDay.objects.filter(
        preference__in=[part.preference_id for part in parts if part.preference_id], day__in=days, is_current=True
    )
    used: dict[date, int] = {}
    for day, wh in rows.values_list("day", "wh"):
        used[day] = used.get(day, 0) + sum(wh)
    return used


def part_of_plant(document: Document) -> str:
    """Which part of a common plant a credit document is of, as "40 %"; empty where it is of a whole one."""
    for window in document.lines.values_list("window", flat=True):
        for piece in window.split(", "):
            if piece.startswith("part "):
                return piece.removeprefix("part ")
    return ""


def is_of_divided_plant(document: Document) -> bool:
    """Whether a credit document is of a plant that has several holders on its days, each with a document of their own."""
    return not document.is_for_use and bool(divisions_along([document.site_id], document.days()))


def _versions(document: Document, channel: Channel, *kinds: MeterKind, site: int | None = None) -> list[VersionUse]:
    """Of the document's site, or of another that it rests on."""
    meters = Meter.objects.filter(site_id=site or document.site_id, kind__in=kinds).in_bulk()
    of_run, days = document.rated_run.days(), document.days()
    used: list[VersionUse] = []
    kept_rows = BilledReadings.objects.filter(run=document.rated_run, meter_id__in=meters, channel=channel)
    for kept in kept_rows.order_by("meter_id"):
        version_of = dict(zip(of_run, kept.versions, strict=True))
        rows = MeterDay.objects.filter(meter_id=kept.meter_id, channel=channel, day__in=days)
        causes = MeterDayVersion.objects.filter(meter_id=kept.meter_id, channel=channel, day__in=days)
        told = {(c.day, c.version): c for c in causes.select_related("user", "reading_import")}
        newest = {row.day: row.version for row in rows if row.is_current}
        used += [
            _use(row, meters[kept.meter_id], told.get((row.day, row.version)), newest.get(row.day, row.version))
            for row in rows.order_by("day")
            if version_of[row.day] == row.version
        ]
    return used


def _use(row: MeterDay, meter: Meter, told: MeterDayVersion | None, newest: int) -> VersionUse:
    estimated = (np.array(row.quality) & METHOD_MASK) != Method.MEASURED
    return VersionUse(row.day, meter, row.version, sum(row.values_wh), len(row.values_wh), int(estimated.sum()), told, newest)


def documents_of_day(meter: Meter, channel: int, day: date) -> dict[int, QuerySet[Document]]:
    """The documents that rest on a meter day, by the version they used; of reactive energy bills, of what a plant made both kinds with own use."""
    found: dict[int, QuerySet[Document]] = {}
    homes = _homes_that_use(meter.site_id, day) if channel == Channel.EXPORT else Q(pk=None)
    rows = BilledReadings.objects.filter(
        meter_id=meter.pk, channel=channel, run__first_day__lte=day, run__last_day__gte=day
    ).select_related("run")
    for kept in rows:
        version = dict(zip(kept.run.days(), kept.versions, strict=True)).get(day, 0)
        documents = Document.objects.filter(
            _rests_on(channel) & Q(site_id=meter.site_id) | homes, run=kept.run_id, first_day__lte=day, last_day__gte=day
        )
        found[version] = found[version] | documents if version in found else documents
    return found


def _homes_that_use(plant_id: int, day: date) -> Q:
    """Bills of homes at which a part of a common plant is used."""
    shares = PlantShare.objects.filter(division__plant=plant_id, used_at__isnull=False).select_related("division")
    homes = Q(pk=None)
    for share in shares:
        if share.division.holds_on(day):
            homes |= Q(kind=DocumentKind.BILL, site_id=share.used_at_id, member_id=share.member_id)
    return homes


def _rests_on(channel: int) -> Q:
    """Which documents of a site rest on one of its channels."""
    with_own_use = Exists(DocumentLine.objects.filter(document=OuterRef("pk"), component=Component.OWN_USE))
    if channel == Channel.PRODUCTION:
        return Q(with_own_use)
    bills = Q(kind=DocumentKind.BILL)
    if channel == Channel.EXPORT:
        return Q(kind=DocumentKind.CREDIT) | (bills & Q(with_own_use))
    return bills
