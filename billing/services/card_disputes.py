"""Chargebacks: while the payer's bank holds the money, the payment is undone; won, it comes again as a payment of its own."""

from collections.abc import Iterable
from datetime import datetime

from billing.domain.cards.provider import Disputed
from billing.models import CardCheckout, CardDispute, Document, DocumentStatus, Payment, PaymentRail, ReturnKind
from billing.services.card_movements import note_movement
from billing.services.payments import book_member_payment, return_payment


def follow_disputes(*, checkout: CardCheckout, rows: Iterable[Disputed], now: datetime) -> None:
    """Book what disputes hold back now. Part of the caller's transaction, with the checkout locked."""
    payment = checkout.payment
    assert payment is not None  # only what was paid is disputed
    for told in rows:
        row, _ = CardDispute.objects.get_or_create(
            cooperative=checkout.cooperative,
            ref=told.ref,
            defaults={
                "payment": payment,
                "amount_minor": told.amount_minor,
                "reason": told.reason[:60],
                "status": told.status[:40],
                "opened_at": told.opened_at,
            },
        )
        for movement in told.movements:
            note_movement(cooperative=checkout.cooperative, movement=movement, now=now, intent_ref=checkout.intent_ref)
        if told.withdrawn_minor > row.withdrawn_minor:
            _take(checkout, row, told.withdrawn_minor - row.withdrawn_minor, now)
        elif told.withdrawn_minor < row.withdrawn_minor:
            _give(checkout, row, row.withdrawn_minor - told.withdrawn_minor, now)
        row.status, row.withdrawn_minor = told.status[:40], told.withdrawn_minor
        row.save(update_fields=["status", "withdrawn_minor"])


def _payments(checkout: CardCheckout) -> list[Payment]:
    """What stands of a card payment: itself, or what took its place after earlier disputes."""
    ref = checkout.intent_ref
    rows = Payment.objects.filter(cooperative=checkout.cooperative, rail=PaymentRail.CARD, taken_back__isnull=True)
    return [p for p in rows.filter(external_ref__startswith=ref).order_by("pk") if p.external_ref.split(":")[0] == ref]


def _take(checkout: CardCheckout, row: CardDispute, amount_minor: int, now: datetime) -> None:
    """Undo payments of so much; where the last of them is larger, its rest is booked anew."""
    left = amount_minor
    for payment in _payments(checkout):
        stands = payment.amount_minor - payment.refunded_minor
        if left <= 0 or stands <= 0:
            continue
        return_payment(payment=payment, kind=ReturnKind.CARD, code="DISPUTE", now=now)
        if stands > left:
            _book(checkout, f"kept:{row.ref}:{payment.pk}", stands - left, now)
        left -= min(left, stands)


def _give(checkout: CardCheckout, row: CardDispute, amount_minor: int, now: datetime) -> None:
    _book(checkout, f"won:{row.ref}", amount_minor, now)


def _book(checkout: CardCheckout, what: str, amount_minor: int, now: datetime) -> None:
    document = Document.objects.filter(card_checkouts=checkout, status=DocumentStatus.OPEN).first()
    book_member_payment(
        member=checkout.member,
        document=document,
        amount_minor=amount_minor,
        rail=PaymentRail.CARD,
        external_ref=f"{checkout.intent_ref}:{what}",
        received_at=now,
        now=now,
    )
