"""The project's processes as the demo runs them."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from microgrid_site.embedded.supervisor import ProcessSpec, Supervisor

SOCKETS = [
    "--ws",
    "microgrid_site.websocket_server:BoundedSocket",
    "--ws-max-size",
    "1048576",
    "--ws-ping-interval",
    "10",
    "--ws-ping-timeout",
    "10",
]


def worker(queue: str, processes: int) -> ProcessSpec:
    """A Celery worker for one queue."""
    command = [
        sys.executable,
        "-m",
        "celery",
        "-A",
        "microgrid_site.celery",
        "worker",
        "-Q",
        queue,
        "-n",
        f"{queue}@%h",
        "-c",
        str(processes),
        "--loglevel",
        "WARNING",
        "--without-gossip",
        "--without-mingle",
        "--without-heartbeat",
    ]
    return ProcessSpec(f"worker-{queue}", command)


def manage(name: str, *words: str) -> ProcessSpec:
    """A management command that stays up."""
    return ProcessSpec(name, [sys.executable, "manage.py", *words])


def settling() -> list[ProcessSpec]:
    """What settles a month: ingest, and workers for days, bills and the chain."""
    return [manage("ingest", "ingest_mqtt"), worker("default", 2), worker("chain", 1)]


def steering(microgrid: str) -> list[ProcessSpec]:
    """What steers the village for a moment, by the real clock."""
    village = manage("village", "simulate_meters", "--microgrid", microgrid, "--speed", "1", "--every", "1")
    return [manage("ingest", "ingest_mqtt"), manage("control", "run_control"), village]


def living(port: int, speed: float, microgrid: str) -> list[ProcessSpec]:
    """What lets the village live: everything that settles, the pages, control ticks, the schedule, the virtual devices."""
    web = ProcessSpec(
        "web",
        [
            sys.executable,
            "-m",
            "uvicorn",
            "microgrid_site.asgi:application",
            "--host",
            "127.0.0.1",
            "--port",
            str(port),
            "--log-level",
            "warning",
            *SOCKETS,
        ],
        ready_url=f"http://127.0.0.1:{port}/account/login/",
    )
    beat = ProcessSpec("beat", [sys.executable, "-m", "celery", "-A", "microgrid_site.celery", "beat", "--loglevel", "WARNING"])
    village = manage("village", "simulate_meters", "--microgrid", microgrid, "--speed", str(speed))
    return [*settling(), web, manage("control", "run_control"), beat, village]


@contextmanager
def running(specs: list[ProcessSpec], var: Path) -> Iterator[Supervisor]:
    """Run processes while the block lasts; a crashed one is started again, all end with us, whatever ends us."""
    supervisor = Supervisor(specs, var=var)
    supervisor.start()
    try:
        yield supervisor
    finally:
        supervisor.stop()
