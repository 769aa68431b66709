"""PostgreSQL's binary COPY as numpy arrays: ten million values a second each way, on one core.

All rows of one call have the same layout and length, so a whole table is one structured array: no loop over rows.
Format: PostgreSQL manual, COPY, "Binary Format".
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

HEADER = b"PGCOPY\n\xff\r\n\x00" + b"\x00" * 8
TRAILER = b"\xff\xff"
POSTGRES_EPOCH = np.datetime64("2000-01-01", "D")
ARRAY_HEADER_BYTES = 20
_SCALARS = {
    "int2": (">i2", 2),
    "int4": (">i4", 4),
    "int8": (">i8", 8),
    "bool": ("u1", 1),
    "date": (">i4", 4),
    "timestamptz": (">i8", 8),
    "float8": (">f8", 8),
}
_ELEMENTS = {"date": 1082, "int2": 21, "int4": 23, "int8": 20, "float8": 701, "bool": 16}


def ids_literal(ids: Iterable[int]) -> str:
    """Ids as PostgreSQL reads an array (`%s::bigint[]`): the driver would weigh ten thousand of them one by one."""
    return f"{{{','.join(map(str, ids))}}}"


class CannotCopy(ValueError):
    """Rows do not have the layout that was promised."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: a scalar type, an array type with its number of elements, fixed bytes, packed integers, or NULL throughout.

    Packed are `count` integers of four bytes in network order in a bytea: the server passes them on as they are, where an array
    costs it a call for each element.
    """

    name: str
    kind: str
    count: int = 0

    @property
    def is_array(self) -> bool:
        return self.kind.endswith("[]")

    def layout(self) -> list[tuple[Any, ...]]:
        """The column's part of the structured type of a row."""
        if self.kind == "null":
            return [(f"{self.name}.size", ">i4")]
        if self.kind == "bytes":
            return [(f"{self.name}.size", ">i4"), (self.name, f"S{self.count}")]
        if self.kind == "packed":
            return [(f"{self.name}.size", ">i4"), (self.name, ">i4", (self.count,))]
        if self.is_array:
            code, _ = _SCALARS[self.kind[:-2]]
            element = np.dtype([("size", ">i4"), ("value", code)])
            return [(f"{self.name}.size", ">i4"), (f"{self.name}.head", ">i4", (5,)), (self.name, element, (self.count,))]
        code, _ = _SCALARS[self.kind]
        return [(f"{self.name}.size", ">i4"), (self.name, code)]

    def size(self) -> int:
        """Bytes of one value as COPY counts them; -1 for NULL."""
        if self.kind == "null":
            return -1
        if self.kind == "bytes":
            return self.count
        if self.kind == "packed":
            return 4 * self.count
        if self.is_array:
            return ARRAY_HEADER_BYTES + self.count * (4 + _SCALARS[self.kind[:-2]][1])
        return _SCALARS[self.kind][1]


def _row_type(columns: Sequence[Column]) -> np.dtype[Any]:
    return np.dtype([("fields", ">i2"), *(part for column in columns for part in column.layout())])


def encode(columns: Sequence[Column], values: Mapping[str, Any], rows: int) -> bytearray:
    """Return the rows in COPY's format. Arrays are [rows, count]; dates are datetime64; NULL columns need no values."""
    row_type = _row_type(columns)
    raw = bytearray(len(HEADER) + rows * row_type.itemsize + len(TRAILER))
    raw[: len(HEADER)], raw[-len(TRAILER) :] = HEADER, TRAILER
    table = np.frombuffer(raw, dtype=row_type, count=rows, offset=len(HEADER))
    table["fields"] = len(columns)
    for column in columns:
        table[f"{column.name}.size"] = column.size()
        if column.kind == "null":
            continue
        given = values[column.name]
        if column.is_array:
            base = column.kind[:-2]
            table[f"{column.name}.head"] = (1, 0, _ELEMENTS[base], column.count, 1)
            table[column.name]["size"] = _SCALARS[base][1]
            table[column.name]["value"] = given
        elif column.kind == "date":
            table[column.name] = (np.asarray(given, dtype="datetime64[D]") - POSTGRES_EPOCH).astype(np.int32)
        elif column.kind == "timestamptz":
            since = np.asarray(given, dtype="datetime64[us]") - POSTGRES_EPOCH.astype("datetime64[us]")
            table[column.name] = since.astype(np.int64)
        else:
            table[column.name] = given
    return raw


