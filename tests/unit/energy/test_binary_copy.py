"""COPY's binary format, read with other hands: struct, after the PostgreSQL manual."""

import struct
from datetime import UTC, datetime
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from energy.adapters.binary_copy import Column, encode


def fields_of(raw: bytes) -> list[list[bytes | None]]:
    """Take the format apart by its own lengths."""
    assert raw[:11] == b"PGCOPY\n\xff\r\n\x00"
    position, rows = 19, []
    while True:
        (count,) = struct.unpack_from(">h", raw, position)
        position += 2
        if count == -1:
            assert position == len(raw)
            return rows
        row: list[bytes | None] = []
        for _ in range(count):
            (size,) = struct.unpack_from(">i", raw, position)
            position += 4
            row.append(None if size == -1 else raw[position : position + size])
            position += max(size, 0)
        rows.append(row)


def array_of(field: bytes, code: str, width: int) -> list[Any]:
    dimensions, has_null, _, length, lower = struct.unpack_from(">5i", field)
    assert (dimensions, has_null, lower) == (1, 0, 1)
    values = []
    for i in range(length):
        size, value = struct.unpack_from(f">i{code}", field, 20 + i * (4 + width))
        assert size == width
        values.append(value)
    assert len(field) == 20 + length * (4 + width)
    return values


def test_each_kind_of_column_by_hand() -> None:
    columns = [
        Column("a", "int2"),
        Column("b", "int8"),
        Column("c", "date"),
        Column("d", "timestamptz"),
        Column("e", "null"),
        Column("f", "bytes", 3),
        Column("g", "bool"),
        Column("h", "float8"),
    ]
    values = {
        "a": [-2],
        "b": [2**40],
        "c": np.array(["2016-03-27"], dtype="datetime64[D]"),
        "d": np.datetime64(datetime(2000, 1, 1, 0, 0, 1, tzinfo=UTC).replace(tzinfo=None), "us"),
        "f": b"abc",
        "g": [True],
        "h": [0.25],
    }
    assert fields_of(encode(columns, values, 1)) == [
        [
            struct.pack(">h", -2),
            struct.pack(">q", 2**40),
            struct.pack(">i", 5930),
            struct.pack(">q", 1_000_000),
            None,
            b"abc",
            b"\x01",
            struct.pack(">d", 0.25),
        ]
    ]


@given(st.lists(st.lists(st.integers(-(2**31), 2**31 - 1), min_size=5, max_size=5), min_size=1, max_size=6))
def test_arrays_row_by_row(rows: list[list[int]]) -> None:
    columns = [Column("n", "int4"), Column("values", "int4[]", 5)]
    raw = encode(columns, {"n": range(len(rows)), "values": np.array(rows)}, len(rows))
    taken_apart = fields_of(raw)
    assert [struct.unpack(">i", row[0] or b"")[0] for row in taken_apart] == list(range(len(rows)))
    assert [array_of(row[1] or b"", "i", 4) for row in taken_apart] == rows
