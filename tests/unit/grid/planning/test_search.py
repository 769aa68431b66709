"""The plan: worked by hand, stable among equals, with every kind of wish; other scenarios are compared with scipy in the integration tests."""

import numpy as np
import pytest

from grid.domain.planning.course import best_course
from grid.domain.planning.parts import CannotPlan, FlexibleLoads, SharedLimits, Storages
from grid.domain.planning.problem import PlanProblem
from grid.domain.planning.search import find_plan
from grid.domain.planning.solution import PlanStatus
from grid.domain.planning.writing import write


def battery(intervals: int, ids: tuple[str, ...] = ("b",), **changes: object) -> Storages:
    values = {"soc_start_wh": 0.0, "soc_max_wh": 4000.0, "charge_max_w": 2000.0, "discharge_max_w": 2000.0} | changes
    return Storages.of(intervals, list(ids), **values)  # type: ignore[arg-type]


def problem(load: list[float], bought: list[float], **changes: object) -> PlanProblem:
    values = {"interval_minutes": 60, "export_price_per_kwh": 0.0, "production_w": 0.0} | changes
    values.setdefault("storages", battery(len(load)))
    return PlanProblem.of(load_w=load, import_price_per_kwh=bought, **values)  # type: ignore[arg-type]


def test_a_plan_worked_by_hand() -> None:
    """Charge 2 kW at 0.10, give 1.62 kWh at 0.40: 0.9 each way."""
    plan = find_plan(problem([0, 2000], [0.1, 0.4], storages=battery(2, eta_charge=0.9, eta_discharge=0.9)))
    assert plan.charge_w[0] == pytest.approx([2000, 0])
    assert plan.discharge_w[0] == pytest.approx([0, 1620])
    assert plan.cost == pytest.approx(0.2 + 0.38 * 0.4)
    assert plan.soc_wh[0] == pytest.approx([1800, 0])
    assert plan.binaries == 0


def test_the_shadow_price_is_what_one_more_kilowatt_hour_costs() -> None:
    given = problem([500, 2000, 300], [0.1, 0.4, 0.2], storages=battery(3, eta_charge=0.9, eta_discharge=0.9))
    plan = find_plan(given)
    for t in range(3):
        more = np.array([500, 2000, 300.0])
        more[t] += 1.0
        dearer = find_plan(problem(more.tolist(), [0.1, 0.4, 0.2], storages=given.storages))
        assert (dearer.cost - plan.cost) * 1000 == pytest.approx(plan.energy_price_per_kwh[t], abs=1e-6)


def test_of_equal_plans_the_one_that_moves_least_and_charges_first_is_taken() -> None:
    given = problem([0, 0, 0, 2000, 2000], [0.1, 0.1, 0.1, 0.4, 0.4])
    plan = find_plan(given)
    assert plan.charge_w[0] == pytest.approx([2000, 2000, 0, 0, 0])
    idle = find_plan(problem([1000, 1000], [0.2, 0.2]))
    assert idle.charge_w.sum() == idle.discharge_w.sum() == 0
    assert find_plan(given).charge_w.tolist() == plan.charge_w.tolist()


def test_negative_prices_are_not_earned_by_doing_both_at_once() -> None:
    plan = find_plan(problem([0, 0, 0], [-0.1, -0.2, -0.1], storages=battery(3, eta_charge=0.8, eta_discharge=0.8)))
    assert np.minimum(plan.charge_w, plan.discharge_w).max() == 0
    # Full would be 2.5 hours of 2 kW; giving in the cheapest-to-give hour makes room for none that pays more.
    assert plan.cost == pytest.approx(-0.1 * 2 - 0.2 * 2 - 0.1 * 1)
    assert plan.proven


def test_dynamic_programming_agrees_where_linear_programming_is_exact() -> None:
    chance = np.random.default_rng(4)
    given = problem(
        (chance.random(30) * 3000).tolist(),
        chance.normal(0.2, 0.1, 30).round(3).tolist(),
        interval_minutes=15,
        production_w=chance.random(30) * 5000,
        export_price_per_kwh=-0.3,
        curtailable=True,
        storages=battery(30, eta_charge=0.95, eta_discharge=0.9, wear_per_kwh=0.02, self_discharge_per_h=0.01, end_value_per_kwh=0.1),
    )
    model = write(given)
    course = best_course(given, model, None, 10.0)
    assert course is not None
    plan = find_plan(given)
    assert course.least * model.unit_w / 1000 == pytest.approx(plan.cost, abs=1e-7)


@pytest.mark.filterwarnings("error")
def test_a_surplus_as_large_as_a_battery_charges_is_planned() -> None:
    """9354.72 - 1464.72 is a hair more than 7890: that hair was a piece without width in the battery's course, and no plan was found."""
    storages = battery(
        12, soc_start_wh=3000.0, soc_max_wh=8000.0, charge_max_w=7890.0, discharge_max_w=7890.0, eta_charge=0.95, eta_discharge=0.9
    )
    plan = find_plan(
        problem(
            [1464.72] * 12,
            [0.3] * 12,
            interval_minutes=15,
            production_w=9354.72,
            export_price_per_kwh=0.1,
            export_limit_w=0.0,
            storages=storages,
        )
    )
    assert plan.status == PlanStatus.BEST_EFFORT
    assert plan.proven
    assert sum(limit.short_by for limit in plan.limits) / 4 == pytest.approx(17_068.772, abs=1e-3)


