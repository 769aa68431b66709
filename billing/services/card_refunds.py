"""Giving back to the card that paid: asked by one, released by another, then the provider does it. Failed, it is the member's credit again."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from billing.domain.cards.provider import REFUND_FAILED, CardProvider, GivenBack, ProviderRefuses
from billing.models import AccountCode, Allocation, CardCheckout, Payment, PaymentRail, Refund, RefundWay
from billing.selectors.cards import waiting_refunds
from billing.services.allocations import lock_member, standing_allocations, take_back
from billing.services.card_movements import note_movement
from billing.services.ledger import account, post_transaction
from billing.services.payables import CannotPayOut
from billing.services.payments import credit_of
from billing.services.payouts import asked_back
from members.language import amount
from members.models import Cooperative, User


@transaction.atomic
def ask_card_refund(*, payment: Payment, amount_minor: int, why: str, user: User, now: datetime) -> Refund:
    """Ask to give back so much of what nothing has used of a card payment.

    Raises:
        CannotPayOut: it was not by card, or there is not so much left of it, or it is asked back already.
    """
    member = lock_member(payment.member_id)
    payment.refresh_from_db()
    if payment.rail != PaymentRail.CARD or not hasattr(payment, "card_checkout"):
        raise CannotPayOut(_("Only what came from a card goes back to one."))
    waiting = Refund.objects.filter(payment=payment, withdrawn_at__isnull=True, failed="", allocations__isnull=True)
    left = min(payment.credit_minor - sum(r.amount_minor for r in waiting), credit_of(member) - asked_back(member))
    if not 0 < amount_minor <= left:
        raise CannotPayOut(
            _("Of %(payment)s %(max)s are credit that is not asked back already.") % {"payment": payment, "max": amount(max(left, 0))}
        )
    return Refund.objects.create(
        cooperative=member.cooperative,
        member=member,
        amount_minor=amount_minor,
        way=RefundWay.CARD,
        payment=payment,
        why=why[:140],
        asked_at=now,
        asked_by=user,
    )


@transaction.atomic
def release_card_refund(*, refund: Refund, user: User, now: datetime) -> Refund:
    """The second person's word: the credit is used up here, then the provider is asked. Once.

    Raises:
        CannotPayOut: by the same person, withdrawn, or the credit was used meanwhile.
    """
    lock_member(refund.member_id)
    refund = Refund.objects.select_for_update(of=("self",)).select_related("payment", "member__cooperative").get(pk=refund.pk)
    if refund.released_at is not None:
        return refund
    if refund.way != RefundWay.CARD or refund.withdrawn_at is not None or refund.payment is None:
        raise CannotPayOut(_("There is nothing to release."))
    if refund.asked_by_id == user.pk:
        raise CannotPayOut(_("A second person releases what you asked for."))
    if refund.payment.credit_minor < refund.amount_minor:
        raise CannotPayOut(_("The credit was used meanwhile; withdraw it."))
    Allocation.objects.create(
        payment=refund.payment, refund=refund, amount_minor=refund.amount_minor, made_at=now, made_by=user, why="given back"
    )
    _post(refund, refund.amount_minor, "card refund", now)
    refund.released_at, refund.released_by = now, user
    refund.save(update_fields=["released_at", "released_by"])
    return refund


def give_back(*, refund: Refund, provider: CardProvider, now: datetime) -> Refund:
    """Ask the provider to do a released refund; repeated, it is the same one.

    Raises:
        CannotReachProvider: it is asked again later.
    """
    if refund.released_at is None or refund.provider_ref or refund.failed or refund.payment is None:
        return refund
    intent_ref = refund.payment.card_checkout.intent_ref
    try:
        given = provider.refund(intent_ref, key=str(refund.public_id), amount_minor=refund.amount_minor)
    except ProviderRefuses as problem:
        return _fail(refund, str(problem), now)
    with transaction.atomic():
        follow_refunds(checkout=refund.payment.card_checkout, rows=[given], now=now)
    refund.refresh_from_db()
    return refund


def give_back_waiting(*, cooperative: Cooperative, provider: CardProvider, now: datetime) -> int:
    """Ask for all released refunds that the provider has not been asked for, or did not answer to."""
    rows = waiting_refunds(cooperative).filter(released_at__isnull=False, provider_ref="")
    return len([give_back(refund=refund, provider=provider, now=now) for refund in rows])


def follow_refunds(*, checkout: CardCheckout, rows: Iterable[GivenBack], now: datetime) -> None:
    """Note what the provider gave back; what failed is credit again, what we did not ask for is unclear money. Part of the caller's transaction."""
    for given in rows:
        refund = (
            Refund.objects.filter(public_id=given.refund_key, payment__card_checkout=checkout).first()
            if len(given.refund_key) == 36
            else None
        )
        for movement in given.movements:
            note_movement(
                cooperative=checkout.cooperative, movement=movement, now=now, intent_ref=checkout.intent_ref, is_ours=refund is not None
            )
        if refund is None:
            continue
        if not refund.provider_ref:
            refund.provider_ref = given.ref
            refund.save(update_fields=["provider_ref"])
        if given.status in REFUND_FAILED:
            _fail(refund, given.why or given.status, now)


@transaction.atomic
def _fail(refund: Refund, why: str, now: datetime) -> Refund:
    lock_member(refund.member_id)
    refund = Refund.objects.select_for_update(of=("self",)).select_related("member__cooperative").get(pk=refund.pk)
    if refund.failed:
        return refund
    for allocation in standing_allocations(refund=refund):
        take_back(allocation=allocation, now=now, why="the provider did not give it back")
    _post(refund, -refund.amount_minor, "card refund back", now)
    refund.failed = why[:80] or "refused"
    refund.save(update_fields=["failed"])
    return refund


def _post(refund: Refund, amount_minor: int, what: str, now: datetime) -> None:
    cooperative = refund.member.cooperative
    post_transaction(
        cooperative=cooperative,
        idempotency_key=f"{what}:{refund.public_id}",
        cause=what,
        booked_date=now.date(),
        now=now,
        amounts={
            account(cooperative, AccountCode.RECEIVABLE, refund.member): amount_minor,
            account(cooperative, AccountCode.CARD): -amount_minor,
        },
    )
