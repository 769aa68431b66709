"""An MQTT broker in Python (amqtt), in a process of its own: a password for the house, certificates for devices."""

import os
import sys
from pathlib import Path

from microgrid_site.embedded.processes import Running, accepts, birth_of, free_port, launch, wait_until
from microgrid_site.embedded.secret_words import secret_word

NAME = "broker"
USER = "microgrid"
ROOT = Path(__file__).resolve().parents[2]


def start(var: Path, run: Path) -> Running:
    """Start the broker on a free port of the loopback, and its door for devices on another."""
    before = Running.load(run, NAME)
    port = free_port(before.port if before else None)
    password = secret_word(var, "broker-password")
    tls_port = _tls_port(var)
    log = var / "log" / "broker.log"
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "MICROGRID_VAR": str(var), "BROKER_PASSWORD": password}
    pid = launch(
        [sys.executable, "-m", "microgrid_site.embedded.broker_process", str(port), str(tls_port), str(var / "broker")],
        log=log,
        environment=environment,
    )
    wait_until(lambda: accepts(port), pid, "the MQTT broker", log)
    return Running(NAME, f"mqtt://{USER}:{password}@127.0.0.1:{port}", pid, birth_of(pid), port)


def _tls_port(var: Path) -> int:
    """The port of the door for devices: the one from before, or MQTT_TLS_PORT, or a free one; written down beside its files."""
    kept = var / "broker" / "port"
    before = int(kept.read_text()) if kept.exists() else int(os.environ.get("MQTT_TLS_PORT") or 8883)
    port = free_port(before)
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text(str(port))
    return port
