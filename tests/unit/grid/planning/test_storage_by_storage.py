"""Several batteries that may burn a surplus by charging each other in turn: what each does best while the others stay."""

import time
from dataclasses import replace

import numpy as np
import pytest

from grid.adapters.plan_file import plan_from
from grid.domain.planning.course import applies_to_each
from grid.domain.planning.model import Aim, Model, Slack
from grid.domain.planning.parts import FlexibleLoads, Storages
from grid.domain.planning.problem import PlanProblem
from grid.domain.planning.program import Effort, OutOfTime
from grid.domain.planning.solver import violated
from grid.domain.planning.solving import solve, with_decisions_of
from grid.domain.planning.storage_by_storage import better_by_storages
from grid.domain.planning.writing import write
from tests.plan_scenarios import surplus_day

EXACT = Effort(1e-6, 1e-7, 20.0)


def surplus(count: int, batteries: int = 2) -> PlanProblem:
    """Unlike batteries at noon, a car that may charge any time, and a wash."""
    chance = np.random.default_rng(7)
    storages = Storages.of(
        count,
        [f"b{i}" for i in range(batteries)],
        soc_start_wh=[1000.0, 4000.0, 6000.0][:batteries],
        soc_max_wh=[6000.0, 9000.0, 7000.0][:batteries],
        charge_max_w=[3000.0, 4500.0, 2000.0][:batteries],
        discharge_max_w=[3000.0, 2500.0, 2000.0][:batteries],
        eta_charge=0.9,
        eta_discharge=0.88,
    )
    loads = FlexibleLoads.of(
        ("car", "wash"),
        energy_wh=[2000.0, 1500.0],
        power_max_w=[3000.0, 1000.0],
        earliest=[1, 0],
        latest=[count - 1, count],
        interruptible=[True, False],
    )
    return PlanProblem.of(
        interval_minutes=30,
        import_price_per_kwh=0.3,
        export_price_per_kwh=0.1,
        export_limit_w=0.0,
        load_w=chance.uniform(200, 3000, count),
        production_w=chance.uniform(2000, 9000, count),
        storages=storages,
        flexible=loads,
    )


def first_point(problem: PlanProblem, slack: Slack | None) -> tuple[Model, np.ndarray]:
    """Each battery rests, loads as they come."""
    model = write(problem, slack)
    known = with_decisions_of(model.program, np.zeros(len(model.program.cost)))
    assert known is not None
    return model, known.values


@pytest.mark.parametrize("batteries", [2, 3])
def test_each_battery_ends_with_its_best_course_beside_the_others(batteries: int) -> None:
    problem, slack = surplus(10, batteries), Slack(Aim.ABOVE_LIMITS)
    model, known = first_point(problem, slack)
    values, spent = better_by_storages(problem, model, slack, known, seconds=60.0, clock=time.monotonic)
    program = model.program
    better = with_decisions_of(program, values)
    assert better is not None
    assert not violated(program, better.values).any()
    assert better.objective < float(program.cost @ known) + program.offset - 0.1
    assert 0 < spent < 60
    for place in range(batteries):
        others = np.arange(batteries) != place
        stay = (model.charge[others].ravel(), model.discharge[others].ravel(), model.flexible[0, 1:9], model.runs[0].columns)
        held = np.concatenate(stay)
        lower, upper = program.lower.copy(), program.upper.copy()
        lower[held] = upper[held] = values[held]
        alone = solve(replace(program, lower=lower, upper=upper), EXACT)
        assert alone is not None
        assert alone.proven
        assert alone.objective >= above(problem, model, values) - 1e-6


def above(problem: PlanProblem, model: Model, values: np.ndarray) -> float:
    """Energy above the export limit of nothing, in the programme's unit, with the powers of storages and loads in `values`."""
    drawn = (values[model.charge] - values[model.discharge]).sum(axis=0)
    inside = model.flexible[0] >= 0
    drawn[inside] += values[model.flexible[0, inside]]
    for run in model.runs:
        begin = int(run.begins[int(values[run.columns].argmax())])
        drawn[begin : begin + len(run.power_w)] += run.power_w / model.unit_w
    left = (problem.production_w - problem.load_w) / model.unit_w - drawn
    return float(np.maximum(left, 0.0).sum()) * problem.hours


def test_a_search_that_finds_nothing_legal_leaves_the_time_to_what_may_exceed_limits() -> None:
    """Linear programming burns the surplus by charging and discharging at once; whether a legal plan can is not proven in the time."""
    program = write(plan_from(surplus_day(9, batteries=3, count=192, minutes=15))).program
    began = time.monotonic()
    with pytest.raises(OutOfTime):
        solve(program, Effort(1e-7, 2e-7, 8.0, patient=False))
    assert time.monotonic() - began < 6.0


def test_storages_that_a_reserve_or_a_line_ties_together_are_not_followed_apart() -> None:
    problem = surplus(6)
    assert applies_to_each(problem, Aim.COST)
    assert not applies_to_each(replace(problem, reserve_wh=np.full(6, 100.0)), Aim.COST)
    peak = replace(problem, peak_price_per_kw=5.0)
    assert applies_to_each(peak, Aim.ABOVE_LIMITS)
    assert not applies_to_each(peak, Aim.COST)
