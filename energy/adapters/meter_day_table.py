"""Provisional meter days as columns: read and locked in one COPY, written in one COPY, of any number of microgrids."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from energy.adapters.array_literals import whole_numbers
from energy.adapters.binary_copy import Column, copy_in, copy_out
from energy.adapters.meter_day_rows import TABLE, columns_of

STAGING = "meter_day_intake"
UNREAD = -1  # a register that was not read; registers are never negative
EPOCH = date(1970, 1, 1)
Key = tuple[int, int, int]  # days since 1970, meter id, channel


@dataclass(slots=True)
class MeterDayTable:
    """Meter days of the same length, one row each.

    Attributes:
        day: int64 [r], days since 1970.
        meter_id, microgrid_id: int64 [r]. channel, version, status: int16 [r].
        values_wh: int32 [r, T]. quality: int16 [r, T].
        register_start_wh, register_end_wh: int64 [r], UNREAD where there is none.
        changed_at: datetime64[us] [r], by the microgrid's clock, UTC.
    """

    day: NDArray[np.int64]
    meter_id: NDArray[np.int64]
    microgrid_id: NDArray[np.int64]
    channel: NDArray[np.int16]
    version: NDArray[np.int16]
    status: NDArray[np.int16]
    values_wh: NDArray[np.int32]
    quality: NDArray[np.int16]
    register_start_wh: NDArray[np.int64]
    register_end_wh: NDArray[np.int64]
    changed_at: NDArray[np.datetime64]


def _wanted(keys: Sequence[Key]) -> list[str]:
    return [whole_numbers(column) for column in zip(*keys, strict=True)]


def read_current(cursor: Any, keys: Sequence[Key], intervals: int) -> dict[str, NDArray[Any]]:
    """Lock and read the current versions of `keys` that have so many intervals; registers UNREAD where not read."""
    columns = [
        Column("day", "date"),
        Column("meter_id", "int8"),
        Column("channel", "int2"),
        Column("version", "int2"),
        Column("status", "int2"),
        Column("first_wh", "int8"),
        Column("last_wh", "int8"),
        Column("values_wh", "int4[]", intervals),
        Column("quality", "int2[]", intervals),
    ]
    query = f"""SELECT m.day, m.meter_id, m.channel, m.version, m.status, coalesce(m.register_start_wh, {UNREAD}),
                       coalesce(m.register_end_wh, {UNREAD}), m.values_wh, m.quality
                FROM unnest(%s::int[], %s::bigint[], %s::smallint[]) AS k (day, meter_id, channel)
                JOIN {TABLE} m ON m.day = '1970-01-01'::date + k.day AND m.meter_id = k.meter_id
                                  AND m.channel = k.channel
                WHERE m.is_current AND cardinality(m.values_wh) = {intervals}
                ORDER BY m.day, m.meter_id, m.channel FOR UPDATE OF m"""
    found = copy_out(cursor, query, _wanted(keys), columns)
    found["day"] = found["day"].astype("datetime64[D]").astype(np.int64)
    return found


def registers_before(cursor: Any, keys: Sequence[Key]) -> dict[Key, int]:
    """What the registers read at the end of the day before each of `keys` [Wh], where that is known."""
    cursor.execute(
        f"""SELECT k.day, k.meter_id, k.channel, m.register_end_wh
            FROM unnest(%s::int[], %s::bigint[], %s::smallint[]) AS k (day, meter_id, channel)
            JOIN {TABLE} m ON m.day = '1970-01-01'::date + k.day - 1 AND m.meter_id = k.meter_id
                              AND m.channel = k.channel
            WHERE m.is_current AND m.register_end_wh IS NOT NULL""",
        _wanted(keys),
    )
    return {(day, meter_id, channel): end_wh for day, meter_id, channel, end_wh in cursor.fetchall()}


def supersede(cursor: Any, keys: Sequence[Key]) -> dict[Key, list[int]]:
    """Let the current versions of `keys` be so no longer; returns the messages that they were measured by."""
    cursor.execute(
        f"""UPDATE {TABLE} m SET is_current = false
            FROM unnest(%s::int[], %s::bigint[], %s::smallint[]) AS k (day, meter_id, channel)
            WHERE m.day = '1970-01-01'::date + k.day AND m.meter_id = k.meter_id AND m.channel = k.channel
                  AND m.is_current
            RETURNING k.day, k.meter_id, k.channel, m.message_ids""",
        _wanted(keys),
    )
    return {(day, meter_id, channel): ids for day, meter_id, channel, ids in cursor.fetchall()}


def append(cursor: Any, table: MeterDayTable, rows: NDArray[np.int64], message_ids: Sequence[Sequence[int]], provenance: str) -> None:
    """Append `rows` of the table as new meter days; `message_ids` by row of the table."""
    _copy(cursor, TABLE, table, rows, message_ids, provenance)


def overwrite(cursor: Any, table: MeterDayTable, rows: NDArray[np.int64], message_ids: Sequence[Sequence[int]], provenance: str) -> None:
    """Overwrite provisional meter days with `rows` of the table; `message_ids` are added to those they have."""
    if not len(rows):
        return
    cursor.execute(f"CREATE TEMP TABLE IF NOT EXISTS {STAGING} (LIKE {TABLE} INCLUDING DEFAULTS) ON COMMIT DELETE ROWS")
    _copy(cursor, STAGING, table, rows, message_ids, provenance)
    cursor.execute(
        f"""INSERT INTO {TABLE} AS m SELECT * FROM {STAGING}
            ON CONFLICT (day, meter_id, channel, version) DO UPDATE SET
                values_wh = excluded.values_wh, quality = excluded.quality, status = excluded.status,
                register_start_wh = excluded.register_start_wh, register_end_wh = excluded.register_end_wh,
                message_ids = m.message_ids || excluded.message_ids, provenance = excluded.provenance,
                changed_at = excluded.changed_at"""
    )
    cursor.execute(f"DELETE FROM {STAGING}")


def _copy(
    cursor: Any, target: str, table: MeterDayTable, rows: NDArray[np.int64], message_ids: Sequence[Sequence[int]], provenance: str
) -> None:
    """Copy rows in groups of the same layout: with so many messages, with or without each register."""
    if not len(rows):
        return
    counts = np.array([len(message_ids[row]) for row in rows.tolist()])
    unread = (table.register_start_wh[rows] == UNREAD) * 2 + (table.register_end_wh[rows] == UNREAD)
    layouts = counts * 4 + unread
    for layout in np.unique(layouts).tolist():
        chosen = rows[layouts == layout]
        ids = np.array([message_ids[row] for row in chosen.tolist()], dtype=np.int64).reshape(len(chosen), -1)
        columns = columns_of(table.values_wh.shape[1], layout // 4, provenance, start_unread=bool(layout & 2), end_unread=bool(layout & 1))
        copy_in(cursor, target, columns, _values(table, chosen, ids, provenance), len(chosen))


def _values(table: MeterDayTable, rows: NDArray[np.int64], ids: NDArray[np.int64], provenance: str) -> dict[str, Any]:
    return {
        "day": table.day[rows].astype("datetime64[D]"),
        "meter_id": table.meter_id[rows],
        "channel": table.channel[rows],
        "version": table.version[rows],
        "microgrid_id": table.microgrid_id[rows],
        "status": table.status[rows],
        "values_wh": table.values_wh[rows],
        "quality": table.quality[rows],
        "register_start_wh": table.register_start_wh[rows],
        "register_end_wh": table.register_end_wh[rows],
        "message_ids": ids,
        "provenance": provenance.encode(),
        "changed_at": table.changed_at[rows],
    }
