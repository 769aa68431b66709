"""The plan of many storages behind one connection, against HiGHS on the same problem: `script/bench plan --storages 200 --intervals 192`."""

import resource
import time
from typing import Any

import highspy
import numpy as np

from benchmarks.fleet_programme import linear_programme, random_fleet, solve_by_highs
from grid.domain.planning.search import find_plan

# The fastest of HiGHS' options on these problems: its default, simplex, takes five times as long, HiPO and PDLP do not end within minutes.
BEST_OF_HIGHS = {"solver": "ipm", "run_crossover": "off"}
SAME = 1e-6


def measure_fleet(*, storages: int, intervals: int, seed: int, against_highs: bool) -> tuple[dict[str, Any], bool]:
    """The summary, and whether the plan is proven and agrees with the peer's.

    The method's own bound proves the cost; HiGHS without crossover ends near an optimum, so its answer may be a little dearer, never
    cheaper by more than 1e-6.
    """
    problem = random_fleet(seed, storages=storages, intervals=intervals)
    find_plan(random_fleet(seed + 1, storages=24, intervals=96))  # libraries are loaded
    began, began_cpu = time.perf_counter(), time.process_time()
    plan = find_plan(problem)
    seconds, processor_s = time.perf_counter() - began, time.process_time() - began_cpu
    summary: dict[str, Any] = {
        "name": "plan",
        "seconds": round(seconds, 3),
        "items": storages * intervals,
        "items_per_s": round(storages * intervals / seconds, 1),
        "peak_rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
        "processor_s": round(processor_s, 3),
        "storages": storages,
        "intervals": intervals,
        "seed": seed,
        "proven": plan.proven,
        "found_by": "HiGHS" if plan.bound is None else "interior point",
    }
    if plan.cost is None:
        return summary, False
    size = max(1.0, abs(plan.cost))
    over_w = max(float((plan.import_w - problem.import_limit_w).max()), float((plan.export_w - problem.export_limit_w).max()), 0.0)
    summary |= {
        "cost": plan.cost,
        "over_limit_w": over_w,
        "both_at_once": int(np.count_nonzero(np.minimum(plan.charge_w, plan.discharge_w))),
    }
    if plan.bound is not None:
        summary["gap"] = max(plan.cost - plan.bound, 0.0) / size
    sound = plan.proven and summary.get("gap", 0.0) <= SAME
    if not against_highs:
        return summary, sound
    programme = linear_programme(problem)
    began_cpu = time.process_time()
    cost, peer_seconds = solve_by_highs(programme, **BEST_OF_HIGHS)
    if cost is None:
        return summary, False
    summary["against"] = {
        "name": "HiGHS",
        "version": str(highspy.Highs().version()),
        "options": BEST_OF_HIGHS,
        "seconds": round(peer_seconds, 3),
        "processor_s": round(time.process_time() - began_cpu, 3),
        "ratio": round(peer_seconds / seconds, 1),
        "cost": cost,
        "dearer_by": (plan.cost - cost) / size,
    }
    return summary, sound and plan.cost <= cost + SAME * size
