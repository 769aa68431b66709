"""What a kW of peak costs by a tariff's demand charges."""

from decimal import Decimal

from billing.domain.pricing.parts import Demand, Period, Standing, Tier
from billing.domain.pricing.peak_price import peak_price_per_kw

SUMMER = Period("summer", (Tier(Decimal("3.5")),))
WINTER = Period("winter", (Tier(Decimal(5), Decimal(100), "kw"), Tier(Decimal("7.25"))))


def test_a_flat_charge_is_that_of_its_month_and_of_the_dearest_step() -> None:
    months = (1, 1, 1, 0, 0, 0, 0, 0, 0, 1, 1, 1)
    demand = Demand((SUMMER, WINTER), months)
    assert peak_price_per_kw((Standing(Decimal(1), "day"), demand), 7) == Decimal("3.5")
    assert peak_price_per_kw((demand,), 1) == Decimal("7.25")


def test_charges_add_up_and_none_is_none() -> None:
    assert peak_price_per_kw((Demand((SUMMER,)), Demand((WINTER,))), 5) == Decimal("10.75")
    assert peak_price_per_kw((Standing(Decimal(1), "day"),), 5) is None
