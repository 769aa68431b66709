"""What control remembered when it was last written down, and what its devices were told last."""

import math
from dataclasses import fields
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

import numpy as np

from grid.domain.control.command_life import Told
from grid.domain.control.state import Memory
from grid.models import CommandStatus, ControlMemory, DeviceCommand
from grid.selectors.control_layout import ControlLayout

MASKS = {"is_distrusted", "load_is_shed"}
CLOSES = 1.0  # what a breaker that may close is told; an infinite value takes it back


def memory_as_json(memory: Memory, layout: ControlLayout) -> dict[str, Any]:
    """The memory with the ids its arrays belong to; what JSON has no number for as words."""
    return {"identity": layout.identity} | {field.name: _plain(getattr(memory, field.name)) for field in fields(Memory)}


def load_memory(layout: ControlLayout, at_s: float) -> Memory:
    """What was written down last, if it fits to the devices that are there now; else nothing."""
    fresh = Memory.fresh(layout.points, len(layout.site_ids), at_s)
    row = ControlMemory.objects.filter(microgrid=layout.microgrid).first()
    if row is None or row.content.get("identity") != layout.identity:
        return fresh
    names = {field.name for field in fields(Memory)}
    if not names <= row.content.keys():  # an older release wrote it
        return fresh
    return Memory(**{name: _number(row.content[name], name) for name in names})


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return [_plain(item) for item in value.tolist()]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return dict(value) if isinstance(value, dict) else value


def _number(value: Any, name: str) -> Any:
    if isinstance(value, list):
        return np.array(value, dtype=bool if name in MASKS else np.float64)
    return float(value) if isinstance(value, str) and name != "status" else value


def load_told(layout: ControlLayout, now: datetime, at_s: float, hold: timedelta) -> Told:
    """What stands by the commands in the database, and who left how many of them unanswered."""
    rows = DeviceCommand.objects.filter(microgrid=layout.microgrid, issued_at__gt=now - 3 * hold)
    rows = rows.order_by("storage_id", "source_id", "consumer_id", "breaker_id", "-issued_at", "-pk")
    place_of = _places(layout)
    count = len(layout.targets)
    told = Told.nothing(len(layout.storages), count - len(layout.storages))
    value, ends, known = told.value_w.copy(), told.ends_s.copy(), told.is_known.copy()
    unanswered, ids = told.unanswered.copy(), list(told.ids)
    speed = max(layout.microgrid.clock_speed, 1.0)
    for key, group in groupby(rows, key=lambda c: (c.storage_id, c.source_id, c.consumer_id, c.breaker_id)):
        place = place_of.get(key)
        if place is None:
            continue
        commands = list(group)
        newest = commands[0]
        limit = np.inf if newest.limit_w is None else float(newest.limit_w)
        if newest.closes:
            limit = CLOSES
        value[place] = limit if newest.storage_id is None else float(newest.charge_w - newest.discharge_w)
        ends[place] = at_s + (newest.expires_at - now).total_seconds() / speed
        known[place] = newest.status == CommandStatus.ACKNOWLEDGED
        ids[place] = str(newest.public_id)
        answered = [i for i, c in enumerate(commands) if c.status == CommandStatus.ACKNOWLEDGED]
        unanswered[place] = answered[0] if answered else len(commands)
    return Told(value, told.fallback_w, ends, known, unanswered, told.quiet_ticks, tuple(ids))


def _places(layout: ControlLayout) -> dict[tuple[int | None, ...], int]:
    """By the ids of storage, source, consumer and breaker, of which one is set."""
    counts = (len(layout.storages), len(layout.source_site), len(layout.load_site), int(layout.breaker is not None))
    kinds = [kind for kind, count in enumerate(counts) for _ in range(count)]
    return {
        tuple(target.asset_id if kind == this else None for this in range(len(counts))): place
        for place, (kind, target) in enumerate(zip(kinds, layout.targets, strict=True))
    }
