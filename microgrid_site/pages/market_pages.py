"""A member's page on the market: what may be ordered, what is ordered and matched, the day's course, the book of a quarter hour."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.formats import number_format
from django.views.decorators.http import require_POST
from rest_framework.generics import get_object_or_404

from energy.models import Microgrid, Site
from grid.models import MarketOrder, OrderSide, TradingMode
from grid.selectors.market import gate_of, is_market_on, terms_of_market
from grid.selectors.market_page import (
    MarketStep,
    book_of,
    course_of,
    limit_of,
    matched_of_day,
    orders_of_day,
    own_orders,
    own_trading_sites,
)
from grid.services.market_orders import CannotLimit, CannotOrder, NewOrder, place_orders, set_limit, withdraw_order
from members.selectors.scope import user_of
from microgrid_site.pages.energy_pages import own_sites_of
from microgrid_site.pages.energy_tabs import energy_tabs
from microgrid_site.pages.insight_pages import chosen_site
from microgrid_site.pages.market_words import WORDS
from microgrid_site.templatetags.portal import kwh

A_DAY = timedelta(days=1)
MICRO_PER_CT = 10_000


def words_now() -> dict[str, Any]:
    """The words in the language in which the page is read."""
    return WORDS.get((translation.get_language() or "")[:2], WORDS["en"])


@login_required
def market(request: HttpRequest) -> HttpResponse:
    """The market as one site's member sees it, on a day."""
    sites = own_sites_of(request)
    site = chosen_site(request, sites)
    words = words_now()
    context: dict[str, Any] = {"w": words, "site": site, "sites": sites, "tabs": energy_tabs(sites, "market")}
    if site is not None:
        microgrid = site.microgrid
        now = microgrid.now(timezone.now())
        today = now.astimezone(microgrid.zone).date()
        day = _day(request.GET.get("day"), today)
        days = [(words["yesterday"], today - A_DAY), (words["today"], today), (words["tomorrow"], today + A_DAY)]
        context |= {
            "day": day,
            "days": days,
            "zone": microgrid.zone,
            "limit": _limit_fields(site),
            "is_market": is_market_on(microgrid, day),
        }
        context |= _course(microgrid, day, words) | _orders(site, day, now) | _book(request, microgrid, day, words)
    return render(request, "portal/market.html", context)


def _day(text: str | None, today: date) -> date:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return today


def _limit_fields(site: Site) -> dict[str, Any]:
    row = limit_of(site)

    def ct(micro: int | None) -> str:
        return "" if micro is None else f"{Decimal(micro) / MICRO_PER_CT:f}".rstrip("0").rstrip(".")

    return {
        "buying": row.buying if row else TradingMode.MARKET,
        "buy_ct": ct(row.buy_limit_micro if row else None),
        "selling": row.selling if row else TradingMode.MARKET,
        "sell_ct": ct(row.sell_limit_micro if row else None),
    }


def _course(microgrid: Microgrid, day: date, words: dict[str, Any]) -> dict[str, Any]:
    steps = course_of(microgrid, day)
    labels = [f"{step.start_at.astimezone(microgrid.zone):%H:%M}" for step in steps]
    prices = [None if s.price_micro is None else s.price_micro / MICRO_PER_CT for s in steps]
    volume = [
        {"name": words["asked"], "values": [s.asked_wh for s in steps], "colour": "use", "style": "dashed"},
        {"name": words["offered"], "values": [s.offered_wh for s in steps], "colour": "solar", "style": "dotted"},
        {"name": words["traded"], "values": [s.volume_wh for s in steps], "colour": "shared", "fill": "shared"},
    ]
    return {
        "is_cleared": any(s.volume_wh is not None for s in steps),
        "has_orders": any(s.asked_wh or s.offered_wh for s in steps),
        "price_picture": {
            "labels": labels,
            "unit": "price",
            "suffix": "ct",
            "series": [{"name": words["price"], "values": prices, "colour": "shared"}],
        },
        "volume_picture": {"labels": labels, "unit": "Wh", "series": volume},
        "rows": [_row(label, step) for label, step in zip(labels, steps, strict=True)],
        "columns": words["columns"],
        "nothing_text": words["nothing_text"].format(minutes=terms_of_market(microgrid, day).gate_minutes),
    }


def _row(label: str, step: MarketStep) -> list[str]:
    traded = "–" if step.volume_wh is None else kwh(step.volume_wh)
    price = "–" if step.price_micro is None else number_format(step.price_micro / MICRO_PER_CT, 2, use_l10n=True)
    return [label, kwh(step.asked_wh), kwh(step.offered_wh), traded, price]


