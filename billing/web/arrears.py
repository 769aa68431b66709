"""Open bills: the board's list and a member's sheet for those who keep the books, and the member's own page."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from rest_framework.generics import get_object_or_404

from billing.domain.arrears_words import ARREARS_WORDS
from billing.domain.sentences import WORDS
from billing.models import DisconnectionProposal, InstalmentPlan, PlanStatus, ProposalStatus, Protection, Reminder
from billing.selectors.arrears import MemberArrears, board_list, overdue, rule_on, why_not_proposed
from billing.selectors.payments import owed_by
from billing.selectors.phrases import PHRASES
from billing.services.arrears import (
    REFUSED,
    CannotAgree,
    CannotTakeBack,
    MayNotPropose,
    agree_on_plan,
    decide,
    propose_disconnection,
    remind,
    take_back_reminder,
    withdraw_plan,
)
from billing.services.looks import note_own_look
from billing.services.papers import pdf_of_reminder
from billing.web.books import Desk, desk_of, now_of
from energy.models import Site
from members.language import said
from members.models import Member, Role
from members.selectors.scope import own_members, user_of, visible_members
from members.services.access import record_look, record_looks

AGE_NAMES = (gettext_lazy("To 30 days"), gettext_lazy("31 to 60 days"), gettext_lazy("61 to 90 days"), gettext_lazy("Over 90 days"))


PAGE = 50
BESIDE = {
    "old": gettext_lazy("Over 90 days"),
    "letter": gettext_lazy("with a letter"),
    "plan": gettext_lazy("with instalments"),
    "spared": gettext_lazy("spared"),
    "nothing": gettext_lazy("nothing done yet"),
}


class PlanForm(forms.Form):
    """How many instalments, from when on."""

    count = forms.IntegerField(min_value=1, max_value=36, initial=3, label=gettext_lazy("Instalments, a month apart"))
    first_date = forms.DateField(label=gettext_lazy("The first on"), widget=forms.DateInput({"type": "date"}, "%Y-%m-%d"))


@login_required
def arrears_page(request: HttpRequest) -> HttpResponse:
    """The board's list: who owes how much for how long, and what stands beside it."""
    desk = desk_of(request)
    now = now_of(desk.cooperative)
    today = now.date()
    rows = board_list(desk.cooperative, today)
    wanted, beside = request.GET.get("q", "").strip(), request.GET.get("beside", "")
    found = [row for row in rows if _is_wanted(row, wanted.casefold(), beside)]
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    shown = Member.objects.filter(pk__in=[row.member.pk for row in page.object_list])
    record_looks(user=user_of(request), members=shown, what="arrears", subject="board's list", now=timezone.now())
    context = desk.context("arrears") | {
        "rows": rows,
        "page": page,
        "q": wanted,
        "beside": beside,
        "kinds": BESIDE.items(),
        "today": today,
        "ages": _ages(rows),
        "total": sum(row.rest_minor for row in rows),
        "rule": rule_on(desk.cooperative, today),
        "proposals": DisconnectionProposal.objects.filter(
            member__cooperative=desk.cooperative, status=ProposalStatus.PROPOSED
        ).select_related("site", "member", "proposed_by"),
    }
    return render(request, "books/arrears.html", context)


def _is_wanted(row: MemberArrears, wanted: str, beside: str) -> bool:
    """Whether a row is among those asked for: by name or number, and by what stands beside it."""
    if wanted and wanted not in f"{row.member.name} {row.member.number}".casefold():
        return False
    told = {"plan": row.plan is not None, "spared": row.is_spared, "letter": bool(row.level)}
    if beside == "nothing":
        return not any(told.values())
    return told.get(beside, beside != "old" or bool(row.by_age[-1]))


def _ages(rows: Sequence[MemberArrears]) -> list[dict[str, Any]]:
    """What is open by how long it is due, each beside the largest."""
    sums = [sum(row.by_age[place] for row in rows) for place in range(len(AGE_NAMES))]
    most = max(*sums, 1)
    return [{"name": name, "minor": minor, "percent": round(100 * minor / most)} for name, minor in zip(AGE_NAMES, sums, strict=True)]


