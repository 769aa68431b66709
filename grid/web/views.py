"""The live grid: what flows now on the real network, or flowed at any kept moment."""

from datetime import date, datetime
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe
from django_htmx.middleware import HtmxDetails

from energy.models import Microgrid
from energy.selectors.scope import READING_ROLES, operated_microgrids, visible_microgrids
from grid.domain.standing import standing
from grid.models import GridState
from grid.selectors.alarms import alarm_board
from grid.selectors.day_picture import day_picture
from grid.selectors.drawing import draw
from grid.selectors.elements import branch_details, node_details
from grid.selectors.replay import active_alarms, kept_from, moment
from grid.selectors.states import latest_state
from grid.web.live_picture import paint, recent_part, still_part
from members.selectors.scope import user_of

RECENT_STATES = 300
SENTENCES = {
    "NORMAL": gettext_lazy("In balance"),
    "SURPLUS": gettext_lazy("More sun than we need"),
    "DEFICIT": gettext_lazy("We draw from outside"),
    "PEAK": gettext_lazy("At the limit"),
    "CURTAILED": gettext_lazy("Roofs are held back"),
    "EMERGENCY": gettext_lazy("Emergency"),
    "ISLANDED": gettext_lazy("On our own"),
    "BLACKSTART": gettext_lazy("Starting up again"),
    "RESYNC": gettext_lazy("Joining the public grid again"),
    "": gettext_lazy("Measured"),
}
VIEWS = ("diagram", "map", "list")


def _microgrid(request: HttpRequest) -> Microgrid:
    microgrid = visible_microgrids(user_of(request)).first()
    if microgrid is None:
        raise Http404
    return microgrid


def _may_read(request: HttpRequest, microgrid: Microgrid) -> bool:
    return operated_microgrids(user_of(request), *READING_ROLES).filter(pk=microgrid.pk).exists()


def _asked_instant(request: HttpRequest, microgrid: Microgrid) -> datetime | None:
    """The moment that the address names; a local time where it has no offset, None where it names none that can be read."""
    try:
        at = parse_datetime(request.GET.get("at", "").strip().replace(" ", "+"))
    except ValueError:
        return None
    if at is None:
        return None
    return at if at.tzinfo else at.replace(tzinfo=microgrid.zone)


@login_required
@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """The live page of the user's microgrid: complete at first paint, then moved by WebSocket or by the slider."""
    microgrid = _microgrid(request)
    now = microgrid.now(timezone.now())
    at = _asked_instant(request, microgrid)
    message = moment(microgrid, at) if at else latest_state(microgrid)
    drawing, first = draw(microgrid, at or now), kept_from(microgrid)[0]
    shown = (at or now).astimezone(microgrid.zone)
    may_read = _may_read(request, microgrid)
    states = list(GridState.objects.filter(microgrid=microgrid).order_by("-at")[:RECENT_STATES])[::-1]
    view = request.GET.get("view", "")
    context = {
        "microgrid": microgrid,
        "drawing": drawing,
        "picture": paint(drawing, message),
        "still": still_part(drawing),
        "sentences": {state: str(said) for state, said in SENTENCES.items()},
        "sentence": SENTENCES.get(standing(message["status"], message["import_w"], message["export_w"]), message["status"])
        if message
        else "–",
        "recent": recent_part(states, microgrid.zone),
        "message": message,
        "now": now.astimezone(microgrid.zone),
        "at": at,
        "shown": shown,
        "minute": int((shown - microgrid.local_day(shown.date()).start_at).total_seconds() // 60),
        "day": day_picture(microgrid, shown.date(), now),
        "first_day": first.astimezone(microgrid.zone).date() if first else None,
        "may_read": may_read,
        "tab": "live",
        "view": view if view in VIEWS else "auto",
        "zone": microgrid.zone,
    }
    if may_read:
        context |= {
            "board": alarm_board(microgrid, user_of(request), now),
            "then": active_alarms(microgrid, at) if at else [],
            "may_change": operated_microgrids(user_of(request)).filter(pk=microgrid.pk).exists(),
        }
    return render(request, "live/grid.html", context)


@login_required
@require_safe
def live_day(request: HttpRequest) -> JsonResponse:
    """The picture of a day, for the slider."""
    microgrid = _microgrid(request)
    try:
        day = date.fromisoformat(request.GET.get("day", ""))
    except ValueError:
        raise Http404 from None
    return JsonResponse(day_picture(microgrid, day, microgrid.now(timezone.now())))


@login_required
@require_safe
def element(request: HttpRequest) -> HttpResponse:
    """What is known of one node, line or transformer, now or at a moment."""
    microgrid = _microgrid(request)
    at = _asked_instant(request, microgrid)
    message = moment(microgrid, at) if at else latest_state(microgrid)
    when = at or microgrid.now(timezone.now())
    drawing = draw(microgrid, when)
    may_read = _may_read(request, microgrid)
    kind, code = ("node", request.GET["node"]) if "node" in request.GET else ("branch", request.GET.get("branch", ""))
    details = (node_details if kind == "node" else branch_details)(drawing, message, microgrid, code, when)
    if details is None:
        raise Http404
    context: dict[str, Any] = {"details": details, "kind": kind, "may_read": may_read, "at": at, "zone": microgrid.zone}
    template = "live/element.html" if HtmxDetails(request) else "live/element_page.html"
    return render(request, template, context)
