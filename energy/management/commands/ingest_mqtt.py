"""`manage.py ingest_mqtt`: the process that takes in what meters send."""

import asyncio
import logging
import signal
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import InterfaceError, OperationalError, close_old_connections, connection
from django.utils import timezone

from energy.adapters.mqtt_ingest import Answer, Ingest, pause
from energy.services.telemetry import ReadMessage, ReceivedMessage, keep_messages, read_messages

log = logging.getLogger(__name__)
LONGEST_PAUSE_S = 10.0
Item = TypeVar("Item")
Result = TypeVar("Result")


class Command(BaseCommand):
    """Runs until a signal comes; drains what it has taken, answers after the commit."""

    help = "Take in signed messages from the MQTT broker."

    def handle(self, *args: Any, **options: Any) -> None:
        asyncio.run(self._run())

    async def _run(self) -> None:
        stopped = asyncio.Event()
        loop = asyncio.get_running_loop()
        for chosen in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(chosen, stopped.set)
        # A thread each, so that each has a connection of its own and batches stay in order.
        with ThreadPoolExecutor(1, "reading") as reading, ThreadPoolExecutor(1, "keeping") as keeping:

            async def read(bodies: Sequence[bytes]) -> list[ReadMessage]:
                return await _when_possible(reading, _read, bodies, stopped)

            async def keep(messages: list[ReadMessage]) -> list[Answer]:
                return await _when_possible(keeping, _keep, messages, stopped)

            await Ingest(settings.MQTT_URL, read, keep).run(stopped)


async def _when_possible(
    thread: ThreadPoolExecutor, work: Callable[[Sequence[Item]], list[Result]], items: Sequence[Item], stopped: asyncio.Event
) -> list[Result]:
    """Do a batch's work; while the database is away, wait for it. What gets no answer, its device sends again."""
    pause_s = 0.2
    while True:
        try:
            return await asyncio.get_running_loop().run_in_executor(thread, _one_by_one_if_need_be, work, items)
        except (OperationalError, InterfaceError) as problem:
            log.warning("the database is away (%s); trying again in %.1f s", problem, pause_s)
            if stopped.is_set():
                return []
            await pause(stopped, pause_s)
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)


def _one_by_one_if_need_be(work: Callable[[Sequence[Item]], list[Result]], items: Sequence[Item]) -> list[Result]:
    """One message that cannot be handled must not hold up the others: where a batch fails, its halves are tried."""
    close_old_connections()
    try:
        return work(items)
    except (OperationalError, InterfaceError):
        connection.close()
        raise
    except Exception:
        if len(items) == 1:
            log.exception("a message cannot be handled; it gets no receipt")
            return []
        half = len(items) // 2
        return [*_one_by_one_if_need_be(work, items[:half]), *_one_by_one_if_need_be(work, items[half:])]


def _read(bodies: Sequence[bytes]) -> list[ReadMessage]:
    return read_messages([ReceivedMessage(body, "mqtt") for body in bodies])


def _keep(messages: Sequence[ReadMessage]) -> list[Answer]:
    receipts = keep_messages(messages=messages, now=timezone.now())
    return [(r.device_name, r.counter, r.outcome, r.reason) for r in receipts]
