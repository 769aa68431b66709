"""What money is used for: payments and credit documents allocated to bills and charges, and taken back by counter-rows.

A payment stands on its member's receivable account already, so using it moves nothing in the ledger. A credit document stands on the
payable account: setting it off against a bill moves the sum from one account of the member to the other.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from billing.models import AccountCode, Allocation, Charge, Document, DocumentKind, DocumentStatus, ItemStatus, Payment
from billing.services.ledger import account, post_transaction
from members.language import amount
from members.models import Member, User


class CannotAllocate(ValueError):
    """A payment or a credit cannot be used for that; the message says why."""


def lock_member(member_id: int) -> Member:
    """The member, locked until the transaction ends: whoever moves a member's money holds this first, so that none wait in a ring."""
    return Member.objects.select_for_update(no_key=True, of=("self",)).select_related("cooperative").get(pk=member_id)


def lock_members(member_ids: Iterable[int]) -> None:
    """Several members, in the one order in which all do that: whoever moves money of more than one in a transaction begins with this."""
    rows = Member.objects.select_for_update(no_key=True).filter(pk__in=set(member_ids))
    list(rows.order_by("pk").values_list("pk", flat=True))


def standing_allocations(**where: object) -> Iterable[Allocation]:
    """Allocations that were not taken back."""
    return Allocation.objects.filter(reverses__isnull=True, reversed_by__isnull=True, **where).order_by("pk")


@transaction.atomic
def allocate(
    *,
    payment: Payment,
    amount_minor: int,
    now: datetime,
    document: Document | None = None,
    charge: Charge | None = None,
    user: User | None = None,
    why: str = "",
) -> Allocation:
    """Use so much of a payment for a bill or a charge of the same member.

    Raises:
        CannotAllocate: there is not so much left of the payment, or not so much asked.
    """
    lock_member(payment.member_id)
    payment.refresh_from_db()
    _check_fits(payment, payment.credit_minor, _asked(document, charge), amount_minor)
    return Allocation.objects.create(
        payment=payment, document=document, charge=charge, amount_minor=amount_minor, made_at=now, made_by=user, why=why[:120]
    )


@transaction.atomic
def set_off(
    *,
    credit: Document,
    amount_minor: int,
    now: datetime,
    document: Document | None = None,
    charge: Charge | None = None,
    user: User | None = None,
    why: str = "",
) -> Allocation:
    """Use so much of an open credit document for a bill or a charge of the same member, instead of paying it out.

    Raises:
        CannotAllocate: it is no open credit, there is not so much left of it, or not so much asked.
    """
    lock_member(credit.member_id)
    credit.refresh_from_db()
    if credit.kind != DocumentKind.CREDIT or credit.status != DocumentStatus.OPEN:
        raise CannotAllocate(_("%(credit)s is no open credit document.") % {"credit": credit})
    target = _asked(document, charge)
    if target.member_id != credit.member_id:
        raise CannotAllocate(_("A credit is set off for the member whom it is owed."))
    _check_fits(credit, credit.rest_minor, target, amount_minor)
    made = Allocation.objects.create(
        credit=credit, document=document, charge=charge, amount_minor=amount_minor, made_at=now, made_by=user, why=why[:120]
    )
    post_set_off(made, now)
    return made


def _asked(document: Document | None, charge: Charge | None) -> Document | Charge:
    """The bill or charge that is to be settled, as it is now."""
    if document is not None and document.kind != DocumentKind.BILL:
        raise CannotAllocate(_("%(document)s is no bill.") % {"document": document})
    target = document or charge
    if target is None:
        raise CannotAllocate(_("Name the bill or the charge."))
    target.refresh_from_db()
    return target


def check_not_collected(document: Document | None) -> None:
    """Whoever allocates by hand leaves alone what the bank is collecting.

    Raises:
        CannotAllocate: it is.
    """
    if document is not None and document.debits.filter(status=ItemStatus.RELEASED).exists():
        raise CannotAllocate(_("The bank is collecting %(document)s; wait for its answer.") % {"document": document})


def _check_fits(source: object, left_minor: int, target: Document | Charge, amount_minor: int) -> None:
    if not 0 < amount_minor <= min(left_minor, target.rest_minor):
        raise CannotAllocate(
            _("Of %(source)s %(left)s are left, and %(target)s asks for %(rest)s: %(amount)s do not fit.")
            % {
                "source": source,
                "left": amount(left_minor),
                "target": target,
                "rest": amount(target.rest_minor),
                "amount": amount(amount_minor),
            }
        )


def _source(allocation: Allocation) -> Payment | Document:
    """The money that is used: a payment, or a credit document (a constraint: one of the two)."""
    found = allocation.payment or allocation.credit
    assert found is not None
    return found


@transaction.atomic
def take_back(*, allocation: Allocation, now: datetime, user: User | None = None, why: str = "") -> Allocation:
    """Take an allocation back by a counter-row, once: the bill is open again, the money is the member's credit again."""
    lock_member(_source(allocation).member_id)
    counter, created = Allocation.objects.get_or_create(
        reverses=allocation,
        defaults={
            "payment_id": allocation.payment_id,
            "credit_id": allocation.credit_id,
            "document_id": allocation.document_id,
            "charge_id": allocation.charge_id,
            "payout_id": allocation.payout_id,
            "refund_id": allocation.refund_id,
            "amount_minor": -allocation.amount_minor,
            "made_at": now,
            "made_by": user,
            "why": why[:120],
        },
    )
    if created:
        post_set_off(counter, now)
    return counter


@transaction.atomic
def use_instead(
    *, allocation: Allocation, now: datetime, user: User, document: Document | None = None, charge: Charge | None = None
) -> Allocation:
    """Use what was allocated for something else instead, as far as that asks for it; the rest is credit again.

    Raises:
        CannotAllocate: it was taken back meanwhile, or the other asks for nothing.
    """
    lock_member(_source(allocation).member_id)
    if Allocation.objects.filter(reverses=allocation).exists() or allocation.reverses_id:
        raise CannotAllocate(_("It was taken back already."))
    if allocation.payout_id or allocation.refund_id:
        raise CannotAllocate(_("It was paid out; that is not taken back here."))
    check_not_collected(document)
    take_back(allocation=allocation, now=now, user=user, why="used for something else")
    amount = min(allocation.amount_minor, _asked(document, charge).rest_minor)
    words: dict[str, Any] = {"amount_minor": amount, "now": now, "document": document, "charge": charge, "user": user, "why": "by hand"}
    source = _source(allocation)
    if isinstance(source, Payment):
        return allocate(payment=source, **words)
    return set_off(credit=source, **words)


def post_set_off(allocation: Allocation, now: datetime) -> None:
    """What of a credit document settles a bill or charge moves from the member's payable to the receivable account; a counter-row moves it back."""
    if allocation.credit is None or allocation.payout_id is not None:
        return
    member = allocation.credit.member
    cooperative = member.cooperative
    post_transaction(
        cooperative=cooperative,
        idempotency_key=f"set off:{allocation.public_id}",
        cause="set off",
        booked_date=now.date(),
        now=now,
        amounts={
            account(cooperative, AccountCode.PAYABLE, member): allocation.amount_minor,
            account(cooperative, AccountCode.RECEIVABLE, member): -allocation.amount_minor,
        },
    )
