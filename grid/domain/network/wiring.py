"""The wires as equations: the admittance matrix, and what voltages mean for loadings and flows, with their derivatives.

Voltages are line to line [V]; a node without a path to a held voltage has 0.
"""

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, csc_matrix
from scipy.sparse.csgraph import connected_components

from grid.domain.network.branches import Branches, Complex, Places, line_branches, transformer_branches
from grid.domain.network.powerflow import Array, CannotSolve, Network

ROOT_3 = np.sqrt(3.0)


@dataclass(frozen=True, slots=True)
class Wiring:
    """What does not change from one operating point to the next.

    Attributes:
        matrix: the nodal admittances, sparse; inner: those among free nodes.
        from_held: what held nodes drive into free ones [A, times the square root of three].
        jacobian_at: rows, columns and unchanging values of the equations' derivative by free voltages, in real and imaginary parts.
        held: nodes that hold a voltage.
        free: nodes whose voltage is not held and that have a path to one that is.
    """

    network: Network
    matrix: csc_matrix
    lines: Branches
    transformers: Branches
    held: Places
    free: Places
    inner: csc_matrix
    from_held: Complex
    jacobian_at: tuple[Places, Places, Array]

    def jacobian_values(self, slope: Complex) -> tuple[Places, Places, Array]:
        """The derivative by free voltages where the loads' currents have this slope: rows, columns, values (those of one place add up)."""
        rows, columns, fixed = self.jacobian_at
        return rows, columns, np.concatenate([fixed, slope.real, slope.imag, slope.imag, -slope.real])

    def jacobian(self, slope: Complex) -> csc_matrix:
        """The same as a matrix."""
        rows, columns, values = self.jacobian_values(slope)
        return csc_matrix((values, (rows, columns)), shape=(2 * len(self.free), 2 * len(self.free)))

    @property
    def flat(self) -> Complex:
        """Held voltages, and their mean everywhere else that has a path."""
        network = self.network
        voltage = np.zeros(len(network.nominal_voltage_v), dtype=np.complex128)
        voltage[self.held] = (network.held_pu * network.nominal_voltage_v)[self.held]
        voltage[self.free] = network.nominal_voltage_v[self.free] * np.nanmean(network.held_pu)
        return voltage


class _Same:
    """A network by identity: two that are alike are still two."""

    __slots__ = ("network",)

    def __init__(self, network: Network) -> None:
        self.network = network

    def __hash__(self) -> int:
        return id(self.network)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.network is self.network


def wiring_of(network: Network) -> Wiring:
    """The network's equations, made once as long as it is in use.

    Raises:
        CannotSolve: no node holds a voltage.
    """
    return _wiring(_Same(network))


@lru_cache(maxsize=16)
def _wiring(same: _Same) -> Wiring:
    network = same.network
    held = np.flatnonzero(~np.isnan(network.held_pu))
    if not len(held):
        raise CannotSolve("No node holds a voltage: the network has no point of common coupling.")
    lines, transformers = line_branches(network.wires), transformer_branches(network.transformers)
    matrix = _sparse_admittance(len(network.nominal_voltage_v), lines, transformers)
    free = np.setdiff1d(_with_path(network, lines, transformers, held), held)
    voltage = network.held_pu[held] * network.nominal_voltage_v[held]
    inner = matrix[free][:, free].tocsc()
    from_held = -(matrix[free][:, held] @ voltage)
    return Wiring(network, matrix, lines, transformers, held, free, inner, from_held, _jacobian_at(inner))


def _jacobian_at(inner: csc_matrix) -> tuple[Places, Places, Array]:
    """`[[Re, -Im], [Im, Re]]` of the admittances, then the places of the loads' slopes on the four diagonals."""
    size, entries = inner.shape[0], inner.tocoo()
    row, column = entries.row.astype(np.int64), entries.col.astype(np.int64)
    real, imaginary, place = entries.data.real, entries.data.imag, np.arange(size)
    rows = np.concatenate([row, row, row + size, row + size, place, place, place + size, place + size])
    columns = np.concatenate([column, column + size, column, column + size, place, place + size, place, place + size])
    return rows, columns, np.concatenate([real, -imaginary, imaginary, real])


