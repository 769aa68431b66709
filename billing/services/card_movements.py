"""Lines of the provider's account of ours, each noted and posted once: fees as cost, what is none of ours as unclear money."""

from datetime import datetime

from django.db import transaction

from billing.domain.cards.provider import Movement
from billing.models import AccountCode, CardMovement
from billing.services.ledger import account, post_transaction
from members.models import Cooperative

FEE_KINDS = ("stripe_fee", "application_fee", "tax_fee", "network_cost")


@transaction.atomic
def note_movement(
    *, cooperative: Cooperative, movement: Movement, now: datetime, payout_ref: str = "", intent_ref: str = "", is_ours: bool = True
) -> CardMovement:
    """Note a movement, and post its fee; told again with the payout that it went out with, or the payment that it belongs to, that is added.

    What is ours (a payment, a refund, a dispute) is posted where that is booked. `is_ours` false: nothing here explains it, so the sum
    waits on the account of unclear money.
    """
    row, created = CardMovement.objects.get_or_create(
        cooperative=cooperative,
        ref=movement.ref,
        defaults={
            "kind": movement.kind,
            "amount_minor": movement.amount_minor,
            "fee_minor": movement.fee_minor,
            "source_ref": movement.source_ref,
            "payout_ref": payout_ref,
            "happened_at": movement.happened_at,
            "intent_ref": intent_ref or movement.intent_ref,
        },
    )
    row.payout_ref = payout_ref or row.payout_ref
    row.intent_ref = row.intent_ref or intent_ref or movement.intent_ref
    row.save(update_fields=["payout_ref", "intent_ref"])
    if created:
        _post(cooperative, f"card fee:{movement.ref}", AccountCode.CARD_FEES, movement.fee_minor, now)
        if movement.kind in FEE_KINDS:
            _post(cooperative, f"card cost:{movement.ref}", AccountCode.CARD_FEES, -movement.amount_minor, now)
        elif not is_ours:
            _post(cooperative, f"card unclear:{movement.ref}", AccountCode.SUSPENSE, -movement.amount_minor, now)
    return row


def _post(cooperative: Cooperative, key: str, code: AccountCode, amount_minor: int, now: datetime) -> None:
    """So much off the provider's account, onto another one."""
    if not amount_minor:
        return
    post_transaction(
        cooperative=cooperative,
        idempotency_key=key,
        cause="card movement",
        booked_date=now.date(),
        now=now,
        amounts={account(cooperative, code): amount_minor, account(cooperative, AccountCode.CARD): -amount_minor},
    )
