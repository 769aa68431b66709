"""How much more each node takes: of roofs, car chargers or heat pumps, until a voltage leaves its band or something is full.

One node at a time, all others as they were. The instants that matter are found by linear sensitivities over the whole series; the
power itself by bisection on exact power flows of those instants, all nodes at once. What is outside its limits already may not get
worse.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grid.domain.flow_series import FlowSeries, solve_series
from grid.domain.powerflow import Array, Network
from grid.domain.sensitivities import linearise

Places = NDArray[np.int64]
OWN_INSTANTS = 3
SHARED_INSTANTS = 12
LEAST_SHAPE = 0.05  # instants at which the technology hardly runs decide nothing
SLACK = 1e-6
STEPS = 16
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
        added = (
            power_w[self.node]
            * self.technology.shape[self.instant]
            * (-1.0 if self.technology.feeds else 1.0)
        )
        active, reactive = self.draw_w[self.instant], self.draw_var[self.instant]
        active[rows, self.node] += added
        reactive[rows, self.node] += np.abs(added) * self.technology.var_per_w
        flow = solve_series(self.network, active, reactive, near_collapse=False)
        lost = np.isnan(flow.fed_w)[:, None]
        beyond = np.maximum(self.vm_min_pu - flow.voltage_pu, flow.voltage_pu - self.vm_max_pu)
        return (
            np.where(lost, np.inf, np.nan_to_num(beyond, nan=-1.0)), np.where(lost, np.inf, flow.line_loading - self.line_most),
            np.where(lost, np.inf, flow.transformer_loading - self.transformer_most),
        )  # fmt: skip

    def fits(self, power_w: Array) -> NDArray[np.bool_]:
        """By node, whether all its cases keep all limits."""
        worst = np.max([part.max(axis=1, initial=-1.0) for part in self.excess(power_w)], axis=0)
        result = np.ones(len(power_w), dtype=bool)
        np.logical_and.at(result, self.node, worst <= 0)
        return result


def hosting_capacity(
    network: Network, draw_w: Array, draw_var: Array, technology: Technology, vm_min_pu: Array, vm_max_pu: Array, *, most_w: float
) -> Hosting:  # fmt: skip
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
    floor, ceiling = np.zeros(nodes), np.full(nodes, most_w)
    floor = np.where(sweep.fits(ceiling), ceiling, floor)
    for _ in range(STEPS):
        middle = (floor + ceiling) / 2
        fits = sweep.fits(middle)
        floor, ceiling = np.where(fits, middle, floor), np.where(fits, ceiling, middle)
    return _told(sweep, floor, ceiling, most_w, taken, runs)


def _sweep(
    network: Network, base: FlowSeries, draw_w: Array, draw_var: Array, technology: Technology, vm_min_pu: Array, vm_max_pu: Array,
    taken: Places,
) -> _Sweep:  # fmt: skip
    """Every node at the instants that are tightest for its own voltage, and at those that are tightest for all."""
    shared = _shared(network, base, draw_w, technology)
    own = _own(network, base, draw_w, draw_var, technology, vm_min_pu, vm_max_pu, shared, taken)
    pairs = {(int(n), int(t)) for i, n in enumerate(taken) for t in (*shared, *own[:, i])}
    node, instant = np.array(sorted(pairs), dtype=np.int64).T
    known = np.nan_to_num(base.voltage_pu[instant], nan=1.0)
    return _Sweep(
        network, draw_w, draw_var, technology, node, instant, np.minimum(vm_min_pu, known - SLACK),
        np.maximum(vm_max_pu, known + SLACK), np.maximum(1.0, base.line_loading[instant] + SLACK),
        np.maximum(1.0, base.transformer_loading[instant] + SLACK),
    )  # fmt: skip


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
    network: Network, base: FlowSeries, draw_w: Array, draw_var: Array, technology: Technology, vm_min_pu: Array,
    vm_max_pu: Array, shared: Places, taken: Places,
) -> Places:  # fmt: skip
    """By node, instants with the least room in its own voltage for a watt, [OWN_INSTANTS, taken]."""
    point = linearise(network, draw_w[shared[0]], draw_var[shared[0]])
    influence = point.of_voltages(taken)
    per_w = np.abs(
        np.diagonal(influence.by_w[:, taken]) + technology.var_per_w * np.diagonal(influence.by_var[:, taken])
    )
    voltage = base.voltage_pu[:, taken]
    room = (vm_max_pu[taken] - voltage) if technology.feeds else (voltage - vm_min_pu[taken])
    most = room / np.maximum(per_w * technology.shape[:, None], 1e-15)
    count = min(OWN_INSTANTS, len(most))
    return np.argsort(most, axis=0, kind="stable")[:count]


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
