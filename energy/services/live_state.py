"""The last sample of each meter, kept in Valkey: it may be lost, the next samples bring it back."""

import logging
from collections.abc import Sequence

from redis.exceptions import RedisError

from energy.adapters.live_store import LiveSample, live_key, valkey, write_samples
from energy.domain.telemetry import Telemetry
from energy.models import Device
from energy.selectors.intake import IntakeDevice

__all__ = ["live_key", "remember_samples", "valkey"]
log = logging.getLogger(__name__)


def remember_samples(messages: Sequence[tuple[Device | IntakeDevice, Telemetry]]) -> None:
    """Keep the newest sample of each meter; without Valkey the live state waits, what is measured does not."""
    newest: dict[int, dict[int, LiveSample]] = {}
    for device, telemetry in messages:
        if not telemetry.samples or device.meter_id is None:
            continue
        last = max(telemetry.samples, key=lambda sample: sample.at)
        sample = LiveSample(last.at.timestamp(), dict(last.values))
        meters = newest.setdefault(device.microgrid_id, {})
        if device.meter_id not in meters or meters[device.meter_id].at_s <= sample.at_s:
            meters[device.meter_id] = sample
    if not newest:
        return
    try:
        write_samples(newest)
    except RedisError as problem:
        log.warning("the live state is not updated, Valkey cannot be reached: %s", problem)
