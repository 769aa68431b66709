"""The power flow of many instants at once: a fixed point on the network's impedance matrix, all instants in one product.

With constant powers the voltages satisfy `U = U0 - Z conj(S / U)`: U0 without any load, Z the inverse of the admittance matrix of
the nodes that hold no voltage. The map contracts while the network is far from collapse; the few instants for which it does not
are solved by Newton's method. Voltages are line to line [V], powers of all three phases, so `conj(S / U)` is a current times the
square root of three.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grid.domain.network.branches import Branches, Complex, Places, admittance, line_branches, transformer_branches
from grid.domain.network.powerflow import Array, CannotSolve, Network

CHUNK = 512
COARSE = 1e-5
EXACT = 1e-11
MOST_ROUNDS = 60
MOST_NEWTON_STEPS = 30
LEAST_GROWTH = 2.0**-12  # of an instant's powers, the shortest step on the way to them
ROOT_3 = np.sqrt(3.0)


@dataclass(frozen=True, slots=True)
class FlowSeries:
    """The solutions.

    Attributes:
        voltage_pu: [T, nodes], per unit of the nominal voltage; NaN where no path leads to a held voltage.
        line_loading: [T, lines], the larger end current over the highest allowed one (1.0 is full).
        transformer_loading: [T, transformers], the larger of both sides' currents over the rated one.
        fed_w: [T], what the nodes that hold their voltage feed in [W]; negative where the network exports.
        losses_w: [T], what lines and transformers turn into heat [W].
    """

    voltage_pu: Array
    line_loading: Array
    transformer_loading: Array
    fed_w: Array
    losses_w: Array


def solve_series(network: Network, draw_w: Array, draw_var: Array, *, chunk: int = CHUNK, near_collapse: bool = True) -> FlowSeries:
    """Solve for what each node draws at each instant, [T, nodes] active [W] and reactive [var]; feeding in is negative.

    `chunk` instants are worked on together: enough to fill the processor, few enough to stay in its cache. Without `near_collapse`
    instants for which the fixed point does not contract are NaN throughout, at once: their voltages are far outside any band.

    Raises:
        CannotSolve: no voltages carry the powers of an instant, or no node holds a voltage.
    """
    held = np.flatnonzero(~np.isnan(network.held_pu))
    if not len(held):
        raise CannotSolve("No node holds a voltage: the network has no point of common coupling.")
    lines, transformers = line_branches(network.wires), transformer_branches(network.transformers)
    matrix = admittance(len(network.nominal_voltage_v), lines, transformers)
    reached = _reached(matrix, held)
    free = np.setdiff1d(np.flatnonzero(reached), held)
    fixed = (network.held_pu * network.nominal_voltage_v)[held].astype(np.complex128)
    equations = _Equations.of(matrix, free, held, fixed, draw_w, draw_var)
    parts = []
    for begin in range(0, max(len(draw_w), 1), chunk):
        rows = slice(begin, begin + chunk)
        power = draw_w[rows] + 1j * draw_var[rows]
        voltage = np.full(power.shape, np.nan, dtype=np.complex128)
        voltage[:, held] = fixed
        voltage[:, free] = equations.solve(power, begin, near_collapse)
        parts.append(_read(network, matrix, lines, transformers, held, reached, voltage, power))
    return FlowSeries(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def _reached(admittance: Complex, held: Places) -> NDArray[np.bool_]:
    """Nodes with a path to one that holds its voltage."""
    joined = admittance != 0
    reached = np.zeros(len(joined), dtype=bool)
    reached[held] = True
    for _ in range(len(joined)):
        grown = reached | joined[reached].any(axis=0)
        if (grown == reached).all():
            break
        reached = grown
    return reached


@dataclass(frozen=True, slots=True)
class _Equations:
    """What is solved: `free` nodes by position, `loaded` those of them (by place in `free`) that ever draw anything."""

    free: Places
    loaded: Places
    unloaded_v: Complex
    impedance: Complex
    admittance: Complex

    @classmethod
    def of(cls, admittance: Complex, free: Places, held: Places, fixed: Complex, draw_w: Array, draw_var: Array) -> "_Equations":
        inner = admittance[np.ix_(free, free)]
        draws = (draw_w[:, free] != 0).any(axis=0) | (draw_var[:, free] != 0).any(axis=0)
        try:
            impedance: Complex = np.linalg.inv(inner).astype(np.complex128)
        except np.linalg.LinAlgError:
            raise CannotSolve("The network's equations are singular: a line or transformer has no impedance.") from None
        unloaded: Complex = -impedance @ (admittance[np.ix_(free, held)] @ fixed)
        return cls(free, np.flatnonzero(draws), unloaded, impedance, inner)

    def solve(self, power: Complex, first_instant: int, near_collapse: bool) -> Complex:
        """Voltages of the free nodes [V], [T, free].

        Raises:
            CannotSolve: names the first instant without a solution, counted from the beginning of the series.
        """
        drawn = power[:, self.free[self.loaded]]
        if not drawn.size:
            return np.broadcast_to(self.unloaded_v, (len(power), len(self.free)))
        voltage, open_rows = self._iterate(drawn)
        with np.errstate(all="ignore"):
            current = np.conj(drawn / voltage)
        result: Complex = self.unloaded_v - current @ self.impedance[:, self.loaded].T
        for row in np.flatnonzero(open_rows):
            if not near_collapse:
                result[row] = np.nan
                continue
            solved = self._near_collapse(power[row, self.free])
            if solved is None:
                raise CannotSolve(f"The power flow has no solution at interval {first_instant + int(row)}.")
            result[row] = solved
        return result

    def _iterate(self, drawn: Complex) -> tuple[Complex, NDArray[np.bool_]]:
        """The fixed point at the loaded nodes: coarse in single precision, then exact; and which rows did not arrive."""
        start, matrix = self.unloaded_v[self.loaded], self.impedance[np.ix_(self.loaded, self.loaded)].T
        scale = np.abs(start)
        with np.errstate(all="ignore"):
            coarse_start, coarse_matrix, coarse_drawn = (x.astype(np.complex64) for x in (start, matrix, drawn))
            coarse = np.broadcast_to(coarse_start, drawn.shape)
            for _ in range(MOST_ROUNDS):
                following = coarse_start - np.conj(coarse_drawn / coarse) @ coarse_matrix
                moved = (np.abs(following - coarse) / scale).max()
                coarse = following
                if not moved > COARSE:
                    break
            voltage = coarse.astype(np.complex128)
            voltage[~np.isfinite(voltage).all(axis=1)] = start
            for _ in range(MOST_ROUNDS):
                following = start - np.conj(drawn / voltage) @ matrix
                moved_by_row = (np.abs(following - voltage) / scale).max(axis=1)
                voltage = following
                if not (moved_by_row > EXACT).any() or not np.isfinite(moved_by_row).any():
                    break
            open_rows = ~(moved_by_row <= EXACT)
        return voltage, open_rows

    def _near_collapse(self, power: Complex) -> Complex | None:
        """One instant by Newton's method; where it does not arrive from the unloaded network, by as long a way of growing powers as it takes."""
        at_once = self._newton(power, self.unloaded_v)
        if at_once is not None:
            return at_once
        reached, voltage, step = 0.0, self.unloaded_v, 0.5
        while step >= LEAST_GROWTH:
            share = min(reached + step, 1.0)
            further = self._newton(share * power, voltage)
            if further is None:
                step /= 2
                continue
            reached, voltage = share, further
            if reached == 1.0:
                return voltage
        return None

    def _newton(self, power: Complex, start: Complex) -> Complex | None:
        """Newton's method on real and imaginary parts for one instant, from voltages near by; None where it does not arrive."""
        voltage = start.copy()
        source = self.admittance @ self.unloaded_v
        size = len(voltage)
        for _ in range(MOST_NEWTON_STEPS):
            current = np.conj(power / voltage)
            residual = self.admittance @ voltage - source + current
            slope = np.diag(-current / np.conj(voltage))  # of the current by the conjugate voltage
            jacobian = np.block(
                [
                    [self.admittance.real + slope.real, -self.admittance.imag + slope.imag],
                    [self.admittance.imag + slope.imag, self.admittance.real - slope.real],
                ]
            )
            try:
                step = np.linalg.solve(jacobian, np.concatenate([residual.real, residual.imag]))
            except np.linalg.LinAlgError:
                return None
            voltage = voltage - (step[:size] + 1j * step[size:])
            if not np.isfinite(voltage).all():
                return None
            if (np.abs(step).reshape(2, size).max(axis=0) <= EXACT * np.abs(self.unloaded_v)).all():
                return voltage
        return None


def _read(
    network: Network,
    admittance: Complex,
    lines: Branches,
    transformers: Branches,
    held: Places,
    reached: NDArray[np.bool_],
    voltage: Complex,
    power: Complex,
) -> tuple[Array, Array, Array, Array, Array]:
    known = np.where(reached, voltage, 0)
    most = np.array([w.max_current_a for w in network.wires]) * ROOT_3
    currents = np.maximum(*lines.currents(known))
    line_loading = np.divide(currents, most, out=np.zeros_like(currents), where=most > 0)  # no rating, no loading
    rated_va = np.array([t.rated_va for t in network.transformers])
    at_hv, at_lv = transformers.currents(known)
    transformer_loading = np.maximum(
        at_hv * np.array([t.voltage_hv_v for t in network.transformers]) / rated_va,
        at_lv * np.array([t.voltage_lv_v for t in network.transformers]) / rated_va,
    )
    injected = (known[:, held] * np.conj(known @ admittance[held].T)).real.sum(axis=1)
    fed_w = injected + power[:, held].real.sum(axis=1)
    losses_w = fed_w - power[:, reached].real.sum(axis=1)
    return np.abs(voltage) / network.nominal_voltage_v, line_loading, transformer_loading, fed_w, losses_w
