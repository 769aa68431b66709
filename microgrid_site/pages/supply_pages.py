"""Limits of supply for operators: asked by the room of money, decided here by a person, carried out by devices or by hand."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe
from rest_framework.generics import get_object_or_404

from billing.services.prepaid_limits import SPARED, decide_limit, set_limit, why_not_now
from energy.selectors.scope import READING_ROLES, operated_microgrids
from grid.models import SupplyRequest
from grid.selectors.supply_limits import requests_of
from grid.services.supply_requests import CannotLimit, cancel_requests, note_lifted
from members.selectors.scope import user_of

PAGE = 30
DONE = {
    "agree": "Agreed.",
    "decline": "Declined: nothing changes at the site.",
    "set": "Noted: the limit is in force.",
    "lift": "Noted: the limit is lifted.",
    "cancel": "Taken back.",
}


@login_required
@require_safe
def supply_requests(request: HttpRequest) -> HttpResponse:
    """What waits for somebody, then what was; each with its steps."""
    user = user_of(request)
    microgrids = operated_microgrids(user, *READING_ROLES)
    if not microgrids.exists():
        raise Http404
    rows = requests_of(microgrids.order_by().values("pk"))
    waiting = list(rows.filter(status__in=("asked", "agreed", "lift_asked", "in_force")))
    page = Paginator(rows.filter(status__in=("declined", "withdrawn", "lifted")), PAGE).get_page(request.GET.get("page"))
    may = set(operated_microgrids(user).values_list("pk", flat=True))
    context = {
        "tab": "supply",
        "page": page,
        "microgrid": microgrids.first(),
        "waiting": [
            {
                "row": row,
                "may_change": row.site.microgrid_id in may,
                "zone": row.site.microgrid.zone,
                "not_now": ", ".join(str(SPARED[reason]) for reason in why_not_now(request=row, now=row.site.microgrid.now(timezone.now())))
                if row.status in ("asked", "agreed")
                else "",
            }
            for row in waiting
        ],
    }
    return render(request, "live/supply.html", context)


@login_required
@require_POST
def decide(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """One step by an operator."""
    user = user_of(request)
    row = get_object_or_404(
        SupplyRequest.objects.select_related("site__microgrid"),
        public_id=public_id,
        site__microgrid__in=operated_microgrids(user).order_by().values("pk"),
    )
    what, why = request.POST.get("do", ""), request.POST.get("why", "")
    now = row.site.microgrid.now(timezone.now())
    try:
        if what in ("agree", "decline"):
            decide_limit(request=row, agree=what == "agree", why=why, by=user, now=now)
        elif what == "set":
            set_limit(request=row, by=user, now=now)
        elif what == "lift":
            note_lifted(request=row, by=user, now=now)
        elif what == "cancel":
            if not why.strip():
                raise CannotLimit("Say why: the member reads it.")
            cancel_requests(sites=[row.site], why=why, now=now, by=user)
        else:
            raise Http404
    except CannotLimit as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, DONE[what])
    return redirect("supply-requests")
