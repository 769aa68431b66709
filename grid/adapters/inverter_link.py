"""Commands to inverters and their acknowledgements, over MQTT.

A command goes to `commands/<device name>`: CBOR {id, charge_w, discharge_w, issued_at, expires_at} for a storage, {id, limit_w, load,
issued_at, expires_at} for a source (load is null) or one load behind a site; a limit of null is none; {id, close, in_step: {slip_hz,
phase_deg, voltage_pu}, issued_at, expires_at} for the breaker of the coupling, which closes in step while that stands. Each also says `ttl_s` and `fallback` (docs/devices.md). Instants are seconds since 1970 by
the microgrid's clock. The inverter answers on `acks/<device name>`: CBOR {id, at}. The session is persistent, so that an
acknowledgement which comes between two ticks waits at the broker.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit

import aiomqtt
import cbor2

COMMANDS, ACKS = "commands/", "acks/"


@dataclass(frozen=True, slots=True)
class Order:
    """A command as it goes out: a storage's set-point, the limit of a source or of one `load` behind a site, or whether a breaker may close."""

    command_id: str
    device_name: str
    charge_w: int
    discharge_w: int
    issued_at: datetime
    expires_at: datetime
    is_limit: bool = False
    limit_w: int | None = None
    load: str | None = None
    closes: bool | None = None
    in_step: Mapping[str, float] = field(default_factory=dict)

    @property
    def fallback(self) -> str:
        """What the device does by itself once the command has ended and no other came."""
        if self.closes is not None:
            return "stays"
        return "free" if self.is_limit else "idle"


class BrokerAway(ConnectionError):
    """The broker cannot be reached; commands wait, and inverters fall back to idle when theirs expire."""


def exchange(
    url: str, *, identifier: str, devices: Sequence[str], orders: Sequence[Order], open_ids: set[str], patience_s: float
) -> set[str]:
    """Publish orders, then listen to `devices` until all open commands are acknowledged or patience ends.

    Returns the ids that were acknowledged, among them late answers to earlier ones.

    Raises:
        BrokerAway: no connection.
    """
    try:
        return asyncio.run(_exchange(url, identifier, devices, orders, set(open_ids), patience_s))
    except (aiomqtt.MqttError, OSError) as problem:
        raise BrokerAway(str(problem)) from problem


async def _exchange(
    url: str, identifier: str, devices: Sequence[str], orders: Sequence[Order], waiting: set[str], patience_s: float
) -> set[str]:
    parts = urlsplit(url)
    heard: set[str] = set()
    waiting |= {order.command_id for order in orders}
    async with aiomqtt.Client(
        parts.hostname or "127.0.0.1",
        parts.port or 1883,
        username=parts.username,
        password=parts.password,
        identifier=identifier,
        clean_session=False,
        timeout=5,
    ) as client:
        await client.subscribe([(f"{ACKS}{name}", 1) for name in devices])
        for order in orders:
            await client.publish(f"{COMMANDS}{order.device_name}", encode_order(order), qos=1)

        async def listen() -> None:
            async for message in client.messages:
                acknowledged = read_ack(message.payload)
                if acknowledged:
                    heard.add(acknowledged)
                    waiting.discard(acknowledged)
                if not waiting:
                    return

        try:
            await asyncio.wait_for(listen(), patience_s)
        except TimeoutError:
            return heard
    return heard


def encode_order(order: Order) -> bytes:
    """The command as bytes."""
    told: dict[str, object] = {"charge_w": order.charge_w, "discharge_w": order.discharge_w}
    if order.is_limit:
        told = {"limit_w": order.limit_w, "load": order.load}
    if order.closes is not None:
        told = {"close": order.closes, "in_step": dict(order.in_step)}
    times = {"issued_at": order.issued_at.timestamp(), "expires_at": order.expires_at.timestamp()}
    ttl_s = times["expires_at"] - times["issued_at"]
    return cbor2.dumps({"id": order.command_id, **told, **times, "ttl_s": ttl_s, "fallback": order.fallback})


def read_ack(payload: object) -> str | None:
    """The id in an acknowledgement; None where the bytes are no acknowledgement."""
    if not isinstance(payload, bytes):
        return None
    try:
        answer = cbor2.loads(payload)
    except (cbor2.CBORDecodeError, ValueError):
        return None
    acknowledged = answer.get("id") if isinstance(answer, dict) else None
    return acknowledged if isinstance(acknowledged, str) else None
