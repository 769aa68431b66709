"""Many storages behind one connection: the interior-point method's algebra, and its plans against HiGHS."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.fleet_programme import linear_programme, random_fleet, solve_by_highs
from grid.domain.planning.interior_point_equations import Equations, NormalEquations
from grid.domain.planning.interior_point_plan import find_proven_plan, suits
from grid.domain.planning.parts import FlexibleLoads, SharedLimits, Storages
from grid.domain.planning.problem import PlanProblem
from grid.domain.planning.search import find_plan
from grid.domain.planning.solution import PlanSolution, PlanStatus
from grid.domain.planning.tiled_cholesky import Cholesky, NotPositiveDefinite

SAME = 1e-6


def _equations(seed: int, storages: int, intervals: int, *, peaked: bool) -> Equations:
    random = np.random.default_rng(seed)
    shape = (storages, intervals)
    charge, discharge, soc = (random.random(shape) > 0.1 for _ in range(3))
    shared = 4 * intervals + 1 if peaked else 3 * intervals
    rows = storages * intervals + intervals * (2 if peaked else 1)
    return Equations(
        storages=storages,
        intervals=intervals,
        kept=random.uniform(0.9, 1.0, (storages, 1)),
        gain=random.uniform(0.8, 1.0, shape) * charge,
        loss=random.uniform(1.0, 1.2, shape) * discharge,
        charge_open=charge.astype(float),
        discharge_open=discharge.astype(float),
        soc_open=soc.astype(float),
        shared_open=np.ones(shared),
        right=random.normal(size=rows),
    )


def _dense(equations: Equations, columns: int) -> np.ndarray:
    return np.column_stack([equations.times(unit) for unit in np.eye(columns)])


@pytest.mark.parametrize("size", [1, 31, 32, 33, 100])
def test_a_factor_in_tiles_solves_what_the_whole_matrix_does(size: int) -> None:
    random = np.random.default_rng(size)
    half = random.normal(size=(size, size + 3))
    matrix, right = half @ half.T, random.normal(size=size)
    assert np.allclose(matrix @ Cholesky(matrix).solve(right), right, atol=1e-8)


def test_a_matrix_that_is_not_positive_definite_has_no_factor() -> None:
    with pytest.raises(NotPositiveDefinite):
        Cholesky(-np.eye(40))


@settings(max_examples=25)
@given(seed=st.integers(0, 10_000), storages=st.integers(1, 4), intervals=st.integers(1, 9), peaked=st.booleans())
def test_the_structured_solution_is_that_of_the_dense_normal_equations(seed: int, storages: int, intervals: int, peaked: bool) -> None:
    equations = _equations(seed, storages, intervals, peaked=peaked)
    columns = 3 * storages * intervals + len(equations.shared_open)
    random = np.random.default_rng(seed)
    dense = _dense(equations, columns)
    assert np.allclose(np.column_stack([equations.transposed_times(row) for row in np.eye(len(dense))]), dense.T)
    weights = 10.0 ** random.uniform(-2, 2, columns)
    right = dense @ random.normal(size=columns)
    solved = NormalEquations(equations, weights, 1e-12).solve(right)
    assert np.allclose(dense @ (weights * (dense.T @ solved)), right, atol=1e-6)


def _check(problem: PlanProblem, plan: PlanSolution) -> None:
    """Physics exactly, limits to a thousandth of a watt, never both ways at once."""
    storages = problem.storages
    soc = storages.soc_start_wh
    for t in range(problem.intervals):
        soc = soc * storages.kept(problem.hours) + storages.eta_charge * plan.charge_w[:, t] * problem.hours
        soc = soc - plan.discharge_w[:, t] * problem.hours / storages.eta_discharge
        assert np.allclose(soc, plan.soc_wh[:, t], atol=1e-6)
    assert np.all(plan.soc_wh >= storages.soc_min_wh[:, None] - 1e-3)
    assert np.all(plan.soc_wh <= storages.soc_max_wh[:, None] + 1e-3)
    assert np.all(plan.soc_wh[:, -1] >= storages.soc_end_min_wh - 1e-3)
    assert np.all((plan.charge_w >= 0) & (plan.charge_w <= storages.charge_max_w))
    assert np.all((plan.discharge_w >= 0) & (plan.discharge_w <= storages.discharge_max_w))
    assert not np.minimum(plan.charge_w, plan.discharge_w).any()
    assert not np.minimum(plan.import_w, plan.export_w).any()
    assert np.all(plan.import_w <= problem.import_limit_w + 1e-3)
    assert np.all(plan.export_w <= problem.export_limit_w + 1e-3)
    drawn = plan.charge_w.sum(axis=0) - plan.discharge_w.sum(axis=0) + plan.flexible_w.sum(axis=0)
    assert np.allclose(plan.import_w - plan.export_w, problem.load_w - problem.production_w + plan.curtailed_w + drawn, atol=1e-6)


def _compare(problem: PlanProblem) -> None:
    plan = find_proven_plan(problem)
    best, _ = solve_by_highs(linear_programme(problem))
    assert plan is not None and plan.cost is not None and plan.bound is not None and best is not None
    _check(problem, plan)
    assert abs(plan.cost - best) <= SAME * max(1.0, abs(best))
    assert plan.bound <= best + 1e-8 * max(1.0, abs(best))


@pytest.mark.parametrize("seed", range(10))
def test_a_proven_plan_costs_what_highs_finds(seed: int) -> None:
    _compare(random_fleet(seed, storages=3 + seed, intervals=24 + 5 * seed))


def _with_storages(problem: PlanProblem, **changes: object) -> PlanProblem:
    return replace(problem, storages=replace(problem.storages, **changes))  # type: ignore[arg-type]


def test_storages_that_cannot_move_do_not_disturb_the_others() -> None:
    problem = random_fleet(3, storages=6, intervals=48)
    storages = problem.storages
    none, stuck = np.zeros(6), storages.soc_max_wh.copy()
    stuck[0] = 0.0
    no_power = storages.charge_max_w.copy()
    no_power[1] = 0.0
    _compare(
        _with_storages(
            problem,
            soc_max_wh=stuck,
            soc_min_wh=none,
            soc_start_wh=np.minimum(storages.soc_start_wh, stuck),
            soc_end_min_wh=none,
            charge_max_w=no_power,
            discharge_max_w=no_power,
            self_discharge_per_h=none,
        )
    )


def test_storages_without_losses_and_without_wear_leave_many_best_plans_and_one_cost() -> None:
    problem = random_fleet(4, storages=5, intervals=48)
    one, none = np.ones(5), np.zeros(5)
    _compare(_with_storages(problem, eta_charge=one, eta_discharge=one, self_discharge_per_h=none, wear_per_kwh=none))


def test_a_storage_that_forgets_everything_is_planned_too() -> None:
    problem = replace(random_fleet(5, storages=4, intervals=24), import_limit_w=np.full(24, np.inf))
    _compare(
        _with_storages(
            problem, self_discharge_per_h=np.ones(4), soc_min_wh=np.zeros(4), soc_end_min_wh=np.zeros(4), soc_start_wh=np.zeros(4)
        )
    )


def test_cars_and_interruptible_loads_are_storages_that_must_be_full_in_time() -> None:
    problem = random_fleet(6, storages=4, intervals=48)
    loads = FlexibleLoads.of(["boiler", "pump"], energy_wh=[3000.0, 2000.0], power_max_w=2000.0, earliest=[4, 20], latest=[30, 48])
    wanted = np.zeros((4, 48))
    wanted[0, 30] = problem.storages.soc_max_wh[0] * 0.6
    changed = replace(_with_storages(problem, soc_wanted_wh=wanted), flexible=loads, shared=SharedLimits.none(4, 2, 48))
    _compare(changed)
    plan = find_proven_plan(changed)
    assert plan is not None
    assert np.allclose(plan.flexible_w.sum(axis=1) * 0.25, [3000.0, 2000.0])
    assert not plan.flexible_w[0, :4].any() and not plan.flexible_w[0, 30:].any()


def test_a_peak_that_is_paid_already_costs_nothing_again() -> None:
    _compare(replace(random_fleet(7, storages=4, intervals=48), peak_price_per_kw=5.0, peak_so_far_w=1500.0))


def test_a_wish_that_cannot_be_kept_is_left_to_the_general_search() -> None:
    problem = random_fleet(8, storages=3, intervals=8)
    full = problem.storages.soc_max_wh
    assert find_proven_plan(_with_storages(problem, soc_end_min_wh=full, soc_start_wh=0.1 * full)) is None
    assert find_proven_plan(replace(problem, import_limit_w=np.zeros(8), load_w=np.full(8, 1e6))) is None


def test_burning_energy_at_negative_prices_is_never_given_as_a_proven_plan() -> None:
    problem = random_fleet(9, storages=3, intervals=24)
    negative = np.full(24, -0.2)
    assert find_proven_plan(replace(problem, import_price_per_kwh=negative, export_price_per_kwh=negative)) is None


@pytest.mark.parametrize("seed", range(4))
def test_negative_prices_at_noon_are_proven_where_curtailing_is_better_than_burning(seed: int) -> None:
    problem = random_fleet(seed, storages=4, intervals=96)
    price = problem.import_price_per_kwh.copy()
    price[40:56] = 0.02
    _compare(replace(problem, import_price_per_kwh=price, export_price_per_kwh=np.where(price < 0.05, -0.1, 0.05)))


def test_the_method_is_asked_only_where_its_equations_hold_the_whole_problem() -> None:
    many = random_fleet(1, storages=30, intervals=96)
    assert suits(many)
    assert not suits(random_fleet(1, storages=2, intervals=96))
    assert not suits(replace(many, reserve_wh=np.full(96, 100.0)))
    assert not suits(replace(many, export_price_per_kwh=many.import_price_per_kwh + 0.01))
    assert not suits(_with_storages(many, discharge_most_wh=np.full(30, 1000.0)))


def test_the_search_takes_a_proven_plan_of_many_storages() -> None:
    plan = find_plan(random_fleet(2, storages=24, intervals=96))
    assert plan.status == PlanStatus.OPTIMAL and plan.bound is not None and plan.cost is not None
    assert plan.cost - plan.bound <= SAME * max(1.0, abs(plan.cost))


def test_shadow_prices_say_what_one_more_kilowatt_hour_costs() -> None:
    problem = random_fleet(2, storages=5, intervals=24)
    plan = find_proven_plan(problem)
    assert plan is not None
    more = problem.load_w.copy()
    more[20] += 40.0
    dearer, _ = solve_by_highs(linear_programme(replace(problem, load_w=more)))
    assert dearer is not None and plan.cost is not None
    assert dearer - plan.cost == pytest.approx(plan.energy_price_per_kwh[20] * 0.01, abs=2e-5)


def test_no_storages_at_all_still_have_a_cost() -> None:
    storages = Storages.of(4, [], soc_start_wh=[], soc_max_wh=[], charge_max_w=np.zeros((0, 4)), discharge_max_w=np.zeros((0, 4)))
    problem = PlanProblem.of(
        interval_minutes=60,
        import_price_per_kwh=0.3,
        export_price_per_kwh=0.1,
        load_w=[1000.0, 0, 0, 500.0],
        production_w=[0, 0, 2000.0, 0],
        storages=storages,
    )
    plan = find_plan(problem)
    assert plan.cost == pytest.approx(0.3 * 1.5 - 0.1 * 2.0)


def test_a_car_that_must_charge_at_full_power_all_along_leaves_room_for_the_others() -> None:
    problem = random_fleet(11, storages=5, intervals=32)
    storages = problem.storages
    power, start, wanted = storages.charge_max_w.copy(), storages.soc_start_wh.copy(), np.zeros((5, 32))
    start[0], power[0] = storages.soc_min_wh[0], 1000.0
    wanted[0, 15] = start[0] * float(storages.kept(4.0)[0]) + 1000.0 * storages.eta_charge[0] * 0.25 * sum(
        float(storages.kept(0.25 * i)[0]) for i in range(16)
    )
    forced = _with_storages(problem, charge_max_w=power, soc_start_wh=start, soc_wanted_wh=wanted)
    _compare(replace(forced, import_limit_w=np.full(32, np.inf)))
    plan = find_proven_plan(replace(forced, import_limit_w=np.full(32, np.inf)))
    assert plan is not None
    assert np.allclose(plan.charge_w[0, :16], 1000.0)
