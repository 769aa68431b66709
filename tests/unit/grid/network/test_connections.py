"""Rings that closing a switch would make, and what has no path to the public grid."""

import numpy as np

from grid.domain.network.connections import path_between, unsupplied
from grid.domain.network.powerflow import Network, Wire


def chain(*, closed: bool = True) -> Network:
    """Nodes 0 to 3 in a row, held at 0."""
    held = np.array([1.0, np.nan, np.nan, np.nan])
    wires = [Wire(f"L{i}", i, i + 1, 0.1, 0.05, 0.0, 100.0, True, closed or i != 1) for i in range(3)]
    return Network(np.full(4, 400.0), held, wires, [])


def test_the_way_from_one_side_to_the_other() -> None:
    assert path_between(chain(), 0, 3) == ["L0", "L1", "L2"]
    assert path_between(chain(), 2, 2) == []


def test_no_way_where_a_switch_is_open() -> None:
    assert path_between(chain(closed=False), 0, 3) is None


def test_what_lies_behind_an_open_switch_has_no_supply() -> None:
    assert unsupplied(chain()).tolist() == [False] * 4
    assert unsupplied(chain(closed=False)).tolist() == [False, False, True, True]


def test_it_is_what_the_power_flow_finds() -> None:
    rng = np.random.default_rng(4)
    for _ in range(30):
        wires = [
            Wire(f"L{i}", int(a), int(b), 0.1, 0.05, 0.0, 100.0, bool(rng.random() < 0.8), bool(rng.random() < 0.8))
            for i, (a, b) in enumerate(rng.integers(0, 12, (16, 2)))
            if a != b
        ]
        held = np.full(12, np.nan)
        held[0] = 1.0
        network = Network(np.full(12, 400.0), held, wires, [])
        flow = network.solve(np.zeros(12), np.zeros(12))
        assert (unsupplied(network) == np.isnan(flow.voltage_pu)).all()
