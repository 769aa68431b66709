"""Incentives: rules as data, measures, caps and budgets to the last cent, and what somebody should look at."""

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing.domain.incentive_budget import Earned, WhenShort, allot
from billing.domain.incentive_checks import cycled, from_own_sites, moved_next_door, raised_before
from billing.domain.incentive_measures import amounts_minor, entitled_days, local_use, low_income, shifted
from billing.domain.incentive_rules import (
    CannotReadRule,
    DemandResponse,
    Hours,
    LocalUse,
    LowIncome,
    PerDay,
    PerKwh,
    PerMonth,
    ShiftOffPeak,
    rule_from_json,
    rule_to_json,
)

RULES = [
    LocalUse(PerKwh(Decimal("0.02"))),
    LocalUse(PerMonth(Decimal("5"), 100_000)),
    DemandResponse(),
    LowIncome(PerDay(Decimal("0.3"))),
    LowIncome(PerKwh(Decimal("0.1")), 5000),
    ShiftOffPeak(PerKwh(Decimal("0.05")), Hours(1020, 1260, False), 21, 10),
]


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_is_the_same_after_writing_and_reading(rule) -> None:
    assert rule_from_json(rule_to_json(rule)) == rule


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "format 1"),
        ({"format": 1, "kind": "gift"}, "must be one of local_use"),
        ({"format": 1, "kind": "local_use", "reward": {"by": "day", "amount": "1"}}, "one of kwh, month"),
        ({"format": 1, "kind": "local_use", "reward": {"by": "kwh", "price": 0.02}}, "above 0"),
        ({"format": 1, "kind": "local_use", "reward": {"by": "kwh", "price": "-1"}}, "above 0"),
        ({"format": 1, "kind": "local_use", "reward": {"by": "kwh", "price": "1"}, "cap": 3}, "cap: is not known"),
        (
            {"format": 1, "kind": "shift_off_peak", "reward": {"by": "kwh", "price": "1"}, "peak": {"from": "21:00", "to": "17:00"}},
            "later than",
        ),
        ({"format": 1, "kind": "low_income", "reward": {"by": "day", "amount": "1"}, "most_wh_a_day": 3}, "per kWh"),
    ],
)
def test_what_is_no_rule_is_refused_by_its_place(given, words: str) -> None:
    with pytest.raises(CannotReadRule, match=words):
        rule_from_json(given)


earned = st.lists(
    st.tuples(st.integers(0, 10**6), st.integers(0, 4), st.lists(st.integers(0, 50), max_size=4)), min_size=1, max_size=12
).map(lambda rows: [Earned(f"s{i:02}", f"m{m}", minor, tuple(days)) for i, (minor, m, days) in enumerate(rows)])
budgets, caps = st.integers(0, 3 * 10**6), st.one_of(st.none(), st.integers(1, 10**6))
ways = st.sampled_from(WhenShort)


@settings(max_examples=60)
@given(earned, st.randoms(), budgets, caps, ways)
def test_no_cap_and_no_budget_is_ever_exceeded(rows, chance, budget: int, cap: int | None, short) -> None:
    parts = allot(rows, budget_minor=budget, member_cap_minor=cap, when_short=short)
    assert all(0 <= p.paid_minor <= p.capped_minor <= e.amount_minor for p, e in zip(parts, rows, strict=True))
    capped, paid = sum(p.capped_minor for p in parts), sum(p.paid_minor for p in parts)
    assert paid == min(capped, budget)
    for member in {e.member for e in rows}:
        mine = [(e, p) for e, p in zip(rows, parts, strict=True) if e.member == member]
        whole = sum(e.amount_minor for e, _ in mine)
        assert sum(p.capped_minor for _, p in mine) == (whole if cap is None else min(whole, cap))
    mixed = list(rows)
    chance.shuffle(mixed)
    again = allot(mixed, budget_minor=budget, member_cap_minor=cap, when_short=short)
    by_name = {e.name: p for e, p in zip(mixed, again, strict=True)}
    assert [by_name[e.name] for e in rows] == parts


