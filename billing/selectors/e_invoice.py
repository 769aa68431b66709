"""A posted document as the e-invoice that goes out with it."""

from collections.abc import Iterable
from decimal import Decimal

from billing.domain.e_invoice import Invoice, InvoiceLine, InvoiceType, Party, Unit
from billing.domain.sentences import WORDS, Words
from billing.domain.vat import Category, VatSum
from billing.models import Document, DocumentKind, DocumentLine
from billing.selectors.vat_status import party_on

UNITS = {
    "Wh": (Unit.KILOWATT_HOUR, Decimal("0.001")),
    "W": (Unit.KILOWATT, Decimal("0.001")),
    "varh": (Unit.KILOVAR_HOUR, Decimal("0.001")),
    "day": (Unit.DAY, Decimal(1)),
}
MINOR = 100


TYPES = {
    DocumentKind.BILL: InvoiceType.INVOICE,
    DocumentKind.CREDIT: InvoiceType.SELF_BILLED,
    DocumentKind.BILL_REVERSAL: InvoiceType.CREDIT_NOTE,
    DocumentKind.CREDIT_REVERSAL: InvoiceType.SELF_BILLED_CREDIT_NOTE,
}


def invoice_of(document: Document, document_lines: Iterable[DocumentLine], *, note: str = "") -> Invoice:
    """What EN 16931 asks of a document; a bill is from the cooperative to the member, a self-billed credit the other way."""
    words = WORDS.get(document.member.language, WORDS["en"])
    is_bill = document.is_for_use
    cooperative, member = _cooperative(document), _member(document)
    lines = tuple(_line(line, words) for line in document_lines)
    payee = document.cooperative if is_bill else document.member
    return Invoice(
        number=document.label,
        type=TYPES[DocumentKind(document.kind)],
        issue_date=document.issue_date,
        due_date=document.due_date,
        first_day=document.first_day,
        last_day=document.last_day,
        currency=document.currency,
        seller=cooperative if is_bill else member,
        buyer=member if is_bill else cooperative,
        buyer_reference=document.member.number,
        lines=lines,
        vat=vat_of(document),
        gross_minor=document.gross_minor,
        iban=payee.iban,
        bic=document.cooperative.bic if is_bill else "",
        reference=document.payment_reference,
        amends=(document.cancels.label, document.cancels.issue_date) if document.cancels else None,
        note=note,
    )


def vat_of(document: Document) -> tuple[VatSum, ...]:
    """The document's VAT by category and rate, highest rate first."""
    return tuple(
        VatSum(Category(row.category), row.rate, row.net_minor, row.vat_minor, (row.reason,) if row.reason else ())
        for row in sorted(document.vat_sums.all(), key=lambda row: (-row.rate, row.pk))
    )


def _cooperative(document: Document) -> Party:
    cooperative, status = document.cooperative, party_on(document.cooperative, None, document.last_day)
    # A seller must be known by some number (rule BR-CO-26).
    number = "" if cooperative.vat_id else cooperative.slug
    return Party(
        number,
        cooperative.name,
        cooperative.street,
        cooperative.postal_code,
        cooperative.city,
        cooperative.country,
        cooperative.vat_id,
        status.tax_number,
        cooperative.email,
        cooperative.phone,
    )


def _member(document: Document) -> Party:
    member, status = document.member, party_on(document.cooperative, document.member, document.last_day)
    return Party(
        member.number,
        member.name,
        member.street,
        member.postal_code,
        member.city,
        member.country,
        status.vat_id,
        status.tax_number,
        email=member.email,
    )


def _line(line: DocumentLine, words: Words) -> InvoiceLine:
    """A deduction has a negative quantity, since prices may not be negative (rule BR-27); an amount alone is one piece at its price."""
    name, why = words.line(line.component, line.window)
    category = Category(line.vat_category)
    if not line.unit:
        one = Decimal(1 if line.net_minor >= 0 else -1)
        price = Decimal(abs(line.net_minor)) / MINOR
        return InvoiceLine(name, why, one, Unit.ONE, price, line.net_minor, line.vat_rate, category)
    unit, scale = UNITS[line.unit]
    sign = -1 if (line.net_minor < 0) != (line.price < 0) else 1
    return InvoiceLine(name, why, sign * line.quantity * scale, unit, abs(line.price), line.net_minor, line.vat_rate, category)
