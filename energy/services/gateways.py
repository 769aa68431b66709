"""Gateways: enrolled with a key that is shown once, revoked, and what they hand in accepted once."""

import hashlib
import logging
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import F
from redis.exceptions import RedisError

from energy.adapters.live_store import LiveSample, write_samples
from energy.domain.gateway_messages import CannotTake, GatewayBody, blocks_between, read_body, registers_at_edges
from energy.domain.telemetry import IntervalBlock
from energy.models import Device, Gateway, GatewayMeter, GatewayRefusal, GatewayRegister, Meter, Microgrid
from energy.models.meters import MeterKind
from energy.services.consolidation import MeterBlock, consolidate
from energy.services.partitions import ensure_months

OLDEST_INTERVAL = timedelta(days=45)
CLOCK_TOLERANCE = timedelta(seconds=60)
KEY_PREFIX = "mgw_"
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class GatewayReceipt:
    """The answer after the commit. `outcome`: accepted or replayed."""

    message_id: str
    outcome: str
    intervals: int
    samples: int


@transaction.atomic
def enrol_gateway(*, microgrid: Microgrid, name: str, meters: Mapping[str, Meter], now: datetime) -> tuple[Gateway, str]:
    """Enrol a gateway for meters by the names it gives them; returns it with its key, which is kept nowhere."""
    key = KEY_PREFIX + secrets.token_urlsafe(32)
    gateway = Gateway.objects.create(microgrid=microgrid, name=name, key_sha256=_digest(key), key_hint=key[:10], enrolled_at=now)
    GatewayMeter.objects.bulk_create(GatewayMeter(gateway=gateway, meter=meter, reference=reference) for reference, meter in meters.items())
    return gateway, key


@transaction.atomic
def renew_key(*, gateway: Gateway) -> str:
    """Give a gateway a new key; the old one ends at once."""
    key = KEY_PREFIX + secrets.token_urlsafe(32)
    Gateway.objects.filter(pk=gateway.pk).update(key_sha256=_digest(key), key_hint=key[:10], revoked_at=None)
    return key


def revoke_gateway(*, gateway: Gateway, now: datetime) -> None:
    """Refuse everything that comes with its key from now on."""
    Gateway.objects.filter(pk=gateway.pk, revoked_at__isnull=True).update(revoked_at=now)


def _digest(key: str) -> str:
    """Keys are 256 random bits: a plain hash cannot be guessed backwards."""
    return hashlib.sha256(key.encode()).hexdigest()


def accept_body(*, key: str, body: bytes, now: datetime) -> GatewayReceipt:
    """Accept a body once: kept as evidence, folded into meter days, samples to the live state. `now` is real time.

    Raises:
        CannotTake: it is refused; the refusal is counted by gateway, hour and reason.
    """
    gateway = Gateway.objects.filter(key_sha256=_digest(key)).first()
    if gateway is None:
        _count_refusal(None, "unknown_key", now)
        raise CannotTake("unknown_key")
    return accept_from(gateway=gateway, body=body, now=now)


def accept_from(*, gateway: Gateway, body: bytes, now: datetime) -> GatewayReceipt:
    """Accept a body in the name of a gateway that another door knows by other means, as `accept_body` does.

    Raises:
        CannotTake: it is refused; the refusal is counted by gateway, hour and reason.
    """
    try:
        if gateway.revoked_at is not None:
            raise CannotTake("revoked_key")
        said = read_body(body)
        receipt, samples = _accept(gateway, said, body, now)
    except CannotTake as problem:
        _count_refusal(gateway, problem.reason, now)
        raise
    _remember(gateway, samples)
    return receipt


@transaction.atomic
def _count_refusal(gateway: Gateway | None, reason: str, now: datetime) -> None:
    hour = now.replace(minute=0, second=0, microsecond=0)
    row, _ = GatewayRefusal.objects.get_or_create(gateway=gateway, hour_at=hour, reason=reason)
    GatewayRefusal.objects.filter(pk=row.pk).update(count=F("count") + 1)


