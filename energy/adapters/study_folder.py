"""A folder of somebody's meters for a study: `meters.csv`, `intervals.csv.gz`, `registers.csv`. Nothing is stored here.

`meters.csv`: meter, kind (consumption or production), connection_w, latitude, longitude. `intervals.csv.gz` (or `.csv`): time as
ISO 8601 with offset, then one column of Wh per meter, empty where missing. `registers.csv` (may be absent): date, meter, start_wh,
end_wh.
"""

import csv
import gzip
import math
import zlib
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import csv as arrow_csv

KINDS = ("consumption", "production")
INTERVAL_MINUTES = (5, 10, 15, 30, 60)


class CannotStudy(ValueError):
    """The input cannot be studied; the message names file, row or key, and the mending step, in one line."""


LARGEST = 1e15
"""Beyond it no register, connection or degree lies; whole watt-hours are exact up to here."""
LONGEST_SHOWN = 60


@dataclass(frozen=True, slots=True)
class StudyMeter:
    """One meter: its kind, its connection [W] (0: unknown) and where it stands [degrees], if known."""

    code: str
    kind: str
    connection_w: float
    latitude: float | None
    longitude: float | None


@dataclass(frozen=True, slots=True)
class StudyRegisters:
    """Register readings at the ends of local days, one row per meter and day [Wh]."""

    days: NDArray[np.datetime64]
    meters: NDArray[np.int64]
    start_wh: NDArray[np.int64]
    end_wh: NDArray[np.int64]


@dataclass(frozen=True)
class StudyFolder:
    """Everything of a folder on one regular axis of intervals.

    Attributes:
        meters: in the order of the columns of `intervals`, m of them.
        zone: the local time zone; its days are the days of settlement.
        interval_minutes: length of an interval.
        starts: datetime64[s] in UTC [T], without holes; an interval without a row has no values.
        values_wh: float64 [T, m]; NaN where missing. As read: may be negative or absurd.
        registers: readings, or None where there is no such file.
    """

    meters: list[StudyMeter]
    zone: ZoneInfo
    interval_minutes: int
    starts: NDArray[np.datetime64]
    values_wh: NDArray[np.float64]
    registers: StudyRegisters | None

    @cached_property
    def days(self) -> list[date]:
        """All local days that the axis touches, ascending."""
        first, last = (self._local(i).date() for i in (0, -1))
        return [first + timedelta(days=i) for i in range((last - first).days + 1)]

    @cached_property
    def offsets(self) -> NDArray[np.int64]:
        """First interval of each local day in the axis, then T: int64 [d + 1]. The first and the last day may be cut."""
        firsts = [
            np.datetime64(datetime.combine(day, datetime.min.time(), self.zone).astimezone(UTC).replace(tzinfo=None), "s")
            for day in self.days
        ]
        inner = np.searchsorted(self.starts, np.array(firsts))
        return np.concatenate([inner, [len(self.starts)]]).astype(np.int64)

    def columns(self, kind: str) -> NDArray[np.int64]:
        """Which columns are of that kind."""
        return np.array([i for i, meter in enumerate(self.meters) if meter.kind == kind], dtype=np.int64)

    def _local(self, index: int) -> datetime:
        instant: datetime = self.starts[index].astype("datetime64[s]").item()
        return instant.replace(tzinfo=UTC).astimezone(self.zone)


def read_study_folder(folder: Path, zone: ZoneInfo) -> StudyFolder:
    """Read and check a folder.

    Raises:
        CannotStudy: a file is missing or wrong.
    """
    if not folder.is_dir():
        raise CannotStudy(f"{folder} is not a folder; give the one that holds meters.csv and intervals.csv.gz")
    known = _meters(folder / "meters.csv")
    name, table = _intervals(folder)
    codes = table.column_names[1:]
    for code in codes:
        if code not in known:
            raise CannotStudy(f"{name}, row 1: meter '{_shown(code)}' is not in meters.csv; add a row for it there")
    if not codes or not table.num_rows:
        raise CannotStudy(f"{name}: there are no {'meters' if not codes else 'rows'}; export the readings again")
    instants = _instants(name, table.column(0).to_pylist())
    values = np.column_stack([_numbers(name, table, code) for code in codes])
    starts, values, minutes = _regular(name, instants, values)
    meters = [known[code] for code in codes]
    return StudyFolder(meters, zone, minutes, starts, values, _registers(folder / "registers.csv", codes))


