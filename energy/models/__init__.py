"""Facts: what stands where, what it measured, and how it is known."""

from energy.models.asset_requests import AssetRequest, RequestedKind, RequestState
from energy.models.assets import Consumer, Source, StorageUnit
from energy.models.certificates import CertificateAuthority, DeviceCertificate
from energy.models.day_versions import MeterDayVersion, VersionCause
from energy.models.device_life import AlarmKind, DeviceAlarm, DeviceEvent, DeviceEventKind
from energy.models.devices import Device, DeviceKey, EnrolmentCode, RefusalCount
from energy.models.exchanges import MeterExchange, RegisterHandOver
from energy.models.firmware import FirmwareOutcome, FirmwareRelease
from energy.models.forecasts import ForecastKind, ForecastModel, ForecastQuantity, ForecastRun, ForecastScore, MeterForecast, WeatherHour
from energy.models.gateways import Gateway, GatewayMessage, GatewayMeter, GatewayRefusal, GatewayRegister
from energy.models.imports import Effect, ImportProblem, ImportStatus, ReadingFile, ReadingImport, StagedMeterDay
from energy.models.maintenance import MaintenancePlan, WorkKind, WorkOrder, WorkState
from energy.models.meter_days import Channel, DayStatus, MeterDay
from energy.models.meters import Meter
from energy.models.microgrids import Microgrid
from energy.models.own_alarms import OwnAlarm, OwnAlarmHit, OwnAlarmKind
from energy.models.ownership import SiteOwnership
from energy.models.profiles import ReferenceProfileDay
from energy.models.sensors import Sensor, SensorKind, SensorReading
from energy.models.silences import FeedSilence, SilenceKind
from energy.models.sites import Site
from energy.models.telemetry import TelemetryMessage
from energy.models.topology import Line, NetworkChange, Node, Switch, SwitchPosition, Transformer
from energy.models.validation import ClassSettings, LearnedLimits, Review, ReviewState

__all__ = [
    "AlarmKind",
    "AssetRequest",
    "CertificateAuthority",
    "Channel",
    "ClassSettings",
    "Consumer",
    "DayStatus",
    "Device",
    "DeviceAlarm",
    "DeviceCertificate",
    "DeviceEvent",
    "DeviceEventKind",
    "DeviceKey",
    "Effect",
    "EnrolmentCode",
    "FeedSilence",
    "FirmwareOutcome",
    "FirmwareRelease",
    "ForecastKind",
    "ForecastModel",
    "ForecastQuantity",
    "ForecastRun",
    "ForecastScore",
    "Gateway",
    "GatewayMessage",
    "GatewayMeter",
    "GatewayRefusal",
    "GatewayRegister",
    "ImportProblem",
    "ImportStatus",
    "LearnedLimits",
    "Line",
    "MaintenancePlan",
    "Meter",
    "MeterDay",
    "MeterDayVersion",
    "MeterExchange",
    "MeterForecast",
    "Microgrid",
    "NetworkChange",
    "Node",
    "OwnAlarm",
    "OwnAlarmHit",
    "OwnAlarmKind",
    "ReadingFile",
    "ReadingImport",
    "ReferenceProfileDay",
    "RefusalCount",
    "RegisterHandOver",
    "RequestState",
    "RequestedKind",
    "Review",
    "ReviewState",
    "Sensor",
    "SensorKind",
    "SensorReading",
    "SilenceKind",
    "Site",
    "SiteOwnership",
    "Source",
    "StagedMeterDay",
    "StorageUnit",
    "Switch",
    "SwitchPosition",
    "TelemetryMessage",
    "Transformer",
    "VersionCause",
    "WeatherHour",
    "WorkKind",
    "WorkOrder",
    "WorkState",
]
