"""Paying by card: a page of the provider for a sum of ours, and booking what the provider says became of it.

An event only says what to ask about. What is booked follows from what the provider answers, read while the checkout is locked: so events
may come twice, late, in any order or not at all.
"""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from billing.domain.cards.provider import CANCELLED, HELD, SUCCEEDED, CardProvider, Intent, ProviderRefuses, Told
from billing.models import CardCheckout, CardEvent, CheckoutStatus, Document, DocumentKind, DocumentStatus, ItemStatus, PaymentRail
from billing.selectors.cards import NoCards, cards_are_on, cooperative_with_cards
from billing.services.allocations import lock_member
from billing.services.card_disputes import follow_disputes
from billing.services.card_movements import note_movement
from billing.services.card_payouts import follow_payouts
from billing.services.card_refunds import follow_refunds, give_back_waiting
from billing.services.payments import Origin, book_member_payment
from members.language import amount
from members.models import Member, User

LEAST_MINOR = 50
MOST_MINOR = 5_000_000
LOOKED_BACK = timedelta(days=14)
PATIENCE = timedelta(minutes=30)
MOST_AT_ONCE = 100


class CannotPayByCard(ValueError):
    """A sum cannot be paid by card; the message says why."""


def pay_bill_by_card(*, document: Document, user: User, back_url: str, provider: CardProvider, now: datetime) -> CardCheckout:
    """A page on which a bill's rest is paid by card. Asked again while it is open, the same page; after the rest has changed, another.

    Args:
        back_url: where the provider leads back to, with `{key}` for the checkout's id.

    Raises:
        CannotPayByCard: there is nothing to pay, or the bank is collecting it.
        CannotReachProvider, ProviderRefuses: the provider is not there, or says no.
    """
    standing = CardCheckout.objects.filter(document=document, status=CheckoutStatus.OPEN).first()
    if standing is not None and standing.session_ref:
        standing = follow_checkout(checkout=standing, provider=provider, now=now)
        document.refresh_from_db()
        if standing.status == CheckoutStatus.OPEN and standing.amount_minor != document.rest_minor:
            standing = give_up(checkout=standing, provider=provider, now=now)
    checkout = _open_for_bill(document, user, now)
    return _with_page(checkout, document.label, back_url, provider)


def top_up_by_card(
    *, member: Member, amount_minor: int, user: User, back_url: str, provider: CardProvider, now: datetime, key: UUID | None = None
) -> CardCheckout:
    """A page on which a member pays a sum on account by card.

    Args:
        key: names the try, where the caller made one: asked again with it, it is the same checkout, however it stands by then.

    Raises:
        CannotPayByCard: the sum is out of bounds, or the key is that of something else.
        CannotReachProvider, ProviderRefuses: the provider is not there, or says no.
    """
    _check(member, amount_minor)
    asked = {
        "cooperative": member.cooperative,
        "member": member,
        "amount_minor": amount_minor,
        "currency": member.cooperative.currency,
        "made_at": now,
        "made_by": user,
    }
    if key is None:
        checkout = CardCheckout.objects.create(**asked)
    else:
        checkout, _ = CardCheckout.objects.get_or_create(public_id=key, defaults=asked)
    if (checkout.made_by_id, checkout.member_id, checkout.amount_minor, checkout.document_id) != (user.pk, member.pk, amount_minor, None):
        raise CannotPayByCard("This id is that of another payment; begin a new one.")
    return _with_page(checkout, member.number, back_url, provider)


def _check(member: Member, amount_minor: int) -> None:
    if not cards_are_on(member.cooperative):
        raise NoCards(_("Cards are not taken here."))
    if not LEAST_MINOR <= amount_minor <= MOST_MINOR:
        raise CannotPayByCard(
            _("By card between %(LEAST_MINOR)s and %(MOST_MINOR)s are taken.")
            % {"LEAST_MINOR": amount(LEAST_MINOR), "MOST_MINOR": amount(MOST_MINOR)}
        )


@transaction.atomic
def _open_for_bill(document: Document, user: User, now: datetime) -> CardCheckout:
    member = lock_member(document.member_id)
    document.refresh_from_db()
    if document.kind != DocumentKind.BILL or document.status != DocumentStatus.OPEN:
        raise CannotPayByCard(_("Nothing is to be paid on %(document)s.") % {"document": document.label})
    if document.debits.filter(status=ItemStatus.RELEASED).exists():
        raise CannotPayByCard(_("%(document)s is being collected from your account already.") % {"document": document.label})
    _check(member, document.rest_minor)
    checkout, __ = CardCheckout.objects.get_or_create(
        document=document,
        status=CheckoutStatus.OPEN,
        defaults={
            "cooperative": member.cooperative,
            "member": member,
            "amount_minor": document.rest_minor,
            "currency": document.currency,
            "made_at": now,
            "made_by": user,
        },
    )
    return checkout


