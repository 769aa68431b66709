"""A sensor's readings as arrays."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from energy.adapters.binary_copy import Column, copy_out

COLUMNS = (Column("at", "timestamptz"), Column("value", "float8"))
POSTGRES_EPOCH = np.datetime64("2000-01-01", "us")


@dataclass(frozen=True, slots=True)
class SensorSeries:
    """What a sensor said, the oldest first.

    Attributes:
        at: datetime64[us] [n], UTC of the microgrid's clock.
        values: float64 [n], in the unit of the sensor's kind.
    """

    at: NDArray[np.datetime64]
    values: NDArray[np.float64]


def sensor_series(sensor_id: int, *, start_at: datetime, end_at: datetime) -> SensorSeries:
    """The readings of `[start_at, end_at)`."""
    with connection.cursor() as cursor:
        found = copy_out(
            cursor,
            "SELECT at, value FROM energy_sensorreading WHERE sensor_id = %s AND at >= %s AND at < %s ORDER BY at",
            [sensor_id, start_at, end_at],
            COLUMNS,
        )
    since = found["at"].astype(np.int64).astype("timedelta64[us]")
    return SensorSeries(POSTGRES_EPOCH + since, found["value"].astype(np.float64))
