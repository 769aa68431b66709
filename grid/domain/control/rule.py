"""Control as one function: from the state, the plan's targets and the settings to what each device is to do, and why.

`state -> believe -> name the grid's state -> storages after the plan -> keep limits -> release, shed, restore -> ramp`. It is pure: what
it must know of earlier ticks lies in its memory, and the clock is an argument. Domain rules, sections 4 and 5.
"""

from dataclasses import dataclass, replace

import numpy as np

from grid.domain.control.curtailment import released
from grid.domain.control.dispatch import Power
from grid.domain.control.grid_states import APART, Evidence, StateStep, next_state, signs_of, table
from grid.domain.control.limit_keeping import Effects, Moves, connection_limits, keep_limits, margins
from grid.domain.control.overrides import Overrides
from grid.domain.control.plan_following import Headroom, headroom, ramped, share, wanted_total
from grid.domain.control.requests import Requests
from grid.domain.control.resynchronising import Closing, closing
from grid.domain.control.shedding import NEVER_SHED, next_to_restore, shed_by_stage, stage_of, take_turns
from grid.domain.control.state import Choice, ControlSettings, Mask, Memory, Points, Seen
from grid.domain.control.trust import NOMINAL_HZ, Believed, believe, note_obedience
from grid.domain.planning.targets import PlanTargets

LEAST_RETURN_SHARE = 0.3
OWN_RELAY_LAG_S = 10.0
AT_ITS_LIMIT = 0.98
FORESEEN_OF_HOLD = 0.25  # of how long a command stands: the tick until the next one, and what inverters need to do as told
CONTRADICTION_W = 3000.0
CONTRADICTION_SHARE = 0.15


@dataclass(frozen=True, slots=True)
class _Loads:
    is_shed: Mask
    since_s: Power
    before_w: Power
    restored_s: float
    words: tuple[str, ...]


