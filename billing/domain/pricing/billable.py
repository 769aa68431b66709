"""Which parts a bill of the cooperative can hold beside its prices; a what-if takes all."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from billing.domain.pricing.parts import (
    KIND_OF,
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
    Reactive,
    Spot,
    Standing,
    Vat,
)

BILLABLE = (
    Energy, Spot, Standing, Demand, Capacity, Reactive, Export, Incentive, Local, Levy, Discount, Minimum, PeakMultiplier, Vat,
)  # fmt: skip
BILLABLE_KINDS = tuple(KIND_OF[kind] for kind in BILLABLE)
LONGEST_NAME = 28
MICRO = Decimal("0.000001")
ONCE: tuple[tuple[Any, str], ...] = (
    ((Energy, PeakMultiplier, Spot), "prices energy"), (Export, "says what is fed in"), (Local, "prices energy from neighbours"),
)  # fmt: skip


class CannotBillPart(ValueError):
    """A part is understood but cannot be billed; the message names it and why."""


def check_billable(parts: Sequence[Part]) -> None:
    """Raises CannotBillPart where a bill could not hold one of the parts."""
    for place, part in enumerate(parts):
        if not isinstance(part, BILLABLE):
            raise CannotBillPart(
                f"parts[{place}]: {KIND_OF[type(part)]} cannot be billed here: there are {', '.join(BILLABLE_KINDS)}"
            )
        if isinstance(part, Export | Local):
            _check_rule(part, f"parts[{place}]")
        if isinstance(part, Energy | Demand | Export):
            _check_periods(part.periods, f"parts[{place}]")
        if isinstance(part, Levy | Incentive | Reactive) and part.price != part.price.quantize(MICRO):
            raise CannotBillPart(f"parts[{place}].price: has more than six decimals")
    for kinds, what in ONCE:
        if sum(isinstance(part, kinds) for part in parts) > 1:
            raise CannotBillPart(f"parts: more than one {what}; give one")
    _check_netting(parts)


def _check_rule(part: Export | Local, where: str) -> None:
    if isinstance(part, Export) and part.rule != "net_metering" and not part.periods:
        raise CannotBillPart(f"{where}.periods: is empty; say what is paid for energy fed in")
    if isinstance(part, Local) and part.rule not in ("mid_market", "discount"):
        raise CannotBillPart(
            f"{where}.rule: the price between neighbours is the microgrid's sharing rule; choose mid_market or discount"
        )


def _check_netting(parts: Sequence[Part]) -> None:
    """Kilowatt-hours are set off by the periods of an energy part."""
    nets = any(isinstance(part, Export) and part.rule == "net_metering" for part in parts)
    if nets and any(isinstance(part, Spot) for part in parts):
        raise CannotBillPart(
            "parts: kWh of different prices an hour cannot be set off against each other; pay for what is fed in"
        )


def _check_periods(periods: Sequence[Period], where: str) -> None:
    for number, period in enumerate(periods):
        if len(period.name) > LONGEST_NAME:
            raise CannotBillPart(f"{where}.periods[{number}].name: is longer than {LONGEST_NAME} characters")
        if any(tier.price != tier.price.quantize(MICRO) for tier in period.tiers):
            raise CannotBillPart(f"{where}.periods[{number}]: a price has more than six decimals")
