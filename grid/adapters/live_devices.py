"""Live virtual devices: what they say and hear over MQTT, for as long as the process lives."""

import asyncio
import logging
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

import aiomqtt
import cbor2

from energy.domain.telemetry import IntervalBlock, Sample
from grid.adapters.inverter_link import ACKS, COMMANDS
from grid.adapters.village_memory import Reading, VillageMemory
from grid.adapters.virtual_devices import RECEIPTS, RESEND_AFTER_S, VirtualDevice, mqtt_client
from grid.domain.live_village import CHANNELS

log = logging.getLogger(__name__)
MOST_INTERVALS = 480
LONGEST_PAUSE_S = 10.0
ENDED = "revoked_key"  # another device serves the meter by now
NEVER_TAKEN = "outside_window"  # older than the platform takes; sending it again would block what is newer


@dataclass(frozen=True, slots=True)
class Speaker:
    """A device that sends; with the place of its storage or source, and of the loads behind it by code, which obey."""

    device: VirtualDevice
    storage_place: int | None
    source_place: int | None = None
    load_places: Mapping[str, int] = field(default_factory=dict)


class Life(Protocol):
    """The physics behind the devices."""

    def lacks_profiles(self, now: datetime) -> bool: ...

    def read_ahead(self, now: datetime) -> None: ...

    def live_until(self, now: datetime) -> bool: ...

    def samples(self) -> dict[int, Sample]: ...

    def order(self, place: int, charge_w: float, discharge_w: float, expires_s: float, now: datetime) -> None: ...

    def limit_source(self, place: int, limit_w: float | None, expires_s: float, now: datetime) -> None: ...

    def limit_load(self, place: int, limit_w: float | None, expires_s: float, now: datetime) -> None: ...


def converse(
    *,
    url: str,
    identifier: str,
    speakers: Sequence[Speaker],
    life: Life,
    memory: VillageMemory,
    interval_s: int,
    clock: Callable[[], datetime],
    every_s: float,
) -> None:
    """Send samples every `every_s` seconds and readings until they are acknowledged; until SIGTERM or SIGINT.

    Without the broker the village lives on, keeps its readings, and tries again with growing pauses.
    """
    talk = _Talk(identifier, speakers, life, memory, interval_s, clock, every_s)
    asyncio.run(_until_stopped(talk, url))


async def _until_stopped(talk: "_Talk", url: str) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for chosen in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(chosen, stopped.set)
    pause_s = 0.5
    while not stopped.is_set():
        try:
            async with mqtt_client(url, talk.identifier) as client:
                pause_s = 0.5
                await talk.go_on(client, stopped)
        except aiomqtt.MqttError as problem:
            log.warning("the broker is away (%s); trying again in %.1f s", problem, pause_s)
            await _wait(stopped, pause_s)
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)


