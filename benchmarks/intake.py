"""Signed messages from bytes to meter days: verified, kept as evidence, folded, in batches of 500.

`script/bench intake [--days 31] [--json]`: the demo network's devices report whole days, one message per meter and day; then
as many samples again, as a live village sends them. One process, one connection.
"""

import argparse
import json
import os
import resource
import sys
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

NEED = "postgres,valkey"
NETWORK = Path(__file__).resolve().parent.parent / "energy" / "data" / "simbench_lv_rural3"
FIRST_DAY = date(2016, 3, 1)
BATCH = 500


def main(argv: list[str]) -> int:
    """Make a village, sign its messages, take them in; print one JSON object last."""
    parser = argparse.ArgumentParser(prog="script/bench intake", description=__doc__)
    parser.add_argument("--days", type=int, default=31, choices=range(1, 32), metavar="1..31")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(argv)
    result = measure(options.days)
    print(
        f"{result['items_per_s']:.0f} day messages/s, {result['samples_per_s']:.0f} samples/s",
        file=sys.stderr,
    )
    if options.json:
        print(json.dumps(result))
    return 0


def measure(days: int) -> dict[str, Any]:
    """Time both kinds of messages; every one of them must be accepted."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "microgrid_site.settings")
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    village = _village()
    day_messages = [
        village.whole_day(FIRST_DAY + timedelta(days=i), meter)
        for i in range(days)
        for meter in village.meters
    ]
    seconds = village.take_in(day_messages)
    samples = [village.sample(meter) for _ in range(days) for meter in village.meters]
    sample_seconds = village.take_in(samples)
    return {
        "name": "intake", "seconds": round(seconds, 3), "items": len(day_messages),
        "items_per_s": round(len(day_messages) / seconds, 1),
        "peak_rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
        "mean_bytes": round(sum(map(len, day_messages)) / len(day_messages)),
        "samples_per_s": round(len(samples) / sample_seconds, 1),
    }  # fmt: skip


def _village() -> Any:
    """The demo network with a device and a key for every meter, on the day after March 2016."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from energy.domain.telemetry import IntervalBlock, Sample, encode_message, key_id_of
    from energy.models.meters import CHANNELS_OF, MeterKind
    from energy.services.devices import enrol_devices
    from energy.services.import_simbench import import_network
    from energy.services.telemetry import ReceivedMessage, accept_messages
    from members.models import Cooperative

    real_now = datetime.now(UTC)
    cooperative = Cooperative.objects.create(slug="bench", name="Bench eG")
    microgrid = import_network(
        folder=NETWORK, cooperative=cooperative, slug="bench", name="Bench", time_zone="Europe/Berlin"
    ).microgrid
    microgrid.clock_real_start, microgrid.clock_shown_start = real_now, datetime(2016, 4, 1, 12, tzinfo=UTC)
    microgrid.save()
    shown_now = microgrid.now(real_now)

    class Village:
        """Signs for all meters."""

        meters = list(microgrid.meters.order_by("pk"))
        keys = {meter.pk: Ed25519PrivateKey.generate() for meter in meters}
        devices = enrol_devices(
            microgrid=microgrid, now=real_now,
            public_keys={pk: key.public_key().public_bytes_raw() for pk, key in keys.items()},
        )  # fmt: skip
        counters = dict.fromkeys(keys, 0)

        def sign(self, meter: Any, **content: Any) -> bytes:
            self.counters[meter.pk] += 1
            key = self.keys[meter.pk]
            return encode_message(
                private_key=key, key_id=key_id_of(key.public_key().public_bytes_raw()), sent_at=shown_now,
                device_name=self.devices[meter.pk].name, counter=self.counters[meter.pk], **content,
            )  # fmt: skip

        def whole_day(self, day: date, meter: Any) -> bytes:
            local_day = microgrid.local_day(day)
            values = tuple((7 * i + meter.pk) % 500 for i in range(local_day.interval_count))
            return self.sign(
                meter,
                blocks=[
                    IntervalBlock(channel.label, local_day.start_at, 900, values, 1000, 1000 + sum(values))
                    for channel in CHANNELS_OF[MeterKind(meter.kind)]
                ],
            )

        def sample(self, meter: Any) -> bytes:
            return self.sign(
                meter, samples=[Sample(shown_now, {"import_w": 400.0, "export_w": 0.0, "voltage_v": 231.2})]
            )

        def take_in(self, bodies: list[bytes]) -> float:
            began = time.perf_counter()
            for first in range(0, len(bodies), BATCH):
                messages = [ReceivedMessage(body, "mqtt") for body in bodies[first : first + BATCH]]
                outcomes = {receipt.outcome for receipt in accept_messages(messages=messages, now=real_now)}
                if outcomes != {"accepted"}:
                    raise AssertionError(f"messages were {outcomes}")
            return time.perf_counter() - began

    return Village()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
