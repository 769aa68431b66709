"""Meter days as arrays."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from energy.adapters.binary_copy import copy_out_groups, ids_literal
from energy.models import Microgrid
from kernel.intervals import LocalDay, zone

ROWS_AT_ONCE = 2_000
METERS_IN_A_GROUP = 1 << 13
USED = "(0 < ANY(values_wh))"


class CannotAssemble(ValueError):
    """A stored day has another length than it has by the microgrid's clock."""


@dataclass(frozen=True, slots=True)
class ChannelBlock:
    """One channel of many meters over some days, the intervals of all days in one axis of length T.

    Attributes:
        meter_ids: int64 [m], ascending.
        days: the days, ascending.
        offsets: int64 [d + 1], first interval of each day in the axis; the last is T.
        values_wh: int64 [m, T], or as it was asked for.
        quality: int16 [m, T]; [m, 0] where it was not asked for.
        present: bool [m, d], whether there is a row at all.
        versions: int16 [m, d], 0 where there is none.
        final: bool [m, d].
    """

    meter_ids: NDArray[np.int64]
    days: list[date]
    offsets: NDArray[np.int64]
    values_wh: NDArray[Any]
    quality: NDArray[np.int16]
    present: NDArray[np.bool_]
    versions: NDArray[np.int16]
    final: NDArray[np.bool_]


def day_offsets(microgrid: Microgrid, days: Sequence[date]) -> NDArray[np.int64]:
    """First interval of each day when the days stand one behind the other; int64 [d + 1]."""
    counts = [_interval_count(microgrid.time_zone, microgrid.interval_minutes, day) for day in days]
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)


@lru_cache(maxsize=16_384)
def _interval_count(zone_name: str, interval_minutes: int, day: date) -> int:
    return LocalDay(day, zone(zone_name), interval_minutes).interval_count


def load_channel(
    *,
    microgrid: Microgrid,
    channel: int,
    days: Sequence[date],
    meter_ids: Sequence[int] | None = None,
    with_quality: bool = True,
    narrow: bool = False,
) -> ChannelBlock:
    """Load the current versions of a channel; meters without any row come as zeros, not present.

    Without `meter_ids` the meters are those that have a row. Sending the quality costs the server as much as the values.

    Args:
        narrow: values as they are stored, int32: half the memory, and products of them overflow.
    """
    days = sorted(set(days))
    offsets = day_offsets(microgrid, days)
    with connection.cursor() as cursor:
        groups = _load_days(cursor, microgrid.pk, channel, days, meter_ids, with_quality)
        if meter_ids is None:
            groups = list(groups)
            found = np.unique(np.concatenate([group["meter_ids"] for group in groups] or [np.empty(0)]))
        else:
            found = np.array(sorted(set(meter_ids)))
        kind = np.int32 if narrow else np.int64
        return _assemble(found.astype(np.int64), days, offsets, groups, with_quality, kind)


def current_versions(*, microgrid: Microgrid, channel: int, days: Sequence[date], meter_ids: Sequence[int]) -> NDArray[np.int16]:
    """Which version of each meter day counts now, 0 where there is none; int16 [m, d], by meter id and by day."""
    meters, axis = np.array(sorted(set(meter_ids))), np.array(sorted(set(days)), dtype="datetime64[D]")
    found = np.zeros((len(meters), len(axis)), dtype=np.int16)
    query = """SELECT array_agg(day), array_agg(meter_id), array_agg(version) FROM energy_meterday
               WHERE is_current AND microgrid_id = %s AND channel = %s AND day = ANY(%s) AND meter_id = ANY(%s::bigint[])
               GROUP BY day"""
    kinds = {"days": "date[]", "meter_ids": "int8[]", "versions": "int2[]"}
    with connection.cursor() as cursor:
        given = [microgrid.pk, channel, list(days), ids_literal(meter_ids)]
        for group in copy_out_groups(cursor, query, given, kinds):
            at_meter, at_day = (np.searchsorted(meters, group["meter_ids"]), np.searchsorted(axis, group["days"]))
            found[at_meter, at_day] = group["versions"]
    return found