@transaction.atomic
def _accept(gateway: Gateway, said: GatewayBody, body: bytes, now: datetime) -> tuple[GatewayReceipt, dict[int, LiveSample]]:
    gateway = Gateway.objects.select_for_update(of=("self",)).select_related("microgrid").get(pk=gateway.pk)
    if gateway.revoked_at is not None:
        raise CannotTake("revoked_key")
    with connection.cursor() as cursor:
        if _is_known(cursor, gateway, said, body):
            return GatewayReceipt(said.message_id, "replayed", 0, 0), {}
        shown = gateway.microgrid.now(now)
        meters = _meters_of(gateway, said)
        clock_is_off = _check(gateway.microgrid, said, meters, shown)
        samples = _samples(said, meters)
        # A meter may have a device as well: its messages wait as they do for each other.
        list(Device.objects.select_for_update().filter(meter__in=[m.meter_id for m in meters.values()]).order_by("pk"))
        cursor.execute("SELECT nextval('energy_telemetrymessage_id_seq')")
        [message_id] = cursor.fetchone()
        counted, rests_on = _register_blocks(gateway.microgrid, said, meters, message_id)
        blocks = [(meters[named.reference].meter_id, named.block) for named in said.blocks] + counted
        ensure_months(table="energy_gatewaymessage", days=[shown.date()])
        cursor.execute(
            """INSERT INTO energy_gatewaymessage
               (id, received_at, microgrid_id, gateway_id, message_ref, sent_at, rests_on, body)
               VALUES (%s, %s, %s, %s, %s, %s, %s, %s)""",
            [message_id, shown, gateway.microgrid_id, gateway.pk, said.message_id, said.sent_at, sorted(rests_on), body],
        )
        consolidate(
            cursor=cursor,
            microgrid=gateway.microgrid,
            now=shown,
            blocks=[MeterBlock(meter_id, block, message_id, clock_is_off) for meter_id, block in blocks],
        )
    Gateway.objects.filter(pk=gateway.pk).update(last_seen_at=shown)
    intervals = sum(len(block.values_wh) for _, block in blocks)
    return GatewayReceipt(said.message_id, "accepted", intervals, len(said.samples)), samples


def _is_known(cursor: Any, gateway: Gateway, said: GatewayBody, body: bytes) -> bool:
    """Whether this very body was accepted before; another one under its id is refused."""
    cursor.execute(
        "SELECT sha256(body) FROM energy_gatewaymessage WHERE gateway_id = %s AND message_ref = %s LIMIT 1", [gateway.pk, said.message_id]
    )
    row = cursor.fetchone()
    if row is None:
        return False
    if bytes(row[0]) != hashlib.sha256(body).digest():
        raise CannotTake("message_id_reused", "message_id", "another body was accepted under it")
    return True


def _meters_of(gateway: Gateway, said: GatewayBody) -> dict[str, GatewayMeter]:
    rows = GatewayMeter.objects.filter(gateway=gateway, reference__in=said.references, meter__removed_at__isnull=True)
    found = {row.reference: row for row in rows.select_related("meter")}
    missing = sorted(said.references - set(found))
    if missing:
        raise CannotTake("unknown_meter", "meter", f"the gateway has no meter '{missing[0]}'")
    return found


def _check(microgrid: Microgrid, said: GatewayBody, meters: Mapping[str, GatewayMeter], now: datetime) -> bool:
    """Check clock, channels and windows; returns whether the gateway's clock is noticeably off. `now` is the microgrid's."""
    interval = timedelta(minutes=microgrid.interval_minutes)
    skew = abs(now - said.sent_at)
    if skew > interval / 2:
        raise CannotTake("clock", "sent_at", f"{skew.total_seconds():.0f} s away from {now:%Y-%m-%dT%H:%M:%SZ}")
    for i, named in enumerate(said.blocks):
        block, where = named.block, f"readings[{i}]"
        _check_channel(meters[named.reference].meter, block.channel, where)
        if block.interval_s != interval.total_seconds() or block.start_at.timestamp() % block.interval_s:
            raise CannotTake("wrong_interval", where, f"intervals of {microgrid.interval_minutes} minutes on the full hour")
        if block.start_at < now - OLDEST_INTERVAL:
            raise CannotTake("outside_window", where, "began more than 45 days ago; import a file")
        if block.start_at + interval * len(block.values_wh) > now + CLOCK_TOLERANCE:
            raise CannotTake("outside_window", where, "is not over yet")
    for reading in said.registers:
        _check_channel(meters[reading.reference].meter, reading.channel, "meter_values")
    times = [sample.sample.at for sample in said.samples] + [reading.at for reading in said.registers]
    if any(not now - OLDEST_INTERVAL <= at <= now + interval / 2 for at in times):
        raise CannotTake("outside_window", "", "a time lies in the future, or more than 45 days back")
    return skew > CLOCK_TOLERANCE


def _check_channel(meter: Meter, channel: str, where: str) -> None:
    if channel not in {own.label for own in meter.channels}:
        raise CannotTake("wrong_channel", where, f"{meter.code} has no channel '{channel}'")


