"""Pages about sources: one's own roof, the operators' ranking, and work orders."""

from datetime import datetime
from operator import attrgetter
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework.generics import get_object_or_404

from billing.selectors.savings import energy_values
from energy.models import MaintenancePlan, Microgrid, Source, WorkKind, WorkOrder
from energy.models.maintenance import UNFINISHED
from energy.selectors.scope import visible_orders, visible_sources
from energy.selectors.source_figures import SourceCourse, own_courses_of, source_courses
from energy.services import maintenance
from kernel.money import minor_from_wh_micro, round_half_away
from members.models import Cooperative, Role
from members.selectors.scope import cooperatives_served, has_role, user_of
from members.services.access import record_look
from microgrid_site.pages.energy_pages import own_sites_of
from microgrid_site.pages.energy_tabs import csv_answer, energy_tabs

SHOWN_OUTAGES = 8
SHOWN_DONE = 6
COMPASS = (
    gettext_lazy("north"),
    gettext_lazy("north-east"),
    gettext_lazy("east"),
    gettext_lazy("south-east"),
    gettext_lazy("south"),
    gettext_lazy("south-west"),
    gettext_lazy("west"),
    gettext_lazy("north-west"),
)


def worth_minor(energy_wh: int, value_micro: int | None) -> int | None:
    """What energy is worth; None where no prices are published."""
    return None if value_micro is None else round_half_away(minor_from_wh_micro(energy_wh * value_micro))


def facing(azimuth_deg: float) -> str:
    """The direction in words."""
    return str(COMPASS[round(azimuth_deg / 45) % 8])


@login_required
def own_source(request: HttpRequest) -> HttpResponse:
    """A producer's roof; the first of several unless another is chosen."""
    sites = own_sites_of(request)
    sources = list(
        Source.objects.filter(site__in=[site.pk for site in sites])
        .select_related("site__member", "site__microgrid__cooperative")
        .order_by("code")
    )
    if not sources:
        return render(request, "portal/source_empty.html", {"tabs": energy_tabs(sites, "own-source")})
    source = next((s for s in sources if str(s.public_id) == request.GET.get("source")), sources[0])
    context = {"tabs": energy_tabs(sites, "own-source"), "sources": sources, "is_own": True}
    return _source_page(request, source, context)


@login_required
def source(request: HttpRequest, public_id: Any) -> HttpResponse:
    """One source for the cooperative's staff; the look is written down."""
    user = user_of(request)
    found = get_object_or_404(visible_sources(user), public_id=public_id)
    record_look(user=user, member=found.site.member, what="source", subject=found.code, now=timezone.now())
    return _source_page(request, found, {"sources": [found], "is_own": False})


def _source_page(request: HttpRequest, found: Source, context: dict[str, Any]) -> HttpResponse:
    user = user_of(request)
    courses = own_courses_of([found], real_now=timezone.now())
    orders = list(visible_orders(user).filter(source=found))
    context |= {
        "source": found,
        "course": courses[0] if courses else None,
        "orders": [order for order in orders if order.state in UNFINISHED],
        "done": sorted(filter(attrgetter("done_at"), orders), key=attrgetter("done_at"), reverse=True)[:SHOWN_DONE],
        "plans": MaintenancePlan.objects.filter(source=found, is_active=True).order_by("work"),
        "works": WorkKind.choices,
        "may_work": has_role(user, found.site.microgrid.cooperative, Role.OPERATOR),
        "currency": found.site.microgrid.cooperative.currency,
    }
    if courses:
        context |= _figures(courses[0], found.site.microgrid)
    if request.GET.get("format") == "csv" and courses:
        return csv_answer("performance", context["trend_columns"], context["trend_rows"])
    return render(request, "portal/source.html", context)


