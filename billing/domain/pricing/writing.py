"""Tariff parts as JSON, in the form that `reading` takes; fields at their defaults are left out, numbers are texts."""

from dataclasses import MISSING, fields
from decimal import Decimal
from typing import Any

from billing.domain.pricing.parts import FORMAT, KIND_OF, Part, Period, PricedTariff, Tier
from billing.domain.pricing.windows import DAYS, MONTHS, Schedule, Window


def tariff_as_json(tariff: PricedTariff) -> dict[str, Any]:
    """The tariff as a JSON object."""
    return {"format": FORMAT, "currency": tariff.currency, "parts": parts_as_json(tariff.parts)}


def parts_as_json(parts: tuple[Part, ...]) -> list[dict[str, Any]]:
    """Parts as a JSON list."""
    return [{"kind": KIND_OF[type(part)], **_changed(part)} for part in parts]


def _changed(part: Part) -> dict[str, Any]:
    found = {}
    for field in fields(part):
        value = getattr(part, field.name)
        default = field.default_factory() if field.default_factory is not MISSING else field.default
        if value != default:
            found[field.name] = _written(value, field.name)
    return found


def _written(value: Any, name: str) -> Any:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, Schedule):
        return [_window(window) for window in value.windows]
    if name == "periods":
        return [_period(period) for period in value]
    if name == "multipliers":
        return [{"name": label, "times": str(times)} for label, times in value]
    if name == "steps":
        return [{"fuse_a": size, "amount": str(amount)} for size, amount in value]
    return list(value) if isinstance(value, tuple) else value


def _period(period: Period) -> dict[str, Any]:
    return {"name": period.name, "tiers": [_tier(tier) for tier in period.tiers]}


def _tier(tier: Tier) -> dict[str, Any]:
    found: dict[str, Any] = {"price": str(tier.price)}
    if tier.up_to is not None:
        found["up_to"] = str(tier.up_to)
    if tier.unit != "month":
        found["unit"] = tier.unit
    return found


def _window(window: Window) -> dict[str, Any]:
    found: dict[str, Any] = {"period": window.period, "from": _time(window.start_minute), "to": _time(window.end_minute)}
    if window.days != DAYS:
        found["days"] = list(window.days)
    if window.months != MONTHS:
        found["months"] = list(window.months)
    return found


def _time(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"
