"""Tariff parts from JSON, checked field by field; what is wrong is named by its place, as `parts[2].periods[0].tiers[1].price`."""

import re
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from decimal import Decimal, InvalidOperation
from typing import Any, Literal, get_args, get_origin, get_type_hints

from billing.domain.pricing.faults import CannotReadParts, Fault, all_read
from billing.domain.pricing.money import MOST_DECIMALS, is_too_fine
from billing.domain.pricing.parts import FORMAT, KINDS, Part, Period, PricedTariff, Tier, TierUnit
from billing.domain.pricing.windows import DAY_MINUTES, DAYS, MONTHS, Schedule, Window

TIME = re.compile(r"(\d{1,2}):(\d{2})")
MOST_PARTS, MOST_ITEMS = 60, 2000
LARGEST = Decimal("1e12")
MISSING_VALUE = "Is empty; fill it in."
TIER_UNITS = get_args(TierUnit)
WINDOW_KEYS = ("period", "from", "to", "days", "months")
NOT_NEGATIVE = frozenset({"up_to", "ratchet_percent", "free_share", "rate", "amount", "surplus_factor", "scarce_factor"})


def tariff_from_json(given: Any) -> PricedTariff:
    """The tariff that a JSON object `{format, currency, parts}` describes.

    Raises:
        CannotReadParts: a field is missing, unknown or wrong, or parts contradict each other.
    """
    _check_keys(given, ("format", "currency", "parts"), "the tariff")
    if given.get("format") != FORMAT:
        raise CannotReadParts.at("format", f"'{_quoted(given.get('format'))}' is not the format that this program reads; write {FORMAT}.")
    currency = given.get("currency", "EUR")
    if not isinstance(currency, str) or not re.fullmatch(r"[A-Z]{3}", currency):
        raise CannotReadParts.at("currency", "Must be three capital letters, as EUR.")
    return PricedTariff(parts_from_json(given.get("parts")), currency)


def parts_from_json(given: Any, where: str = "parts") -> tuple[Part, ...]:
    """The parts of a JSON list.

    Raises:
        CannotReadParts: as `tariff_from_json`.
    """
    return all_read(_items(given, where, MOST_PARTS), _part)


def _part(given: Any, where: str) -> Part:
    if not isinstance(given, Mapping) or str(given.get("kind")) not in KINDS:
        raise CannotReadParts.at(f"{where}.kind", f"Is no kind of charge; choose one of {', '.join(KINDS)}.")
    kind = KINDS[given["kind"]]
    known = {field.name: field for field in fields(kind)}
    _check_keys(given, ("kind", *known), where)
    hints = get_type_hints(kind)
    needed = [name for name, field in known.items() if field.default is MISSING and field.default_factory is MISSING]
    written = [((name, name in given, given.get(name)), f"{where}.{name}") for name in known if name in given or name in needed]

    def field_value(field: tuple[str, bool, Any], place: str) -> tuple[str, Any]:
        name, is_there, value = field
        if not is_there:
            raise CannotReadParts.at(place, MISSING_VALUE)
        return name, _value(value, hints[name], name, place)

    part: Part = kind(**dict(all_read(written, field_value)))
    _check_periods(part, where)
    return part


def _value(given: Any, hint: Any, name: str, where: str) -> Any:
    """One field by its type, or by its name where the type does not say enough."""
    if name in READERS:
        return READERS[name](given, where)
    if get_origin(hint) is Literal:
        return _choice(given, get_args(hint), where)
    if hint is Decimal or Decimal in get_args(hint):
        if given is None and type(None) in get_args(hint):
            return None
        return _decimal(given, where, name in NOT_NEGATIVE)
    if hint is bool and type(given) is not bool:
        raise CannotReadParts.at(where, "Must be true or false.")
    if hint is int and (type(given) is not int or not 0 <= given <= 24):
        raise CannotReadParts.at(where, "Must be a whole number of months, 0 to 24.")
    return given if hint is bool or hint is int else _text(given, where)


def _quoted(given: Any) -> str:
    """What was written, short enough to be told."""
    return str(given).strip()[:40]


