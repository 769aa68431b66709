"""Control's own line to the broker: orders out, acknowledgements and samples in, in a thread that nobody waits for.

Samples are heard here as devices send them and believed by their signatures, so that control sees without the way through ingest,
database and Valkey. What is not heard here it still reads from Valkey.
"""

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import aiomqtt

from energy.adapters.live_store import LiveSample
from energy.domain.acceptance import CannotAccept
from energy.domain.cose import open_envelope, verify
from energy.domain.senml import read_payload
from grid.adapters.inverter_link import ACKS, COMMANDS, Order, encode_order, read_ack
from grid.adapters.virtual_devices import mqtt_client

log = logging.getLogger(__name__)
TELEMETRY = "telemetry/"
LONGEST_PAUSE_S = 5.0
MOST_WAITING = 20_000


@dataclass(frozen=True, slots=True)
class HeardKey:
    """Whose key it is: the device's name, its meter, and the public half."""

    device_name: str
    meter_id: int
    public_key: bytes


class Hearing:
    """The newest believable sample of each meter; written by the line's thread, read by the tick's."""

    def __init__(self) -> None:
        self._keys: Mapping[bytes, HeardKey] = {}
        self._counters: dict[bytes, int] = {}
        self._samples: dict[int, LiveSample] = {}

    def know(self, keys: Mapping[bytes, HeardKey]) -> None:
        """Believe these keys from now on and no others."""
        self._keys = keys

    def hear(self, body: bytes) -> None:
        """Take a message; what is sealed, forged, replayed or not understood is left to ingest, which answers for it."""
        try:
            envelope = open_envelope(body)
            known = self._keys.get(envelope.key_id)
            if known is None or envelope.counter <= self._counters.get(envelope.key_id, 0):
                return
            verify(envelope, known.public_key)
            telemetry = read_payload(envelope)
        except CannotAccept:
            return
        if telemetry.device_name != known.device_name:
            return
        self._counters[envelope.key_id] = envelope.counter
        if telemetry.samples:
            last = max(telemetry.samples, key=lambda sample: sample.at)
            self.put(known.meter_id, LiveSample(last.at.timestamp(), dict(last.values)))

    def put(self, meter_id: int, sample: LiveSample) -> None:
        """Keep a sample unless a newer one is there."""
        kept = self._samples.get(meter_id)
        if kept is None or kept.at_s <= sample.at_s:
            self._samples[meter_id] = sample

    def of(self, meter_ids: Sequence[int]) -> dict[int, LiveSample]:
        """The newest samples of these meters."""
        samples = self._samples
        return {meter_id: samples[meter_id] for meter_id in meter_ids if meter_id in samples}


class ControlLink:
    """The line; it comes back by itself. Orders that found no broker are dropped: they expire, the next tick knows better."""

    def __init__(self, url: str, identifier: str, hearing: Hearing) -> None:
        self._url, self._identifier, self._hearing = url, identifier, hearing
        self._orders: deque[Order] = deque(maxlen=MOST_WAITING)
        self._acks: deque[str] = deque(maxlen=MOST_WAITING)
        self._thread = threading.Thread(target=self._run, name="control-link", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wake: asyncio.Event | None = None
        self._stopped = threading.Event()
        self.is_up = False

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End the line; the thread is not waited for longer than a moment."""
        self._stopped.set()
        self._nudge()
        self._thread.join(2.0)

    def send(self, orders: Sequence[Order]) -> None:
        """Hand orders over; returns at once. Without a broker they are not kept."""
        if self.is_up and orders:
            self._orders.extend(orders)
            self._nudge()

    def take_acknowledged(self) -> set[str]:
        """Ids of commands that were acknowledged since the last time."""
        found: set[str] = set()
        while self._acks:
            found.add(self._acks.popleft())
        return found

    def _nudge(self) -> None:
        loop, wake = self._loop, self._wake
        if loop is not None and wake is not None and not loop.is_closed():
            loop.call_soon_threadsafe(wake.set)

    def _run(self) -> None:
        asyncio.run(self._stay())

    async def _stay(self) -> None:
        self._loop, self._wake = asyncio.get_running_loop(), asyncio.Event()
        pause_s = 0.2
        while not self._stopped.is_set():
            try:
                async with mqtt_client(self._url, self._identifier) as client:
                    await client.subscribe([(f"{ACKS}#", 1), (f"{TELEMETRY}#", 0)])
                    self.is_up, pause_s = True, 0.2
                    await self._converse(client)
            except (aiomqtt.MqttError, OSError) as problem:
                log.warning("the broker is away (%s); trying again in %.1f s", problem, pause_s)
            finally:
                self.is_up = False
                self._orders.clear()
            if not self._stopped.is_set():
                await asyncio.sleep(pause_s)
                pause_s = min(pause_s * 2, LONGEST_PAUSE_S)

    async def _converse(self, client: aiomqtt.Client) -> None:
        tasks = {asyncio.create_task(self._listen(client)), asyncio.create_task(self._speak(client))}
        try:
            ended, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in ended:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _listen(self, client: aiomqtt.Client) -> None:
        handlers: dict[bool, Callable[[bytes], None]] = {True: self._take_ack, False: self._hearing.hear}
        async for message in client.messages:
            if isinstance(message.payload, bytes):
                handlers[str(message.topic).startswith(ACKS)](message.payload)

    def _take_ack(self, payload: bytes) -> None:
        acknowledged = read_ack(payload)
        if acknowledged:
            self._acks.append(acknowledged)

    async def _speak(self, client: aiomqtt.Client) -> None:
        assert self._wake is not None
        while not self._stopped.is_set():
            await self._wake.wait()
            self._wake.clear()
            while self._orders:
                order = self._orders.popleft()
                await client.publish(f"{COMMANDS}{order.device_name}", encode_order(order), qos=1, timeout=10)
