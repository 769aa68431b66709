"""Two who want the same rows at once: nothing is kept twice, nothing is overwritten."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import date
from functools import partial
from pathlib import Path
from typing import TypeVar

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from django.db import connection, transaction
from django.utils import timezone

from energy.domain.quality import Method
from energy.models import Channel, ForecastRun, MeterDay, Review, ReviewState, TelemetryMessage
from energy.services.authorities import authority_of
from energy.services.broker_files import CERTIFICATE, KEY, write_broker_files
from energy.services.day_close import finalise_day
from energy.services.reviews import edit
from energy.services.telemetry import Receipt, ReceivedMessage, accept_messages
from energy.tasks import look_ahead_in
from members.models import Cooperative, User
from tests.integration.energy.conftest import REAL_NOW, Sender
from tests.integration.striking import in_step, is_killed_before, second_after_reading

DAY = date(2016, 3, 28)
PATIENCE_S = 20
Result = TypeVar("Result")
pytestmark = pytest.mark.django_db(transaction=True)


def accept(*bodies: bytes) -> list[Receipt]:
    return accept_messages(messages=[ReceivedMessage(body, "mqtt") for body in bodies], now=REAL_NOW)


def elsewhere(pool: ThreadPoolExecutor, work: Callable[[], Result]) -> "Future[Result]":
    """Run on a thread with a connection of its own."""

    def run() -> Result:
        try:
            return work()
        finally:
            connection.close()

    return pool.submit(run)


def waits_for_a_lock(backends: int) -> bool:
    """Whether so many other sessions wait for a lock, within a while."""
    for _ in range(100):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_stat_clear_snapshot()")
            cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")
            if cursor.fetchone()[0] >= backends:
                return True
        threading.Event().wait(0.05)
    return False


def test_a_message_that_comes_by_two_ways_is_kept_once(sender: Sender) -> None:
    bodies = [sender.message(blocks=[sender.part_block(DAY, i, [i])]) for i in range(30)]
    gate = threading.Barrier(4)

    def send() -> list[str]:
        gate.wait(PATIENCE_S)
        return [receipt.outcome for receipt in accept(*bodies)]

    with ThreadPoolExecutor(4) as pool:
        outcomes = [future.result(PATIENCE_S) for future in [elsewhere(pool, send) for _ in range(4)]]
    assert sorted(outcome[0] for outcome in outcomes) == ["accepted", "replayed", "replayed", "replayed"]
    assert all(len(set(outcome)) == 1 for outcome in outcomes)
    assert TelemetryMessage.objects.count() == 30
    row = MeterDay.objects.get(meter_id=sender.meter.pk, channel=Channel.IMPORT)
    assert row.values_wh[:30] == list(range(30))


def test_closing_a_day_waits_for_what_is_being_taken_in(sender: Sender) -> None:
    """An estimate must not be written over a reading that was on its way."""
    body = sender.message(blocks=[sender.day_block(DAY)])
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            assert accept(body)[0].outcome == "accepted"
            closing = elsewhere(pool, lambda: finalise_day(microgrid=sender.microgrid, day=DAY, now=sender.microgrid.now(REAL_NOW)))
            assert waits_for_a_lock(1)
        closing.result(PATIENCE_S)
    row = MeterDay.objects.get(meter_id=sender.meter.pk, channel=Channel.IMPORT, is_current=True)
    assert (set(row.quality), set(row.values_wh), row.version) == ({Method.MEASURED}, {10}, 1)


def test_two_who_close_a_day_write_it_once(sender: Sender) -> None:
    accept(sender.message(blocks=[sender.part_block(DAY, 0, [5] * 40)]))
    gate = threading.Barrier(3)

    def close() -> int:
        gate.wait(PATIENCE_S)
        return finalise_day(microgrid=sender.microgrid, day=DAY, now=sender.microgrid.now(REAL_NOW)).finalised

    with ThreadPoolExecutor(3) as pool:
        counts = sorted(future.result(PATIENCE_S) for future in [elsewhere(pool, close) for _ in range(3)])
    assert counts[:2] == [0, 0]
    assert counts[2] > 0
    assert set(MeterDay.objects.values_list("version", "status", "is_current")) == {(1, 1, True)}


def test_a_person_edits_a_day_while_it_is_closed_again(waiting: Review) -> None:
    """Whoever has the review waits for the meter day; whoever has the meter day must not wait for the review."""
    microgrid, operator = waiting.microgrid, User.objects.create_user("operator@x.test")
    now = microgrid.now(REAL_NOW)
    second_after_reading(
        "energy_review",
        lambda: edit(review=waiting, values_wh=[17], user=operator, reason="the register says so", now=now),
        lambda: finalise_day(microgrid=microgrid, day=waiting.day, now=now),
    )
    row = MeterDay.objects.get(meter_id=waiting.meter_id, day=waiting.day, channel=waiting.channel, is_current=True)
    assert (row.version, row.values_wh[waiting.intervals[0]]) == (2, 17)
    waiting.refresh_from_db()
    assert waiting.state == ReviewState.EDITED


def test_who_dies_looking_ahead_keeps_nobody_from_it(sender: Sender) -> None:
    microgrid = sender.microgrid
    accept(sender.message(blocks=[sender.day_block(DAY)]))
    microgrid.clock_real_start = timezone.now()
    microgrid.save()
    assert is_killed_before(2, lambda: look_ahead_in(microgrid_id=microgrid.pk))
    assert look_ahead_in(microgrid_id=microgrid.pk) != "under way"
    assert ForecastRun.objects.exists()


def _write(folder: Path) -> None:
    write_broker_files(folder=folder, host_names=["broker.test"], now=REAL_NOW)


def test_the_brokers_key_and_certificate_are_of_one_pair(cooperative: Cooperative, tmp_path: Path) -> None:
    authority_of(cooperative=cooperative, now=REAL_NOW)
    for turn in range(12):
        folder = tmp_path / str(turn)
        in_step([partial(_write, folder)] * 3)
        key = serialization.load_pem_private_key((folder / KEY).read_bytes(), None)
        certificate = x509.load_pem_x509_certificate((folder / CERTIFICATE).read_bytes())
        assert key.public_key() == certificate.public_key()
