"""Sends messages as devices do, from one process and one connection, as fast as their receipts come back."""

import asyncio
import time
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field

import cbor2

from energy.adapters.mqtt_link import PUBLISH, MqttLink, packet, text

CHUNK = 50
PATIENCE_S = 60.0
CALL_EVERY_S = 1.0


class CannotFinish(RuntimeError):
    """Receipts no longer come; the message says how many are missing."""


@dataclass(slots=True)
class Delivery:
    """What came back: seconds from the first message to the last receipt, outcomes, and when each message was sent."""

    seconds: float
    outcomes: Counter[str]
    sent_at: list[float] = field(default_factory=list, repr=False)


def packets_of(messages: Sequence[tuple[str, bytes]]) -> list[bytes]:
    """PUBLISH packets with QoS 1, made before anything is measured."""
    return [
        packet(PUBLISH << 4 | 2, text(f"telemetry/{name}") + (1 + i % 65_000).to_bytes(2, "big") + body)
        for i, (name, body) in enumerate(messages)
    ]


async def send(url: str, packets: Sequence[bytes], *, window: int, again_s: float = 1e9) -> Delivery:
    """Send all packets, at most `window` of them without a receipt; waits for the last receipt.

    Where no receipt comes for `again_s`, the packets without one are sent again: the platform may not listen yet.

    Raises:
        CannotFinish: no receipt came for a while.
    """
    receipts: deque[bytes] = deque()
    link = MqttLink(receipts, 1 << 30)
    await link.open(url, f"load-{time.monotonic_ns()}", "receipts/#", qos=0)
    outcomes: Counter[str] = Counter()
    sent_at: list[float] = []
    began = heard = time.perf_counter()
    answered = 0
    try:
        while answered < len(packets):
            while len(sent_at) < len(packets) and len(sent_at) - answered < window:
                chunk = packets[len(sent_at) : len(sent_at) + CHUNK]
                await link.write(b"".join(chunk))
                sent_at += [time.perf_counter()] * len(chunk)
            batch = await link.take(window, patience_s=1.0, gather_s=0.005)
            answered += len(batch)
            outcomes.update(receipt["outcome"] + receipt["reason"] for receipt in map(cbor2.loads, batch))
            heard = time.perf_counter() if batch else heard
            if time.perf_counter() - heard > again_s:
                await link.write(b"".join(packets[answered : len(sent_at)]))
            if time.perf_counter() - heard > PATIENCE_S:
                raise CannotFinish(f"{len(packets) - answered} of {len(packets)} messages have no receipt")
        return Delivery(time.perf_counter() - began, outcomes, sent_at)
    finally:
        link.close()


def deliver(url: str, packets: Sequence[bytes], *, window: int) -> Delivery:
    """Send from a program that does nothing else."""
    return asyncio.run(send(url, packets, window=window))


def call(url: str, first: bytes) -> None:
    """Send one message until the platform answers it."""
    asyncio.run(send(url, [first], window=1, again_s=CALL_EVERY_S))
