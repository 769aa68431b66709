"""A folder in SimBench's format, read and checked; nothing is stored here.

Format: comma-separated files `loads`, `sources`, `storages`, `nodes`, `coordinates`, `lines`, `line_types`, `transformers`,
`transformer_types` (.csv) and `load_profiles`, `source_profiles` (.csv.gz), units as SimBench has them (MW, kV, km).
"""

import csv
import gzip
import hashlib
import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

AUXILIARY = re.compile(r"_\d+$")
LABEL_FORMATS = ("%d.%m.%Y %H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M")


class CannotReadNetwork(ValueError):
    """A file of the folder is missing or wrong; the message names file, row and column and the mending step."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a file, that knows where it stands."""

    file: str
    number: int
    cells: dict[str, str]

    def fail(self, column: str, what: str) -> CannotReadNetwork:
        return CannotReadNetwork(f"{self.file}, row {self.number}, column {column}: {what}")

    def text(self, column: str) -> str:
        value = (self.cells.get(column) or "").strip()
        if not value:
            raise self.fail(column, "is empty; give a value")
        return value

    def number_of(self, column: str, default: float | None = None, *, least: float | None = None) -> float:
        """The cell as a finite number, not below `least`; `default` where it is empty or NULL."""
        raw = (self.cells.get(column) or "").strip()
        if raw in {"", "NULL"} and default is not None:
            return default
        try:
            value = float(raw)
        except ValueError:
            raise self.fail(column, f"'{raw[:40]}' is not a number; write it with a decimal point") from None
        if not abs(value) <= LARGEST:
            raise self.fail(column, f"'{raw}' is not a finite number, or too large a one")
        if least is not None and value < least:
            raise self.fail(column, f"'{raw}' is below {least:g}; it must not be")
        return value


@dataclass(frozen=True, slots=True)
class Profiles:
    """Shares of nominal power: names and float64 [rows, names]; `first_label` is local wall-clock time."""

    first_label: datetime
    names: list[str]
    shares: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class SimbenchNetwork:
    """A whole folder."""

    digest: str
    loads: list[Row]
    sources: list[Row]
    storages: list[Row]
    nodes: list[Row]
    lines: list[Row]
    transformers: list[Row]
    coordinates: dict[str, tuple[float, float]]
    line_types: dict[str, Row]
    transformer_types: dict[str, Row]
    load_profiles: Profiles
    source_profiles: Profiles | None
    busbar_of: dict[str, str]


COLUMNS = {
    "loads": ("id", "node", "profile", "pLoad"),
    "sources": ("id", "node", "type", "profile", "pRES"),
    "storages": ("id", "node", "sR", "eStore", "etaStore", "sdStore"),
    "nodes": ("id", "type", "vmR"),
    "coordinates": ("id", "x", "y"),
    "lines": ("id", "nodeA", "nodeB", "type", "length"),
    "line_types": ("id", "r", "x", "iMax"),
    "transformers": ("id", "nodeHV", "nodeLV", "type"),
    "transformer_types": ("id", "sR", "vmHV", "vmLV", "vmImp", "pCu"),
    "switches": ("id", "nodeA", "nodeB", "cond"),
}
SIMBENCH_NAMES = {
    "loads": "Load",
    "sources": "RES",
    "storages": "Storage",
    "nodes": "Node",
    "coordinates": "Coordinates",
    "lines": "Line",
    "line_types": "LineType",
    "transformers": "Transformer",
    "transformer_types": "TransformerType",
    "switches": "Switch",
}
OPTIONAL = {"sources", "storages", "coordinates", "switches"}
NEEDS_ROWS = {"loads", "nodes"}
LONGEST_ID = 100
LARGEST = 1e15  # no figure of a network is larger in any unit


def read_network(folder: Path, say: Callable[[str], None]) -> SimbenchNetwork:
    """Read and check a folder.

    Raises:
        CannotReadNetwork: the message names file, row, column and what to do.
    """
    if not folder.is_dir():
        raise CannotReadNetwork(f"{folder} is not a folder; give the folder that holds loads.csv")
    tables = {name: read_table(folder, name) for name in COLUMNS if name != "switches"}
    say("reading profiles")
    load_profiles = _profiles(folder / "load_profiles.csv.gz")
    has_sources = bool(tables["sources"])
    source_profiles = _profiles(folder / "source_profiles.csv.gz") if has_sources else None
    network = SimbenchNetwork(
        _digest(folder),
        tables["loads"],
        tables["sources"],
        tables["storages"],
        tables["nodes"],
        tables["lines"],
        tables["transformers"],
        {row.text("id"): (row.number_of("x"), row.number_of("y")) for row in tables["coordinates"]},
        {row.text("id"): row for row in tables["line_types"]},
        {row.text("id"): row for row in tables["transformer_types"]},
        load_profiles,
        source_profiles,
        busbars(tables["nodes"]),
    )
    _check_references(network)
    return network


