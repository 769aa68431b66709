"""Tariffs that use every kind of part, for the tests of engine and format."""

from decimal import Decimal

from billing.domain.pricing.parts import (
    Capacity,
    Demand,
    Discount,
    Energy,
    Export,
    Incentive,
    Levy,
    Local,
    Minimum,
    Part,
    PeakMultiplier,
    Period,
    PricedTariff,
    Reactive,
    Spot,
    Standing,
    Tier,
    Vat,
)
from billing.domain.pricing.windows import WEEKDAYS, Schedule, Window

EVENING = Schedule((Window(1, 17 * 60, 21 * 60, WEEKDAYS), Window(2, 0, 6 * 60, months=(1, 2, 12))))


def tiers(*prices: str, limits: tuple[str, ...] = (), unit: str = "month") -> tuple[Tier, ...]:
    """Tiers with limits, the last without."""
    ends = [Decimal(limit) for limit in limits] + [None] * (len(prices) - len(limits))
    return tuple(Tier(Decimal(p), end, unit) for p, end in zip(prices, ends, strict=True))  # type: ignore[arg-type]


ENERGY = Energy(
    (
        Period("day", tiers("0.30", "0.35", limits=("3.5",), unit="day")),
        Period("evening", tiers("0.40", "0.47", limits=("3.5",), unit="day")),
        Period("winter night", tiers("0.21", "0.25", limits=("3.5",), unit="day")),
    ),
    EVENING,
)
FLAT = Energy((Period("base", tiers("0.287654")),))
ALL_KINDS: tuple[Part, ...] = (
    Standing(Decimal("0.2345"), "day"),
    ENERGY,
    PeakMultiplier(Decimal("0.25"), (("evening", Decimal("1.2")), ("night", Decimal("0.8"))), EVENING),
    Spot("day ahead", Decimal("0.08"), Decimal("1.05"), Decimal("0.05"), Decimal("0.60")),
    Local("mid_market"),
    Local("discount", Decimal("0.8")),
    Demand((Period("all", tiers("4", "7", limits=("5",))),), months=(0,) * 12),
    Demand(
        (Period("off", tiers("0")), Period("on", tiers("9.5")), Period("low", tiers("1"))),
        schedule=EVENING,
        measure="mean_of_three",
        ratchet_percent=Decimal(80),
        ratchet_months=11,
        ratchet_of=(6, 7, 8),
    ),
    Capacity(((35, Decimal(9)), (63, Decimal(21)))),
    Reactive(Decimal("0.015"), Decimal("0.5")),
    Export("net_billing", (Period("all", tiers("0.08")),)),
    Export("net_metering", carry=False, year_end_price=Decimal("0.03")),
    Incentive(Decimal("0.02")),
    Incentive(Decimal("0.01"), "off_peak", EVENING),
    Levy("grid fund", Decimal("0.0051")),
    Levy("town", percent=Decimal("1.5"), on=("energy", "standing")),
    Discount("loyalty", percent=Decimal(2), on=("energy",)),
    Vat(Decimal("0.07"), on=("standing",)),
    Vat(Decimal("0.19"), "reverse_charge"),
    Minimum(Decimal(15), "month"),
)
WHOLE = PricedTariff(ALL_KINDS, "EUR")
