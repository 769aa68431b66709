"""The virtual village and the intake as processes of their own, with the broker between them; one is killed on its way."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import quote, urlencode

import numpy as np
import pytest
from django.db import connection
from django.utils import timezone

from energy.domain.quality import METHOD_MASK, Method
from energy.models import Channel, Device, RefusalCount
from energy.selectors.meter_days import load_channel
from grid.adapters.village_outbox import Outbox
from grid.models import CommandStatus, DeviceCommand
from grid.selectors.village import profile_days
from grid.services.control import run_tick
from grid.services.village_replay import enrol_village, replay_days
from tests.integration.grid.conftest import DAY, SHOWN_NOW

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = Path(__file__).resolve().parents[3]
SPEED = 60.0


def database_url() -> str:
    """Where the test's own database lies, for other processes."""
    at = connection.settings_dict
    query = {name: at[key] for name, key in (("host", "HOST"), ("port", "PORT")) if at[key]}
    word = f":{quote(at['PASSWORD'])}" if at["PASSWORD"] else ""
    return f"postgresql://{quote(at['USER'])}{word}@/{at['NAME']}?{urlencode(query, safe='/')}"


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    running: list[subprocess.Popen[bytes]] = []
    environment = {**os.environ, "DATABASE_URL": database_url(), "MICROGRID_VAR": str(tmp_path)}

    def begin(*words: str) -> subprocess.Popen[bytes]:
        with (tmp_path / f"{words[0]}.log").open("ab") as log:
            process = subprocess.Popen([sys.executable, "manage.py", *words], cwd=ROOT, env=environment, stdout=log, stderr=log)
        running.append(process)
        return process

    yield begin
    for process in running:
        process.terminate()
    for process in running:
        process.wait(20)


def wait_for(holds: Callable[[], bool], what: str, seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, f"{what} did not happen within {seconds:.0f} s"
        time.sleep(0.2)


@pytest.fixture
def living(microgrid):
    """The village's clock runs sixty times as fast, from noon of 3 June on."""
    microgrid.clock_real_start, microgrid.clock_shown_start = timezone.now(), SHOWN_NOW
    microgrid.clock_speed = SPEED
    microgrid.save()
    return microgrid


def measured(microgrid) -> np.ndarray:
    """Which intervals of today are measured, of all meters, in one channel after the other."""
    today = microgrid.now(timezone.now()).astimezone(microgrid.zone).date()
    blocks = [load_channel(microgrid=microgrid, channel=c, days=[today]) for c in Channel]
    return np.concatenate([(b.quality & METHOD_MASK) == Method.MEASURED for b in blocks])


def intervals_over(microgrid) -> int:
    now = microgrid.now(timezone.now())
    day = microgrid.local_day(now.astimezone(microgrid.zone).date())
    return day.index_of(now)


def test_a_killed_village_comes_back_and_no_interval_is_missing(living, start):
    start("ingest_mqtt")
    village = start("simulate_meters", "--every", "1")
    meters = living.meters.count()
    wait_for(lambda: Device.objects.filter(last_counter__gt=0).count() == meters, "a message from each meter")
    state = None

    def ticked() -> bool:
        nonlocal state
        state = run_tick(microgrid=living, now=living.now(timezone.now()))
        return state is not None and state.sites_reporting == state.sites_total

    wait_for(ticked, "a tick with all sites reporting")
    assert DeviceCommand.objects.exists()
    assert set(DeviceCommand.objects.values_list("status", flat=True)) <= {CommandStatus.ACKNOWLEDGED, CommandStatus.EXPIRED}
    assert DeviceCommand.objects.filter(status=CommandStatus.ACKNOWLEDGED).exists()

    village.send_signal(signal.SIGKILL)
    village.wait(10)
    killed_at = intervals_over(living)
    wait_for(lambda: intervals_over(living) >= killed_at + 1, "the next interval", 30)
    start("simulate_meters", "--every", "1")
    wait_for(lambda: measured(living)[:, : killed_at + 2].all(), "every interval measured")
    assert len(measured(living)) == sum(2 if m.kind != "source" else 1 for m in living.meters.all())
    assert not RefusalCount.objects.exists()


def replayable(microgrid, settings, var: Path) -> list[date]:
    """Two days with profiles, a clock that runs, a place for the devices' memory."""
    settings.VAR_DIR = var
    microgrid.clock_real_start = timezone.now()
    microgrid.save()
    days = [DAY, DAY + timedelta(days=1)]
    assert set(days) <= set(profile_days(microgrid))
    return days


def test_days_are_replayed_over_the_broker_once(microgrid, start, settings, tmp_path):
    days = replayable(microgrid, settings, tmp_path)
    start("ingest_mqtt")
    tally = replay_days(microgrid=microgrid, days=days)
    assert (tally.accepted, tally.replayed, tally.refused) == (2 * microgrid.meters.count(), 0, 0)
    again = replay_days(microgrid=microgrid, days=days)
    assert (again.accepted, again.replayed, again.refused) == (0, 0, 0)
    block = load_channel(microgrid=microgrid, channel=Channel.IMPORT, days=days)
    assert block.present.all()
    assert ((block.quality & METHOD_MASK) == Method.MEASURED).all()


def test_a_letter_whose_receipt_was_lost_is_sent_again_byte_for_byte(microgrid, start, settings, tmp_path, monkeypatch):
    days = replayable(microgrid, settings, tmp_path)
    start("ingest_mqtt")
    with monkeypatch.context() as lost:
        lost.setattr(Outbox, "acknowledge", lambda self, key: None)
        replay_days(microgrid=microgrid, days=days)
    time.sleep(1.1)  # signed now, a letter would bear another second
    again = replay_days(microgrid=microgrid, days=days)
    assert (again.accepted, again.replayed, again.refused) == (0, 2 * microgrid.meters.count(), 0)
    assert not RefusalCount.objects.exists()


def test_a_letter_that_never_arrived_and_grew_old_is_signed_anew(microgrid, start, settings, tmp_path):
    days = replayable(microgrid, settings, tmp_path)
    meter = microgrid.meters.order_by("pk").first()
    device = enrol_village(microgrid=microgrid, now=microgrid.now(timezone.now()))[meter.pk]
    counter = int(microgrid.local_day(DAY).end_at.timestamp()) * 1000
    with Outbox(tmp_path / "village" / f"outbox-{microgrid.public_id}.sqlite3") as outbox:
        outbox.put((device.name, counter), device.sign(counter, SHOWN_NOW - timedelta(hours=1)))
    start("ingest_mqtt")
    tally = replay_days(microgrid=microgrid, days=days)
    assert (tally.accepted, tally.refused) == (2 * microgrid.meters.count(), 0)
    assert set(RefusalCount.objects.values_list("reason", flat=True)) == {"clock"}
