"""What one more watt at a node does to voltages, loadings, branch flows and losses: the power flow's exact derivatives at a point.

At a solution `Y U + conj(S / U) = I0` of the constant-power equations, `dU` for a change of draws solves a linear system with the
Jacobian of Newton's method. It is kept sparse and factorised once, so that a row (all nodes' influence on one voltage or one
branch: one transposed solution) or a column (one node's influence on everything: one solution) costs little on thousands of nodes;
meshed or radial makes no difference. Draws are positive; a watt fed in has the opposite effect. Sources: Newton's method in rectangular
coordinates (da Costa, Martins, Pereira 1999), adjoint sensitivities.
"""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csc_matrix
from scipy.sparse.linalg import SuperLU, splu

from grid.domain.network.branches import Branches, Complex, Places
from grid.domain.network.powerflow import Array, CannotSolve, Network
from grid.domain.network.wiring import Operating, Wiring, slope_of, turned, wiring_of

MOST_STEPS = 40
ARRIVED = 1e-9


@dataclass(frozen=True, slots=True)
class Influence:
    """The derivative of some quantities by what each node draws, [quantities, nodes]; 0 for nodes without a path or with a held voltage.

    Attributes:
        by_w: per watt drawn.
        by_var: per var drawn.
    """

    by_w: Array
    by_var: Array


@dataclass(frozen=True)
class Linearised(Operating):
    """The network near one operating point that solves the power flow."""

    _factors: SuperLU

    def of_voltages(self, nodes: Places | None = None) -> Influence:
        """The influence on the voltages [p.u.] of `nodes`, or of all."""
        return self._influence(self.weights_of_voltages(_chosen(nodes, len(self.voltage))))

    def of_line_loadings(self, lines: Places | None = None) -> Influence:
        """The influence on the loadings (share of the rating) of `lines`, or of all, at the end that carries more.

        The magnitude of a current has no derivative where nothing flows; there it is given as 0.
        """
        return self._of_loadings(self.wiring.lines, lines, *self._line_ratings)

    def of_transformer_loadings(self, transformers: Places | None = None) -> Influence:
        """The same for transformers."""
        return self._of_loadings(self.wiring.transformers, transformers, *self._transformer_ratings)

    def of_line_powers(self, lines: Places | None = None) -> Influence:
        """The influence on what flows from first to second node [W]: smooth and signed also where nothing flows."""
        return self._of_powers(self.wiring.lines, lines)

    def of_transformer_powers(self, transformers: Places | None = None) -> Influence:
        """The influence on what flows from high to low voltage [W]."""
        return self._of_powers(self.wiring.transformers, transformers)

    def of_transformer_outputs(self, transformers: Places | None = None) -> Influence:
        """The influence on what leaves them at their low-voltage side [W]."""
        return self._of_powers(turned(self.wiring.transformers), transformers, -1.0)

    def of_exchange(self) -> Influence:
        """The influence on what the held nodes feed in [W], one row: 1 and the marginal losses; 1 for held nodes."""
        held = self.wiring.held
        # d sum Re(U_h conj(Y_h U)) = sum Re(conj(U_h) Y_h dU): U_h itself does not move.
        weight = np.conj(self.voltage[held]) @ self.wiring.matrix[held].toarray()
        found = self._influence(csc_matrix(np.atleast_2d(weight)))
        by_w = found.by_w.copy()
        by_w[:, held] += 1.0
        return Influence(by_w, found.by_var)

    def move(self, draw_w: Array, draw_var: Array) -> "Movement":
        """What a change of draws by node, [nodes] or [nodes, cases], does to everything at once, to first order."""
        change = np.asarray(draw_w) + 1j * np.asarray(draw_var)
        moved = self._solve_columns(change[self.free] if change.ndim > 1 else change[self.free][:, None])
        voltage = np.zeros((len(self.voltage), moved.shape[1]), dtype=np.complex128)
        voltage[self.free] = moved
        magnitude = np.where(np.abs(self.voltage) > 0, np.abs(self.voltage), 1.0)[:, None]
        return Movement(
            (np.conj(self.voltage)[:, None] * voltage).real / magnitude / self.network.nominal_voltage_v[:, None],
            self._moved_loading(self.wiring.lines, voltage, *self._line_ratings),
            self._moved_loading(self.wiring.transformers, voltage, *self._transformer_ratings),
        )

    def _of_loadings(self, kind: Branches, chosen: Places | None, first_per_a: Array, second_per_a: Array) -> Influence:
        which = _chosen(chosen, len(kind.first))
        return self._influence(self.weights_of_loadings(kind, which, first_per_a, second_per_a))

    def _of_powers(self, kind: Branches, chosen: Places | None, sign: float = 1.0) -> Influence:
        return self._influence(self.weights_of_powers(kind, _chosen(chosen, len(kind.first)), sign))

    def _influence(self, weights: csc_matrix) -> Influence:
        """For quantities with `dq = Re(W dU)`: one transposed solution for each row of W, [quantities, nodes]."""
        rows, nodes, free = weights.shape[0], len(self.voltage), self.free
        by_w, by_var = np.zeros((rows, nodes)), np.zeros((rows, nodes))
        if not rows or not len(free):
            return Influence(by_w, by_var)
        inner = weights[:, free].toarray()
        adjoint = self._factors.solve(np.vstack([inner.real.T, -inner.imag.T]), trans="T")
        real, imaginary = adjoint[: len(free)].T, adjoint[len(free) :].T
        # dF/dP = conj(1 / U), dF/dQ = -j conj(1 / U); dU = -Jacobian^-1 dF.
        per_volt = np.conj(1 / self.voltage[free])
        by_w[:, free] = -(real * per_volt.real + imaginary * per_volt.imag)
        by_var[:, free] = -(real * per_volt.imag - imaginary * per_volt.real)
        return Influence(by_w, by_var)

    def _solve_columns(self, change: Complex) -> Complex:
        size = len(self.free)
        if not size:
            return np.zeros_like(change)
        residual = np.conj(change / self.voltage[self.free][:, None])
        step = self._factors.solve(np.vstack([residual.real, residual.imag]))
        moved: Complex = -(step[:size] + 1j * step[size:])
        return moved


