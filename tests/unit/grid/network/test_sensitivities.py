"""Derivatives of the power flow against finite differences, on radial and meshed networks, and against arithmetic by hand."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from benchmarks.random_networks import random_network
from grid.domain.network.flow_series import FlowSeries, solve_series
from grid.domain.network.powerflow import CannotSolve, Network, Wire
from grid.domain.network.sensitivities import linearise

NAN = float("nan")
STEP_W = 5.0  # small beside the bend of a current's magnitude near zero


def both_sides(network: Network, active: np.ndarray, reactive: np.ndarray, *, by_var: bool) -> FlowSeries:
    """The power flow with a little more and a little less drawn at each node in turn: rows 2 j and 2 j + 1."""
    nodes = len(active)
    change = np.repeat(np.eye(nodes) * STEP_W, 2, axis=0) * np.tile([1.0, -1.0], nodes)[:, None]
    return solve_series(network, active + (not by_var) * change, reactive + by_var * change)


def slopes(values: np.ndarray) -> np.ndarray:
    """[quantities, nodes]."""
    return ((values[0::2] - values[1::2]) / (2 * STEP_W)).T


@settings(max_examples=15)
@given(seed=st.integers(0, 10**6), nodes=st.integers(3, 20), loops=st.integers(0, 4))
@example(seed=9030, nodes=3, loops=0)
def test_equals_finite_differences(seed: int, nodes: int, loops: int) -> None:
    network, random = random_network(seed, nodes=nodes, loops=loops), np.random.default_rng(seed + 1)
    active, reactive = random.normal(4000, 2500, nodes), random.normal(900, 500, nodes)
    point = linearise(network, active, reactive)
    base = solve_series(network, active[None], reactive[None])
    assert point.voltage_pu == pytest.approx(base.voltage_pu[0], abs=1e-9)
    assert point.line_loading == pytest.approx(base.line_loading[0], abs=1e-8)
    assert point.transformer_loading == pytest.approx(base.transformer_loading[0], abs=1e-8)
    for by_var in (False, True):
        moved = both_sides(network, active, reactive, by_var=by_var)
        name = "by_var" if by_var else "by_w"
        free = np.arange(1, nodes)
        assert getattr(point.of_voltages(), name) == pytest.approx(slopes(moved.voltage_pu), abs=1e-10)
        carries = base.transformer_loading[0] > 0.01  # a magnitude bends where little flows
        assert getattr(point.of_transformer_loadings(), name)[carries][:, free] == pytest.approx(
            slopes(moved.transformer_loading)[carries][:, free], abs=1e-9
        )
        assert getattr(point.of_exchange(), name)[0] == pytest.approx(slopes(moved.fed_w[:, None])[0], abs=1e-5)
        carries = base.line_loading[0] > 0.01
        assert getattr(point.of_line_loadings(), name)[carries] == pytest.approx(slopes(moved.line_loading)[carries], abs=1e-8)


@settings(max_examples=10)
@given(seed=st.integers(0, 10**6), nodes=st.integers(4, 15), loops=st.integers(0, 3))
def test_rows_and_columns_agree(seed: int, nodes: int, loops: int) -> None:
    network, random = random_network(seed, nodes=nodes, loops=loops), np.random.default_rng(seed)
    active, reactive = random.normal(3000, 2000, nodes), random.normal(500, 300, nodes)
    point, change = linearise(network, active, reactive), random.normal(0, 100, (nodes, 2))
    moved = point.move(change, change / 4)
    for found, rows in (
        (moved.voltage_pu, point.of_voltages()),
        (moved.line_loading, point.of_line_loadings()),
        (moved.transformer_loading, point.of_transformer_loadings()),
    ):
        assert found == pytest.approx(rows.by_w @ change + rows.by_var @ change / 4, abs=1e-12)
    [row] = point.of_voltages(np.array([2])).by_w
    assert row == pytest.approx(point.of_voltages().by_w[2], abs=1e-15)


def test_a_feeder_by_hand() -> None:
    """Without load, a watt at the end of a cable of R + jX lowers its voltage by R / U and another's by the common part."""
    network = Network(
        np.full(3, 400.0), np.array([1.0, NAN, NAN]), [Wire("A", 0, 1, 0.05, 0.02, 0.0, 250.0), Wire("B", 1, 2, 0.1, 0.04, 0.0, 250.0)], []
    )
    found = linearise(network, np.zeros(3), np.zeros(3))
    by_w, by_var = found.of_voltages().by_w, found.of_voltages().by_var
    assert by_w[2] == pytest.approx([0.0, -0.05 / 400**2, -0.15 / 400**2])
    assert by_var[2] == pytest.approx([0.0, -0.02 / 400**2, -0.06 / 400**2])
    assert found.of_line_powers().by_w == pytest.approx(np.array([[0.0, 1, 1], [0, 0, 1]]))
    assert found.of_exchange().by_w[0] == pytest.approx([1.0, 1.0, 1.0])


def test_what_leaves_a_transformer_is_what_enters_it_less_its_losses() -> None:
    network, step = random_network(4, nodes=6, loops=1), np.zeros(6)
    active, step[3] = np.full(6, 3000.0), STEP_W
    here, there = linearise(network, active, active / 4), linearise(network, active + step, active / 4)
    lost = here.transformer_power_w - here.transformer_output_w
    assert 1100 < lost[0] < 1500  # its iron, and little copper
    found = here.of_transformer_outputs().by_w[0, 3] * STEP_W
    assert found == pytest.approx(float(there.transformer_output_w[0] - here.transformer_output_w[0]), rel=1e-3)


def test_what_hangs_on_an_open_switch_has_no_influence() -> None:
    network = Network(
        np.full(3, 400.0),
        np.array([1.0, NAN, NAN]),
        [Wire("A", 0, 1, 0.05, 0.02, 0.0, 250.0), Wire("B", 1, 2, 0.1, 0.04, 0.0, 250.0, closed_to=False)],
        [],
    )
    found = linearise(network, np.array([0.0, 1000.0, 1000.0]), np.zeros(3))
    assert np.isnan(found.voltage_pu).tolist() == [False, False, True]
    assert (found.of_voltages().by_w[:, 2] == 0).all()
    with pytest.raises(CannotSolve, match="no solution"):
        linearise(network, np.array([0.0, 5e6, 0.0]), np.zeros(3))
