"""Incentives: budgets and what a person has to decide, for treasurers; what they were rewarded for, for members."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe
from rest_framework.generics import get_object_or_404

from billing.domain.incentive_words import concern_in, labels_in
from billing.models import AwardStatus, IncentiveAward
from billing.selectors.incentives import budgets_of, decided_awards, held_awards, visible_awards
from billing.selectors.phrases import PHRASES
from billing.services.incentive_awards import CannotDecide, decide_award
from billing.web.money import open_desk
from members.language import said
from members.models import Member
from members.selectors.scope import own_members, user_of
from members.services.access import record_looks

PAGE = 24
DECIDED = {
    AwardStatus.GRANTED: gettext_lazy("Granted: it stands on the site's next credit document."),
    AwardStatus.DECLINED: gettext_lazy("Declined: the budget has it back, and the member reads why."),
}


@login_required
@require_http_methods(["GET", "POST"])
def incentives(request: HttpRequest) -> HttpResponse:
    """Budgets, and awards that wait for a person: granted or declined with a reason that the member reads."""
    desk = open_desk(request, keeps=request.method == "POST")
    user = user_of(request)
    held, refused = held_awards(desk.cooperative), {}
    language = translation.get_language() or "en"
    if request.method == "POST":
        award = get_object_or_404(held, public_id=request.POST.get("award"))
        why = request.POST.get("why", "")
        try:
            row = decide_award(award=award, grant=request.POST.get("do") == "grant", why=why, by=user, now=timezone.now())
            messages.success(request, DECIDED[AwardStatus(row.status)])
        except CannotDecide as problem:
            refused = {award.pk: (why, said(str(problem), PHRASES))}
        else:
            return redirect(f"{reverse('money-incentives')}?cooperative={desk.cooperative.slug}")
    page = Paginator(held, PAGE).get_page(request.GET.get("page"))
    record_looks(
        user=user,
        members=Member.objects.filter(pk__in={a.member_id for a in page.object_list}),
        what="incentive",
        subject="to be looked at",
        now=timezone.now(),
    )
    budgets = [
        {"row": b, "percent": round(100 * b.spent_minor / b.budget_minor) if b.budget_minor else 0}
        for b in budgets_of(desk.cooperative)[:PAGE]
    ]
    words = {
        "page": page,
        "held": [
            {"award": a, "concerns": [concern_in(c, language) for c in a.concerns], "typed": refused.get(a.pk)} for a in page.object_list
        ],
        "budgets": budgets,
        "decided": decided_awards(desk.cooperative)[:PAGE],
    }
    return render(request, "money/incentives.html", desk.context("incentives") | words)


@login_required
@require_safe
def own_awards(request: HttpRequest) -> HttpResponse:
    """What the user's own members were rewarded for, how it was measured, and what is being looked at, with the reason."""
    user = user_of(request)
    language = translation.get_language() or "en"
    awards = visible_awards(user).filter(member__in=own_members(user))
    page = Paginator(awards, PAGE).get_page(request.GET.get("page"))
    words = labels_in(language)
    rows = [_row(award, words, language) for award in page.object_list]
    return render(request, "portal/incentives.html", {"page": page, "rows": rows, "words": words})


def _row(award: IncentiveAward, words: dict[str, str], language: str) -> dict[str, Any]:
    compared = ""
    if award.baseline_wh is not None and award.measured_wh is not None:
        compared = words["compared"].format(baseline=f"{award.baseline_wh / 1000:.3f}", measured=f"{award.measured_wh / 1000:.3f}")
    return {
        "award": award,
        "state": words[award.status],
        "compared": compared,
        "concerns": [concern_in(c, language) for c in award.concerns],
        "is_cut": award.awarded_minor < award.earned_minor,
        "currency": award.version.programme.microgrid.cooperative.currency,
    }
