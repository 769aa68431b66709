"""A legal point made better storage by storage: each follows its best course by dynamic programming while all others stay as they are.

Where several storages burn a surplus by charging each other in turn, a search finds plans in which one of them alone could do better over the whole
horizon; a window of some intervals does not see that. A course takes a twentieth of a second.
"""

from collections.abc import Callable

import numpy as np

from grid.domain.planning.course import HEAVIER, course_beside, weights_for
from grid.domain.planning.model import Model, Slack
from grid.domain.planning.parts import Array
from grid.domain.planning.problem import PlanProblem

ROUNDS = 5
STAYS = 1e-6  # in the programme's unit: what moves by less has not moved


def better_by_storages(
    problem: PlanProblem, model: Model, slack: Slack | None, values: Array, *, seconds: float, clock: Callable[[], float]
) -> tuple[Array, float]:
    """What storages do [c] when each in turn has found its best, and how long that took [s]; other columns stay as in `values`.

    The first storage begins again until none moves any more. Only the decisions are meant: what powers they allow is for a linear programme to say.
    """
    began, unit = clock(), model.unit_w
    weights = weights_for(problem, slack.aim, HEAVIER[0]) if slack is not None else None
    flexible_w = _flexible(model, values) * unit
    found = values.copy()
    for _ in range(ROUNDS):
        moved = False
        for place in range(len(problem.storages)):
            if clock() - began >= seconds:
                return found, clock() - began
            taken = found[model.charge] - found[model.discharge]
            beside = (taken.sum(axis=0) - taken[place]) * unit + flexible_w
            course = course_beside(problem, model, weights, place, beside)
            if course is None:
                continue
            charge, discharge = course
            moved |= bool(np.abs(charge - discharge - taken[place]).max() > STAYS)
            found[model.charge[place]], found[model.discharge[place]] = charge, discharge
        if not moved:
            break
    return found, clock() - began


def _flexible(model: Model, values: Array) -> Array:
    """What flexible loads draw [T, in the programme's unit]."""
    drawn = np.where(model.flexible >= 0, values[model.flexible], 0.0).sum(axis=0)
    for run in model.runs:
        for begin, chosen in zip(run.begins.tolist(), values[run.columns].tolist(), strict=True):
            drawn[begin : begin + len(run.power_w)] += chosen * run.power_w / model.unit_w
    return np.asarray(drawn)
