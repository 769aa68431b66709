"""The program that integrators begin with, as it is, against the real broker and the real ingest: enrol, send, lose nothing."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import cbor2
import pytest
from django.db import connection
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer

from energy.domain.quality import METHOD_MASK, Method
from energy.models import Device, Meter, MeterDay, TelemetryMessage
from energy.services.authorities import authority_of
from energy.services.broker_files import refresh_broker_files
from energy.services.enrolment import make_code
from energy.services.import_simbench import import_network
from members.models import Cooperative
from microgrid_site.embedded import broker as embedded_broker

ROOT = Path(__file__).resolve().parents[3]
PROGRAM = ROOT / "examples" / "device" / "device.py"
PATIENCE_S = 90.0


@pytest.fixture
def meter(transactional_db: None, network_folder: Path) -> Meter:
    """A home's meter in a village that lives by the real clock."""
    cooperative = Cooperative.objects.create(slug="example-coop", name="Example eG")
    microgrid = import_network(
        folder=network_folder, cooperative=cooperative, slug="example", name="Example", time_zone="Europe/Berlin"
    ).microgrid
    return microgrid.meters.filter(kind="site").order_by("code")[0]


@pytest.fixture
def house(tmp_path: Path, settings: Any, meter: Meter) -> Iterator[Callable[[], None]]:
    """A broker of its own and an ingest at it; calling it lets the broker start again after it was killed."""
    settings.VAR_DIR, settings.BROKER_DIR = tmp_path, tmp_path / "broker"
    for name in ("run", "log"):
        (tmp_path / name).mkdir()
    now = timezone.now()
    authority_of(cooperative=meter.microgrid.cooperative, now=now)
    refresh_broker_files(now=now)
    started = [embedded_broker.start(tmp_path, tmp_path / "run")]
    started[0].save(tmp_path / "run")
    parts = urlsplit(os.environ["DATABASE_URL"])
    address = parts._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
    ingest = subprocess.Popen(
        [sys.executable, "manage.py", "ingest_mqtt"], cwd=ROOT, env={**os.environ, "DATABASE_URL": address, "MQTT_URL": started[0].url}
    )

    def power_cut() -> None:
        os.kill(started[-1].pid, signal.SIGKILL)
        time.sleep(1.0)
        started.append(embedded_broker.start(tmp_path, tmp_path / "run"))
        assert started[-1].url == started[0].url

    yield power_cut
    ingest.kill()
    ingest.wait(10)
    started[-1].stop()


def device(folder: Path, *words: str) -> "subprocess.Popen[str]":
    """The program, in an environment that knows nothing of the platform."""
    return subprocess.Popen(
        [sys.executable, str(PROGRAM), "--folder", str(folder), *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=folder.parent,
        env={"PATH": os.environ["PATH"], "PYTHONUNBUFFERED": "1"},
    )


def finished(process: "subprocess.Popen[str]") -> str:
    words, _ = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, words
    return words


def enrolled(live_server: LiveServer, meter: Meter, folder: Path) -> Device:
    code = make_code(meter=meter, now=timezone.now(), by=None).text
    finished(device(folder, "enrol", "--server", live_server.url, code))
    return Device.objects.get(meter=meter)


def test_it_comes_in_sends_and_loses_nothing_over_power_cuts(
    house: Callable[[], None], live_server: LiveServer, meter: Meter, tmp_path: Path
) -> None:
    folder = tmp_path / "device"
    there = enrolled(live_server, meter, folder)
    assert "accepted" in finished(device(folder, "run", "--every", "100", "--back", "6", "--stop-after", "1"))
    there.refresh_from_db()
    assert (there.model, there.last_counter) == ("example-1", 1)
    days = MeterDay.objects.filter(meter_id=meter.pk, channel=1, is_current=True)
    assert sum(int(flag & METHOD_MASK == Method.MEASURED) for day in days for flag in day.quality) == 6
    assert left_in(folder) == 0

    at = int(time.time() // 900 * 900) - 900
    rows = [["interval", 900, at], ["import/register", 10, at], ["import/register", 60, at + 900], ["import", 50, at]]
    for number in range(2, 7):  # as an earlier life of the device left them: not signed yet
        (folder / "outbox" / f"{number:09d}").write_bytes(cbor2.dumps([rows, None, None]))
    first = device(folder, "run", "--every", "100")
    time.sleep(1.5)
    house()
    first.kill()
    first.wait(10)
    if left := left_in(folder):
        finished(device(folder, "run", "--every", "100", "--stop-after", str(left)))
    kept = TelemetryMessage.objects.filter(device_id=there.pk).order_by("counter").values_list("counter", flat=True)
    assert len(set(kept)) == len(kept) == 6
    assert left_in(folder) == 0


def left_in(folder: Path) -> int:
    """How many letters have no receipt."""
    return len(list((folder / "outbox").iterdir()))
