"""What a month's highest import will cost, from past days and what is reached."""

import numpy as np
import pytest

from grid.domain.planning.fleet import Fleet
from grid.domain.planning.month_peak import EVER, PEAK_LEVELS, held_levels_w, month_peak, stays_below

FLEET = Fleet(8000.0, 4000.0, 4000.0, 1.0, 1.0, 1.0, 0.0)


def days(count: int, spike_w: float = 8000.0, hours: int = 1) -> np.ndarray:
    """Quarter hours at 2 kW, each evening a spike."""
    net = np.full((count, 96), 2000.0)
    net[:, 80 : 80 + 4 * hours] = spike_w
    return net.reshape(-1)


def peak(past, reached_w: float = 0.0, days_left: float = 20.0):
    return month_peak(
        FLEET,
        hours=0.25,
        held_w=held_levels_w(FLEET, 0.25, past),
        net_w=np.full(96, 2000.0),
        reached_w=reached_w,
        intervals_left=round(days_left * 96),
        price_per_kw=5.0,
    )


def test_a_day_is_held_at_what_power_and_energy_allow():
    assert held_levels_w(FLEET, 0.25, days(9)) == pytest.approx(np.full(8, 4000.0), abs=2)
    # Three hours at 8 kW with 8 kWh, full by then: 8/3 kW less.
    assert held_levels_w(FLEET, 0.25, days(9, hours=3)) == pytest.approx(np.full(8, 8000 - 8000 / 3), abs=2)


def test_too_few_days_tell_nothing():
    assert len(held_levels_w(FLEET, 0.25, days(7))) == 0
    assert stays_below(np.zeros(0), 4000.0, np.array([0.0, 1e6])) == pytest.approx([1.0, 1.0])


def test_newer_days_count_more():
    """Where days get calmer a low level is more likely than where they get wilder, though the days are the same."""
    calmer = np.linspace(9000.0, 3000.0, 28)
    level = np.array([6000.0])
    assert stays_below(calmer, 4000.0, level)[0] > stays_below(calmer[::-1], 4000.0, level)[0] + 0.1


def test_what_will_be_passed_anyway_costs_next_to_nothing_and_the_last_day_everything():
    early, late = peak(days(29), days_left=28), peak(days(29), days_left=1)
    slope = np.diff(late.cost) / np.diff(late.levels_w)
    assert slope == pytest.approx(np.full(PEAK_LEVELS - 1, 0.005))
    slope = np.diff(early.cost) / np.diff(early.levels_w)
    assert slope[early.levels_w[1:] < 4000.0] == pytest.approx(EVER * 0.005)
    assert (np.diff(slope) > -1e-9).all()
    assert slope[-1] == pytest.approx(0.005, rel=0.01)
    assert early.target_w > 4000.0


def test_what_is_reached_is_the_least_level():
    assert peak(days(29), reached_w=7500.0).levels_w[0] == 7500.0


def test_more_days_left_make_a_low_peak_less_likely():
    targets = [peak(days(29), days_left=left).target_w for left in (2, 5, 28)]
    assert targets == sorted(targets)


def test_costs_between_levels_and_above_them():
    found = peak(days(29), reached_w=7500.0)
    by_level = np.tile(found.cost, (3, 1))
    at = found.at(by_level, np.array([7000.0, (found.levels_w[0] + found.levels_w[1]) / 2, found.levels_w[-1] + 2000.0]))
    assert at == pytest.approx([0.0, found.cost[1] / 2, found.cost[-1] + 10.0])


def test_a_month_that_ends_in_the_horizon_charges_its_peak_and_begins_another():
    found = peak(days(29), reached_w=3000.0, days_left=0.5)
    assert found.levels_w[0] == 3000.0
    # A new month has days enough to pass what is low anyway.
    assert found.cost[-1] < 0.005 * 4000.0 / 2
    before = found.charged(np.arange(1.0, PEAK_LEVELS + 1)[None])
    assert before[0] == pytest.approx(1.0 + 0.005 * (found.levels_w - 3000.0))
