"""Cents spread over days lose nothing, also where prices are below zero."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from billing.domain.public_days import MICRO_PER_MINOR, PublicDay, spread_minor

exacts = st.lists(st.integers(-(10**13), 10**13), min_size=1, max_size=31)


@given(st.integers(-(10**9), 10**9), exacts)
def test_days_sum_to_the_month(total: int, exact: list[int]) -> None:
    assert sum(spread_minor(total, exact)) == total


@given(exacts)
def test_a_day_is_within_a_cent_of_its_exact_amount(exact: list[int]) -> None:
    whole = round(sum(exact) / MICRO_PER_MINOR)
    parts = spread_minor(whole, exact)
    assert all(abs(p - e / MICRO_PER_MINOR) <= 1.5 for p, e in zip(parts, exact, strict=True))


def test_negative_prices_are_ordinary() -> None:
    assert spread_minor(-3, [5 * MICRO_PER_MINOR, -8 * MICRO_PER_MINOR]) == [5, -8]


def test_the_residuals_are_named() -> None:
    day = PublicDay(date(2016, 3, 1), 100, 50, 90, 20, 30, 5, 14, 40, 2, 77, 76)
    assert (day.in_wh, day.out_wh, day.stored_wh, day.residual_wh, day.residual_minor) == (150, 110, 25, 1, 1)
    assert not day.is_whole
