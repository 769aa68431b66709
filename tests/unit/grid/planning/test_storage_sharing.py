"""Storages share what they do together by room, and by how much each has worked."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grid.domain.control.dispatch import StorageLimits
from grid.domain.planning.storage_sharing import are_alike, cycles, divide_fairly, fair_shares

powers = st.lists(st.floats(0, 5000), min_size=1, max_size=8)


@given(powers, st.floats(0, 30_000), st.integers(0, 99))
def test_shares_keep_rooms_and_sum(rooms, total, seed):
    room = np.array(rooms)
    given = fair_shares(total, room, np.random.default_rng(seed).uniform(0, 20, len(room)))
    assert (given >= -1e-9).all() and (given <= room + 1e-6).all()
    assert given.sum() == pytest.approx(min(total, room.sum()), abs=1e-3)


def test_who_worked_less_goes_first():
    given = fair_shares(1000.0, np.full(2, 2000.0), np.array([3.0, 1.0]))
    assert given[1] > 2 * given[0]


def limits_of(count: int) -> StorageLimits:
    one = np.ones(count)
    return StorageLimits(0 * one, 4000 * one, 2000 * one, 2000 * one, 0.95 * one, 0.95 * one, one)


def test_cycles_draw_together_over_days():
    limits, worked = limits_of(3), np.array([0.0, 2.0, 5.0])
    soc = np.full(3, 2000.0)
    net = np.tile(np.repeat([2400.0, -2000.0], 8), 12)
    for _ in range(4):
        _, discharge, socs = divide_fairly(net, soc, limits, worked, 0.25)
        worked, soc = worked + cycles(discharge.sum(axis=1) * 0.25, limits.soc_max_wh), socs[:, -1]
    assert np.ptp(worked) < 0.5


def test_dividing_keeps_the_sum_where_storages_can():
    limits = limits_of(3)
    charge, discharge, soc = divide_fairly(np.array([3000.0, -3000.0]), np.full(3, 2000.0), limits, np.zeros(3), 0.25)
    assert (charge - discharge).sum(axis=0) == pytest.approx([3000.0, -3000.0])
    assert not (charge * discharge).any()
    assert (soc >= 0).all() and (soc <= 4000.0).all()
    assert are_alike(limits)
