"""Checking the evidence again: signatures of the kept messages, and meter days against what the messages said."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from energy.domain.acceptance import CannotAccept
from energy.domain.cose import open_envelope, verify
from energy.domain.quality import METHOD_MASK, Method
from energy.domain.senml import read_payload
from energy.domain.telemetry import Telemetry
from energy.models import Channel, DeviceKey, Meter, Microgrid
from energy.services.consolidation import DayKey, MeterBlock, patches_of
from energy.services.gateways import blocks_of_bodies
from energy.services.import_evidence import read_files_again


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that does not fit: which meter, which day, what."""

    meter: str
    day: date | None
    what: str

    def __str__(self) -> str:
        return f"{self.meter}{f' on {self.day}' if self.day else ''}: {self.what}"


@dataclass(frozen=True, slots=True)
class Layer:
    """What a message or a file said of a day, from when on [Wh, -1 where nothing]; later layers cover earlier ones."""

    at: datetime
    first: int
    values_wh: NDArray[np.int64]


def check_evidence(*, microgrid: Microgrid, days: Sequence[date]) -> list[Finding]:
    """Verify every kept message and file of `days` again and recompute each measured value from it."""
    names = dict(Meter.objects.filter(microgrid=microgrid).values_list("pk", "code"))
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT day, meter_id, channel, values_wh, quality, message_ids, version FROM energy_meterday
               WHERE microgrid_id = %s AND day = ANY(%s) AND is_current ORDER BY day, meter_id, channel""",
            [microgrid.pk, list(days)],
        )
        rows = cursor.fetchall()
        wanted = sorted({message for row in rows for message in row[5]})
        cursor.execute(
            """SELECT id, device_id, body, received_at FROM energy_telemetrymessage
               WHERE microgrid_id = %s AND id = ANY(%s)""",
            [microgrid.pk, wanted],
        )
        received = cursor.fetchall()
        bodies = _kept_bodies(cursor, microgrid, wanted)
    messages = {message: (device, bytes(body)) for message, device, body, _ in received}
    heard_at = {message: at for message, _, _, at in received} | {m: at for m, (*_, at) in bodies.items()}
    files = read_files_again(microgrid=microgrid, days=days)
    findings = [Finding(name, None, what) for name, what in files.broken]
    blocks = _verified_blocks(microgrid, messages, names, findings)
    told, broken = blocks_of_bodies(microgrid, {m: kept[:3] for m, kept in bodies.items()})
    findings += [Finding(f"message {one}", None, "the kept body can no longer be read") for one in broken]
    blocks += [MeterBlock(meter_id, block, message_id) for meter_id, message_id, block in told]
    kept = {*messages, *bodies}
    said = patches_of(microgrid, blocks)
    findings.extend(_absent(microgrid, days, {(row[0], row[1], row[2]) for row in rows}, names))
    for day, meter_id, channel, values, quality, message_ids, version in rows:
        key = (day, meter_id, channel)
        layers = [
            Layer(heard_at[piece.message_id], piece.first, np.array(piece.values_wh, dtype=np.int64))
            for piece in sorted(said.get(key, []), key=lambda p: p.message_id)
            if piece.message_id in message_ids
        ]
        filed = [filed for filed in files.days.get(key, []) if filed.version <= version]
        layers += [Layer(f.accepted_at, 0, f.values_wh) for f in filed]
        what = _judge_day(layers, values, quality, message_ids, kept)
        if what:
            findings.append(Finding(names.get(meter_id, str(meter_id)), day, f"{Channel(channel).label}: {what}"))
    return findings


def _kept_bodies(cursor: Any, microgrid: Microgrid, wanted: Sequence[int]) -> dict[int, tuple[int, bytes, list[int], datetime]]:
    """What gateways said: gateway, body, the messages it rests on (these come too), and when it was heard, by message."""
    found: dict[int, tuple[int, bytes, list[int], datetime]] = {}
    for ids in (wanted, None):
        chosen = sorted({m for kept in found.values() for m in kept[2]} - set(found)) if ids is None else ids
        cursor.execute(
            """SELECT id, gateway_id, body, rests_on, received_at FROM energy_gatewaymessage
               WHERE microgrid_id = %s AND id = ANY(%s)""",
            [microgrid.pk, chosen],
        )
        found |= {m: (gateway, bytes(body), list(rests), at) for m, gateway, body, rests, at in cursor.fetchall()}
    return found


def _absent(microgrid: Microgrid, days: Sequence[date], present: set[DayKey], names: dict[int, str]) -> list[Finding]:
    """Meter days that should be there and are not."""
    meters = list(Meter.objects.filter(microgrid=microgrid, removed_at__isnull=True))
    return [
        Finding(names[meter.pk], day, f"{channel.label}: the meter day is missing")
        for day in days
        for meter in meters
        if meter.counts_on(microgrid.local_day(day))
        for channel in meter.channels_on(day)
        if (day, meter.pk, int(channel)) not in present
    ]


def _verified_blocks(
    microgrid: Microgrid, messages: dict[int, tuple[int, bytes]], names: dict[int, str], findings: list[Finding]
) -> list[MeterBlock]:
    keys = {bytes(key.key_id): key for key in DeviceKey.objects.filter(device__microgrid=microgrid).select_related("device")}
    blocks: list[MeterBlock] = []
    for message_id, (_device, body) in messages.items():
        try:
            envelope = open_envelope(body)
            key = keys.get(envelope.key_id)
            if key is None:
                raise CannotAccept("unknown_key")
            verify(envelope, bytes(key.public_key))
            telemetry: Telemetry = read_payload(envelope)
        except CannotAccept as problem:
            findings.append(Finding(f"message {message_id}", None, f"the kept message is no longer genuine ({problem})"))
            continue
        if key.device.meter_id is not None:
            blocks.extend(MeterBlock(key.device.meter_id, block, message_id) for block in telemetry.blocks)
    return blocks


def _judge_day(layers: Sequence[Layer], values: list[int], quality: list[int], message_ids: list[int], kept: Collection[int]) -> str:
    lost = [message for message in message_ids if message not in kept]
    if lost:
        return f"message {lost[0]} that it was measured by is missing"
    measured = (np.array(quality) & METHOD_MASK) == Method.MEASURED
    if not measured.any():
        return "not measured; all values are estimated"
    told = np.full(len(values), -1, dtype=np.int64)
    for layer in sorted(layers, key=lambda one: one.at):
        part = told[layer.first : layer.first + len(layer.values_wh)]
        part[:] = np.where(layer.values_wh >= 0, layer.values_wh, part)
    differs = measured & (told != np.array(values))
    if differs.any():
        first = int(np.flatnonzero(differs)[0])
        said = f"the meter said {told[first]} Wh" if told[first] >= 0 else "nothing kept says so"
        return f"interval {first} is stored as {values[first]} Wh, {said}"
    return ""
