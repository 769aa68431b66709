"""What is silent: for operators."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from energy.selectors.silences import silences
from energy.web.imports import operated_microgrid


@login_required
@require_safe
def silence(request: HttpRequest) -> HttpResponse:
    """Meters, gateways and feeds that should have been heard, with the members they touch."""
    microgrid = operated_microgrid(request)
    now = microgrid.now(timezone.now())
    shown, ended = silences(microgrid=microgrid, now=now)
    context = {"microgrid": microgrid, "silences": shown, "ended": ended, "tab": "silence", "now": now.astimezone(microgrid.zone)}
    return render(request, "readings/silence.html", context)
