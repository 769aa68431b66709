"""The operator's page of the network: what it is, what it still takes, what it stands without, and when it is worked on."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST

from energy.models import Line, Microgrid, Transformer
from energy.selectors.scope import READING_ROLES, operated_microgrids
from energy.web.imports import operated_microgrid
from grid.models import NetworkStudy, Technology
from grid.selectors.drawing import draw
from grid.selectors.network import load_network, open_ties
from grid.selectors.network_page import element_losses, hosting_rows, network_facts, newest_outages, newest_study, recent_losses
from grid.selectors.outage_holds import held_for_work
from grid.services.planned_outages import CannotPlanOutage, request_outage
from grid.tasks import study_network
from grid.web.said import said
from grid.web.study_picture import chosen_technology, hosting_picture, loss_picture
from members.choices import offer
from members.selectors.scope import user_of

LOCAL = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")


class OutageForm(forms.Form):
    """What is to be out, from when to when, and why; times are the microgrid's local ones."""

    reason = forms.CharField(label=gettext_lazy("What is to be done"), max_length=300)
    started = forms.DateTimeField(label=gettext_lazy("From"), widget=LOCAL)
    ended = forms.DateTimeField(label=gettext_lazy("To"), widget=LOCAL)
    elements = forms.MultipleChoiceField(label=gettext_lazy("Out meanwhile"))
    switches = forms.MultipleChoiceField(label=gettext_lazy("Open switches that are closed meanwhile"), required=False)
    waits = forms.BooleanField(label=gettext_lazy("Supply comes back only when somebody says that the work is done"), required=False)

    def __init__(self, microgrid: Microgrid, now: datetime, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        parts = (("transformer", Transformer), ("line", Line))
        offer(
            self,
            "elements",
            [
                (f"{kind}:{code}", said(f"{kind} {code}"))
                for kind, model in parts
                for code in model.objects.filter(microgrid=microgrid).at(now).order_by("code").values_list("code", flat=True)
            ],
        )
        held = held_for_work(microgrid)
        ties = [tie for tie in open_ties(microgrid.pk, load_network(microgrid.pk, now), now) if tie[0].code not in held]
        offer(self, "switches", [(switch.code, switch.code) for switch, _ in ties])
        if not ties:
            del self.fields["switches"]


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def network(request: HttpRequest) -> HttpResponse:
    """Everything about the wires; an operator asks for an outage here."""
    user = user_of(request)
    microgrid = operated_microgrids(user, *READING_ROLES).first()
    if microgrid is None:
        raise Http404
    may_change = operated_microgrids(user).filter(pk=microgrid.pk).exists()
    if request.method == "POST" and not may_change:
        raise Http404
    now = microgrid.now(timezone.now())
    form = OutageForm(microgrid, now, request.POST or None)
    if request.method == "POST" and form.is_valid() and _asked(request, microgrid, form, now):
        return redirect("network")
    study = newest_study(microgrid)
    context = {
        "microgrid": microgrid,
        "tab": "network",
        "zone": microgrid.zone,
        "now": now,
        "form": form,
        "may_change": may_change,
        "facts": network_facts(microgrid, now),
        "study": study,
        "outages": newest_outages(microgrid),
        "settled": recent_losses(microgrid, now),
        "user": user,
    }
    if study is not None:
        context |= _studied(request, microgrid, study)
    return render(request, "live/network.html", context)


def _studied(request: HttpRequest, microgrid: Microgrid, study: NetworkStudy) -> dict[str, Any]:
    """Pictures and tables of what was computed, on the network as it was then."""
    drawing = draw(microgrid, study.made_at)
    technology = chosen_technology(request.GET.get("of", ""))
    view = "map" if request.GET.get("view") == "map" and drawing.has_map else "diagram"
    rows, losses = hosting_rows(study), element_losses(study)
    return {
        "drawing": drawing,
        "technologies": Technology.choices,
        "technology": technology.value,
        "view": view,
        "view_is_map": view == "map",
        "rows": rows,
        "hosting": hosting_picture(drawing, rows, technology),
        "losses": losses,
        "failing": loss_picture(drawing, losses, microgrid.sites.count()),
    }


def _asked(request: HttpRequest, microgrid: Microgrid, form: OutageForm, now: datetime) -> bool:
    given = form.cleaned_data
    by_kind: dict[str, list[str]] = {"line": [], "transformer": []}
    for value in given["elements"]:
        kind, _, code = value.partition(":")
        by_kind[kind].append(code)
    try:
        outage = request_outage(
            microgrid=microgrid,
            lines=by_kind["line"],
            transformers=by_kind["transformer"],
            switches=given.get("switches", []),
            start_at=given["started"].replace(tzinfo=microgrid.zone),
            end_at=given["ended"].replace(tzinfo=microgrid.zone),
            reason=given["reason"],
            by=user_of(request),
            now=now,
            waits_for_clearance=given["waits"],
        )
    except CannotPlanOutage as problem:
        form.add_error(None, str(problem))
        return False
    lost = outage.sites_lost.count()
    told = ngettext(
        "Asked for: %(count)d site would be without supply. Somebody else decides.",
        "Asked for: %(count)d sites would be without supply. Somebody else decides.",
        lost,
    )
    messages.success(request, told % {"count": lost})
    return True


@login_required
@require_POST
def compute(request: HttpRequest) -> HttpResponse:
    """Ask for the study anew."""
    microgrid = operated_microgrid(request)
    study_network.delay(microgrid_id=microgrid.pk)
    messages.success(request, _("Being computed; look again in a minute."))
    return redirect("network")
