"""Cards: from a bill to the provider's page and back, what the provider tells, and the treasurer's look at all of it."""

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from rest_framework.generics import get_object_or_404

from billing.adapters.cards import back_url, provider
from billing.domain.cards.provider import CannotReachProvider, ProviderRefuses
from billing.domain.cards.signature import BadSignature
from billing.models import CardCheckout, CheckoutStatus, Document, Refund
from billing.selectors.cards import card_desk, cards_are_on
from billing.selectors.phrases import PHRASES
from billing.selectors.prepaid import standing_agreement
from billing.services.card_refunds import give_back, release_card_refund
from billing.services.cards import CannotPayByCard, follow_checkout, look_after_cards, pay_bill_by_card, take_event
from billing.services.payables import CannotPayOut
from billing.web.money_desk import open_desk
from members.language import said
from members.selectors.scope import own_members, user_of

LONGEST_EVENT_BYTES = 512 * 1024


@login_required
@require_POST
def pay_by_card(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Lead to the provider's page for an own bill's rest."""
    user = user_of(request)
    document = get_object_or_404(Document.objects.select_related("member__cooperative"), public_id=public_id, member__in=own_members(user))
    if not cards_are_on(document.member.cooperative):
        raise Http404
    try:
        checkout = pay_bill_by_card(document=document, user=user, back_url=back_url(), provider=provider(), now=timezone.now())
    except CannotPayByCard:
        messages.error(request, _("There is nothing to pay by card on this bill."))
    except (CannotReachProvider, ProviderRefuses):
        messages.error(request, _("Card payments do not work just now. Nothing was charged; please transfer the amount, or try later."))
    else:
        return redirect(checkout.page_url)
    return redirect("bill", public_id)


@require_safe
def card_back(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Back from the provider: how it stands, asked of the provider, not read from the address.

    Whoever paid from an app has no session in the browser: the app asks, and this page says to go back to it.
    """
    if not request.user.is_authenticated:
        return render(request, "portal/card_back.html")
    user = user_of(request)
    checkout = get_object_or_404(CardCheckout, public_id=public_id, member__in=own_members(user))
    try:
        checkout = follow_checkout(checkout=checkout, provider=provider(), now=timezone.now())
    except (CannotReachProvider, ProviderRefuses):
        messages.info(request, _("The card provider has not told us yet. The payment appears here as soon as it does."))
    else:
        _tell(request, checkout)
    if checkout.document is not None:
        return redirect("bill", checkout.document.public_id)
    return redirect("prepaid" if standing_agreement(checkout.member) else "payments")


def _tell(request: HttpRequest, checkout: CardCheckout) -> None:
    if checkout.status == CheckoutStatus.PAID:
        messages.success(request, _("Thank you. Your card payment has come in."))
    elif checkout.status == CheckoutStatus.OPEN:
        messages.info(request, _("The card payment is not finished. Nothing was charged so far."))
    else:
        messages.info(request, _("Nothing was charged to your card."))


@csrf_exempt
@require_POST
def card_webhook(request: HttpRequest) -> HttpResponse:
    """What the provider tells: signed, or refused. 503 asks to be told again."""
    if not settings.CARD_PROVIDER or int(request.headers.get("Content-Length") or 0) > LONGEST_EVENT_BYTES:
        raise Http404
    try:
        take_event(content=request.body, headers=request.headers, provider=provider(), now=timezone.now())
    except BadSignature as problem:
        return JsonResponse({"error": str(problem)}, status=400)
    except (CannotReachProvider, ProviderRefuses):
        return JsonResponse({"error": "not now"}, status=503)
    return JsonResponse({"received": True})


@login_required
@require_http_methods(["GET", "POST"])
def cards(request: HttpRequest) -> HttpResponse:
    """The treasurer's look: checkouts, payouts with their money, disputes, refunds that wait for a second person."""
    desk = open_desk(request, keeps=request.method == "POST")
    is_on = cards_are_on(desk.cooperative)
    if request.method == "POST":
        if not is_on:
            raise Http404
        _act(request, desk.cooperative.pk)
        return redirect(f"{reverse('money-cards')}?cooperative={desk.cooperative.slug}")
    words = {"is_on": is_on, "cards": card_desk(desk.cooperative)}
    return render(request, "money/cards.html", desk.context("cards") | words)


def _act(request: HttpRequest, cooperative_id: int) -> None:
    user = user_of(request)
    now = timezone.now()
    try:
        if request.POST.get("do") == "release":
            refund = get_object_or_404(Refund, public_id=request.POST.get("refund"), cooperative=cooperative_id)
            refund = release_card_refund(refund=refund, user=user, now=now)
            refund = give_back(refund=refund, provider=provider(), now=now)
            if refund.failed:
                messages.error(
                    request,
                    _("The provider did not give it back: %(failed)s. It is the member's credit again.") % {"failed": refund.failed},
                )
            else:
                messages.success(request, _("Released: the provider gives it back to the card."))
        else:
            messages.success(
                request,
                _("Asked the provider; %(look_after_cards)s things looked at.")
                % {"look_after_cards": look_after_cards(provider=provider(), now=now)},
            )
    except (CannotPayOut, ProviderRefuses) as problem:
        messages.error(request, said(str(problem), PHRASES))
    except CannotReachProvider:
        messages.warning(request, _("The provider does not answer just now; what was released is asked for again within minutes."))
