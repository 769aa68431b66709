"""The journal of a month: each transaction with its entries and its cause, in the order of booking."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from billing.models import LedgerEntry, LedgerTransaction
from billing.selectors.causes import Cause, causes_of
from kernel.intervals import Month
from members.models import Cooperative

BLOCK = 2_000


@dataclass(frozen=True, slots=True)
class JournalRow:
    """A transaction, what caused it, and its entries in their order."""

    transaction: LedgerTransaction
    cause: Cause
    entries: list[LedgerEntry]


def journal(cooperative: Cooperative, month: Month) -> Iterator[JournalRow]:
    """All transactions of a month, read in blocks: memory does not grow with the month."""
    rows = LedgerTransaction.objects.filter(cooperative=cooperative, booked_date__range=(month.first_day, month.last_day)).order_by(
        "booked_date", "pk"
    )
    stream = rows.iterator(chunk_size=BLOCK)
    while block := list(islice(stream, BLOCK)):
        causes = causes_of(block)
        entries: dict[int, list[LedgerEntry]] = {}
        for entry in LedgerEntry.objects.filter(transaction__in=[t.pk for t in block]).order_by("pk"):
            entries.setdefault(entry.transaction_id, []).append(entry)
        for each in block:
            yield JournalRow(each, causes[each.pk], entries.get(each.pk, []))