def _rows(path: Path, columns: tuple[str, ...]) -> list[tuple[int, dict[str, str]]]:
    """The rows of a small file with their numbers; the header is row 1."""
    if not path.exists():
        raise CannotStudy(f"{path.name} is missing in {path.parent}; it needs the columns {', '.join(columns)}")
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            rows = [(number, row) for number, row in enumerate(reader, start=2)]
            header = reader.fieldnames or []
    except (csv.Error, UnicodeDecodeError) as problem:
        raise CannotStudy(f"{path.name} cannot be read: {problem}; save it as CSV in UTF-8") from None
    missing = [column for column in columns if column not in header]
    if missing:
        raise CannotStudy(f"{path.name}, row 1: column {', '.join(missing)} is missing; add it to the header")
    return rows


def _meters(path: Path) -> dict[str, StudyMeter]:
    found: dict[str, StudyMeter] = {}
    for number, row in _rows(path, ("meter", "kind")):
        code, kind = (row["meter"] or "").strip(), (row["kind"] or "").strip()
        if not code or code in found:
            raise CannotStudy(f"{path.name}, row {number}, column meter: '{_shown(code)}' must be given, and once only")
        if kind not in KINDS:
            raise CannotStudy(f"{path.name}, row {number}, column kind: '{_shown(kind)}' must be consumption or production")
        connection_w = _optional(path.name, number, "connection_w", row) or 0.0
        if connection_w < 0:
            raise CannotStudy(f"{path.name}, row {number}, column connection_w: must not be negative")
        found[code] = StudyMeter(
            code, kind, connection_w, _degrees(path.name, number, "latitude", 90, row), _degrees(path.name, number, "longitude", 180, row)
        )
    return found


def _optional(file: str, number: int, column: str, row: dict[str, str]) -> float | None:
    raw = (row.get(column) or "").strip()
    if not raw:
        return None
    try:
        value = float(raw)
    except ValueError:
        value = math.nan
    if not abs(value) <= LARGEST:
        raise CannotStudy(f"{file}, row {number}, column {column}: '{_shown(raw)}' is not a number; use a decimal point")
    return value


def _shown(text: str | None) -> str:
    """What a cell says, short enough for the one line that tells of it."""
    said = " ".join((text or "").split())
    return said if len(said) <= LONGEST_SHOWN else f"{said[: LONGEST_SHOWN - 1]}…"


def _degrees(file: str, number: int, column: str, most: float, row: dict[str, str]) -> float | None:
    value = _optional(file, number, column, row)
    if value is not None and abs(value) > most:
        raise CannotStudy(f"{file}, row {number}, column {column}: '{value:g}' lies outside -{most:g} to {most:g}")
    return value


def _intervals(folder: Path) -> tuple[str, pa.Table]:
    """The table of intervals, all cells as text: what cannot be read as a number is named later by row and column."""
    path = folder / "intervals.csv.gz"
    if not path.exists():
        path = folder / "intervals.csv"
    if not path.exists():
        raise CannotStudy(f"intervals.csv.gz is missing in {folder}; it needs time and one column per meter")
    try:
        raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        header = next(csv.reader([raw.split(b"\n", 1)[0].decode("utf-8-sig")]), [])
        twice = [name for name, count in Counter(header).items() if count > 1]
        if twice:
            raise CannotStudy(f"{path.name}, row 1: column '{twice[0]}' stands twice; names are given once")
        if not header or header[0] != "time":
            raise CannotStudy(f"{path.name}, row 1: the first column must be time")
        if not raw.partition(b"\n")[2].strip():
            raise CannotStudy(f"{path.name}: there are no rows; export the readings again")
        table = arrow_csv.read_csv(
            pa.BufferReader(raw), convert_options=arrow_csv.ConvertOptions(column_types=dict.fromkeys(header, pa.string()))
        )
    except (OSError, EOFError, zlib.error, UnicodeDecodeError, csv.Error, pa.ArrowInvalid) as problem:
        what = str(problem).splitlines()[0]
        raise CannotStudy(f"{path.name} cannot be read: {what}; write it again as CSV, packed with gzip") from None
    return path.name, table


