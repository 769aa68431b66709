"""What the storages save in a month: the rolling plan with the forecasts as they were known, perfect foresight, and the plain rule.

`script/bench savings [--month 2016-05] [--folder FOLDER]`. Closed loop: each quarter hour use and production are foreseen from what had
ended before it and the value of storing is found anew; the storages do what costs least for the measured net power at that value, and the bill counts
what was measured. Energy that is left at the month's end counts at what storing it at the cheapest price costs, for all three alike.

`--months all` measures every month that has four weeks before it, `--months odd` and `even` those of odd and even numbers, as many at once as there are
processors. Forecasts are kept between runs (`--forecasts`), by what they are made from.
"""

import argparse
import json
import os
import resource
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.forecast import FOLDER
from benchmarks.savings_forecasts import foreseen, usual_folder
from benchmarks.savings_loop import Run, closed_loop, foresight, plain_rule, start_of
from benchmarks.savings_setting import HOURS, PER_DAY, CannotMeasure, Setting, months_of, setting_of
from benchmarks.sizes import month_text, network_folder
from energy.adapters.simbench_folder import read_network
from grid.domain.planning.storage_sharing import cycles

PARTS = ("saving", "energy", "peak")
NUMBERS = {"all": (0, 1), "odd": (1,), "even": (0,)}


def main(argv: list[str]) -> int:
    """Measure a month or several; print one JSON object last."""
    parser = argparse.ArgumentParser(prog="script/bench savings", description=__doc__)
    parser.add_argument("--folder", type=network_folder, default=FOLDER, help="a network in SimBench's format")
    parser.add_argument("--month", type=month_text, default="2016-05", help="YYYY-MM")
    parser.add_argument("--months", choices=sorted(NUMBERS), help="all months with four weeks before them, or half of them")
    parser.add_argument("--forecasts", type=Path, default=usual_folder(), help="where forecasts are kept between runs")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(argv)
    began = time.perf_counter()
    try:
        figures = _one(options) if options.months is None else _several(options)
    except CannotMeasure as problem:
        print(problem, file=sys.stderr)
        return 2
    seconds, spent = (time.perf_counter() - began, [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)])
    print(
        json.dumps(
            {
                "name": "savings",
                "seconds": round(seconds, 1),
                "processor_s": round(sum(use.ru_utime + use.ru_stime for use in spent), 1),
                "items": figures["items"],
                "items_per_s": round(figures["items"] / seconds, 1),
                "peak_rss_mb": round(max(use.ru_maxrss for use in spent) / 1024, 1),
                **figures,
            }
        )
    )
    return 0


def _one(options: argparse.Namespace) -> dict[str, Any]:
    return measure(options.folder, options.forecasts, options.month)


def _several(options: argparse.Namespace) -> dict[str, Any]:
    """Each month in a process of its own, and their sums."""
    wanted = NUMBERS[options.months]
    months = [m for m in months_of(read_network(options.folder, say=lambda _: None)) if int(m[-2:]) % 2 in wanted]
    if not months:
        raise CannotMeasure("No month of the folder's profiles has four weeks before it.")
    os.environ["OPENBLAS_NUM_THREADS"] = "1"  # the processes share the processors already
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
        found = list(pool.map(partial(measure, options.folder, options.forecasts), months))
    return in_all(found) | {"months": found}


def measure(folder: Path, forecasts: Path, month: str) -> dict[str, Any]:
    """A month's figures.

    Raises:
        CannotMeasure: no storages, or a month that the folder's profiles do not hold.
    """
    setting = setting_of(read_network(folder, say=lambda _: None), month)

    def say(text: str) -> None:
        print(f"{month} {text}", file=sys.stderr, flush=True)

    plan = closed_loop(setting, foreseen(setting, forecasts), say)
    figures = compare(setting, {"plan": plan, "foresight": foresight(setting), "rule": plain_rule(setting)})
    return {"month": month, "items": setting.count, **figures}


def in_all(months: list[dict[str, Any]]) -> dict[str, Any]:
    """Savings of several months added up, and the plan's and the rule's share of foresight's."""
    sums = {name: {part: round(sum(month[name][part] for month in months), 2) for part in PARTS} for name in ("plan", "foresight", "rule")}
    best = sums["foresight"]["saving"]
    return {
        "items": sum(month["items"] for month in months),
        "share_of_foresight": round(sums["plan"]["saving"] / best, 4) if best > 0 else None,
        "share_of_foresight_rule": round(sums["rule"]["saving"] / best, 4) if best > 0 else None,
        "more_than_rule": all(month["more_than_rule"] for month in months),
        **sums,
    }


def compare(setting: Setting, runs: dict[str, Run]) -> dict[str, Any]:
    """Savings against idle storages: of the month, energy and peak apart, and by week (peak: of the week's highest import)."""
    nothing = np.zeros((1, setting.count))
    idle = Run(nothing, nothing, float(start_of(setting.limits).sum()))

    def saved(part: slice = slice(None)) -> dict[str, dict[str, float]]:
        before = idle.costs(setting, part)
        found = {}
        for name, run in runs.items():
            after = run.costs(setting, part)
            energy, peak = (before[key] - after[key] for key in ("energy", "peak"))
            found[name] = {"saving": round(energy + peak, 2), "energy": round(energy, 2), "peak": round(peak, 2)}
        return found

    month = saved()
    week = 7 * PER_DAY
    weeks = [saved(slice(k, min(k + week, setting.count))) for k in range(0, setting.count, week)]
    best = month["foresight"]["saving"]
    total = idle.costs(setting)
    used = cycles(runs["plan"].discharge_w.sum(axis=1) * HOURS, setting.limits.soc_max_wh)
    return {
        "share_of_foresight": round(month["plan"]["saving"] / best, 4) if best > 0 else None,
        "share_of_foresight_rule": round(month["rule"]["saving"] / best, 4) if best > 0 else None,
        "more_than_rule": bool(month["plan"]["saving"] > month["rule"]["saving"]),
        "idle_cost": round(sum(total.values()), 2),
        "cycles_least": round(float(used.min()), 2),
        "cycles_most": round(float(used.max()), 2),
        **month,
        "weeks": weeks,
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
