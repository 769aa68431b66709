"""Plans that the wires can carry: what a plan does to lines, transformers and voltages, and as which rows of the programme it is kept.

A plan is checked by the real power flow, every interval of it. Only what it would overload becomes rows, straight through the point at
which it was overloaded (`sensitivities`): the plan is made again with them, checked again, until nothing is above its limit or no
storage can help. On most networks that is no row at all, on a tight one some dozens of the tens of thousands that there could be. The
current of a line is a convex function of the powers, so that a tangent cuts off nothing that is allowed.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from grid.domain.network.flow_series import FlowSeries, solve_series
from grid.domain.network.powerflow import CannotSolve, Network
from grid.domain.network.sensitivities import linearise
from grid.domain.planning.parts import Array, Places, SharedLimits

KEPT = 1.0  # share of a rating that may be used
HAIR = 0.002  # how far below its limit a row is drawn: the curve lies above its tangent
HAIR_PU = 2e-4
WEAK = 0.05  # of the strongest influence: what moves a quantity less is no means against it
ALIKE = 0.1  # of the strongest influence: storages that differ by less are planned together


@dataclass(frozen=True, slots=True)
class Wires:
    """The network under a plan.

    Attributes:
        network, node_codes: nodes by position.
        vm_min_pu, vm_max_pu: by node.
        draw_w, draw_var: [T, nodes], without storages and flexible loads; negative where a node feeds in.
        storage_node, flexible_node: [n], [m]; -1 where it hangs on no wire that is known.
    """

    network: Network
    node_codes: Sequence[str]
    vm_min_pu: Array
    vm_max_pu: Array
    draw_w: Array
    draw_var: Array
    storage_node: Places
    flexible_node: Places

    def drawn(self, storage_w: Array, flexible_w: Array) -> Array:
        """What each node draws [T, nodes] with storages [n, T], charging positive, and flexible loads [m, T]."""
        total = self.draw_w.copy()
        for node, power in zip(self.storage_node.tolist(), storage_w, strict=True):
            if node >= 0:
                total[:, node] += power
        for node, power in zip(self.flexible_node.tolist(), flexible_w, strict=True):
            if node >= 0:
                total[:, node] += power
        return total


@dataclass(frozen=True, slots=True)
class Stress:
    """One quantity outside its limit in one interval.

    Attributes:
        name: as it is told: `cable L4`, `transformer T1`, `voltage at N7`.
        element: its place among lines, transformers (counted on) and nodes (counted on).
        value, limit: share of the rating, or p.u.
    """

    name: str
    element: int
    interval: int
    value: float
    limit: float

    @property
    def over(self) -> float:
        """By how much it is outside."""
        return abs(self.value - self.limit)


@dataclass(frozen=True, slots=True)
class Cut:
    """A row through a stressed point: `per_storage_w @ storage_w + per_flexible_w @ flexible_w <= most_w` in one interval.

    In watts of the place that moves it most, so that what is above one limit compares with what is above another. `per_unit` is what
    such a watt does to the quantity itself.
    """

    stress: Stress
    per_storage_w: Array
    per_flexible_w: Array
    most_w: float
    per_unit: float


def stresses(wires: Wires, storage_w: Array, flexible_w: Array) -> list[Stress]:
    """What a plan leaves outside its limits, worst first; by the power flow itself.

    Raises:
        CannotSolve: no voltages carry these powers.
    """
    flow = solve_series(wires.network, wires.drawn(storage_w, flexible_w), wires.draw_var)
    found = [*_overloads(wires, flow), *_voltages(wires, flow)]
    return sorted(found, key=lambda s: (-s.over, s.interval, s.element))


def _overloads(wires: Wires, flow: FlowSeries) -> list[Stress]:
    names = [f"cable {w.code}" for w in wires.network.wires]
    names += [f"transformer {t.code}" for t in wires.network.transformers]
    loading = np.hstack([flow.line_loading, flow.transformer_loading])
    return [Stress(names[b], int(b), int(t), float(loading[t, b]), KEPT) for t, b in np.argwhere(loading > KEPT + 1e-6)]


def _voltages(wires: Wires, flow: FlowSeries) -> list[Stress]:
    """Both ends of the band; a node without supply has no voltage to keep."""
    first = len(wires.network.wires) + len(wires.network.transformers)
    found = []
    for limit, outside in (
        (wires.vm_max_pu, flow.voltage_pu > wires.vm_max_pu + 1e-7),
        (wires.vm_min_pu, flow.voltage_pu < wires.vm_min_pu - 1e-7),
    ):
        found += [
            Stress(f"voltage at {wires.node_codes[node]}", int(first + node), int(t), float(flow.voltage_pu[t, node]), float(limit[node]))
            for t, node in np.argwhere(outside)
        ]
    return found


def cuts_for(wires: Wires, stressed: Sequence[Stress], storage_w: Array, flexible_w: Array) -> list[Cut]:
    """A row for each stressed quantity that some storage or flexible load can move, drawn where the plan stands."""
    drawn = wires.drawn(storage_w, flexible_w)
    found = []
    for t in sorted({s.interval for s in stressed}):
        here = [s for s in stressed if s.interval == t]
        try:
            found += _cuts_at(wires, here, drawn[t], storage_w[:, t], flexible_w[:, t])
        except CannotSolve:
            continue  # the series has a solution where Newton's method finds none: nothing can be said of it
    return found


def _cuts_at(wires: Wires, here: Sequence[Stress], draw_w: Array, storage_w: Array, flexible_w: Array) -> list[Cut]:
    t = here[0].interval
    point = linearise(wires.network, draw_w, wires.draw_var[t])
    lines, transformers = len(wires.network.wires), len(wires.network.transformers)
    places = np.array([s.element for s in here], dtype=np.int64)
    is_line, is_node = places < lines, places >= lines + transformers
    by_w = np.zeros((len(here), len(draw_w)))
    by_w[is_line] = point.of_line_loadings(places[is_line]).by_w
    between = ~is_line & ~is_node
    by_w[between] = point.of_transformer_loadings(places[between] - lines).by_w
    by_w[is_node] = point.of_voltages(places[is_node] - lines - transformers).by_w
    found = []
    for stress, row in zip(here, by_w, strict=True):
        cut = _cut(wires, stress, row, storage_w, flexible_w, bool(stress.element >= lines + transformers))
        if cut is not None:
            found.append(cut)
    return found


def _cut(wires: Wires, stress: Stress, by_w: Array, storage_w: Array, flexible_w: Array, is_voltage: bool) -> Cut | None:
    sign = 1.0 if stress.value > stress.limit else -1.0
    of_storage, of_flexible = sign * _at(by_w, wires.storage_node), sign * _at(by_w, wires.flexible_node)
    strongest = max(float(np.abs(of_storage).max(initial=0.0)), float(np.abs(of_flexible).max(initial=0.0)))
    if strongest <= 0:
        return None
    of_storage, of_flexible = (np.where(np.abs(part) < WEAK * strongest, 0.0, part / strongest) for part in (of_storage, of_flexible))
    hair = HAIR_PU if is_voltage else HAIR
    most = of_storage @ storage_w + of_flexible @ flexible_w - (stress.over + hair) / strongest
    return Cut(stress, of_storage, of_flexible, float(most), strongest)


def _at(by_w: Array, nodes: Places) -> Array:
    found: Array = np.where(nodes >= 0, by_w[np.maximum(nodes, 0)], 0.0)
    return found


def alike_by(cuts: Sequence[Cut], groups: Places) -> Places:
    """Groups of storages split so that within each every storage moves every stressed quantity about as much."""
    if not cuts:
        return groups
    # Quantities are told apart by element: in another interval a storage moves the same line as much as in this.
    of_element = {cut.stress.element: cut.per_storage_w for cut in cuts}
    found = np.full(len(groups), -1, dtype=np.int64)
    heads: list[int] = []
    influence = np.array(list(of_element.values()))
    for i in range(len(groups)):
        for place, head in enumerate(heads):
            if groups[head] == groups[i] and np.abs(influence[:, head] - influence[:, i]).max(initial=0.0) <= ALIKE:
                found[i] = place
                break
        else:
            found[i] = len(heads)
            heads.append(i)
    return found


def rows_of(cuts: Sequence[Cut], groups: Places, room_w: Array, intervals: int) -> SharedLimits:
    """The cuts as limits on what groups of storages do; within a group by the mean of its members, weighted by `room_w` [n]."""
    count, g = len(cuts), int(groups.max(initial=-1)) + 1
    weight = np.zeros((g, len(groups)))
    weight[groups, np.arange(len(groups))] = np.maximum(room_w, 1e-9)
    weight /= np.maximum(weight.sum(axis=1, keepdims=True), 1e-12)
    flexible = len(cuts[0].per_flexible_w) if cuts else 0
    most = np.full((count, intervals), np.inf)
    charge, of_flexible = np.zeros((count, g)), np.zeros((count, flexible))
    for row, cut in enumerate(cuts):
        charge[row], of_flexible[row] = weight @ cut.per_storage_w, cut.per_flexible_w
        most[row, cut.stress.interval] = cut.most_w
    return SharedLimits(tuple(cut.stress.name for cut in cuts), charge, -charge, of_flexible, np.zeros((count, intervals)), most)


def told(wires: Wires, left: Sequence[Stress], clock: Sequence[str]) -> tuple[str, ...]:
    """A sentence for each quantity that stays outside its limit: how far, when at worst, what would help."""
    sentences = []
    for element in dict.fromkeys(s.element for s in left):
        own = [s for s in left if s.element == element]
        worst = max(own, key=lambda s: s.over)
        name = f"{worst.name[0].upper()}{worst.name[1:]}"
        when = f"at worst at {clock[worst.interval]}, in {len(own)} of {len(clock)} intervals"
        if worst.name.startswith("voltage"):
            side = "above" if worst.value > worst.limit else "below"
            sentences.append(
                f"{name}: {worst.value:.3f} p.u. is expected, {side} its limit of {worst.limit:.3f}, {when}; storages and flexible "
                "loads cannot prevent it. Move use elsewhere or strengthen the feeder."
            )
        else:
            over_kva = worst.over * _rating_va(wires.network, element) / 1000
            sentences.append(
                f"{name}: {worst.value:.0%} of its rating is expected, {over_kva:.1f} kVA too much, {when}; storages and flexible "
                "loads cannot prevent it. Move use to other hours or strengthen it."
            )
    return tuple(sentences)


def _rating_va(network: Network, branch: int) -> float:
    if branch >= len(network.wires):
        return network.transformers[branch - len(network.wires)].rated_va
    wire = network.wires[branch]
    return float(3**0.5 * network.nominal_voltage_v[wire.node_from] * wire.max_current_a)
