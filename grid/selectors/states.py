"""What the live page shows before the first tick reaches it."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from energy.models import Microgrid
from grid.adapters.live_push import last_text
from grid.models import DeviceCommand, GridState

HOUR = timedelta(hours=1)


def latest_state(microgrid: Microgrid) -> dict[str, Any] | None:
    """The newest message with all its parts; None where no tick ran within a quarter of an hour."""
    text = last_text(microgrid.public_id)
    return json.loads(text) if text else None


def states_between(microgrid: Microgrid, start_at: datetime, end_at: datetime) -> Sequence[GridState]:
    """The ticks of `[start_at, end_at)`, oldest first."""
    return list(GridState.objects.filter(microgrid=microgrid, at__gte=start_at, at__lt=end_at).order_by("at"))


def last_hour(microgrid: Microgrid, now: datetime) -> Sequence[GridState]:
    """The ticks of the last hour of real time, which is `clock_speed` hours of the microgrid's."""
    return states_between(
        microgrid, now - HOUR * max(microgrid.clock_speed, 1.0), now + timedelta(microseconds=1)
    )


def newest_commands(microgrid: Microgrid) -> Sequence[DeviceCommand]:
    """The last command of each storage, by the storage's code."""
    rows = (
        DeviceCommand.objects.filter(microgrid=microgrid)
        .select_related("storage")
        .order_by("storage_id", "-issued_at", "-pk")
        .distinct("storage_id")
    )
    return sorted(rows, key=lambda row: row.storage.code)
