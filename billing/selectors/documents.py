"""Documents: what a user may see, what a member is shown, and what the witness commits to."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import QuerySet

from billing.models import Component, Document, DocumentKind, DocumentStatus
from members.models import Member, Role, User
from members.selectors.scope import visible_members

GROSS_LABELS = {
    DocumentKind.BILL: "Amount to pay",
    DocumentKind.CREDIT: "Amount paid to you",
    DocumentKind.BILL_REVERSAL: "Amount taken back",
    DocumentKind.CREDIT_REVERSAL: "Amount taken back",
}


@dataclass(frozen=True, slots=True)
class PublishedField:
    """One figure or word of a document: where it stands, what it is called, and its value as text."""

    path: str
    label: str
    value: str


def visible_documents(user: User) -> QuerySet[Document]:
    """Posted documents of the user's own members, and of all members where the user is auditor, tariff admin or support."""
    return posted_documents(visible_members(user, Role.AUDITOR, Role.TARIFF_ADMIN, Role.SUPPORT))


def posted_documents(members: QuerySet[Member]) -> QuerySet[Document]:
    """What was posted to some members, the newest first."""
    return (
        Document.objects.exclude(status=DocumentStatus.DRAFT)
        .filter(member__in=members)
        .select_related("member", "site", "cooperative", "run__microgrid", "cancels__run", "replaces__run")
        .order_by("-period", "-run__revision", "kind", "label")
    )


def published_fields(document: Document) -> list[PublishedField]:
    """The canonical content of a posted document, in order: head, lines, sums. Values as the witness hashes them."""
    head = [
        ("number", "Number", document.label),
        ("kind", "Kind", document.kind),
        ("period", "Month", str(document.period)),
        ("member", "Member number", document.member.number),
        ("site", "Metering point", document.site.code),
        ("currency", "Currency", document.currency),
        ("issue_date", "Issued", document.issue_date.isoformat()),
        ("due_date", "Due", document.due_date.isoformat()),
    ]
    if document.cancels:
        head.append(("cancels", "Takes back", document.cancels.label))
    if document.replaces:
        head.append(("replaces", "Takes the place of", document.replaces.label))
    lines = [
        (f"lines/{i}/{name}", f"Line {i + 1}, {_name(line.component, line.window)}: {label}", value)
        for i, line in enumerate(sorted(document.lines.all(), key=lambda line: line.position))
        for name, label, value in (
            ("component", "kind", line.component),
            ("window", "time window", line.window),
            ("quantity", "quantity", str(line.quantity)),
            ("unit", "unit", line.unit),
            ("price", "price", f"{line.price:.6f}"),
            ("net_minor", "amount", str(line.net_minor)),
        )
    ]
    sums = [
        ("net_minor", "Net amount", str(document.net_minor)),
        ("vat_minor", "VAT", str(document.vat_minor)),
        ("gross_minor", GROSS_LABELS[DocumentKind(document.kind)], str(document.gross_minor)),
    ]
    return [PublishedField(*row) for row in (*head, *lines, *_vat_by_rate(document), *sums)]


def _vat_by_rate(document: Document) -> list[tuple[str, str, str]]:
    """VAT rate by rate, and each line's; a document of one rate is as it always was, its VAT is said by the sums."""
    parts = sorted(document.vat_sums.all(), key=lambda row: (-row.rate, row.pk))
    if len(parts) < 2:
        return []
    of_lines = [
        (f"lines/{i}/vat_rate", f"Line {i + 1}: VAT", f"{line.vat_category} {line.vat_rate:.4f}")
        for i, line in enumerate(sorted(document.lines.all(), key=lambda line: line.position))
    ]
    of_sums = [
        (f"vat/{i}/{name}", f"VAT {part.category} {part.rate:.4f}: {label}", value)
        for i, part in enumerate(parts)
        for name, label, value in (
            ("rate", "rate", f"{part.category} {part.rate:.4f}"),
            ("net_minor", "net amount", str(part.net_minor)),
            ("vat_minor", "VAT", str(part.vat_minor)),
        )
    ]
    return [*of_lines, *of_sums]


def _name(component: str, window: str) -> str:
    label = str(Component(component).label)
    return f"{label} ({window})" if window else label


def documents_of_run(run_id: int) -> Iterable[Document]:
    """All posted documents of a run with what their fields need, in the order of their labels."""
    return (
        Document.objects.filter(run_id=run_id)
        .exclude(status=DocumentStatus.DRAFT)
        .select_related("member", "site", "cancels", "replaces")
        .prefetch_related("lines", "vat_sums")
        .order_by("label")
    )


def document_before(document: Document) -> Document | None:
    """The same site's document of the month before, for comparison."""
    return (
        Document.objects.standing()
        .filter(site=document.site, member=document.member, kind=document.kind, period__lt=document.period)
        .order_by("-period")
        .first()
    )


def standing_in_for(document: Document) -> Document:
    """The document that stands now in the place of one that was taken back, however often; itself where none does."""
    while (newer := Document.objects.posted().filter(replaces=document.pk).first()) is not None:
        document = newer
    return document
