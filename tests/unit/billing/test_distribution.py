"""Sums shared out to the last cent."""

import itertools
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.domain.distribution import (
    CannotShareOut,
    Claim,
    Holding,
    capital_days,
    dividend_minor,
    reserve_of,
    share_out,
    used_for,
    weights_of,
    withheld_minor,
)

claims = (
    st.lists(st.tuples(st.integers(0, 10**9), st.integers(0, 10**8)), min_size=1, max_size=30)
    .map(lambda rows: [Claim(f"{i:03}", wh, capital) for i, (wh, capital) in enumerate(rows)])
    .filter(lambda who: any(c.delivered_wh or c.capital_days for c in who))
)
caps = st.one_of(st.none(), st.integers(0, 10**8))


@given(st.integers(1, 10**9), claims, st.integers(0, 100), caps)
def test_nothing_is_lost_and_nobody_is_above_the_cap(total: int, who: list[Claim], percent: int, cap: int | None) -> None:
    found = share_out(total, who, energy_percent=percent, cap_minor=cap)
    assert sum(found.amounts_minor) + found.left_minor == total
    assert min(found.amounts_minor) >= 0
    weights = weights_of(who, energy_percent=percent)
    assert all(not part for part, weight in zip(found.amounts_minor, weights, strict=True) if not weight)
    if cap is None:
        assert found.left_minor == 0
    else:
        assert max(found.amounts_minor) <= cap
        at_cap = [part == cap for part, weight in zip(found.amounts_minor, weights, strict=True) if weight]
        assert not found.left_minor or all(at_cap)


@given(st.integers(1, 10**9), claims, st.integers(0, 100), caps, st.randoms())
def test_the_order_does_not_matter(total: int, who: list[Claim], percent: int, cap: int | None, chance) -> None:
    mixed = list(who)
    chance.shuffle(mixed)
    one, other = (
        {c.name: part for c, part in zip(rows, share_out(total, rows, energy_percent=percent, cap_minor=cap).amounts_minor, strict=True)}
        for rows in (who, mixed)
    )
    assert one == other


@given(st.integers(1, 10**9), claims, st.integers(0, 100), caps)
def test_who_weighs_more_never_gets_less(total: int, who: list[Claim], percent: int, cap: int | None) -> None:
    weights = weights_of(who, energy_percent=percent)
    parts = share_out(total, who, energy_percent=percent, cap_minor=cap).amounts_minor
    ordered = sorted(zip(weights, parts, strict=True))
    assert all(a[1] <= b[1] for a, b in itertools.pairwise(ordered) if a[0] < b[0])


def test_a_worked_case() -> None:
    """100.00: 60 by 3,000 / 1,000 Wh (45 / 15), 40 by 1 / 3 shares (10 / 30)."""
    who = [Claim("a", 3000, 1), Claim("b", 1000, 3)]
    assert share_out(10_000, who, energy_percent=60).amounts_minor == [5500, 4500]
    assert share_out(10_000, who, energy_percent=100).amounts_minor == [7500, 2500]
    assert share_out(10_000, who, energy_percent=0).amounts_minor == [2500, 7500]
    capped = share_out(10_000, who, energy_percent=100, cap_minor=6000)
    assert (capped.amounts_minor, capped.left_minor) == ([6000, 4000], 0)
    capped = share_out(10_000, who, energy_percent=100, cap_minor=3000)
    assert (capped.amounts_minor, capped.left_minor) == ([3000, 3000], 4000)


def test_what_nobody_is_measured_by_goes_by_the_other() -> None:
    assert share_out(101, [Claim("a", 0, 1), Claim("b", 0, 1)], energy_percent=80).amounts_minor == [51, 50]
    assert share_out(9, [Claim("a", 1, 0), Claim("b", 2, 0)], energy_percent=0).amounts_minor == [3, 6]


@pytest.mark.parametrize("total", [0, -1])
def test_a_sum_that_is_not_positive_is_refused(total: int) -> None:
    with pytest.raises(CannotShareOut, match="positive"):
        share_out(total, [Claim("a", 1, 1)], energy_percent=50)
    with pytest.raises(CannotShareOut, match="Nobody"):
        share_out(5, [Claim("a", 0, 0)], energy_percent=50)


def test_capital_counts_for_the_days_it_was_held() -> None:
    """500.00 all of April, 500.00 from the 16th, 100.00 given back on the 11th: 30, 15 and 10 days."""
    april = date(2016, 4, 1), date(2016, 4, 30)
    held = [
        Holding(50_000, date(2015, 1, 1)),
        Holding(50_000, date(2016, 4, 16)),
        Holding(10_000, date(2016, 1, 1), date(2016, 4, 11)),
        Holding(99_999, date(2016, 5, 1)),
        Holding(99_999, date(2016, 4, 3), date(2016, 4, 3)),
    ]
    assert capital_days(held, *april) == 50_000 * 30 + 50_000 * 15 + 10_000 * 10


@given(st.dates(date(2015, 1, 1), date(2017, 1, 1)), st.dates(date(2015, 1, 1), date(2017, 1, 1)), st.integers(1, 365))
def test_a_year_in_two_parts_is_the_year(one: date, other: date, cut: int) -> None:
    held = [Holding(7, min(one, other), max(one, other))]
    first, last = date(2016, 1, 1), date(2016, 12, 31)
    middle = date.fromordinal(first.toordinal() + cut)
    before = date.fromordinal(middle.toordinal() - 1)
    assert capital_days(held, first, before) + capital_days(held, middle, last) == capital_days(held, first, last)


def test_a_dividend_is_a_rate_on_capital_held() -> None:
    """3 % on 1,000.00 for all 366 days of 2016 is 30.00; for half of them 15.00."""
    assert dividend_minor([Claim("a", 0, 100_000 * 366)], Decimal("0.03"), year=2016) == 3000
    assert dividend_minor([Claim("a", 0, 100_000 * 183)], Decimal("0.03"), year=2016) == 1500
    assert dividend_minor([Claim("a", 0, 100_000 * 365)], Decimal("0.03"), year=2015) == 3000
    assert withheld_minor(3000, Decimal("0.26375")) == 791


@given(st.integers(1, 10**9), st.decimals(0, Decimal("0.95"), places=4))
def test_the_reserve_comes_first_and_leaves_what_was_wanted(shared: int, rate: Decimal) -> None:
    used = used_for(shared, rate)
    assert used - reserve_of(used, rate) >= shared
    assert used == shared or (used - 1) - reserve_of(used - 1, rate) < shared
    assert 0 <= reserve_of(used, rate) - used * rate < 1
