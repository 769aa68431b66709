"""Keeping limits by linear sensitivities: storages move first, then sources give less or loads are let go.

Every limit is a row `value <= limit` with what a watt drawn anywhere does to it, so the connection, a line, a transformer, both ends
of a voltage band and the balance of an island are kept by the same few lines. What is judged is what the values will be once
every device does what it was told, so that nothing is corrected twice while commands are on their way.
"""

from dataclasses import dataclass, replace

import numpy as np

from grid.domain.control.curtailment import fair_cuts
from grid.domain.control.dispatch import Power
from grid.domain.control.plan_following import Headroom
from grid.domain.control.shedding import shed_for
from grid.domain.control.state import ControlSettings, Coupling, Mask, Memory, Points, Seen, Watched

WEAK = 0.25
PASSES = 3
DUST = 1e-6  # of a band: what rounding leaves of a value that was brought down to its goal


@dataclass(frozen=True, slots=True)
class Moves:
    """How devices are moved, and what the watched values will be then.

    Attributes:
        storage_w: set-points, charging positive.
        cut_w: how much less each source gives than now.
        goes: loads to be let go.
        value: expected of each watched limit.
        bound: names of the limits that moved somebody.
        unmet: names of those that will be broken all the same.
    """

    storage_w: Power
    cut_w: Power
    goes: Mask
    value: Power
    bound: tuple[str, ...]
    unmet: tuple[str, ...]


def connection_limits(exchange_w: float, nodes: int, coupling: Coupling, settings: ControlSettings) -> Watched:
    """Import and export at the point of common coupling; while islanded both are nothing, because nothing can come or go."""
    ones = np.ones((1, nodes + 1))
    rows = Watched.nothing(nodes)
    apart = not coupling.is_closed
    for name, sign, limit in (("import", 1.0, settings.import_limit_w), ("export", -1.0, settings.export_limit_w)):
        most = settings.island_margin_w if apart else limit
        if most is None:
            continue
        band = settings.island_margin_w if apart else settings.connection_band * most
        title = ("deficit of the island" if sign > 0 else "surplus of the island") if apart else f"{name} limit"
        rows = rows.joined(Watched((title,), np.array([sign * exchange_w]), np.array([most]), np.array([band]), sign * ones))
    return rows


@dataclass(frozen=True, slots=True)
class Effects:
    """Columns of the watched limits by device: what a watt more drawn by each storage, source or load does; [k, n]."""

    storage: Power
    source: Power
    load: Power

    @classmethod
    def of(cls, watched: Watched, points: Points) -> "Effects":
        return cls(watched.effect[:, points.storage_node], watched.effect[:, points.source_node], watched.effect[:, points.load_node])


def expected_values(
    watched: Watched, effects: Effects, seen: Seen, memory: Memory, points: Points, storage_w: Power, settings: ControlSettings
) -> Power:
    """What the watched values will be once storages follow `storage_w` and what was told before is done.

    A device that has not done what it was told for longer than the patience is not counted on.
    """
    now_w = np.nan_to_num(seen.readings.charge_w - seen.readings.discharge_w)
    known = seen.readings.storage_reports
    change = np.where(known, storage_w - now_w, 0.0)
    over = np.where(
        memory.source_disobeys_s < settings.patience_s, np.maximum(np.nan_to_num(seen.source_w) - memory.source_limit_w, 0.0), 0.0
    )
    still = still_drawn(seen, memory, settings)
    return np.asarray(watched.value + effects.storage @ change + effects.source @ over - effects.load @ still)


def still_drawn(seen: Seen, memory: Memory, settings: ControlSettings) -> Power:
    """What shed loads draw that will be gone in a moment [W]."""
    obeys = memory.load_is_shed & (memory.load_disobeys_s < settings.patience_s)
    return np.where(obeys, np.nan_to_num(seen.load_w), 0.0)


