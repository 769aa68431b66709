"""Demand response: a member's page (consent, what is ahead, what was delivered and paid) and the operator's (call, result)."""

from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST
from rest_framework.generics import get_object_or_404

from billing.selectors.flexibility import cause_of_response, documents_of
from energy.models import Microgrid
from energy.selectors.scope import READING_ROLES, operated_microgrids
from grid.domain.demand_response import CannotCall
from grid.models import DemandProgramme
from grid.selectors.demand_course import course_of
from grid.selectors.demand_response import (
    offered_programmes,
    operated_events,
    operated_programmes,
    own_consents,
    own_demand_sites,
    own_responses,
    read_events,
)
from grid.services import demand_response as service
from members.choices import offer
from members.selectors.scope import user_of
from members.services.notifications import mark_seen
from microgrid_site.pages.energy_pages import own_sites_of
from microgrid_site.pages.energy_tabs import energy_tabs

SHOWN = 30


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def own_programmes(request: HttpRequest) -> HttpResponse:
    """Consent or its end, what is ahead, what each event brought."""
    user = user_of(request)
    if request.method == "POST":
        _change_consent(request)
        return redirect("programmes")
    sites = own_sites_of(request)
    consenting = set(own_consents(user).values_list("programme", "site"))
    real_now = timezone.now()
    programmes = [
        {"row": p, "sites": [(site, (p.pk, site.pk) in consenting) for site in sites if site.microgrid_id == p.microgrid_id]}
        for p in offered_programmes(user)
    ]
    responses = list(own_responses(user)[:SHOWN])
    ahead = [r for r in responses if r.event.start_at > r.event.programme.microgrid.now(real_now) and r.event.cancelled_at is None]
    past = [r for r in responses if r not in ahead]
    papers = documents_of(cause_of_response(r.public_id) for r in past)
    mark_seen(user=user, kind=service.KIND, now=real_now)
    context = {
        "programmes": [p for p in programmes if p["sites"]],
        "ahead": ahead[::-1],
        "past": [(r, papers.get(cause_of_response(r.public_id))) for r in past],
        "sites": [],
        "tabs": energy_tabs(sites, "programmes"),
    }
    return render(request, "portal/programmes.html", context)


def _change_consent(request: HttpRequest) -> None:
    user = user_of(request)
    programme = get_object_or_404(offered_programmes(user), public_id=request.POST.get("programme"))
    site = get_object_or_404(own_demand_sites(user), public_id=request.POST.get("site"))
    now = programme.microgrid.now(timezone.now())
    if request.POST.get("step") == "withdraw":
        service.withdraw_consent(programme=programme, site=site, now=now)
        messages.success(request, _("{site} takes part in {programme} no longer.").format(site=site.name, programme=programme))
        return
    try:
        service.give_consent(programme=programme, site=site, by=user, now=now)
        messages.success(
            request, _("{site} takes part in {programme}. You are told of each event ahead.").format(site=site.name, programme=programme)
        )
    except service.CannotConsent as why:
        messages.error(request, str(why))


@login_required
@require_POST
def leave_out(request: HttpRequest, public_id: Any) -> HttpResponse:
    """Opt out of one event."""
    row = get_object_or_404(own_responses(user_of(request)), public_id=public_id)
    try:
        service.opt_out(response=row, now=row.event.programme.microgrid.now(timezone.now()))
        messages.success(request, _("You leave this event out. Your consent stays."))
    except service.CannotChange as why:
        messages.error(request, str(why))
    return redirect("programmes")


class ProgrammeForm(forms.ModelForm):
    """The terms that members are asked to consent to."""

    class Meta:
        model = DemandProgramme
        fields = (
            "name",
            "incentive_per_kwh",
            "notice_minutes",
            "most_minutes_per_event",
            "most_events_per_month",
            "most_minutes_per_month",
            "load_limit_percent",
        )
        labels = {"incentive_per_kwh": gettext_lazy("Incentive per kWh")}
        help_texts = {
            "load_limit_percent": gettext_lazy(
                "During an event cars and other loads that can wait draw at most this share of their power, told by the cooperative; 0 is off. Empty: people act by themselves, no device is told."
            )
        }

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        longest, month = given.get("most_minutes_per_event"), given.get("most_minutes_per_month")
        if longest == 0 or given.get("most_events_per_month") == 0:
            raise forms.ValidationError("Allow at least one event of some length.")
        if longest and month is not None and month < longest:
            self.add_error("most_minutes_per_month", "The month allows less than one event; raise it.")
        return given


