"""Bank statements as CSV: whatever a bank calls its columns, credits with date, amount, payer and purpose come out."""

import csv
import io
import re
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from billing.domain.refusals import Refused, all_read

HEADERS = {
    "booked_date": ("date", "booking date", "booked", "buchungstag", "buchungsdatum", "datum", "valuta"),
    "amount": ("amount", "betrag", "umsatz", "betrag (eur)", "amount (eur)"),
    "payer": ("payer", "name", "auftraggeber", "beguenstigter/zahlungspflichtiger", "zahlungspflichtiger", "counterparty"),
    "purpose": ("purpose", "reference", "verwendungszweck", "remittance information", "buchungstext", "text"),
}
REQUIRED = ("booked_date", "amount", "purpose")
DATE_FORMATS = ("%Y-%m-%d", "%d.%m.%Y", "%d.%m.%y", "%d/%m/%Y")
LONGEST_FILE_BYTES = 10_000_000
MOST_ROWS = 100_000
REFERENCE = re.compile(r"\bB[\s-]?(\d{4})[\s-]{0,3}(\d{6})\b")


class CannotReadStatement(Refused):
    """The statement cannot be read; a sentence for each place names row and column, or entry, and what to do."""


@dataclass(frozen=True, slots=True)
class StatementRow:
    """One line of a statement; `amount_minor` is positive for money that came in."""

    row: int
    booked_date: date
    amount_minor: int
    payer: str
    purpose: str

    @property
    def reference(self) -> str:
        """The payment reference of a bill in the purpose, empty if there is none."""
        found = REFERENCE.search(self.purpose.upper())
        return f"B{found[1]}{found[2]}" if found else ""


def read_statement(content: bytes) -> list[StatementRow]:
    """Read a statement in UTF-8 or Windows-1252, comma, semicolon or tab, decimal point or comma.

    Raises:
        CannotReadStatement: the message names row, column and the mending step.
    """
    if len(content) > LONGEST_FILE_BYTES:
        raise CannotReadStatement("The file is larger than 10 MB; export a shorter period.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", errors="replace")
    rows = list(csv.reader(io.StringIO(text), delimiter=_delimiter(text)))
    if not rows:
        raise CannotReadStatement("The file is empty; export the statement again.")
    if len(rows) > MOST_ROWS:
        raise CannotReadStatement(f"The file has more than {MOST_ROWS} rows; export a shorter period.")
    columns = _columns(rows[0])
    written = [(number, cells) for number, cells in enumerate(rows[1:], start=2) if any(cells)]
    return list(all_read(written, lambda row: _row(*row, columns), CannotReadStatement))


def _delimiter(text: str) -> str:
    first = text.split("\n", 1)[0]
    return max((";", ",", "\t"), key=first.count)


def _columns(header: list[str]) -> dict[str, int]:
    names = [cell.strip().lower() for cell in header]
    columns = {}
    for field, known in HEADERS.items():
        place = next((names.index(name) for name in known if name in names), None)
        if place is not None:
            columns[field] = place
    missing = [field for field in REQUIRED if field not in columns]
    if missing:
        raise CannotReadStatement(*(f"Row 1: a column is missing, name it one of {', '.join(HEADERS[field][:3])}." for field in missing))
    return columns


def _row(number: int, cells: list[str], columns: dict[str, int]) -> StatementRow:
    def cell(field: str) -> str:
        place = columns.get(field)
        return cells[place].strip() if place is not None and place < len(cells) else ""

    read: list[tuple[Any, str]] = [(_date, "booked_date"), (_amount, "amount")]
    day, minor = all_read(read, lambda one: one[0](number, cell(one[1])), CannotReadStatement)
    return StatementRow(number, day, minor, cell("payer")[:140], cell("purpose")[:300])


def _date(number: int, text: str) -> date:
    for form in DATE_FORMATS:
        try:
            return datetime.strptime(text, form).date()  # noqa: DTZ007  (a bank's calendar day)
        except ValueError:
            continue
    if not text:
        raise CannotReadStatement(f"Row {number}, date: the cell is empty; write it as 2016-04-12 or 12.04.2016.")
    raise CannotReadStatement(f"Row {number}, date: '{text[:40]}' is not a date; write it as 2016-04-12 or 12.04.2016.")


def _amount(number: int, text: str) -> int:
    if not text:
        raise CannotReadStatement(f"Row {number}, amount: the cell is empty; write it as 12.34.")
    plain = text.replace("\u00a0", "").replace(" ", "").replace("€", "").replace("EUR", "")
    if "," in plain and "." in plain:
        thousands = "." if plain.rfind(",") > plain.rfind(".") else ","
        plain = plain.replace(thousands, "")
    try:
        amount = Decimal(plain.replace(",", "."))
    except InvalidOperation:
        raise CannotReadStatement(f"Row {number}, amount: '{text[:40]}' is not an amount; write it as 12.34.") from None
    if not amount.is_finite() or amount.copy_abs() > 10**11 or amount * 100 != int(amount * 100):
        raise CannotReadStatement(
            f"Row {number}, amount: '{text[:40]}' has more than two decimals or is out of range; check the decimal point."
        )
    return int(amount * 100)