def _orders(site: Site, day: date, now: datetime) -> dict[str, Any]:
    rows = orders_of_day(site, day)
    open_starts = _open_starts(site.microgrid, day, now)
    lines = [
        {
            "order": row,
            "ct": row.price_micro / MICRO_PER_CT,
            "is_open": row.start_at in open_starts,
            "may_go": row.start_at in open_starts and row.placed_by_id,
        }
        for row in rows
    ]
    kept = matched_of_day(site, day)
    return {
        "orders": lines,
        "open_starts": sorted(open_starts),
        "is_forgotten": kept is not None,
        "bought_wh": kept[0] if kept else _matched(rows, OrderSide.BUY),
        "sold_wh": kept[1] if kept else _matched(rows, OrderSide.SELL),
        "any_matched": kept is not None or any(row.matched_wh is not None for row in rows),
    }


def _matched(rows: Sequence[MarketOrder], side: OrderSide) -> int:
    return sum(row.matched_wh or 0 for row in rows if row.side == side)


def _open_starts(microgrid: Microgrid, day: date, now: datetime) -> set[datetime]:
    if not is_market_on(microgrid, day):
        return set()
    starts = microgrid.local_day(day).starts()
    ahead = starts[0] - gate_of(microgrid, starts[0])
    return {start for start in starts if start - ahead > now}


def _book(request: HttpRequest, microgrid: Microgrid, day: date, words: dict[str, Any]) -> dict[str, Any]:
    """The book of the interval asked for, else that of noon."""
    starts = microgrid.local_day(day).starts()
    wanted = request.GET.get("at", "12:00")
    start = next((s for s in starts if f"{s.astimezone(microgrid.zone):%H:%M}" == wanted), starts[len(starts) // 2])
    local = f"{start.astimezone(microgrid.zone):%H:%M}"
    levels = [(level, level.price_micro / MICRO_PER_CT) for level in book_of(microgrid, start)]
    return {"book": levels, "book_title": words["book"].format(time=local), "book_at": local}


@login_required
@require_POST
def limit(request: HttpRequest) -> HttpResponse:
    """Say what the agent may order."""
    site = _own_site(request)
    words = words_now()
    post = request.POST
    try:
        buying, selling = TradingMode(post.get("buying", "")), TradingMode(post.get("selling", ""))
        set_limit(
            site=site,
            buying=buying,
            buy_limit_micro=_micro(post.get("buy_ct")) if buying == TradingMode.LIMIT else None,
            selling=selling,
            sell_limit_micro=_micro(post.get("sell_ct")) if selling == TradingMode.LIMIT else None,
            by=user_of(request),
            now=site.microgrid.now(timezone.now()),
        )
        messages.success(request, words["saved"])
    except (CannotLimit, ValueError) as why:
        messages.error(request, str(why))
    return _back(request, site)


@login_required
@require_POST
def place(request: HttpRequest) -> HttpResponse:
    """Place an order of one's own."""
    site = _own_site(request)
    post = request.POST
    try:
        energy, price = _micro(post.get("kwh")), _micro(post.get("ct"))
        if energy is None or price is None:
            raise CannotOrder("Say how much and at which price.")
        order = NewOrder(
            OrderSide(post.get("side", "")), datetime.fromisoformat(post.get("start", "")), energy * 1000 // MICRO_PER_CT, price
        )
        now = site.microgrid.now(timezone.now())
        place_orders(site=site, orders=[order], by=user_of(request), now=now)
        messages.success(request, words_now()["ordered"])
    except ValueError as why:
        messages.error(request, str(why))
    return _back(request, site)


@login_required
@require_POST
def take_back(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Withdraw an own order while it is open."""
    rows = own_orders(user_of(request)).filter(placed_by__isnull=False)
    order = get_object_or_404(rows, public_id=public_id)
    try:
        withdraw_order(order=order, now=order.microgrid.now(timezone.now()))
        messages.success(request, words_now()["back_done"])
    except CannotOrder as why:
        messages.error(request, str(why))
    return _back(request, order.site)


def _own_site(request: HttpRequest) -> Site:
    return get_object_or_404(own_trading_sites(user_of(request)), public_id=request.POST.get("site"))


def _back(request: HttpRequest, site: Site) -> HttpResponse:
    day = request.POST.get("day", "")
    return redirect(f"{reverse('market')}?site={site.public_id}&day={_day(day, site.microgrid.now(timezone.now()).date())}")


def _micro(text: str | None) -> int | None:
    """A number in ct (or kWh) as ten-thousandths; a comma is as good as a point.

    Raises:
        CannotLimit: it is no number.
    """
    if not (text or "").strip():
        return None
    try:
        return int(Decimal((text or "").strip().replace(",", ".")) * MICRO_PER_CT)
    except (InvalidOperation, OverflowError):
        raise CannotLimit(f"'{text}' is no number.") from None
