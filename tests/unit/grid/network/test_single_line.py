"""The diagram's layout: every node its own place, feeders as columns, loops and islands told apart."""

import random

import pytest

from grid.domain.network.single_line import lay_out


def test_a_feeder_goes_straight_down_and_its_spurs_to_the_right() -> None:
    #  0 (coupling) - 1 (busbar) - 2 - 3 - 4, spur 3 - 5; second feeder 1 - 6
    layout = lay_out(7, [(0, 1), (1, 2), (2, 3), (3, 4), (3, 5), (1, 6)], [0])
    assert layout.row == [0, 1, 2, 3, 4, 4, 2]
    assert layout.column[:5] == [0, 0, 0, 0, 0]
    assert (layout.column[5], layout.column[6]) == (1, 2)
    assert layout.last_column[1] == 2
    assert layout.feeder == [-1, -1, 0, 0, 0, 0, 1]
    assert (layout.columns, layout.rows) == (3, 5)
    assert all(layout.is_fed)


def test_a_loop_keeps_its_extra_branch_and_an_island_stands_beside() -> None:
    layout = lay_out(5, [(0, 1), (0, 2), (1, 2), (3, 4)], [0])
    assert layout.loops == [2]
    assert layout.is_fed == [True, True, True, False, False]
    assert min(layout.column[3:]) > max(layout.column[:3])


def test_nothing_is_a_layout_too() -> None:
    empty = lay_out(0, [], [])
    assert (empty.columns, empty.rows) == (0, 0)


@pytest.mark.parametrize("seed", range(20))
def test_no_two_nodes_share_a_place(seed: int) -> None:
    chance = random.Random(seed)
    nodes = chance.randint(2, 300)
    branches = [(node, chance.randrange(node)) for node in range(1, nodes) if chance.random() < 0.97]
    branches += [(chance.randrange(nodes), chance.randrange(nodes)) for _ in range(chance.randint(0, 5))]
    layout = lay_out(nodes, branches, [0])
    assert len(set(zip(layout.column, layout.row, strict=True))) == nodes
    in_tree = {via for via in layout.via if via >= 0}
    rings = {place for place, (a, b) in enumerate(branches) if a == b}
    assert in_tree | set(layout.loops) | rings == set(range(len(branches)))
