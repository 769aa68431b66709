"""Meter days as rows of binary COPY."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from energy.adapters.binary_copy import Column, copy_in

TABLE = "energy_meterday"
STAGING = "meter_day_staging"


@dataclass(slots=True)
class MeterDayRow:
    """One meter day on its way into the database; a register that was not read is None."""

    day: date
    meter_id: int
    channel: int
    values_wh: NDArray[np.int32]
    quality: NDArray[np.int16]
    version: int = 1
    status: int = 0
    register_start_wh: int | None = None
    register_end_wh: int | None = None
    message_ids: list[int] = field(default_factory=list)

    @property
    def shape(self) -> "Shape":
        """What rows have to share in order to be copied together."""
        return (len(self.values_wh), len(self.message_ids), self.register_start_wh is None, self.register_end_wh is None)


Shape = tuple[int, int, bool, bool]


def columns_of(intervals: int, messages: int, provenance: str, *, start_unread: bool, end_unread: bool) -> list[Column]:
    """A meter day's columns as they are copied: of so many intervals, from so many messages, with or without each register."""
    return [
        Column("day", "date"),
        Column("meter_id", "int8"),
        Column("channel", "int2"),
        Column("version", "int2"),
        Column("microgrid_id", "int8"),
        Column("status", "int2"),
        Column("values_wh", "int4[]", intervals),
        Column("quality", "int2[]", intervals),
        Column("register_start_wh", "null" if start_unread else "int8"),
        Column("register_end_wh", "null" if end_unread else "int8"),
        Column("message_ids", "int8[]", messages),
        Column("provenance", "bytes", len(provenance.encode())),
        Column("changed_at", "timestamptz"),
    ]


def write_rows(cursor: Any, rows: Sequence[MeterDayRow], *, microgrid_id: int, provenance: str, now: datetime, replace: bool) -> None:
    """Append rows; with `replace`, provisional rows of the same key and version are overwritten."""
    target = TABLE
    if replace:
        target = STAGING
        cursor.execute(f"CREATE TEMP TABLE IF NOT EXISTS {STAGING} (LIKE {TABLE} INCLUDING DEFAULTS) ON COMMIT DELETE ROWS")
    for shape, members in groupby(sorted(rows, key=lambda row: row.shape), key=lambda row: row.shape):
        group = list(members)
        intervals, messages, start_unread, end_unread = shape
        columns = columns_of(intervals, messages, provenance, start_unread=start_unread, end_unread=end_unread)
        copy_in(cursor, target, columns, _values(group, microgrid_id, provenance, now), len(group))
    if replace:
        cursor.execute(
            f"""INSERT INTO {TABLE} SELECT * FROM {STAGING}
                ON CONFLICT (day, meter_id, channel, version) DO UPDATE SET
                    values_wh = excluded.values_wh, quality = excluded.quality, status = excluded.status,
                    register_start_wh = excluded.register_start_wh, register_end_wh = excluded.register_end_wh,
                    message_ids = excluded.message_ids, provenance = excluded.provenance,
                    changed_at = excluded.changed_at"""
        )
        cursor.execute(f"TRUNCATE {STAGING}")


def _values(rows: list[MeterDayRow], microgrid_id: int, provenance: str, now: datetime) -> dict[str, Any]:
    return {
        "day": np.array([row.day for row in rows], dtype="datetime64[D]"),
        "meter_id": [row.meter_id for row in rows],
        "channel": [row.channel for row in rows],
        "version": [row.version for row in rows],
        "microgrid_id": microgrid_id,
        "status": [row.status for row in rows],
        "values_wh": np.stack([row.values_wh for row in rows]),
        "quality": np.stack([row.quality for row in rows]),
        "register_start_wh": [row.register_start_wh for row in rows],
        "register_end_wh": [row.register_end_wh for row in rows],
        "message_ids": np.array([row.message_ids for row in rows], dtype=np.int64).reshape(len(rows), -1),
        "provenance": provenance.encode(),
        "changed_at": np.datetime64(now.replace(tzinfo=None), "us"),
    }
