"""From a document's content to PDF bytes, by typst; the same content gives the same bytes.

The PDF is PDF/A-3a and PDF/UA-1: it can be kept for decades and read aloud; the e-invoice lies inside it.
"""

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import typst

from billing.adapters.documents.e_invoice import mark_as_invoice

STANDARDS: Any = ["a-3a", "ua-1"]
TEMPLATE = Path(__file__).resolve().parent / "document.typ"
LETTER = TEMPLATE.with_name("reminder.typ")
ANNUAL = TEMPLATE.with_name("annual.typ")


@lru_cache(maxsize=1)
def _compiler() -> typst.Compiler:
    """One compiler for the life of the process: fonts are read once."""
    return typst.Compiler(root=str(TEMPLATE.parent), font_paths=[str(TEMPLATE.parent / "fonts")], ignore_system_fonts=True)


def render_pdf(content: dict[str, Any], *, invoice_xml: bytes, issued_at: int) -> bytes:
    """Render content (see `billing.selectors.paper`) as PDF with the e-invoice inside; `issued_at` [Unix s] stands as its date."""
    result = _compiler().compile(
        str(TEMPLATE),
        format="pdf",
        sys_inputs={"content": json.dumps(content, ensure_ascii=False), "invoice": invoice_xml.decode()},
        timestamp=issued_at,
        pdf_standards=STANDARDS,
    )
    assert isinstance(result, bytes)
    return mark_as_invoice(result)


def render_letter(content: dict[str, Any], *, issued_at: int) -> bytes:
    """Render a letter about an open bill (see `billing.selectors.reminder_letter`) as PDF; `issued_at` [Unix s] stands as its date."""
    result = _compiler().compile(
        str(LETTER),
        format="pdf",
        sys_inputs={"content": json.dumps(content, ensure_ascii=False)},
        timestamp=issued_at,
        pdf_standards=STANDARDS,
    )
    assert isinstance(result, bytes)
    return result


def render_statement(content: dict[str, Any], *, issued_at: int) -> bytes:
    """Render an annual statement (see `billing.selectors.annual`) as PDF; it is no invoice and carries none."""
    result = _compiler().compile(
        str(ANNUAL),
        format="pdf",
        sys_inputs={"content": json.dumps(content, ensure_ascii=False)},
        timestamp=issued_at,
        pdf_standards=STANDARDS,
    )
    assert isinstance(result, bytes)
    return result
