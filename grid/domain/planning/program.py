"""Linear programmes with whole numbers and with pairs of quantities of which one must be zero, and what comes of solving them.

`sheet` writes one down, `solving` solves it, `solver` is HiGHS.
"""

from dataclasses import dataclass

import numpy as np

from grid.domain.planning.parts import Array, Flags, Places


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
    """How exact (in the programme's unit) and how long [s] a search with yes-or-no decisions may be, and each linear programme before it.

    One that is not `patient` ends where its first attempts find no legal point.
    """

    gap: float
    relative_gap: float
    seconds: float
    line_seconds: float = np.inf
    patient: bool = True

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


class CannotFindPlan(RuntimeError):
    """No phase of the search found a plan, though storages can keep their limits; the message says what to change."""


class OutOfTime(RuntimeError):
    """No plan at all was found within the time."""


class LinesOutOfTime(OutOfTime):
    """Not even a linear programme was solved within the time; what asks for more than it will not be either."""
