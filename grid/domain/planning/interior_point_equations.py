"""The equations of many storages behind one connection, and their normal equations solved by structure.

Columns, all between 0 and an upper bound: charge, discharge and state of charge above its lower bound, [n, T] each; import, export and what
is curtailed, [T] each; where the peak has a price, room below the peak [T] and the peak [1]. Rows:

    stored [n, T]:  soc - kept soc' - gain charge + loss discharge = what the lower bounds leave
    balance [T]:    import - export - curtailed + discharge - charge = load - production
    peak [T]:       peak - import - room = - peak so far

With a positive weight for each column, `A W A'` has a tridiagonal block per storage (one LAPACK call for all of them, laid end to end)
and couples them through the balance alone. Its Schur complement is dense but small, [T, T]: the sum over storages of `b_i (K^-1)_ij b_j`. The
inverse of a tridiagonal matrix is the diagonal of the inverse times running products of the factor's ratios, so tiles of that sum are
products of matrices. Nothing of size n T squared is ever formed.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lapack

from grid.domain.planning.tiled_cholesky import Cholesky, NotPositiveDefinite

Array = NDArray[np.float64]
TILE = 32


@dataclass(frozen=True, slots=True)
class Columns:
    """Views of one vector over all columns; `room` and `peak` are empty where the peak has no price."""

    charge: Array
    discharge: Array
    soc: Array
    imported: Array
    exported: Array
    curtailed: Array
    room: Array
    peak: Array


@dataclass(frozen=True, slots=True)
class Equations:
    """`A x = right`.

    Attributes:
        storages, intervals: n, T.
        kept: [n, 1], share of the state of charge that is left after an interval.
        gain, loss: [n, T], per unit charged and discharged; 0 where the column is fixed.
        charge_open, discharge_open, soc_open: [n, T], 1 where the column is free, 0 where it is fixed.
        shared_open: [3 T] or [4 T + 1], the same for the shared columns.
        right: [rows].
    """

    storages: int
    intervals: int
    kept: Array
    gain: Array
    loss: Array
    charge_open: Array
    discharge_open: Array
    soc_open: Array
    shared_open: Array
    right: Array

    @property
    def peaked(self) -> bool:
        return len(self.shared_open) > 3 * self.intervals

    def columns(self, vector: Array) -> Columns:
        n, t = self.storages, self.intervals
        each = n * t
        shared = vector[3 * each :]
        charge, discharge, soc = (vector[i * each : (i + 1) * each].reshape(n, t) for i in range(3))
        return Columns(charge, discharge, soc, shared[:t], shared[t : 2 * t], shared[2 * t : 3 * t], shared[3 * t : 4 * t], shared[4 * t :])

    def rows(self, vector: Array) -> tuple[Array, Array, Array]:
        """Views: stored [n, T], balance [T], peak [T] or empty."""
        n, t = self.storages, self.intervals
        return vector[: n * t].reshape(n, t), vector[n * t : n * t + t], vector[n * t + t :]

    def times(self, vector: Array) -> Array:
        """`A vector`."""
        x = self.columns(vector)
        out = np.empty_like(self.right)
        stored, balance, peak = self.rows(out)
        soc = x.soc * self.soc_open
        np.copyto(stored, soc)
        soc *= self.kept
        stored[:, 1:] -= soc[:, :-1]
        stored -= self.gain * x.charge
        stored += self.loss * x.discharge
        open_ = self.columns_open()
        imported = x.imported * open_.imported
        balance[:] = imported - x.exported * open_.exported - x.curtailed * open_.curtailed
        balance += (x.discharge * self.discharge_open).sum(axis=0) - (x.charge * self.charge_open).sum(axis=0)
        if self.peaked:
            peak[:] = x.peak - imported - x.room * open_.room
        return out

    def columns_open(self) -> Columns:
        """What is free of the shared columns; the storages' three are not looked at through this."""
        t, shared, none = self.intervals, self.shared_open, self.soc_open
        return Columns(none, none, none, shared[:t], shared[t : 2 * t], shared[2 * t : 3 * t], shared[3 * t : 4 * t], shared[4 * t :])

    def transposed_times(self, vector: Array, out: Array | None = None) -> Array:
        """`A' vector`, into `out` where given."""
        stored, balance, peak = self.rows(vector)
        if out is None:
            out = np.empty(3 * stored.size + len(self.shared_open))
        x = self.columns(out)
        np.multiply(self.gain, stored, out=x.charge)
        np.add(x.charge, self.charge_open * balance, out=x.charge)
        np.negative(x.charge, out=x.charge)
        np.multiply(self.loss, stored, out=x.discharge)
        np.add(x.discharge, self.discharge_open * balance, out=x.discharge)
        np.copyto(x.soc, stored)
        x.soc[:, :-1] -= self.kept * stored[:, 1:]
        np.multiply(x.soc, self.soc_open, out=x.soc)
        x.imported[:] = balance
        x.exported[:] = -balance
        x.curtailed[:] = -balance
        if self.peaked:
            x.imported[:] -= peak
            x.room[:] = -peak
            x.peak[:] = peak.sum()
        out[3 * stored.size :] *= self.shared_open
        return out


