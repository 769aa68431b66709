"""A network from files: checked, loaded wholly or not at all, changed at an instant, and told as it was at any past one."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from energy.adapters.network_files import read_network_file
from energy.adapters.simbench_folder import CannotReadNetwork
from energy.domain.topology_checks import FindingKind
from energy.models import Line, Microgrid, NetworkChange, Node, Site, Switch, Transformer
from energy.services.grid_meters import place_grid_meter
from energy.services.import_topology import TopologyReport, import_topology
from energy.services.switching import CannotSwitch, move_switch
from grid.selectors.network import load_network
from members.models import Cooperative

pytestmark = pytest.mark.django_db
DATA = Path(__file__).resolve().parent.parent.parent / "data"
RING, FEEDER = DATA / "pandapower_ring.json", DATA / "geojson_feeder.geojson"
NOW = datetime(2026, 3, 1, tzinfo=UTC)
LATER = NOW + timedelta(days=10)
AS_PANDAPOWER = [1.02, 1.045679645, 1.044961167, 1.04424262, 1.044864717]  # its pi model, on the same file


@pytest.fixture
def bare(db: None) -> Microgrid:
    cooperative = Cooperative.objects.create(slug="ring-coop", name="Ring eG")
    return Microgrid.objects.create(cooperative=cooperative, slug="ring", name="Ring")


def load(microgrid: Microgrid, path: Path, now: datetime = NOW, **options: Any) -> TopologyReport:
    return import_topology(microgrid=microgrid, file=read_network_file(path), now=now, **options)


def counts() -> list[int]:
    return [kind._default_manager.count() for kind in (Node, Line, Transformer, Switch, NetworkChange)]


def changed(path: Path, tmp_path: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    """The pandapower file with a change to its tables, parsed for the change and packed again."""
    content = json.loads(path.read_text())
    tables = {name: json.loads(table["_object"]) for name, table in content["_object"].items() if isinstance(table, dict)}
    change(tables)
    for name, table in tables.items():
        content["_object"][name]["_object"] = json.dumps(table)
    target = tmp_path / path.name
    target.write_text(json.dumps(content))
    return target


def test_a_pandapower_file_gives_the_voltages_that_pandapower_found(bare: Microgrid) -> None:
    report = load(bare, RING)
    assert report.findings == []
    network = load_network(bare.pk, NOW)
    draw_w, draw_var = np.zeros(5), np.zeros(5)
    draw_w[network.places["B3"]], draw_var[network.places["B3"]] = 10_000, 2000
    draw_w[network.places["B4"]] = -5000
    flow = network.network.solve(draw_w, draw_var)
    found = [flow.voltage_pu[network.places[code]] for code in ("MV", "B1", "B2", "B3", "B4")]
    assert found == pytest.approx(AS_PANDAPOWER, abs=1e-7)


def test_the_same_file_again_changes_nothing(bare: Microgrid) -> None:
    load(bare, RING)
    before = counts()
    assert load(bare, RING, LATER).is_unchanged
    assert counts() == before == [5, 4, 1, 1, 1]


def test_a_check_leaves_nothing_and_says_what_would_change(bare: Microgrid) -> None:
    report = load(bare, RING, check_only=True)
    assert report.added == {"nodes": 5, "lines": 4, "transformers": 1, "switches": 1}
    assert counts() == [0] * 5


def test_an_exchanged_cable_begins_where_the_old_one_ends(bare: Microgrid, tmp_path: Path) -> None:
    load(bare, RING)

    def thicker(tables: dict[str, Any]) -> None:
        tables["line"]["data"][1][tables["line"]["columns"].index("r_ohm_per_km")] = 0.1

    report = load(bare, changed(RING, tmp_path, thicker), LATER)
    assert report.changed["lines"] == 1
    assert [(row.valid_from, row.valid_to) for row in Line.objects.filter(code="L2").order_by("pk")] == [(None, LATER), (LATER, None)]

    def resistance(at: datetime | None) -> float:
        network = load_network(bare.pk, at).network
        return next(w.resistance_ohm for w in network.wires if w.code == "L2")

    assert resistance(LATER - timedelta(seconds=1)) == pytest.approx(0.0208)
    assert resistance(LATER) == resistance(None) == pytest.approx(0.01)
    with pytest.raises(IntegrityError), transaction.atomic():
        Line.objects.filter(code="L2", valid_to=LATER).update(valid_to=None)


def test_what_a_file_tells_of_a_line_s_zero_sequence_is_taken_and_nothing_else(bare: Microgrid, tmp_path: Path) -> None:
    """Of four lines one has both values, one only one of them, which tells nothing."""

    def told(tables: dict[str, Any]) -> None:
        tables["line"]["columns"] += ["r0_ohm_per_km", "x0_ohm_per_km"]
        for row, values in zip(tables["line"]["data"], ([0.8, 0.3], [0.8, None], [None, None], [None, None]), strict=True):
            row += values

    load(bare, changed(RING, tmp_path, told))
    zeros = [wire.zero_ohm for wire in load_network(bare.pk, NOW).network.wires]
    length_km = Line.objects.get(code="L1").length_km
    assert zeros == [pytest.approx(complex(0.8, 0.3) * length_km), None, None, None]


def test_a_drawn_file_tells_it_by_the_type_of_cable(bare: Microgrid, tmp_path: Path) -> None:
    content = json.loads(FEEDER.read_text())
    content["types"]["NAYY 4x150"] |= {"zero_resistance_ohm_per_km": 0.7, "zero_reactance_ohm_per_km": 0.25}
    path = tmp_path / FEEDER.name
    path.write_text(json.dumps(content))
    load(bare, path)
    rows = Line.objects.filter(line_type="NAYY 4x150").values_list("zero_resistance_ohm_per_km", "zero_reactance_ohm_per_km")
    assert set(rows) == {(0.7, 0.25)}


def test_a_line_that_is_gone_ends_and_sites_keep_their_nodes(microgrid: Microgrid, tmp_path: Path, village_folder: Path) -> None:
    assert load(microgrid, village_folder).is_unchanged
    sites = dict(Site.objects.filter(microgrid=microgrid).values_list("code", "node__code"))
    before = counts()
    with pytest.raises(CannotReadNetwork, match="sites keep their nodes"):
        load(microgrid, FEEDER)
    assert counts() == before
    assert dict(Site.objects.filter(microgrid=microgrid).values_list("code", "node__code")) == sites


def test_a_meter_stays_on_the_line_that_was_exchanged(microgrid: Microgrid) -> None:
    line = Line.objects.filter(microgrid=microgrid).order_by("pk")[0]
    meter = place_grid_meter(microgrid=microgrid, branch=line, code="M1", now=NOW)
    Line.objects.filter(pk=line.pk).update(max_current_a=1.0)
    demo = Path(__file__).resolve().parents[3] / "energy" / "data" / "simbench_lv_rural3"
    assert load(microgrid, demo).changed["lines"] == 1
    meter.refresh_from_db()
    assert (meter.line.code, meter.line.valid_from) == (line.code, NOW)


def test_switches_are_told_as_they_stood(bare: Microgrid) -> None:
    load(bare, RING)
    switch = Switch.objects.get(code="S tie")
    with pytest.raises(CannotSwitch, match="open already"):
        move_switch(switch=switch, closed=False, reason="test", by=None, now=NOW)
    move_switch(switch=switch, closed=True, reason="Feeder 2 is being worked on", by=None, now=NOW)
    move_switch(switch=switch, closed=False, reason="Work is done", by=None, now=LATER)

    def tie_is_closed(at: datetime | None) -> bool:
        wire = next(w for w in load_network(bare.pk, at).network.wires if w.code == "Tie")
        return wire.closed_from and wire.closed_to

    instants = (NOW - timedelta(days=1), NOW, LATER - timedelta(seconds=1), LATER, None)
    assert [tie_is_closed(at) for at in instants] == [False, True, True, False, False]


def test_nodes_joined_by_a_closed_switch_are_one_position(bare: Microgrid, tmp_path: Path) -> None:
    def coupled(tables: dict[str, Any]) -> None:
        tables["switch"]["data"].append([2, 4, "b", "CB", True, "coupler", 0.0, None])
        tables["switch"]["index"].append(1)

    path = changed(RING, tmp_path, coupled)
    assert [one.kind for one in load(bare, path).findings] == [FindingKind.RING]  # worth a note, no error
    network = load_network(bare.pk)
    assert network.places["B2"] == network.places["B4"]
    assert len(network.node_codes) == 4


def test_a_drawn_network_is_read_with_its_lengths_and_types(bare: Microgrid) -> None:
    load(bare, FEEDER)
    drawn, given = Line.objects.get(code="AB"), Line.objects.get(code="BC")
    assert drawn.length_km == pytest.approx(0.1318, abs=2e-4)  # 0.002 degrees of longitude at 53.65 degrees north
    assert (given.length_km, given.phases, given.max_current_a) == (0.2, "1", 270)
    assert (drawn.node_from.code, drawn.node_to.code) == ("A", "B")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"code": "AB", "type": "NAYY 4x150"', '"code": "AB"', "feature 5: line 'AB' has no type"),
        (
            "[[11.402, 53.6501], [11.404, 53.6501]]",
            "[[11.402, 53.6501], [11.4041, 53.6501]]",
            "feature 6: no node lies within 2 m of its last",
        ),
        ('"nominal_voltage_v": 20000, "held_pu": 1.0', '"nominal_voltage_v": 20000', "No node holds its voltage"),
        ('"closed": true', '"closed": false', "Node C has no path to the public grid; the open switch 'S' would join it"),
        ('"rated_va": 250000', '"rated_va": "much"', "feature 7: property rated_va is 'much'; write a number"),
        ('"kind": "switch"', '"kind": "fuse"', "feature 8: property kind is 'fuse'"),
        ("[11.4, 53.65]", "[4400, 5953]", "feature 1: its coordinates are no degrees"),
        ('"features"', '"ftrs"', "has a list of features"),
        ('{"type": "FeatureCollection"', '{"type": "FeatureCollection"]', "is no JSON"),
    ],
)
def test_a_bad_file_names_the_place_and_leaves_nothing(bare: Microgrid, tmp_path: Path, old: str, new: str, words: str) -> None:
    text = FEEDER.read_text()
    assert old in text
    path = tmp_path / "bad.geojson"
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(CommandError, match=words.replace("(", r"\(")):
        call_command("import_grid", str(path), microgrid="ring", stdout=StringIO())
    assert counts() == [0] * 5


def test_what_pandapower_knows_beyond_wires_is_refused_by_name(bare: Microgrid, tmp_path: Path) -> None:
    def three_windings(tables: dict[str, Any]) -> None:
        tables["trafo3w"] = {"columns": ["name", "in_service"], "index": [3], "data": [["big", True]]}

    with pytest.raises(CannotReadNetwork, match="trafo3w 3: three-winding transformers are not understood"):
        load(bare, changed(RING, tmp_path, three_windings))


def test_an_island_may_be_accepted_by_name(bare: Microgrid, tmp_path: Path) -> None:
    def cut(tables: dict[str, Any]) -> None:
        for name in ("index", "data"):
            del tables["line"][name][1]

    path = changed(RING, tmp_path, cut)
    with pytest.raises(CannotReadNetwork, match="2 nodes \\(B3, B4\\) have no path"):
        load(bare, path)
    report = load(bare, path, accept=[FindingKind.ISLAND])
    assert [one.kind for one in report.findings] == [FindingKind.ISLAND]
    out = StringIO()
    call_command("import_grid", str(path), microgrid="ring", accept=["island"], stdout=out)
    assert "nothing changed" in out.getvalue()


@pytest.mark.parametrize(
    ("feature", "name", "odd", "said"),
    [
        (1, "nominal_voltage_v", 3_000_000_000, "nominal voltage [V] of node 'MV' is 3e+09"),
        (6, "phases", "31", "has the phases '31'"),
        (7, "rated_va", 10**14, "the rating [VA] of transformer 'T' is 1e+14"),
        (7, "tap_position", 40_000, "the tap of transformer 'T' is 40000"),
        (8, "line", "nobody's", "switch 'S' names 'nobody's', which is not there"),
        (8, "code", "x" * 121, "has 121 letters"),
        (5, "code", "BC", "the code 'BC' is given to 2 lines"),
    ],
)
def test_what_no_table_could_hold_is_refused_whatever_is_accepted(
    feature: int, name: str, odd: Any, said: str, bare: Microgrid, tmp_path: Path
) -> None:
    content = json.loads(FEEDER.read_text())
    content["features"][feature - 1]["properties"][name] = odd
    path = tmp_path / FEEDER.name
    path.write_text(json.dumps(content))
    with pytest.raises(CannotReadNetwork, match=re.escape(said)):
        load(bare, path, accept=list(FindingKind))
    assert counts() == [0, 0, 0, 0, 0]
    with pytest.raises(CommandError, match="invalid choice: 'unknown'"):
        call_command("import_grid", str(path), "--microgrid", "ring", "--accept", "unknown")
