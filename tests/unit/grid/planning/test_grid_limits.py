"""A plan that overloads a cable is made again until the real power flow says that it does not; what nobody can help is named."""

import numpy as np
import pytest

from grid.domain.network.flow_series import solve_series
from grid.domain.network.powerflow import Network, Wire
from grid.domain.planning.explanation import explain
from grid.domain.planning.fitting import OUT_OF_TIME, Find, Fitted, fit
from grid.domain.planning.grid_limits import Wires
from grid.domain.planning.parts import Array, FlexibleLoads, Places, SharedLimits, Storages
from grid.domain.planning.problem import PlanProblem
from grid.domain.planning.search import CannotFindPlan, find_plan
from grid.domain.planning.solution import PlanSolution, PlanStatus
from grid.domain.planning.warm_start import KnownPlan
from grid.domain.spoken.book import BOOK

HOURS = 8
NAN = float("nan")
CLOCK = [f"{h:02}:00" for h in range(HOURS)]
BOUGHT = np.array([0.1, 0.1, 0.1, 0.1, 0.4, 0.4, 0.4, 0.4])
HOME = np.full(HOURS, 4000.0)


def village(amperes: float, vm_min_pu: float = 0.9, home_w: Array = HOME, cars: int = 0) -> Wires:
    """The transformer's busbar; a strong cable to homes with a battery, a thin one to a home with two."""
    network = Network(
        np.full(3, 400.0),
        np.array([1.0, NAN, NAN]),
        [Wire("strong", 0, 1, 0.02, 0.01, 0.0, 400.0), Wire("thin", 0, 2, 0.12, 0.04, 1e-7, amperes)],
        [],
    )
    draw = np.zeros((HOURS, 3))
    draw[:, 1], draw[:, 2] = 2 * home_w, home_w
    nodes = np.array([1, 2, 2])
    return Wires(network, ["busbar", "street", "end"], np.full(3, vm_min_pu), np.full(3, 1.1), draw, draw * 0.2, nodes, np.full(cars, 2))


def planned(
    wires: Wires | None, *, start_wh: float = 0.0, home_w: Array = HOME, car: FlexibleLoads | None = None, find: Find | None = None
) -> Fitted:
    """Three batteries of 10 kW and 20 kWh, alike; `find` in place of the ordinary search."""
    flexible = car if car is not None else FlexibleLoads.none()

    def ask(groups: Places, shared: SharedLimits | None) -> PlanProblem:
        size = np.bincount(groups).astype(float)
        storages = Storages.of(
            HOURS,
            [f"group {g}" for g in range(len(size))],
            soc_start_wh=start_wh * size,
            soc_max_wh=20_000 * size,
            charge_max_w=10_000 * size,
            discharge_max_w=10_000 * size,
            eta_charge=0.95,
            eta_discharge=0.95,
        )
        return PlanProblem.of(
            interval_minutes=60,
            import_price_per_kwh=BOUGHT,
            export_price_per_kwh=0.05,
            load_w=3 * home_w,
            production_w=0.0,
            storages=storages,
            shared=shared,
            flexible=flexible,
        )

    def divide(found: PlanSolution, groups: Places) -> tuple[Array, Array, Array]:
        size = np.bincount(groups)[groups][:, None]
        return found.charge_w[groups] / size, found.discharge_w[groups] / size, found.soc_wh[groups] / size

    return fit(
        wires=wires,
        groups=np.zeros(3, dtype=np.int64),
        room_w=np.ones(3),
        ask=ask,
        find=find or (lambda problem, known: find_plan(problem, known=known)),
        divide=divide,
        clock=CLOCK,
    )


def loading(wires: Wires, plan: Fitted) -> Array:
    """By Newton's method of power-grid-model, instant by instant: nothing of what the plan was made with."""
    drawn = wires.drawn(plan.charge_w - plan.discharge_w, plan.found.flexible_w)
    return np.array([wires.network.solve(w, v).line_loading for w, v in zip(drawn, wires.draw_var, strict=True)])


