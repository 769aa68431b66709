"""Tariff parts from JSON, checked field by field; what is wrong is named by its place, as `parts[2].periods[0].tiers[1].price`."""

import re
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from decimal import Decimal, InvalidOperation
from typing import Any, Literal, get_args, get_origin, get_type_hints

from billing.domain.pricing.parts import FORMAT, KINDS, Part, Period, PricedTariff, Tier, TierUnit
from billing.domain.pricing.windows import DAY_MINUTES, DAYS, MONTHS, Schedule, Window

TIME = re.compile(r"(\d{1,2}):(\d{2})")
MOST_PARTS, MOST_ITEMS = 60, 2000
TIER_UNITS = get_args(TierUnit)
WINDOW_KEYS = ("period", "from", "to", "days", "months")
NOT_NEGATIVE = frozenset(
    {"up_to", "ratchet_percent", "free_share", "rate", "amount", "surplus_factor", "scarce_factor"}
)


class CannotReadParts(ValueError):
    """The JSON holds no tariff; the message names the place and the mending step."""


def tariff_from_json(given: Any) -> PricedTariff:
    """The tariff that a JSON object `{format, currency, parts}` describes.

    Raises:
        CannotReadParts: a field is missing, unknown or wrong, or parts contradict each other.
    """
    _check_keys(given, ("format", "currency", "parts"), "the tariff")
    if given.get("format") != FORMAT:
        raise CannotReadParts(f"format: is {given.get('format')!r}; this program reads format {FORMAT}")
    currency = given.get("currency", "EUR")
    if not isinstance(currency, str) or not re.fullmatch(r"[A-Z]{3}", currency):
        raise CannotReadParts("currency: must be three capital letters, as EUR")
    return PricedTariff(parts_from_json(given.get("parts")), currency)


def parts_from_json(given: Any, where: str = "parts") -> tuple[Part, ...]:
    """The parts of a JSON list.

    Raises:
        CannotReadParts: as `tariff_from_json`.
    """
    return tuple(_part(part, place) for part, place in _items(given, where, MOST_PARTS))


def _part(given: Any, where: str) -> Part:
    if not isinstance(given, Mapping) or given.get("kind") not in KINDS:
        raise CannotReadParts(f"{where}.kind: must be one of {', '.join(KINDS)}")
    kind = KINDS[given["kind"]]
    hints = get_type_hints(kind)
    known = {field.name: field for field in fields(kind)}
    _check_keys(given, ("kind", *known), where)
    values = {}
    for name, field in known.items():
        if name in given:
            values[name] = _value(given[name], hints[name], name, f"{where}.{name}")
        elif field.default is MISSING and field.default_factory is MISSING:
            raise CannotReadParts(f"{where}.{name}: is missing")
    part: Part = kind(**values)
    _check_periods(part, where)
    return part


def _value(given: Any, hint: Any, name: str, where: str) -> Any:
    """One field by its type, or by its name where the type does not say enough."""
    if name in READERS:
        return READERS[name](given, where)
    if get_origin(hint) is Literal:
        if given not in get_args(hint):
            raise CannotReadParts(f"{where}: is {given!r}; must be one of {', '.join(get_args(hint))}")
        return given
    if hint is Decimal or Decimal in get_args(hint):
        if given is None and type(None) in get_args(hint):
            return None
        return _decimal(given, where, name in NOT_NEGATIVE)
    if hint is bool or hint is int:
        if type(given) is not hint or (hint is int and not 0 <= given <= 24):
            raise CannotReadParts(
                f"{where}: must be {'true or false' if hint is bool else 'a number of months, 0 to 24'}"
            )
        return given
    return _text(given, where)


def _decimal(given: Any, where: str, not_negative: bool = False) -> Decimal:
    if isinstance(given, bool) or not isinstance(given, str | int | float | Decimal):
        raise CannotReadParts(f"{where}: must be a number, best written as text")
    try:
        number = Decimal(str(given))
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or abs(number) >= Decimal("1e12") or (not_negative and number < 0):
        raise CannotReadParts(
            f"{where}: is {given!r}; must be a number{', 0 or more' if not_negative else ''}"
        )
    return number


def _text(given: Any, where: str) -> str:
    if not isinstance(given, str) or not 1 <= len(given) <= 40:
        raise CannotReadParts(f"{where}: must be a text of 1 to 40 characters")
    return given


def _texts(given: Any, where: str) -> tuple[str, ...]:
    return tuple(_text(item, place) for item, place in _items(given, where, 20))


def _periods(given: Any, where: str) -> tuple[Period, ...]:
    periods = []
    for item, place in _items(given, where, 100):
        _check_keys(item, ("name", "tiers"), place)
        tiers = tuple(_tier(tier, at) for tier, at in _items(item.get("tiers"), f"{place}.tiers", 50))
        if not tiers:
            raise CannotReadParts(f"{place}.tiers: is empty; give at least one price")
        periods.append(Period(_text(item.get("name"), f"{place}.name"), tiers))
    return tuple(periods)


