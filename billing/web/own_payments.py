"""A member's payments: what is open, what was paid by what, their credit, their mandate."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.views.decorators.http import require_POST, require_safe

from billing.domain.banking.references import is_creditor_id
from billing.domain.payment_words import ENGLISH, WORDS, PaymentWords
from billing.models import Mandate, MandateStatus
from billing.selectors.payments import Owed, owed_by, payment_rows, visible_payments
from billing.services.mandates import CannotGiveMandate, give_mandate, revoke_mandate
from billing.services.payments import credit_of, rules_of
from members.models import Member
from members.selectors.scope import own_members

PAGE = 24


@login_required
@require_safe
def payments(request: HttpRequest) -> HttpResponse:
    """Payments of the members whom the user may see; of own members also what is open, credit and mandate."""
    user: Any = request.user
    members = list(own_members(user).select_related("cooperative").order_by("number"))
    words = _words()
    rows = visible_payments(user).select_related("document", "member", "cooperative").order_by("-received_at", "-pk")  # fmt: skip
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page, "rows": payment_rows(page.object_list), "words": words.labels, "rails": words.rails, "lang": words.lang,
        "wallets": [_wallet(member, words) for member in members], "several": len(members) > 1 or not members,
    }  # fmt: skip
    return render(request, "portal/payments.html", context)


def _words() -> PaymentWords:
    """The words of the page's language."""
    return WORDS.get((translation.get_language() or "en")[:2], ENGLISH)


def _wallet(member: Member, words: PaymentWords) -> dict[str, Any]:
    """What one member owes, has paid ahead, and how their bills are collected."""
    mandate = Mandate.objects.filter(member=member).exclude(status=MandateStatus.REVOKED).first()
    owed: Owed = owed_by(member)
    creditor = rules_of(member.cooperative).creditor_id
    state = words.labels["none"]
    if mandate is not None:
        state = words.labels[mandate.status].format(iban=mandate.masked_iban, why=mandate.pause_reason)
    return {
        "member": member, "owed": owed, "credit_minor": credit_of(member), "mandate": mandate, "state": state,
        "can_give": is_creditor_id(creditor), "text": words.mandate_text.format(name=member.cooperative.name, creditor=creditor),
        "currency": member.cooperative.currency,
    }  # fmt: skip


@login_required
@require_POST
def own_mandate(request: HttpRequest) -> HttpResponse:
    """Give or revoke a mandate for an own member."""
    user: Any = request.user
    member = (
        own_members(user).filter(public_id=request.POST.get("member")).select_related("cooperative").first()
    )
    if member is None:
        raise Http404
    words, now = _words().labels, timezone.now()
    if request.POST.get("do") == "revoke":
        for mandate in Mandate.objects.filter(member=member).exclude(status=MandateStatus.REVOKED):
            revoke_mandate(mandate=mandate, now=now)
        messages.success(request, words["revoked"])
        return redirect("payments")
    if not request.POST.get("agree"):
        messages.error(request, words["must_agree"])
        return redirect("payments")
    try:
        give_mandate(
            member=member, holder=request.POST.get("holder", ""), iban=request.POST.get("iban", ""), signed_date=now.date(),
            user=user, now=now,
        )  # fmt: skip
    except CannotGiveMandate:
        messages.error(request, words["bad_iban"])
    else:
        messages.success(request, words["given"])
    return redirect("payments")
