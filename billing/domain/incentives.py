"""What flexibility is worth: measured Wh at the agreed price, rounded once."""

from collections.abc import Mapping
from decimal import Decimal

from kernel.money import minor_from_wh_micro, round_half_away


def credit_minor(exact_micro: int) -> int:
    """What a sum of `Wh x millionths per kWh` comes to, rounded once half away from zero; nothing is owed below zero."""
    exact: Decimal = minor_from_wh_micro(max(exact_micro, 0))
    return round_half_away(exact)


def incentive_minor(delivered_wh: int, price_micro_per_kwh: int) -> int:
    """What one site gets for an event; nothing is owed for having drawn more."""
    return credit_minor(max(delivered_wh, 0) * price_micro_per_kwh)


def incentives_of(delivered_wh: Mapping[int, int], price_micro_per_kwh: int) -> dict[int, int]:
    """All amounts of an event [minor units], by whoever delivered [Wh]."""
    return {of: incentive_minor(wh, price_micro_per_kwh) for of, wh in delivered_wh.items()}
