"""A holder's page on a common plant: the own part by date, what the plant made, where the part went and what it earned."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from billing.models import Document, DocumentKind
from energy.models import Site
from grid.models import PlantShare
from grid.selectors.member_energy import last_closed_day
from grid.selectors.plant_yield import PlantYield, parts_held, plant_yield
from kernel.intervals import CannotReadPeriod, Month
from members.models import Member
from members.selectors.scope import own_members, user_of
from microgrid_site.pages.energy_pages import own_sites_of
from microgrid_site.pages.energy_tabs import csv_answer, energy_tabs
from microgrid_site.templatetags.portal import energy, month_name

A_DAY = timedelta(days=1)
CREDITS_SHOWN = 12


@dataclass(frozen=True, slots=True)
class PartLine:
    """A part from a day on up to and with `last_day`; None: until further notice."""

    share: PlantShare
    last_day: date | None
    percent: float
    holders: int
    is_now: bool


@login_required
@require_safe
def own_plant(request: HttpRequest) -> HttpResponse:
    """A month of a common plant; the first of several unless another is chosen."""
    members = list(own_members(user_of(request)))
    shares = list(parts_held(members))
    plants = list({share.division.plant_id: share.division.plant for share in shares}.values())
    context: dict[str, Any] = {"tabs": energy_tabs(own_sites_of(request), "own-plant"), "plants": plants}
    if not plants:
        return render(request, "portal/plant_empty.html", context)
    plant = next((p for p in plants if str(p.public_id) == request.GET.get("plant")), plants[0])
    held = [share for share in shares if share.division.plant_id == plant.pk]
    month, before, after = _month(request.GET.get("month"), plant, held)
    found = plant_yield(plant=plant, members=members, days=[day for day in month.days() if _holds(held, day)])
    columns = [
        _("Day"),
        _("Fed in, kWh"),
        _("Your part, kWh"),
        _("Used by you, kWh"),
        _("To neighbours, kWh"),
        _("To the public grid, kWh"),
    ]
    rows = [[day.isoformat(), *(f"{wh / 1000:.2f}" for wh in found.of(i))] for i, day in enumerate(found.days)]
    if request.GET.get("format") == "csv":
        return csv_answer(f"{plant.code}-{month}", columns, rows)
    context |= {
        "plant": plant,
        "lines": _lines(held, last_closed_day(plant.microgrid)),
        "month": month.first_day,
        "before": before,
        "after": after,
        "days": found.days,
        "fed_in_wh": int(found.fed_in_wh.sum()),
        "part_wh": int(found.part_wh.sum()),
        "used_wh": int(found.used_wh.sum()),
        "sold_wh": int(found.sold_wh.sum()),
        "exported_wh": int(found.exported_wh.sum()),
        "picture": _picture(found),
        "rows": rows,
        "columns": columns,
        "summary": _summary(found, month),
        "several": len(members) > 1,
        "download": f"?plant={plant.public_id}&month={month}&format=csv",
        "currency": plant.microgrid.cooperative.currency,
        **_earned(plant, members, month),
    }
    return render(request, "portal/plant.html", context)


def _holds(held: Sequence[PlantShare], day: date) -> bool:
    divisions = (share.division for share in held)
    return any(one.valid_from <= day and (one.valid_to is None or day < one.valid_to) for one in divisions)


def _month(asked: str | None, plant: Site, held: Sequence[PlantShare]) -> tuple[Month, str | None, str | None]:
    """The month asked for within those of the parts, and addresses of the ones before and after."""
    begins = min(share.division.valid_from for share in held)
    newest = max(last_closed_day(plant.microgrid) or begins, begins)
    first, last = Month(begins.year, begins.month), Month(newest.year, newest.month)
    try:
        wanted = min(max(Month.parse(asked or ""), first), last)
    except CannotReadPeriod:
        wanted = last

    def link(month: Month) -> str:
        return f"?plant={plant.public_id}&month={month}"

    before = link(wanted.previous) if wanted > first else None
    return wanted, before, link(wanted.next) if wanted < last else None


def _lines(held: Sequence[PlantShare], closed: date | None) -> list[PartLine]:
    """Own parts by date, newest first; the one that holds now is marked."""
    return [
        PartLine(
            share,
            None if share.division.valid_to is None else share.division.valid_to - A_DAY,
            share.millionths / 10_000,
            share.division.shares.count(),
            share.division.valid_to is None and (closed is None or share.division.valid_from <= closed),
        )
        for share in held
    ]


def _picture(found: PlantYield) -> dict[str, Any]:
    """One's part day by day, stacked by where it went."""
    places = (
        (_("used by you"), "use", found.used_wh),
        (_("to neighbours"), "shared", found.sold_wh),
        (_("to the public grid"), "public", found.exported_wh),
    )
    series = [
        {"name": name, "colour": colour, "bars": True, "stack": "part", "values": values.tolist()}
        for name, colour, values in places
        if values.any()
    ]
    return {"labels": [day.isoformat() for day in found.days], "dates": True, "unit": "Wh", "series": series}


def _summary(found: PlantYield, month: Month) -> str:
    return _("In {month} your part was {part}: {used} you used, {sold} went to neighbours, {exported} to the public grid.").format(
        month=month_name(month.first_day),
        part=_words(found.part_wh),
        used=_words(found.used_wh),
        sold=_words(found.sold_wh),
        exported=_words(found.exported_wh),
    )


def _words(values: Any) -> str:
    """A sum as text without marks, for a chart's summary."""
    return str(energy(int(values.sum()))).replace("<small>", "").replace("</small>", "")


def _earned(plant: Site, members: Sequence[Member], month: Month) -> dict[str, Any]:
    """What was credited for the parts: in the month shown, and the newest documents."""
    documents = Document.objects.standing().filter(site=plant, member__in=members, kind=DocumentKind.CREDIT)
    of_month = documents.filter(period=month.number)
    amounts = list(of_month.values_list("gross_minor", flat=True))
    newest = list(documents.order_by("-period", "-first_day", "-pk")[:CREDITS_SHOWN])
    return {"credited_minor": sum(amounts) if amounts else None, "credits": newest}
