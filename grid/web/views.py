"""The live grid: what flows now, drawn on the real network."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from energy.models import Line, Microgrid, Node, Transformer
from energy.selectors.scope import visible_microgrids
from grid.models import GridState

WIDTH, HEIGHT, MARGIN = 720.0, 420.0, 24.0
RECENT_STATES = 300
SENTENCES = {
    "NORMAL": "In balance", "SURPLUS": "More sun than we need", "DEFICIT": "We draw from outside", "PEAK": "At the limit",
    "CURTAILED": "Roofs are held back", "EMERGENCY": "Emergency", "ISLANDED": "On our own", "BLACKSTART": "Starting up again",
    "RESYNC": "Joining the public grid again",
}  # fmt: skip


@login_required
def live(request: HttpRequest) -> HttpResponse:
    """The live page of the user's microgrid: complete at first paint, then moved by WebSocket."""
    microgrid = visible_microgrids(request.user).first()  # type: ignore[arg-type]
    if microgrid is None:
        raise Http404
    states = list(
        GridState.objects.select_related("microgrid")
        .filter(microgrid=microgrid)
        .order_by("-at")[:RECENT_STATES]
    )[::-1]
    context = {
        "microgrid": microgrid, "drawing": network_drawing(microgrid), "sentences": SENTENCES,
        "recent": [_point(state) for state in states], "last": states[-1] if states else None,
        "now": microgrid.now(timezone.now()).astimezone(microgrid.zone),
    }  # fmt: skip
    return render(request, "live/grid.html", context)


def _point(state: GridState) -> dict[str, Any]:
    names = ("production_w", "consumption_w", "charge_w", "discharge_w", "import_w", "export_w")
    return {
        "at": state.at.astimezone(state.microgrid.zone).isoformat(),
        **{name: getattr(state, name) for name in names},
    }


def network_drawing(microgrid: Microgrid) -> dict[str, Any]:
    """Places of nodes and lines on the page; nodes without coordinates are left out."""
    nodes = [
        n
        for n in Node.objects.filter(microgrid=microgrid).at(None)
        if n.longitude is not None and n.latitude is not None
    ]
    if not nodes:
        return {"nodes": [], "lines": [], "width": WIDTH, "height": HEIGHT}
    east = [float(n.longitude or 0) for n in nodes]
    north = [float(n.latitude or 0) for n in nodes]
    # A degree of longitude is shorter than one of latitude: about six tenths of it at this latitude.
    stretch = 0.6
    span_x = max((max(east) - min(east)) * stretch, 1e-6)
    span_y = max(max(north) - min(north), 1e-6)
    scale = min((WIDTH - 2 * MARGIN) / span_x, (HEIGHT - 2 * MARGIN) / span_y)
    place = {
        n.pk: (
            round(MARGIN + (float(n.longitude or 0) - min(east)) * stretch * scale, 1),
            round(HEIGHT - MARGIN - (float(n.latitude or 0) - min(north)) * scale, 1),
        )
        for n in nodes
    }
    width = 2 * MARGIN + span_x * scale
    wires = [
        *Line.objects.filter(microgrid=microgrid).at(None).values_list("code", "node_from", "node_to"),
        *Transformer.objects.filter(microgrid=microgrid).at(None).values_list("code", "node_hv", "node_lv"),
    ]
    return {
        "width": round(width),
        "height": HEIGHT,
        "nodes": [
            {"code": n.code, "x": place[n.pk][0], "y": place[n.pk][1], "coupling": n.is_coupling_point}
            for n in nodes
        ],
        "lines": [
            {"code": code, "x1": place[a][0], "y1": place[a][1], "x2": place[b][0], "y2": place[b][1]}
            for code, a, b in wires
            if a in place and b in place
        ],
    }
