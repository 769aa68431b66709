"""The process that takes messages from the broker: answers after its commit, survives what goes away, loses nothing."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import aiomqtt
import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.db import connection
from django.utils import timezone

from energy.domain.cose import open_envelope
from energy.models import Microgrid
from energy.services.devices import enrol_devices
from energy.services.import_simbench import import_network
from members.models import Cooperative
from tests.integration.energy.conftest import Sender

ROOT = Path(__file__).resolve().parents[3]
PATIENCE_S = 30
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def village(transactional_db: None, network_folder: Path) -> list[Sender]:
    """Three devices whose village lives by the real clock."""
    cooperative = Cooperative.objects.create(slug="mqtt-coop", name="Broker eG")
    microgrid: Microgrid = import_network(
        folder=network_folder, cooperative=cooperative, slug="mqtt", name="Broker", time_zone="Europe/Berlin"
    ).microgrid
    meters = list(microgrid.meters.filter(kind="site").order_by("code")[:3])
    keys = {meter.pk: Ed25519PrivateKey.generate() for meter in meters}
    public_keys = {pk: key.public_key().public_bytes_raw() for pk, key in keys.items()}
    devices = enrol_devices(microgrid=microgrid, public_keys=public_keys, now=timezone.now())
    return [Sender(microgrid, meter, keys[meter.pk], devices[meter.pk]) for meter in meters]


def start_ingest() -> subprocess.Popen[bytes]:
    """The real command on the test's database."""
    parts = urlsplit(os.environ["DATABASE_URL"])
    address = parts._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
    return subprocess.Popen([sys.executable, "manage.py", "ingest_mqtt"], cwd=ROOT, env={**os.environ, "DATABASE_URL": address})


@pytest.fixture
def ingest() -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    started: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        started.append(start_ingest())
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait(10)


def broker(name: str) -> aiomqtt.Client:
    parts = urlsplit(settings.MQTT_URL)
    return aiomqtt.Client(parts.hostname or "", parts.port or 1883, username=parts.username, password=parts.password, identifier=name)


Receipts = dict[tuple[str, int], str]


async def send_until_answered(bodies: dict[str, list[bytes]], *, again_s: float = 3.0) -> Receipts:
    """Do as a device does: send, wait for the receipt of each message, send again what got none."""
    wanted = {(name, open_envelope(body).counter) for name, messages in bodies.items() for body in messages}
    found: Receipts = {}
    async with broker(f"test-{time.monotonic_ns()}") as client:
        await client.subscribe("receipts/#", qos=1)

        async def listen() -> None:
            async for message in client.messages:
                receipt = cbor2.loads(message.payload)
                name = str(message.topic).removeprefix("receipts/")
                found[name, receipt["counter"]] = receipt["outcome"] + (f": {receipt['reason']}" if receipt["reason"] else "")

        listener = asyncio.create_task(listen())
        deadline, next_round = time.monotonic() + PATIENCE_S, 0.0
        while wanted - found.keys():
            assert time.monotonic() < deadline, f"no receipt for {sorted(wanted - found.keys())[:5]}"
            if time.monotonic() >= next_round:
                for name, messages in bodies.items():
                    for body in messages:
                        if (name, open_envelope(body).counter) in found:
                            continue
                        await client.publish(f"telemetry/{name}", body, qos=1)
                next_round = time.monotonic() + again_s
            await asyncio.sleep(0.05)
        listener.cancel()
    return {key: found[key] for key in wanted}


def run(work: Awaitable[Receipts]) -> Receipts:
    async def main() -> Receipts:
        return await work

    return asyncio.run(main())


def yesterday(sender: Sender, wh: int = 10) -> bytes:
    now = timezone.now()
    day = now.astimezone(sender.microgrid.zone).date() - timedelta(days=1)
    count = sender.microgrid.local_day(day).interval_count
    return sender.message(blocks=[sender.day_block(day, [wh] * count)], real_now=now)


def stored_counters() -> list[tuple[int, int]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT device_id, counter FROM energy_telemetrymessage ORDER BY device_id, counter")
        return cursor.fetchall()


def test_each_message_gets_its_receipt(village: list[Sender], ingest: Callable[[], subprocess.Popen[bytes]]) -> None:
    ingest()
    forged = bytearray(yesterday(village[2]))
    forged[-1] ^= 1
    bodies = {one.device.name: [yesterday(one)] for one in village[:2]} | {village[2].device.name: [bytes(forged)]}
    found = run(send_until_answered(bodies))
    assert {found[name, 1] for name in list(bodies)[:2]} <= {"accepted", "replayed"}
    assert found[village[2].device.name, 1] == "refused: bad_signature"
    assert stored_counters() == sorted((one.device.pk, 1) for one in village[:2])


def test_it_ends_when_told_to(village: list[Sender], ingest: Callable[[], subprocess.Popen[bytes]]) -> None:
    process = ingest()
    run(send_until_answered({village[0].device.name: [yesterday(village[0])]}))
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0


def test_a_killed_process_loses_nothing(village: list[Sender], ingest: Callable[[], subprocess.Popen[bytes]]) -> None:
    """What came in while nobody listened, or was taken and not yet kept, is sent again and kept once."""
    bodies = {one.device.name: [yesterday(one, wh) for wh in range(40)] for one in village}

    async def scenario() -> Receipts:
        first = ingest()
        sending = asyncio.create_task(send_until_answered(bodies))
        for _ in range(3):
            await asyncio.sleep(1.5)
            first.kill()
            first = ingest()
        return await sending

    found = run(scenario())
    assert set(found.values()) <= {"accepted", "replayed"}
    assert stored_counters() == sorted((one.device.pk, counter) for one in village for counter in range(1, 41))


def test_it_waits_for_a_database_that_went_away(village: list[Sender], ingest: Callable[[], subprocess.Popen[bytes]]) -> None:
    process = ingest()
    run(send_until_answered({village[0].device.name: [yesterday(village[0])]}))
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
               WHERE datname = current_database() AND pid <> pg_backend_pid()"""
        )
        assert cursor.fetchone()[0] >= 1
    found = run(send_until_answered({village[0].device.name: [yesterday(village[0])]}))
    assert set(found.values()) <= {"accepted", "replayed"}
    assert stored_counters() == [(village[0].device.pk, 1), (village[0].device.pk, 2)]
    assert process.poll() is None
