"""What one more watt at a node does to voltages, loadings, branch flows and losses: the power flow's exact derivatives at a point.

At a solution `Y U + conj(S / U) = I0` of the constant-power equations, `dU` for a change of draws solves a linear system with the
Jacobian of Newton's method. It is kept sparse and factorised once, so that a row (all nodes' influence on one voltage or one
branch: one transposed solution) or a column (one node's influence on everything: one solution) costs little on thousands of nodes;
meshed or radial makes no difference. Draws are positive; a watt fed in has the opposite effect. Sources: Newton's method in rectangular
coordinates (da Costa, Martins, Pereira 1999), adjoint sensitivities.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import bmat, coo_matrix, csc_matrix, diags
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import SuperLU, splu

from grid.domain.network.branches import Branches, Complex, Places, line_branches, transformer_branches
from grid.domain.network.powerflow import Array, CannotSolve, Network

MOST_STEPS = 40
ARRIVED = 1e-9
ROOT_3 = np.sqrt(3.0)


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
class Linearised:
    """The network near one operating point.

    Attributes:
        network: the wires.
        voltage: by node, complex, line to line [V]; 0 where no path leads to a held voltage.
        free: nodes whose voltage is not held and that have a path.
    """

    network: Network
    voltage: Complex
    free: Places
    _held: Places
    _matrix: csc_matrix
    _lines: Branches
    _transformers: Branches
    _factors: SuperLU

    @property
    def voltage_pu(self) -> Array:
        """By node, per unit of its nominal voltage; NaN where no path leads to a held one."""
        magnitude = np.abs(self.voltage) / self.network.nominal_voltage_v
        return np.where(magnitude > 0, magnitude, np.nan)

    @property
    def line_loading(self) -> Array:
        """By line, the larger end current over the highest allowed one."""
        return self._loading(self._lines, *self._line_ratings)

    @property
    def transformer_loading(self) -> Array:
        """By transformer, the larger of both sides' currents over the rated one."""
        return self._loading(self._transformers, *self._transformer_ratings)

    @property
    def line_power_w(self) -> Array:
        """By line, what flows from its first to its second node [W]."""
        return self._power_w(self._lines)

    @property
    def transformer_power_w(self) -> Array:
        """By transformer, what flows from high to low voltage [W]."""
        return self._power_w(self._transformers)

    @property
    def transformer_output_w(self) -> Array:
        """By transformer, what leaves it at its low-voltage side [W]; negative where power flows up."""
        kind = self._transformers
        power: Array = -(self.voltage[kind.second] * np.conj(self._ends(kind)[1])).real
        return power

    def of_voltages(self, nodes: Places | None = None) -> Influence:
        """The influence on the voltages [p.u.] of `nodes`, or of all."""
        chosen = np.arange(len(self.voltage)) if nodes is None else np.asarray(nodes, dtype=np.int64)
        known = np.abs(self.voltage[chosen]) > 0
        weight = np.divide(
            np.conj(self.voltage[chosen]), np.abs(self.voltage[chosen]) * self.network.nominal_voltage_v[chosen],
            out=np.zeros(len(chosen), dtype=np.complex128), where=known,
        )  # fmt: skip
        return self._influence(_rows(np.arange(len(chosen)), chosen, weight, len(self.voltage)))

    def of_line_loadings(self, lines: Places | None = None) -> Influence:
        """The influence on the loadings (share of the rating) of `lines`, or of all, at the end that carries more.

        The magnitude of a current has no derivative where nothing flows; there it is given as 0.
        """
        return self._of_loadings(self._lines, lines, *self._line_ratings)

    def of_transformer_loadings(self, transformers: Places | None = None) -> Influence:
        """The same for transformers."""
        return self._of_loadings(self._transformers, transformers, *self._transformer_ratings)

    def of_line_powers(self, lines: Places | None = None) -> Influence:
        """The influence on what flows from first to second node [W]: smooth and signed also where nothing flows."""
        return self._of_powers(self._lines, lines)

    def of_transformer_powers(self, transformers: Places | None = None) -> Influence:
        """The influence on what flows from high to low voltage [W]."""
        return self._of_powers(self._transformers, transformers)

    def of_transformer_outputs(self, transformers: Places | None = None) -> Influence:
        """The influence on what leaves them at their low-voltage side [W]."""
        return self._of_powers(_turned(self._transformers), transformers, -1.0)

    def of_exchange(self) -> Influence:
        """The influence on what the held nodes feed in [W], one row: 1 and the marginal losses; 1 for held nodes."""
        held = self._held
        # d sum Re(U_h conj(Y_h U)) = sum Re(conj(U_h) Y_h dU): U_h itself does not move.
        weight = np.conj(self.voltage[held]) @ self._matrix[held].toarray()
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
            (np.conj(self.voltage)[:, None] * voltage).real
            / magnitude
            / self.network.nominal_voltage_v[:, None],
            self._moved_loading(self._lines, voltage, *self._line_ratings),
            self._moved_loading(self._transformers, voltage, *self._transformer_ratings),
        )

    @cached_property
    def _line_ratings(self) -> tuple[Array, Array]:
        most = np.array([w.max_current_a for w in self.network.wires]) * ROOT_3
        per_a = np.divide(1.0, most, out=np.zeros_like(most), where=most > 0)  # no rating, no loading
        return per_a, per_a

    @cached_property
    def _transformer_ratings(self) -> tuple[Array, Array]:
        data = self.network.transformers
        return (
            np.array([t.voltage_hv_v / t.rated_va for t in data]),
            np.array([t.voltage_lv_v / t.rated_va for t in data]),
        )

    def _ends(self, kind: Branches) -> tuple[Complex, Complex]:
        at_first, at_second = self.voltage[kind.first], self.voltage[kind.second]
        return kind.a * at_first + kind.b * at_second, kind.b * at_first + kind.d * at_second

    def _loading(self, kind: Branches, first_per_a: Array, second_per_a: Array) -> Array:
        from_first, from_second = self._ends(kind)
        larger: Array = np.maximum(np.abs(from_first) * first_per_a, np.abs(from_second) * second_per_a)
        return larger

    def _power_w(self, kind: Branches) -> Array:
        power: Array = (self.voltage[kind.first] * np.conj(self._ends(kind)[0])).real
        return power

    def _loading_weights(
        self, kind: Branches, first_per_a: Array, second_per_a: Array
    ) -> tuple[Complex, Complex]:
        """Weights of the two ends' voltages: `d loading = Re(w_first dU_first + w_second dU_second)`."""
        from_first, from_second = self._ends(kind)
        takes_first = np.abs(from_first) * first_per_a >= np.abs(from_second) * second_per_a
        current = np.where(takes_first, from_first, from_second)
        size = np.abs(current)
        direction = np.divide(np.conj(current), size, out=np.zeros_like(current), where=size > 0)
        direction = direction * np.where(takes_first, first_per_a, second_per_a)
        return direction * np.where(takes_first, kind.a, kind.b), direction * np.where(
            takes_first, kind.b, kind.d
        )

    def _moved_loading(
        self, kind: Branches, moved: Complex, first_per_a: Array, second_per_a: Array
    ) -> Array:
        at_first, at_second = self._loading_weights(kind, first_per_a, second_per_a)
        change: Array = (at_first[:, None] * moved[kind.first] + at_second[:, None] * moved[kind.second]).real
        return change

    def _of_loadings(
        self, kind: Branches, chosen: Places | None, first_per_a: Array, second_per_a: Array
    ) -> Influence:
        which = np.arange(len(kind.first)) if chosen is None else np.asarray(chosen, dtype=np.int64)
        at_first, at_second = self._loading_weights(kind, first_per_a, second_per_a)
        return self._influence(self._two_ends(kind, which, at_first[which], at_second[which]))

    def _of_powers(self, kind: Branches, chosen: Places | None, sign: float = 1.0) -> Influence:
        """`P = Re(U_f conj(J))`, so `dP = Re((conj(J) + conj(U_f) a) dU_f + conj(U_f) b dU_t)`."""
        which = np.arange(len(kind.first)) if chosen is None else np.asarray(chosen, dtype=np.int64)
        from_first, _ = self._ends(kind)
        own = np.conj(self.voltage[kind.first])
        at_first, at_second = sign * (np.conj(from_first) + own * kind.a), sign * own * kind.b
        return self._influence(self._two_ends(kind, which, at_first[which], at_second[which]))

    def _two_ends(self, kind: Branches, which: Places, at_first: Complex, at_second: Complex) -> csc_matrix:
        rows = np.tile(np.arange(len(which)), 2)
        places = np.concatenate([kind.first[which], kind.second[which]])
        return _rows(rows, places, np.concatenate([at_first, at_second]), len(self.voltage), len(which))

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


