"""Which parts a bill of the cooperative can hold beside its prices; a what-if takes all."""

from collections.abc import Sequence
from decimal import Decimal

from billing.domain.pricing.parts import KIND_OF, Demand, Discount, Energy, Levy, Minimum, Part, Period

BILLABLE = (Energy, Demand, Levy, Discount, Minimum)
LONGEST_NAME = 28
MICRO = Decimal("0.000001")


class CannotBillPart(ValueError):
    """A part is understood but cannot be billed; the message names it and why."""


def check_billable(parts: Sequence[Part]) -> None:
    """Raises CannotBillPart where a bill could not hold one of the parts."""
    for place, part in enumerate(parts):
        if not isinstance(part, BILLABLE):
            kinds = ", ".join(KIND_OF[kind] for kind in BILLABLE)
            raise CannotBillPart(
                f"parts[{place}]: {KIND_OF[type(part)]} cannot be billed here; there are {kinds}"
            )
        if isinstance(part, Demand) and (part.measure == "coincident" or part.ratchet_months):
            raise CannotBillPart(
                f"parts[{place}]: a bill knows its own month only; no ratchet, no coincident peak"
            )
        if isinstance(part, Minimum) and part.per == "year":
            raise CannotBillPart(
                f"parts[{place}]: a bill knows its own month only; give the minimum per month or day"
            )
        if isinstance(part, Energy | Demand):
            _check_periods(part.periods, f"parts[{place}]")
        if isinstance(part, Levy) and part.price != part.price.quantize(MICRO):
            raise CannotBillPart(f"parts[{place}].price: has more than six decimals")
    if sum(isinstance(part, Energy) for part in parts) > 1:
        raise CannotBillPart("parts: more than one prices energy; give one")


def _check_periods(periods: Sequence[Period], where: str) -> None:
    for number, period in enumerate(periods):
        if len(period.name) > LONGEST_NAME:
            raise CannotBillPart(f"{where}.periods[{number}].name: is longer than {LONGEST_NAME} characters")
        if any(tier.price != tier.price.quantize(MICRO) for tier in period.tiers):
            raise CannotBillPart(f"{where}.periods[{number}]: a price has more than six decimals")
