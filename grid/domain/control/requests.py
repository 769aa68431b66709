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
    """

    load_limit_w: Power
    reason: str = ""

    @classmethod
    def none(cls, points: Points) -> "Requests":
        """Nobody is asked for anything."""
        return cls(np.full(len(points.load_node), np.inf))

    @classmethod
    def of_shares(cls, share: Power, points: Points, reason: str) -> "Requests":
        """Loads held to a share of their highest demand; NaN where nothing is asked. Loads that cannot wait are left alone."""
        may = (points.load_tier >= STEERED_FROM_TIER) & (points.load_tier > NEVER_SHED) & ~np.isnan(share)
        return cls(np.where(may, share * points.load_most_w, np.inf), reason)

    @property
    def words(self) -> tuple[str, ...]:
        """A sentence; none where nothing stands."""
        count = int(np.isfinite(self.load_limit_w).sum())
        if not count:
            return ()
        return (f"{count} load{'s are' if count > 1 else ' is'} held down: {self.reason}",)
