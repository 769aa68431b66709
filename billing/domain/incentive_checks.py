"""What a person should look at before an incentive is paid: each check has a name and says what it saw. None of them decides anything."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


class Concern(StrEnum):
    """Why somebody should look."""

    RAISED_BEFORE = "raised_before"
    CYCLED = "cycled"
    OWN_SITES = "own_sites"
    MOVED_NEXT_DOOR = "moved_next_door"


@dataclass(frozen=True, slots=True)
class Limits:
    """From where on somebody looks.

    Attributes:
        raised_share: the usual peak share against that of the days before, as a factor.
        raised_least_wh: by less than this nothing is said.
        cycled_share: of what was received, what the site gave back on the same day from its battery.
        own_share: of what was received, what came from other sites of the same member in the same interval.
        moved_share: of what was shifted at one site, by how much another site of the member drew more in the peak than usual.
    """

    raised_share: float = 1.25
    raised_least_wh: int = 2000
    cycled_share: float = 0.3
    own_share: float = 0.5
    moved_share: float = 0.5


LIMITS = Limits()


def raised_before(
    usual_peak_wh: Ints, usual_drawn_wh: Ints, before_peak_wh: Ints, before_drawn_wh: Ints, limits: Limits = LIMITS
) -> NDArray[np.bool_]:
    """The peak weighed more in the days that say what is usual than in those before them: the baseline may have been raised."""
    usual = usual_peak_wh / np.maximum(usual_drawn_wh, 1)
    before = before_peak_wh / np.maximum(before_drawn_wh, 1)
    more_wh = (usual - before) * usual_drawn_wh
    seen: NDArray[np.bool_] = (before_drawn_wh > 0) & (usual > limits.raised_share * before) & (more_wh >= limits.raised_least_wh)
    return seen


def cycled(received_by_day: Ints, delivered_by_day: Ints, discharge_by_day: Ints, limits: Limits = LIMITS) -> NDArray[np.bool_]:
    """Received from neighbours, put into the own battery, and delivered to neighbours again on the same day."""
    round_wh = np.minimum(np.minimum(received_by_day, delivered_by_day), discharge_by_day).sum(axis=1)
    received = received_by_day.sum(axis=1)
    seen: NDArray[np.bool_] = (received > 0) & (round_wh > limits.cycled_share * received)
    return seen


def from_own_sites(
    received_wh: Ints, delivered_wh: Ints, members: Sequence[int], total_wh: Ints, limits: Limits = LIMITS
) -> NDArray[np.bool_]:
    """Most of what was received came from other sites of the same member, by their part of what everybody delivered in each interval; [n, T] and [T]."""
    found = np.zeros(len(members), dtype=bool)
    owner = np.array(members)
    for member in {m for m in members if members.count(m) > 1}:
        rows = np.flatnonzero(owner == member)
        own = delivered_wh[rows].sum(axis=0)
        for row in rows:
            share = np.divide(own - delivered_wh[row], total_wh, out=np.zeros(len(total_wh)), where=total_wh > 0)
            received = received_wh[row]
            found[row] = received.sum() > 0 and (received * share).sum() > limits.own_share * received.sum()
    return found


def moved_next_door(shifted_wh: Ints, peak_less_usual_wh: Ints, members: Sequence[int], limits: Limits = LIMITS) -> NDArray[np.bool_]:
    """What one site shifted, other sites of the same member drew more in the peak than they used to."""
    found = np.zeros(len(members), dtype=bool)
    owner = np.array(members)
    for row in np.flatnonzero(shifted_wh > 0):
        others = (owner == owner[row]) & (np.arange(len(owner)) != row)
        more = np.maximum(peak_less_usual_wh[others], 0).sum()
        found[row] = more > limits.moved_share * shifted_wh[row]
    return found
