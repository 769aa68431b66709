"""Where the last samples lie in Valkey: one hash per microgrid, one field per meter."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.conf import settings
from redis import Redis

KEEP_S = 900


@dataclass(frozen=True, slots=True)
class LiveSample:
    """The newest sample of a meter: its instant [s since 1970, the microgrid's clock] and values by name."""

    at_s: float
    values: Mapping[str, float]


@lru_cache(maxsize=4)
def _client(url: str) -> Redis:
    return Redis.from_url(url)


def valkey() -> Redis:
    """A client of the configured server; its connections are kept and shared."""
    return _client(settings.REDIS_URL)


def live_key(microgrid_id: int) -> str:
    """Where the samples of a microgrid lie: a hash by meter id."""
    return f"microgrid-live:{microgrid_id}"


def write_samples(samples: Mapping[int, Mapping[int, LiveSample]]) -> None:
    """Keep samples by microgrid and meter; a sample that is older than the one kept does not replace it."""
    client = valkey()
    with client.pipeline(transaction=False) as pipe:
        for microgrid_id, by_meter in samples.items():
            pipe.hmget(live_key(microgrid_id), list(by_meter))
        kept = pipe.execute()
    with client.pipeline(transaction=False) as pipe:
        for (microgrid_id, by_meter), texts in zip(samples.items(), kept, strict=True):
            fields: dict[Any, Any] = {
                str(meter_id): json.dumps({"at": sample.at_s, **sample.values})
                for (meter_id, sample), text in zip(by_meter.items(), texts, strict=True)
                if text is None or json.loads(text)["at"] <= sample.at_s
            }
            if fields:
                pipe.hset(live_key(microgrid_id), mapping=fields)
                pipe.expire(live_key(microgrid_id), KEEP_S)
        pipe.execute()


def read_samples(microgrid_id: int) -> dict[int, LiveSample]:
    """The kept samples of a microgrid by meter id."""
    kept: dict[Any, Any] = valkey().hgetall(live_key(microgrid_id))
    # One text is read faster than thousands.
    values = json.loads(b"[" + b",".join(kept.values()) + b"]")
    return {int(meter_id): LiveSample(one.pop("at"), one) for meter_id, one in zip(kept, values, strict=True)}
