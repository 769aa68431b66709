"""Sharing out: the treasurer's pages, and what members got and why."""

from dataclasses import replace
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe
from rest_framework.generics import get_object_or_404

from billing.models import Distribution, DistributionKind, DistributionPart, DistributionStatus, MemberShare
from billing.selectors.distribution_statement import counter_of, state_of, statement_of, words_in
from billing.selectors.distributions import distributions_of, visible_parts
from billing.selectors.phrases import PHRASES
from billing.services.distributions import (
    CannotDistribute,
    Wanted,
    cancel_distribution,
    plan_distribution,
    prepare_distribution,
    release_distribution,
    take_back_distribution,
)
from billing.services.ledger import CannotPost
from billing.services.looks import note_own_look
from billing.services.papers import pdf_of_part
from billing.web.books import now_of
from billing.web.money_desk import Desk, NoAmount, money_written, open_desk
from kernel.intervals import CannotReadPeriod, Month
from members.language import said
from members.models import Cooperative
from members.selectors.scope import own_members, user_of
from members.services.access import record_look

PAGE = 24
BARS = 12
REFUSALS = (CannotDistribute, NoAmount, CannotReadPeriod, CannotPost)


@login_required
@require_http_methods(["GET", "POST"])
def sharing_out(request: HttpRequest) -> HttpResponse:
    """What was shared out, and a form that shows who would get what before anything is kept."""
    desk = open_desk(request, keeps=request.method == "POST")
    given = request.POST if request.method == "POST" else request.GET
    plan = None
    form = _form(given, desk.cooperative)
    if given.get("from"):
        try:
            wanted = _wanted(form)
            if request.method == "POST":
                made = _prepare(request, desk, wanted)
                messages.success(request, _("“%(made)s” is prepared; a second person releases it.") % {"made": made})
                return redirect("money-distribution", made.public_id)
            plan = plan_distribution(cooperative=desk.cooperative, wanted=wanted)
        except REFUSALS as problem:
            messages.error(request, said(str(problem), PHRASES))
    page = Paginator(distributions_of(desk.cooperative), PAGE).get_page(request.GET.get("page"))
    words = {"page": page, "form": form, "plan": plan, "bars": _bars(plan.parts) if plan else [], "kinds": DistributionKind.choices}
    return render(request, "money/sharing_out.html", desk.context("sharing-out") | words)


def _prepare(request: HttpRequest, desk: Desk, wanted: Wanted) -> Distribution:
    user = user_of(request)
    return prepare_distribution(cooperative=desk.cooperative, wanted=wanted, by=user, now=now_of(desk.cooperative))


def _form(given: Any, cooperative: Cooperative) -> dict[str, str]:
    """The fields as written; the year before, where nothing is written yet."""
    year = now_of(cooperative).year - 1
    first = {
        "kind": "revenue",
        "name": "",
        "from": f"{year}-01",
        "to": f"{year}-12",
        "used": "",
        "energy_percent": "100",
        "rate": "",
        "costs": "",
        "costs_why": "",
    }
    return {key: given.get(key, value).strip() for key, value in first.items()}


def _wanted(form: dict[str, str]) -> Wanted:
    is_dividend = form["kind"] == DistributionKind.DIVIDEND
    wanted = Wanted(
        DistributionKind.DIVIDEND if is_dividend else DistributionKind.REVENUE,
        form["name"],
        Month.parse(form["from"]).first_day,
        Month.parse(form["to"]).last_day,
        other_costs_minor=money_written(form["costs"] or "0"),
        other_costs_why=form["costs_why"][:200],
    )
    if is_dividend:
        return replace(wanted, dividend_rate=_percent(form["rate"]) / 100)
    percent = _percent(form["energy_percent"])
    if percent != int(percent) or not 0 <= percent <= 100:
        raise CannotDistribute(_("The part by energy is a whole number of per cent from 0 to 100."))
    return replace(wanted, used_minor=money_written(form["used"] or "0"), energy_percent=int(percent))


def _percent(text: str) -> Decimal:
    try:
        value = Decimal(text.replace(",", ".") or "0")
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or value.copy_abs() > 1000 or value != round(value, 3):
        raise CannotDistribute(_("“%(text)s” is no rate in per cent; write it as 2.5.") % {"text": text})
    return value


