"""What sensors said: appended within the transaction in which their messages are accepted."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np

from energy.adapters.binary_copy import Column, copy_in
from energy.services.partitions import ensure_months

TABLE = "energy_sensorreading"
COLUMNS = (
    Column("at", "timestamptz"),
    Column("sensor_id", "int8"),
    Column("microgrid_id", "int8"),
    Column("value", "float8"),
    Column("message_id", "int8"),
)


@dataclass(frozen=True, slots=True)
class SensorValue:
    """One value of a sensor, in the unit of its kind, and the message it came in; `at` is the microgrid's clock."""

    sensor_id: int
    at: datetime
    value: float
    message_id: int


def append_sensor_readings(*, cursor: Any, microgrid_id: int, readings: Sequence[SensorValue]) -> int:
    """Append readings of one microgrid; part of the caller's transaction. Returns how many."""
    if not readings:
        return 0
    ensure_months(table=TABLE, days={reading.at.astimezone(UTC).date() for reading in readings})
    values = {
        "at": np.array([r.at.astimezone(UTC).replace(tzinfo=None) for r in readings], "datetime64[us]"),
        "sensor_id": [r.sensor_id for r in readings],
        "microgrid_id": microgrid_id,
        "value": [r.value for r in readings],
        "message_id": [r.message_id for r in readings],
    }
    copy_in(cursor, TABLE, COLUMNS, values, len(readings))
    return len(readings)
