"""The state of the network from what is measured in part: weighted least squares on what each node draws.

Every node has something to begin with: its meters, or what a forecast, its past or its like say in their place, each with a standard
deviation. Voltages and branch flows that are measured as well correct all of them at once, each in proportion to how unsure it is.
Gauss-Newton in the space of injections, with the power flow's exact derivatives: for `m` further measurements each step solves an
m x m system, so thousands of nodes cost little. Without further measurements the result is the power flow of what is known.

What does not fit is found by normalised residuals (Handschin et al. 1975; Abur and Exposito, Power System State Estimation, chapter 5).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from grid.domain.network.powerflow import Array, CannotSolve, Network
from grid.domain.network.sensitivities import Linearised, linearise

Places = NDArray[np.int64]
MOST_STEPS = 12
ARRIVED_W = 1e-3
SUSPECT = 3.0
CONFIDENCE = 0.999
ALIKE = 0.99  # normalised residuals that differ by less are one: which of the measurements is wrong cannot be told
MOST_DISMISSED = 10
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

    def told_by(self, point: Linearised) -> Array:
        """What these readings would be at that point."""
        return np.concatenate([
            point.voltage_pu[self.voltage_node], point.line_power_w[self.line], point.transformer_output_w[self.transformer]
        ])  # fmt: skip

    def influence(self, point: Linearised) -> Array:
        """Their derivatives by what each node draws, [readings, 2 nodes]: active, then reactive."""
        rows = [
            point.of_voltages(self.voltage_node), point.of_line_powers(self.line), point.of_transformer_outputs(self.transformer),
        ]  # fmt: skip
        return np.vstack([np.hstack([row.by_w, row.by_var]) for row in rows])


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
        sigma_w: float64 [nodes], what remains unsure.
        is_measured: as given.
        unobservable: positions of nodes of which nothing was known and nothing was found out.
        suspects: measurements that do not fit; they were left out, the worst first.
        misfit: weighted sum of squares of what is left; about as large as the number of readings where all fits.
    """

    draw_w: Array
    draw_var: Array
    sigma_w: Array
    is_measured: NDArray[np.bool_]
    unobservable: Places
    suspects: list[Suspect]
    misfit: float


@dataclass(frozen=True, slots=True)
class _Step:
    """Where Gauss-Newton arrived: draws [2 nodes], the readings' derivatives there, their weights and misfits."""

    x: Array
    influence: Array
    inverse: Array
    innovation: Array


def estimate(network: Network, draws: Draws, readings: Readings, node_codes: Sequence[str]) -> Estimate:
    """Find the likeliest draws; measurements that do not fit are named and left out one by one.

    Raises:
        CannotSolve: the power flow has no solution near what is measured, or no node holds a voltage.
    """
    draws, unknown = _with_unknown(network, draws)
    before = np.concatenate([draws.value_w, draws.value_var])
    sigma = np.concatenate([draws.sigma_w, draws.sigma_var])
    kept_sigma = readings.sigmas.copy()
    suspects: list[Suspect] = []
    for _ in range(MOST_DISMISSED):
        step = _gauss_newton(network, before, sigma, readings, kept_sigma)
        misfit = float(step.innovation @ step.inverse @ step.innovation)
        found = _worst(step, draws, readings, kept_sigma, sigma, node_codes)
        if misfit <= chi2.ppf(CONFIDENCE, max(len(kept_sigma), 1)) or found is None:
            break
        suspect, reading, node = found
        suspects.append(suspect)
        if reading is not None:
            kept_sigma[reading] *= 1e4
        else:
            sigma[[node, node + len(draws.value_w)]] *= 1e4
    return _read(step, sigma, draws, unknown, suspects, misfit)