def control(
    seen: Seen,
    plan: PlanTargets | None,
    points: Points,
    settings: ControlSettings,
    memory: Memory,
    site_most_w: Power,
    overrides: Overrides | None = None,
    requests: Requests | None = None,
) -> Choice:
    """Decide one tick.

    Args:
        overrides: what an operator has ordered; None where nothing stands.
        requests: what members agreed to and are asked for now; None where nobody is.
        plan: targets of the interval that runs; None for the plain rule. An island does not follow a plan.
        site_most_w: by site, the most its connection carries [W].
    """
    memory, dt_s = _in_step(memory, seen.at_s, settings.hold_s)
    memory = note_obedience(seen, _with_own_relays(seen, memory), points, dt_s, settings)
    believed, memory = believe(seen, memory, site_most_w, settings)
    exchange_w, contradicts = _exchange_w(seen, believed)
    step = _state_step(seen, exchange_w, memory, settings)
    islanded = step.status in APART
    room = _room(seen, believed, points, islanded, settings)
    ordered, asked = overrides or Overrides.none(points), requests or Requests.none(points)
    by_hand = np.clip(np.nan_to_num(ordered.storage_w), -room.discharge_w, room.charge_w)
    held = ordered.holds_storage & believed.able
    own_w = np.where(seen.readings.storage_reports, _power(seen), 0.0)
    lasting = room if islanded else _lasting(seen, room, believed, points, settings)
    # A storage that is held by hand, or does not follow, has no room for anything but what it does.
    fixed_w = np.where(held, by_hand, own_w)
    is_fixed = held | ~believed.able
    free = Headroom(np.where(is_fixed, fixed_w, lasting.charge_w), np.where(is_fixed, -fixed_w, lasting.discharge_w))
    shared = believed.able & ~held
    residual_w = exchange_w - float(np.where(believed.able, own_w, 0.0).sum()) + float(by_hand[held].sum())
    targets = None if islanded else _only_able(plan, shared)
    slip_w = _slip_power_w(seen, step.status, points, believed, settings)
    total_w = wanted_total(residual_w, targets) - slip_w
    sharing = Headroom(np.where(shared, room.charge_w, 0.0), np.where(shared, room.discharge_w, 0.0))
    wanted = np.where(shared, share(total_w, sharing, targets), np.where(held, by_hand, own_w))
    drift_w = _drift_power_w(seen, step.status, believed.able, room, settings)
    if drift_w > 0:
        free = replace(free, charge_w=np.minimum(free.charge_w, wanted))
    elif drift_w < 0:
        free = replace(free, discharge_w=np.minimum(free.discharge_w, -wanted))
    watched = connection_limits(exchange_w + slip_w - drift_w, seen.watched.effect.shape[1] - 1, seen.coupling, settings).joined(
        seen.watched
    )
    effects = Effects.of(watched, points)
    fading_w = np.clip(wanted, -free.discharge_w, free.charge_w) - wanted
    moves = keep_limits(watched, effects, seen, memory, points, wanted, fading_w, free, settings)
    is_well = not (moves.goes.any() or moves.cut_w.any() or moves.unmet) and _is_steady(seen, settings)
    well_since_s = min(memory.well_since_s, seen.at_s) if is_well else float("inf")
    helped, plain = margins(watched, effects, moves, free)
    limits_w, source_words = _source_limits(seen, points, memory, moves, effects.source, helped, well_since_s, dt_s, settings)
    loads = _loads(seen, points, memory, moves, effects.load, helped if islanded else plain, well_since_s, step.status, settings)
    storage_w = ramped(moves.storage_w, memory.told_w, points.storage_ramp_w_per_s, max(dt_s, 1.0))
    storage_w = np.where(believed.able, storage_w, 0.0)
    # A storage that cannot do what it was told before (full, empty) is told what it can at once.
    storage_w = np.clip(storage_w, -room.discharge_w, room.charge_w)
    after = _remember(seen, memory, step, storage_w, limits_w, loads, moves, well_since_s, dt_s)
    joining = closing(seen.coupling, settings, settings.hold_s) if step.status == "RESYNC" else Closing(False, "")
    reasons = (
        *_words_of_state(step),
        *([joining.words] if joining.words else []),
        *seen.danger,
        *_words_of_trust(believed, memory, contradicts),
        *_words_of_limits(moves),
        *source_words,
        *loads.words,
        *_words_of_overrides(ordered),
        *asked.words,
    )
    return Choice(
        step.status,
        reasons,
        storage_w,
        believed.able,
        np.minimum(limits_w, ordered.source_limit_w),
        loads.is_shed | (ordered.load_is_shed & (points.load_tier > NEVER_SHED)),
        joining.may,
        after,
        storage_reason=_storage_reason(targets, islanded, moves),
        source_reason=", ".join(moves.bound) or "room again",
        load_reason=_load_reason(seen, step.status, ordered, moves, settings),
        alarms=tuple(f"{name} cannot be held with what there is." for name in moves.unmet),
        load_limit_w=asked.load_limit_w,
        limit_reason=asked.reason,
        limit_reasons=asked.reasons,
    )


def _in_step(memory: Memory, at_s: float, hold_s: float) -> tuple[Memory, float]:
    """The memory on the clock of now, and the time gone by: a jump back or far ahead is not time in which anything was seen."""
    gone_s = at_s - memory.at_s
    if 0 <= gone_s <= hold_s:
        return memory, gone_s
    moved = memory.moved(gone_s)
    if gone_s < 0:
        return moved, 0.0
    return replace(moved, told_w=np.zeros_like(memory.told_w)), 0.0  # what was told has ended since


def _with_own_relays(seen: Seen, memory: Memory) -> Memory:
    """A load that its own relay let go counts as shed, so that it comes back in its turn."""
    if seen.load_is_off is None:
        return memory
    fresh = seen.load_is_off & ~memory.load_is_shed & (seen.at_s - memory.load_since_s > OWN_RELAY_LAG_S)
    if not fresh.any():
        return memory
    return replace(
        memory,
        load_is_shed=memory.load_is_shed | fresh,
        load_since_s=np.where(fresh, seen.at_s, memory.load_since_s),
        well_since_s=float("inf"),
    )