def read_table(folder: Path, name: str) -> list[Row]:
    """Read one file of a folder: `name.csv` with commas, or SimBench's own name with semicolons.

    Raises:
        CannotReadNetwork: the message names file, row, column and what to do.
    """
    path = next((p for p in (folder / f"{n}.csv" for n in (name, SIMBENCH_NAMES[name])) if p.exists()), folder / f"{name}.csv")
    if not path.exists():
        if name in OPTIONAL:
            return []
        raise CannotReadNetwork(f"{path.name} is missing in {folder}; export the whole network")
    with path.open(newline="", encoding="utf-8-sig") as file:
        try:
            first = file.readline()
            file.seek(0)
            delimiter = ";" if first.count(";") > first.count(",") else ","
            rows = list(csv.DictReader(file, delimiter=delimiter))
        except (csv.Error, UnicodeDecodeError) as problem:
            raise CannotReadNetwork(f"{path.name} cannot be read: {problem}; save it as CSV in UTF-8") from None
        header = rows[0].keys() if rows else COLUMNS[name]
    missing = [column for column in COLUMNS[name] if column not in header]
    if missing:
        raise CannotReadNetwork(f"{path.name}, row 1: column {', '.join(missing)} is missing; add it to the header")
    if name in NEEDS_ROWS and not rows:
        raise CannotReadNetwork(f"{path.name} has no rows; export the whole network")
    result = [Row(path.name, number, cells) for number, cells in enumerate(rows, start=2)]
    seen: dict[str, int] = {}
    for row in result:
        code = row.text("id")
        if len(code) > LONGEST_ID:
            raise row.fail("id", f"has {len(code)} letters; {LONGEST_ID} at most")
        if code in seen:
            raise row.fail("id", f"'{code}' stands already in row {seen[code]}; ids are given once")
        seen[code] = row.number
    return result


def busbars(nodes: list[Row]) -> dict[str, str]:
    """Map each node to the point it is: terminals `NAME_k` and `NAME_k_m` of closed switches are the same point as `NAME`.

    Another node without such a busbar (a joint) is a point of its own, unless it calls itself auxiliary.
    """
    found = {row.text("id") for row in nodes if row.text("type") == "busbar"}
    result = {}
    for row in nodes:
        code = base = row.text("id")
        while base not in found and AUXILIARY.search(base):
            base = AUXILIARY.sub("", base)
        if base not in found and row.text("type") == "auxiliary":
            raise row.fail("id", f"'{code}' is no busbar and there is no busbar '{base}' that it could belong to")
        result[code] = base if base in found else code
    return result


def _check_references(network: SimbenchNetwork) -> None:
    for rows, columns in (
        (network.loads, ("node",)),
        (network.sources, ("node",)),
        (network.storages, ("node",)),
        (network.lines, ("nodeA", "nodeB")),
        (network.transformers, ("nodeHV", "nodeLV")),
    ):
        for row in rows:
            for column in columns:
                if row.text(column) not in network.busbar_of:
                    raise row.fail(column, f"node '{row.text(column)}' is not in nodes.csv")
    known = {
        "loads.csv": set(network.load_profiles.names),
        "sources.csv": set(network.source_profiles.names) if network.source_profiles else set(),
        "lines.csv": set(network.line_types),
        "transformers.csv": set(network.transformer_types),
    }
    for rows, column in ((network.loads, "profile"), (network.sources, "profile"), (network.lines, "type"), (network.transformers, "type")):
        for row in rows:
            if row.text(column) not in known[row.file]:
                raise row.fail(column, f"'{row.text(column)}' is unknown: there is no such {column}")


def _profiles(path: Path) -> Profiles:
    if not path.exists():
        raise CannotReadNetwork(f"{path.name} is missing in {path.parent}")
    try:
        with gzip.open(path, "rt", encoding="utf-8-sig", newline="") as file:
            rows = csv.reader(file)
            header = next(rows, [])
            labels, cells = _split_labels(path.name, rows, len(header))
    except (OSError, EOFError, UnicodeDecodeError, zlib.error, csv.Error) as problem:
        raise CannotReadNetwork(f"{path.name} cannot be read: {problem}; pack it again with gzip") from None
    if not header or header[0] != "time":
        raise CannotReadNetwork(f"{path.name}, row 1: the first column must be time")
    if len(set(header)) < len(header):
        raise CannotReadNetwork(f"{path.name}, row 1: two columns have the same name; names are given once")
    if not cells:
        raise CannotReadNetwork(f"{path.name} has no rows; it needs one per quarter hour")
    try:
        shares = np.array(cells, dtype=np.float64)
        bad = np.argwhere(~np.isfinite(shares))
    except ValueError:
        raise _first_bad_cell(path.name, header, cells) from None
    if len(bad):
        row, column = bad[0]
        raise CannotReadNetwork(f"{path.name}, row {row + 2}, column {header[column + 1]}: not a finite number")
    return Profiles(_label(path.name, labels[0]), header[1:], shares)


def _split_labels(name: str, rows: Iterator[list[str]], width: int) -> tuple[list[str], list[list[str]]]:
    labels, cells = [], []
    for number, row in enumerate(rows, start=2):
        if len(row) != width:
            raise CannotReadNetwork(f"{name}, row {number}: {len(row)} cells, the header has {width}")
        labels.append(row[0])
        cells.append(row[1:])
    return labels, cells


def _first_bad_cell(name: str, header: list[str], cells: list[list[str]]) -> CannotReadNetwork:
    for number, row in enumerate(cells, start=2):
        for column, cell in zip(header[1:], row, strict=True):
            try:
                float(cell)
            except ValueError:
                return CannotReadNetwork(f"{name}, row {number}, column {column}: '{cell}' is not a number")
    return CannotReadNetwork(f"{name} holds a cell that is not a number")


def _label(name: str, text: str) -> datetime:
    for form in LABEL_FORMATS:
        try:
            return datetime.strptime(text, form)  # noqa: DTZ007  (wall-clock label; the zone is the microgrid's)
        except ValueError:
            continue
    raise CannotReadNetwork(f"{name}, row 2, column time: '{text}' is not a time; write it as 01.01.2016 00:00")


def _digest(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(folder.glob("*.csv*")):
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()
