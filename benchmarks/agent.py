"""The default agent of a large village: a day's orders of all sites brought in line with what is expected, from arrays to rows.

`script/bench agent [--sites 10000] [--json]`: in a database of its own, a day of quarter hours is ordered for the first time, once more with
the same facts (nothing may change), and once where a tenth of the sites expects something else. Every row is compared with what was wanted.
Processor time is this process's and that of its connection in the database, whoever else shares the machine.
"""

import argparse
import json
import os
import resource
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from benchmarks.processor_time import seconds_of
from benchmarks.sizes import at_least

NEED = "postgres,valkey"
INTERVALS = 96
START = datetime(2016, 4, 2, tzinfo=UTC)
NOW = START - timedelta(hours=6)


def main(argv: list[str]) -> int:
    """Measure; print one JSON object last. Ends with 1 where the rows are not what was wanted."""
    parser = argparse.ArgumentParser(prog="script/bench agent", description=__doc__)
    parser.add_argument("--sites", type=at_least(1), default=10_000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(argv)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "microgrid_site.settings")
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    result = measure(options.sites)
    print(json.dumps(result))
    return 0 if result["sound"] else 1


def measure(count: int) -> dict[str, Any]:
    """Make the village, let the agent order three times."""
    from benchmarks.month_village import make_sites
    from energy.models import Microgrid
    from grid.domain.market.agent import Wanted
    from grid.selectors.sharing_terms import SiteAxis
    from grid.services.market_agent import bring_in_line
    from microgrid_site.demo.cooperative import found_cooperative

    cooperative = found_cooperative()
    microgrid = Microgrid.objects.create(cooperative=cooperative, slug="bench", name="Bench", time_zone="Europe/Berlin")
    make_sites(microgrid, cooperative, count)
    sites, chance = SiteAxis.of(microgrid), np.random.default_rng(5)
    net = chance.integers(-400, 900, (INTERVALS, count))
    price = np.full((INTERVALS, count), 270_000)
    wanted = Wanted(np.maximum(net, 0), price, np.maximum(-net, 0), price - 190_000)
    other = net.copy()
    other[:, : count // 10] += 1
    changed = Wanted(np.maximum(other, 0), price, np.maximum(-other, 0), price - 190_000)
    starts = [START + timedelta(minutes=15) * i for i in range(INTERVALS)]
    seconds, processor_s, rounds, sound = [], [], [], True
    for asked in (wanted, wanted, changed):
        began, began_s = time.monotonic(), _processor_s()
        rounds.append(bring_in_line(microgrid, sites, starts, asked, NOW))
        seconds.append(time.monotonic() - began)
        processor_s.append(round(_processor_s() - began_s, 2))
        sound &= _stored(microgrid, sites, starts) == _asked(sites, starts, asked)
    orders = int((net != 0).sum())
    sound &= rounds[0].placed == orders and (rounds[1].placed, rounds[1].withdrawn) == (0, 0)
    return {
        "name": "agent",
        "seconds": round(seconds[0], 2),
        "items": orders,
        "items_per_s": round(orders / seconds[0]),
        "peak_rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
        "sites": count,
        "again_seconds": round(seconds[1], 2),
        "a_tenth_changed_seconds": round(seconds[2], 2),
        "placed": [r.placed for r in rounds],
        "processor_s": processor_s,
        "withdrawn": [r.withdrawn for r in rounds],
        "sound": bool(sound),
    }


def _processor_s() -> float:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return seconds_of([os.getpid(), cursor.fetchone()[0]])


def _asked(sites: Any, starts: list[datetime], wanted: Any) -> tuple[int, int, int]:
    """Rows, Wh, and Wh x site x interval, of bids less offers: what a wrong row would change."""
    net = wanted.bid_wh - wanted.offer_wh
    weights = np.arange(1, len(starts) + 1)[:, None] * (sites.site_ids[None, :] % 1009)
    return int((net != 0).sum()), int(net.sum()), int((net * weights).sum())


def _stored(microgrid: Any, sites: Any, starts: list[datetime]) -> tuple[int, int, int]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT count(*), sum(net), sum(net * (site_id %% 1009) * (extract(epoch FROM start_at - %s)::bigint / 900 + 1))
               FROM (SELECT *, CASE side WHEN 'buy' THEN wh ELSE -wh END::bigint AS net FROM grid_marketorder WHERE microgrid_id = %s) o""",
            [starts[0], microgrid.pk],
        )
        rows, total, weighted = cursor.fetchone()
    return rows, int(total), int(weighted)


if __name__ == "__main__":
    import sys

    sys.exit(main(sys.argv[1:]))
