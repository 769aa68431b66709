"""Reminders, interest, plans, and what is never done."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.domain.arrears import (
    BaseRatePeriod,
    Refusal,
    Stage,
    age_of,
    instalments,
    interest,
    interest_minor,
    is_winter,
    next_stage,
    plan_is_broken,
    refusals,
)

STAGES = [Stage(1, 7, 0), Stage(2, 21, 250), Stage(3, 42, 500)]
DUE = date(2016, 4, 15)
RATES = [BaseRatePeriod(date(2015, 7, 1), Decimal("-0.83")), BaseRatePeriod(date(2016, 7, 1), Decimal("-0.88"))]


def stage_on(days: int, level: int = 0, sent: int | None = None) -> int | None:
    found = next_stage(
        STAGES,
        due_date=DUE,
        today=DUE + timedelta(days=days),
        sent_level=level,
        sent_date=None if sent is None else DUE + timedelta(days=sent),
        rest_days=10,
    )
    return found.level if found else None


def test_stages_come_one_at_a_time_each_in_its_days() -> None:
    assert [stage_on(d) for d in (0, 6, 7, 300)] == [None, None, 1, 1]
    assert [stage_on(d, 1, 7) for d in (16, 20, 21)] == [None, None, 2]
    assert stage_on(50, 1, 45) is None  # a late reminder still gives its ten days
    assert stage_on(400, 3, 42) is None


def test_interest_of_a_worked_case() -> None:
    """1,000.00 open from 15 May to 14 August 2016, base rate -0.83 then -0.88, 5 points: 47 days at 4.17 and 44 at 4.12 per cent."""
    pieces = interest(100_000, date(2016, 5, 15), date(2016, 8, 14), RATES, Decimal(5))
    assert [(p.days, p.percent) for p in pieces] == [(47, Decimal("4.17")), (44, Decimal("4.12"))]
    assert interest_minor(pieces) == 1034  # 536.96 + 496.66 = 1033.62


def test_interest_is_never_below_nothing() -> None:
    assert interest_minor(interest(100_000, DUE, DUE + timedelta(90), RATES, Decimal(0))) == 0
    assert interest(100_000, DUE, DUE, RATES, Decimal(5)) == []


@given(st.integers(0, 10**8), st.dates(date(2015, 8, 1), date(2017, 1, 1)), st.integers(0, 500), st.integers(0, 500))
def test_interest_of_two_stretches_is_that_of_both(rest: int, first: date, a: int, b: int) -> None:
    middle, end = first + timedelta(a), first + timedelta(a + b)
    whole = interest(rest, first, end, RATES, Decimal(5))
    parts = interest(rest, first, middle, RATES, Decimal(5)) + interest(rest, middle, end, RATES, Decimal(5))
    assert sum(p.exact_minor for p in whole) == sum(p.exact_minor for p in parts)


@pytest.mark.parametrize("days, age", [(-3, 0), (0, 0), (30, 0), (31, 1), (60, 1), (61, 2), (90, 2), (91, 3), (900, 3)])
def test_ages(days: int, age: int) -> None:
    assert age_of(DUE, DUE + timedelta(days=days)) == age


@given(st.integers(1, 10**7), st.integers(1, 24))
def test_instalments_sum_to_what_is_owed(total: int, count: int) -> None:
    due = instalments(total, count, DUE)
    amounts = [amount for _, amount in due]
    assert sum(amounts) == total and max(amounts) - min(amounts) <= 1 and len(due) == count


def test_instalments_are_a_month_apart_and_keep_their_day() -> None:
    days = [day for day, _ in instalments(1200, 12, date(2016, 4, 6))]
    assert days == [date(2016 + (3 + i) // 12, (3 + i) % 12 + 1, 6) for i in range(12)]
    ends = [day for day, _ in instalments(400, 4, date(2015, 12, 31))]
    assert ends == [date(2015, 12, 31), date(2016, 1, 31), date(2016, 2, 29), date(2016, 3, 31)]


def test_a_plan_is_broken_only_after_its_days_of_grace() -> None:
    due = instalments(300, 3, DUE)
    assert not plan_is_broken(due, 0, DUE + timedelta(5), 5)
    assert plan_is_broken(due, 0, DUE + timedelta(6), 5)
    assert not plan_is_broken(due, 100, DUE + timedelta(6), 5)


def test_winter_goes_over_the_turn_of_the_year() -> None:
    assert [m for m in range(1, 13) if is_winter(date(2016, m, 5), 11, 3)] == [1, 2, 3, 11, 12]


@given(st.booleans(), st.booleans(), st.booleans(), st.booleans(), st.integers(0, 9), st.integers(0, 10**6))
def test_life_support_hardship_and_winter_forbid_whatever_else_holds(life, hardship, winter, plan, level, rest) -> None:
    found = refusals(
        life_support=life,
        hardship=hardship,
        winter=winter,
        plan_stands=plan,
        level=level,
        least_level=3,
        rest_minor=rest,
        least_minor=10_000,
    )
    assert (Refusal.LIFE_SUPPORT in found) == life and (Refusal.WINTER in found) == winter
    assert (not found) == (not (life or hardship or winter or plan) and level >= 3 and rest >= 10_000)
