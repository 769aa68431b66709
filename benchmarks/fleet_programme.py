"""Many storages behind one connection, made at random, and written down as one sparse linear programme for any solver.

The programme is written straight from the plan's definition (docs/planning.md) with scipy's sparse blocks, and shares no line with the
interior-point method that is measured against it.
"""

from dataclasses import dataclass
from typing import Any

import highspy
import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from grid.domain.planning.parts import Storages
from grid.domain.planning.problem import PlanProblem

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class LinearProgramme:
    """`minimise cost x + offset, row_lower <= A x <= row_upper, lower <= x <= upper`."""

    cost: Array
    offset: float
    matrix: Any
    row_lower: Array
    row_upper: Array
    lower: Array
    upper: Array


def random_fleet(seed: int, *, storages: int, intervals: int) -> PlanProblem:
    """A village with its batteries: another mix of sizes, weather, prices and limits for each seed."""
    random = np.random.default_rng(seed)
    hour = np.arange(intervals) * 0.25 % 24
    evening, night = np.exp(-(((hour - 19) / random.uniform(1.5, 3)) ** 2)), (hour < 6) | (hour >= 22)
    rough = random.uniform(0.85, 1.15, (2, intervals))
    load = storages * (random.uniform(200, 500) + random.uniform(400, 900) * evening) * rough[0]
    sun = np.clip(np.sin((hour - 6) / 12 * np.pi), 0, None)
    production = storages * random.uniform(1000, 3000) * sun * np.repeat(random.uniform(0.2, 1, intervals // 96 + 1), 96)[:intervals]
    price = 0.30 - 0.10 * night + 0.08 * ((hour >= 17) & (hour < 21)) + random.normal(0, 0.02, intervals)
    capacity = random.choice([5e3, 7.5e3, 10e3, 13.5e3], storages) * random.uniform(0.8, 1.0, storages)
    power = capacity * random.uniform(0.2, 0.6, storages)
    fleet = Storages.of(
        intervals,
        [f"storage-{i}" for i in range(storages)],
        soc_start_wh=capacity * random.uniform(0.1, 0.9, storages),
        soc_min_wh=0.1 * capacity,
        soc_max_wh=capacity,
        charge_max_w=power,
        discharge_max_w=power * random.uniform(0.8, 1, storages),
        eta_charge=random.uniform(0.88, 0.99, storages),
        eta_discharge=random.uniform(0.88, 0.99, storages),
        self_discharge_per_h=random.uniform(0, 1e-3, storages),
        wear_per_kwh=random.uniform(0.0, 0.04, storages),
        soc_end_min_wh=capacity * random.uniform(0.1, 0.3, storages),
        end_value_per_kwh=random.uniform(0, 0.15, storages),
    )
    highest, surplus = float((load - production).max()), float((production - load).max())
    return PlanProblem.of(
        interval_minutes=15,
        import_price_per_kwh=price,
        export_price_per_kwh=random.uniform(0.04, 0.10),
        load_w=load,
        production_w=production,
        storages=fleet,
        curtailable=True,
        import_limit_w=highest * random.uniform(0.7, 0.95),
        export_limit_w=max(surplus, 1000.0) * random.uniform(0.3, 0.8),
        peak_price_per_kw=random.choice([0.0, 1.0, 5.0]),
    )


def linear_programme(problem: PlanProblem) -> LinearProgramme:
    """Every wish kept strictly, charging and discharging at once not forbidden: exact where that never pays. In kW and kWh."""
    storages, flexible, hours = problem.storages, problem.flexible, problem.hours
    n, m, count = len(storages), len(flexible), problem.intervals
    many = n * count
    one = sparse.identity(count, format="csr")
    before = sparse.diags(np.ones(count - 1), -1, shape=(count, count))
    each, loads = sparse.kron(np.ones((1, n)), one), sparse.kron(np.ones((1, m)), one)
    stored = sparse.hstack(
        [
            sparse.kron(sparse.diags(-storages.eta_charge * hours), one),
            sparse.kron(sparse.diags(hours / storages.eta_discharge), one),
            sparse.identity(many) - sparse.kron(sparse.diags(storages.kept(hours)), before),
            sparse.csr_matrix((many, 3 * count + 1 + m * count)),
        ]
    )
    zero = sparse.csr_matrix((count, 1))
    balance = sparse.hstack([-each, each, 0 * each, one, -one, -one, zero, -loads])
    peak = sparse.hstack([0 * each, 0 * each, 0 * each, one, 0 * one, 0 * one, -sparse.csr_matrix(np.ones((count, 1))), 0 * loads])
    energy = sparse.hstack([sparse.csr_matrix((m, 3 * many + 3 * count + 1)), sparse.kron(sparse.identity(m), np.full((1, count), hours))])
    start = np.zeros((n, count))
    start[:, 0] = storages.kept(hours) * storages.soc_start_wh
    net, none = problem.load_w - problem.production_w, np.full(count, -np.inf)
    worth, least = np.zeros((n, count)), np.maximum(storages.soc_min_wh[:, None], storages.soc_wanted_wh)
    worth[:, -1] = -storages.end_value_per_kwh
    least[:, -1] = np.maximum(least[:, -1], storages.soc_end_min_wh)
    most = np.broadcast_to(storages.soc_max_wh[:, None], least.shape)
    t = np.arange(count)
    runs = (t >= flexible.earliest[:, None]) & (t < flexible.latest[:, None])
    cost: list[Array] = [
        np.zeros(many),
        np.repeat(storages.wear_per_kwh, count) * hours,
        worth.ravel(),
        problem.import_price_per_kwh * hours,
        -problem.export_price_per_kwh * hours,
        np.zeros(count),
        np.array([problem.peak_price_per_kw]),
        np.zeros(m * count),
    ]
    upper: list[Array] = [
        storages.charge_max_w.ravel(),
        storages.discharge_max_w.ravel(),
        most.ravel(),
        problem.import_limit_w,
        problem.export_limit_w,
        problem.production_w * problem.curtailable,
        np.array([np.inf]),
        (flexible.power_max_w[:, None] * runs).ravel(),
    ]
    lower: list[Array] = [np.zeros(2 * many), least.ravel(), np.zeros(3 * count), np.array([problem.peak_so_far_w]), np.zeros(m * count)]
    offset = float(storages.end_value_per_kwh @ storages.soc_end_min_wh) - problem.peak_price_per_kw * problem.peak_so_far_w
    return LinearProgramme(
        np.concatenate(cost),
        offset / 1000.0,
        sparse.vstack([stored, balance, peak, energy]).tocsc(),
        np.concatenate([start.ravel(), net, none, flexible.energy_wh]) / 1000.0,
        np.concatenate([start.ravel(), net, np.zeros(count), flexible.energy_wh]) / 1000.0,
        np.concatenate(lower) / 1000.0,
        np.concatenate(upper) / 1000.0,
    )


def solve_by_highs(programme: LinearProgramme, **options: Any) -> tuple[float | None, float]:
    """Cost and seconds; no cost where HiGHS finds no optimum."""
    solver = highspy.Highs()
    for name, value in {"output_flag": False, **options}.items():
        solver.setOptionValue(name, value)
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = len(programme.cost), len(programme.row_lower)
    model.col_cost_, model.col_lower_, model.col_upper_ = programme.cost, programme.lower, programme.upper
    model.row_lower_, model.row_upper_, model.offset_ = (programme.row_lower, programme.row_upper, programme.offset)
    model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    model.a_matrix_.start_, model.a_matrix_.index_ = programme.matrix.indptr, programme.matrix.indices
    model.a_matrix_.value_ = programme.matrix.data
    solver.passModel(model)
    solver.run()
    found = solver.getModelStatus() == highspy.HighsModelStatus.kOptimal
    return (solver.getInfo().objective_function_value if found else None), solver.getRunTime()