class NormalEquations:
    """`A W A' y = r` for one set of weights W > 0, factored once, solved as often as needed.

    Diagonals are raised by the share `firmness`: equations that depend on each other (of a storage that cannot move) leave them singular.

    Raises:
        NotPositiveDefinite: it is singular to working precision all the same.
    """

    def __init__(self, equations: Equations, weights: Array, firmness: float) -> None:
        self.equations, self.firmer = equations, 1.0 + firmness
        w = equations.columns(weights)
        soc = w.soc * equations.soc_open
        gained, lost = equations.gain * w.charge, equations.loss * w.discharge
        self.coupling = gained + lost
        self.diagonal, self.ratios = self._factor_storages(soc, gained, lost)
        self._factor_shared(w)

    def _factor_storages(self, soc: Array, gained: Array, lost: Array) -> tuple[Array, Array]:
        equations = self.equations
        diagonal = equations.gain * gained + equations.loss * lost + soc
        carried = equations.kept * soc
        diagonal[:, 1:] += (equations.kept * carried)[:, :-1]
        beside = -carried
        beside[:, -1] = 0.0
        diagonal *= self.firmer
        diagonal[diagonal == 0.0] = 1.0  # an equation without free columns
        factor, ratios, failed = lapack.dpttrf(np.append(diagonal.ravel(), 1.0), beside.ravel())
        if failed:
            raise NotPositiveDefinite(f"at row {failed} of the storages")
        return (factor, ratios)  # with an equation of its own at the end, so that even a single one has a neighbour

    def _factor_shared(self, w: Columns) -> None:
        """The peak's rows are eliminated by hand (a diagonal and a matrix of rank one), the rest is dense."""
        equations, t = self.equations, self.equations.intervals
        open_ = equations.columns_open()
        imported = w.imported * open_.imported
        free = w.exported * open_.exported + w.curtailed * open_.curtailed
        free += (w.charge * equations.charge_open).sum(axis=0) + (w.discharge * equations.discharge_open).sum(axis=0)
        matrix = -self._sum_of_inverses()
        if equations.peaked:
            room = w.room * open_.room
            self.below = imported + room
            self.share = imported / self.below
            self.pull = 1.0 / (1.0 / w.peak[0] + (1.0 / self.below).sum())
            free += imported * room / self.below
            matrix += np.outer(self.share, self.share * self.pull)
        else:
            free += imported
        matrix[np.arange(t), np.arange(t)] += free * self.firmer
        self.shared = Cholesky(matrix)

    def _sum_of_inverses(self) -> Array:
        """`sum over storages of b_i (K^-1)_ij b_j` [T, T]."""
        n, t = self.equations.storages, self.equations.intervals
        ratios = np.zeros((t, n))
        ratios[:-1] = -self.ratios.reshape(n, t).T[:-1]
        inverse = 1.0 / self.diagonal[:-1].reshape(n, t).T
        squared = ratios * ratios
        for i in range(t - 2, -1, -1):
            inverse[i] += squared[i] * inverse[i + 1]
        weight = np.ascontiguousarray(self.coupling.T)
        later = inverse * weight
        total = np.zeros((t, t))
        for begin in range(0, t, TILE):
            end = min(begin + TILE, t)
            self._near(total, ratios, weight, later, begin, end)
            self._far(total, ratios, weight, later, begin, end)
        return total + np.triu(total, 1).T

    def _near(self, total: Array, ratios: Array, weight: Array, later: Array, begin: int, end: int) -> None:
        """The tile on the diagonal, row by row from below."""
        run = np.empty((end - begin, self.equations.storages))
        for i in range(end - 1, begin - 1, -1):
            place = i - begin
            run[place + 1 :] *= ratios[i]
            run[place] = later[i]
            total[i, i:end] = run[place:] @ weight[i]

    def _far(self, total: Array, ratios: Array, weight: Array, later: Array, begin: int, end: int) -> None:
        """The tiles to the right: products up to the tile's edge times products from there."""
        if end == len(total):
            return
        until = weight[begin:end] * np.multiply.accumulate(ratios[begin:end][::-1], axis=0)[::-1]
        beyond = later[end:].copy()
        beyond[1:] *= np.multiply.accumulate(ratios[end:-1], axis=0)
        for first in range(end, len(total), TILE):
            last = min(first + TILE, len(total))
            total[begin:end, first:last] = until @ beyond[first - end : last - end].T

    def solve(self, right: Array) -> Array:
        """`y` for one right side."""
        equations = self.equations
        out = np.empty_like(right)
        stored, balance, peak = equations.rows(out)
        given = equations.rows(right)
        alone = self._alone(given[0])
        rest = given[1] - (self.coupling * alone).sum(axis=0)
        if equations.peaked:
            rest += self._through_peak(given[2]) * (self.share * self.below)
        balance[:] = self.shared.solve(rest)
        if equations.peaked:
            peak[:] = self._through_peak(given[2] + self.share * self.below * balance)
        np.subtract(alone, self._alone(self.coupling * balance), out=stored)
        return out

    def _alone(self, right: Array) -> Array:
        """Every storage's own equations, [n, T]."""
        found = lapack.dpttrs(self.diagonal, self.ratios, np.append(right.ravel(), 0.0))[0]
        solved: Array = found[:-1].reshape(right.shape)
        return solved

    def _through_peak(self, right: Array) -> Array:
        """The inverse of `diag(below) + peak 1 1'` times a vector (Sherman and Morrison)."""
        over: Array = right / self.below
        through: Array = over - self.pull * over.sum() / self.below
        return through
