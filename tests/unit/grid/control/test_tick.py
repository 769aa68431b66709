"""A control tick: the storages' own powers are taken out, silent ones left alone, commands renewed only when they must be."""

import numpy as np
import pytest

from grid.domain.control.dispatch import StorageLimits
from grid.domain.control.rule import control
from grid.domain.control.state import Choice, ControlSettings, Coupling, Memory, Points, Seen, Watched
from grid.domain.control.tick import Readings, consumption_by_site, totals
from grid.domain.planning.targets import PlanTargets

NAN = float("nan")
LIMITS = StorageLimits(
    np.zeros(2), np.array([8000.0, 8000.0]), np.array([3000.0, 1000.0]), np.array([3000.0, 1000.0]), np.ones(2), np.ones(2), np.ones(2)
)


def readings(**changes) -> Readings:
    """A home that draws 1 kW, a roof that feeds in 5 kW of 6, two batteries as sites of their own."""
    fields = {
        "import_w": np.array([1000.0, 0.0, 0.0, 0.0]),
        "export_w": np.array([0.0, 5000.0, 0.0, 0.0]),
        "production_w": np.array([0.0, 6000.0, 0.0, 0.0]),
        "charge_w": np.zeros(2),
        "discharge_w": np.zeros(2),
        "soc_wh": np.array([4000.0, 4000.0]),
        "storage_site": np.array([2, 3]),
        "storage_is_ready": np.array([True, True]),
    }
    return Readings(**{**fields, **changes})


def decided(seen: Readings, *, danger: tuple[str, ...] = (), plan: PlanTargets | None = None, coupling: Coupling | None = None) -> Choice:
    """One tick by a controller that remembers nothing."""
    points = Points(
        LIMITS,
        np.array([-1, -1]),
        np.array([1e4, 1e4]),
        np.array([6000.0]),
        np.array([-1]),
        np.array([1000.0]),
        np.array([2]),
        np.array([-1]),
    )
    looked_at = Seen(0.0, seen, np.array([6000.0]), np.array([1000.0]), NAN, coupling or Coupling(), Watched.nothing(0), danger)
    settings = ControlSettings(import_limit_w=100_000, export_limit_w=100_000, hold_hours=0.1)
    return control(looked_at, plan, points, settings, Memory.fresh(points, 4, 0.0), np.full(4, np.inf))


def test_surplus_goes_to_the_storages_in_proportion():
    choice = decided(readings())
    assert choice.storage_w.tolist() == [3000.0, 1000.0]
    assert choice.status == "SURPLUS"


def test_a_storage_that_charges_already_is_not_told_to_stop():
    """The set-points are stable: what the batteries take now is part of the surplus they share."""
    seen = readings(
        import_w=np.array([1000.0, 0.0, 1500.0, 500.0]),
        export_w=np.array([0.0, 3000.0, 0.0, 0.0]),
        production_w=np.array([0.0, 4000.0, 0.0, 0.0]),
        charge_w=np.array([1500.0, 500.0]),
    )
    choice = decided(seen)
    assert choice.storage_w.tolist() == [1500.0, 500.0]
    assert choice.status == "NORMAL"


def test_deficit_is_met_from_storages():
    choice = decided(readings(export_w=np.zeros(4), production_w=np.zeros(4)))
    assert choice.storage_w.tolist() == [-750.0, -250.0]
    assert choice.status == "DEFICIT"


def test_silent_and_unready_storages_get_nothing():
    assert decided(readings(soc_wh=np.array([NAN, 4000.0]))).storage_w.tolist() == [0.0, 1000.0]
    choice = decided(readings(storage_is_ready=np.array([False, True])))
    assert choice.storage_w.tolist() == [0.0, 1000.0]
    assert choice.storage_is_told.tolist() == [False, True]


def test_a_plan_is_followed():
    plan = PlanTargets(np.array([500.0, 0.0]), np.zeros(2), 0.0, 3000.0)
    assert decided(readings(), plan=plan).storage_w.tolist() == [500.0, 0.0]


def test_emergencies_outrank_the_balance():
    choice = decided(readings(), danger=("Line L carries 120% of its rating.",))
    assert choice.status == "EMERGENCY"
    assert "Line L carries 120% of its rating." in choice.reasons


def test_wires_without_voltage_start_with_tier_0_alone():
    choice = decided(readings(), coupling=Coupling(is_closed=False, is_alive=False, grid_is_sound=False))
    assert choice.status == "BLACKSTART"
    assert choice.load_is_shed.all(), "the load of tier 2 waits"


def test_totals_hold_the_balance():
    seen = readings(
        import_w=np.array([1000.0, 0.0, 1500.0, 0.0]),
        export_w=np.array([0.0, 5000.0, 0.0, 200.0]),
        charge_w=np.array([1500.0, 0.0]),
        discharge_w=np.array([0.0, 200.0]),
    )
    assert consumption_by_site(seen).tolist() == [1000.0, 1000.0, 0.0, 0.0]
    t = totals(seen)
    assert t.import_w + t.production_w + t.discharge_w == pytest.approx(t.consumption_w + t.charge_w + t.export_w)


def test_a_silent_site_counts_as_nothing():
    seen = readings(import_w=np.array([NAN, 0.0, 0.0, 0.0]))
    assert totals(seen).export_w == 5000.0
