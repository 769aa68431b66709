"""Documents on paper: rendered once, kept, rendered again where missing."""

import logging
from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from pathlib import Path

from django.conf import settings
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from billing.adapters.documents.e_invoice import invoice_xml
from billing.adapters.documents.renderer import render_letter, render_pdf, render_statement
from billing.domain.e_invoice import CannotInvoice, business_terms
from billing.models import BillingRun, DistributionPart, Document, DocumentStatus, Reminder, YearStatement
from billing.selectors.annual import AnnualStatement, statement_content, year_of
from billing.selectors.distribution_statement import statement_of
from billing.selectors.e_invoice import invoice_of
from billing.selectors.paper import paper_content
from billing.selectors.paper_facts import PaperFacts, paper_facts
from billing.selectors.reminder_letter import letter_content
from kernel.whole_files import write_whole

log = logging.getLogger(__name__)
BLOCK = 50
LOOKED_AT = 5


class NoYear(ValueError):
    """There is nothing to tell of a year."""


class NotPostedYet(ValueError):
    """A draft has no paper."""


def pdf_of(*, document: Document) -> Path:
    """The PDF of a posted document with the e-invoice inside; written whole or not at all.

    Raises:
        NotPostedYet: it is a draft.
        CannotInvoice: the cooperative shows VAT without a VAT id.
    """
    if document.status == DocumentStatus.DRAFT:
        raise NotPostedYet(_("A draft has no PDF; it gets one when the run is posted."))
    path = _path_of(document)
    if not path.exists():
        write_whole(path, _rendered(document, paper_facts([document])[document.pk]))
    return path


def pdf_of_reminder(reminder: Reminder) -> bytes:
    """A letter about an open bill; the same letter gives the same bytes."""
    return render_letter(letter_content(reminder), issued_at=_noon(reminder.sent_date))


def pdf_of_part(part: DistributionPart) -> bytes:
    """A member's part of a released distribution, in the member's language."""
    released = part.distribution.released_at
    assert released is not None
    return render_statement(statement_of(part, part.member.language), issued_at=_noon(released.date()))


def pdf_of_year(statement: YearStatement) -> bytes:
    """A member's year at a site by the documents that count now.

    Raises:
        NoYear: none of them counts any more.
    """
    found = year_of(statement.member, site_id=statement.site.public_id, year=statement.year)
    if found is None:
        raise NoYear(_("No document of %(year)s counts any more.") % {"year": statement.year})
    return pdf_of_annual(found)


def pdf_of_annual(statement: AnnualStatement) -> bytes:
    """A year on paper; made anew each time, since months may still be corrected."""
    return render_statement(statement_content(statement, statement.member.language), issued_at=_noon(date(statement.year, 12, 31)))


def _noon(day: date) -> int:
    return int(datetime.combine(day, time(12), tzinfo=UTC).timestamp())


def blocks_to_print(*, run: BillingRun) -> list[list[int]]:
    """The documents of a posted run that have no paper yet, in blocks for the workers."""
    documents = Document.objects.filter(run=run).exclude(status=DocumentStatus.DRAFT).order_by("label")
    missing = [document.pk for document in documents.only("public_id", "period") if not _path_of(document).exists()]
    return [missing[i : i + BLOCK] for i in range(0, len(missing), BLOCK)]


def unprinted(*, run: BillingRun) -> int:
    """How many posted documents of a run have no paper yet."""
    return sum(len(block) for block in blocks_to_print(run=run)) if run.posted_at else 0


def print_documents(*, document_ids: Sequence[int]) -> int:
    """Make the papers of some posted documents of one run; those that are there stay. Returns how many were made.

    One that cannot be made keeps no other back: the run's page says why (`why_not_printed`), and so does its delivery.
    """
    posted = Document.objects.filter(pk__in=document_ids).exclude(status=DocumentStatus.DRAFT)
    documents = [document for document in _with_what_is_printed(posted) if not _path_of(document).exists()]
    facts = paper_facts(documents)
    made = 0
    for document in documents:
        try:
            paper = _rendered(document, facts[document.pk])
        except CannotInvoice as problem:
            log.warning("no paper of document %s: %s", document.pk, problem)
            continue
        write_whole(_path_of(document), paper)
        made += 1
    return made


def why_not_printed(*, run: BillingRun) -> str:
    """Why the first papers of a posted run that are missing cannot be made; empty where one can: then workers are at it, or none is missing."""
    missing = next(iter(blocks_to_print(run=run)), [])[:LOOKED_AT] if run.posted_at else []
    documents = list(_with_what_is_printed(Document.objects.filter(pk__in=missing)).order_by("label"))
    facts, problems = paper_facts(documents), []
    for document in documents:
        try:
            business_terms(invoice_of(document, facts[document.pk].lines))
        except CannotInvoice as problem:
            problems.append(str(problem))
    return problems[0] if problems and len(problems) == len(documents) else ""


def _with_what_is_printed(documents: QuerySet[Document]) -> QuerySet[Document]:
    return documents.select_related("member", "site__microgrid", "cooperative", "run__microgrid", "cancels__run", "replaces__run")


def _path_of(document: Document) -> Path:
    return Path(settings.DOCUMENT_DIR) / f"{document.period}" / f"{document.public_id}.pdf"


def _rendered(document: Document, facts: PaperFacts) -> bytes:
    note = " ".join([facts.correction.intro, *facts.correction.reasons]) if facts.correction else ""
    return render_pdf(
        paper_content(document, facts),
        invoice_xml=invoice_xml(business_terms(invoice_of(document, facts.lines, note=note))),
        issued_at=_noon(document.issue_date),
    )
