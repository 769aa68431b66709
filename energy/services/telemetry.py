"""Accepting messages: verified, kept as evidence, folded into meter days, in one transaction per batch."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from energy.adapters.array_literals import whole_numbers
from energy.adapters.evidence_rows import EvidenceRow, append_evidence
from energy.domain.acceptance import CannotAccept
from energy.domain.sensors import COVER_OPEN
from energy.domain.telemetry import Telemetry
from energy.models import AlarmKind, Microgrid
from energy.selectors.intake import IntakeDevice, lock_devices, revoked_keys
from energy.services.alarms import Sign, note_covers, note_refusals, raise_alarms
from energy.services.consolidation import Folded, MeterBlock, MicrogridBlocks, consolidate_all
from energy.services.live_state import remember_samples
from energy.services.message_content import check_content, sensor_values
from energy.services.message_reading import ReadMessage, ReceivedMessage, read_messages
from energy.services.partitions import ensure_months
from energy.services.sensors import append_sensor_readings

__all__ = ["Receipt", "ReceivedMessage", "accept_messages", "keep_messages", "read_messages"]


@dataclass(frozen=True, slots=True)
class Receipt:
    """The platform's answer after its commit. `outcome`: accepted, replayed or refused, then with its reason."""

    device_name: str
    counter: int
    outcome: str
    reason: str = ""


@dataclass(slots=True)
class _Accepted:
    """An accepted message with all that is known of it."""

    message: ReadMessage
    device: IntakeDevice
    telemetry: Telemetry
    clock_is_off: bool
    message_id: int = 0


def accept_messages(*, messages: Sequence[ReceivedMessage], now: datetime) -> list[Receipt]:
    """Accept what is genuine and new; returns one receipt per message, in order. `now` is real time.

    A message is accepted once: one whose counter stands in the evidence is acknowledged and ignored. Refusals are counted
    per device and hour. Samples reach the live state after the commit.
    """
    return keep_messages(messages=read_messages(messages), now=now)


def keep_messages(*, messages: Sequence[ReadMessage], now: datetime) -> list[Receipt]:
    """The second half of accepting: judge what was read, keep it, count refusals, in one transaction.

    What was read stays as it is: where the transaction fails, the same messages can be handed in again.
    """
    messages = [message.copy() for message in messages]
    with transaction.atomic():
        devices = lock_devices({m.device_id for m in messages if m.device_id is not None})
        _refuse_what_is_not_ours(messages, devices)
        microgrids = Microgrid.objects.in_bulk({device.microgrid_id for device in devices.values()})
        accepted, used_twice = _judge(messages, devices, microgrids, now)
        folded = _append(accepted, microgrids, now)
        _note(messages, accepted, devices, folded, used_twice, now)
    remember_samples([(one.device, one.telemetry) for one in accepted if one.device.meter_id is not None])
    return [_receipt(message, devices) for message in messages]


def _receipt(message: ReadMessage, devices: dict[int, IntakeDevice]) -> Receipt:
    device = devices.get(message.device_id) if message.device_id is not None else None
    counter = message.envelope.counter if message.envelope else 0
    return Receipt(device.name if device else "", counter, message.outcome, message.reason)


def _refuse_what_is_not_ours(messages: Sequence[ReadMessage], devices: dict[int, IntakeDevice]) -> None:
    """Refuse revoked keys and devices, whatever else is wrong; seen after the lock, so a revocation counts at once."""
    revoked = revoked_keys({m.envelope.key_id for m in messages if m.envelope and m.device_id is not None})
    for message in messages:
        if message.envelope is None or message.device_id is None:
            continue
        device = devices.get(message.device_id)
        if device is None:
            message.device_id = None
            message.refuse("unknown_key")
        elif message.envelope.key_id in revoked or not device.is_enrolled:
            message.refuse("revoked_key")
        elif device.encrypts and not message.was_sealed and message.telemetry is not None:
            message.refuse("not_encrypted")


def _judge(
    messages: Sequence[ReadMessage], devices: dict[int, IntakeDevice], microgrids: dict[int, Microgrid], now: datetime
) -> tuple[list[_Accepted], set[int]]:
    """Decide each message: counters rise strictly, clocks are near, contents are the device's own.

    Returns the accepted ones, and the devices of which two genuine messages bear one counter.
    """
    open_ones = [
        (message, devices[message.device_id], message.telemetry)
        for message in messages
        if not message.outcome and message.device_id is not None and message.telemetry is not None
    ]
    known = _kept_messages([(d.pk, t.counter) for _, d, t in open_ones if t.counter <= d.last_counter])
    shown = {pk: microgrid.now(now) for pk, microgrid in microgrids.items()}
    last = {device.pk: device.last_counter for device in devices.values()}
    accepted, used_twice = [], set()
    for message, device, telemetry in open_ones:
        counter = telemetry.counter
        if counter <= last[device.pk]:
            kept = known.get((device.pk, counter))
            if kept == hashlib.sha256(message.body).digest():
                message.outcome = "replayed"
                continue
            message.refuse("counter_went_back")
            if kept is not None:
                used_twice.add(device.pk)
            continue
        microgrid = microgrids[device.microgrid_id]
        try:
            clock_is_off = check_content(telemetry, device, microgrid, shown[microgrid.pk])
        except CannotAccept as problem:
            message.refuse(problem.reason)
            continue
        last[device.pk] = counter
        known[device.pk, counter] = hashlib.sha256(message.body).digest()
        message.outcome = "accepted"
        accepted.append(_Accepted(message, device, telemetry, clock_is_off))
    return accepted, used_twice