def _with_page(checkout: CardCheckout, text: str, back_url: str, provider: CardProvider) -> CardCheckout:
    """Ask for the page where there is none yet. Our row is committed first and its id is the key: a call that was cut off is repeated, not doubled."""
    if checkout.page_url:
        return checkout
    key = str(checkout.public_id)
    back = back_url.replace("{key}", key)
    session = provider.create_session(
        key=key, amount_minor=checkout.amount_minor, currency=checkout.currency, text=text, success_url=back, cancel_url=back
    )
    checkout.session_ref, checkout.intent_ref, checkout.page_url = (session.ref, session.intent_ref, session.url)
    checkout.save(update_fields=["session_ref", "intent_ref", "page_url"])
    return checkout


@transaction.atomic
def give_up(*, checkout: CardCheckout, provider: CardProvider, now: datetime) -> CardCheckout:
    """Close a page that asks for another sum than is open now; if it was paid meanwhile, that is booked."""
    checkout = _locked(checkout)
    if checkout.status == CheckoutStatus.OPEN and checkout.session_ref:
        with suppress(ProviderRefuses):  # paid or expired meanwhile: what it is now says so
            provider.expire_session(checkout.session_ref)
        _follow(checkout, provider, now)
    return checkout


@transaction.atomic
def follow_checkout(*, checkout: CardCheckout, provider: CardProvider, now: datetime) -> CardCheckout:
    """Ask the provider how a checkout stands, and book what is new of it: once, however often it is asked.

    Raises:
        CannotReachProvider, ProviderRefuses: then nothing changes.
    """
    checkout = _locked(checkout)
    _follow(checkout, provider, now)
    return checkout


def _locked(checkout: CardCheckout) -> CardCheckout:
    rows = CardCheckout.objects.select_for_update(of=("self",)).select_related("member__cooperative", "document", "payment")
    return rows.get(pk=checkout.pk)


def _follow(checkout: CardCheckout, provider: CardProvider, now: datetime) -> None:
    if not checkout.session_ref:
        return
    if not checkout.intent_ref or checkout.status == CheckoutStatus.OPEN:
        session = provider.session(checkout.session_ref)
        if session.intent_ref and not checkout.intent_ref:
            checkout.intent_ref = session.intent_ref
            checkout.save(update_fields=["intent_ref"])
        if session.status == "expired" and checkout.status == CheckoutStatus.OPEN:
            _close(checkout, CheckoutStatus.DROPPED, "the page was not used in time")
    if checkout.intent_ref:
        _settle(checkout, provider.intent(checkout.intent_ref), provider, now)
    if checkout.payment is not None:
        follow_refunds(checkout=checkout, rows=provider.refunds(checkout.intent_ref), now=now)
        follow_disputes(checkout=checkout, rows=provider.disputes(checkout.intent_ref), now=now)


def _settle(checkout: CardCheckout, intent: Intent, provider: CardProvider, now: datetime) -> None:
    """What became of the sum. Held money is collected only while the bill still asks for it; else it is let go."""
    if intent.checkout_key != str(checkout.public_id) or (intent.amount_minor, intent.currency) != (
        checkout.amount_minor,
        checkout.currency,
    ):
        if checkout.payment is None:
            _close(checkout, CheckoutStatus.ODD, f"the provider has {intent.amount_minor} {intent.currency} for it")
        return
    key = str(checkout.public_id)
    if intent.status == HELD:
        lock_member(checkout.member_id)
        wanted = _still_wanted(checkout)
        intent = (
            provider.capture(intent.ref, key=key, amount_minor=checkout.amount_minor) if wanted else provider.cancel(intent.ref, key=key)
        )
    if intent.status == CANCELLED and checkout.payment is None:
        _close(checkout, CheckoutStatus.DROPPED, "nothing was collected")
    elif intent.status == SUCCEEDED and checkout.payment is None:
        if intent.received_minor != checkout.amount_minor:
            _close(checkout, CheckoutStatus.ODD, f"the provider collected {intent.received_minor}")
            return
        checkout.payment, _ = book_member_payment(
            member=checkout.member,
            document=checkout.document,
            amount_minor=checkout.amount_minor,
            rail=PaymentRail.CARD,
            external_ref=intent.ref,
            received_at=now,
            now=now,
            origin=Origin(taken_by=checkout.made_by),
        )
        _close(checkout, CheckoutStatus.PAID, "")
    if checkout.payment is not None and intent.movement is not None:
        note_movement(cooperative=checkout.cooperative, movement=intent.movement, now=now, intent_ref=checkout.intent_ref)


