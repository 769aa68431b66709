"""What demand response is worth: rounded once, nothing owed for drawing more, debits equal to credits."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from billing.domain.incentives import incentive_minor, incentives_of


def test_each_amount_is_rounded_once_and_never_negative() -> None:
    assert incentive_minor(600, 250_000) == 15
    assert incentive_minor(620, 250_000) == 16  # 15.5, half away from zero
    assert incentive_minor(-600, 250_000) == 0


@given(
    delivered=st.dictionaries(st.integers(1, 40), st.integers(-(10**6), 10**6), max_size=30),
    price=st.integers(0, 2_000_000),
    members=st.integers(1, 7),
)
def test_what_members_get_is_what_the_cooperative_owes(
    delivered: dict[int, int], price: int, members: int
) -> None:
    member_of = {site: site % members for site in delivered}
    found = incentives_of(delivered, member_of, price)
    assert sum(found.of_member.values()) == sum(found.of_site.values()) == found.total
    assert all(minor >= 0 for minor in found.of_member.values())
    for site, minor in found.of_site.items():
        assert abs(minor - Decimal(max(delivered[site], 0)) * price / 10_000_000) <= Decimal("0.5")