@settings(max_examples=40)
@given(earned, budgets)
def test_a_larger_budget_gives_as_much_or_more_together(rows, budget: int) -> None:
    for short in WhenShort:
        less, more = (sum(p.paid_minor for p in allot(rows, budget_minor=b, when_short=short)) for b in (budget, budget + 1))
        assert less <= more <= less + 1


def test_who_was_first_is_paid_first() -> None:
    """Ana earned on the first day, Ben on the second, Cem on both: 100 of 200."""
    rows = [Earned("a", "1", 60, (1, 0)), Earned("b", "2", 60, (0, 1)), Earned("c", "3", 80, (1, 1))]
    assert [p.paid_minor for p in allot(rows, budget_minor=100, when_short=WhenShort.FIRST_COME)] == [60, 0, 40]
    assert [p.paid_minor for p in allot(rows, budget_minor=110, when_short=WhenShort.FIRST_COME)] == [60, 6, 44]
    assert [p.paid_minor for p in allot(rows, budget_minor=100)] == [30, 30, 40]
    had = allot(rows, budget_minor=1000, member_cap_minor=70, member_had={"3": 50})
    assert [p.paid_minor for p in had] == [60, 60, 20]


def test_measures_come_to_money_rounded_once() -> None:
    days = np.array([[1000, 250], [0, 0]])
    assert amounts_minor(local_use(days), PerKwh(Decimal("0.02"))) == [3, 0]  # 2.5 cents
    assert amounts_minor(local_use(days), PerMonth(Decimal("5"), 1250)) == [500, 0]
    assert amounts_minor(local_use(days), PerMonth(Decimal("5"), 1251)) == [0, 0]
    entitled = np.array([[True, False], [True, True]])
    assert amounts_minor(entitled_days(entitled), PerDay(Decimal("0.3"))) == [30, 60]
    assert low_income(days, entitled, 600).quantity.tolist() == [600, 0]


def test_a_month_is_netted_and_what_is_paid_elsewhere_is_taken_off() -> None:
    """Half of the usual use was in the peak. 10 of 30 kWh were in the peak now: 5 kWh shifted; one day was better, one worse."""
    peak, drawn = np.array([[2000, 8000]]), np.array([[20_000, 10_000]])
    none = np.array([0])
    found = shifted(peak, drawn, np.array([5000]), np.array([10_000]), paid_elsewhere_wh=none)
    assert (found.quantity.tolist(), found.baseline_wh.tolist(), found.measured_wh.tolist()) == ([5000], [15_000], [10_000])
    assert found.by_day.tolist() == [[8000, 0]]
    assert shifted(peak, drawn, np.array([5000]), np.array([10_000]), paid_elsewhere_wh=np.array([3000])).quantity.tolist() == [2000]
    assert shifted(peak, drawn, none, none, paid_elsewhere_wh=none).quantity.tolist() == [0]
    assert shifted(peak, drawn, np.array([1000]), np.array([10_000]), paid_elsewhere_wh=none).quantity.tolist() == [0]


def test_each_way_of_gaming_is_seen_and_the_ordinary_is_not() -> None:
    usual, before = np.array([6000, 3000]), np.array([3000, 3000])
    ten = np.array([10_000, 10_000])
    assert raised_before(usual, ten, before, ten).tolist() == [True, False]
    assert raised_before(usual // 100, ten // 100, before // 100, ten // 100).tolist() == [False, False]
    received, delivered, discharge = (np.array([[4000], [4000]]), np.array([[3000], [0]]), np.array([[3000], [3000]]))
    assert cycled(received, delivered, discharge).tolist() == [True, False]
    # The twin delivers all that there is in one interval, a fifth of it in the other.
    got, gave = np.array([[100, 50], [0, 0]]), np.array([[0, 0], [100, 20]])
    assert from_own_sites(got, gave, [7, 7], np.array([100, 100])).tolist() == [True, False]
    assert from_own_sites(got, gave, [7, 8], np.array([100, 100])).tolist() == [False, False]
    assert from_own_sites(got, gave, [7, 7], np.array([1000, 1000])).tolist() == [False, False]
    assert moved_next_door(np.array([5000, 0]), np.array([-5000, 4000]), [7, 7]).tolist() == [True, False]
    assert moved_next_door(np.array([5000, 0]), np.array([-5000, 4000]), [7, 8]).tolist() == [False, False]
