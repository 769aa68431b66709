"""A person's own page: who they are for the cooperative, what they consent to, who looked at their data."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from members.models import AccessRecord
from members.selectors.scope import own_members
from members.services.consent import set_usage_consent

SHOWN_LOOKS = 20


@login_required
def profile(request: HttpRequest) -> HttpResponse:
    """Show and change the own profile."""
    members = own_members(request.user).select_related("cooperative").order_by("number")  # type: ignore[arg-type]
    if request.method == "POST":
        member = get_object_or_404(members, public_id=request.POST.get("member"))
        consents = request.POST.get("publishes_usage") == "on"
        set_usage_consent(member=member, consents=consents)
        messages.success(request, "Saved. It counts from the next month on.")
        return redirect("profile")
    looks = (
        AccessRecord.objects.filter(member__in=members)
        .select_related("user")
        .order_by("-looked_at")[:SHOWN_LOOKS]
    )
    return render(request, "portal/profile.html", {"members": members, "looks": looks})
