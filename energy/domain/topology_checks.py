"""What is wrong with a network before anybody relies on it.

Each finding names the island, the ring, the line or the node, where it stands in its file, and the step that mends it.
"""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from energy.domain.topology import (
    ALL_PHASES,
    Edge,
    PlannedLine,
    PlannedNode,
    PlannedSwitch,
    PlannedTransformer,
    Topology,
    conducting,
    ends_of,
    parts_of,
    reached,
    rings,
)
from energy.domain.topology_figures import wrong_figures

SHOWN_CODES = 5
SHOWN_RINGS = 20
SAME_VOLTAGE = 0.2  # nominal voltages that differ by more than this share are two levels
EARTH_RADIUS_M = 6_371_000.0


class FindingKind(StrEnum):
    """What can be wrong with a network."""

    DUPLICATE = "duplicate"
    UNKNOWN = "unknown"
    NO_SLACK = "slack"
    NO_TRANSFORMER = "transformer"
    ISLAND = "island"
    RING = "ring"
    NO_LENGTH = "length"
    NO_TYPE = "type"
    NO_PLACE = "coordinates"
    VOLTAGE = "voltage"
    PHASE = "phase"
    FIGURE = "figure"


WARNINGS = frozenset({FindingKind.RING, FindingKind.NO_PLACE})
NEVER_ACCEPTED = frozenset({FindingKind.DUPLICATE, FindingKind.UNKNOWN, FindingKind.FIGURE})  # no table could hold it


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, as a sentence with its mending step; an error unless it is only worth knowing."""

    kind: FindingKind
    sentence: str

    @property
    def is_error(self) -> bool:
        return self.kind not in WARNINGS


def check(topology: Topology, site_phases: Mapping[str, Iterable[str]] | None = None) -> list[Finding]:
    """Everything that is wrong, what everything else rests on first.

    `site_phases`: by node, the phases on which its sites are connected ("1", "23", "123").
    """
    found = [*_duplicates(topology), *_figures(topology), *_unknown(topology)]
    if any(one.kind == FindingKind.UNKNOWN for one in found):
        return found  # edges that lead nowhere would only repeat it as islands
    found += [*_slack(topology), *_lines(topology), *_voltages(topology)]
    edges = conducting(topology)
    found += [*_islands(topology, edges), *_rings(topology, edges)]
    found += [*_places(topology), *_phases(topology, edges, site_phases or {})]
    return found


def _duplicates(topology: Topology) -> Iterator[Finding]:
    kinds: tuple[tuple[str, Sequence[PlannedNode | PlannedLine | PlannedTransformer | PlannedSwitch]], ...] = (
        ("node", topology.nodes),
        ("line", topology.lines),
        ("transformer", topology.transformers),
        ("switch", topology.switches),
    )
    for kind, rows in kinds:
        times = Counter(row.code for row in rows)
        for row in rows:
            if times[row.code] > 1:
                yield Finding(
                    FindingKind.DUPLICATE,
                    f"{_at(row.place)}the code '{row.code}' is given to {times[row.code]} {kind}s; give each a code of its own.",
                )
                times[row.code] = 0  # said once


def _figures(topology: Topology) -> Iterator[Finding]:
    for place, what in wrong_figures(topology):
        yield Finding(FindingKind.FIGURE, f"{_at(place)}{what}")


def _unknown(topology: Topology) -> Iterator[Finding]:
    nodes = {node.code for node in topology.nodes}
    lines = {line.code: line for line in topology.lines}
    transformers = {t.code: t for t in topology.transformers}

    def missing(place: str, what: str, code: str) -> Finding:
        return Finding(FindingKind.UNKNOWN, f"{_at(place)}{what} names '{code}', which is not there; add it or correct the name.")

    for line in topology.lines:
        for code in (line.node_from, line.node_to):
            if code not in nodes:
                yield missing(line.place, f"line '{line.code}'", code)
        if line.node_from == line.node_to:
            yield Finding(
                FindingKind.UNKNOWN, f"{_at(line.place)}line '{line.code}' begins and ends at '{line.node_from}'; give its other end."
            )
    for transformer in topology.transformers:
        for code in (transformer.node_hv, transformer.node_lv):
            if code not in nodes:
                yield missing(transformer.place, f"transformer '{transformer.code}'", code)
    for switch in topology.switches:
        named: tuple[tuple[str | None, Iterable[str]], ...] = (
            (switch.node, nodes),
            (switch.other_node, nodes),
            (switch.line, lines),
            (switch.transformer, transformers),
        )
        for name, known in named:
            if name is not None and name not in known:
                yield missing(switch.place, f"switch '{switch.code}'", name)
        ends = ends_of(switch, lines, transformers)
        if ends is not None and switch.node not in ends:
            yield Finding(
                FindingKind.UNKNOWN,
                f"{_at(switch.place)}switch '{switch.code}' stands at '{switch.node}', which is no end of "
                f"'{switch.line or switch.transformer}' ({ends[0]}, {ends[1]}); correct the node.",
            )


def _slack(topology: Topology) -> Iterator[Finding]:
    if not topology.nodes:
        yield Finding(FindingKind.NO_SLACK, "The network has no nodes; give at least the one that joins the public grid.")
    elif all(node.held_pu is None for node in topology.nodes):
        yield Finding(
            FindingKind.NO_SLACK, "No node holds its voltage: say which one joins the public grid (its voltage set-point, in p.u.)."
        )


def _lines(topology: Topology) -> Iterator[Finding]:
    for line in topology.lines:
        if line.length_km is None or not line.length_km > 0:
            yield Finding(FindingKind.NO_LENGTH, f"{_at(line.place)}line '{line.code}' has no length; give it in km.")
        impedance = (line.resistance_ohm_per_km, line.reactance_ohm_per_km)
        if None in impedance or not any(impedance):
            named = f" ('{line.line_type}' is not described)" if line.line_type else ""
            yield Finding(
                FindingKind.NO_TYPE,
                f"{_at(line.place)}line '{line.code}' has no type{named}; give resistance and reactance per km and the highest current.",
            )


def _voltages(topology: Topology) -> Iterator[Finding]:
    """Lines between two levels lack a transformer; a transformer's ratings fit its nodes."""
    voltage = {node.code: node.nominal_voltage_v for node in topology.nodes}
    for line in topology.lines:
        first, second = voltage[line.node_from], voltage[line.node_to]
        if not _alike(first, second):
            yield Finding(
                FindingKind.NO_TRANSFORMER,
                f"{_at(line.place)}line '{line.code}' joins {line.node_from} ({first} V) and {line.node_to} ({second} V): "
                "a transformer is missing between them.",
            )
    for switch in topology.switches:
        if switch.other_node and not _alike(voltage[switch.node], voltage[switch.other_node]):
            yield Finding(
                FindingKind.NO_TRANSFORMER,
                f"{_at(switch.place)}switch '{switch.code}' joins two voltage levels: a transformer is missing there.",
            )
    for t in topology.transformers:
        for code, rated in ((t.node_hv, t.voltage_hv_v), (t.node_lv, t.voltage_lv_v)):
            if not _alike(voltage[code], rated):
                yield Finding(
                    FindingKind.VOLTAGE,
                    f"{_at(t.place)}transformer '{t.code}' is rated {rated} V at {code}, whose nominal voltage is {voltage[code]} V; "
                    "are its two sides exchanged?",
                )