def copy_in(cursor: Any, table: str, columns: Sequence[Column], values: Mapping[str, Any], rows: int) -> None:
    """Append `rows` rows to `table`."""
    if not rows:
        return
    names = ", ".join(column.name for column in columns)
    with cursor.copy(f"COPY {table} ({names}) FROM STDIN (FORMAT binary)") as copy:
        copy.write(encode(columns, values, rows))


def copy_out(cursor: Any, query: str, parameters: Sequence[Any], columns: Sequence[Column]) -> dict[str, NDArray[Any]]:
    """Run a query and return its columns as arrays; array columns come as [rows, count].

    Raises:
        CannotCopy: a row has NULLs or arrays of another length than promised.
    """
    with cursor.copy(f"COPY ({query}) TO STDOUT (FORMAT binary)", parameters) as copy:
        raw = b"".join(copy)
    row_type = _row_type(columns)
    body = len(raw) - len(HEADER) - len(TRAILER)
    if body % row_type.itemsize:
        raise CannotCopy("rows of a query for COPY differ in length")
    table = np.frombuffer(raw, dtype=row_type, count=body // row_type.itemsize, offset=len(HEADER))
    result: dict[str, NDArray[Any]] = {}
    for column in columns:
        if (table[f"{column.name}.size"] != column.size()).any():
            raise CannotCopy(f"column {column.name} has NULLs or values of another length")
        if column.is_array:
            result[column.name] = table[column.name]["value"]
        elif column.kind == "date":
            result[column.name] = POSTGRES_EPOCH + table[column.name].astype("timedelta64[D]")
        else:
            result[column.name] = table[column.name]
    return result


def copy_out_groups(cursor: Any, query: str, parameters: Sequence[Any], kinds: Mapping[str, str]) -> Iterator[dict[str, NDArray[Any]]]:
    """Run a query that gathers rows into arrays, and yield its rows; each column as an array of its own length, flat.

    `kinds` names the columns in order and their types, "packed" for a bytea of integers. Few long rows cost a fraction of many
    short ones.

    Raises:
        CannotCopy: a row has NULLs or other columns than promised.
    """
    with cursor.copy(f"COPY ({query}) TO STDOUT (FORMAT binary)", parameters) as copy:
        place = len(HEADER)
        for part in copy:
            raw = bytes(part)
            if len(raw) > place and not raw.startswith(TRAILER, place):
                yield _group(raw, place, kinds)
            place = 0


def _group(raw: bytes, place: int, kinds: Mapping[str, str]) -> dict[str, NDArray[Any]]:
    if int.from_bytes(raw[place : place + 2], "big") != len(kinds):
        raise CannotCopy("rows of a query for COPY have other columns than promised")
    place += 2
    found: dict[str, NDArray[Any]] = {}
    for name, kind in kinds.items():
        size = int.from_bytes(raw[place : place + 4], "big", signed=True)
        place += 4
        if size < 0:
            raise CannotCopy(f"column {name} is NULL")
        found[name] = _elements(raw, place, size, kind)
        place += size
    return found


def _elements(raw: bytes, place: int, size: int, kind: str) -> NDArray[Any]:
    """The elements of an array of any number of dimensions, or of packed integers, in their order."""
    if kind == "packed":
        return np.frombuffer(raw, dtype=">i4", count=size // 4, offset=place)
    dimensions, has_nulls, element = (int.from_bytes(raw[place + i : place + i + 4], "big") for i in (0, 4, 8))
    base = kind[:-2]
    if has_nulls or element != _ELEMENTS[base]:
        raise CannotCopy(f"an array of another type than {kind}")
    head, layout = 12 + 8 * dimensions, np.dtype([("size", ">i4"), ("value", _SCALARS[base][0])])
    values: NDArray[Any] = np.frombuffer(raw, dtype=layout, count=(size - head) // layout.itemsize, offset=place + head)["value"]
    return POSTGRES_EPOCH + values.astype("timedelta64[D]") if base == "date" else values
