"""Exchanging a meter: the metering point and its days go on, the instrument, its registers and its device begin anew."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from energy.domain.exchange import CannotExchange, HandOver, check_exchange
from energy.models import Channel, Device, DeviceEventKind, Meter, MeterDay, MeterExchange, RegisterHandOver
from energy.models.devices import DeviceStatus
from energy.services.device_log import log_event
from energy.services.devices import decommission_device
from energy.services.enrolment import FreshCode, make_code
from members.models import User

CHANNEL_OF = {channel.label: channel for channel in Channel}


@dataclass(frozen=True, slots=True)
class Exchanged:
    """What an exchange left: its row, and the code for the new instrument's device."""

    exchange: MeterExchange
    code: FreshCode


@transaction.atomic
def exchange_meter(
    *,
    meter: Meter,
    exchanged_at: datetime,
    registers: Mapping[str, HandOver],
    new_serial: str,
    old_serial: str = "",
    now: datetime,
    by: User | None,
) -> Exchanged:
    """Write down an exchange, end the old device, and make a code for the new one. `now` is real time.

    What the old device has not delivered by then is refused: let it send out first, or bring it in as a file. The interval
    within which the instruments changed is missing from both and is estimated from the registers.

    Raises:
        CannotExchange: the readings or the time cannot be.
    """
    meter = Meter.objects.select_for_update(of=("self",)).select_related("microgrid").get(pk=meter.pk)
    if meter.removed_at is not None:
        raise CannotExchange("the meter was removed; there is nothing to exchange")
    if not new_serial.strip():
        raise CannotExchange("the new meter's serial number is needed")
    if meter.exchanges.filter(exchanged_at__gte=exchanged_at).exists():
        raise CannotExchange("a later exchange of this meter is written down already")
    check_exchange(
        channels={channel.label for channel in meter.channels},
        registers=registers,
        exchanged_at=exchanged_at,
        now=meter.microgrid.now(now),
        newest_wh=newest_registers(meter, exchanged_at),
        limit_wh=meter.register_limit_wh,
    )
    exchange = MeterExchange.objects.create(
        meter=meter, exchanged_at=exchanged_at, old_serial=old_serial, new_serial=new_serial, by=by, recorded_at=now
    )
    RegisterHandOver.objects.bulk_create(
        RegisterHandOver(exchange=exchange, channel=CHANNEL_OF[name], last_wh=r.last_wh, first_wh=r.first_wh)
        for name, r in registers.items()
    )
    detail = f"{old_serial or 'the old meter'} to {new_serial}: " + ", ".join(
        f"{name} {r.last_wh} {CHANNEL_OF[name].unit}, then {r.first_wh} {CHANNEL_OF[name].unit}" for name, r in sorted(registers.items())
    )
    for device in Device.objects.filter(meter=meter, status=DeviceStatus.ENROLLED):
        log_event(device=device, kind=DeviceEventKind.EXCHANGED, now=now, by=by, detail=detail)
        decommission_device(device=device, now=now, by=by, reason=f"exchanged for {new_serial}")
    return Exchanged(exchange, make_code(meter=meter, now=now, by=by))


def newest_registers(meter: Meter, before: datetime) -> dict[str, int]:
    """The newest register reading per channel on days up to `before`, since the last exchange [Wh]."""
    last = meter.exchanges.filter(exchanged_at__lt=before).order_by("-exchanged_at").first()
    found = {}
    if last is not None:
        found = {Channel(r.channel).label: r.first_wh for r in last.registers.all()}
    rows = MeterDay.objects.filter(
        meter_id=meter.pk,
        microgrid_id=meter.microgrid_id,
        is_current=True,
        register_end_wh__isnull=False,
        day__lt=before.astimezone(meter.microgrid.zone).date(),
    )
    if last is not None:
        rows = rows.filter(day__gt=last.exchanged_at.astimezone(meter.microgrid.zone).date())
    for row in rows.order_by("channel", "-day").distinct("channel"):
        if row.register_end_wh is not None:
            found[Channel(row.channel).label] = row.register_end_wh
    return found
