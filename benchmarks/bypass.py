"""Theft planted in the demo network, one meter at a time: how often its feeder tells of it, from the right day, with the thief first.

`script/bench bypass [--trials 60] [--json]`: four seasons of four weeks; each meter has an error of its own within half a per cent (class B allows
more), the feeders' meters too. A share of 0.3, 0.5, 0.8 or all of a random meter's use passes by from a random day of the second or third week.
"""

import argparse
import json
import resource
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.sizes import at_least
from energy.adapters.simbench_folder import Profiles, Row, SimbenchNetwork, read_network
from grid.domain.bypass import deviation, nodes_below, rank
from grid.domain.network.powerflow import BranchFlows, Network, TransformerData, Wire

NETWORK = Path(__file__).resolve().parent.parent / "energy" / "data" / "simbench_lv_rural3"
DAYS, PER_DAY, MEGA = 28, 96, 1e6
OFFSETS = np.arange(DAYS + 1) * PER_DAY
SEASONS = (10, 100, 200, 300)
SHARES = (0.3, 0.5, 0.8, 1.0)
ERROR = 0.005
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Village:
    """The demo network with what is really used and produced in four weeks [W]."""

    network: Network
    codes: list[str]
    node: NDArray[np.int64]
    use_w: Array
    reactive: Array
    source_node: NDArray[np.int64]
    production_w: Array

    def flows(self, use_w: Array, production_w: Array) -> BranchFlows:
        """What every branch carries."""
        shape = (len(self.network.nominal_voltage_v), DAYS * PER_DAY)
        active, reactive = np.zeros(shape), np.zeros(shape)
        np.add.at(active, self.node, use_w)
        np.add.at(active, self.source_node, -production_w)
        np.add.at(reactive, self.node, use_w * self.reactive[:, None])
        return self.network.branch_flows(np.ascontiguousarray(active.T), np.ascontiguousarray(reactive.T))


def _network(folder: SimbenchNetwork) -> tuple[Network, dict[str, int]]:
    rows = [row for row in folder.nodes if folder.busbar_of[row.text("id")] == row.text("id")]
    place = {row.text("id"): i for i, row in enumerate(rows)}

    def at(row: Row, column: str) -> int:
        return place[folder.busbar_of[row.text(column)]]

    held = np.array([row.number_of("vmSetp", np.inf) for row in rows])
    wires = []
    for row in folder.lines:
        kind, length = folder.line_types[row.text("type")], row.number_of("length")
        ohm, reactance, siemens = (kind.number_of(name) * length for name in ("r", "x", "b"))
        wires.append(Wire(row.text("id"), at(row, "nodeA"), at(row, "nodeB"), ohm, reactance, siemens * 1e-6, kind.number_of("iMax")))
    transformers = []
    for row in folder.transformers:
        kind = folder.transformer_types[row.text("type")]
        transformers.append(
            TransformerData(
                row.text("id"),
                at(row, "nodeHV"),
                at(row, "nodeLV"),
                kind.number_of("sR") * MEGA,
                kind.number_of("vmHV") * 1e3,
                kind.number_of("vmLV") * 1e3,
                kind.number_of("vmImp"),
                kind.number_of("pCu") * 1e3,
                kind.number_of("pFe") * 1e3,
                kind.number_of("iNoLoad"),
                round(row.number_of("tappos", 0.0)),
                round(kind.number_of("tapNeutr", 0.0)),
                round(kind.number_of("tapMin", 0.0)),
                round(kind.number_of("tapMax", 0.0)),
                kind.number_of("dVm", 0.0),
            )
        )
    voltage = np.array([row.number_of("vmR") * 1e3 for row in rows])
    return Network(voltage, np.where(np.isinf(held), np.nan, held), wires, transformers), place


def _power(rows: list[Row], profiles: Profiles, rated: str, span: slice) -> Array:
    column = {name: i for i, name in enumerate(profiles.names)}
    return np.array([profiles.shares[span, column[row.text("profile")]] * row.number_of(rated) * MEGA for row in rows])


