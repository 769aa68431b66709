"""Whom to call next."""

from datetime import UTC, datetime, timedelta

import pytest

from grid.domain.control.escalation import next_to_call

T = datetime(2026, 1, 1, tzinfo=UTC)
WAIT = timedelta(minutes=5)


@pytest.mark.parametrize(
    ("called", "answered", "after", "expected"),
    [
        ({}, False, 0, 7),
        ({7: T}, False, 4, None),
        ({7: T}, False, 5, 8),
        ({7: T}, True, 50, None),
        ({7: T, 8: T + WAIT}, False, 9, None),
        ({7: T, 8: T + WAIT}, False, 10, 9),
        ({7: T, 8: T, 9: T}, False, 99, None),
    ],
)
def test_one_after_the_other_until_somebody_answers(called, answered, after, expected):
    assert next_to_call([7, 8, 9], called, answered, T + timedelta(minutes=after), WAIT) == expected
