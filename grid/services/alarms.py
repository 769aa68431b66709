"""Alarms of the grid: taken in from the ticks, acknowledged and shelved by people. `now` is always the microgrid's."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db import transaction

from energy.models import Microgrid
from grid.domain.alarm_life import Finding, FindingKind, Priority, Steps, Watched, next_steps, raises_at_once
from grid.models import GridAlarm, GridAlarmStep, GridAlarmStepKind
from members.models import User

LONGEST_SENTENCE, LONGEST_REASON = 300, 200
LONGEST_SHELF = timedelta(hours=24)


class CannotShelve(ValueError):
    """The alarm cannot be put on the shelf; the message says why."""


@transaction.atomic
def take_in(*, microgrid: Microgrid, findings: Sequence[Finding], judged: Iterable[FindingKind], now: datetime) -> None:
    """Raise, keep and clear alarms by what a tick found; part of the tick's transaction.

    `judged` are the kinds that the tick could judge. The caller is the microgrid's only tick at that time.
    """
    rows = list(GridAlarm.objects.filter(microgrid=microgrid).unfinished())
    steps = next_steps(findings, [_watched(row) for row in rows], judged=judged, now=now, pace=max(microgrid.clock_speed, 1.0))
    _take(microgrid, {row.pk: row for row in rows}, steps, now)
    _end_shelves([row for row in rows if row.shelved_until is not None and row.shelved_until <= now], now)


@transaction.atomic
def raise_alarm(*, microgrid: Microgrid, finding: Finding, now: datetime) -> GridAlarm:
    """Raise an alarm at once, whatever its kind's delay; one that is there stays and takes the newer words."""
    row, is_new = _find_or_create(microgrid, finding, now, raised_at=now)
    if is_new:
        _log([row], GridAlarmStepKind.RAISED, now, detail=finding.sentence)
    elif not row.is_active:
        _raise(row, finding, now)
    else:
        GridAlarm.objects.filter(pk=row.pk).update(
            sentence=finding.sentence[:LONGEST_SENTENCE], priority=finding.priority, absent_since=None
        )
    row.refresh_from_db()
    return row


@transaction.atomic
def clear_alarm(*, microgrid: Microgrid, kind: FindingKind, subject: str, now: datetime) -> None:
    """Clear an alarm of that kind and subject at once; none there changes nothing."""
    rows = GridAlarm.objects.filter(microgrid=microgrid, kind=kind, subject=subject, cleared_at=None)
    rows.filter(raised_at=None).delete()
    _clear(list(rows.select_for_update()), now)


@transaction.atomic
def acknowledge(*, alarm: GridAlarm, by: User, now: datetime) -> None:
    """Say that somebody has seen it and acts; an alarm whose cause is gone ends by that. Twice changes nothing."""
    changed = GridAlarm.objects.filter(pk=alarm.pk, acknowledged_at=None, raised_at__isnull=False).update(
        acknowledged_at=now, acknowledged_by=by
    )
    if changed:
        _log([alarm], GridAlarmStepKind.ACKNOWLEDGED, now, by=by)


@transaction.atomic
def shelve(*, alarm: GridAlarm, by: User, now: datetime, length: timedelta, reason: str) -> None:
    """Take an alarm out of sight for a time, with a reason; it comes back by itself.

    Raises:
        CannotShelve: no reason, a time that is not positive or above 24 h, or an alarm at its end.
    """
    reason = reason.strip()[:LONGEST_REASON]
    if not reason:
        raise CannotShelve("Say why the alarm may wait.")
    if not timedelta(0) < length <= LONGEST_SHELF:
        raise CannotShelve("An alarm may wait for up to 24 hours.")
    changed = (
        GridAlarm.objects.filter(microgrid=alarm.microgrid_id, pk=alarm.pk, raised_at__isnull=False)
        .unfinished()
        .update(shelved_at=now, shelved_until=now + length, shelved_by=by, shelved_reason=reason)
    )
    if not changed:
        raise CannotShelve("The alarm is at its end.")
    _log([alarm], GridAlarmStepKind.SHELVED, now, by=by, detail=f"{_hours(length)}: {reason}")


