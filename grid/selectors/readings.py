"""The live readings of a microgrid, laid out by site and storage for the control tick."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from energy.models import Microgrid, StorageUnit
from energy.selectors.live import LiveReadings
from grid.domain.control.dispatch import StorageLimits
from grid.domain.control.tick import Readings
from grid.selectors.control_layout import ControlLayout, LiveScene

SILENT_AFTER_S = 20.0


@dataclass(frozen=True, slots=True)
class Scene:
    """What a tick works on: readings, the storages with their limits, in the readings' order, and frequencies as told."""

    site_ids: NDArray[np.int64]
    storages: list[StorageUnit]
    limits: StorageLimits
    readings: Readings
    frequency_hz: NDArray[np.float64]


def scene_of(layout: ControlLayout, live: LiveScene) -> Scene:
    """The scene with these readings."""
    return Scene(layout.site_ids, list(layout.storages), layout.limits, live.readings, live.frequency_hz)


def fresh_readings(live: LiveReadings, microgrid: Microgrid, now: datetime) -> LiveReadings:
    """Those that are not silence yet: at the microgrid's `now` not older than SILENT_AFTER_S of real time."""
    return live.not_older_than(timedelta(seconds=SILENT_AFTER_S * max(microgrid.clock_speed, 1.0)), now=now)
