"""When the breaker of the coupling is told to close."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grid.domain.control.resynchronising import closing, until_in_step_s
from grid.domain.control.state import ControlSettings, Coupling

SETTINGS = ControlSettings()
OPEN = Coupling(is_closed=False, slip_hz=0.05)


@pytest.mark.parametrize(
    ("changes", "may", "words"),
    [
        ({}, True, "0.05 Hz, 0°, 0.0% apart"),
        ({"slip_hz": 0.2}, False, "frequencies differ by 0.20 Hz, 0.1 Hz at most"),
        ({"voltage_gap_pu": -0.05}, False, "voltages differ by 5.0%, 3.0% at most"),
        ({"phase_deg": 170.0}, True, "170°"),
        ({"phase_deg": 90.0, "slip_hz": 0.0}, False, "90° apart, 10° at most"),
        ({"grid_is_sound": False}, False, ""),
        ({"is_closed": True}, False, ""),
        ({"is_alive": False}, False, ""),
        ({"phase_deg": math.nan}, True, "nobody tells the phase"),
    ],
)
def test_it_closes_in_step_only(changes: dict[str, float], may: bool, words: str) -> None:
    found = closing(replace(OPEN, **changes), SETTINGS, 20.0)
    assert found.may is may
    assert words in found.words


def test_a_breaker_without_a_check_is_told_at_the_moment_only() -> None:
    rule = replace(SETTINGS, breaker_checks_itself=False)
    assert not closing(replace(OPEN, phase_deg=20.0), rule, 20.0).may
    assert closing(replace(OPEN, phase_deg=8.0), rule, 20.0).may
    assert not closing(replace(OPEN, phase_deg=math.nan), rule, 20.0).may


def test_an_order_that_would_end_before_they_are_in_step_is_not_given() -> None:
    assert until_in_step_s(20.0, 0.05, 10.0) == pytest.approx(330 / 18)
    assert not closing(replace(OPEN, phase_deg=20.0), SETTINGS, 10.0).may


@given(st.floats(-720, 720), st.floats(-0.5, 0.5).filter(lambda slip: abs(slip) > 1e-3), st.floats(1, 30))
def test_after_that_time_they_are_in_step_and_not_before(phase_deg: float, slip_hz: float, most_deg: float) -> None:
    wait_s = until_in_step_s(phase_deg, slip_hz, most_deg)
    assert 0 <= wait_s <= 1 / abs(slip_hz)
    for share in (0.0, 0.3, 0.9):
        early = phase_deg + 360 * slip_hz * wait_s * share
        assert wait_s == 0 or abs((early + 180) % 360 - 180) > most_deg - 1e-6
    then = phase_deg + 360 * slip_hz * wait_s
    assert abs((then + 180) % 360 - 180) <= most_deg + 1e-6
