"""A member's page on giving: whom the own surplus goes to first, what was given and received."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST
from rest_framework.generics import get_object_or_404

from energy.models import Site
from grid.models import SurplusPreference
from grid.selectors.market_page import given_by, given_to, own_trading_sites
from grid.selectors.preferences import own_preferences
from grid.services.preferences import CannotPrefer, Wish, end_preference, prefer
from members.selectors.scope import user_of
from microgrid_site.pages.energy_pages import own_sites_of
from microgrid_site.pages.energy_tabs import energy_tabs
from microgrid_site.pages.insight_pages import chosen_site
from microgrid_site.pages.market_pages import words_now

LOOKED_BACK = timedelta(days=31)


class WishForm(forms.Form):
    """One entry of a list."""

    code = forms.CharField(max_length=120)
    place = forms.IntegerField(min_value=1, max_value=20)
    percent = forms.DecimalField(min_value=Decimal("0.0001"), max_value=100, max_digits=7, decimal_places=4, initial=100)
    valid_from = forms.DateField(widget=forms.DateInput({"type": "date"}, "%Y-%m-%d"))
    valid_to = forms.DateField(required=False, widget=forms.DateInput({"type": "date"}, "%Y-%m-%d"))
    is_gift = forms.BooleanField(required=False)
    names_giver = forms.BooleanField(required=False)

    def __init__(self, words: dict[str, Any], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        labels = {
            "code": "code",
            "place": "position",
            "percent": "percent",
            "valid_from": "from",
            "valid_to": "until",
            "is_gift": "is_gift",
            "names_giver": "names",
        }
        for name, key in labels.items():
            self.fields[name].label = words[key][:1].upper() + words[key][1:]
        self.fields["code"].help_text = words["code_help"]

    def wish(self) -> Wish:
        given = self.cleaned_data
        return Wish(
            given["code"],
            given["place"],
            given["percent"] / 100,
            given["is_gift"],
            given["names_giver"],
            given["valid_from"],
            given["valid_to"],
        )


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request: HttpRequest) -> HttpResponse:
    """The list of a site, and an entry more."""
    sites = own_sites_of(request)
    site = chosen_site(request, sites)
    words = words_now()
    context: dict[str, Any] = {"w": words, "site": site, "sites": sites, "tabs": energy_tabs(sites, "preferences")}
    if site is not None:
        now = site.microgrid.now(timezone.now())
        today = now.astimezone(site.microgrid.zone).date()
        entries = own_preferences(site, since=today)
        form = WishForm(words, request.POST if request.method == "POST" else None, initial=_usual(entries, today))
        if request.method == "POST" and form.is_valid() and _preferred(request, site, form):
            messages.success(request, words["added"])
            return redirect(f"{reverse('preferences')}?site={site.public_id}")
        since = today - LOOKED_BACK
        context |= {
            "entries": [(entry, entry.share * 100) for entry in entries],
            "form": form,
            "gave": given_by(site, since=since),
            "got": given_to(site, since=since),
        }
    return render(request, "portal/preferences.html", context)


def _usual(entries: list[SurplusPreference], today: date) -> dict[str, Any]:
    return {"place": max((entry.place for entry in entries), default=0) + 1, "valid_from": today + timedelta(days=1), "percent": 100}


def _preferred(request: HttpRequest, site: Site, form: WishForm) -> bool:
    try:
        prefer(site=site, wish=form.wish(), by=user_of(request), now=site.microgrid.now(timezone.now()))
    except CannotPrefer as why:
        form.add_error(None, str(why))
        return False
    return True


@login_required
@require_POST
def end(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """End an entry of an own list."""
    sites = own_trading_sites(user_of(request)).order_by().values("pk")
    row = get_object_or_404(
        SurplusPreference.objects.select_related("site__microgrid", "site__member"), public_id=public_id, site__in=sites
    )
    words = words_now()
    done = end_preference(preference=row, now=row.site.microgrid.now(timezone.now()))
    messages.success(request, words["ended"] if done else words["was_ended"])
    return redirect(f"{reverse('preferences')}?site={row.site.public_id}")
