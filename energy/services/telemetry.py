"""Accepting messages: verified, kept as evidence, folded into meter days, in one transaction per batch."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import F

from energy.domain.telemetry import CannotAccept, Envelope, Telemetry, open_envelope, read_payload, verify
from energy.models import Device, DeviceKey, Microgrid, RefusalCount
from energy.models.devices import DeviceStatus
from energy.models.meters import CHANNELS_OF, MeterKind
from energy.services.consolidation import MeterBlock, consolidate
from energy.services.live_state import remember_samples
from energy.services.partitions import ensure_months

OLDEST_INTERVAL = timedelta(days=45)
CLOCK_TOLERANCE = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class ReceivedMessage:
    """A message as it came in, and by which way (mqtt, http)."""

    body: bytes
    transport: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """The platform's answer after its commit. `outcome`: accepted, replayed or refused, then with its reason."""

    device_name: str
    counter: int
    outcome: str
    reason: str = ""


@dataclass(slots=True)
class _Work:
    """One message on its way through a batch."""

    received: ReceivedMessage
    envelope: Envelope | None = None
    device: Device | None = None
    telemetry: Telemetry | None = None
    outcome: str = ""
    reason: str = ""
    message_id: int = 0
    clock_is_off: bool = False

    def refuse(self, problem: CannotAccept) -> None:
        self.outcome, self.reason = "refused", problem.reason


def accept_messages(*, messages: Sequence[ReceivedMessage], now: datetime) -> list[Receipt]:
    """Accept what is genuine and new; returns one receipt per message, in order. `now` is real time.

    A message is accepted once: one whose counter stands in the evidence is acknowledged and ignored. Refusals are counted
    per device and hour. Samples reach the live state after the commit.
    """
    works = [_Work(message) for message in messages]
    for work in works:
        try:
            work.envelope = open_envelope(work.received.body)
        except CannotAccept as problem:
            work.refuse(problem)
    with transaction.atomic():
        _find_devices([work for work in works if work.envelope is not None])
        _judge(works, now)
        accepted = [work for work in works if work.outcome == "accepted"]
        _append(accepted, now)
        _count_refusals([work for work in works if work.outcome == "refused"], now)
    remember_samples([(work.device, work.telemetry) for work in accepted if work.device and work.telemetry])
    return [_receipt(work) for work in works]


def _receipt(work: _Work) -> Receipt:
    name = work.device.name if work.device else ""
    return Receipt(name, work.envelope.counter if work.envelope else 0, work.outcome, work.reason)


def _find_devices(works: list[_Work]) -> None:
    """Lock the devices of the batch, in the order of their ids, and refuse unknown and revoked keys."""
    keys = {
        bytes(key.key_id): key
        for key in DeviceKey.objects.filter(
            key_id__in={work.envelope.key_id for work in works if work.envelope}
        )
    }
    devices = {
        device.pk: device
        for device in Device.objects.select_for_update(of=("self",))
        .select_related("meter", "microgrid")
        .filter(pk__in={key.device_id for key in keys.values()})
        .order_by("pk")
    }
    for work in works:
        envelope = work.envelope
        if envelope is None:
            continue
        key = keys.get(envelope.key_id)
        if key is None:
            work.refuse(CannotAccept("unknown_key"))
            continue
        work.device = devices[key.device_id]
        if key.revoked_at is not None or work.device.status != DeviceStatus.ENROLLED:
            work.refuse(CannotAccept("revoked_key"))
            continue
        try:
            verify(envelope, bytes(key.public_key))
            work.telemetry = read_payload(envelope)
        except CannotAccept as problem:
            work.refuse(problem)


def _judge(works: list[_Work], now: datetime) -> None:
    """Decide each message: counters rise strictly, clocks are near, contents are the device's own."""
    late = [w for w in works if w.telemetry and w.device and w.telemetry.counter <= w.device.last_counter]
    known = _kept_messages(late)
    last = {work.device.pk: work.device.last_counter for work in works if work.device}
    for work in works:
        if work.outcome or work.device is None or work.telemetry is None:
            continue
        counter = work.telemetry.counter
        identity = (work.device.pk, counter, hashlib.sha256(work.received.body).digest())
        if counter <= last[work.device.pk]:
            if identity in known:
                work.outcome = "replayed"
            else:
                work.refuse(CannotAccept("counter_went_back"))
            continue
        try:
            _check_content(work, work.device.microgrid.now(now))
        except CannotAccept as problem:
            work.refuse(problem)
            continue
        last[work.device.pk] = counter
        known.add(identity)
        work.outcome = "accepted"


