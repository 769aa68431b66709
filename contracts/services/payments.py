"""Payments that came in on the chain, booked once."""

import logging
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Sum

from billing.models import Document, DocumentKind, DocumentStatus, Payment, PaymentRail
from billing.services.allocations import lock_member
from billing.services.payments import book_payment
from contracts.domain.chain import Chain, PaymentEvent
from contracts.models import ChainCursor, ChainPayment, PaymentQuote
from contracts.services.outbox import deployment_on

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
            "document": bill, "payer": event.payer, "paid_wei": event.paid_wei, "applied_wei": event.applied_wei,
        },
    )  # fmt: skip
    if not created:
        return False
    amount = _amount_minor(bill)
    if amount > 0:
        place = f":{event.position}" if event.position else ""
        shown = bill.run.microgrid.now(now)
        seen.payment, _ = book_payment(
            document=bill, amount_minor=amount, rail=PaymentRail.CHAIN, received_at=shown, now=shown,
            external_ref=f"{chain_id}:{event.transaction_hash}:{event.bill_id[:18]}{place}",
        )  # fmt: skip
        seen.save(update_fields=["payment"])
    return True


def _amount_minor(bill: Document) -> int:
    """What the chain has paid of a bill at its quote's rate, rounded down over all parts, less what was booked already.

    So parts of a cent are never lost, the last part settles to the cent, and what is paid on the chain after the bank is
    booked in full: it becomes the member's credit.
    """
    applied = ChainPayment.objects.filter(document=bill).aggregate(sum=Sum("applied_wei"))["sum"]
    booked = Payment.objects.filter(document=bill, rail=PaymentRail.CHAIN).aggregate(sum=Sum("amount_minor"))[
        "sum"
    ]
    quote = PaymentQuote.objects.get(document=bill)
    return int(applied // quote.wei_per_minor) - (booked or 0)
