"""The operator's indicators: the newest month first in figures, then the months, then what interrupted supply."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from energy.models import Microgrid, Site
from energy.selectors.scope import READING_ROLES, operated_microgrids
from grid.domain.indicators import CO2_GRID_G_PER_KWH
from grid.models import InterruptionCause
from grid.selectors.indicators import (
    A_YEAR,
    MonthLine,
    first_closed_day,
    last_month,
    monthly_indicators,
    newest_interruptions,
    reliability_over,
)
from grid.services.interruptions import CannotRecord, record_interruption
from grid.web.said import said, said_choices
from kernel.intervals import CannotReadPeriod, Month
from members.choices import offer
from members.selectors.scope import user_of

LOCAL = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")


class InterruptionForm(forms.Form):
    """What interrupted supply, from when to when, and whose; times are the microgrid's local ones."""

    started = forms.DateTimeField(label=gettext_lazy("From"), widget=LOCAL)
    ended = forms.DateTimeField(label=gettext_lazy("To, empty while it lasts"), widget=LOCAL, required=False)
    cause = forms.ChoiceField(label=gettext_lazy("Cause"), choices=said_choices(InterruptionCause.choices))
    sites = forms.ModelMultipleChoiceField(label=gettext_lazy("Sites"), queryset=Site.objects.none())
    note = forms.CharField(label=gettext_lazy("Note"), max_length=300, required=False)

    def __init__(self, microgrid: Microgrid, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "sites", microgrid.sites.order_by("code"))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def indicators(request: HttpRequest) -> HttpResponse:
    """Figures, trends and interruptions; an operator records one here."""
    user = user_of(request)
    microgrid = operated_microgrids(user, *READING_ROLES).first()
    if microgrid is None:
        raise Http404
    may_change = operated_microgrids(user).filter(pk=microgrid.pk).exists()
    now = microgrid.now(timezone.now())
    form = InterruptionForm(microgrid, request.POST or None)
    if request.method == "POST" and not may_change:
        raise Http404
    if request.method == "POST" and form.is_valid() and _record(request, microgrid, form, now):
        return redirect("indicators")
    return render(request, "live/indicators.html", _context(request, microgrid, now) | {"form": form, "may_change": may_change})


def _context(request: HttpRequest, microgrid: Microgrid, now: datetime) -> dict[str, Any]:
    newest = last_month(microgrid)
    lines = monthly_indicators(microgrid, newest) if newest else []
    chosen = _chosen(request.GET.get("month", ""), lines)
    first = first_closed_day(microgrid)
    began = max(microgrid.local_day(first).start_at, now - A_YEAR) if first else now - A_YEAR
    return {
        "microgrid": microgrid,
        "tab": "indicators",
        "zone": microgrid.zone,
        "now": now,
        "lines": lines,
        "chosen": chosen,
        "before": _previous(lines, chosen),
        "factor": CO2_GRID_G_PER_KWH,
        "trend": trend(lines),
        "columns": TREND_COLUMNS,
        "rows": trend_rows(lines),
        "since": began,
        "faults": reliability_over(microgrid, began, now, with_planned=False),
        "everything": reliability_over(microgrid, began, now, with_planned=True),
        "interruptions": newest_interruptions(microgrid),
    }


TREND_COLUMNS = (gettext_lazy("Month"), gettext_lazy("Self-sufficiency, %"), gettext_lazy("Self-consumption, %"))


def trend(lines: list[MonthLine]) -> dict[str, Any]:
    """The two shares by month, for the chart."""

    def column(name: str) -> list[float | None]:
        values = [getattr(line.found, name) for line in lines]
        return [None if value is None else round(100 * value, 1) for value in values]

    return {
        "unit": "%",
        "labels": [date_format(line.month.first_day, "M Y") for line in lines],
        "names": True,
        "series": [
            {"name": _("self-sufficiency"), "values": column("self_sufficiency"), "colour": "shared", "bars": True},
            {"name": _("self-consumption"), "values": column("self_consumption"), "colour": "solar", "points": True},
        ],
    }


def trend_rows(lines: list[MonthLine]) -> list[tuple[str, str, str]]:
    def percent(value: float | None) -> str:
        return "–" if value is None else f"{100 * value:.1f}"

    return [(str(line.month), percent(line.found.self_sufficiency), percent(line.found.self_consumption)) for line in lines]


def _chosen(text: str, lines: list[MonthLine]) -> MonthLine | None:
    try:
        wanted = Month.parse(text)
    except CannotReadPeriod:
        wanted = None
    return next((line for line in lines if line.month == wanted), lines[-1] if lines else None)


def _previous(lines: list[MonthLine], chosen: MonthLine | None) -> MonthLine | None:
    place = lines.index(chosen) if chosen in lines else 0
    return lines[place - 1] if place > 0 else None


def _record(request: HttpRequest, microgrid: Microgrid, form: InterruptionForm, now: datetime) -> bool:
    given = form.cleaned_data

    def local(at: datetime | None) -> datetime | None:
        """What was typed is a time in the village, whatever zone the page reads it in."""
        return None if at is None else at.replace(tzinfo=microgrid.zone)

    try:
        row = record_interruption(
            microgrid=microgrid,
            sites=list(given["sites"]),
            started_at=local(given["started"]) or now,
            ended_at=local(given["ended"]),
            cause=InterruptionCause(given["cause"]),
            note=given["note"],
            by=user_of(request),
            now=now,
        )
    except CannotRecord as problem:
        form.add_error(None, str(problem))
        return False
    messages.success(
        request, _("Recorded: %(cause)s, sites: %(count)s.") % {"cause": said(row.get_cause_display()), "count": row.sites.count()}
    )
    return True
