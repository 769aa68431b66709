"""The control tick in one call: see, decide, keep, command, tell. One owner per microgrid at a time.

`manage.py run_control` keeps all this in memory and lets no server hold it up (grid/services/control_loop.py); here each step waits
for the one before, for tests, for tools, and for an installation without that process.
"""

import logging
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from energy.models import Microgrid
from energy.selectors.live import live_readings
from energy.services.sole_hand import sole_hand
from grid.adapters.inverter_link import BrokerAway, Order, exchange
from grid.adapters.live_push import push_state
from grid.models import CommandStatus, ControlRule, DeviceCommand, GridState
from grid.selectors.alarms import unseen_counts
from grid.selectors.control_layout import device_names, lay_out, load_layout
from grid.selectors.control_memory import load_memory, load_told
from grid.selectors.demand_requests import demand_requests, lay_requests
from grid.selectors.overrides import lay_over, standing_overrides
from grid.selectors.readings import fresh_readings
from grid.selectors.run_limits import lay_runs, run_limits
from grid.selectors.self_reports import link_reports
from grid.selectors.supply_limits import lay_supply_limits, supply_limits
from grid.services.control_tick import hold_length, think
from grid.services.link_commands import device_of, link_command, links_of, send_by_links
from grid.services.observation import weigh
from grid.services.tick_message import tell_tick
from grid.services.tick_records import forget_ticks, keep_thought, note_acknowledged

__all__ = ["deliver_commands", "forget_ticks", "lock_name", "run_tick"]
log = logging.getLogger(__name__)
PATIENCE_FOR_ACKS_S = 1.0


def run_tick(*, microgrid: Microgrid, now: datetime, real_now: datetime | None = None) -> GridState | None:
    """Run one tick at the microgrid's `now`; None where another owner runs it, or where no site reports.

    `real_now` is when people are called; the same as `now` where the microgrid's clock is the real one. State and commands are one
    transaction; then commands go out, acknowledgements come in, watchers are told.
    """
    with sole_hand(lock_name(microgrid)) as owned:
        if not owned:
            return None
        layout = load_layout(microgrid, now)
        scene = lay_out(layout, fresh_readings(live_readings(microgrid.pk), microgrid, now))
        if not scene.readings.site_reports.any():
            log.warning("no site of %s reports: no tick", microgrid.slug)
            return None
        at_s = now.timestamp() / max(microgrid.clock_speed, 1.0)
        memory, told = load_memory(layout, at_s), load_told(layout, now, at_s, hold_length(microgrid))
        ordered = lay_over(layout, list(standing_overrides(microgrid, now)), now)
        asked = lay_requests(layout, demand_requests(microgrid, now), now)
        asked = lay_runs(layout, run_limits(microgrid, now), now, asked)
        asked = lay_supply_limits(layout, supply_limits(microgrid), asked)
        thought = think(
            layout,
            scene,
            None,
            memory,
            told,
            now=now,
            at_s=at_s,
            overrides=ordered,
            requests=asked,
            judged=weigh(layout, scene),
            links=link_reports(microgrid),
            real_now=timezone.now(),
        )
        state = keep_thought(thought=thought, real_now=real_now or now)
        deliver_commands(microgrid=microgrid, now=now)
        push_state(microgrid.public_id, tell_tick(thought, state, unseen_counts(microgrid, now)))
    return state


def lock_name(microgrid: Microgrid) -> str:
    """Who holds this advisory lock controls the microgrid."""
    return f"grid control {microgrid.pk}"


def deliver_commands(*, microgrid: Microgrid, now: datetime) -> int:
    """Send what is pending, take in acknowledgements; returns how many came. Safe to repeat: each command is claimed once.

    Without the broker nothing is lost that matters: a command that did not reach its device expires, the next tick decides anew.
    """
    claimed = _claim(microgrid, now)
    open_ones = DeviceCommand.objects.filter(microgrid=microgrid, status=CommandStatus.SENT)
    open_ids = {str(i) for i in open_ones.values_list("public_id", flat=True)}
    if not open_ids:
        return 0
    by_link = send_by_links(
        microgrid=microgrid,
        commands=[link_command(command) for command in claimed],
        now=now,
        real_now=timezone.now(),
        patience_s=PATIENCE_FOR_ACKS_S,
    )
    taken = note_acknowledged(microgrid=microgrid, ids=by_link, now=now)
    open_ids -= by_link
    if not open_ids:
        return taken
    linked = links_of(microgrid)
    claimed = [command for command in claimed if device_of(command) not in linked]
    names = device_names(microgrid)
    orders = [order for order in (_order(command, names) for command in claimed) if order is not None]
    try:
        heard = exchange(
            settings.MQTT_URL,
            identifier=f"microgrid-control-{microgrid.pk}",
            devices=sorted(set(names.values())),
            orders=orders,
            open_ids=open_ids,
            patience_s=PATIENCE_FOR_ACKS_S,
        )
    except BrokerAway as problem:
        log.warning("%d commands did not go out, the broker is away: %s", len(orders), problem)
        return taken
    return taken + note_acknowledged(microgrid=microgrid, ids=heard & open_ids, now=now)


def _order(command: DeviceCommand, names: dict[int, str]) -> Order | None:
    """The command as it goes out; None where its device has gone meanwhile."""
    if command.breaker_id is not None:
        return _breaker_order(command, names)
    if command.consumer is not None:
        meter = command.consumer.site.meters.filter(kind="site", removed_at__isnull=True).first()
    else:
        device = command.storage or command.source
        assert device is not None  # a constraint: a command is for one of the four
        meter = device.meter
    name = names.get(meter.pk) if meter is not None else None
    if name is None:
        return None
    return Order(
        str(command.public_id),
        name,
        command.charge_w,
        command.discharge_w,
        command.issued_at,
        command.expires_at,
        command.storage_id is None,
        command.limit_w,
        command.consumer.code if command.consumer else None,
    )


def _breaker_order(command: DeviceCommand, names: dict[int, str]) -> Order | None:
    name = names.get(command.breaker_id or 0)
    rule = ControlRule.objects.filter(microgrid=command.microgrid_id).first()
    if name is None or rule is None:
        return None
    limits = {"slip_hz": rule.sync_slip_hz, "phase_deg": rule.sync_phase_deg, "voltage_pu": rule.sync_voltage_pu}
    return Order(str(command.public_id), name, 0, 0, command.issued_at, command.expires_at, closes=command.closes, in_step=limits)


@transaction.atomic
def _claim(microgrid: Microgrid, now: datetime) -> list[DeviceCommand]:
    """Take the pending commands for sending, in one conditional UPDATE."""
    pending = DeviceCommand.objects.filter(microgrid=microgrid, status=CommandStatus.PENDING, expires_at__gt=now)
    ids = list(pending.select_for_update(skip_locked=True).values_list("pk", flat=True))
    DeviceCommand.objects.filter(pk__in=ids).update(status=CommandStatus.SENT)
    found = DeviceCommand.objects.filter(pk__in=ids).order_by("pk")
    return list(found.select_related("storage__meter", "source__meter", "consumer__site"))
