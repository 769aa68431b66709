"""The operator's alarms: one list of what needs somebody, by priority, driven by the keyboard."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from django_htmx.middleware import HtmxDetails
from rest_framework.generics import get_object_or_404

from energy.models import Microgrid
from energy.selectors.scope import READING_ROLES, operated_microgrids
from grid.models import GridAlarm
from grid.selectors.alarms import alarm_board, own_alarms_to_change, past_alarms, read_alarms
from grid.services.alarms import CannotShelve, acknowledge, shelve, unshelve
from grid.web.said import said
from kernel.identifiers import uuid_in
from kernel.written import whole_number
from members.selectors.scope import user_of

SHELF_MINUTES = (15, 60, 240, 480, 1440)
MOST_MINUTES = 100_000


def _read_microgrid(request: HttpRequest) -> Microgrid:
    microgrid = operated_microgrids(user_of(request), *READING_ROLES).first()
    if microgrid is None:
        raise Http404
    return microgrid


@login_required
@require_safe
def alarms(request: HttpRequest) -> HttpResponse:
    """What needs somebody, what is shelved, or what has ended."""
    microgrid = _read_microgrid(request)
    show = request.GET.get("show", "")
    context = _board(request, microgrid) | {"show": show}
    if show == "past":
        context["past"] = past_alarms(microgrid)
    return render(request, "alarms/list.html", context)


@login_required
@require_safe
def board(request: HttpRequest) -> HttpResponse:
    """The board alone, for a page that is open; nothing where nothing changed since `version`."""
    microgrid = _read_microgrid(request)
    context = _board(request, microgrid)
    if request.GET.get("version") == context["board"].version:
        return HttpResponse(status=204)
    return render(request, _part(request), context)


def _part(request: HttpRequest) -> str:
    return "alarms/side.html" if request.GET.get("part") == "side" else "alarms/board.html"


@login_required
@require_safe
def alarm(request: HttpRequest, public_id: Any) -> HttpResponse:
    """One alarm with each step of its life."""
    _read_microgrid(request)
    row = get_object_or_404(
        read_alarms(user_of(request)).select_related("microgrid", "acknowledged_by", "shelved_by"),
        public_id=public_id,
        raised_at__isnull=False,
    )
    context = {
        "alarm": row,
        "zone": row.microgrid.zone,
        "steps": row.steps.select_related("by").order_by("-at", "-pk")[:200],
        "may_change": _may_change(request, row),
        "shelf_minutes": SHELF_MINUTES,
        "is_shelved": row.shelved_until is not None and row.shelved_until > row.microgrid.now(timezone.now()),
    }
    return render(request, "alarms/alarm.html", context)


@login_required
@require_POST
def step(request: HttpRequest, public_id: Any) -> HttpResponse:
    """Acknowledge, shelve or unshelve one alarm."""
    row = get_object_or_404(own_alarms_to_change(user_of(request)).select_related("microgrid"), public_id=public_id)
    now, by = row.microgrid.now(timezone.now()), user_of(request)
    name = request.POST.get("step")
    if name == "acknowledge":
        acknowledge(alarm=row, by=by, now=now)
        messages.success(request, _("%(alarm)s: acknowledged.") % {"alarm": said(row)})
    elif name == "unshelve":
        unshelve(alarm=row, by=by, now=now)
        messages.success(request, _("%(alarm)s: taken from the shelf.") % {"alarm": said(row)})
    elif name == "shelve":
        minutes = request.POST.get("minutes", "")
        try:
            length = timedelta(minutes=whole_number(minutes, most=MOST_MINUTES) or 0)
            shelve(alarm=row, by=by, now=now, length=length, reason=request.POST.get("reason", ""))
            messages.success(request, _("%(alarm)s: on the shelf for %(minutes)s min.") % {"alarm": said(row), "minutes": minutes})
        except (CannotShelve, OverflowError) as problem:
            messages.error(request, str(problem))
    return _answer(request, row)


@login_required
@require_POST
def acknowledge_all(request: HttpRequest) -> HttpResponse:
    """Acknowledge the alarms that were chosen."""
    microgrid = _read_microgrid(request)
    chosen = own_alarms_to_change(user_of(request)).filter(
        public_id__in=[named for named in map(uuid_in, request.POST.getlist("alarm")) if named], acknowledged_at=None
    )
    rows = list(chosen.select_related("microgrid")[:200])
    for row in rows:
        acknowledge(alarm=row, by=user_of(request), now=microgrid.now(timezone.now()))
    if len(rows) == 1:
        messages.success(request, _("%(alarm)s: acknowledged.") % {"alarm": said(rows[0])})
    elif rows:
        messages.success(request, _("%(count)s acknowledged.") % {"count": len(rows)})
    else:
        messages.warning(request, _("Choose an alarm that nobody has acknowledged."))
    return redirect("alarms")


def _answer(request: HttpRequest, row: GridAlarm) -> HttpResponse:
    """A part of the page for htmx, a redirect for everybody else."""
    if HtmxDetails(request):
        return render(request, "alarms/side.html", _board(request, row.microgrid))
    return redirect("alarm", row.public_id) if request.POST.get("back") == "alarm" else redirect("alarms")


def _may_change(request: HttpRequest, row: GridAlarm) -> bool:
    return own_alarms_to_change(user_of(request)).filter(pk=row.pk).exists()


def _board(request: HttpRequest, microgrid: Microgrid) -> dict[str, Any]:
    now = microgrid.now(timezone.now())
    return {
        "microgrid": microgrid,
        "board": alarm_board(microgrid, user_of(request), now),
        "tab": "alarms",
        "zone": microgrid.zone,
        "now": now,
        "may_change": operated_microgrids(user_of(request)).filter(pk=microgrid.pk).exists(),
        "shelf_minutes": SHELF_MINUTES,
    }
