"""A member's pages below Energy: habits, comparison, tips, alarms of their own choosing."""

import math
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from operator import itemgetter
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from rest_framework.generics import get_object_or_404

from billing.domain.savings_words import ENGLISH, WORDS
from billing.selectors.savings import site_tips
from energy.domain import own_alarm_words
from energy.domain.comparison import GroupLevel, TooFewOthers
from energy.domain.load_patterns import LEAST_DAYS, TypicalDay
from energy.domain.own_alarms import AlarmKind
from energy.models import OwnAlarmKind, Site, Source
from energy.models.sites import SiteKind
from energy.selectors.scope import own_alarms
from energy.selectors.site_days import SiteDayBlock
from energy.selectors.site_habits import SiteHabits, TooFewDays, site_block, site_comparison, site_habits, today_of
from energy.services import own_alarms as alarms
from members.selectors.scope import user_of
from members.services.notifications import mark_seen
from microgrid_site.pages.energy_pages import own_sites_of
from microgrid_site.pages.energy_tabs import csv_answer, energy_tabs
from microgrid_site.templatetags.portal import kilowatts

SHOWN_HITS = 10
STYLES = ("solid", "dashed", "dotted", "faint")
UNITS = {OwnAlarmKind.DAY_USE: "kWh", OwnAlarmKind.BASE_LOAD: "W", OwnAlarmKind.NO_USE: gettext_lazy("days"), OwnAlarmKind.ROOF_BELOW: "%"}
KIND_NAMES = {
    OwnAlarmKind.DAY_USE: gettext_lazy("a day uses more than [kWh]"),
    OwnAlarmKind.BASE_LOAD: gettext_lazy("day and night more than [W]"),
    OwnAlarmKind.NO_USE: gettext_lazy("no use at all for [days]"),
    OwnAlarmKind.ROOF_BELOW: gettext_lazy("the roof gives less than [%] of what neighbours' roofs let expect"),
}
LEVELS = {
    GroupLevel.KIND_PLANT_SIZE: gettext_lazy("of the same kind, with a roof plant or without one as at yours, and of about your size"),
    GroupLevel.KIND_PLANT: gettext_lazy(
        "of the same kind, with a roof plant or without one as at yours; too few are of your size to be compared"
    ),
    GroupLevel.KIND: gettext_lazy("of the same kind; too few are like yours in size and roof to be compared"),
}


def chosen_site(request: HttpRequest, sites: Sequence[Site]) -> Site | None:
    """The site asked for among the own ones, else the first."""
    wanted = request.GET.get("site")
    return next((site for site in sites if str(site.public_id) == wanted), sites[0] if sites else None)


def _context(request: HttpRequest, sites: Sequence[Site], site: Site, current: str) -> dict[str, Any]:
    return {"site": site, "sites": sites, "tabs": energy_tabs(sites, current)}


def _nothing_yet(request: HttpRequest, sites: Sequence[Site]) -> HttpResponse:
    return render(request, "portal/energy_empty.html", {"has_sites": bool(sites)})


@login_required
def habits(request: HttpRequest) -> HttpResponse:
    """What the site's use looks like."""
    sites = own_sites_of(request)
    site = chosen_site(request, sites)
    block = site_block(site, today=today_of(site, timezone.now())) if site else None
    found = site_habits(block, microgrid=site.microgrid) if site and block is not None else None
    if site is None or block is None or found is None:
        return _nothing_yet(request, sites)
    context = _context(request, sites, site, "habits") | {
        "found": found,
        "own": found.habits,
        "peak": hours_in_words(found.habits.peak_hours),
        "least_days": LEAST_DAYS,
        "weekday_wh": _finite(found.habits.weekday_wh),
        "weekend_wh": _finite(found.habits.weekend_wh),
        "weekend_percent": _difference(found.habits.weekend_wh, found.habits.weekday_wh),
        "base_share": found.habits.base_load_w * 24 / _mean_day(block) if _mean_day(block) else None,
        "estimated_percent": found.estimated_share * 100,
    }
    context |= _typical(found, site) | _each_day(block, found)
    if request.GET.get("format") == "csv":
        return csv_answer("habits", context["typical_columns"], context["typical_rows"])
    return render(request, "portal/habits.html", context)


def _mean_day(block: SiteDayBlock) -> float:
    usable = block.complete[0]
    return float(block.on_the_clock[0][usable].sum() / usable.sum()) if usable.any() else 0.0


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _difference(value: float, base: float) -> int | None:
    """How many per cent `value` is above `base`."""
    known = math.isfinite(value) and math.isfinite(base) and base > 0
    return round((value / base - 1) * 100) if known else None


