"""The wires as a plan: nodes, lines, transformers and switches by code, what conducts, and how it hangs together."""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

ALL_PHASES = "123"


@dataclass(frozen=True, slots=True)
class PlannedNode:
    """A busbar. `place` says where it stands in its file, for messages."""

    code: str
    nominal_voltage_v: int
    held_pu: float | None = None
    is_coupling_point: bool = False
    vm_min_pu: float = 0.9
    vm_max_pu: float = 1.1
    longitude: float | None = None
    latitude: float | None = None
    place: str = ""


@dataclass(frozen=True, slots=True)
class PlannedLine:
    """A cable or overhead line; values per km [Ohm, uS] and its highest current [A]. None: not given.

    Attributes:
        zero_resistance_ohm_per_km, zero_reactance_ohm_per_km: of what its phases have in common (zero sequence); both or none.
    """

    code: str
    node_from: str
    node_to: str
    length_km: float | None
    resistance_ohm_per_km: float | None
    reactance_ohm_per_km: float | None
    susceptance_us_per_km: float = 0.0
    max_current_a: float | None = None
    line_type: str = ""
    phases: str = ALL_PHASES
    place: str = ""
    zero_resistance_ohm_per_km: float | None = None
    zero_reactance_ohm_per_km: float | None = None


@dataclass(frozen=True, slots=True)
class PlannedTransformer:
    """A two-winding transformer; its tap changer is on the high-voltage side."""

    code: str
    node_hv: str
    node_lv: str
    rated_va: int
    voltage_hv_v: int
    voltage_lv_v: int
    short_circuit_percent: float
    copper_loss_w: float
    iron_loss_w: float = 0.0
    no_load_current_percent: float = 0.0
    tap_position: int = 0
    tap_neutral: int = 0
    tap_min: int = 0
    tap_max: int = 0
    tap_step_percent: float = 0.0
    place: str = ""


@dataclass(frozen=True, slots=True)
class PlannedSwitch:
    """A switch at `node`, towards exactly one of another node, a line's end or a transformer's side."""

    code: str
    node: str
    closed: bool
    other_node: str | None = None
    line: str | None = None
    transformer: str | None = None
    kind: str = "switch"
    place: str = ""


@dataclass(frozen=True, slots=True)
class Topology:
    """A network as it was planned or read from a file."""

    nodes: Sequence[PlannedNode]
    lines: Sequence[PlannedLine]
    transformers: Sequence[PlannedTransformer]
    switches: Sequence[PlannedSwitch] = ()


@dataclass(frozen=True, slots=True)
class Edge:
    """What conducts between two nodes as switches stand."""

    code: str
    kind: str
    first: str
    second: str
    phases: str = ALL_PHASES

    def __str__(self) -> str:
        return f"{self.kind} {self.code}"


def conducting(topology: Topology) -> list[Edge]:
    """Lines, transformers and switches between nodes that are closed at both ends."""
    open_lines = {s.line for s in topology.switches if s.line and not s.closed}
    open_transformers = {s.transformer for s in topology.switches if s.transformer and not s.closed}
    edges = [Edge(line.code, "line", line.node_from, line.node_to, line.phases) for line in topology.lines if line.code not in open_lines]
    edges += [Edge(t.code, "transformer", t.node_hv, t.node_lv) for t in topology.transformers if t.code not in open_transformers]
    edges += [Edge(s.code, "switch", s.node, s.other_node) for s in topology.switches if s.other_node and s.closed]
    return edges


def reached(topology: Topology, edges: Iterable[Edge], *, phase: str | None = None) -> set[str]:
    """Nodes with a path to one that holds its voltage; on one phase where that is asked."""
    neighbours: dict[str, list[str]] = {}
    for edge in edges:
        if phase is None or phase in edge.phases:
            neighbours.setdefault(edge.first, []).append(edge.second)
            neighbours.setdefault(edge.second, []).append(edge.first)
    seen = {node.code for node in topology.nodes if node.held_pu is not None}
    front = deque(seen)
    while front:
        for neighbour in neighbours.get(front.popleft(), []):
            if neighbour not in seen:
                seen.add(neighbour)
                front.append(neighbour)
    return seen


def ends_of(
    switch: PlannedSwitch, lines: Mapping[str, PlannedLine], transformers: Mapping[str, PlannedTransformer]
) -> tuple[str, str] | None:
    """The two nodes of what the switch is in; None for a switch between nodes, or where that is not known."""
    if switch.line is not None and switch.line in lines:
        return lines[switch.line].node_from, lines[switch.line].node_to
    if switch.transformer is not None and switch.transformer in transformers:
        return transformers[switch.transformer].node_hv, transformers[switch.transformer].node_lv
    return None


def parts_of(codes: set[str], edges: Iterable[Edge]) -> list[set[str]]:
    """Connected parts among `codes`, the one with the first code first."""
    neighbours: dict[str, list[str]] = {code: [] for code in codes}
    for edge in edges:
        if edge.first in codes and edge.second in codes:
            neighbours[edge.first].append(edge.second)
            neighbours[edge.second].append(edge.first)
    parts, left = [], set(codes)
    for code in sorted(codes):
        if code not in left:
            continue
        part, front = {code}, deque([code])
        while front:
            for neighbour in neighbours[front.popleft()]:
                if neighbour not in part:
                    part.add(neighbour)
                    front.append(neighbour)
        left -= part
        parts.append(part)
    return parts


def rings(topology: Topology, edges: Sequence[Edge]) -> list[list[Edge]]:
    """The rings that edges beyond a breadth-first tree close; several nodes that hold their voltage count as one."""
    root = ""
    held = {node.code for node in topology.nodes if node.held_pu is not None}
    at: dict[str, list[tuple[str, int]]] = {}
    for i, edge in enumerate(edges):
        first, second = (root if code in held else code for code in (edge.first, edge.second))
        at.setdefault(first, []).append((second, i))
        at.setdefault(second, []).append((first, i))
    above: dict[str, tuple[str, int, int]] = {}  # node: node above, edge to it, depth
    used: set[int] = set()
    closing: list[tuple[str, str, int]] = []
    for start in [root, *sorted(at)]:
        if start in above:
            continue
        above[start] = (start, -1, 0)
        front = deque([start])
        while front:
            node = front.popleft()
            for neighbour, i in at.get(node, []):
                if i in used:
                    continue
                used.add(i)
                if neighbour in above:
                    closing.append((node, neighbour, i))
                else:
                    above[neighbour] = (node, i, above[node][2] + 1)
                    front.append(neighbour)
    return [[edges[i], *(edges[k] for k in _path(above, a, b))] for a, b, i in closing]


def _path(above: Mapping[str, tuple[str, int, int]], first: str, second: str) -> list[int]:
    """Edges from one node of the tree to another."""
    path = []
    while first != second:
        if above[first][2] < above[second][2]:
            first, second = second, first
        path.append(above[first][1])
        first = above[first][0]
    return path
