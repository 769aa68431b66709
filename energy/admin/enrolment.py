"""Making a one-time code from the page of a meter or of a sensor."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from energy.domain.enrolment import CannotEnrol
from energy.services.enrolment import make_code
from members.admin.confirm import ask_first
from members.language import say_kept
from members.models import Role
from members.selectors.scope import user_of


def code_for(page: Any, request: HttpRequest, object_id: int, kind: str) -> HttpResponse:
    """Ask first, then make the code and show it once."""
    place = page.get_queryset(request).filter(pk=object_id).first()
    if place is None or not page._may_row(request, (Role.OPERATOR,), place):
        raise Http404
    here = reverse(f"admin:energy_{kind}_change", args=[object_id])
    asked = ask_first(
        request,
        title=f"Let a device in for {place}",
        button="Make the code",
        back=here,
        sentence="A code lets one device in, once, within seven days. The device that serves it now ends when the new one "
        "comes in; codes made before end at once.",
    )
    if asked:
        return asked
    try:
        made = make_code(**{kind: place}, now=timezone.now(), by=user_of(request))
    except CannotEnrol as problem:
        messages.error(request, f"{say_kept(str(problem))}.")
        return redirect(here)
    page.log_change(request, place, f"code {made.row.locator} made")
    messages.success(request, f"The code for {place}, shown only now: {made.text}")
    return redirect(here)
