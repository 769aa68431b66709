"""State estimation of a network with more than a thousand nodes."""

import numpy as np
import pytest

from benchmarks.random_networks import random_network
from grid.domain.network.sensitivities import linearise
from grid.domain.network.state_estimation import Draws, Readings, estimate, refine


def test_a_thousand_nodes_and_more_with_a_liar_among_them() -> None:
    """Radial, a voltage at every node, a tenth of the meters silent, one that lies: the sparse equations find it in seconds."""
    nodes = 1500
    network, random = random_network(3, nodes=nodes, loops=0), np.random.default_rng(5)
    active = np.abs(random.normal(1, 0.5, nodes)) * (150_000 / nodes)
    active[0] = 0.0
    reactive = 0.2 * active
    point = linearise(network, active, reactive)
    at, sigma = np.arange(1, nodes), np.full(nodes - 1, 2e-3)
    others = Readings(
        [*(f"U{i}" for i in at), "PT"],
        at,
        point.voltage_pu[at] + random.normal(0, sigma),
        sigma,
        np.zeros(0, dtype=np.int64),
        np.zeros(0),
        np.zeros(0),
        np.array([0]),
        point.transformer_output_w + random.normal(0, 100, 1),
        np.array([100.0]),
    )
    seen, draw_sigma = active + random.normal(0, 10, nodes), np.full(nodes, 15.0)
    seen[0] = draw_sigma[0] = 0.0
    silent = np.flatnonzero(random.random(nodes) < 0.1)[1:]
    liar = 700 if 700 not in silent else 701
    seen[silent], draw_sigma[silent] = active[silent] * 1.5, 0.6 * active[silent] + 50
    seen[liar] += 20_000
    draws = Draws(seen, reactive, draw_sigma, 0.3 * draw_sigma, ~np.isin(np.arange(nodes), silent))
    found = estimate(network, draws, others, [f"N{i}" for i in range(nodes)])
    [suspect] = found.suspects
    assert suspect.name == f"N{liar}"
    assert suspect.expected == pytest.approx(active[liar], abs=600)
    assert abs(found.draw_w - active).max() < 600
    flow = linearise(network, found.draw_w, found.draw_var)
    assert abs(flow.voltage_pu - point.voltage_pu).max() < 2e-3
    quick_w, _ = refine(network, draws, others)
    assert abs(quick_w - active).max() > 10_000  # questioned by nobody, the liar is believed
