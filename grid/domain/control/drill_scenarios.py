"""What a drill plays on the simulated microgrid: named events, and what the exercise showed in plain values."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from grid.domain.control.exercise import Exercise, Moment

CALM_S, LASTS_S = 20.0, 240.0


@dataclass(frozen=True, slots=True)
class DrillScenario:
    """One event; `strikes` changes the simulated world when it happens."""

    name: str
    title: str
    strikes: Callable[[Exercise], None]


def _lose_grid(exercise: Exercise) -> None:
    exercise.world.grid.is_there = False


def _lose_grid_for_a_while(exercise: Exercise) -> None:
    exercise.world.grid.is_there = exercise.world.at_s > CALM_S + LASTS_S / 4


def _lose_largest_source(exercise: Exercise) -> None:
    world = exercise.world
    world.grid.is_there = False
    if len(world.sun):
        world.sun[int(np.argmax(world.sun * world.plant.points.source_capacity_w))] = 0.0


def _lose_sun(exercise: Exercise) -> None:
    exercise.world.grid.is_there = False
    exercise.world.sun[:] = 0.0


def _batteries_do_not_answer(exercise: Exercise) -> None:
    exercise.world.faults.storage_is_deaf[:] = True
    exercise.world.faults.storage_is_mute[:] = True


SCENARIOS = {
    scenario.name: scenario
    for scenario in (
        DrillScenario("loss-of-grid", "The public grid is gone", _lose_grid),
        DrillScenario("grid-comes-back", "The public grid is gone, and comes back after a minute", _lose_grid_for_a_while),
        DrillScenario("loss-of-largest-source", "On our own, and the largest roof fails", _lose_largest_source),
        DrillScenario("night-falls", "On our own, and no roof gives anything", _lose_sun),
        DrillScenario("batteries-silent", "No battery answers any more", _batteries_do_not_answer),
    )
}


def play(scenario: DrillScenario, exercise: Exercise) -> dict[str, Any]:
    """Let the event happen after a calm beginning; what was seen, as plain values."""
    exercise.run(CALM_S)
    exercise.moments.clear()
    exercise.run(LASTS_S, scenario.strikes)
    tier = exercise.world.plant.points.load_tier
    moments = exercise.moments
    return {
        "lasted_s": LASTS_S,
        "lowest_hz": round(exercise.lowest_hz, 2),
        "collapses": exercise.world.collapses,
        "shed_by_tier": {str(t): int(max(m.load_is_off[tier == t].sum() for m in moments)) for t in sorted({int(x) for x in tier})},
        "loads_off_at_end": int(moments[-1].load_is_off.sum()),
        "status_at_end": moments[-1].status,
        "timeline": [_line(m) for m in _turning_points(moments)],
    }


def _turning_points(moments: list[Moment]) -> list[Moment]:
    """The first moment, and each at which the state or the number of loads that are off changed."""
    found, last = [], None
    for moment in moments:
        now = (moment.status, int(moment.load_is_off.sum()))
        if now != last:
            found.append(moment)
        last = now
    return found


def _line(moment: Moment) -> dict[str, Any]:
    return {
        "at_s": round(moment.at_s - CALM_S),
        "status": moment.status,
        "frequency_hz": round(moment.frequency_hz, 2),
        "storage_w": round(float(moment.storage_w.sum())),
        "loads_off": int(moment.load_is_off.sum()),
        "reason": moment.reasons[0] if moment.reasons else "",
    }
