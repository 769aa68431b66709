"""How much more each node takes: of roofs, car chargers or heat pumps, until a voltage leaves its band or something is full.

One node at a time, all others as they were. The instants that matter are found by linear sensitivities over the whole series; the
power itself by bisection on exact power flows of those instants, all nodes at once. What is outside its limits already may not get
worse.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from grid.domain.network.flow_series import FlowSeries, solve_series
from grid.domain.network.powerflow import Array, Network
from grid.domain.network.sensitivities import Linearised, linearise
from grid.domain.network.wiring import ROOT_3

Places = NDArray[np.int64]
OWN_INSTANTS = 3
SHARED_INSTANTS = 6
LEAST_SHAPE = 0.05  # instants at which the technology hardly runs decide nothing
SLACK = 1e-6
STEPS, FIRST_STEPS = 16, 5
KEPT_CASES = 4
LEAST_SHARE = 0.02  # of a watt at the node, for a branch to lie on its way
KINDS = ("voltage", "line", "transformer")


@dataclass(frozen=True, slots=True)
class Technology:
    """What is added.

    Attributes:
        feeds: whether it feeds in; otherwise it draws.
        var_per_w: reactive power that is drawn with each watt.
        shape: float64 [T], share of its power at which it runs in each instant.
    """

    feeds: bool
    var_per_w: float
    shape: Array


@dataclass(frozen=True, slots=True)
class Hosting:
    """What each node still takes.

    Attributes:
        power_w: float64 [nodes]; the most that was asked for where nothing limits it; NaN without a path or where voltage is held.
        kind: by node, what is violated first beyond that: one of KINDS, or "" where nothing is.
        place: int64 [nodes], position of that node, line or transformer; -1 where nothing is.
        instant: int64 [nodes], row of the series in which; -1 where nothing is.
    """

    power_w: Array
    kind: list[str]
    place: Places
    instant: Places


@dataclass(frozen=True, slots=True)
class _Sweep:
    """Cases: which node is tried at which instant, with what holds there."""

    network: Network
    draw_w: Array
    draw_var: Array
    technology: Technology
    node: Places
    instant: Places
    vm_min_pu: Array
    vm_max_pu: Array
    line_most: Array
    transformer_most: Array

    def excess(self, power_w: Array) -> tuple[Array, Array, Array]:
        """By case, how far voltages, lines and transformers are beyond their limits with `power_w` by node; [cases, elements]."""
        rows = np.arange(len(self.node))
        added = power_w[self.node] * self.technology.shape[self.instant] * (-1.0 if self.technology.feeds else 1.0)
        active, reactive = self.draw_w[self.instant], self.draw_var[self.instant]
        active[rows, self.node] += added
        reactive[rows, self.node] += np.abs(added) * self.technology.var_per_w
        flow = solve_series(self.network, active, reactive, near_collapse=False)
        lost = np.isnan(flow.fed_w)[:, None]
        beyond = np.maximum(self.vm_min_pu - flow.voltage_pu, flow.voltage_pu - self.vm_max_pu)
        return (
            np.where(lost, np.inf, np.nan_to_num(beyond, nan=-1.0)),
            np.where(lost, np.inf, flow.line_loading - self.line_most),
            np.where(lost, np.inf, flow.transformer_loading - self.transformer_most),
        )

    def only(self, cases: NDArray[np.bool_] | Places) -> "_Sweep":
        """Some of the cases."""
        return replace(
            self,
            node=self.node[cases],
            instant=self.instant[cases],
            vm_min_pu=self.vm_min_pu[cases],
            vm_max_pu=self.vm_max_pu[cases],
            line_most=self.line_most[cases],
            transformer_most=self.transformer_most[cases],
        )

    def of(self, nodes: Places) -> "_Sweep":
        """The cases of these nodes."""
        return self.only(np.isin(self.node, nodes))

    def tightest(self, power_w: Array) -> "_Sweep":
        """Of each node the cases that are furthest beyond their limits with that power."""
        worst = np.max([part.max(axis=1, initial=-1.0) for part in self.excess(power_w)], axis=0)
        order = np.lexsort((-worst, self.node))
        first = np.concatenate([[0], np.flatnonzero(np.diff(self.node[order])) + 1])
        rank = np.arange(len(order)) - np.repeat(first, np.diff(np.append(first, len(order))))
        return self.only(np.sort(order[rank < KEPT_CASES]))

    def fits(self, power_w: Array) -> NDArray[np.bool_]:
        """By node, whether all its cases keep all limits."""
        worst = np.max([part.max(axis=1, initial=-1.0) for part in self.excess(power_w)], axis=0)
        result = np.ones(len(power_w), dtype=bool)
        np.logical_and.at(result, self.node, worst <= 0)
        return result


def hosting_capacity(
    network: Network, draw_w: Array, draw_var: Array, technology: Technology, vm_min_pu: Array, vm_max_pu: Array, *, most_w: float
) -> Hosting:
    """Find the power that each node takes beside what all draw in the series, [T, nodes]; at most `most_w`, to `most_w / 2^16`.

    Raises:
        CannotSolve: the series itself has an instant without a solution.
    """
    nodes = len(network.nominal_voltage_v)
    runs = np.flatnonzero(technology.shape >= LEAST_SHAPE)
    nowhere = Hosting(np.full(nodes, np.nan), [""] * nodes, np.full(nodes, -1), np.full(nodes, -1))
    if not len(runs):
        return nowhere
    base = solve_series(network, draw_w[runs], draw_var[runs])
    taken = np.flatnonzero(~np.isnan(base.voltage_pu[0]) & np.isnan(network.held_pu))
    if not len(taken):
        return nowhere
    part = Technology(technology.feeds, technology.var_per_w, technology.shape[runs])
    sweep = _sweep(network, base, draw_w[runs], draw_var[runs], part, vm_min_pu, vm_max_pu, taken)
    floor, ceiling = _bracket(sweep, taken, most_w)
    return _told(sweep, floor, ceiling, most_w, taken, runs)


def _bracket(sweep: _Sweep, taken: Places, most_w: float) -> tuple[Array, Array]:
    """A power that fits and one that does not, `most_w / 2^STEPS` apart, by node.

    After a few steps only the tightest cases of each node are followed; what is found is tried on all cases, and where a dropped one
    turns out to be tighter, that node is done again with all.
    """
    nodes = len(sweep.network.nominal_voltage_v)
    ceiling = np.full(nodes, most_w)
    floor = np.where(sweep.fits(ceiling), ceiling, 0.0)
    coarse = _halve(sweep, floor, ceiling, FIRST_STEPS)
    floor, ceiling = _halve(sweep.tightest(coarse[1]), *coarse, STEPS - FIRST_STEPS)
    wrong = taken[~sweep.fits(floor)[taken]]
    if len(wrong):
        again = _halve(sweep.of(wrong), *coarse, STEPS - FIRST_STEPS)
        floor[wrong], ceiling[wrong] = again[0][wrong], again[1][wrong]
    return floor, ceiling


def _halve(sweep: _Sweep, floor: Array, ceiling: Array, steps: int) -> tuple[Array, Array]:
    for _ in range(steps):
        middle = (floor + ceiling) / 2
        fits = sweep.fits(middle)
        floor, ceiling = np.where(fits, middle, floor), np.where(fits, ceiling, middle)
    return floor, ceiling


def _sweep(
    network: Network,
    base: FlowSeries,
    draw_w: Array,
    draw_var: Array,
    technology: Technology,
    vm_min_pu: Array,
    vm_max_pu: Array,
    taken: Places,
) -> _Sweep:
    """Every node at the instants that are tightest for its own voltage, and at those that are tightest for all."""
    shared = _shared(network, base, draw_w, technology)
    own = _own(network, base, draw_w, draw_var, technology, vm_min_pu, vm_max_pu, shared, taken)
    pairs = {(int(n), int(t)) for i, n in enumerate(taken) for t in (*shared, *own[:, i])}
    node, instant = np.array(sorted(pairs), dtype=np.int64).T
    known = np.nan_to_num(base.voltage_pu[instant], nan=1.0)
    return _Sweep(
        network,
        draw_w,
        draw_var,
        technology,
        node,
        instant,
        np.minimum(vm_min_pu, known - SLACK),
        np.maximum(vm_max_pu, known + SLACK),
        np.maximum(1.0, base.line_loading[instant] + SLACK),
        np.maximum(1.0, base.transformer_loading[instant] + SLACK),
    )


def _shared(network: Network, base: FlowSeries, draw_w: Array, technology: Technology) -> Places:
    """Instants of the least (for what feeds in) or most net draw, weighted by how much runs then, and of each branch's highest loading."""
    net = draw_w.sum(axis=1)
    scale = max(float(np.abs(net).max()), 1.0)
    tight = technology.shape * scale + (-net if technology.feeds else net)
    chosen = set(np.argsort(-tight, kind="stable")[:SHARED_INSTANTS].tolist())
    loadings = np.hstack([base.line_loading, base.transformer_loading]) * technology.shape[:, None]
    if loadings.shape[1]:
        worst = loadings.argmax(axis=0)
        order = np.argsort(-loadings[worst, np.arange(loadings.shape[1])], kind="stable")[:SHARED_INSTANTS]
        chosen |= set(worst[order].tolist())
    return np.array(sorted(chosen), dtype=np.int64)