def _choice(given: Any, known: tuple[str, ...], where: str) -> str:
    if not isinstance(given, str) or given not in known:
        raise CannotReadParts.at(where, f"'{_quoted(given)}' is not known; choose one of {', '.join(known)}.")
    return given


def _decimal(given: Any, where: str, not_negative: bool = False) -> Decimal:
    if given is None or (isinstance(given, str) and not given.strip()):
        raise CannotReadParts.at(where, MISSING_VALUE)
    if isinstance(given, bool) or not isinstance(given, str | int | float | Decimal):
        raise CannotReadParts.at(where, "Must be a number, best written as text.")
    try:
        number = Decimal(str(given))
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise CannotReadParts.at(where, f"'{_quoted(given)}' is not a number; write it as 0.28.")
    if not_negative and number < 0:
        raise CannotReadParts.at(where, f"'{_quoted(given)}' is below zero; write 0 or more.")
    if is_too_fine(number):
        raise CannotReadParts.at(where, f"Has more than {MOST_DECIMALS} decimals; round it.")
    if number.copy_abs() >= LARGEST:
        raise CannotReadParts.at(where, f"'{_quoted(given)}' is larger than any price; check the decimal point.")
    return number


def _text(given: Any, where: str) -> str:
    if isinstance(given, str) and not given.strip():
        raise CannotReadParts.at(where, MISSING_VALUE)
    if not isinstance(given, str) or len(given) > 40:
        raise CannotReadParts.at(where, "Must be a text of 1 to 40 characters.")
    return given


def _texts(given: Any, where: str) -> tuple[str, ...]:
    return all_read(_items(given, where, 20), _text)


def _periods(given: Any, where: str) -> tuple[Period, ...]:
    return all_read(_items(given, where, 100), _period)


def _period(given: Any, where: str) -> Period:
    _check_keys(given, ("name", "tiers"), where)
    tiers, name = f"{where}.tiers", f"{where}.name"
    if isinstance(given.get("tiers"), list | tuple) and not given["tiers"]:
        raise CannotReadParts.at(tiers, "There is no price; give at least one.")
    read: tuple[Any, ...] = all_read(
        ((given.get("name"), name), (given.get("tiers"), tiers)),
        lambda value, place: _text(value, place) if place == name else all_read(_items(value, place, 50), _tier),
    )
    return Period(*read)


def _tier(given: Any, where: str) -> Tier:
    _check_keys(given, ("price", "up_to", "unit"), where)
    limit = given.get("up_to")
    price, up_to = all_read(
        ((given.get("price"), f"{where}.price"), (0 if limit is None else limit, f"{where}.up_to")),
        lambda value, place: _decimal(value, place, place.endswith(".up_to")),
    )
    unit: Any = _choice(given.get("unit", "month"), TIER_UNITS, f"{where}.unit")
    return Tier(price, None if limit is None else up_to, unit)


def _schedule(given: Any, where: str) -> Schedule:
    return Schedule(all_read(_items(given, where, MOST_ITEMS), _window))


def _window(given: Any, where: str) -> Window:
    _check_keys(given, WINDOW_KEYS, where)
    period = given.get("period")
    if type(period) is not int or period < 0:
        raise CannotReadParts.at(f"{where}.period", "Must be the number of a period, from 0.")
    start, end = all_read(((given.get(name), f"{where}.{name}") for name in ("from", "to")), _minute)
    if end <= start:
        raise CannotReadParts.at(f"{where}.to", "Must be later than the beginning; split a window that passes midnight.")
    days = _some(given.get("days", DAYS), DAYS, f"{where}.days")
    return Window(period, start, end, days, _some(given.get("months", MONTHS), MONTHS, f"{where}.months"))


def _some(given: Any, known: tuple[Any, ...], where: str) -> tuple[Any, ...]:
    """At least one of what there is."""
    chosen = tuple(given) if isinstance(given, list | tuple) else ()
    if not chosen or any(type(one) is not type(known[0]) or one not in known for one in chosen):
        raise CannotReadParts.at(where, f"Must be some of {', '.join(str(one) for one in known)}.")
    return chosen


def _minute(given: Any, where: str) -> int:
    found = TIME.fullmatch(given) if isinstance(given, str) else None
    minute = int(found[1]) * 60 + int(found[2]) if found and int(found[2]) < 60 else None
    if minute is None or minute > DAY_MINUTES:
        raise CannotReadParts.at(where, "Must be a time of day, as 17:00; 24:00 is the day's end.")
    return minute


