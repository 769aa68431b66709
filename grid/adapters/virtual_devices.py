"""Virtual devices: they hold keys, sign, send over MQTT, and send again until the platform's receipt comes."""

import asyncio
import os
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

import aiomqtt
import cbor2
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from energy.domain.telemetry import IntervalBlock, Sample, encode_message, key_id_of
from energy.models import Meter
from grid.adapters.village_outbox import Outbox
from kernel.whole_files import make_once

WINDOW = 600
RESEND_AFTER_S = 20.0
FIRST_RESEND_AFTER_S = 2.0  # until the first receipt: the platform may not listen yet
EXCUSED_FOR_S = 30.0
RECEIPTS = "receipts/"


@dataclass(frozen=True, slots=True)
class VirtualDevice:
    """A device with its key, as it lies in the device's own memory."""

    meter: Meter
    name: str
    private_key: Ed25519PrivateKey
    public_key: bytes
    key_id: bytes

    def sign(self, counter: int, sent_at: datetime, blocks: Iterable[IntervalBlock] = (), samples: Iterable[Sample] = ()) -> bytes:
        """A signed message."""
        return encode_message(
            private_key=self.private_key,
            key_id=self.key_id,
            device_name=self.name,
            counter=counter,
            sent_at=sent_at,
            blocks=tuple(blocks),
            samples=tuple(samples),
        )


def device_memory(var: Path) -> bytes:
    """The secret from which the virtual devices' keys are derived; made once, like keys at a factory."""
    return make_once(var / "village" / "factory.key", os.urandom(32))


def make_device(meter: Meter, memory: bytes) -> VirtualDevice:
    """The virtual device of a meter; the same memory gives the same key."""
    seed = HKDF(hashes.SHA256(), 32, None, b"microgrid virtual device " + meter.public_id.bytes).derive(memory)
    private_key = Ed25519PrivateKey.from_private_bytes(seed)
    public_key = private_key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    name = f"urn:dev:mg:{meter.public_id.hex}"
    return VirtualDevice(meter, name, private_key, public_key, key_id_of(public_key))


@dataclass(frozen=True, slots=True)
class Letter:
    """What a device has to say: signed when it is sent first, so that its time of sending is true, and never otherwise again."""

    device: VirtualDevice
    counter: int
    blocks: tuple[IntervalBlock, ...] = ()

    @property
    def key(self) -> tuple[str, int]:
        return (self.device.name, self.counter)


@dataclass(slots=True)
class Tally:
    """What the platform answered."""

    accepted: int = 0
    replayed: int = 0
    refused: int = 0


class CannotDeliver(RuntimeError):
    """The platform does not answer; the message says for how long."""


def mqtt_client(url: str, identifier: str, *, clean: bool = True) -> aiomqtt.Client:
    """A client for `mqtt://[user:password@]host:port`."""
    parts = urlsplit(url)
    return aiomqtt.Client(
        parts.hostname or "127.0.0.1",
        parts.port or 1883,
        username=parts.username,
        password=parts.password,
        identifier=identifier,
        clean_session=clean,
        max_queued_outgoing_messages=0,
        max_inflight_messages=WINDOW,
        timeout=30,
    )


async def deliver(
    url: str,
    letters: Iterable[Letter],
    outbox: Outbox,
    now: Callable[[], datetime],
    on_receipt: Callable[[Letter, str], None],
    *,
    patience_s: float = 300.0,
) -> Tally:
    """Send letters and wait for the platform's receipt of each; one without a receipt is sent again.

    Counters rise, so a device sends its next letter only when the one before has its receipt; devices do so side by side. A letter
    sent again is the same bytes, else the platform would take it for a forgery of the one it has.

    Raises:
        CannotDeliver: no receipt came for `patience_s` while letters were open.
    """
    boxes: dict[str, deque[Letter]] = {}
    for letter in letters:
        boxes.setdefault(letter.device.name, deque()).append(letter)
    post = _Post(boxes, outbox, on_receipt)
    async with mqtt_client(url, f"village-{os.getpid()}") as client:
        await client.subscribe(f"{RECEIPTS}#", qos=1)
        listener = asyncio.create_task(post.listen(client))
        try:
            while post.boxes:
                name = await post.next_sender(patience_s)
                if name:
                    await client.publish(f"telemetry/{name}", post.body(post.boxes[name][0], now), qos=1)
        finally:
            listener.cancel()
    return post.tally


