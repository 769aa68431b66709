"""What an operator has ordered by hand, laid over what control decides; it yields to nothing but what devices can do."""

from dataclasses import dataclass

import numpy as np

from grid.domain.control.dispatch import Power
from grid.domain.control.state import Mask, Points


@dataclass(frozen=True, slots=True)
class Overrides:
    """Orders that stand.

    Attributes:
        storage_w: by storage, charging positive; NaN where control decides.
        source_limit_w: by source, the most it may give; infinite where control decides.
        load_is_shed: by load, whether its tier is let go; tier 0 never is.
    """

    storage_w: Power
    source_limit_w: Power
    load_is_shed: Mask

    @classmethod
    def none(cls, points: Points) -> "Overrides":
        """Control decides everything."""
        return cls(
            np.full(len(points.storage_node), np.nan), np.full(len(points.source_node), np.inf), np.zeros(len(points.load_node), bool)
        )

    @property
    def holds_storage(self) -> Mask:
        return ~np.isnan(self.storage_w)
