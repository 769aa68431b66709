"""`manage.py run_control`: the process that balances; one on each host, the first one owns a microgrid."""

import os
import signal
import socket
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import connections
from django.utils import timezone

from energy.management.arguments import between
from grid.services.control_loop import ControlLoop

CONNECT_PATIENCE_S = 5
STATEMENT_PATIENCE_MS = 10_000


class Command(BaseCommand):
    """Runs until a signal comes; every microgrid with devices or a gateway that no other process owns."""

    help = "Balance: see, decide and command every few seconds."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--every", type=between(0.2, 60), default=settings.CONTROL_TICK_SECONDS, help="seconds between ticks")

    def handle(self, *args: Any, **options: Any) -> None:
        # A statement that hangs must not keep the clerk for good.
        connections["default"].settings_dict["OPTIONS"] = {
            "connect_timeout": CONNECT_PATIENCE_S,
            "options": f"-c statement_timeout={STATEMENT_PATIENCE_MS}",
        }
        identifier = f"microgrid-control-{socket.gethostname()}-{os.getpid()}"
        loop = ControlLoop(real_clock=timezone.now, tick_s=options["every"], identifier=identifier)
        for chosen in (signal.SIGTERM, signal.SIGINT):
            signal.signal(chosen, lambda *_: loop.stopped.set())
        loop.run()