def linearise(network: Network, draw_w: Array, draw_var: Array) -> Linearised:
    """Solve the power flow for what each node draws (positive; feeding in negative) and keep its derivatives.

    Raises:
        CannotSolve: no voltages carry these powers, or no node holds a voltage.
    """
    held = np.flatnonzero(~np.isnan(network.held_pu))
    if not len(held):
        raise CannotSolve("No node holds a voltage: the network has no point of common coupling.")
    lines, transformers = line_branches(network.wires), transformer_branches(network.transformers)
    matrix = _sparse_admittance(len(network.nominal_voltage_v), lines, transformers)
    free = np.setdiff1d(_with_path(network, lines, transformers, held), held)
    voltage = np.zeros(len(network.nominal_voltage_v), dtype=np.complex128)
    voltage[held] = (network.held_pu * network.nominal_voltage_v)[held]
    voltage[free] = network.nominal_voltage_v[free] * np.nanmean(network.held_pu)
    voltage[free], factors = _newton(matrix, voltage, free, held, draw_w + 1j * draw_var)
    return Linearised(network, voltage, free, held, matrix, lines, transformers, factors)


def _newton(
    matrix: csc_matrix, voltage: Complex, free: Places, held: Places, power: Complex
) -> tuple[Complex, SuperLU]:
    """The free nodes' voltages, and the factorised Jacobian there."""
    inner = matrix[free][:, free].tocsc()
    source = -(matrix[free][:, held] @ voltage[held])
    drawn = np.asarray(power)[free]
    found, size = voltage[free], len(free)
    if not size:
        return found, splu(csc_matrix(np.eye(1)))
    for _ in range(MOST_STEPS):
        current: Complex = np.conj(drawn / found)
        factors = _factorised(inner, _slope(current, found))
        residual = inner @ found - source + current
        step = factors.solve(np.concatenate([residual.real, residual.imag]))
        moved = step[:size] + 1j * step[size:]
        found = found - moved
        if not np.isfinite(found).all():
            break
        if (np.abs(moved) <= ARRIVED * np.abs(found)).all():
            return found, _factorised(inner, _slope(np.conj(drawn / found), found))
    raise CannotSolve("The power flow has no solution: these powers are more than the network can carry.")


