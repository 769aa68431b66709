"""Events for operators: stretches of trouble among the kept ticks, and a report on each or on any period."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from energy.models import Microgrid
from energy.selectors.scope import READING_ROLES, operated_microgrids
from grid.adapters.event_report.renderer import render_report
from grid.selectors.event_paper import report_content
from grid.selectors.events import AROUND, CannotReport, other_stretches, past_emergencies, report_on
from members.selectors.scope import user_of

LOCAL = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
LONGEST_REMARKS = 3000


class PeriodForm(forms.Form):
    """From when to when, local times of the microgrid, and what the operator adds."""

    start = forms.DateTimeField(label=gettext_lazy("From"), widget=LOCAL)
    end = forms.DateTimeField(label=gettext_lazy("To"), widget=LOCAL)
    remarks = forms.CharField(
        label=gettext_lazy("What you add"), max_length=LONGEST_REMARKS, required=False, widget=forms.Textarea(attrs={"rows": 4})
    )


def _microgrid(request: HttpRequest) -> Microgrid:
    microgrid = operated_microgrids(user_of(request), *READING_ROLES).first()
    if microgrid is None:
        raise Http404
    return microgrid


@login_required
@require_safe
def events(request: HttpRequest) -> HttpResponse:
    """Stretches of trouble, the newest first, and the form for any other period."""
    microgrid = _microgrid(request)
    now = microgrid.now(timezone.now()).astimezone(microgrid.zone).replace(tzinfo=None)  # as it is typed
    form = PeriodForm(initial={"start": now - timedelta(hours=6), "end": now})
    return render(request, "live/events.html", _context(microgrid, form))


@login_required
@require_safe
def event_report(request: HttpRequest) -> HttpResponse:
    """The report on a period as PDF; the form again with what is wrong where it cannot be made."""
    microgrid = _microgrid(request)
    form = PeriodForm(request.GET)
    now = microgrid.now(timezone.now())
    if form.is_valid():
        start, end = (_local(microgrid, form.cleaned_data[name]) for name in ("start", "end"))
        try:
            report = report_on(microgrid, start, end, now)
        except CannotReport as problem:
            form.add_error(None, str(problem))
        else:
            content = report_content(report, remarks=form.cleaned_data["remarks"], by=user_of(request).email, made_at=now)
            pdf = render_report(content, made_at=int(now.timestamp()))
            answer = HttpResponse(pdf, content_type="application/pdf")
            answer["Content-Disposition"] = f'inline; filename="event-{microgrid.slug}-{start:%Y%m%d-%H%M}.pdf"'
            return answer
    return render(request, "live/events.html", _context(microgrid, form), status=400)


def _local(microgrid: Microgrid, at: datetime) -> datetime:
    """What was typed is a time in the village."""
    return at.replace(tzinfo=microgrid.zone)


def _context(microgrid: Microgrid, form: PeriodForm) -> dict[str, Any]:
    emergencies = past_emergencies(microgrid)
    rows: list[dict[str, Any]] = [
        {"what": row.cause, "is_drill": row.is_drill, "start_at": row.began_at, "end_at": row.ended_at, "row": row} for row in emergencies
    ]
    rows += [
        {
            "what": ", ".join(status.lower() for status in event.statuses),
            "is_drill": False,
            "start_at": event.start_at,
            "end_at": event.end_at,
        }
        for event in other_stretches(microgrid, emergencies)
    ]
    rows.sort(key=lambda row: row["start_at"], reverse=True)
    now = microgrid.now(timezone.now())
    found = [
        row
        | {
            "start": (row["start_at"] - AROUND).astimezone(microgrid.zone),
            "end": ((row["end_at"] or now) + AROUND).astimezone(microgrid.zone),
        }
        for row in rows
    ]
    return {"microgrid": microgrid, "form": form, "found": found, "tab": "events", "zone": microgrid.zone}
