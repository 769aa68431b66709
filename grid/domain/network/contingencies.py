"""What follows when lines or transformers are out: who is without supply, what the rest carries, and which open switch would help.

Each case is solved exactly; open ties are tried one at a time. Security of the N-1 kind: one element out, everything else as it stands.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from grid.domain.network.flow_series import solve_series
from grid.domain.network.powerflow import LEAST_REACTANCE_OHM, Array, CannotSolve, Network, Wire

Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Tie:
    """A switch that stands open: at an end of a line or transformer, or between two nodes."""

    code: str
    line: int = -1
    transformer: int = -1
    node_from: int = -1
    node_to: int = -1


@dataclass(frozen=True, slots=True)
class Consequence:
    """How the network stands in a case.

    Attributes:
        unsupplied: bool [nodes], nodes without a path to the public grid.
        lowest_pu, highest_pu: extreme voltages of the rest over all instants, NaN where nothing is left; at which node and instant.
        highest_loading: of lines and transformers over all instants; of which (transformers count on from the lines), when.
        is_within: whether every voltage is in its band and nothing above its rating; nodes without supply are not asked.
        problem: why there is no solution; empty where there is one.
    """

    unsupplied: NDArray[np.bool_]
    lowest_pu: float
    lowest_node: int
    lowest_at: int
    highest_pu: float
    highest_node: int
    highest_at: int
    highest_loading: float
    highest_branch: int
    highest_loading_at: int
    is_within: bool
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Contingency:
    """One element out.

    Attributes:
        branch: its position; transformers count on from the lines.
        without: as it stands then.
        tie: position of the tie that supplies most again and keeps the limits; -1 where none helps.
        with_tie: as it stands with that tie closed; None where none helps.
    """

    branch: int
    without: Consequence
    tie: int
    with_tie: Consequence | None


def consequence(
    network: Network, draw_w: Array, draw_var: Array, vm_min_pu: Array, vm_max_pu: Array, *, lines: int | None = None
) -> Consequence:
    """Solve the instants [T, nodes] for the network as it is given; only its first `lines` lines count as branches (default: all)."""
    nodes, counted = len(network.nominal_voltage_v), len(network.wires) if lines is None else lines
    branches = counted + len(network.transformers)
    try:
        flow = solve_series(network, draw_w, draw_var)
    except CannotSolve as problem:
        lost, none = np.zeros(nodes, dtype=bool), (float("nan"), -1, -1)
        return Consequence(lost, *none, *none, *none, False, str(problem))
    unsupplied = np.isnan(flow.voltage_pu[0])
    if unsupplied.all():
        return Consequence(unsupplied, float("nan"), -1, -1, float("nan"), -1, -1, 0.0, -1, -1, True)
    lowest_at, lowest = divmod(int(np.nanargmin(flow.voltage_pu)), nodes)
    highest_at, highest = divmod(int(np.nanargmax(flow.voltage_pu)), nodes)
    loading = np.hstack([flow.line_loading[:, :counted], flow.transformer_loading])
    loaded_at, loaded = divmod(int(loading.argmax()), branches) if branches else (-1, -1)
    most = float(loading[loaded_at, loaded]) if branches else 0.0
    known = flow.voltage_pu[:, ~unsupplied]
    within = (known >= vm_min_pu[~unsupplied]).all() and (known <= vm_max_pu[~unsupplied]).all() and most <= 1.0
    return Consequence(
        unsupplied,
        float(flow.voltage_pu[lowest_at, lowest]),
        lowest,
        lowest_at,
        float(flow.voltage_pu[highest_at, highest]),
        highest,
        highest_at,
        most,
        loaded,
        loaded_at,
        bool(within),
    )


def without(network: Network, branches: Collection[int]) -> Network:
    """The network with these branches open at both ends; transformers count on from the lines."""
    lines = len(network.wires)
    return Network(
        network.nominal_voltage_v,
        network.held_pu,
        [replace(w, closed_from=False, closed_to=False) if i in branches else w for i, w in enumerate(network.wires)],
        [replace(t, closed_hv=False, closed_lv=False) if lines + i in branches else t for i, t in enumerate(network.transformers)],
    )


def closed(network: Network, tie: Tie) -> Network:
    """The network with that switch closed; between two nodes it is a line of next to no impedance."""
    wires, transformers = list(network.wires), list(network.transformers)
    if tie.line >= 0:
        wires[tie.line] = replace(wires[tie.line], closed_from=True, closed_to=True)
    elif tie.transformer >= 0:
        transformers[tie.transformer] = replace(transformers[tie.transformer], closed_hv=True, closed_lv=True)
    else:
        wires.append(Wire(tie.code, tie.node_from, tie.node_to, 0.0, LEAST_REACTANCE_OHM, 0.0, 0.0))
    return Network(network.nominal_voltage_v, network.held_pu, wires, transformers)


def contingencies(
    network: Network, ties: Sequence[Tie], draw_w: Array, draw_var: Array, vm_min_pu: Array, vm_max_pu: Array, weight: Array
) -> list[Contingency]:
    """Every line and transformer that carries anything, out one at a time; worst first.

    `weight` [nodes]: how much a node without supply counts, for example the number of its sites. The instants should be those of the
    highest draw and the highest feed-in.
    """
    found = [
        _one(network, ties, branch, draw_w, draw_var, vm_min_pu, vm_max_pu, weight)
        for branch in range(len(network.wires) + len(network.transformers))
        if _conducts(network, branch)
    ]
    found.sort(key=lambda c: (-weight[c.without.unsupplied].sum(), c.without.is_within, c.branch))
    return found


def _conducts(network: Network, branch: int) -> bool:
    if branch < len(network.wires):
        wire = network.wires[branch]
        return wire.closed_from and wire.closed_to
    transformer = network.transformers[branch - len(network.wires)]
    return transformer.closed_hv and transformer.closed_lv


def _one(
    network: Network, ties: Sequence[Tie], branch: int, draw_w: Array, draw_var: Array, vm_min_pu: Array, vm_max_pu: Array, weight: Array
) -> Contingency:
    out = without(network, {branch})
    before = consequence(out, draw_w, draw_var, vm_min_pu, vm_max_pu)
    lost = float(weight[before.unsupplied].sum())
    best, chosen = -1, None
    for place, tie in enumerate(ties):
        if branch in (tie.line, len(network.wires) + tie.transformer if tie.transformer >= 0 else -1):
            continue
        if not _joins(out, tie, before.unsupplied):
            continue
        after = consequence(closed(out, tie), draw_w, draw_var, vm_min_pu, vm_max_pu, lines=len(network.wires))
        left = float(weight[after.unsupplied].sum())
        if after.is_within and not after.problem and left < lost:
            best, chosen, lost = place, after, left
    return Contingency(branch, before, best, chosen)


def _joins(network: Network, tie: Tie, unsupplied: NDArray[np.bool_]) -> bool:
    """Whether the tie stands between a part with supply and one without."""
    if tie.line >= 0:
        ends = network.wires[tie.line].node_from, network.wires[tie.line].node_to
    elif tie.transformer >= 0:
        ends = network.transformers[tie.transformer].node_hv, network.transformers[tie.transformer].node_lv
    else:
        ends = tie.node_from, tie.node_to
    return bool(unsupplied[ends[0]] != unsupplied[ends[1]])
