"""Linear programmes with whole numbers and with pairs of quantities of which one must be zero, solved exactly by HiGHS.

A storage either charges or discharges, a connection either imports or exports. Mostly that holds by itself, because doing both at once
costs; then linear programming is exact and fast. So the relaxed programme is solved first. Where both sides of a pair come out
above zero, the side that moves less is shut and the programme solved again; if that costs nothing, it is as good as the relaxed one and
hence the best. Only where it costs, yes-or-no decisions are added, first for the pairs in question, in the end for all.

Among equal optima the one with the least `tie` is taken: columns and rows with a price are held where they are, which keeps the cost, and
the rest is free to move (a lexicographic second pass).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import highspy
import numpy as np
from highspy._core import (
    _Highs,
)  # highspy.Highs adds callbacks to it: a banner on stdout and a quarter of a millisecond

from grid.domain.planning.parts import Array, Flags, Places

BOTH = 1e-8  # above this on both sides a pair is violated, in the programme's unit
PRICED = 1e-9  # a reduced cost above this is one
FEASIBLE = 1e-9
SAME_COST = 1e-9
ROUNDS = 3
SMALL = 3000  # below that many columns the primal simplex method without presolve was seen to be the fastest
PRIMAL = 4
ROW_WISE = 2
MINIMIZE = 1
STATUS = highspy.HighsModelStatus


@dataclass(frozen=True, slots=True)
class Program:
    """Minimise `cost x` with `row_lower <= A x <= row_upper`, `lower <= x <= upper`.

    Attributes:
        cost, tie, lower, upper: [c].
        starts, columns, values: the rows of A, one after the other: `starts` [r], where each begins.
        row_lower, row_upper: [r].
        whole: columns that are whole numbers.
        first, second: [p], pairs of columns of which one must be zero; their lower bounds are 0.
        first_most, second_most: [p], what each can be while the other is zero.
        eager: [p], pairs for which doing both at once certainly pays.
        pair_rows: [p], a row each: where its price is not above zero, doing both may pay.
        cut_columns, cut_values, cut_upper: [q, 2], [q, 2], [q], rows that hold by themselves where no pair is violated.
        offset: what the objective is where all columns are 0.
    """

    cost: Array
    tie: Array
    lower: Array
    upper: Array
    starts: Places
    columns: Places
    values: Array
    row_lower: Array
    row_upper: Array
    whole: Places
    first: Places
    second: Places
    first_most: Array
    second_most: Array
    eager: Flags
    pair_rows: Places
    cut_columns: Places
    cut_values: Array
    cut_upper: Array
    offset: float = 0.0


@dataclass(frozen=True, slots=True)
class Answer:
    """The best point, what one more unit of each row's bound would cost, and how it was found.

    `legal`: no pair is violated and whole numbers are whole. `suspects`: [p], pairs for which doing both may pay. `bound`: what no
    legal point can undercut.
    """

    values: Array
    objective: float
    row_prices: Array
    binaries: int
    proven: bool
    legal: bool
    suspects: Flags
    bound: float = np.inf


@dataclass(frozen=True, slots=True)
class Effort:
    """How exact (in the programme's unit) and how long [s] a search with yes-or-no decisions may be."""

    gap: float
    relative_gap: float
    seconds: float

    def room(self, objective: float) -> float:
        return self.gap + self.relative_gap * abs(objective)


@dataclass(frozen=True, slots=True)
class Course:
    """What another method found: no legal point lies below `least` by more than `rounding`; `values` makes its decisions."""

    least: float
    values: Array
    rounding: float


class CannotFollow(RuntimeError):
    """The other method cannot say."""


class OutOfTime(RuntimeError):
    """No plan at all was found within the time."""


def solve(
    program: Program,
    effort: Effort,
    begin: Array | None = None,
    courses: Sequence[Callable[[], Course | None]] = (),
) -> Answer | None:
    """The best point, or None where there is none.

    Args:
        program: see there.
        effort: for yes-or-no decisions.
        begin: a legal point to begin with, if one is known.
        courses: other methods, asked one after the other where linear programming is not enough, until one is proven.

    Raises:
        OutOfTime: the search ended without any point.
    """
    if np.any(program.lower > program.upper + FEASIBLE):
        return None
    found = _by_lines(program)
    if found is None or found.proven:
        return found
    for course in courses:
        try:
            followed = course()
        except CannotFollow:
            continue
        if followed is None:
            return None
        point = with_decisions_of(program, followed.values)
        if point is not None and point.objective <= followed.least + followed.rounding + effort.room(
            point.objective
        ):
            return point
        begin = followed.values
    known = with_decisions_of(program, begin if begin is not None else found.values)
    if known is not None and known.objective <= found.bound:
        return known
    if known is not None and (not found.legal or known.objective < found.objective):
        found = replace(known, suspects=found.suspects, proven=False)
    return _by_branches(program, effort, found)


def _by_lines(program: Program) -> Answer | None:
    """Linear programming alone; `proven` only where pairs and whole numbers come out right at the relaxed optimum's cost."""
    relaxed = replace(program, whole=program.whole[:0])
    highs = _loaded(relaxed)
    if not _run(highs):
        return None
    bound = highs.getInfo().objective_function_value + SAME_COST * max(
        1.0, abs(highs.getInfo().objective_function_value)
    )
    point = _settled(highs, relaxed)
    shut = _violated(program, point.values)
    worthless = point.row_prices[program.pair_rows] <= PRICED
    for _ in range(ROUNDS):
        again = _violated(program, point.values)
        if not again.any():
            break
        shut |= again
        _restore(highs, relaxed)
        if not _shut(highs, program, point.values, shut):
            break
        point = _settled(highs, relaxed)
    legal = not _violated(program, point.values).any() and _is_whole(program, point.values)
    return replace(
        point, proven=legal and point.objective <= bound, legal=legal, suspects=shut | worthless, bound=bound
    )


def _by_branches(program: Program, effort: Effort, found: Answer) -> Answer | None:
    """Yes-or-no decisions, for few pairs first; `found` is where linear programming ended."""
    chosen = program.eager | found.suspects
    left, least = effort.seconds, found.bound
    for round_ in range(ROUNDS + 1):
        last = round_ == ROUNDS or bool(chosen.all())
        if last:
            chosen[:] = True
        # Few decisions may leave others violated: time is kept for the search with all of them.
        limited = replace(effort, seconds=left if last else left / 2)
        highs, solved = _searched(program, chosen, limited, found.values if found.legal else None)
        left = max(left - highs.getRunTime(), min(1.0, effort.seconds))
        done = highs.getModelStatus() == STATUS.kOptimal
        least = max(least, highs.getInfo().mip_dual_bound)  # few decisions are a relaxation of all of them
        if not solved and highs.getModelStatus() != STATUS.kTimeLimit:
            return None
        if solved:
            values = np.array(highs.getSolution().col_value)[: len(program.cost)]
            bound = highs.getInfo().objective_function_value
            point = with_decisions_of(program, values)
            if point is not None and (last or not done or point.objective <= bound + effort.room(bound)):
                if not done and found.legal and found.objective < point.objective:
                    break
                return replace(
                    point, binaries=int(chosen.sum()) + len(program.whole), proven=done, bound=least
                )
            chosen |= _violated(program, values)
        else:
            chosen[:] = True
        if last:
            break
    if not found.legal:
        raise OutOfTime
    return replace(found, proven=False, bound=least)


def _searched(program: Program, chosen: Flags, effort: Effort, begin: Array | None) -> tuple[Any, bool]:
    """The solver after its search, and whether it found a point."""
    highs = _loaded(_with_decisions(program, chosen), effort)
    if begin is None:
        return highs, _run(highs)
    columns = np.arange(len(begin), dtype=np.int32)
    highs.setSolution(len(columns), columns, begin)
    solved = _run(highs)
    if solved:
        # HiGHS 1.16 was seen to name a better objective than that of the point it returned: the one it was given.
        objective = program.offset + float(
            program.cost @ np.array(highs.getSolution().col_value)[: len(program.cost)]
        )
        stated = highs.getInfo().objective_function_value
        if objective > stated + effort.room(stated) + FEASIBLE:
            return _searched(program, chosen, effort, None)
    return highs, solved


def _is_whole(program: Program, values: Array) -> bool:
    part = values[program.whole]
    return bool(np.all(np.abs(part - np.round(part)) <= FEASIBLE))


def with_decisions_of(program: Program, values: Array) -> Answer | None:
    """The best point with the decisions that `values` made: whole numbers as they are, of each pair the greater side."""
    highs = _loaded(replace(program, whole=program.whole[:0]))
    whole = program.whole.astype(np.int32)
    fixed = np.round(values[program.whole])
    highs.changeColsBounds(len(whole), whole, fixed, fixed)
    both = np.ones(len(program.first), dtype=np.bool_)
    return _settled(highs, program) if _shut(highs, program, values, both) else None


def _violated(program: Program, values: Array) -> Flags:
    found: Flags = np.minimum(values[program.first], values[program.second]) > BOTH
    return found


def _shut(highs: Any, program: Program, values: Array, both: Flags) -> bool:
    """Hold the lesser side of the given pairs at zero and solve again."""
    lesser = np.where(
        values[program.first] / np.maximum(program.first_most, FEASIBLE) >= values[program.second] / np.maximum(program.second_most, FEASIBLE),
        program.second, program.first,
    )[both].astype(np.int32)  # fmt: skip
    nothing = np.zeros(len(lesser))
    highs.changeColsBounds(len(lesser), lesser, nothing, nothing)
    return _run(highs)


def _restore(highs: Any, program: Program) -> None:
    """Bounds and costs as they were before the second pass."""
    columns = np.arange(len(program.cost), dtype=np.int32)
    rows = np.arange(len(program.row_lower), dtype=np.int32)
    highs.changeColsBounds(len(columns), columns, program.lower, program.upper)
    highs.changeRowsBounds(len(rows), rows, program.row_lower, program.row_upper)
    highs.changeColsCost(len(columns), columns, program.cost)


def _settled(highs: Any, program: Program) -> Answer:
    """The solved linear programme's prices, and of all its optima the one with the least `tie`."""
    found = highs.getSolution()
    values, prices = np.array(found.col_value), np.array(found.row_dual)
    reduced, activity = np.array(found.col_dual), np.array(found.row_value)
    objective = highs.getInfo().objective_function_value
    nobody = np.zeros(len(program.first), dtype=np.bool_)
    held, held_rows = np.abs(reduced) > PRICED, np.abs(prices) > PRICED
    if _unique(held, held_rows):
        return Answer(values, objective, prices, 0, True, True, nobody)
    columns, rows = np.flatnonzero(held).astype(np.int32), np.flatnonzero(held_rows).astype(np.int32)
    highs.changeColsBounds(len(columns), columns, values[columns], values[columns])
    highs.changeRowsBounds(len(rows), rows, activity[rows], activity[rows])
    every = np.arange(len(program.cost), dtype=np.int32)
    highs.changeColsCost(len(every), every, program.tie)
    if _run(highs):
        moved = np.array(highs.getSolution().col_value)
        again = program.offset + float(program.cost @ moved)
        if again <= objective + SAME_COST * max(1.0, abs(objective)):
            return Answer(moved, again, prices, 0, True, True, nobody)
    return Answer(values, objective, prices, 0, True, True, nobody)


def _unique(held: Flags, held_rows: Flags) -> bool:
    """Whether every column and row outside the basis has a price: then no other point costs the same.

    Of c columns and r rows r are in the basis, so c are outside; none of those inside has a price.
    """
    return int(held.sum()) + int(held_rows.sum()) >= len(held)


def _with_decisions(program: Program, chosen: Flags) -> Program:
    """A yes-or-no column per chosen pair: `first <= most x`, `second <= most (1 - x)`; and the cuts."""
    count, width = int(chosen.sum()), len(program.cost)
    decision = width + np.arange(count)
    first_most, second_most = program.first_most[chosen], program.second_most[chosen]
    columns = np.stack([program.first[chosen], decision, program.second[chosen], decision], axis=1)
    values = np.stack([np.ones(count), -first_most, np.ones(count), second_most], axis=1)
    zeros, ones = np.zeros(count), np.ones(count)
    cut = len(program.cut_upper)
    rows = 2 * np.arange(2 * count + cut)
    return replace(
        program, cost=np.concatenate([program.cost, zeros]), tie=np.concatenate([program.tie, zeros]),
        lower=np.concatenate([program.lower, zeros]), upper=np.concatenate([program.upper, ones]),
        starts=np.concatenate([program.starts, len(program.values) + rows]),
        columns=np.concatenate([program.columns, columns.ravel(), program.cut_columns.ravel()]),
        values=np.concatenate([program.values, values.ravel(), program.cut_values.ravel()]),
        row_lower=np.concatenate([program.row_lower, np.full(len(rows), -np.inf)]),
        row_upper=np.concatenate([program.row_upper, np.stack([zeros, second_most], axis=1).ravel(), program.cut_upper]),
        whole=np.concatenate([program.whole, decision]),
    )  # fmt: skip


def _loaded(program: Program, effort: Effort | None = None) -> Any:
    """A solver that holds the programme, its matrix handed over whole."""
    highs = _Highs()
    for option, value in (
        ("output_flag", False),
        ("primal_feasibility_tolerance", FEASIBLE),
        ("dual_feasibility_tolerance", FEASIBLE),
    ):
        highs.setOptionValue(option, value)
    if effort is None and len(program.cost) < SMALL:
        highs.setOptionValue("presolve", "off")
        highs.setOptionValue("simplex_strategy", PRIMAL)
    if effort is not None:
        for option, number in (
            ("mip_rel_gap", effort.relative_gap),
            ("mip_abs_gap", effort.gap),
            ("mip_feasibility_tolerance", FEASIBLE),
            ("time_limit", effort.seconds),
        ):
            highs.setOptionValue(option, number)
    whole = np.zeros(len(program.cost), dtype=np.int32)
    whole[program.whole] = 1
    highs.passModel(
        len(program.cost), len(program.row_lower), len(program.values), ROW_WISE, MINIMIZE, program.offset, program.cost,
        program.lower, program.upper, program.row_lower, program.row_upper, program.starts.astype(np.int32),
        program.columns.astype(np.int32), program.values, whole,
    )  # fmt: skip
    return highs


def _run(highs: Any) -> bool:
    """Solve; whether a point was found."""
    highs.run()
    status = highs.getModelStatus()
    if status == STATUS.kOptimal:
        return True
    return bool(
        status == STATUS.kTimeLimit
        and np.isfinite(highs.getInfo().objective_function_value)
        and highs.getSolution().value_valid
    )