@dataclass(frozen=True, slots=True)
class Movement:
    """First-order changes, one column per case: voltages [p.u.] by node, loadings (share of the rating) by line and transformer."""

    voltage_pu: Array
    line_loading: Array
    transformer_loading: Array


def _chosen(places: Places | None, count: int) -> Places:
    return np.arange(count) if places is None else np.asarray(places, dtype=np.int64)


def linearise(network: Network, draw_w: Array, draw_var: Array) -> Linearised:
    """Solve the power flow for what each node draws (positive; feeding in negative) and keep its derivatives.

    Raises:
        CannotSolve: no voltages carry these powers, or no node holds a voltage.
    """
    wiring = wiring_of(network)
    voltage = wiring.flat
    voltage[wiring.free], factors = _newton(wiring, voltage, draw_w + 1j * draw_var)
    return Linearised(wiring, voltage, factors)


def _newton(wiring: Wiring, voltage: Complex, power: Complex) -> tuple[Complex, SuperLU]:
    """The free nodes' voltages, and the factorised Jacobian there."""
    free, inner, source = wiring.free, wiring.inner, wiring.from_held
    drawn = np.asarray(power)[free]
    found, size = voltage[free], len(free)
    if not size:
        return found, splu(csc_matrix(np.eye(1)))
    for _ in range(MOST_STEPS):
        current: Complex = np.conj(drawn / found)
        factors = _factorised(wiring, slope_of(current, found))
        residual = inner @ found - source + current
        step = factors.solve(np.concatenate([residual.real, residual.imag]))
        moved = step[:size] + 1j * step[size:]
        found = found - moved
        if not np.isfinite(found).all():
            break
        if (np.abs(moved) <= ARRIVED * np.abs(found)).all():
            return found, _factorised(wiring, slope_of(np.conj(drawn / found), found))
    raise CannotSolve("The power flow has no solution: these powers are more than the network can carry.")


def _factorised(wiring: Wiring, slope: Complex) -> SuperLU:
    try:
        return splu(wiring.jacobian(slope))
    except RuntimeError:  # what scipy raises for a singular matrix
        raise CannotSolve("The network's equations are singular: a line or transformer has no impedance.") from None
