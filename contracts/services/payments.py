"""Payments that came in on the chain, booked once."""

import logging
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Sum

from billing.models import Document, DocumentKind, DocumentStatus, PaymentRail
from billing.services.allocations import lock_member
from billing.services.payments import Origin, book_payment
from contracts.domain.chain import Chain, PaymentEvent
from contracts.domain.coins import NATIVE, whole_minor
from contracts.models import ChainCursor, ChainPayment, StableCoin
from contracts.selectors.coins import amount_in
from contracts.services.outbox import deployment_on
from contracts.services.quotes import applied_wad_of

REREAD_BLOCKS = 200
log = logging.getLogger(__name__)


def watch_payments(*, chain: Chain, now: datetime) -> int:
    """Read payments that have enough confirmations and book each once; returns how many are new.

    After a reorganisation (the last block read has another hash) everything is read again: booking twice is impossible.
    """
    deployment = deployment_on(chain, "Billing")
    if deployment is None:
        return 0
    address = deployment.address
    last = chain.block_number() - settings.CHAIN_CONFIRMATIONS + 1
    cursor, _ = ChainCursor.objects.get_or_create(chain_id=chain.chain_id(), contract_address=address)
    birth = deployment.transaction.block_number or 0
    first = max(cursor.block_number - REREAD_BLOCKS, birth)
    if cursor.block_number >= 0 and chain.block_hash(cursor.block_number) != cursor.block_hash:
        first = birth
    if last < first:
        return 0
    booked = sum(_book(chain.chain_id(), event, now) for event in chain.payments(address, first, last))
    cursor.block_number, cursor.block_hash = last, chain.block_hash(last)
    cursor.save(update_fields=["block_number", "block_hash"])
    return booked


@transaction.atomic
def _book(chain_id: int, event: PaymentEvent, now: datetime) -> bool:
    posted = Document.objects.filter(chain_ref=event.bill_id, kind=DocumentKind.BILL).exclude(
        status=DocumentStatus.DRAFT
    )
    bill = posted.first()
    if bill is None:
        log.error(
            "Payment %s is for %s, which is no posted bill here.", event.transaction_hash, event.bill_id
        )
        return False
    lock_member(bill.member_id)
    seen, created = ChainPayment.objects.get_or_create(
        chain_id=chain_id, transaction_hash=event.transaction_hash, position=event.position,
        defaults={
            "document": bill, "payer": event.payer, "coin": _coin_of(chain_id, event), "paid_units": event.paid_units,
            "applied_wad": event.applied_wad, "block_number": event.block_number,
        },
    )  # fmt: skip
    if not created:
        return False
    amount = whole_minor(applied_wad_of(bill)) - _booked_minor(bill)
    if amount > 0:
        place = f":{event.position}" if event.position else ""
        shown = bill.run.microgrid.now(now)
        seen.payment, _ = book_payment(
            document=bill, amount_minor=amount, rail=PaymentRail.CHAIN, received_at=shown, now=shown,
            external_ref=f"{chain_id}:{event.transaction_hash}:{event.bill_id[:18]}{place}",
            origin=Origin(note=amount_in(seen.paid_units, seen.coin)),
        )  # fmt: skip
        seen.save(update_fields=["payment"])
    return True


def _booked_minor(bill: Document) -> int:
    """What was booked of a bill's payments on the chain.

    Booked next is all that the chain has applied to it so far, whatever the coins, rounded down, less this: so parts of a cent are
    never lost, the last part settles to the cent, and what is paid on the chain after the bank is booked in full and becomes the
    member's credit.
    """
    standing = ChainPayment.objects.filter(document=bill, vanished_at__isnull=True)
    return standing.aggregate(sum=Sum("payment__amount_minor"))["sum"] or 0


def _coin_of(chain_id: int, event: PaymentEvent) -> StableCoin | None:
    """The stable coin of a payment; none: the chain's own."""
    if event.token == NATIVE:
        return None
    return StableCoin.objects.filter(chain_id=chain_id, address=event.token).latest("pk")
