"""One element out: who is without supply, what the rest carries, and the switch that helps."""

from dataclasses import replace

import numpy as np
import pytest

from grid.domain.network.contingencies import Tie, closed, consequence, contingencies, without
from grid.domain.network.powerflow import Network, Wire

NAN = float("nan")
LOW, HIGH = np.full(4, 0.9), np.full(4, 1.1)
SITES = np.array([0.0, 2.0, 3.0, 1.0])


def ring(amperes: float = 250.0) -> Network:
    """0 - 1 - 2 - 3 and a tie from 3 to 0 that stands open."""

    def wire(code: str, a: int, b: int, is_closed: bool = True) -> Wire:
        return Wire(code, a, b, 0.05, 0.02, 0.0, amperes, closed_to=is_closed)

    return Network(
        np.full(4, 400.0), np.array([1.0, NAN, NAN, NAN]), [wire("A", 0, 1), wire("B", 1, 2), wire("C", 2, 3), wire("Tie", 3, 0, False)], []
    )


DRAW = np.array([[0.0, 5000, 8000, 3000], [0.0, -4000, 1000, 0]])
TIES = [Tie("S", line=3)]


def test_the_worst_outage_stands_first_and_the_tie_supplies_all_again() -> None:
    found = contingencies(ring(), TIES, DRAW, DRAW / 4, LOW, HIGH, SITES)
    assert [c.branch for c in found] == [0, 1, 2]
    assert found[0].without.unsupplied.tolist() == [False, True, True, True]
    assert [c.tie for c in found] == [0, 0, 0]
    assert found[0].with_tie is not None
    assert not found[0].with_tie.unsupplied.any()
    by_hand = consequence(closed(without(ring(), {0}), TIES[0]), DRAW, DRAW / 4, LOW, HIGH)
    assert found[0].with_tie.lowest_pu == by_hand.lowest_pu
    assert (by_hand.lowest_node, by_hand.lowest_at) == (1, 0)


def test_a_tie_that_would_be_overloaded_does_not_help() -> None:
    found = contingencies(ring(amperes=24.0), TIES, DRAW, DRAW / 4, LOW, HIGH, SITES)
    [first, second, third] = found
    assert (first.tie, first.with_tie) == (-1, None)
    assert second.tie == 0  # it carries less
    assert third.branch == 2


def test_without_ties_who_hangs_below_is_lost() -> None:
    found = contingencies(ring(), [], DRAW, DRAW / 4, LOW, HIGH, SITES)
    assert [SITES[c.without.unsupplied].sum() for c in found] == [6, 4, 1]
    assert all(c.without.is_within for c in found)


def test_a_coupler_between_nodes_is_a_tie_as_well() -> None:
    plain = replace_tie(ring())
    found = contingencies(plain, [Tie("K", node_from=3, node_to=0)], DRAW, DRAW / 4, LOW, HIGH, SITES)
    assert found[0].with_tie is not None
    assert not found[0].with_tie.unsupplied.any()


def replace_tie(network: Network) -> Network:
    return Network(network.nominal_voltage_v, network.held_pu, network.wires[:3], network.transformers)


def test_what_cannot_be_carried_is_said() -> None:
    heavy = np.array([[0.0, 5e6, 0, 0]])
    found = consequence(ring(), heavy, heavy * 0, LOW, HIGH)
    assert "no solution" in found.problem
    assert not found.is_within
    thin = Network(ring().nominal_voltage_v, ring().held_pu, [replace(w, max_current_a=0.0) for w in ring().wires], [])
    assert consequence(thin, DRAW, DRAW / 4, LOW, HIGH).highest_loading == pytest.approx(0.0)  # no rating, no loading
