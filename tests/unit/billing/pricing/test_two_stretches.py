"""A tariff over two stretches of a month is the tariff over the whole: to the Wh, and to the rounding of each line once more."""

from datetime import date, timedelta
from decimal import Decimal

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from billing.domain.pricing.axis import axis_of_days
from billing.domain.pricing.engine import rate
from billing.domain.pricing.metered import Metered, PriceSeries
from billing.domain.pricing.parts import (
    Capacity,
    Discount,
    Energy,
    Export,
    Incentive,
    Levy,
    Local,
    PeakMultiplier,
    Period,
    PricedTariff,
    Spot,
    Standing,
)
from billing.domain.pricing.windows import Schedule, Window
from kernel.intervals import LocalDay, zone
from tests.unit.billing.pricing.tariff_samples import EVENING, tiers

MONTH = [LocalDay(date(2026, 3, 1) + timedelta(days=i), zone("Europe/Berlin"), 15) for i in range(31)]
OFFSETS = np.concatenate([[0], np.cumsum([day.interval_count for day in MONTH])])
HOLIDAYS = (date(2026, 3, 19),)
# Every kind of part that knows no threshold: those that do (tiers, demand, free reactive energy, minimum) are counted by the days of each stretch.
EACH_WH = (
    Energy(
        (Period("day", tiers("0.287655")), Period("evening", tiers("-0.0371")), Period("holiday", tiers("0.19"))),
        Schedule((Window(2, 0, 1440, frozenset({"holiday"})), *EVENING.windows[:1])),
    ),
    PeakMultiplier(Decimal("0.051"), (("evening", Decimal("1.25")), ("night", Decimal("0.8"))), EVENING),
    Spot("index", Decimal("0.0123"), Decimal("1.07"), Decimal("-0.05"), Decimal("0.4")),
    Local("mid_market"),
    Incentive(Decimal("0.0177")),
    Export("feed_in", (Period("all", tiers("0.0813")),)),
    Levy("grid", Decimal("0.00713")),
)
BY_TIME = (
    Standing(Decimal("0.2345"), "day"),
    Standing(Decimal("7.77"), "month"),
    Standing(Decimal("99.99"), "year"),
    Capacity(((35, Decimal("9.13")), (63, Decimal(21)))),
    Discount("loyal", amount_per_month=Decimal("3.33")),
)


@settings(max_examples=10)
@given(st.integers(0, 2**32 - 1), st.integers(1, 30))
def test_two_stretches_are_the_month(seed: int, cut: int) -> None:
    chance, shape = np.random.default_rng(seed), (3, int(OFFSETS[-1]))
    drawn, fed_in = chance.integers(0, 4000, shape), chance.integers(0, 3000, shape)
    drawn[0], fed_in[1] = 0, 0
    received = chance.integers(0, drawn + 1)
    prices = chance.integers(-90_000, 500_000, (2, shape[1]))

    def lines(first: int, after: int) -> dict[tuple[str, str], tuple[np.ndarray, np.ndarray]]:
        span = slice(int(OFFSETS[first]), int(OFFSETS[after]))
        axis = axis_of_days(MONTH[first:after], HOLIDAYS)
        metered = Metered(drawn[:, span], fed_in[:, span], received_wh=received[:, span], fuse_a=np.array([35, 63, 50]))
        series = PriceSeries(index_micro={"index": prices[0, span]}, local_micro=prices[1, span])
        found: dict[tuple[str, str], tuple[np.ndarray, np.ndarray]] = {}
        for part in (*EACH_WH, *BY_TIME):  # each alone, so that no line is on another's
            for place, line in enumerate(rate(PricedTariff((part,)), axis, metered, series=series).lines):
                key = (f"{type(part).__name__} {getattr(part, 'per', '')} {place if part in BY_TIME else ''}", line.name)
                quantity = line.quantity if line.quantity is not None else np.zeros_like(line.amount)
                known = found.get(key, (0, 0))
                found[key] = known[0] + quantity.sum(axis=1), known[1] + line.amount.sum(axis=1)
        return found

    whole, parts = lines(0, len(MONTH)), [lines(0, cut), lines(cut, len(MONTH))]
    nothing = np.zeros(3, dtype=np.int64), np.zeros(3, dtype=np.int64)
    for key in {*whole, *parts[0], *parts[1]}:
        (first_wh, first), (second_wh, second), (both_wh, both) = (x.get(key, nothing) for x in (*parts, whole))
        assert (first_wh + second_wh == both_wh).all(), key
        assert (np.abs(first + second - both) <= 1).all(), key  # three roundings of at most half a cent each
