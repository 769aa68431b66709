"""An index from a file, and what stands in for it."""

from datetime import UTC, datetime
from decimal import Decimal

import numpy as np
import pytest

from billing.domain.pricing.energy_charges import spot_prices
from billing.domain.pricing.parts import Spot
from billing.domain.spot_index import CannotReadIndex, filled, prices_from_csv


def test_hours_hold_for_their_quarters_and_units_are_told_apart() -> None:
    found = prices_from_csv("time,price_per_mwh\n2026-03-01T00:00+01:00,80\n2026-03-01T01:00+01:00,-12.5\n")
    assert [p.price_micro for p in found] == [80_000] * 4 + [-12_500] * 4
    assert found[0].start_at == datetime(2026, 2, 28, 23, tzinfo=UTC)
    [single] = prices_from_csv("time,price_per_kwh\n2026-03-01T00:00Z,0.08\n")
    assert single.price_micro == 80_000


def test_the_hour_that_comes_twice_is_two_hours() -> None:
    rows = "2026-10-25T02:00+02:00,0.10\n2026-10-25T02:00+01:00,0.20\n"
    found = prices_from_csv(f"time,price_per_kwh\n{rows}")
    assert [p.price_micro for p in found] == [100_000] * 4 + [200_000] * 4


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("time,price\n2026-03-01T00:00Z,1\n", "price_per_kwh or price_per_mwh"),
        ("time,price_per_kwh\n", "price_per_kwh or price_per_mwh"),
        ("time,price_per_kwh\n2026-03-01T00:00,1\n", "Row 2, time: .* lacks its offset"),
        ("time,price_per_kwh\n2026-03-01T00:00Z,dear\n", "Row 2, price_per_kwh: 'dear' is no price"),
        ("time,price_per_kwh\n2026-03-01T00:00Z,NaN\n", "Row 2"),
        ("time,price_per_kwh\n2026-03-01T00:00Z,101\n", "above 100 per kWh"),
        ("time,price_per_kwh\n2026-03-01T00:07Z,1\n", "does not begin a quarter hour"),
        ("time,price_per_kwh\n2026-03-01T01:00Z,1\n2026-03-01T00:00Z,1\n", "Row 3, time: .* does not follow"),
    ],
)
def test_what_is_wrong_is_named_by_its_row(text: str, told: str) -> None:
    with pytest.raises(CannotReadIndex, match=told):
        prices_from_csv(text)


def test_gaps_take_the_same_time_of_the_day_before_or_the_fixed_price() -> None:
    spot = Spot("x", margin=Decimal("0.1"), fallback="day_before")
    found = filled([10, None, None], [7, 8, None], [0, 15, 30], [0, 15, 30], spot, 300_000)
    assert found.micro.tolist() == [10, 8, 200_000]
    assert found.substituted.tolist() == [False, True, True]
    fixed = filled([10, None], [7, 8], [0, 15], [0, 15], Spot("x", margin=Decimal("0.1"), fallback="fixed"), 300_000)
    assert fixed.micro.tolist() == [10, 200_000]


def test_state_scales_the_index_before_the_margin_and_bounds_hold_the_sum() -> None:
    spot = Spot("x", Decimal("0.10"), Decimal("1.5"), Decimal("0.05"), Decimal("0.40"))
    prices = spot_prices(spot, np.array([100_000, 100_000, -200_000, 900_000]), np.array([1.0, 0.5, 1.0, 1.0]))
    assert prices.tolist() == [250_000, 175_000, 50_000, 400_000]
