"""What is ahead: the village's use and production for everybody in it, a member's own for the member."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from numpy.typing import NDArray

from energy.models import ForecastModel, ForecastQuantity, ForecastRun, Meter, MeterForecast, Microgrid
from energy.models.meters import MeterKind
from energy.selectors.forecasts import Accuracy, accuracy, interval_starts_of, newest_course, tells_of_owner
from energy.selectors.metered_series import instant64, metered_series
from microgrid_site.pages.energy_pages import own_sites_of, visible_microgrid
from microgrid_site.pages.energy_tabs import csv_answer, energy_tabs
from microgrid_site.pages.insight_pages import chosen_site

QUANTITIES = (("consumption", gettext_lazy("Use")), ("production", gettext_lazy("Production")))
COLUMNS = [
    gettext_lazy("Hour"),
    gettext_lazy("At least, kWh"),
    gettext_lazy("Most likely, kWh"),
    gettext_lazy("At most, kWh"),
    gettext_lazy("Measured, kWh"),
]
EVEN = 0.02
RIGHT_SHARE, RIGHT_WITHIN = 0.8, 0.05


@login_required
def village_forecast(request: HttpRequest) -> HttpResponse:
    """The whole microgrid: sums that name nobody."""
    microgrid = visible_microgrid(request)
    quantity = _quantity(request)
    context = {"microgrid": microgrid, "quantity": quantity, "quantities": QUANTITIES}
    return _shown(request, "portal/village_forecast.html", microgrid, quantity, None, context)


@login_required
def own_forecast(request: HttpRequest) -> HttpResponse:
    """A member's own site: what it will use, and what its roof will give."""
    sites = own_sites_of(request)
    site = chosen_site(request, sites)
    if site is None:
        return render(request, "portal/energy_empty.html", {"has_sites": False})
    meters = {m.kind: m for m in Meter.objects.filter(site=site, removed_at__isnull=True).order_by("-pk")}
    quantities = [q for q, kind in zip(QUANTITIES, (MeterKind.SITE, MeterKind.SOURCE), strict=True) if kind in meters]
    quantity = _quantity(request) if len(quantities) > 1 else ForecastQuantity.CONSUMPTION
    kind = MeterKind.SOURCE if quantity == ForecastQuantity.PRODUCTION else MeterKind.SITE
    context = {
        "site": site,
        "sites": sites,
        "tabs": energy_tabs(sites, "own-forecast"),
        "quantity": quantity,
        "quantities": quantities if len(quantities) > 1 else [],
    }
    if not tells_of_owner(site, real_now=timezone.now()):
        # A forecast would tell of who had the site before.
        return render(request, "portal/own_forecast.html", context | {"picture": None, "is_new": True})
    return _shown(request, "portal/own_forecast.html", site.microgrid, quantity, meters.get(kind), context)


def _quantity(request: HttpRequest) -> str:
    wanted = request.GET.get("of", "")
    return wanted if wanted in ForecastQuantity.values else str(ForecastQuantity.CONSUMPTION)


def _shown(
    request: HttpRequest, template: str, microgrid: Microgrid, quantity: str, meter: Meter | None, context: dict[str, Any]
) -> HttpResponse:
    now = microgrid.now(timezone.now())
    course = newest_course(microgrid, quantity, meter, before=now)
    if course is None:
        return render(request, template, context | {"picture": None})
    run, band = course.run, course.band
    starts = interval_starts_of(run)
    actual = _measured(microgrid, quantity, meter, starts, now)
    rows = _by_hour(starts, band, actual)
    if request.GET.get("format") == "csv":
        return csv_answer(f"forecast-{quantity}", [str(column) for column in COLUMNS], rows)
    right = accuracy(microgrid, quantity, meter, before=now)
    first = sum(band.p50_wh[: _first_day(starts)])
    context |= {
        "run": run,
        "band": band,
        "picture": _picture(quantity, starts, band, actual, now),
        "rows": rows,
        "columns": COLUMNS,
        "today_wh": first,
        "tomorrow_wh": sum(band.p50_wh) - first,
        "day": starts[0].date(),
        "next_day": starts[-1].date(),
        "accuracy": right,
        "gain_size": abs(right.gain) if right else None,
        "origin": course.known_at.astimezone(microgrid.zone),
        "accuracy_words": _in_words(right),
        "band_words": _band_in_words(right),
        "models": _models(run, quantity),
        "peak": _peak(starts, band),
        "weather_words": _weather_in_words(run),
        "download": f"?of={quantity}&format=csv",
        "title": _("What the roofs will give") if quantity == "production" else _("What will be used"),
        "summary": _("The line is the most likely course, the band holds four of five quarter hours. What was measured is drawn solid."),
    }
    return render(request, template, context)


