"""A person's own page: who they are for the cooperative, what they consent to, who looked at their data."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from rest_framework.generics import get_object_or_404

from members.models import AccessRecord
from members.selectors.scope import own_members, user_of
from members.services.consent import set_usage_consent
from members.services.languages import UnknownLanguage, set_language

SHOWN_LOOKS = 20
A_YEAR_S = 365 * 24 * 3600


@login_required
def profile(request: HttpRequest) -> HttpResponse:
    """Show and change the own profile."""
    members = own_members(user_of(request)).select_related("cooperative").order_by("number")
    if request.method == "POST":
        member = get_object_or_404(members, public_id=request.POST.get("member"))
        consents = request.POST.get("publishes_usage") == "on"
        set_usage_consent(member=member, consents=consents)
        messages.success(request, _("Saved. It counts from the next month on."))
        return redirect("profile")
    looks = AccessRecord.objects.filter(member__in=members).select_related("user").order_by("-looked_at")[:SHOWN_LOOKS]
    context = {"members": members, "looks": looks, "languages": settings.LANGUAGES}
    return render(request, "portal/profile.html", context)


@login_required
@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Choose the language of one's pages, here and now, and of mails; a browser that was never asked speaks its own."""
    chosen = request.POST.get("language", "")
    try:
        set_language(user=user_of(request), language=chosen, known=frozenset(dict(settings.LANGUAGES)))
    except UnknownLanguage:
        raise Http404 from None
    answer = redirect("profile")
    answer.set_cookie(settings.LANGUAGE_COOKIE_NAME, chosen, max_age=A_YEAR_S, samesite="Lax", httponly=True, secure=settings.SITE_IS_HTTPS)
    return answer