class _Post:
    """Whose turn it is to send: the head of each device's box, at most WINDOW devices at a time."""

    def __init__(self, boxes: dict[str, deque[Letter]], outbox: Outbox, on_receipt: Callable[[Letter, str], None]) -> None:
        self.boxes = boxes
        self._outbox = outbox
        self._signed: set[tuple[str, int]] = set()
        self._excused_until: dict[tuple[str, int], float] = {}
        self.tally = Tally()
        self._on_receipt = on_receipt
        self._idle = deque(boxes)
        self._ready: asyncio.Queue[str] = asyncio.Queue()
        self._sent_at: dict[str, float] = {}
        self._last_receipt: float | None = None
        self._began = time.monotonic()
        for _ in range(min(WINDOW, len(boxes))):
            self._ready.put_nowait(self._idle.popleft())

    def body(self, letter: Letter, now: Callable[[], datetime]) -> bytes:
        """The letter's bytes: those kept from before, else signed now and kept."""
        body = self._outbox.body_of(letter.key)
        if body is None:
            body = letter.device.sign(letter.counter, now(), letter.blocks)
            self._outbox.put(letter.key, body)
            self._signed.add(letter.key)
        return body

    async def listen(self, client: aiomqtt.Client) -> None:
        """Take receipts; the device's next letter, or the next device, is ready to be sent."""
        async for message in client.messages:
            receipt = cbor2.loads(message.payload)
            name = str(message.topic).removeprefix(RECEIPTS)
            box = self.boxes.get(name)
            if box is None or box[0].counter != receipt["counter"]:
                continue
            self._last_receipt = time.monotonic()
            outcome = receipt["outcome"]
            if outcome == "refused" and self._is_of_old_bytes(box[0]):
                continue
            letter = box.popleft()
            if outcome != "refused":
                self._outbox.acknowledge(letter.key)
            setattr(self.tally, outcome, getattr(self.tally, outcome) + 1)
            self._on_receipt(letter, outcome)
            self._sent_at.pop(name, None)
            if box:
                self._ready.put_nowait(name)
                continue
            del self.boxes[name]
            if self._idle:
                self._ready.put_nowait(self._idle.popleft())
            elif not self.boxes:
                self._ready.put_nowait("")

    def _is_of_old_bytes(self, letter: Letter) -> bool:
        """Whether a refusal may be of bytes that an earlier process signed, too long ago for the platform; sign anew then.

        Those bytes may have been sent more than once, and a receipt does not say which bytes it is of.
        """
        if letter.key not in self._signed:
            self._outbox.tear_up(letter.key)
            self._excused_until[letter.key] = time.monotonic() + EXCUSED_FOR_S
            self._ready.put_nowait(letter.device.name)
            return True
        return time.monotonic() < self._excused_until.get(letter.key, 0.0)

    async def next_sender(self, patience_s: float) -> str:
        """The device that sends next; empty where nobody does just now.

        Raises:
            CannotDeliver: no receipt came for `patience_s`.
        """
        try:
            name = await asyncio.wait_for(self._ready.get(), 1.0)
        except TimeoutError:
            self._call_again(patience_s)
            return ""
        if name in self.boxes:
            self._sent_at[name] = time.monotonic()
            return name
        return ""

    def _call_again(self, patience_s: float) -> None:
        """Let devices whose letter has no receipt send it again."""
        now = time.monotonic()
        if now - (self._last_receipt or self._began) > patience_s:
            raise CannotDeliver(f"The platform has not answered for {patience_s:.0f} s; is ingest_mqtt running?")
        wait_s = RESEND_AFTER_S if self._last_receipt is not None else FIRST_RESEND_AFTER_S
        for name, sent_at in list(self._sent_at.items()):
            if now - sent_at > wait_s:
                del self._sent_at[name]
                self._ready.put_nowait(name)
