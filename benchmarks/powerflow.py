"""The power flow of a year: every quarter hour of the demo network in one batch.

`script/bench powerflow [--against pandapower] [--json]`. The peer runs its own time series in an environment of its own, on the first
`--peer-steps` of the same steps and on random radial and meshed networks; every voltage is compared (`worst_pu`).
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from benchmarks.peers import peer_python
from benchmarks.random_networks import random_network
from benchmarks.sizes import at_least
from grid.adapters.simbench_flow import read_flow_folder
from grid.domain.network.flow_series import solve_series
from grid.domain.network.powerflow import Network

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "energy" / "data" / "simbench_lv_rural3"
PEER = ["pandapower==3.5.6", "numba"]
STEPS = 35_040
RANDOM_NETWORKS = [(seed, nodes, loops) for seed, (nodes, loops) in enumerate([(5, 0), (20, 0), (60, 0), (12, 2), (40, 5)])]
SAME_PU = 1e-6
Array = NDArray[np.float64]


def main(argv: list[str]) -> int:
    """Measure; print one JSON object last. Ends with 1 where the peer's answer differs."""
    parser = argparse.ArgumentParser(prog="script/bench powerflow", description=__doc__)
    parser.add_argument("--against", choices=["pandapower"])
    parser.add_argument("--peer-steps", type=at_least(1), default=96)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(argv)
    folder = read_flow_folder(FOLDER, ZoneInfo("Europe/Berlin"))
    draw_w, draw_var = folder.draw(slice(0, STEPS))
    solve_series(folder.network, draw_w[:512], draw_var[:512])
    began = time.perf_counter()
    flow = solve_series(folder.network, draw_w, draw_var)
    seconds = time.perf_counter() - began
    summary: dict[str, Any] = {
        "name": "powerflow",
        "seconds": round(seconds, 3),
        "items": STEPS,
        "items_per_s": round(STEPS / seconds, 1),
        "peak_rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
        "losses_kwh": round(float(flow.losses_w.sum()) / 4000, 1),
    }
    if options.against:
        steps = min(options.peer_steps, STEPS)
        cases = [(folder.network, draw_w[:steps], draw_var[:steps]), *_random_cases()]
        answer = _ask_pandapower(cases)
        ours = [solve_series(*case).voltage_pu for case in cases]
        worst = max(float(np.abs(a - np.array(b)).max()) for a, b in zip(ours, answer["voltages"], strict=True))
        peer_step_s = answer["seconds"][0] / steps
        summary["worst_pu"] = worst
        summary["against"] = {
            "name": "pandapower",
            "version": answer["version"],
            "seconds": round(peer_step_s * STEPS, 1),
            "steps": steps,
            "ratio": round(peer_step_s / (seconds / STEPS), 1),
        }
    print(json.dumps(summary))
    return 0 if summary.get("worst_pu", 0.0) <= SAME_PU else 1


def _random_cases() -> list[tuple[Network, Array, Array]]:
    cases = []
    for seed, nodes, loops in RANDOM_NETWORKS:
        random = np.random.default_rng(seed)
        network = random_network(seed, nodes=nodes, loops=loops)
        cases.append((network, random.normal(800, 2000, (4, nodes)), random.normal(200, 300, (4, nodes))))
    return cases


def _ask_pandapower(cases: list[tuple[Network, Array, Array]]) -> dict[str, Any]:
    """The peer's voltages and seconds for each case."""
    python = peer_python("pandapower", PEER)
    with tempfile.TemporaryDirectory(prefix="pandapower-") as name:
        question, answer = Path(name) / "cases.json", Path(name) / "answer.json"
        question.write_text(json.dumps([_as_json(*case) for case in cases]))
        subprocess.run(
            [str(python), str(ROOT / "benchmarks" / "pandapower_series.py"), str(question), str(answer)],
            check=True,
            stdout=sys.stderr,
            env={"PATH": "", "HOME": name},
        )
        found: dict[str, Any] = json.loads(answer.read_text())
    return found


def _as_json(network: Network, draw_w: Array, draw_var: Array) -> dict[str, Any]:
    return {
        "nominal_voltage_v": network.nominal_voltage_v.tolist(),
        "held_pu": [None if np.isnan(held) else float(held) for held in network.held_pu],
        "wires": [asdict(wire) for wire in network.wires],
        "transformers": [asdict(transformer) for transformer in network.transformers],
        "draw_w": draw_w.tolist(),
        "draw_var": draw_var.tolist(),
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
