"""The network painted for a page: drawing and numbers of one moment together, complete without any script."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from grid.domain.network.painting import Look, charge_percent, loading_look, voltage_look, width_of
from grid.models import GridState
from grid.selectors.drawing import HALF_BAR, Drawing, DrawnBranch, DrawnNode, storage_places


@dataclass(frozen=True, slots=True)
class PlacedNode:
    """Where something of a node is drawn, in the diagram and on the map."""

    node: DrawnNode

    @property
    def bar(self) -> str:
        """How far the bar reaches to the right of the node."""
        return f"{round(self.node.bar_end - self.node.x + HALF_BAR, 1):g}"

    @property
    def at(self) -> str:
        """Where it stands in the diagram."""
        return f"{round(self.node.x, 1):g} {round(self.node.y, 1):g}"

    @property
    def on_map(self) -> str:
        """Where it stands on the map; empty without coordinates."""
        return "" if self.node.map_x is None else f"{self.node.map_x:g} {self.node.map_y:g}"


@dataclass(frozen=True, slots=True)
class PaintedNode(PlacedNode):
    place: int
    look: Look


@dataclass(frozen=True, slots=True)
class PaintedBranch:
    place: int
    branch: DrawnBranch
    look: Look
    width: float
    power_w: int | None


@dataclass(frozen=True, slots=True)
class PaintedBattery(PlacedNode):
    """All storages of one node."""

    place: int
    storages: list[int]
    names: str
    percent: int | None

    @property
    def fill(self) -> float:
        """Height of the filled part, of 10."""
        return (self.percent or 0) / 10

    @property
    def top(self) -> float:
        """Where the filled part begins, from the middle."""
        return 5.0 - self.fill


@dataclass(frozen=True, slots=True)
class FeederLine:
    """One feeder in words, for the list: its highest loading and its voltages."""

    number: int
    nodes: list[PaintedNode]
    branches: list[PaintedBranch]
    highest: PaintedBranch | None
    lowest_pu: float | None
    highest_pu: float | None
    is_calm: bool


def paint(drawing: Drawing, message: dict[str, Any] | None) -> dict[str, Any]:
    """Nodes, branches and batteries with their looks, and the feeders as a list."""
    same = message is not None and message.get("order") == drawing.order
    voltage = _numbers(message, "voltage", len(drawing.nodes), same)
    loading = _numbers(message, "loading", len(drawing.branches), same)
    power = _numbers(message, "branch_w", len(drawing.branches), same)
    soc = _numbers(message, "storage_soc_wh", len(drawing.storages), same)
    nodes = [PaintedNode(node, i, voltage_look(voltage[i], node.vm_min, node.vm_max)) for i, node in enumerate(drawing.nodes)]
    branches = [
        PaintedBranch(i, branch, loading_look(loading[i]), width_of(loading[i]), power[i]) for i, branch in enumerate(drawing.branches)
    ]
    return {
        "map_wires": _together((b.look.name, b.branch.map_path) for b in branches),
        "map_dots": _together((n.look.name, f"M{n.on_map}h0") for n in nodes if n.on_map),
        "nodes": nodes,
        "branches": branches,
        "batteries": _batteries(drawing, soc),
        "feeders": _feeders(nodes, branches, voltage, loading),
    }


def _together(paths: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """One path for all that look alike: the map as it is without a script, which takes it apart."""
    found: dict[str, str] = {}
    for look, path in paths:
        found[look] = found.get(look, "") + path
    return [(look, path) for look, path in found.items() if path]


def still_part(drawing: Drawing) -> dict[str, Any]:
    """What the page's script needs to know of what stands still, and cannot read from the drawing: nodes and branches by place."""
    return {
        "order": drawing.order,
        "nodes": [[n.code, n.vm_min, n.vm_max, n.map_x, n.map_y] for n in drawing.nodes],
        "branches": [[b.code, b.first, b.second] for b in drawing.branches],
        "storages": [[s.node, s.capacity_wh] for s in drawing.storages],
    }


def _numbers(message: dict[str, Any] | None, name: str, count: int, same: bool) -> Sequence[int | None]:
    told = message.get(name) if message is not None and same else None
    return told if told and len(told) == count else [None] * count


def _batteries(drawing: Drawing, soc: Sequence[int | None]) -> list[PaintedBattery]:
    return [
        PaintedBattery(
            drawing.nodes[node],
            node,
            places,
            ", ".join(drawing.storages[p].code for p in places),
            charge_percent([soc[p] for p in places], [drawing.storages[p].capacity_wh for p in places]),
        )
        for node, places in storage_places(drawing).items()
    ]


def _feeders(
    nodes: list[PaintedNode], branches: list[PaintedBranch], voltage: Sequence[int | None], loading: Sequence[int | None]
) -> list[FeederLine]:
    found = []
    for number in sorted({painted.node.feeder for painted in nodes}):
        of_feeder = [painted for painted in nodes if painted.node.feeder == number]
        places = {painted.place for painted in of_feeder}
        # A branch belongs to the feeder of the node below it, so that a feeder's first cable is its own.
        own = [painted for painted in branches if _lower(painted, nodes) in places]
        known = [volts for volts in map(voltage.__getitem__, places) if volts is not None]
        loaded = [painted for painted in own if loading[painted.place] is not None]
        looks = {node.look.name for node in of_feeder} | {branch.look.name for branch in own}
        found.append(
            FeederLine(
                number,
                of_feeder,
                own,
                max(loaded, key=lambda b: loading[b.place] or 0, default=None),
                min(known) / 10_000 if known else None,
                max(known) / 10_000 if known else None,
                not looks & {"over", "high", "below", "above"},
            )
        )
    return found


def _lower(painted: PaintedBranch, nodes: list[PaintedNode]) -> int:
    first, second = painted.branch.first, painted.branch.second
    return first if nodes[first].node.parent == second else second


def recent_part(states: Sequence[GridState], zone: tzinfo) -> dict[str, Any]:
    """The last ticks for the chart, as columns: seconds after the first, powers [W]; a row per tick would be eight times as long."""
    first = states[0].at if states else None
    return {
        "first": first.astimezone(zone).isoformat() if first else None,
        "after_s": [round((state.at - states[0].at).total_seconds()) for state in states],
        "production_w": [state.production_w for state in states],
        "consumption_w": [state.consumption_w for state in states],
        "exchange_w": [state.import_w - state.export_w for state in states],
    }
