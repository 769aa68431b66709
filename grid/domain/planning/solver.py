"""HiGHS for programmes with pairs: loading one, beginning near a point, and of all optima the one with the least `tie`.

Among equal optima the one with the least `tie` is taken: columns and rows with a price are held where they are, which keeps the cost, and
the rest is free to move (a lexicographic second pass).
"""

from dataclasses import replace
from typing import Any

import highspy
import numpy as np
from highspy._core import _Highs  # highspy.Highs adds callbacks to it: a banner on stdout and a quarter of a millisecond

from grid.domain.planning.parts import Array, Flags, Places
from grid.domain.planning.program import Answer, Effort, Program

BOTH = 1e-8  # above this on both sides a pair is violated, in the programme's unit
PRICED = 1e-9  # a reduced cost above this is one
FEASIBLE = 1e-9
NEAR = 1e-7
SAME_COST = 1e-9
SMALL = 3000  # below that many columns the primal simplex method without presolve was seen to be the fastest
PRIMAL = 4
ROW_WISE = 2
MINIMIZE = 1
STATUS = highspy.HighsModelStatus


def loaded(program: Program, effort: Effort | None = None, line_seconds: float = np.inf) -> Any:
    """A solver that holds the programme, its matrix handed over whole; without an effort it is a linear one, with `line_seconds` of time."""
    highs = _Highs()
    for option, value in (("output_flag", False), ("primal_feasibility_tolerance", FEASIBLE), ("dual_feasibility_tolerance", FEASIBLE)):
        highs.setOptionValue(option, value)
    if effort is None and np.isfinite(line_seconds):
        highs.setOptionValue("time_limit", line_seconds)
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
        len(program.cost),
        len(program.row_lower),
        len(program.values),
        ROW_WISE,
        MINIMIZE,
        program.offset,
        program.cost,
        program.lower,
        program.upper,
        program.row_lower,
        program.row_upper,
        program.starts.astype(np.int32),
        program.columns.astype(np.int32),
        program.values,
        whole,
    )
    return highs


def begin_near(highs: Any, program: Program, near: Array) -> None:
    """A basis of the columns that lie between their bounds there, and of the rows that do not touch theirs; HiGHS completes it."""
    sizes = np.diff(np.append(program.starts, len(program.values)))
    row_of = np.repeat(np.arange(len(program.row_lower)), sizes)
    touched: Array = np.bincount(row_of, program.values * near[program.columns], minlength=len(program.row_lower)).astype(np.float64)
    basis = highspy.HighsBasis()
    basis.col_status = _statuses(near, program.lower, program.upper)
    basis.row_status = _statuses(touched, program.row_lower, program.row_upper)
    basis.valid = basis.alien = True
    highs.setOptionValue("presolve", "off")
    highs.setBasis(basis)


def _statuses(values: Array, lower: Array, upper: Array) -> list[Any]:
    status = highspy.HighsBasisStatus
    named = np.array([status.kLower, status.kBasic, status.kUpper], dtype=object)
    place = np.where(values <= lower + NEAR, 0, np.where(values >= upper - NEAR, 2, 1))
    found: list[Any] = named[place].tolist()
    return found


def run(highs: Any) -> bool:
    """Solve; whether the best point was found.

    Where time ran out that is not known: `is_out_of_time` tells it from a programme without any point.
    """
    highs.run()
    return bool(highs.getModelStatus() == STATUS.kOptimal)


def is_out_of_time(highs: Any) -> bool:
    return bool(highs.getModelStatus() == STATUS.kTimeLimit)


def run_search(highs: Any) -> bool:
    """Search with yes-or-no decisions; whether any point was found. Where time ran out it may not be the best."""
    highs.run()
    status = highs.getModelStatus()
    if status == STATUS.kOptimal:
        return True
    return bool(status == STATUS.kTimeLimit and np.isfinite(highs.getInfo().objective_function_value) and highs.getSolution().value_valid)


def settle(highs: Any, program: Program) -> Answer:
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
    if run(highs):
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


def restore(highs: Any, program: Program) -> None:
    """Bounds and costs as they were before the second pass."""
    columns = np.arange(len(program.cost), dtype=np.int32)
    rows = np.arange(len(program.row_lower), dtype=np.int32)
    highs.changeColsBounds(len(columns), columns, program.lower, program.upper)
    highs.changeRowsBounds(len(rows), rows, program.row_lower, program.row_upper)
    highs.changeColsCost(len(columns), columns, program.cost)


def shut_lesser(highs: Any, program: Program, values: Array, both: Flags) -> bool:
    """Hold the lesser side of the given pairs at zero and solve again."""
    lesser = lesser_sides(program, values)[both].astype(np.int32)
    nothing = np.zeros(len(lesser))
    highs.changeColsBounds(len(lesser), lesser, nothing, nothing)
    return run(highs)


def begin_search_at(highs: Any, program: Program, chosen: Flags, values: Array) -> None:
    """Begin a search from a legal point [c] with the decisions it makes: HiGHS would search the whole programme once more to find these for itself."""
    decisions = first_leads(program, values)[chosen].astype(np.float64)
    begin = np.concatenate([values, decisions])
    highs.setSolution(len(begin), np.arange(len(begin), dtype=np.int32), begin)


def first_leads(program: Program, values: Array) -> Flags:
    """Of which pairs the first side moves no less than the second, each by what it could [p]."""
    first, second = (
        values[side] / np.maximum(most, FEASIBLE)
        for side, most in ((program.first, program.first_most), (program.second, program.second_most))
    )
    leads: Flags = first >= second
    return leads


def lesser_sides(program: Program, values: Array) -> Places:
    """The column of each pair that moves less [p]."""
    return np.where(first_leads(program, values), program.second, program.first)


def violated(program: Program, values: Array) -> Flags:
    found: Flags = np.minimum(values[program.first], values[program.second]) > BOTH
    return found


def is_whole(program: Program, values: Array) -> bool:
    part = values[program.whole]
    return bool(np.all(np.abs(part - np.round(part)) <= FEASIBLE))


def with_yes_or_no(program: Program, chosen: Flags) -> Program:
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
        program,
        cost=np.concatenate([program.cost, zeros]),
        tie=np.concatenate([program.tie, zeros]),
        lower=np.concatenate([program.lower, zeros]),
        upper=np.concatenate([program.upper, ones]),
        starts=np.concatenate([program.starts, len(program.values) + rows]),
        columns=np.concatenate([program.columns, columns.ravel(), program.cut_columns.ravel()]),
        values=np.concatenate([program.values, values.ravel(), program.cut_values.ravel()]),
        row_lower=np.concatenate([program.row_lower, np.full(len(rows), -np.inf)]),
        row_upper=np.concatenate([program.row_upper, np.stack([zeros, second_most], axis=1).ravel(), program.cut_upper]),
        whole=np.concatenate([program.whole, decision]),
    )
