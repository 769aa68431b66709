"""A sheet on which a linear programme is written down block by block: columns, rows, pairs; arrays throughout."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from grid.domain.planning.parts import Array, Places
from grid.domain.planning.program import Program

Entry = tuple[Places, Places, ArrayLike]


@dataclass(slots=True)
class Sheet:
    """Grows while a programme is written; `program()` reads it off."""

    width: int = 0
    height: int = 0
    offset: float = 0.0
    _columns: list[tuple[Array, ...]] = field(default_factory=list)
    _limits: list[tuple[Array, Array]] = field(default_factory=list)
    _entries: list[tuple[Places, Places, Array]] = field(default_factory=list)
    _whole: list[Places] = field(default_factory=list)
    _cuts: list[tuple[Places, Array, Array]] = field(default_factory=list)
    _pairs: list[tuple[Places, Places, Array, Array, Array, Places]] = field(default_factory=list)

    def columns(
        self, count: int, upper: ArrayLike, *, lower: ArrayLike = 0.0, cost: ArrayLike = 0.0, tie: ArrayLike = 0.0, whole: bool = False
    ) -> Places:
        """New columns; their numbers."""
        numbers = np.arange(self.width, self.width + count)
        self._columns.append(tuple(_spread(values, count) for values in (cost, tie, lower, upper)))
        if whole:
            self._whole.append(numbers)
        self.width += count
        return numbers

    def rows(self, count: int, lower: ArrayLike, upper: ArrayLike, entries: Sequence[Entry]) -> Places:
        """New rows; each entry gives rows (from 0 within the block), columns and factors."""
        numbers = np.arange(self.height, self.height + count)
        self._limits.append((_spread(lower, count), _spread(upper, count)))
        for rows, columns, factors in entries:
            self._entries.append((rows + self.height, columns, np.broadcast_to(np.asarray(factors, np.float64), columns.shape)))
        self.height += count
        return numbers

    def cuts(self, columns: Sequence[Places], factors: Sequence[ArrayLike], upper: ArrayLike) -> None:
        """Rows of two entries that hold by themselves where the pairs do; they speed the search for yes-or-no decisions."""
        count = len(columns[0])
        spread = [_spread(values, count) for values in factors]
        self._cuts.append((np.stack(columns, axis=1), np.stack(spread, axis=1), _spread(upper, count)))

    def pairs(self, first: Places, second: Places, first_most: Array, second_most: Array, eager: ArrayLike, rows: Places) -> None:
        """Pairs of columns of which one must be zero; `rows` are those in whose price it shows whether doing both may pay."""
        self._pairs.append((first, second, first_most, second_most, _spread(eager, len(first)), rows))

    def program(self) -> Program:
        """All of it, the entries sorted by row."""
        cost, tie, lower, upper = (np.concatenate(part) for part in zip(*self._columns, strict=True))
        row_lower, row_upper = (np.concatenate(part) for part in zip(*self._limits, strict=True))
        rows, columns, values = (np.concatenate(part) for part in zip(*self._entries, strict=True))
        order = np.argsort(rows, kind="stable")
        starts = np.zeros(self.height, dtype=np.int64)
        np.cumsum(np.bincount(rows, minlength=self.height)[:-1], out=starts[1:])
        none = np.zeros(0, dtype=np.int64)
        pairs = self._pairs or [(none, none, np.zeros(0), np.zeros(0), np.zeros(0), none)]
        first, second, first_most, second_most, eager, pair_rows = (np.concatenate(part) for part in zip(*pairs, strict=True))
        cuts = self._cuts or [(np.zeros((0, 2), np.int64), np.zeros((0, 2)), np.zeros(0))]
        cut_columns, cut_values, cut_upper = (np.concatenate(part) for part in zip(*cuts, strict=True))
        return Program(
            cost,
            tie,
            lower,
            upper,
            starts,
            columns[order],
            values[order],
            row_lower,
            row_upper,
            np.concatenate([none, *self._whole]),
            first,
            second,
            first_most,
            second_most,
            eager > 0,
            pair_rows,
            cut_columns,
            cut_values,
            cut_upper,
            self.offset,
        )


def _spread(values: ArrayLike, count: int) -> Array:
    return np.broadcast_to(np.asarray(values, np.float64), (count,))