def _is_steady(seen: Seen, settings: ControlSettings) -> bool:
    low, high = settings.frequency_normal_hz
    return bool(np.isnan(seen.frequency_hz) or low <= seen.frequency_hz <= high)


def _power(seen: Seen) -> Power:
    return np.nan_to_num(seen.readings.charge_w - seen.readings.discharge_w)


def _exchange_w(seen: Seen, believed: Believed) -> tuple[float, bool]:
    """What comes in at the coupling, and whether its meter contradicts the sum of the sites.

    Of two that contradict each other the larger one counts: a limit that is kept for nothing does less harm than one that is not.
    In an island it is what would have to come.
    """
    total = float(believed.net_w.sum())
    told = seen.coupling.exchange_w
    if not seen.coupling.is_closed or np.isnan(told):
        return total, False
    if believed.is_missing.any() or believed.is_estimated.any():  # the sum is a guess in part, the meter is not
        return told, False
    contradicts = abs(told - total) > max(CONTRADICTION_W, CONTRADICTION_SHARE * float(np.abs(believed.net_w).sum()))
    return (max(told, total, key=abs) if contradicts else told), contradicts


def _state_step(seen: Seen, exchange_w: float, memory: Memory, settings: ControlSettings) -> StateStep:
    acting = bool(memory.load_is_shed.any() or np.isfinite(memory.source_limit_w).any())
    low, high = settings.frequency_alarm_hz
    danger = bool(seen.danger) or not (np.isnan(seen.frequency_hz) or low <= seen.frequency_hz <= high)
    signs = signs_of(memory.status, Evidence(seen.coupling, exchange_w, acting, danger), settings)
    return next_state(memory.status, memory.status_since_s, memory.signs_since_s, signs, seen.at_s, table(settings))


def _slip_power_w(seen: Seen, status: str, points: Points, believed: Believed, settings: ControlSettings) -> float:
    """What the storages give on top so that an island that wants to join turns a little faster than the public grid [W]."""
    if status != "RESYNC" or np.isnan(seen.frequency_hz):
        return 0.0
    wanted_hz = seen.frequency_hz - seen.coupling.slip_hz + settings.resync_slip_hz
    rating = float(np.where(believed.able, points.limits.discharge_max_w, 0.0).sum())
    return rating * (wanted_hz - NOMINAL_HZ) / (NOMINAL_HZ * settings.droop)


def _drift_power_w(seen: Seen, status: str, able: Mask, room: Headroom, settings: ControlSettings) -> float:
    """What an island's balance is off by at least, seen by its frequency where every storage is at its limit; above what is wanted positive [W].

    Within the margin of the balance a surplus may be too small to see and still turn the island faster and faster: storages that are told
    less than their limit are at it by their droop.
    """
    if status not in APART or np.isnan(seen.frequency_hz):
        return 0.0
    low, high = settings.frequency_normal_hz
    if status == "RESYNC":
        public_hz = seen.frequency_hz - seen.coupling.slip_hz  # standing still beside it the island would never come in step
        low, high = public_hz + settings.resync_slip_hz / 2, public_hz + settings.slip_most_hz
    now_w, off_w = float(_power(seen)[able].sum()), 2 * settings.island_margin_w
    if seen.frequency_hz > high and now_w >= AT_ITS_LIMIT * float(room.charge_w[able].sum()):
        return off_w
    if seen.frequency_hz < low and -now_w >= AT_ITS_LIMIT * float(room.discharge_w[able].sum()):
        return -off_w
    return 0.0


def _room(seen: Seen, believed: Believed, points: Points, islanded: bool, settings: ControlSettings) -> Headroom:
    soc = np.nan_to_num(seen.readings.soc_wh)
    lasting = max(settings.hold_hours, settings.autonomy_hours) if islanded else settings.hold_hours
    return headroom(soc, points.limits, believed.able, settings.hold_hours, lasting)


