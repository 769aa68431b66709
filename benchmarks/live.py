"""From a tick to a thousand browsers: WebSocket clients with log-in sessions of their own, slow ones among them, all coming back at once.

`script/bench live --clients 1000 [--against channels] [--json]`. Server, Valkey, PostgreSQL and the clients share the machine; the
server is uvicorn as `script/demo` starts it, a message is what one tick of the demo network says. `p99_ms` is the time from before the
tick is published to the last byte of the frame at the client, over all clients and ticks.
"""

import argparse
import asyncio
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.sizes import at_least

NEED = "postgres,valkey"
ROOT = Path(__file__).resolve().parent.parent
REST_S = 1.0
AT_ONCE = 100
LONGEST_STORM_S = 60.0
LONGEST_DROP_S = 60.0


def main(argv: list[str]) -> int:
    """Measure; print one JSON object last."""
    parser = argparse.ArgumentParser(prog="script/bench live", description=__doc__)
    parser.add_argument("--clients", type=at_least(1), default=1000)
    parser.add_argument("--ticks", type=at_least(1), default=20)
    parser.add_argument("--every", type=float, default=2.0, help="seconds between two ticks")
    parser.add_argument("--slow", type=at_least(0), default=20, help="clients beside them that stop reading")
    parser.add_argument("--plain", action="store_true", help="clients that do not offer permessage-deflate")
    parser.add_argument("--against", choices=["channels"], help="the same through Channels as it comes, uncompressed")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(argv)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "microgrid_site.settings")
    import django

    django.setup()
    from django.core.management import call_command

    from benchmarks.live_village import make_watchers, tick_message
    from microgrid_site.demo.processes import SOCKETS

    call_command("migrate", verbosity=0)
    began = time.perf_counter()
    microgrid, keys = make_watchers(options.clients + options.slow)
    message = tick_message(microgrid)
    ours = _measure("microgrid_site.asgi:application", SOCKETS, microgrid, keys, message, options)
    print(f"ours: {json.dumps(ours)}", file=sys.stderr)
    summary: dict[str, Any] = {
        "name": "live",
        "seconds": round(time.perf_counter() - began, 1),
        "items": ours.pop("messages"),
        "items_per_s": ours.pop("messages_per_s"),
        "peak_rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
        "clients": options.clients,
        "message_bytes": len(json.dumps(message, separators=(",", ":"))),
        **ours,
    }
    if options.against:
        peer = _measure("benchmarks.live_channels:application", [], microgrid, keys, message, options)
        summary["against"] = {
            "name": "channels",
            "version": _version("channels"),
            "seconds": round(peer["p99_ms"] / 1000, 3),
            "ratio": round(peer["p99_ms"] / ours["p99_ms"], 1),
            **peer,
        }
    print(json.dumps(summary))
    return 0


def _version(name: str) -> str:
    from importlib.metadata import version

    return version(name)


