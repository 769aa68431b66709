"""Solving a programme with pairs exactly: by linear programming where that is enough, by yes-or-no decisions where it is not.

A storage either charges or discharges, a connection either imports or exports. Mostly that holds by itself, because doing both at once
costs; then linear programming is exact and fast. So the relaxed programme is solved first. Where both sides of a pair come out
above zero, the side that moves less is shut and the programme solved again; if that costs nothing, it is as good as the relaxed one and
hence the best. Only where it costs, yes-or-no decisions are added, first for the pairs in question, in the end for all.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from grid.domain.planning.parts import Array, Flags
from grid.domain.planning.program import Answer, CannotFollow, Course, Effort, LinesOutOfTime, OutOfTime, Program
from grid.domain.planning.solver import (
    FEASIBLE,
    PRICED,
    SAME_COST,
    STATUS,
    begin_near,
    begin_search_at,
    is_out_of_time,
    is_whole,
    loaded,
    restore,
    run,
    run_search,
    settle,
    shut_lesser,
    violated,
    with_yes_or_no,
)
from grid.domain.planning.windows import better_by_windows

Better = Callable[[Array, float], tuple[Array, float]]

ROUNDS = 3
SOON = 0.15  # of the time that is left, for a search with few decisions, or the first one with all
IN_WINDOWS, IN_MANY_WINDOWS = (0.3, 0.75)  # of what is left then, the second where so many pairs are decided that no search proves anything
MANY_PAIRS = 200


def solve(
    program: Program,
    effort: Effort,
    begin: Array | None = None,
    courses: Sequence[Callable[[], Course | None]] = (),
    near: Array | None = None,
    better: Better | None = None,
) -> Answer | None:
    """The best point, or None where there is none.

    Args:
        program: see there.
        effort: for yes-or-no decisions, and the time for each linear programme.
        begin: a legal point to begin with, if one is known.
        courses: other methods, asked one after the other where linear programming is not enough, until one is proven.
        near: a point that may lie near the best one, legal or not: the search begins there, and ends where it would end without.
        better: makes a legal point better in at most so many seconds: its decisions, and how long that took; asked where the search proves nothing soon.

    Raises:
        OutOfTime: the search ended without any point.
        LinesOutOfTime: the linear programme was not solved in its time.
    """
    if np.any(program.lower > program.upper + FEASIBLE):
        return None
    found = _by_lines(program, near, effort.line_seconds)
    if found is None or found.proven:
        return found
    for course in courses:
        try:
            followed = course()
        except CannotFollow:
            continue
        if followed is None:
            return None
        point = with_decisions_of(program, followed.values, effort.line_seconds)
        if point is not None and point.objective <= followed.least + followed.rounding + effort.room(point.objective):
            return point
        begin = followed.values
    known = _better(
        with_decisions_of(program, begin if begin is not None else found.values, effort.line_seconds),
        with_decisions_of(program, near, effort.line_seconds) if near is not None else None,
    )
    if known is not None and known.objective <= found.bound:
        return known
    if known is not None and (not found.legal or known.objective < found.objective):
        found = replace(known, suspects=found.suspects, proven=False, bound=found.bound)
    return _by_branches(program, effort, found, better)


def _by_lines(program: Program, near: Array | None, seconds: float) -> Answer | None:
    """Linear programming alone; `proven` only where pairs and whole numbers come out right at the relaxed optimum's cost."""
    relaxed = replace(program, whole=program.whole[:0])
    highs = loaded(relaxed, line_seconds=seconds)
    if near is not None:
        begin_near(highs, relaxed, near)
    if not run(highs):
        if is_out_of_time(highs):
            raise LinesOutOfTime
        return None
    bound = highs.getInfo().objective_function_value + SAME_COST * max(1.0, abs(highs.getInfo().objective_function_value))
    point = settle(highs, relaxed)
    shut = violated(program, point.values)
    worthless = point.row_prices[program.pair_rows] <= PRICED
    for _ in range(ROUNDS):
        again = violated(program, point.values)
        if not again.any():
            break
        shut |= again
        restore(highs, relaxed)
        if not shut_lesser(highs, program, point.values, shut):
            break
        point = settle(highs, relaxed)
    legal = not violated(program, point.values).any() and is_whole(program, point.values)
    return replace(point, proven=legal and point.objective <= bound, legal=legal, suspects=shut | worthless, bound=bound)


