"""A common plant's intervals, divided among its holders."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grid.domain.sharing.plants import CannotDivide, by_weights, divide
from kernel.apportionment import largest_remainder

WH = st.integers(0, 4000)


@given(st.lists(st.integers(0, 9), min_size=1, max_size=5), st.lists(WH, min_size=1, max_size=6))
def test_a_split_is_that_of_the_kernel_in_each_interval(weights: list[int], totals: list[int]) -> None:
    if not any(weights):
        weights[0] = 1
    ranks = np.arange(len(weights))
    found = by_weights(np.array(totals), np.repeat(np.array(weights)[:, None], len(totals), axis=1), ranks)
    names = [str(rank) for rank in ranks]
    assert found.T.tolist() == [largest_remainder(total, weights, names) for total in totals]


@given(st.data(), st.lists(st.integers(1, 500_000), min_size=1, max_size=4), st.integers(1, 5))
def test_every_watt_hour_is_one_holders(data: st.DataObject, weights: list[int], intervals: int) -> None:
    fed_in = np.array(data.draw(st.lists(WH, min_size=intervals, max_size=intervals)))
    shares, ranks = np.array(weights), np.arange(len(weights))
    part = by_weights(fed_in, np.repeat(shares[:, None], intervals, axis=1), ranks)
    used = np.array([[data.draw(st.integers(0, int(wh))) for wh in row] for row in part]).reshape(part.shape)
    rest = (part - used).sum(axis=0)
    sold = np.array([data.draw(st.integers(0, int(wh))) for wh in rest])
    found = divide(fed_in, sold, used, shares, ranks)
    assert (found.part_wh.sum(axis=0) == fed_in).all()
    assert (found.sold_wh.sum(axis=0) == sold).all() and (found.exported_wh.sum(axis=0) == rest - sold).all()
    assert (found.sold_wh >= 0).all() and (found.exported_wh >= 0).all()
    assert (found.sold_wh + found.exported_wh + used == found.part_wh).all()


def test_more_used_than_was_theirs_is_refused() -> None:
    with pytest.raises(CannotDivide):
        divide(np.array([10]), np.array([0]), np.array([[6], [0]]), np.array([1, 1]), np.array([0, 1]))