@dataclass(frozen=True)
class Operating:
    """The network at given voltages: what is loaded how far and what flows where, and by which weights the voltages decide that.

    For each quantity `dq = Re(W dU)`; the `weights_of_...` give W, [quantities, nodes].
    """

    wiring: Wiring
    voltage: Complex

    @property
    def network(self) -> Network:
        return self.wiring.network

    @property
    def free(self) -> Places:
        return self.wiring.free

    @property
    def voltage_pu(self) -> Array:
        """By node, per unit of its nominal voltage; NaN where no path leads to a held one."""
        magnitude = np.abs(self.voltage) / self.network.nominal_voltage_v
        return np.where(magnitude > 0, magnitude, np.nan)

    @property
    def line_loading(self) -> Array:
        """By line, the larger end current over the highest allowed one."""
        return self._loading(self.wiring.lines, *self._line_ratings)

    @property
    def transformer_loading(self) -> Array:
        """By transformer, the larger of both sides' currents over the rated one."""
        return self._loading(self.wiring.transformers, *self._transformer_ratings)

    @property
    def line_power_w(self) -> Array:
        """By line, what flows from its first to its second node [W]."""
        return self._power_w(self.wiring.lines)

    @property
    def transformer_power_w(self) -> Array:
        """By transformer, what flows from high to low voltage [W]."""
        return self._power_w(self.wiring.transformers)

    @property
    def transformer_output_w(self) -> Array:
        """By transformer, what leaves it at its low-voltage side [W]; negative where power flows up."""
        kind = self.wiring.transformers
        power: Array = -(self.voltage[kind.second] * np.conj(self._ends(kind)[1])).real
        return power

    @cached_property
    def _line_ratings(self) -> tuple[Array, Array]:
        most = np.array([w.max_current_a for w in self.network.wires]) * ROOT_3
        per_a = np.divide(1.0, most, out=np.zeros_like(most), where=most > 0)  # no rating, no loading
        return per_a, per_a

    @cached_property
    def _transformer_ratings(self) -> tuple[Array, Array]:
        data = self.network.transformers
        return (np.array([t.voltage_hv_v / t.rated_va for t in data]), np.array([t.voltage_lv_v / t.rated_va for t in data]))

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

    def _loading_weights(self, kind: Branches, first_per_a: Array, second_per_a: Array) -> tuple[Complex, Complex]:
        """Weights of the two ends' voltages: `d loading = Re(w_first dU_first + w_second dU_second)`."""
        from_first, from_second = self._ends(kind)
        takes_first = np.abs(from_first) * first_per_a >= np.abs(from_second) * second_per_a
        current = np.where(takes_first, from_first, from_second)
        size = np.abs(current)
        direction = np.divide(np.conj(current), size, out=np.zeros_like(current), where=size > 0)
        direction = direction * np.where(takes_first, first_per_a, second_per_a)
        return direction * np.where(takes_first, kind.a, kind.b), direction * np.where(takes_first, kind.b, kind.d)

    def _moved_loading(self, kind: Branches, moved: Complex, first_per_a: Array, second_per_a: Array) -> Array:
        at_first, at_second = self._loading_weights(kind, first_per_a, second_per_a)
        change: Array = (at_first[:, None] * moved[kind.first] + at_second[:, None] * moved[kind.second]).real
        return change

    def weights_of_voltages(self, nodes: Places) -> csc_matrix:
        """Of the voltages [p.u.] of `nodes`."""
        known = np.abs(self.voltage[nodes]) > 0
        weight = np.divide(
            np.conj(self.voltage[nodes]),
            np.abs(self.voltage[nodes]) * self.network.nominal_voltage_v[nodes],
            out=np.zeros(len(nodes), dtype=np.complex128),
            where=known,
        )
        return as_rows(np.arange(len(nodes)), nodes, weight, len(self.voltage), len(nodes))

    def weights_of_loadings(self, kind: Branches, which: Places, first_per_a: Array, second_per_a: Array) -> csc_matrix:
        """Of loadings, at the end that carries more."""
        at_first, at_second = self._loading_weights(kind, first_per_a, second_per_a)
        return self._two_ends(kind, which, at_first[which], at_second[which])

    def weights_of_powers(self, kind: Branches, which: Places, sign: float = 1.0) -> csc_matrix:
        """Of what flows from first to second node: `P = Re(U_f conj(J))`, so `dP = Re((conj(J) + conj(U_f) a) dU_f + conj(U_f) b dU_t)`."""
        from_first, _ = self._ends(kind)
        own = np.conj(self.voltage[kind.first])
        at_first, at_second = sign * (np.conj(from_first) + own * kind.a), sign * own * kind.b
        return self._two_ends(kind, which, at_first[which], at_second[which])

    def weights_of_line_powers(self, lines: Places) -> csc_matrix:
        return self.weights_of_powers(self.wiring.lines, lines)

    def weights_of_transformer_outputs(self, transformers: Places) -> csc_matrix:
        return self.weights_of_powers(turned(self.wiring.transformers), transformers, -1.0)

    def _two_ends(self, kind: Branches, which: Places, at_first: Complex, at_second: Complex) -> csc_matrix:
        rows = np.tile(np.arange(len(which)), 2)
        places = np.concatenate([kind.first[which], kind.second[which]])
        return as_rows(rows, places, np.concatenate([at_first, at_second]), len(self.voltage), len(which))


def slope_of(current: Complex, voltage: Complex) -> Complex:
    """Of the loads' current by the conjugate voltage."""
    slope: Complex = -current / np.conj(voltage)
    return slope


def as_rows(rows: Places, columns: Places, values: Complex, width: int, height: int) -> csc_matrix:
    """A sparse matrix of weights."""
    return coo_matrix((values, (rows, columns)), shape=(height, width)).tocsc()


def turned(kind: Branches) -> Branches:
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
