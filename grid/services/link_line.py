"""Control's line to devices behind links: a thread of its own, as the one to the broker, that nobody waits for."""

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime

import numpy as np
from django.db import DatabaseError, InterfaceError, connection

from energy.models import Microgrid
from grid.selectors.control_layout import ControlLayout
from grid.services.control_tick import NewCommand
from grid.services.link_commands import LinkCommand, LinkDesk, send_by_links

log = logging.getLogger(__name__)
MOST_WAITING = 2_000
TAKE_EVERY_S, LOOK_S = 1.0, 0.3


def command_of(layout: ControlLayout, command: NewCommand) -> LinkCommand:
    """A decided command as a link takes it."""
    storages, sources, value = len(layout.storages), len(layout.source_site), command.value_w
    kind = "storage" if command.place < storages else "source" if command.place < storages + sources else "consumer"
    is_limit = kind != "storage"
    return LinkCommand(
        command.public_id,
        (kind, layout.targets[command.place].asset_id),
        0 if is_limit else max(int(value), 0),
        0 if is_limit else max(int(-value), 0),
        int(value) if is_limit and np.isfinite(value) else None,
        command.expires_at,
    )


class LinkLine:
    """The line. A set-point that waits too long has ended when its turn comes, and is not sent."""

    def __init__(self, real_clock: Callable[[], datetime]) -> None:
        self._real_clock, self._desk = real_clock, LinkDesk()
        self._waiting: deque[tuple[Microgrid, list[LinkCommand]]] = deque(maxlen=MOST_WAITING)
        self._acks: deque[str] = deque(maxlen=MOST_WAITING)
        self._open: dict[int, Microgrid] = {}
        self._stopped, self._woken = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="control-device-links", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        self._woken.set()
        self._thread.join(2.0)

    def send(self, layout: ControlLayout, commands: Sequence[NewCommand]) -> None:
        """Hand over the commands whose devices have links; returns at once."""
        ours = [command_of(layout, command) for command in commands if layout.has_link[command.place]]
        if ours:
            self._waiting.append((layout.microgrid, ours))
            self._woken.set()

    def take_acknowledged(self) -> set[str]:
        """Ids of commands that devices took and read back since the last time."""
        found: set[str] = set()
        while self._acks:
            found.add(self._acks.popleft())
        return found

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                self._go_on()
            except (DatabaseError, InterfaceError) as problem:
                log.warning("the database is away, devices behind links are not told: %s", problem)
                connection.close()
                self._stopped.wait(TAKE_EVERY_S)
            self._woken.wait(LOOK_S if self._open else TAKE_EVERY_S)
            self._woken.clear()
        connection.close()

    def _go_on(self) -> None:
        """Send what waits, and take in what was answered meanwhile."""
        while self._waiting:
            microgrid, commands = self._waiting.popleft()
            self._open[microgrid.pk] = microgrid
            self._talk(microgrid, commands)
        for microgrid in list(self._open.values()):
            self._talk(microgrid, [])
        if not self._desk.is_busy:
            self._open.clear()

    def _talk(self, microgrid: Microgrid, commands: Sequence[LinkCommand]) -> None:
        real_now = self._real_clock()
        self._acks.extend(
            send_by_links(
                microgrid=microgrid, commands=commands, now=microgrid.now(real_now), real_now=real_now, patience_s=LOOK_S, desk=self._desk
            )
        )
