"""Whose local energy a storage took in, gave and holds, as far as who looks may know whose it is."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from energy.models import Site
from energy.selectors.ownership import members_on
from energy.selectors.scope import READING_ROLES, operated_microgrids
from grid.domain.stored_producers import NOT_KNOWN
from grid.models import StorageDay
from members.models import Member, User


class Who(StrEnum):
    """Whose energy it is, seen from the storage."""

    OWN = "own"
    COOPERATIVE = "cooperative"
    NEIGHBOUR = "neighbour"
    NOT_KNOWN = "not_known"


@dataclass(frozen=True, slots=True)
class Produced:
    """Energy of one site, or of several that are not named, in a storage on a day [Wh]; `name` and `code` are empty where it has none."""

    who: Who
    code: str
    name: str
    sites: int
    before_wh: int
    charged_wh: int
    discharged_wh: int
    lost_wh: int
    stored_wh: int


def may_name_neighbours(user: User, row: StorageDay) -> bool:
    """Only the cooperative's staff read which neighbour it is; a member reads of own sites and the cooperative's plants."""
    return operated_microgrids(user, *READING_ROLES).filter(pk=row.microgrid_id).exists()


def produced_in(row: StorageDay, user: User) -> list[Produced]:
    """Who produced what a storage held on a day: named ones with the most first, then neighbours together, then what is not known."""
    sites = Site.objects.filter(pk__in=[p for p in row.producers if p != NOT_KNOWN])
    by_id = {site.pk: site for site in sites}
    owners = members_on([row.storage.site_id, *by_id], row.day)
    owner = owners[row.storage.site_id]
    names_all = may_name_neighbours(user, row)
    named: list[Produced] = []
    unnamed: dict[Who, list[Produced]] = {Who.NEIGHBOUR: [], Who.NOT_KNOWN: []}
    for place, producer in enumerate(row.producers):
        site = by_id.get(producer)
        who = _who(owners[site.pk] if site else None, owner)
        numbers = (
            row.produced_before_wh[place],
            row.produced_charged_wh[place],
            row.produced_discharged_wh[place],
            row.produced_lost_wh[place],
            sum(parcel[place] for parcel in row.parcels_wh),
        )
        if site is None or (who == Who.NEIGHBOUR and not names_all):
            unnamed[who].append(Produced(who, "", "", 1, *numbers))
        else:
            named.append(Produced(who, site.code, site.name, 1, *numbers))
    named.sort(key=lambda one: (-(one.charged_wh + one.before_wh), one.code))
    return [*named, *(_together(who, ones) for who, ones in unnamed.items() if ones)]


def _who(producer: Member | None, owner: Member) -> Who:
    if producer is None:
        return Who.NOT_KNOWN
    if producer == owner:
        return Who.OWN
    return Who.COOPERATIVE if producer.is_cooperative else Who.NEIGHBOUR


def _together(who: Who, ones: Iterable[Produced]) -> Produced:
    rows = [(o.sites, o.before_wh, o.charged_wh, o.discharged_wh, o.lost_wh, o.stored_wh) for o in ones]
    return Produced(who, "", "", *(sum(column) for column in zip(*rows, strict=True)))
