"""Signed readings from an MQTT broker to durable storage: whole days, single readings, and how soon the live page knows.

`script/bench ingest [--against flexmeasures] [--json]`: messages are signed before, then sent through the embedded broker (and
through Mosquitto where it is installed) to the real `ingest_mqtt`; generator, broker, ingest and PostgreSQL share the machine.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.sizes import at_least, some_of

NEED = "postgres,valkey,broker"
ROOT = Path(__file__).resolve().parent.parent
WINDOW = 3000
PROBES = 20
LOOK_EVERY_S = 0.01


def main(argv: list[str]) -> int:
    """Measure with each broker; print one JSON object last."""
    parser = argparse.ArgumentParser(prog="script/bench ingest", description=__doc__)
    parser.add_argument("--meters", type=at_least(1), default=1000)
    parser.add_argument("--days", type=int, default=20, choices=range(2, 41), metavar="2..40")
    parser.add_argument("--singles", type=int, default=20, choices=range(1, 97), metavar="1..96")
    parser.add_argument("--brokers", type=some_of(("amqtt", "mosquitto")), default="amqtt,mosquitto")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--against", choices=["flexmeasures"], help="store the same readings by it too")
    options = parser.parse_args(argv)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "microgrid_site.settings")
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    from benchmarks.storage_peers import compare_storage

    began = time.perf_counter()
    storage = compare_storage(with_flexmeasures=options.against == "flexmeasures")
    print(f"storage: {json.dumps(storage)}", file=sys.stderr)
    results = {}
    for name in options.brokers.split(","):
        with _broker(name) as found:
            if found is None:
                print(f"{name} is not installed: not measured", file=sys.stderr)
            else:
                results[name] = measure(name, found[0], found[1], options)
    print(json.dumps(_summary(results, time.perf_counter() - began) | _beside(storage)))
    return 0


@contextmanager
def _broker(name: str) -> Iterator[tuple[str, int] | None]:
    """Address and process of a broker; None where there is none."""
    from benchmarks.mosquitto import mosquitto
    from microgrid_site.embedded.processes import Running

    var = Path(os.environ["MICROGRID_VAR"])
    if name == "amqtt":
        running = Running.load(var / "run", "broker")
        yield (running.url, running.pid) if running else None
        return
    with mosquitto(var / "mosquitto") as other:
        yield (other.url, other.pid) if other else None


@contextmanager
def ingest_process(url: str) -> Iterator[subprocess.Popen[bytes]]:
    """The real command."""
    process = subprocess.Popen([sys.executable, "manage.py", "ingest_mqtt"], cwd=ROOT, env={**os.environ, "MQTT_URL": url})
    try:
        yield process
    finally:
        process.terminate()
        process.wait(30)


def measure(broker: str, url: str, broker_pid: int, options: argparse.Namespace) -> dict[str, Any]:
    """Whole days in RFC 8428's records, the same packed, and single readings, through one broker."""
    from benchmarks.ingest_village import make_village

    result: dict[str, Any] = {}
    with ingest_process(url) as process:
        for form, packed in (("record", False), ("packed", True)):
            village = make_village(f"{broker}-{form}", options.meters, options.days + 1, packed=packed)
            messages = list(village.day_messages())
            figures = _send(url, messages, process.pid, broker_pid)
            result[form] = figures | {"readings_per_s": round(96 * figures["messages_per_s"])}
            _compare_days(village)
        singles = list(village.single_messages(options.singles))
        result["single"] = _send(url, singles, process.pid, broker_pid, probes=village.signers[:PROBES])
        _compare_singles(village, options.singles)
    for form in ("record", "packed", "single"):
        print(f"{broker} {form}: {json.dumps(result[form])}", file=sys.stderr)
    return result


def _send(url: str, messages: Sequence[tuple[str, bytes]], ingest_pid: int, broker_pid: int, probes: Sequence[Any] = ()) -> dict[str, Any]:
    """Send everything and wait for the last receipt; every message must have been accepted."""
    from benchmarks.mqtt_load import call, deliver, packets_of
    from benchmarks.processor_time import family_of, resident_mb, seconds_of
    from microgrid_site.embedded.processes import Running

    call(url, packets_of(messages[:1])[0])
    postgres = Running.load(Path(os.environ["MICROGRID_VAR"]) / "run", "postgres")
    parties = {
        "ingest": [ingest_pid],
        "broker": [broker_pid],
        "generator": [os.getpid()],
        "postgres": family_of(postgres.pid if postgres else 0),
    }
    packets = packets_of(messages[1:])
    before = {name: seconds_of(pids) for name, pids in parties.items()}
    watcher = _Watcher(probes)
    with watcher:
        done = deliver(url, packets, window=WINDOW)
    if set(done.outcomes) != {"accepted"}:
        raise AssertionError(f"messages were {done.outcomes}")
    spent = {name: seconds_of(pids) - before[name] for name, pids in parties.items()}
    figures: dict[str, Any] = {
        "messages": len(packets),
        "seconds": round(done.seconds, 3),
        "messages_per_s": round(len(packets) / done.seconds, 1),
        "mean_bytes": round(sum(len(body) for _, body in messages) / len(messages)),
        "processor_us_per_message": {name: round(1e6 * s / len(packets), 1) for name, s in spent.items()},
        "ingest_rss_mb": round(resident_mb(ingest_pid), 1),
    }
    if probes:
        figures |= watcher.delays([name for name, _ in messages[1:]], done)
    return figures