@transaction.atomic
def unshelve(*, alarm: GridAlarm, by: User, now: datetime) -> None:
    """Bring an alarm back before its time. Twice changes nothing."""
    if _take_from_shelf([alarm.pk]):
        _log([alarm], GridAlarmStepKind.UNSHELVED, now, by=by)


def _watched(row: GridAlarm) -> Watched:
    return Watched(
        row.pk,
        FindingKind(row.kind),
        row.subject,
        Priority(row.priority),
        row.sentence,
        row.seen_at,
        row.raised_at,
        row.absent_since,
        row.cleared_at,
    )


def _take(microgrid: Microgrid, rows: dict[int, GridAlarm], steps: Steps, now: datetime) -> None:
    for finding in steps.watch:
        _watch(microgrid, finding, now)
    for pk, finding in steps.raise_:
        _raise(rows[pk], finding, now)
    for pk, finding in steps.changed:
        GridAlarm.objects.filter(pk=pk).update(priority=finding.priority, sentence=finding.sentence[:LONGEST_SENTENCE], absent_since=None)
        _log([rows[pk]], GridAlarmStepKind.PRIORITY, now, detail=finding.sentence)
    if steps.returned:
        GridAlarm.objects.filter(pk__in=steps.returned).update(absent_since=None)
    if steps.absent:
        GridAlarm.objects.filter(pk__in=steps.absent).update(absent_since=now)
    if steps.drop:
        GridAlarm.objects.filter(pk__in=steps.drop, raised_at=None).delete()
    _clear([rows[pk] for pk in steps.clear], now)


def _watch(microgrid: Microgrid, finding: Finding, now: datetime) -> None:
    at_once = raises_at_once(finding)
    row, is_new = _find_or_create(microgrid, finding, now, raised_at=now if at_once else None)
    if at_once and is_new:
        _log([row], GridAlarmStepKind.RAISED, now, detail=finding.sentence)


def _find_or_create(microgrid: Microgrid, finding: Finding, now: datetime, *, raised_at: datetime | None) -> tuple[GridAlarm, bool]:
    """The unfinished alarm of that kind and subject; two at the same time make one."""
    return (
        GridAlarm.objects.filter(microgrid=microgrid)
        .unfinished()
        .select_for_update()
        .get_or_create(
            microgrid=microgrid,
            kind=finding.kind,
            subject=finding.subject,
            defaults={
                "priority": finding.priority,
                "sentence": finding.sentence[:LONGEST_SENTENCE],
                "seen_at": now,
                "raised_at": raised_at,
            },
        )
    )


def _raise(row: GridAlarm, finding: Finding, now: datetime) -> None:
    """A pending one for the first time, or one that was cleared and comes back before anybody acknowledged it."""
    again = row.raised_at is not None
    GridAlarm.objects.filter(pk=row.pk).update(
        raised_at=now,
        cleared_at=None,
        absent_since=None,
        priority=finding.priority,
        sentence=finding.sentence[:LONGEST_SENTENCE],
        count=row.count + 1 if again else 1,
    )
    _log([row], GridAlarmStepKind.RAISED_AGAIN if again else GridAlarmStepKind.RAISED, now, detail=finding.sentence)


def _clear(rows: Sequence[GridAlarm], now: datetime) -> None:
    if rows:
        GridAlarm.objects.filter(pk__in=[row.pk for row in rows]).update(cleared_at=now, absent_since=None)
        _log(rows, GridAlarmStepKind.CLEARED, now)


def _end_shelves(rows: Sequence[GridAlarm], now: datetime) -> None:
    if rows:
        _take_from_shelf([row.pk for row in rows])
        _log(rows, GridAlarmStepKind.SHELF_ENDED, now)


def _take_from_shelf(ids: Sequence[int]) -> int:
    return GridAlarm.objects.filter(pk__in=ids, shelved_until__isnull=False).update(
        shelved_at=None, shelved_until=None, shelved_by=None, shelved_reason=""
    )


def _log(rows: Sequence[GridAlarm], kind: GridAlarmStepKind, now: datetime, *, by: User | None = None, detail: str = "") -> None:
    GridAlarmStep.objects.bulk_create(GridAlarmStep(alarm=row, at=now, kind=kind, by=by, detail=detail[:LONGEST_SENTENCE]) for row in rows)


def _hours(length: timedelta) -> str:
    minutes = round(length.total_seconds() / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes / 60:g} h"
