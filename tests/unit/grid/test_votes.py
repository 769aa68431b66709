"""Counting votes."""

import pytest

from grid.domain.votes import Count, Outcome, outcome


@pytest.mark.parametrize(
    ("eligible", "yes", "no", "abstained", "quorum", "found"),
    [
        (10, 3, 2, 0, 50, Outcome.ADOPTED),
        (10, 3, 1, 0, 50, Outcome.TOO_FEW),
        (10, 1, 0, 4, 50, Outcome.ADOPTED),
        (10, 3, 3, 4, 50, Outcome.REJECTED),
        (3, 1, 0, 0, 34, Outcome.TOO_FEW),
        (3, 1, 0, 0, 33, Outcome.ADOPTED),
        (0, 0, 0, 0, 50, Outcome.TOO_FEW),
        (10, 0, 0, 10, 50, Outcome.REJECTED),
    ],
)
def test_enough_take_part_and_more_say_yes_than_no(eligible, yes, no, abstained, quorum, found):
    assert outcome(Count(eligible, yes, no, abstained), quorum) == found
