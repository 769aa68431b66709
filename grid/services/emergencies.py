"""Emergencies: begun and ended by what the ticks find, people called one after the other, drills that switch nothing."""

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import F

from energy.models import Microgrid
from grid.domain.alarm_life import Finding, FindingKind, Priority
from grid.domain.control.escalation import next_to_call
from grid.models import Emergency, EmergencyCall, EmergencyContact, EmergencyStep, GridStatus
from grid.services.alarms import clear_alarm, raise_alarm
from members.models import User
from members.services.notifications import notify

SERIOUS = {GridStatus.EMERGENCY, GridStatus.ISLANDED, GridStatus.BLACKSTART, GridStatus.RESYNC}
ANSWER_WITHIN = timedelta(minutes=5)
PATH = "/emergency/"
LONGEST_TEXT = 300


class CannotDrill(ValueError):
    """The drill cannot begin; the message says why."""


@transaction.atomic
def note_status(*, microgrid: Microgrid, status: str, reasons: list[str], now: datetime, real_now: datetime) -> None:
    """Begin, continue or end the emergency by a tick's state; part of what is written behind the tick."""
    row = Emergency.objects.filter(microgrid=microgrid, ended_at__isnull=True, is_drill=False).first()
    serious = status in SERIOUS
    cause = (reasons[0] if reasons else status)[:LONGEST_TEXT]
    if row is None:
        if serious:
            _begin(microgrid, status, cause, now, real_now)
        return
    if status != row.status:
        _step(row, f"{GridStatus(row.status).label} → {GridStatus(status).label}: {cause}", now)
        row.status = status
        row.save(update_fields=["status"])
    if not serious:
        row.ended_at = max(now, row.began_at)
        row.save(update_fields=["ended_at"])
        clear_alarm(microgrid=microgrid, kind=FindingKind.EMERGENCY, subject="", now=now)


def _begin(microgrid: Microgrid, status: str, cause: str, now: datetime, real_now: datetime) -> None:
    row = Emergency.objects.create(microgrid=microgrid, status=status, cause=cause, began_at=now)
    _step(row, f"Begun as {GridStatus(status).label}: {cause}", now)
    finding = Finding(FindingKind.EMERGENCY, "", Priority.CRITICAL, f"{GridStatus(status).label}: {cause}"[:300])
    raise_alarm(microgrid=microgrid, finding=finding, now=now)
    call_next(emergency=row, real_now=real_now)


def _step(emergency: Emergency, text: str, now: datetime, by: User | None = None) -> None:
    EmergencyStep.objects.create(emergency=emergency, at=now, text=text[:LONGEST_TEXT], by=by)


@transaction.atomic
def call_next(*, emergency: Emergency, real_now: datetime) -> User | None:
    """Call whoever is next, if nobody has answered in time; returns who was called. Each call by one at a time, none once it is over."""
    if not _held(emergency):
        return None
    contacts = {
        c.user_id: c.user
        for c in EmergencyContact.objects.filter(microgrid=emergency.microgrid).select_related("user").order_by("position")
    }
    calls = list(EmergencyCall.objects.filter(emergency=emergency))
    chosen = next_to_call(
        list(contacts), {call.user_id: call.called_at for call in calls}, any(c.answered_at for c in calls), real_now, ANSWER_WITHIN
    )
    if chosen is None:
        return None
    user = contacts[chosen]
    EmergencyCall.objects.create(emergency=emergency, user=user, called_at=real_now)
    word = "DRILL, nothing is switched" if emergency.is_drill else "Emergency"
    notify(
        users=[user],
        kind="emergency",
        key=f"emergency {emergency.public_id}",
        subject=f"{word}: {emergency.microgrid.name}",
        text=f"{word} in {emergency.microgrid.name}: {emergency.cause}\n\nPlease answer on the emergency page. Without an answer the next contact is called in five minutes.",
        path=PATH,
        by_mail=True,
        now=real_now,
    )
    _step(emergency, f"{user} was called.", emergency.microgrid.now(real_now))
    return user


def _held(emergency: Emergency) -> bool:
    """Keep the emergency to the caller's transaction; whether it goes on."""
    row = Emergency.objects.select_for_update(no_key=True).get(pk=emergency.pk)
    return row.ended_at is None


def call_waiting(*, real_now: datetime) -> int:
    """Call the next contact in each open emergency and drill that nobody has answered; returns how many were called."""
    rows = Emergency.objects.filter(ended_at__isnull=True).select_related("microgrid")
    return sum(call_next(emergency=row, real_now=real_now) is not None for row in rows)


@transaction.atomic
def answer_call(*, emergency: Emergency, by: User, real_now: datetime) -> None:
    """Somebody says they act: nobody else is called. Who was not called may answer as well."""
    _held(emergency)
    call, _ = EmergencyCall.objects.get_or_create(emergency=emergency, user=by, defaults={"called_at": real_now})
    changed = EmergencyCall.objects.filter(pk=call.pk, answered_at__isnull=True).update(answered_at=real_now)
    if changed:
        _step(emergency, f"{by} answered and acts.", emergency.microgrid.now(real_now), by)


def begin_drill(*, microgrid: Microgrid, scenario: str, title: str, outcome: dict, by: User, real_now: datetime) -> Emergency:
    """Begin a drill: contacts are called as in earnest, every word says that it is a drill, and nothing is switched.

    Raises:
        CannotDrill: one runs, or there is a real emergency.
    """
    if Emergency.objects.filter(microgrid=microgrid, ended_at__isnull=True, is_drill=False).exists():
        raise CannotDrill("There is a real emergency; a drill now would only confuse people.")
    now = microgrid.now(real_now)
    try:
        with transaction.atomic():
            row = Emergency.objects.create(
                microgrid=microgrid,
                is_drill=True,
                status=GridStatus.EMERGENCY,
                cause=title[:LONGEST_TEXT],
                began_at=now,
                called_by=by,
                scenario=scenario,
                outcome=outcome,
            )
    except IntegrityError:
        raise CannotDrill("A drill is running already.") from None
    _step(row, f"Drill begun: {title}", now, by)
    call_next(emergency=row, real_now=real_now)
    return row


@transaction.atomic
def end_drill(*, drill: Emergency, by: User, real_now: datetime) -> None:
    """End a drill; twice changes nothing."""
    now = drill.microgrid.now(real_now)
    changed = Emergency.objects.filter(pk=drill.pk, is_drill=True, ended_at__isnull=True, began_at__lte=now).update(ended_at=now)
    if not changed:
        changed = Emergency.objects.filter(pk=drill.pk, is_drill=True, ended_at__isnull=True).update(ended_at=F("began_at"))
    if changed:
        _step(drill, "Drill ended.", now, by)
