"""Beginning from the last plan: the same answer, sooner."""

import numpy as np
import pytest

from grid.domain.planning.parts import FlexibleLoads, Storages
from grid.domain.planning.problem import PlanProblem
from grid.domain.planning.search import find_plan
from grid.domain.planning.warm_start import KnownPlan

COUNT = 96


def problem(seed: int, first: int, soc_wh: np.ndarray, peak: float = 0.0) -> PlanProblem:
    """A day from quarter hour `first` on, for three batteries that lose unlike and a car; forecasts a little other with each seed."""
    chance = np.random.default_rng(seed)
    hour = (np.arange(first, first + COUNT) / 4) % 24
    price = np.where((hour >= 22) | (hour < 6), 0.2, np.where((hour >= 17) & (hour < 21), 0.38, 0.3))
    storages = Storages.of(
        COUNT,
        ["a", "b", "c"],
        soc_start_wh=soc_wh,
        soc_max_wh=10_000.0,
        charge_max_w=4000.0,
        discharge_max_w=4000.0,
        eta_charge=[0.95, 0.93, 0.95],
        eta_discharge=0.95,
        wear_per_kwh=0.02,
        end_value_per_kwh=0.2,
    )
    car = FlexibleLoads.of(["car"], energy_wh=9000.0, power_max_w=3700.0, earliest=30 - first, latest=90 - first)
    return PlanProblem.of(
        interval_minutes=15,
        import_price_per_kwh=price,
        export_price_per_kwh=0.08,
        storages=storages,
        flexible=car,
        load_w=4000 + 5000 * np.exp(-(((hour - 19) / 2) ** 2)) + chance.normal(0, 200, COUNT),
        production_w=np.maximum(np.sin((hour - 6) / 12 * np.pi), 0) * 15_000,
        peak_price_per_kw=peak,
        peak_so_far_w=6000.0,
    )


@pytest.mark.parametrize("peak", [0.0, 5.0])
def test_the_answer_is_the_same_wherever_the_search_begins(peak: float) -> None:
    first = find_plan(problem(1, 0, np.full(3, 3000.0), peak))
    known = KnownPlan(first.charge_w, first.discharge_w, first.soc_wh, first.flexible_w).moved_on(1, COUNT)
    following = problem(2, 1, first.soc_wh[:, 0], peak)
    cold, warm = find_plan(following), find_plan(following, known=known)
    assert warm.cost == pytest.approx(cold.cost, abs=1e-9)
    for name in ("charge_w", "discharge_w", "soc_wh", "flexible_w", "import_w", "export_w"):
        assert getattr(warm, name) == pytest.approx(getattr(cold, name), abs=1e-4)
    assert warm.energy_price_per_kwh == pytest.approx(cold.energy_price_per_kwh, abs=1e-9)


def test_a_plan_of_others_is_no_beginning() -> None:
    given = problem(1, 0, np.full(3, 3000.0))
    nothing = np.zeros((2, COUNT))
    assert find_plan(given, known=KnownPlan(nothing, nothing, nothing, np.zeros((0, COUNT)))).cost == find_plan(given).cost


def test_a_known_plan_moves_on_and_ends() -> None:
    known = KnownPlan(np.array([[1.0, 2, 3]]), np.zeros((1, 3)), np.array([[4.0, 5, 6]]), np.zeros((0, 3)))
    moved = known.moved_on(2, 4)
    assert moved.charge_w.tolist() == [[3, 0, 0, 0]]
    assert moved.soc_wh.tolist() == [[6, 6, 6, 6]]
    both = KnownPlan(np.array([[1.0], [0]]), np.array([[0.0], [3]]), np.array([[1.0], [2]]), np.zeros((0, 1)))
    grouped = both.in_groups(np.array([0, 0]))
    assert grouped.charge_w.tolist() == [[0]] and grouped.discharge_w.tolist() == [[2]] and grouped.soc_wh.tolist() == [[3]]
