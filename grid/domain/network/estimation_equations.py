"""The sparse equations behind state estimation: least squares under the power flow's equations, thousands of nodes at once.

Sought are the voltages `U` and draws `s` with the least `(s - s0)' S^-1 (s - s0) + (z - h(U))' R^-1 (z - h(U))` for which
`F(U, s) = Y U - I0 + conj(s / U) = 0`. With multipliers for F each Gauss-Newton step is one sparse, symmetric system, Hachtel's augmented
matrix (Gjelsvik, Aam, Holten 1985) with the draws eliminated:

    [ H' R^-1 H    J'      ] [ dU ]   [ H' R^-1 r            ]
    [ J         -B S B'    ] [ l  ] = [ -F(U, s) - B (s0 - s) ],    s = s0 - S B' l

where J is F's derivative by U and B by s. A node that draws nothing for certain has S = 0 and needs no large weight, so the matrix stays
well conditioned. Blocks of its inverse are the covariances by which residuals are judged.
"""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csc_matrix, vstack
from scipy.sparse.linalg import SuperLU, splu

from grid.domain.network.branches import Complex, Places
from grid.domain.network.powerflow import Array, CannotSolve
from grid.domain.network.wiring import Operating, Wiring, slope_of

MOST_STEPS = 12
ARRIVED_W = 1e-3
ARRIVED_V = 1e-6
CONTRADICTION = "The measurements contradict each other so far that no state of the network was found near them."
COLUMNS_AT_ONCE = 32  # a solution holds up every other thread for as long as it takes


@dataclass(frozen=True, slots=True)
class Extra:
    """What is measured beside draws: voltages [p.u.], flows of lines, outputs of transformers [W]; sigmas in that order."""

    voltage_node: Places
    line: Places
    transformer: Places
    values: Array
    sigmas: Array

    def told_by(self, point: Operating) -> Array:
        """What they would be at these voltages."""
        return np.concatenate(
            [point.voltage_pu[self.voltage_node], point.line_power_w[self.line], point.transformer_output_w[self.transformer]]
        )

    def slopes(self, point: Operating) -> csc_matrix:
        """Their derivatives by the real and imaginary parts of the free voltages, [readings, 2 free nodes]."""
        free, size = point.free, len(point.free)
        weights = vstack(
            [
                point.weights_of_voltages(self.voltage_node),
                point.weights_of_line_powers(self.line),
                point.weights_of_transformer_outputs(self.transformer),
            ]
        ).tocoo()
        place = np.full(len(point.voltage), -1)
        place[free] = np.arange(size)
        at = place[weights.col]
        inside = at >= 0
        row, column, value = weights.row[inside], at[inside], weights.data[inside]
        return csc_matrix(
            (np.concatenate([value.real, -value.imag]), (np.tile(row, 2), np.concatenate([column, column + size]))),
            shape=(len(self.values), 2 * size),
        )


@dataclass(frozen=True)
class Settled:
    """Where Gauss-Newton arrived, or was left.

    Attributes:
        voltage: by node [V].
        draw: by node, complex [W + j var].
        residual: by reading, what it says less what the state says.
        is_at_rest: whether the steps had come to rest; where something lies grossly they may not, and it is judged where they were left.
        pulled_w, pulled_var: by node, the slope of the readings' misfit by its draw; `draw - before = sigma^2 x pulled`.
    """

    wiring: Wiring
    voltage: Complex
    draw: Complex
    residual: Array
    pulled_w: Array
    pulled_var: Array
    sigmas: Array
    is_at_rest: bool
    _slopes: csc_matrix
    _by_draw: tuple[Array, Array]
    _factors: SuperLU

    @property
    def variance_of_residuals(self) -> Array:
        """By reading: `diag(R - H P H')`, never below a trifle of R."""
        count, size = self._slopes.shape
        left = np.empty(count)
        for first in range(0, count, COLUMNS_AT_ONCE):
            rows = self._slopes[first : first + COLUMNS_AT_ONCE]
            given = np.zeros((2 * size, rows.shape[0]))
            given[:size] = rows.toarray().T
            left[first : first + rows.shape[0]] = (given[:size] * self._factors.solve(given)[:size]).sum(axis=0)
        return np.maximum(self.sigmas**2 - left, 1e-9 * self.sigmas**2)

    def variance_of_pulls(self, nodes: Places) -> Array:
        """For the active draw of some nodes: the variance of `pulled_w`; 0 for nodes without a path."""
        free, (real, imaginary) = self.wiring.free, self._by_draw
        size, found = len(free), np.zeros(len(nodes))
        place = np.full(len(self.voltage), -1)
        place[free] = np.arange(size)
        at = place[nodes]
        known = np.flatnonzero(at >= 0)
        for first in range(0, len(known), COLUMNS_AT_ONCE):
            chosen = known[first : first + COLUMNS_AT_ONCE]
            columns, rows = np.arange(len(chosen)), at[chosen]
            given = np.zeros((4 * size, len(chosen)))
            given[2 * size + rows, columns], given[3 * size + rows, columns] = real[rows], imaginary[rows]
            found[chosen] = -(given * self._factors.solve(given)).sum(axis=0)
        return np.maximum(found, 0.0)


