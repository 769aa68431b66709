"""A network drawn as GeoJSON (RFC 7946): points for nodes, transformers and switches, line strings for lines. docs/network.md lists the properties."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from energy.adapters.simbench_folder import LARGEST, CannotReadNetwork
from energy.domain.topology import ALL_PHASES, PlannedLine, PlannedNode, PlannedSwitch, PlannedTransformer, Topology

EARTH_RADIUS_M = 6_371_000.0
SNAPS_WITHIN_M = 2.0
KINDS = {"node": "Point", "line": "LineString", "transformer": "Point", "switch": "Point"}


@dataclass(frozen=True, slots=True)
class Feature:
    """One feature, that knows where it stands, with what its type adds to its properties."""

    file: str
    number: int
    kind: str
    points: Sequence[tuple[float, float]]
    cells: Mapping[str, Any]

    @property
    def place(self) -> str:
        return f"{self.file}, feature {self.number}"

    def fail(self, what: str) -> CannotReadNetwork:
        return CannotReadNetwork(f"{self.place}: {what}")

    def text(self, name: str, default: str | None = None) -> str:
        value = self.cells.get(name)
        if value is None or value == "":
            if default is None:
                raise self.fail(f"property {name} is missing; every {self.kind} needs it")
            return default
        return str(value)

    def number_of(self, name: str, default: float | None = None) -> float:
        value = self.cells.get(name)
        if value is None or value == "":
            if default is None:
                raise self.fail(f"property {name} is missing; every {self.kind} needs it")
            return default
        if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= LARGEST:
            raise self.fail(f"property {name} is {_shown(value)}; write a number")
        return float(value)

    def flag(self, name: str, default: bool) -> bool:
        value = self.cells.get(name, default)
        if not isinstance(value, bool):
            raise self.fail(f"property {name} is {_shown(value)}; write true or false")
        return value


def read_geojson_topology(path: Path, content: Mapping[str, Any]) -> Topology:
    """The wires of a parsed file.

    Raises:
        CannotReadNetwork: the message names file, feature and property, and what to do.
    """
    types = content.get("types", {})
    raw = content.get("features")
    if not isinstance(raw, list) or not isinstance(types, dict):
        raise CannotReadNetwork(f"{path.name}: a FeatureCollection has a list of features, and types as an object")
    features = [_feature(path, i, item, types) for i, item in enumerate(raw, start=1)]
    nodes = [f for f in features if f.kind == "node"]
    places = [(f.text("code"), f.points[0]) for f in nodes]
    return Topology(
        [_node(f) for f in nodes],
        [_line(f, places) for f in features if f.kind == "line"],
        [_transformer(f) for f in features if f.kind == "transformer"],
        [_switch(f) for f in features if f.kind == "switch"],
    )


def _feature(path: Path, number: int, item: Any, types: Mapping[str, Any]) -> Feature:
    cells = _object(item, "properties")
    kind = str(cells.get("kind", ""))
    bare = Feature(path.name, number, kind or "feature", (), cells)
    if kind not in KINDS:
        raise bare.fail(f"property kind is {_shown(kind)}; write one of {', '.join(KINDS)}")
    named_type = cells.get("type")
    named = types.get(named_type, {}) if isinstance(named_type, str) else {}
    if not isinstance(named, dict):
        raise CannotReadNetwork(f"{path.name}: types describes {_shown(cells['type'])} as {_shown(named)}; write an object of properties")
    geometry = _object(item, "geometry")
    if geometry.get("type") != KINDS[kind]:
        raise bare.fail(f"a {kind} is drawn as {KINDS[kind]}, not as {_shown(geometry.get('type'))}; draw it as {KINDS[kind]}")
    raw = geometry.get("coordinates")
    places: Any = raw if kind == "line" else [raw]
    try:
        points = [(float(p[0]), float(p[1])) for p in places]
    except (TypeError, ValueError, LookupError, OverflowError):
        raise bare.fail("its coordinates are no numbers; write longitude, latitude in degrees") from None
    if any(not (abs(x) <= 180 and abs(y) <= 90) for x, y in points):
        raise bare.fail("its coordinates are no degrees (longitude, latitude); transform the layer to EPSG:4326")
    if kind == "line" and len(points) < 2:
        raise bare.fail("a LineString has two points or more")
    return Feature(path.name, number, kind, points, {**named, **cells})


def _object(item: Any, name: str) -> Mapping[str, Any]:
    """A member of a feature; what is no object counts as empty and is told by what is missing then."""
    value = item.get(name) if isinstance(item, dict) else None
    return value if isinstance(value, dict) else {}


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:39]}…"


def _node(feature: Feature) -> PlannedNode:
    held = feature.number_of("held_pu", math.nan)
    return PlannedNode(
        feature.text("code"),
        round(feature.number_of("nominal_voltage_v")),
        None if math.isnan(held) else held,
        not math.isnan(held),
        feature.number_of("vm_min_pu", 0.9),
        feature.number_of("vm_max_pu", 1.1),
        *feature.points[0],
        feature.place,
    )


def _line(feature: Feature, places: Sequence[tuple[str, tuple[float, float]]]) -> PlannedLine:
    r, x, r0, x0 = (
        feature.number_of(f"{name}_ohm_per_km", math.nan) for name in ("resistance", "reactance", "zero_resistance", "zero_reactance")
    )
    told = r0 >= 0 and x0 >= 0
    drawn_km = sum(_distance_m(a, b) for a, b in zip(feature.points, feature.points[1:], strict=False)) / 1000
    return PlannedLine(
        feature.text("code"),
        _end(feature, "from", feature.points[0], places),
        _end(feature, "to", feature.points[-1], places),
        feature.number_of("length_km", drawn_km),
        None if math.isnan(r) else r,
        None if math.isnan(x) else x,
        feature.number_of("susceptance_us_per_km", 0.0),
        feature.number_of("max_current_a", 0.0),
        feature.text("type", ""),
        feature.text("phases", ALL_PHASES),
        feature.place,
        r0 if told else None,
        x0 if told else None,
    )


def _end(feature: Feature, name: str, point: tuple[float, float], places: Sequence[tuple[str, tuple[float, float]]]) -> str:
    """The node named, or else the one that is drawn where the line ends."""
    given = feature.text(name, "")
    if given:
        return given
    near = [(distance, code) for code, at in places if (distance := _distance_m(point, at)) <= SNAPS_WITHIN_M]
    if not near:
        raise feature.fail(
            f"no node lies within {SNAPS_WITHIN_M:g} m of its {'first' if name == 'from' else 'last'} point; "
            f"move it, or name the node in property {name}"
        )
    return min(near)[1]


def _distance_m(first: tuple[float, float], second: tuple[float, float]) -> float:
    mean = math.radians((first[1] + second[1]) / 2)
    return EARTH_RADIUS_M * math.hypot(math.radians(second[0] - first[0]) * math.cos(mean), math.radians(second[1] - first[1]))


def _transformer(feature: Feature) -> PlannedTransformer:
    return PlannedTransformer(
        feature.text("code"),
        feature.text("node_hv"),
        feature.text("node_lv"),
        round(feature.number_of("rated_va")),
        round(feature.number_of("voltage_hv_v")),
        round(feature.number_of("voltage_lv_v")),
        feature.number_of("short_circuit_percent"),
        feature.number_of("copper_loss_w"),
        feature.number_of("iron_loss_w", 0.0),
        feature.number_of("no_load_current_percent", 0.0),
        round(feature.number_of("tap_position", 0.0)),
        round(feature.number_of("tap_neutral", 0.0)),
        round(feature.number_of("tap_min", 0.0)),
        round(feature.number_of("tap_max", 0.0)),
        feature.number_of("tap_step_percent", 0.0),
        feature.place,
    )


def _switch(feature: Feature) -> PlannedSwitch:
    named = {name: feature.text(name, "") or None for name in ("other_node", "line", "transformer")}
    if sum(value is not None for value in named.values()) != 1:
        raise feature.fail("a switch names exactly one of other_node, line and transformer")
    return PlannedSwitch(
        feature.text("code"),
        feature.text("node"),
        feature.flag("closed", True),
        named["other_node"],
        named["line"],
        named["transformer"],
        feature.text("type", "switch"),
        feature.place,
    )