def _lasting(seen: Seen, room: Headroom, believed: Believed, points: Points, settings: ControlSettings) -> Headroom:
    """What is left of the room once storages have used all of it for a moment: one that is nearly full or empty takes or gives less and less.

    Limits are kept by this, so that sources give less before a storage that fills up takes less, not after.
    """
    limits, hours = points.limits, settings.hold_hours
    soc, gone = np.nan_to_num(seen.readings.soc_wh), hours * FORESEEN_OF_HOLD
    fuller = soc + limits.eta_charge * room.charge_w * gone
    emptier = soc - room.discharge_w * gone / limits.eta_discharge
    return Headroom(
        headroom(fuller, limits, believed.able, hours, hours).charge_w, headroom(emptier, limits, believed.able, hours, hours).discharge_w
    )


def _only_able(plan: PlanTargets | None, able: Mask) -> PlanTargets | None:
    """The plan for those that can follow it."""
    if plan is None:
        return None
    return replace(plan, charge_w=np.where(able, plan.charge_w, 0.0), discharge_w=np.where(able, plan.discharge_w, 0.0))


def _source_limits(
    seen: Seen,
    points: Points,
    memory: Memory,
    moves: Moves,
    effect: Power,
    margin: Power,
    well_since_s: float,
    dt_s: float,
    settings: ControlSettings,
) -> tuple[Power, tuple[str, ...]]:
    """Limits after this tick: lower where a limit binds, higher step by step once all has been well."""
    giving = np.nan_to_num(seen.source_w)
    cut = moves.cut_w > 0
    if cut.any():
        limits = np.where(cut, np.minimum(giving, memory.source_limit_w) - moves.cut_w, memory.source_limit_w)
        return limits, (f"{int(cut.sum())} sources give {moves.cut_w.sum() / 1000:.1f} kW less.",)
    if seen.at_s - well_since_s < settings.release_hold_s or not np.isfinite(well_since_s):
        return memory.source_limit_w, ()
    most = points.source_capacity_w * settings.release_share_per_s * max(dt_s, 1.0)
    limits = released(memory.source_limit_w, giving, points.source_capacity_w, most, -effect, margin)
    return limits, ()


def _loads(
    seen: Seen,
    points: Points,
    memory: Memory,
    moves: Moves,
    effect: Power,
    margin: Power,
    well_since_s: float,
    status: str,
    settings: ControlSettings,
) -> _Loads:
    """Which loads are shed after this tick: for limits, by frequency stage, in turns; and who comes back."""
    draw = np.nan_to_num(seen.load_w)
    stage = stage_of(seen.frequency_hz, settings.shed_below_hz)
    goes = (moves.goes | shed_by_stage(points.load_tier, stage)) & ~memory.load_is_shed
    if status == "BLACKSTART":  # all but tier 0 start again one after the other
        goes = goes | ((points.load_tier > 0) & ~memory.load_is_shed)
    since = np.where(goes, seen.at_s, memory.load_since_s)
    last = np.where(memory.load_is_shed | (draw <= 0), memory.load_before_w, draw)
    held = np.clip(last, LEAST_RETURN_SHARE * points.load_most_w, points.load_most_w)
    before = np.where(goes | memory.load_is_shed, held, draw)
    shed = memory.load_is_shed | goes
    if goes.any():
        cause = f"Stage {stage} of under-frequency: " if stage else ""
        return _Loads(shed, since, before, memory.restored_s, (f"{cause}{int(goes.sum())} loads are let go.",))
    calm = np.isfinite(well_since_s) and seen.at_s - well_since_s >= settings.restore_hold_s
    if not shed.any() or not seen.coupling.is_alive:
        return _Loads(shed, since, before, memory.restored_s, ())
    if calm and seen.at_s - memory.restored_s >= settings.restore_pause_s:
        place = next_to_restore(shed, points.load_tier, since, before, settings.pickup, effect, margin)
        if place is not None:
            shed[place], since[place] = False, seen.at_s
            return _Loads(shed, since, before, seen.at_s, (f"A load of tier {points.load_tier[place]} comes back.",))
    turn = take_turns(
        shed, points.load_tier, since, draw, before, memory.shed_wh, seen.at_s, settings.rotate_after_s, settings.pickup, effect, margin
    )
    if turn is None:
        return _Loads(shed, since, before, memory.restored_s, ())
    back, instead = turn
    shed[back], shed[instead] = False, True
    since[back], since[instead] = seen.at_s, seen.at_s
    before[instead] = draw[instead]
    return _Loads(shed, since, before, memory.restored_s, ("Loads of one tier change turns.",))


