"""From findings to alarms: delays, returns, dead bands, and silence about what nobody could judge."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grid.domain.alarm_life import DEFAULT_DELAYS, Finding, FindingKind, Priority, Steps, Watched, next_steps
from grid.domain.alarms import Names
from grid.domain.findings import exchange_findings, frequency_findings, network_findings, silence_findings, unacknowledged_findings
from grid.domain.network.powerflow import Flow

NOW = datetime(2016, 6, 3, 10, 0, tzinfo=UTC)
LINE = FindingKind.LINE_LOADING
LOADED = Finding(LINE, "L1", Priority.MEDIUM, "Line L1 carries 84% of its rating.")


def ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


def watched(**changes: object) -> Watched:
    kept = {
        "id": 7,
        "kind": LINE,
        "subject": "L1",
        "priority": Priority.MEDIUM,
        "sentence": "",
        "seen_at": ago(60),
        "raised_at": ago(50),
        "absent_since": None,
        "cleared_at": None,
    }
    return Watched(**(kept | changes))  # type: ignore[arg-type]


def steps(findings: list[Finding], known: list[Watched], *, judged=(LINE,), pace: float = 1.0) -> Steps:
    return next_steps(findings, known, judged=judged, now=NOW, pace=pace)


def test_a_finding_waits_for_its_on_delay() -> None:
    assert steps([LOADED], []).watch == (LOADED,)
    early = watched(raised_at=None, seen_at=ago(DEFAULT_DELAYS.on_s - 1))
    late = watched(raised_at=None, seen_at=ago(DEFAULT_DELAYS.on_s))
    assert steps([LOADED], [early]) == Steps()
    assert steps([LOADED], [late]).raise_ == ((7, LOADED),)


def test_a_short_finding_leaves_no_trace() -> None:
    assert steps([], [watched(raised_at=None)]).drop == (7,)


def test_an_alarm_clears_after_its_off_delay_only() -> None:
    assert steps([], [watched()]).absent == (7,)
    assert steps([], [watched(absent_since=ago(DEFAULT_DELAYS.off_s - 1))]) == Steps()
    assert steps([], [watched(absent_since=ago(DEFAULT_DELAYS.off_s))]).clear == (7,)
    assert steps([LOADED], [watched(absent_since=ago(3))]).returned == (7,)


def test_delays_stretch_with_a_fast_clock() -> None:
    late = watched(absent_since=ago(DEFAULT_DELAYS.off_s))
    assert steps([], [late], pace=60.0) == Steps()


def test_what_nobody_could_judge_stays_as_it_is() -> None:
    late = watched(absent_since=ago(DEFAULT_DELAYS.off_s))
    assert steps([], [late, watched(raised_at=None)], judged=()) == Steps()


def test_a_cleared_alarm_that_nobody_saw_comes_back_as_itself() -> None:
    cleared = watched(cleared_at=ago(10))
    assert steps([LOADED], [cleared]).raise_ == ((7, LOADED),)
    assert steps([], [cleared]) == Steps()


def test_a_worse_finding_changes_the_priority() -> None:
    worse = Finding(LINE, "L1", Priority.CRITICAL, "Line L1 carries 104% of its rating.")
    assert steps([worse], [watched()]).changed == ((7, worse),)


@given(st.lists(st.booleans(), min_size=1, max_size=80))
def test_nothing_chatters(seen: list[bool]) -> None:
    """With a tick every 4 s an alarm is raised at most once per on-delay and off-delay together."""
    one: Watched | None = None
    raised = 0
    for tick, there in enumerate(seen):
        now = NOW + timedelta(seconds=4 * tick)
        done = next_steps([LOADED] if there else [], [one] if one else [], judged=[LINE], now=now, pace=1.0)
        if done.watch:
            one = watched(raised_at=None, seen_at=now)
        elif done.raise_ and one:
            raised += 1
            one = watched(raised_at=now)
        elif done.absent:
            one = watched(absent_since=now)
        elif done.returned:
            one = watched()
        elif done.clear:
            one = watched(cleared_at=now)
        elif done.drop:
            one = None
    assert raised <= 1 + 4 * len(seen) / DEFAULT_DELAYS.off_s


def flow(loading: list[float], voltage: list[float]) -> Flow:
    lines = np.array(loading)
    return Flow(np.array(voltage), lines, np.zeros_like(lines), np.zeros(0), np.zeros(0), 0.0, 0.0, 0.0)


NAMES = Names(["N1", "N2", "N3"], ["L1", "L2"], [], np.full(3, 0.9), np.full(3, 1.1))


def test_each_line_and_node_has_a_finding_of_its_own() -> None:
    found = network_findings(flow([0.85, 1.02], [1.0, 0.88, 1.12]), NAMES, set())
    assert [(f.kind, f.subject, f.priority) for f in found] == [
        (LINE, "L2", Priority.CRITICAL),
        (LINE, "L1", Priority.MEDIUM),
        (FindingKind.VOLTAGE_LOW, "N2", Priority.HIGH),
        (FindingKind.VOLTAGE_HIGH, "N3", Priority.HIGH),
    ]
    assert found[2].sentence == "Voltage at N2 is 0.880 p.u., below its band."


@pytest.mark.parametrize(("loading", "known", "speaks"), [(0.79, False, False), (0.79, True, True), (0.76, True, False)])
def test_what_is_known_comes_back_a_dead_band_further(loading: float, known: bool, speaks: bool) -> None:
    keys = {(str(LINE), "L1")} if known else set()
    assert bool(network_findings(flow([loading, 0.0], [1.0, 1.0, 1.0]), NAMES, keys)) is speaks


def test_nodes_without_a_path_are_one_finding() -> None:
    [one] = network_findings(flow([0.0, 0.0], [1.0, np.nan, np.nan]), NAMES, set())
    assert (one.kind, one.priority) == (FindingKind.CUT_OFF, Priority.CRITICAL)
    assert one.sentence == "2 nodes have no path to the public grid, N2 among them."


def test_the_other_findings_name_what_and_how_much() -> None:
    assert frequency_findings(np.array([50.0, np.nan])) == []
    assert "49.30 Hz" in frequency_findings(np.array([49.3, np.nan]))[0].sentence
    assert [f.kind for f in exchange_findings(5000.0, 0.0, 4000, 4000)] == [FindingKind.IMPORT_LIMIT]
    assert exchange_findings(5000.0, 0.0, None, None) == []
    silent = silence_findings(np.array([True, False, False]), ["B1", "B2"], np.array([True, False]))
    assert [(f.subject, f.priority) for f in silent] == [("", Priority.HIGH), ("B2", Priority.MEDIUM)]
    assert unacknowledged_findings(["B1"])[0].subject == "B1"
