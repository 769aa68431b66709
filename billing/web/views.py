"""Bills and payments as pages."""

from typing import Any
from uuid import UUID

import segno
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from billing.domain.payment_code import epc_code
from billing.domain.sentences import ENGLISH, WORDS, Words
from billing.models import Allocation, Component, Document, DocumentKind, DocumentLine, DocumentStatus, FlexibilityCredit, ItemStatus
from billing.models.documents import DRAWN, FED_IN, ORIGINALS, REVERSALS
from billing.selectors.books import kept_books
from billing.selectors.cards import cards_are_on
from billing.selectors.corrections import correction_of
from billing.selectors.documents import document_before, visible_documents
from billing.selectors.e_invoice import vat_of
from billing.selectors.flexibility import flexibility_on
from billing.selectors.line_energy import from_grid_wh, from_neighbours_wh, own_use_wh
from billing.selectors.payments import allocations_of, uses_of
from billing.selectors.phrases import PHRASES
from billing.selectors.readings import common_plants_behind, is_of_divided_plant, part_of_plant, versions_behind, versions_beside
from billing.services.looks import open_document
from billing.services.papers import pdf_of
from energy.models import Channel
from energy.selectors.register_readings import register_readings
from members.language import said
from members.selectors.scope import own_members, user_of

PAGE = 24
BESIDE_WORDS = {
    Channel.REACTIVE: gettext_lazy("Reactive energy"),
    Channel.PRODUCTION: gettext_lazy("Made by your own plant"),
    Channel.EXPORT: gettext_lazy("Fed in, which is taken off what the plant made"),
}


@login_required
def bills(request: HttpRequest) -> HttpResponse:
    """All bills and credit documents the user may see, newest first."""
    user = user_of(request)
    kind, own = request.GET.get("kind", ""), own_members(user)
    documents = visible_documents(user)
    if kind in ORIGINALS:
        documents = documents.filter(kind__in=(kind, REVERSALS[DocumentKind(kind)]))
    page = Paginator(documents, PAGE).get_page(request.GET.get("page"))
    own_open = Document.objects.filter(member__in=own, kind=DocumentKind.BILL, status=DocumentStatus.OPEN)
    has_own = own.exists()
    context = {
        "page": page,
        "kind": kind,
        "today": timezone.now().date(),
        "has_open": own_open.exists(),
        "has_own": has_own,
        "of_all": kept_books(user).exists() or (page.object_list and not has_own),
    }
    return render(request, "portal/bills.html", context)


