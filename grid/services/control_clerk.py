"""The clerk of control: writes down behind the ticks and looks up before them, and is the only one who waits for the database."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import DatabaseError, InterfaceError, OperationalError, connection

from energy.models import DeviceKey, Microgrid
from energy.models.devices import DeviceStatus
from energy.selectors.heard import microgrids_that_speak
from grid.adapters.control_link import HeardKey
from grid.domain.control.command_life import Told
from grid.domain.control.state import Memory
from grid.models import CommandStatus, GridState, OperatorOverride
from grid.selectors.alarms import unseen_counts
from grid.selectors.control_layout import ControlLayout, load_layout
from grid.selectors.control_memory import load_memory, load_told
from grid.selectors.demand_requests import DemandRequest, demand_requests
from grid.selectors.emergencies import emergency_story
from grid.selectors.overrides import standing_overrides
from grid.selectors.plans import StandingPlan, standing_plan
from grid.selectors.run_limits import RunLimit, run_limits
from grid.selectors.self_reports import LinkReport, link_reports
from grid.selectors.supply_limits import SupplyLimit, supply_limits
from grid.services.control import lock_name
from grid.services.control_tick import Thought, hold_length
from grid.services.tick_records import keep_thought, note_acknowledged

log = logging.getLogger(__name__)
LOOK_UP_EVERY_S = 10.0
AWAY = (OperationalError, InterfaceError)
MOST_WAITING = 300
LONGEST_PAUSE_S = 5.0


@dataclass(frozen=True, slots=True)
class Charge:
    """A microgrid that is ours to control: how it is laid out, and where the last owner stopped."""

    layout: ControlLayout
    memory: Memory
    told: Told
    first_tick: int


class Clerk:
    """One thread with one connection. Ticks hand over what is to be written; when it cannot be, the oldest goes first."""

    def __init__(self, real_clock: Callable[[], datetime], at_s: Callable[[], float]) -> None:
        self._real_clock, self._at_s = real_clock, at_s
        self._jobs: deque[Callable[[], None]] = deque(maxlen=MOST_WAITING)
        self._woken, self._stopped = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="control-clerk", daemon=True)
        self._looked_up_at = float("-inf")
        self._owned: set[int] = set()
        self.charges: Mapping[int, Charge] = {}
        self.keys: Mapping[bytes, HeardKey] = {}
        self.unseen: Mapping[int, list[int]] = {}
        self.plans: Mapping[int, StandingPlan | None] = {}
        self.overrides: Mapping[int, Sequence[OperatorOverride]] = {}
        self.requests: Mapping[int, Sequence[DemandRequest]] = {}
        self.links: Mapping[int, Sequence[LinkReport]] = {}
        self.runs: Mapping[int, Sequence[RunLimit]] = {}
        self.limits: Mapping[int, Sequence[SupplyLimit]] = {}
        self.stories: Mapping[int, dict[str, Any]] = {}
        self.lost = 0

    def start(self) -> None:
        self._thread.start()

    def stop(self, patience_s: float = 5.0) -> None:
        """Write what waits, as far as that works in time."""
        self._stopped.set()
        self._woken.set()
        self._thread.join(patience_s)

    def keep(self, thought: Thought, gap_s: float = 0.0) -> None:
        """Write a tick down when it can be; `gap_s` is how long ago the tick before was."""
        self.put(lambda: self._keep(thought, gap_s))

    def acknowledge(self, microgrid: Microgrid, ids: Sequence[str], now: datetime) -> None:
        """Note acknowledgements when it can be."""
        self.put(lambda: _acknowledge(microgrid, ids, now))

    def _keep(self, thought: Thought, gap_s: float) -> None:
        real_now = self._real_clock()
        keep_thought(thought=thought, real_now=real_now, status=CommandStatus.SENT, gap_s=gap_s)
        microgrid = thought.layout.microgrid
        self.stories = {**self.stories, microgrid.pk: emergency_story(microgrid, thought.now)}
        self.unseen = {**self.unseen, microgrid.pk: unseen_counts(microgrid, thought.now)}

    def put(self, job: Callable[[], None]) -> None:
        """Hand over something to write; the oldest goes where too much waits."""
        if len(self._jobs) == MOST_WAITING:
            self.lost += 1
        self._jobs.append(job)
        self._woken.set()

    def _run(self) -> None:
        pause_s = 0.2
        while not (self._stopped.is_set() and not self._jobs):
            try:
                self._look_up()
                self._look_for_orders()
                self._write()
                pause_s = 0.2
                self._woken.wait(1.0)
                self._woken.clear()
                continue
            except AWAY as problem:
                log.warning("the database is away (%s); %d ticks wait to be written", problem, len(self._jobs))
            except Exception:
                log.exception("what control needs cannot be looked up; it is tried again")
            self._give_up_connection()
            if self._stopped.is_set():
                return
            time.sleep(pause_s)
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)
        self._give_up_connection()

    def _write(self) -> None:
        """Write what waits, oldest first; what the database will never take is left out, or all that follows would wait behind it.

        Raises:
            OperationalError, InterfaceError: the database is away; the job waits.
        """
        while self._jobs:
            job = self._jobs[0]
            try:
                job()
            except AWAY:
                raise
            except Exception:
                self.lost += 1
                log.exception("what a tick decided cannot be written and is left out")
            if self._jobs and self._jobs[0] is job:
                self._jobs.popleft()

    def _give_up_connection(self) -> None:
        """Close it; the locks go with it, and are asked for again."""
        try:
            connection.close()
        except (DatabaseError, InterfaceError):
            connection.connection = None
        self._owned = set()
        self._looked_up_at = float("-inf")

    def _look_up(self) -> None:
        """Which microgrids are ours, how they are laid out now, and whose signatures are believed."""
        if time.monotonic() - self._looked_up_at < LOOK_UP_EVERY_S:
            return
        found: dict[int, Charge] = {}
        for microgrid in microgrids_that_speak():
            if microgrid.pk in self._owned or _lock(microgrid):
                self._owned.add(microgrid.pk)
                found[microgrid.pk] = self._charge(microgrid)
        self.charges, self.keys = found, _keys()
        self._looked_up_at = time.monotonic()

    def _look_for_orders(self) -> None:
        """What operators ordered by hand and members agreed to; asked for at least every second, because people wait for it."""
        real_now = self._real_clock()
        self.overrides = {
            pk: list(standing_overrides(charge.layout.microgrid, charge.layout.microgrid.now(real_now)))
            for pk, charge in self.charges.items()
        }
        self.requests = {
            pk: demand_requests(charge.layout.microgrid, charge.layout.microgrid.now(real_now)) for pk, charge in self.charges.items()
        }
        self.links = {pk: link_reports(charge.layout.microgrid) for pk, charge in self.charges.items()}
        self.runs = {pk: run_limits(charge.layout.microgrid, charge.layout.microgrid.now(real_now)) for pk, charge in self.charges.items()}
        self.limits = {pk: supply_limits(charge.layout.microgrid) for pk, charge in self.charges.items()}
        self.plans = {
            pk: standing_plan(charge.layout.microgrid, charge.layout.storages, charge.layout.microgrid.now(real_now))
            for pk, charge in self.charges.items()
        }

    def _charge(self, microgrid: Microgrid) -> Charge:
        now = microgrid.now(self._real_clock())
        layout, at_s = load_layout(microgrid, now), self._at_s()
        known = self.charges.get(microgrid.pk)
        if known is not None and known.layout.identity == layout.identity:
            return Charge(layout, known.memory, known.told, known.first_tick)
        last = GridState.objects.filter(microgrid=microgrid).order_by("-pk").values_list("pk", flat=True).first()
        return Charge(layout, load_memory(layout, at_s), load_told(layout, now, at_s, hold_length(microgrid)), (last or 0) + 1)


def _lock(microgrid: Microgrid) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [lock_name(microgrid)])
        [(owned,)] = cursor.fetchall()
    return bool(owned)


def _keys() -> dict[bytes, HeardKey]:
    """Keys that count, of devices that measure energy; those that only send sealed messages are heard by ingest alone."""
    rows = DeviceKey.objects.filter(
        revoked_at__isnull=True, device__status=DeviceStatus.ENROLLED, device__meter__isnull=False, device__encrypts=False
    )
    return {
        bytes(key_id): HeardKey(name, meter_id, bytes(public_key))
        for key_id, name, meter_id, public_key in rows.values_list("key_id", "device__name", "device__meter_id", "public_key")
    }


def _acknowledge(microgrid: Microgrid, ids: Sequence[str], now: datetime) -> None:
    note_acknowledged(microgrid=microgrid, ids=ids, now=now)
