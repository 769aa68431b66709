"""Three phases loaded unlike: against the balanced power flow, and against a formulation of its own in phase coordinates."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.random_networks import random_network
from grid.domain.network.powerflow import CannotSolve, Network
from grid.domain.network.unbalanced import TURN, solve_unbalanced, spread_over_phases, unbalance_of

THREE = np.array([1, TURN**2, TURN])  # phase 2 lags phase 1


def plain(seed: int, nodes: int, loops: int) -> Network:
    """Without what the formulation below leaves out: charging of lines, iron and no-load current of the transformer."""
    network = random_network(seed, nodes=nodes, loops=loops)
    [transformer] = network.transformers
    return replace(
        network,
        wires=[replace(wire, susceptance_s=0.0) for wire in network.wires],
        transformers=[replace(transformer, iron_loss_w=0.0, no_load_current_percent=0.0)],
    )


def phase_voltages(network: Network, power: np.ndarray, ratio: float) -> np.ndarray:
    """Phase-to-neutral voltages [nodes - 1, 3] on the low-voltage side, by a fixed point on the phase impedance matrix.

    The transformer is a source behind its impedance, which is the same for all sequences: its delta lets the zero sequence through.
    """
    [t] = network.transformers
    base = t.voltage_lv_v**2 / t.rated_va
    resistance = t.copper_loss_w / t.rated_va * base
    impedance = resistance + 1j * np.sqrt((t.short_circuit_percent / 100 * base) ** 2 - resistance**2)
    tap = 1 + (t.tap_position - t.tap_neutral) * t.tap_step_percent / 100
    inner = network.held_pu[0] * t.voltage_lv_v / tap / np.sqrt(3) * THREE
    nodes = len(network.nominal_voltage_v) - 1
    matrix = np.zeros((3 * nodes, 3 * nodes), dtype=np.complex128)
    for wire in network.wires:
        one = complex(wire.resistance_ohm, wire.reactance_ohm)
        zero = ratio * one if wire.zero_ohm is None else wire.zero_ohm
        own, mutual = (zero + 2 * one) / 3, (zero - one) / 3
        admittance = np.linalg.inv(np.full((3, 3), mutual) + np.eye(3) * (own - mutual))
        a, b = (slice(3 * (k - 1), 3 * k) for k in (wire.node_from, wire.node_to))
        matrix[a, a] += admittance
        matrix[b, b] += admittance
        matrix[a, b] -= admittance
        matrix[b, a] -= admittance
    matrix[:3, :3] += np.eye(3) / impedance
    bus = np.linalg.inv(matrix)
    open_circuit = bus[:, :3] @ (inner / impedance)
    voltage = open_circuit.copy()
    for _ in range(200):
        voltage = open_circuit - bus @ np.conj(power.reshape(-1) / voltage)
    return voltage.reshape(nodes, 3)


def test_what_is_told_of_a_line_counts_and_the_usual_ratio_elsewhere() -> None:
    """One line returns through a thin neutral, the others through the usual one."""
    network, random = plain(3, 6, 1), np.random.default_rng(3)
    thin = [replace(w, zero_ohm=complex(7 * w.resistance_ohm, 2 * w.reactance_ohm)) for w in network.wires[:1]]
    told = replace(network, wires=[*thin, *network.wires[1:]])
    active, reactive = random.normal(1500, 2500, (6, 3)), random.normal(200, 300, (6, 3))
    active[0] = reactive[0] = 0.0
    found = solve_unbalanced(told, active[None], reactive[None]).voltage_pu[0, 1:]
    expected = phase_voltages(told, (active + 1j * reactive)[1:], 4.0)
    assert found == pytest.approx(np.abs(expected) * np.sqrt(3) / 400, abs=1e-6)
    assert not np.allclose(found, solve_unbalanced(network, active[None], reactive[None]).voltage_pu[0, 1:], atol=1e-5)


@settings(max_examples=8)
@given(seed=st.integers(0, 10**6), nodes=st.integers(3, 10), loops=st.integers(0, 2))
def test_equals_a_fixed_point_in_phase_coordinates(seed: int, nodes: int, loops: int) -> None:
    network, random = plain(seed, nodes, loops), np.random.default_rng(seed)
    active, reactive = random.normal(1500, 2500, (nodes, 3)), random.normal(200, 300, (nodes, 3))
    active[0] = reactive[0] = 0.0
    found = solve_unbalanced(network, active[None], reactive[None])
    expected = phase_voltages(network, (active + 1j * reactive)[1:], 4.0)
    assert found.voltage_pu[0, 1:] == pytest.approx(np.abs(expected) * np.sqrt(3) / 400, abs=1e-6)
    assert found.unbalance[0, 1:] == pytest.approx(unbalance_of(expected), abs=1e-6)
    assert found.unbalance[0, 0] == pytest.approx(0, abs=1e-5)


@settings(max_examples=6)
@given(seed=st.integers(0, 10**6), nodes=st.integers(3, 15), loops=st.integers(0, 3))
def test_loaded_alike_it_is_the_balanced_power_flow(seed: int, nodes: int, loops: int) -> None:
    network, random = random_network(seed, nodes=nodes, loops=loops), np.random.default_rng(seed)
    active, reactive = random.normal(3000, 2000, nodes), random.normal(600, 300, nodes)
    active[0] = reactive[0] = 0.0
    alike = [np.repeat(x[None, :, None] / 3, 3, axis=2) for x in (active, reactive)]
    found, balanced = solve_unbalanced(network, *alike), network.solve(active, reactive)
    for phase in range(3):
        assert found.voltage_pu[0, :, phase] == pytest.approx(balanced.voltage_pu, abs=1e-6)
    assert np.nanmax(found.unbalance) < 1e-6
    assert found.line_loading[0] == pytest.approx(balanced.line_loading, abs=1e-5)
    assert found.losses_w[0] == pytest.approx(balanced.losses_w, rel=1e-3, abs=1.0)


def test_one_loaded_phase_sags_and_unbalances_what_is_at_its_end() -> None:
    network = plain(3, 6, 0)
    draw = np.zeros((2, 6, 3))
    draw[0, 5, 1] = 9000.0
    draw[1, 5] = 3000.0
    found = solve_unbalanced(network, draw, np.zeros_like(draw))
    assert found.voltage_pu[0, 5].argmin() == 1
    assert found.unbalance[0, 5] > 0.002 > found.unbalance[1].max()
    assert found.losses_w[0] > 3 * found.losses_w[1]


def test_sites_are_laid_on_their_phases() -> None:
    found = spread_over_phases(np.array([[3000.0, 1200.0, 500.0]]), ("123", "23", "2"))
    assert found.tolist() == [[[1000, 1000, 1000], [0, 600, 600], [0, 500, 0]]]


def test_what_the_wires_cannot_carry_is_said() -> None:
    draw = np.full((1, 4, 3), 1e8)
    with pytest.raises(CannotSolve):
        solve_unbalanced(plain(1, 4, 0), draw, draw)


def test_the_factor_is_negative_over_positive_sequence() -> None:
    assert unbalance_of(230 * THREE) == pytest.approx(0, abs=1e-12)
    assert unbalance_of(230 * (THREE + 0.02 * np.conj(THREE))) == pytest.approx(0.02)
    assert np.isnan(unbalance_of(np.zeros(3)))
