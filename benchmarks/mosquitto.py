"""Mosquitto for the length of a measurement, where it is installed."""

import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from microgrid_site.embedded.processes import Running, accepts, birth_of, free_port, launch, wait_until


@contextmanager
def mosquitto(folder: Path) -> Iterator[Running | None]:
    """A Mosquitto of our own on the loopback; None where there is none."""
    binary = shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/opt/homebrew/sbin:/usr/bin:/usr/local/bin")
    if binary is None:
        yield None
        return
    folder.mkdir(parents=True, exist_ok=True)
    port, log = free_port(), folder / "mosquitto.log"
    settings = folder / "mosquitto.conf"
    settings.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\nmax_inflight_messages 0\nmax_queued_messages 0\n")
    pid = launch([binary, "-c", str(settings)], log=log)
    wait_until(lambda: accepts(port), pid, "Mosquitto", log)
    running = Running("mosquitto", f"mqtt://127.0.0.1:{port}", pid, birth_of(pid), port)
    try:
        yield running
    finally:
        running.stop(gentle=signal.SIGTERM)
