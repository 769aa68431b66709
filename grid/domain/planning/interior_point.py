"""A primal-dual interior-point method for linear programmes whose columns all lie between 0 and an upper bound.

`minimise cost x, A x = right, 0 <= x <= upper`. Mehrotra's predictor and corrector (S. Mehrotra, "On the implementation of a primal-dual
interior point method", SIAM J. Optim. 2, 1992) on the normal equations, solved by their structure. Gondzio's further correctors saved a
tenth of the steps here and cost more than that.

What comes back is proven, whatever the numbers did on the way: for any `y` the sum `right y + sum of min(0, (cost - A' y) upper)` is a lower
bound of the cost (weak duality, the bounds dualised exactly).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from grid.domain.planning.interior_point_equations import Equations, NormalEquations
from grid.domain.planning.tiled_cholesky import NotPositiveDefinite

Array = NDArray[np.float64]
MOST_STEPS = 120
MOST_WITHOUT_GAIN = 12
FEASIBLE = 1e-8
TO_THE_WALL = 0.9995
ROUGH = 1e-9
ROUNDING = 4e-16  # relative, of sums: what a bound may owe to it is taken off
FIRMNESS = (1e-12, 1e-10, 1e-8)


@dataclass(frozen=True, slots=True)
class BoxProgramme:
    """`minimise cost x + offset, A x = right, 0 <= x <= upper`; every upper bound is finite and above 0."""

    equations: Equations
    cost: Array
    upper: Array
    offset: float = 0.0


@dataclass(frozen=True, slots=True)
class InteriorPoint:
    """Where the method ended.

    Attributes:
        x, y: columns and the shadow prices of the rows.
        cost: of x.
        bound: no feasible x costs less.
        error: the greatest violation of a row.
        steps: how many were taken.
    """

    x: Array
    y: Array
    cost: float
    bound: float
    error: float
    steps: int


def find_interior_point(programme: BoxProgramme, *, enough: float, worth: float, late: Callable[[], bool] = lambda: False) -> InteriorPoint:
    """Step until cost and bound are within `enough` x max(worth, |cost|), or until nothing gets better, or until it is `late`.

    Ends early and says so by its figures: the caller judges `cost`, `bound` and `error`.

    Raises:
        NotPositiveDefinite: the equations are singular from the start.
    """
    method = _Method(programme)
    best: InteriorPoint | None = None
    since = 0
    for step in range(MOST_STEPS):
        reached = method.reached(step)
        if not np.isfinite(reached.cost + reached.bound + reached.error):
            break
        if best is not None and best.bound > reached.bound:  # a bound holds for every point
            reached = replace(reached, y=best.y, bound=best.bound)
        if best is None or _shortfall(reached) < 0.9 * _shortfall(best):
            best, since = reached, 0
        else:
            best, since = replace(best, y=reached.y, bound=reached.bound), since + 1
        close = best.cost - best.bound <= enough * max(worth, abs(best.cost))
        if (close and best.error <= FEASIBLE) or since > MOST_WITHOUT_GAIN or late():
            return best
        try:
            with np.errstate(all="ignore"):  # what overflows is seen at once, above
                method.step()
        except NotPositiveDefinite:
            break
    assert best is not None
    return best


def _shortfall(reached: InteriorPoint) -> float:
    return abs(reached.cost - reached.bound) / max(1.0, abs(reached.cost)) + reached.error


def _inner(a: Array, b: Array) -> float:
    """The inner product, without the library's threads (see `tiled_cholesky`)."""
    return float(np.einsum("i,i->", a, b))


def _factored(equations: Equations, weights: Array) -> NormalEquations:
    """As firm as needed and no firmer."""
    for firmness in FIRMNESS[:-1]:
        try:
            return NormalEquations(equations, weights, firmness)
        except NotPositiveDefinite:
            continue
    return NormalEquations(equations, weights, FIRMNESS[-1])


