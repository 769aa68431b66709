"""A network saved by pandapower (`to_json`), read without pandapower: tables as JSON within JSON, in pandas' split form.

Read are buses, lines, two-winding transformers, switches and external grids. Elements out of service are left out; loads, generators
and results are not topology and are passed over; what would change the wires and is not understood is refused by name.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from energy.adapters.simbench_folder import LARGEST, CannotReadNetwork
from energy.domain.topology import PlannedLine, PlannedNode, PlannedSwitch, PlannedTransformer, Topology

NOT_UNDERSTOOD = {
    "trafo3w": "three-winding transformers",
    "impedance": "impedances",
    "xward": "extended wards",
    "ward": "wards",
    "dcline": "DC lines",
    "line_dc": "DC lines",
    "vsc": "converters",
    "tcsc": "series compensators",
    "shunt": "shunts",
    "svc": "static compensators",
    "ssc": "static compensators",
}
ELEMENT_OF = {"l": "line", "t": "trafo", "b": "bus"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of a table, that knows where it stands."""

    file: str
    table: str
    index: int
    cells: Mapping[str, Any]

    @property
    def place(self) -> str:
        return f"{self.file}, {self.table} {self.index}"

    def fail(self, column: str, what: str) -> CannotReadNetwork:
        return CannotReadNetwork(f"{self.place}, {column}: {what}")

    def number(self, column: str, default: float | None = None) -> float:
        value = self.cells.get(column)
        if value is None or (isinstance(value, float) and math.isnan(value)):
            if default is None:
                raise self.fail(column, "is empty; give a number")
            return default
        if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= LARGEST:
            raise self.fail(column, f"{repr(value)[:40]} is not a finite number, or too large a one")
        return float(value)

    @property
    def in_service(self) -> bool:
        return bool(self.cells.get("in_service", True))


def read_pandapower_topology(path: Path, content: Mapping[str, Any]) -> Topology:
    """The wires of a parsed file.

    Raises:
        CannotReadNetwork: the message names file, table, row and column, and what to do.
    """
    tables = content.get("_object")
    if not isinstance(tables, dict):
        raise CannotReadNetwork(f"{path.name}: the network is encrypted or cut off; save it again with pandapower.to_json(net, path)")
    for name, what in NOT_UNDERSTOOD.items():
        rows = [row for row in _table(path, tables, name) if row.in_service]
        if rows:
            raise CannotReadNetwork(f"{rows[0].place}: {what} are not understood; replace them in pandapower by lines and transformers")
    every_bus = _table(path, tables, "bus")
    buses = {row.index: row for row in every_bus if row.in_service}
    resting = {row.index for row in every_bus} - set(buses)  # what hangs on one of them rests as well
    codes = _codes("bus", list(buses.values()))
    held = _held(path, tables)
    lines = _working(_table(path, tables, "line"), ("from_bus", "to_bus"), resting)
    transformers = _working(_table(path, tables, "trafo"), ("hv_bus", "lv_bus"), resting)
    line_codes, transformer_codes = _codes("line", lines), _codes("trafo", transformers)
    places = _old_places(path, tables)
    frequency_hz = Entry(path.name, "f_hz", 0, tables).number("f_hz", 50.0)
    return Topology(
        [_node(row, codes[i], held.get(i), places) for i, row in buses.items()],
        [_line(row, line_codes[row.index], codes, frequency_hz) for row in lines],
        [_transformer(row, transformer_codes[row.index], codes) for row in transformers],
        _switches(_table(path, tables, "switch"), codes, line_codes, transformer_codes),
    )


def _table(path: Path, tables: Mapping[str, Any], name: str) -> list[Entry]:
    raw = tables.get(name)
    if raw is None:
        return []
    try:
        frame = raw["_object"]
        frame = json.loads(frame) if isinstance(frame, str) else frame
        columns, index, data = frame["columns"], frame["index"], frame["data"]
        return [Entry(path.name, name, int(i), dict(zip(columns, cells, strict=True))) for i, cells in zip(index, data, strict=True)]
    except (KeyError, TypeError, ValueError, OverflowError, RecursionError):
        raise CannotReadNetwork(
            f"{path.name}, {name}: the table is not in pandas' split form; save the network again with pandapower 2.2 or newer"
        ) from None


def _working(rows: Sequence[Entry], ends: tuple[str, str], resting: set[int]) -> list[Entry]:
    return [row for row in rows if row.in_service and not {int(row.number(end)) for end in ends} & resting]


def _codes(table: str, rows: Sequence[Entry]) -> dict[int, str]:
    """Names where they are given and unique; otherwise the table and the index, which is pandapower's own identity."""
    names = {row.index: str(row.cells.get("name") or "").strip() for row in rows}
    times: dict[str, int] = {}
    for name in names.values():
        times[name] = times.get(name, 0) + 1
    return {i: name if name and times[name] == 1 else f"{name} {table} {i}".strip() for i, name in names.items()}


def _held(path: Path, tables: Mapping[str, Any]) -> dict[int, float]:
    """Set-points of buses with an external grid or a generator that is the slack."""
    rows = [row for row in _table(path, tables, "ext_grid") if row.in_service]
    rows += [row for row in _table(path, tables, "gen") if row.in_service and row.cells.get("slack") is True]
    return {int(row.number("bus")): row.number("vm_pu", 1.0) for row in rows}


def _old_places(path: Path, tables: Mapping[str, Any]) -> dict[int, tuple[float, float]]:
    """Coordinates as pandapower kept them before version 3."""
    return {
        row.index: (row.number("x"), row.number("y"))
        for row in _table(path, tables, "bus_geodata")
        if row.cells.get("x") is not None and row.cells.get("y") is not None
    }


