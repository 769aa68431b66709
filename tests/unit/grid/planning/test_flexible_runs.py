"""Runs as loads of a plan: windows in whole intervals, what has begun goes on, a sentence that says why then."""

import numpy as np
import pytest

from grid.domain.planning.flexible_runs import CannotRun, OpenRun, check_run, loads_of, reason_of
from grid.domain.planning.run_words import GERMAN

CLOCK = [f"{h:02}:00" for h in range(8)]
PRICE = np.array([0.4, 0.4, 0.3, 0.1, 0.1, 0.2, 0.3, 0.3])


def run(**changes: object) -> OpenRun:
    values = {
        "name": "car",
        "energy_wh": 4000.0,
        "told_wh": 0.0,
        "power_w": 2000.0,
        "start_hours": 0.0,
        "ready_hours": 8.0,
        "may_pause": True,
    } | changes
    return OpenRun(**values)  # type: ignore[arg-type]


def test_only_whole_intervals_count() -> None:
    assert run(start_hours=0.2, ready_hours=5.9).window(1.0, 8) == (1, 5)
    assert run(start_hours=-3.0, ready_hours=40.0).window(1.0, 8) == (0, 8)
    assert run(start_hours=9.0, ready_hours=40.0).window(1.0, 8) == (0, 0)


def test_what_must_not_pause_goes_on_once_it_has_begun() -> None:
    assert run(may_pause=False, told_wh=1000.0).window(1.0, 8) == (0, 2)
    assert run(may_pause=True, told_wh=1000.0).window(1.0, 8) == (0, 8)
    loads = loads_of([run(may_pause=False, told_wh=1000.0), run(ready_hours=-1.0)], 1.0, 8)
    assert loads.energy_wh.tolist() == [3000.0, 0.0]
    assert loads.ids == ("car", "car (2)")


def test_the_sentence_names_the_hours_and_what_they_save() -> None:
    power = np.array([0, 0, 0, 2000.0, 2000.0, 0, 0, 0])
    assert reason_of(run(), power, PRICE, 1.0, CLOCK) == (
        "It runs 03:00 to 05:00: energy is worth 0.10 per kWh then, 0.40 if it ran as soon as it may: 1.20 less in all."
    )
    short = reason_of(run(energy_wh=30_000.0), np.full(8, 2000.0), PRICE, 1.0, CLOCK)
    assert "14.0 of 30.0 kWh do not fit before the plan's end" in short
    assert "all the time it has" in reason_of(run(ready_hours=2.0), np.array([2000.0, 2000, 0, 0, 0, 0, 0, 0]), PRICE, 1.0, CLOCK)
    assert "had all" in reason_of(run(told_wh=4000.0), np.zeros(8), PRICE, 1.0, CLOCK)
    assert reason_of(run(), power, PRICE, 1.0, CLOCK, GERMAN) == (
        "Es läuft von 03:00 bis 05:00: Eine kWh ist dann 0,10 wert, so früh wie möglich wären es 0,40: zusammen 1,20 weniger."
    )


def test_what_cannot_be_is_refused_with_what_would_do() -> None:
    check_run(20_000, 11_000, 2.0, 11_000)
    with pytest.raises(CannotRun, match=r"22\.0 kWh can be drawn"):
        check_run(23_000, 11_000, 2.0, 11_000)
    with pytest.raises(CannotRun, match=r"11\.0 kW at most"):
        check_run(2000, 12_000, 2.0, 11_000)
