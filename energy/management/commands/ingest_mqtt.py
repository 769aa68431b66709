"""`manage.py ingest_mqtt`: the process that takes in what meters send."""

import asyncio
import logging
import signal
from collections.abc import Sequence
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import InterfaceError, OperationalError, close_old_connections, connection
from django.utils import timezone

from energy.adapters.mqtt_ingest import Answer, ingest, pause
from energy.services.telemetry import ReceivedMessage, accept_messages

log = logging.getLogger(__name__)
LONGEST_PAUSE_S = 10.0


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

        async def handle(bodies: Sequence[bytes]) -> list[Answer]:
            return await _accept_when_possible(bodies, stopped)

        await ingest(settings.MQTT_URL, handle, stopped)


async def _accept_when_possible(bodies: Sequence[bytes], stopped: asyncio.Event) -> list[Answer]:
    """Accept a batch; while the database is away, wait for it. What gets no answer, its device sends again."""
    pause_s = 0.2
    while True:
        try:
            return await sync_to_async(_accept, thread_sensitive=True)(bodies)
        except (OperationalError, InterfaceError) as problem:
            log.warning("the database is away (%s); trying again in %.1f s", problem, pause_s)
            if stopped.is_set():
                return []
            await pause(stopped, pause_s)
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)


def _accept(bodies: Sequence[bytes]) -> list[Answer]:
    close_old_connections()
    try:
        receipts = accept_messages(
            messages=[ReceivedMessage(body, "mqtt") for body in bodies], now=timezone.now()
        )
    except (OperationalError, InterfaceError):
        connection.close()
        raise
    except Exception:
        if len(bodies) == 1:
            log.exception("a message of %d bytes cannot be handled; it gets no receipt", len(bodies[0]))
            return []
        half = len(bodies) // 2  # one such message must not hold up the others
        return [*_accept(bodies[:half]), *_accept(bodies[half:])]
    return [(r.device_name, r.counter, r.outcome, r.reason) for r in receipts]