def _multipliers(given: Any, where: str) -> tuple[tuple[str, Decimal], ...]:
    return all_read(_items(given, where, 100), _multiplier)


def _multiplier(given: Any, where: str) -> tuple[str, Decimal]:
    _check_keys(given, ("name", "times"), where)
    return _text(given.get("name"), f"{where}.name"), _decimal(given.get("times"), f"{where}.times", True)


def _steps(given: Any, where: str) -> tuple[tuple[int, Decimal], ...]:
    steps = all_read(_items(given, where, 50), _step)
    if not steps:
        raise CannotReadParts.at(where, "There is no step; give at least one.")
    for place, (size, _) in enumerate(steps[1:], start=1):
        if size <= steps[place - 1][0]:
            raise CannotReadParts.at(
                f"{where}[{place}].fuse_a", f"{size} A is not above the {steps[place - 1][0]} A of the step before; let the steps rise."
            )
    return steps


def _step(given: Any, where: str) -> tuple[int, Decimal]:
    _check_keys(given, ("fuse_a", "amount"), where)
    size, amount = all_read(
        ((given.get("fuse_a"), f"{where}.fuse_a"), (given.get("amount"), f"{where}.amount")),
        lambda value, place: _amperes(value, place) if place.endswith(".fuse_a") else _decimal(value, place, True),
    )
    return int(size), Decimal(amount)


def _amperes(given: Any, where: str) -> int:
    if type(given) is not int or given <= 0:
        raise CannotReadParts.at(where, "Must be whole amperes above 0, as 35.")
    return given


def _month_periods(given: Any, where: str) -> tuple[int, ...]:
    found = tuple(item for item, _ in _items(given, where, 12))
    if found and (len(found) != 12 or any(type(period) is not int or period < 0 for period in found)):
        raise CannotReadParts.at(where, "Must be 12 numbers of periods, one for each month, or empty.")
    return found


def _calendar_months(given: Any, where: str) -> tuple[int, ...]:
    found = tuple(item for item, _ in _items(given, where, 12))
    if any(type(month) is not int or month not in MONTHS for month in found) or len(set(found)) != len(found):
        raise CannotReadParts.at(where, "Must be some of 1 to 12, each once.")
    return found


def _items(given: Any, where: str, most: int) -> list[tuple[Any, str]]:
    if not isinstance(given, list | tuple) or len(given) > most:
        raise CannotReadParts.at(where, f"Must be a list of at most {most}.")
    return [(item, f"{where}[{place}]") for place, item in enumerate(given)]


def _check_keys(given: Any, known: tuple[str, ...], where: str) -> None:
    if not isinstance(given, Mapping):
        raise CannotReadParts.at(where, f"Must be an object with {', '.join(known)}.")
    unknown = [str(key)[:40] for key in given if key not in known]
    if unknown:
        raise CannotReadParts(*(Fault(f"{where}.{key}", f"Is not known; there are {', '.join(known)}.") for key in unknown))


def _check_periods(part: Part, where: str) -> None:
    """Every period that a schedule or a month names must be there, and energy and power have at least one."""
    held = getattr(part, "periods", ())
    count = len(held) if held or not hasattr(part, "multipliers") else 1 + len(part.multipliers)
    schedule = getattr(part, "schedule", Schedule())
    named = [window.period for window in schedule.windows] + list(getattr(part, "months", ()))
    if (hasattr(part, "periods") or hasattr(part, "multipliers")) and named and max(named) >= max(count, 1):
        raise CannotReadParts.at(where, f"Its hours or months name period {max(named)}, but the last period is {max(count, 1) - 1}.")
    if part.__class__.__name__ in ("Energy", "Demand") and not held:
        raise CannotReadParts.at(f"{where}.periods", "There is no period; give at least one.")


READERS: dict[str, Callable[[Any, str], Any]] = {
    "periods": _periods,
    "schedule": _schedule,
    "multipliers": _multipliers,
    "steps": _steps,
    "months": _month_periods,
    "ratchet_of": _calendar_months,
    "on": _texts,
}
