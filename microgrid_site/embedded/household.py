"""The processes of an installation on one machine, as the supervisor runs them; each may be repeated on further machines."""

import sys
from collections.abc import Sequence

from microgrid_site.embedded.supervisor import ProcessSpec

DEFAULT_WORKER_PROCESSES = 2


def web(port: int, host: str = "127.0.0.1") -> ProcessSpec:
    """Pages, API and live pages."""
    command = [
        sys.executable, "-m", "uvicorn", "microgrid_site.asgi:application", "--host", host, "--port", str(port),
        "--log-level", "warning", "--no-access-log", "--lifespan", "off", "--timeout-graceful-shutdown", "3",
    ]  # fmt: skip
    return ProcessSpec("web", command, ready_url=f"http://{host}:{port}/account/login/")


def worker(queue: str, processes: int = 1) -> ProcessSpec:
    """A Celery worker of one queue."""
    command = [
        sys.executable, "-m", "celery", "-A", "microgrid_site.celery", "worker", "-Q", queue, "-n", f"{queue}@%h",
        "-c", str(processes), "--loglevel", "INFO", "--without-gossip", "--without-mingle", "--without-heartbeat",
    ]  # fmt: skip
    return ProcessSpec(f"worker-{queue}", command, ready_text=" ready.")


def beat() -> ProcessSpec:
    """The schedule."""
    command = [
        sys.executable, "-m", "celery", "-A", "microgrid_site.celery", "beat", "--loglevel", "INFO", "--pidfile=",
    ]  # fmt: skip
    return ProcessSpec("beat", command, ready_text="beat: Starting")


def ingest() -> ProcessSpec:
    """Takes in what meters send."""
    return ProcessSpec("ingest", [sys.executable, "manage.py", "ingest_mqtt"])


def village(*arguments: str) -> ProcessSpec:
    """The virtual meters and inverters."""
    return ProcessSpec("village", [sys.executable, "manage.py", "simulate_meters", *arguments])


def all_processes(port: int, village_arguments: Sequence[str] = ()) -> list[ProcessSpec]:
    """Everything that a cooperative on one machine needs."""
    return [
        web(port),
        worker("control"),
        worker("default", DEFAULT_WORKER_PROCESSES),
        worker("chain"),
        beat(),
        ingest(),
        village(*village_arguments),
    ]
