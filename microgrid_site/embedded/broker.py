"""An MQTT broker in Python (amqtt), in a process of its own, behind a password of its own."""

import os
import sys
from pathlib import Path

from microgrid_site.embedded.processes import Running, accepts, birth_of, free_port, launch, wait_until
from microgrid_site.embedded.secret_words import secret_word

NAME = "broker"
USER = "microgrid"
ROOT = Path(__file__).resolve().parents[2]


def start(var: Path, run: Path) -> Running:
    """Start the broker on a free port of the loopback."""
    before = Running.load(run, NAME)
    port = free_port(before.port if before else None)
    password = secret_word(var, "broker-password")
    log = var / "log" / "broker.log"
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "MICROGRID_VAR": str(var),
        "BROKER_PASSWORD": password,
    }
    pid = launch(
        [sys.executable, "-m", "microgrid_site.embedded.broker_process", str(port)],
        log=log, environment=environment,
    )  # fmt: skip
    wait_until(lambda: accepts(port), pid, "the MQTT broker", log)
    return Running(NAME, f"mqtt://{USER}:{password}@127.0.0.1:{port}", pid, birth_of(pid), port)
