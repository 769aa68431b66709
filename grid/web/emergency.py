"""Emergencies for people: the page, the desk from which they act, orders by hand, drills."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy, pgettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from rest_framework.generics import get_object_or_404

from energy.models import Microgrid, Source, StorageUnit
from energy.selectors.scope import READING_ROLES, operated_microgrids
from grid.domain.control.drill_scenarios import SCENARIOS
from grid.models import EmergencyContact, OperatorOverride, OverrideKind
from grid.selectors.emergencies import emergency_story, read_emergencies
from grid.selectors.overrides import standing_overrides
from grid.services.drills import start_drill
from grid.services.emergencies import CannotDrill, answer_call, end_drill
from grid.services.overrides import CannotOverride, Order, confirm_override, end_override, propose_override
from grid.web.emergency_pass import emergency_page, give_pass
from grid.web.said import said, said_choices, said_lazy
from members.choices import offer
from members.selectors.scope import user_of

PAST = 30


def _microgrid(request: HttpRequest) -> Microgrid:
    """The microgrid that the user operates, audits, supports, or is a contact of."""
    found = operated_microgrids(user_of(request), *READING_ROLES).first()
    if found is None:
        contact = EmergencyContact.objects.filter(user=user_of(request)).select_related("microgrid").first()
        found = contact.microgrid if contact else None
    if found is None:
        raise Http404
    return found


def _operated(request: HttpRequest) -> Microgrid:
    found = operated_microgrids(user_of(request)).first()
    if found is None:
        raise Http404
    return found


@login_required
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """The plain page; from now on this browser gets it without the database."""
    microgrid = _microgrid(request)
    return give_pass(emergency_page(microgrid.public_id, get_language() or "en"), microgrid.public_id, secure=settings.SITE_IS_HTTPS)


@login_required
@require_safe
def desk(request: HttpRequest) -> HttpResponse:
    """What is open, what stands by hand, whom to call; and the past."""
    microgrid = _microgrid(request)
    now = microgrid.now(timezone.now())
    may_act = operated_microgrids(user_of(request)).filter(pk=microgrid.pk).exists()
    rows = read_emergencies(user_of(request)) if may_act else microgrid.emergencies.order_by("-began_at")
    open_rows = list(rows.filter(microgrid=microgrid, ended_at__isnull=True))
    context = {
        "microgrid": microgrid,
        "zone": microgrid.zone,
        "now": now,
        "story": emergency_story(microgrid, now),
        "open": open_rows,
        "past": rows.filter(microgrid=microgrid, ended_at__isnull=False)[:PAST],
        "may_act": may_act,
        "standing": standing_overrides(microgrid, now),
        "form": OverrideForm(microgrid),
        "scenarios": SCENARIOS.values(),
    }
    response = render(request, "emergency/desk.html", context)
    return give_pass(response, microgrid.public_id, secure=settings.SITE_IS_HTTPS)


@login_required
@require_safe
def emergency(request: HttpRequest, public_id: Any) -> HttpResponse:
    """One emergency or drill with each step."""
    microgrid = _microgrid(request)
    row = get_object_or_404(microgrid.emergencies.select_related("microgrid", "called_by"), public_id=public_id)
    context = {
        "row": row,
        "zone": microgrid.zone,
        "steps": row.steps.select_related("by").order_by("at", "pk")[:300],
        "calls": row.calls.select_related("user").order_by("called_at"),
        "may_act": operated_microgrids(user_of(request)).filter(pk=microgrid.pk).exists(),
    }
    return render(request, "emergency/emergency.html", context)


@login_required
@require_POST
def answer(request: HttpRequest, public_id: Any) -> HttpResponse:
    """Somebody says they act."""
    row = get_object_or_404(_microgrid(request).emergencies.select_related("microgrid"), public_id=public_id)
    answer_call(emergency=row, by=user_of(request), real_now=timezone.now())
    messages.success(request, _("Noted: you act. Nobody else is called."))
    return redirect("emergency-desk")


class OverrideForm(forms.Form):
    """The first step of an order by hand."""

    kind = forms.ChoiceField(label=gettext_lazy("Order"), choices=said_choices(OverrideKind.choices))
    storage = forms.ModelChoiceField(
        StorageUnit.objects.none(), required=False, label=gettext_lazy("Storage"), empty_label=gettext_lazy("choose one")
    )
    source = forms.ModelChoiceField(
        Source.objects.none(), required=False, label=gettext_lazy("Source"), empty_label=gettext_lazy("choose one")
    )
    tier = forms.TypedChoiceField(
        choices=[("", "–"), *((t, said_lazy(f"tier {t}")) for t in (4, 3, 2, 1))],
        coerce=int,
        empty_value=None,
        required=False,
        label=gettext_lazy("Tier to let go"),
    )
    direction = forms.ChoiceField(
        label=gettext_lazy("Storage shall"),
        choices=[
            ("idle", gettext_lazy("stand idle")),
            ("charge", pgettext_lazy("storage", "charge")),
            ("discharge", pgettext_lazy("storage", "discharge")),
        ],
        required=False,
    )
    power_w = forms.IntegerField(label=gettext_lazy("Power or limit [W]"), min_value=0, required=False)
    minutes = forms.IntegerField(label=gettext_lazy("For how long [min]"), min_value=1, max_value=24 * 60, initial=15)
    reason = forms.CharField(label=gettext_lazy("Why"), max_length=200)

    def __init__(self, microgrid: Microgrid, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, model in (("storage", StorageUnit), ("source", Source)):
            offer(self, name, model.objects.filter(site__microgrid=microgrid).order_by("code"))

    def order(self) -> Order:
        """What was asked for."""
        given = self.cleaned_data
        kind, power = given["kind"], given["power_w"] or 0
        is_storage, is_source = kind == OverrideKind.STORAGE, kind == OverrideKind.SOURCE
        return Order(
            kind,
            given["minutes"],
            given["reason"],
            given["storage"] if is_storage else None,
            given["source"] if is_source else None,
            given["tier"] if kind == OverrideKind.TIER else None,
            power if is_storage and given["direction"] == "charge" else 0,
            power if is_storage and given["direction"] == "discharge" else 0,
            given["power_w"] if is_source else None,
        )


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def overrides(request: HttpRequest) -> HttpResponse:
    """Orders by hand with their log, and the first step of a new one."""
    microgrid = _operated(request)
    now = microgrid.now(timezone.now())
    form = OverrideForm(microgrid, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            row = propose_override(microgrid=microgrid, order=form.order(), by=user_of(request), now=now)
            return redirect("override", row.public_id)
        except CannotOverride as problem:
            form.add_error(None, str(problem))
    rows = microgrid.overrides.select_related("storage", "source", "proposed_by", "confirmed_by", "ended_by")
    context = {
        "microgrid": microgrid,
        "zone": microgrid.zone,
        "now": now,
        "form": form,
        "standing": standing_overrides(microgrid, now),
        "log": rows.order_by("-proposed_at", "-pk")[:100],
    }
    return render(request, "emergency/overrides.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def override(request: HttpRequest, public_id: Any) -> HttpResponse:
    """The second step: read what will happen, then confirm; or take it back, or end it."""
    microgrid = _operated(request)
    row = get_object_or_404(
        OperatorOverride.objects.select_related("storage", "source", "microgrid", "proposed_by", "confirmed_by", "ended_by"),
        public_id=public_id,
        microgrid=microgrid,
    )
    now = microgrid.now(timezone.now())
    if request.method == "POST":
        try:
            if request.POST.get("step") == "confirm":
                confirm_override(override=row, by=user_of(request), now=now)
                messages.success(
                    request,
                    _("It stands: %(order)s. It ends by itself after %(minutes)s minutes.")
                    % {"order": said(row.order), "minutes": row.minutes},
                )
            elif request.POST.get("step") == "end":
                end_override(override=row, by=user_of(request), now=now)
                messages.success(request, _("Ended: control decides again."))
        except CannotOverride as problem:
            messages.error(request, str(problem))
        return redirect("override", row.public_id)
    stands = row.confirmed_at is not None and row.ended_early_at is None and row.ends_at is not None and row.ends_at > now
    context = {"row": row, "zone": microgrid.zone, "stands": stands, "is_open": row.confirmed_at is None and row.ended_early_at is None}
    return render(request, "emergency/override.html", context)


@login_required
@require_POST
def drill_start(request: HttpRequest) -> HttpResponse:
    """Begin a drill."""
    microgrid = _operated(request)
    try:
        row = start_drill(microgrid=microgrid, scenario=request.POST.get("scenario", ""), by=user_of(request), real_now=timezone.now())
    except CannotDrill as problem:
        messages.error(request, str(problem))
        return redirect("emergency-desk")
    return redirect("emergency-one", row.public_id)


@login_required
@require_POST
def drill_end(request: HttpRequest, public_id: Any) -> HttpResponse:
    """End a drill."""
    microgrid = _operated(request)
    row = get_object_or_404(microgrid.emergencies.select_related("microgrid"), public_id=public_id, is_drill=True)
    end_drill(drill=row, by=user_of(request), real_now=timezone.now())
    messages.success(request, _("The drill has ended."))
    return redirect("emergency-one", row.public_id)
