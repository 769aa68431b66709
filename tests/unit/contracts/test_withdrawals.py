"""What a withdrawal takes with it: a payer's credit was never booked, and the pool's worth leaves with its coins."""

from hypothesis import given
from hypothesis import strategies as st

from contracts.domain.withdrawals import CameIn, WentOut, leaving

WAD = 10**18


def test_a_credit_leaves_without_worth() -> None:
    history = [CameIn("ana", 110, 25 * WAD, 10)]
    assert leaving(history, "ana", 10) == WentOut("ana", 0, 0)
    assert leaving(history, "ben", 100) == WentOut("ben", 100, 25 * WAD)
    assert leaving(history, "ana", 110) == WentOut("ana", 100, 25 * WAD)


def test_coins_of_two_rates_leave_at_their_average() -> None:
    history = [CameIn("ana", 100, 10 * WAD, 0), CameIn("cem", 100, 30 * WAD, 0)]
    first = leaving(history, "ben", 50)
    assert first == WentOut("ben", 50, 10 * WAD)
    assert leaving([*history, first], "dee", 150) == WentOut("dee", 150, 30 * WAD)


def test_a_credit_that_was_used_for_a_later_bill_is_in_the_pool() -> None:
    history = [CameIn("ana", 110, 25 * WAD, 10), CameIn("ana", 5, 3 * WAD, 3)]
    assert leaving(history, "ana", 3).revenue_units == 0
    assert leaving(history, "ben", 112) == WentOut("ben", 112, 28 * WAD)


def test_what_nobody_here_paid_in_is_worth_nothing() -> None:
    assert leaving([], "ben", 7) == WentOut("ben", 7, 0, 7)
    assert leaving([CameIn("ana", 4, 2 * WAD, 0)], "ben", 7) == WentOut("ben", 7, 2 * WAD, 3)


@given(
    st.lists(st.tuples(st.integers(1, 10**20), st.integers(1, 10**24)), min_size=1, max_size=8),
    st.lists(st.integers(1, 10**20), max_size=8),
)
def test_never_more_worth_leaves_than_came(came: list[tuple[int, int]], wishes: list[int]) -> None:
    history: list[CameIn | WentOut] = [CameIn("ana", units, worth, 0) for units, worth in came]
    left = sum(units for units, _ in came)
    for wish in wishes:
        out = leaving(history, "ben", min(wish, left))
        left -= out.revenue_units
        history.append(out)
    history.append(leaving(history, "ben", left))
    outs = [event for event in history if isinstance(event, WentOut)]
    assert sum(out.worth_wad for out in outs) == sum(worth for _, worth in came)
