"""Pages of those who look after devices: the list, a device's life, codes, exchanges, alarms."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import F, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from rest_framework.generics import get_object_or_404

from energy.domain.sensors import QUANTITIES
from energy.models import Device, DeviceAlarm, Sensor, TelemetryMessage
from energy.models.devices import DeviceStatus
from energy.selectors.asset_requests import waiting_for
from energy.selectors.devices import (
    device_sums,
    open_codes,
    refusals_by_reason,
    served_alarms,
    served_devices,
    served_microgrids,
    with_signs,
)
from energy.selectors.sensors import sensor_series
from energy.services.alarms import acknowledge_alarm, clear_alarm
from energy.services.devices import decommission_device, require_encryption, revoke_device
from energy.web.device_forms import CodeForm, EndForm, ExchangeForm
from energy.web.device_sections import SECTIONS
from members.language import day_in_words
from members.models import Role, User
from members.selectors.scope import user_of

PER_PAGE = 25
SILENT_AFTER = timedelta(hours=26)
CHART_SPAN = timedelta(days=2)
MOST_POINTS = 600
LONGEST_GAP = np.timedelta64(30, "m")
TROUBLES = (
    ("", gettext_lazy("In service")),
    ("alarm", gettext_lazy("With alarms")),
    ("silent", gettext_lazy("Silent")),
    ("refused", gettext_lazy("Refused")),
    ("ended", gettext_lazy("Ended")),
)
DIAGNOSES = {
    "malformed": gettext_lazy("cannot be read"),
    "too_large": gettext_lazy("too large"),
    "unknown_key": gettext_lazy("unknown key"),
    "revoked_key": gettext_lazy("signed by a key that has ended"),
    "bad_signature": gettext_lazy("wrong signature"),
    "counter_went_back": gettext_lazy("counter went back"),
    "clock": gettext_lazy("clock is off"),
    "outside_window": gettext_lazy("of a time that is too old or not over"),
    "wrong_device": gettext_lazy("another device's name"),
    "wrong_channel": gettext_lazy("a channel that its meter has not"),
    "wrong_interval": gettext_lazy("wrong interval"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One device in the list."""

    device: Device
    place: str
    site: str
    age: timedelta | None
    is_silent: bool


def _ask_staff(request: HttpRequest) -> None:
    """Only those who look after devices have these pages; for everybody else they are not there."""
    if not served_microgrids(user_of(request)).exists():
        raise Http404


def _is_operator(request: HttpRequest, device: Device) -> bool:
    return served_devices(user_of(request), Role.OPERATOR).filter(pk=device.pk).exists()


def _own(request: HttpRequest, public_id: Any) -> Device:
    """A device that the user may change."""
    return get_object_or_404(served_devices(user_of(request), Role.OPERATOR), public_id=public_id)


@login_required
def device_list(request: HttpRequest) -> HttpResponse:
    """All devices with what is wrong with them, alarms first."""
    _ask_staff(request)
    user, now = user_of(request), timezone.now()
    trouble, wanted = request.GET.get("show", ""), request.GET.get("q", "").strip()
    devices = _chosen(with_signs(served_devices(user), now=now), user, trouble, wanted, now)
    devices = devices.order_by(F("unseen_alarms").desc(), "microgrid", "meter__code", "sensor__code", "pk")
    page = Paginator(devices, PER_PAGE).get_page(request.GET.get("page"))
    alarms = served_alarms(user).filter(cleared_at__isnull=True)
    context = {
        "page": page,
        "lines": [_line(device, now) for device in page],
        "troubles": TROUBLES,
        "trouble": trouble,
        "wanted": wanted,
        "alarms": alarms[:20],
        "alarm_count": alarms.count(),
        "codes": open_codes(user, now=now),
        "sums": device_sums(user, now=now, silent_after=SILENT_AFTER),
        "may_change": served_microgrids(user, Role.OPERATOR).exists(),
        "waiting_requests": waiting_for(user),
    }
    return render(request, "devices/list.html", context)


