"""The table of the microgrid's states, row by row."""

from dataclasses import replace

import pytest

from grid.domain.control.grid_states import ALL, Evidence, may_close, next_state, signs_of, table
from grid.domain.control.state import ControlSettings, Coupling

SETTINGS = ControlSettings(import_limit_w=100e3, export_limit_w=50e3)
ROWS = table(SETTINGS)
JOINED, OPEN = Coupling(), Coupling(is_closed=False, grid_is_sound=False)


def after(
    status: str, coupling: Coupling, *, lasting_s: float = 0.0, exchange_w: float = 0.0, acting: bool = False, danger: bool = False
) -> str:
    signs = signs_of(status, Evidence(coupling, exchange_w, acting, danger), SETTINGS)
    return next_state(status, 0.0, dict.fromkeys(signs, 0.0), signs, lasting_s, ROWS).status


@pytest.mark.parametrize(
    ("status", "coupling", "more", "expected"),
    [
        ("NORMAL", OPEN, {}, "ISLANDED"),
        ("EMERGENCY", OPEN, {}, "ISLANDED"),
        ("NORMAL", replace(JOINED, is_alive=False), {}, "BLACKSTART"),
        ("ISLANDED", replace(OPEN, is_alive=False), {}, "BLACKSTART"),
        ("BLACKSTART", OPEN, {"lasting_s": 10.0}, "ISLANDED"),
        ("BLACKSTART", OPEN, {"lasting_s": 9.0}, "BLACKSTART"),
        ("ISLANDED", replace(OPEN, grid_is_sound=True), {"lasting_s": 60.0}, "RESYNC"),
        ("ISLANDED", replace(OPEN, grid_is_sound=True), {"lasting_s": 59.0}, "ISLANDED"),
        ("RESYNC", OPEN, {}, "ISLANDED"),
        ("RESYNC", JOINED, {}, "NORMAL"),
        ("NORMAL", JOINED, {"danger": True}, "EMERGENCY"),
        ("EMERGENCY", JOINED, {"lasting_s": 30.0}, "NORMAL"),
        ("EMERGENCY", JOINED, {"lasting_s": 29.0}, "EMERGENCY"),
        ("NORMAL", JOINED, {"acting": True}, "CURTAILED"),
        ("CURTAILED", JOINED, {}, "NORMAL"),
        ("NORMAL", JOINED, {"exchange_w": 80e3}, "PEAK"),
        ("NORMAL", JOINED, {"exchange_w": -40e3}, "PEAK"),
        ("PEAK", JOINED, {"exchange_w": 77e3, "lasting_s": 100.0}, "PEAK"),
        ("NORMAL", JOINED, {"exchange_w": 501.0}, "DEFICIT"),
        ("NORMAL", JOINED, {"exchange_w": -501.0}, "SURPLUS"),
        ("SURPLUS", JOINED, {"exchange_w": -400.0, "lasting_s": 100.0}, "SURPLUS"),
        ("SURPLUS", JOINED, {"exchange_w": -200.0, "lasting_s": 30.0}, "NORMAL"),
    ],
)
def test_a_row_moves_the_state(status, coupling, more, expected):
    assert after(status, coupling, **more) == expected


def test_every_state_can_be_left_and_reached():
    assert {row.to for row in ROWS} == ALL
    assert frozenset().union(*(row.of for row in ROWS)) == ALL


def test_a_sign_counts_from_the_beginning_of_its_state():
    signs = frozenset({"alive", "apart", "grid sound", "resync"})
    step = next_state("RESYNC", 0.0, dict.fromkeys(signs, 0.0), signs, 300.0, ROWS)
    assert step.status == "ISLANDED"
    assert step.signs_since_s["grid sound"] == 300.0


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, True),
        ({"slip_hz": 0.2}, False),
        ({"phase_deg": 350.0}, True),
        ({"phase_deg": 170.0}, False),
        ({"voltage_gap_pu": -0.05}, False),
        ({"grid_is_sound": False}, False),
        ({"is_alive": False}, False),
    ],
)
def test_grids_are_joined_in_step_only(changes, expected):
    assert may_close(replace(Coupling(is_closed=False), **changes), SETTINGS) is expected
