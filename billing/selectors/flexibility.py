"""What is owed for flexibility, from both sides: of a document its lines' causes, of a cause its document."""

from collections.abc import Iterable
from uuid import UUID

from billing.models import Document, DocumentStatus, FlexibilityCredit


def flexibility_on(document: Document) -> dict[int, FlexibilityCredit]:
    """By position of its line, what a credit document pays for as flexibility."""
    return {row.position: row for row in document.flexibility.all() if row.position is not None}


def cause_of_response(response_id: UUID) -> str:
    """How a site's part in a demand response event is named as a cause."""
    return f"demand-response:{response_id}"


def cause_of_storage(storage_id: UUID, period: int) -> str:
    """How what a storage did in a month is named as a cause."""
    return f"storage:{storage_id}:{period}"


def cause_of_device(consumer_id: UUID, period: int) -> str:
    """How what a device's runs saved in a month is named as a cause."""
    return f"device:{consumer_id}:{period}"


def documents_of(causes: Iterable[str]) -> dict[str, Document]:
    """The posted document on which each cause stands; those that wait for theirs are left out."""
    rows = FlexibilityCredit.objects.filter(cause_ref__in=list(causes), document__isnull=False)
    rows = rows.exclude(document__status=DocumentStatus.DRAFT).select_related("document")
    return {row.cause_ref: row.document for row in rows if row.document is not None}
