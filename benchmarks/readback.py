"""Reading meter days back: one meter's year, a network's year as one array, a day of a town, and a stream over the API.

`script/bench readback [--json]`: 153 meters with a year and 10,000 meters with three days, import and export, all final.
"""

import argparse
import json
import os
import resource
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

NEED = "postgres,valkey"
NETWORK_METERS, TOWN_METERS, TOWN_DAYS = 153, 10_000, 3
FIRST_DAY, DAYS = date(2025, 1, 1), 365
REPEATS = 7
LIMITS_MS = {"meter_year_ms": 20, "network_year_ms": 400, "town_day_ms": 500}


def main(argv: list[str]) -> int:
    """Make the days, read them back, print one JSON object last."""
    parser = argparse.ArgumentParser(prog="script/bench readback", description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.parse_args(argv)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "microgrid_site.settings")
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    began = time.perf_counter()
    result = measure()
    for name, limit in LIMITS_MS.items():
        print(f"{name}: {result[name]:.1f} of {limit}", file=sys.stderr)
    values = NETWORK_METERS * DAYS * 96
    print(
        json.dumps(
            {
                "name": "readback",
                "seconds": round(time.perf_counter() - began, 1),
                "items": values,
                "items_per_s": round(1000 * values / result["network_year_ms"]),
                "peak_rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
                **result,
            }
        )
    )
    return 0 if all(result[name] < limit for name, limit in LIMITS_MS.items()) else 1


def measure() -> dict[str, Any]:
    """The best of several readings of each kind; the first fills the caches."""
    from energy.models import Channel
    from energy.selectors.meter_days import load_channel

    network, network_ids, network_sum = _fill("network", NETWORK_METERS, DAYS)
    town, _, town_sum = _fill("town", TOWN_METERS, TOWN_DAYS)
    year = [FIRST_DAY + timedelta(days=n) for n in range(DAYS)]

    def one_year() -> Any:
        return load_channel(microgrid=network, channel=Channel.IMPORT, days=year, meter_ids=network_ids[70:71])

    def whole_year() -> Any:
        return load_channel(microgrid=network, channel=Channel.IMPORT, days=year, with_quality=False)

    def flagged_year() -> Any:
        return load_channel(microgrid=network, channel=Channel.IMPORT, days=year)

    def town_day() -> Any:
        return load_channel(microgrid=town, channel=Channel.IMPORT, days=[FIRST_DAY + timedelta(days=1)])

    if int(whole_year().values_wh.sum()) != network_sum or town_day().values_wh.shape != (TOWN_METERS, 96):
        raise AssertionError("what is read back is not what was written")
    reads = {"meter_year": one_year, "network_year": whole_year, "network_year_with_quality": flagged_year, "town_day": town_day}
    result: dict[str, Any] = {}
    for name, read in reads.items():
        result[f"{name}_ms"], result[f"{name}_processor_ms"] = _time(read)
    return result | _stream(town, town_sum)


def _time(read: Callable[[], Any]) -> tuple[float, float]:
    """The shortest of some readings [ms], and the mean processor time of both sides [ms], whoever else is busy."""
    from django.db import connection

    from benchmarks.processor_time import seconds_of

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        [backend] = cursor.fetchone()
    seconds, before = [], time.process_time() + seconds_of([backend])
    for _ in range(REPEATS):
        began = time.perf_counter()
        read()
        seconds.append(time.perf_counter() - began)
    spent = time.process_time() + seconds_of([backend]) - before
    return round(1000 * min(seconds), 2), round(1000 * spent / REPEATS, 2)


def _fill(slug: str, meters: int, days: int) -> tuple[Any, list[int], int]:
    """A microgrid with final days; also its meters and the sum of what was imported [Wh]."""
    import numpy as np
    from django.db import connection

    from benchmarks.month_village import make_day, make_sites, store_day
    from energy.models import Channel, Microgrid
    from energy.services.partitions import ensure_months
    from members.models import Cooperative

    cooperative = Cooperative.objects.create(slug=slug, name=f"{slug} eG")
    microgrid = Microgrid.objects.create(cooperative=cooperative, slug=slug, name=slug)
    ids = make_sites(microgrid, cooperative, meters)
    chance, total, now = np.random.default_rng(7), 0, datetime(2026, 1, 2, tzinfo=UTC)
    size = chance.lognormal(0.0, 0.5, meters)
    chosen = [FIRST_DAY + timedelta(days=n) for n in range(days)]
    ensure_months(table="energy_meterday", days=chosen)
    with connection.cursor() as cursor:
        for day in chosen:
            drawn, fed_in = make_day(chance, size, microgrid.local_day(day).interval_count)
            total += int(drawn.sum())
            for channel, values in ((Channel.IMPORT, drawn), (Channel.EXPORT, fed_in)):
                store_day(cursor, microgrid, ids, day, channel, values, now)
        cursor.execute("VACUUM ANALYZE energy_meterday")
    return microgrid, ids.tolist(), total


def _stream(microgrid: Any, total_wh: int) -> dict[str, Any]:
    """All imports of the town over the API, as an operator's script reads them; how much memory that takes."""
    from django.test import Client

    from benchmarks.processor_time import resident_mb
    from members.models import Membership, Role, User

    user = User.objects.create_user("operator@bench.test")
    Membership.objects.create(user=user, cooperative=microgrid.cooperative, role=Role.OPERATOR)
    client = Client()
    client.force_login(user)
    after = FIRST_DAY + timedelta(days=TOWN_DAYS)
    address = f"/api/v1/microgrids/{microgrid.public_id}/days/?from={FIRST_DAY}&to={after}&channel=import"
    before, began = resident_mb(os.getpid()), time.perf_counter()
    lines = size = read_wh = 0
    largest_mb = before
    response: Any = client.get(address)
    for piece in response.streaming_content:
        size += len(piece)
        rows = [json.loads(line) for line in piece.splitlines()]
        lines, read_wh = lines + len(rows), read_wh + sum(sum(row["values_wh"]) for row in rows)
        largest_mb = max(largest_mb, resident_mb(os.getpid()))
    if (lines, read_wh) != (TOWN_METERS * TOWN_DAYS, total_wh):
        raise AssertionError(f"{lines} lines with {read_wh} Wh came over the API")
    return {
        "stream_meter_days_per_s": round(lines / (time.perf_counter() - began)),
        "stream_mb": round(size / 2**20, 1),
        "stream_growth_mb": round(largest_mb - before, 1),
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
