"""What sensors other than meters measure: the names of their records, their units, and what can be.

A sensor's device signs as a meter's does; its records are samples at an instant, one name per kind of sensor.
"""

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SensorQuantity:
    """One kind of sensor.

    Attributes:
        record: name of its record in SenML.
        unit: unit of its values; empty where the value is 1 or 0.
        least, most: what a sound sensor can say; values beyond are not kept.
    """

    record: str
    unit: str
    least: float
    most: float

    def holds(self, value: float) -> bool:
        """Whether a sound sensor can say `value`."""
        return math.isfinite(value) and self.least <= value <= self.most


# Pyranometers read a little below nothing at night, and above the solar constant at a cloud's edge.
QUANTITIES = {
    "irradiance": SensorQuantity("irradiance_w_m2", "W/m²", -20.0, 2_000.0),
    "air_temperature": SensorQuantity("air_temperature_c", "°C", -60.0, 70.0),
    "transformer_temperature": SensorQuantity("transformer_temperature_c", "°C", -60.0, 250.0),
    "voltage": SensorQuantity("voltage_v", "V", 0.0, 1_000_000.0),
    "door": SensorQuantity("door_open", "", 0.0, 1.0),
}
SENSOR_RECORDS = tuple(quantity.record for quantity in QUANTITIES.values())
COVER_OPEN = "cover_open"  # any device: whether its case is open now
FLAG_RECORDS = ("door_open", COVER_OPEN)  # true or false, or 1 or 0
