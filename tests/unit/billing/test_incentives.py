"""What demand response is worth: rounded once, nothing owed for drawing more."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from billing.domain.incentives import incentive_minor, incentives_of


def test_each_amount_is_rounded_once_and_never_negative() -> None:
    assert incentive_minor(600, 250_000) == 15
    assert incentive_minor(620, 250_000) == 16  # 15.5, half away from zero
    assert incentive_minor(-600, 250_000) == 0


@given(delivered=st.dictionaries(st.integers(1, 40), st.integers(-(10**6), 10**6), max_size=30), price=st.integers(0, 2_000_000))
def test_each_site_gets_what_it_delivered_to_half_a_minor_unit(delivered: dict[int, int], price: int) -> None:
    found = incentives_of(delivered, price)
    assert found.keys() == delivered.keys()
    for site, minor in found.items():
        assert minor >= 0
        assert abs(minor - Decimal(max(delivered[site], 0)) * price / 10_000_000) <= Decimal("0.5")
