"""Bank statements: looked at first, then imported wholly, once. What is sure is booked, what is doubtful waits for a person."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from billing.adapters.bank.reading import read_file
from billing.domain.banking.identity import KnownLine, Placed, place
from billing.domain.banking.matching import Ledger, Proposal, match
from billing.domain.banking.statements import BankEntry, Statement, StatementBefore, findings, in_our_money
from billing.models import BankStatement, BankStatementLine, LineStatus, StatementKind
from billing.selectors.matching import open_ledger
from billing.services.allocations import lock_members
from billing.services.bank_lines import book_line, members_of, readings_of
from billing.services.deadlocks import repeated_after_deadlock
from billing.services.line_postings import post_bank_side
from members.models import Cooperative

MOST_SHOWN = 500


@dataclass(frozen=True, slots=True)
class PreviewRow:
    """A movement of a file: whether it is new, and what would be booked or proposed."""

    entry: BankEntry
    is_new: bool
    proposals: tuple[Proposal, ...]
    why: str
    bills: str = ""

    @property
    def is_open(self) -> bool:
        """Whether a person will have to look."""
        return self.is_new and self.entry.amount_minor > 0 and not self.bills


@dataclass(frozen=True, slots=True)
class Preview:
    """A statement as the import would take it."""

    statement: Statement
    rows: tuple[PreviewRow, ...]
    findings: tuple[str, ...]

    @property
    def shown(self) -> tuple[PreviewRow, ...]:
        """What a page shows of it."""
        return self.rows[:MOST_SHOWN]


def preview_statement(*, cooperative: Cooperative, content: bytes) -> list[Preview]:
    """Each statement of a file as it would be taken; nothing is written.

    Raises:
        CannotReadStatement: the message names the place and the mending step.
    """
    told = []
    for told_by_bank in read_file(content, currency=cooperative.currency):
        statement = in_our_money(told_by_bank, cooperative.currency)
        ledger = open_ledger(cooperative, statement.entries)
        rows = tuple(_preview_row(placed, ledger) for placed in _placed(cooperative, statement))
        told.append(Preview(statement, rows, tuple(_findings(cooperative, statement))))
    return told


def _preview_row(placed: Placed, ledger: Ledger) -> PreviewRow:
    entry = placed.entry
    if placed.known is not None:
        return PreviewRow(entry, False, (), "is known from an earlier file")
    if entry.amount_minor <= 0 or entry.is_return or entry.is_whole_batch:
        return PreviewRow(entry, True, (), "is compared with what the bank was asked to do")
    proposals = tuple(match(entry, ledger))
    if not proposals:
        return PreviewRow(entry, True, proposals, "nothing fits")
    shares = proposals[0].shares if proposals[0].is_sure else ()
    bills = ", ".join(ledger.by_id[share.bill_id].label for share in shares if share.bill_id)
    return PreviewRow(entry, True, proposals, proposals[0].why, bills)


@repeated_after_deadlock
@transaction.atomic
def import_statement(*, cooperative: Cooperative, content: bytes, file_name: str, now: datetime) -> tuple[BankStatement, bool]:
    """Import a file wholly or not at all; the same file again changes nothing. Returns its (first) statement and whether it is new.

    A movement that another file told before is not booked again. Imports of one cooperative come one after the other.

    Raises:
        CannotReadStatement: the file is wrong.
        TooBusy: others moved the same members' money again and again.
    """
    Cooperative.objects.select_for_update(no_key=True).get(pk=cooperative.pk)
    digest = hashlib.sha256(content).hexdigest()
    existing = BankStatement.objects.filter(cooperative=cooperative, digest=digest).order_by("part").first()
    if existing is not None:
        return existing, False
    made = [
        _import(cooperative, in_our_money(statement, cooperative.currency), part, file_name, digest, now)
        for part, statement in enumerate(read_file(content, currency=cooperative.currency))
    ]
    return made[0], True


def _import(cooperative: Cooperative, statement: Statement, part: int, file_name: str, digest: str, now: datetime) -> BankStatement:
    placed = _placed(cooperative, statement)
    row = BankStatement.objects.create(
        cooperative=cooperative,
        kind=StatementKind(statement.kind),
        file_name=file_name[:200],
        digest=digest,
        part=part,
        imported_at=now,
        iban=statement.iban,
        number=statement.number,
        sequence=statement.sequence,
        first_date=statement.first_date,
        last_date=statement.last_date,
        opening_minor=statement.opening_minor,
        closing_minor=statement.closing_minor,
        findings="\n".join(_findings(cooperative, statement)),
    )
    fresh = _without_told_sums(cooperative, [one for one in placed if one.known is None], now)
    lines = BankStatementLine.objects.bulk_create(_line(row, number, one) for number, one in enumerate(fresh, 1))
    for line, one in zip(lines, fresh, strict=True):
        if one.details is None:
            post_bank_side(line=line, now=now)
    ledger = open_ledger(cooperative, [one.entry for one in fresh])
    readings = [readings_of(line, ledger) for line in lines]
    lock_members(members_of(lines, readings))
    for line, proposals in zip(lines, readings, strict=True):
        book_line(line=line, readings=proposals, now=now)
    return row


def _without_told_sums(cooperative: Cooperative, fresh: list[Placed], now: datetime) -> list[Placed]:
    """Let the details of a sum take its place: what is still unclear is told in detail now, what is booked needs none."""
    sums = {one.details.line_id for one in fresh if one.details}
    unclear = set(BankStatementLine.objects.filter(pk__in=sums, status=LineStatus.OPEN).values_list("pk", flat=True))
    BankStatementLine.objects.filter(cooperative=cooperative, pk__in=unclear).update(
        status=LineStatus.DETAILED, why="its payments were told one by one later", resolved_at=now
    )
    return [one for one in fresh if one.details is None or one.details.line_id in unclear]


def _line(statement: BankStatement, number: int, placed: Placed) -> BankStatementLine:
    entry = placed.entry
    return BankStatementLine(
        cooperative=statement.cooperative,
        statement=statement,
        row=number,
        booked_date=entry.booked_date,
        value_date=entry.value_date,
        amount_minor=entry.amount_minor,
        payer=entry.payer[:140],
        payer_iban=entry.payer_iban[:34],
        purpose=entry.purpose[:1000],
        reference=entry.reference[:40],
        end_to_end_id=entry.end_to_end_id[:35],
        mandate_ref=entry.mandate_ref[:35],
        batch_ref=entry.batch_ref[:35],
        batch_count=entry.batch_count,
        bank_ref=entry.bank_ref[:70],
        entry_ref=entry.entry_ref[:70],
        bank_code=entry.bank_code[:40],
        is_reversal=entry.is_reversal,
        return_code=entry.return_code[:8],
        original_minor=entry.original_minor,
        charges_minor=entry.charges_minor,
        content_key=placed.content_key,
        occurrence=placed.occurrence,
    )


def _placed(cooperative: Cooperative, statement: Statement) -> list[Placed]:
    return place(statement.entries, _known(cooperative, statement), account=statement.iban or cooperative.iban)


def _known(cooperative: Cooperative, statement: Statement) -> Iterable[KnownLine]:
    """Lines of the days that the statement tells of."""
    days = {entry.booked_date for entry in statement.entries}
    rows = BankStatementLine.objects.filter(cooperative=cooperative, booked_date__in=days).order_by("pk")
    return [
        KnownLine(*values)
        for values in rows.values_list(
            "pk", "content_key", "occurrence", "bank_ref", "booked_date", "amount_minor", "batch_count", "batch_ref", "entry_ref"
        )
    ]


def _findings(cooperative: Cooperative, statement: Statement) -> list[str]:
    return findings(statement, our_iban=cooperative.iban, currency=cooperative.currency, before=_before(cooperative, statement))


def _before(cooperative: Cooperative, statement: Statement) -> StatementBefore | None:
    """The newest statement with balances of the account that ends before this one begins."""
    if not statement.has_balances or statement.first_date is None:
        return None
    row = (
        BankStatement.objects.filter(
            cooperative=cooperative, iban=statement.iban, closing_minor__isnull=False, last_date__lte=statement.first_date
        )
        .order_by("-last_date", "-sequence", "-pk")
        .first()
    )
    return StatementBefore(row.number, row.sequence, row.last_date, row.closing_minor) if row else None