class EventForm(forms.Form):
    """When members are asked to draw less, by the microgrid's clock."""

    programme = forms.ModelChoiceField(DemandProgramme.objects.none(), label=gettext_lazy("Programme"), empty_label=None)
    day = forms.DateField(label=gettext_lazy("Day"), widget=forms.DateInput({"type": "date"}, "%Y-%m-%d"))
    begins = forms.TimeField(label=gettext_lazy("Begins"), widget=forms.TimeInput({"type": "time", "step": 900}, "%H:%M"))
    minutes = forms.IntegerField(label=gettext_lazy("Length [min]"), min_value=15, max_value=1440, initial=60)
    reason = forms.CharField(max_length=200, label=gettext_lazy("Reason"), help_text=gettext_lazy("Members read it."))

    def __init__(self, microgrid: Microgrid, programmes: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.microgrid = microgrid
        offer(self, "programme", programmes)

    def start_at(self) -> datetime:
        day: date = self.cleaned_data["day"]
        begins: time = self.cleaned_data["begins"]
        return datetime.combine(day, begins, tzinfo=self.microgrid.zone)

    def end_at(self) -> datetime:
        return self.start_at() + timedelta(minutes=self.cleaned_data["minutes"])


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def events(request: HttpRequest) -> HttpResponse:
    """What each event brought; operators call events and offer programmes here."""
    user = user_of(request)
    microgrid = operated_microgrids(user, *READING_ROLES).first()
    if microgrid is None:
        raise Http404
    may_change = operated_microgrids(user).filter(pk=microgrid.pk).exists()
    if request.method == "POST" and not may_change:
        raise Http404
    now = microgrid.now(timezone.now())
    programmes = DemandProgramme.objects.filter(microgrid=microgrid).order_by("ended_at", "name")
    offers = request.POST.get("step") == "offer"
    offered = ProgrammeForm(request.POST if offers else None, prefix="offer")
    called = EventForm(
        microgrid,
        programmes.filter(ended_at=None),
        request.POST if request.method == "POST" and not offers else None,
        initial={"day": now.astimezone(microgrid.zone).date()},
    )
    if request.method == "POST" and (_offer(request, microgrid, offered, now) if offers else _call(request, called, now)):
        return redirect("demand-events")
    rows = list(read_events(user).filter(programme__microgrid=microgrid)[:SHOWN])
    context = {
        "microgrid": microgrid,
        "zone": microgrid.zone,
        "now": now,
        "programmes": [(p, _consents(p)) for p in programmes],
        "offered": offered,
        "called": called,
        "events": rows,
        "currency": microgrid.cooperative.currency,
        "tab": "demand",
        "may_change": may_change,
        "open_pks": {row.pk for row in rows if row.cancelled_at is None and row.start_at > now},
    }
    return render(request, "live/demand_events.html", context)


@login_required
def event(request: HttpRequest, public_id: Any) -> HttpResponse:
    """One event as it went, site by site: what devices were told and took, what the meters showed, what is paid."""
    row = get_object_or_404(read_events(user_of(request)), public_id=public_id)
    microgrid = row.programme.microgrid
    now = microgrid.now(timezone.now())
    context = {
        "event": row,
        "course": course_of(row, now),
        "zone": microgrid.zone,
        "now": now,
        "tab": "demand",
        "microgrid": microgrid,
        "currency": microgrid.cooperative.currency,
    }
    return render(request, "live/demand_event.html", context)


def _consents(programme: DemandProgramme) -> int:
    return programme.consents.filter(withdrawn_at=None).count()


def _offer(request: HttpRequest, microgrid: Microgrid, form: ProgrammeForm, now: datetime) -> bool:
    if not form.is_valid():
        return False
    if DemandProgramme.objects.filter(microgrid=microgrid, name=form.cleaned_data["name"]).exists():
        form.add_error("name", "There is a programme of that name; choose another.")
        return False
    programme = service.offer_programme(microgrid=microgrid, now=now, **form.cleaned_data)
    messages.success(request, f"{programme} is offered; members consent on their page.")
    return True


def _call(request: HttpRequest, form: EventForm, now: datetime) -> bool:
    if not form.is_valid():
        return False
    given = form.cleaned_data
    try:
        event = service.call_event(
            programme=given["programme"],
            start_at=form.start_at(),
            end_at=form.end_at(),
            reason=given["reason"],
            by=user_of(request),
            now=now,
        )
    except CannotCall as why:
        form.add_error(None, str(why))
        return False
    messages.success(request, f"Called: {event}. {event.responses.count()} sites are told.")
    return True


@login_required
@require_POST
def end(request: HttpRequest, public_id: Any) -> HttpResponse:
    """Offer a programme no longer."""
    programme = get_object_or_404(operated_programmes(user_of(request)), public_id=public_id)
    service.end_programme(programme=programme, now=programme.microgrid.now(timezone.now()))
    messages.success(request, f"{programme} has ended; what it brought stays here.")
    return redirect("demand-events")


@login_required
@require_POST
def cancel(request: HttpRequest, public_id: Any) -> HttpResponse:
    """Take an event back."""
    event = get_object_or_404(operated_events(user_of(request)).select_related("programme__microgrid"), public_id=public_id)
    try:
        service.cancel_event(event=event, now=event.programme.microgrid.now(timezone.now()))
        messages.success(request, f"Cancelled: {event}. Members are told.")
    except service.CannotChange as why:
        messages.error(request, str(why))
    return redirect("demand-events")
