"""A plan made again and again until the wires carry it: found, checked by the power flow, cut to what was overloaded, found anew."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from grid.domain.network.powerflow import CannotSolve
from grid.domain.planning.grid_limits import Cut, Stress, Wires, alike_by, cuts_for, rows_of, stresses, told
from grid.domain.planning.parts import Array, Places, SharedLimits
from grid.domain.planning.problem import PlanProblem
from grid.domain.planning.program import CannotFindPlan
from grid.domain.planning.shortfalls import SHARED, SHARED_REASON
from grid.domain.planning.solution import PlanSolution, PlanStatus
from grid.domain.planning.warm_start import KnownPlan

ROUNDS = 8
MOST_CUTS = 400  # in one round; the worst first
OUT_OF_TIME = "Time ran out before the wires' limits were kept by the plan; control keeps them as it goes."
GAINED = 1e-3  # p.u. or share of a rating by which the worst must get better for another round


@dataclass(frozen=True, slots=True)
class Fitted:
    """A plan that the wires carry, as far as storages and flexible loads can see to it.

    Attributes:
        problem, found: as it was asked last, with storages in `groups` [n].
        charge_w, discharge_w, soc_wh: [n, T], each storage's own.
        rows: how many limits of the wires the programme held in the end.
    """

    problem: PlanProblem
    found: PlanSolution
    groups: Places
    charge_w: Array
    discharge_w: Array
    soc_wh: Array
    rows: int = 0


Ask = Callable[[Places, SharedLimits | None], PlanProblem]
Find = Callable[[PlanProblem, KnownPlan | None], PlanSolution]
Divide = Callable[[PlanSolution, Places], tuple[Array, Array, Array]]


def fit(
    *,
    wires: Wires | None,
    groups: Places,
    room_w: Array,
    ask: Ask,
    find: Find,
    divide: Divide,
    clock: Sequence[str],
    known: KnownPlan | None = None,
) -> Fitted:
    """The plan of least cost that wires carry.

    Args:
        wires: None where no network is known.
        groups: which storages may be planned as one [n], where no line tells them apart.
        room_w: [n], by which a group's members weigh.
        ask: the problem for storages in groups, with limits of wires.
        find: its plan, beginning from one that is known.
        divide: what each storage of the groups does.
        clock: a name for each interval.
        known: the last plan for these storages and intervals, where there is one.
    """
    problem = ask(groups, None)
    found = find(problem, None if known is None else known.in_groups(groups))
    fitted = Fitted(problem, found, groups, *_divided(found, groups, divide))
    if wires is None or found.cost is None:
        return fitted
    cuts: list[Cut] = []
    worst = np.inf
    left: Sequence[Stress] = ()
    for _ in range(ROUNDS):
        storage_w, flexible_w = fitted.charge_w - fitted.discharge_w, fitted.found.flexible_w
        try:
            left = stresses(wires, storage_w, flexible_w)
        except CannotSolve as unsolved:
            return _judged(fitted, (), (f"The plan could not be checked against the network: {unsolved}",))
        if not left or (worst - left[0].over < GAINED and _known(left, cuts)):
            break
        worst = left[0].over
        more = cuts_for(wires, left[:MOST_CUTS], storage_w, flexible_w)
        if not more:
            break
        cuts += more
        split = alike_by(cuts, groups)
        problem = ask(split, rows_of(cuts, split, room_w, len(clock)))
        so_far = KnownPlan(fitted.charge_w, fitted.discharge_w, fitted.soc_wh, flexible_w)
        try:
            found = find(problem, so_far.in_groups(split))
        except CannotFindPlan:  # what was found before keeps all but the wires; control's own limits keep them
            return _judged(fitted, left, (OUT_OF_TIME, *told(wires, left, clock)))
        fitted = Fitted(problem, found, split, *_divided(found, split, divide), rows=len(cuts))
    return _judged(fitted, left, told(wires, left, clock))


def _divided(found: PlanSolution, groups: Places, divide: Divide) -> tuple[Array, Array, Array]:
    return divide(found, groups) if found.cost is not None else (np.zeros((0, 0)),) * 3


def _known(left: Sequence[Stress], cuts: Sequence[Cut]) -> bool:
    """Whether all that is left was cut before."""
    known = {(cut.stress.element, cut.stress.interval) for cut in cuts}
    return all((s.element, s.interval) in known for s in left)


def _judged(fitted: Fitted, left: Sequence[Stress], said: tuple[str, ...]) -> Fitted:
    """With what the power flow says of the wires in place of what their rows say: these are drawn a hair inside the limits."""
    found = fitted.found
    limits = tuple(limit for limit in found.limits if left or not limit.name.startswith(SHARED))
    reasons = tuple(reason for reason in found.reasons if not reason.startswith(SHARED_REASON)) + said
    status = PlanStatus.BEST_EFFORT if limits or left else PlanStatus.OPTIMAL
    return replace(fitted, found=replace(found, status=status, limits=limits, reasons=reasons))