def hours_in_words(hours: Sequence[int]) -> str:
    """`18 to 21` of 18, 19, 20, and `22 to 1` over midnight; `7, 12 and 19` where they do not follow each other."""
    ordered = sorted(hours)
    for first in ordered:
        if all((first + i) % 24 in ordered for i in range(len(ordered))):
            return _("{first} to {last}").format(first=first, last=(first + len(ordered)) % 24)
    return _("{several} and {last}").format(several=", ".join(str(hour) for hour in ordered[:-1]), last=ordered[-1])


def when_in_words(kind: TypicalDay) -> str:
    """On which days a habit is usual."""
    share = kind.weekend_days / kind.days
    if share >= 0.8:
        return _("weekends")
    return (
        _("weekdays")
        if share <= 0.1
        else _("all days")
        if 0.2 <= share <= 0.4
        else _("mostly weekdays")
        if share < 0.2
        else _("mostly weekends")
    )


def _typical(found: SiteHabits, site: Site) -> dict[str, Any]:
    """The picture of the typical days with its table."""
    if found.typical is None:
        return {"kinds": [], "typical_rows": [], "typical_columns": []}
    kinds: list[dict[str, Any]] = [
        {
            "name": f"{'ABCD'[place]}: {when_in_words(kind)}",
            "days": kind.days,
            "mean_wh": kind.mean_day_wh,
            "kind": kind,
            "style": STYLES[place],
        }
        for place, kind in enumerate(found.typical.kinds)
    ]
    minutes = site.microgrid.interval_minutes
    per_hour = 60 / minutes
    labels = [f"{i * minutes // 60:02d}:{i * minutes % 60:02d}" for i in range(len(found.typical.kinds[0].course_wh))]
    picture = {
        "labels": labels,
        "unit": "W",
        "series": [
            {"name": k["name"], "colour": "use", "style": k["style"], "values": [round(v * per_hour) for v in k["kind"].course_wh]}
            for k in kinds
        ],
    }
    rows = [[label, *(f"{k['kind'].course_wh[i] * per_hour:.0f}" for k in kinds)] for i, label in enumerate(labels)]
    return {
        "kinds": kinds,
        "typical_picture": picture,
        "typical_rows": rows,
        "typical_columns": [_("Time"), *(f"{k['name']}, W" for k in kinds)],
    }


def _each_day(block: SiteDayBlock, found: SiteHabits) -> dict[str, Any]:
    """The picture of the last days, each by its sum."""
    totals = block.on_the_clock[0].sum(axis=1)
    there = [place for place in range(len(block.days)) if block.complete[0, place]]
    away = {day for first, last in found.absent for day in block.days if first <= day <= last}
    first, last = there[0], there[-1]
    span = range(first, last + 1)
    picture = {
        "labels": [block.days[i].isoformat() for i in span],
        "unit": "Wh",
        "dates": True,
        "series": [
            {
                "name": "used",
                "colour": "use",
                "bars": True,
                "values": [round(float(totals[i])) if block.complete[0, i] and block.days[i] not in away else None for i in span],
            },
            {
                "name": "away",
                "colour": "muted",
                "bars": True,
                "values": [round(float(totals[i])) if block.days[i] in away else None for i in span],
            },
        ],
    }
    rows = [[block.days[i].isoformat(), f"{totals[i] / 1000:.2f}"] for i in span if block.complete[0, i]]
    return {"days_picture": picture, "days_rows": rows, "days_columns": [_("Day"), _("Used, kWh")], "away": bool(away)}


@login_required
def comparison(request: HttpRequest) -> HttpResponse:
    """The site beside similar ones, of whom none can be told."""
    sites = own_sites_of(request)
    site = chosen_site(request, sites)
    if site is None:
        return _nothing_yet(request, sites)
    context = _context(request, sites, site, "comparison")
    try:
        found = site_comparison(site, today=today_of(site, timezone.now()))
    except (TooFewDays, TooFewOthers) as why:
        return render(request, "portal/comparison.html", context | {"why_not": str(why)})
    top = max(found.own_wh, found.others_wh) or 1
    top_base = max(found.own_base_w, found.others_base_w) or 1
    context |= {
        "found": found,
        "level": LEVELS[found.level],
        "plural": _("businesses") if site.kind == SiteKind.BUSINESS else _("households"),
        "percent": _difference(found.own_wh, found.others_wh),
        "base_percent": _difference(found.own_base_w, found.others_base_w),
        "bars": [
            (_("You"), found.own_wh, found.own_wh / top * 100, True),
            (_("Similar members"), found.others_wh, found.others_wh / top * 100, False),
        ],
        "base_bars": [
            (_("You"), found.own_base_w, found.own_base_w / top_base * 100, True),
            (_("Similar members"), found.others_base_w, found.others_base_w / top_base * 100, False),
        ],
    }
    return render(request, "portal/comparison.html", context)


