"""What was booked from events whose block is gone: missing at first, taken back where it stays away."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import TypeVar

from django.db.models import QuerySet

from contracts.domain.chain import Chain, PaymentEvent, WithdrawalEvent
from contracts.models import ChainPayment, ChainWithdrawal

# A reorganised chain mostly takes the same transactions into other blocks: so long it is given for it.
PATIENCE = timedelta(hours=1)
Seen = TypeVar("Seen", ChainPayment, ChainWithdrawal)


def note_missing(rows: QuerySet[Seen], *, events: Iterable[PaymentEvent] | Iterable[WithdrawalEvent], now: datetime) -> int:
    """After everything was read again: what the books have of a chain and its events do not show is missing; returns how many are."""
    there = {(event.transaction_hash, event.position) for event in events}
    known = rows.filter(vanished_at__isnull=True, missing_since__isnull=True)
    places = known.values_list("pk", "transaction_hash", "position")
    gone = [pk for pk, tx, position in places if (tx, position) not in there]
    return rows.filter(pk__in=gone).update(missing_since=now)


def follow_missing(rows: QuerySet[Seen], *, chain: Chain, now: datetime, take_back: Callable[[int, datetime], bool]) -> int:
    """Look for what is missing: what comes back stays booked, what stays away too long is taken back; returns how many were."""
    taken_back = 0
    for seen in rows.filter(missing_since__isnull=False, vanished_at__isnull=True).order_by("pk"):
        receipt = chain.receipt(seen.transaction_hash)
        if receipt is not None and receipt.succeeded:
            rows.filter(pk=seen.pk).update(missing_since=None, block_number=receipt.block_number)
        elif seen.missing_since is not None and now - seen.missing_since >= PATIENCE:
            taken_back += take_back(seen.pk, now)
    return taken_back
