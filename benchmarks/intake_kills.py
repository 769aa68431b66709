"""`kill -9` of ingest, PostgreSQL and broker under load: no acknowledged message lost, none counted twice.

`script/bench intake_kills [--kills 10] [--seed 1] [--json]`: devices send and resend over MQTT while each of the three is killed
so many times at random moments; at the end every acknowledged message is looked for in the evidence, byte for byte, and the
meter days are compared with the evidence read again by other code (`rereading.py`).
"""

import argparse
import asyncio
import json
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.sizes import at_least, some_of
from microgrid_site.embedded.processes import Running
from microgrid_site.embedded.servers import environment_of_its_own

ROOT = Path(__file__).resolve().parent.parent
TARGETS = ("ingest", "postgres", "broker")
PATIENCE_S = 120.0


class CannotRecover(RuntimeError):
    """Something that was killed did not come back; the message says what."""


@dataclass(slots=True)
class House:
    """The processes under test: servers are started again by who started them, ingest by us."""

    run: Path
    ingest: subprocess.Popen[bytes] = field(init=False)

    def __post_init__(self) -> None:
        self.start_ingest()

    def start_ingest(self) -> None:
        broker = Running.load(self.run, "broker")
        assert broker is not None
        self.ingest = subprocess.Popen([sys.executable, "manage.py", "ingest_mqtt"], cwd=ROOT, env={**os.environ, "MQTT_URL": broker.url})

    async def kill(self, target: str) -> str:
        """Kill one hard and wait until it is back; returns the broker's address, another where its port was taken meanwhile."""
        if target == "ingest":
            self._restart_ingest()
        else:
            before, after = await self._kill_server(target)
            if target == "broker" and after.url != before.url:
                self._restart_ingest()  # what uses it has to be started again, as the servers' keeper says
        broker = Running.load(self.run, "broker")
        assert broker is not None
        return broker.url

    def _restart_ingest(self) -> None:
        self.ingest.kill()
        self.ingest.wait()
        self.start_ingest()

    async def _kill_server(self, target: str) -> tuple[Running, Running]:
        before = Running.load(self.run, target)
        assert before is not None
        os.kill(before.pid, signal.SIGKILL)
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            found = Running.load(self.run, target)
            if found is not None and found.pid != before.pid and found.alive:
                return before, found
            await asyncio.sleep(0.1)
        raise CannotRecover(f"{target} was not started again")


def main(argv: list[str]) -> int:
    """Kill, drain, compare; print one JSON object last."""
    parser = argparse.ArgumentParser(prog="script/bench intake_kills", description=__doc__)
    parser.add_argument("--kills", type=at_least(1), default=10, help="of each")
    parser.add_argument("--targets", type=some_of(TARGETS), default=",".join(TARGETS))
    parser.add_argument("--devices", type=at_least(1), default=60)
    parser.add_argument("--seed", type=at_least(0), default=1)
    parser.add_argument("--between", type=at_least(1), default=200, help="receipts that come before the next kill")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(argv)
    if not options.inside:
        result = in_own_servers(
            targets=options.targets.split(","), kills=options.kills, seed=options.seed, devices=options.devices, between=options.between
        )
    else:
        result = measure(options)
    print(json.dumps(result))
    return 0 if result["sound"] else 1


