"""How common plants are divided, and what holders used of them."""

from collections.abc import Collection, Sequence
from datetime import date

import numpy as np
from django.db.models import Q, QuerySet
from numpy.typing import NDArray

from energy.models import Microgrid
from energy.selectors.scope import READING_ROLES
from grid.models import GivenDay, PlantDivision, PlantShare
from members.models import User
from members.selectors.scope import visible_members


def divisions_along(plant_ids: Collection[int], days: Sequence[date]) -> list[PlantDivision]:
    """The divisions that hold on one of the days, by plant and day, with their parts."""
    rows = PlantDivision.objects.filter(plant__in=plant_ids, valid_from__lte=max(days))
    rows = rows.filter(Q(valid_to__isnull=True) | Q(valid_to__gt=min(days)))
    return list(rows.prefetch_related("shares__member").order_by("plant", "valid_from"))


def used_by_holders(
    *, microgrid: Microgrid, days: Sequence[date], offsets: NDArray[np.int64], entries: Sequence[int | None]
) -> NDArray[np.int64]:
    """What each holder used at an own site, by the entry of the plant's list; [H, T], nothing where there is none."""
    used = np.zeros((len(entries), int(offsets[-1])), dtype=np.int64)
    row_of = {entry: row for row, entry in enumerate(entries) if entry is not None}
    first = dict(zip(days, offsets.tolist(), strict=False))
    given = GivenDay.objects.filter(microgrid=microgrid, day__in=days, is_current=True, preference__in=list(row_of))
    for preference, day, wh in given.values_list("preference_id", "day", "wh"):
        used[row_of[preference], first[day] : first[day] + len(wh)] += np.array(wh, dtype=np.int64)
    return used


def visible_plant_shares(user: User) -> QuerySet[PlantShare]:
    """Parts of the user's own members; all of the cooperatives where the user is operator, auditor or support."""
    return (
        PlantShare.objects.filter(member__in=visible_members(user, *READING_ROLES))
        .select_related("division__plant", "member", "used_at")
        .order_by("division__plant__code", "division__valid_from", "member__number")
    )
