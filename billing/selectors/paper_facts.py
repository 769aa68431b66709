"""What the papers of some documents of one run tell beside their lines, read for all of them at once."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np

from billing.models import Document, DocumentLine, FlexibilityCredit
from billing.selectors.corrections import Correction, correction_of
from energy.models import Channel, Meter, SiteOwnership
from energy.models.meters import MeterKind
from energy.selectors.meter_days import load_channel
from energy.selectors.register_readings import RegisterReading, register_readings_by_site
from grid.selectors.sharing import load_shares
from grid.selectors.source_mix import SourceMix, own_changes, village_mix

NOTHING_DRAWN = SourceMix(0, 0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class DayEnergy:
    """What a site drew on a day, from neighbours and from the public grid [Wh]."""

    day: date
    local_wh: int
    grid_wh: int


@dataclass(frozen=True, slots=True)
class PaperFacts:
    """Beside the document itself: its lines, what flexibility stands behind them by position, the site's days and registers, the one before.

    `mix` says where what the site drew came from, batteries seen through; `correction` what was taken back, and why.
    """

    lines: list[DocumentLine]
    flexibility: dict[int, FlexibilityCredit]
    days: list[DayEnergy]
    readings: list[RegisterReading]
    before: Document | None
    mix: SourceMix
    correction: Correction | None = None
    moved_in: bool = False
    moved_out: bool = False


def paper_facts(documents: Sequence[Document]) -> dict[int, PaperFacts]:
    """By document id; the documents are of one run, with their sites loaded."""
    if not documents:
        return {}
    run = documents[0].run
    lines = _by_document(DocumentLine.objects.filter(document__in=documents).order_by("position"))
    flexibility = _by_document(FlexibilityCredit.objects.filter(document__in=documents, position__isnull=False))
    drawn, mixes, readings = {}, {}, {}
    for days, together in _by_days(documents).items():
        # Who had a site for part of the month reads of those days alone.
        of_them = list({document.site_id: document.site for document in together}.values())
        registers = register_readings_by_site(microgrid=run.microgrid, sites=of_them, days=list(days))
        by_day, by_origin = _days_drawn(together, list(days))
        for document in together:
            drawn[document.pk] = by_day.get(document.site_id, [])
            mixes[document.pk] = by_origin.get(document.site_id, NOTHING_DRAWN)
            readings[document.pk] = registers.get(document.site_id, [])
    before = _documents_before(documents)
    came, left = _moves(documents)
    return {
        document.pk: PaperFacts(
            lines[document.pk],
            {row.position: row for row in flexibility[document.pk]},
            drawn[document.pk],
            readings[document.pk],
            before.get(_place(document)),
            mixes[document.pk],
            correction_of(document),
            (document.site_id, document.member_id, document.first_day) in came,
            (document.site_id, document.member_id, document.last_day + timedelta(days=1)) in left,
        )
        for document in documents
    }


Moved = set[tuple[int, int, date]]


def _moves(documents: Sequence[Document]) -> tuple[Moved, Moved]:
    """Who came to which site on which day, and who had left it on which."""
    rows = SiteOwnership.objects.filter(site__in={d.site_id for d in documents}).exclude(valid_from=None, valid_to=None)
    found = list(rows.values_list("site_id", "member_id", "valid_from", "valid_to"))
    return {(s, m, first) for s, m, first, _ in found if first}, {(s, m, after) for s, m, _, after in found if after}


def _by_document(rows: Any) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        found[row.document_id].append(row)
    return found


def _by_days(documents: Sequence[Document]) -> dict[tuple[date, ...], list[Document]]:
    """Documents of the same days together: all but those of sites that changed hands."""
    found: dict[tuple[date, ...], list[Document]] = defaultdict(list)
    for document in documents:
        found[tuple(document.days())].append(document)
    return found


def _days_drawn(documents: Sequence[Document], days: list[date]) -> tuple[dict[int, list[DayEnergy]], dict[int, SourceMix]]:
    """By site with a bill, what it drew day by day, and where it came from."""
    run, sites = documents[0].run, sorted({d.site_id for d in documents if d.is_for_use})
    site_of = dict(Meter.objects.filter(site_id__in=sites, kind=MeterKind.SITE).values_list("pk", "site_id"))
    block = load_channel(microgrid=run.microgrid, channel=Channel.IMPORT, days=days, meter_ids=sorted(site_of), with_quality=False)
    shares = load_shares(microgrid=run.microgrid, days=days, site_ids=sites)
    drawn_wh = np.zeros_like(shares.received_wh)
    np.add.at(drawn_wh, np.searchsorted(shares.site_ids, [site_of[pk] for pk in block.meter_ids.tolist()]), block.values_wh)
    local, drawn = (np.add.reduceat(v, block.offsets[:-1], axis=1) for v in (shares.received_wh, drawn_wh))
    by_day = {
        site_id: [DayEnergy(*row) for row in zip(days, local[i].tolist(), (drawn[i] - local[i]).tolist(), strict=True)]
        for i, site_id in enumerate(shares.site_ids.tolist())
    }
    village = village_mix(run.microgrid, days)
    changes = own_changes(microgrid=run.microgrid, site_ids=sites, days=days)
    mixes = {
        site_id: village.of(shares.received_wh[i], drawn_wh[i] - shares.received_wh[i], changes.get(site_id, 0))
        for i, site_id in enumerate(shares.site_ids.tolist())
    }
    return by_day, mixes


def _place(document: Document) -> tuple[int, int, str]:
    return document.site_id, document.member_id, document.kind


def _documents_before(documents: Sequence[Document]) -> dict[tuple[int, int, str], Document]:
    """The newest earlier document of each site, member and kind, to compare with."""
    rows = (
        Document.objects.standing()
        .filter(site__in={d.site_id for d in documents}, period__lt=documents[0].period)
        .order_by("site_id", "member_id", "kind", "-period", "-pk")
        .distinct("site_id", "member_id", "kind")
    )
    return {_place(row): row for row in rows}
