"""Writing down the steps of a device's life."""

from datetime import datetime

from energy.models import Device, DeviceEvent, DeviceEventKind
from members.models import User

LONGEST_DETAIL = 300


def log_event(*, device: Device, kind: DeviceEventKind, now: datetime, by: User | None = None, detail: str = "") -> None:
    """Write down a step; part of the caller's transaction. `now` is real time."""
    DeviceEvent.objects.create(device=device, at=now, kind=kind, by=by, detail=detail[:LONGEST_DETAIL])
