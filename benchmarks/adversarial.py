"""Adversarial messages: each refused with a reason or accepted once, no exception, memory flat, nothing kept but what was said.

`script/bench adversarial [--messages 100000] [--seed 1] [--json]`: valid messages altered in every way and signed nonsense
(`adversaries.py`), in batches of any size; then the evidence is read again by other code (`rereading.py`) and compared.
"""

import argparse
import json
import logging
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from benchmarks.sizes import at_least

NEED = "postgres,valkey"
NETWORK = Path(__file__).resolve().parent.parent / "energy" / "data" / "simbench_lv_rural3"
LARGEST_BATCH = 700
SETTLED_SHARE = 0.3  # memory is compared from here on: caches are full, modules loaded


@dataclass(slots=True)
class Outcome:
    """What became of an attack."""

    messages: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    by_way: dict[str, Counter[str]] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    log: list[str] = field(default_factory=list)
    rss_mb: list[float] = field(default_factory=list)


class _Listener(logging.Handler):
    """Keeps what is logged as a warning or worse."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__(logging.WARNING)
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.append(record.getMessage())


def attack(attempts: Iterable[Any], accept: Callable[[Sequence[bytes]], Sequence[Any]], *, batches: int) -> Outcome:
    """Hand in attempts in batches of random size; `accept` gives a receipt per message."""
    from benchmarks.processor_time import resident_mb

    outcome, chance = Outcome(), random.Random(batches)
    listener = _Listener(outcome.log)
    logging.getLogger().addHandler(listener)
    try:
        for batch in _batches(iter(attempts), chance):
            receipts = accept([attempt.body for attempt in batch])
            for attempt, receipt in zip(batch, receipts, strict=True):
                what = receipt.reason or receipt.outcome
                outcome.outcomes[what] += 1
                outcome.by_way.setdefault(attempt.how, Counter())[what] += 1
                if what not in attempt.may_become:
                    outcome.wrong.append(f"{attempt.how} became {what}: {attempt.body.hex()[:400]}")
            outcome.messages += len(batch)
            outcome.rss_mb.append(resident_mb(os.getpid()))
    finally:
        logging.getLogger().removeHandler(listener)
    return outcome


def _batches(attempts: Iterator[Any], chance: random.Random) -> Iterator[list[Any]]:
    while batch := list(islice(attempts, chance.choice((1, 7, 60, LARGEST_BATCH)))):
        yield batch


def main(argv: list[str]) -> int:
    """Attack a village of the demo network; print one JSON object last."""
    parser = argparse.ArgumentParser(prog="script/bench adversarial", description=__doc__)
    parser.add_argument("--messages", type=at_least(1), default=100_000)
    parser.add_argument("--seed", type=at_least(0), default=1)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(argv)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "microgrid_site.settings")
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    call_command("migrate", verbosity=0)
    from benchmarks.rereading import compare, read_again
    from energy.services.telemetry import ReceivedMessage, accept_messages

    now = datetime.now(UTC).replace(microsecond=0)
    microgrid, plan = prepare(now, options.seed)

    def accept(bodies: Sequence[bytes]) -> Sequence[Any]:
        return accept_messages(messages=[ReceivedMessage(body, "mqtt") for body in bodies], now=now)

    began = time.perf_counter()
    outcome = attack(plan.attempts(options.messages), accept, batches=options.seed)
    seconds = time.perf_counter() - began
    with connection.cursor() as cursor:
        found = read_again(cursor, microgrid.pk)
        differences = compare(cursor, microgrid.pk, microgrid.time_zone, found)
    settled = outcome.rss_mb[int(len(outcome.rss_mb) * SETTLED_SHARE)]
    growth_mb = max(outcome.rss_mb[int(len(outcome.rss_mb) * SETTLED_SHARE) :]) - settled
    for how, counts in sorted(outcome.by_way.items()):
        print(f"{how:>20}: {dict(counts)}", file=sys.stderr)
    for line in [*outcome.wrong[:5], *outcome.log[:5], *differences[:5]]:
        print(f"WRONG {line}", file=sys.stderr)
    sound = not (outcome.wrong or outcome.log or differences) and found.messages == outcome.outcomes["accepted"]
    print(
        json.dumps(
            {
                "name": "adversarial",
                "seconds": round(seconds, 1),
                "items": outcome.messages,
                "items_per_s": round(outcome.messages / seconds, 1),
                "peak_rss_mb": round(max(outcome.rss_mb), 1),
                "growth_mb": round(growth_mb, 1),
                "outcomes": dict(outcome.outcomes),
                "wrong": len(outcome.wrong),
                "logged": len(outcome.log),
                "kept": found.messages,
                "values_compared": len(found.said_wh),
                "differences": len(differences),
                "sound": sound,
            }
        )
    )
    return 0 if sound else 1


def prepare(now: datetime, seed: int) -> tuple[Any, Any]:
    """The demo network with an enrolled device for every meter, a few of them revoked."""
    from energy.services.import_simbench import import_network
    from members.models import Cooperative

    cooperative = Cooperative.objects.create(slug="bench", name="Bench eG")
    microgrid = import_network(folder=NETWORK, cooperative=cooperative, slug="bench", name="Bench", time_zone="Europe/Berlin").microgrid
    return microgrid, make_attack(microgrid, now, microgrid.now(now), seed)


def make_attack(microgrid: Any, real_now: datetime, now: datetime, seed: int) -> Any:
    """Enrol devices whose keys come from the seed; every tenth is revoked."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from benchmarks.adversaries import Attack, Attacker
    from energy.models.meters import CHANNELS_OF, MeterKind
    from energy.services.devices import enrol_devices, revoke_device
    from energy.services.sealing_keys import public_sealing_key

    chance = random.Random(seed)
    meters = list(microgrid.meters.order_by("code"))
    keys = {meter.pk: Ed25519PrivateKey.from_private_bytes(chance.randbytes(32)) for meter in meters}
    public = {pk: key.public_key().public_bytes_raw() for pk, key in keys.items()}
    devices = enrol_devices(microgrid=microgrid, public_keys=public, now=real_now)
    attackers = [Attacker(devices[m.pk].name, keys[m.pk], tuple(c.label for c in CHANNELS_OF[MeterKind(m.kind)])) for m in meters]
    for meter in meters[::10]:
        revoke_device(device=devices[meter.pk], now=real_now)
    return Attack([a for n, a in enumerate(attackers) if n % 10], attackers[::10], now, public_sealing_key(microgrid.cooperative), seed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