@contextmanager
def _server(application: str, words: Sequence[str]) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """uvicorn, ready to answer; its process and port."""
    from benchmarks.live_clients import free_port, is_open

    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "uvicorn", application, "--host", "127.0.0.1", "--port", str(port), "--log-level", "warning", *words],
        cwd=ROOT,
    )
    try:
        deadline = time.monotonic() + 60
        while not is_open(port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{application} did not start")
            time.sleep(0.1)
        yield process, port
    finally:
        process.terminate()
        process.wait(30)


def _measure(
    application: str, words: Sequence[str], microgrid: Any, keys: list[str], message: dict[str, Any], options: Any
) -> dict[str, Any]:
    with _server(application, words) as (process, port):
        import uvloop

        by_channels = application.startswith("benchmarks.")
        return uvloop.run(_drive(process.pid, port, microgrid, keys, message, options, by_channels))


async def _drive(
    pid: int, port: int, microgrid: Any, keys: list[str], message: dict[str, Any], options: Any, by_channels: bool
) -> dict[str, Any]:
    """Connect, tick, let the slow ones be dropped, let all come back at once, tick again."""
    import gc

    import numpy as np

    from benchmarks.live_clients import Crowd
    from benchmarks.processor_time import resident_mb, seconds_of

    crowd = Crowd(
        port, f"/ws/grid/{microgrid.public_id}/", offers_deflate=not (options.plain or by_channels)
    )  # the peer compresses for each client in its own context: it is let off
    publisher = _Publisher(microgrid, message, by_channels=by_channels)
    await publisher.tick()  # before anybody came: not measured
    fast, slow = keys[: options.clients], keys[options.clients :]
    await crowd.connect(fast, at_once=AT_ONCE)
    await crowd.connect(slow, at_once=AT_ONCE, reading=False)
    await asyncio.sleep(REST_S)
    gc.collect()
    gc.disable()  # a pause of a thousand clients' heap is no browser's
    resident = [resident_mb(pid)]
    spent = seconds_of([pid])
    began = time.perf_counter()
    for n in range(options.ticks):
        await publisher.tick()
        await asyncio.sleep(options.every)
        if n in (2, options.ticks - 1):
            resident.append(resident_mb(pid))
    seconds = time.perf_counter() - began
    spent = seconds_of([pid]) - spent
    delays = crowd.delays(publisher.sent[1:])
    deadline = time.perf_counter() + LONGEST_DROP_S
    while crowd.kept() > options.clients and time.perf_counter() < deadline:
        await publisher.tick()
        await asyncio.sleep(options.every)
    dropped = options.clients + options.slow - crowd.kept()
    began = time.perf_counter()
    crowd.cut()
    await asyncio.wait_for(crowd.connect(fast, at_once=len(fast), until_heard=True), LONGEST_STORM_S)
    reconnect_s = time.perf_counter() - began
    await asyncio.sleep(REST_S)
    first = len(publisher.sent)
    for _ in range(5):
        await publisher.tick()
        await asyncio.sleep(options.every)
    after = crowd.delays(publisher.sent[first:])
    worst = [round(1000 * float(crowd.delays([one]).max(initial=0.0)), 1) for one in publisher.sent[1:]]
    print(f"slowest client of each tick [ms]: {worst}", file=sys.stderr)
    expected = options.clients * options.ticks
    return {
        "p99_ms": round(1000 * float(np.quantile(delays, 0.99)), 1),
        "p50_ms": round(1000 * float(np.median(delays)), 1),
        "most_ms": round(1000 * float(delays.max()), 1),
        "missed": expected - len(delays),
        "p99_after_reconnect_ms": round(1000 * float(np.quantile(after, 0.99)), 1),
        "slow": options.slow,
        "dropped": dropped,
        "reconnect_s": round(reconnect_s, 2),
        "wire_bytes": crowd.frame_bytes,
        "messages": len(delays),
        "messages_per_s": round(len(delays) / seconds, 1),
        "server_rss_mb": [round(mb, 1) for mb in (*resident, resident_mb(pid))],
        "server_ms_per_tick": round(1000 * spent / options.ticks, 1),
    }


def _moved(value: Any, number: int) -> Any:
    """A message whose whole numbers are others than in the tick before, about as long."""
    if isinstance(value, dict):
        return {key: _moved(inside, number) for key, inside in value.items()}
    if isinstance(value, list):
        return [_moved(inside, number + place) for place, inside in enumerate(value)]
    if type(value) is int and value > 99:
        return 100 + (value + 37 * number) % 40_000
    return value


class _Publisher:
    """What the control tick does at its end; figures move a little, so that no two messages are the same."""

    def __init__(self, microgrid: Any, message: dict[str, Any], *, by_channels: bool) -> None:
        self._microgrid, self._message, self._by_channels = microgrid, message, by_channels
        self.sent: list[tuple[int, float]] = []

    async def tick(self) -> None:
        number = len(self.sent) + 1
        self._message = _moved(self._message, number) | {"tick": number}
        self.sent.append((number, time.perf_counter()))
        await asyncio.get_running_loop().run_in_executor(None, self._push)

    def _push(self) -> None:
        from grid.adapters.live_push import push_state

        text = push_state(self._microgrid.public_id, self._message)
        if self._by_channels:
            from benchmarks.live_channels import send_to_group

            send_to_group(text)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
