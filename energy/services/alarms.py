"""Alarms of devices: raised once while open, acknowledged and cleared by a person; each step is an event."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from energy.domain.tamper import COUNTERS_BACK_TO_ALARM, are_alarming
from energy.models import AlarmKind, Device, DeviceAlarm, DeviceEventKind, RefusalCount
from energy.services.device_log import LONGEST_DETAIL, log_event
from members.models import Role, User
from members.services.notifications import notify, staff_of

NOTIFICATION = "device alarm"


@dataclass(frozen=True, slots=True)
class Sign:
    """A sign that a device may have been tampered with."""

    device_id: int
    kind: AlarmKind
    detail: str = ""


def raise_alarm(*, device_id: int, kind: AlarmKind, now: datetime, detail: str = "") -> None:
    """Raise an alarm, or count it where one of its kind is open; part of the caller's transaction. `now` is real time."""
    raise_alarms(signs=[Sign(device_id, kind, detail)], now=now)


def raise_alarms(*, signs: Sequence[Sign], now: datetime) -> int:
    """Raise an alarm for each sign and tell the operators; one that is open already is counted, not raised. Returns how many are new."""
    new = 0
    for sign in sorted(signs, key=lambda sign: (sign.device_id, sign.kind)):
        alarm_id = _upsert(sign, now)
        if alarm_id is not None:
            new += 1
            _tell(sign, alarm_id, now)
    return new


def _upsert(sign: Sign, now: datetime) -> UUID | None:
    """Write the alarm in one statement, so that two at the same time make one; its id where it is new."""
    row = DeviceAlarm(device_id=sign.device_id, kind=sign.kind)
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO energy_devicealarm (public_id, device_id, kind, raised_at, last_at, count, detail)
               VALUES (%s, %s, %s, %s, %s, 1, %s)
               ON CONFLICT (device_id, kind) WHERE cleared_at IS NULL DO UPDATE
               SET last_at = greatest(energy_devicealarm.last_at, excluded.last_at),
                   count = energy_devicealarm.count + 1,
                   detail = CASE WHEN excluded.detail = '' THEN energy_devicealarm.detail ELSE excluded.detail END
               RETURNING count""",
            [row.public_id, sign.device_id, sign.kind, now, now, sign.detail[:LONGEST_DETAIL]],
        )
        [count] = cursor.fetchone()
    return row.public_id if count == 1 else None


def _tell(sign: Sign, alarm_id: UUID, now: datetime) -> None:
    """Write a new alarm into the device's life, and tell the operators of its cooperative."""
    device = Device.objects.select_related("meter", "sensor", "microgrid__cooperative").get(pk=sign.device_id)
    what = f"{AlarmKind(sign.kind).label}{': ' if sign.detail else ''}{sign.detail}"
    log_event(device=device, kind=DeviceEventKind.ALARM_RAISED, now=now, detail=what)
    place = device.meter or device.sensor
    notify(
        users=staff_of(device.microgrid.cooperative, Role.OPERATOR),
        kind=NOTIFICATION,
        key=f"device-alarm:{alarm_id}",
        subject=f"{place}: {AlarmKind(sign.kind).label}",
        path=f"/devices/{device.public_id}/",
        by_mail=True,
        now=now,
        text=f"The device of {place} in {device.microgrid.name}: {what}. Its page shows what came before, and ends the alarm.",
    )


def note_refusals(*, device_ids: Sequence[int], now: datetime) -> None:
    """Remember refusals, one entry in `device_ids` for each, and raise an alarm at the fifth within an hour.

    Called by the acceptance path after the refusals were counted, within its transaction, which holds the devices' rows; `now` is real time.
    """
    counts = Counter(device_ids)
    for device in Device.objects.select_for_update(of=("self",)).filter(pk__in=counts).order_by("pk"):
        recent = ([now] * counts[device.pk] + device.recent_refusals_at)[:5]
        Device.objects.filter(pk=device.pk).update(recent_refusals_at=recent)
        if are_alarming(recent):
            raise_alarm(device_id=device.pk, kind=AlarmKind.REFUSALS, now=now)
    _note_second_places(list(counts), now)


def _note_second_places(device_ids: Sequence[int], now: datetime) -> None:
    """A counter that goes back under a good signature, again and again: somebody else counts with the same key."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    rows = RefusalCount.objects.filter(
        device_id__in=device_ids, hour_at=hour, reason="counter_went_back", count__gte=COUNTERS_BACK_TO_ALARM
    )
    signs = [
        Sign(device_id, AlarmKind.TWO_PLACES, f"{count} messages with counters that were used already")
        for device_id, count in rows.values_list("device_id", "count")
    ]
    raise_alarms(signs=signs, now=now)


def note_covers(*, covers: Mapping[int, bool], now: datetime) -> None:
    """Raise an alarm for each device whose message says that its case is open; `covers` by device id.

    A case that is shut again clears nothing: somebody has opened it, and a person has to say why.
    """
    raise_alarms(signs=[Sign(device_id, AlarmKind.COVER_OPEN) for device_id, is_open in covers.items() if is_open], now=now)


@transaction.atomic
def acknowledge_alarm(*, alarm: DeviceAlarm, by: User, now: datetime) -> None:
    """Say that somebody takes care; the alarm stays open. Twice changes nothing."""
    changed = DeviceAlarm.objects.filter(pk=alarm.pk, acknowledged_at=None, cleared_at=None).update(acknowledged_at=now, acknowledged_by=by)
    if changed:
        _log(alarm, DeviceEventKind.ALARM_ACKNOWLEDGED, by, now)


@transaction.atomic
def clear_alarm(*, alarm: DeviceAlarm, by: User, now: datetime) -> None:
    """End an alarm; the next sign raises a new one. Twice changes nothing."""
    changed = DeviceAlarm.objects.filter(pk=alarm.pk, cleared_at=None).update(cleared_at=now, cleared_by=by)
    if changed:
        _log(alarm, DeviceEventKind.ALARM_CLEARED, by, now)


def _log(alarm: DeviceAlarm, kind: DeviceEventKind, by: User, now: datetime) -> None:
    log_event(device=alarm.device, kind=kind, now=now, by=by, detail=AlarmKind(alarm.kind).label)