def _figures(course: SourceCourse, microgrid: Microgrid) -> dict[str, Any]:
    """What the page of a source shows: figures in words, the newest day, the trend."""
    figures = course.figures
    value = energy_values(microgrid, [course]).get(figures.source.pk)
    trend_rows = [
        [day.isoformat(), "" if e is None else f"{e * 100:.1f}", "yes" if clear else ""]
        for day, e, clear in zip(course.days, course.efficiency, course.clear, strict=True)
    ]
    known = [None if e is None else round(e * 100, 1) for e in course.efficiency]
    return {
        "figures": figures,
        "lost_minor": worth_minor(figures.lost_wh, value),
        "cleaning_minor": worth_minor(figures.cleaning_wh, value),
        "repair_minor": worth_minor(figures.repair_wh, value),
        "outages": list(reversed(figures.outages))[:SHOWN_OUTAGES],
        "facing": facing(figures.plane.azimuth_deg) if figures.plane else "",
        "zone": microgrid.zone,
        "day_picture": {
            "labels": [start[11:16] for start in course.starts],
            "unit": "Wh",
            "hours": True,
            "series": [
                {"name": _("produced"), "colour": "solar", "fill": "solar-fill", "values": course.production_wh},
                {"name": _("clear sky"), "colour": "muted", "style": "dashed", "values": course.clear_wh},
            ],
        },
        "day_rows": _by_hour(course),
        "day_columns": [_("Hour"), _("Produced, kWh"), _("Clear sky, kWh")],
        "trend_picture": {
            "labels": [day.isoformat() for day in course.days],
            "unit": "%",
            "dates": True,
            "series": [
                {"name": _("every day"), "colour": "solar-fill", "bars": True, "values": known},
                {
                    "name": _("clear days"),
                    "colour": "solar",
                    "points": True,
                    "values": [v if clear else None for v, clear in zip(known, course.clear, strict=True)],
                },
            ],
        },
        "trend_rows": trend_rows,
        "trend_columns": [_("Day"), _("Of a clear sky, %"), _("Clear day")],
    }


def _by_hour(course: SourceCourse) -> list[list[str]]:
    sums: dict[str, list[int]] = {}
    for start, made, clear in zip(course.starts, course.production_wh, course.clear_wh, strict=True):
        row = sums.setdefault(f"{start[11:13]}:00", [0, 0])
        row[0] += made
        row[1] += clear
    return [[hour, f"{made / 1000:.2f}", f"{clear / 1000:.2f}"] for hour, (made, clear) in sums.items()]


def _microgrid_of(request: HttpRequest) -> Microgrid:
    """The microgrid whose sources the user looks after; 404 for everybody else."""
    user = user_of(request)
    served = cooperatives_served(user, Role.OPERATOR, Role.AUDITOR, Role.SUPPORT)
    microgrid = Microgrid.objects.filter(cooperative__in=served).select_related("cooperative").order_by("pk").first()
    if microgrid is None:
        raise Http404
    return microgrid


@login_required
def ranking(request: HttpRequest) -> HttpResponse:
    """All sources by what looking after them would bring, with the work orders."""
    user = user_of(request)
    microgrid = _microgrid_of(request)
    courses = source_courses(microgrid=microgrid, now=microgrid.now(timezone.now()))
    values = energy_values(microgrid, courses)
    rows = sorted((_row(course, values.get(course.figures.source.pk)) for course in courses), key=_worst_first)
    orders = visible_orders(user).filter(source__site__microgrid=microgrid, state__in=UNFINISHED)
    columns = ["Source", "Site", "Performance ratio, %", "Lost in 30 days, kWh", "Cleaning brings, kWh", "Repair brings, kWh", "Worth"]
    table = [
        [
            r["source"].code,
            r["source"].site.name,
            _percent(r["figures"].performance_ratio),
            f"{r['figures'].lost_wh / 1000:.1f}",
            f"{r['figures'].cleaning_wh / 1000:.1f}",
            f"{r['figures'].repair_wh / 1000:.1f}",
            "" if r["gain_minor"] is None else f"{r['gain_minor'] / 100:.2f}",
        ]
        for r in rows
    ]
    if request.GET.get("format") == "csv":
        return csv_answer("sources", columns, table)
    context = {
        "microgrid": microgrid,
        "rows": rows,
        "orders": orders,
        "currency": microgrid.cooperative.currency,
        "today": microgrid.now(timezone.now()).astimezone(microgrid.zone).date(),
        "may_work": _may_work(user, microgrid.cooperative),
        "newest": courses[0].figures.newest_day if courses else None,
        "gain_wh": sum(r["figures"].gain_wh for r in rows),
        "lost_wh": sum(r["figures"].lost_wh for r in rows),
        "gain_minor": sum(r["gain_minor"] or 0 for r in rows) if values else None,
        "off": sum(1 for r in rows if any(not outage.is_over for outage in r["figures"].outages)),
        "table_rows": table,
        "table_columns": columns,
        "picture": {
            "labels": [r["source"].code for r in rows],
            "unit": "%",
            "names": True,
            "series": [
                {
                    "name": "performance ratio on clear days",
                    "colour": "solar",
                    "bars": True,
                    "values": [
                        None if r["figures"].performance_ratio is None else round(r["figures"].performance_ratio * 100, 1) for r in rows
                    ],
                }
            ],
        },
    }
    return render(request, "portal/sources.html", context)


