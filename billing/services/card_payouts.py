"""What the provider sends to our bank: made of its movements, brought by a movement of our account."""

from collections.abc import Callable
from datetime import datetime

from django.db import transaction

from billing.domain.cards.provider import PAID_OUT, CardProvider, Movement, PayoutKnown, Sent, payout_named
from billing.models import AccountCode, BankStatementLine, CardCheckout, CardDispute, CardPayout, LineStatus, Refund
from billing.selectors.cards import cooperative_with_cards
from billing.services.card_movements import FEE_KINDS, note_movement
from billing.services.line_postings import move_line
from members.models import Cooperative

CHARGES = ("charge", "payment")
PROVIDER_NAME = "stripe"
MOST_LINES = 200


def follow_payouts(*, provider: CardProvider, since: datetime, follow: Callable[[str], None], now: datetime) -> int:
    """Note the provider's payouts since then with what they are made of, and look for their money; returns how many. Safe to repeat.

    Args:
        follow: asks how the checkout behind a movement stands, by its intent, where nothing here explains the movement yet.
    """
    cooperative = cooperative_with_cards()
    rows = provider.payouts(since=since)
    for sent in rows:
        known = CardPayout.objects.filter(cooperative=cooperative, ref=sent.ref).first()
        if known is None or known.status != sent.status or known.finding:
            movements = provider.movements_of(sent.ref) if sent.status in PAID_OUT else []
            for movement in movements:
                if movement.intent_ref and not _is_ours(cooperative, movement):
                    follow(movement.intent_ref)
            _note(cooperative, sent, movements, now)
    match_open_lines(cooperative=cooperative, now=now)
    return len(rows)


@transaction.atomic
def _note(cooperative: Cooperative, sent: Sent, movements: list[Movement], now: datetime) -> CardPayout:
    Cooperative.objects.select_for_update(no_key=True).get(pk=cooperative.pk)
    for movement in movements:
        note_movement(cooperative=cooperative, movement=movement, now=now, payout_ref=sent.ref, is_ours=_is_ours(cooperative, movement))
    total = sum(movement.net_minor for movement in movements)
    finding = f"its movements make {total / 100:.2f}" if movements and total != sent.amount_minor else ""
    row, _ = CardPayout.objects.update_or_create(
        cooperative=cooperative,
        ref=sent.ref,
        defaults={
            "amount_minor": sent.amount_minor,
            "status": sent.status[:20],
            "arrival_date": sent.arrival_date,
            "trace": sent.trace,
            "finding": finding,
        },
    )
    return row


def _is_ours(cooperative: Cooperative, movement: Movement) -> bool:
    """Whether something here explains a movement: a checkout, a refund, a dispute; fees explain themselves."""
    if movement.kind in FEE_KINDS:
        return True
    if movement.kind in CHARGES:
        return CardCheckout.objects.filter(cooperative=cooperative, intent_ref=movement.intent_ref or "-", payment__isnull=False).exists()
    return (
        Refund.objects.filter(cooperative=cooperative, provider_ref=movement.source_ref or "-").exists()
        or CardDispute.objects.filter(cooperative=cooperative, ref=movement.source_ref or "-").exists()
    )


def book_card_payout_line(*, line: BankStatementLine, now: datetime) -> str:
    """Book a line that brings a payout of the provider; returns what was booked, in words, empty if it does not. Part of the import."""
    if line.amount_minor <= 0 or line.return_code or line.is_reversal:
        return ""
    waiting = {
        row.ref: row for row in CardPayout.objects.filter(cooperative=line.cooperative_id, bank_line__isnull=True, status__in=PAID_OUT)
    }
    if not waiting:
        return ""
    named = payout_named(
        amount_minor=line.amount_minor,
        booked_date=line.booked_date,
        payer=line.payer,
        provider=PROVIDER_NAME,
        words=f"{line.purpose} {line.reference} {line.end_to_end_id} {line.bank_ref}",
        payouts=[PayoutKnown(p.ref, p.amount_minor, p.arrival_date, p.trace) for p in waiting.values()],
    )
    if named is None:
        return ""
    row = waiting[named.ref]
    row.bank_line = line
    row.save(update_fields=["bank_line"])
    move_line(line=line, code=AccountCode.CARD, what="card payout", now=now)
    return f"the card provider's payout {row.ref}"


@transaction.atomic
def match_open_lines(*, cooperative: Cooperative, now: datetime) -> int:
    """Book movements of our account that came before the provider told of their payout."""
    Cooperative.objects.select_for_update(no_key=True).get(pk=cooperative.pk)
    if not CardPayout.objects.filter(cooperative=cooperative, bank_line__isnull=True).exists():
        return 0
    booked = 0
    rows = BankStatementLine.objects.select_for_update(of=("self",)).filter(
        cooperative=cooperative, status=LineStatus.OPEN, amount_minor__gt=0
    )
    for line in rows.select_related("cooperative").order_by("-pk")[:MOST_LINES]:
        why = book_card_payout_line(line=line, now=now)
        if why:
            line.status, line.why, line.resolved_at = LineStatus.BOOKED, why[:200], now
            line.save(update_fields=["status", "why", "resolved_at"])
            booked += 1
    return booked