def _alike(first: float, second: float) -> bool:
    return abs(first - second) <= SAME_VOLTAGE * max(first, second)


def _islands(topology: Topology, edges: Sequence[Edge]) -> Iterator[Finding]:
    """Parts without a path, each with what would join it: an open switch, or the nearest node that is supplied."""
    if all(node.held_pu is None for node in topology.nodes):
        return
    supplied = reached(topology, edges)
    nodes = {node.code: node for node in topology.nodes}
    for island in parts_of({code for code in nodes if code not in supplied}, edges):
        names = _few(sorted(island))
        many = f"{len(island)} nodes ({names}) have" if len(island) > 1 else f"Node {names} has"
        yield Finding(FindingKind.ISLAND, f"{many} no path to the public grid; {_joined_by(topology, nodes, island, supplied)}")


def _joined_by(topology: Topology, nodes: Mapping[str, PlannedNode], island: set[str], supplied: set[str]) -> str:
    lines = {line.code: line for line in topology.lines}
    transformers = {t.code: t for t in topology.transformers}
    for switch in topology.switches:
        ends = ends_of(switch, lines, transformers) or (switch.node, switch.other_node or switch.node)
        if not switch.closed and len({*ends} & island) == 1 and {*ends} & supplied:
            return f"the open switch '{switch.code}' would join {'them' if len(island) > 1 else 'it'}."
    nearest = _nearest(nodes, island, supplied)
    if nearest is None:
        return "a line, transformer or switch is missing."
    inside, outside, distance_m = nearest
    return f"a cable is missing; the nearest node with supply is {outside}, {distance_m:.0f} m from {inside}."


