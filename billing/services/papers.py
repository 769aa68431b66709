"""Documents on paper: rendered once, kept, rendered again where missing."""

import os
from datetime import UTC, datetime, time
from pathlib import Path

from django.conf import settings

from billing.adapters.documents.e_invoice import invoice_xml
from billing.adapters.documents.renderer import render_pdf
from billing.domain.e_invoice import business_terms
from billing.models import Document, DocumentStatus
from billing.selectors.e_invoice import invoice_of
from billing.selectors.paper import paper_content


class NotPostedYet(ValueError):
    """A draft has no paper."""


def pdf_of(*, document: Document) -> Path:
    """The PDF of a posted document with the e-invoice inside; written whole or not at all.

    Raises:
        NotPostedYet: it is a draft.
        CannotInvoice: the cooperative shows VAT without a VAT id.
    """
    if document.status == DocumentStatus.DRAFT:
        raise NotPostedYet("A draft has no PDF; it gets one when the run is posted.")
    path = Path(settings.DOCUMENT_DIR) / f"{document.period}" / f"{document.public_id}.pdf"
    if path.exists():
        return path
    issued = datetime.combine(document.issue_date, time(12), tzinfo=UTC)
    content = render_pdf(
        paper_content(document),
        invoice_xml=invoice_xml(business_terms(invoice_of(document))),
        issued_at=int(issued.timestamp()),
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(f".{os.getpid()}")
    with part.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    return path