@login_required
def bill(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """One document: what to pay or what is paid, made up line by line, and the check against the chain."""
    document = _opened(request, public_id)
    lines, flexibility = list(document.lines.order_by("position")), flexibility_on(document)
    received, from_grid = from_neighbours_wh(lines), from_grid_wh(lines)
    drawn = received + from_grid
    days, to_pay = document.days(), _is_to_pay(request, document)
    context: dict[str, Any] = {
        "document": document,
        "lines": [_line(line, flexibility.get(line.position)) for line in lines],
        "is_bill": document.is_for_use,
        "year": document.period // 100,
        "correction": correction_of(document),
        "cancelled_by": _posted(document, "cancelled_by"),
        "replaced_by": _posted(document, "replaced_by"),
        "received_wh": received,
        "grid_wh": from_grid,
        "drawn_wh": drawn,
        "local_percent": round(100 * received / drawn) if drawn else 0,
        "readings": register_readings(site=document.site, days=days),
        "payments": [(row, _rail(row)) for row in allocations_of(document)],
        "uses": [(row, _use(row)) for row in uses_of(document)],
        "cooperative": document.cooperative,
        "days": days,
        "is_for_roof": any(line.component in FED_IN for line in lines),
        "vat": [
            {
                "rate": p.rate,
                "net_minor": p.net_minor,
                "vat_minor": p.vat_minor,
                "reasons": p.reasons,
                "published": f"{p.category} {p.rate:.4f}",
            }
            for p in vat_of(document)
        ],
        "qr": _code(document),
        "to_pay": to_pay,
        "by_card": to_pay and cards_are_on(document.cooperative),
        "before": document_before(document),
    }
    return render(request, "portal/bill.html", context)


def _opened(request: HttpRequest, public_id: UUID) -> Document:
    try:
        return open_document(user=user_of(request), public_id=public_id, now=timezone.now())
    except Document.DoesNotExist:
        raise Http404 from None


def _posted(document: Document, name: str) -> Document | None:
    """What takes a document back or its place, once it is posted: a correction that waits for its release is nobody's to read."""
    other: Document | None = getattr(document, name, None)
    return None if other is None or other.status == DocumentStatus.DRAFT else other


def _words() -> Words:
    """The words of a document in the page's language."""
    return WORDS.get((get_language() or "")[:2], ENGLISH)


def _line(line: DocumentLine, behind: FlexibilityCredit | None) -> dict[str, Any]:
    name, period, why = _words().parts_of(line.component, line.window)
    return {
        "behind": behind,
        "position": line.position,
        "component": line.component,
        "window": line.window,
        "quantity": line.quantity,
        "unit": line.unit,
        "price": f"{line.price:.6f}",
        "net_minor": line.net_minor,
        "name": name,
        "why": why,
        "period": period,
        "vat_rate": line.vat_rate,
        "vat_published": f"{line.vat_category} {line.vat_rate:.4f}",
    }


def _is_to_pay(request: HttpRequest, document: Document) -> bool:
    """Whether it is the reader's own to pay: by card where cards are on, from a wallet."""
    return (
        document.kind == DocumentKind.BILL
        and document.rest_minor > 0
        and own_members(user_of(request)).filter(pk=document.member_id).exists()
    )


def _rail(row: Allocation) -> str:
    """By what way an amount came, in the page's language."""
    return str(row.payment.get_rail_display()) if row.payment else _("from a credit")


def _use(row: Allocation) -> str:
    """What became of so much of a credit, in the page's language."""
    if row.document is not None:
        return _("set off against %(bill)s") % {"bill": row.document.label}
    if row.charge is not None:
        return said(row.charge.text, PHRASES)
    if row.payout is not None and row.payout.status == ItemStatus.RELEASED:
        return _("on its way to your account")
    return _("paid to your account")


def _code(document: Document) -> str:
    """The payment code of an open bill as SVG; empty where there is nothing to pay by transfer."""
    cooperative = document.cooperative
    if document.kind != DocumentKind.BILL or not document.rest_minor or not cooperative.iban:
        return ""
    content = epc_code(
        name=cooperative.name,
        iban=cooperative.iban,
        bic=cooperative.bic,
        amount_minor=document.rest_minor,
        reference=document.payment_reference,
    )
    return mark_safe(segno.make(content, error="m", boost_error=False).svg_inline(scale=3, dark="#17211c"))


@login_required
def bill_readings(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The versions of meter days behind a document's energy, day by day, with who made them, when and why."""
    document = _opened(request, public_id)
    uses = versions_behind(document)
    counted, lines = (*DRAWN, Component.KEPT, *FED_IN), list(document.lines.all())
    context = {
        "document": document,
        "uses": uses,
        "total_wh": sum(use.energy_wh for use in uses),
        "billed_wh": sum(line.quantity for line in lines if line.component in counted) - own_use_wh(lines),
        "what": _("Drawn") if document.is_for_use else _("Fed in"),
        "zone": document.run.microgrid.time_zone,
        "part": part_of_plant(document),
        "is_divided": is_of_divided_plant(document),
        "beside": [(BESIDE_WORDS[counted.channel], counted) for counted in versions_beside(document)],
        "plants": common_plants_behind(document),
    }
    return render(request, "portal/bill_readings.html", context)


@login_required
def bill_pdf(request: HttpRequest, public_id: UUID) -> FileResponse:
    """One document as PDF."""
    document = _opened(request, public_id)
    path = pdf_of(document=document)
    return FileResponse(path.open("rb"), as_attachment=True, content_type="application/pdf", filename=f"{document.label}.pdf")
