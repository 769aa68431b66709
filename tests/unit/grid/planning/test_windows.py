"""A surplus that can neither be sold nor given up, for batteries that lose some of it in turns: where searches begin, and what windows make of it."""

import numpy as np
import pytest

from grid.domain.planning.model import Aim, Model, Slack
from grid.domain.planning.parts import Storages
from grid.domain.planning.problem import PlanProblem
from grid.domain.planning.program import Answer, Effort
from grid.domain.planning.solver import begin_search_at, loaded, run_search, violated, with_yes_or_no
from grid.domain.planning.solving import solve, with_decisions_of
from grid.domain.planning.windows import better_by_windows
from grid.domain.planning.writing import write

EXACT = Effort(1e-6, 1e-7, 20.0)


def surplus(count: int) -> Model:
    """Two unlike batteries at noon; what is sought is the least energy above the export limit."""
    chance = np.random.default_rng(5)
    storages = Storages.of(
        count,
        ("a", "b"),
        soc_start_wh=[1000.0, 4000.0],
        soc_max_wh=[6000.0, 9000.0],
        charge_max_w=[3000.0, 4500.0],
        discharge_max_w=[3000.0, 2500.0],
        eta_charge=0.9,
        eta_discharge=0.88,
    )
    problem = PlanProblem.of(
        interval_minutes=30,
        import_price_per_kwh=np.full(count, 0.3),
        export_price_per_kwh=np.full(count, 0.1),
        load_w=chance.uniform(200, 3000, count),
        production_w=chance.uniform(2000, 9000, count),
        export_limit_w=0.0,
        storages=storages,
    )
    return write(problem, Slack(Aim.ABOVE_LIMITS))


def first_point(model: Model) -> Answer:
    """Each battery rests."""
    known = with_decisions_of(model.program, np.zeros(len(model.program.cost)))
    assert known is not None
    return known


def test_a_search_begins_at_the_point_it_is_given() -> None:
    """Without the decisions HiGHS looks for them first, in as much time as the search has, and may end with another point."""
    program = surplus(10).program
    best = solve(program, EXACT)
    assert best is not None
    every = np.ones(len(program.first), dtype=np.bool_)
    highs = loaded(with_yes_or_no(program, every), Effort(1e-6, 1e-7, 1e-3))
    begin_search_at(highs, program, every, best.values)
    assert run_search(highs)
    assert highs.getInfo().objective_function_value == pytest.approx(best.objective, abs=1e-6)


def test_windows_come_to_the_best_where_each_is_as_long_as_matters() -> None:
    program = surplus(9).program
    known = first_point(surplus(9))
    values, spent = better_by_windows(program, EXACT, known)
    best = solve(program, EXACT)
    assert best is not None and best.proven
    assert not violated(program, values).any()
    assert known.objective > best.objective + 0.1
    assert float(program.cost @ values) + program.offset == pytest.approx(best.objective, rel=0.01)
    assert 0 < spent < EXACT.seconds


def test_windows_have_no_more_time_than_they_are_given() -> None:
    model = surplus(96)
    known = first_point(model)
    values, spent = better_by_windows(model.program, Effort(1e-6, 1e-7, 0.5), known)
    assert spent < 5.0
    assert float(model.program.cost @ values) + model.program.offset <= known.objective
