"""A case of sharing from a JSON file of anybody's, and its result as JSON. The format is described in docs/sharing.md."""

import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grid.domain.prices import PriceRule
from grid.domain.sharing.case import Book, CaseResult, ShareCase
from grid.domain.sharing.splitting import Whole, narrowed
from grid.domain.sharing.terms import KEYED, ShareRule

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
PRICES = ("retail_price_per_kwh", "feed_in_price_per_kwh")
ENERGIES = ("consumption_wh", "production_wh")
DIGITS = 60  # of a number, before and after the point; a longer one is a slip


class CannotReadCase(ValueError):
    """The file holds no case; the message names file and key, and the mending step, in one line."""


class _Wrong(ValueError):
    """What is wrong with a key."""


def read_share_file(path: Path) -> ShareCase:
    """Read and check a case.

    Raises:
        CannotReadCase: it is missing, broken, or contradicts itself.
    """
    try:
        given = json.loads(path.read_text(encoding="utf-8-sig"), parse_float=Decimal, parse_constant=_refuse)
    except FileNotFoundError:
        raise CannotReadCase(f"{path.name}: there is no such file in {path.parent}; check the path") from None
    except (OSError, UnicodeDecodeError) as problem:
        raise CannotReadCase(f"{path.name}: cannot be read ({problem}); give a JSON file") from None
    except (ValueError, ArithmeticError, RecursionError) as problem:
        raise CannotReadCase(f"{path.name}: is no JSON ({problem}); write it again as one JSON object") from None
    if not isinstance(given, dict):
        raise CannotReadCase(f"{path.name}: is no JSON object; put the keys between braces")
    try:
        return case_from(given)
    except _Wrong as problem:
        raise CannotReadCase(f"{path.name}, {problem}") from None


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is no number")


def case_from(given: Mapping[str, Any]) -> ShareCase:
    """The case that a JSON object describes."""
    rule, price_rule = _rules(given)
    rows = _members(given)
    ids = [row["id"] for row in rows]
    columns = {key: _by_member(given, key, ids) for key in ENERGIES}
    lists = [values for column in columns.values() for values in column]
    intervals = _usual_length([*lists, *(given[key] for key in PRICES if isinstance(given.get(key), list))])
    if not intervals:
        raise _Wrong("consumption_wh: is empty; give one value per interval")
    energies = {key: _energy(key, ids, column, intervals) for key, column in columns.items()}
    keys, units = _keys(rows) if rule in KEYED else (np.empty(0, dtype=np.int64), 1)
    retail, feed_in = _prices(given, intervals, needed=rule != ShareRule.MARKET)
    books = {key: _book(given, key, ids, intervals) if rule == ShareRule.MARKET else Book.empty() for key in ("bids", "offers")}
    return ShareCase(
        rule,
        price_rule,
        ids,
        keys,
        units,
        _feeders(rows) if rule == ShareRule.HIERARCHICAL else np.empty(0, dtype=np.int64),
        energies["consumption_wh"],
        energies["production_wh"],
        retail,
        feed_in,
        books["bids"],
        books["offers"],
    )


def _rules(given: Mapping[str, Any]) -> tuple[ShareRule, PriceRule]:
    rule, price_rule = (_choice(given, key, kind) for key, kind in (("rule", ShareRule), ("price_rule", PriceRule)))
    if (rule == ShareRule.MARKET) != (price_rule == PriceRule.UNIFORM_AUCTION):
        raise _Wrong(
            f"price_rule: {price_rule} does not go with the rule {rule}; the rule market and uniform_auction go with each other only"
        )
    return ShareRule(rule), PriceRule(price_rule)


def _choice(given: Mapping[str, Any], key: str, kind: Any) -> Any:
    names = ", ".join(kind)
    if key not in given:
        raise _Wrong(f"{key}: is missing; give one of {names}")
    if not isinstance(given[key], str) or given[key] not in list(kind):
        raise _Wrong(f"{key}: is {_shown(given[key])}; must be one of {names}")
    return kind(given[key])


def _shown(value: Any) -> str:
    return json.dumps(value, default=str)[:40]