@login_required
def member_arrears(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """One member: open bills, letters, plan, and whether anything more may be proposed."""
    member, desk = _member_and_desk(request, public_id)
    record_look(user=user_of(request), member=member, what="arrears", subject=member.number, now=timezone.now())
    today = now_of(desk.cooperative).date()
    rule = rule_on(desk.cooperative, today)
    reminders = list(Reminder.objects.filter(member=member).select_related("document", "taken_back_by").order_by("-sent_date", "-level"))
    context = desk.context("arrears") | {
        "member": member,
        "today": today,
        "charges": owed_by(member).charges,
        "newest": _newest(reminders),
        "protections": _protections(member, today),
        "documents": list(overdue(desk.cooperative, today).filter(member=member)),
        "reminders": reminders,
        "plan": InstalmentPlan.objects.filter(member=member, status=PlanStatus.AGREED).first(),
        "form": PlanForm(),
        "proposals": DisconnectionProposal.objects.filter(member=member)
        .select_related("site", "proposed_by", "decided_by")
        .order_by("-proposed_at"),
        "sites": [
            (site, [str(REFUSED[r]) for r in why_not_proposed(site, rule, today)])
            for site in Site.objects.filter(member=member).select_related("member__cooperative")
        ]
        if rule
        else [],
    }
    return render(request, "books/member_arrears.html", context)


def _newest(reminders: Sequence[Reminder]) -> set[int]:
    """Of each bill the letter that can be taken back: the newest that stands."""
    found: dict[int, Reminder] = {}
    for reminder in reminders:
        known = found.get(reminder.document_id)
        if reminder.taken_back_at is None and (known is None or reminder.level > known.level):
            found[reminder.document_id] = reminder
    return {reminder.pk for reminder in found.values()}


def _protections(member: Member, today: date) -> list[dict[str, Any]]:
    """Why a member is or was spared, the newest first, and whether it holds today."""
    rows = Protection.objects.filter(member=member).order_by("-valid_from", "-pk")
    return [{"row": row, "holds": row.valid_from <= today and (row.valid_to is None or row.valid_to > today)} for row in rows]


def _member_and_desk(request: HttpRequest, public_id: UUID) -> tuple[Member, Desk]:
    member = get_object_or_404(Member.objects.select_related("cooperative"), public_id=public_id)
    return member, desk_of(request, of=member.cooperative)


def _keepers(desk: Desk) -> None:
    if not desk.may_keep:
        raise Http404


@login_required
@require_POST
def send_reminders(request: HttpRequest) -> HttpResponse:
    """Send what is due by the rule, now instead of at night."""
    desk = desk_of(request)
    _keepers(desk)
    now = now_of(desk.cooperative)
    sent = remind(cooperative=desk.cooperative, today=now.date(), now=now)
    messages.success(
        request,
        ngettext("%(n)s letter is written.", "%(n)s letters are written.", len(sent)) % {"n": len(sent)}
        if sent
        else _("Nothing is due today."),
    )
    return redirect(f"{reverse('books-arrears')}?cooperative={desk.cooperative.slug}")


@login_required
@require_POST
def act_on_member(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """One of: take a letter back, agree on or withdraw a plan, propose, decide."""
    member, desk = _member_and_desk(request, public_id)
    _keepers(desk)
    now = now_of(desk.cooperative)
    try:
        messages.success(request, _act(request, member, now))
    except (CannotAgree, CannotTakeBack, MayNotPropose) as why:
        messages.error(request, said(str(why), PHRASES))
    return redirect("books-member-arrears", public_id=member.public_id)


def _act(request: HttpRequest, member: Member, now: datetime) -> str:
    user = user_of(request)
    what, today = request.POST.get("what"), now.date()
    if what == "take back":
        reminder = get_object_or_404(Reminder, member=member, public_id=request.POST.get("reminder"))
        take_back_reminder(reminder=reminder, by=user, why=request.POST.get("why", ""), now=now)
        return _("The letter is taken back, with what it cost.")
    if what == "plan":
        form = PlanForm(request.POST)
        if not form.is_valid():
            raise CannotAgree(_("Say how many instalments, between 1 and 36, and the first day."))
        agree_on_plan(member=member, by=user, today=today, **form.cleaned_data)
        return _("The plan is agreed.")
    if what == "withdraw":
        withdraw_plan(plan=get_object_or_404(InstalmentPlan, member=member, status=PlanStatus.AGREED), now=now)
        return _("The plan is withdrawn.")
    if what == "propose":
        site = get_object_or_404(Site, member=member, public_id=request.POST.get("site"))
        propose_disconnection(site=site, by=user, why=request.POST.get("why", ""), today=today, now=now)
        return _("It is before the board; nothing is switched by it.")
    proposal = get_object_or_404(DisconnectionProposal, member=member, public_id=request.POST.get("proposal"))
    wanted = request.POST.get("status", "")
    if what != "decide" or wanted not in (ProposalStatus.AGREED, ProposalStatus.DECLINED, ProposalStatus.WITHDRAWN):
        raise Http404
    decide(proposal=proposal, status=ProposalStatus(wanted), by=user, today=today, now=now)
    return _("The decision is noted; nothing is switched by it.")


@login_required
def reminder_pdf(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """A letter as PDF, for its member and for those who keep the books."""
    user = user_of(request)
    members = visible_members(user, Role.AUDITOR, Role.TARIFF_ADMIN, Role.SUPPORT)
    reminder = get_object_or_404(
        Reminder.objects.filter(member__in=members.values("pk")).select_related("member", "cooperative", "document"), public_id=public_id
    )
    record_look(user=user, member=reminder.member, what="reminder", subject=str(reminder), now=timezone.now())
    note_own_look(letter=reminder, user=user, now=timezone.now())
    content = pdf_of_reminder(reminder)
    name = f"{reminder.document.label}-{reminder.level}.pdf"
    return HttpResponse(content, content_type="application/pdf", headers={"Content-Disposition": f'inline; filename="{name}"'})


@login_required
def open_bills(request: HttpRequest) -> HttpResponse:
    """The member's own page: what is open, how to pay it, what can be agreed on."""
    members = list(own_members(user_of(request)).select_related("cooperative"))
    if not members:
        raise Http404
    first = members[0]
    words = ARREARS_WORDS.get((get_language() or "")[:2], ARREARS_WORDS["en"])
    today = now_of(first.cooperative).date()
    figures = WORDS[words["lang"]]
    documents = [d for member in members for d in overdue(member.cooperative, today).filter(member=member)]
    reminders = Reminder.objects.filter(member__in=members).select_related("document").order_by("-sent_date", "-level")
    plan = InstalmentPlan.objects.filter(member__in=members, status=PlanStatus.AGREED).first()
    context = {
        "words": words,
        "currency": first.cooperative.currency,
        "total": figures.money(sum(d.rest_minor for d in documents)),
        "has_open": bool(documents),
        "bills": [(d, figures.date(d.due_date), figures.money(d.rest_minor)) for d in documents],
        "letters": [_letter(r, words) for r in reminders],
        "plan": [(figures.date(day), figures.money(amount)) for day, amount in plan.due] if plan else [],
        "pay_text": words["pay_text"].format(iban=first.cooperative.iban or "–"),
        "talk_text": words["talk_text"].format(phone=first.cooperative.phone or "–", email=first.cooperative.email or "–"),
    }
    return render(request, "portal/open_bills.html", context)


def _letter(reminder: Reminder, words: dict[str, str]) -> dict[str, Any]:
    figures = WORDS[words["lang"]]
    cost = figures.money(reminder.charged_minor)
    if reminder.taken_back_at:
        note = words["taken_back"].format(why=reminder.why)
    else:
        note = words["costs"].format(amount=cost) if reminder.charged_minor else words["free"]
        note = f"{words['until'].format(date=figures.date(reminder.pay_until))}; {note}"
    return {
        "name": words["level"].format(level=reminder.level, date=figures.date(reminder.sent_date)),
        "label": reminder.document.label,
        "note": note,
        "public_id": reminder.public_id,
    }
