"""Days on which something is somebody's."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from energy.domain.ownership import EVERYTHING, NOTHING, SeenDays

D = date(2016, 3, 1)
ORDINALS = st.integers(0, 40)


def day(number: int) -> date:
    return D + timedelta(days=number)


def test_an_open_end_reaches_as_far_as_one_asks() -> None:
    since = SeenDays(((day(5), None),))
    assert day(4) not in since and day(5) in since and since.since == day(5)
    assert since.within(day(0), day(9)) == (day(5), day(9)) and since.within(day(0), day(5)) is None
    assert SeenDays(((None, day(5)),)).within(day(0), day(9)) == (day(0), day(5))
    assert EVERYTHING.within(day(0), day(9)) == (day(0), day(9)) and EVERYTHING.since is None
    assert day(0) in EVERYTHING and day(0) not in NOTHING and NOTHING.cut(day(0), day(9)) == []


@given(st.lists(ORDINALS, unique=True, max_size=6).map(sorted), ORDINALS, ORDINALS)
def test_cuts_hold_the_days_that_are_seen_and_no_others(edges: list[int], first: int, after: int) -> None:
    seen = SeenDays(tuple((day(a), day(b)) for a, b in zip(edges[::2], edges[1::2], strict=False)))
    asked = [day(number) for number in range(first, after)]
    cuts = [d for begin, end in seen.cut(day(first), day(after)) for d in asked if begin <= d < end]
    assert cuts == seen.of(asked)
