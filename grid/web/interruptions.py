"""One interruption of supply: who is without, who has it again and since when; supply given back to some, or to all."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST
from rest_framework.generics import get_object_or_404

from energy.models import Site
from energy.selectors.scope import READING_ROLES, operated_microgrids
from grid.models import InterruptedSite, Interruption
from grid.services.interruptions import CannotRecord, end_interruption, restore_sites
from members.choices import offer
from members.selectors.scope import user_of

LOCAL = forms.DateTimeInput(attrs={"type": "datetime-local", "step": "1"}, format="%Y-%m-%dT%H:%M:%S")


class RestoreForm(forms.Form):
    """Which sites have supply again, and since when by the village's clock."""

    sites = forms.ModelMultipleChoiceField(queryset=Site.objects.none(), widget=forms.CheckboxSelectMultiple)
    at = forms.DateTimeField(label=gettext_lazy("Since"), widget=LOCAL, required=False, help_text=gettext_lazy("Empty: now."))

    def __init__(self, row: Interruption, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        waiting = row.sites.filter(restored_at__isnull=True).values("site")
        offer(self, "sites", Site.objects.filter(pk__in=waiting).order_by("code"))


def _changeable(request: HttpRequest, public_id: UUID) -> Interruption:
    rows = Interruption.objects.filter(microgrid__in=operated_microgrids(user_of(request)).values("pk"))
    return get_object_or_404(rows.select_related("microgrid"), public_id=public_id)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def interruption(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The interruption; a POST gives supply back to the sites that are chosen."""
    if request.method == "POST":
        row = _changeable(request, public_id)
        form = RestoreForm(row, request.POST)
        if form.is_valid() and _restored(request, row, form):
            return redirect("interruption", row.public_id)
    else:
        rows = Interruption.objects.filter(microgrid__in=operated_microgrids(user_of(request), *READING_ROLES).values("pk"))
        row = get_object_or_404(rows.select_related("microgrid", "recorded_by"), public_id=public_id)
        form = RestoreForm(row)
    touched = list(row.sites.select_related("site__member").order_by("restored_at", "site__code"))
    context = {
        "row": row,
        "tab": "indicators",
        "zone": row.microgrid.zone,
        "form": form,
        "sites": [_line(row, one) for one in touched],
        "without": sum(one.restored_at is None for one in touched) if row.ended_at is None else 0,
        "may_change": operated_microgrids(user_of(request)).filter(pk=row.microgrid_id).exists(),
    }
    return render(request, "live/interruption.html", context)


def _line(row: Interruption, one: InterruptedSite) -> dict[str, Any]:
    ends = one.restored_at or row.ended_at
    minutes = None if ends is None else (ends - row.started_at) / timedelta(minutes=1)
    percent = None if one.share == 1 else 100 * one.share
    return {"site": one.site, "ends": ends, "minutes": minutes, "percent": percent}


def _restored(request: HttpRequest, row: Interruption, form: RestoreForm) -> bool:
    now, typed = row.microgrid.now(timezone.now()), form.cleaned_data["at"]
    at = typed.replace(tzinfo=row.microgrid.zone) if typed else now
    try:
        count = restore_sites(interruption=row, sites=list(form.cleaned_data["sites"]), at=at, now=now)
    except CannotRecord as problem:
        form.add_error(None, str(problem))
        return False
    messages.success(request, ngettext("Supply is back at %(count)d site.", "Supply is back at %(count)d sites.", count) % {"count": count})
    return True


@login_required
@require_POST
def end(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Supply is back for all now."""
    row = _changeable(request, public_id)
    at = max(row.microgrid.now(timezone.now()), row.started_at + timedelta(seconds=1))
    try:
        end_interruption(interruption=row, at=at, now=at)
        messages.success(request, _("Supply is back: the interruption ends now."))
    except CannotRecord as problem:
        messages.error(request, str(problem))
    return redirect("interruption", row.public_id)