def _members(given: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    rows = given.get("members")
    if not isinstance(rows, list) or not rows:
        raise _Wrong("members: must be a list of at least one object with an id")
    seen = set()
    for i, row in enumerate(rows):
        name = row.get("id") if isinstance(row, dict) else None
        if not isinstance(name, str) or not name:
            raise _Wrong(f"members[{i}].id: must be given as text")
        if name in seen:
            raise _Wrong(f"members[{i}].id: {name} stands twice; give each its own")
        seen.add(name)
    return rows


def _by_member(given: Mapping[str, Any], key: str, ids: Sequence[str]) -> list[list[Any]]:
    by_id = given.get(key)
    if not isinstance(by_id, dict):
        raise _Wrong(f"{key}: must be an object with a list for each member's id")
    stranger = next((name for name in by_id if name not in set(ids)), None)
    if stranger is not None:
        raise _Wrong(f"{key}: {stranger} is no member; add them to members or take the list out")
    for name in ids:
        if not isinstance(by_id.get(name), list):
            raise _Wrong(f"{key}: {name} has no list; give one value per interval, 0 where there is nothing")
    return [by_id[name] for name in ids]


def _usual_length(lists: Sequence[Sequence[Any]]) -> int:
    """The length that most lists have; of two equally usual ones the greater."""
    counted = Counter(len(values) for values in lists)
    return max(counted, key=lambda length: (counted[length], length))


def _energy(key: str, ids: Sequence[str], column: list[list[Any]], intervals: int) -> Whole:
    """Whole Wh by interval and member [T, n]."""
    for name, values in zip(ids, column, strict=True):
        if len(values) != intervals:
            raise _Wrong(f"{key}, {name}: has {len(values)} values where the other lists have {intervals}; give one per interval")
    if all(type(value) is int for values in column for value in values):
        table = narrowed(np.array(column, dtype=object))
        if (table >= 0).all():
            return np.ascontiguousarray(table.T)
    whole = [[_whole(value, f"{key}, {name}[{t}]") for t, value in enumerate(values)] for name, values in zip(ids, column, strict=True)]
    return np.ascontiguousarray(narrowed(np.array(whole, dtype=object)).T)


def _whole(value: Any, where: str) -> int:
    number = _number(value, where)
    if number.denominator != 1:
        raise _Wrong(f"{where}: is {_shown(value)}; must be whole Wh")
    if number < 0:
        raise _Wrong(f"{where}: is {_shown(value)}; must not be negative")
    return number.numerator


def _number(value: Any, where: str) -> Fraction:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise _Wrong(f"{where}: is {_shown(value)}, no number; write it without quotes")
    if (isinstance(value, Decimal) and value and not -DIGITS < value.adjusted() < DIGITS) or abs(value) >= 10**DIGITS:
        raise _Wrong(f"{where}: is {_shown(value)}; has more than {DIGITS} digits, shorten it")
    return Fraction(value)


def _keys(rows: Sequence[Mapping[str, Any]]) -> tuple[Whole, int]:
    """The fixed shares over a common divisor."""
    keys = []
    for i, row in enumerate(rows):
        where = f"members[{i}] {row['id']}, key"
        if "key" not in row:
            raise _Wrong(f"{where}: is missing; give the fixed share, 0 where there is none")
        key = _number(row["key"], where)
        if key < 0:
            raise _Wrong(f"{where}: is {_shown(row['key'])}; must not be negative")
        keys.append(key)
    total = sum(keys, Fraction(0))
    if abs(total - 1) > Fraction(1, 10**9):
        raise _Wrong(f"key: the members' keys sum to {float(total):.12g}; must sum to 1")
    units = math.lcm(*(key.denominator for key in keys))
    return narrowed(np.array([int(key * units) for key in keys], dtype=object)), units


def _feeders(rows: Sequence[Mapping[str, Any]]) -> NDArray[np.int64]:
    numbers: dict[str, int] = {}
    for i, row in enumerate(rows):
        if not isinstance(row.get("feeder"), str | int) or isinstance(row["feeder"], bool):
            raise _Wrong(f"members[{i}] {row['id']}, feeder: must be given as text for the rule hierarchical")
    return np.array([numbers.setdefault(_shown(row["feeder"]), len(numbers)) for row in rows], dtype=np.int64)


def _prices(given: Mapping[str, Any], intervals: int, *, needed: bool) -> tuple[list[Fraction], list[Fraction]]:
    retail, feed_in = (_price(given, key, intervals, needed) for key in PRICES)
    for t, (b, f) in enumerate(zip(retail, feed_in, strict=False)):
        if f > b:
            raise _Wrong(f"feed_in_price_per_kwh: is {float(f):g} in interval {t}, above the retail price {float(b):g}; lower it")
    return retail, feed_in


def _price(given: Mapping[str, Any], key: str, intervals: int, needed: bool) -> list[Fraction]:
    if given.get(key) is None:
        if needed:
            raise _Wrong(f"{key}: is missing; give a number or one per interval")
        return []
    if not isinstance(given[key], list):
        return [_number(given[key], key)] * intervals
    if len(given[key]) != intervals:
        raise _Wrong(f"{key}: has {len(given[key])} values where the other lists have {intervals}; give one per interval")
    return [_number(value, f"{key}[{t}]") for t, value in enumerate(given[key])]


def _book(given: Mapping[str, Any], key: str, ids: Sequence[str], intervals: int) -> Book:
    rows = given.get(key)
    if not isinstance(rows, list):
        raise _Wrong(f"{key}: must be a list of orders for the rule market, empty where there are none")
    place = {name: i for i, name in enumerate(ids)}
    table = []
    for i, row in enumerate(rows):
        where = f"{key}[{i}]"
        if not isinstance(row, dict):
            raise _Wrong(f"{where}: must be an object with member, interval, wh, price_per_kwh and placed_at")
        missing = next((name for name in ("member", "interval", "wh", "price_per_kwh", "placed_at") if row.get(name) is None), None)
        if missing:
            raise _Wrong(f"{where}.{missing}: is missing; give it")
        if not isinstance(row["member"], str) or row["member"] not in place:
            raise _Wrong(f"{where}.member: {_shown(row['member'])} is no member; add them to members or take the order out")
        interval = _whole(row["interval"], f"{where}.interval")
        if interval >= intervals:
            raise _Wrong(f"{where}.interval: is {interval}, past the last interval {intervals - 1}; they count from 0")
        table.append(
            (
                place[row["member"]],
                interval,
                _whole(row["wh"], f"{where}.wh"),
                _number(row["price_per_kwh"], f"{where}.price_per_kwh"),
                _instant(row["placed_at"], f"{where}.placed_at"),
            )
        )
    member, interval_of, wh, price, placed = zip(*table, strict=True) if table else ((), (), (), (), ())
    return Book(
        np.array(member, dtype=np.int64),
        np.array(interval_of, dtype=np.int64),
        narrowed(np.array(wh, dtype=object)),
        price,
        np.array(placed, dtype=np.int64),
    )


def _instant(value: Any, where: str) -> int:
    """Microseconds since 1970."""
    try:
        at = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise _Wrong(f"{where}: {_shown(value)} is no time; write it as 2026-03-01T12:00:00+01:00") from None
    if at.tzinfo is None:
        raise _Wrong(f"{where}: {value} has no offset; write it as 2026-03-01T12:00:00+01:00")
    return (at - EPOCH) // timedelta(microseconds=1)


def result_as_json(case: ShareCase, result: CaseResult) -> dict[str, Any]:
    """The result as the study prints it; prices as the nearest floating-point numbers."""

    def by_member(values: Whole) -> dict[str, list[int]]:
        return dict(zip(case.members, values.T.tolist(), strict=True))

    def shown(prices: Sequence[Fraction | None]) -> list[float | None]:
        return [None if price is None else float(price) for price in prices]

    printed: dict[str, Any] = {
        "received_wh": by_member(result.received_wh),
        "delivered_wh": by_member(result.delivered_wh),
        "buy_price_per_kwh": shown(result.buy),
        "sell_price_per_kwh": shown(result.sell),
        "matched_wh": result.matched_wh.tolist(),
    }
    if result.fell_back:
        printed["mid_market_instead"] = list(result.fell_back)
    return printed
