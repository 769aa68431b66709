"""Control that is late, or stands still."""

import pytest

from grid.domain.alarm_life import FindingKind, Priority
from grid.domain.findings import late_findings, stopped_finding


@pytest.mark.parametrize(("gap_s", "late"), [(0.0, False), (4.0, False), (8.0, False), (8.1, True), (60.0, True)])
def test_later_than_two_periods_is_late(gap_s: float, late: bool) -> None:
    assert bool(late_findings(gap_s, 4.0)) == late


def test_it_says_what_and_what_to_do() -> None:
    [finding] = late_findings(13.6, 4.0)
    assert (finding.kind, finding.priority) == (FindingKind.CONTROL_LATE, Priority.HIGH)
    assert finding.sentence == "A control tick came 14 s after the one before; one is due every 4 s."
    assert "Start run_control" in stopped_finding(30, False).sentence
    assert "its process runs" in stopped_finding(30, True).sentence
