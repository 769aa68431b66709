"""A member's devices that can wait: what they are to do by when, when they will run and why then."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import get_language, gettext_lazy, gettext_noop
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST
from rest_framework.generics import get_object_or_404

from energy.models import Consumer
from energy.models.assets import ConsumerKind
from grid.domain.planning.flexible_runs import CannotRun
from grid.domain.planning.run_words import ENGLISH, WORDS
from grid.selectors.flexible_runs import own_runs, run_lines, steered_consumers
from grid.selectors.run_results import run_outcomes
from grid.services.flexible_runs import Wanted, ask_for_run, withdraw_run
from members.choices import offer
from members.selectors.scope import user_of
from microgrid_site.pages.energy_pages import own_sites_of
from microgrid_site.pages.energy_tabs import energy_tabs
from microgrid_site.templatetags.portal import kilowatts

SHOWN = 30
REFUSALS = (
    gettext_noop("Energy and power must be above nothing."),
    gettext_noop("The device draws {most} kW at most; lower the power."),
    gettext_noop("In that time {most} kWh can be drawn at {power} kW; ask for less, or be ready later."),
    gettext_noop("{device} is no device that can wait; the cooperative sets what each is."),
    gettext_noop("Give it a name: a car, a wash."),
    gettext_noop("Plans reach {hours} hours ahead; ask for what is to be ready by then."),
    gettext_noop("It must be ready after it may begin, and not in the past."),
    gettext_noop("{device} has a run in these hours already; take that one back first."),
    gettext_noop("{device} has {most} runs ahead already."),
)
"""What `CannotRun` may say, for those who translate."""


class DeviceChoice(forms.ModelChoiceField):
    """Devices with their site."""

    def label_from_instance(self, device: Any) -> str:
        return f"{capfirst(device.get_kind_display())}, {kilowatts(device.max_demand_w)} kW ({device.code})"


class RunForm(forms.Form):
    """What a device is to do by when; local time of its microgrid."""

    device = DeviceChoice(Consumer.objects.none(), empty_label=None, label=gettext_lazy("Device"))
    name = forms.CharField(
        max_length=60,
        label=gettext_lazy("What for"),
        initial=gettext_lazy("car"),
        help_text=gettext_lazy("You find it again by this: car, wash, dishes."),
    )
    energy_kwh = forms.DecimalField(
        label=gettext_lazy("Energy [kWh]"), min_value=0, max_digits=8, decimal_places=2, widget=forms.TextInput({"inputmode": "decimal"})
    )
    power_kw = forms.DecimalField(
        label=gettext_lazy("Power [kW]"),
        required=False,
        min_value=0,
        max_digits=8,
        decimal_places=2,
        widget=forms.TextInput({"inputmode": "decimal"}),
        help_text=gettext_lazy("At most. Empty: what the device can draw."),
    )
    ready_at = forms.DateTimeField(label=gettext_lazy("Ready by"), widget=forms.DateTimeInput({"type": "datetime-local"}, "%Y-%m-%dT%H:%M"))
    start_at = forms.DateTimeField(
        label=gettext_lazy("Not before"),
        required=False,
        widget=forms.DateTimeInput({"type": "datetime-local"}, "%Y-%m-%dT%H:%M"),
        help_text=gettext_lazy("Empty: from now on."),
    )
    may_pause = forms.BooleanField(
        label=gettext_lazy("It may pause in between (a car may, a washing machine may not)"), required=False, initial=True
    )

    def __init__(self, devices: QuerySet[Consumer], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "device", devices)

    def wanted(self, now: datetime) -> Wanted:
        given, device = self.cleaned_data, self.cleaned_data["device"]
        zone = device.site.microgrid.zone

        def local(at: datetime) -> datetime:
            return timezone.make_naive(at).replace(tzinfo=zone)

        power_w = round(given["power_kw"] * 1000) if given["power_kw"] else device.max_demand_w
        return Wanted(
            given["name"],
            round(given["energy_kwh"] * 1000),
            power_w,
            local(given["start_at"]) if given["start_at"] else now,
            local(given["ready_at"]),
            given["may_pause"],
        )


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def own_run_page(request: HttpRequest) -> HttpResponse:
    """Ask for a run; see when each is planned and why then."""
    user = user_of(request)
    devices, real_now = steered_consumers(user), timezone.now()
    first = devices.filter(kind=ConsumerKind.CAR_CHARGER).first() or devices.first()
    form = RunForm(devices, request.POST if request.method == "POST" else None, initial=_usual(first, real_now))
    if request.method == "POST" and form.is_valid() and _asked(request, form, real_now):
        return redirect("runs")
    runs, words = list(own_runs(user)[:SHOWN]), WORDS.get((get_language() or "")[:2], ENGLISH)
    lines = [
        line
        for microgrid in {run.microgrid_id: run.microgrid for run in runs}.values()
        for line in run_lines(microgrid, [r for r in runs if r.microgrid_id == microgrid.pk], microgrid.now(real_now), words)
    ]
    outcomes = run_outcomes(runs)
    context = {
        "form": form if first is not None else None,
        "ahead": [line for line in lines if not line.is_over][::-1],
        "past": [(line, outcomes.get(line.run.pk)) for line in lines if line.is_over],
        "tabs": energy_tabs(own_sites_of(request), "runs"),
        "sites": [],
    }
    return render(request, "portal/runs.html", context)


def _usual(device: Consumer | None, real_now: datetime) -> dict[str, Any]:
    """Ready by seven the next morning."""
    if device is None:
        return {}
    zone = device.site.microgrid.zone
    local = device.site.microgrid.now(real_now).astimezone(zone)
    ready = local.replace(hour=7, minute=0, second=0, microsecond=0)
    ready += timedelta(days=1) if ready <= local + timedelta(hours=1) else timedelta()
    return {"device": device.pk, "ready_at": ready.replace(tzinfo=None)}


def _asked(request: HttpRequest, form: RunForm, real_now: datetime) -> bool:
    device: Consumer = form.cleaned_data["device"]
    now = device.site.microgrid.now(real_now)
    try:
        run = ask_for_run(consumer=device, wanted=form.wanted(now), by=user_of(request), now=now)
    except CannotRun as why:
        form.add_error(None, _(why.form).format(**why.figures))
        return False
    minutes = device.site.microgrid.interval_minutes
    messages.success(
        request, _("{name} is taken in. Within {minutes} minutes you see here when it will run.").format(name=run.name, minutes=minutes)
    )
    return True


@login_required
@require_POST
def take_back(request: HttpRequest, public_id: Any) -> HttpResponse:
    """Take a run back."""
    run = get_object_or_404(own_runs(user_of(request)), public_id=public_id)
    if withdraw_run(run=run, now=run.microgrid.now(timezone.now())):
        messages.success(request, _("{name} is taken back; the device is free again.").format(name=run.name))
    else:
        messages.error(request, _("It is over already."))
    return redirect("runs")
