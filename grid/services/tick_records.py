"""What a tick leaves behind: its state, its commands, its alarms, its picture, the memory."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import numpy as np
from django.db import transaction

from energy.models import Microgrid
from grid.models import CommandFallback, CommandStatus, ControlMemory, DeviceCommand, GridState
from grid.selectors.control_layout import ControlLayout
from grid.selectors.control_memory import memory_as_json
from grid.selectors.readings import scene_of
from grid.services.control_tick import NewCommand, Thought, is_breaker
from grid.services.emergencies import note_status
from grid.services.supply import note_supply
from grid.services.tick_alarms import keep_alarms
from grid.services.tick_message import keep_picture

FORGET_EVERY = 500
KEEP_TICKS = timedelta(days=32)


@transaction.atomic
def keep_thought(*, thought: Thought, real_now: datetime, status: str = CommandStatus.PENDING, gap_s: float = 0.0) -> GridState:
    """Write a tick down in one transaction.

    `status` is that of its commands: pending, or sent where they are out already; `gap_s` is how long ago the tick before was.
    """
    layout, now = thought.layout, thought.now
    state = state_of(thought)
    state.save()
    keep_picture(thought, state)
    keep_commands(layout=layout, commands=thought.commands, now=now, status=status)
    keep_alarms(
        microgrid=layout.microgrid,
        scene=scene_of(layout, thought.scene),
        names=layout.names,
        flow=thought.flow,
        seen=thought.seen,
        now=now,
        unheard=thought.unheard,
        gap_s=gap_s,
        not_obeying=thought.not_obeying,
    )
    note_supply(thought=thought)
    note_status(microgrid=layout.microgrid, status=thought.choice.status, reasons=thought.reasons, now=now, real_now=real_now)
    keep_memory(thought=thought)
    if state.pk % FORGET_EVERY == 0:
        forget_ticks(microgrid=layout.microgrid, before=now - KEEP_TICKS)
    return state


def keep_memory(*, thought: Thought) -> None:
    """What the next owner needs to go on."""
    content = memory_as_json(thought.choice.memory, thought.layout)
    ControlMemory.objects.update_or_create(microgrid=thought.layout.microgrid, defaults={"at": thought.now, "content": content})


def state_of(thought: Thought) -> GridState:
    """The row of a tick, not stored yet."""
    flow, seen, layout = thought.flow, thought.seen, thought.layout
    loadings = np.concatenate([flow.line_loading, flow.transformer_loading]) if flow else np.zeros(0)
    reached = flow.voltage_pu[~np.isnan(flow.voltage_pu)] if flow else np.zeros(0)
    return GridState(
        microgrid=layout.microgrid,
        at=thought.now,
        status=thought.choice.status,
        production_w=round(seen.production_w),
        consumption_w=round(seen.consumption_w),
        charge_w=round(seen.charge_w),
        discharge_w=round(seen.discharge_w),
        import_w=round(seen.import_w),
        export_w=round(seen.export_w),
        storage_wh=round(seen.storage_wh),
        storage_capacity_wh=sum(s.capacity_wh for s in layout.storages),
        losses_w=round(flow.losses_w) if flow else None,
        highest_loading=float(loadings.max()) if len(loadings) else None,
        lowest_voltage_pu=float(reached.min()) if len(reached) else None,
        highest_voltage_pu=float(reached.max()) if len(reached) else None,
        sites_reporting=int(thought.scene.readings.site_reports.sum()),
        sites_total=len(layout.site_ids),
        points_estimated=thought.points_estimated,
        reasons=thought.reasons,
    )


def keep_commands(
    *, layout: ControlLayout, commands: Sequence[NewCommand], now: datetime, status: str = CommandStatus.PENDING
) -> list[DeviceCommand]:
    """Write commands down; older open ones of the same device end."""
    open_ones = DeviceCommand.objects.filter(microgrid=layout.microgrid, status__in=(CommandStatus.PENDING, CommandStatus.SENT))
    open_ones.filter(expires_at__lte=now).update(status=CommandStatus.EXPIRED)
    fresh = [_row(layout, command, status) for command in commands]
    for name in ("storage_id", "source_id", "consumer_id", "breaker_id"):
        told = [getattr(row, name) for row in fresh if getattr(row, name) is not None]
        if told:
            open_ones.filter(**{f"{name}__in": told}).update(status=CommandStatus.EXPIRED)
    return DeviceCommand.objects.bulk_create(fresh)


def _row(layout: ControlLayout, command: NewCommand, status: str) -> DeviceCommand:
    target, place, value = layout.targets[command.place], command.place, command.value_w
    storages, sources = len(layout.storages), len(layout.source_site)
    row = DeviceCommand(
        microgrid=layout.microgrid,
        public_id=command.public_id,
        reason=command.reason[:200],
        issued_at=command.issued_at,
        expires_at=command.expires_at,
        status=status,
    )
    if place < storages:
        row.storage_id, row.fallback = target.asset_id, CommandFallback.IDLE
        row.charge_w, row.discharge_w = max(int(value), 0), max(int(-value), 0)
        return row
    if is_breaker(layout, place):
        row.breaker_id, row.fallback, row.closes = (target.asset_id, CommandFallback.STAY, bool(np.isfinite(value)))
        return row
    row.fallback = CommandFallback.FREE
    row.limit_w = int(value) if np.isfinite(value) else None
    if place < storages + sources:
        row.source_id = target.asset_id
    else:
        row.consumer_id = target.asset_id
    return row


def note_acknowledged(*, microgrid: Microgrid, ids: Iterable[str], now: datetime) -> int:
    """Note which commands were acknowledged; returns how many that were open."""
    return DeviceCommand.objects.filter(
        microgrid=microgrid, public_id__in=list(ids), status__in=(CommandStatus.PENDING, CommandStatus.SENT)
    ).update(status=CommandStatus.ACKNOWLEDGED, acknowledged_at=now)


def forget_ticks(*, microgrid: Microgrid, before: datetime) -> None:
    """Delete ticks and finished commands from before that instant of the microgrid's clock."""
    GridState.objects.filter(microgrid=microgrid, at__lt=before).delete()
    DeviceCommand.objects.filter(microgrid=microgrid, expires_at__lt=before).delete()
