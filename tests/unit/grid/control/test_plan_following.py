"""Storages after the plan, corrected by what is measured."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grid.domain.control.plan_following import Headroom, ramped, share, wanted_total
from grid.domain.planning.targets import PlanTargets


def plan(*net_w: float, import_w: float = 0.0, export_w: float = 0.0, ceiling_w: float | None = None) -> PlanTargets:
    net = np.array(net_w)
    return PlanTargets(np.maximum(net, 0), np.maximum(-net, 0), import_w, export_w, ceiling_w)


@pytest.mark.parametrize(
    ("residual_w", "targets", "expected"),
    [
        (3000, None, -3000),
        (3000, plan(-2000), -3000),  # planned without exchange: the storages balance
        (5000, plan(-1000, import_w=3000), -1000),  # planned import: the public grid covers the difference
        (5000, plan(-1000, import_w=3000, ceiling_w=3500), -1500),  # ... up to the ceiling
        (500, plan(-1000, import_w=3000), -500),  # a discharge never becomes export
        (2000, plan(1500, import_w=3000), 1500),  # night charging goes on
        (-6000, plan(2000, export_w=3000), 2000),  # planned export takes the difference
        (-1000, plan(2000, export_w=3000), 1000),  # a planned charge never becomes import
        (-800, plan(0, import_w=3000), 800),  # sun nobody expected is stored
    ],
)
def test_total(residual_w, targets, expected):
    assert wanted_total(residual_w, targets) == pytest.approx(expected)


@given(
    total=st.floats(-30e3, 30e3),
    charge=st.lists(st.floats(0, 10e3), min_size=3, max_size=3),
    discharge=st.lists(st.floats(0, 10e3), min_size=3, max_size=3),
    planned=st.lists(st.floats(-9e3, 9e3), min_size=3, max_size=3),
    with_plan=st.booleans(),
)
def test_shares_stay_in_headroom_work_one_way_and_sum_up(total, charge, discharge, planned, with_plan):
    room = Headroom(np.array(charge), np.array(discharge))
    found = share(total, room, plan(*planned) if with_plan else None)
    assert (found <= room.charge_w + 1e-6).all() and (found >= -room.discharge_w - 1e-6).all()
    assert (found * total >= -1e-6).all()
    possible = np.clip(total, -room.discharge_w.sum(), room.charge_w.sum())
    assert found.sum() == pytest.approx(possible, abs=1e-3)


def test_the_plans_own_split_is_kept():
    room = Headroom(np.full(2, 5e3), np.full(2, 5e3))
    assert share(3000, room, plan(2000, 0)) == pytest.approx([2000 + 1000 * 3 / 8, 1000 * 5 / 8])


def test_ramps():
    assert ramped(np.array([9e3, -9e3]), np.zeros(2), np.full(2, 500.0), 4.0) == pytest.approx([2000, -2000])