def _node(row: Entry, code: str, held: float | None, places: Mapping[int, tuple[float, float]]) -> PlannedNode:
    longitude, latitude = _where(row, places)
    return PlannedNode(
        code,
        round(row.number("vn_kv") * 1000),
        held,
        held is not None,
        row.number("min_vm_pu", 0.9) or 0.9,
        row.number("max_vm_pu", 1.1) or 1.1,
        longitude,
        latitude,
        row.place,
    )


def _where(row: Entry, places: Mapping[int, tuple[float, float]]) -> tuple[float, float] | tuple[None, None]:
    """Degrees; coordinates that can be none (a drawing's) are left out."""
    raw = row.cells.get("geo")
    if isinstance(raw, str) and raw:
        try:
            longitude, latitude = json.loads(raw)["coordinates"][:2]
        except (ValueError, KeyError, TypeError):
            raise row.fail("geo", "is no GeoJSON point; write one or leave it empty") from None
    elif row.index in places:
        longitude, latitude = places[row.index]
    else:
        return None, None
    if not (abs(longitude) <= 180 and abs(latitude) <= 90):
        return None, None
    return float(longitude), float(latitude)


def _bus(row: Entry, column: str, codes: Mapping[int, str]) -> str:
    index = int(row.number(column))
    return codes.get(index, f"bus {index}")


def _line(row: Entry, code: str, codes: Mapping[int, str], frequency_hz: float) -> PlannedLine:
    parallel = max(row.number("parallel", 1.0), 1.0)
    length = row.number("length_km", -1.0)
    r0, x0 = (row.number(f"{name}0_ohm_per_km", math.nan) / parallel for name in "rx")
    told = r0 >= 0 and x0 >= 0
    return PlannedLine(
        code,
        _bus(row, "from_bus", codes),
        _bus(row, "to_bus", codes),
        length if length >= 0 else None,
        row.number("r_ohm_per_km") / parallel,
        row.number("x_ohm_per_km") / parallel,
        2 * math.pi * frequency_hz * row.number("c_nf_per_km", 0.0) * 1e-3 * parallel,
        row.number("max_i_ka", 0.0) * 1000 * row.number("df", 1.0) * parallel,
        str(row.cells.get("std_type") or ""),
        place=row.place,
        zero_resistance_ohm_per_km=r0 if told else None,
        zero_reactance_ohm_per_km=x0 if told else None,
    )


def _transformer(row: Entry, code: str, codes: Mapping[int, str]) -> PlannedTransformer:
    parallel = max(row.number("parallel", 1.0), 1.0)
    rated_w = row.number("sn_mva") * 1e6
    plan = PlannedTransformer(
        code,
        _bus(row, "hv_bus", codes),
        _bus(row, "lv_bus", codes),
        round(rated_w * parallel),
        round(row.number("vn_hv_kv") * 1000),
        round(row.number("vn_lv_kv") * 1000),
        row.number("vk_percent"),
        row.number("vkr_percent") / 100 * rated_w * parallel,
        row.number("pfe_kw", 0.0) * 1000 * parallel,
        row.number("i0_percent", 0.0),
        place=row.place,
    )
    side = row.cells.get("tap_side")
    neutral, step = row.number("tap_neutral", 0.0), row.number("tap_step_percent", 0.0)
    position = row.number("tap_pos", neutral)
    if not step or side not in ("hv", "lv"):
        return plan
    if side == "lv":
        return _tapped_at_lv(plan, 1 + (position - neutral) * step / 100)
    return replace(
        plan,
        tap_position=round(position),
        tap_neutral=round(neutral),
        tap_min=round(row.number("tap_min", position)),
        tap_max=round(row.number("tap_max", position)),
        tap_step_percent=step,
    )


def _tapped_at_lv(plan: PlannedTransformer, factor: float) -> PlannedTransformer:
    """The same two-port with its tap on the high-voltage side: ratio 1 / factor, impedance and shunt in the untapped base."""
    if factor == 1:
        return plan
    return replace(
        plan,
        short_circuit_percent=plan.short_circuit_percent * factor**2,
        copper_loss_w=plan.copper_loss_w * factor**2,
        iron_loss_w=plan.iron_loss_w / factor**2,
        no_load_current_percent=plan.no_load_current_percent / factor**2,
        tap_position=1,
        tap_neutral=0,
        tap_min=1,
        tap_max=1,
        tap_step_percent=(1 / factor - 1) * 100,
    )


def _switches(
    rows: Sequence[Entry], buses: Mapping[int, str], lines: Mapping[int, str], transformers: Mapping[int, str]
) -> list[PlannedSwitch]:
    """Switches on elements that are there; one on an element out of service has nothing to switch."""
    codes = _codes("switch", rows)
    found = []
    for row in rows:
        kind = str(row.cells.get("et") or "")
        if kind not in ELEMENT_OF:
            raise row.fail("et", f"'{kind[:40]}' is not understood; switches stand at l, t or b")
        bus, element = int(row.number("bus")), int(row.number("element"))
        known = {"l": lines, "t": transformers, "b": buses}[kind]
        if element not in known or bus not in buses:
            continue
        found.append(
            PlannedSwitch(
                codes[row.index],
                buses[bus],
                bool(row.cells.get("closed", True)),
                other_node=known[element] if kind == "b" else None,
                line=known[element] if kind == "l" else None,
                transformer=known[element] if kind == "t" else None,
                kind=str(row.cells.get("type") or "switch"),
                place=row.place,
            )
        )
    return found
