"""The estimate against the power flow, against the truth, and against power-grid-model's own estimator."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from power_grid_model import LoadGenType, MeasuredTerminalType, PowerGridModel, initialize_array

from benchmarks.random_networks import random_network
from grid.domain.network.powerflow import Network
from grid.domain.network.sensitivities import linearise
from grid.domain.network.state_estimation import Draws, Readings, estimate

CODES = [f"N{i}" for i in range(60)]


def truth(seed: int, nodes: int, loops: int) -> tuple[Network, np.ndarray, np.ndarray]:
    network, random = random_network(seed, nodes=nodes, loops=loops), np.random.default_rng(seed + 1)
    active, reactive = random.normal(3000, 2000, nodes), random.normal(600, 300, nodes)
    active[0] = reactive[0] = 0.0
    return network, active, reactive


def readings(network: Network, active: np.ndarray, reactive: np.ndarray, noise: np.random.Generator | None) -> Readings:
    """Voltages of all nodes but the first, flows of all branches."""
    point = linearise(network, active, reactive)
    nodes, lines = np.arange(1, len(active)), np.arange(len(network.wires))
    sigma = np.full(len(nodes), 1e-3), np.full(len(lines), 30.0), np.full(1, 50.0)

    def seen(values: np.ndarray, spread: np.ndarray) -> np.ndarray:
        return values if noise is None else values + noise.normal(0, spread)

    return Readings(
        [f"U{i}" for i in nodes] + [f"P{i}" for i in lines] + ["PT"],
        nodes,
        seen(point.voltage_pu[nodes], sigma[0]),
        sigma[0],
        lines,
        seen(point.line_power_w, sigma[1]),
        sigma[1],
        np.array([0]),
        seen(point.transformer_output_w, sigma[2]),
        sigma[2],
    )


def measured(active: np.ndarray, reactive: np.ndarray, sigma_w: float) -> Draws:
    sigma = np.full(len(active), sigma_w)
    sigma[0] = 0.0
    return Draws(active, reactive, sigma, sigma, np.ones(len(active), dtype=bool))


@settings(max_examples=10)
@given(seed=st.integers(0, 10**6), nodes=st.integers(3, 15), loops=st.integers(0, 3))
def test_full_exact_measurements_give_the_power_flow(seed: int, nodes: int, loops: int) -> None:
    network, active, reactive = truth(seed, nodes, loops)
    for others in (Readings.none(), readings(network, active, reactive, None)):
        found = estimate(network, measured(active, reactive, 10.0), others, CODES)
        assert found.draw_w == pytest.approx(active, abs=1e-3)
        assert found.draw_var == pytest.approx(reactive, abs=1e-3)
        assert found.suspects == []
        assert not len(found.unobservable)


@settings(max_examples=10)
@given(seed=st.integers(0, 10**6), nodes=st.integers(8, 20), loops=st.integers(0, 3))
def test_redundant_noisy_measurements_come_closer_to_the_truth(seed: int, nodes: int, loops: int) -> None:
    network, active, reactive = truth(seed, nodes, loops)
    random = np.random.default_rng(seed)
    seen = active + np.concatenate([[0], random.normal(0, 500, nodes - 1)])
    found = estimate(network, measured(seen, reactive, 500.0), readings(network, active, reactive, random), CODES)
    assert np.linalg.norm(found.draw_w - active) < np.linalg.norm(seen - active)
    assert (found.sigma_w(np.arange(1, nodes)) < 500.0).all()


def test_a_silent_node_is_found_from_the_flow_above_it() -> None:
    network, active, reactive = truth(5, 10, 0)
    guess, sigma = active.copy(), np.full(10, 20.0)
    guess[4], sigma[4] = 500.0, 4000.0
    is_measured = np.arange(10) != 4
    draws = Draws(guess, reactive, sigma, np.full(10, 20.0), is_measured)
    point = linearise(network, active, reactive)
    others = Readings(
        ["PT"],
        np.zeros(0, dtype=np.int64),
        np.zeros(0),
        np.zeros(0),
        np.zeros(0, dtype=np.int64),
        np.zeros(0),
        np.zeros(0),
        np.array([0]),
        point.transformer_output_w,
        np.array([20.0]),
    )
    found = estimate(network, draws, others, CODES)
    assert found.draw_w[4] == pytest.approx(active[4], abs=200)
    assert found.sigma_w(np.array([4])) < 100
    assert found.is_measured.tolist() == is_measured.tolist()


def test_what_nobody_measures_is_named() -> None:
    network, active, reactive = truth(5, 10, 0)
    known = active.copy()
    known[[4, 7]] = np.nan
    draws = Draws(known, reactive, np.full(10, 20.0), np.full(10, 20.0), ~np.isnan(known))
    assert estimate(network, draws, Readings.none(), CODES).unobservable.tolist() == [4, 7]
    seen = readings(network, active, reactive, None)
    assert estimate(network, draws, seen, CODES).unobservable.tolist() == []


@pytest.mark.parametrize(("kind", "error"), [("U3", 0.05), ("P2", 4000.0), ("N5", 6000.0)])
def test_a_bad_measurement_is_named_and_left_out(kind: str, error: float) -> None:
    network, active, reactive = truth(11, 12, 1)
    others, seen = readings(network, active, reactive, np.random.default_rng(1)), active.copy()
    if kind[0] == "U":
        others.voltage_pu[int(kind[1:]) - 1] += error
    elif kind[0] == "P":
        others.line_w[int(kind[1:])] += error
    else:
        seen[int(kind[1:])] += error
    found = estimate(network, measured(seen, reactive, 50.0), others, CODES)
    assert [suspect.name for suspect in found.suspects] == [kind]
    [suspect] = found.suspects
    assert suspect.measured - suspect.expected == pytest.approx(error, rel=0.1)
    assert found.draw_w == pytest.approx(active, abs=150)


@settings(max_examples=8)
@given(seed=st.integers(0, 10**6), nodes=st.integers(4, 12), loops=st.integers(0, 2))
def test_equals_the_estimator_of_power_grid_model(seed: int, nodes: int, loops: int) -> None:
    network, active, reactive = truth(seed, nodes, loops)
    random = np.random.default_rng(seed)
    seen_w = active + np.concatenate([[0], random.normal(0, 300, nodes - 1)])
    seen_var = reactive + np.concatenate([[0], random.normal(0, 100, nodes - 1)])
    others = readings(network, active, reactive, random)
    others = Readings(
        others.names[: nodes - 1],
        others.voltage_node,
        others.voltage_pu,
        others.voltage_sigma,
        others.line[:0],
        others.line_w[:0],
        others.line_sigma[:0],
        others.transformer[:0],
        others.transformer_w[:0],
        others.transformer_sigma[:0],
    )
    found = estimate(network, measured(seen_w, seen_var, 300.0), others, CODES)
    if found.suspects:
        return  # power-grid-model leaves nothing out
    ours = linearise(network, found.draw_w, found.draw_var).voltage_pu
    assert ours == pytest.approx(by_power_grid_model(network, seen_w, seen_var, others), abs=1e-6)


def by_power_grid_model(network: Network, seen_w: np.ndarray, seen_var: np.ndarray, others: Readings) -> np.ndarray:
    nodes = len(seen_w)
    lines, transformers = network._lines(nodes), network._transformers(nodes + len(network.wires))
    first_load = network._first_load
    parts = {
        "node": initialize_array("input", "node", nodes),
        "line": lines,
        "transformer": transformers,
        "source": initialize_array("input", "source", 1),
        "sym_load": initialize_array("input", "sym_load", nodes - 1),
        "sym_voltage_sensor": initialize_array("input", "sym_voltage_sensor", nodes),
        "sym_power_sensor": initialize_array("input", "sym_power_sensor", nodes - 1),
    }
    parts["node"]["id"], parts["node"]["u_rated"] = np.arange(nodes), network.nominal_voltage_v
    source, load = parts["source"], parts["sym_load"]
    source["id"], source["node"], source["status"], source["u_ref"] = first_load - 1, 0, 1, network.held_pu[0]
    load["id"], load["node"], load["status"] = first_load + np.arange(nodes - 1), np.arange(1, nodes), 1
    load["type"], load["p_specified"], load["q_specified"] = LoadGenType.const_power, 0.0, 0.0
    voltage, power = parts["sym_voltage_sensor"], parts["sym_power_sensor"]
    voltage["id"], voltage["measured_object"] = 10_000 + np.arange(nodes), np.arange(nodes)
    pu = np.concatenate([network.held_pu[:1], others.voltage_pu])
    voltage["u_measured"] = pu * network.nominal_voltage_v
    voltage["u_sigma"] = np.concatenate([[1e-6], others.voltage_sigma]) * network.nominal_voltage_v
    power["id"], power["measured_object"] = 20_000 + np.arange(nodes - 1), load["id"]
    power["measured_terminal_type"] = MeasuredTerminalType.load
    power["p_sigma"] = power["q_sigma"] = 300.0
    power["p_measured"], power["q_measured"] = seen_w[1:], seen_var[1:]
    model = PowerGridModel(parts, system_frequency=50.0)
    result = model.calculate_state_estimation(calculation_method="newton_raphson", max_iterations=100)
    return result["node"]["u_pu"]
