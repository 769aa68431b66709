"""Devices behind links, for those who run the grid."""

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from energy.selectors.scope import READING_ROLES, operated_microgrids
from grid.selectors.device_links import link_lines
from members.models import Role
from members.selectors.scope import user_of


@login_required
@require_safe
def device_links(request: HttpRequest) -> HttpResponse:
    """Which devices are told by which protocol, and how that goes."""
    microgrid = operated_microgrids(user_of(request), *READING_ROLES).first()
    if microgrid is None:
        raise Http404
    lines = link_lines(microgrid)
    context = {
        "tab": "device-links",
        "microgrid": microgrid,
        "lines": lines,
        "in_trouble": [x for x in lines if x.link.problem],
        "may_change": operated_microgrids(user_of(request), Role.OPERATOR).filter(pk=microgrid.pk).exists(),
    }
    return render(request, "live/device_links.html", context)
