"""Many instants at once: equal to power-grid-model's Newton on random networks, to arithmetic by hand, and balanced."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.random_networks import random_network
from grid.domain.network.flow_series import solve_series
from grid.domain.network.powerflow import CannotSolve, Network, TransformerData, Wire

NAN = float("nan")


@settings(max_examples=25)
@given(seed=st.integers(0, 10**6), nodes=st.integers(3, 25), loops=st.integers(0, 4))
def test_equals_newton_one_by_one(seed: int, nodes: int, loops: int) -> None:
    network, random = random_network(seed, nodes=nodes, loops=loops), np.random.default_rng(seed + 1)
    active, reactive = random.normal(1500, 3000, (3, nodes)), random.normal(300, 500, (3, nodes))
    found = solve_series(network, active, reactive)
    for row in range(3):
        one = network.solve(active[row], reactive[row])
        assert found.voltage_pu[row] == pytest.approx(one.voltage_pu, abs=1e-6)
        assert found.line_loading[row] == pytest.approx(one.line_loading, abs=1e-5)
        assert found.losses_w[row] == pytest.approx(one.losses_w, abs=0.05, rel=1e-5)


def test_losses_are_what_resistances_and_iron_turn_into_heat() -> None:
    network = random_network(3, nodes=8, loops=0)
    network = Network(
        network.nominal_voltage_v,
        network.held_pu,
        [Wire(w.code, w.node_from, w.node_to, w.resistance_ohm, w.reactance_ohm, 0.0, w.max_current_a) for w in network.wires],
        network.transformers,
    )
    draw = np.abs(np.random.default_rng(4).normal(4000, 2000, (5, 8)))
    found = solve_series(network, draw, np.zeros((5, 8)))
    current = found.line_loading * 250.0
    heat = (3 * current**2 * np.array([w.resistance_ohm for w in network.wires])).sum(axis=1)
    # The transformer's copper and iron, nearly: half of its shunt stands at the other end.
    heat += 4800 * found.transformer_loading[:, 0] ** 2 + 1200 * found.voltage_pu[:, 1] ** 2
    assert found.losses_w == pytest.approx(heat, rel=0.02)
    assert found.fed_w == pytest.approx(draw.sum(axis=1) + found.losses_w)


def test_an_instant_near_collapse_is_solved_all_the_same() -> None:
    network = Network(np.full(2, 400.0), np.array([1.0, NAN]), [Wire("L", 0, 1, 0.5, 0.0, 0.0, 500.0)], [])
    most_w = 400.0**2 / (4 * 0.5)
    found = solve_series(network, np.array([[0.0, most_w * share] for share in (0.1, 0.9999)]), np.zeros((2, 2)))
    by_hand = (1 + np.sqrt(1 - np.array([0.1, 0.9999]))) / 2
    assert found.voltage_pu[:, 1] == pytest.approx(by_hand, abs=1e-9)
    with pytest.raises(CannotSolve, match="at interval 1"):
        solve_series(network, np.array([[0.0, 0.0], [0.0, most_w * 1.01]]), np.zeros((2, 2)))


def test_where_newton_does_not_arrive_at_once_the_powers_grow_step_by_step() -> None:
    """Roofs of 600 kW behind a transformer of 100 kVA, near what it can carry at all; pandapower 3.5.6 agrees."""
    transformer = TransformerData("T", 0, 1, 1e5, 2e4, 420.0, 12.0, 2000.0, 200.0, 1.5, -3, 0, -9, 9, 2.5)
    wires = [
        Wire("L1", 1, 2, 0.01812448607502524, 0.005437345822507572, 1e-3, 100.0),
        Wire("L2", 1, 3, 1e-6, 1e-6, 1e-3, 270.0),
        Wire("R0", 3, 2, 0.1092069133550478, 0.04530411960580124, 0.0, 200.0),
    ]
    held = np.array([1.0753844229273302, NAN, NAN, NAN])
    network = Network(np.array([2e4, 400.0, 400.0, 400.0]), held, wires, [transformer])
    draw_w = np.array([[0.0, 135314.61915613947, -153464.1092801452, -434822.8427049019]])
    draw_var = np.array([[0.0, -74704.39718439983, 148051.9743572725, 80838.56827743404]])
    found = solve_series(network, draw_w, draw_var)
    by_pandapower = [1.0753844229273302, 0.8766693652892894, 0.8881047958867342, 0.8766719131583887]
    assert found.voltage_pu[0] == pytest.approx(by_pandapower, abs=1e-8)
    with pytest.raises(CannotSolve, match="interval 0"):
        solve_series(network, 1.1 * draw_w, 1.1 * draw_var)


def test_chunks_change_nothing() -> None:
    network, draw = random_network(9, nodes=6, loops=1), np.random.default_rng(5).normal(2000, 1000, (7, 6))
    whole = solve_series(network, draw, draw / 5)
    assert solve_series(network, draw, draw / 5, chunk=3).voltage_pu == pytest.approx(whole.voltage_pu, abs=1e-10)


def test_a_node_without_a_path_is_told_and_holds_up_nobody() -> None:
    network = Network(np.full(3, 400.0), np.array([1.0, NAN, NAN]), [Wire("L", 0, 1, 0.05, 0.02, 0.0, 270.0)], [])
    found = solve_series(network, np.array([[0.0, 1000.0, 1000.0]]), np.zeros((1, 3)))
    assert np.isnan(found.voltage_pu).tolist() == [[False, False, True]]
    assert 0 < found.losses_w[0] < 10
    with pytest.raises(CannotSolve, match="coupling"):
        solve_series(Network(np.full(2, 400.0), np.full(2, NAN), [], []), np.zeros((1, 2)), np.zeros((1, 2)))


def test_an_open_switch_leaves_the_charging_and_nothing_else() -> None:
    def network(closed: bool) -> Network:
        return Network(
            np.full(3, 400.0),
            np.array([1.0, NAN, NAN]),
            [Wire("A", 0, 1, 0.05, 0.02, 0.0, 270.0), Wire("B", 0, 2, 0.05, 0.02, 4e-3, 270.0, closed_to=closed)],
            [],
        )

    draw = np.array([0.0, 3000.0, 2000.0])
    for closed in (True, False):
        one = network(closed).solve(draw, np.zeros(3))
        many = solve_series(network(closed), draw[None], np.zeros((1, 3)))
        assert many.voltage_pu[0] == pytest.approx(one.voltage_pu, abs=1e-8, nan_ok=True)
        assert many.line_loading[0] == pytest.approx(one.line_loading, abs=1e-6)
        assert many.fed_w[0] == pytest.approx(one.import_w, abs=0.01)
    assert many.line_loading[0, 1] == pytest.approx(400 / np.sqrt(3) * 4e-3 / 270, rel=0.01)
