"""Bypass: for operators."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from energy.models import Line, Microgrid, Transformer
from energy.services.grid_meters import CannotPlaceMeter, place_grid_meter
from energy.web.imports import operated_microgrid
from grid.models import BypassCheck
from members.choices import offer


class GridMeterForm(forms.Form):
    """Where a meter on a line or transformer sits, and what it is called."""

    branch = forms.ChoiceField(label=gettext_lazy("On"))
    code = forms.CharField(label=gettext_lazy("Code of the meter"), max_length=120)

    def __init__(self, microgrid: Microgrid, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        free = (
            (kind, model.objects.filter(microgrid=microgrid, meter__isnull=True, valid_to__isnull=True).order_by("code"))
            for kind, model in (("transformer", Transformer), ("line", Line))
        )
        offer(self, "branch", [(f"{kind}:{row.pk}", str(row)) for kind, rows in free for row in rows])


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def bypass(request: HttpRequest) -> HttpResponse:
    """What each metered branch carries beyond the meters below it, and whose pattern fits."""
    microgrid = operated_microgrid(request)
    form = GridMeterForm(microgrid, request.POST or None)
    if request.method == "POST" and form.is_valid():
        kind, _, pk = form.cleaned_data["branch"].partition(":")
        branch = (Line if kind == "line" else Transformer).objects.get(pk=int(pk), microgrid=microgrid)
        try:
            now = microgrid.now(timezone.now())
            meter = place_grid_meter(microgrid=microgrid, branch=branch, code=form.cleaned_data["code"], now=now)
            messages.success(request, f"{meter.code} is placed; it is compared once it has two days of readings.")
            return redirect("bypass")
        except CannotPlaceMeter as problem:
            form.add_error(None, str(problem))
    checks = list(
        BypassCheck.objects.filter(microgrid=microgrid)
        .select_related("meter__line", "meter__transformer", "explained_by__meter")
        .prefetch_related("suspects__meter__site__member")
        .order_by("meter__code")
    )
    context = {
        "microgrid": microgrid,
        "form": form,
        "tab": "bypass",
        "checks": checks,
        "deviating": [check for check in checks if check.since_date and check.explained_by is None],
        "last": max((check.last_day for check in checks), default=None),
    }
    return render(request, "readings/bypass.html", context)
