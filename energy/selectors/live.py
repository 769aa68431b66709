"""The last samples of a microgrid's meters as arrays."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from energy.adapters.live_store import LiveSample, read_samples
from energy.domain.telemetry import SAMPLE_NAMES


@dataclass(frozen=True, slots=True)
class LiveReadings:
    """The newest sample of each meter that has one.

    Attributes:
        meter_ids: int64 [m], ascending.
        at_s: float64 [m], when it was measured [s since 1970], by the microgrid's clock.
        values: by name as in SAMPLE_NAMES (powers [W], `soc_wh` [Wh], `voltage_v` [V], `frequency_hz` [Hz], the
            coupling's), float64 [m];
            NaN where the meter does not say.
    """

    meter_ids: NDArray[np.int64]
    at_s: NDArray[np.float64]
    values: Mapping[str, NDArray[np.float64]]

    def not_older_than(self, age: timedelta, *, now: datetime) -> "LiveReadings":
        """Only the readings of the last `age` before the microgrid's `now`."""
        fresh = self.at_s >= (now - age).timestamp()
        return LiveReadings(self.meter_ids[fresh], self.at_s[fresh], {name: v[fresh] for name, v in self.values.items()})


def live_readings(microgrid_id: int) -> LiveReadings:
    """Read the live state; empty where nothing came within the last quarter of an hour."""
    return readings_of(read_samples(microgrid_id))


def readings_of(samples: Mapping[int, LiveSample]) -> LiveReadings:
    """Samples by meter as arrays."""
    meter_ids = sorted(samples)
    found = [samples[meter_id] for meter_id in meter_ids]
    nothing = float("nan")
    said = [sample.values for sample in found]
    columns = {name: np.array([values.get(name, nothing) for values in said], dtype=np.float64) for name in SAMPLE_NAMES}
    return LiveReadings(np.array(meter_ids, dtype=np.int64), np.array([sample.at_s for sample in found], dtype=np.float64), columns)
