"""Losses in whole watt-hours: nothing drifts by rounding, and the balance holds with them as without."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grid.domain.network.losses import exchange, whole_losses

WATT_HOURS = st.integers(0, 10**6)


@given(losses_w=st.lists(st.floats(0, 1e5), min_size=1, max_size=100), minutes=st.sampled_from([5, 15, 60]))
def test_rounding_never_drifts(losses_w: list[float], minutes: int) -> None:
    exact = np.array(losses_w) * minutes / 60
    found = whole_losses(np.array(losses_w), minutes)
    assert (found >= 0).all()
    assert np.cumsum(found) == pytest.approx(np.cumsum(exact), abs=0.51)


@given(st.lists(st.tuples(WATT_HOURS, WATT_HOURS, WATT_HOURS), min_size=1, max_size=50))
def test_what_crosses_is_the_sites_net_and_the_losses(rows: list[tuple[int, int, int]]) -> None:
    drawn, fed_in, losses = np.array(rows, dtype=np.int64).T
    found = exchange(drawn, fed_in, losses)
    assert (found.import_wh - found.export_wh == drawn - fed_in + losses).all()
    assert (np.minimum(found.import_wh, found.export_wh) == 0).all()
    assert (found.losses_from_grid_wh + found.losses_from_surplus_wh == losses).all()
    assert (found.import_wh == np.maximum(drawn - fed_in, 0) + found.losses_from_grid_wh).all()
    assert (found.export_wh == np.maximum(fed_in - drawn, 0) - found.losses_from_surplus_wh).all()


def test_a_surplus_smaller_than_the_losses_by_hand() -> None:
    found = exchange(np.array([100, 900, 0]), np.array([150, 0, 0]), np.array([80, 30, 5]))
    assert found.import_wh.tolist() == [30, 930, 5]
    assert found.export_wh.tolist() == [0, 0, 0]
    assert found.losses_from_surplus_wh.tolist() == [50, 0, 0]
