"""What storages behind links say of themselves, where their meters are silent."""

from dataclasses import dataclass, replace

import numpy as np

from grid.domain.control.dispatch import Power
from grid.domain.control.tick import Readings


@dataclass(frozen=True, slots=True)
class SelfReports:
    """By storage [W, Wh]; NaN where it says nothing, or said it long ago."""

    charge_w: Power
    discharge_w: Power
    soc_wh: Power

    def stand_in(self, readings: Readings) -> Readings:
        """The readings with what storages say of themselves where their meters are silent."""
        silent = ~readings.storage_reports
        if not silent.any():
            return readings
        return replace(
            readings,
            charge_w=np.where(silent, self.charge_w, readings.charge_w),
            discharge_w=np.where(silent, self.discharge_w, readings.discharge_w),
            soc_wh=np.where(silent, self.soc_wh, readings.soc_wh),
        )
