"""How warm it was outside, by day, where a sensor says."""

from collections.abc import Sequence
from datetime import UTC, date

import numpy as np
from django.db.models import F
from numpy.typing import NDArray

from energy.models import Microgrid, Sensor, SensorKind
from energy.selectors.sensors import sensor_series

LEAST_READINGS = 12


def daily_temperature_c(*, microgrid: Microgrid, days: Sequence[date]) -> NDArray[np.float64] | None:
    """Mean air temperature of each day of an ascending list; float64 [d], NaN for a day with fewer than twelve readings.

    From the microgrid's first sensor of air temperature, one of the whole before one at a site; None where there is none.
    """
    sensors = Sensor.objects.filter(microgrid=microgrid, kind=SensorKind.AIR_TEMPERATURE, removed_at__isnull=True).order_by(
        F("site").asc(nulls_first=True), "pk"
    )
    sensor = sensors.first()
    if sensor is None or not days:
        return None
    bounds = [microgrid.local_day(day) for day in days]
    series = sensor_series(sensor.pk, start_at=bounds[0].start_at, end_at=bounds[-1].end_at)
    first, after = (
        np.searchsorted(series.at, np.array([i.astimezone(UTC).replace(tzinfo=None) for i in instants], "datetime64[us]"))
        for instants in ([b.start_at for b in bounds], [b.end_at for b in bounds])
    )
    sums = np.concatenate([[0.0], np.cumsum(series.values)])
    counts = after - first
    out = np.full(len(days), np.nan)
    enough = counts >= LEAST_READINGS
    out[enough] = (sums[after] - sums[first])[enough] / counts[enough]
    return out
