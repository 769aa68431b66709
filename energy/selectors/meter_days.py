"""Meter days as arrays."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from energy.adapters.binary_copy import Column, copy_out
from energy.models import Microgrid


@dataclass(frozen=True, slots=True)
class ChannelBlock:
    """One channel of many meters over some days, the intervals of all days in one axis of length T.

    Attributes:
        meter_ids: int64 [m], ascending.
        days: the days, ascending.
        offsets: int64 [d + 1], first interval of each day in the axis; the last is T.
        values_wh: int64 [m, T].
        quality: int16 [m, T]; [m, 0] where it was not asked for.
        present: bool [m, d], whether there is a row at all.
        versions: int16 [m, d], 0 where there is none.
        final: bool [m, d].
    """

    meter_ids: NDArray[np.int64]
    days: list[date]
    offsets: NDArray[np.int64]
    values_wh: NDArray[np.int64]
    quality: NDArray[np.int16]
    present: NDArray[np.bool_]
    versions: NDArray[np.int16]
    final: NDArray[np.bool_]


def day_offsets(microgrid: Microgrid, days: Sequence[date]) -> NDArray[np.int64]:
    """First interval of each day when the days stand one behind the other; int64 [d + 1]."""
    counts = [microgrid.local_day(day).interval_count for day in days]
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)


def load_channel(
    *, microgrid: Microgrid, channel: int, days: Sequence[date], meter_ids: Sequence[int] | None = None,
    with_quality: bool = True,
) -> ChannelBlock:  # fmt: skip
    """Load the current versions of a channel; meters without any row come as zeros, not present.

    Without `meter_ids` the meters are those that have a row. Sending the quality costs the server as much as the values.
    """
    days = sorted(days)
    offsets = day_offsets(microgrid, days)
    counts = np.diff(offsets)
    parts = []
    with connection.cursor() as cursor:
        for count in sorted(set(counts.tolist())):
            chosen = [day for day, c in zip(days, counts, strict=True) if c == count]
            parts.append(_load_days(cursor, microgrid.pk, channel, chosen, count, meter_ids, with_quality))
    if meter_ids is None:
        found = np.unique(np.concatenate([part["meter_id"] for part in parts] or [np.empty(0)])).astype(
            np.int64
        )
    else:
        found = np.array(sorted(meter_ids), dtype=np.int64)
    return _assemble(found, days, offsets, parts, with_quality)


def _load_days(
    cursor: Any,
    microgrid_id: int,
    channel: int,
    days: list[date],
    count: int,
    meter_ids: Sequence[int] | None,
    with_quality: bool,
) -> dict[str, NDArray[Any]]:
    columns = [
        Column("day", "date"), Column("meter_id", "int8"), Column("version", "int2"), Column("status", "int2"),
        Column("values_wh", "int4[]", count), *([Column("quality", "int2[]", count)] if with_quality else []),
    ]  # fmt: skip
    query = f"""SELECT {", ".join(column.name for column in columns)} FROM energy_meterday
               WHERE is_current AND microgrid_id = %s AND channel = %s AND day = ANY(%s)"""
    parameters: list[Any] = [microgrid_id, channel, days]
    if meter_ids is not None:
        query += " AND meter_id = ANY(%s)"
        parameters.append(list(meter_ids))
    return copy_out(cursor, query, parameters, columns)


def _assemble(
    meter_ids: NDArray[np.int64],
    days: list[date],
    offsets: NDArray[np.int64],
    parts: list[dict[str, NDArray[Any]]],
    with_quality: bool,
) -> ChannelBlock:
    shape = (len(meter_ids), len(days))
    values = np.zeros((len(meter_ids), int(offsets[-1])), dtype=np.int64)
    quality = np.zeros(values.shape if with_quality else (len(meter_ids), 0), dtype=np.int16)
    present, final = np.zeros(shape, dtype=bool), np.zeros(shape, dtype=bool)
    versions = np.zeros(shape, dtype=np.int16)
    day_axis = np.array(days, dtype="datetime64[D]")
    for part in parts:
        at_meter = np.searchsorted(meter_ids, part["meter_id"])
        at_day = np.searchsorted(day_axis, part["day"])
        present[at_meter, at_day] = True
        versions[at_meter, at_day] = part["version"]
        final[at_meter, at_day] = part["status"] == 1
        for d in np.unique(at_day):
            rows = at_day == d
            span = slice(offsets[d], offsets[d + 1])
            values[at_meter[rows], span] = part["values_wh"][rows]
            if with_quality:
                quality[at_meter[rows], span] = part["quality"][rows]
    return ChannelBlock(meter_ids, days, offsets, values, quality, present, versions, final)
