"""The last plan moved on: what can be done is done, what cannot is not, and nothing is in doubt by a watt."""

import numpy as np
import pytest

from grid.domain.control.dispatch import StorageLimits
from grid.domain.planning.shifting import Connection, follow

QUARTER = 0.25


def limits(count: int = 1, **changes: float) -> StorageLimits:
    values = {
        "soc_min_wh": 500.0,
        "soc_max_wh": 4000.0,
        "charge_max_w": 2000.0,
        "discharge_max_w": 2000.0,
        "eta_charge": 0.9,
        "eta_discharge": 0.9,
        "kept_per_hour": 1.0,
    } | changes
    return StorageLimits(**{name: np.full(count, value) for name, value in values.items()})


def test_what_can_be_done_is_done_as_planned() -> None:
    wanted = np.array([[1000.0, -900.0, 0.0, 1234.0]])
    moved = follow(wanted, soc_wh=np.array([2000.0]), limits=limits(), others_w=np.full(4, 300.0), connection=Connection(), hours=QUARTER)
    assert (moved.charge_w - moved.discharge_w).tolist() == wanted.tolist()
    assert moved.exchange_w.tolist() == [1300.0, -600.0, 300.0, 1534.0]
    assert moved.soc_wh[0, :2] == pytest.approx([2225.0, 1975.0])


def test_what_is_not_stored_is_not_given_and_what_has_no_room_is_not_taken() -> None:
    moved = follow(
        np.array([[-2000.0, -2000.0], [2000.0, 2000.0]]),
        soc_wh=np.array([700.0, 3800.0]),
        limits=limits(2),
        others_w=np.zeros(2),
        connection=Connection(),
        hours=QUARTER,
    )
    assert moved.discharge_w[0].tolist() == [720.0, 0.0]
    assert moved.charge_w[1].tolist() == [888.0, 0.0]


def test_the_connection_leaves_no_room_for_charging_above_its_limit() -> None:
    moved = follow(
        np.array([[1000.0, -1500.0], [500.0, -500.0]]),
        soc_wh=np.full(2, 2000.0),
        limits=limits(2),
        others_w=np.array([2100.0, 500.0]),
        connection=Connection(3000.0, 1000.0),
        hours=QUARTER,
    )
    assert moved.exchange_w.tolist() == [3000.0, -1000.0]
    assert moved.charge_w[:, 0].tolist() == [600.0, 300.0]


def test_whatever_was_planned_no_limit_of_a_storage_is_passed() -> None:
    """Followed again by plain arithmetic, from the powers alone."""
    chance = np.random.default_rng(7)
    for _ in range(40):
        own = limits(
            3,
            kept_per_hour=float(chance.uniform(0.95, 1)),
            eta_charge=float(chance.uniform(0.7, 1)),
            eta_discharge=float(chance.uniform(0.7, 1)),
        )
        start = chance.uniform(500, 4000, 3)
        moved = follow(
            chance.normal(0, 2500, (3, 48)),
            soc_wh=start,
            limits=own,
            others_w=chance.normal(0, 3000, 48),
            connection=Connection(6000.0, 4000.0),
            hours=QUARTER,
        )
        for i, held in enumerate(start.tolist()):
            for charge, discharge, said in zip(moved.charge_w[i], moved.discharge_w[i], moved.soc_wh[i], strict=True):
                held = held * own.kept_per_hour[i] ** QUARTER
                held += (charge * own.eta_charge[i] - discharge / own.eta_discharge[i]) * QUARTER
                assert 500 - 1e-6 <= held <= 4000 + 1e-6
                assert held == pytest.approx(said, abs=1e-6)
                assert min(charge, discharge) == 0 and 0 <= charge <= 2000 and 0 <= discharge <= 2000
                assert charge == int(charge) and discharge == int(discharge)
