"""What a treasurer sees of money in and out: movements with their readings, orders, and what could be collected or paid out."""

from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet, Sum
from django.utils.translation import gettext as _

from billing.domain.banking.matching import Ledger, Proposal, Share, match
from billing.models import BankOrder, BankStatementLine, Document, LineStatus, Payment
from billing.selectors.matching import entry_of, open_ledger
from members.models import Cooperative, Member

MOST_LINES = 200


@dataclass(frozen=True, slots=True)
class Reading:
    """One proposal in words: what each part is called, as a form sends it back."""

    parts: tuple[tuple[str, str, int], ...]
    why: str
    score: int


@dataclass(frozen=True, slots=True)
class LineView:
    """A movement and its readings, the best first."""

    line: BankStatementLine
    readings: tuple[Reading, ...]


def lines_of(cooperative: Cooperative, status: str) -> QuerySet[BankStatementLine]:
    """Movements in a state, the newest first."""
    rows = BankStatementLine.objects.filter(cooperative=cooperative).select_related("statement")
    return rows.filter(status=status).order_by("-booked_date", "-pk")


def line_counts(cooperative: Cooperative) -> dict[str, int]:
    """How many movements are in each state."""
    rows = BankStatementLine.objects.filter(cooperative=cooperative).values("status").annotate(n=Count("pk"))
    found = {row["status"]: row["n"] for row in rows}
    return {status.value: found.get(status.value, 0) for status in LineStatus}


def readings_of(cooperative: Cooperative, lines: list[BankStatementLine]) -> list[LineView]:
    """Readings of movements that wait for a person; none for money that went out or came back."""
    entries = [entry_of(line) for line in lines]
    ledger = open_ledger(cooperative, entries)
    members = Member.objects.in_bulk(list(ledger.parties))
    views = []
    for line, entry in zip(lines, entries, strict=True):
        waits = line.status == LineStatus.OPEN and entry.amount_minor > 0 and not entry.is_return
        proposals = match(entry, ledger) if waits else []
        views.append(LineView(line, tuple(_reading(p, ledger, members) for p in proposals)))
    return views


def _reading(proposal: Proposal, ledger: Ledger, members: dict[int, Member]) -> Reading:
    return Reading(tuple(_part(share, ledger, members) for share in proposal.shares), proposal.why, proposal.score)


def _part(share: Share, ledger: Ledger, members: dict[int, Member]) -> tuple[str, str, int]:
    member = members[share.member_id]
    if share.bill_id is None:
        return member.number, _("Credit of %(member)s") % {"member": member.name}, share.amount_minor
    label = ledger.by_id[share.bill_id].label
    return label, f"{label}, {member.name}", share.amount_minor


def payments_to_take_back(line: BankStatementLine) -> list[Payment]:
    """Payments that a movement out may take back: of its sum, or a little less (the bank's fee), the newest first."""
    if line.amount_minor >= 0:
        return []
    most = -line.amount_minor
    return list(
        Payment.objects.filter(cooperative=line.cooperative, amount_minor__lte=most, amount_minor__gte=most - 2_000, returned_minor=0)
        .select_related("member", "document")
        .order_by("-amount_minor", "-received_at")[:12]
    )


def orders_of(cooperative: Cooperative) -> QuerySet[BankOrder]:
    """Orders to the bank, the newest first, with how much and how many they are."""
    standing = ~Q(debits__status="cancelled")
    return (
        BankOrder.objects.filter(cooperative=cooperative)
        .defer("content")
        .annotate(debit_sum=Sum("debits__amount_minor", filter=standing), debit_count=Count("debits", filter=standing))
        .select_related("prepared_by", "released_by")
        .order_by("-pk")
    )


def open_bills_of(member: Member) -> QuerySet[Document]:
    """A member's open bills, the oldest first."""
    return Document.objects.filter(member=member, kind="bill", status="open").order_by("due_date", "number")
