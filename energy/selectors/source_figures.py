"""Figures and courses of sources for pages, API and the chain: computed once a day, kept in the cache until readings change."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import numpy as np
from django.core.cache import cache
from django.db.models import Max, Min

from energy.models import Channel, MeterDay, Microgrid, Source
from energy.selectors.ownership import theirs_since_of
from energy.selectors.source_performance import LONGEST_DAYS, SourceFigures, SourceRecord, source_figures, source_record

FIGURE_DAYS = 30
KEPT_S = 6 * 3600
FORM = 1


@dataclass(frozen=True, slots=True)
class SourceCourse:
    """One source's figures with the courses that are drawn.

    Attributes:
        figures: see SourceFigures.
        days: all days looked at.
        efficiency: per day, energy over clear-sky energy; None where the day was not wholly measured.
        clear: per day, whether it was clear.
        day: the newest wholly measured day; its starts (local, ISO), Wh by interval, and what a clear sky would have
            given at the usual performance ratio.
    """

    figures: SourceFigures
    days: list[date]
    efficiency: list[float | None]
    clear: list[bool]
    day: date | None
    starts: list[str]
    production_wh: list[int]
    clear_wh: list[int]


def production_days(microgrid: Microgrid, *, before: date) -> tuple[list[date], str]:
    """The days with production up to the newest final one before `before`, without holes, and a stamp of their versions."""
    rows = MeterDay.objects.filter(
        microgrid_id=microgrid.pk,
        channel=Channel.PRODUCTION,
        is_current=True,
        day__lt=before,
        day__gte=before - timedelta(days=LONGEST_DAYS),
    )
    found = rows.aggregate(first=Min("day"), last=Max("day"), changed=Max("changed_at"))
    if found["first"] is None:
        return [], ""
    count = (found["last"] - found["first"]).days + 1
    return [found["first"] + timedelta(days=i) for i in range(count)], found["changed"].isoformat()


def source_courses(*, microgrid: Microgrid, now: datetime) -> list[SourceCourse]:
    """The courses of all sources of a microgrid, by code; empty before the first day with production."""
    today = now.astimezone(microgrid.zone).date()
    days, stamp = production_days(microgrid, before=today)
    if not days:
        return []
    key = f"sources:{FORM}:{microgrid.pk}:{today}:{stamp}"
    courses: list[SourceCourse] | None = cache.get(key)
    if courses is None:
        record = source_record(microgrid=microgrid, days=days)
        courses = [_course(record, row, figures, microgrid) for row, figures in enumerate(source_figures(record, microgrid=microgrid))]
        cache.set(key, courses, KEPT_S)
    fresh = Source.objects.select_related("meter", "site__member", "site__microgrid__cooperative").in_bulk(
        [course.figures.source.pk for course in courses]
    )
    current = [
        replace(course, figures=replace(course.figures, source=fresh[course.figures.source.pk]))
        for course in courses
        if course.figures.source.pk in fresh
    ]
    return sorted(current, key=lambda course: course.figures.source.code)


def courses_of(sources: Sequence[Source], *, real_now: datetime) -> list[SourceCourse]:
    """The courses of some sources, by the clocks of their microgrids."""
    wanted = {source.pk for source in sources}
    microgrids = {source.site.microgrid_id: source.site.microgrid for source in sources}
    return [
        course
        for microgrid in microgrids.values()
        for course in source_courses(microgrid=microgrid, now=microgrid.now(real_now))
        if course.figures.source.pk in wanted
    ]


def own_courses_of(sources: Sequence[Source], *, real_now: datetime) -> list[SourceCourse]:
    """The same for those whose plants they are: nothing of the days before the site was theirs.

    How a plant lies, ages and soils is the plant's and goes along; its energy is shown from thirty days after the move on.
    """
    since = theirs_since_of({source.site_id for source in sources})
    courses = courses_of(sources, real_now=real_now)
    return [own for course in courses if (own := _since(course, since.get(course.figures.source.site_id)))]


def _since(course: SourceCourse, since: date | None) -> SourceCourse | None:
    """A course without its days before a day; None where the figures still rest on some of them."""
    if since is None:
        return course
    if course.days[-1] - timedelta(days=FIGURE_DAYS) < since or (course.day is not None and course.day < since):
        return None
    first = sum(day < since for day in course.days)
    outages = tuple(outage for outage in course.figures.outages if outage.start_at.date() >= since)
    return replace(
        course,
        figures=replace(course.figures, outages=outages),
        days=course.days[first:],
        efficiency=course.efficiency[first:],
        clear=course.clear[first:],
    )


def _course(record: SourceRecord, row: int, figures: SourceFigures, microgrid: Microgrid) -> SourceCourse:
    efficiency = record.daily.efficiency[row]
    whole = np.flatnonzero(record.whole[row])
    shared = {
        "figures": figures,
        "days": record.days,
        "efficiency": [round(float(v), 4) if np.isfinite(v) else None for v in efficiency],
        "clear": record.daily.clear[row].tolist(),
    }
    if not len(whole):
        return SourceCourse(**shared, day=None, starts=[], production_wh=[], clear_wh=[])
    newest = int(whole[-1])
    span = slice(int(record.block.offsets[newest]), int(record.block.offsets[newest + 1]))
    full_wh = figures.source.capacity_w * microgrid.interval_minutes / 60
    clear_wh = record.clear_w_m2[row, span] / 1000 * full_wh * (figures.performance_ratio or 0.0)
    return SourceCourse(
        **shared,
        day=record.days[newest],
        starts=[start.isoformat() for start in microgrid.local_day(record.days[newest]).local_starts()],
        production_wh=record.block.values_wh[row, span].tolist(),
        clear_wh=np.rint(clear_wh).astype(int).tolist(),
    )
