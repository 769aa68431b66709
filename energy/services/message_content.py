"""What a message may say: checked against its device, its meter or sensor, and its microgrid's clock."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from energy.domain.acceptance import CannotAccept
from energy.domain.sensors import COVER_OPEN, QUANTITIES
from energy.domain.telemetry import SAMPLE_NAMES, IntervalBlock, Telemetry
from energy.models import Microgrid
from energy.models.meters import MeterKind, channels_of
from energy.selectors.intake import IntakeDevice
from energy.services.sensors import SensorValue

OLDEST_INTERVAL = timedelta(days=45)
CLOCK_TOLERANCE = timedelta(seconds=60)
_CHANNELS = {
    (str(kind), reactive): frozenset(c.label for c in channels_of(kind, counts_reactive=reactive))
    for kind in MeterKind
    for reactive in (False, True)
}
_METER_SAMPLES = frozenset(SAMPLE_NAMES) | {COVER_OPEN}
_SENSOR_SAMPLES = {kind: frozenset({quantity.record, COVER_OPEN}) for kind, quantity in QUANTITIES.items()}


def check_content(telemetry: Telemetry, device: IntakeDevice, microgrid: Microgrid, now: datetime) -> bool:
    """Check clock, name, channels and records; `now` is the microgrid's. Returns whether the clock is a little off.

    Raises:
        CannotAccept: `wrong_device`, `clock`, `wrong_channel`, `wrong_interval`, `wrong_record` or `outside_window`.
    """
    if telemetry.device_name != device.name:
        raise CannotAccept("wrong_device")
    interval = timedelta(minutes=microgrid.interval_minutes)
    skew = abs(now - telemetry.sent_at)
    if skew > interval / 2:
        raise CannotAccept("clock")
    channels = _CHANNELS.get((device.meter_kind or "", device.counts_reactive), frozenset())
    for block in telemetry.blocks:
        if block.channel not in channels:
            raise CannotAccept("wrong_channel")
        _check_block(block, interval, now)
    names = _METER_SAMPLES if device.meter_id is not None else _SENSOR_SAMPLES[device.sensor_kind or ""]
    for sample in telemetry.samples:
        if not sample.values.keys() <= names:
            raise CannotAccept("wrong_record")
        if not now - OLDEST_INTERVAL <= sample.at <= now + interval / 2:
            raise CannotAccept("outside_window")
    return skew > CLOCK_TOLERANCE


def _check_block(block: IntervalBlock, interval: timedelta, now: datetime) -> None:
    if block.interval_s != interval.total_seconds() or block.start_at.timestamp() % block.interval_s:
        raise CannotAccept("wrong_interval")
    if not now - OLDEST_INTERVAL <= block.start_at <= now:
        raise CannotAccept("outside_window")
    if block.start_at + interval * len(block.values_wh) > now + CLOCK_TOLERANCE:
        raise CannotAccept("outside_window")


def sensor_values(telemetry: Telemetry, device: IntakeDevice, message_id: int) -> Iterator[SensorValue]:
    """What a sensor's message says of its quantity; what no sound sensor can say is not kept beyond the evidence."""
    if device.sensor_id is None:
        return
    quantity = QUANTITIES[device.sensor_kind or ""]
    for sample in telemetry.samples:
        value = sample.values.get(quantity.record)
        if value is not None and quantity.holds(value):
            yield SensorValue(device.sensor_id, sample.at, value, message_id)
