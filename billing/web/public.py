"""The page that everybody may see, without a log-in: a microgrid's days added up, in English and German."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.views.decorators.http import require_safe

from billing.domain.public_days import PublicDay
from billing.domain.public_words import PUBLIC_WORDS
from billing.selectors.public_page import NotShown, PublicMonth, public_months, shown_microgrid, shown_month
from energy.models import Microgrid

FRESH_S = 600


@require_safe
def public_days(request: HttpRequest, slug: str) -> HttpResponse:
    """One month, day by day. Nothing of whoever asks is read but their language, so that anybody may keep the answer."""
    try:
        microgrid = shown_microgrid(slug)
        found = shown_month(microgrid, request.GET.get("month", ""))
    except NotShown:
        raise Http404 from None
    asked = request.GET.get("lang") or translation.get_language() or "en"
    words = PUBLIC_WORDS.get(asked[:2], PUBLIC_WORDS["en"])
    with translation.override(words["lang"]):
        page = render_to_string("public/days.html", _context(microgrid, found, words))
    reply = HttpResponse(page)
    patch_cache_control(reply, public=True, max_age=FRESH_S)
    patch_vary_headers(reply, ["Accept-Language"])
    return reply


def _context(microgrid: Microgrid, found: PublicMonth | None, words: dict[str, str]) -> dict[str, Any]:
    page = microgrid.cooperative.public_page
    context: dict[str, Any] = {
        "microgrid": microgrid,
        "cooperative": microgrid.cooperative,
        "words": words,
        "found": found,
        "sentence": page.words_de if words["lang"] == "de" else page.words_en,
    }
    if found is None:
        return context
    months = public_months(microgrid)
    place = months.index(found.month)
    days = found.days
    return context | {
        "before": months[place + 1] if place + 1 < len(months) else None,
        "after": months[place - 1] if place else None,
        "sums": _sums(days),
        "energy": _picture(days, words),
        "cents": _cents(days, words, found, microgrid.cooperative.currency),
        "quarters": sum(day.negative_intervals for day in days),
        "negative": words["negative"].format(n=sum(day.negative_intervals for day in days)),
        "no_energy": words["no_energy"].format(n=found.lines_without_energy),
    }


def _sums(days: list[PublicDay]) -> dict[str, int]:
    names = ("in_wh", "out_wh", "stored_wh", "lost_wh", "residual_wh", "shared_wh", "bought_wh", "produced_wh", "used_wh", "sold_wh")
    found = {name: sum(getattr(day, name) for day in days) for name in names}
    for name in ("paid_minor", "received_minor", "residual_minor"):
        found[name] = sum(getattr(day, name) or 0 for day in days)
    return found


def _picture(days: list[PublicDay], words: dict[str, str]) -> dict[str, Any]:
    return {
        "labels": [day.day.isoformat() for day in days],
        "dates": True,
        "unit": "Wh",
        "series": [
            {"name": words["in"], "colour": "public", "values": [day.in_wh for day in days], "bars": True},
            {"name": words["produced"], "colour": "solar-fill", "values": [day.produced_wh for day in days], "bars": True},
        ],
    }


def _cents(days: list[PublicDay], words: dict[str, str], found: PublicMonth, currency: str) -> dict[str, Any] | None:
    if found.money is None:
        return None
    return {
        "labels": [day.day.isoformat() for day in days],
        "dates": True,
        "unit": "price",
        "suffix": currency,
        "series": [{"name": words["paid"], "colour": "shared", "values": [(day.paid_minor or 0) / 100 for day in days], "bars": True}],
    }