def _remember(
    seen: Seen,
    memory: Memory,
    step: StateStep,
    storage_w: Power,
    limits_w: Power,
    loads: _Loads,
    moves: Moves,
    well_since_s: float,
    dt_s: float,
) -> Memory:
    """The memory after this tick; what is held back is counted by the last known power before it."""
    hours = dt_s / 3600
    giving = np.nan_to_num(seen.source_w)
    held = np.isfinite(memory.source_limit_w)
    lowered = limits_w < memory.source_limit_w
    return replace(
        memory,
        at_s=seen.at_s,
        status=step.status,
        status_since_s=step.since_s,
        signs_since_s=step.signs_since_s,
        told_w=storage_w,
        source_limit_w=limits_w,
        source_since_s=np.where(lowered, seen.at_s, memory.source_since_s),
        source_before_w=np.where(np.isfinite(limits_w), np.where(held, memory.source_before_w, giving), 0.0),
        curtailed_wh=memory.curtailed_wh + np.where(held, np.maximum(memory.source_before_w - giving, 0.0), 0.0) * hours,
        load_is_shed=loads.is_shed,
        load_since_s=loads.since_s,
        load_before_w=loads.before_w,
        shed_wh=memory.shed_wh + np.where(memory.load_is_shed, memory.load_before_w, 0.0) * hours,
        well_since_s=well_since_s,
        restored_s=loads.restored_s,
    )


def _words_of_state(step: StateStep) -> tuple[str, ...]:
    return (step.why,) if step.why else ()


def _words_of_trust(believed: Believed, memory: Memory, contradicts: bool) -> tuple[str, ...]:
    words = []
    if believed.is_impossible.any():
        words.append(f"{int(believed.is_impossible.sum())} meters say what cannot be and are not believed.")
    if contradicts:
        words.append("The coupling's meter and the sites contradict each other; the larger one counts.")
    if memory.is_distrusted.any():
        words.append(f"{int(memory.is_distrusted.sum())} storages do not do what they are told and are left out.")
    return tuple(words)


def _words_of_overrides(ordered: Overrides) -> tuple[str, ...]:
    count = int(ordered.holds_storage.sum() + np.isfinite(ordered.source_limit_w).sum() + ordered.load_is_shed.sum())
    if not count:
        return ()
    return (f"{count} devices follow an operator's order." if count > 1 else "1 device follows an operator's order.",)


def _words_of_limits(moves: Moves) -> tuple[str, ...]:
    return tuple(f"{name} binds." for name in moves.bound) + tuple(f"{name} cannot be held." for name in moves.unmet)


def _load_reason(seen: Seen, status: str, ordered: Overrides, moves: Moves, settings: ControlSettings) -> str:
    if moves.bound:
        return ", ".join(moves.bound)
    if stage_of(seen.frequency_hz, settings.shed_below_hz):
        return "under-frequency"
    if status == "BLACKSTART":
        return "black start"
    return "an operator's order" if ordered.load_is_shed.any() else "no room yet"


def _storage_reason(plan: PlanTargets | None, islanded: bool, moves: Moves) -> str:
    if moves.bound:
        return f"held: {moves.bound[0]}"
    if islanded:
        return "balance of the island"
    return "plan, corrected by what is measured" if plan is not None else "surplus and deficit shared by headroom"
