"""Paying before using: the treasurer's list, and agreeing at the counter."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods
from rest_framework.generics import get_object_or_404

from billing.models import PrepaidAgreement
from billing.selectors.phrases import PHRASES
from billing.selectors.prepaid import balances_now, local_today, newest_days, prepaid_rule
from billing.selectors.prepaid_history import open_limits, standing_alarms
from billing.services.prepaid import CannotAgreeOnPrepaid, agree_on_prepaid, end_prepaid
from billing.web.books import now_of
from billing.web.money_desk import open_desk
from members.language import said
from members.models import Cooperative, Member
from members.selectors.scope import user_of
from members.services.access import record_looks

PAGE = 40


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def prepaid_members(request: HttpRequest) -> HttpResponse:
    """The treasurer's list: who pays before using, how they stand; agree for a member at the counter, or end it."""
    desk = open_desk(request, keeps=request.method == "POST")
    user = user_of(request)
    if request.method == "POST":
        try:
            messages.success(request, _keep(request, desk.cooperative))
        except CannotAgreeOnPrepaid as problem:
            messages.error(request, said(str(problem), PHRASES))
        return redirect(f"{reverse('money-prepaid')}?cooperative={desk.cooperative.slug}")
    rows = PrepaidAgreement.objects.filter(cooperative=desk.cooperative, ended_date__isnull=True)
    page = Paginator(rows.select_related("member", "cooperative").order_by("member__number"), PAGE).get_page(request.GET.get("page"))
    shown: list[PrepaidAgreement] = list(page.object_list)
    record_looks(
        user=user,
        members=Member.objects.filter(pk__in=[row.member_id for row in shown]),
        what="prepaid balance",
        subject="list",
        now=timezone.now(),
    )
    balances, days = balances_now(shown), newest_days(shown)
    limits, alarms = open_limits([row.member for row in shown]), standing_alarms(shown)
    context = desk.context("prepaid") | {
        "page": page,
        "rule": prepaid_rule(desk.cooperative),
        "rows": [
            {
                "agreement": row,
                "balance": balances.get(row.pk),
                "day": days.get(row.pk),
                "limits": limits.get(row.member_id, []),
                "alarm": alarms[row.pk][-1] if alarms.get(row.pk) else None,
            }
            for row in shown
        ],
    }
    return render(request, "money/prepaid.html", context)


def _keep(request: HttpRequest, cooperative: Cooperative) -> str:
    """Do what the treasurer's form says; returns a sentence."""
    user = user_of(request)
    now = now_of(cooperative)
    if request.POST.get("do") == "end":
        agreement = get_object_or_404(PrepaidAgreement, cooperative=cooperative, public_id=request.POST.get("agreement"))
        end_prepaid(agreement=agreement, by=user, now=now)
        return _("Ended: the money stays the member's, bills come as before.")
    number = request.POST.get("number", "").strip()
    member = Member.objects.filter(cooperative=cooperative, number=number).first()
    if member is None:
        raise CannotAgreeOnPrepaid(_("There is no member of the number '%(number)s'.") % {"number": number})
    today = local_today(PrepaidAgreement(cooperative=cooperative), now)
    agreement = agree_on_prepaid(member=member, valid_from=today, by=user, now=now)
    return _("Agreed for %(member)s: transfers with %(reference)s come to the balance.") % {
        "member": member,
        "reference": agreement.reference,
    }
