"""Small sums a member owes besides bills."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from billing.models import AccountCode, Charge, ChargeKind
from billing.services.allocations import lock_member, standing_allocations, take_back
from billing.services.ledger import account, post_transaction
from members.models import Member, User


class CannotTakeBackCharge(ValueError):
    """A charge stays; the message says why."""


INCOME = {
    ChargeKind.RETURN_FEE: AccountCode.RETURN_FEES,
    ChargeKind.REMINDER_FEE: AccountCode.REMINDER_FEES,
    ChargeKind.INTEREST: AccountCode.ARREARS_INTEREST,
    ChargeKind.CLAIM: AccountCode.PAYABLE,
    ChargeKind.WITHDRAWN: AccountCode.CHAIN_WALLET,
}


@transaction.atomic
def charge_member(*, member: Member, kind: ChargeKind, key: str, text: str, amount_minor: int, now: datetime) -> Charge:
    """Ask a member for a sum, once per key."""
    member = lock_member(member.pk)
    charge, created = Charge.objects.get_or_create(
        cooperative=member.cooperative,
        key=key,
        defaults={"member": member, "kind": kind, "text": text[:140], "amount_minor": amount_minor, "charged_at": now},
    )
    if created:
        _post(charge, amount_minor, "charge", now)
    return charge


@transaction.atomic
def take_back_charge(*, charge: Charge, now: datetime, user: User | None = None, why: str = "") -> Charge:
    """Ask no longer for it, once; what was paid of it is the member's credit again.

    Raises:
        CannotTakeBackCharge: a person asks and gives no reason, or what a payout has too much would be forgotten by it.
    """
    if user is not None and not why.strip():
        raise CannotTakeBackCharge(_("Say why; the member reads it."))
    if user is not None and charge.kind == ChargeKind.WITHDRAWN:
        raise CannotTakeBackCharge(_("What was withdrawn on the chain follows from the chain and is not taken back by hand."))
    if user is not None and charge.kind == ChargeKind.CLAIM:
        raise CannotTakeBackCharge(_("What was paid out too much follows from a correction and is not taken back by hand."))
    lock_member(charge.member_id)
    charge.refresh_from_db()
    if charge.taken_back_at is not None:
        return charge
    for allocation in standing_allocations(charge=charge):
        take_back(allocation=allocation, now=now, user=user, why="charge taken back")
    charge.refresh_from_db()
    charge.taken_back_at, charge.taken_back_by, charge.why = now, user, why.strip()[:160]
    charge.save(update_fields=["taken_back_at", "taken_back_by", "why"])
    _post(charge, -charge.amount_minor, "charge taken back", now)
    return charge


def _post(charge: Charge, amount_minor: int, what: str, now: datetime) -> None:
    cooperative = charge.cooperative
    post_transaction(
        cooperative=cooperative,
        idempotency_key=f"{what}:{charge.public_id}",
        cause=what,
        booked_date=now.date(),
        now=now,
        amounts={
            account(cooperative, AccountCode.RECEIVABLE, charge.member): amount_minor,
            account(cooperative, INCOME[ChargeKind(charge.kind)], charge.member): -amount_minor,
        },
    )
