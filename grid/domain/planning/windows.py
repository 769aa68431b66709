"""A legal point made better window by window: the decisions of some intervals are searched for while all others stay as they are.

Storages that could burn a surplus by charging each other in turn make plans that differ by little and prove by little: a search over the whole horizon stays
where it began. Over a few intervals it ends within a fraction of a second, and a few rounds of these come nearer to the best.
"""

from dataclasses import replace

import numpy as np

from grid.domain.planning.parts import Array, Flags
from grid.domain.planning.program import Answer, Effort, Program
from grid.domain.planning.solver import begin_search_at, lesser_sides, loaded, violated, with_yes_or_no

PAIRS = 30  # whose decisions one window searches for; twice as many once that finds nothing more
GROWTH = 2
PART = 20  # no window takes more than this part of the time


def better_by_windows(program: Program, effort: Effort, known: Answer) -> tuple[Array, float]:
    """The best point [c] found from `known`, which must be legal, and how long that took [s]; it ends where larger windows would be the whole horizon."""
    rows, place = np.unique(program.pair_rows, return_inverse=True)
    values, objective, spent = known.values, known.objective, 0.0
    width = max(int(PAIRS * len(rows) / max(len(program.first), 1)), 2)
    while width < len(rows) * GROWTH and spent < effort.seconds:
        gained = False
        for begin in range(-(width // 2), len(rows), max(width // 2, 1)):
            if spent >= effort.seconds:
                break
            found, took = _within(program, effort, values, (place >= begin) & (place < begin + width))
            spent += took
            if found is None:
                continue
            again = _objective(program, found)
            if again < objective - effort.room(objective):
                values, objective, gained = found, again, True
        width = width if gained else width * GROWTH
    return values, spent


def _within(program: Program, effort: Effort, values: Array, inside: Flags) -> tuple[Array | None, float]:
    """The best point with the decisions of all pairs but those inside as they are, and the time [s] it took."""
    upper = program.upper.copy()
    upper[lesser_sides(program, values)[~inside]] = 0.0
    limited = replace(effort, seconds=max(effort.seconds / PART, 0.1))
    highs = loaded(with_yes_or_no(replace(program, upper=upper), inside), limited)
    begin_search_at(highs, program, inside, values)
    highs.run()
    if not highs.getSolution().value_valid:
        return None, float(highs.getRunTime())
    found = np.array(highs.getSolution().col_value)[: len(program.cost)]
    return (None if violated(program, found).any() else found), float(highs.getRunTime())


def _objective(program: Program, values: Array) -> float:
    return program.offset + float(program.cost @ values)
