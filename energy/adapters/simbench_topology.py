"""The wires of a folder in SimBench's format as a plan; profiles, loads and plants are not looked at.

Besides the columns that a network needs there may be `switches.csv` (id, nodeA, nodeB, type, cond): between a busbar and the auxiliary
node of a line or transformer it is a switch at that end, between two busbars it joins them; `cond` 0 is open.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from energy.adapters.simbench_folder import Row, busbars, read_table
from energy.domain.topology import PlannedLine, PlannedNode, PlannedSwitch, PlannedTransformer, Topology

MEGA = 1_000_000
NOT_HELD = 0.0  # what an empty set-point is read as: no busbar is held at zero volts


def read_simbench_topology(folder: Path) -> Topology:
    """Read the wires.

    Raises:
        CannotReadNetwork: the message names file, row, column and what to do.
    """
    nodes = read_table(folder, "nodes")
    busbar_of = busbars(nodes)
    coordinates = {row.text("id"): (row.number_of("x"), row.number_of("y")) for row in read_table(folder, "coordinates")}
    line_types = {row.text("id"): row for row in read_table(folder, "line_types")}
    transformer_types = {row.text("id"): row for row in read_table(folder, "transformer_types")}
    lines, transformers = read_table(folder, "lines"), read_table(folder, "transformers")
    at: dict[str, tuple[str, str]] = {}  # auxiliary node: what hangs on it
    for kind, rows, columns in (("line", lines, ("nodeA", "nodeB")), ("transformer", transformers, ("nodeHV", "nodeLV"))):
        for row in rows:
            at |= {row.text(column): (kind, row.text("id")) for column in columns}
    planned = [planned_transformer(row, transformer_types, busbar_of) for row in transformers]
    return Topology(
        planned_nodes(nodes, busbar_of, coordinates, planned),
        [planned_line(row, line_types, busbar_of) for row in lines],
        planned,
        _switches(read_table(folder, "switches"), busbar_of, at),
    )


def planned_nodes(
    rows: Sequence[Row],
    busbar_of: Mapping[str, str],
    coordinates: Mapping[str, tuple[float, float]],
    transformers: Sequence[PlannedTransformer],
) -> list[PlannedNode]:
    """The busbars. The public grid joins where a voltage is held; where none is, above the highest transformers, at 1.0 p.u."""
    found = [_node(row, coordinates) for row in rows if busbar_of[row.text("id")] == row.text("id")]
    if any(node.held_pu is not None for node in found):
        return found
    top = {t.node_hv for t in transformers} - {t.node_lv for t in transformers}
    return [replace(n, held_pu=1.0, is_coupling_point=True) if n.code in top else n for n in found]


def _node(row: Row, coordinates: Mapping[str, tuple[float, float]]) -> PlannedNode:
    held = row.number_of("vmSetp", NOT_HELD)
    where = coordinates.get((row.cells.get("coordID") or "").strip(), (None, None))
    return PlannedNode(
        row.text("id"),
        round(row.number_of("vmR", least=0.0) * 1000),
        None if held == NOT_HELD else held,
        held != NOT_HELD,
        row.number_of("vmMin", 0.9),
        row.number_of("vmMax", 1.1),
        where[0],
        where[1],
        _place(row),
    )


def planned_line(row: Row, types: Mapping[str, Row], busbar_of: Mapping[str, str]) -> PlannedLine:
    """A line; a type or length that is not given stays open for the checks to name."""
    kind = types.get((row.cells.get("type") or "").strip())
    length = row.number_of("length", -1.0)
    return PlannedLine(
        row.text("id"),
        busbar_of.get(row.text("nodeA"), row.text("nodeA")),
        busbar_of.get(row.text("nodeB"), row.text("nodeB")),
        length if length >= 0 else None,
        kind.number_of("r") if kind else None,
        kind.number_of("x") if kind else None,
        kind.number_of("b", 0.0) if kind else 0.0,
        kind.number_of("iMax", 0.0, least=0.0) if kind else None,
        (row.cells.get("type") or "").strip(),
        place=_place(row),
    )


def planned_transformer(row: Row, types: Mapping[str, Row], busbar_of: Mapping[str, str]) -> PlannedTransformer:
    """A transformer.

    Raises:
        CannotReadNetwork: its type is not described.
    """
    kind = types.get(row.text("type"))
    if kind is None:
        raise row.fail("type", f"'{row.text('type')}' is not in transformer_types.csv; add its row")
    return PlannedTransformer(
        row.text("id"),
        busbar_of.get(row.text("nodeHV"), row.text("nodeHV")),
        busbar_of.get(row.text("nodeLV"), row.text("nodeLV")),
        round(kind.number_of("sR") * MEGA),
        round(kind.number_of("vmHV") * 1000),
        round(kind.number_of("vmLV") * 1000),
        *impedance_and_tap(row, kind),
        _place(row),
    )


def impedance_and_tap(row: Row, kind: Row) -> tuple[float, float, float, float, int, int, int, int, float]:
    """A transformer's short circuit [%], copper and iron losses [W], current without load [%]; tap's position, neutral, least, most, step [%]."""
    return (
        kind.number_of("vmImp"),
        kind.number_of("pCu") * 1000,
        kind.number_of("pFe", 0.0) * 1000,
        kind.number_of("iNoLoad", 0.0),
        round(row.number_of("tappos", 0.0)),
        round(kind.number_of("tapNeutr", 0.0)),
        round(kind.number_of("tapMin", 0.0)),
        round(kind.number_of("tapMax", 0.0)),
        kind.number_of("dVm", 0.0),
    )


def _switches(rows: Sequence[Row], busbar_of: Mapping[str, str], at: Mapping[str, tuple[str, str]]) -> list[PlannedSwitch]:
    """Switches at ends of lines and transformers or between busbars; one at an auxiliary node with nothing on it is left out."""
    found = []
    for row in rows:
        first, second = row.text("nodeA"), row.text("nodeB")
        for code in (first, second):
            if code not in busbar_of:
                raise row.fail("nodeA, nodeB", f"node '{code}' is not in nodes.csv; add it or correct the name")
        closed = row.number_of("cond", 1.0) != 0
        kind = (row.cells.get("type") or "switch").strip() or "switch"
        if busbar_of[first] == first and busbar_of[second] == second:
            found.append(PlannedSwitch(row.text("id"), first, closed, other_node=second, kind=kind, place=_place(row)))
            continue
        inner = next((code for code in (first, second) if code in at), None)
        if inner is None:
            continue
        what, code = at[inner]
        found.append(
            PlannedSwitch(
                row.text("id"),
                busbar_of[inner],
                closed,
                line=code if what == "line" else None,
                transformer=code if what == "transformer" else None,
                kind=kind,
                place=_place(row),
            )
        )
    return found


def _place(row: Row) -> str:
    return f"{row.file}, row {row.number}"