def _kept_messages(pairs: list[tuple[int, int]]) -> dict[tuple[int, int], bytes]:
    """SHA-256 of the messages that stand in the evidence, by device and counter."""
    if not pairs:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT device_id, counter, sha256(body) FROM energy_telemetrymessage
               WHERE (device_id, counter) IN (SELECT * FROM unnest(%s::bigint[], %s::bigint[]))""",
            [whole_numbers(device for device, _ in pairs), whole_numbers(counter for _, counter in pairs)],
        )
        return {(device, counter): bytes(digest) for device, counter, digest in cursor.fetchall()}


def _append(accepted: list[_Accepted], microgrids: dict[int, Microgrid], now: datetime) -> Folded:
    """Keep the messages byte for byte, fold them into meter days, append what sensors said, advance counters."""
    if not accepted:
        return Folded()
    by_microgrid: dict[int, list[_Accepted]] = {}
    for one in accepted:
        by_microgrid.setdefault(one.device.microgrid_id, []).append(one)
    shown = {pk: microgrids[pk].now(now) for pk in by_microgrid}
    ensure_months(table="energy_telemetrymessage", days={instant.date() for instant in shown.values()})
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('energy_telemetrymessage_id_seq') FROM generate_series(1, %s)", [len(accepted)])
        for one, (message_id,) in zip(accepted, cursor.fetchall(), strict=True):
            one.message_id = message_id
        append_evidence(cursor, (_evidence(one, shown[one.device.microgrid_id]) for one in accepted))
        folded = consolidate_all(
            cursor=cursor, parts=[MicrogridBlocks(microgrids[pk], _blocks(members), shown[pk]) for pk, members in by_microgrid.items()]
        )
        for pk, members in by_microgrid.items():
            readings = [value for one in members for value in sensor_values(one.telemetry, one.device, one.message_id)]
            append_sensor_readings(cursor=cursor, microgrid_id=pk, readings=readings)
        _advance_counters(cursor, accepted, shown)
    return folded


def _evidence(one: _Accepted, received_at: datetime) -> EvidenceRow:
    return EvidenceRow(
        one.message_id,
        received_at,
        one.device.microgrid_id,
        one.device.pk,
        one.telemetry.counter,
        one.telemetry.sent_at,
        one.message.transport,
        one.message.body,
    )


def _blocks(members: Iterable[_Accepted]) -> list[MeterBlock]:
    return [
        MeterBlock(one.device.meter_id, block, one.message_id, one.clock_is_off, one.device.register_limit_wh)
        for one in members
        if one.device.meter_id is not None
        for block in one.telemetry.blocks
    ]


def _advance_counters(cursor: Any, accepted: list[_Accepted], shown: dict[int, datetime]) -> None:
    last = {one.device.pk: (one.telemetry.counter, shown[one.device.microgrid_id]) for one in accepted}
    cursor.execute(
        """UPDATE energy_device SET last_counter = new.counter, last_seen_at = new.seen_at
           FROM unnest(%s::bigint[], %s::bigint[], %s::timestamptz[]) AS new (id, counter, seen_at)
           WHERE energy_device.id = new.id""",
        [whole_numbers(last), whole_numbers(counter for counter, _ in last.values()), [seen_at for _, seen_at in last.values()]],
    )


def _note(
    messages: Sequence[ReadMessage],
    accepted: list[_Accepted],
    devices: dict[int, IntakeDevice],
    folded: Folded,
    used_twice: set[int],
    now: datetime,
) -> None:
    """Count refusals, and raise the alarms that messages give reason for."""
    refused = [message for message in messages if message.outcome == "refused"]
    _count_refusals(refused, now)
    if refused:
        note_refusals(device_ids=[m.device_id for m in refused if m.device_id is not None], now=now)
    covers = {one.device.pk: True for one in accepted if any(sample.values.get(COVER_OPEN) for sample in one.telemetry.samples)}
    if covers:
        note_covers(covers=covers, now=now)
    signs = [Sign(pk, AlarmKind.TWO_PLACES, "two messages under one counter") for pk in used_twice]
    if folded.registers_back:
        for one in {one.device.pk: one for one in accepted}.values():
            meter_id = one.device.meter_id
            if meter_id is not None and (detail := folded.registers_back.get(meter_id)) is not None:
                signs.append(Sign(one.device.pk, AlarmKind.REGISTER_WENT_BACK, detail))
    if signs:
        raise_alarms(signs=signs, now=now)


def _count_refusals(refused: Sequence[ReadMessage], now: datetime) -> None:
    """Count by device, hour and reason; in the order of the rows' keys, so that two batches never wait for each other."""
    counts = Counter((message.device_id, message.reason) for message in refused)
    if not counts:
        return
    rows = sorted(counts.items(), key=lambda item: (item[0][0] or 0, item[0][1]))
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO energy_refusalcount AS kept (device_id, hour_at, reason, count)
               SELECT device_id, %s, reason, count
               FROM unnest(%s::bigint[], %s::text[], %s::int[]) AS new (device_id, reason, count)
               ON CONFLICT (device_id, hour_at, reason) DO UPDATE SET count = kept.count + excluded.count""",
            [
                now.replace(minute=0, second=0, microsecond=0),
                [device for (device, _), _ in rows],
                [reason for (_, reason), _ in rows],
                [count for _, count in rows],
            ],
        )
