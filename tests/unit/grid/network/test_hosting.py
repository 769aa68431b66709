"""Hosting capacity against arithmetic by hand and against the power flow on both sides of the limit."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.random_networks import random_network
from grid.domain.network.flow_series import solve_series
from grid.domain.network.hosting import Technology, hosting_capacity
from grid.domain.network.powerflow import Network, Wire

NAN = float("nan")
LOW, HIGH = np.full(3, 0.9), np.full(3, 1.1)


def feeder(amperes: float) -> Network:
    return Network(
        np.full(3, 400.0),
        np.array([1.0, NAN, NAN]),
        [Wire("A", 0, 1, 0.05, 0.0, 0.0, amperes), Wire("B", 1, 2, 0.1, 0.0, 0.0, amperes)],
        [],
    )


def test_a_feeder_limited_by_voltage_by_hand() -> None:
    """Alone at the end of 0.15 Ohm: U (U - U0) = R P for what feeds in, U (U0 - U) = R P for what draws."""
    nothing = np.zeros((2, 3))
    found = hosting_capacity(feeder(1e4), nothing, nothing, Technology(True, 0.0, np.ones(2)), LOW, HIGH, most_w=1e6)
    assert found.power_w[2] == pytest.approx(440 * 40 / 0.15, abs=20)
    assert found.power_w[1] == pytest.approx(440 * 40 / 0.05, abs=20)
    assert (found.kind[2], found.place[2]) == ("voltage", 2)
    assert np.isnan(found.power_w[0])
    drawn = hosting_capacity(feeder(1e4), nothing, nothing, Technology(False, 0.0, np.ones(2)), LOW, HIGH, most_w=1e6)
    assert drawn.power_w[2] == pytest.approx(360 * 40 / 0.15, abs=20)


def test_what_runs_at_half_leaves_room_for_twice_as_much() -> None:
    nothing = np.zeros((2, 3))
    half = Technology(True, 0.0, np.array([0.5, 0.0]))
    found = hosting_capacity(feeder(1e4), nothing, nothing, half, LOW, HIGH, most_w=1e6)
    assert found.power_w[2] == pytest.approx(2 * 440 * 40 / 0.15, abs=40)
    assert found.instant[2] == 0
    asleep = hosting_capacity(feeder(1e4), nothing, nothing, Technology(True, 0.0, np.zeros(2)), LOW, HIGH, most_w=1e6)
    assert np.isnan(asleep.power_w).all()


def test_a_thin_cable_is_named() -> None:
    nothing = np.zeros((1, 3))
    found = hosting_capacity(feeder(20.0), nothing, nothing, Technology(False, 0.0, np.ones(1)), LOW, HIGH, most_w=1e6)
    assert found.kind[1:] == ["line", "line"]
    assert found.power_w[2] == pytest.approx(np.sqrt(3) * 20 * (400 - np.sqrt(3) * 20 * 0.15), rel=1e-3)


def test_what_is_outside_already_may_not_get_worse() -> None:
    overloaded = np.array([[0.0, 0.0, 120e3]])
    more = hosting_capacity(feeder(1e4), overloaded, overloaded * 0, Technology(False, 0.0, np.ones(1)), LOW, HIGH, most_w=1e6)
    assert more.power_w[2] == pytest.approx(0.0, abs=30)
    relief = hosting_capacity(feeder(1e4), overloaded, overloaded * 0, Technology(True, 0.0, np.ones(1)), LOW, HIGH, most_w=1e6)
    assert relief.power_w[2] > 200e3


@settings(max_examples=6)
@given(seed=st.integers(0, 10**6), nodes=st.integers(4, 10), loops=st.integers(0, 2), feeds=st.booleans())
def test_the_power_found_fits_at_every_instant_and_a_little_more_does_not(seed: int, nodes: int, loops: int, feeds: bool) -> None:
    network, random = random_network(seed, nodes=nodes, loops=loops), np.random.default_rng(seed)
    draw_w, draw_var = random.normal(1500, 1500, (60, nodes)), random.normal(200, 200, (60, nodes))
    low, high = np.full(nodes, 0.9), np.full(nodes, 1.1)
    technology = Technology(feeds, 0.0, random.uniform(0.3, 1.0, 60))
    found = hosting_capacity(network, draw_w, draw_var, technology, low, high, most_w=2e6)
    base = solve_series(network, draw_w, draw_var)
    for node in range(1, nodes):
        for factor, fits in ((1.0, True), (1.001, False)):
            added = draw_w.copy()
            added[:, node] += (found.power_w[node] + (60 if not fits else 0)) * technology.shape * (-1 if feeds else 1) * factor
            flow = solve_series(network, added, draw_var, near_collapse=False)
            beyond = max(
                np.nanmax(flow.voltage_pu - np.maximum(high, base.voltage_pu)),
                np.nanmax(np.minimum(low, base.voltage_pu) - flow.voltage_pu),
                (flow.line_loading - np.maximum(1, base.line_loading)).max(),
                (flow.transformer_loading - np.maximum(1, base.transformer_loading)).max(),
            )
            assert (beyond <= 2e-6) == fits, (node, found.kind[node], beyond)
