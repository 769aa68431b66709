"""One tick in memory: from readings to a decision and the commands that follow; nothing here waits for a server."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

import numpy as np
from django.conf import settings

from energy.models import Microgrid
from grid.adapters.inverter_link import Order
from grid.domain.alarms import Alarm, frequency_alarms, network_alarms
from grid.domain.control.command_life import Told, due, tell, unanswered
from grid.domain.control.dispatch import Situation, status_of
from grid.domain.control.overrides import Overrides
from grid.domain.control.requests import Requests
from grid.domain.control.rule import control
from grid.domain.control.state import Choice, ControlSettings, Memory, Seen, Watched
from grid.domain.control.tick import Readings, Totals, totals
from grid.domain.control.watching import watched_limits
from grid.domain.network.powerflow import CannotSolve, Flow
from grid.domain.network.sensitivities import linearise
from grid.domain.planning.targets import PlanTargets
from grid.selectors.control_layout import ControlLayout, LiveScene
from grid.selectors.control_memory import CLOSES
from grid.selectors.self_reports import LinkReport, lay_reports, not_obeying
from grid.services.observation import Judgement, Observed, observe
from kernel.identifiers import uuid7

TICKS_A_COMMAND_HOLDS = 5
TICKS_BEFORE_RENEWAL = 2
ESCALATE_AFTER = 3


@dataclass(frozen=True, slots=True)
class NewCommand:
    """A command that was decided: to which target, its value (a set-point, or a limit; infinite is none), why, and how long it holds."""

    public_id: UUID
    place: int
    value_w: float
    reason: str
    issued_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Thought:
    """What a tick saw and decided.

    Attributes:
        flow: None where the power flow has no solution; that is an alarm, not a failure of the tick.
        told: what stands once the commands are out.
        unheard: codes of devices that did not acknowledge several commands in a row.
        points_estimated: how many sites are silent and stood in for.
        not_obeying: codes of devices that do not do as told by their own word, and what is wrong.
    """

    layout: ControlLayout
    now: datetime
    scene: LiveScene
    flow: Flow | None
    choice: Choice
    seen: Totals
    reasons: list[str]
    commands: Sequence[NewCommand]
    told: Told
    unheard: Sequence[str]
    points_estimated: int
    not_obeying: Sequence[tuple[str, str]] = ()


def tick_length(microgrid: Microgrid) -> timedelta:
    """From one tick to the next, by the microgrid's clock."""
    return timedelta(seconds=settings.CONTROL_TICK_SECONDS * max(microgrid.clock_speed, 1.0))


def hold_length(microgrid: Microgrid) -> timedelta:
    """How long a command stands, by the microgrid's clock."""
    return tick_length(microgrid) * TICKS_A_COMMAND_HOLDS


def tick_settings(layout: ControlLayout) -> ControlSettings:
    """The microgrid's settings with the times that follow from the length of a tick."""
    tick_s = settings.CONTROL_TICK_SECONDS
    return replace(
        layout.settings,
        hold_hours=hold_length(layout.microgrid) / timedelta(hours=1),
        hold_s=tick_s * TICKS_A_COMMAND_HOLDS,
        patience_s=3 * tick_s,
        keep_s=2 * tick_s,
    )


def think(
    layout: ControlLayout,
    scene: LiveScene,
    plan: PlanTargets | None,
    memory: Memory,
    told: Told,
    *,
    now: datetime,
    at_s: float,
    overrides: Overrides | None = None,
    requests: Requests | None = None,
    judged: Judgement | None = None,
    links: Sequence[LinkReport] = (),
    real_now: datetime | None = None,
) -> Thought:
    """Solve, decide, and name the commands; `at_s` is the controller's own clock, `now` the microgrid's.

    `judged` is what weighing all readings against each other found, which takes longer than a tick may: who lies counts as silent.
    `links` is what devices behind links said last, by the real clock (`real_now`, the microgrid's where they are one).
    """
    said, astray = lay_reports(layout, links, real_now or now)
    scene = replace(scene, readings=said.stand_in(scene.readings))
    rule = tick_settings(layout)
    believed = _believed(scene, judged)
    observed, watched, alarms = _solve(layout, scene, judged)
    alarms += frequency_alarms(scene.frequency_hz)
    told_hz = scene.frequency_hz[~np.isnan(scene.frequency_hz)]
    seen = Seen(
        at_s,
        believed,
        scene.source_w,
        scene.load_w,
        float(np.median(told_hz)) if len(told_hz) else float("nan"),
        scene.coupling,
        watched,
        tuple(alarm.sentence for alarm in alarms if alarm.is_emergency),
        estimated_w=observed.estimated_w,
        astray=astray if links else None,
    )
    choice = control(seen, plan, layout.points, rule, memory, layout.site_most_w, overrides, requests)
    waiting = int((~told.is_known & (told.ends_s > at_s)).sum())
    commands, told = _commands(layout, choice, told, now, at_s)
    summed = totals(believed)
    late = np.flatnonzero(unanswered(told, at_s, ESCALATE_AFTER))
    unheard = [layout.targets[place].code for place in late.tolist()]
    reasons = [*_reasons(layout, scene, summed, alarms, choice, waiting), *observed.words]
    return Thought(
        layout,
        now,
        scene,
        observed.flow,
        choice,
        summed,
        reasons,
        commands,
        told,
        unheard,
        observed.points_estimated,
        not_obeying(layout, links),
    )


