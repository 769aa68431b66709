"""Where stored energy came from: nothing is lost from sight, grid energy stays grid energy."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from grid.domain.energy_origin import Layer, Order, follow, split

LOCAL, PUBLIC = 0, 1


def wh(*rows):
    return np.array(rows, dtype=np.int64)


def test_first_in_first_out_gives_the_night_grid_energy_before_the_noon_sun():
    charged = wh([0, 1000], [1000, 0], [0, 0])
    course = follow([], charged, wh(0, 0, 1200), wh(1000, 2000, 800), Order.FIRST_IN)
    assert course.discharged_wh[2].tolist() == [200, 1000]
    assert [layer.wh.tolist() for layer in course.layers] == [[800, 0]]
    assert not course.unexplained_wh.any()


def test_pro_rata_mixes():
    charged = wh([500, 1500], [0, 0])
    course = follow([], charged, wh(0, 400), wh(2000, 1600), Order.PRO_RATA)
    assert course.discharged_wh[1].tolist() == [100, 300]


def test_losses_are_borne_by_what_is_stored_in_proportion():
    course = follow([Layer(wh(300, 700))], wh([0, 0]), wh(0), wh(900), Order.FIRST_IN)
    assert course.lost_wh.tolist() == [[30, 70]]


def test_what_was_never_seen_going_in_is_told_as_unexplained():
    course = follow([], wh([100, 0]), wh(150), wh(0), Order.FIRST_IN)
    assert course.unexplained_wh.tolist() == [50]


@given(
    st.lists(
        st.tuples(st.integers(0, 900), st.integers(0, 900), st.integers(0, 1500), st.integers(0, 60)), min_size=1, max_size=30
    ),
    st.sampled_from(list(Order)), st.integers(0, 2000), st.integers(0, 2000),
)  # fmt: skip
def test_energy_is_conserved_layer_by_layer(steps, order, local, public):
    stored, charged, discharged, held = local + public, [], [], []
    for sun, grid, wanted, loss in steps:
        stored += sun + grid
        given = min(wanted, stored)
        stored = max(stored - given - loss, 0)
        charged.append([sun, grid])
        discharged.append(given)
        held.append(stored)
    course = follow(
        [Layer(wh(local, public))], np.array(charged), np.array(discharged), np.array(held), order
    )
    left = sum((layer.wh for layer in course.layers), wh(0, 0))
    brought = wh(local, public) + np.array(charged).sum(axis=0)
    assert (brought == course.discharged_wh.sum(axis=0) + course.lost_wh.sum(axis=0) + left).all()
    assert left.sum() == held[-1]
    assert not course.unexplained_wh.any()
    assert (course.discharged_wh >= 0).all() and (course.lost_wh >= 0).all()


def test_splitting_leaves_nothing_over():
    assert split(10, wh(1, 1, 1) * 5).tolist() == [4, 3, 3]
    assert split(0, wh(1, 2)).tolist() == [0, 0]
    assert split(3, wh(1, 2)).tolist() == [1, 2]
