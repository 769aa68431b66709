"""Devices that never give up: each sends its next message when the one before has its receipt, and sends again until then."""

import asyncio
import random
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import cbor2
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from energy.adapters.mqtt_link import PUBLISH, BrokerAway, MqttLink, packet, text
from energy.domain.telemetry import IntervalBlock, encode_message, key_id_of

RESEND_AFTER_S = 2.0
COUNTERS_EACH = 10**8  # counters are no two devices' own, so a receipt says by itself whose it is
LOOK_BACK = timedelta(days=30)
LARGEST_WH = 2_000


@dataclass(slots=True)
class FleetDevice:
    """One device, its place among all, and the message that has no receipt yet."""

    name: str
    key: Ed25519PrivateKey
    channel: str
    place: int
    sent: int = 0
    open_body: bytes = b""
    sent_at: float = -1e9

    @property
    def counter(self) -> int:
        return self.place * COUNTERS_EACH + self.sent

    def next_message(self, chance: random.Random) -> None:
        """Sign what comes next: some quarter hours, often such as were sent before, with other values."""
        self.sent += 1
        now = datetime.now(UTC)
        start_s = int((now - LOOK_BACK).timestamp()) // 900 * 900 + 900 * chance.randrange(28 * 96)
        values = tuple(chance.randrange(LARGEST_WH) for _ in range(chance.choice((1, 1, 4, 96))))
        block = IntervalBlock(self.channel, datetime.fromtimestamp(start_s, UTC), 900, values)
        self.open_body = encode_message(
            private_key=self.key,
            key_id=key_id_of(self.key.public_key().public_bytes_raw()),
            device_name=self.name,
            counter=self.counter,
            sent_at=now,
            blocks=[block],
            packed=chance.random() < 0.5,
        )
        self.sent_at = -1e9


@dataclass(slots=True)
class Fleet:
    """Many devices over one connection that may go away.

    Attributes:
        acknowledged: counters with a receipt that says accepted or replayed, and the message's bytes.
        outcomes: receipts by outcome.
    """

    devices: list[FleetDevice]
    url: str
    seed: int
    acknowledged: dict[int, bytes] = field(default_factory=dict)
    outcomes: Counter[str] = field(default_factory=Counter)
    connections: int = 0

    async def run(self, goes_on: Callable[[], bool]) -> None:
        """Send until told otherwise, then until each device has its last receipt."""
        chance = random.Random(self.seed)
        for device in self.devices:
            device.next_message(chance)
        while self._open(goes_on):
            link = MqttLink(deque(), 1 << 30)
            try:
                await link.open(self.url, f"fleet-{time.monotonic_ns()}", "receipts/#", qos=0)
                self.connections += 1
                while self._open(goes_on):
                    await self._speak(link)
                    for raw in await link.take(10_000, patience_s=0.1, gather_s=0.01):
                        self._hear(cbor2.loads(raw), chance, goes_on)
            except BrokerAway:
                await asyncio.sleep(0.2)
            finally:
                link.close()

    def _open(self, goes_on: Callable[[], bool]) -> bool:
        return goes_on() or any(device.open_body for device in self.devices)

    async def _speak(self, link: MqttLink) -> None:
        now, due = time.monotonic(), []
        for n, device in enumerate(self.devices):
            if device.open_body and now - device.sent_at > RESEND_AFTER_S:
                device.sent_at = now
                body = text(f"telemetry/{device.name}") + (1 + n).to_bytes(2, "big") + device.open_body
                due.append(packet(PUBLISH << 4 | 2, body))
        if due:
            await link.write(b"".join(due))

    def _hear(self, receipt: dict[str, object], chance: random.Random, goes_on: Callable[[], bool]) -> None:
        counter = int(str(receipt["counter"]))
        device = self.devices[counter // COUNTERS_EACH]
        self.outcomes[f"{receipt['outcome']}{receipt['reason']}"] += 1
        if counter != device.counter or not device.open_body:
            return  # a second receipt of what was sent twice
        if receipt["outcome"] != "refused":
            self.acknowledged[counter] = device.open_body
        device.open_body = b""
        if goes_on():
            device.next_message(chance)