class _Method:
    """A point, its residuals, and memory for what a step needs: vectors this long are dear to allocate anew each time."""

    def __init__(self, programme: BoxProgramme) -> None:
        """Half way between the bounds; prices of the rows by weighted least squares; complements of one size."""
        self.programme = programme
        equations, upper, cost = programme.equations, programme.upper, programme.cost
        self.x = upper * 0.5
        self.room = upper - self.x
        weights = upper * upper
        self.y = _factored(equations, weights).solve(equations.times(weights * cost))
        reduced = cost - equations.transposed_times(self.y)
        size = np.abs(reduced)
        size += size.mean() + 1e-6
        self.low = np.maximum(reduced, 0.0) + size
        self.high = self.low - reduced
        (
            self.reduced,
            self.dual,
            self.over_x,
            self.over_room,
            self.low_x,
            self.high_room,
            self.weights,
            self.lean,
            self.below,
            self.above,
            self.dx,
            self.dlow,
            self.dhigh,
            self.spare,
        ) = np.empty((14, len(upper)))
        self.width = float(upper.sum())
        self.error, self.rough = np.inf, False
        self._see()

    def _see(self) -> None:
        """Residuals of rows and columns, and the mean product of column and complement."""
        equations = self.programme.equations
        before = self.error
        self.primal = equations.right - equations.times(self.x)
        self.error = float(np.abs(self.primal).max())
        self.rough |= self.error > max(before, ROUGH)
        np.subtract(self.programme.cost, equations.transposed_times(self.y, out=self.reduced), out=self.reduced)
        np.subtract(self.reduced, self.low, out=self.dual)
        self.dual += self.high
        self.mu = (_inner(self.x, self.low) + _inner(self.room, self.high)) / (2 * len(self.x))

    def reached(self, step: int) -> InteriorPoint:
        programme = self.programme
        lacking = np.minimum(self.reduced, 0.0, out=self.spare)
        paid = programme.equations.right * self.y
        bound = programme.offset + float(paid.sum()) + _inner(lacking, programme.upper)
        bound -= ROUNDING * (float(np.abs(paid).sum()) + float(np.abs(self.y).max()) * self.width)
        cost = programme.offset + _inner(programme.cost, self.x)
        return InteriorPoint(self.x.copy(), self.y.copy(), cost, bound, self.error, step)

    def step(self) -> None:
        """Predict, see how far that would lead, aim between there and the centre, go almost to the wall."""
        np.divide(1.0, self.x, out=self.over_x)
        np.divide(1.0, self.room, out=self.over_room)
        np.multiply(self.low, self.over_x, out=self.low_x)
        np.multiply(self.high, self.over_room, out=self.high_room)
        np.divide(1.0, np.add(self.low_x, self.high_room, out=self.weights), out=self.weights)
        self.normal = _factored(self.programme.equations, self.weights)
        self._aim_at_zero()
        self._direct()
        target = self._target(*self._lengths())
        self._aim(target)
        dy = self._direct()
        self._move(dy, *self._lengths())

    def _aim_at_zero(self) -> None:
        """Products of column and complement over the column: all of them shall go."""
        np.negative(self.low, out=self.below)
        np.negative(self.high, out=self.above)

    def _aim(self, target: float) -> None:
        """The same, for products of size `target`, less what the predictor's own curvature adds."""
        np.multiply(self.dx, self.dlow, out=self.below)
        np.subtract(target, self.below, out=self.below)
        self.below *= self.over_x
        self.below -= self.low
        np.multiply(self.dx, self.dhigh, out=self.above)
        self.above += target
        self.above *= self.over_room
        self.above -= self.high

    def _direct(self) -> Array:
        """Newton's step towards what was aimed at; the rows' part is returned."""
        equations = self.programme.equations
        np.subtract(self.dual, self.below, out=self.lean)
        self.lean += self.above
        right = self.primal + equations.times(np.multiply(self.weights, self.lean, out=self.spare))
        dy = self.normal.solve(right)
        equations.transposed_times(dy, out=self.dx)
        if self.rough:  # near the end the weights lie so far apart that the first answer is coarse
            missed = right - equations.times(np.multiply(self.weights, self.dx, out=self.spare))
            dy += self.normal.solve(missed)
            equations.transposed_times(dy, out=self.dx)
        self.dx -= self.lean
        self.dx *= self.weights
        np.multiply(self.low_x, self.dx, out=self.dlow)
        np.subtract(self.below, self.dlow, out=self.dlow)
        np.multiply(self.high_room, self.dx, out=self.dhigh)
        self.dhigh += self.above
        return dy

    def _lengths(self) -> tuple[float, float]:
        """How far columns and complements can go, at most 1."""
        spare = self.spare
        primal = max(
            -float(np.multiply(self.dx, self.over_x, out=spare).min()), float(np.multiply(self.dx, self.over_room, out=spare).max())
        )
        dual = max(-float(np.divide(self.dlow, self.low, out=spare).min()), -float(np.divide(self.dhigh, self.high, out=spare).min()))
        return min(1.0, 1.0 / max(primal, 1e-300)), min(1.0, 1.0 / max(dual, 1e-300))

    def _target(self, primal: float, dual: float) -> float:
        """Mehrotra's: the cube of what the predictor would leave of the mean product."""
        left = _inner(self.x, self.low) + _inner(self.room, self.high)
        left += primal * (_inner(self.dx, self.low) - _inner(self.dx, self.high))
        left += dual * (_inner(self.x, self.dlow) + _inner(self.room, self.dhigh))
        left += primal * dual * (_inner(self.dx, self.dlow) - _inner(self.dx, self.dhigh))
        share = max(left / (2 * len(self.x)) / self.mu, 0.0)
        return share**3 * self.mu

    def _move(self, dy: Array, primal: float, dual: float) -> None:
        primal, dual = primal * TO_THE_WALL, dual * TO_THE_WALL
        self.x += np.multiply(self.dx, primal, out=self.spare)
        self.room -= self.spare
        self.y += dual * dy
        self.low += np.multiply(self.dlow, dual, out=self.spare)
        self.high += np.multiply(self.dhigh, dual, out=self.spare)
        self._see()
