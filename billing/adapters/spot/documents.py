"""Documents of market prices in one form: ENTSO-E's publication document, aWATTar's and Energy-Charts' JSON, CSV.

ENTSO-E: `Publication_MarketDocument` of IEC 62325-451-3, document type A44 (day-ahead prices), resolutions of whole quarter hours. In a curve of
type A03 a position that is left out repeats the one before it; in A01 it is not known.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from billing.adapters.bank.xml import CannotReadFile, parse, strip_namespaces
from billing.domain.refusals import all_read
from billing.domain.spot_index import MOST_ROWS, QUARTER, CannotReadIndex, IndexPrice, held_until_next, price_at, prices_from_csv

PUBLICATION, ACKNOWLEDGEMENT = "Publication_MarketDocument", "Acknowledgement_MarketDocument"
DAY_AHEAD, VARIABLE_BLOCKS = "A44", "A03"
RESOLUTIONS = {"PT15M": 1, "PT30M": 2, "PT60M": 4, "PT1H": 4}
NO_PRICES = "The file holds no prices; ask for another day or zone."
PER_UNIT = {"MWH": Decimal(1000), "KWH": Decimal(1_000_000)}


@dataclass(frozen=True, slots=True)
class IndexDocument:
    """What a document says: prices by the quarter hour in rising order, in a currency (empty where the form names none)."""

    prices: list[IndexPrice]
    currency: str


def read_index_document(content: bytes, *, own_currency: str, exchange_rate: Decimal | None) -> IndexDocument:
    """Read a document of any known form, its prices in `own_currency`; a CSV file is in it already.

    `exchange_rate` is what a unit of the document's currency is worth.

    Raises:
        CannotReadIndex: it is none of the forms, holds no prices, or is in another currency and no rate is given.
    """
    rates = {own_currency: Decimal(1)}

    def worth(currency: str) -> Decimal:
        if currency not in rates and exchange_rate is None:
            raise CannotReadIndex(f"Its prices are in {currency}; say what one {currency} is worth in {own_currency}.")
        return rates.get(currency) or exchange_rate or Decimal(1)

    start = content.lstrip(b"\xef\xbb\xbf \r\n\t")[:1]
    if start == b"<":
        return _entsoe(content, worth)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise CannotReadIndex("The file is no text in UTF-8; save it as UTF-8.") from None
    if start == b"{":
        return _json(text, worth)
    return IndexDocument(prices_from_csv(text), "")


def _entsoe(content: bytes, worth: Callable[[str], Decimal]) -> IndexDocument:
    try:
        root = parse(content)
    except CannotReadFile as problem:
        raise CannotReadIndex(*problem.faults) from None
    strip_namespaces(root)
    if root.tag == ACKNOWLEDGEMENT:
        raise CannotReadIndex(
            f"The platform has no prices: '{(root.findtext('Reason/text') or '-').strip()[:120]}'; ask for another day or zone."
        )
    if root.tag != PUBLICATION or root.findtext("type") != DAY_AHEAD:
        raise CannotReadIndex(
            f"The file is {str(root.tag)[:60]} of type {str(root.findtext('type'))[:20]}; bring {PUBLICATION} of type {DAY_AHEAD}, the day-ahead prices."
        )
    chosen: dict[datetime, tuple[tuple[int, int], int]] = {}
    currencies = set()
    for number, series in enumerate(root.findall("TimeSeries"), 1):
        where = f"Time series {number}"
        currency = (series.findtext("currency_Unit.name") or "").strip()
        unit = (series.findtext("price_Measure_Unit.name") or "").strip()
        if not currency:
            raise CannotReadIndex(f"{where}: It names no currency (currency_Unit.name).")
        if unit not in PER_UNIT:
            raise CannotReadIndex(f"{where}: Its unit is '{unit[:40]}'; known are {', '.join(PER_UNIT)}.")
        currencies.add(currency)
        scale = PER_UNIT[unit] * worth(currency)
        for place, period in enumerate(series.findall("Period"), 1):
            at = f"{where}, period {place}"
            _place(chosen, _rank(series, period, at), _period(series, period, scale, at))
    if not chosen:
        raise CannotReadIndex(NO_PRICES)
    return IndexDocument([IndexPrice(at, price) for at, (_, price) in sorted(chosen.items())], "/".join(sorted(currencies)))


def _rank(series: Any, period: Any, where: str) -> tuple[int, int]:
    """Which of several prices of one quarter hour counts: the first auction's, then the finer one."""
    position = series.findtext("classificationSequence_AttributeInstanceComponent.position")
    return _whole(position, where, "the auction") if position else 1, _resolution(period, where)


