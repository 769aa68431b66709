"""Booking what was paid."""

import hashlib
from datetime import datetime

from django.db import transaction

from billing.models import AccountCode, Document, DocumentKind, DocumentStatus, Payment, PaymentRail
from billing.selectors.documents import standing_in_for
from billing.services.ledger import account, post_transaction

MONEY_ACCOUNT = {PaymentRail.BANK: AccountCode.BANK, PaymentRail.CHAIN: AccountCode.CHAIN_WALLET}


LONGEST_KEY = 120


class CannotBook(ValueError):
    """A payment cannot be booked; the message says why."""


def ledger_key(rail: str, external_ref: str) -> str:
    """The ledger's key of a payment; a reference too long for it is hashed, never cut, so that two keep apart."""
    key = f"payment:{rail}:{external_ref}"
    if len(key) <= LONGEST_KEY:
        return key
    return f"payment:{rail}:sha256:{hashlib.sha256(external_ref.encode()).hexdigest()}"


@transaction.atomic
def book_payment(
    *, document: Document, amount_minor: int, rail: PaymentRail, external_ref: str, received_at: datetime, now: datetime
) -> tuple[Payment, bool]:  # fmt: skip
    """Book a payment of a bill once per `external_ref`; returns it and whether it is new.

    What is paid beyond the bill stays as the member's credit on the receivable account. What comes for a bill that was taken back
    counts for the one in its place.

    Raises:
        CannotBook: the document is not a posted bill, or the amount is not positive.
    """
    document = (
        Document.objects.select_for_update(of=("self",))
        .select_related("cooperative", "member")
        .get(pk=standing_in_for(document).pk)
    )
    if document.kind != DocumentKind.BILL or document.status == DocumentStatus.DRAFT:
        raise CannotBook(f"{document} is not a posted bill.")
    if amount_minor <= 0:
        raise CannotBook("The amount of a payment is positive.")
    payment, created = Payment.objects.get_or_create(
        cooperative=document.cooperative, rail=rail, external_ref=external_ref,
        defaults={
            "member": document.member, "document": document, "amount_minor": amount_minor,
            "received_at": received_at, "booked_at": now,
        },
    )  # fmt: skip
    if not created:
        return payment, False
    post_transaction(
        cooperative=document.cooperative, idempotency_key=ledger_key(rail, external_ref), cause="payment",
        booked_date=now.date(), now=now,
        amounts={
            account(document.cooperative, MONEY_ACCOUNT[rail]): amount_minor,
            account(document.cooperative, AccountCode.RECEIVABLE, document.member): -amount_minor,
        },
    )  # fmt: skip
    document.paid_minor += amount_minor
    if document.status == DocumentStatus.OPEN and document.paid_minor >= document.gross_minor:
        document.status = DocumentStatus.SETTLED
    document.save(update_fields=["paid_minor", "status"])
    return payment, True