def village(folder: SimbenchNetwork, first_day: int) -> Village:
    """Four weeks of the demo network from a day of the year on."""
    network, place = _network(folder)
    span = slice(first_day * PER_DAY, (first_day + DAYS) * PER_DAY)
    assert folder.source_profiles is not None
    nodes = [[place[folder.busbar_of[r.text("node")]] for r in rows] for rows in (folder.loads, folder.sources)]
    reactive = [row.number_of("qLoad") / max(row.number_of("pLoad"), 1e-9) for row in folder.loads]
    return Village(
        network,
        [row.text("id") for row in folder.loads],
        np.array(nodes[0]),
        _power(folder.loads, folder.load_profiles, "pLoad", span),
        np.array(reactive),
        np.array(nodes[1]),
        _power(folder.sources, folder.source_profiles, "pRES", span),
    )


def _feeders(network: Network) -> list[tuple[int, bool, NDArray[np.bool_]]]:
    """The lines that leave the transformer's busbar: their number, whether `to` is the lower end, and what hangs below."""
    busbar = network.transformers[0].node_lv
    found = []
    for i, wire in enumerate(network.wires):
        if busbar in (wire.node_from, wire.node_to):
            lower, below = nodes_below(network, wire.node_from, wire.node_to)
            found.append((i, lower == wire.node_to, below))
    return found


def _season(folder: SimbenchNetwork, first_day: int, trials: int) -> Counter[str]:
    """Plant one theft after the other; every feeder without it is a chance for a false alarm."""
    here = village(folder, first_day)
    rng = np.random.default_rng(first_day)
    feeders = _feeders(here.network)
    errors = 1 + rng.uniform(-ERROR, ERROR, (len(here.codes), 1))
    source_errors = 1 + rng.uniform(-ERROR, ERROR, (len(here.source_node), 1))
    feeder_errors = 1 + rng.uniform(-ERROR, ERROR, len(feeders))
    true = here.flows(here.use_w, here.production_w)
    told_production = np.rint(here.production_w / 4 * source_errors) * 4
    counts: Counter[str] = Counter()
    for _ in range(trials):
        thief, since, share = (int(rng.integers(len(here.codes))), int(rng.integers(7, 21)), float(rng.choice(SHARES)))
        used = here.use_w.copy()
        used[thief, since * PER_DAY :] *= 1 - share
        metered = np.rint(used / 4 * errors)
        told = here.flows(metered * 4, told_production)
        for (i, to_is_lower, below), error in zip(feeders, feeder_errors, strict=True):
            carried, expected = ((flow.line_from_w if to_is_lower else flow.line_to_w)[:, i] / 4 for flow in (true, told))
            rows = np.flatnonzero(below[here.node])
            found = deviation(np.rint(carried * error), expected, OFFSETS, len(rows))
            if thief not in rows:
                counts["false"] += found.since is not None
                counts["honest"] += 1
                continue
            stolen = share * float(here.use_w[thief, since * PER_DAY :].mean()) * 24
            large = stolen >= 0.01 * float(np.abs(expected).sum()) / DAYS
            counts["planted"] += 1
            counts["large"] += large
            if found.since is None:
                continue
            names = [here.codes[k] for k in rows.tolist()]
            order = [int(rows[s.place]) for s in rank(found, metered[rows], OFFSETS, names)]
            counts["found"] += 1
            counts["large_found"] += large
            counts["dated"] += abs(found.since - since) <= 1
            counts["first"] += order[0] == thief
            counts["first_three"] += thief in order[:3]
    return counts


def main(argv: list[str]) -> int:
    """Plant, compare; one JSON object last on stdout."""
    parser = argparse.ArgumentParser(prog="script/bench bypass", description=__doc__)
    parser.add_argument("--trials", type=at_least(1), default=60)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(argv)
    folder = read_network(NETWORK, lambda step: None)
    began = time.perf_counter()
    counts: Counter[str] = Counter()
    for first_day in SEASONS:
        counts.update(_season(folder, first_day, options.trials))
    seconds = time.perf_counter() - began
    found = max(counts["found"], 1)
    result = {
        "name": "bypass",
        "seconds": round(seconds, 2),
        "items": counts["planted"],
        "items_per_s": round(counts["planted"] / seconds, 2),
        "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "against": None,
        "found_share": round(counts["found"] / counts["planted"], 3),
        "large_found_share": round(counts["large_found"] / max(counts["large"], 1), 3),
        "dated_share": round(counts["dated"] / found, 3),
        "first_share": round(counts["first"] / found, 3),
        "first_three_share": round(counts["first_three"] / found, 3),
        "false_share": counts["false"] / counts["honest"],
        "honest": counts["honest"],
    }
    print(json.dumps(result, indent=None if options.json else 1))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