def _kept_messages(works: list[_Work]) -> set[tuple[int, int, bytes]]:
    """Which of the counters of `works` stand in the evidence: device, counter, SHA-256 of the message."""
    pairs = [(w.device.pk, w.telemetry.counter) for w in works if w.device and w.telemetry]
    if not pairs:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT device_id, counter, sha256(body) FROM energy_telemetrymessage
               WHERE (device_id, counter) IN (SELECT * FROM unnest(%s::bigint[], %s::bigint[]))""",
            [[device for device, _ in pairs], [counter for _, counter in pairs]],
        )
        return {(device, counter, bytes(digest)) for device, counter, digest in cursor.fetchall()}


def _check_content(work: _Work, now: datetime) -> None:
    """Check clock, name and channels of a message against its device; `now` is the microgrid's."""
    telemetry, device = work.telemetry, work.device
    assert telemetry is not None
    assert device is not None
    if telemetry.device_name != device.name:
        raise CannotAccept("wrong_device")
    interval = timedelta(minutes=device.microgrid.interval_minutes)
    skew = abs(now - telemetry.sent_at)
    if skew > interval / 2:
        raise CannotAccept("clock")
    work.clock_is_off = skew > CLOCK_TOLERANCE
    own_channels = {channel.label for channel in CHANNELS_OF[MeterKind(device.meter.kind)]}
    for block in telemetry.blocks:
        if block.channel not in own_channels:
            raise CannotAccept("wrong_channel")
        if block.interval_s != interval.total_seconds():
            raise CannotAccept("wrong_interval")
        if not now - OLDEST_INTERVAL <= block.start_at <= now:
            raise CannotAccept("outside_window")
        if block.start_at + interval * len(block.values_wh) > now + CLOCK_TOLERANCE:
            raise CannotAccept("outside_window")
        if block.start_at.timestamp() % block.interval_s:
            raise CannotAccept("wrong_interval")
    for sample in telemetry.samples:
        if not now - OLDEST_INTERVAL <= sample.at <= now + interval / 2:
            raise CannotAccept("outside_window")


def _append(works: list[_Work], now: datetime) -> None:
    """Keep the messages byte for byte and fold them into meter days."""
    if not works:
        return
    by_microgrid: dict[int, tuple[Microgrid, list[_Work]]] = {}
    for work in works:
        assert work.device is not None
        by_microgrid.setdefault(work.device.microgrid_id, (work.device.microgrid, []))[1].append(work)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval('energy_telemetrymessage_id_seq') FROM generate_series(1, %s)", [len(works)]
        )
        for work, (message_id,) in zip(works, cursor.fetchall(), strict=True):
            work.message_id = message_id
        for microgrid, members in by_microgrid.values():
            shown = microgrid.now(now)
            ensure_months(table="energy_telemetrymessage", days=[shown.date()])
            _copy_evidence(cursor, members, shown)
            blocks = [
                MeterBlock(work.device.meter_id, block, work.message_id, work.clock_is_off)
                for work in members
                if work.device and work.telemetry
                for block in work.telemetry.blocks
            ]
            consolidate(cursor=cursor, microgrid=microgrid, blocks=blocks, now=shown)
            _advance_counters(cursor, members, shown)


def _copy_evidence(cursor: Any, works: list[_Work], received_at: datetime) -> None:
    with cursor.copy(
        "COPY energy_telemetrymessage (id, received_at, microgrid_id, device_id, counter, sent_at, transport, body)"
        " FROM STDIN"
    ) as copy:
        for work in works:
            assert work.device is not None
            assert work.telemetry is not None
            copy.write_row(
                (work.message_id, received_at, work.device.microgrid_id, work.device.pk, work.telemetry.counter,
                 work.telemetry.sent_at, work.received.transport, work.received.body)
            )  # fmt: skip


def _advance_counters(cursor: Any, works: list[_Work], seen_at: datetime) -> None:
    last: dict[int, int] = {}
    for work in works:
        assert work.device is not None
        assert work.telemetry is not None
        last[work.device.pk] = max(last.get(work.device.pk, 0), work.telemetry.counter)
    cursor.execute(
        """UPDATE energy_device SET last_counter = new.counter, last_seen_at = %s
           FROM unnest(%s::bigint[], %s::bigint[]) AS new (id, counter)
           WHERE energy_device.id = new.id""",
        [seen_at, list(last), list(last.values())],
    )


def _count_refusals(works: list[_Work], now: datetime) -> None:
    counts = Counter((work.device.pk if work.device else None, work.reason) for work in works)
    hour = now.replace(minute=0, second=0, microsecond=0)
    for (device_id, reason), count in counts.items():
        row, _ = RefusalCount.objects.get_or_create(device_id=device_id, hour_at=hour, reason=reason)
        RefusalCount.objects.filter(pk=row.pk).update(count=F("count") + count)
