"""One planned outage: what it means, how it goes, and the steps that people take with it."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe
from rest_framework.generics import get_object_or_404

from energy.selectors.scope import READING_ROLES, operated_microgrids
from energy.services.switching import CannotSwitch
from grid.models import PlannedOutage
from grid.selectors.network_page import outage_page
from grid.services.outage_course import end_outage
from grid.services.outage_extension import ask_for_longer, decide_extension
from grid.services.planned_outages import CannotPlanOutage, decide_outage, withdraw_outage
from members.selectors.scope import user_of

LOCAL = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")


class ExtensionForm(forms.Form):
    """A later end, local time of the village, and why."""

    until = forms.DateTimeField(label=gettext_lazy("Until"), widget=LOCAL)
    why = forms.CharField(label=gettext_lazy("Why"), max_length=300)


@login_required
@require_safe
def outage(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The outage with its consequence, its switches, its notices, and what can be done."""
    grids = operated_microgrids(user_of(request), *READING_ROLES)
    row = get_object_or_404(
        PlannedOutage.objects.filter(microgrid__in=grids.values("pk")).select_related(
            "microgrid", "requested_by", "decided_by", "ended_by"
        ),
        public_id=public_id,
    )
    zone = row.microgrid.zone
    context = outage_page(row) | {
        "o": row,
        "tab": "network",
        "zone": zone,
        "now": row.microgrid.now(timezone.now()),
        "user": user_of(request),
        "may_change": operated_microgrids(user_of(request)).filter(pk=row.microgrid_id).exists(),
        "extension_form": ExtensionForm(initial={"until": row.end_at.astimezone(zone).replace(tzinfo=None)}),
    }
    return render(request, "live/outage.html", context)


@login_required
@require_POST
def outage_step(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Approve, refuse, withdraw, end; ask for a later end, approve or refuse it."""
    rows = PlannedOutage.objects.filter(microgrid__in=operated_microgrids(user_of(request)).values("pk"))
    row = get_object_or_404(rows.select_related("microgrid"), public_id=public_id)
    take = STEPS.get(request.POST.get("step", ""))
    if take is None:
        raise Http404
    try:
        messages.success(request, take(request, row, row.microgrid.now(timezone.now())))
    except (CannotPlanOutage, CannotSwitch) as problem:
        messages.error(request, str(problem))
    return redirect("outage", row.public_id)


def _decide(approve: bool) -> Callable[[HttpRequest, PlannedOutage, datetime], str]:
    def step(request: HttpRequest, row: PlannedOutage, now: datetime) -> str:
        decide_outage(outage=row, approve=approve, note=request.POST.get("note", ""), by=user_of(request), now=now)
        return _("Approved: members without supply are told now.") if approve else _("Refused.")

    return step


def _withdraw(request: HttpRequest, row: PlannedOutage, now: datetime) -> str:
    withdraw_outage(outage=row, by=user_of(request), now=now)
    return _("Withdrawn.")


def _end(request: HttpRequest, row: PlannedOutage, now: datetime) -> str:
    end_outage(outage=row, by=user_of(request), now=now)
    return _("Ended: the switches are put back.")


def _extend(request: HttpRequest, row: PlannedOutage, now: datetime) -> str:
    form = ExtensionForm(request.POST)
    if not form.is_valid():
        raise CannotPlanOutage("Name an end and say why it takes longer.")
    until = form.cleaned_data["until"].replace(tzinfo=row.microgrid.zone)
    ask_for_longer(outage=row, end_at=until, reason=form.cleaned_data["why"], by=user_of(request), now=now)
    return _("Asked for: supply does not come back by itself until somebody else has decided.")


def _decide_extension(approve: bool) -> Callable[[HttpRequest, PlannedOutage, datetime], str]:
    def step(request: HttpRequest, row: PlannedOutage, now: datetime) -> str:
        waiting = row.extensions.filter(decided_at__isnull=True).first()
        if waiting is None:
            raise CannotPlanOutage("No later end waits for a decision.")
        decide_extension(extension=waiting, approve=approve, by=user_of(request), now=now)
        return _("The later end stands; members are told.") if approve else _("Refused: the planned end stands.")

    return step


STEPS = {
    "approve": _decide(True),
    "refuse": _decide(False),
    "withdraw": _withdraw,
    "end": _end,
    "extend": _extend,
    "approve_longer": _decide_extension(True),
    "refuse_longer": _decide_extension(False),
}
