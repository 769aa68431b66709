"""A meter day for operators: its versions side by side, who made each, when and why, and the bills that rest on them."""

from datetime import date
from typing import Any

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from billing.selectors.documents import visible_documents
from billing.selectors.readings import documents_of_day
from energy.models import Meter, Microgrid
from energy.selectors.day_versions import ChannelVersions, versions_of_day
from energy.web.imports import operated_microgrid
from members.choices import offer
from members.selectors.scope import user_of
from members.services.access import record_look


class MeterDayForm(forms.Form):
    """Which meter, which day."""

    meter = forms.ModelChoiceField(Meter.objects.none(), to_field_name="public_id", empty_label=None)
    day = forms.DateField(widget=forms.DateInput({"type": "date"}, "%Y-%m-%d"))

    def __init__(self, microgrid: Microgrid, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "meter", Meter.objects.filter(microgrid=microgrid).order_by("code"))


@login_required
@require_safe
def meter_day(request: HttpRequest) -> HttpResponse:
    """The versions of the day that was asked for, or the question."""
    microgrid = operated_microgrid(request)
    now = microgrid.now(timezone.now()).astimezone(microgrid.zone)
    asked = "meter" in request.GET
    form = MeterDayForm(microgrid, request.GET if asked else None, initial={"day": now.date()})
    context: dict[str, Any] = {"microgrid": microgrid, "form": form, "tab": "days", "now": now}
    if asked and form.is_valid():
        meter, day = form.cleaned_data["meter"], form.cleaned_data["day"]
        record_look(
            user=user_of(request),
            member=meter.site.member,
            what="versions of a meter day",
            subject=f"{meter.code} on {day}",
            now=timezone.now(),
        )
        shown = [_with_documents(request, meter, day, found) for found in versions_of_day(meter, day)]
        context |= {"meter": meter, "day": day, "channels": shown}
    return render(request, "readings/meter_day.html", context)


def _with_documents(request: HttpRequest, meter: Meter, day: date, found: ChannelVersions) -> dict[str, Any]:
    """The versions with the bills that used them; numbers of bills only for those who may see bills."""
    documents = documents_of_day(meter, found.channel, day)
    seen = visible_documents(user_of(request)).order_by()
    bills = {
        version: {"count": rows.count(), "visible": list(seen.filter(pk__in=rows.values("pk")))} for version, rows in documents.items()
    }
    return {"found": found, "versions": [(version, bills.get(version.row.version)) for version in found.versions]}
