"""Today's and tomorrow's prices, as a chart for each tariff that somebody has."""

from datetime import date, timedelta
from itertools import groupby
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.views.decorators.http import require_safe

from billing.domain.price_words import ENGLISH, WORDS, PriceWords
from billing.selectors.prices_ahead import DayPrices, microgrid_for, own_tariffs, prices_on
from members.selectors.scope import user_of

MICRO_PER_CENT = 10_000


@login_required
@require_safe
def prices_page(request: HttpRequest) -> HttpResponse:
    """One card for each tariff and day; a day that is not published says when it will be."""
    user = user_of(request)
    words = WORDS.get((translation.get_language() or "")[:2], ENGLISH)
    cards: list[dict[str, Any]] = []
    for tariff in own_tariffs(user, timezone.now()):
        microgrid = microgrid_for(user, tariff)
        if microgrid is None:
            continue
        today = microgrid.now(timezone.now()).astimezone(microgrid.zone).date()
        for day, name in ((today, words.today), (today + timedelta(days=1), words.tomorrow)):
            cards.append(_card(prices_on(tariff, microgrid, day), tariff.name, day, name, words, len(cards)))
    return render(request, "portal/prices.html", {"words": words, "cards": cards})


def _card(found: DayPrices | None, tariff: str, day: date, name: str, words: PriceWords, place: int) -> dict[str, Any]:
    card: dict[str, Any] = {"title": f"{tariff}, {name}", "day": day, "source": f"prices-{place}", "found": found}
    if found is None:
        return card
    cents = [float(round(micro * (1 + found.vat_rate) / MICRO_PER_CENT, 2)) for micro in found.price_micro]
    labels = [f"{start:%H:%M}" for start in found.starts]
    card |= {
        "picture": {
            "labels": labels,
            "unit": "price",
            "suffix": "ct",
            "series": [{"name": words.columns[1], "colour": "public", "values": cents, "fill": "public"}],
        },
        "summary": words.summary.format(low=_text(min(cents), words), high=_text(max(cents), words)),
        "rows": _rows(labels, cents, words),
        "cheapest": _cheapest(found, cents, words),
        "substituted": words.substituted.format(count=sum(found.substituted)) if any(found.substituted) else "",
        "published": found.published_at and found.published_at.astimezone(found.microgrid.zone),
    }
    return card


def _text(cents: float, words: PriceWords) -> str:
    text = f"{cents:.2f}"
    return text.replace(".", ",") if words.lang == "de" else text


def _rows(labels: list[str], cents: list[float], words: PriceWords) -> list[tuple[str, str]]:
    """The table: one row for each stretch of one price."""
    return [
        (next(iter(group))[0], _text(price, words)) for price, group in groupby(zip(labels, cents, strict=True), key=lambda pair: pair[1])
    ]


def _cheapest(found: DayPrices, cents: list[float], words: PriceWords) -> str:
    """The first and longest stretch at the lowest price; nothing where all hours cost the same."""
    low = min(cents)
    if low == max(cents):
        return ""
    first = cents.index(low)
    last = next((i for i in range(first, len(cents)) if cents[i] != low), len(cents))
    end = found.microgrid.local_day(found.day).end_at.astimezone(found.microgrid.zone) if last == len(cents) else found.starts[last]
    return words.cheapest.format(
        start=f"{found.starts[first]:%H:%M}", end=f"{end:%H:%M}" if last < len(cents) else "24:00", price=_text(low, words)
    )
