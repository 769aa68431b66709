"""The plan equals an independent formulation in scipy (tests/plan_reference.py): status, cost, what is least short; and obeys physics."""

import pytest

from grid.adapters.plan_file import plan_as_json, plan_from
from grid.domain.planning.search import find_plan
from tests.plan_reference import best, faults, shortfalls
from tests.plan_scenarios import named_scenarios, random_scenario

NAMED = named_scenarios()


@pytest.mark.parametrize("name", NAMED)
def test_named_scenario_is_solved_as_scipy_solves_it(name: str) -> None:
    compare(NAMED[name])


@pytest.mark.parametrize("seed", range(40))
def test_random_scenario_is_solved_as_scipy_solves_it(seed: int) -> None:
    compare(random_scenario(seed, longest=9))


def compare(scenario: dict) -> None:
    problem = plan_from(scenario)
    plan = plan_as_json(problem, find_plan(problem))
    reference = best(scenario)
    assert plan["status"] == reference.status
    if reference.cost is None:
        assert plan["cost"] is None
        assert plan["reasons"]
        return
    hair = 1e-6 * max(1.0, abs(reference.cost)) if reference.status == "optimal" else 1e-4
    assert plan["cost"] == pytest.approx(reference.cost, abs=hair)
    assert shortfalls(scenario, plan) == pytest.approx((reference.above_wh, reference.missing_wh), abs=1e-2)
    assert faults(scenario, plan) == []
