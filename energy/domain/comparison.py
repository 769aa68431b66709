"""Comparison with similar members that gives nobody away.

Others are those of the same kind, with or without a plant, and of the same size band; where they are fewer than five the groups
get coarser, and below five others nothing is shown. What is shown is a mean of at least five others of which none makes up more
than half, and how many use more in steps of a fifth: no single value can be read off either.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LEAST_OTHERS = 5
LARGEST_SHARE = 0.5
STEPS = 5
BANDS_WH_PER_DAY = (4_000.0, 8_000.0, 14_000.0, 30_000.0, 100_000.0)


@dataclass(frozen=True, slots=True)
class Traits:
    """What makes sites similar: kind, whether a plant stands behind it, the band of its mean day."""

    kind: str
    has_plant: bool
    band: int


class GroupLevel(StrEnum):
    """How alike the others are, from alike to only of the same kind."""

    KIND_PLANT_SIZE = "kind_plant_size"
    KIND_PLANT = "kind_plant"
    KIND = "kind"


@dataclass(frozen=True, slots=True)
class Comparison:
    """A site beside similar ones.

    Attributes:
        level: how alike they are.
        others: how many.
        own_wh, others_wh: mean day.
        own_base_w, others_base_w: base load.
        above_fifths: how many of five others use more, 0 to 5.
    """

    level: GroupLevel
    others: int
    own_wh: float
    others_wh: float
    own_base_w: float
    others_base_w: float
    above_fifths: int


class TooFewOthers(LookupError):
    """There are fewer than five similar members, or one of them would stand out; nothing may be shown."""


def size_band(mean_day_wh: float) -> int:
    """The band of a mean day [Wh]."""
    return int(np.searchsorted(BANDS_WH_PER_DAY, mean_day_wh, side="right"))


def _alike(one: Traits, other: Traits, level: GroupLevel) -> bool:
    if one.kind != other.kind:
        return False
    if level is GroupLevel.KIND:
        return True
    return one.has_plant == other.has_plant and (level is GroupLevel.KIND_PLANT or one.band == other.band)


def group_of(traits: Sequence[Traits], own: int, members: Sequence[int]) -> tuple[GroupLevel, list[int]]:
    """The places of similar sites of other members; at most one site of each member counts, the first.

    Raises:
        TooFewOthers: fewer than five even of the same kind.
    """
    for level in GroupLevel:
        seen: dict[int, int] = {}
        for place, other in enumerate(traits):
            if members[place] != members[own] and _alike(traits[own], other, level):
                seen.setdefault(members[place], place)
        if len(seen) >= LEAST_OTHERS:
            return level, sorted(seen.values())
    raise TooFewOthers("Fewer than five similar members; their use would show through.")


def compare(traits: Sequence[Traits], members: Sequence[int], own: int, mean_day_wh: Floats, base_w: Floats) -> Comparison:
    """Set one site beside similar ones; arrays float64 [s] over all sites.

    Raises:
        TooFewOthers: see `group_of`; also where one of the others makes up more than half of their sum.
    """
    level, others = group_of(traits, own, members)
    values, bases = mean_day_wh[others], base_w[others]
    for summed in (values, bases):
        total = float(summed.sum())
        if total > 0 and float(summed.max()) > LARGEST_SHARE * total:
            raise TooFewOthers("One of the similar members stands out; a mean would show its use.")
    above = float((values > mean_day_wh[own]).mean())
    return Comparison(
        level, len(others), float(mean_day_wh[own]), float(values.mean()), float(base_w[own]), float(bases.mean()), round(above * STEPS)
    )