def keep_limits(
    watched: Watched,
    effects: Effects,
    seen: Seen,
    memory: Memory,
    points: Points,
    storage_w: Power,
    fading_w: Power,
    room: Headroom,
    settings: ControlSettings,
) -> Moves:
    """Move what must move so that no watched value passes its limit, now and a moment later.

    Args:
        storage_w: what storages are to do, charging positive.
        fading_w: by how much that will have changed in a moment, because a storage fills up or empties.
        room: what each can take and give for longer than that.
    """
    value = expected_values(watched, effects, seen, memory, points, storage_w, settings)
    value = value + np.maximum(effects.storage @ fading_w, 0.0)
    told = np.minimum(np.nan_to_num(seen.source_w), memory.source_limit_w)
    moves = Moves(storage_w, np.zeros(len(told)), np.zeros(len(points.load_node), bool), value, (), ())
    for _ in range(PASSES):
        broken = np.flatnonzero(moves.value > watched.limit)
        if not len(broken):
            break
        for k in broken[np.argsort(-_overshoot(watched, moves.value)[broken])]:
            moves = _relieve(int(k), moves, watched, effects, seen, memory, points, room, told, settings)
    unmet = moves.value > watched.limit + 0.5 * watched.band
    return replace(moves, unmet=tuple(watched.names[k] for k in np.flatnonzero(unmet)))


def _overshoot(watched: Watched, value: Power) -> Power:
    return np.asarray((value - watched.limit) / np.maximum(watched.band, 1e-12))


def _relieve(
    k: int,
    moves: Moves,
    watched: Watched,
    effects: Effects,
    seen: Seen,
    memory: Memory,
    points: Points,
    room: Headroom,
    told: Power,
    settings: ControlSettings,
) -> Moves:
    """Bring one value down to its band, by what costs least."""
    if moves.value[k] <= watched.limit[k]:
        return moves
    goal = watched.limit[k] - watched.band[k]
    moves = replace(moves, bound=(*moves.bound, *({watched.names[k]} - set(moves.bound))))
    moves = _by_storages(k, moves, effects, room, moves.value[k] - goal)
    left = goal + DUST * watched.band[k]
    if moves.value[k] > left:
        moves = _by_sources(k, moves, effects, memory, points, told, moves.value[k] - goal, settings)
    if moves.value[k] > left:
        moves = _by_loads(k, moves, effects, seen, memory, points, moves.value[k] - goal, settings)
    return moves


def _by_storages(k: int, moves: Moves, effects: Effects, room: Headroom, need: float) -> Moves:
    row = effects.storage[k]
    strong = np.abs(row) >= WEAK * np.abs(row).max(initial=0.0)
    able = np.where(row < 0, room.charge_w - moves.storage_w, room.discharge_w + moves.storage_w)
    able = np.where(strong & (row != 0), np.maximum(able, 0.0), 0.0)
    gain = float((np.abs(row) * able).sum())
    if gain <= 0:
        return moves
    change = -np.sign(row) * able * min(1.0, need / gain)
    return replace(moves, storage_w=moves.storage_w + change, value=moves.value + effects.storage @ change)


def _by_sources(
    k: int, moves: Moves, effects: Effects, memory: Memory, points: Points, told: Power, need: float, settings: ControlSettings
) -> Moves:
    obeys = memory.source_disobeys_s < settings.patience_s
    able = np.where(obeys, np.maximum(told - moves.cut_w, 0.0), 0.0)
    cuts = fair_cuts(need, np.maximum(-effects.source[k], 0.0), able, memory.curtailed_wh, points.source_capacity_w)
    return replace(moves, cut_w=moves.cut_w + cuts, value=moves.value + effects.source @ cuts)


def _by_loads(
    k: int, moves: Moves, effects: Effects, seen: Seen, memory: Memory, points: Points, need: float, settings: ControlSettings
) -> Moves:
    draw = np.nan_to_num(seen.load_w)
    can_go = ~memory.load_is_shed & ~moves.goes & (memory.load_disobeys_s < settings.patience_s)
    goes = shed_for(need, np.maximum(effects.load[k], 0.0), draw, points.load_tier, memory.shed_wh, can_go)
    return replace(moves, goes=moves.goes | goes, value=moves.value - effects.load @ np.where(goes, draw, 0.0))


def margins(watched: Watched, effects: Effects, moves: Moves, room: Headroom) -> tuple[Power, Power]:
    """How far each value may rise before it binds: with what the storages could still take off it, and without."""
    plain = watched.limit - 2 * watched.band - moves.value
    up = np.maximum(room.charge_w - moves.storage_w, 0.0)
    down = np.maximum(room.discharge_w + moves.storage_w, 0.0)
    help_w = np.maximum(-effects.storage, 0.0) @ up + np.maximum(effects.storage, 0.0) @ down
    return np.asarray(plain + 0.9 * help_w), np.asarray(plain)
