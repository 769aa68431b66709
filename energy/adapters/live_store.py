"""Where the last samples lie in Valkey: one hash per microgrid, one field per meter."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings
from redis import Redis

KEEP_S = 900


@dataclass(frozen=True, slots=True)
class LiveSample:
    """The newest sample of a meter: its instant [s since 1970, the microgrid's clock] and values by name."""

    at_s: float
    values: Mapping[str, float]


def valkey() -> "Redis[bytes]":
    """A client of the configured server."""
    return Redis.from_url(settings.REDIS_URL)


def live_key(microgrid_id: int) -> str:
    """Where the samples of a microgrid lie: a hash by meter id."""
    return f"microgrid-live:{microgrid_id}"


def write_samples(samples: Mapping[int, Mapping[int, LiveSample]]) -> None:
    """Keep samples by microgrid and meter; a sample that is older than the one kept does not replace it."""
    with valkey() as client:
        kept = {microgrid_id: read_samples(microgrid_id, client) for microgrid_id in samples}
        with client.pipeline(transaction=False) as pipe:
            for microgrid_id, by_meter in samples.items():
                fields = {
                    str(meter_id): json.dumps({"at": sample.at_s, **sample.values})
                    for meter_id, sample in by_meter.items()
                    if meter_id not in kept[microgrid_id] or kept[microgrid_id][meter_id].at_s <= sample.at_s
                }
                if fields:
                    pipe.hset(live_key(microgrid_id), mapping=fields)
                    pipe.expire(live_key(microgrid_id), KEEP_S)
            pipe.execute()


def read_samples(microgrid_id: int, client: "Redis[bytes] | None" = None) -> dict[int, LiveSample]:
    """The kept samples of a microgrid by meter id."""
    if client is None:
        with valkey() as own_client:
            return read_samples(microgrid_id, own_client)
    found = {}
    for meter_id, text in client.hgetall(live_key(microgrid_id)).items():
        values = json.loads(text)
        found[int(meter_id)] = LiveSample(values.pop("at"), values)
    return found