def in_own_servers(*, targets: Sequence[str], kills: int, seed: int, devices: int, between: int) -> dict[str, Any]:
    """Run with servers that go away with the run, and that may be killed meanwhile."""
    with tempfile.TemporaryDirectory(prefix="kills-") as folder:
        Path(folder).chmod(0o755)
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "microgrid_site.embedded",
                "run",
                "--var",
                f"{folder}/var",
                "--need",
                "postgres,valkey,broker",
                "--",
                sys.executable,
                "-m",
                "benchmarks.intake_kills",
                "--inside",
                "--kills",
                str(kills),
                "--targets",
                ",".join(targets),
                "--seed",
                str(seed),
                "--devices",
                str(devices),
                "--between",
                str(between),
            ],
            stdout=subprocess.PIPE,
            text=True,
            check=False,
            cwd=ROOT,
            env=environment_of_its_own(Path(folder) / "var"),
        )
        result: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
        return result


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """One attack on the processes of this folder's servers."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "microgrid_site.settings")
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connection

    call_command("migrate", verbosity=0)
    from benchmarks.device_fleet import Fleet

    microgrid, devices = _devices(options.devices, options.seed)
    fleet = Fleet(devices, settings.MQTT_URL, options.seed)
    plan = [target for target in options.targets.split(",") for _ in range(options.kills)]
    random.Random(options.seed).shuffle(plan)
    connection.close()
    house = House(Path(os.environ["MICROGRID_VAR"]) / "run")
    began = time.perf_counter()
    try:
        asyncio.run(_live_through(fleet, house, plan, random.Random(options.seed), options.between))
    finally:
        house.ingest.terminate()
        house.ingest.wait(60)
    seconds = time.perf_counter() - began
    result = _verdict(microgrid, fleet)
    return {
        "name": "intake_kills",
        "seconds": round(seconds, 1),
        "items": len(plan),
        "items_per_s": round(len(plan) / seconds, 3),
        "peak_rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
        "kills": {target: plan.count(target) for target in sorted(set(plan))},
        **result,
    }


def _devices(count: int, seed: int) -> tuple[Any, list[Any]]:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from benchmarks.device_fleet import FleetDevice
    from benchmarks.month_village import make_sites
    from energy.models import Microgrid
    from energy.services.devices import enrol_devices
    from members.models import Cooperative

    cooperative = Cooperative.objects.create(slug="kills", name="Kills eG")
    microgrid = Microgrid.objects.create(cooperative=cooperative, slug="kills", name="Kills")
    chance = random.Random(seed)
    meters = make_sites(microgrid, cooperative, count).tolist()
    keys = {pk: Ed25519PrivateKey.from_private_bytes(chance.randbytes(32)) for pk in meters}
    public = {pk: key.public_key().public_bytes_raw() for pk, key in keys.items()}
    devices = enrol_devices(microgrid=microgrid, public_keys=public, now=datetime.now(UTC))
    return microgrid, [FleetDevice(devices[pk].name, keys[pk], "import", n) for n, pk in enumerate(meters)]


async def _live_through(fleet: Any, house: House, plan: Sequence[str], chance: random.Random, between: int) -> None:
    """Kill one after the other while the fleet sends; then let it come to its end."""
    killing = asyncio.create_task(_kill_all(fleet, house, plan, chance, between))
    sending = asyncio.create_task(fleet.run(lambda: not killing.done()))
    done, _ = await asyncio.wait({killing, sending}, return_when=asyncio.FIRST_EXCEPTION)
    for task in done:
        task.result()
    await asyncio.wait_for(sending, PATIENCE_S)


async def _kill_all(fleet: Any, house: House, plan: Sequence[str], chance: random.Random, between: int) -> None:
    for n, target in enumerate([*plan, ""]):
        wanted, deadline = len(fleet.acknowledged) + between, time.monotonic() + PATIENCE_S
        while len(fleet.acknowledged) < wanted:
            if time.monotonic() > deadline:
                raise CannotRecover(f"no receipts come after {plan[n - 1] if n else 'the start'} was killed")
            await asyncio.sleep(0.05)
        if target:
            await asyncio.sleep(chance.uniform(0.0, 0.7))
            fleet.url = await house.kill(target)


def _verdict(microgrid: Any, fleet: Any) -> dict[str, Any]:
    """Whether each acknowledged message is kept once, byte for byte, and the meter days say what was kept."""
    from django.db import connection

    from benchmarks.rereading import compare, read_again

    with connection.cursor() as cursor:
        cursor.execute("SELECT counter, body FROM energy_telemetrymessage")
        kept: dict[int, list[bytes]] = {}
        for counter, body in cursor.fetchall():
            kept.setdefault(counter, []).append(bytes(body))
        found = read_again(cursor, microgrid.pk)
        differences = compare(cursor, microgrid.pk, microgrid.time_zone, found)
    lost = [counter for counter, body in fleet.acknowledged.items() if kept.get(counter) != [body]]
    twice = [counter for counter, bodies in kept.items() if len(bodies) > 1]
    for line in [*differences[:5], *[f"lost {counter}" for counter in lost[:5]]]:
        print(f"WRONG {line}", file=sys.stderr)
    return {
        "acknowledged": len(fleet.acknowledged),
        "kept": found.messages,
        "lost": len(lost),
        "twice": len(twice),
        "differences": len(differences),
        "values_compared": len(found.said_wh),
        "connections": fleet.connections,
        "receipts": dict(fleet.outcomes),
        "sound": not (lost or twice or differences)
        and len(fleet.acknowledged) > 0
        and not any(what.startswith("refused") for what in fleet.outcomes),
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
