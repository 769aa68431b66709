"""What a tick tells those who watch, and what is kept of it to be looked at again.

The message is small: numbers in a fixed order whose name it carries. The order itself, with codes and places, a page fetches once.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import numpy as np

from grid.domain.network.picture import Picture, pack, picture_of
from grid.models import GridPicture, GridState
from grid.selectors.messages import message_of
from grid.services.control_tick import Thought

KEEP_EVERY = timedelta(seconds=12)


def picture_of_tick(thought: Thought) -> Picture:
    """What wires and storages showed."""
    seen = thought.scene.readings
    return picture_of(thought.flow, seen.soc_wh, seen.charge_w, seen.discharge_w)


def tell_tick(thought: Thought, state: GridState, unseen: Sequence[int]) -> dict[str, Any]:
    """The message of a tick; `state` need not be stored yet. `unseen` counts alarms that nobody has acknowledged, by priority."""
    message = message_of(state, thought.layout.order, picture_of_tick(thought))
    return message | {"alarms": list(unseen), "held_back": _held_back(thought)}


def _held_back(thought: Thought) -> dict[str, list[dict[str, Any]]]:
    """Sources that may give less than they can, and loads that are let go, by code."""
    layout, choice = thought.layout, thought.choice
    first, second = len(layout.storages), len(layout.storages) + len(layout.source_site)
    sources, loads = layout.targets[first:second], layout.targets[second:]
    return {
        "sources": [
            {"code": sources[i].code, "limit_w": int(choice.source_limit_w[i])}
            for i in np.flatnonzero(np.isfinite(choice.source_limit_w)).tolist()
        ],
        "loads": [{"code": loads[i].code, "tier": int(layout.points.load_tier[i])} for i in np.flatnonzero(choice.load_is_shed).tolist()],
    }


def keep_picture(thought: Thought, state: GridState) -> None:
    """Keep the picture of a stored tick where the last kept one is old enough."""
    microgrid = thought.layout.microgrid
    since = state.at - KEEP_EVERY * max(microgrid.clock_speed, 1.0)
    recent = GridPicture.objects.filter(state__microgrid=microgrid, state__at__gt=since, state__at__lt=state.at)
    if not recent.exists():
        GridPicture.objects.create(state=state, order=thought.layout.order, packed=pack(picture_of_tick(thought)))
