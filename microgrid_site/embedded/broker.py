"""An MQTT broker in Python (amqtt), in a process of its own."""

import asyncio
import os
import signal
import sys
from pathlib import Path

from microgrid_site.embedded.processes import Running, accepts, birth_of, free_port, launch, wait_until

NAME = "broker"
ROOT = Path(__file__).resolve().parents[2]


def start(var: Path, run: Path) -> Running:
    """Start the broker on a free port of the loopback."""
    before = Running.load(run, NAME)
    port = free_port(before.port if before else None)
    log = var / "log" / "broker.log"
    pid = launch(
        [sys.executable, "-m", "microgrid_site.embedded.broker", str(port)],
        log=log, environment={**os.environ, "PYTHONPATH": str(ROOT), "MICROGRID_VAR": str(var)},
    )  # fmt: skip
    wait_until(lambda: accepts(port), pid, "the MQTT broker", log)
    return Running(NAME, f"mqtt://127.0.0.1:{port}", pid, birth_of(pid), port)


async def serve(port: int) -> None:
    """Serve until a signal comes."""
    from amqtt.broker import Broker

    configuration = {
        "listeners": {"default": {"type": "tcp", "bind": f"127.0.0.1:{port}", "max_connections": 2000}},
        "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}},
    }
    broker = Broker(configuration)
    await broker.start()
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for chosen in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(chosen, stopped.set)
    await stopped.wait()
    await broker.shutdown()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
