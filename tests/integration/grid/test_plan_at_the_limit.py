"""What a plan is when its time runs out: a sound one that says how far off it may be, or none at all, and never one in doubt."""

import time
from dataclasses import replace
from itertools import count

import numpy as np
import pytest

from benchmarks.fleet_programme import random_fleet
from grid.adapters.plan_file import plan_as_json, plan_from
from grid.domain.planning.program import CannotFindPlan
from grid.domain.planning.search import find_plan
from tests.plan_reference import faults

MANY = 96


@pytest.fixture(scope="module")
def fleet():
    """A village of sixty storages: 5,760 columns of charging alone."""
    return random_fleet(5, storages=60, intervals=MANY)


def test_no_time_at_all_finds_no_plan_and_says_so(fleet):
    for problem in (fleet, replace(fleet, reserve_wh=np.full(MANY, 10.0))):
        began = time.process_time()
        with pytest.raises(CannotFindPlan, match="time ran out"):
            find_plan(problem, seconds=0.0)
        assert time.process_time() - began < 5.0


def test_the_interior_point_method_stops_when_its_time_is_over(fleet):
    """The clock jumps past the end while it steps: its point of then is not proven, so it is no plan."""
    ticks = count()
    with pytest.raises(CannotFindPlan, match="time ran out"):
        find_plan(fleet, seconds=4.0, clock=lambda: float(next(ticks)))
    assert find_plan(fleet, seconds=60.0).proven


def test_a_search_that_ends_too_early_gives_a_sound_plan_and_says_how_far_off_it_may_be():
    """Selling is dearer than buying here and there, for five batteries behind one limit: far more decisions than time."""
    chance = np.random.default_rng(11)
    bought = chance.uniform(-0.1, 0.3, MANY).round(3)
    scenario = {
        "interval_minutes": 15,
        "import_price_per_kwh": bought.tolist(),
        "export_price_per_kwh": (bought + chance.uniform(-0.1, 0.1, MANY)).round(3).tolist(),
        "load_w": chance.uniform(500, 9000, MANY).round().tolist(),
        "production_w": chance.uniform(0, 12000, MANY).round().tolist(),
        "import_limit_w": 9000,
        "export_limit_w": 8000,
        "peak_price_per_kw": 1.0,
        "storages": [
            {
                "id": name,
                "soc_start_wh": 2000,
                "soc_min_wh": 500,
                "capacity_wh": 6000 + 500 * i,
                "soc_max_wh": 6000 + 500 * i,
                "charge_max_w": 2500,
                "discharge_max_w": 2500,
                "eta_charge": 0.9,
                "eta_discharge": 0.92,
                "self_discharge_per_h": 0.005,
                "wear_per_kwh": 0.01,
                "soc_end_min_wh": 1000,
                "end_value_per_kwh": 0.1,
            }
            for i, name in enumerate("abcde")
        ],
    }
    problem = plan_from(scenario)
    plan = find_plan(problem, seconds=1.0)
    assert not plan.proven
    assert "Time ran out before" in plan.reasons[-1]
    assert faults(scenario, plan_as_json(problem, plan)) == []