def test_what_a_sensor_lacks_is_told_as_what_a_village_lacks() -> None:
    """Half a milliwatt-hour missing is half of what is asked for here."""
    load = FlexibleLoads.of(["radio"], energy_wh=1e-3, power_max_w=5e-4, earliest=0, latest=1)
    plan = find_plan(problem([1e-3, 1e-3], [0.3, 0.2], storages=battery(2, ()), flexible=load))
    assert plan.status == PlanStatus.BEST_EFFORT
    assert [(limit.name, limit.short_by) for limit in plan.limits] == [("flexible:radio", pytest.approx(5e-4))]
    assert plan.reasons[0].startswith("flexible load radio: 0.0005 Wh are missing, its window of intervals 0 to 1 holds 0.0005 Wh")


def test_an_import_beyond_the_peak_so_far_is_what_counts() -> None:
    flat = problem([1000, 3000], [0.2, 0.2], peak_price_per_kw=5.0, peak_so_far_w=2500.0, storages=battery(2, ()))
    assert find_plan(flat).cost == pytest.approx(0.8 + 5 * 0.5)
    paid = problem([1000, 3000], [0.2, 0.2], peak_price_per_kw=5.0, peak_so_far_w=2500.0, storages=battery(2, soc_start_wh=500.0))
    assert find_plan(paid).import_w == pytest.approx([1000, 2500])


def test_a_car_is_as_full_as_it_can_be_when_it_leaves() -> None:
    car = battery(3, charge_max_w=[[2000, 2000, 0]], discharge_max_w=[[0, 0, 0]], soc_wanted_wh=[[0, 5000, 0]], soc_max_wh=8000.0)
    plan = find_plan(problem([0, 0, 0], [0.5, 0.5, 0.1], storages=car))
    assert plan.status == PlanStatus.BEST_EFFORT
    assert plan.soc_wh[0] == pytest.approx([2000, 4000, 4000])
    assert [(limit.name, limit.interval) for limit in plan.limits] == [("soc_wanted:b", 1)]
    assert plan.limits[0].short_by == pytest.approx(1000)
    assert "1000 Wh" in plan.reasons[0]


@pytest.mark.parametrize("wished", [1e5, 1e9, 1e12])
@pytest.mark.parametrize("interruptible", [True, False])
def test_a_wish_beyond_reach_costs_no_digits(wished: float, interruptible: bool) -> None:
    """A load of a gigawatt-hour, a battery that should end beyond its capacity: what is missing is told to the watt-hour, the rest is planned as ever."""
    washer = FlexibleLoads.of(["car"], energy_wh=wished, power_max_w=1000.0, earliest=0, latest=2, interruptible=interruptible)
    plan = find_plan(problem([0, 0, 0], [0.1, 0.4, 0.2], storages=battery(3, soc_end_min_wh=wished), flexible=washer))
    assert plan.status == PlanStatus.BEST_EFFORT
    drawn = 2000.0 if interruptible else 0.0
    assert [(limit.name, limit.short_by) for limit in plan.limits] == [
        ("flexible:car", pytest.approx(wished - drawn, abs=1e-3)),
        ("soc_end_min:b", pytest.approx(wished - 4000.0, abs=1e-3)),
    ]
    assert plan.cost == pytest.approx(0.6 if not interruptible else 1.1, abs=1e-9)


def test_a_run_longer_than_any_horizon_is_not_laid_out() -> None:
    """1.5 kWh at a nanowatt: a billion hours, of which not one is written down."""
    slow = FlexibleLoads.of(["car"], energy_wh=1500.0, power_max_w=1e-9, earliest=0, latest=2, interruptible=False)
    plan = find_plan(problem([500, 500], [0.1, 0.4], flexible=slow, storages=battery(2, ())))
    assert [limit.short_by for limit in plan.limits] == [pytest.approx(1500.0)]


def test_a_storage_that_falls_by_a_hair_is_told_with_its_digits() -> None:
    leaky = battery(1, soc_start_wh=12.0, soc_min_wh=12.0, charge_max_w=0.0, self_discharge_per_h=1e-5)
    plan = find_plan(problem([0], [0.1], storages=leaky))
    assert plan.status == PlanStatus.INFEASIBLE
    assert "falls to 11.99988 Wh in interval 0, below soc_min_wh 12," in plan.reasons[0]


def test_a_reserve_for_the_island_is_held_by_all_storages_together() -> None:
    two = battery(2, ("a", "b"), soc_start_wh=[1000.0, 1000.0])
    plan = find_plan(problem([1000, 1000], [0.4, 0.3], storages=two, reserve_wh=[1500.0, 1200.0]))
    assert plan.status == PlanStatus.OPTIMAL
    assert plan.soc_wh.sum(axis=0) == pytest.approx([1500, 1200])


