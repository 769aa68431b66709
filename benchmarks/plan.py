"""Plans of storages: how long the best one takes to find, against a peer on the same problem.

`script/bench plan [--against flexmeasures]`: one battery, one day. `script/bench plan --storages 200 --intervals 192 [--seed 1]
[--against highs]`: many storages behind one connection, made at random.
"""

import argparse
import json
import sys

from benchmarks.battery_plan import measure_battery
from benchmarks.fleet_plan import measure_fleet
from benchmarks.sizes import at_least


def main(argv: list[str]) -> int:
    """Measure; print one JSON object last. Ends with 1 where the peer finds another optimum."""
    parser = argparse.ArgumentParser(prog="script/bench plan", description=__doc__)
    parser.add_argument("--storages", type=at_least(1), default=1)
    parser.add_argument("--intervals", type=at_least(1), default=96)
    parser.add_argument("--seed", type=at_least(0), default=1)
    parser.add_argument("--against", choices=["flexmeasures", "highs"])
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(argv)
    if options.storages > 1:
        summary, same = measure_fleet(
            storages=options.storages, intervals=options.intervals, seed=options.seed, against_highs=options.against == "highs"
        )
        print(json.dumps(summary))
        return 0 if same else 1
    summary, same = measure_battery(intervals=options.intervals, seed=options.seed, against_flexmeasures=options.against == "flexmeasures")
    print(json.dumps(summary))
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
