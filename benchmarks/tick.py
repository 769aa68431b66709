"""One control tick: from the measured state in Valkey to the commands handed to the broker's line, with power flow and limits.

NEED below starts the servers as in production. `script/bench tick [--points 5000] [--json]`: without --points the demo network and its
meters; with it, so many metering points at a network of as many nodes. A few sites are silent (`--silent`, per cent), so the state is estimated. `seconds` is the median of one tick; what is written to the
database and told to watchers behind a tick is measured beside it. Some lines are loaded beyond their rating, so that the tick has work.
"""

import argparse
import json
import os
import resource
import statistics
import sys
import time
from typing import Any

from benchmarks.sizes import at_least

NEED = "postgres,valkey,broker"
TICKS = 25
LIMIT_S = {"demo": 0.05, "many": 0.3}


def main(argv: list[str]) -> int:
    """Measure; print one JSON object last. Ends with 1 where a tick is too slow."""
    parser = argparse.ArgumentParser(prog="script/bench tick", description=__doc__)
    parser.add_argument("--points", type=at_least(0), default=0)
    parser.add_argument("--ticks", type=at_least(1), default=TICKS)
    parser.add_argument("--silent", type=int, default=5, help="per cent of the sites whose meters say nothing")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(argv)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "microgrid_site.settings")
    import django

    django.setup()
    from django.core.management import call_command

    from benchmarks import tick_village

    call_command("migrate", verbosity=0)
    microgrid = tick_village.demo() if not options.points else tick_village.many(options.points)
    found = tick_village.measure(microgrid, options.ticks, options.silent)
    seconds = statistics.median(found["ticks"])
    summary: dict[str, Any] = {
        "name": "tick",
        "seconds": round(seconds, 4),
        "items": found["points"],
        "items_per_s": round(found["points"] / seconds, 1),
        "peak_rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
        "processor_s": round(statistics.median(found["processor"]), 4),
        "slowest_s": round(max(found["ticks"]), 4),
        "reading_s": round(statistics.median(found["reading"]), 4),
        "behind_s": round(statistics.median(found["behind"]), 4),
        "commands": found["commands"],
        "nodes": found["nodes"],
        "binding_limits": found["binding"],
        "points_estimated": found["estimated"],
        "weighing_s": round(found["weighing"], 3),
    }
    print(json.dumps(summary))
    return 0 if seconds <= LIMIT_S["many" if options.points else "demo"] else 1


if __name__ == "__main__":
    began = time.perf_counter()
    code = main(sys.argv[1:])
    print(f"{time.perf_counter() - began:.1f} s", file=sys.stderr)
    sys.exit(code)
