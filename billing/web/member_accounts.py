"""Members' accounts for the treasurer: use money by hand, take back, set a credit off, pay back."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe
from rest_framework.generics import get_object_or_404

from billing.models import Allocation, Charge, Document, DocumentKind, Mandate, Payment, Refund
from billing.selectors.member_accounts import accounts_of, money_of, refunds_of
from billing.selectors.payments import owed_by
from billing.selectors.phrases import PHRASES
from billing.services.allocations import CannotAllocate, allocate, check_not_collected, set_off, take_back, use_instead
from billing.services.card_refunds import ask_card_refund
from billing.services.charges import CannotTakeBackCharge, take_back_charge
from billing.services.mandates import CannotGiveMandate
from billing.services.payables import CannotPayOut
from billing.services.payments import credit_of
from billing.services.payouts import ask_refund, asked_back, withdraw_refund
from billing.web.money_desk import NoAmount, money_written, open_desk
from members.language import said
from members.models import Member
from members.selectors.scope import user_of
from members.services.access import record_look

PAGE = 20
REFUSALS = (NoAmount, CannotAllocate, CannotTakeBackCharge, CannotPayOut, CannotGiveMandate)


@login_required
@require_safe
def member_accounts(request: HttpRequest) -> HttpResponse:
    """All members with what they have open, as credit, and are owed."""
    desk = open_desk(request)
    words = request.GET.get("q", "").strip()[:80]
    page = Paginator(accounts_of(desk.cooperative, words), PAGE).get_page(request.GET.get("page"))
    return render(request, "money/members.html", desk.context("members") | {"page": page, "q": words})


@login_required
@require_http_methods(["GET", "POST"])
def member_account(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """One member's account, and what can be done there."""
    desk = open_desk(request, keeps=request.method == "POST")
    member = get_object_or_404(Member.objects.select_related("cooperative"), public_id=public_id, cooperative=desk.cooperative)
    if request.method == "POST":
        try:
            messages.success(request, _act(request, member))
        except REFUSALS as problem:
            messages.error(request, said(str(problem), PHRASES))
        return redirect("money-member", public_id)
    record_look(user=user_of(request), member=member, what="account", subject=member.number, now=timezone.now())
    owed, money = owed_by(member), money_of(member)
    mandate = Mandate.objects.filter(member=member, status="active").first()
    words = {
        "member": member,
        "owed": owed,
        "money": money,
        "credit": credit_of(member),
        "back": credit_of(member) - asked_back(member),
        "sources": [one for one in money if one.left_minor > 0],
        "refunds": refunds_of(member),
        "by_card": [one for one in money if one.left_minor > 0 and isinstance(one.source, Payment) and one.source.rail == "card"],
        "iban": member.iban or (mandate.iban if mandate else ""),
        "owed_to": sum(one.left_minor for one in money if isinstance(one.source, Document)),
    }
    return render(request, "money/member.html", desk.context("members") | words)


@transaction.atomic
def _act(request: HttpRequest, member: Member) -> str:
    """Do what the pressed button says; returns a sentence."""
    what, user, now = request.POST.get("do"), user_of(request), timezone.now()
    common: dict[str, Any] = {"user": user, "now": now}
    if what == "use":
        return _use(request, member, common)
    if what == "take-back":
        allocation = _allocation(request, member)
        if allocation.payout_id or allocation.refund_id:
            raise CannotAllocate(_("It was paid out; that is not taken back here."))
        take_back(allocation=allocation, why="by hand", **common)
        return _("Taken back: what it had settled is open again, and the money is credit again.")
    if what == "instead":
        target = _target(request, member)
        use_instead(allocation=_allocation(request, member), **target, **common)
        return _("It is used for that now; what it had settled before is open again.")
    if what == "charge":
        charge = get_object_or_404(Charge, member=member, public_id=request.POST.get("charge"))
        take_back_charge(charge=charge, why=request.POST.get("why", ""), **common)
        return _("The fee is no longer asked for; what was paid of it is credit again.")
    if what == "refund-card":
        payment = _found(Payment, member, request.POST.get("payment", ""))
        amount = money_written(request.POST.get("amount", ""))
        ask_card_refund(payment=payment, amount_minor=amount, why=request.POST.get("why", "") or "Credit paid back", **common)
        return _("Asked: another person releases it under Cards, then the provider gives it back to the card.")
    if what == "refund":
        ask_refund(
            member=member,
            amount_minor=money_written(request.POST.get("amount", "")),
            iban=request.POST.get("iban", ""),
            why=request.POST.get("why", "") or "Credit paid back",
            **common,
        )
        return _("Asked: it leaves with the next payout order, which another person releases.")
    if what == "withdraw":
        refund = get_object_or_404(Refund, member=member, public_id=request.POST.get("refund"))
        withdraw_refund(refund=refund, now=now)
        return _("Withdrawn: the money stays the member's credit.")
    raise CannotAllocate(_("Choose what to do."))


def _use(request: HttpRequest, member: Member, common: dict[str, Any]) -> str:
    """Use credit, of a payment or of a credit document, for a bill or a charge; as much as fits where no amount is written."""
    kind, __, key = request.POST.get("source", "").partition(":")
    target = _target(request, member)
    rest = next(one.rest_minor for one in target.values() if one is not None)
    check_not_collected(target["document"])
    written = request.POST.get("amount", "").strip()
    if kind == "payment":
        payment = _found(Payment, member, key)
        amount = money_written(written) if written else min(rest, payment.credit_minor)
        allocate(payment=payment, amount_minor=amount, why="by hand", **target, **common)
        return _("Used. You can take it back below.")
    credit = _found(Document, member, key, kind=DocumentKind.CREDIT)
    amount = money_written(written) if written else min(rest, credit.rest_minor)
    set_off(credit=credit, amount_minor=amount, why="by hand", **target, **common)
    return _("Set off: so much less of the credit is paid out.")


def _allocation(request: HttpRequest, member: Member) -> Allocation:
    return get_object_or_404(
        Allocation.objects.filter(payment__member=member) | Allocation.objects.filter(credit__member=member),
        public_id=request.POST.get("allocation"),
        reverses__isnull=True,
    )


def _target(request: HttpRequest, member: Member) -> dict[str, Any]:
    """The bill or the charge that a form names."""
    kind, __, key = request.POST.get("target", "").partition(":")
    if kind == "charge":
        return {"charge": _found(Charge, member, key), "document": None}
    return {"document": _found(Document, member, key, kind=DocumentKind.BILL), "charge": None}


def _found(model: Any, member: Member, key: str, **more: Any) -> Any:
    return get_object_or_404(model, public_id=key, member=member, **more)