def _own(
    network: Network,
    base: FlowSeries,
    draw_w: Array,
    draw_var: Array,
    technology: Technology,
    vm_min_pu: Array,
    vm_max_pu: Array,
    shared: Places,
    taken: Places,
) -> Places:
    """By node, instants with the least room in its own voltage for a watt, and those at which its wires carry most, [instants, taken]."""
    point = linearise(network, draw_w[shared[0]], draw_var[shared[0]])
    influence = point.of_voltages(taken)
    per_w = np.abs(np.diagonal(influence.by_w[:, taken]) + technology.var_per_w * np.diagonal(influence.by_var[:, taken]))
    voltage = base.voltage_pu[:, taken]
    room = (vm_max_pu[taken] - voltage) if technology.feeds else (voltage - vm_min_pu[taken])
    most = room / np.maximum(per_w * technology.shape[:, None], 1e-15)
    count = min(OWN_INSTANTS, len(most))
    return np.vstack([np.argsort(most, axis=0, kind="stable")[:count], _own_by_flow(network, point, draw_w, technology, taken, count)])


def _own_by_flow(network: Network, point: Linearised, draw_w: Array, technology: Technology, taken: Places, count: int) -> Places:
    """By node, instants with the least room in any line or transformer on its way, by linear flows, [count, taken]."""
    share = np.vstack([point.of_line_powers().by_w, point.of_transformer_powers().by_w])
    rating_va = np.array(
        [w.max_current_a * ROOT_3 * network.nominal_voltage_v[w.node_from] or np.inf for w in network.wires]
        + [t.rated_va for t in network.transformers]
    )
    flow_w = draw_w @ share.T
    found = np.zeros((count, len(taken)), dtype=np.int64)
    for i, node in enumerate(taken.tolist()):
        moved = share[:, node] * (-1.0 if technology.feeds else 1.0)
        way = np.flatnonzero(np.abs(moved) > LEAST_SHARE)
        if len(way):
            room = (rating_va[way] - np.sign(moved[way]) * flow_w[:, way]) / np.abs(moved[way])
            found[:, i] = np.argsort(room.min(axis=1) / technology.shape, kind="stable")[:count]
    return found


def _told(sweep: _Sweep, floor: Array, ceiling: Array, most_w: float, taken: Places, runs: Places) -> Hosting:
    """What is violated just above the power found; the worst case of each node speaks."""
    nodes = len(floor)
    kind, place, instant = [""] * nodes, np.full(nodes, -1), np.full(nodes, -1)
    parts = sweep.excess(np.minimum(ceiling + most_w / 2**STEPS, most_w))
    worst = np.stack([part.max(axis=1, initial=-np.inf) for part in parts])
    for node in taken.tolist():
        cases = np.flatnonzero(sweep.node == node)
        which, case = np.unravel_index(int(worst[:, cases].argmax()), (len(KINDS), len(cases)))
        if floor[node] < most_w and worst[which, cases[case]] > 0:
            kind[node] = KINDS[int(which)]
            place[node] = int(parts[int(which)][cases[case]].argmax())
            instant[node] = int(runs[sweep.instant[cases[case]]])
    power = np.full(nodes, np.nan)
    power[taken] = floor[taken]
    return Hosting(power, kind, place, instant)
