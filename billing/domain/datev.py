"""A month's journal in DATEV's format for other programs (EXTF 700, Buchungsstapel, version 13).

Source: DATEV developer portal, "DATEV-Format", header and Buchungsstapel. One line is one debit against one credit; text is
Windows-1252, lines end with CR LF, amounts have a decimal comma and no sign: S and H say which side the first account is on.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

COLUMNS = 125
HEADINGS = (
    "Umsatz (ohne Soll/Haben-Kz)",
    "Soll/Haben-Kennzeichen",
    "WKZ Umsatz",
    "Kurs",
    "Basis-Umsatz",
    "WKZ Basis-Umsatz",
    "Konto",
    "Gegenkonto (ohne BU-Schlüssel)",
    "BU-Schlüssel",
    "Belegdatum",
    "Belegfeld 1",
    "Belegfeld 2",
    "Skonto",
    "Buchungstext",
    "Postensperre",
    "Diverse Adressnummer",
    "Geschäftspartnerbank",
    "Sachverhalt",
    "Zinssperre",
    "Beleglink",
    *(f"Beleginfo - {what} {n}" for n in range(1, 9) for what in ("Art", "Inhalt")),
    "KOST1 - Kostenstelle",
    "KOST2 - Kostenstelle",
    "Kost-Menge",
    "EU-Land u. UStID (Bestimmung)",
    "EU-Steuersatz (Bestimmung)",
    "Abw. Versteuerungsart",
    "Sachverhalt L+L",
    "Funktionsergänzung L+L",
    "BU 49 Hauptfunktionstyp",
    "BU 49 Hauptfunktionsnummer",
    "BU 49 Funktionsergänzung",
    *(f"Zusatzinformation{what} {n}" for n in range(1, 21) for what in (" - Art", "- Inhalt")),
    "Stück",
    "Gewicht",
    "Zahlweise",
    "Forderungsart",
    "Veranlagungsjahr",
    "Zugeordnete Fälligkeit",
    "Skontotyp",
    "Auftragsnummer",
    "Buchungstyp",
    "USt-Schlüssel (Anzahlungen)",
    "EU-Land (Anzahlungen)",
    "Sachverhalt L+L (Anzahlungen)",
    "EU-Steuersatz (Anzahlungen)",
    "Erlöskonto (Anzahlungen)",
    "Herkunft-Kz",
    "Buchungs GUID",
    "KOST-Datum",
    "SEPA-Mandatsreferenz",
    "Skontosperre",
    "Gesellschaftername",
    "Beteiligtennummer",
    "Identifikationsnummer",
    "Zeichnernummer",
    "Postensperre bis",
    "Bezeichnung SoBil-Sachverhalt",
    "Kennzeichen SoBil-Buchung",
    "Festschreibung",
    "Leistungsdatum",
    "Datum Zuord. Steuerperiode",
    "Fälligkeit",
    "Generalumkehr (GU)",
    "Steuersatz",
    "Land",
    "Abrechnungsreferenz",
    "BVV-Position",
    "EU-Land u. UStID (Ursprung)",
    "EU-Steuersatz (Ursprung)",
    "Abw. Skontokonto",
)
# Columns of text are quoted also where they are empty; numbers and dates never are.
TEXT_COLUMNS = frozenset(
    n - 1
    for n in (
        2,
        3,
        6,
        9,
        11,
        12,
        14,
        16,
        *range(20, 39),
        40,
        42,
        *range(48, 88),
        91,
        95,
        96,
        98,
        102,
        103,
        105,
        107,
        109,
        110,
        112,
        118,
        120,
        121,
        123,
    )
)
LOCKED_AT = HEADINGS.index("Festschreibung")
GUID_AT = HEADINGS.index("Buchungs GUID")
NOT_IN_A_REFERENCE = re.compile(r"[^A-Za-z0-9$%&*+\-/]")
MOST_BOOKINGS = 99_999


class CannotExport(ValueError):
    """The journal cannot be written in this form; the message says why."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What stands in the file's head.

    Attributes:
        first_day, last_day: within one fiscal year.
        year_starts: first day of that fiscal year.
        is_locked: whether the receiving system is to keep the bookings as they are.
    """

    consultant_number: int
    client_number: int
    account_length: int
    year_starts: date
    first_day: date
    last_day: date
    name: str
    currency: str
    created_at: datetime
    is_locked: bool


@dataclass(frozen=True, slots=True)
class Booking:
    """One debit against one credit.

    Attributes:
        tax_key: the BU key of the counter account; empty for most.
        reference: what open items are cleared by: a bill's number, also on its payment.
    """

    amount_minor: int
    debited: int
    credited: int
    booked_date: date
    reference: str
    text: str
    tax_key: str = ""
    public_id: str = ""


def fiscal_year_start(day: date, first_month: int) -> date:
    """The first day of the fiscal year that a day lies in."""
    return date(day.year if day.month >= first_month else day.year - 1, first_month, 1)


def write_batch(batch: Batch, bookings: Iterable[Booking]) -> bytes:
    """The whole file.

    Raises:
        CannotExport: a booking lies outside the batch's days, its amount is not positive, or there are too many.
    """
    lines = [_header(batch), ";".join(HEADINGS)]
    for booking in bookings:
        _check(batch, booking)
        lines.append(_line(batch, booking))
    if len(lines) > MOST_BOOKINGS + 2:
        raise CannotExport(f"A file takes {MOST_BOOKINGS} bookings; this month has {len(lines) - 2}.")
    return ("\r\n".join(lines) + "\r\n").encode("cp1252", errors="replace")


def _check(batch: Batch, booking: Booking) -> None:
    if booking.amount_minor <= 0:
        raise CannotExport(f"{booking.reference}: an amount is written without a sign and is never 0.")
    if not batch.first_day <= booking.booked_date <= batch.last_day:
        raise CannotExport(f"{booking.reference}: {booking.booked_date} is not within {batch.first_day} to {batch.last_day}.")


def _header(batch: Batch) -> str:
    created = f"{batch.created_at:%Y%m%d%H%M%S}{batch.created_at.microsecond // 1000:03d}"
    fields = [
        _text("EXTF"),
        "700",
        "21",
        _text("Buchungsstapel"),
        "13",
        created,
        "",
        _text("MG"),
        _text(""),
        _text(""),
        str(batch.consultant_number),
        str(batch.client_number),
        f"{batch.year_starts:%Y%m%d}",
        str(batch.account_length),
        f"{batch.first_day:%Y%m%d}",
        f"{batch.last_day:%Y%m%d}",
        _text(batch.name[:30]),
        _text(""),
        "1",
        "0",
        str(int(batch.is_locked)),
        _text(batch.currency),
        "",
        _text(""),
        "",
        "",
        _text(""),
        "",
        "",
        _text(""),
        _text(""),
    ]
    return ";".join(fields)


def _line(batch: Batch, booking: Booking) -> str:
    cells = ['""' if place in TEXT_COLUMNS else "" for place in range(COLUMNS)]
    cells[:14] = [
        amount(booking.amount_minor),
        _text("S"),
        _text(batch.currency),
        "",
        "",
        _text(""),
        str(booking.debited),
        str(booking.credited),
        _text(booking.tax_key),
        f"{booking.booked_date:%d%m}",
        _text(NOT_IN_A_REFERENCE.sub("", booking.reference)[:36]),
        _text(""),
        "",
        _text(booking.text[:60]),
    ]
    cells[GUID_AT] = _text(booking.public_id[:36])
    cells[LOCKED_AT] = str(int(batch.is_locked))
    return ";".join(cells)


def amount(amount_minor: int) -> str:
    """`1234,50` of 123450."""
    return f"{amount_minor // 100},{amount_minor % 100:02d}"


def _text(words: str) -> str:
    """Quoted, quotes doubled, without line breaks: a cell never begins another one."""
    plain = " ".join(words.split())
    return f'"{plain.replace(chr(34), chr(34) * 2)}"'


def account_numbers(taken: Sequence[int], first: int, wanted: int) -> list[int]:
    """The next free numbers from `first` on, after the highest one taken in that range."""
    start = max([first - 1, *(n for n in taken if n >= first)]) + 1
    return list(range(start, start + wanted))
