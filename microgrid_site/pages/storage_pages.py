"""Pages about storages: the owner's battery and the operator's list, with what lies in each by origin, and why each did what it did."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_safe
from rest_framework.generics import get_object_or_404

from energy.models import StorageUnit
from energy.selectors.ownership import theirs_since
from energy.selectors.scope import READING_ROLES, operated_microgrids, visible_storages
from grid.domain.battery_words import BatteryWords, words_in
from grid.domain.energy_origin import ORIGINS
from grid.models import StorageDay
from grid.selectors.flexibility import statements
from grid.selectors.storage_page import EXACT_PER_UNIT, battery_day, inside_of, parts_of
from grid.selectors.stored_producers import Produced, Who, produced_in
from kernel.intervals import Month
from members.selectors.scope import user_of
from members.services.access import record_look
from microgrid_site.pages.energy_pages import own_sites_of
from microgrid_site.pages.energy_tabs import energy_tabs


@login_required
@require_safe
def own_battery(request: HttpRequest) -> HttpResponse:
    """A member's battery; the first of several unless another is chosen."""
    sites = own_sites_of(request)
    storages = list(visible_storages(user_of(request)).filter(site__in=[site.pk for site in sites]))
    if not storages:
        raise Http404
    storage = next((s for s in storages if str(s.public_id) == request.GET.get("storage")), storages[0])
    words = words_in(get_language())
    context = {"tabs": energy_tabs(sites, "own-battery"), "storages": storages}
    context |= _day_context(request, storage, words, timezone.now())
    return render(request, "portal/battery.html", context)


@login_required
@require_safe
def stored(request: HttpRequest) -> HttpResponse:
    """Every storage of the operator's microgrid: what lies in each by origin, what this month's commands saved and owe."""
    microgrid = operated_microgrids(user_of(request), *READING_ROLES).first()
    if microgrid is None:
        raise Http404
    storages = list(visible_storages(user_of(request)).filter(site__microgrid=microgrid))
    inside = inside_of(storages)
    last = max((one.day for one in inside.values()), default=None)
    owed = {s.storage.pk: s for s in statements(microgrid=microgrid, days=_month_to(last))} if last else {}
    sums = [sum(one.by_origin[o] for one in inside.values()) for o in range(ORIGINS)]
    capacity = max(sum(s.capacity_wh for s in storages), 1)
    context = {
        "microgrid": microgrid,
        "tab": "stored",
        "day": last,
        "words": words_in(get_language()).labels,
        "lines": [(s, inside.get(s.pk), _statement(owed.get(s.pk))) for s in storages],
        "sums": parts_of(sums, capacity),
        "total_wh": sum(sums),
        "capacity_wh": capacity,
    }
    return render(request, "live/stored.html", context)


@login_required
@require_safe
def storage(request: HttpRequest, public_id: Any) -> HttpResponse:
    """One storage for the cooperative's staff; the look at a member's is written down."""
    user = user_of(request)
    microgrids = operated_microgrids(user, *READING_ROLES).values("pk")
    found = get_object_or_404(visible_storages(user).filter(site__microgrid__in=microgrids), public_id=public_id)
    record_look(user=user, member=found.site.member, what="storage", subject=found.code, now=timezone.now())
    context = {"tab": "stored", "microgrid": found.site.microgrid}
    return render(request, "live/storage.html", context | _day_context(request, found, words_in(get_language()), timezone.now()))


def _day_context(request: HttpRequest, storage: StorageUnit, words: BatteryWords, real_now: datetime) -> dict[str, Any]:
    """What both pages show of one day."""
    microgrid = storage.site.microgrid
    now = microgrid.now(real_now)
    today = now.astimezone(microgrid.zone).date()
    try:
        day = min(date.fromisoformat(request.GET.get("day", "")), today)
    except ValueError:
        day = today
    since = theirs_since(storage.site)
    if since is not None:
        day = max(day, since)
    inside = inside_of([storage]).get(storage.pk)
    if inside is not None and since is not None and inside.day < since:
        inside = None
    row = StorageDay.objects.filter(storage=storage, day=day, is_current=True).select_related("storage__site").first()
    month = statements(microgrid=microgrid, days=[d for d in _month_to(day) if since is None or d >= since])
    return {
        "storage": storage,
        "day": day,
        "words": words.labels,
        "lang": words.lang,
        "currency": microgrid.cooperative.currency,
        "found": battery_day(storage, day, words, now),
        "inside": inside,
        "zone": microgrid.zone,
        "before": None if day == since else day - timedelta(days=1),
        "after": day + timedelta(days=1) if day < today else None,
        "is_today": day == today,
        "produced": [(_whose(one, words), one) for one in produced_in(row, user_of(request))] if row else [],
        "month": _statement(next((s for s in month if s.storage.pk == storage.pk), None)),
    }


def _whose(one: Produced, words: BatteryWords) -> str:
    """Who produced it, in words: by name where there is one."""
    if one.who == Who.NOT_KNOWN:
        return words.labels["not_known"]
    if one.name:
        return one.name
    return words.labels["neighbour"] if one.sites == 1 else words.labels["neighbours"].format(count=one.sites)


def _month_to(day: date) -> list[date]:
    return [d for d in Month(day.year, day.month).days() if d <= day]


def _statement(found: Any) -> dict[str, Any] | None:
    """A month's statement in units of the currency."""
    if found is None:
        return None
    saved = found.saved_micro + found.peak_saved_micro
    return {
        "given_wh": found.given_wh,
        "saved": Decimal(saved) / EXACT_PER_UNIT,
        "peak": Decimal(found.peak_saved_micro) / EXACT_PER_UNIT,
        "owed": Decimal(found.owed_micro) / EXACT_PER_UNIT,
    }