class _Watcher(threading.Thread):
    """Looks all the time at what the live page reads, and notes when each probe's next sample is there."""

    def __init__(self, probes: Sequence[Any]) -> None:
        super().__init__(daemon=True)
        self._probes, self._end = probes, threading.Event()
        self._seen: dict[str, list[tuple[float, float]]] = {probe.name: [] for probe in probes}

    def __enter__(self) -> "_Watcher":
        if self._probes:
            self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        if self._probes:
            self.join()

    def run(self) -> None:
        from energy.adapters.live_store import live_key, valkey
        from energy.models import Meter

        microgrid_id = Meter.objects.values_list("microgrid_id", flat=True).get(pk=self._probes[0].meter_id)
        client, key, ids = valkey(), live_key(microgrid_id), [probe.meter_id for probe in self._probes]
        while not self._end.wait(LOOK_EVERY_S):
            texts, now = client.hmget(key, ids), time.perf_counter()
            for probe, text in zip(self._probes, texts, strict=True):
                at = json.loads(text)["import_w"] if text else 0.0
                seen = self._seen[probe.name]
                if at and (not seen or seen[-1][0] != at):
                    seen.append((at, now))

    def delays(self, names: Sequence[str], done: Any) -> dict[str, Any]:
        """Seconds from sending to being seen; a sample that a newer one overtook counts until the newer one is seen."""
        import numpy as np

        sent: dict[str, list[float]] = {name: [] for name in self._seen}
        for name, at in zip(names, done.sent_at, strict=True):
            if name in sent:
                sent[name].append(at)
        delays = []
        for name, times in sent.items():
            seen = self._seen[name]
            first = 400.0 + (1 if len(times) < max(map(len, sent.values())) else 0)  # the warm-up took one
            for n, at in enumerate(times):
                shown = next((when for value, when in seen if value >= first + n), None)
                if shown is not None:
                    delays.append(shown - at)
        return {
            "live_p99_s": round(float(np.quantile(delays, 0.99)), 3),
            "live_p50_s": round(float(np.median(delays)), 3),
            "live_samples": len(delays),
        }


def _compare_days(village: Any) -> None:
    """What is kept must be what was signed, value by value."""
    import numpy as np

    from energy.models import Channel
    from energy.selectors.meter_days import load_channel

    block = load_channel(
        microgrid=village.microgrid,
        channel=Channel.IMPORT,
        days=village.days[:-1],
        meter_ids=[signer.meter_id for signer in village.signers],
    )
    said = village.use_wh[:-1].transpose(1, 0, 2).reshape(len(village.signers), -1)
    if not (np.array_equal(block.values_wh, said) and block.present.all() and not block.quality.any()):
        raise AssertionError("meter days differ from what was signed")


def _compare_singles(village: Any, intervals: int) -> None:
    import numpy as np

    from energy.models import Channel
    from energy.selectors.meter_days import load_channel

    block = load_channel(
        microgrid=village.microgrid,
        channel=Channel.IMPORT,
        days=village.days[-1:],
        meter_ids=[signer.meter_id for signer in village.signers],
    )
    if not np.array_equal(block.values_wh[:, :intervals], village.use_wh[-1][:, :intervals]):
        raise AssertionError("single readings differ from what was signed")


def _beside(storage: dict[str, Any]) -> dict[str, Any]:
    """The other ways of storing, and FlexMeasures as the peer where it was asked for."""
    found: dict[str, Any] = {"storage": storage}
    if peer := storage.get("flexmeasures"):
        seconds = peer["values"] / peer["values_per_s"]
        found["against"] = {"name": "flexmeasures", "version": peer["version"], "seconds": round(seconds, 2), "ratio": peer["slower_by"]}
    return found


def _summary(results: dict[str, dict[str, Any]], seconds: float) -> dict[str, Any]:
    """The best broker's figures first, all of them beneath."""
    best = max(results, key=lambda name: results[name]["single"]["messages_per_s"])
    chosen = results[best]
    batch = max(chosen["record"]["readings_per_s"], chosen["packed"]["readings_per_s"])
    items = chosen["packed"]["messages"] * 96
    return {
        "name": "ingest",
        "seconds": round(seconds, 1),
        "items": items,
        "items_per_s": batch,
        "peak_rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
        "batch_readings_per_s": batch,
        "record_readings_per_s": chosen["record"]["readings_per_s"],
        "single_messages_per_s": chosen["single"]["messages_per_s"],
        "live_p99_s": chosen["single"]["live_p99_s"],
        "broker": best,
        "brokers": results,
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
