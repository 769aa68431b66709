"""The control tick: see, decide, keep, command, tell. One owner per microgrid at a time."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from django.conf import settings
from django.db import connection, transaction

from energy.models import Microgrid
from grid.adapters.inverter_link import BrokerAway, Order, exchange
from grid.adapters.live_push import push_state
from grid.domain.alarms import Alarm, Names, frequency_alarms, network_alarms
from grid.domain.powerflow import CannotSolve, Flow
from grid.domain.tick import (  # fmt: skip
    Decision,
    SetPoint,
    Totals,
    consumption_by_site,
    decide,
    needs_command,
    net_draw,
    totals,
)
from grid.models import CommandStatus, DeviceCommand, GridState
from grid.selectors.network import NetworkOfSites, load_network
from grid.selectors.readings import Scene, inverter_names, load_scene
from grid.services.tick_alarms import keep_alarms
from grid.services.tick_message import tell_tick

log = logging.getLogger(__name__)
TICKS_A_COMMAND_HOLDS = 5
TICKS_BEFORE_RENEWAL = 2
PATIENCE_FOR_ACKS_S = 1.0
KEEP_TICKS = timedelta(days=32)
FORGET_EVERY = 500


@dataclass(frozen=True, slots=True)
class _Wires:
    """The network and its solution; no solution is an alarm, not a failure of the tick."""

    network: NetworkOfSites
    flow: Flow | None
    alarms: list[Alarm]


def run_tick(*, microgrid: Microgrid, now: datetime) -> GridState | None:
    """Run one tick at the microgrid's `now`; None where another owner runs it, or where no site reports.

    State and commands are one transaction; then commands go out, acknowledgements come in, watchers are told.
    """
    with _only_owner(microgrid) as owned:
        if not owned:
            return None
        scene = load_scene(microgrid, now)
        if not scene.readings.site_reports.any():
            log.warning("no site of %s reports: no tick", microgrid.slug)
            return None
        wires = _solve(microgrid, scene, now)
        decision = _decide(microgrid, scene, wires)
        seen = totals(scene.readings)
        with transaction.atomic():
            state = _keep_state(microgrid, scene, wires, decision, seen, now)
            _keep_commands(microgrid, scene, decision, now)
            keep_alarms(
                microgrid=microgrid, scene=scene, network=wires.network, flow=wires.flow, seen=seen, now=now
            )
        deliver_commands(microgrid=microgrid, now=now)
        push_state(microgrid.public_id, tell_tick(microgrid, state, scene, wires.network, wires.flow))
        if state.pk % FORGET_EVERY == 0:
            forget_ticks(microgrid=microgrid, before=now - KEEP_TICKS)
    return state


@contextmanager
def _only_owner(microgrid: Microgrid) -> Iterator[bool]:
    """Hold the microgrid's control lock; the database frees it when its holder dies."""
    name = f"grid control {microgrid.pk}"
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [name])
        [(owned,)] = cursor.fetchall()
        try:
            yield owned
        finally:
            if owned:
                cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [name])


def _solve(microgrid: Microgrid, scene: Scene, now: datetime) -> _Wires:
    network = load_network(microgrid.pk, now)
    draw_w, draw_var = np.zeros(len(network.node_codes)), np.zeros(len(network.node_codes))
    at = np.searchsorted(network.site_ids, scene.site_ids)
    node = network.site_node[at]
    known = node >= 0
    np.add.at(draw_w, node[known], net_draw(scene.readings)[known])
    reactive = consumption_by_site(scene.readings) * network.reactive_share[at]
    np.add.at(draw_var, node[known], reactive[known])
    try:
        flow = network.network.solve(draw_w, draw_var)
    except CannotSolve as problem:
        return _Wires(network, None, [Alarm(str(problem), True)])
    names = Names(
        network.node_codes, [w.code for w in network.network.wires], [t.code for t in network.network.transformers],
        network.vm_min_pu, network.vm_max_pu,
    )  # fmt: skip
    return _Wires(network, flow, network_alarms(flow, names))


def _hold(microgrid: Microgrid) -> timedelta:
    """How long a command stands, by the microgrid's clock."""
    return timedelta(seconds=settings.CONTROL_TICK_SECONDS * TICKS_A_COMMAND_HOLDS * max(microgrid.clock_speed, 1.0))  # fmt: skip


def _decide(microgrid: Microgrid, scene: Scene, wires: _Wires) -> Decision:
    return decide(
        scene.readings, scene.limits, _hold(microgrid) / timedelta(hours=1), import_limit_w=microgrid.import_limit_w,
        export_limit_w=microgrid.export_limit_w, alarms=wires.alarms + frequency_alarms(scene.frequency_hz),
    )  # fmt: skip


def _keep_state(
    microgrid: Microgrid, scene: Scene, wires: _Wires, decision: Decision, seen: Totals, now: datetime
) -> GridState:  # fmt: skip
    flow = wires.flow
    loadings = np.concatenate([flow.line_loading, flow.transformer_loading]) if flow else np.zeros(0)
    reached = flow.voltage_pu[~np.isnan(flow.voltage_pu)] if flow else np.zeros(0)
    unheard = DeviceCommand.objects.filter(
        microgrid=microgrid, status=CommandStatus.SENT, issued_at__lt=now - _tick(microgrid)
    ).count()
    reasons = list(decision.reasons)
    if unheard:
        reasons.append(f"{unheard} commands wait for their acknowledgement.")
    return GridState.objects.create(
        microgrid=microgrid, at=now, status=decision.status,
        production_w=round(seen.production_w), consumption_w=round(seen.consumption_w),
        charge_w=round(seen.charge_w), discharge_w=round(seen.discharge_w),
        import_w=round(seen.import_w), export_w=round(seen.export_w), storage_wh=round(seen.storage_wh),
        storage_capacity_wh=sum(s.capacity_wh for s in scene.storages),
        losses_w=round(flow.losses_w) if flow else None,
        highest_loading=float(loadings.max()) if len(loadings) else None,
        lowest_voltage_pu=float(reached.min()) if len(reached) else None,
        highest_voltage_pu=float(reached.max()) if len(reached) else None,
        sites_reporting=int(scene.readings.site_reports.sum()), sites_total=len(scene.site_ids), reasons=reasons,
    )  # fmt: skip