@login_required
def tips(request: HttpRequest) -> HttpResponse:
    """What could be saved, with what it rests on."""
    sites = own_sites_of(request)
    site = chosen_site(request, sites)
    if site is None:
        return _nothing_yet(request, sites)
    found = site_tips(site, real_now=timezone.now(), words=WORDS.get((get_language() or "")[:2], ENGLISH))
    context = _context(request, sites, site, "tips") | {
        "found": found,
        "currency": site.microgrid.cooperative.currency,
        "sum_minor": sum(tip.money_minor for tip in found.tips if tip.per == "a year"),
    }
    return render(request, "portal/tips.html", context)


@login_required
def own_alarm_page(request: HttpRequest) -> HttpResponse:
    """The alarms that somebody set: see, set, take away."""
    user = user_of(request)
    sites = own_sites_of(request)
    site = chosen_site(request, sites)
    if site is None:
        return _nothing_yet(request, sites)
    if request.method == "POST":
        _set_alarm(request, sites)
        return redirect("own-alarms")
    rows = list(own_alarms(user).prefetch_related("hits"))
    words = own_alarm_words.WORDS.get((get_language() or "")[:2], own_alarm_words.ENGLISH)
    hits = sorted(
        (
            {"alarm": row, "day": hit.day, "order": row.pk, "text": words.sentence(AlarmKind(row.kind), hit.value, float(row.limit))}
            for row in rows
            for hit in row.hits.all()
        ),
        key=itemgetter("day", "order"),
        reverse=True,
    )[:SHOWN_HITS]
    mark_seen(user=user, kind=alarms.KIND, now=timezone.now())
    kinds = [(kind.value, KIND_NAMES[kind]) for kind in OwnAlarmKind]
    if not Source.objects.filter(site__in=[s.pk for s in sites]).exists():
        kinds = [(value, label) for value, label in kinds if value != OwnAlarmKind.ROOF_BELOW]
    context = _context(request, sites, site, "own-alarms") | {
        "alarms": [{"row": row, "unit": UNITS[OwnAlarmKind(row.kind)], "name": KIND_NAMES[OwnAlarmKind(row.kind)]} for row in rows],
        "hits": hits,
        "kinds": kinds,
        "limits": suggested_limits(site),
    }
    return render(request, "portal/own_alarms.html", context)


def suggested_limits(site: Site) -> dict[str, str]:
    """Limits a little above what is usual, so that an alarm means something; empty where nothing is known yet."""
    block = site_block(site, today=today_of(site, timezone.now()), most=31)
    found = site_habits(block) if block is not None else None
    if found is None or block is None:
        return {}
    return {
        "day": _("{kwh} kWh on a usual day").format(kwh=kilowatts(_mean_day(block))),
        "base": _("{watts} W day and night").format(watts=f"{found.habits.base_load_w:.0f}"),
    }


def _set_alarm(request: HttpRequest, sites: Sequence[Site]) -> None:
    user = user_of(request)
    site = next((s for s in sites if str(s.public_id) == request.POST.get("site")), None)
    kind = request.POST.get("kind", "")
    try:
        limit = Decimal(request.POST.get("limit", "").strip().replace(",", "."))
    except InvalidOperation:
        messages.error(request, _("Write the limit as a number, for example 12.5."))
        return
    if site is None or kind not in OwnAlarmKind.values or not limit.is_finite() or limit >= Decimal(10) ** 8:
        messages.error(request, _("Choose one of your sites, what to watch, and a limit."))
        return
    try:
        alarms.set_alarm(
            user=user,
            site=site,
            kind=OwnAlarmKind(kind),
            limit=limit.quantize(Decimal("0.01")),
            by_mail=request.POST.get("by_mail") == "on",
            now=timezone.now(),
        )
    except alarms.CannotSetAlarm as why:
        messages.error(request, str(why))
        return
    messages.success(request, _("Set. It is looked at each morning, when the day before is complete."))


@login_required
def take_away(request: HttpRequest, public_id: Any) -> HttpResponse:
    """Take an own alarm away."""
    user = user_of(request)
    if request.method == "POST":
        alarms.take_away(alarm=get_object_or_404(own_alarms(user), public_id=public_id))
        messages.success(request, _("Taken away."))
    return redirect("own-alarms")
