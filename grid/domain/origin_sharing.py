"""Sharing with batteries: only what came out of them of local origin is shared as local; what they carried of the public grid stays that.

What is shared decides what of a charge was local, what is stored decides what of a later discharge may be shared. A discharge is always of
what was stored before its interval, so the day is solved by sharing again until nothing changes: each pass settles at least one more interval.

Behind a meter own use takes own production first, a charge takes what is left of it, and import after that; what is exported
beyond what is left of own production came out of the battery.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grid.domain.energy_origin import ORIGINS, Course, Order, Origin, Stock, Vessel, follow
from grid.domain.sharing.keys import Shared
from kernel.apportionment import largest_remainder

Wh = NDArray[np.int64]
RESOLUTION_WH = 2
"""Registers show whole Wh and so do shares, each right to one: a public part of a charge no larger than this is rounding."""


@dataclass(frozen=True, slots=True)
class StorageFlow:
    """One storage on a day: charge and discharge at its terminals [T]."""

    stock: Stock
    vessel: Vessel
    charge_wh: Wh
    discharge_wh: Wh


@dataclass(frozen=True, slots=True)
class StorageSite:
    """A metering point with storages behind it; they are filled and emptied in their order where origins differ.

    Attributes:
        column: its place among the sites that share.
        code: breaks ties.
        production_wh: of the sources behind it [T].
    """

    column: int
    code: str
    production_wh: Wh
    storages: tuple[StorageFlow, ...]


@dataclass(frozen=True, slots=True)
class OriginRule:
    """Which energy leaves first, and whether what nobody saw going in is shared as local."""

    order: Order
    unknown_is_local: bool


@dataclass(frozen=True, slots=True)
class SharedByOrigin:
    """A day's sharing and what the storages did.

    Attributes:
        not_local_wh: by interval and storage site, what was fed in that is not of local origin and so not shared [T, s].
        carried_wh: by interval and storage site, public energy fed in that took the place of import [T, s].
        courses: of each site's storages.
    """

    shared: Shared
    not_local_wh: Wh
    carried_wh: Wh
    courses: tuple[tuple[Course, ...], ...]


@dataclass(frozen=True, slots=True)
class SiteMeter:
    """A storage site's day: what of its charge and export belongs to what; all [T]."""

    own_charge_wh: Wh
    imported_charge_wh: Wh
    charge_wh: Wh
    storage_export_wh: Wh
    discharge_wh: Wh


def share_by_origin(
    drawn_wh: Wh, fed_in_wh: Wh, share: Callable[[Wh, Wh], Shared], sites: Sequence[StorageSite], starts_s: Sequence[int], rule: OriginRule
) -> SharedByOrigin:
    """Share a day.

    Args:
        drawn_wh, fed_in_wh: by interval and site [T, n].
        share: the key, from drawn and fed in of local origin.
        starts_s: start of each interval, seconds since 1970 [T].
    """
    meters = [read_meter(site, drawn_wh[:, site.column], fed_in_wh[:, site.column]) for site in sites]
    held_back = np.zeros((2, len(starts_s), len(sites)), dtype=np.int64)
    for _ in range(len(starts_s) + 1):
        local = fed_in_wh.copy(order="K")
        for place, site in enumerate(sites):
            local[:, site.column] -= held_back[:, :, place].sum(axis=0)
        shared = share(drawn_wh, local)
        courses = tuple(
            _follow(site, meter, drawn_wh[:, site.column], shared.received.parts_wh[:, site.column], starts_s, rule.order)
            for site, meter in zip(sites, meters, strict=True)
        )
        found = np.stack([_held_back(m, c, rule) for m, c in zip(meters, courses, strict=True)], axis=2)
        if (found == held_back).all():
            carried = _carried(shared, found[0], [site.code for site in sites])
            return SharedByOrigin(shared, found.sum(axis=0), carried, courses)
        held_back = found
    raise AssertionError("sharing by origin did not come to rest")


