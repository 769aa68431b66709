"""Money in minor units, prices as Decimal, rounding by named modes."""

from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal

PRICE_STEP = Decimal("0.000001")
MICRO = 1_000_000


def round_half_away(amount_minor: Decimal) -> int:
    """Round an amount in minor units to a whole one, half away from zero: the one rounding of a bill line."""
    return int(amount_minor.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def quantise_price(price_per_kwh: Decimal) -> Decimal:
    """Return a published price: six decimals of a currency unit per kWh, half even."""
    return price_per_kwh.quantize(PRICE_STEP, rounding=ROUND_HALF_EVEN)


def price_micro(price_per_kwh: Decimal) -> int:
    """Return a published price as whole millionths of a currency unit per kWh."""
    return int(quantise_price(price_per_kwh) * MICRO)


def price_from_micro(micro_per_kwh: int) -> Decimal:
    """Return millionths of a currency unit per kWh as a price."""
    return Decimal(micro_per_kwh) / MICRO


def minor_from_wh_micro(wh_micro: int, minor_per_unit: int = 100) -> Decimal:
    """Return the exact amount in minor units of a sum of `Wh x millionths per kWh`."""
    return Decimal(wh_micro) * minor_per_unit / (MICRO * 1000)


def format_minor(amount_minor: int, currency: str) -> str:
    """Return an amount for people, for example `1,234.50 EUR`."""
    return f"{Decimal(amount_minor) / 100:,.2f} {currency}"
