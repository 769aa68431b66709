"""Network files of other shapes: whatever stands in any place, the file is read and checked, or refused in one line that names the place."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from energy.adapters.network_files import read_network_file
from energy.adapters.simbench_folder import CannotReadNetwork
from energy.domain.topology_checks import FindingKind, check

DATA = Path(__file__).resolve().parent.parent.parent / "data"
FEEDER = json.loads((DATA / "geojson_feeder.geojson").read_text())
RING = json.loads((DATA / "pandapower_ring.json").read_text())
ODD = [None, "", -1, 1e308, float("inf"), float("nan"), "x", True, [], {}, "ä" * 5000, 10**400, [[1, 2], [3, 4]]]


def places(value: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield way
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in inside:
        yield from places(child, (*way, key))


def replaced(value: Any, way: tuple[Any, ...], by: Any) -> Any:
    if not way:
        return by
    whole = copy.deepcopy(value)
    inner = whole
    for key in way[:-1]:
        inner = inner[key]
    inner[way[-1]] = by
    return whole


def refusal(path: Path, content: Any) -> str:
    """The line with which a file is refused; empty where it is read and checked."""
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    try:
        check(read_network_file(path).topology)
    except CannotReadNetwork as problem:
        return str(problem)
    return ""


def pandapower_with_open_tables() -> dict[str, Any]:
    content = copy.deepcopy(RING)
    for table in content["_object"].values():
        if isinstance(table, dict) and isinstance(table.get("_object"), str):
            table["_object"] = json.loads(table["_object"])
    return content


@pytest.mark.parametrize("name", ["GeoJSON", "pandapower"])
def test_whatever_stands_in_any_place_is_read_or_refused_in_one_line(name: str, tmp_path: Path) -> None:
    whole = FEEDER if name == "GeoJSON" else pandapower_with_open_tables()
    read = ("bus", "line", "trafo", "switch", "ext_grid", "f_hz")
    ways = [way for way in places(whole) if name == "GeoJSON" or len(way) < 2 or way[1] in read]
    told = 0
    for at, way in enumerate(ways):
        for odd in (ODD[at % len(ODD)], ODD[(at * 5 + 3) % len(ODD)], ODD[(at * 7 + 6) % len(ODD)]):
            said = refusal(tmp_path / "net.json", replaced(whole, way, odd))
            assert "\n" not in said
            assert len(said) < 400
            told += bool(said)
    assert told > 100


@pytest.mark.parametrize(
    ("way", "odd", "named"),
    [
        (
            ("features", 4, "geometry"),
            {"type": "MultiLineString", "coordinates": [[[11.4, 53.6], [11.5, 53.6]]]},
            "feature 5: a line is drawn as LineString",
        ),
        (("features", 0, "geometry"), None, "feature 1: a node is drawn as Point, not as None"),
        (("features", 0, "geometry"), 7, "feature 1: a node is drawn as Point"),
        (("features", 0, "geometry", "coordinates"), [3_500_000.0, 5_900_000.0], "feature 1: its coordinates are no degrees"),
        (("features", 0, "geometry", "coordinates"), {"x": 1}, "feature 1: its coordinates are no numbers"),
        (("features", 1, "properties"), ["node"], "feature 2: property kind is ''"),
        (("features", 2), "B", "feature 3: property kind is ''"),
        (("types", "NAYY 4x150"), "0.2067", "types describes 'NAYY 4x150' as '0.2067'"),
        (("types", "NAYY 4x150", "resistance_ohm_per_km"), 10**400, "property resistance_ohm_per_km is 1000"),
        (("type",), "Feature", "neither a pandapower network"),
    ],
)
def test_geojson_of_another_shape_is_refused_by_feature(way: tuple[Any, ...], odd: Any, named: str, tmp_path: Path) -> None:
    assert named in refusal(tmp_path / "net.geojson", replaced(FEEDER, way, odd))


def test_a_point_may_have_a_height(tmp_path: Path) -> None:
    high = replaced(FEEDER, ("features", 0, "geometry", "coordinates"), [11.4, 53.65, 12.5])
    assert refusal(tmp_path / "net.geojson", high) == ""


@pytest.mark.parametrize("raw", ["", "[", "[" * 100_000, "NaN", '"net"', "7", json.dumps(FEEDER)[:900]])
def test_a_broken_file_is_named(raw: str, tmp_path: Path) -> None:
    assert refusal(tmp_path / "net.json", raw).startswith("net.json is n")


@pytest.mark.parametrize(
    ("way", "odd", "named"),
    [
        (("features", 0, "properties", "nominal_voltage_v"), 0, "feature 1: the nominal voltage [V] of node 'MV' is 0"),
        (("features", 0, "properties", "held_pu"), 20.0, "the voltage held [p.u.] of node 'MV' is 20"),
        (("features", 1, "properties", "vm_min_pu"), 1.2, "the least voltage [p.u.] of node 'A' is 1.2; it lies between 0 and 1.1"),
        (("types", "NAYY 4x150", "resistance_ohm_per_km"), -0.2, "the resistance [Ohm per km] of line 'AB' is -0.2"),
        (("features", 5, "properties", "phases"), "21", "line 'BC' has the phases '21'"),
        (("features", 6, "properties", "rated_va"), -250000, "the rating [VA] of transformer 'T' is -250000"),
        (
            ("features", 6, "properties", "copper_loss_w"),
            99000,
            "the copper loss [W] of transformer 'T' is 99000; it lies between 0 and 10000",
        ),
        (("features", 6, "properties", "tap_position"), 3000, "the tap of transformer 'T' is 3000"),
        (("features", 4, "properties", "code"), "L" * 121, "has 121 letters"),
        (("features", 4, "properties", "code"), "L\0", "the code 'L\\x00' of a line holds signs that cannot be printed"),
        (("features", 4, "properties", "code"), "\ud800", "holds signs that cannot be printed"),
        (("features", 7, "properties", "type"), "s" * 41, "has 41 letters; 40 at most"),
        (("features", 7, "properties", "type"), "s\0", "the type 's\\x00' of switch"),
        (("features", 4, "properties", "type"), "N\n", "the type 'N\\n' of line 'AB' holds signs that cannot be printed"),
    ],
)
def test_a_figure_that_no_network_has_is_named(way: tuple[Any, ...], odd: Any, named: str, tmp_path: Path) -> None:
    path = tmp_path / "net.geojson"
    path.write_text(json.dumps(replaced(FEEDER, way, odd)))
    found = check(read_network_file(path).topology)
    assert any(named in one.sentence for one in found if one.kind == FindingKind.FIGURE), found
