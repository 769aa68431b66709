"""Facts: what stands where, what it measured, and how it is known."""

from energy.models.assets import Consumer, Source, StorageUnit
from energy.models.device_life import AlarmKind, DeviceAlarm, DeviceEvent, DeviceEventKind
from energy.models.devices import Device, DeviceKey, EnrolmentCode, RefusalCount
from energy.models.meter_days import Channel, DayStatus, MeterDay
from energy.models.meters import Meter
from energy.models.microgrids import Microgrid
from energy.models.profiles import ReferenceProfileDay
from energy.models.sensors import Sensor, SensorKind, SensorReading
from energy.models.sites import Site
from energy.models.telemetry import TelemetryMessage
from energy.models.topology import Line, Node, Transformer

__all__ = [
    "AlarmKind",
    "Channel",
    "Consumer",
    "DayStatus",
    "Device",
    "DeviceAlarm",
    "DeviceEvent",
    "DeviceEventKind",
    "DeviceKey",
    "EnrolmentCode",
    "Line",
    "Meter",
    "MeterDay",
    "Microgrid",
    "Node",
    "ReferenceProfileDay",
    "RefusalCount",
    "Sensor",
    "SensorKind",
    "SensorReading",
    "Site",
    "Source",
    "StorageUnit",
    "TelemetryMessage",
    "Transformer",
]
