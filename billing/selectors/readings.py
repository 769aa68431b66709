"""From a document back to the versions of meter days behind its figures, and from a version to the documents."""

from dataclasses import dataclass
from datetime import date

import numpy as np
from django.db.models import QuerySet

from billing.models import BilledReadings, Document, DocumentKind
from energy.domain.quality import METHOD_MASK, Method
from energy.models import Channel, Meter, MeterDay, MeterDayVersion
from energy.models.meters import MeterKind


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


def versions_behind(document: Document) -> list[VersionUse]:
    """The versions whose readings make up a document's energy, day by day; empty for runs before they were kept."""
    channel = Channel.IMPORT if document.is_for_use else Channel.EXPORT
    meters = Meter.objects.filter(site_id=document.site_id, kind=MeterKind.SITE).in_bulk()
    of_run, days = document.rated_run.days(), document.days()
    used: list[VersionUse] = []
    for kept in BilledReadings.objects.filter(run=document.rated_run, meter_id__in=meters, channel=channel):
        version_of = dict(zip(of_run, kept.versions, strict=True))
        rows = MeterDay.objects.filter(meter_id=kept.meter_id, channel=channel, day__in=days)
        causes = MeterDayVersion.objects.filter(meter_id=kept.meter_id, channel=channel, day__in=days)
        told = {(c.day, c.version): c for c in causes.select_related("user", "reading_import")}
        newest = {row.day: row.version for row in rows if row.is_current}
        used += [
            _use(
                row, meters[kept.meter_id], told.get((row.day, row.version)), newest.get(row.day, row.version)
            )
            for row in rows.order_by("day")
            if version_of[row.day] == row.version
        ]
    return used


def _use(row: MeterDay, meter: Meter, told: MeterDayVersion | None, newest: int) -> VersionUse:
    estimated = (np.array(row.quality) & METHOD_MASK) != Method.MEASURED
    return VersionUse(
        row.day,
        meter,
        row.version,
        sum(row.values_wh),
        len(row.values_wh),
        int(estimated.sum()),
        told,
        newest,
    )


def documents_of_day(meter: Meter, channel: int, day: date) -> dict[int, QuerySet[Document]]:
    """The documents that rest on a meter day, by the version they used."""
    kind = DocumentKind.BILL if channel == Channel.IMPORT else DocumentKind.CREDIT
    found: dict[int, QuerySet[Document]] = {}
    rows = BilledReadings.objects.filter(
        meter_id=meter.pk, channel=channel, run__first_day__lte=day, run__last_day__gte=day
    ).select_related("run")
    for kept in rows:
        version = dict(zip(kept.run.days(), kept.versions, strict=True)).get(day, 0)
        documents = Document.objects.filter(
            run=kept.run_id, site_id=meter.site_id, kind=kind, first_day__lte=day, last_day__gte=day
        )
        found[version] = found[version] | documents if version in found else documents
    return found