def _bars(parts: Any) -> list[dict[str, Any]]:
    """The largest parts as bars, the rest in one."""
    rows = sorted(((p.member.name, p.gross_minor) for p in parts), key=lambda row: (-abs(row[1]), row[0]))
    most = max((abs(minor) for _, minor in rows), default=0) or 1
    shown = [{"name": name, "minor": minor, "percent": round(100 * abs(minor) / most)} for name, minor in rows[:BARS]]
    rest = rows[BARS:]
    return [
        *shown,
        *([{"name": _("%(rest)s more together") % {"rest": len(rest)}, "minor": sum(m for _, m in rest), "percent": 0}] if rest else []),
    ]


@login_required
@require_http_methods(["GET", "POST"])
def distribution(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """One distribution: who gets what by which figures; released, cancelled, or taken back here."""
    desk = open_desk(request, keeps=request.method == "POST")
    row = get_object_or_404(distributions_of(desk.cooperative), public_id=public_id)
    if request.method == "POST":
        return _decide(request, row)
    parts = list(row.parts.select_related("member").order_by("member__number"))
    paid = [p for p in parts if p.paid_minor]
    words = {
        "row": row,
        "parts": parts,
        "bars": _bars(parts),
        "is_own": row.prepared_by_id == request.user.pk,
        "counter": counter_of(row),
        "open_counter": row.countered_by.filter(status=DistributionStatus.PREPARED).first(),
        "withheld_minor": sum(p.withheld_minor for p in parts),
        "paid_minor": sum(p.paid_minor for p in paid),
        "paid_count": len(paid),
        "lacking": [p for p in parts if p.net_minor > 0 and not p.member.iban],
    }
    return render(request, "money/distribution.html", desk.context("sharing-out") | words)


def _decide(request: HttpRequest, row: Distribution) -> HttpResponse:
    what, user, now = request.POST.get("do"), user_of(request), now_of(row.cooperative)
    try:
        if what == "release":
            release_distribution(distribution=row, by=user, now=now)
            messages.success(
                request,
                _("Released. It is booked; members see their parts, and payouts take them from here.")
                if row.counters_id is None
                else _("Released. The parts are owed no longer."),
            )
        elif what == "cancel":
            cancel_distribution(distribution=row)
            messages.success(request, _("Cancelled; nothing was booked."))
        elif what == "take-back":
            counter = take_back_distribution(distribution=row, why=request.POST.get("why", ""), by=user, now=now)
            messages.success(request, _("The counter-distribution is prepared; a second person releases it."))
            return redirect("money-distribution", counter.public_id)
        else:
            raise PermissionDenied
    except REFUSALS as problem:
        messages.error(request, said(str(problem), PHRASES))
    return redirect("money-distribution", row.public_id)


@login_required
@require_safe
def own_parts(request: HttpRequest) -> HttpResponse:
    """What was shared out to the user's own members, with all figures behind it, and the shares they hold."""
    user = user_of(request)
    language = translation.get_language() or "en"
    members = list(own_members(user).select_related("cooperative").order_by("number"))
    parts = visible_parts(user).filter(member__in=members)
    page = Paginator(parts, PAGE).get_page(request.GET.get("page"))
    words = words_in(language)
    rows = [
        {"part": p, "told": statement_of(p, language), "state": state_of(p), "state_word": words.labels[state_of(p)]}
        for p in page.object_list
    ]
    shares = MemberShare.objects.filter(member__in=members).select_related("member__cooperative")
    context = {
        "page": page,
        "rows": rows,
        "words": words,
        "shares": shares.order_by("member__number", "paid_in_date"),
        "several": len(members) > 1,
    }
    return render(request, "portal/shared_out.html", context)


@login_required
@require_safe
def part_pdf(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """A member's statement on paper, in the member's language; treasurers and auditors see it too, and that is written down."""
    user = user_of(request)
    part: DistributionPart = get_object_or_404(visible_parts(user), public_id=public_id)
    record_look(user=user, member=part.member, what="distribution", subject=str(part.distribution), now=timezone.now())
    note_own_look(letter=part, user=user, now=timezone.now())
    released = part.distribution.released_at
    assert released is not None
    pdf = pdf_of_part(part)
    name = f"{date.isoformat(released.date())}-{part.member.number}.pdf"
    return HttpResponse(pdf, content_type="application/pdf", headers={"Content-Disposition": f'attachment; filename="{name}"'})
