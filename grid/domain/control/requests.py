"""What members agreed to for certain hours: how far their loads are held down while a demand response event goes on."""

from dataclasses import dataclass

import numpy as np

from grid.domain.control.dispatch import Power
from grid.domain.control.shedding import NEVER_SHED
from grid.domain.control.state import Points

STEERED_FROM_TIER = 3  # deferrable loads (heat pumps, boilers) and flexible ones (cars)


@dataclass(frozen=True, slots=True)
class Requests:
    """Requests that stand.

    Attributes:
        load_limit_w: by load, the most it may draw; infinite where nothing is asked.
        reason: what an operator and the load's command read.
        reasons: by load, where each has its own; else empty.
    """

    load_limit_w: Power
    reason: str = ""
    reasons: tuple[str, ...] = ()

    @classmethod
    def none(cls, points: Points) -> "Requests":
        """Nobody is asked for anything."""
        return cls(np.full(len(points.load_node), np.inf))

    @classmethod
    def of_shares(cls, share: Power, points: Points, reason: str) -> "Requests":
        """Loads held to a share of their highest demand; NaN where nothing is asked. Loads that cannot wait are left alone."""
        may = (points.load_tier >= STEERED_FROM_TIER) & (points.load_tier > NEVER_SHED) & ~np.isnan(share)
        return cls(np.where(may, share * points.load_most_w, np.inf), reason)

    def why(self, place: int) -> str:
        """What the command of a load reads; empty where nothing is asked of it."""
        if not np.isfinite(self.load_limit_w[place]):
            return ""
        return self.reasons[place] if self.reasons else self.reason

    @property
    def words(self) -> tuple[str, ...]:
        """A sentence for each reason; none where nothing stands."""
        told = [self.why(place) for place in np.flatnonzero(np.isfinite(self.load_limit_w)).tolist()]
        return tuple(f"{told.count(why)} load{'s are' if told.count(why) > 1 else ' is'} held down: {why}" for why in dict.fromkeys(told))
