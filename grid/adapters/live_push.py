"""The newest state of a microgrid to everybody who watches: encoded once, published once, kept for the next page.

Each web process subscribes once to a microgrid's channel in Valkey and hands the text on to its own sockets (grid/live/fan_out.py).
"""

import json
from typing import Any
from uuid import UUID

from django.core.cache import cache

from energy.adapters.live_store import valkey

KEEP_S = 900
STORY_KEPT_S = 14 * 24 * 3600


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


def keep_story(public_id: UUID, story: dict[str, Any]) -> None:
    """Keep what the emergency page shows beside the last state: for long, because it is looked at when nothing else answers."""
    cache.set(f"emergency-story:{public_id.hex}", json.dumps(story, separators=(",", ":")), STORY_KEPT_S)
    text = cache.get(channel_of(public_id))
    if text:
        cache.set(f"emergency-state:{public_id.hex}", text, STORY_KEPT_S)


def last_story(public_id: UUID) -> tuple[dict[str, Any] | None, dict[str, Any]]:
    """The last state that is known, however old, and the story beside it."""
    found = cache.get_many([f"emergency-state:{public_id.hex}", f"emergency-story:{public_id.hex}"])
    state, story = (found.get(f"emergency-state:{public_id.hex}"), found.get(f"emergency-story:{public_id.hex}"))
    return (json.loads(state) if state else None), (json.loads(story) if story else {})