def _load_days(
    cursor: Any, microgrid_id: int, channel: int, days: list[date], meter_ids: Sequence[int] | None, with_quality: bool
) -> Iterable[dict[str, NDArray[Any]]]:
    """Meter days of one length in groups: a day of many meters, or many days of few; rows stand in no certain order.

    Days on which nothing was used come without values: most of what a village feeds in is nothing, and sending it costs as much. Of
    more meters than `ROWS_AT_ONCE` the whole channel comes: to plan with their ids, and to look each up, costs more than what the
    others have.
    """
    kinds = {
        "days": "date[]",
        "meter_ids": "int8[]",
        "versions": "int2[]",
        "statuses": "int2[]",
        "used": "bool[]",
        **({"quality": "int2[]"} if with_quality else {}),
        "length": "int4[]",
        "values_wh": "int4[]",
    }
    columns = ("day", "meter_id", "version", "status", "used", *(["quality"] if with_quality else []))
    gathered = ", ".join(f"array_agg({column})" for column in columns)
    parameters: list[Any] = [microgrid_id, channel, days]
    chosen, days_at_once = "", 1
    if meter_ids is not None and len(meter_ids) <= ROWS_AT_ONCE:
        chosen = " AND meter_id = ANY(%s::bigint[])"
        parameters.append(ids_literal(meter_ids))
        days_at_once = max(ROWS_AT_ONCE // max(len(meter_ids), 1), 1)
    query = f"""SELECT {gathered}, ARRAY[length], coalesce(array_agg(values_wh) FILTER (WHERE used), '{{}}')
                FROM (SELECT day, meter_id, version, status, quality, values_wh, cardinality(values_wh) AS length, {USED} AS used
                      FROM energy_meterday
                      WHERE is_current AND microgrid_id = %s AND channel = %s AND day = ANY(%s){chosen}
                      OFFSET 0) AS meter_days
                GROUP BY (day - '2000-01-01'::date) / {days_at_once}, meter_id / {METERS_IN_A_GROUP}, length"""
    return copy_out_groups(cursor, query, parameters, kinds)


def _assemble(
    meter_ids: NDArray[np.int64],
    days: list[date],
    offsets: NDArray[np.int64],
    groups: Iterable[dict[str, NDArray[Any]]],
    with_quality: bool,
    kind: type[np.signedinteger[Any]],
) -> ChannelBlock:
    shape = (len(meter_ids), len(days))
    values = np.zeros((len(meter_ids), int(offsets[-1])), dtype=kind)
    quality = np.zeros(values.shape if with_quality else (len(meter_ids), 0), dtype=np.int16)
    present, final = np.zeros(shape, dtype=bool), np.zeros(shape, dtype=bool)
    versions = np.zeros(shape, dtype=np.int16)
    for group in groups:
        length, used = int(group["length"][0]), group["used"].astype(bool)
        energy, flags = (group["values_wh"].reshape(-1, length), group["quality"].reshape(-1, length) if with_quality else None)
        at_energy = np.cumsum(used) - 1
        for day, rows in _rows_by_day(group, meter_ids):
            at_day = bisect_left(days, day)
            if offsets[at_day + 1] - offsets[at_day] != length:
                raise CannotAssemble(f"{day} is stored with {length} intervals")
            chosen, span = (np.searchsorted(meter_ids, group["meter_ids"][rows]), slice(offsets[at_day], offsets[at_day + 1]))
            present[chosen, at_day] = True
            versions[chosen, at_day] = group["versions"][rows]
            final[chosen, at_day] = group["statuses"][rows] == 1
            values[chosen[used[rows]], span] = energy[at_energy[rows[used[rows]]]]
            if flags is not None:
                quality[chosen, span] = flags[rows]
    return ChannelBlock(meter_ids, days, offsets, values, quality, present, versions, final)


def _rows_by_day(group: dict[str, NDArray[Any]], meter_ids: NDArray[np.int64]) -> Iterator[tuple[date, NDArray[np.int64]]]:
    """Each day of a group with the places of its rows; meters that were not asked for are left out."""
    at_meter = np.minimum(np.searchsorted(meter_ids, group["meter_ids"]), len(meter_ids) - 1)
    asked = np.flatnonzero(meter_ids[at_meter] == group["meter_ids"]) if len(meter_ids) else np.empty(0, dtype=np.int64)
    order = asked[np.argsort(group["days"][asked], kind="stable")]
    firsts = np.flatnonzero(np.diff(group["days"][order], prepend=np.datetime64("0001-01-01", "D")))
    for first, last in pairwise([*firsts.tolist(), len(order)]):
        yield group["days"][order[first]].item(), order[first:last]