async def _wait(stopped: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(stopped.wait(), seconds)
    except TimeoutError:
        return


class _Talk:
    """One conversation, over as many connections as it takes."""

    def __init__(
        self,
        identifier: str,
        speakers: Sequence[Speaker],
        life: Life,
        memory: VillageMemory,
        interval_s: int,
        clock: Callable[[], datetime],
        every_s: float,
    ) -> None:
        self.identifier = identifier
        self._speakers, self._life, self._memory, self._clock = speakers, life, memory, clock
        self._interval_s, self._every_s = interval_s, every_s
        self._who_obeys = {s.device.name: s for s in speakers}
        self._names = {s.device.name for s in speakers}
        self._in_flight: dict[tuple[str, int], list[Reading]] = {}
        self._sent_at: dict[int, float] = {}
        self._waits = True

    async def go_on(self, client: aiomqtt.Client, stopped: asyncio.Event) -> None:
        """Speak and listen over one connection until stopped; ends with the connection."""
        self._sent_at.clear()
        self._in_flight.clear()
        await client.subscribe([(f"{RECEIPTS}#", 1), (f"{COMMANDS}#", 1)])
        tasks = {asyncio.create_task(self._listen(client)), asyncio.create_task(self._speak_on(client, stopped))}
        try:
            ended, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in ended:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _speak_on(self, client: aiomqtt.Client, stopped: asyncio.Event) -> None:
        loop = asyncio.get_running_loop()
        while not stopped.is_set():
            began = loop.time()
            await self._speak(client, began)
            await _wait(stopped, max(self._every_s - (loop.time() - began), 0.05))

    async def _now(self) -> datetime:
        """What the clock shows, once the village can live until then; the database is asked in a thread, and seldom."""
        if self._life.lacks_profiles(self._clock()):
            await asyncio.to_thread(self._life.read_ahead, self._clock())
        return self._clock()

    async def _speak(self, client: aiomqtt.Client, loop_time: float) -> None:
        now = await self._now()
        self._waits = self._life.live_until(now) or self._waits
        samples = self._life.samples()
        unsent = self._memory.unsent(span_s=MOST_INTERVALS * self._interval_s) if self._waits else {}
        self._waits = bool(unsent)
        for speaker in self._speakers:
            device = speaker.device
            meter_id = device.meter.pk
            blocks: list[IntervalBlock] = []
            counter = int(now.timestamp() * 1000)
            if meter_id in unsent and loop_time - self._sent_at.get(meter_id, -1e9) > RESEND_AFTER_S:
                blocks, held = blocks_of(unsent[meter_id], self._interval_s, MOST_INTERVALS)
                self._sent_at[meter_id] = loop_time
                self._in_flight[device.name, counter] = held
            body = device.sign(counter, now, blocks, [samples[meter_id]])
            await client.publish(f"telemetry/{device.name}", body, qos=1 if blocks else 0)

    async def _listen(self, client: aiomqtt.Client) -> None:
        async for message in client.messages:
            topic = str(message.topic)
            if isinstance(message.payload, bytes):
                if topic.startswith(RECEIPTS):
                    self._take_receipt(topic.removeprefix(RECEIPTS), cbor2.loads(message.payload))
                elif topic.startswith(COMMANDS):
                    await self._take_command(client, topic.removeprefix(COMMANDS), cbor2.loads(message.payload))

    def _take_receipt(self, name: str, receipt: dict[str, object]) -> None:
        if name not in self._names:
            return
        if receipt["outcome"] == "refused":
            log.warning("a message of %s was refused: %s", name, receipt["reason"])
        if receipt["outcome"] == "refused" and receipt["reason"] == ENDED:
            self._speakers = [speaker for speaker in self._speakers if speaker.device.name != name]
        gone = receipt["outcome"] != "refused" or receipt["reason"] in (ENDED, NEVER_TAKEN)
        held = self._in_flight.pop((name, int(str(receipt["counter"]))), None)
        if held:
            self._sent_at.pop(held[0].meter_id, None)
            if gone:
                self._memory.forget(held)
            else:
                self._sent_at[held[0].meter_id] = asyncio.get_running_loop().time()

    async def _take_command(self, client: aiomqtt.Client, name: str, order: dict[str, object]) -> None:
        """Obey and acknowledge; a command that has expired on its way is not obeyed and not acknowledged."""
        who, now = self._who_obeys.get(name), await self._now()
        expires_s = float(str(order["expires_at"]))
        if who is None or expires_s <= now.timestamp() or not self._obey(who, order, expires_s, now):
            return
        await client.publish(f"{ACKS}{name}", cbor2.dumps({"id": order["id"], "at": now.timestamp()}), qos=1)

    def _obey(self, who: Speaker, order: dict[str, object], expires_s: float, now: datetime) -> bool:
        """Hand an order to what stands behind the device; returns whether there is any such thing."""
        if "limit_w" not in order:
            if who.storage_place is None:
                return False
            charge_w, discharge_w = float(str(order["charge_w"])), float(str(order["discharge_w"]))
            self._life.order(who.storage_place, charge_w, discharge_w, expires_s, now)
            return True
        limit_w = None if order["limit_w"] is None else float(str(order["limit_w"]))
        load = who.load_places.get(str(order["load"]))
        if order["load"] is not None and load is not None:
            self._life.limit_load(load, limit_w, expires_s, now)
        elif order["load"] is None and who.source_place is not None:
            self._life.limit_source(who.source_place, limit_w, expires_s, now)
        else:
            return False
        return True


def blocks_of(readings: list[Reading], interval_s: int, most: int) -> tuple[list[IntervalBlock], list[Reading]]:
    """Fold a meter's unsent readings into blocks of intervals that follow each other; and which readings they hold."""
    blocks: list[IntervalBlock] = []
    held: list[Reading] = []
    for name in CHANNELS:
        run: list[Reading] = []
        for reading in (r for r in readings if r.channel == name):
            if len(run) == most or (run and reading.start_s != run[-1].start_s + interval_s):
                break
            run.append(reading)
        if run:
            values = tuple(r.register_end_wh - r.register_start_wh for r in run)
            start_at = datetime.fromtimestamp(run[0].start_s, UTC)
            blocks.append(IntervalBlock(name, start_at, interval_s, values, run[0].register_start_wh, run[-1].register_end_wh))
            held += run
    return blocks, held