def _place(chosen: dict[datetime, tuple[tuple[int, int], int]], rank: tuple[int, int], prices: Iterable[IndexPrice]) -> None:
    for price in prices:
        before = chosen.get(price.start_at)
        if before is not None and before[0] == rank and before[1] != price.price_micro:
            raise CannotReadIndex(f"There are two prices for {price.start_at:%Y-%m-%d %H:%M} UTC; ask for one bidding zone.")
        if before is None or rank < before[0]:
            chosen[price.start_at] = rank, price.price_micro
        if len(chosen) > MOST_ROWS:
            raise CannotReadIndex(f"The file has more than {MOST_ROWS} prices; ask for fewer days.")


def _resolution(period: Any, where: str) -> int:
    found = RESOLUTIONS.get(period.findtext("resolution") or "")
    if found is None:
        raise CannotReadIndex(
            f"{where}: Its resolution is '{str(period.findtext('resolution'))[:20]}'; known are {', '.join(RESOLUTIONS)}."
        )
    return found


def _period(series: Any, period: Any, scale: Decimal, where: str) -> list[IndexPrice]:
    """The quarter hours of one period, gaps filled where the curve's type says so."""
    start, end = (_instant(period.findtext(f"timeInterval/{edge}"), where) for edge in ("start", "end"))
    quarters = _resolution(period, where)
    count, left = divmod(end - start, quarters * QUARTER)
    if left or not 0 < count <= MOST_ROWS:
        raise CannotReadIndex(f"{where}: From {start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} UTC is no whole number of steps.")
    known: dict[int, int] = {}
    for number, point in enumerate(period.findall("Point"), 1):
        place = _whole(point.findtext("position"), where, f"the position of point {number}")
        if not 1 <= place <= count or place in known:
            raise CannotReadIndex(f"{where}: Position {place} is not one of 1 to {count}, or comes twice.")
        known[place] = price_at(start, point.findtext("price.amount"), scale, f"{where}, position {place}: ").price_micro
    if series.findtext("curveType") == VARIABLE_BLOCKS:
        if 1 not in known:
            raise CannotReadIndex(f"{where}: A curve of type A03 must begin with position 1.")
        for place in range(2, count + 1):
            known.setdefault(place, known[place - 1])
    return [
        IndexPrice(start + ((place - 1) * quarters + quarter) * QUARTER, price)
        for place, price in sorted(known.items())
        for quarter in range(quarters)
    ]


def _instant(text: str | None, where: str) -> datetime:
    try:
        found = datetime.fromisoformat((text or "").strip())
    except ValueError:
        raise CannotReadIndex(f"{where}: '{str(text)[:40]}' is no time; it must be as 2026-03-01T00:00Z.") from None
    if found.tzinfo is None or found.minute % 15 or found.second:
        raise CannotReadIndex(f"{where}: '{str(text)[:40]}' does not begin a quarter hour, or has no offset.")
    return found.astimezone(UTC)


def _whole(text: str | None, where: str, what: str) -> int:
    if not text or not text.strip().isascii() or not text.strip().isdigit() or len(text.strip()) > 6:
        raise CannotReadIndex(f"{where}: '{str(text)[:40]}' is no number for {what}.")
    return int(text)


