"""Bypass: what hangs on a branch, since when it carries too much, and whose pattern fits; theft is planted, never assumed."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grid.domain.bypass import Deviation, deviation, nodes_below, rank
from grid.domain.network.powerflow import Network, TransformerData, Wire

NAN = float("nan")
DAYS, PER_DAY = 20, 96
OFFSETS = np.arange(DAYS + 1) * PER_DAY
NAMES = [f"M{i}" for i in range(8)]


def network(*wires: tuple[int, int]) -> Network:
    """Node 0 is the public grid, a transformer leads to node 1, cables from there."""
    count = max(max(wire) for wire in wires) + 1
    return Network(
        np.array([20_000.0] + [400.0] * (count - 1)),
        np.array([1.0] + [NAN] * (count - 1)),
        [Wire(f"L{a}-{b}", a, b, 0.05, 0.02, 0.0, 270.0) for a, b in wires],
        [TransformerData("T", 0, 1, 4e5, 2e4, 400.0, 6.0, 4800.0, 1200.0, 0.3, 0, 0, -2, 2, 2.5)],
    )


def homes(seed: int = 1) -> np.ndarray:
    """Eight homes, each with habits of its own, none twice the same day [Wh]."""
    rng = np.random.default_rng(seed)
    shape = rng.gamma(2.0, 60.0, size=(len(NAMES), PER_DAY))
    return np.rint(np.tile(shape, DAYS) * rng.gamma(8.0, 1 / 8, size=(len(NAMES), DAYS * PER_DAY)))


def stolen(true_wh: np.ndarray, thief: int, since: int, share: float) -> tuple[np.ndarray, Deviation]:
    """What the meters say when one lets a share pass by, and what the branch above shows."""
    metered = true_wh.copy()
    metered[thief, since * PER_DAY :] *= 1 - share
    metered = np.rint(metered)
    return metered, deviation(true_wh.sum(axis=0), metered.sum(axis=0), OFFSETS, len(true_wh))


def test_what_hangs_on_a_branch_hangs_on_it_alone() -> None:
    tree = network((1, 2), (2, 3), (4, 1), (4, 5))
    assert nodes_below(tree, 1, 2)[0] == 2
    assert np.flatnonzero(nodes_below(tree, 1, 2)[1]).tolist() == [2, 3]
    lower, below = nodes_below(tree, 4, 1)  # drawn from its lower end
    assert (lower, np.flatnonzero(below).tolist()) == (4, [4, 5])
    assert np.flatnonzero(nodes_below(tree, 0, 1)[1]).tolist() == [1, 2, 3, 4, 5]
    with pytest.raises(ValueError, match="ring"):
        nodes_below(network((1, 2), (2, 3), (3, 1)), 1, 2)


def test_branch_flows_are_what_single_solutions_say() -> None:
    tree = network((1, 2), (2, 3), (1, 4))
    draw = np.array([[0, 0, 3000, 5000, -2000], [0, 1000, 0, 9000, 4000]], dtype=np.float64)
    many = tree.branch_flows(draw, draw * 0.2)
    for i in range(2):
        one = tree.solve(draw[i], draw[i] * 0.2)
        assert many.line_from_w[i] == pytest.approx(one.line_power_w)
        assert many.transformer_hv_w[i] == pytest.approx(one.transformer_power_w)
        lost = many.line_from_w[i].sum() + many.line_to_w[i].sum() + many.transformer_hv_w[i] + many.transformer_lv_w[i]
        assert lost == pytest.approx(one.losses_w)


def test_honest_meters_raise_no_suspicion() -> None:
    true = homes()
    _, found = stolen(true, 0, 10, 0.0)
    assert found.since is None
    assert rank(found, true, OFFSETS, NAMES) == []


@pytest.mark.parametrize("error", [-0.01, 0.01])
def test_an_error_of_a_meters_class_is_no_theft(error: float) -> None:
    true = homes()
    found = deviation(true.sum(axis=0) * (1 + error), true.sum(axis=0), OFFSETS, len(true))
    assert found.since is None


@given(st.integers(0, 7), st.integers(6, 15), st.sampled_from([0.3, 0.6, 1.0]), st.integers(0, 5))
def test_the_thief_stands_first_and_the_day_is_right(thief: int, since: int, share: float, seed: int) -> None:
    metered, found = stolen(homes(seed), thief, since, share)
    assert found.since == since
    first = rank(found, metered, OFFSETS, NAMES)[0]
    assert NAMES[first.place] == NAMES[thief]
    assert first.share == pytest.approx(share, abs=0.05)
    lost = found.daily_wh[since:].mean()
    assert first.drop_wh == pytest.approx(lost, rel=0.25)


def test_a_theft_that_is_older_than_the_readings_is_found_by_its_pattern() -> None:
    metered, found = stolen(homes(), 3, 0, 0.5)
    assert found.since == 0
    first = rank(found, metered, OFFSETS, NAMES)[0]
    assert (NAMES[first.place], np.isnan(first.drop_wh)) == ("M3", True)
    assert first.share == pytest.approx(0.5, abs=0.02)
