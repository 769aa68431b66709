"""Virtual devices: they hold keys, sign, send over MQTT, and send again until the platform's receipt comes."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterable, Iterator
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

WINDOW = 600
RESEND_AFTER_S = 20.0
FIRST_RESEND_AFTER_S = 2.0  # until the first receipt: the platform may not listen yet
RECEIPTS = "receipts/"


@dataclass(frozen=True, slots=True)
class VirtualDevice:
    """A device with its key, as it lies in the device's own memory."""

    meter: Meter
    name: str
    private_key: Ed25519PrivateKey
    public_key: bytes
    key_id: bytes

    def sign(
        self,
        counter: int,
        sent_at: datetime,
        blocks: Iterable[IntervalBlock] = (),
        samples: Iterable[Sample] = (),
    ) -> bytes:
        """A signed message."""
        return encode_message(
            private_key=self.private_key, key_id=self.key_id, device_name=self.name, counter=counter, sent_at=sent_at,
            blocks=tuple(blocks), samples=tuple(samples),
        )  # fmt: skip


def device_memory(var: Path) -> bytes:
    """The secret from which the virtual devices' keys are derived; made once, like keys at a factory."""
    folder = var / "village"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "factory.key"
    if not path.exists():
        part = folder / f"factory.{os.getpid()}"
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(os.urandom(32))
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    return path.read_bytes()


def make_device(meter: Meter, memory: bytes) -> VirtualDevice:
    """The virtual device of a meter; the same memory gives the same key."""
    seed = HKDF(hashes.SHA256(), 32, None, b"microgrid virtual device " + meter.public_id.bytes).derive(
        memory
    )
    private_key = Ed25519PrivateKey.from_private_bytes(seed)
    public_key = private_key.public_key().public_bytes(
        serialization.Encoding.Raw, serialization.PublicFormat.Raw
    )
    name = f"urn:dev:mg:{meter.public_id.hex}"
    return VirtualDevice(meter, name, private_key, public_key, key_id_of(public_key))


@dataclass(frozen=True, slots=True)
class Letter:
    """What a device has to say: signed when it is sent, so that its time of sending is true."""

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
        parts.hostname or "127.0.0.1", parts.port or 1883, username=parts.username, password=parts.password,
        identifier=identifier, clean_session=clean, max_queued_outgoing_messages=0, max_inflight_messages=WINDOW,
        timeout=30,
    )  # fmt: skip


async def deliver(
    url: str, letters: Iterator[Letter], now: Callable[[], datetime], on_receipt: Callable[[Letter, str], None],
    *, patience_s: float = 300.0,
) -> Tally:  # fmt: skip
    """Send letters and wait for the platform's receipt of each; one without a receipt is sent again.

    Raises:
        CannotDeliver: no receipt came for `patience_s` while letters were open.
    """
    tally = Tally()
    waiting: dict[tuple[str, int], tuple[Letter, float]] = {}
    loop = asyncio.get_running_loop()
    last_receipt = loop.time()
    room = asyncio.Event()
    room.set()
    done_sending = heard = False
    async with mqtt_client(url, f"village-{os.getpid()}") as client:
        await client.subscribe(f"{RECEIPTS}#", qos=1)

        async def listen() -> None:
            nonlocal last_receipt, heard
            async for message in client.messages:
                receipt = cbor2.loads(message.payload)
                key = (str(message.topic).removeprefix(RECEIPTS), receipt["counter"])
                letter, _ = waiting.pop(key, (None, 0.0))
                if letter is None:
                    continue
                last_receipt, heard = loop.time(), True
                setattr(tally, receipt["outcome"], getattr(tally, receipt["outcome"]) + 1)
                on_receipt(letter, receipt["outcome"])
                room.set()
                if done_sending and not waiting:
                    return

        async def send(letter: Letter) -> None:
            waiting[letter.key] = (letter, loop.time())
            body = letter.device.sign(letter.counter, now(), letter.blocks)
            await client.publish(f"telemetry/{letter.device.name}", body, qos=1)

        listener = asyncio.create_task(listen())
        try:
            for letter in letters:
                while len(waiting) >= WINDOW:
                    room.clear()
                    await _wait_for_room(room, loop, last_receipt, patience_s)
                    await _send_again(waiting, send, loop.time(), heard)
                await send(letter)
            done_sending = True
            while waiting:
                room.clear()
                await _wait_for_room(room, loop, last_receipt, patience_s)
                await _send_again(waiting, send, loop.time(), heard)
        finally:
            listener.cancel()
    return tally


async def _wait_for_room(
    room: asyncio.Event, loop: asyncio.AbstractEventLoop, last_receipt: float, patience_s: float
) -> None:
    try:
        await asyncio.wait_for(room.wait(), 1.0)
    except TimeoutError:
        if loop.time() - last_receipt > patience_s:
            raise CannotDeliver(
                f"The platform has not answered for {patience_s:.0f} s; is ingest_mqtt running?"
            ) from None


async def _send_again(
    waiting: dict[tuple[str, int], tuple[Letter, float]],
    send: Callable[[Letter], Awaitable[None]],
    now: float,
    heard: bool,
) -> None:
    patience_s = RESEND_AFTER_S if heard else FIRST_RESEND_AFTER_S
    for letter, sent_at in list(waiting.values()):
        if now - sent_at > patience_s:
            await send(letter)
