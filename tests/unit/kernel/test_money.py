from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.money import format_minor, minor_from_wh_micro, price_micro, quantise_price, round_half_away


@pytest.mark.parametrize(("exact", "whole"), [("0.5", 1), ("-0.5", -1), ("2.5", 3), ("2.4999", 2), ("-2.5", -3)])
def test_half_a_cent_is_rounded_away_from_zero(exact, whole):
    assert round_half_away(Decimal(exact)) == whole


@given(st.decimals(-(10**9), 10**9, places=4))
def test_rounding_moves_an_amount_by_half_a_cent_at_most(amount):
    assert abs(Fraction(amount) - round_half_away(amount)) <= Fraction(1, 2)


def test_published_prices_are_half_even_at_six_decimals():
    assert quantise_price(Decimal("0.1234565")) == Decimal("0.123456")
    assert quantise_price(Decimal("0.1234575")) == Decimal("0.123458")
    assert price_micro(Decimal("0.19")) == 190_000


def test_watt_hours_times_millionths_are_minor_units():
    # 818 Wh at 0.19 a kWh are 15.542 cents (the worked hour of the domain rules).
    assert minor_from_wh_micro(818 * 190_000) == Decimal("15.542")
    assert format_minor(123450, "EUR") == "1,234.50 EUR"
