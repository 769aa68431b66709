"""`manage.py ingest_mqtt`: the process that takes in what meters send."""

import asyncio
import signal
from collections.abc import Sequence
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils import timezone

from energy.adapters.mqtt_ingest import Answer, ingest
from energy.services.telemetry import ReceivedMessage, accept_messages


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
        await ingest(settings.MQTT_URL, sync_to_async(_accept, thread_sensitive=True), stopped)


def _accept(bodies: Sequence[bytes]) -> list[Answer]:
    receipts = accept_messages(
        messages=[ReceivedMessage(body, "mqtt") for body in bodies], now=timezone.now()
    )
    return [(r.device_name, r.counter, r.outcome, r.reason) for r in receipts]
