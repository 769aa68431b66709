"""What a kW of the month's highest import costs by a tariff: what a plan that holds peaks down counts with."""

from collections.abc import Sequence
from decimal import Decimal

from billing.domain.pricing.parts import Demand, Part


def peak_price_per_kw(parts: Sequence[Part], month: int) -> Decimal | None:
    """The price of one more kW in a calendar month (1 to 12), all demand charges together; None where power is not charged.

    Of a charge in steps it is the dearest step's, of one by time of use the dearest time's: a plan knows one peak, and had better
    hold it down too far than not far enough.
    """
    prices = [_dearest(part, month) for part in parts if isinstance(part, Demand)]
    return sum(prices, Decimal(0)) if prices else None


def _dearest(part: Demand, month: int) -> Decimal:
    periods = part.periods if not part.months else (part.periods[part.months[month - 1]],)
    return max(tier.price for period in periods for tier in period.tiers)