def _first_day(starts: Sequence[datetime]) -> int:
    return sum(start.date() == starts[0].date() for start in starts)


def _measured(microgrid: Microgrid, quantity: str, meter: Meter | None, starts: Sequence[datetime], now: datetime) -> NDArray[np.float64]:
    """What has been measured of the intervals foreseen up to now; NaN where nothing is."""
    days = sorted({start.date() for start in starts if start <= now}) or [starts[0].date()]
    found = metered_series(microgrid=microgrid, quantity=quantity, days=days)
    known = found.series.before(instant64(now)).values_wh
    if meter is None:
        row = known.sum(axis=0) if len(known) else np.zeros(0)
    else:
        row = known[found.meter_ids.index(meter.pk)] if meter.pk in found.meter_ids else np.zeros(0)
    result = np.full(len(starts), np.nan)
    result[: min(len(row), len(starts))] = row[: len(starts)]
    return result


def _picture(quantity: str, starts: Sequence[datetime], band: MeterForecast, actual: NDArray[np.float64], now: datetime) -> dict[str, Any]:
    inside = starts[0] <= now <= starts[-1]
    return {
        "starts": [start.isoformat() for start in starts],
        "low": band.p10_wh,
        "middle": band.p50_wh,
        "high": band.p90_wh,
        "actual": [None if np.isnan(value) else value for value in actual.tolist()],
        "colour": "solar" if quantity == "production" else "use",
        "now": max((s for s in starts if s <= now), default=starts[0]).isoformat() if inside else None,
    }


def _by_hour(starts: Sequence[datetime], band: MeterForecast, actual: NDArray[np.float64]) -> list[list[str]]:
    """The band by hour; ends of the band do not add up over time, so an hour shows the sum of its quarters' ends."""
    hours: dict[str, list[float]] = {}
    for i, start in enumerate(starts):
        sums = hours.setdefault(f"{start:%a %H}:00", [0.0] * 4)
        for place, value in enumerate((band.p10_wh[i], band.p50_wh[i], band.p90_wh[i], actual[i])):
            sums[place] += value
    return [[hour, *("" if np.isnan(v) else f"{v / 1000:.2f}" for v in sums)] for hour, sums in hours.items()]


def _peak(starts: Sequence[datetime], band: MeterForecast) -> tuple[datetime, float] | None:
    """When the first day's highest interval is most likely, and its power [W]."""
    middle = band.p50_wh[: _first_day(starts)]
    if not middle or not max(middle):
        return None
    place = middle.index(max(middle))
    return starts[place], middle[place] * 60 / band.run.interval_minutes


def _in_words(found: Accuracy | None) -> str:
    """How right the forecasts were, beside habit."""
    if found is None:
        return _("How right it is shows after the first day that is over.")
    days = _("the last {days} days").format(days=found.days) if found.days > 1 else _("the only day scored so far")
    if found.habit_wh is None:
        return _("Over {days}; there is no habit yet to compare with.").format(days=days)
    if abs(found.gain) < EVEN:
        return _("Over {days} about as wrong as the best plain guess: the same as yesterday, last week, or like days.").format(days=days)
    if found.gain < -1:
        return _("Over {days} more than twice as wrong as the best plain guess: too little is learned yet.").format(days=days)
    said = (
        _("Over {days} {percent} less wrong than the best plain guess: the same as yesterday, last week, or like days.")
        if found.gain > 0
        else _("Over {days} {percent} more wrong than the best plain guess: the same as yesterday, last week, or like days.")
    )
    return said.format(days=days, percent=f"{abs(found.gain) * 100:.0f} %")


def _band_in_words(found: Accuracy | None) -> str:
    if found is None:
        return ""
    if abs(found.coverage - RIGHT_SHARE) <= RIGHT_WITHIN:
        said = _("{share} of 100 quarter hours lay within the band; 80 should.")
    elif found.coverage < RIGHT_SHARE:
        said = _("{share} of 100 quarter hours lay within the band; 80 should: it is too narrow.")
    else:
        said = _("{share} of 100 quarter hours lay within the band; 80 should: it is wider than it need be.")
    return said.format(share=f"{found.coverage * 100:.0f}")


def _models(run: ForecastRun, quantity: str) -> ForecastModel | None:
    found: ForecastModel | None = run.made_by.filter(quantity=quantity).first()
    return found


def _weather_in_words(run: ForecastRun) -> str:
    if run.weather.startswith("nobody foretold"):
        return _("No weather forecast is connected: it rests on a clear sky's course and on what was measured.")
    return _("Weather: {source}.").format(source=run.weather)
