"""The newest state of a microgrid to everybody who watches: encoded once, published once, kept for the next page.

Each web process subscribes once to a microgrid's channel in Valkey and hands the text on to its own sockets (grid/live/fan_out.py).
"""

import json
from typing import Any
from uuid import UUID

from django.core.cache import cache

from energy.adapters.live_store import valkey

KEEP_S = 900


def channel_of(public_id: UUID) -> str:
    """The channel in Valkey on which a microgrid's states are published."""
    return f"grid-state:{public_id.hex}"


def push_state(public_id: UUID, message: dict[str, Any]) -> str:
    """Keep and publish a message; returns the text that was sent."""
    text = json.dumps(message, separators=(",", ":"))
    cache.set(channel_of(public_id), text, KEEP_S)
    valkey().publish(channel_of(public_id), text)
    return text


def last_text(public_id: UUID) -> str | None:
    """The newest message as it was sent; None where none came within a quarter of an hour."""
    return cache.get(channel_of(public_id))
