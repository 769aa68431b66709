"""Looking once a day for patterns of tampering; what is found becomes an alarm of the meter's device."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
from django.db import transaction
from django.db.models import Q

from energy.domain.quality import METHOD_MASK, Method
from energy.domain.tamper import RETURNS_TO_ALARM, missed_by_standstill, registers_went_back, returns_to_a_place
from energy.models import AlarmKind, Channel, Device, DeviceAlarm, Meter, MeterDay, Microgrid, TelemetryMessage
from energy.models.devices import DeviceStatus
from energy.models.meters import MeterKind
from energy.selectors.exchanges import register_steps
from energy.selectors.meter_days import load_channel
from energy.services.alarms import Sign, raise_alarms

LIKE_WEEKS = (1, 2, 3, 4)


@dataclass(frozen=True, slots=True)
class Found:
    """A sign at a meter on a day."""

    meter_id: int
    kind: AlarmKind
    what: str


@transaction.atomic
def look_for_tampering(*, microgrid: Microgrid, day: date, now: datetime) -> int:
    """Judge one day of a microgrid and raise alarms, each once however often the day is judged. Returns how many signs are new.

    `now` is real time.
    """
    # What is known already is looked up by one at a time.
    Microgrid.objects.select_for_update(no_key=True).get(pk=microgrid.pk)
    device_of = dict(
        Device.objects.filter(microgrid=microgrid, status=DeviceStatus.ENROLLED, meter__isnull=False).values_list("meter_id", "pk")
    )
    found = [*_standstills(microgrid, day), *_registers(microgrid, day)]
    signs = [Sign(device_of[one.meter_id], one.kind, f"on {day}: {one.what}") for one in found if one.meter_id in device_of]
    signs += _two_places(microgrid, day)
    fresh = [sign for sign in signs if not _is_known(sign, day)]
    raise_alarms(signs=fresh, now=now)
    return len(fresh)


def _is_known(sign: Sign, day: date) -> bool:
    """Whether this was told before, by this look or when the message came, in an alarm that is open or ended."""
    told = Q(detail__startswith=f"on {day}:") | Q(detail=sign.detail.removeprefix(f"on {day}: "))
    return DeviceAlarm.objects.filter(told, device_id=sign.device_id, kind=sign.kind).exists()


def _standstills(microgrid: Microgrid, day: date) -> list[Found]:
    """Meters of homes and firms whose import stood still while their like days never did."""
    meter_ids = list(Meter.objects.filter(microgrid=microgrid, kind=MeterKind.SITE).values_list("pk", flat=True))
    length = microgrid.local_day(day).interval_count
    like_days = [day - timedelta(weeks=week) for week in LIKE_WEEKS]
    like_days = [d for d in like_days if microgrid.local_day(d).interval_count == length]
    if not meter_ids or not like_days:
        return []
    block = load_channel(microgrid=microgrid, channel=Channel.IMPORT, days=[*like_days, day], meter_ids=meter_ids)
    shape = (len(meter_ids), len(like_days) + 1, length)
    values = block.values_wh.reshape(shape).swapaxes(0, 1)
    there = np.repeat(block.present[:, :, None], length, axis=2)
    measured = ((block.quality.reshape(shape) & METHOD_MASK) == Method.MEASURED) & there
    measured = measured.swapaxes(0, 1)
    missed = missed_by_standstill(values[-1], measured[-1], values[:-1], measured[:-1], microgrid.interval_minutes)
    return [
        Found(
            int(block.meter_ids[i]),
            AlarmKind.ZERO_PATTERN,
            f"nothing for hours, at least {missed[i] / 1000:.1f} kWh less than on like days",
        )
        for i in np.flatnonzero(missed).tolist()
    ]


def _registers(microgrid: Microgrid, day: date) -> list[Found]:
    """Registers that ended below where they began, or began below where the day before had ended."""
    rows = _register_rows(microgrid, [day - timedelta(days=1), day])
    limits = dict(Meter.objects.filter(microgrid=microgrid).values_list("pk", "register_limit_wh"))
    steps = {d: register_steps(microgrid=microgrid, day=d, meter_ids=list(limits)) for d in (day - timedelta(days=1), day)}
    pairs = []
    for (key, at), (start, end) in rows.items():
        if at == day and start is not None and end is not None:
            pairs.append((key, start, end + steps[day].get(key, 0)))
        previous = rows.get((key, day - timedelta(days=1)))
        if at == day and previous and previous[1] is not None and start is not None:
            pairs.append((key, previous[1], start))
    if not pairs:
        return []
    back = registers_went_back(
        np.array([before for _, before, _ in pairs], np.int64),
        np.array([after for _, _, after in pairs], np.int64),
        np.array([limits[key[0]] for key, _, _ in pairs], np.int64),
    )
    return [
        Found(pairs[i][0][0], AlarmKind.REGISTER_WENT_BACK, f"from {pairs[i][1]} Wh to {pairs[i][2]} Wh")
        for i in np.flatnonzero(back).tolist()
    ]


Key = tuple[int, int]


def _register_rows(microgrid: Microgrid, days: Sequence[date]) -> dict[tuple[Key, date], tuple[int | None, int | None]]:
    rows = MeterDay.objects.filter(microgrid_id=microgrid.pk, day__in=list(days), is_current=True).exclude(
        register_start_wh=None, register_end_wh=None
    )
    return {
        ((meter_id, channel), day): (start, end)
        for meter_id, channel, day, start, end in rows.values_list("meter_id", "channel", "day", "register_start_wh", "register_end_wh")
    }


def _two_places(microgrid: Microgrid, day: date) -> list[Sign]:
    """Devices whose messages of the day came by two ways in turn."""
    local_day = microgrid.local_day(day)
    rows = list(
        TelemetryMessage.objects.filter(microgrid_id=microgrid.pk, received_at__gte=local_day.start_at, received_at__lt=local_day.end_at)
        .order_by("device_id", "counter")
        .values_list("device_id", "transport", "received_at")
    )
    ways = sorted({transport for _, transport, _ in rows})
    if len(ways) < 2:
        return []
    returns = returns_to_a_place(
        np.array([device for device, _, _ in rows], np.int64),
        np.array([ways.index(transport) for _, transport, _ in rows], np.int64),
        np.array([at.timestamp() for _, _, at in rows], np.float64),
    )
    return [
        Sign(device, AlarmKind.TWO_PLACES, f"on {day}: its messages came by {' and '.join(ways)} in turn")
        for device, count in returns.items()
        if count >= RETURNS_TO_ALARM
    ]
