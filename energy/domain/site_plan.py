"""Which loads, plants and batteries of a network form which metering point."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Connected:
    """Something connected at a busbar; `is_home` for a household or a business."""

    code: str
    busbar: str
    is_home: bool = False


@dataclass(slots=True)
class PlannedSite:
    """A metering point and the codes of what is behind it."""

    code: str
    busbar: str
    owner_is_member: bool
    loads: list[str] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    storages: list[str] = field(default_factory=list)


def plan_sites(loads: Sequence[Connected], sources: Sequence[Connected], storages: Sequence[Connected]) -> list[PlannedSite]:
    """Form sites: each home is one, and a member's; what else hangs on its busbar belongs to it when it is alone there.

    Where a busbar has several homes or none, plants and other loads are sites of their own, owned by the cooperative.
    Storages are always the cooperative's, metered on their own.
    """
    homes: dict[str, list[PlannedSite]] = defaultdict(list)
    sites: list[PlannedSite] = []
    for load in loads:
        if load.is_home:
            site = PlannedSite(load.code, load.busbar, True, [load.code])
            homes[load.busbar].append(site)
            sites.append(site)
    for load in loads:
        if load.is_home:
            continue
        if len(homes[load.busbar]) == 1:
            homes[load.busbar][0].loads.append(load.code)
        else:
            sites.append(PlannedSite(load.code, load.busbar, False, [load.code]))
    taken = {site.code for site in sites}
    for source in sources:
        if len(homes[source.busbar]) == 1:
            homes[source.busbar][0].sources.append(source.code)
        else:
            code = _free_code(source.code, "plant", taken)
            sites.append(PlannedSite(code, source.busbar, False, sources=[source.code]))
    for storage in storages:
        code = _free_code(storage.code, "storage", taken)
        sites.append(PlannedSite(code, storage.busbar, False, storages=[storage.code]))
    return sites


def _free_code(code: str, what: str, taken: set[str]) -> str:
    """The code, or with a word before it where another site bears it; ids are given once per file, not per network."""
    chosen = code
    while chosen in taken:
        chosen = f"{what} {chosen}"
    taken.add(chosen)
    return chosen