def _still_wanted(checkout: CardCheckout) -> bool:
    if checkout.document is None:
        return True
    document = Document.objects.get(pk=checkout.document.pk)
    return document.status == DocumentStatus.OPEN and document.rest_minor >= checkout.amount_minor


def _close(checkout: CardCheckout, status: CheckoutStatus, why: str) -> None:
    checkout.status, checkout.why = status, why[:160]
    checkout.save(update_fields=["status", "why", "payment"])


def take_event(*, content: bytes, headers: Mapping[str, str], provider: CardProvider, now: datetime) -> CardEvent:
    """Note a signed event, once, then do what it asks for. What could not be done yet stays noted and is tried again.

    Raises:
        BadSignature: it is not the provider's, or too old.
        CannotReachProvider, ProviderRefuses: it is noted; telling it again is right.
    """
    told: Told = provider.read_event(content, headers, now=now)
    event, _ = CardEvent.objects.get_or_create(
        event_ref=told.ref,
        defaults={
            "kind": told.kind,
            "object_ref": told.object_ref,
            "intent_ref": told.intent_ref,
            "told_at": told.told_at,
            "received_at": now,
        },
    )
    if event.done_at is None:
        do_event(event=event, provider=provider, now=now)
    return event


def do_event(*, event: CardEvent, provider: CardProvider, now: datetime) -> CardEvent:
    """Ask the provider about what an event names; safe to repeat."""
    outcome = "nothing of ours"
    if event.kind.startswith("payout."):
        outcome = f"{look_at_payouts(provider=provider, now=now)} payouts looked at"
    else:
        checkout = _checkout_of(event, provider)
        if checkout is not None:
            outcome = follow_checkout(checkout=checkout, provider=provider, now=now).get_status_display()
    CardEvent.objects.filter(pk=event.pk).update(done_at=now, outcome=outcome[:200])
    event.refresh_from_db()
    return event


def _checkout_of(event: CardEvent, provider: CardProvider) -> CardCheckout | None:
    """The checkout that an event is about: by its page, by its intent, or by our key that the intent bears."""
    if event.kind.startswith("checkout.session."):
        return CardCheckout.objects.filter(session_ref=event.object_ref).first()
    if not event.intent_ref:
        return None
    known = CardCheckout.objects.filter(intent_ref=event.intent_ref).first()
    return known or checkout_named(event.intent_ref, provider)


def checkout_named(intent_ref: str, provider: CardProvider) -> CardCheckout | None:
    """The checkout whose id an intent bears that we have not seen yet."""
    key = provider.intent(intent_ref).checkout_key
    return CardCheckout.objects.filter(public_id=key).first() if len(key) == 36 else None


def look_at_payouts(*, provider: CardProvider, now: datetime) -> int:
    """Note what the provider sent to our bank lately, and whatever lies behind it that no event told of; returns how many payouts."""

    def follow(intent_ref: str) -> None:
        checkout = CardCheckout.objects.filter(intent_ref=intent_ref).first() or checkout_named(intent_ref, provider)
        if checkout is not None:
            follow_checkout(checkout=checkout, provider=provider, now=now)

    return follow_payouts(provider=provider, since=now - LOOKED_BACK, follow=follow, now=now)


def look_after_cards(*, provider: CardProvider, now: datetime) -> int:
    """What events may have missed: those not done, checkouts that are still open after a while, refunds not yet asked for; returns how many."""
    events = list(CardEvent.objects.filter(done_at__isnull=True).order_by("pk")[:MOST_AT_ONCE])
    for event in events:
        do_event(event=event, provider=provider, now=now)
    waiting = CardCheckout.objects.filter(status=CheckoutStatus.OPEN, made_at__lt=now - PATIENCE)
    checkouts = list(waiting.order_by("pk")[:MOST_AT_ONCE])
    for checkout in checkouts:
        follow_checkout(checkout=checkout, provider=provider, now=now)
    given = give_back_waiting(cooperative=cooperative_with_cards(), provider=provider, now=now)
    return len(events) + len(checkouts) + given + look_at_payouts(provider=provider, now=now)