def _slope(current: Complex, voltage: Complex) -> Complex:
    """Of the loads' current by the conjugate voltage."""
    slope: Complex = -current / np.conj(voltage)
    return slope


def _factorised(inner: csc_matrix, slope: Complex) -> SuperLU:
    """The Jacobian in real and imaginary parts."""
    real, imaginary = diags(slope.real), diags(slope.imag)
    jacobian = bmat(
        [[inner.real + real, -inner.imag + imaginary], [inner.imag + imaginary, inner.real - real]],
        format="csc",
    )
    try:
        return splu(jacobian)
    except RuntimeError:  # what scipy raises for a singular matrix
        raise CannotSolve(
            "The network's equations are singular: a line or transformer has no impedance."
        ) from None


def _rows(
    rows: Places, columns: Places, values: Complex, width: int, height: int | None = None
) -> csc_matrix:
    return coo_matrix(
        (values, (rows, columns)), shape=(len(values) if height is None else height, width)
    ).tocsc()


def _turned(kind: Branches) -> Branches:
    """The same branches seen from their other ends."""
    return Branches(kind.second, kind.first, kind.d, kind.b, kind.a)


def _sparse_admittance(nodes: int, *kinds: Branches) -> csc_matrix:
    rows = np.concatenate([x for k in kinds for x in (k.first, k.second, k.first, k.second)])
    columns = np.concatenate([x for k in kinds for x in (k.first, k.second, k.second, k.first)])
    values = np.concatenate([x for k in kinds for x in (k.a, k.d, k.b, k.b)])
    return coo_matrix((values, (rows, columns)), shape=(nodes, nodes), dtype=np.complex128).tocsc()


def _with_path(network: Network, lines: Branches, transformers: Branches, held: Places) -> Places:
    """Nodes with a path to one that holds its voltage."""
    first = np.concatenate([lines.first, transformers.first])
    second = np.concatenate([lines.second, transformers.second])
    joins = np.concatenate([lines.b, transformers.b]) != 0
    nodes = len(network.nominal_voltage_v)
    joined = coo_matrix((np.ones(int(joins.sum())), (first[joins], second[joins])), shape=(nodes, nodes))
    _, island = connected_components(joined, directed=False)
    found: NDArray[np.int64] = np.flatnonzero(np.isin(island, island[held]))
    return found
