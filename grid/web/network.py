"""The operator's page of the network: what it is, what it still takes, what it stands without, and when it is worked on."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from energy.models import Line, Microgrid, Transformer
from energy.selectors.scope import READING_ROLES, operated_microgrids
from energy.web.imports import operated_microgrid
from grid.models import Technology
from grid.selectors.network import load_network, open_ties
from grid.selectors.network_page import (
    element_losses,
    hosting_rows,
    network_facts,
    newest_outages,
    newest_study,
    recent_losses,
)
from grid.selectors.outage_holds import held_for_work
from grid.services.planned_outages import CannotPlanOutage, request_outage
from grid.tasks import study_network

LOCAL = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
SHOWN_ROWS = 12


class OutageForm(forms.Form):
    """What is to be out, from when to when, and why; times are the microgrid's local ones."""

    reason = forms.CharField(label="What is to be done", max_length=300)
    started = forms.DateTimeField(label="From", widget=LOCAL)
    ended = forms.DateTimeField(label="To", widget=LOCAL)
    elements = forms.MultipleChoiceField(label="Out meanwhile")
    switches = forms.MultipleChoiceField(label="Open switches that are closed meanwhile", required=False)
    waits = forms.BooleanField(
        label="Supply comes back only when somebody says that the work is done", required=False
    )

    def __init__(self, microgrid: Microgrid, now: datetime, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        parts = (("transformer", Transformer), ("line", Line))
        self.fields["elements"].choices = [  # type: ignore[attr-defined]
            (f"{kind}:{code}", f"{kind} {code}")
            for kind, model in parts
            for code in model.objects.filter(microgrid=microgrid)
            .at(now)
            .order_by("code")
            .values_list("code", flat=True)
        ]
        held = held_for_work(microgrid)
        ties = [
            tie
            for tie in open_ties(microgrid.pk, load_network(microgrid.pk, now), now)
            if tie[0].code not in held
        ]
        self.fields["switches"].choices = [(switch.code, switch.code) for switch, _ in ties]  # type: ignore[attr-defined]
        if not ties:
            del self.fields["switches"]


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def network(request: HttpRequest) -> HttpResponse:
    """Everything about the wires; an operator asks for an outage here."""
    user = request.user
    microgrid = operated_microgrids(user, *READING_ROLES).first()  # type: ignore[arg-type]
    if microgrid is None:
        raise Http404
    may_change = operated_microgrids(user).filter(pk=microgrid.pk).exists()  # type: ignore[arg-type]
    if request.method == "POST" and not may_change:
        raise Http404
    now = microgrid.now(timezone.now())
    form = OutageForm(microgrid, now, request.POST or None)
    if request.method == "POST" and form.is_valid() and _asked(request, microgrid, form, now):
        return redirect("network")
    study = newest_study(microgrid)
    rows = hosting_rows(study) if study else []
    losses = element_losses(study) if study else []
    context = {
        "microgrid": microgrid, "tab": "network", "zone": microgrid.zone, "now": now, "form": form, "may_change": may_change,
        "facts": network_facts(microgrid, now), "study": study, "technologies": Technology.labels, "weakest": rows[:SHOWN_ROWS],
        "others": rows[SHOWN_ROWS:], "worst": losses[:SHOWN_ROWS], "further": losses[SHOWN_ROWS:],
        "outages": newest_outages(microgrid), "settled": recent_losses(microgrid, now), "user": user,
    }  # fmt: skip
    return render(request, "live/network.html", context)


def _asked(request: HttpRequest, microgrid: Microgrid, form: OutageForm, now: datetime) -> bool:
    given = form.cleaned_data
    by_kind: dict[str, list[str]] = {"line": [], "transformer": []}
    for value in given["elements"]:
        kind, _, code = value.partition(":")
        by_kind[kind].append(code)
    try:
        outage = request_outage(
            microgrid=microgrid, lines=by_kind["line"], transformers=by_kind["transformer"], switches=given.get("switches", []),
            start_at=given["started"].replace(tzinfo=microgrid.zone), end_at=given["ended"].replace(tzinfo=microgrid.zone),
            reason=given["reason"], by=request.user, now=now, waits_for_clearance=given["waits"],  # type: ignore[arg-type]
        )  # fmt: skip
    except CannotPlanOutage as problem:
        form.add_error(None, str(problem))
        return False
    messages.success(
        request,
        f"Asked for: {outage.sites_lost.count()} sites would be without supply. Somebody else decides.",
    )
    return True


@login_required
@require_POST
def compute(request: HttpRequest) -> HttpResponse:
    """Ask for the study anew."""
    microgrid = operated_microgrid(request)
    study_network.delay(microgrid_id=microgrid.pk)
    messages.success(request, "Being computed; look again in a minute.")
    return redirect("network")
