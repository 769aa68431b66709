"""Pages about energy: they show facts and shares together, so they span two rooms."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from energy.domain.ownership import SeenDays
from energy.models import Microgrid, Site
from energy.selectors.coverage import covered_days
from energy.selectors.ownership import own_days, sites_had
from energy.selectors.scope import visible_microgrids
from grid.domain.indicators import CO2_GRID_G_PER_KWH
from grid.selectors.indicators import A_YEAR, first_closed_day, monthly_indicators, reliability_over
from grid.selectors.member_energy import MemberEnergy, joined, last_closed_day, member_energy, stretches, village_day, village_sums
from grid.selectors.plant_yield import parts_held
from grid.selectors.source_mix import SourceMix, source_mix
from kernel.intervals import Month
from members.selectors.scope import own_members, user_of
from microgrid_site.pages.energy_tabs import energy_tabs
from microgrid_site.templatetags.portal import kilowatts

A_DAY = timedelta(days=1)
SPANS = (("day", gettext_lazy("Day")), ("week", gettext_lazy("Week")), ("month", gettext_lazy("Month")))


def own_sites_of(request: HttpRequest) -> list[Site]:
    """The sites of the members for whom the user acts."""
    members = own_members(user_of(request))
    return list(Site.objects.filter(member__in=members).select_related("microgrid").order_by("code"))


@dataclass(frozen=True, slots=True)
class OwnHistory:
    """The sites that are or were the user's own, in the microgrid of the first of them, and of each the days on which it was."""

    sites: list[Site]
    seen: dict[int, SeenDays]

    @classmethod
    def of(cls, request: HttpRequest) -> "OwnHistory":
        """Sites of today before those of once."""
        user = user_of(request)
        found = {site.pk: site for site in (*own_sites_of(request), *sites_had(user))}
        sites = list(found.values())
        here = [site for site in sites if site.microgrid_id == sites[0].microgrid_id]
        return cls(here, own_days(user, here))

    def covered(self) -> tuple[date, date] | None:
        """The first and last day with readings that are the user's own; None where there are none."""
        found = covered_days(self.sites) if self.sites else None
        if found is None:
            return None
        cuts = [cut for site in self.sites for cut in self.seen[site.pk].cut(found[0], found[1] + A_DAY)]
        return (min(first for first, _ in cuts), max(after for _, after in cuts) - A_DAY) if cuts else None

    def energy(self, days: Sequence[date]) -> tuple[MemberEnergy, SourceMix]:
        """What was used and where it came from, each site on its own days."""
        parts, mix, microgrid = [], SourceMix(0, 0, 0, 0, 0), self.sites[0].microgrid
        for within, sites in stretches(self.sites, self.seen, days):
            part = member_energy(microgrid=microgrid, sites=sites, days=within)
            parts.append(part)
            mix = mix.plus(
                source_mix(microgrid=microgrid, sites=sites, days=within, received_wh=part.received_wh, from_grid_wh=part.from_grid_wh)
            )
        return joined(parts), mix


def chosen_day(text: str | None, first: date, last: date) -> date:
    """The day asked for, within the days there are."""
    try:
        wanted = date.fromisoformat(text or "")
    except ValueError:
        wanted = last
    return min(max(wanted, first), last)


def days_of(span: str, day: date, first: date, last: date) -> list[date]:
    """The days of a span around a day, within the days there are."""
    if span == "month":
        days = Month(day.year, day.month).days()
    elif span == "week":
        monday = day - timedelta(days=day.weekday())
        days = [monday + timedelta(days=i) for i in range(7)]
    else:
        days = [day]
    return [d for d in days if first <= d <= last]


def steps(span: str, day: date, first: date, last: date) -> dict[str, str | None]:
    """Addresses of the span before and after; None at the ends."""
    before = {"day": day - timedelta(days=1), "week": day - timedelta(weeks=1), "month": day.replace(day=1) - timedelta(days=1)}
    after = {"day": day + timedelta(days=1), "week": day + timedelta(weeks=1), "month": Month(day.year, day.month).next.first_day}

    def link(wanted: date, there: bool) -> str | None:
        return "?" + urlencode({"span": span, "day": wanted.isoformat()}) if there else None

    return {
        "before": link(before[span], days_of(span, before[span], first, last) != []),
        "after": link(after[span], days_of(span, after[span], first, last) != []),
    }


def day_rows(picture: dict[str, Any]) -> list[list[str]]:
    """The day picture as a table, by hour."""
    rows: dict[str, list[int]] = {}
    for i, start in enumerate(picture["starts"]):
        sums = rows.setdefault(f"{start[11:13]}:00", [0, 0, 0, 0])
        for place, name in enumerate(("production", "consumption", "received", "delivered")):
            sums[place] += picture[name][i]
    return [[hour, *(f"{value / 1000:.2f}" for value in sums)] for hour, sums in rows.items()]


