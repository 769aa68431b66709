"""What is told and kept of an instant: the same numbers back, small, and no guess where nothing is known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grid.domain.network.picture import CannotRead, Picture, order_of, pack, picture_of, unpack
from grid.domain.network.powerflow import Flow

number = st.none() | st.integers(-(2**31) + 1, 2**31 - 1)


@given(st.lists(number, max_size=30), st.lists(st.tuples(number, number), max_size=30), st.lists(number, max_size=9))
def test_what_is_packed_comes_back(voltage, branches, soc) -> None:
    picture = Picture(voltage, [a for a, _ in branches], [b for _, b in branches], soc, soc, soc)
    assert unpack(pack(picture)) == picture


@pytest.mark.parametrize("packed", [b"", b"no picture", pack(Picture([1], [], [], [], [], []))[:-3]])
def test_other_bytes_are_refused(packed: bytes) -> None:
    with pytest.raises(CannotRead):
        unpack(packed)


def test_a_flow_becomes_whole_numbers() -> None:
    flow = Flow(np.array([1.025, np.nan]), np.array([0.8012]), np.array([-1499.6]), np.array([0.5]), np.array([3000.2]), 0.0, 0.0, 0.0)
    seen = picture_of(flow, np.array([5000.4, np.nan]), np.array([0.0, np.nan]), np.array([10.0, np.nan]))
    assert seen.voltage == [10250, None]
    assert (seen.loading, seen.branch_w) == ([801, 500], [-1500, 3000])
    assert (seen.soc_wh, seen.discharge_w) == ([5000, None], [10, None])
    assert picture_of(None, np.array([1.0]), np.array([0.0]), np.array([0.0])).sizes == (0, 0, 1)


def test_a_village_is_kept_in_less_than_a_kilobyte() -> None:
    chance = np.random.default_rng(1)
    voltage = (10_000 + chance.normal(0, 100, 128)).astype(int).tolist()
    loading, power = chance.integers(0, 400, 128).tolist(), chance.integers(-20_000, 20_000, 128).tolist()
    soc = chance.integers(0, 9000, 17).tolist()
    assert len(pack(Picture(voltage, loading, power, soc, soc, soc))) < 1024


def test_another_order_has_another_name() -> None:
    assert order_of(["a", "b"], ["c"]) == order_of(["a", "b"], ["c"])
    assert len({order_of(["a", "b"], ["c"]), order_of(["b", "a"], ["c"]), order_of(["a"], ["b", "c"])}) == 3
