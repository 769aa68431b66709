"""A posted document as the e-invoice that goes out with it."""

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal

from billing.domain.e_invoice import Invoice, InvoiceLine, InvoiceType, Party, Unit, VatSum
from billing.domain.sentences import WORDS, Words
from billing.models import Document, DocumentKind, DocumentLine
from members.models import Cooperative, Member

UNITS = {
    "Wh": (Unit.KILOWATT_HOUR, Decimal("0.001")), "W": (Unit.KILOWATT, Decimal("0.001")), "day": (Unit.DAY, Decimal(1)),
}  # fmt: skip
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
    cooperative, member = _cooperative(document.cooperative), _member(document.member)
    lines = tuple(_line(line, document.vat_rate, words) for line in document_lines)
    payee = document.cooperative if is_bill else document.member
    return Invoice(
        number=document.label,
        type=TYPES[DocumentKind(document.kind)],
        issue_date=document.issue_date,
        due_date=document.due_date,
        first_day=document.rated_run.first_day,
        last_day=document.rated_run.last_day,
        currency=document.currency,
        seller=cooperative if is_bill else member,
        buyer=member if is_bill else cooperative,
        buyer_reference=document.member.number,
        lines=lines,
        vat=_vat(lines, document),
        gross_minor=document.gross_minor,
        iban=payee.iban,
        bic=document.cooperative.bic if is_bill else "",
        reference=document.payment_reference,
        exempt_reason=words.labels["own_supply" if document.member.is_cooperative else "not_subject"],
        amends=(document.cancels.label, document.cancels.issue_date) if document.cancels else None,
        note=note,
    )


def _cooperative(cooperative: Cooperative) -> Party:
    return Party(
        "", cooperative.name, cooperative.street, cooperative.postal_code, cooperative.city, cooperative.country,
        cooperative.vat_id, cooperative.email, cooperative.phone,
    )  # fmt: skip


def _member(member: Member) -> Party:
    return Party(
        member.number, member.name, member.street, member.postal_code, member.city, member.country,
        email=member.email,
    )  # fmt: skip


def _line(line: DocumentLine, vat_rate: Decimal, words: Words) -> InvoiceLine:
    """A deduction has a negative quantity, since prices may not be negative (rule BR-27); an amount alone is one piece at its price."""
    name, why = words.line(line.component, line.window)
    if not line.unit:
        one = Decimal(1 if line.net_minor >= 0 else -1)
        price = Decimal(abs(line.net_minor)) / MINOR
        return InvoiceLine(name, why, one, Unit.ONE, price, line.net_minor, vat_rate)
    unit, scale = UNITS[line.unit]
    sign = -1 if (line.net_minor < 0) != (line.price < 0) else 1
    return InvoiceLine(
        name, why, sign * line.quantity * scale, unit, abs(line.price), line.net_minor, vat_rate
    )


def _vat(lines: tuple[InvoiceLine, ...], document: Document) -> tuple[VatSum, ...]:
    sums: dict[Decimal, int] = defaultdict(int)
    for line in lines:
        sums[line.vat_rate] += line.net_minor
    return tuple(VatSum(rate, net, document.vat_minor) for rate, net in sums.items())
