"""From the broker to the platform and back: batches in, receipts out."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from urllib.parse import urlsplit

import aiomqtt
import cbor2

log = logging.getLogger(__name__)
BATCH_MESSAGES = 500
BATCH_SECONDS = 0.05
WAITING_MESSAGES = 50_000  # what comes beyond that gets no receipt, so its device sends it again
Answer = tuple[str, int, str, str]
Handle = Callable[[Sequence[bytes]], Awaitable[list[Answer]]]


async def ingest(url: str, handle: Handle, stopped: asyncio.Event) -> None:
    """Subscribe, hand over batches, publish a receipt per message after `handle` returned; until `stopped`.

    Reconnects with growing pauses. The session is persistent: while we are away the broker keeps what devices send,
    and a device sends again what gets no receipt.
    """
    pause_s = 0.2
    while not stopped.is_set():
        try:
            async with _client(url) as client:
                await client.subscribe("telemetry/#", qos=1)
                pause_s = 0.2
                await _serve(client, handle, stopped)
        except aiomqtt.MqttError as problem:
            log.warning("the broker is away (%s); trying again in %.1f s", problem, pause_s)
            await pause(stopped, pause_s)
            pause_s = min(pause_s * 2, 10.0)


def _client(url: str) -> aiomqtt.Client:
    parts = urlsplit(url)
    return aiomqtt.Client(
        parts.hostname or "127.0.0.1", parts.port or 1883, username=parts.username, password=parts.password,
        identifier="microgrid-ingest", clean_session=False, max_inflight_messages=2000, timeout=30,
        max_queued_incoming_messages=WAITING_MESSAGES,
    )  # fmt: skip


async def pause(stopped: asyncio.Event, seconds: float) -> None:
    """Wait, but not when told to stop."""
    try:
        await asyncio.wait_for(stopped.wait(), seconds)
    except TimeoutError:
        return


async def _serve(client: aiomqtt.Client, handle: Handle, stopped: asyncio.Event) -> None:
    queue: asyncio.Queue[bytes] = asyncio.Queue(maxsize=20_000)

    async def receive() -> None:
        async for message in client.messages:
            if isinstance(message.payload, bytes):
                await queue.put(message.payload)

    receiver = asyncio.create_task(receive())
    try:
        while not stopped.is_set() or not queue.empty():
            batch = await _next_batch(queue)
            if batch:
                for name, counter, outcome, reason in await handle(batch):
                    if name:
                        answer = cbor2.dumps({"counter": counter, "outcome": outcome, "reason": reason})
                        await client.publish(f"receipts/{name}", answer, qos=0)
            if receiver.done():
                receiver.result()
    finally:
        receiver.cancel()


async def _next_batch(queue: "asyncio.Queue[bytes]") -> list[bytes]:
    """What has come within a short while, at most a full batch."""
    try:
        batch = [await asyncio.wait_for(queue.get(), 0.5)]
    except TimeoutError:
        return []
    loop = asyncio.get_running_loop()
    deadline = loop.time() + BATCH_SECONDS
    while len(batch) < BATCH_MESSAGES:
        left = deadline - loop.time()
        if queue.empty() and left <= 0:
            break
        try:
            batch.append(await asyncio.wait_for(queue.get(), max(left, 0.001)))
        except TimeoutError:
            break
    return batch
