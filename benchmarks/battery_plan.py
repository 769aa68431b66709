"""One battery and one day: the plan of an ordinary tariff, and of one with negative prices, against FlexMeasures' scheduler."""

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.peers import peer_python
from grid.domain.planning.parts import Storages
from grid.domain.planning.problem import PlanProblem
from grid.domain.planning.search import find_plan

PEER = ["flexmeasures==1.0.1"]
SCRIPT = Path(__file__).resolve().parent / "flexmeasures_plan.py"
REPEATS = 20
SAME_COST = 1e-6
Case = dict[str, Any]


def measure_battery(*, intervals: int, seed: int, against_flexmeasures: bool) -> tuple[dict[str, Any], bool]:
    """Figures for the JSON line, and whether the peer found the same optima."""
    cases = {"ordinary": _case(intervals, seed, negative=False), "negative": _case(intervals, seed, negative=True)}
    # A call of some milliseconds is repeated more often: its median would follow what else the machine does.
    own = {name: _plan(case, REPEATS * (10 if name == "ordinary" else 1)) for name, case in cases.items()}
    first = own["ordinary"]
    summary: dict[str, Any] = {
        "name": "plan",
        "seconds": round(first["seconds"], 5),
        "items": intervals,
        "items_per_s": round(intervals / first["seconds"], 1),
        "peak_rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
        "processor_s": round(first["processor_s"], 5),
        "cost": first["cost"],
        "binaries": first["binaries"],
        "negative_prices": {key: own["negative"][key] for key in ("seconds", "processor_s", "cost", "binaries")},
    }
    if not against_flexmeasures:
        return summary, True
    answer = _ask_flexmeasures(list(cases.values()))
    same = True
    for (name, case), found in zip(cases.items(), answer["found"], strict=True):
        mine = own[name]
        peer_cost = _cost(case, np.array(found["power_kw"]))
        apart = abs(peer_cost - mine["cost"])
        same = same and apart <= SAME_COST * max(1.0, abs(mine["cost"]))
        against = {
            "name": "flexmeasures",
            "version": answer["version"],
            "seconds": round(found["seconds"], 5),
            "processor_s": round(found["processor_s"], 5),
            "ratio": round(found["seconds"] / mine["seconds"], 1),
            "ratio_processor": round(found["processor_s"] / mine["processor_s"], 1),
            "cost": peer_cost,
        }
        (summary if name == "ordinary" else summary["negative_prices"])["against"] = against
    return summary, same


def _case(intervals: int, seed: int, *, negative: bool) -> Case:
    """A home with a roof; with `negative` the prices of a windy noon: below zero, feeding in costs more than drawing brings."""
    chance = np.random.default_rng(seed)
    hour = np.arange(intervals) / intervals * 24
    load = 350 + 2400 * np.exp(-(((hour - 19) / 2.5) ** 2)) + 300 * chance.random(intervals)
    roof = 5500 * np.maximum(np.sin((hour - 6) / 12 * np.pi), 0) * (0.8 + 0.2 * chance.random(intervals))
    bought = np.where((hour >= 17) & (hour < 21), 0.38, np.where((hour < 6) | (hour >= 22), 0.2, 0.3))
    sold = np.full(intervals, 0.08)
    if negative:
        noon = (hour >= 11) & (hour < 14)
        bought, sold = np.where(noon, -0.03, bought), np.where(noon, -0.06, sold)
    return {
        "interval_minutes": 24 * 60 / intervals,
        "load_w": load.round(1).tolist(),
        "production_w": roof.round(1).tolist(),
        "import_price_per_kwh": bought.tolist(),
        "export_price_per_kwh": sold.tolist(),
        "soc_start_wh": 2000.0,
        "soc_min_wh": 500.0,
        "soc_max_wh": 9500.0,
        "charge_max_w": 5000.0,
        "discharge_max_w": 5000.0,
        "eta_charge": 0.95,
        "eta_discharge": 0.95,
    }


def _problem(case: Case) -> PlanProblem:
    storage = {key: value for key, value in case.items() if key.startswith(("soc_", "charge_", "discharge_", "eta_"))}
    series = {key: value for key, value in case.items() if key not in storage}
    return PlanProblem.of(**series, storages=Storages.of(len(case["load_w"]), ["battery"], **storage))


def _plan(case: Case, own_repeats: int) -> dict[str, Any]:
    """Our plan's cost and the medians of what it took."""
    problem = _problem(case)
    find_plan(problem)
    clock, processor = [], []
    for _ in range(own_repeats):
        began, spent = time.perf_counter(), time.process_time()
        plan = find_plan(problem)
        processor.append(time.process_time() - spent)
        clock.append(time.perf_counter() - began)
    return {"cost": plan.cost, "binaries": plan.binaries, "seconds": statistics.median(clock), "processor_s": statistics.median(processor)}


def _cost(case: Case, power_kw: np.ndarray) -> float:
    """What a battery's powers cost at the connection."""
    net = (np.array(case["load_w"]) - np.array(case["production_w"])) / 1000 + power_kw
    prices = np.where(net > 0, case["import_price_per_kwh"], case["export_price_per_kwh"])
    return float((net * prices).sum() * case["interval_minutes"] / 60)


def _ask_flexmeasures(cases: list[Case]) -> dict[str, Any]:
    """The peer's powers and seconds for each case."""
    python = peer_python("flexmeasures", PEER)
    with tempfile.TemporaryDirectory(prefix="flexmeasures-") as name:
        question, answer = Path(name) / "cases.json", Path(name) / "answer.json"
        question.write_text(json.dumps({"solver": "highspy", "repeats": REPEATS, "cases": cases}))
        subprocess.run(
            [str(python), str(SCRIPT), str(question), str(answer)],
            check=True,
            stdout=sys.stderr,
            cwd=name,
            env={"PATH": os.environ["PATH"], "HOME": name},
        )
        found: dict[str, Any] = json.loads(answer.read_text())
    return found