def _nearest(nodes: Mapping[str, PlannedNode], island: set[str], supplied: set[str]) -> tuple[str, str, float] | None:
    placed = [code for code in sorted(supplied) if nodes[code].latitude is not None]
    best: tuple[str, str, float] | None = None
    for inside in sorted(island):
        if nodes[inside].latitude is None:
            continue
        for outside in placed:
            if not _alike(nodes[inside].nominal_voltage_v, nodes[outside].nominal_voltage_v):
                continue
            distance_m = _distance_m(nodes[inside], nodes[outside])
            if best is None or distance_m < best[2]:
                best = inside, outside, distance_m
    return best


def _distance_m(first: PlannedNode, second: PlannedNode) -> float:
    """On the sphere, near enough for neighbours."""
    latitudes = math.radians(first.latitude or 0), math.radians(second.latitude or 0)
    east = math.radians((second.longitude or 0) - (first.longitude or 0)) * math.cos(sum(latitudes) / 2)
    return EARTH_RADIUS_M * math.hypot(east, latitudes[1] - latitudes[0])


def _rings(topology: Topology, edges: Sequence[Edge]) -> Iterator[Finding]:
    """Each edge beyond a tree closes one ring; the ring is named edge by edge."""
    found = rings(topology, edges)
    for ring in found[:SHOWN_RINGS]:
        if len(ring) == 2:
            names = f"{ring[0]} and {ring[1]} lie in parallel between {ring[0].first} and {ring[0].second}"
        else:
            names = f"{len(ring)} elements close a ring: {_few([str(edge) for edge in ring], 12)}"
        yield Finding(FindingKind.RING, f"{names}; open a switch in it if the network is to be radial.")
    if len(found) > SHOWN_RINGS:
        yield Finding(FindingKind.RING, f"{len(found) - SHOWN_RINGS} more rings are closed.")


def _places(topology: Topology) -> Iterator[Finding]:
    lost = [node.code for node in topology.nodes if node.longitude is None or node.latitude is None]
    if lost:
        yield Finding(
            FindingKind.NO_PLACE,
            f"{len(lost)} of {len(topology.nodes)} nodes have no coordinates ({_few(lost)}); they are missing on the map.",
        )


def _phases(topology: Topology, edges: Sequence[Edge], site_phases: Mapping[str, Iterable[str]]) -> Iterator[Finding]:
    """A site cannot be connected on a phase that no line brings to its node."""
    if all(set(edge.phases) == set(ALL_PHASES) for edge in edges):
        return
    supplied = reached(topology, edges)
    for phase in ALL_PHASES:
        lacking = supplied - reached(topology, edges, phase=phase)
        wanting = sorted(c for c in lacking if any(phase in phases for phases in site_phases.get(c, ())))
        if wanting:
            yield Finding(
                FindingKind.PHASE,
                f"Phase {phase} does not reach {_few(wanting)}, where sites are connected to it; correct the line's or the sites' phases.",
            )


def _few(codes: Sequence[str], most: int = SHOWN_CODES) -> str:
    more = f" and {len(codes) - most} more" if len(codes) > most else ""
    return ", ".join(codes[:most]) + more


def _at(place: str) -> str:
    return f"{place}: " if place else ""
