"""A control tick: the storages' own powers are taken out, silent ones left alone, commands renewed only when they must be."""

import numpy as np
import pytest

from grid.domain.alarms import Alarm
from grid.domain.dispatch import StorageLimits
from grid.domain.tick import Readings, SetPoint, consumption_by_site, decide, needs_command, totals

NAN = float("nan")
LIMITS = StorageLimits(
    np.zeros(2), np.array([8000.0, 8000.0]), np.array([3000.0, 1000.0]), np.array([3000.0, 1000.0]),
    np.ones(2), np.ones(2), np.ones(2),
)  # fmt: skip


def readings(**changes) -> Readings:
    """A home that draws 1 kW, a roof that feeds in 5 kW of 6, two batteries as sites of their own."""
    fields = {
        "import_w": np.array([1000.0, 0.0, 0.0, 0.0]), "export_w": np.array([0.0, 5000.0, 0.0, 0.0]),
        "production_w": np.array([0.0, 6000.0, 0.0, 0.0]), "charge_w": np.zeros(2), "discharge_w": np.zeros(2),
        "soc_wh": np.array([4000.0, 4000.0]), "storage_site": np.array([2, 3]), "storage_is_ready": np.array([True, True]),
    }  # fmt: skip
    return Readings(**{**fields, **changes})


def decided(seen: Readings, alarms=()):
    return decide(seen, LIMITS, 0.1, import_limit_w=100_000, export_limit_w=100_000, alarms=list(alarms))


def test_surplus_goes_to_the_storages_in_proportion():
    decision = decided(readings())
    assert decision.set_points.charge_w.tolist() == [3000.0, 1000.0]
    assert decision.status == "SURPLUS"


def test_a_storage_that_charges_already_is_not_told_to_stop():
    """The set-points are stable: what the batteries take now is part of the surplus they share."""
    seen = readings(
        import_w=np.array([1000.0, 0.0, 1500.0, 500.0]), export_w=np.array([0.0, 3000.0, 0.0, 0.0]),
        production_w=np.array([0.0, 4000.0, 0.0, 0.0]), charge_w=np.array([1500.0, 500.0]),
    )  # fmt: skip
    decision = decided(seen)
    assert decision.set_points.charge_w.tolist() == [1500.0, 500.0]
    assert decision.status == "NORMAL"


def test_deficit_is_met_from_storages():
    seen = readings(export_w=np.zeros(4), production_w=np.zeros(4))
    decision = decided(seen)
    assert decision.set_points.discharge_w.tolist() == [750.0, 250.0]
    assert decision.status == "DEFICIT"


def test_silent_and_unready_storages_get_nothing():
    silent = readings(soc_wh=np.array([NAN, 4000.0]))
    decision = decided(silent)
    assert decision.set_points.charge_w.tolist() == [0.0, 1000.0]
    assert "1 of 2 storages are silent and stay idle." in decision.reasons
    unready = readings(storage_is_ready=np.array([False, True]))
    assert decided(unready).set_points.charge_w.tolist() == [0.0, 1000.0]


def test_emergencies_outrank_the_balance():
    decision = decided(readings(), [Alarm("Line L carries 120% of its rating.", True)])
    assert decision.status == "EMERGENCY"
    assert decision.reasons[0] == "Line L carries 120% of its rating."
    assert decided(readings(), [Alarm("Line L carries 90% of its rating.", False)]).status == "SURPLUS"


def test_totals_hold_the_balance():
    seen = readings(
        import_w=np.array([1000.0, 0.0, 1500.0, 0.0]), export_w=np.array([0.0, 5000.0, 0.0, 200.0]),
        charge_w=np.array([1500.0, 0.0]), discharge_w=np.array([0.0, 200.0]),
    )  # fmt: skip
    assert consumption_by_site(seen).tolist() == [1000.0, 1000.0, 0.0, 0.0]
    t = totals(seen)
    assert t.import_w + t.production_w + t.discharge_w == pytest.approx(
        t.consumption_w + t.charge_w + t.export_w
    )


def test_a_silent_site_counts_as_nothing_and_is_named():
    seen = readings(import_w=np.array([NAN, 0.0, 0.0, 0.0]))
    assert totals(seen).export_w == 5000.0
    assert "1 of 4 sites are silent." in decided(seen).reasons


@pytest.mark.parametrize(
    ("before", "charge_w", "discharge_w", "wanted"),
    [
        (None, 0, 0, False),
        (None, 100, 0, True),
        (SetPoint(100, 0, 0.0, True), 0, 0, False),
        (SetPoint(100, 0, 60.0, True), 0, 0, True),
        (SetPoint(1000, 0, 60.0, True), 1010, 0, False),
        (SetPoint(1000, 0, 60.0, True), 1030, 0, True),
        (SetPoint(1000, 0, 60.0, True), 0, 10, True),
        (SetPoint(1000, 0, 7.0, True), 1000, 0, True),
        (SetPoint(1000, 0, 60.0, False), 1000, 0, True),
        (SetPoint(0, 0, 7.0, True), 0, 0, False),
    ],
)
def test_commands_are_renewed_when_they_must_be(before, charge_w, discharge_w, wanted):
    assert needs_command(before, charge_w, discharge_w, 8.0) is wanted
