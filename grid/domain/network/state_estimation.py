"""The state of the network from what is measured in part: weighted least squares on what each node draws.

Every node has something to begin with: its meters, or what a forecast, its past or its like say in their place, each with a standard
deviation. Voltages and branch flows that are measured as well correct all of them at once, each in proportion to how unsure it is.
The equations are sparse (`estimation_equations.py`), so thousands of nodes, each with a voltage measured, cost little. Without further
measurements the result is the power flow of what is known.

What does not fit is found by normalised residuals (Handschin et al. 1975; Abur and Exposito, Power System State Estimation, chapter 5).
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from grid.domain.network.branches import Complex
from grid.domain.network.estimation_equations import ARRIVED_W, CONTRADICTION, Extra, Settled, settle
from grid.domain.network.powerflow import Array, CannotSolve, Network
from grid.domain.network.sensitivities import linearise
from grid.domain.network.wiring import Wiring, wiring_of

Places = NDArray[np.int64]
SUSPECT = 3.0
CONFIDENCE = 0.999
ALIKE = 0.99  # normalised residuals that differ by less are one: which of the measurements is wrong cannot be told
MOST_DISMISSED = 10
QUICK_W = 1.0  # to the watt is enough for a tick
DISMISSED = 1e4  # by so much the deviation of what is left out grows
LEAST_SIGMA = 1e-3  # [W, var]: what is exact still has a weight
STILL_UNKNOWN = 0.5  # of the sigma before: whoever keeps more than this share was not observed


@dataclass(frozen=True, slots=True)
class Draws:
    """What each node draws, before anything else is looked at; feeding in is negative.

    Attributes:
        value_w, value_var: float64 [nodes]; NaN where nothing is known.
        sigma_w, sigma_var: standard deviations; 0 is exact (a node without load).
        is_measured: bool [nodes], all that draws there has meters that report; otherwise the value stands in their place.
    """

    value_w: Array
    value_var: Array
    sigma_w: Array
    sigma_var: Array
    is_measured: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Readings:
    """What else is measured.

    Attributes:
        names: one per reading, for messages: voltages first, then lines, then transformers.
        voltage_node: int64 [v]; voltage_pu, voltage_sigma: float64 [v].
        line: int64 [l], flow from first to second node; line_w, line_sigma: float64 [l].
        transformer: int64 [t], what leaves it at its low-voltage side; transformer_w, transformer_sigma: float64 [t].
    """

    names: Sequence[str]
    voltage_node: Places
    voltage_pu: Array
    voltage_sigma: Array
    line: Places
    line_w: Array
    line_sigma: Array
    transformer: Places
    transformer_w: Array
    transformer_sigma: Array

    @classmethod
    def none(cls) -> "Readings":
        """Nothing else is measured."""
        nowhere, nothing = np.zeros(0, dtype=np.int64), np.zeros(0)
        return cls((), nowhere, nothing, nothing, nowhere, nothing, nothing, nowhere, nothing, nothing)

    @property
    def values(self) -> Array:
        return np.concatenate([self.voltage_pu, self.line_w, self.transformer_w])

    @property
    def sigmas(self) -> Array:
        return np.concatenate([self.voltage_sigma, self.line_sigma, self.transformer_sigma])

    def without(self, names: AbstractSet[str]) -> "Readings":
        """All but some."""
        kept = np.array([name not in names for name in self.names], dtype=bool)
        v, line = len(self.voltage_node), len(self.voltage_node) + len(self.line)
        of_voltage, of_line, of_transformer = kept[:v], kept[v:line], kept[line:]
        return Readings(
            [name for name, is_kept in zip(self.names, kept, strict=True) if is_kept],
            self.voltage_node[of_voltage],
            self.voltage_pu[of_voltage],
            self.voltage_sigma[of_voltage],
            self.line[of_line],
            self.line_w[of_line],
            self.line_sigma[of_line],
            self.transformer[of_transformer],
            self.transformer_w[of_transformer],
            self.transformer_sigma[of_transformer],
        )


@dataclass(frozen=True, slots=True)
class Suspect:
    """A measurement that does not fit the others.

    Attributes:
        name: of the reading or node.
        normalised: its residual over that residual's standard deviation.
        measured, expected: what it says, and what all others say [W or p.u.].
        others: how many other measurements, left out in its place, would explain the misfit as well; where there are any, the
            one that is told is a reading rather than a meter, and something may flow that is not metered at all.
    """

    name: str
    normalised: float
    measured: float
    expected: float
    others: int


@dataclass(frozen=True, slots=True)
class Estimate:
    """The likeliest state.

    Attributes:
        draw_w, draw_var: float64 [nodes].
        is_measured: as given.
        unobservable: positions of nodes of which nothing was known and nothing was found out.
        suspects: measurements that do not fit; they were left out, the worst first.
        loosened: positions of nodes whose stand-in does not fit what is measured; it was let go.
        misfit: weighted sum of squares of what is left; about as large as the number of readings where all fits.
    """

    draw_w: Array
    draw_var: Array
    is_measured: NDArray[np.bool_]
    unobservable: Places
    suspects: list[Suspect]
    loosened: list[int]
    misfit: float
    _settled: Settled
    _sigma_before_w: Array

    def sigma_w(self, nodes: Places) -> Array:
        """How unsure the draws of some nodes remain [W]."""
        return _sigma_after(self._settled, self._sigma_before_w, nodes)


def estimate(network: Network, draws: Draws, readings: Readings, node_codes: Sequence[str]) -> Estimate:
    """Find the likeliest draws; measurements that do not fit are named and left out one by one.

    Raises:
        CannotSolve: the power flow has no solution near what is measured, or no node holds a voltage.
    """
    wiring = wiring_of(network)
    draws, unknown = _with_unknown(network, draws)
    sigma_w, sigma_var = draws.sigma_w.copy(), draws.sigma_var.copy()
    kept_sigma = readings.sigmas.copy()
    start = _start(network, draws)
    suspects: list[Suspect] = []
    loosened: list[int] = []
    for _ in range(MOST_DISMISSED):
        found = _settle(wiring, draws, sigma_w, sigma_var, readings, kept_sigma, start)
        misfit = _misfit(found, sigma_w, sigma_var)
        if found.is_at_rest and misfit <= chi2.ppf(CONFIDENCE, max(len(kept_sigma), 1)):
            break
        worst = _worst(found, draws, readings, sigma_w, node_codes)
        if worst is None:
            break
        suspect, reading, node = worst
        if suspect is None:
            loosened.append(node)
        else:
            suspects.append(suspect)
        if reading is not None:
            kept_sigma[reading] *= DISMISSED
        else:
            sigma_w[node] *= DISMISSED
            sigma_var[node] *= DISMISSED
        start = found.voltage if found.is_at_rest else start
    if not found.is_at_rest:
        raise CannotSolve(CONTRADICTION)
    return _read(found, sigma_w, draws, unknown, suspects, loosened, misfit)


def refine(network: Network, draws: Draws, readings: Readings) -> tuple[Array, Array]:
    """The likeliest draws [W, var] as all measurements have it, none of them questioned: what a tick has the time for.

    Raises:
        CannotSolve: as `estimate`.
    """
    draws, _ = _with_unknown(network, draws)
    start = _start(network, draws)
    found = _settle(wiring_of(network), draws, draws.sigma_w, draws.sigma_var, readings, readings.sigmas, start, QUICK_W)
    if not found.is_at_rest:
        raise CannotSolve(CONTRADICTION)
    return found.draw.real, found.draw.imag


def _start(network: Network, draws: Draws) -> Complex:
    """Voltages to begin with: of the power flow of what is known."""
    return linearise(network, draws.value_w, draws.value_var).voltage


def _settle(
    wiring: Wiring,
    draws: Draws,
    sigma_w: Array,
    sigma_var: Array,
    readings: Readings,
    reading_sigma: Array,
    start: Complex,
    arrived_w: float = ARRIVED_W,
) -> Settled:
    extra = Extra(readings.voltage_node, readings.line, readings.transformer, readings.values, reading_sigma)
    return settle(wiring, draws.value_w + 1j * draws.value_var, sigma_w, sigma_var, extra, start, arrived_w)


def _misfit(found: Settled, sigma_w: Array, sigma_var: Array) -> float:
    """The weighted squares of what readings and draws are off."""
    of_readings = ((found.residual / found.sigmas) ** 2).sum()
    return float(of_readings + ((sigma_w * found.pulled_w) ** 2 + (sigma_var * found.pulled_var) ** 2).sum())


def _with_unknown(network: Network, draws: Draws) -> tuple[Draws, NDArray[np.bool_]]:
    """Give nodes of which nothing is known a value of zero and a deviation as large as the network can carry."""
    unknown = np.isnan(draws.value_w) | np.isnan(draws.value_var)
    most = sum(t.rated_va for t in network.transformers) or max(
        (w.max_current_a * network.nominal_voltage_v[w.node_from] * np.sqrt(3) for w in network.wires), default=1e6
    )
    return replace(
        draws,
        value_w=np.where(unknown, 0.0, draws.value_w),
        value_var=np.where(unknown, 0.0, draws.value_var),
        sigma_w=np.maximum(np.where(unknown, most, draws.sigma_w), LEAST_SIGMA),
        sigma_var=np.maximum(np.where(unknown, most, draws.sigma_var), LEAST_SIGMA),
    ), unknown


def _worst(
    found: Settled, draws: Draws, readings: Readings, sigma_w: Array, node_codes: Sequence[str]
) -> tuple[Suspect | None, int | None, int] | None:
    """The value with the largest normalised residual, as reading or node; without a suspect where it only stands in for a meter.

    What stands in for a meter is let go before anything measured is accused.
    """
    if not len(readings.names):
        return None
    spread = found.variance_of_residuals
    of_readings = np.abs(found.residual) / np.sqrt(spread)
    asked = np.flatnonzero(draws.sigma_w > LEAST_SIGMA)
    size = np.sqrt(found.variance_of_pulls(asked))
    pulled = found.pulled_w[asked]
    of_nodes = np.divide(np.abs(pulled), size, out=np.zeros_like(size), where=size * sigma_w[asked] > 1e-9)
    reading, worst = int(of_readings.argmax()), float(max(of_readings.max(), of_nodes.max(initial=0.0)))
    if worst <= SUSPECT:
        return None
    alike = of_nodes >= ALIKE * worst
    guessed = alike & ~draws.is_measured[asked]
    if guessed.any():
        return None, None, int(asked[np.where(guessed, of_nodes, 0.0).argmax()])
    others = int((of_readings >= ALIKE * worst).sum() + alike.sum()) - 1
    if of_readings[reading] >= ALIKE * worst:
        said = float(readings.values[reading])
        # The residual that it has while it counts, over the share of it that all others leave, is what it has once it does not count.
        left_out = float(found.residual[reading] * found.sigmas[reading] ** 2 / spread[reading])
        name = readings.names[reading]
        return Suspect(name, float(of_readings[reading]), said, said - left_out, others), reading, -1
    # Meters near each other on one path explain a misfit alike: the one that then draws least is the likeliest to have lied.
    places = np.flatnonzero(alike)
    hoped = draws.value_w[asked[places]] + pulled[places] / size[places] ** 2
    chosen = int(np.abs(hoped).argmin())
    node, place = int(asked[places[chosen]]), places[chosen]
    said = float(draws.value_w[node])
    return Suspect(node_codes[node], float(of_nodes[place]), said, float(hoped[chosen]), others), None, node


def _read(
    found: Settled, sigma_w: Array, draws: Draws, unknown: NDArray[np.bool_], suspects: list[Suspect], loosened: list[int], misfit: float
) -> Estimate:
    asked = np.flatnonzero(unknown)
    lost = asked[_sigma_after(found, sigma_w, asked) > STILL_UNKNOWN * sigma_w[asked]]
    return Estimate(found.draw.real, found.draw.imag, draws.is_measured, lost, suspects, loosened, misfit, found, sigma_w)


def _sigma_after(found: Settled, sigma_w: Array, nodes: Places) -> Array:
    kept = np.maximum(1 - sigma_w[nodes] ** 2 * found.variance_of_pulls(nodes), 0.0)
    after: Array = sigma_w[nodes] * np.sqrt(kept)
    return after
