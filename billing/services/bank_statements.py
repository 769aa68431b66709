"""Bank statements: looked at first, then imported wholly, once."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, time

from django.db import transaction

from billing.domain.bank_csv import StatementRow, read_statement
from billing.models import (
    BankStatement,
    BankStatementLine,
    Document,
    DocumentKind,
    DocumentStatus,
    PaymentRail,
)
from billing.services.payments import book_payment
from members.models import Cooperative


@dataclass(frozen=True, slots=True)
class Proposal:
    """A row and the bill it would settle; `why` in words, `document` None where a person has to look."""

    row: StatementRow
    document: Document | None
    why: str


def line_reference(row: StatementRow, occurrence: int) -> str:
    """What makes a line the same in overlapping statements: its content, and which of equal lines it is."""
    content = f"{row.booked_date}|{row.amount_minor}|{row.payer}|{row.purpose}|{occurrence}"
    return hashlib.sha256(content.encode()).hexdigest()


def preview_statement(*, cooperative: Cooperative, content: bytes) -> list[Proposal]:
    """Match each incoming row to a bill: by payment reference, else by a payer's only open bill of that very amount.

    Raises:
        CannotReadStatement: the message names row, column and the mending step.
    """
    rows = read_statement(content)
    bills = Document.objects.filter(cooperative=cooperative, kind=DocumentKind.BILL).exclude(
        status=DocumentStatus.DRAFT
    )
    by_reference = {
        bill.payment_reference: bill
        for bill in bills.filter(payment_reference__in={row.reference for row in rows if row.reference})
    }
    by_name: dict[tuple[str, int], list[Document]] = {}
    for bill in bills.filter(status=DocumentStatus.OPEN, member__name__in={row.payer for row in rows if row.payer}).select_related("member"):  # fmt: skip
        by_name.setdefault((bill.member.name, bill.rest_minor), []).append(bill)
    return [_propose(row, by_reference, by_name) for row in rows]


def _propose(
    row: StatementRow, by_reference: dict[str, Document], by_name: dict[tuple[str, int], list[Document]]
) -> Proposal:
    if row.amount_minor <= 0:
        return Proposal(row, None, "money that went out is not matched")
    if row.reference:
        bill = by_reference.get(row.reference)
        return Proposal(row, bill, "by payment reference" if bill else f"there is no bill {row.reference}")
    candidates = by_name.get((row.payer, row.amount_minor), [])
    if len(candidates) == 1:
        return Proposal(row, candidates[0], "by name and amount")
    return Proposal(row, None, "several bills fit" if candidates else "no payment reference in the purpose")


@transaction.atomic
def import_statement(
    *, cooperative: Cooperative, content: bytes, file_name: str, now: datetime
) -> tuple[BankStatement, bool]:
    """Import a statement wholly or not at all; the same file again changes nothing. Returns it and whether it is new.

    A line that stood in an earlier statement is not booked again.

    Raises:
        CannotReadStatement: the file is wrong.
    """
    Cooperative.objects.select_for_update().get(pk=cooperative.pk)
    digest = hashlib.sha256(content).hexdigest()
    existing = BankStatement.objects.filter(cooperative=cooperative, digest=digest).first()
    if existing is not None:
        return existing, False
    proposals = preview_statement(cooperative=cooperative, content=content)
    statement = BankStatement.objects.create(
        cooperative=cooperative, file_name=file_name[:200], digest=digest, imported_at=now
    )
    seen: dict[StatementRow, int] = {}
    lines = []
    for proposal in proposals:
        row = proposal.row
        same = StatementRow(0, row.booked_date, row.amount_minor, row.payer, row.purpose)
        seen[same] = seen.get(same, 0) + 1
        payment = None
        if proposal.document is not None:
            payment, created = book_payment(
                document=proposal.document, amount_minor=row.amount_minor, rail=PaymentRail.BANK, now=now,
                external_ref=line_reference(row, seen[same]),
                received_at=datetime.combine(row.booked_date, time(12), tzinfo=UTC),
            )  # fmt: skip
            payment = payment if created else None
        lines.append(
            BankStatementLine(
                statement=statement, row=row.row, booked_date=row.booked_date, amount_minor=row.amount_minor,
                payer=row.payer, purpose=row.purpose, payment=payment,
            )
        )  # fmt: skip
    BankStatementLine.objects.bulk_create(lines)
    return statement, True