def _register_blocks(
    microgrid: Microgrid, said: GatewayBody, meters: Mapping[str, GatewayMeter], message_id: int
) -> tuple[list[tuple[int, IntervalBlock]], set[int]]:
    """Intervals between this body's registers and those around them; with the messages that told the latter."""
    interval_s = microgrid.interval_minutes * 60
    step = timedelta(seconds=interval_s)
    blocks: list[tuple[int, IntervalBlock]] = []
    rests_on: set[int] = set()
    fresh_rows = []
    for (reference, channel), fresh in registers_at_edges(said.registers, interval_s).items():
        own = meters[reference]
        around = GatewayRegister.objects.filter(
            gateway_meter=own, channel=channel, read_at__gte=min(fresh) - step, read_at__lte=max(fresh) + step
        ).exclude(read_at__in=list(fresh))
        rows = list(around.values_list("read_at", "register_wh", "message_id"))
        edges = {at: register for at, register, _ in rows} | fresh
        found = blocks_between(edges, set(fresh), channel, interval_s)
        blocks += [(own.meter_id, block) for block in found]
        used = {block.start_at for block in found} | {b.start_at + step * len(b.values_wh) for b in found}
        rests_on |= {message for at, _, message in rows if at in used}
        fresh_rows += [
            GatewayRegister(gateway_meter=own, channel=channel, read_at=at, register_wh=wh, message_id=message_id)
            for at, wh in fresh.items()
        ]
    GatewayRegister.objects.bulk_create(
        fresh_rows,
        update_conflicts=True,
        unique_fields=["gateway_meter", "channel", "read_at"],
        update_fields=["register_wh", "message_id"],
    )
    return blocks, rests_on


def _samples(said: GatewayBody, meters: Mapping[str, GatewayMeter]) -> dict[int, LiveSample]:
    """The newest sample of each meter, in our names."""
    found: dict[int, LiveSample] = {}
    for named in sorted(said.samples, key=lambda item: item.sample.at):
        meter = meters[named.reference].meter
        values = dict(named.sample.values)
        if named.power_w is not None:
            values |= _powers(meter, named.power_w)
        found[meter.pk] = LiveSample(named.sample.at.timestamp(), values)
    return found


def _powers(meter: Meter, power_w: float) -> dict[str, float]:
    """An inverter's signed power in our unsigned names: what it gives is production or discharge, what it takes is charge."""
    if meter.kind == MeterKind.SOURCE:
        return {"production_w": max(power_w, 0.0)}
    if meter.kind == MeterKind.STORAGE:
        return {"discharge_w": max(power_w, 0.0), "charge_w": max(-power_w, 0.0)}
    raise CannotTake("wrong_channel", "samples", f"{meter.code} is no inverter: send import_w and export_w")


def _remember(gateway: Gateway, samples: Mapping[int, LiveSample]) -> None:
    if not samples:
        return
    try:
        write_samples({gateway.microgrid_id: samples})
    except RedisError as problem:
        log.warning("the live state is not updated, Valkey cannot be reached: %s", problem)


def blocks_of_bodies(
    microgrid: Microgrid, kept: Mapping[int, tuple[int, bytes, Sequence[int]]]
) -> tuple[list[tuple[int, int, IntervalBlock]], list[int]]:
    """Read kept bodies again: meter id, message id and block of each interval run; and the messages that cannot be read.

    `kept` is gateway id, body and the messages whose registers it counts on from, by message id.
    """
    interval_s = microgrid.interval_minutes * 60
    names: dict[int, dict[str, int]] = {}
    for gateway_id, reference, meter_id in GatewayMeter.objects.filter(gateway__microgrid=microgrid).values_list(
        "gateway_id", "reference", "meter_id"
    ):
        names.setdefault(gateway_id, {})[reference] = meter_id
    said: dict[int, GatewayBody] = {}
    broken = []
    for message_id, (_, body, _) in kept.items():
        try:
            said[message_id] = read_body(body)
        except CannotTake:
            broken.append(message_id)
    blocks = []
    for message_id, body_said in said.items():
        gateway_id, _, rests_on = kept[message_id]
        meters = names.get(gateway_id, {})
        blocks += [(meters.get(n.reference, 0), message_id, n.block) for n in body_said.blocks]
        before = [r for one in rests_on if one in said for r in said[one].registers]
        known = registers_at_edges(before, interval_s)
        for (reference, channel), fresh in registers_at_edges(body_said.registers, interval_s).items():
            edges = known.get((reference, channel), {}) | fresh
            blocks += [(meters.get(reference, 0), message_id, block) for block in blocks_between(edges, set(fresh), channel, interval_s)]
    return blocks, broken
