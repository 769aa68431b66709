"""Small sums a member owes besides bills."""

from datetime import datetime

from django.db import transaction

from billing.models import AccountCode, Charge, ChargeKind
from billing.services.ledger import account, post_transaction
from billing.services.payments import lock_member, standing_allocations, take_back
from members.models import Member

INCOME = {
    ChargeKind.RETURN_FEE: AccountCode.RETURN_FEES,
    ChargeKind.REMINDER_FEE: AccountCode.REMINDER_FEES,
    ChargeKind.INTEREST: AccountCode.ARREARS_INTEREST,
}


@transaction.atomic
def charge_member(
    *, member: Member, kind: ChargeKind, key: str, text: str, amount_minor: int, now: datetime
) -> Charge:
    """Ask a member for a sum, once per key."""
    member = lock_member(member.pk)
    charge, created = Charge.objects.get_or_create(
        cooperative=member.cooperative, key=key,
        defaults={"member": member, "kind": kind, "text": text[:140], "amount_minor": amount_minor, "charged_at": now},
    )  # fmt: skip
    if created:
        _post(charge, amount_minor, "charge", now)
    return charge


@transaction.atomic
def take_back_charge(*, charge: Charge, now: datetime) -> Charge:
    """Ask no longer for it, once; what was paid of it is the member's credit again."""
    lock_member(charge.member_id)
    charge.refresh_from_db()
    if charge.taken_back_at is not None:
        return charge
    for allocation in standing_allocations(charge=charge):
        take_back(allocation=allocation, now=now, why="charge taken back")
    charge.refresh_from_db()
    charge.taken_back_at = now
    charge.save(update_fields=["taken_back_at"])
    _post(charge, -charge.amount_minor, "charge taken back", now)
    return charge


def _post(charge: Charge, amount_minor: int, what: str, now: datetime) -> None:
    cooperative = charge.cooperative
    post_transaction(
        cooperative=cooperative, idempotency_key=f"{what}:{charge.public_id}", cause=what, booked_date=now.date(), now=now,
        amounts={
            account(cooperative, AccountCode.RECEIVABLE, charge.member): amount_minor,
            account(cooperative, INCOME[ChargeKind(charge.kind)]): -amount_minor,
        },
    )  # fmt: skip
