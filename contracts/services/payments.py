"""Payments that came in on the chain, booked once."""

from datetime import datetime
from decimal import Decimal

from django.conf import settings
from django.db import transaction

from billing.models import Document, DocumentKind, DocumentStatus, PaymentRail
from billing.services.payments import book_payment
from contracts.domain.chain import Chain, PaymentEvent
from contracts.models import ChainCursor, ChainPayment, PaymentQuote
from contracts.services.outbox import address_on

REREAD_BLOCKS = 200


def watch_payments(*, chain: Chain, now: datetime) -> int:
    """Read payments that have enough confirmations and book each once; returns how many are new.

    After a reorganisation (the last block read has another hash) everything is read again: booking twice is impossible.
    """
    address = address_on(chain, "Billing")
    if not address:
        return 0
    last = chain.block_number() - settings.CHAIN_CONFIRMATIONS + 1
    cursor, _ = ChainCursor.objects.get_or_create(chain_id=chain.chain_id(), contract_address=address)
    first = max(cursor.block_number - REREAD_BLOCKS, 0)
    if cursor.block_number >= 0 and chain.block_hash(cursor.block_number) != cursor.block_hash:
        first = 0
    if last < first:
        return 0
    booked = sum(_book(chain.chain_id(), event, now) for event in chain.payments(address, first, last))
    cursor.block_number, cursor.block_hash = last, chain.block_hash(last)
    cursor.save(update_fields=["block_number", "block_hash"])
    return booked


@transaction.atomic
def _book(chain_id: int, event: PaymentEvent, now: datetime) -> bool:
    document = Document.objects.filter(chain_ref=event.bill_id, kind=DocumentKind.BILL).exclude(
        status=DocumentStatus.DRAFT
    )
    bill = document.select_for_update().first()
    if bill is None:
        return False
    seen, created = ChainPayment.objects.get_or_create(
        chain_id=chain_id, transaction_hash=event.transaction_hash, document=bill,
        defaults={"payer": event.payer, "paid_wei": event.paid_wei, "applied_wei": event.applied_wei},
    )  # fmt: skip
    if not created:
        return False
    quote = PaymentQuote.objects.get(document=bill)
    # The payment that completes the quote settles the bill to the cent; a part is rounded down, the rest stays open.
    amount = (
        bill.rest_minor if event.rest_wei == 0 else int(Decimal(event.applied_wei) // quote.wei_per_minor)
    )
    if amount > 0:
        seen.payment, _ = book_payment(
            document=bill, amount_minor=amount, rail=PaymentRail.CHAIN, received_at=now, now=now,
            external_ref=f"{chain_id}:{event.transaction_hash}:{event.bill_id[:18]}",
        )  # fmt: skip
        seen.save(update_fields=["payment"])
    return True
