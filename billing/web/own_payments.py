"""A member's payments: what is open, what was paid by what, their credit, their mandate."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_POST, require_safe

from billing.domain.banking.references import is_creditor_id
from billing.models import Mandate, MandateStatus, PaymentRail
from billing.selectors.payments import Owed, owed_by, payment_rows, visible_payments
from billing.selectors.phrases import pause_said
from billing.services.mandates import CannotGiveMandate, give_mandate, revoke_mandate
from billing.services.payments import credit_of, rules_of
from members.models import Member
from members.selectors.scope import own_members, user_of

PAGE = 24
WAYS = {
    PaymentRail.BANK: pgettext_lazy("way of payment", "bank transfer"),
    PaymentRail.DEBIT: pgettext_lazy("way of payment", "direct debit"),
    PaymentRail.CASH: pgettext_lazy("way of payment", "cash"),
    PaymentRail.MOBILE: pgettext_lazy("way of payment", "mobile money"),
    PaymentRail.CHAIN: pgettext_lazy("way of payment", "on the chain"),
    PaymentRail.CARD: pgettext_lazy("way of payment", "card"),
}
MANDATE = gettext_lazy(
    "SEPA direct debit mandate. I allow %(name)s (creditor identifier %(creditor)s) to collect "
    "payments from my account by direct debit, and tell my bank to honour them. Within eight weeks of "
    "a debit I can ask my bank for the money back; the conditions agreed with my bank hold."
)


@login_required
@require_safe
def payments(request: HttpRequest) -> HttpResponse:
    """Payments of the members whom the user may see; of own members also what is open, credit and mandate."""
    user = user_of(request)
    members = list(own_members(user).select_related("cooperative").order_by("number"))
    rows = visible_payments(user).select_related("document", "member", "cooperative").order_by("-received_at", "-pk")
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": [
            {"payment": r.payment, "documents": r.documents, "way": WAYS[PaymentRail(r.payment.rail)]}
            for r in payment_rows(page.object_list)
        ],
        "wallets": [_wallet(member) for member in members],
        "several": len(members) > 1 or not members,
    }
    return render(request, "portal/payments.html", context)


def _wallet(member: Member) -> dict[str, Any]:
    """What one member owes, has paid ahead, and how their bills are collected."""
    mandate = Mandate.objects.filter(member=member).exclude(status=MandateStatus.REVOKED).first()
    owed: Owed = owed_by(member)
    creditor = rules_of(member.cooperative).creditor_id
    state = _("You transfer each bill yourself.")
    if mandate is not None and mandate.status == MandateStatus.PAUSED:
        state = _("Collecting is paused: %(why)s. Talk to us, or give a new mandate.") % {"why": pause_said(mandate.pause_reason)}
    elif mandate is not None:
        state = _("Bills are collected from %(iban)s.") % {"iban": mandate.masked_iban}
    return {
        "member": member,
        "owed": owed,
        "credit_minor": credit_of(member),
        "mandate": mandate,
        "state": state,
        "can_give": is_creditor_id(creditor),
        "text": MANDATE % {"name": member.cooperative.name, "creditor": creditor},
        "currency": member.cooperative.currency,
    }


@login_required
@require_POST
def own_mandate(request: HttpRequest) -> HttpResponse:
    """Give or revoke a mandate for an own member."""
    user = user_of(request)
    own = own_members(user).select_related("cooperative")
    member = next((one for one in own if str(one.public_id) == request.POST.get("member")), None)
    if member is None:
        raise Http404
    now = timezone.now()
    if request.POST.get("do") == "revoke":
        for mandate in Mandate.objects.filter(member=member).exclude(status=MandateStatus.REVOKED):
            revoke_mandate(mandate=mandate, now=now)
        messages.success(request, _("The mandate is revoked. You transfer each bill yourself from now on."))
        return redirect("payments")
    if not request.POST.get("agree"):
        messages.error(request, _("Tick that you agree."))
        return redirect("payments")
    try:
        give_mandate(
            member=member,
            holder=request.POST.get("holder", ""),
            iban=request.POST.get("iban", ""),
            signed_date=now.date(),
            user=user,
            now=now,
        )
    except CannotGiveMandate:
        messages.error(request, _("The IBAN is not right; look at its digits again."))
    else:
        messages.success(request, _("Thank you. We collect your bills from now on, and tell you before each debit."))
    return redirect("payments")