def _instants(file: str, texts: list[str]) -> NDArray[np.datetime64]:
    """Instants in UTC, datetime64[s]; each text bears its offset."""
    for number, text in enumerate(texts, start=2):
        if len(text) < 17 or not (text.endswith(("Z", "z")) or "+" in text[10:] or "-" in text[10:]):
            raise CannotStudy(
                f"{file}, row {number}, column time: '{_shown(text)}' is no time with offset; write it as 2016-01-01T00:00+01:00"
            )
    parsed = pd.to_datetime(pd.Series(texts), format="ISO8601", utc=True, errors="coerce")
    bad = np.flatnonzero(parsed.isna().to_numpy())
    if len(bad):
        raise CannotStudy(
            f"{file}, row {bad[0] + 2}, column time: '{_shown(texts[bad[0]])}' is no time; write it as 2016-01-01T00:00+01:00"
        )
    return parsed.dt.tz_localize(None).to_numpy().astype("datetime64[s]")


def _numbers(file: str, table: pa.Table, code: str) -> NDArray[np.float64]:
    column = table.column(code)
    empty = pa.compute.equal(pa.compute.utf8_trim_whitespace(column), "")
    text = pa.compute.if_else(empty, pa.scalar(None, pa.string()), column)
    try:
        values: NDArray[np.float64] = np.array(text.cast(pa.float64()).to_numpy(zero_copy_only=False), dtype=np.float64)
    except pa.ArrowInvalid:
        raise _first_bad(file, code, text.to_pylist()) from None
    infinite = np.flatnonzero(np.isinf(values))
    if len(infinite):
        raise CannotStudy(f"{file}, row {infinite[0] + 2}, column {code}: is not a finite number; leave it empty")
    return values


def _first_bad(file: str, code: str, cells: list[str | None]) -> CannotStudy:
    for number, cell in enumerate(cells, start=2):
        try:
            float(cell or 0)
        except ValueError:
            return CannotStudy(
                f"{file}, row {number}, column {code}: '{_shown(cell)}' is not a number; use a decimal point, or leave it empty"
            )
    return CannotStudy(f"{file}, column {code}: a cell is not a number; use a decimal point, or leave it empty")


def _regular(
    file: str, instants: NDArray[np.datetime64], values: NDArray[np.float64]
) -> tuple[NDArray[np.datetime64], NDArray[np.float64], int]:
    """Put the rows on an axis without holes; a row that stands twice with the same values counts once."""
    order = np.argsort(instants, kind="stable")
    sorted_at = instants[order].astype(np.int64)
    steps = np.diff(sorted_at)
    for place in np.flatnonzero(steps == 0):
        if not np.array_equal(values[order[place]], values[order[place + 1]], equal_nan=True):
            row = int(order[place + 1]) + 2
            raise CannotStudy(f"{file}, row {row}, column time: the instant stands twice with different values")
    positive = steps[steps > 0]
    step = int(np.bincount(positive // 60).argmax()) * 60 if len(positive) else 900
    if step // 60 not in INTERVAL_MINUTES:
        raise CannotStudy(f"{file}: intervals of {step // 60} minutes; {INTERVAL_MINUTES} can be studied")
    places = sorted_at - sorted_at[0]
    odd = np.flatnonzero(places % step)
    if len(odd):
        row = int(order[odd[0]]) + 2
        raise CannotStudy(f"{file}, row {row}, column time: lies between the intervals of {step // 60} minutes")
    count = int(places[-1]) // step + 1
    full = np.full((count, values.shape[1]), np.nan)
    full[places // step] = values[order]
    starts = instants[order[0]] + np.arange(count) * np.timedelta64(step, "s")
    return starts, full, step // 60


def _registers(path: Path, codes: list[str]) -> StudyRegisters | None:
    if not path.exists():
        return None
    rows = _rows(path, ("date", "meter", "start_wh", "end_wh"))
    place = {code: i for i, code in enumerate(codes)}
    days, meters, starts, ends = [], [], [], []
    for number, row in rows:
        if row["meter"] not in place:
            raise CannotStudy(f"{path.name}, row {number}, column meter: '{_shown(row['meter'])}' has no column in intervals.csv.gz")
        start, end = (_optional(path.name, number, column, row) for column in ("start_wh", "end_wh"))
        if start is None or end is None:
            continue
        try:
            days.append(np.datetime64(date.fromisoformat((row["date"] or "").strip())))
        except ValueError:
            raise CannotStudy(f"{path.name}, row {number}, column date: '{_shown(row['date'])}' is no date as 2016-01-01") from None
        meters.append(place[row["meter"]])
        starts.append(round(start))
        ends.append(round(end))
    return StudyRegisters(
        np.array(days, dtype="datetime64[D]"),
        np.array(meters, dtype=np.int64),
        np.array(starts, dtype=np.int64),
        np.array(ends, dtype=np.int64),
    )
