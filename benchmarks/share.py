"""Sharing a month among many sites by each key, and thousands of random cases against plain fractions and loops.

`script/bench share [--sites 10000] [--days 31] [--cases 1000] [--seed 0] [--json]`: the cases are per rule and compared to the Wh and to the
exact price; `--cases 0` leaves them out.
"""

import argparse
import json
import resource
import sys
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.sizes import at_least
from grid.adapters.share_file import case_from
from grid.domain.sharing.case import share_case
from grid.domain.sharing.hierarchy import share_hierarchical
from grid.domain.sharing.keys import SHARE_UNITS, share_dynamic, share_hybrid, share_static
from grid.domain.sharing.splitting import ranks_by_code
from grid.domain.sharing.terms import ShareRule
from tests.share_reference import answer, random_case

INTERVALS = 96
Wh = NDArray[np.int64]


def main(argv: list[str]) -> int:
    """Measure; print one JSON object last. Ends with 1 where a case differs from the plain implementation."""
    parser = argparse.ArgumentParser(prog="script/bench share", description=__doc__)
    parser.add_argument("--sites", type=at_least(1), default=10_000)
    parser.add_argument("--days", type=at_least(1), default=31)
    parser.add_argument("--cases", type=at_least(0), default=1000)
    parser.add_argument("--seed", type=at_least(0), default=0)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(argv)
    seconds, processor_s = _month(options.sites, options.days, options.seed)
    items = options.sites * options.days * INTERVALS * len(seconds)
    total = sum(seconds.values())
    summary: dict[str, Any] = {
        "name": "share",
        "seconds": round(total, 3),
        "items": items,
        "items_per_s": round(items / total),
        "peak_rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
        "by_key_s": {key: round(value, 3) for key, value in seconds.items()},
        "by_key_processor_s": {key: round(value, 3) for key, value in processor_s.items()},
    }
    unlike = [
        f"{rule} {seed}"
        for rule in ShareRule
        for seed in range(options.seed, options.seed + options.cases)
        if not _equals_reference(rule, seed)
    ]
    summary |= {"cases": options.cases * len(ShareRule), "unlike": unlike[:10]}
    print(json.dumps(summary))
    return 1 if unlike else 0


def _month(sites: int, days: int, seed: int) -> tuple[dict[str, float], dict[str, float]]:
    """Seconds for each key over all days, a day at a time as the day close does."""
    random = np.random.default_rng(seed)
    ranks = ranks_by_code([f"site {number}" for number in range(sites)])
    has_panels = random.random(sites) < 0.2
    feeders = random.integers(0, max(sites // 150, 1), sites)
    shares = _shares(random, sites)
    keys: dict[str, Callable[[Wh, Wh], Any]] = {
        "dynamic": lambda c, p: share_dynamic(c, p, ranks),
        "static": lambda c, p: share_static(c, p, shares, ranks),
        "hybrid": lambda c, p: share_hybrid(c, p, shares, ranks),
        "hierarchical": lambda c, p: share_hierarchical(c, p, feeders, ranks),
    }
    seconds, processor_s = dict.fromkeys(keys, 0.0), dict.fromkeys(keys, 0.0)
    for _ in range(days):
        drawn, fed_in = _day(random, sites, has_panels)
        for name, share in keys.items():
            began, began_cpu = time.perf_counter(), time.process_time()
            share(drawn, fed_in)
            seconds[name] += time.perf_counter() - began
            processor_s[name] += time.process_time() - began_cpu
    return seconds, processor_s


def _shares(random: np.random.Generator, sites: int) -> Wh:
    cuts = np.sort(random.integers(0, SHARE_UNITS + 1, sites - 1))
    return np.diff(np.concatenate([[0], cuts, [SHARE_UNITS]]))


def _day(random: np.random.Generator, sites: int, has_panels: NDArray[np.bool_]) -> tuple[Wh, Wh]:
    """Households drawing 0 to 900 Wh a quarter hour, a fifth of them with panels under a clear sky of changing height."""
    drawn = random.integers(0, 900, (INTERVALS, sites))
    sun = np.clip(np.sin((np.arange(INTERVALS) - 24) / 48 * np.pi), 0, None) * random.uniform(1000, 9000)
    fed_in = np.where(has_panels, random.random((INTERVALS, sites)) * sun[:, None], 0).astype(np.int64)
    return drawn, fed_in


def _equals_reference(rule: ShareRule, seed: int) -> bool:
    case = random_case(seed, rule)
    given = case_from(json.loads(json.dumps(case), parse_float=Decimal))
    result = share_case(given)
    ours = {
        "received_wh": dict(zip(given.members, result.received_wh.T.tolist(), strict=True)),
        "delivered_wh": dict(zip(given.members, result.delivered_wh.T.tolist(), strict=True)),
        "buy_price_per_kwh": list(result.buy),
        "sell_price_per_kwh": list(result.sell),
        "matched_wh": result.matched_wh.tolist(),
    }
    return ours == answer(case)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
