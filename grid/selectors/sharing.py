"""Shared days as arrays: what sites drew and fed in, received and delivered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from energy.adapters.binary_copy import copy_out_groups, ids_literal
from energy.models import Microgrid
from energy.selectors.meter_days import day_offsets
from grid.models import SharingDay

SIDES = ("import_wh", "export_wh", "received_wh", "delivered_wh", "not_local_wh", "carried_wh")


@dataclass(frozen=True, slots=True)
class ShareBlock:
    """What sites did over some days as it was shared.

    Attributes:
        site_ids: int64 [s].
        offsets: first interval of each day, int64 [d + 1].
        import_wh, export_wh: what they drew and fed in, int64 [s, T].
        received_wh, delivered_wh: of that from and to neighbours, int64 [s, T].
        not_local_wh, carried_wh: of what they fed in not of local origin, and of that used at once, int64 [s, T].
            A side that nobody has is one zero that cannot be written to.
        import_versions, export_versions: of the meter days shared, 0 where there was none, int16 [s, d].
    """

    site_ids: NDArray[np.int64]
    offsets: NDArray[np.int64]
    import_wh: NDArray[np.int64]
    export_wh: NDArray[np.int64]
    received_wh: NDArray[np.int64]
    delivered_wh: NDArray[np.int64]
    not_local_wh: NDArray[np.int64]
    carried_wh: NDArray[np.int64]
    import_versions: NDArray[np.int16]
    export_versions: NDArray[np.int16]


def load_shares(*, microgrid: Microgrid, days: Sequence[date], site_ids: Sequence[int]) -> ShareBlock:
    """Load the current shares of `site_ids` (zero where there is no row)."""
    days = sorted(days)
    offsets = day_offsets(microgrid, days)
    sites = np.array(sorted(site_ids), dtype=np.int64)
    shape = (len(sites), int(offsets[-1]))
    values: dict[str, NDArray[np.int64]] = {}
    versions = {name: np.zeros((len(sites), len(days)), dtype=np.int16) for name in ("import_version", "export_version")}
    place_of = {day: place for place, day in enumerate(days)}
    with connection.cursor() as cursor:
        for group in _load_days(cursor, microgrid.pk, days, sites.tolist()):
            place = place_of[group["day"][0].item()]
            span = slice(offsets[place], offsets[place + 1])
            at_site = np.searchsorted(sites, group["sites"])
            for name, block in versions.items():
                block[at_site, place] = group[name]
            for side in SIDES:
                chosen = np.searchsorted(sites, group[f"{side}.sites"])
                if len(chosen) and side not in values:
                    values[side] = np.zeros(shape, dtype=np.int64)
                if len(chosen):
                    values[side][chosen, span] = group[side].reshape(len(chosen), span.stop - span.start)
    nothing = np.broadcast_to(np.int64(0), shape)
    return ShareBlock(
        sites,
        offsets,
        **{side: values.get(side, nothing) for side in SIDES},
        import_versions=versions["import_version"],
        export_versions=versions["export_version"],
    )


def _load_days(cursor: Any, microgrid_id: int, days: list[date], site_ids: list[int]) -> Any:
    """One row per day: its sites with their versions, and for each side those that have it, with their values; sites in no certain order."""
    kinds = {"day": "date[]", "sites": "int8[]", "import_version": "int2[]", "export_version": "int2[]"}
    gathered = ["ARRAY[day]", *(f"array_agg({name})" for name in ("site_id", "import_version", "export_version"))]
    for side in SIDES:
        there = f"FILTER (WHERE {side} IS NOT NULL)"
        kinds |= {f"{side}.sites": "int8[]", side: "packed"}
        gathered += [f"coalesce(array_agg(site_id) {there}, '{{}}')", f"coalesce(string_agg({side}, ''::bytea) {there}, '')"]
    query = f"""SELECT {", ".join(gathered)} FROM grid_siteshareday
                WHERE is_current AND microgrid_id = %s AND day = ANY(%s) AND site_id = ANY(%s::bigint[]) GROUP BY day"""
    return copy_out_groups(cursor, query, [microgrid_id, days, ids_literal(site_ids)], kinds)


def current_revisions(*, microgrid: Microgrid, days: Sequence[date]) -> list[int]:
    """The revision of each day that counts now, by day; they stay until the caller's transaction ends."""
    rows = SharingDay.objects.select_for_update().filter(microgrid=microgrid, day__in=days, is_current=True)
    return [row.revision for row in rows.only("revision").order_by("day")]
