"""Members' own devices: what is entered at their sites and what they ask for; the operator's page that decides, with what the network takes."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from rest_framework.generics import get_object_or_404

from energy.models import AssetRequest, RequestedKind, RequestState, Site, StorageUnit
from energy.selectors.asset_requests import devices_at, own_requests, served_requests, unmetered_devices
from energy.selectors.scope import operated_microgrids
from energy.services.asset_requests import KIND, CannotRequest, Wish, approve_request, refuse_request, request_asset, withdraw_request
from energy.services.device_meters import CannotMeterDevice, place_device_meter
from grid.domain.control.requests import STEERED_FROM_TIER
from grid.models import NodeHosting, Technology
from members.choices import offer
from members.selectors.scope import user_of
from members.services.notifications import mark_seen
from microgrid_site.pages.energy_pages import own_sites_of
from microgrid_site.pages.energy_tabs import energy_tabs

SHOWN = 30
MOST_UNMETERED = 500
TECHNOLOGIES = {RequestedKind.CAR_CHARGER: Technology.CAR_CHARGING, RequestedKind.HEAT_PUMP: Technology.HEAT_PUMPS}


class SiteChoice(forms.ModelChoiceField):
    """Sites by name."""

    def label_from_instance(self, site: Any) -> str:
        return str(site.name)


def _kilo(label: Any, *, of_battery: bool = False) -> forms.DecimalField:
    """A figure in kW or kWh, typed as people write it."""
    return forms.DecimalField(
        label=label,
        required=not of_battery,
        min_value=0,
        max_digits=8,
        decimal_places=2,
        widget=forms.TextInput({"inputmode": "decimal"}),
        help_text=gettext_lazy("For a battery only.") if of_battery else "",
    )


class RequestForm(forms.Form):
    """A device as its owner describes it."""

    site = SiteChoice(Site.objects.none(), empty_label=None, label=gettext_lazy("Where"))
    kind = forms.ChoiceField(choices=RequestedKind.choices, label=gettext_lazy("What it is"))
    name = forms.CharField(
        max_length=60, label=gettext_lazy("Make and model"), help_text=gettext_lazy("As on its plate, or what you call it.")
    )
    power_kw = _kilo(gettext_lazy("Draws at most [kW]"))
    capacity_kwh = _kilo(gettext_lazy("Battery: holds [kWh]"), of_battery=True)
    feed_in_kw = _kilo(gettext_lazy("Battery: gives at most [kW]"), of_battery=True)
    may_wait = forms.BooleanField(
        label=gettext_lazy("It may wait for cheap hours; you say by when it must be ready"), required=False, initial=True
    )
    meter_code = forms.CharField(
        max_length=120,
        required=False,
        label=gettext_lazy("Number of its own meter"),
        help_text=gettext_lazy("Only if it has a meter of its own: then what it draws while it waits for you is measured, not estimated."),
    )
    note = forms.CharField(
        max_length=300, required=False, label=gettext_lazy("Anything else"), help_text=gettext_lazy("Who mounts it, and when.")
    )

    def __init__(self, sites: list[Site], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "site", Site.objects.filter(pk__in=[site.pk for site in sites]).order_by("code"))

    def wish(self) -> Wish:
        given = self.cleaned_data
        watts = {name: round(given[name] * 1000) if given[name] else None for name in ("capacity_kwh", "feed_in_kw")}
        return Wish(
            RequestedKind(given["kind"]),
            given["name"],
            round(given["power_kw"] * 1000),
            given["may_wait"],
            watts["capacity_kwh"],
            watts["feed_in_kw"],
            given["note"],
            given["meter_code"],
        )


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def own_devices(request: HttpRequest) -> HttpResponse:
    """What is entered at the own sites, what was asked for, and a form to ask for more."""
    user = user_of(request)
    sites = own_sites_of(request)
    form = RequestForm(sites, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid() and _asked(request, form):
        return redirect("own-devices")
    mark_seen(user=user, kind=KIND, now=timezone.now())
    lines = [
        {"row": one, "is_storage": isinstance(one, StorageUnit), "may_wait": getattr(one, "priority_tier", 0) >= STEERED_FROM_TIER}
        for one in devices_at(sites)
    ]
    context = {
        "tabs": energy_tabs(sites, "runs"),
        "sites": sites,
        "form": form if sites else None,
        "lines": lines,
        "asked": own_requests(user)[:SHOWN],
    }
    return render(request, "portal/own_devices.html", context)


def _asked(request: HttpRequest, form: RequestForm) -> bool:
    site: Site = form.cleaned_data["site"]
    try:
        row = request_asset(site=site, wish=form.wish(), by=user_of(request), now=site.microgrid.now(timezone.now()))
    except CannotRequest as why:
        form.add_error(None, str(why))
        return False
    messages.success(request, _("{name} is asked for. An operator looks at it; you are told.").format(name=row.name))
    return True


@login_required
@require_POST
def take_back(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Take a request back while nobody has decided."""
    row = get_object_or_404(own_requests(user_of(request)), public_id=public_id)
    if withdraw_request(request=row, now=row.site.microgrid.now(timezone.now())):
        messages.success(request, _("{name} is taken back.").format(name=row.name))
    else:
        messages.error(request, _("It was decided already."))
    return redirect("own-devices")


@login_required
@require_safe
def requests(request: HttpRequest) -> HttpResponse:
    """What members ask for, with what the network takes at that place; for operators."""
    user = user_of(request)
    if not operated_microgrids(user).exists():
        raise Http404
    mark_seen(user=user, kind=KIND, now=timezone.now())
    rows = served_requests(user)
    waiting = list(rows.filter(state=RequestState.OPEN))
    context = {
        "waiting": [(row, _hosted(row)) for row in waiting],
        "decided": rows.exclude(state=RequestState.OPEN)[:SHOWN],
        "unmetered": unmetered_devices(user)[:MOST_UNMETERED],
    }
    return render(request, "devices/requests.html", context)


def _hosted(row: AssetRequest) -> NodeHosting | None:
    """How much of that technology the site's node takes by the newest study; None where none says."""
    technology = TECHNOLOGIES.get(RequestedKind(row.kind))
    if technology is None or row.site.node is None:
        return None
    found = NodeHosting.objects.filter(study__microgrid=row.site.microgrid, technology=technology, node_code=row.site.node.code)
    return found.order_by("-study__made_at").first()


@login_required
@require_POST
def place_meter(request: HttpRequest) -> HttpResponse:
    """Give a device a sub-meter."""
    user = user_of(request)
    chosen = get_object_or_404(unmetered_devices(user), public_id=request.POST.get("device"))
    try:
        meter = place_device_meter(device=chosen, code=request.POST.get("code", ""), now=chosen.site.microgrid.now(timezone.now()))
        messages.success(request, _("{meter} measures {device} from now on.").format(meter=meter, device=chosen))
    except CannotMeterDevice as why:
        messages.error(request, str(why))
    return redirect("asset-requests")


@login_required
@require_POST
def decide(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Enter it or refuse it."""
    user = user_of(request)
    row = get_object_or_404(served_requests(user), public_id=public_id)
    now, answer = row.site.microgrid.now(timezone.now()), request.POST.get("answer", "")
    try:
        if request.POST.get("do") == "approve":
            done = approve_request(request=row, by=user, now=now, answer=answer)
            messages.success(request, f"{done.consumer or done.storage} is entered at {row.site}; its owner is told.")
        else:
            refuse_request(request=row, by=user, why=answer, now=now)
            messages.success(request, f"{row} is refused; its owner reads why.")
    except CannotRequest as why:
        messages.error(request, str(why))
    return redirect("asset-requests")