def test_no_battery_cycles_more_than_its_share() -> None:
    two = battery(2, ("a", "b"), soc_start_wh=[2000.0, 2000.0], discharge_most_wh=[500.0, np.inf])
    plan = find_plan(problem([1000, 2000], [0.4, 0.4], storages=two))
    assert plan.discharge_w.sum(axis=1) == pytest.approx([500, 2000])


def test_a_line_limits_what_batteries_behind_it_charge() -> None:
    line = SharedLimits.of_grid(
        ["line 4"],
        sensitivity=[[0.0, 1.0]],
        limit_w=1500.0,
        net_w=np.array([[0.0, 0], [500.0, 500]]),
        storage_place=[0, 1],
        flexible_place=[],
    )
    two = battery(2, ("a", "b"))
    plan = find_plan(problem([500, 4000], [0.1, 0.4], storages=two, shared=line))
    assert plan.charge_w[:, 0] == pytest.approx([2000, 1000])
    tight = SharedLimits.of_grid(
        ["line 4"], sensitivity=[[0.0, 1.0]], limit_w=300.0, net_w=np.array([[0.0, 0], [500.0, 500]]), storage_place=[0, 1]
    )
    over = find_plan(problem([500, 500], [0.1, 0.1], storages=two, shared=tight))
    assert over.status == PlanStatus.BEST_EFFORT
    assert {limit.name for limit in over.limits} == {"shared:line 4"}


def test_a_group_limit_counts_charging_apart_from_discharging() -> None:
    group = SharedLimits.of_groups(["house"], members=[[1, 1]], charge_most_w=2500.0, discharge_most_w=1000.0, flexible=0, intervals=2)
    two = battery(2, ("a", "b"))
    plan = find_plan(problem([0, 4000], [0.1, 0.4], storages=two, shared=group))
    assert plan.discharge_w[:, 1].sum() == pytest.approx(1000)
    assert plan.charge_w[:, 0].sum() == pytest.approx(1000)


def test_a_problem_that_contradicts_itself_is_refused_by_name() -> None:
    with pytest.raises(CannotPlan, match="load_w"):
        problem([-1.0], [0.1])
    with pytest.raises(CannotPlan, match="soc_min_wh"):
        problem([1.0], [0.1], storages=battery(1, soc_min_wh=5000.0))
    with pytest.raises(CannotPlan, match="import_price_per_kwh"):
        problem([1.0, 2.0], [0.1, 0.2, 0.3])
    with pytest.raises(CannotPlan, match="latest"):
        problem([1.0], [0.1], flexible=FlexibleLoads.of(["car"], energy_wh=1, power_max_w=1, earliest=0, latest=2))


def test_where_a_limit_is_broken_a_kilowatt_hour_costs_what_it_costs_to_buy() -> None:
    """What holds the shortfall at its least is no price in money: neither in the hour it is broken nor where energy is saved for it."""
    short = problem([3000, 9000, 1000], [0.1, 0.4, 0.2], import_limit_w=4000.0, storages=battery(3, soc_start_wh=1000.0))
    plan = find_plan(short)
    assert plan.status == PlanStatus.BEST_EFFORT
    assert plan.energy_price_per_kwh == pytest.approx([0.1, 0.4, 0.2], abs=1e-6)


def test_what_time_did_not_suffice_to_prove_is_said() -> None:
    """Selling is dearer than buying here and there, for three batteries behind one limit: many decisions, and no time for them."""
    chance = np.random.default_rng(3)
    bought = chance.uniform(-0.1, 0.3, 96).round(3)
    given = problem(
        chance.uniform(500, 6000, 96).round().tolist(),
        bought.tolist(),
        interval_minutes=15,
        import_limit_w=5000.0,
        export_price_per_kwh=bought + chance.uniform(-0.1, 0.1, 96),
        export_limit_w=2000.0,
        peak_price_per_kw=1.0,
        production_w=chance.uniform(0, 9000, 96).round(),
        storages=battery(96, ("a", "b", "c"), eta_charge=0.9, eta_discharge=0.9, self_discharge_per_h=0.01),
    )
    plan = find_plan(given, seconds=0.6)
    assert not plan.proven
    assert "Time ran out before" in plan.reasons[-1]
    assert plan.cost is not None


def test_how_far_off_a_plan_may_be_is_never_said_to_be_nothing_where_it_is_not_known() -> None:
    """A surplus that can neither be sold nor given up, and two batteries that lose some of it by cycling: the search begins from a plan, and proves little."""
    chance = np.random.default_rng(5)
    given = problem(
        chance.uniform(200, 3000, 48).round().tolist(),
        chance.uniform(-0.1, 0.3, 48).round(3).tolist(),
        interval_minutes=15,
        export_limit_w=0.0,
        production_w=chance.uniform(2000, 9000, 48).round(),
        storages=battery(48, ("a", "b"), eta_charge=0.9, eta_discharge=0.88, self_discharge_per_h=0.002),
    )
    doubts = [reason for reason in find_plan(given, seconds=0.3).reasons if "Time ran out" in reason]
    assert doubts
    assert [doubt for doubt in doubts if "up to 0 Wh" in doubt or "up to 0.0000" in doubt] == []