@login_required
def energy(request: HttpRequest) -> HttpResponse:
    """A member's energy: a day as the signature picture, a week or month as bars."""
    history = OwnHistory.of(request)
    sites, covered = own_sites_of(request), history.covered()
    if covered is None:
        if not sites and parts_held(own_members(user_of(request))).exists():
            return redirect("own-plant")
        return render(request, "portal/energy_empty.html", {"has_sites": bool(sites)})
    first, last = covered
    microgrid = history.sites[0].microgrid
    newest = last_closed_day(microgrid) or last
    day = chosen_day(request.GET.get("day") or newest.isoformat(), first, last)
    span = request.GET.get("span") if request.GET.get("span") in dict(SPANS) else "day"
    days = days_of(str(span), day, first, last)
    mine, mix = history.energy(days)
    picture = mine.day_picture(microgrid, days[0]) if span == "day" else mine.month_picture()
    used, received = int(mine.energy.consumption_wh.sum()), int(mine.received_wh.sum())
    context = {
        "tabs": energy_tabs(sites, "energy"),
        "span": span,
        "spans": SPANS,
        "day": day,
        "days": days,
        "picture": picture,
        "sites": sites,
        "used_wh": used,
        "produced_wh": int(mine.energy.production_wh.sum()),
        "received_wh": received,
        "delivered_wh": int(mine.delivered_wh.sum()),
        "grid_wh": int(mine.from_grid_wh.sum()),
        "mix": mix,
        "co2_kg": mix.carbon_wh * CO2_GRID_G_PER_KWH / 1_000_000,
        "factor": CO2_GRID_G_PER_KWH,
        "exported_wh": int((mine.energy.export_wh - mine.delivered_wh).sum()),
        "all_measured": bool(mine.energy.measured.all()),
        "final": bool(mine.energy.final.all()),
        "rows": day_rows(picture) if span == "day" else month_rows(picture),
        **steps(str(span), day, first, last),
        "columns": [_("Hour"), _("Produced, kWh"), _("Used, kWh"), _("From neighbours, kWh"), _("To neighbours, kWh")]
        if span == "day"
        else [_("Day"), _("From neighbours, kWh"), _("From the public grid, kWh"), _("Own roof, kWh"), _("Produced, kWh")],
        "summary": _("You used {used} kWh, {received} kWh of it came from neighbours.").format(
            used=kilowatts(used), received=kilowatts(received)
        ),
    }
    return render(request, "portal/energy.html", context)


def month_rows(picture: dict[str, Any]) -> list[list[str]]:
    """Days as a table."""
    columns = ("received", "grid", "own", "production")
    return [[day, *(f"{picture[name][i] / 1000:.2f}" for name in columns)] for i, day in enumerate(picture["days"])]


def visible_microgrid(request: HttpRequest) -> Microgrid:
    """The microgrid the user belongs to; the first of several."""
    microgrid = visible_microgrids(user_of(request)).select_related("cooperative").first()
    if microgrid is None:
        raise Http404
    return microgrid


@login_required
def village(request: HttpRequest) -> HttpResponse:
    """What the village did together: sums that name nobody."""
    microgrid = visible_microgrid(request)
    last = last_closed_day(microgrid)
    if last is None:
        return render(request, "portal/village_empty.html", {"microgrid": microgrid})
    day = chosen_day(request.GET.get("day"), date(1970, 1, 1), last)
    picture = village_day(microgrid, day)
    month = [d for d in Month(day.year, day.month).days() if d <= last]
    now = microgrid.now(timezone.now())
    began = max(microgrid.local_day(first_closed_day(microgrid) or last).start_at, now - A_YEAR)
    context = {
        "indicators": next(iter(monthly_indicators(microgrid, Month(day.year, day.month), months=1)), None),
        "factor": CO2_GRID_G_PER_KWH,
        "supply": reliability_over(microgrid, began, now, with_planned=True),
        "since": began,
        "zone": microgrid.zone,
        "microgrid": microgrid,
        "day": day,
        "picture": picture,
        "sums": village_sums(microgrid, month),
        "month": month[0],
        "rows": day_rows(picture) if picture else [],
        "columns": [_("Hour"), _("Produced, kWh"), _("Used, kWh"), _("From neighbours, kWh"), _("To neighbours, kWh")],
        "before": f"?day={day - timedelta(days=1)}",
        "after": f"?day={day + timedelta(days=1)}" if day < last else None,
    }
    return render(request, "portal/village.html", context)
