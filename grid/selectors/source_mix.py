"""Where what sites drew came from, batteries seen through: roofs at that moment, roofs earlier, the public grid then or before."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from energy.models import Microgrid, Site
from energy.selectors.meter_days import day_offsets
from grid.domain.energy_origin import Origin
from grid.models import SharingDay, StorageDay
from grid.selectors.sharing import load_shares

Wh = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class SourceMix:
    """Energy of some sites over some days [Wh].

    Attributes:
        neighbours_wh: received from neighbours; `neighbours_stored_wh` of it came out of batteries.
        grid_wh: drawn from the public grid; `grid_stored_wh` of it was carried by batteries.
        carbon_wh: public energy that was used or lost behind these meters: what went into own batteries counts when it leaves them.
    """

    neighbours_wh: int
    neighbours_stored_wh: int
    grid_wh: int
    grid_stored_wh: int
    carbon_wh: int

    def plus(self, other: "SourceMix") -> "SourceMix":
        """Both together."""
        return SourceMix(
            self.neighbours_wh + other.neighbours_wh,
            self.neighbours_stored_wh + other.neighbours_stored_wh,
            self.grid_wh + other.grid_wh,
            self.grid_stored_wh + other.grid_stored_wh,
            self.carbon_wh + other.carbon_wh,
        )

    @property
    def neighbours_direct_wh(self) -> int:
        return self.neighbours_wh - self.neighbours_stored_wh

    @property
    def grid_direct_wh(self) -> int:
        return self.grid_wh - self.grid_stored_wh


@dataclass(frozen=True, slots=True)
class VillageMix:
    """How a village's energy went through batteries over some days, by interval [Wh]: T, C - T, G, and what of T came out of batteries."""

    shared_wh: Wh
    lacking_wh: Wh
    carried_wh: Wh
    stored_wh: Wh

    def of(self, received_wh: Wh, from_grid_wh: Wh, own_change_wh: int) -> SourceMix:
        """The mix of who received and drew that much; days that are not shared yet count as they were drawn."""
        from_storage = received_wh * self.stored_wh // np.maximum(self.shared_wh, 1)
        of_carried = from_grid_wh * self.carried_wh // np.maximum(self.lacking_wh, 1)
        drawn = int(from_grid_wh.sum())
        return SourceMix(int(received_wh.sum()), int(from_storage.sum()), drawn, int(of_carried.sum()), drawn + own_change_wh)


def source_mix(*, microgrid: Microgrid, sites: Sequence[Site], days: Sequence[date], received_wh: Wh, from_grid_wh: Wh) -> SourceMix:
    """The mix of some sites together; days in one axis, ascending."""
    changes = own_changes(microgrid=microgrid, site_ids=[site.pk for site in sites], days=days)
    return village_mix(microgrid, days).of(received_wh, from_grid_wh, sum(changes.values()))


def village_mix(microgrid: Microgrid, days: Sequence[date]) -> VillageMix:
    """Load what a village shared, carried and took out of batteries."""
    days = sorted(days)
    offsets = day_offsets(microgrid, days)
    shared, lacking, carried, stored = np.zeros((4, int(offsets[-1])), dtype=np.int64)
    place = {day: slice(int(offsets[i]), int(offsets[i + 1])) for i, day in enumerate(days)}
    for row in SharingDay.objects.filter(microgrid=microgrid, day__in=days, is_current=True):
        span = place[row.day]
        shared[span] = row.shared_wh
        lacking[span] = np.array(row.consumption_wh) - np.array(row.shared_wh)
        carried[span] = row.carried_wh or 0
    rows = StorageDay.objects.filter(microgrid=microgrid, day__in=days, is_current=True)
    found = list(rows.values_list("storage__site_id", "day", "discharged_wh"))
    if found:
        sites = sorted({site for site, _, _ in found})
        delivered = load_shares(microgrid=microgrid, days=days, site_ids=sites)
        gave = np.zeros_like(delivered.delivered_wh)
        for site, day, discharged in found:
            public = discharged[Origin.PUBLIC]
            gave[sites.index(site), place[day]] += np.sum(discharged, axis=0) - public
        stored = np.minimum(gave, delivered.delivered_wh).sum(axis=0)
    return VillageMix(shared, lacking, carried, stored)


def own_changes(*, microgrid: Microgrid, site_ids: Sequence[int], days: Sequence[date]) -> dict[int, int]:
    """By site with storages, by how much public energy used or lost there is more than what was drawn: less what they took in."""
    rows = list(StorageDay.objects.filter(storage__site__in=site_ids, day__in=days, is_current=True).select_related("storage"))
    if not rows:
        return {}
    public = int(Origin.PUBLIC)
    change: dict[int, int] = {}
    left: dict[int, int] = {}
    for row in rows:
        site = row.storage.site_id
        change[site] = change.get(site, 0) + sum(row.lost_wh[public]) - sum(row.charged_wh[public])
        left[site] = left.get(site, 0) + sum(row.discharged_wh[public])
    shares = load_shares(microgrid=microgrid, days=days, site_ids=sorted(change))
    exported = dict(zip(shares.site_ids.tolist(), shares.not_local_wh.sum(axis=1).tolist(), strict=True))
    return {site: change[site] + left[site] - min(left[site], exported[site]) for site in change}
