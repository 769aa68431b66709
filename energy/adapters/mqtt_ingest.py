"""From the broker to the platform and back: batches in, receipts out, one batch read while the one before is kept."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

import cbor2

from energy.adapters.mqtt_link import BrokerAway, MqttLink

log = logging.getLogger(__name__)
IDENTIFIER = "microgrid-ingest"
BATCH_MESSAGES = 1000
GATHER_S = 0.05
LOOK_EVERY_S = 0.5
WAITING_MESSAGES = 20_000  # beyond that the broker has to wait
LONGEST_PAUSE_S = 10.0
Answer = tuple[str, int, str, str]
Read = TypeVar("Read")


class Ingest(Generic[Read]):
    """Takes batches from a broker, has them read and then kept, and publishes a receipt per message after that.

    Reconnects with growing pauses. The session is persistent: while we are away the broker keeps what devices send, and a
    device sends again what gets no receipt.
    """

    def __init__(
        self, url: str, read: Callable[[Sequence[bytes]], Awaitable[Read]], keep: Callable[[Read], Awaitable[list[Answer]]]
    ) -> None:
        self._url, self._read, self._keep = url, read, keep
        self._waiting: deque[bytes] = deque()

    async def run(self, stopped: asyncio.Event) -> None:
        """Serve until `stopped`; what was taken by then is kept and answered."""
        pause_s = 0.2
        while not stopped.is_set():
            link = MqttLink(self._waiting, WAITING_MESSAGES)
            try:
                await link.open(self._url, IDENTIFIER, "telemetry/#")
                pause_s = 0.2
                await self._serve(link, stopped)
            except BrokerAway as problem:
                log.warning("the broker is away (%s); trying again in %.1f s", problem, pause_s)
                await pause(stopped, pause_s)
                pause_s = min(pause_s * 2, LONGEST_PAUSE_S)
            finally:
                link.close()

    async def _serve(self, link: MqttLink, stopped: asyncio.Event) -> None:
        keeping: asyncio.Task[None] | None = None
        try:
            while not stopped.is_set() or link.waiting:
                batch = await link.take(BATCH_MESSAGES, patience_s=LOOK_EVERY_S, gather_s=GATHER_S)
                read = await self._read(batch) if batch else None
                if keeping is not None and (batch or keeping.done()):
                    await keeping
                    keeping = None
                if read is not None:
                    keeping = asyncio.create_task(self._keep_and_answer(link, read))
        finally:
            if keeping is not None:
                await asyncio.wait({keeping})
        if keeping is not None:
            keeping.result()

    async def _keep_and_answer(self, link: MqttLink, read: Read) -> None:
        await link.publish(
            (f"receipts/{name}", cbor2.dumps({"counter": counter, "outcome": outcome, "reason": reason}))
            for name, counter, outcome, reason in await self._keep(read)
            if name
        )


async def pause(stopped: asyncio.Event, seconds: float) -> None:
    """Wait, but not when told to stop."""
    try:
        await asyncio.wait_for(stopped.wait(), seconds)
    except TimeoutError:
        return
