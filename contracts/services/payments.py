"""Payments that came in on the chain, and withdrawals from it, booked once."""

import logging
from datetime import datetime

from django.conf import settings
from django.db import transaction

from billing.models import Document, DocumentKind, DocumentStatus
from billing.services.allocations import lock_member
from contracts.domain.chain import Chain, PaymentEvent
from contracts.domain.coins import NATIVE
from contracts.models import ChainCursor, ChainPayment, ChainWithdrawal, StableCoin
from contracts.services.chain_bookings import book_up, take_back_payment
from contracts.services.outbox import deployment_on
from contracts.services.vanished import follow_missing, note_missing
from contracts.services.withdrawals import note_withdrawals, take_back_withdrawal

REREAD_BLOCKS = 200
log = logging.getLogger(__name__)


def watch_payments(*, chain: Chain, now: datetime) -> int:
    """Read payments and withdrawals that have enough confirmations and book each once; returns how many are new.

    After a reorganisation (the last block read has another hash) everything is read again: booking twice is impossible, and what
    is not there any more is missing from then on.
    """
    deployment = deployment_on(chain, "Billing")
    if deployment is None:
        return 0
    address = deployment.address
    last = chain.block_number() - settings.CHAIN_CONFIRMATIONS + 1
    cursor, _ = ChainCursor.objects.get_or_create(chain_id=chain.chain_id(), contract_address=address)
    birth = deployment.transaction.block_number or 0
    first = max(cursor.block_number - REREAD_BLOCKS, birth)
    is_another = cursor.block_number >= 0 and chain.block_hash(cursor.block_number) != cursor.block_hash
    if is_another:
        first = birth
    if last < first:
        return 0
    events, left = chain.payments(address, first, last), chain.withdrawals(address, first, last)
    booked = sum(_book(chain.chain_id(), event, now) for event in events)
    booked += note_withdrawals(chain=chain, events=left, now=now)
    if is_another:
        note_missing(ChainPayment.objects.filter(chain_id=chain.chain_id()), events=events, now=now)
        note_missing(ChainWithdrawal.objects.filter(chain_id=chain.chain_id()), events=left, now=now)
    cursor.block_number, cursor.block_hash = last, chain.block_hash(last)
    cursor.save(update_fields=["block_number", "block_hash"])
    follow_vanished(chain=chain, now=now)
    return booked


def follow_vanished(*, chain: Chain, now: datetime) -> int:
    """Look for missing payments and withdrawals; returns how many were taken back."""
    paid = ChainPayment.objects.filter(chain_id=chain.chain_id())
    withdrawn = ChainWithdrawal.objects.filter(chain_id=chain.chain_id())
    return follow_missing(paid, chain=chain, now=now, take_back=take_back_payment) + follow_missing(
        withdrawn, chain=chain, now=now, take_back=take_back_withdrawal
    )


@transaction.atomic
def _book(chain_id: int, event: PaymentEvent, now: datetime) -> bool:
    posted = Document.objects.filter(chain_ref=event.bill_id, kind=DocumentKind.BILL).exclude(status=DocumentStatus.DRAFT)
    bill = posted.first()
    if bill is None:
        log.error("Payment %s is for %s, which is no posted bill here.", event.transaction_hash, event.bill_id)
        return False
    lock_member(bill.member_id)
    seen, created = ChainPayment.objects.get_or_create(
        chain_id=chain_id,
        transaction_hash=event.transaction_hash,
        position=event.position,
        defaults={
            "document": bill,
            "payer": event.payer,
            "coin": _coin_of(chain_id, event),
            "paid_units": event.paid_units,
            "applied_wad": event.applied_wad,
            "block_number": event.block_number,
            "log_index": event.log_index,
            "credit_wei": event.credit_wei,
        },
    )
    is_back = seen.vanished_at is not None
    if not created:
        seen.block_number, seen.log_index, seen.credit_wei = (event.block_number, event.log_index, event.credit_wei)
        seen.missing_since, seen.vanished_at = None, None
        seen.save(update_fields=["block_number", "log_index", "credit_wei", "missing_since", "vanished_at"])
    if created or is_back:
        book_up(bill=bill, seen=seen, now=now)
    return created or is_back


def _coin_of(chain_id: int, event: PaymentEvent) -> StableCoin | None:
    """The stable coin of a payment; none: the chain's own."""
    if event.token == NATIVE:
        return None
    return StableCoin.objects.filter(chain_id=chain_id, address=event.token).latest("pk")
