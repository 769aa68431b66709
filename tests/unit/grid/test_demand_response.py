"""The baseline of an event, the terms within which it may be called, what it is worth."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grid.domain.baseline import CannotEstimate, comparison_days, high_5_of_10
from grid.domain.demand_response import CannotCall, Span, Terms, check_call, delivered_wh

NOW = datetime(2016, 6, 15, 8, 0, tzinfo=UTC)
TERMS = Terms(timedelta(hours=2), timedelta(hours=2), 3, timedelta(hours=5))


def span(hours_ahead: float, length: float = 1.0) -> Span:
    start = NOW + timedelta(hours=hours_ahead)
    return Span(start, start + timedelta(hours=length))


def test_the_five_highest_of_ten_days_are_averaged_interval_by_interval() -> None:
    # Derived by hand: days of 100 to 1000 Wh in all, the first interval a quarter of each; the five highest are 600 to 1000.
    totals = np.arange(100, 1100, 100)
    event = np.column_stack([totals // 4, totals * 3 // 4])
    before = np.full((10, 2), 200)
    found = high_5_of_10(event_wh=event, before_wh=before, before_today_wh=np.array([200, 200]))
    assert found.use_wh.tolist() == [200, 600]
    assert sorted(found.chosen) == [5, 6, 7, 8, 9]
    assert found.factor == 1.0


@pytest.mark.parametrize(("today", "factor"), [(440, 1.1), (4000, 1.2), (0, 0.8), (340, 0.85)])
def test_the_same_day_moves_the_baseline_by_at_most_a_fifth(today: int, factor: float) -> None:
    found = high_5_of_10(event_wh=np.full((10, 3), 100), before_wh=np.full((10, 2), 200), before_today_wh=np.array([today, 0]))
    assert found.factor == pytest.approx(factor)
    assert found.use_wh.tolist() == [round(100 * factor)] * 3


def test_of_few_days_the_higher_half_counts_and_of_too_few_none() -> None:
    event = np.array([[10], [50], [30], [20], [40]])
    none = np.zeros((5, 0), dtype=int)
    assert high_5_of_10(event_wh=event, before_wh=none, before_today_wh=none[0]).use_wh.tolist() == [40]
    with pytest.raises(CannotEstimate, match="4 comparison days"):
        high_5_of_10(event_wh=event[:4], before_wh=none[:4], before_today_wh=none[0])


@given(uses=st.lists(st.integers(0, 10_000), min_size=5, max_size=10), before=st.integers(0, 5000), today=st.integers(0, 50_000))
def test_a_baseline_lies_among_the_days_it_is_made_of(uses: list[int], before: int, today: int) -> None:
    event = np.array(uses)[:, None]
    found = high_5_of_10(event_wh=event, before_wh=np.full((len(uses), 1), before), before_today_wh=np.array([today]))
    chosen = event[list(found.chosen), 0]
    assert chosen.min() * 0.8 - 0.5 <= found.use_wh[0] <= chosen.max() * 1.2 + 0.5
    assert chosen.min() >= np.sort(event[:, 0])[-len(chosen)]


def test_comparison_days_are_of_the_same_kind_before_the_event_and_without_events() -> None:
    days = [date(2016, 6, 1) + timedelta(days=i) for i in range(20)]
    kinds = {day: int(day.weekday() >= 5) for day in days}
    found = comparison_days(event_day=date(2016, 6, 17), known=days, kind_of=kinds, excluded={date(2016, 6, 16)})
    assert found[0] == date(2016, 6, 15)
    assert len(found) == 10
    assert all(day.weekday() < 5 for day in found)
    weekend = comparison_days(event_day=date(2016, 6, 18), known=days, kind_of=kinds, excluded=())
    assert weekend == [date(2016, 6, 12), date(2016, 6, 11), date(2016, 6, 5), date(2016, 6, 4)]


@pytest.mark.parametrize(
    ("event", "others", "words"),
    [
        (span(1), [], "earliest 2 h from now"),
        (span(3, 2.5), [], "lasts 2 h 30 min; 2 h are allowed"),
        (span(3, 0), [], "ends after it begins"),
        (span(3), [span(24), span(48), span(72)], "3 events were called"),
        (span(3, 1.5), [span(24, 2), span(48, 2)], "4 h of 5 h in this month are used; left: 1 h"),
        (span(3), [span(3.5)], "Another event"),
    ],
)
def test_an_event_beyond_the_terms_is_refused_and_the_limit_named(event: Span, others: list[Span], words: str) -> None:
    with pytest.raises(CannotCall, match=words):
        check_call(TERMS, event, now=NOW, this_month=others)


def test_an_event_at_its_limits_may_be_called() -> None:
    check_call(TERMS, span(2, 2), now=NOW, this_month=[span(24, 2), span(48, 1)])


def test_what_was_drawn_more_counts_against_what_was_drawn_less() -> None:
    assert delivered_wh(np.array([500, 500]), np.array([100, 300])) == 600
    assert delivered_wh(np.array([500, 500]), np.array([900, 300])) == -200
