"""A market index by the quarter hour: read from a file, and what stands in for it where it is not known."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation, Overflow
from itertools import pairwise
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from billing.domain.pricing.parts import Spot
from billing.domain.refusals import Refused, all_read
from kernel.intervals import LocalDay

UNITS = {"price_per_kwh": Decimal(1_000_000), "price_per_mwh": Decimal(1000)}
QUARTER = timedelta(minutes=15)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MOST_ROWS, LARGEST_MICRO = 400_000, 100_000_000


class CannotReadIndex(Refused):
    """The file holds no prices of an index; a sentence for each place names the row and the mending step."""


@dataclass(frozen=True, slots=True)
class IndexPrice:
    """The index in one quarter hour [millionths per kWh]; it may be negative."""

    start_at: datetime
    price_micro: int


class IndexSource(Protocol):
    """Where prices of an index come from: a market's own service, or whoever passes its documents on."""

    @property
    def name(self) -> str:
        """Who it is, as an import names its source."""
        ...

    def document(self, day: LocalDay) -> bytes:
        """The document that holds a day's prices, as it was published."""
        ...


def prices_from_csv(text: str) -> list[IndexPrice]:
    """Prices of a CSV file with the columns `time` (ISO 8601 with its offset) and `price_per_kwh` or `price_per_mwh`, in rising order.

    Rows an hour or half an hour apart hold for all quarters until the next; the last row for as long as the one before it.

    Raises:
        CannotReadIndex: a column is missing, a row is wrong, or times do not rise in even steps.
    """
    rows = list(csv.DictReader(io.StringIO(text.lstrip("\ufeff"))))
    unit = next((name for name in UNITS if rows and name in rows[0]), None)
    if unit is None or "time" not in rows[0]:
        raise CannotReadIndex("The file needs a header with the columns time and price_per_kwh or price_per_mwh, and a row.")
    if len(rows) > MOST_ROWS:
        raise CannotReadIndex(f"The file has more than {MOST_ROWS} rows; split it.")
    found = all_read(enumerate(rows, start=2), lambda one: _row(one[1], unit, one[0]), CannotReadIndex)
    times = [price.start_at for price in found]
    wrong = next((i for i, (a, b) in enumerate(pairwise(times)) if b - a < QUARTER or (b - a) % QUARTER), None)
    if wrong is not None:
        raise CannotReadIndex(
            f"Row {wrong + 3}, time: {times[wrong + 1]:%Y-%m-%d %H:%M} UTC does not follow {times[wrong]:%Y-%m-%d %H:%M} UTC by whole quarter hours; sort the rows and leave each time in once."
        )
    return held_until_next(found, times)


def held_until_next(found: Sequence[IndexPrice], times: Sequence[datetime]) -> list[IndexPrice]:
    """Each price for all quarters until the next of `times`, at most for the usual step; the last as long as that.

    Raises:
        CannotReadIndex: times do not rise by whole quarter hours.
    """
    steps = [later - one for one, later in pairwise(times)]
    if any(step < QUARTER or step % QUARTER for step in steps):
        raise CannotReadIndex("Its times do not rise by whole quarter hours; ask for one bidding zone, in order.")
    usual = min(steps, default=QUARTER)
    return [IndexPrice(price.start_at + i * QUARTER, price.price_micro) for price in found for i in range(usual // QUARTER)]


def price_at(start: datetime, value: object, scale: Decimal, place: str = "") -> IndexPrice:
    """A price as a document writes it at `place`, times `scale` to millionths per kWh.

    Raises:
        CannotReadIndex: it is no number, or above 100 per kWh.
    """
    try:
        if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
            raise InvalidOperation
        price = Decimal(value.strip() if isinstance(value, str) else value) * scale
    except (InvalidOperation, Overflow):
        raise CannotReadIndex(f"{place}'{str(value)[:40]}' is no price; write it as 0.1234.") from None
    if not price.is_finite() or abs(price) > LARGEST_MICRO:
        raise CannotReadIndex(f"{place}'{str(value)[:40]}' is above 100 per kWh; check currency and unit.")
    return IndexPrice(start.astimezone(UTC), round(price))


def _row(row: dict[str, Any], unit: str, number: int) -> IndexPrice:
    start, price = all_read(("time", unit), lambda name: _cell(row.get(name), name, f"Row {number}, {name}: "), CannotReadIndex)
    return IndexPrice(start, price)


def _cell(written: object, name: str, place: str) -> Any:
    """A time in UTC, or a price in millionths per kWh."""
    text = written.strip() if isinstance(written, str) else ""
    if not text:
        raise CannotReadIndex(f"{place}the cell is empty; fill it in or leave the row out.")
    if name != "time":
        return price_at(EPOCH, text, UNITS[name], place).price_micro
    try:
        start = datetime.fromisoformat(text)
    except ValueError:
        raise CannotReadIndex(f"{place}'{text[:40]}' is no time; write it as 2026-03-01T00:00+01:00.") from None
    if start.tzinfo is None:
        raise CannotReadIndex(
            f"{place}'{text[:40]}' lacks its offset, as in 2026-03-01T00:00+01:00; hours that come twice could not be told apart."
        )
    if start.minute % 15 or start.second or start.microsecond:
        raise CannotReadIndex(f"{place}'{text[:40]}' does not begin a quarter hour.")
    return start.astimezone(UTC)


@dataclass(frozen=True, slots=True)
class IndexDay:
    """An index over a day: as known (None where not), filled, and where it was filled."""

    known: list[int | None]
    micro: NDArray[np.int64]
    substituted: NDArray[np.bool_]


def filled(
    day: Sequence[int | None],
    before: Sequence[int | None],
    minutes: Sequence[int],
    minutes_before: Sequence[int],
    spot: Spot,
    fixed_micro: int,
) -> IndexDay:
    """Fill what is not known from the same local time of the day that the rule names; the fixed price where that is not known either.

    The fixed price stands for the index so that `factor x index + margin` gives it (as near as whole millionths allow).
    """
    at_time = dict(zip(minutes_before, before, strict=True)) if spot.fallback != "fixed" else {}
    back = _index_of_price(spot, fixed_micro)
    micro = np.zeros(len(day), dtype=np.int64)
    substituted = np.zeros(len(day), dtype=bool)
    for place, (price, minute) in enumerate(zip(day, minutes, strict=True)):
        if price is None:
            substituted[place] = True
            earlier = at_time.get(minute)
            micro[place] = back if earlier is None else earlier
        else:
            micro[place] = price
    return IndexDay(list(day), micro, substituted)


def _index_of_price(spot: Spot, price_micro: int) -> int:
    return round((Decimal(price_micro) - spot.margin * 1_000_000) / spot.factor) if spot.factor else 0
