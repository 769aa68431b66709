"""Means of what a device was told."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from grid.domain.control.told_course import told_means

EDGES = np.array([0.0, 900.0, 1800.0, 2700.0])


def test_a_set_point_holds_until_it_ends_or_the_next_one_comes() -> None:
    mean, share = told_means(np.array([0.0, 450.0, 1800.0]), np.array([900.0, 1350.0, 1900.0]), np.array([100.0, 300.0, -50.0]), EDGES)
    np.testing.assert_allclose(mean, [200.0, 300.0, -50.0])
    np.testing.assert_allclose(share, [1.0, 0.5, 1 / 9])


def test_where_nothing_was_told_there_is_a_gap() -> None:
    mean, share = told_means(np.array([900.0, 1000.0]), np.array([2000.0, 2700.0]), np.array([70.0, np.nan]), EDGES)
    assert np.isnan(mean[[0, 2]]).all() and mean[1] == 70.0
    np.testing.assert_allclose(share, [0.0, 1 / 9, 0.0])
    nothing = np.zeros(0)
    assert np.isnan(told_means(nothing, nothing, nothing, EDGES)[0]).all()
    assert np.isnan(told_means(np.array([0.0]), np.array([900.0]), np.array([np.nan]), EDGES)[0]).all()


@given(st.lists(st.tuples(st.floats(0, 2700), st.floats(1, 2000), st.floats(-5000, 5000)), min_size=1, max_size=12))
def test_means_are_those_of_every_second(orders: list[tuple[float, float, float]]) -> None:
    orders = sorted((round(begin), round(begin) + round(length), value) for begin, length, value in orders)
    issued, expires, value = (np.array(column, dtype=np.float64) for column in zip(*orders, strict=True))
    seconds = np.full(2700, np.nan)
    for i, (begin, end, told) in enumerate(orders):
        until = min(end, orders[i + 1][0]) if i + 1 < len(orders) else end
        seconds[int(begin) : int(until)] = told
    mean, share = told_means(issued, expires, value, EDGES)
    by_interval = seconds.reshape(3, 900)
    np.testing.assert_allclose(share, (~np.isnan(by_interval)).mean(axis=1), atol=1e-9)
    for place, told in enumerate(by_interval):
        if not np.isnan(told).all():
            np.testing.assert_allclose(mean[place], np.nanmean(told), atol=1e-6)