def _may_work(user: Any, cooperative: Cooperative) -> bool:
    return has_role(user, cooperative, Role.OPERATOR)


def _percent(share: float | None) -> str:
    return "" if share is None else f"{share * 100:.1f}"


def _row(course: SourceCourse, value: int | None) -> dict[str, Any]:
    figures = course.figures
    going_on = [outage for outage in figures.outages if not outage.is_over]
    return {
        "source": figures.source,
        "figures": figures,
        "gain_minor": worth_minor(figures.gain_wh, value),
        "off": next((outage for outage in going_on if outage.kind == "off"), None),
        "reduced": bool(going_on),
    }


def _worst_first(row: dict[str, Any]) -> tuple[int, int, str]:
    figures = row["figures"]
    return (-figures.gain_wh, -figures.lost_wh, figures.source.code)


@login_required
def add_order(request: HttpRequest, public_id: Any) -> HttpResponse:
    """Make a work order by hand."""
    user = user_of(request)
    found = get_object_or_404(visible_sources(user), public_id=public_id)
    if request.method == "POST":
        _require_operator(user, found)
        due_date, work = _date(request.POST.get("due_date")), request.POST.get("work", "")
        if due_date is None or work not in WorkKind.values:
            messages.error(request, "Choose the work and the day until when it is due.")
        else:
            maintenance.add_order(
                source=found,
                work=WorkKind(work),
                reason=request.POST.get("reason", "").strip()[:240] or "By hand.",
                due_date=due_date.date(),
                now=found.site.microgrid.now(timezone.now()),
            )
            messages.success(request, "The work order is made.")
    return redirect("source", public_id=public_id)


@login_required
def change_order(request: HttpRequest, public_id: Any) -> HttpResponse:
    """Plan, begin, finish or cancel a work order."""
    user = user_of(request)
    order = get_object_or_404(visible_orders(user), public_id=public_id)
    if request.method == "POST":
        _require_operator(user, order.source)
        try:
            messages.success(request, _step(request, order))
        except maintenance.CannotChangeOrder as why:
            messages.error(request, str(why))
    if request.POST.get("back") == "sources":
        return redirect("sources")
    return redirect("source", public_id=order.source.public_id)


def _require_operator(user: Any, found: Source) -> None:
    if not has_role(user, found.site.microgrid.cooperative, Role.OPERATOR):
        raise Http404


def _step(request: HttpRequest, order: WorkOrder) -> str:
    user = user_of(request)
    microgrid = order.source.site.microgrid
    now, note = microgrid.now(timezone.now()), request.POST.get("note", "").strip()
    step = request.POST.get("step")
    if step == "finish":
        maintenance.finish_order(order=order, user=user, note=note, now=now)
        return f"{order} is done; the source is active."
    if step == "start":
        maintenance.start_order(order=order, now=now)
        return f"{order} has begun; the source is in maintenance."
    if step == "cancel":
        maintenance.cancel_order(order=order, note=note)
        return f"{order} is cancelled."
    start_at, end_at = (_date(request.POST.get(name)) for name in ("start_at", "end_at"))
    if start_at is None or end_at is None:
        raise maintenance.CannotChangeOrder("Say when the work begins and when it ends.")
    percent = request.POST.get("available_percent", "0")
    maintenance.plan_order(
        order=order,
        start_at=start_at.replace(tzinfo=microgrid.zone),
        end_at=end_at.replace(tzinfo=microgrid.zone),
        available_percent=min(int(percent), 100) if percent.isdigit() else 0,
        assigned_to=request.POST.get("assigned_to", "").strip()[:120],
    )
    return f"{order} is planned; forecasts count with it."


def _date(text: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(text or "")
    except ValueError:
        return None
