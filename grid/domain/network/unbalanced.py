"""Power flow of three phases that are not loaded alike: roofs and cars on one phase of a network of four wires.

Solved by power-grid-model's asymmetric calculation (Newton-Raphson). Each line has an impedance of its own for what the phases have in
common (zero sequence), which flows back through the neutral: what its import told of it, else four times that of a phase, as for a neutral of
the phases' cross-section (`Z0 = Z1 + 3 Zn`). Transformers are delta on the public grid's side and have their neutral earthed at ours. Draws
are between a phase and the neutral.

The voltage unbalance factor is negative over positive sequence, `|U2| / |U1|` (IEC 61000-4-30); EN 50160 allows 2 % in 95 % of a week.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from power_grid_model import LoadGenType, PowerGridModel, initialize_array
from power_grid_model.errors import PowerGridError

from grid.domain.network.powerflow import FREQUENCY_HZ, LEAST_REACTANCE_OHM, SHORT_CIRCUIT_POWER_VA, Array, CannotSolve, Network

ZERO_SEQUENCE_RATIO = 4.0
UNBALANCE_LIMIT = 0.02
PHASES = 3
TURN = np.exp(2j * np.pi / 3)


@dataclass(frozen=True, slots=True)
class UnbalancedFlow:
    """The solution for t instants.

    Attributes:
        voltage_pu: float64 [t, nodes, 3], phase to neutral; NaN where no path leads to the public grid.
        unbalance: float64 [t, nodes], the voltage unbalance factor; NaN as above.
        line_loading: float64 [t, lines], of the phase that carries most, share of its highest current.
        transformer_loading: float64 [t, transformers], by apparent power, share of the rating.
        losses_w: float64 [t].
    """

    voltage_pu: Array
    unbalance: Array
    line_loading: Array
    transformer_loading: Array
    losses_w: Array


def unbalance_of(voltage: NDArray[np.complex128]) -> Array:
    """The voltage unbalance factor of phase voltages, complex [..., 3]; NaN where there is no positive sequence."""
    positive = voltage @ np.array([1, TURN, TURN**2]) / PHASES
    negative = voltage @ np.array([1, TURN**2, TURN]) / PHASES
    size = np.abs(positive)
    found: Array = np.divide(np.abs(negative), size, out=np.full(size.shape, np.nan), where=size > 1e-9 * np.abs(voltage).max(initial=1.0))
    return found


def spread_over_phases(power: Array, phases: tuple[str, ...]) -> Array:
    """What each site draws, [t, sites], laid on its phases in equal parts, [t, sites, 3]; `phases` by site, as "2" or "123"."""
    share = np.array([[("123"[i] in told) / len(told) for i in range(PHASES)] for told in phases])
    found: Array = power[:, :, None] * share.reshape(len(phases), PHASES)
    return found


def solve_unbalanced(
    network: Network, draw_w: Array, draw_var: Array, *, zero_sequence_ratio: float = ZERO_SEQUENCE_RATIO
) -> UnbalancedFlow:
    """Solve for what each node draws on each phase, float64 [t, nodes, 3]; feeding in is negative.

    Raises:
        CannotSolve: an instant has no solution, or no node holds a voltage.
    """
    instants, nodes = draw_w.shape[:2]
    loads = initialize_array("update", "asym_load", (instants, nodes))
    loads["id"] = network._first_load + np.arange(nodes)
    loads["p_specified"], loads["q_specified"] = draw_w, draw_var
    try:
        result = _model(network, zero_sequence_ratio).calculate_power_flow(
            update_data={"asym_load": loads}, symmetric=False, error_tolerance=1e-9, max_iterations=40
        )
    except PowerGridError as problem:
        raise CannotSolve(f"The power flow has no solution: {str(problem).splitlines()[0]}") from None
    rows = {name.value: found for name, found in result.items()}
    reached = rows["node"]["energized"].astype(bool)
    size, angle = rows["node"]["u_pu"], rows["node"]["u_angle"]
    nothing = np.zeros((instants, 0))
    fed_w = rows["source"]["p"].sum(axis=(1, 2))
    drawn_w = np.where(reached[:, :, None], draw_w, 0.0).sum(axis=(1, 2))
    return UnbalancedFlow(
        np.where(reached[:, :, None], size, np.nan),
        np.where(reached, unbalance_of(np.where(reached[:, :, None], size * np.exp(1j * angle), 0.0)), np.nan),
        rows["line"]["loading"] if "line" in rows else nothing,
        rows["transformer"]["loading"] if "transformer" in rows else nothing,
        fed_w - drawn_w,
    )


def _model(network: Network, ratio: float) -> PowerGridModel:
    nodes = len(network.nominal_voltage_v)
    held = np.flatnonzero(~np.isnan(network.held_pu))
    if not len(held):
        raise CannotSolve("No node holds a voltage: the network has no point of common coupling.")
    parts = {
        "node": initialize_array("input", "node", nodes),
        "source": initialize_array("input", "source", len(held)),
        "asym_load": initialize_array("input", "asym_load", nodes),
    }
    parts["node"]["id"], parts["node"]["u_rated"] = np.arange(nodes), network.nominal_voltage_v
    if network.wires:
        lines = network._lines(nodes)
        told = [wire.zero_ohm for wire in network.wires]
        lines["r0"] = [r1 * ratio if zero is None else zero.real for zero, r1 in zip(told, lines["r1"], strict=True)]
        lines["x0"] = [
            x1 * ratio if zero is None else max(zero.imag, LEAST_REACTANCE_OHM) for zero, x1 in zip(told, lines["x1"], strict=True)
        ]
        lines["c0"], lines["tan0"] = lines["c1"], 0.0
        parts["line"] = lines
    if network.transformers:
        parts["transformer"] = network._transformers(nodes + len(network.wires))
    source = parts["source"]
    source["id"] = nodes + len(network.wires) + len(network.transformers) + np.arange(len(held))
    source["node"], source["status"], source["u_ref"] = held, 1, network.held_pu[held]
    source["sk"] = SHORT_CIRCUIT_POWER_VA
    load = parts["asym_load"]
    load["id"], load["node"], load["status"] = network._first_load + np.arange(nodes), np.arange(nodes), 1
    load["type"], load["p_specified"], load["q_specified"] = LoadGenType.const_power, 0.0, 0.0
    return PowerGridModel(parts, system_frequency=FREQUENCY_HZ)
