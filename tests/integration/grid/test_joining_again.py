"""Back to the public grid: never out of step, by an order that is acknowledged, given up where the breaker will not close."""

from dataclasses import replace

import numpy as np
import pytest

from grid.domain.control.exercise import Exercise
from tests.hamlets import SETTINGS, plant
from tests.integration.grid.exercises import hamlet, lost_grid, statuses, switchings

pytestmark = pytest.mark.usefixtures("what_holds_in_every_emergency")


@pytest.mark.parametrize(("frequency_hz", "phase_deg"), [(50.0, 90.0), (49.92, 10.0), (50.08, 180.0)])
def test_resync_with_wrong_phase_and_frequency(frequency_hz, phase_deg):
    e = lost_grid(hamlet(sun=0.3, demand=0.7).run(10)).run(20)
    e.world.grid.frequency_hz = frequency_hz
    e.world.phase_deg = phase_deg
    e.world.grid.is_there = True
    e.run(240)
    assert e.world.is_closed
    assert e.world.rough_closings == 0


def test_resync_is_given_up_where_the_switch_will_not_close():
    e = lost_grid(hamlet(sun=0.3, demand=0.7, settings=replace(SETTINGS, resync_gives_up_after_s=40)).run(10)).run(20)
    e.world.grid.is_there = e.world.grid.refuses_to_close = True
    e.run(150)
    assert statuses(e).count("RESYNC") >= 2 and e.world.is_alive
    assert e.moments[-1].frequency_hz == pytest.approx(50, abs=0.15)


def away_and_back() -> Exercise:
    """Half a minute on our own, then the public grid is there again."""
    e = hamlet(sun=0.3, demand=0.7).run(10)
    e.world.grid.is_there = False
    e.run(30)
    e.world.grid.is_there, e.world.grid.phase_deg = True, 120.0
    return e


def test_the_breaker_closes_by_an_order_that_is_acknowledged():
    e = away_and_back().run(120)
    assert e.world.is_closed
    assert e.world.rough_closings == 0
    assert any("The breaker is told to close" in reason for m in e.moments for reason in m.reasons)
    assert e.moments[-1].unanswered == 0


def test_a_breaker_that_hears_no_order_stays_open_and_is_said_to_be_silent():
    e = away_and_back()
    e.world.faults.breaker_is_deaf = True
    e.run(100)
    assert not e.world.is_closed
    assert e.world.is_alive
    assert max(m.unanswered for m in e.moments) == 1
    e.world.faults.breaker_is_deaf = False
    e.run(200)
    assert e.world.is_closed
    assert e.world.rough_closings == 0


def test_an_order_to_close_ends_with_the_platform():
    e = away_and_back()
    e.world.grid.refuses_to_close = True
    e.run(60)
    assert e.world.closes_until_s > e.world.at_s, "it was let"
    e.platform_is_silent, e.world.grid.refuses_to_close = True, False
    e.world.grid.phase_deg = e.world.phase_deg + 180.0
    e.world.grid.frequency_hz = e.world.frequency_hz  # they stand against each other
    e.run(40)
    assert e.world.closes_until_s <= e.world.at_s, "it falls back by itself: it stays as it is"
    assert not e.world.is_closed


@pytest.mark.parametrize("gap_pu", [0.05, -0.2])
def test_no_order_is_given_while_the_voltages_differ(gap_pu):
    e = away_and_back()
    e.world.grid.voltage_gap_pu = gap_pu
    e.run(100)
    assert not e.world.is_closed
    assert e.world.closes_until_s == -np.inf
    assert any("voltages differ" in reason for m in e.moments for reason in m.reasons)


@pytest.mark.parametrize("demand", [0.1, 0.14, 0.2])
def test_a_surplus_too_small_to_see_is_not_let_turn_the_island_ever_faster(demand):
    """One battery at its limit and six roofs: within the balance's margin, yet 50.9 Hz; the island would never come in step."""
    e = lost_grid(hamlet(sun=0.3, soc=0.4, demand=demand, built=plant(storages=1), tick_s=2.0).run(10)).run(60)
    e.world.grid.is_there = True
    e.run(240)
    assert e.world.is_closed
    assert e.world.rough_closings == 0
    assert "RESYNC" in statuses(e)
    assert switchings(e.moments) == 0