def settle(
    wiring: Wiring, before: Complex, sigma_w: Array, sigma_var: Array, extra: Extra, start: Complex, arrived_w: float = ARRIVED_W
) -> Settled:
    """Find the likeliest voltages and draws, from voltages near them.

    Args:
        before: by node, what it draws before the readings are looked at.
        start: by node, voltages to begin with.
        arrived_w: what may still move when it is done [W].

    Raises:
        CannotSolve: the steps lead nowhere.
    """
    free, inner, source = wiring.free, wiring.inner, wiring.from_held
    voltage, draw = start.copy(), before.astype(np.complex128)
    spread_w, spread_var = sigma_w[free] ** 2, sigma_var[free] ** 2
    precision = extra.sigmas**-2
    size = len(free)
    for _ in range(MOST_STEPS):
        at = voltage[free]
        current = np.conj(draw[free] / at)
        mismatch = inner @ at - source + current
        point = Operating(wiring, voltage)
        slopes = extra.slopes(point)
        residual = extra.values - extra.told_by(point)
        per_volt = np.conj(1 / at)
        weighted = slopes.T.multiply(precision).tocsc()
        factors = _factorised(wiring, weighted @ slopes, slope_of(current, at), _spread(per_volt, spread_w, spread_var))
        off = np.conj((before[free] - draw[free]) / at) + mismatch
        solved = factors.solve(np.concatenate([weighted @ residual, -off.real, -off.imag]))
        if not np.isfinite(solved).all():
            raise CannotSolve(CONTRADICTION)
        moved = solved[:size] + 1j * solved[size : 2 * size]
        pulled_w, pulled_var = _pulls(per_volt, solved[2 * size : 3 * size], solved[3 * size :])
        following = before.astype(np.complex128)
        following[free] += spread_w * pulled_w + 1j * spread_var * pulled_var
        change = np.abs(following - draw).max(initial=0.0)
        voltage, draw = voltage.copy(), following
        voltage[free] += moved
        is_at_rest = bool(change <= arrived_w and np.abs(moved).max(initial=0.0) <= ARRIVED_V * arrived_w / ARRIVED_W)
        if is_at_rest:
            break
    everywhere_w, everywhere_var = np.zeros(len(voltage)), np.zeros(len(voltage))
    everywhere_w[free], everywhere_var[free] = pulled_w, pulled_var
    left = extra.values - extra.told_by(Operating(wiring, voltage))
    return Settled(
        wiring, voltage, draw, left, everywhere_w, everywhere_var, extra.sigmas, is_at_rest, slopes, (per_volt.real, per_volt.imag), factors
    )


def _spread(per_volt: Complex, spread_w: Array, spread_var: Array) -> tuple[Array, Array, Array]:
    """`B S B'`, its diagonals (real, across, imaginary): F moves by `conj(1 / U)` per watt and by `-j conj(1 / U)` per var."""
    real, imaginary = per_volt.real, per_volt.imag
    return (
        real**2 * spread_w + imaginary**2 * spread_var,
        real * imaginary * (spread_w - spread_var),
        imaginary**2 * spread_w + real**2 * spread_var,
    )


def _pulls(per_volt: Complex, real: Array, imaginary: Array) -> tuple[Array, Array]:
    """`-B' l`."""
    by_w: Array = -(per_volt.real * real + per_volt.imag * imaginary)
    by_var: Array = -(per_volt.imag * real - per_volt.real * imaginary)
    return by_w, by_var


def _factorised(wiring: Wiring, told: csc_matrix, slope: Complex, spread: tuple[Array, Array, Array]) -> SuperLU:
    """The whole matrix, put together from its entries at once: stacking its blocks would take longer than solving."""
    size = len(wiring.free)
    rows, columns, values = wiring.jacobian_values(slope)
    place, entries = np.arange(2 * size, 3 * size), told.tocoo()
    of_real, across, of_imaginary = spread
    matrix = csc_matrix(
        (
            np.concatenate([entries.data, values, values, -of_real, -across, -across, -of_imaginary]),
            (
                np.concatenate([entries.row, rows + 2 * size, columns, place, place, place + size, place + size]),
                np.concatenate([entries.col, columns, rows + 2 * size, place, place + size, place, place + size]),
            ),
        ),
        shape=(4 * size, 4 * size),
    )
    try:
        return splu(matrix)
    except RuntimeError:  # what scipy raises for a singular matrix
        raise CannotSolve("The network's equations are singular: a line or transformer has no impedance.") from None