def read_meter(site: StorageSite, import_wh: Wh, export_wh: Wh) -> SiteMeter:
    """Tell from a storage site's import and export [T] what its storages took of what, and what they fed in."""
    charge = _sum([s.charge_wh for s in site.storages])
    discharge = _sum([s.discharge_wh for s in site.storages])
    used = np.maximum(import_wh - export_wh + site.production_wh + discharge - charge, 0)
    left = np.maximum(site.production_wh - used, 0)
    own = np.minimum(charge, left)
    sold_directly = np.minimum(export_wh, left - own)
    return SiteMeter(own, np.minimum(charge - own, import_wh), charge, np.minimum(export_wh - sold_directly, discharge), discharge)


def _sum(parts: Sequence[Wh]) -> Wh:
    total: Wh = np.sum(parts, axis=0)
    return total


def _follow(
    site: StorageSite, meter: SiteMeter, import_wh: Wh, received_wh: Wh, starts_s: Sequence[int], order: Order
) -> tuple[Course, ...]:
    """Let the site's storages live through the day, charged with what the sharing says."""
    charged = np.zeros((len(starts_s), ORIGINS), dtype=np.int64)
    local = meter.imported_charge_wh * received_wh // np.maximum(import_wh, 1)
    public = meter.imported_charge_wh - local
    noise = np.where(public <= RESOLUTION_WH, public, 0)
    charged[:, Origin.OWN], charged[:, Origin.LOCAL] = meter.own_charge_wh, local
    charged[:, Origin.PUBLIC] = public - noise
    charged[:, Origin.UNKNOWN] = meter.charge_wh - meter.own_charge_wh - meter.imported_charge_wh + noise
    parts = _in_order(charged, [s.charge_wh for s in site.storages])
    return tuple(follow(s.stock, s.vessel, starts_s, part, s.discharge_wh, order) for s, part in zip(site.storages, parts, strict=True))


def _in_order(charged_wh: Wh, takes_wh: Sequence[Wh]) -> list[Wh]:
    """Hand a charge by origin [T, o] to storages that take `takes_wh`: one after the other, origins in their order."""
    if len(takes_wh) == 1:
        return [charged_wh]
    ends = np.cumsum(charged_wh, axis=1)
    begins = ends - charged_wh
    parts, last = [], np.zeros(len(charged_wh), dtype=np.int64)
    for take in takes_wh:
        first, last = last, last + take
        parts.append(np.maximum(np.minimum(ends, last[:, None]) - np.maximum(begins, first[:, None]), 0))
    return parts


def _held_back(meter: SiteMeter, courses: Sequence[Course], rule: OriginRule) -> Wh:
    """What of the storages' export is public, and of what is unknown not shared either: [2, T]; never less than its share."""
    given = _sum([course.discharged_wh for course in courses])
    discharge = np.maximum(meter.discharge_wh, 1)
    public = -(-meter.storage_export_wh * given[:, Origin.PUBLIC] // discharge)
    unknown = np.zeros_like(public)
    if not rule.unknown_is_local:
        of_unknown = -(-meter.storage_export_wh * given[:, Origin.UNKNOWN] // discharge)
        unknown = np.minimum(of_unknown, meter.storage_export_wh - public)
    return np.stack([public, unknown])


def _carried(shared: Shared, public_wh: Wh, codes: Sequence[str]) -> Wh:
    """Public energy out of storages that was used at once: as far as use goes beyond local production; [T, s].

    It takes the place of import, so that what is bought beyond it is what crosses the coupling point.
    """
    lacking = np.maximum(shared.consumption_wh - shared.production_wh, 0)
    carried = public_wh.copy()
    for t in np.flatnonzero(public_wh.sum(axis=1) > lacking):
        carried[t] = largest_remainder(int(lacking[t]), public_wh[t].tolist(), codes)
    return carried
