"""A document as an e-invoice: its business terms by EN 16931-1:2017, which any syntax (Factur-X, ZUGFeRD, XRechnung) writes down alike.

A bill is an invoice (type 380) from the cooperative to the member; what a producer is owed is a self-billed invoice (389): the producer
is the seller, the cooperative writes it. A credit note (381, self-billed 261) takes one of them back whole, and names it. Amounts are what the document says; nothing is computed anew, but that sums are right is checked.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from billing.domain.vat import Category, VatSum

Terms = dict[str, Any]


class CannotInvoice(ValueError):
    """The document lacks what the standard demands; the message says what, and where to enter it."""


class InvoiceType(StrEnum):
    """UNTDID 1001."""

    INVOICE = "380"
    CREDIT_NOTE = "381"
    SELF_BILLED = "389"
    SELF_BILLED_CREDIT_NOTE = "261"


class Unit(StrEnum):
    """UN/ECE Recommendation 20."""

    KILOWATT_HOUR = "KWH"
    KILOWATT = "KWT"
    KILOVAR_HOUR = "K3"
    DAY = "DAY"
    ONE = "C62"


@dataclass(frozen=True, slots=True)
class Party:
    """Seller or buyer; `number` as the other knows it, `country` by ISO 3166, `vat_id` empty where there is none."""

    number: str
    name: str
    street: str
    postal_code: str
    city: str
    country: str
    vat_id: str = ""
    tax_number: str = ""
    email: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    """Quantity x price per unit, and the net amount it was rounded to [minor units]; deductions have a negative quantity."""

    name: str
    why: str
    quantity: Decimal
    unit: Unit
    price: Decimal
    net_minor: int
    vat_rate: Decimal
    category: Category = Category.STANDARD


@dataclass(frozen=True, slots=True)
class Invoice:
    """What the standard asks of a document. Money in minor units of `currency`, of which `digits` make a unit's decimals.

    Attributes:
        iban, bic: of who is paid; empty where there is none.
        reference: what the payer writes (BT-83).
        amends: number and date of the document that a credit note takes back.
        note: what is to be said in words, as why it was written (BT-22).
    """

    number: str
    type: InvoiceType
    issue_date: date
    due_date: date
    first_day: date
    last_day: date
    currency: str
    seller: Party
    buyer: Party
    buyer_reference: str
    lines: tuple[InvoiceLine, ...]
    vat: tuple[VatSum, ...]
    gross_minor: int
    iban: str
    bic: str
    reference: str
    amends: tuple[str, date] | None = None
    note: str = ""
    digits: int = 2

    @property
    def net_minor(self) -> int:
        return sum(line.net_minor for line in self.lines)

    @property
    def vat_minor(self) -> int:
        return sum(part.vat_minor for part in self.vat)


def business_terms(invoice: Invoice) -> Terms:
    """The terms of EN 16931 by their numbers (BT, BG), amounts as text.

    Raises:
        CannotInvoice: sums that do not agree, or a seller who shows VAT without a VAT id.
    """
    _check(invoice)
    money = _Money(invoice.digits)
    # Where VAT does not apply at all, nobody's VAT id may stand on the invoice (rule BR-O-02).
    within = all(part.category != Category.OUTSIDE for part in invoice.vat)
    terms: Terms = {
        "BT-1": invoice.number,
        "BT-2": invoice.issue_date,
        "BT-3": invoice.type.value,
        "BT-5": invoice.currency,
        "BT-9": invoice.due_date,
        "BT-10": invoice.buyer_reference,
        "BT-24": "urn:cen.eu:en16931:2017",
        "BT-72": invoice.last_day,
        "BT-73": invoice.first_day,
        "BT-74": invoice.last_day,
        "BT-106": money(invoice.net_minor),
        "BT-109": money(invoice.net_minor),
        "BT-110": money(invoice.vat_minor),
        "BT-112": money(invoice.gross_minor),
        "BT-115": money(invoice.gross_minor),
        "BG-4": _party(invoice.seller, shows_vat_id=within),
        "BG-7": _party(invoice.buyer, shows_vat_id=within),
        "BG-23": [_vat(part, money) for part in invoice.vat],
        "BG-25": [_line(place, line, line.category, money) for place, line in enumerate(invoice.lines, start=1)],
        **_payment(invoice),
    }
    if invoice.note:
        terms["BG-1"] = [{"BT-22": invoice.note}]
    if invoice.amends is not None:
        terms["BG-3"] = [{"BT-25": invoice.amends[0], "BT-26": invoice.amends[1]}]
    return terms


def _check(invoice: Invoice) -> None:
    if invoice.net_minor + invoice.vat_minor != invoice.gross_minor:
        raise CannotInvoice(f"{invoice.number}: net and VAT are not gross.")
    for part in invoice.vat:
        lines = sum(line.net_minor for line in invoice.lines if (line.category, line.vat_rate) == (part.category, part.rate))
        if lines != part.net_minor:
            raise CannotInvoice(f"{invoice.number}: the lines at {part.rate} are {lines}, their sum says {part.net_minor}.")
    if {(line.category, line.vat_rate) for line in invoice.lines} != {(part.category, part.rate) for part in invoice.vat}:
        raise CannotInvoice(f"{invoice.number}: a line's VAT rate has no sum, or a sum no line.")
    if len(invoice.vat) > 1 and any(part.category == Category.OUTSIDE for part in invoice.vat):
        raise CannotInvoice(f"{invoice.number}: what is outside VAT stands beside what is not (rule BR-O-11).")
    reverse = any(part.category == Category.REVERSE_CHARGE for part in invoice.vat)
    if reverse and not (invoice.seller.vat_id and invoice.buyer.vat_id):
        raise CannotInvoice(f"{invoice.number}: reverse charge needs the VAT ids of both (rule BR-AE-02).")
    if invoice.vat_minor and not invoice.seller.vat_id:
        raise CannotInvoice(f"{invoice.number} shows VAT, but {invoice.seller.name} has no VAT id: enter it.")


@dataclass(frozen=True, slots=True)
class _Money:
    digits: int

    def __call__(self, minor: int) -> str:
        return f"{Decimal(minor).scaleb(-self.digits):.{self.digits}f}"


def _party(party: Party, *, shows_vat_id: bool) -> Terms:
    optional = {
        "addr_l1": party.street,
        "postcode": party.postal_code,
        "city": party.city,
        "vat_identifier": party.vat_id if shows_vat_id else "",
        "tax_identifier": party.tax_number if shows_vat_id else "",
    }
    terms: Terms = {"name": party.name, "country_code": party.country}
    terms |= {key: value for key, value in optional.items() if value}
    if party.number:
        terms["identifiers"] = {"": party.number}
    contact = {key: value for key, value in (("phone", party.phone), ("email", party.email)) if value}
    if contact:
        terms["contacts"] = [{"name": party.name, **contact}]
        if party.email:
            terms |= {"einvoicing_addr": party.email, "einvoicing_addr_schemeid": "EM"}
    return terms


VATEX = {Category.OUTSIDE: "VATEX-EU-O", Category.REVERSE_CHARGE: "VATEX-EU-AE"}
WITHOUT_REASON = (Category.STANDARD, Category.ZERO)


def _vat(part: VatSum, money: _Money) -> Terms:
    terms: Terms = {"BT-116": money(part.net_minor), "BT-117": money(part.vat_minor), "BT-118": part.category.value}
    if part.category != Category.OUTSIDE:
        terms["BT-119"] = _percent(part.rate)
    if part.category not in WITHOUT_REASON:
        terms["BT-120"] = "; ".join(part.reasons)
        terms |= {"BT-121": VATEX[part.category]} if part.category in VATEX else {}
    return terms


def _line(place: int, line: InvoiceLine, category: Category, money: _Money) -> Terms:
    terms: Terms = {
        "BT-126": str(place),
        "BT-129": _plain(line.quantity),
        "BT-130": line.unit.value,
        "BT-131": money(line.net_minor),
        "BT-146": _plain(line.price),
        "BT-151": category.value,
        "BT-153": line.name,
    }
    if line.why:
        terms["BT-154"] = line.why
    if category != Category.OUTSIDE:
        terms["BT-152"] = _percent(line.vat_rate)
    return terms


def _payment(invoice: Invoice) -> Terms:
    """SEPA credit transfer where an account is known, else an instrument not defined here (UNTDID 4461)."""
    if not invoice.iban:
        return {"BT-81": "1", "BT-83": invoice.reference}
    payee = invoice.seller.name
    terms = {"BT-81": "58", "BT-83": invoice.reference, "BT-84": invoice.iban, "BT-85": payee}
    return terms | ({"BT-86": invoice.bic} if invoice.bic else {})


def _percent(rate: Decimal) -> str:
    return f"{rate * 100:.2f}"


def _plain(value: Decimal) -> str:
    """A number without exponent and without zeros that say nothing."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