def _json(text: str, worth: Callable[[str], Decimal]) -> IndexDocument:
    try:
        given = json.loads(text, parse_float=Decimal)
    except (ValueError, RecursionError, InvalidOperation):
        raise CannotReadIndex("The file is no sound JSON; fetch it again.") from None
    if isinstance(given.get("unix_seconds"), list) and isinstance(given.get("price"), list):
        found, unit = _energy_charts(given), given.get("unit")
    elif isinstance(given.get("data"), list):
        return _awattar(given["data"], worth)
    else:
        raise CannotReadIndex(
            "The file has neither `data` (aWATTar) nor `unix_seconds` and `price` (Energy-Charts); bring one of these forms."
        )
    currency, scale = _unit(unit, worth)
    known = all_read(
        ((number, at, price) for number, (at, price) in enumerate(found, 1) if price is not None),
        lambda one: price_at(one[1], one[2], scale, f"Price {one[0]}: "),
        CannotReadIndex,
    )
    if not known:
        raise CannotReadIndex(NO_PRICES)
    return IndexDocument(held_until_next(known, [at for at, _ in found]), currency)


def _energy_charts(given: Mapping[str, Any]) -> list[tuple[datetime, Any]]:
    times, prices = given["unix_seconds"], given["price"]
    if len(times) != len(prices) or len(times) > MOST_ROWS:
        raise CannotReadIndex(f"The file has {len(times)} times and {len(prices)} prices; there must be as many of both.")
    starts = all_read(enumerate(times, 1), lambda one: _epoch(one[1], f"Time {one[0]}"), CannotReadIndex)
    return list(zip(starts, prices, strict=True))


def _awattar(rows: Sequence[Any], worth: Callable[[str], Decimal]) -> IndexDocument:
    """Rows say where they end, so that one that is missing is a gap."""
    prices: dict[datetime, int] = {}
    currencies = set()
    if len(rows) > MOST_ROWS:
        raise CannotReadIndex(f"The file has more than {MOST_ROWS} prices; ask for fewer days.")

    def read(row: Any, where: str) -> tuple[datetime, datetime, int]:
        if not isinstance(row, Mapping):
            raise CannotReadIndex(f"{where}: It is no object of `data`.")
        start, end = (_epoch(row.get(f"{edge}_timestamp"), where, 1000) for edge in ("start", "end"))
        if not timedelta(0) < end - start <= timedelta(hours=1):
            raise CannotReadIndex(f"{where}: It does not last an hour or a part of it.")
        currency, scale = _unit(row.get("unit"), worth, f"{where}: ")
        currencies.add(currency)
        return start, end, price_at(start, row.get("marketprice"), scale, f"{where}: ").price_micro

    for start, end, price in all_read(enumerate(rows, 1), lambda one: read(one[1], f"Row {one[0]}"), CannotReadIndex):
        for quarter in range((end - start) // QUARTER):
            if prices.setdefault(start + quarter * QUARTER, price) != price:
                raise CannotReadIndex(f"There are two prices for {start:%Y-%m-%d %H:%M} UTC; ask for one bidding zone.")
    if not prices:
        raise CannotReadIndex(NO_PRICES)
    return IndexDocument([IndexPrice(at, micro) for at, micro in sorted(prices.items())], "/".join(sorted(currencies)))


def _epoch(value: Any, where: str, per_second: int = 1) -> datetime:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value // per_second < 2**33:
        raise CannotReadIndex(f"{where}: '{str(value)[:40]}' is no time in seconds since 1970.")
    found = datetime.fromtimestamp(value // per_second, UTC)
    if value % per_second or found.minute % 15 or found.second:
        raise CannotReadIndex(f"{where}: {found:%Y-%m-%d %H:%M:%S} UTC does not begin a quarter hour.")
    return found


def _unit(unit: Any, worth: Callable[[str], Decimal], place: str = "") -> tuple[str, Decimal]:
    """`EUR / MWh` as currency and the factor to millionths per kWh."""
    currency, _, energy = str(unit).upper().replace(" ", "").partition("/")
    if len(currency) != 3 or not currency.isalpha() or energy not in PER_UNIT:
        raise CannotReadIndex(f"{place}Its unit is '{str(unit)[:40]}'; known are prices per MWh and kWh in a currency of three letters.")
    return currency, PER_UNIT[energy] * worth(currency)