def _tier(given: Any, where: str) -> Tier:
    _check_keys(given, ("price", "up_to", "unit"), where)
    if "price" not in given:
        raise CannotReadParts(f"{where}.price: is missing")
    limit = given.get("up_to")
    unit = given.get("unit", "month")
    if unit not in TIER_UNITS:
        raise CannotReadParts(f"{where}.unit: is {unit!r}; must be one of {', '.join(TIER_UNITS)}")
    up_to = None if limit is None else _decimal(limit, f"{where}.up_to", True)
    return Tier(_decimal(given["price"], f"{where}.price"), up_to, unit)


def _schedule(given: Any, where: str) -> Schedule:
    return Schedule(tuple(_window(item, place) for item, place in _items(given, where, MOST_ITEMS)))


def _window(given: Any, where: str) -> Window:
    _check_keys(given, WINDOW_KEYS, where)
    period = given.get("period")
    if type(period) is not int or period < 0:
        raise CannotReadParts(f"{where}.period: must be the number of a period, from 0")
    start, end = (_minute(given.get(name), f"{where}.{name}") for name in ("from", "to"))
    if end <= start:
        raise CannotReadParts(f"{where}.to: must be later than from; split a window that passes midnight")
    days = tuple(given.get("days", DAYS)) if isinstance(given.get("days", DAYS), list | tuple) else ()
    months = (
        tuple(given.get("months", MONTHS)) if isinstance(given.get("months", MONTHS), list | tuple) else ()
    )
    if not days or any(day not in DAYS for day in days):
        raise CannotReadParts(f"{where}.days: must be some of {', '.join(DAYS)}")
    if not months or any(type(month) is not int or month not in MONTHS for month in months):
        raise CannotReadParts(f"{where}.months: must be some of 1 to 12")
    return Window(period, start, end, days, months)


def _minute(given: Any, where: str) -> int:
    found = TIME.fullmatch(given) if isinstance(given, str) else None
    minute = int(found[1]) * 60 + int(found[2]) if found and int(found[2]) < 60 else None
    if minute is None or minute > DAY_MINUTES:
        raise CannotReadParts(f"{where}: must be a time of day as 17:00; 24:00 is the day's end")
    return minute


def _multipliers(given: Any, where: str) -> tuple[tuple[str, Decimal], ...]:
    pairs = []
    for item, place in _items(given, where, 100):
        _check_keys(item, ("name", "times"), place)
        pairs.append(
            (_text(item.get("name"), f"{place}.name"), _decimal(item.get("times"), f"{place}.times", True))
        )
    return tuple(pairs)


def _steps(given: Any, where: str) -> tuple[tuple[int, Decimal], ...]:
    steps = []
    for item, place in _items(given, where, 50):
        _check_keys(item, ("fuse_a", "amount"), place)
        if type(item.get("fuse_a")) is not int or item["fuse_a"] <= 0:
            raise CannotReadParts(f"{place}.fuse_a: must be whole amperes above 0")
        steps.append((item["fuse_a"], _decimal(item.get("amount"), f"{place}.amount", True)))
    if not steps or [size for size, _ in steps] != sorted({size for size, _ in steps}):
        raise CannotReadParts(f"{where}: must be steps of rising fuses")
    return tuple(steps)


def _month_periods(given: Any, where: str) -> tuple[int, ...]:
    found = tuple(item for item, _ in _items(given, where, 12))
    if found and (len(found) != 12 or any(type(period) is not int or period < 0 for period in found)):
        raise CannotReadParts(f"{where}: must be 12 numbers of periods, or empty")
    return found


def _calendar_months(given: Any, where: str) -> tuple[int, ...]:
    found = tuple(item for item, _ in _items(given, where, 12))
    if any(type(month) is not int or month not in MONTHS for month in found) or len(set(found)) != len(found):
        raise CannotReadParts(f"{where}: must be some of 1 to 12, each once")
    return found


def _items(given: Any, where: str, most: int) -> list[tuple[Any, str]]:
    if not isinstance(given, list | tuple) or len(given) > most:
        raise CannotReadParts(f"{where}: must be a list of at most {most}")
    return [(item, f"{where}[{place}]") for place, item in enumerate(given)]


def _check_keys(given: Any, known: tuple[str, ...], where: str) -> None:
    if not isinstance(given, Mapping):
        raise CannotReadParts(f"{where}: must be an object with {', '.join(known)}")
    unknown = next((key for key in given if key not in known), None)
    if unknown is not None:
        raise CannotReadParts(f"{where}.{unknown}: is not known; there are {', '.join(known)}")


def _check_periods(part: Part, where: str) -> None:
    """Every period that a schedule or a month names must be there, and only tiers of energy go with the month's days or peak."""
    held = getattr(part, "periods", ())
    count = len(held) if held or not hasattr(part, "multipliers") else 1 + len(part.multipliers)
    schedule = getattr(part, "schedule", Schedule())
    named = [window.period for window in schedule.windows] + list(getattr(part, "months", ()))
    if (hasattr(part, "periods") or hasattr(part, "multipliers")) and named and max(named) >= max(count, 1):
        raise CannotReadParts(f"{where}: names period {max(named)}, but has {count}")
    if part.__class__.__name__ in ("Energy", "Demand") and not held:
        raise CannotReadParts(f"{where}.periods: is empty; give at least one")


READERS: dict[str, Callable[[Any, str], Any]] = {
    "periods": _periods, "schedule": _schedule, "multipliers": _multipliers, "steps": _steps, "months": _month_periods,
    "ratchet_of": _calendar_months, "on": _texts,
}  # fmt: skip
