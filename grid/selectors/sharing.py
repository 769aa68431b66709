"""Shares as arrays."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from energy.adapters.binary_copy import Column, copy_out
from energy.models import Microgrid
from energy.selectors.meter_days import day_offsets
from grid.models import SharingDay


@dataclass(frozen=True, slots=True)
class ShareBlock:
    """What sites received, delivered and fed in of other origin over some days, int64 [s, T]; offsets of days int64 [d + 1]."""

    site_ids: NDArray[np.int64]
    offsets: NDArray[np.int64]
    received_wh: NDArray[np.int64]
    delivered_wh: NDArray[np.int64]
    not_local_wh: NDArray[np.int64]
    carried_wh: NDArray[np.int64]


def load_shares(*, microgrid: Microgrid, days: Sequence[date], site_ids: Sequence[int]) -> ShareBlock:
    """Load the current shares of `site_ids` (zero where there is no row)."""
    days = sorted(days)
    offsets = day_offsets(microgrid, days)
    sites = np.array(sorted(site_ids), dtype=np.int64)
    sides = {
        side: np.zeros((len(sites), int(offsets[-1])), dtype=np.int64)
        for side in ("received_wh", "delivered_wh", "not_local_wh", "carried_wh")
    }
    day_axis = np.array(days, dtype="datetime64[D]")
    counts = np.diff(offsets)
    with connection.cursor() as cursor:
        for side, values in sides.items():
            for count in sorted(set(counts.tolist())):
                chosen = [day for day, c in zip(days, counts, strict=True) if c == count]
                part = _load_side(cursor, microgrid.pk, side, chosen, count, sites.tolist())
                at_site = np.searchsorted(sites, part["site_id"])
                at_day = np.searchsorted(day_axis, part["day"])
                for d in np.unique(at_day):
                    rows = at_day == d
                    values[at_site[rows], offsets[d] : offsets[d + 1]] = part[side][rows]
    return ShareBlock(sites, offsets, **sides)


def current_revisions(*, microgrid: Microgrid, days: Sequence[date]) -> list[int]:
    """The revision of each day that counts now, by day; they stay until the caller's transaction ends."""
    rows = SharingDay.objects.select_for_update().filter(microgrid=microgrid, day__in=days, is_current=True)
    return [row.revision for row in rows.only("revision").order_by("day")]


def _load_side(
    cursor: Any, microgrid_id: int, side: str, days: list[date], count: int, site_ids: list[int]
) -> dict[str, NDArray[Any]]:
    columns = [Column("day", "date"), Column("site_id", "int8"), Column(side, "int4[]", count)]
    query = f"""SELECT day, site_id, {side} FROM grid_siteshareday
                WHERE is_current AND microgrid_id = %s AND day = ANY(%s) AND site_id = ANY(%s) AND {side} IS NOT NULL"""
    return copy_out(cursor, query, [microgrid_id, days, site_ids], columns)
