"""What a common plant fed in day by day, and what became of the parts that somebody holds of it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from django.db.models import QuerySet
from numpy.typing import NDArray

from energy.models import Site
from grid.domain.sharing.plants import divide
from grid.models import BalanceDay, PlantShare
from grid.selectors.plant_shares import divisions_along, used_by_holders
from grid.selectors.sharing import ShareBlock, load_shares
from members.models import Member

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class PlantYield:
    """A plant over some closed days, and one's parts of it; int64 [d] each, in Wh.

    Attributes:
        days: closed, in order.
        fed_in_wh: what the plant fed in of its own.
        used_wh, sold_wh, exported_wh: one's part of that, by where it went: an own site, neighbours, the public grid.
    """

    days: list[date]
    fed_in_wh: Ints
    used_wh: Ints
    sold_wh: Ints
    exported_wh: Ints

    @property
    def part_wh(self) -> Ints:
        """One's part of what was fed in."""
        return self.used_wh + self.sold_wh + self.exported_wh

    def of(self, place: int) -> tuple[int, int, int, int, int]:
        """A day: fed in, one's part, and of that used at home, sold to neighbours and to the public grid."""
        columns = (self.fed_in_wh, self.part_wh, self.used_wh, self.sold_wh, self.exported_wh)
        fed_in, part, used, sold, exported = (int(column[place]) for column in columns)
        return fed_in, part, used, sold, exported


def parts_held(members: Collection[Member]) -> QuerySet[PlantShare]:
    """All parts that members hold, held once or are to hold, newest first."""
    return (
        PlantShare.objects.filter(member__in=members)
        .select_related("division__plant__microgrid__cooperative", "member", "used_at")
        .order_by("-division__valid_from", "division__plant__code", "member__number")
    )


def plant_yield(*, plant: Site, members: Collection[Member], days: Sequence[date]) -> PlantYield:
    """What a plant fed in on those of the days that are closed, and the parts of `members` together, as their documents tell it.

    Raises:
        CannotDivide: holders used more of it than was theirs.
    """
    closed = BalanceDay.objects.filter(microgrid=plant.microgrid, day__in=days, is_current=True)
    there = sorted(closed.values_list("day", flat=True))
    columns = np.zeros((4, len(there)), dtype=np.int64)
    if not there:
        return PlantYield(there, *columns)
    shares = load_shares(microgrid=plant.microgrid, days=there, site_ids=[plant.pk])
    columns[0] = _per_day(shares.export_wh[0] - shares.carried_wh[0], shares)
    held = {member.pk for member in members}
    for division in divisions_along([plant.pk], there):
        within = np.array([division.holds_on(day) for day in there])
        holders = sorted(division.shares.all(), key=lambda share: share.member.number)
        inside = np.repeat(within, np.diff(shares.offsets))
        used, sold, left = _divided(plant, holders, shares, there, inside)
        mine = [row for row, share in enumerate(holders) if share.member_id in held]
        columns[1:] += np.stack([_per_day(one[mine].sum(axis=0), shares) for one in (used, sold, left)])
    return PlantYield(there, *columns)


def _divided(
    plant: Site, holders: Sequence[PlantShare], shares: ShareBlock, days: Sequence[date], inside: NDArray[np.bool_]
) -> tuple[Ints, Ints, Ints]:
    """By holder and interval what was used at home, sold, and exported; nothing outside the division's days."""
    used = used_by_holders(microgrid=plant.microgrid, days=days, offsets=shares.offsets, entries=[h.preference_id for h in holders])
    used = used * inside
    fed_in = (shares.export_wh[0] - shares.carried_wh[0]) * inside
    sold = shares.delivered_wh[0] * inside - used.sum(axis=0)
    weights = np.array([holder.millionths for holder in holders], dtype=np.int64)
    found = divide(fed_in, sold, used, weights, np.arange(len(holders)))
    return used, found.sold_wh, found.exported_wh


def _per_day(values: Ints, shares: ShareBlock) -> Ints:
    sums: Ints = np.add.reduceat(values, shares.offsets[:-1])
    return sums