def test_without_the_wires_a_cable_is_overloaded_and_with_them_it_is_not() -> None:
    wires = village(amperes=20.0)
    blind, seeing = planned(None), planned(wires)
    assert loading(wires, blind)[:, 1].max() > 1.4
    assert loading(wires, seeing).max() <= 1.0 + 1e-6
    assert seeing.found.status == PlanStatus.OPTIMAL
    assert seeing.found.reasons == ()
    assert seeing.groups.tolist() == [0, 1, 1]
    assert seeing.found.cost < planned(wires, start_wh=0.0).found.cost + 1e-9
    # The strong cable's battery is still used in full, and the thin one's nearly to its limit.
    assert seeing.charge_w[0].sum() == pytest.approx(20_000 / 0.95)
    assert loading(wires, seeing)[:, 1].max() > 0.98


def test_the_sentence_of_an_hour_names_the_cable_that_is_full() -> None:
    seeing = planned(village(amperes=20.0))
    sentences = " ".join(s for reason in explain(seeing.problem, seeing.found, CLOCK) for s in reason.sentences)
    assert "cable thin is at its limit: more is not asked of group 1." in sentences


def test_a_voltage_band_is_kept_as_well() -> None:
    wires = village(amperes=400.0, vm_min_pu=0.985)
    blind, seeing = planned(None), planned(wires)

    def lowest(plan: Fitted) -> float:
        drawn = wires.drawn(plan.charge_w - plan.discharge_w, plan.found.flexible_w)
        return float(np.nanmin(solve_series(wires.network, drawn, wires.draw_var).voltage_pu))

    assert lowest(blind) < 0.983
    assert lowest(seeing) >= 0.985 - 1e-6


def test_what_storages_cannot_prevent_is_named_with_its_amount_and_made_as_small_as_can_be() -> None:
    """Full at 25 A is 17 kVA; the home draws 20 kW all day long and the batteries have 5 kWh to help with."""
    home = np.full(HOURS, 20_000.0)
    wires = village(amperes=25.0, home_w=home)
    seeing = planned(wires, start_wh=2500.0, home_w=home)
    assert seeing.found.status == PlanStatus.BEST_EFFORT
    assert {limit.name for limit in seeing.found.limits} == {"shared:cable thin"}
    assert len(seeing.found.reasons) == 1
    assert "Cable thin" in seeing.found.reasons[0] and "kVA too much" in seeing.found.reasons[0]
    # Nothing is charged behind the thin cable while it is overloaded; what is stored there goes into it.
    assert seeing.charge_w[1:].sum() == pytest.approx(0.0, abs=1.0)
    assert seeing.discharge_w[1:].sum() == pytest.approx(5000 * 0.95, rel=0.01)


def test_a_car_charges_when_the_cable_has_room() -> None:
    """Cheapest at once, but the cable carries it only spread over the night."""
    car = FlexibleLoads.of(["car"], energy_wh=20_000, power_max_w=11_000, earliest=0, latest=4)
    wires = village(amperes=16.0, cars=1)
    blind, seeing = planned(None, car=car), planned(wires, car=car)
    assert loading(wires, blind)[:, 1].max() > 1.2
    assert loading(wires, seeing).max() <= 1.0 + 1e-6
    assert seeing.found.flexible_w.sum() == pytest.approx(20_000)


def test_a_network_with_room_adds_nothing() -> None:
    wires = village(amperes=300.0)
    seeing = planned(wires)
    assert seeing.rows == 0
    assert seeing.found.charge_w.tolist() == planned(None).found.charge_w.tolist()


def test_a_round_with_the_wires_that_runs_out_of_time_leaves_the_plan_before_it_with_what_it_overloads() -> None:
    wires = village(amperes=20.0)
    asked: list[KnownPlan | None] = []

    def find_once(problem: PlanProblem, known: KnownPlan | None) -> PlanSolution:
        asked.append(known)
        if len(asked) > 1:
            raise CannotFindPlan("no time")
        return find_plan(problem, known=known)

    cut_off, blind = planned(wires, find=find_once), planned(None)
    assert len(asked) == 2 and asked[1] is not None  # the second round began from the first one's plan
    assert cut_off.found.charge_w.tolist() == blind.found.charge_w.tolist()
    assert cut_off.found.cost == blind.found.cost
    assert cut_off.found.status == PlanStatus.BEST_EFFORT
    assert cut_off.found.reasons[0] == OUT_OF_TIME
    assert any("Cable thin" in reason for reason in cut_off.found.reasons[1:])
    assert loading(wires, cut_off)[:, 1].max() > 1.4
    assert [reason for reason in cut_off.found.reasons if BOOK.german(reason) is None] == []
