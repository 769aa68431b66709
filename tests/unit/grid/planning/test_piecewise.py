"""Piecewise linear functions against evaluation on a fine grid."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grid.domain.planning.piecewise import Piecewise, least_within, lowest, simple, thinned


def random_function(seed: int, corners: int) -> Piecewise:
    random = np.random.default_rng(seed)
    return Piecewise(np.sort(random.uniform(-5, 5, corners)), random.normal(0, 2, corners))


@settings(max_examples=40)
@given(seed=st.integers(0, 10**6), corners=st.integers(1, 9), low=st.floats(-3, 3), width=st.floats(0, 4))
def test_the_least_value_in_a_window_is_that_of_all_its_points(seed: int, corners: int, low: float, width: float) -> None:
    function = random_function(seed, corners)
    found = least_within(function, low, low + width)
    points = np.linspace(found.x[0], found.x[-1], 60)
    for point in points:
        inside = np.concatenate([np.linspace(point + low, point + low + width, 2001), function.x])
        inside = inside[(inside >= point + low - 1e-12) & (inside <= point + low + width + 1e-12)]
        values = function.at(np.clip(inside, function.x[0], function.x[-1]))
        touched = (inside >= function.x[0] - 1e-9) & (inside <= function.x[-1] + 1e-9)
        if touched.any():
            assert found.at(np.array([point]))[0] == pytest.approx(values[touched].min(), abs=0.05)
            assert found.at(np.array([point]))[0] <= values[touched].min() + 1e-9


def test_the_lower_envelope_has_a_corner_where_two_lines_cross() -> None:
    found = lowest([Piecewise.through([0, 2], [0, 2]), Piecewise.through([0, 2], [2, 0])])
    assert found.x == pytest.approx([0, 1, 2])
    assert found.y == pytest.approx([0, 1, 0])


def test_what_is_no_corner_is_left_out() -> None:
    assert lowest([Piecewise.through([0, 1, 2], [0, 1, 2])]).x == pytest.approx([0, 2])


def test_a_cut_outside_leaves_nothing() -> None:
    assert Piecewise.through([0, 1], [0, 1]).cut(2, 3) is None


def test_a_corner_beside_an_end_is_left_out_and_the_ends_stay() -> None:
    found = simple(np.array([0.0, 1e-15, 1.0, 2.0, 2.0]), np.array([0.0, 0.0, 3.0, 1.0, 1.0]))
    assert found.x.tolist() == [0.0, 1.0, 2.0]
    point = simple(np.array([5.0, 5.0]), np.array([1.0, 1.0]))
    assert (point.x.tolist(), point.y.tolist()) == ([5.0], [1.0])


def test_a_thinned_function_keeps_the_corners_that_stand_out() -> None:
    x = np.linspace(0.0, 10.0, 101)
    function = Piecewise(x, np.abs(x - 4.0) + 1e-6 * np.sin(50 * x))
    found = thinned(function, 7)
    assert len(found.x) == 7
    assert found.at(x) == pytest.approx(function.y, abs=1e-4)
    assert thinned(found, 7) is found
