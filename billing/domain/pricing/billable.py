"""Which parts a bill of the cooperative can hold beside its prices; a what-if takes all."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from billing.domain.pricing.faults import CannotBillPart, Fault
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

BILLABLE = (Energy, Spot, Standing, Demand, Capacity, Reactive, Export, Incentive, Local, Levy, Discount, Minimum, PeakMultiplier, Vat)
BILLABLE_KINDS = tuple(KIND_OF[kind] for kind in BILLABLE)
LONGEST_NAME = 28
MICRO = Decimal("0.000001")
MOST_DECIMALS = "Has more than six decimals; round it."
ONCE: tuple[tuple[Any, str], ...] = (
    ((Energy, PeakMultiplier, Spot), "Energy has a price already; remove one of the two."),
    (Export, "What is fed in has its rule already; remove one of the two."),
    (Local, "Energy from neighbours has a price already; remove one of the two."),
)


def check_billable(parts: Sequence[Part]) -> None:
    """Raises CannotBillPart where a bill could not hold some of the parts."""
    faults = [fault for place, part in enumerate(parts) for fault in _faults(part, f"parts[{place}]")]
    faults += [
        Fault(f"parts[{place}]", what)
        for kinds, what in ONCE
        for place in [place for place, part in enumerate(parts) if isinstance(part, kinds)][1:]
    ]
    if any(isinstance(part, Spot) for part in parts):
        faults += [
            Fault(f"parts[{place}].rule", "kWh of different prices an hour cannot be set off against each other; pay for what is fed in.")
            for place, part in enumerate(parts)
            if isinstance(part, Export) and part.rule == "net_metering"
        ]
    if faults:
        raise CannotBillPart(*faults)


def _faults(part: Part, where: str) -> Iterator[Fault]:
    if not isinstance(part, BILLABLE):
        yield Fault(where, f"Cannot be billed here: there are {', '.join(BILLABLE_KINDS)}.")
    if isinstance(part, Export) and part.rule != "net_metering" and not part.periods:
        yield Fault(f"{where}.periods", "There is no price; say what is paid for energy fed in.")
    if isinstance(part, Local) and part.rule not in ("mid_market", "discount"):
        yield Fault(f"{where}.rule", "The price between neighbours is the microgrid's sharing rule; choose mid_market or discount.")
    if isinstance(part, Energy | Demand | Export):
        yield from _period_faults(part.periods, where)
    if isinstance(part, Levy | Incentive | Reactive) and part.price != part.price.quantize(MICRO):
        yield Fault(f"{where}.price", MOST_DECIMALS)


def _period_faults(periods: Sequence[Period], where: str) -> Iterator[Fault]:
    for number, period in enumerate(periods):
        if len(period.name) > LONGEST_NAME:
            yield Fault(f"{where}.periods[{number}].name", f"Is longer than {LONGEST_NAME} characters; a line of the bill holds no more.")
        for step, tier in enumerate(period.tiers):
            if tier.price != tier.price.quantize(MICRO):
                yield Fault(f"{where}.periods[{number}].tiers[{step}].price", MOST_DECIMALS)
