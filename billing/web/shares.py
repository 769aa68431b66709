"""Members' shares for the treasurer: paid in, booked where they were only noted, given back on leaving."""

from datetime import date
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Q, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods
from rest_framework.generics import get_object_or_404

from billing.models import BankStatementLine, LineStatus, MemberShare, ShareWay
from billing.selectors.phrases import PHRASES
from billing.services.ledger import CannotPost
from billing.services.shares import CannotTakeShares, book_shares, give_back_shares, pay_in_shares
from billing.web.books import now_of
from billing.web.money_desk import Desk, NoAmount, money_written, open_desk
from kernel.written import whole_number
from members.language import said
from members.models import Member
from members.selectors.scope import user_of

PAGE = 60
MOST_LINES = 100
MOST_SHARES = 1_000_000_000
REFUSALS = (CannotTakeShares, CannotPost, NoAmount)
WAYS = {
    ShareWay.BANK: gettext_lazy("by bank"),
    ShareWay.CASH: gettext_lazy("in cash"),
    ShareWay.MOBILE: gettext_lazy("by mobile money"),
    ShareWay.OPENING: gettext_lazy("before these books"),
}


@login_required
@require_http_methods(["GET", "POST"])
def member_shares(request: HttpRequest) -> HttpResponse:
    """Who holds which shares, how they were paid, and what is owed for those given back."""
    desk = open_desk(request, keeps=request.method == "POST")
    if request.method == "POST":
        try:
            messages.success(request, _step(request, desk))
        except REFUSALS as problem:
            messages.error(request, said(str(problem), PHRASES))
        return redirect(f"{reverse('money-shares')}?cooperative={desk.cooperative.slug}")
    rows = MemberShare.objects.filter(member__cooperative=desk.cooperative).select_related("member", "bank_line")
    today = now_of(desk.cooperative).date()
    held = rows.filter(Q(returned_date__isnull=True) | Q(returned_date__gt=today))
    given_back = rows.filter(returned_date__isnull=False).aggregate(paid=Sum("paid_in_minor"), repaid=Sum("repaid_minor"))
    page = Paginator(rows.order_by("-paid_in_date", "-pk"), PAGE).get_page(request.GET.get("page"))
    words = {
        "page": page,
        "rows": [{"share": s, "way": WAYS.get(ShareWay(s.way)) if s.way else ""} for s in page.object_list],
        "ways": WAYS.items(),
        "today": today,
        "lines": _waiting(desk),
        "unbooked": rows.filter(way="").count(),
        "held_minor": held.aggregate(sum=Sum("paid_in_minor"))["sum"] or 0,
        "held": held.aggregate(sum=Sum("count"))["sum"] or 0,
        "owed_minor": (given_back["paid"] or 0) - (given_back["repaid"] or 0),
        "members": held.values("member").distinct().count(),
    }
    return render(request, "money/shares.html", desk.context("shares") | words)


def _waiting(desk: Desk) -> Any:
    """Movements that brought money and wait for somebody to say what it is for."""
    rows = BankStatementLine.objects.filter(cooperative=desk.cooperative, status=LineStatus.OPEN, amount_minor__gt=0)
    return rows.order_by("-booked_date", "-pk")[:MOST_LINES]


def _step(request: HttpRequest, desk: Desk) -> str:
    """Do what the pressed button says; returns a sentence."""
    user = user_of(request)
    what, now = request.POST.get("do"), now_of(desk.cooperative)
    if what == "pay-in":
        member = _member(desk, request.POST.get("member", "").strip())
        pay_in_shares(
            cooperative=desk.cooperative,
            member=member,
            count=_count(request.POST.get("count", "")),
            amount_minor=money_written(request.POST.get("amount", "")),
            day=_day(request.POST.get("day", "")),
            by=user,
            now=now,
            **_money(request, desk),
        )
        return _("The shares are noted and booked.")
    shares = MemberShare.objects.filter(member__cooperative=desk.cooperative).select_related("member__cooperative")
    share = get_object_or_404(shares, public_id=request.POST.get("share"))
    if what == "book":
        book_shares(share=share, by=user, now=now, **_money(request, desk))
        return _("Booked.")
    if what == "give-back":
        give_back_shares(share=share, day=_day(request.POST.get("day", "")), now=now)
        return _("The shares are given back. What was paid for them is owed to the member; payouts take it from here.")
    raise PermissionDenied


def _money(request: HttpRequest, desk: Desk) -> dict[str, Any]:
    """How the money came, as written."""
    way = request.POST.get("way", "")
    if way not in ShareWay.values:
        raise CannotTakeShares(_("Say how the money came."))
    line = None
    if way == ShareWay.BANK and request.POST.get("line"):
        rows = BankStatementLine.objects.filter(cooperative=desk.cooperative)
        line = get_object_or_404(rows, public_id=request.POST["line"])
    return {"way": ShareWay(way), "line": line, "receipt": request.POST.get("receipt", "")}


def _member(desk: Desk, number: str) -> Member:
    found = Member.objects.filter(cooperative=desk.cooperative, number=number).first()
    if found is None:
        raise CannotTakeShares(_("There is no member with the number “%(number)s”.") % {"number": number})
    return found


def _count(text: str) -> int:
    count = whole_number(text, most=MOST_SHARES)
    if count is None:
        raise CannotTakeShares(_("Write how many shares as a whole number."))
    return count


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise CannotTakeShares(_("Choose a day.")) from None