def _tick(microgrid: Microgrid) -> timedelta:
    return timedelta(seconds=settings.CONTROL_TICK_SECONDS * max(microgrid.clock_speed, 1.0))


def _keep_commands(
    microgrid: Microgrid, scene: Scene, decision: Decision, now: datetime
) -> list[DeviceCommand]:
    """Write a command for each storage that must be told anew; older open ones of the same storage end."""
    open_ones = DeviceCommand.objects.filter(
        microgrid=microgrid, status__in=(CommandStatus.PENDING, CommandStatus.SENT)
    )
    open_ones.filter(expires_at__lte=now).update(status=CommandStatus.EXPIRED)
    before = _last_set_points(microgrid, now)
    renew_below_s = _tick(microgrid).total_seconds() * TICKS_BEFORE_RENEWAL
    charge, discharge = decision.set_points.charge_w, decision.set_points.discharge_w
    fresh = []
    for place, storage in enumerate(scene.storages):
        if not scene.readings.storage_is_ready[place] or not scene.readings.storage_reports[place]:
            continue
        charge_w, discharge_w = int(charge[place]), int(discharge[place])
        if needs_command(before.get(storage.pk), charge_w, discharge_w, renew_below_s):
            fresh.append(
                DeviceCommand(
                    microgrid=microgrid, storage=storage, charge_w=charge_w, discharge_w=discharge_w,
                    reason=decision.reasons[0][:200], issued_at=now, expires_at=now + _hold(microgrid),
                )
            )  # fmt: skip
    open_ones.filter(storage__in=[c.storage for c in fresh]).update(status=CommandStatus.EXPIRED)
    return DeviceCommand.objects.bulk_create(fresh)


def _last_set_points(microgrid: Microgrid, now: datetime) -> dict[int, SetPoint]:
    """What each storage was told last, as far as it still holds."""
    rows = (
        DeviceCommand.objects.filter(microgrid=microgrid, issued_at__gt=now - 2 * _hold(microgrid))
        .order_by("storage_id", "-issued_at", "-pk")
        .distinct("storage_id")
    )
    return {
        row.storage_id: SetPoint(
            row.charge_w, row.discharge_w, (row.expires_at - now).total_seconds(),
            row.status == CommandStatus.ACKNOWLEDGED,
        )
        for row in rows
    }  # fmt: skip


def deliver_commands(*, microgrid: Microgrid, now: datetime) -> int:
    """Send what is pending, take in acknowledgements; returns how many came. Safe to repeat: each command is claimed once.

    Without the broker nothing is lost that matters: a command that did not reach its inverter expires, the next tick decides anew.
    """
    claimed = _claim(microgrid, now)
    open_ids = set(
        DeviceCommand.objects.filter(microgrid=microgrid, status=CommandStatus.SENT).values_list("public_id", flat=True)
    )  # fmt: skip
    if not open_ids:
        return 0
    devices = inverter_names(microgrid)
    orders = [
        Order(str(c.public_id), devices[c.storage_id], c.charge_w, c.discharge_w, c.issued_at, c.expires_at)
        for c in claimed
        if c.storage_id in devices
    ]
    try:
        heard = exchange(
            settings.MQTT_URL, identifier=f"microgrid-control-{microgrid.pk}", devices=sorted(devices.values()),
            orders=orders, open_ids={str(i) for i in open_ids}, patience_s=PATIENCE_FOR_ACKS_S,
        )  # fmt: skip
    except BrokerAway as problem:
        log.warning("%d commands did not go out, the broker is away: %s", len(orders), problem)
        return 0
    known = [i for i in open_ids if str(i) in heard]
    return DeviceCommand.objects.filter(
        microgrid=microgrid, public_id__in=known, status=CommandStatus.SENT
    ).update(status=CommandStatus.ACKNOWLEDGED, acknowledged_at=now)


@transaction.atomic
def _claim(microgrid: Microgrid, now: datetime) -> list[DeviceCommand]:
    """Take the pending commands for sending, in one conditional UPDATE."""
    pending = DeviceCommand.objects.filter(
        microgrid=microgrid, status=CommandStatus.PENDING, expires_at__gt=now
    )
    ids = list(pending.select_for_update(skip_locked=True).values_list("pk", flat=True))
    DeviceCommand.objects.filter(pk__in=ids).update(status=CommandStatus.SENT)
    return list(DeviceCommand.objects.filter(pk__in=ids).order_by("pk"))


def forget_ticks(*, microgrid: Microgrid, before: datetime) -> None:
    """Delete ticks and finished commands from before that instant of the microgrid's clock."""
    GridState.objects.filter(microgrid=microgrid, at__lt=before).delete()
    DeviceCommand.objects.filter(microgrid=microgrid, expires_at__lt=before).delete()
