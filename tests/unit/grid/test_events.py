"""Stretches of trouble, and the course of events told from ticks."""

from datetime import UTC, datetime, timedelta

from grid.adapters.event_report.curves import curve_svg
from grid.domain.events import find_events, like_sentences, status_changes, thin

START = datetime(2016, 6, 3, 3, 0, tzinfo=UTC)


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def test_trouble_that_comes_back_soon_is_one_event() -> None:
    ticks = [
        (at(0), "NORMAL"),
        (at(1), "EMERGENCY"),
        (at(2), "ISLANDED"),
        (at(3), "SURPLUS"),
        (at(9), "EMERGENCY"),
        (at(10), "NORMAL"),
        (at(30), "RESYNC"),
    ]
    first, second = find_events(ticks)
    assert (first.start_at, first.end_at, first.statuses, first.ticks) == (at(1), at(9), ("EMERGENCY", "ISLANDED"), 3)
    assert (second.start_at, second.end_at) == (at(30), at(30))
    assert find_events([(at(0), "NORMAL")]) == []


def test_only_changes_are_told() -> None:
    told = status_changes(
        [
            (at(0), "NORMAL", ["Calm."]),
            (at(1), "SURPLUS", []),
            (at(2), "EMERGENCY", ["Line 7."]),
            (at(5), "DEFICIT", []),
            (at(6), "NORMAL", []),
        ]
    )
    assert [(one.at, one.what, one.detail) for one in told] == [(at(2), "State: emergency", "Line 7."), (at(5), "State: ordinary", "")]


def test_curves_are_thinned_evenly_and_gaps_stay_gaps() -> None:
    places = thin([None] * 1000, 10)
    assert (places[0], places[-1], len(places)) == (0, 999, 10)
    assert thin([None] * 3, 10) == [0, 1, 2]
    svg = curve_svg([1.0, None, 2.0, 3.0], [0.0, 0.3, 0.6, 1.0], "solar", "kW")
    assert svg.count("M") == 2
    assert curve_svg([], [], "ink", "p.u.").startswith("<svg")


def test_sentences_that_differ_in_figures_only_are_like() -> None:
    said = ["Give 10.3 kW.", "Give 0.2 kW.", "Calm.", "Give 1,200 kW."]
    assert like_sentences(said, 5) == [("Give 10.3 kW.", 3), ("Calm.", 1)]


def test_a_flat_voltage_is_drawn_flat_and_an_emergency_shaded() -> None:
    svg = curve_svg([1.02501, 1.02502], [0.0, 1.0], "ink", "p.u.", [(0.25, 0.5)])
    assert "1.015 p.u." in svg
    assert "1.035 p.u." in svg
    assert svg.count("<rect") == 1
