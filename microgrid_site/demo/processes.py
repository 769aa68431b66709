"""The processes of one pass: ingest and workers, ended with it."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from microgrid_site.embedded.processes import Running, birth_of, launch

ROOT = Path(__file__).resolve().parents[2]


def worker_command(queue: str, processes: int) -> list[str]:
    """A Celery worker for one queue."""
    return [
        sys.executable, "-m", "celery", "-A", "microgrid_site.celery", "worker", "-Q", queue, "-n", f"{queue}@%h",
        "-c", str(processes), "--loglevel", "WARNING", "--without-gossip", "--without-mingle", "--without-heartbeat",
    ]  # fmt: skip


COMMANDS = {
    "ingest": [sys.executable, "manage.py", "ingest_mqtt"],
    "worker-default": worker_command("default", 2),
    "worker-chain": worker_command("chain", 1),
}


@contextmanager
def running(names: list[str], var: Path) -> Iterator[None]:
    """Run processes while the block lasts; they die with us, whatever ends us."""
    started = []
    try:
        for name in names:
            pid = launch(
                COMMANDS[name], log=var / "log" / f"{name}.log", death_signal=signal.SIGKILL,
                environment={**os.environ, "PYTHONPATH": str(ROOT)}, cwd=ROOT,
            )  # fmt: skip
            started.append(Running(name, "", pid, birth_of(pid)))
        yield
    finally:
        for process in started:
            os.kill(process.pid, signal.SIGTERM) if process.alive else None
        for process in started:
            process.stop(10.0)