def _with_unknown(network: Network, draws: Draws) -> tuple[Draws, NDArray[np.bool_]]:
    """Give nodes of which nothing is known a value of zero and a deviation as large as the network can carry."""
    unknown = np.isnan(draws.value_w) | np.isnan(draws.value_var)
    most = sum(t.rated_va for t in network.transformers) or max(
        (w.max_current_a * network.nominal_voltage_v[w.node_from] * np.sqrt(3) for w in network.wires),
        default=1e6,
    )
    return replace(
        draws,
        value_w=np.where(unknown, 0.0, draws.value_w), value_var=np.where(unknown, 0.0, draws.value_var),
        sigma_w=np.maximum(np.where(unknown, most, draws.sigma_w), LEAST_SIGMA),
        sigma_var=np.maximum(np.where(unknown, most, draws.sigma_var), LEAST_SIGMA),
    ), unknown  # fmt: skip


def _gauss_newton(
    network: Network, before: Array, sigma: Array, readings: Readings, reading_sigma: Array
) -> _Step:
    """Minimise the weighted squares of draws and readings together.

    Written as an update of what was known before: `x = x0 + S H' (H S H' + R)^-1 (z - h(x) - H (x0 - x))`.
    """
    nodes, x = len(before) // 2, before
    for _ in range(MOST_STEPS):
        point = linearise(network, x[:nodes], x[nodes:])
        influence = readings.influence(point)
        spread = influence * sigma**2
        inverse: Array = np.linalg.inv(spread @ influence.T + np.diag(reading_sigma**2)).astype(np.float64)
        innovation = readings.values - readings.told_by(point) - influence @ (before - x)
        following = before + spread.T @ (inverse @ innovation)
        moved = np.abs(following - x).max() if len(x) else 0.0
        x = following
        if moved <= ARRIVED_W or not len(reading_sigma):
            return _Step(x, influence, inverse, innovation)
    raise CannotSolve(
        "The measurements contradict each other so far that no state of the network was found near them."
    )


def _worst(
    step: _Step, draws: Draws, readings: Readings, reading_sigma: Array, sigma: Array, node_codes: Sequence[str]
) -> tuple[Suspect, int | None, int] | None:  # fmt: skip
    """The measured value with the largest normalised residual; what only stands in for a meter is not accused."""
    if not len(reading_sigma):
        return None
    weighted = step.inverse @ step.innovation
    of_readings = np.abs(weighted) / np.sqrt(np.diag(step.inverse))
    pulled = step.influence.T @ weighted
    size = np.sqrt(np.maximum(((step.inverse @ step.influence) * step.influence).sum(axis=0), 0.0))
    of_draws = np.divide(np.abs(pulled), size, out=np.zeros_like(size), where=size * sigma > 1e-9)
    nodes = len(draws.value_w)
    of_nodes = np.where(draws.is_measured, of_draws[:nodes], 0.0)
    reading, node = int(of_readings.argmax()), int(of_nodes.argmax())
    if max(of_readings[reading], of_nodes[node]) <= SUSPECT:
        return None
    worst = max(of_readings[reading], of_nodes[node])
    others = int((of_readings >= ALIKE * worst).sum() + (of_nodes >= ALIKE * worst).sum()) - 1
    if of_readings[reading] >= ALIKE * of_nodes[node]:
        left_out = weighted[reading] / step.inverse[reading, reading]
        said = float(readings.values[reading])
        return (
            Suspect(readings.names[reading], float(of_readings[reading]), said, said - float(left_out), others), reading, -1
        )  # fmt: skip
    said = float(draws.value_w[node])
    expected = said + float(pulled[node] / size[node] ** 2)
    return Suspect(node_codes[node], float(of_nodes[node]), said, expected, others), None, node


def _read(
    step: _Step,
    sigma: Array,
    draws: Draws,
    unknown: NDArray[np.bool_],
    suspects: list[Suspect],
    misfit: float,
) -> Estimate:
    nodes = len(draws.value_w)
    spread = step.influence * sigma**2
    gained = ((step.inverse @ spread) * spread).sum(axis=0)
    after = np.sqrt(np.maximum(sigma**2 - gained, 0.0))
    lost = unknown & (after[:nodes] > STILL_UNKNOWN * sigma[:nodes])
    return Estimate(
        step.x[:nodes],
        step.x[nodes:],
        after[:nodes],
        draws.is_measured,
        np.flatnonzero(lost),
        suspects,
        misfit,
    )
