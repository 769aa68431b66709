"""The newest state of a microgrid to everybody who watches: one text, encoded once, sent to the group, kept for the next page."""

import json
from typing import Any
from uuid import UUID

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.core.cache import cache

KEEP_S = 900


def group_of(public_id: UUID) -> str:
    """The channel layer's group of those who watch a microgrid."""
    return f"grid.{public_id.hex}"


def _key(public_id: UUID) -> str:
    return f"grid-state:{public_id.hex}"


def push_state(public_id: UUID, message: dict[str, Any]) -> str:
    """Send and keep a message; returns the text that was sent."""
    text = json.dumps(message, separators=(",", ":"))
    cache.set(_key(public_id), text, KEEP_S)
    layer = get_channel_layer()
    async_to_sync(layer.group_send)(group_of(public_id), {"type": "grid.state", "text": text})
    return text


def last_text(public_id: UUID) -> str | None:
    """The newest message as it was sent; None where none came within a quarter of an hour."""
    return cache.get(_key(public_id))
