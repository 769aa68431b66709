"""The last sample of each meter, kept in Valkey: it may be lost, the next samples bring it back."""

import json
from collections.abc import Sequence

from django.conf import settings
from redis import Redis

from energy.domain.telemetry import Telemetry
from energy.models import Device

KEEP_S = 900


def live_key(microgrid_id: int) -> str:
    """Where the samples of a microgrid lie: a hash by meter id."""
    return f"microgrid-live:{microgrid_id}"


def valkey() -> "Redis[bytes]":
    """A client of the configured server."""
    return Redis.from_url(settings.REDIS_URL)


def remember_samples(messages: Sequence[tuple[Device, Telemetry]]) -> None:
    """Keep the newest sample of each message."""
    fields: dict[int, dict[str, str]] = {}
    for device, telemetry in messages:
        if telemetry.samples:
            newest = telemetry.samples[-1]
            text = json.dumps({"at": newest.at.timestamp(), **newest.values})
            fields.setdefault(device.microgrid_id, {})[str(device.meter_id)] = text
    if not fields:
        return
    with valkey() as client, client.pipeline(transaction=False) as pipe:
        for microgrid_id, values in fields.items():
            pipe.hset(live_key(microgrid_id), mapping=values)
            pipe.expire(live_key(microgrid_id), KEEP_S)
        pipe.execute()