def _chosen(devices: QuerySet[Any, Device], user: User, trouble: str, wanted: str, now: datetime) -> QuerySet[Any, Device]:
    if wanted:
        devices = devices.filter(
            Q(name__icontains=wanted)
            | Q(meter__code__icontains=wanted)
            | Q(sensor__code__icontains=wanted)
            | Q(meter__site__name__icontains=wanted)
        )
    if trouble == "ended":
        return devices.exclude(status=DeviceStatus.ENROLLED)
    if trouble == "alarm":
        return devices.filter(open_alarms__gt=0)
    if trouble == "refused":
        return devices.filter(refused__gt=0)
    devices = devices.filter(status=DeviceStatus.ENROLLED)
    if trouble == "silent":
        # A replayed microgrid's clock differs, so silence is judged by each one's own.
        silent = Q(last_seen_at__isnull=True)
        for microgrid in served_microgrids(user):
            silent |= Q(microgrid=microgrid, last_seen_at__lt=microgrid.now(now) - SILENT_AFTER)
        devices = devices.filter(silent)
    return devices


def _line(device: Device, now: datetime) -> Line:
    age = device.microgrid.now(now) - device.last_seen_at if device.last_seen_at else None
    place = device.meter or device.sensor
    site = place.site.name if place is not None and place.site is not None else ""
    if device.sensor is not None:
        site = f"{site}, {device.sensor.get_kind_display()}" if site else device.sensor.get_kind_display()
    is_silent = device.status == DeviceStatus.ENROLLED and (age is None or age > SILENT_AFTER)
    return Line(device, str(place), site, age, is_silent)


@login_required
def device_page(request: HttpRequest, public_id: Any) -> HttpResponse:
    """A device's life: steps, keys, last messages, refusals, alarms, firmware, and a sensor's readings."""
    _ask_staff(request)
    device = get_object_or_404(served_devices(user_of(request)), public_id=public_id)
    now = timezone.now()
    sent = TelemetryMessage.objects.filter(device_id=device.pk, microgrid_id=device.microgrid_id)
    refusals = refusals_by_reason(device, now=now)
    shown_now = device.microgrid.now(now)
    context = {
        "device": device,
        "line": _line(device, now),
        "events": device.events.select_related("by").order_by("-at", "-pk")[:50],
        "keys": [
            {"id": bytes(key.key_id).hex(), "from": key.valid_from, "revoked_at": key.revoked_at}
            for key in device.keys.order_by("-valid_from", "-pk")
        ],
        "certificates": device.certificates.order_by("-issued_at")[:5],
        "alarms": device.alarms.select_related("device__microgrid", "acknowledged_by", "cleared_by").order_by(
            F("cleared_at").desc(nulls_first=True), "-last_at"
        )[:20],
        "refusals": [(DIAGNOSES.get(reason, reason), count) for reason, count in refusals],
        "messages_kept": sent.order_by("-counter").values("counter", "received_at", "sent_at", "transport")[:10],
        "outcomes": device.firmware_outcomes.select_related("release").order_by("-reported_at")[:5],
        "has_open_alarm": device.alarms.filter(cleared_at__isnull=True).exists(),
        "may_change": _is_operator(request, device),
        "zone": device.microgrid.time_zone,
        "sections": [text for section in SECTIONS if (text := section(device, shown_now))],
        **(_readings(device.sensor, shown_now) if device.sensor else {}),
    }
    return render(request, "devices/device.html", context)


