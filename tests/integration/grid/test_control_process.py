"""Control as a process, with the village, the intake and all servers real: ticks go on while every server is away."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.db.models import Count
from django.utils import timezone

from grid.models import CommandStatus, ControlMemory, DeviceCommand, GridAlarm, GridState
from grid.selectors.states import latest_state
from grid.services.control import run_tick
from grid.services.control_watch import watch_control
from microgrid_site.embedded.processes import Running
from tests.integration.grid.conftest import SHOWN_NOW
from tests.integration.grid.test_village_processes import start, wait_for  # noqa: F401  (a fixture)

pytestmark = pytest.mark.django_db(transaction=True)
TICK_S, AWAY_S = 2.0, 22.0
STANDS_STILL_S = 11.0  # longer than two periods of the setting
READINGS_COUNT_S = 16.0  # of the 20 s for which the last readings do, for a machine that is busy


@pytest.fixture
def living(microgrid):
    """The village's clock goes on from noon of 3 June, as fast as the real one."""
    microgrid.clock_real_start, microgrid.clock_shown_start = timezone.now(), SHOWN_NOW
    microgrid.save()
    return microgrid


def family(pid: int) -> list[int]:
    """A process and its children."""
    found = [pid]
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(fields[1]) == pid:
            found.append(int(entry.name))
    return found


@contextmanager
def hanging(name: str) -> Iterator[None]:
    """Hold a server still, as a machine that does not answer any more."""
    server = Running.load(settings.VAR_DIR / "run", name)
    assert server is not None and server.alive
    pids = family(server.pid)
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def longest_gap_s(since: float) -> float:
    """Between two ticks by the rows that came behind, in seconds."""
    instants = [s.at for s in GridState.objects.order_by("at") if (s.at - SHOWN_NOW).total_seconds() >= since]
    return max((b - a).total_seconds() for a, b in pairwise(instants))


def test_control_goes_on_while_all_servers_are_away_and_catches_up(
    living,
    start: Callable[..., subprocess.Popen[bytes]],  # noqa: F811
):
    start("ingest_mqtt")
    start("simulate_meters", "--every", "1")
    control = start("run_control", "--every", str(TICK_S))
    wait_for(lambda: GridState.objects.filter(sites_reporting__gt=0).count() > 3, "the first ticks")
    wait_for(lambda: DeviceCommand.objects.filter(status=CommandStatus.ACKNOWLEDGED).exists(), "an answer")
    assert run_tick(microgrid=living, now=living.now(timezone.now())) is None, "the process owns the microgrid"
    wait_for(lambda: latest_state(living) is not None, "a message")

    def shown_s() -> float:
        return (living.now(timezone.now()) - SHOWN_NOW).total_seconds()

    began = shown_s()
    with hanging("postgres"), hanging("valkey"), hanging("broker"):
        time.sleep(AWAY_S)
    ended = SHOWN_NOW + timedelta(seconds=shown_s())
    wait_for(lambda: GridState.objects.filter(at__gt=ended).exists(), "ticks written down after all were away", 60)
    ticks = [s for s in GridState.objects.all() if began <= (s.at - SHOWN_NOW).total_seconds() <= began + READINGS_COUNT_S]
    assert len(ticks) >= READINGS_COUNT_S / TICK_S / 2, "decided from memory, written behind"
    assert longest_gap_s(0) <= AWAY_S
    assert not GridState.objects.values("at").annotate(count=Count("pk")).filter(count__gt=1).exists()
    answered = DeviceCommand.objects.filter(status=CommandStatus.ACKNOWLEDGED, issued_at__gt=ended)
    wait_for(answered.exists, "a command after all were away that was answered", 60)

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
    count = GridState.objects.count()
    wait_for(lambda: GridState.objects.count() > count + 3, "ticks written over a new connection", 60)
    assert ControlMemory.objects.get(microgrid=living).content["status"]

    os.kill(control.pid, signal.SIGSTOP)
    time.sleep(STANDS_STILL_S)
    assert watch_control(microgrid=living, real_now=timezone.now()) is not None, "seen from outside while it stands still"
    os.kill(control.pid, signal.SIGCONT)
    late = GridAlarm.objects.filter(kind="control_late", sentence__startswith="A control tick came")
    wait_for(late.exists, "a tick that says that it is late", 60)
