"""The network as it is drawn: diagram and map, in the order in which ticks tell their numbers."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import numpy as np

from energy.models import Microgrid, Node, StorageUnit
from grid.domain.network.picture import order_of
from grid.domain.network.single_line import Layout, lay_out
from grid.selectors.network import NetworkOfSites, load_network

COLUMN, ROW, MARGIN, FIRST_DROP = 44.0, 24.0, 36.0, 44.0
HALF_BAR = 9.0
MAP_WIDTH, MAP_HEIGHT, MAP_MARGIN = 800.0, 520.0, 24.0
LINE, TRANSFORMER = "line", "transformer"


@dataclass(frozen=True, slots=True)
class DrawnNode:
    """A node: its bar in the diagram, its point on the map (None without coordinates)."""

    code: str
    label: str
    x: float
    y: float
    bar_end: float
    feeder: int
    parent: int
    vm_min: int
    vm_max: int
    is_coupling: bool
    map_x: float | None
    map_y: float | None


@dataclass(frozen=True, slots=True)
class DrawnBranch:
    """A line or transformer as paths from its first to its second node; no map path without coordinates."""

    code: str
    kind: str
    first: int
    second: int
    path: str
    middle_x: float
    middle_y: float
    is_loop: bool
    map_path: str


@dataclass(frozen=True, slots=True)
class DrawnStorage:
    id: str
    code: str
    node: int
    capacity_wh: int


@dataclass(frozen=True, slots=True)
class Drawing:
    """Everything about the wires that stands still; `order` names the order of nodes, branches and storages."""

    order: str
    width: float
    height: float
    map_width: float
    map_height: float
    nodes: list[DrawnNode]
    branches: list[DrawnBranch]
    storages: list[DrawnStorage]

    @property
    def has_map(self) -> bool:
        return any(node.map_x is not None for node in self.nodes)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def storages_in_order(microgrid: Microgrid) -> list[StorageUnit]:
    """Storages in the order in which ticks tell them."""
    return list(StorageUnit.objects.filter(site__microgrid=microgrid, meter__removed_at__isnull=True).select_related("site").order_by("pk"))


def branch_codes(network: NetworkOfSites) -> list[str]:
    """Codes of lines, then of transformers, as ticks tell them."""
    return [w.code for w in network.network.wires] + [t.code for t in network.network.transformers]


def order_name(network: NetworkOfSites, storages: Sequence[StorageUnit]) -> str:
    """The name of the order of a network's nodes and branches and of some storages."""
    return order_of(network.node_codes, branch_codes(network), [storage.code for storage in storages])


def draw(microgrid: Microgrid, at: datetime) -> Drawing:
    """The drawing of a microgrid's network as it was at an instant of its clock."""
    network, storages = load_network(microgrid.pk, at), storages_in_order(microgrid)
    return _draw(microgrid.pk, SameNetwork(network), order_name(network, storages))


class SameNetwork:
    """A network as a key of what is derived from it: the very object, which its selector builds anew when anything changes."""

    def __init__(self, network: NetworkOfSites) -> None:
        self.network = network

    def __hash__(self) -> int:
        return id(self.network)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SameNetwork) and other.network is self.network


def _is_closed(network: NetworkOfSites) -> list[bool]:
    lines = [wire.closed_from and wire.closed_to for wire in network.network.wires]
    return lines + [t.closed_hv and t.closed_lv for t in network.network.transformers]


def layout_of(network: NetworkOfSites) -> Layout:
    """Where nodes stand, and on which feeder, as switches are."""
    wires, transformers = network.network.wires, network.network.transformers
    ends = [(w.node_from, w.node_to) for w in wires] + [(t.node_hv, t.node_lv) for t in transformers]
    roots = [int(i) for i in np.flatnonzero(~np.isnan(network.network.held_pu))]
    return lay_out(len(network.node_codes), ends, roots, _is_closed(network))


@lru_cache(maxsize=64)
def _draw(microgrid_id: int, same: SameNetwork, order: str) -> Drawing:
    microgrid, network = Microgrid.objects.get(pk=microgrid_id), same.network
    wires, transformers = network.network.wires, network.network.transformers
    ends = [(w.node_from, w.node_to) for w in wires] + [(t.node_hv, t.node_lv) for t in transformers]
    roots = [int(i) for i in np.flatnonzero(~np.isnan(network.network.held_pu))]
    layout = layout_of(network)
    spots, map_width, map_height = _on_the_map(microgrid_id, network.node_codes)
    nodes = _nodes(network, layout, set(roots), spots)
    kinds = [LINE] * len(wires) + [TRANSFORMER] * len(transformers)
    loops = set(layout.loops)
    branches = [
        _branch(code, kind, pair, layout, nodes, place in loops, spots)
        for place, (code, kind, pair) in enumerate(zip(branch_codes(network), kinds, ends, strict=True))
    ]
    site_node = dict(zip(network.site_ids.tolist(), network.site_node.tolist(), strict=True))
    storages = [DrawnStorage(str(s.public_id), s.code, site_node.get(s.site_id, -1), s.capacity_wh) for s in storages_in_order(microgrid)]
    width, height = (2 * MARGIN + COLUMN * max(layout.columns - 1, 0) + 16, _y(max(layout.rows - 1, 0)) + MARGIN)
    return Drawing(order, width, height, map_width, map_height, nodes, branches, storages)