def _readings(sensor: Sensor, shown_now: datetime) -> dict[str, Any]:
    """A sensor's last two days as a chart and a table; at most some hundred points, evenly taken."""
    quantity = QUANTITIES[sensor.kind]
    series = sensor_series(sensor.pk, start_at=shown_now - CHART_SPAN, end_at=shown_now + timedelta(minutes=15))
    step = max(1, -(-len(series.values) // MOST_POINTS))
    zone = sensor.microgrid.zone
    at = [moment.item().replace(tzinfo=timezone.now().tzinfo).astimezone(zone) for moment in series.at[::step]]
    values = [round(float(value), 3) for value in series.values[::step]]
    gaps = np.flatnonzero(np.diff(series.at[::step]) > LONGEST_GAP).tolist()
    shown: list[tuple[str, float | None]] = list(zip([moment.isoformat() for moment in at], values, strict=True))
    for place in reversed(gaps):
        shown.insert(place + 1, ((at[place] + timedelta(seconds=1)).isoformat(), None))  # a gap is drawn as one
    name = sensor.get_kind_display()
    picture = {
        "at": [moment for moment, _ in shown],
        "values": [value for _, value in shown],
        "unit": quantity.unit,
        "name": name[0].upper() + name[1:],
    }
    return {
        "picture": picture if values else None,
        "unit": quantity.unit,
        "newest": values[-1] if values else None,
        "columns": [_("Time"), quantity.unit or _("Open")],
        "rows": [
            [f"{day_in_words(moment.date())}, {moment:%H:%M:%S}", number_format(value, use_l10n=True)]
            for moment, value in zip(at, values, strict=True)
        ][-100:],
        "summary": _("%(count)s readings within two days.") % {"count": len(series.values)} if values else "",
    }


@login_required
@never_cache
def new_code(request: HttpRequest) -> HttpResponse:
    """Make a one-time code for a meter's or a sensor's next device; it is shown once."""
    if not served_microgrids(user_of(request), Role.OPERATOR).exists():
        raise Http404
    form = CodeForm(user_of(request), request.POST or None, initial=request.GET.dict())
    made = form.save(user_of(request), timezone.now()) if request.method == "POST" and form.is_valid() else None
    return render(request, "devices/new_code.html", {"form": form, "made": made, "place": form.place_of(made)})


@login_required
def end_device(request: HttpRequest, public_id: Any) -> HttpResponse:
    """Revoke or decommission a device; the last letters of its name are typed, for it cannot be undone."""
    device = _own(request, public_id)
    form = EndForm(device, request.POST or None)
    if request.method == "POST" and form.is_valid():
        step = revoke_device if form.cleaned_data["step"] == "revoke" else decommission_device
        reason = form.cleaned_data["reason"]
        step(device=device, now=timezone.now(), by=user_of(request), reason=reason)
        messages.success(request, _("What the device sends is refused from now on."))
        return redirect("device", public_id=device.public_id)
    return render(request, "devices/end.html", {"form": form, "device": device, "line": _line(device, timezone.now())})


@login_required
@never_cache
def exchange(request: HttpRequest, public_id: Any) -> HttpResponse:
    """Write down the exchange of a device's meter, and show the code for the new one."""
    device = _own(request, public_id)
    if device.meter is None or device.status != DeviceStatus.ENROLLED:
        raise Http404
    form = ExchangeForm(device.meter, request.POST or None)
    done = form.save(user_of(request), timezone.now()) if request.method == "POST" and form.is_valid() else None
    return render(request, "devices/exchange.html", {"form": form, "device": device, "done": done})


@login_required
def encryption(request: HttpRequest, public_id: Any) -> HttpResponse:
    """Require encrypted messages, or no longer."""
    device = _own(request, public_id)
    if request.method == "POST":
        encrypts = request.POST.get("encrypts") == "on"
        require_encryption(device=device, encrypts=encrypts, now=timezone.now(), by=user_of(request))
    return redirect("device", public_id=device.public_id)


@login_required
def alarm_step(request: HttpRequest, public_id: Any) -> HttpResponse:
    """Take care of an alarm, or end it."""
    alarm: DeviceAlarm = get_object_or_404(served_alarms(user_of(request), Role.OPERATOR), public_id=public_id)
    if request.method == "POST":
        step = clear_alarm if request.POST.get("step") == "clear" else acknowledge_alarm
        step(alarm=alarm, by=user_of(request), now=timezone.now())
    if request.POST.get("back") in ("list", "alarms"):
        return redirect("devices" if request.POST["back"] == "list" else "alarms")
    return redirect("device", public_id=alarm.device.public_id)