def _by_branches(program: Program, effort: Effort, found: Answer, better: Better | None) -> Answer | None:
    """Yes-or-no decisions, for few pairs first; `found` is where linear programming ended.

    What is not proven soon is made better window by window, so that the last search, which has most of the time, begins from a good point.
    """
    chosen = program.eager | found.suspects
    left, least, best = effort.seconds, found.bound, found
    for _ in range(ROUNDS + 1):
        every = bool(chosen.all())
        highs, solved = _searched(program, chosen, replace(effort, seconds=left * SOON), _legal_values(best))
        left = max(left - highs.getRunTime(), min(1.0, effort.seconds))
        done = highs.getModelStatus() == STATUS.kOptimal
        least = max(least, highs.getInfo().mip_dual_bound)  # few decisions are a relaxation of all of them
        if not solved and highs.getModelStatus() != STATUS.kTimeLimit:
            return None
        if solved:
            values = np.array(highs.getSolution().col_value)[: len(program.cost)]
            stated = highs.getInfo().objective_function_value
            point = with_decisions_of(program, values, effort.line_seconds)
            if done and point is not None and (every or point.objective <= stated + effort.room(stated)):
                return replace(point, binaries=int(chosen.sum()) + len(program.whole), proven=True, bound=least)
            best = _better(point, best if best.legal else None) or best
            chosen |= violated(program, values)
        if every or not done:
            break
    if not best.legal and not effort.patient:
        raise OutOfTime
    return _by_all(program, replace(effort, seconds=left), replace(best, bound=least), better)


def _by_all(program: Program, effort: Effort, best: Answer, better: Better | None) -> Answer | None:
    """Decisions for all pairs, from the best legal point that other methods and windows find; what time leaves unproven says so by its bound."""
    every = np.ones(len(program.first), dtype=np.bool_)
    binaries = len(every) + len(program.whole)
    left, least = effort.seconds, best.bound
    if best.legal:
        part = IN_WINDOWS if len(every) < MANY_PAIRS else IN_MANY_WINDOWS
        best, spent = _bettered(program, replace(effort, seconds=left * part), best, better)
        left = max(left - spent, min(1.0, effort.seconds))
        if best.objective <= least + effort.room(least):
            return replace(best, binaries=binaries, proven=True, bound=least)
    highs, solved = _searched(program, every, replace(effort, seconds=left), _legal_values(best))
    done = highs.getModelStatus() == STATUS.kOptimal
    if not solved and highs.getModelStatus() != STATUS.kTimeLimit:
        return None
    least = max(least, highs.getInfo().mip_dual_bound)
    if solved:
        values = np.array(highs.getSolution().col_value)[: len(program.cost)]
        best = _better(with_decisions_of(program, values, effort.line_seconds), best if best.legal else None) or best
    if not best.legal:
        raise OutOfTime
    return replace(best, binaries=binaries, proven=done, bound=least)


def _bettered(program: Program, effort: Effort, best: Answer, better: Better | None) -> tuple[Answer, float]:
    """The best legal point that windows and another method find from one, each from where the other ended, and how long that took [s]."""
    spent = 0.0
    for _ in range(ROUNDS):
        before = best.objective
        if better is not None:
            best, took = _once_better(program, effort, best, better, effort.seconds - spent)
            spent += took
        left = max(effort.seconds - spent, 0.0)
        known, took = better_by_windows(program, replace(effort, seconds=left if better is None else left / 2), best)
        spent += took
        best = _better(with_decisions_of(program, known, effort.line_seconds), best) or best
        if better is None or spent >= effort.seconds or best.objective >= before - effort.room(before):
            break
    return best, spent


def _once_better(program: Program, effort: Effort, best: Answer, better: Better, seconds: float) -> tuple[Answer, float]:
    """What another method makes of a point, as often as that helps, and how long it took [s]."""
    spent = 0.0
    for _ in range(ROUNDS):
        known, took = better(best.values, seconds - spent)
        spent += took
        found = _better(with_decisions_of(program, known, effort.line_seconds), best) or best
        gained = best.objective - found.objective > effort.room(best.objective)
        best = found
        if not gained or spent >= seconds:
            break
    return best, spent


def _legal_values(answer: Answer) -> Array | None:
    return answer.values if answer.legal else None


def _searched(program: Program, chosen: Flags, effort: Effort, begin: Array | None) -> tuple[Any, bool]:
    """The solver after its search, and whether it found a point."""
    highs = loaded(with_yes_or_no(program, chosen), effort)
    if begin is None:
        return highs, run_search(highs)
    begin_search_at(highs, program, chosen, begin)
    solved = run_search(highs)
    if solved:
        # HiGHS 1.16 was seen to name a better objective than that of the point it returned: the one it was given.
        objective = program.offset + float(program.cost @ np.array(highs.getSolution().col_value)[: len(program.cost)])
        stated = highs.getInfo().objective_function_value
        if objective > stated + effort.room(stated) + FEASIBLE:
            return _searched(program, chosen, effort, None)
    return highs, solved


def _better(one: Answer | None, other: Answer | None) -> Answer | None:
    if one is None or other is None:
        return one or other
    return one if one.objective <= other.objective else other


def with_decisions_of(program: Program, values: Array, seconds: float = np.inf) -> Answer | None:
    """The best point with the decisions that `values` made: whole numbers as they are, of each pair the greater side; None where time ran out too."""
    highs = loaded(replace(program, whole=program.whole[:0]), line_seconds=seconds)
    whole = program.whole.astype(np.int32)
    fixed = np.round(values[program.whole])
    highs.changeColsBounds(len(whole), whole, fixed, fixed)
    both = np.ones(len(program.first), dtype=np.bool_)
    return settle(highs, program) if shut_lesser(highs, program, values, both) else None
