"""Which billed days have newer readings, and what a correction changed for one member."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

import numpy as np

from billing.domain.corrections import CORRECTION_WORDS, Causes, CorrectionWords, Difference, LineFigures, differences
from billing.domain.sentences import WORDS, Words
from billing.models import BilledReadings, BillingRun, Document, DocumentLine, RunKind, RunStatus
from billing.selectors.astray import astray
from billing.selectors.counted_beside import BESIDE
from energy.models import Channel, Meter, MeterDay, Microgrid
from energy.models.meters import MeterKind
from energy.selectors.meter_days import load_channel
from energy.selectors.ownership import members_on
from grid.models import SharingDay


@dataclass(frozen=True, slots=True)
class Outdated:
    """A billed month with days that were shared anew since, by a later revision, or with sites that changed hands as it turned out."""

    run: BillingRun
    days: list[date]
    moved: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class NewerReadings:
    """A meter day of which another version counts now than was billed."""

    meter: Meter
    channel: int
    day: date
    billed: int
    newest: int


def outdated_months(microgrid: Microgrid) -> list[Outdated]:
    """Months whose last whole run, posted or withdrawn, rests on shares, readings or owners that are no longer current; oldest first."""
    runs = BillingRun.objects.filter(microgrid=microgrid, kind__in=[RunKind.FINAL, RunKind.CORRECTION], only_sites=[])
    posted = runs.filter(kind=RunKind.FINAL, status=RunStatus.POSTED).values("period")
    newest = {run.period: run for run in runs.filter(period__in=posted).order_by("period", "revision")}
    current = dict(SharingDay.objects.filter(microgrid=microgrid, is_current=True).values_list("day", "revision"))
    found = []
    for run in newest.values():
        days = [day for day, revision in zip(run.days(), run.sharing_revisions, strict=False) if current.get(day, revision) != revision]
        standing = Document.objects.standing().filter(
            run__microgrid=microgrid, period=run.period, run__kind__in=[RunKind.FINAL, RunKind.CORRECTION]
        )
        days = sorted({*days, *read_anew(run)})
        moved = list(dict.fromkeys(document.site.code for document in astray(run, standing)))
        if days or moved:
            found.append(Outdated(run, days, moved))
    return found


def read_anew(run: BillingRun) -> list[date]:
    """Days on which another final version counts now of what no share is made of: reactive energy, and what plants made."""
    kept = BilledReadings.objects.filter(run=run, channel__in=BESIDE)
    found: set[date] = set()
    for channel in BESIDE:
        of_meter = dict(kept.filter(channel=channel).values_list("meter_id", "versions"))
        if of_meter:
            block = load_channel(microgrid=run.microgrid, channel=channel, days=run.days(), meter_ids=sorted(of_meter), with_quality=False)
            billed = np.array([of_meter[meter] for meter in block.meter_ids.tolist()])
            changed = ((block.versions != billed) & block.final).any(axis=0)
            found |= {block.days[place] for place in np.flatnonzero(changed).tolist()}
    return sorted(found)


def newer_readings(run: BillingRun) -> list[NewerReadings]:
    """The meter days of a run of which another version is current now, whether their day was closed again or not."""
    days = run.days()
    channels = set(BilledReadings.objects.filter(run=run).order_by().values_list("channel", flat=True).distinct())
    current = {
        (row[0], row[1], row[2]): row[3]
        for row in MeterDay.objects.filter(microgrid_id=run.microgrid_id, day__in=days, is_current=True, channel__in=channels).values_list(
            "meter_id", "channel", "day", "version"
        )
    }
    changed = [
        (kept.meter_id, kept.channel, day, version, current[kept.meter_id, kept.channel, day])
        for kept in BilledReadings.objects.filter(run=run).order_by("meter_id", "channel")
        for day, version in zip(days, kept.versions, strict=True)
        if current.get((kept.meter_id, kept.channel, day), version) != version
    ]
    meters = Meter.objects.select_related("site").in_bulk({row[0] for row in changed})
    return [NewerReadings(meters[pk], channel, day, billed, newest) for pk, channel, day, billed, newest in changed]


@dataclass(frozen=True, slots=True)
class ExplainedLine:
    """A line that changed, with its sentence."""

    difference: Difference
    name: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Correction:
    """What was taken back, what stands now, and why.

    `new` is None where nothing took the old document's place.
    """

    old: Document
    reversal: Document
    new: Document | None
    words: CorrectionWords
    intro: str
    reasons: list[str]
    lines: list[ExplainedLine]
    total: str

    @property
    def difference_minor(self) -> int:
        """By how much the sum to pay, or to be paid, changes."""
        return (self.new.gross_minor if self.new else 0) - self.old.gross_minor


def correction_of(document: Document) -> Correction | None:
    """The correction that a document is part of as the one that takes back or takes the place; None for any other."""
    old = document.cancels or document.replaces
    if old is None:
        return None
    reversal = document if document.cancels_id else _or_none(old, "cancelled_by")
    if reversal is None:  # a draft without its reversal is on its way to being thrown away
        return None
    new = document if document.replaces_id else _or_none(old, "replaced_by")
    if new is None:
        new = reversal.run.documents.filter(site=old.site_id, member=old.member_id, kind=old.kind).first()
    words = WORDS.get(document.member.language, WORDS["en"])
    own = CORRECTION_WORDS.get(document.member.language, CORRECTION_WORDS["en"])
    causes = causes_of(old, reversal.run, new)
    reasons = [reversal.run.reason] if reversal.run.kind == RunKind.CANCELLATION else own.why(causes, words)
    return Correction(
        old,
        reversal,
        new,
        own,
        _intro(document, old, reversal, new, own, words),
        reasons,
        _explained(old, new, causes, own, words) if new else [],
        own.total((new.gross_minor if new else 0) - old.gross_minor, old.currency, words),
    )


def _or_none(document: Document, name: str) -> Document | None:
    found: Document | None = getattr(document, name, None)
    return found


def _intro(document: Document, old: Document, reversal: Document, new: Document | None, own: CorrectionWords, words: Words) -> str:
    names = {
        "old": old.label,
        "date": words.date(old.issue_date),
        "reversal": reversal.label or reversal.get_kind_display(),
        "new": (new.label or new.get_kind_display()) if new else "",
    }
    if document.pk != reversal.pk:
        return own.stands_for.format(**names)
    return (own.takes_back if new else own.nothing_instead).format(**names)


def _explained(old: Document, new: Document, causes: Causes, own: CorrectionWords, words: Words) -> list[ExplainedLine]:
    return [
        ExplainedLine(difference, words.line(difference.line.component, difference.line.window)[0], own.line(difference, causes, words))
        for difference in differences(_figures(old), _figures(new))
    ]


def _figures(document: Document) -> list[LineFigures]:
    lines: Iterable[DocumentLine] = document.lines.order_by("position")
    return [LineFigures(x.component, x.window, x.quantity, x.unit, x.price, x.net_minor) for x in lines]


def causes_of(old: Document, run: BillingRun, new: Document | None = None) -> Causes:
    """Why a run took a document back: the days whose own readings, and whose shares, are other versions now, or a move."""
    before, after = old.run, run
    old_days, new_days = before.days(), after.days()
    if old_days != new_days:
        return Causes(period_changed=True)
    if new is not None and (old.first_day, old.last_day) != (new.first_day, new.last_day):
        return Causes(moved_days=(new.first_day, new.last_day))
    if new is None and members_on([old.site_id], old.first_day)[old.site_id].pk != old.member_id:
        return Causes(moved_days=(old.first_day, old.last_day))
    shared = [day for day, was, now in zip(old_days, before.sharing_revisions, after.sharing_revisions, strict=False) if was != now]
    return Causes(tuple(_own_days(old, run)), tuple(shared))


def _own_days(old: Document, run: BillingRun) -> list[date]:
    """Days on which the runs used different versions of the site's own readings."""
    meters = list(Meter.objects.filter(site=old.site_id, kind__in=(MeterKind.SITE, MeterKind.SOURCE)).values_list("pk", flat=True))
    channels = (Channel.IMPORT if old.is_for_use else Channel.EXPORT, *BESIDE)
    kept = {
        (row.run_id, row.meter_id, row.channel): row.versions
        for row in BilledReadings.objects.filter(run__in=[old.run_id, run.pk], meter_id__in=meters, channel__in=channels)
    }
    nothing: list[int] = [0] * len(run.days())
    found = {
        day
        for key in {(meter_id, channel) for _, meter_id, channel in kept}
        for day, was, now in zip(run.days(), kept.get((old.run_id, *key), nothing), kept.get((run.pk, *key), nothing), strict=True)
        if was != now
    }
    return [day for day in sorted(found) if old.first_day <= day <= old.last_day]