def _x(column: int) -> float:
    return MARGIN + column * COLUMN


def _y(row: int) -> float:
    """Rows lie evenly, the first one further above: the transformer stands between."""
    return 20.0 + row * ROW + (FIRST_DROP - ROW if row else 0.0)


def _nodes(network: NetworkOfSites, layout: Layout, roots: set[int], spots: list[tuple[float, float] | None]) -> list[DrawnNode]:
    codes = network.node_codes
    label = _labels(codes, roots)
    return [
        DrawnNode(
            code,
            label[i],
            _x(layout.column[i]),
            _y(layout.row[i]),
            _x(layout.last_column[i]),
            layout.feeder[i],
            layout.parent[i],
            round(float(network.vm_min_pu[i]) * 10_000),
            round(float(network.vm_max_pu[i]) * 10_000),
            i in roots,
            *(spots[i] or (None, None)),
        )
        for i, code in enumerate(codes)
    ]


def _labels(codes: Sequence[str], roots: set[int]) -> list[str]:
    """Codes without what all of them begin with."""
    inner = [code for i, code in enumerate(codes) if i not in roots]
    cut = _shared_length(min(inner, default=""), max(inner, default="")) if len(inner) > 1 else 0
    return [code if i in roots else code[cut:] for i, code in enumerate(codes)]


def _shared_length(first: str, last: str) -> int:
    """How long the words are with which both begin; the smallest and the largest of many share what all share."""
    same = next((i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last)))
    return max(first.rfind(mark, 0, same) for mark in (" ", "_", "-")) + 1


def _branch(
    code: str,
    kind: str,
    ends: tuple[int, int],
    layout: Layout,
    nodes: list[DrawnNode],
    is_loop: bool,
    spots: list[tuple[float, float] | None],
) -> DrawnBranch:
    first, second = nodes[ends[0]], nodes[ends[1]]
    if is_loop:
        bend = max(first.x, second.x) + COLUMN / 3
        points = [(first.x, first.y), (bend, first.y + ROW / 2), (bend, second.y - ROW / 2), (second.x, second.y)]
    else:
        down = layout.parent[ends[1]] == ends[0]
        x = second.x if down else first.x
        points = [(x, first.y), (x, second.y)]
    middle = len(points) // 2
    spot_a, spot_b = spots[ends[0]], spots[ends[1]]
    return DrawnBranch(
        code,
        kind,
        ends[0],
        ends[1],
        _path(points),
        (points[middle - 1][0] + points[middle][0]) / 2,
        (points[middle - 1][1] + points[middle][1]) / 2,
        is_loop,
        _path([spot_a, spot_b]) if spot_a and spot_b else "",
    )


def _path(points: Sequence[tuple[float, float]]) -> str:
    """As few characters as say the same to a tenth of a pixel: a page draws hundreds of them."""
    found = ""
    before: tuple[float, float] | None = None
    for x, y in ((round(x, 1), round(y, 1)) for x, y in points):
        if before is None:
            found = f"M{x:g} {y:g}"
        elif x == before[0]:
            found += f"V{y:g}"
        else:
            found += f"H{x:g}" if y == before[1] else f"L{x:g} {y:g}"
        before = (x, y)
    return found


def _on_the_map(microgrid_id: int, codes: Sequence[str]) -> tuple[list[tuple[float, float] | None], float, float]:
    """Points on the map by node, and its size; distances keep their proportion at the network's latitude."""
    rows = Node.objects.filter(microgrid_id=microgrid_id, longitude__isnull=False, latitude__isnull=False)
    at = {code: (lon, lat) for code, lon, lat in rows.values_list("code", "longitude", "latitude")}
    known = np.array([at[code] for code in codes if code in at], dtype=np.float64)
    if not len(known):
        return [None] * len(codes), MAP_WIDTH, MAP_HEIGHT
    west, south = known.min(axis=0)
    east, north = known.max(axis=0)
    stretch = float(np.cos(np.radians((south + north) / 2)))
    span_x, span_y = max((east - west) * stretch, 1e-6), max(north - south, 1e-6)
    scale = min((MAP_WIDTH - 2 * MAP_MARGIN) / span_x, (MAP_HEIGHT - 2 * MAP_MARGIN) / span_y)

    def spot(code: str) -> tuple[float, float] | None:
        if code not in at:
            return None
        lon, lat = at[code]
        return (round(MAP_MARGIN + float((lon - west) * stretch * scale), 1), round(MAP_MARGIN + float((north - lat) * scale), 1))

    return [spot(code) for code in codes], 2 * MAP_MARGIN + span_x * scale, 2 * MAP_MARGIN + span_y * scale


def storage_places(drawing: Drawing) -> dict[int, list[int]]:
    """By node, the positions of its storages."""
    found: dict[int, list[int]] = defaultdict(list)
    for place, storage in enumerate(drawing.storages):
        if storage.node >= 0:
            found[storage.node].append(place)
    return dict(found)