def _believed(scene: LiveScene, judged: Judgement | None) -> Readings:
    """The readings without those of meters that do not fit all others."""
    if judged is None or not judged.bad_sites.any():
        return scene.readings
    said = scene.readings
    return replace(
        said, import_w=np.where(judged.bad_sites, np.nan, said.import_w), export_w=np.where(judged.bad_sites, np.nan, said.export_w)
    )


def _solve(layout: ControlLayout, scene: LiveScene, judged: Judgement | None) -> tuple[Observed, Watched, list[Alarm]]:
    network = layout.network
    seen = observe(layout, scene, judged)
    if seen.flow is None:
        return seen, Watched.nothing(len(network.node_codes)), [Alarm(seen.problem, True)]
    try:
        watched = watched_limits(seen.flow, layout.names, lambda: linearise(network.network, seen.draw_w, seen.draw_var))
    except CannotSolve as problem:
        return seen, Watched.nothing(len(network.node_codes)), [Alarm(str(problem), True)]
    return seen, watched, network_alarms(seen.flow, layout.names)


def _commands(layout: ControlLayout, choice: Choice, told: Told, now: datetime, at_s: float) -> tuple[list[NewCommand], Told]:
    """Commands for those who must be told anew; set-points in whole watts."""
    storages, sources = len(layout.storages), len(layout.source_site)
    wanted = np.concatenate(
        [
            np.trunc(choice.storage_w),
            np.floor(choice.source_limit_w),
            np.floor(choice.load_most_w),
            [CLOSES if choice.closes_coupling else np.inf] * (layout.breaker is not None),
        ]
    )
    may = layout.may_be_told.copy()
    may[:storages] &= choice.storage_is_told
    tick_s = settings.CONTROL_TICK_SECONDS
    who = due(told, wanted, may, at_s, tick_s * TICKS_BEFORE_RENEWAL)
    expires_at = now + hold_length(layout.microgrid)
    first_load = storages + sources

    def reason(place: int) -> str:
        if place < storages:
            return choice.storage_reason
        if place < first_load:
            return choice.source_reason
        if place == first_load + len(layout.load_site):
            return "both sides can be joined" if choice.closes_coupling else "not to be joined now"
        if choice.load_is_shed[place - first_load]:
            return choice.load_reason
        if not np.isfinite(wanted[place]):
            return "free again"
        return choice.limit_reasons[place - first_load] if choice.limit_reasons else choice.limit_reason

    commands = [NewCommand(uuid7(), int(place), float(wanted[place]), reason(int(place)), now, expires_at) for place in np.flatnonzero(who)]
    ids = [str(command.public_id) for command in commands]
    return commands, tell(told, who, wanted, ids, at_s + tick_s * TICKS_A_COMMAND_HOLDS)


def _reasons(layout: ControlLayout, scene: LiveScene, seen: Totals, alarms: Sequence[Alarm], choice: Choice, waiting: int) -> list[str]:
    """Sentences for an operator: what is wrong, what was decided, how supply and use stand."""
    readings = scene.readings
    _, sentences = status_of(
        Situation(
            seen.import_w,
            seen.export_w,
            seen.charge_w,
            seen.discharge_w,
            layout.microgrid.import_limit_w,
            layout.microgrid.export_limit_w,
            int(readings.site_reports.sum()),
            len(readings.import_w),
        )
    )
    first = [alarm.sentence for alarm in alarms]
    found = [*first, *(reason for reason in choice.reasons if reason not in first), *sentences]
    silent = int((~readings.storage_reports).sum())
    if silent:
        found.append(f"{silent} of {len(readings.soc_wh)} storages are silent and stay idle.")
    charge, discharge = np.maximum(choice.storage_w, 0).sum(), np.maximum(-choice.storage_w, 0).sum()
    if charge >= 1:
        found.append(f"The storages are told to take {charge / 1000:.1f} kW.")
    if discharge >= 1:
        found.append(f"The storages are told to give {discharge / 1000:.1f} kW.")
    if waiting:
        found.append(f"{waiting} commands wait for their acknowledgement.")
    return found


def is_breaker(layout: ControlLayout, place: int) -> bool:
    """Whether that target is the switch to the public grid."""
    return layout.breaker is not None and place == len(layout.targets) - 1


def sync_limits(rule: ControlSettings) -> dict[str, float]:
    """How far apart both sides may be, as the breaker's own check is told."""
    return {"slip_hz": rule.slip_most_hz, "phase_deg": rule.phase_most_deg, "voltage_pu": rule.voltage_gap_most_pu}


def order_of(layout: ControlLayout, command: NewCommand) -> Order:
    """The command as it goes out."""
    target, value = layout.targets[command.place], command.value_w
    is_limit = command.place >= len(layout.storages)
    if is_breaker(layout, command.place):
        return Order(
            str(command.public_id),
            target.device_name,
            0,
            0,
            command.issued_at,
            command.expires_at,
            closes=bool(np.isfinite(value)),
            in_step=sync_limits(layout.settings),
        )
    return Order(
        str(command.public_id),
        target.device_name,
        0 if is_limit else max(int(value), 0),
        0 if is_limit else max(int(-value), 0),
        command.issued_at,
        command.expires_at,
        is_limit,
        int(value) if is_limit and np.isfinite(value) else None,
        target.load,
    )
