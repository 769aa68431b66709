"""The chain of a run with two real workers on a real broker: one of them killed, the broker gone and back, and the month billed once."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from celery import Celery
from django.db import connection

from billing.models import BillingRun, Document
from billing.services.runs import prepare_run
from billing.tasks import dispatch_run
from microgrid_site.embedded import valkey
from microgrid_site.embedded.processes import Running, free_port
from tests.integration.billing.conftest import DAYS, MARCH, NOW, make_hamlet, outcome
from tests.integration.striking import in_a_process

PATIENCE_S = 60
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("billing.services.runs.CHUNK_SITES", 1)


def environment(broker: str, var: Path) -> dict[str, str]:
    """Of a process that works on the test's database with a broker of its own."""
    place = connection.settings_dict
    host = place["HOST"] if place["HOST"].startswith("/") else ""
    address = f"postgresql://{place['USER']}:{place['PASSWORD']}@{'' if host else place['HOST']}"
    address += f"{'' if host else ':' + str(place['PORT'])}/{place['NAME']}" + (f"?host={host}" if host else "")
    return {
        **os.environ,
        "DATABASE_URL": address.replace(":@", "@"),
        "REDIS_URL": broker,
        "MICROGRID_VAR": str(var),
        "DJANGO_SETTINGS_MODULE": "microgrid_site.settings",
    }


@contextmanager
def worker(name: str, told: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """A worker of one process, so that killing it kills what it does."""
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "celery",
            "-A",
            "microgrid_site.celery",
            "worker",
            "-Q",
            "default",
            "-n",
            f"{name}@%h",
            "--pool",
            "solo",
            "--loglevel",
            "WARNING",
            "--without-gossip",
            "--without-mingle",
        ],
        env=told,
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def hand_over(run: BillingRun, broker: str) -> None:
    """Hand a run to the workers of a broker, from a process that ends at once: nothing of it waits for answers."""
    until(lambda: _handed_over(run, broker), "the run is handed over")


def _handed_over(run: BillingRun, broker: str) -> bool:
    def dispatched() -> None:
        Celery("apart", broker=broker, backend=broker, set_as_current=True)
        dispatch_run(BillingRun.objects.get(pk=run.pk), in_one_go=True)

    return in_a_process(dispatched) == 0


def until(holds: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline, f"not within {PATIENCE_S} s: {what}"
        time.sleep(0.02)


@pytest.mark.django_db(transaction=True)
def test_a_worker_dies_and_the_broker_forgets_and_the_month_is_billed_once(small_chunks: None, tmp_path: Path) -> None:
    first, second = make_hamlet("first"), make_hamlet("second")
    first.bill()
    expected = outcome(first.cooperative)
    run = prepare_run(microgrid=second.microgrid, month=MARCH, now=NOW, days=DAYS)
    chunks = run.chunks.count()
    assert chunks == 7
    var = tmp_path / "var"
    (var / "run").mkdir(parents=True)
    (var / "log").mkdir()
    # Below the ports that the kernel gives to connections: one of those could take the place while nobody listens there.
    Running(valkey.NAME, "", 0, "", port=random.Random(os.getpid()).randint(20_000, 30_000)).save(var / "run")
    broker = valkey.start(var, var / "run")
    broker.save(var / "run")
    told = environment(broker.url, var)

    def state() -> str:
        return BillingRun.objects.get(pk=run.pk).status

    try:
        with worker("one", told) as one, worker("two", told):
            hand_over(run, broker.url)
            until(lambda: run.chunks.exclude(status="open").exists(), "the first part is rated")
            one.send_signal(signal.SIGKILL)
            os.kill(broker.pid, signal.SIGKILL)  # what was queued, the last step among it, is forgotten
            until(lambda: free_port(broker.port) == broker.port, "the broker is gone, and its place is free")
            broker = valkey.start(var, var / "run")
            assert broker.url == told["REDIS_URL"], "the broker came back elsewhere"
            with worker("three", told):  # whoever keeps the workers running puts one in place of the killed one
                for _ in range(2):  # as every ten minutes, and once more by another hand
                    hand_over(run, broker.url)
                until(lambda: state() == "posted", "the run is posted")
                posted = BillingRun.objects.get(pk=run.pk)
                until(lambda: not _missing(posted, var), "the documents are printed")
        assert outcome(second.cooperative) == expected
        assert Document.objects.filter(run=run).count() == len(list(var.rglob("*.pdf")))
    finally:
        os.kill(broker.pid, signal.SIGKILL)


def _missing(run: BillingRun, var: Path) -> bool:
    """Whether papers lack in the workers' folder."""
    return len(list(var.rglob("*.pdf"))) < run.documents.count()
