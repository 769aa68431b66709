"""A site's habits, and how it stands beside similar ones: for pages and API."""

from dataclasses import dataclass
from datetime import date, datetime

import numpy as np

from energy.domain.comparison import Comparison, Traits, compare, size_band
from energy.domain.load_patterns import (
    BASE_QUANTILE,
    CarSignature,
    Habits,
    HeatSignature,
    TypicalDays,
    absences,
    car_signature,
    habits,
    heat_signature,
    typical_days,
)
from energy.models import Microgrid, Site, Source
from energy.models.sites import SiteKind
from energy.selectors.outdoor import daily_temperature_c
from energy.selectors.ownership import theirs_since
from energy.selectors.site_days import SiteDayBlock, load_site_days, newest_days

PATTERN_DAYS = 182
COMPARED_DAYS = 30
LEAST_COMPARED_DAYS = 7
COMPARED_KINDS = (SiteKind.HOUSEHOLD, SiteKind.BUSINESS)


@dataclass(frozen=True, slots=True)
class SiteHabits:
    """What the last half year of a site shows; None where it is not known yet.

    Attributes:
        days: complete days looked at; `first_day` to `last_day`.
        estimated_share: of their intervals.
        absent: first and last day of each absence.
        labels: by day, which typical day it was, -1 for none.
    """

    days: int
    first_day: date
    last_day: date
    estimated_share: float
    habits: Habits
    typical: TypicalDays | None
    absent: list[tuple[date, date]]
    car: CarSignature | None
    heat: HeatSignature | None


def today_of(site: Site, real_now: datetime) -> date:
    """The local day by the clock of the site's microgrid."""
    microgrid = site.microgrid
    return microgrid.now(real_now).astimezone(microgrid.zone).date()


def site_block(site: Site, *, today: date, most: int = PATTERN_DAYS) -> SiteDayBlock | None:
    """The newest days of one site; None where no day is final yet."""
    days = _own_days(site, newest_days(site.microgrid, before=today, most=most))
    if not days:
        return None
    return load_site_days(microgrid=site.microgrid, days=days, site_ids=[site.pk], with_quality=True)


def _own_days(site: Site, days: list[date]) -> list[date]:
    """Those of the days on which the site was whose it is today: nobody is shown another's habits."""
    since = theirs_since(site)
    return days if since is None else [day for day in days if day >= since]


def site_habits(block: SiteDayBlock, *, microgrid: Microgrid | None = None) -> SiteHabits | None:
    """The habits of the one site of a block; None where none of its days is complete.

    With a microgrid that measures the air's temperature heating is told by the cold, else by the season.
    """
    days_wh, usable = block.on_the_clock[0], block.complete[0]
    found = habits(days_wh, block.weekend, usable)
    if found is None:
        return None
    there = np.flatnonzero(usable)
    temperature = daily_temperature_c(microgrid=microgrid, days=block.days) if microgrid else None
    day_of_year = np.array([day.timetuple().tm_yday for day in block.days], dtype=np.int64)
    return SiteHabits(
        len(there),
        block.days[there[0]],
        block.days[there[-1]],
        block.estimated_share(0),
        found,
        typical_days(days_wh, block.weekend, usable),
        [(block.days[first], block.days[after - 1]) for first, after in absences(days_wh, usable)],
        car_signature(days_wh, usable),
        heat_signature(days_wh.sum(axis=1), usable, day_of_year, temperature),
    )


class TooFewDays(LookupError):
    """Fewer than a week of complete days; nothing can be compared yet."""


def site_comparison(site: Site, *, today: date) -> Comparison:
    """A site beside similar ones of its microgrid, over the same last month.

    Raises:
        TooFewDays: the site or the village has no week of complete days.
        TooFewOthers: fewer than five similar members, see `energy.domain.comparison`.
    """
    microgrid = site.microgrid
    days = _own_days(site, newest_days(microgrid, before=today, most=COMPARED_DAYS))
    sites = {row.pk: row for row in Site.objects.filter(microgrid=microgrid, kind__in=COMPARED_KINDS, member__is_cooperative=False)}
    if site.pk not in sites:
        raise TooFewDays("Only homes and businesses are compared.")
    if not days:
        raise TooFewDays("No day is final yet.")
    block = load_site_days(microgrid=microgrid, days=days, site_ids=list(sites))
    enough = block.complete.sum(axis=1) >= LEAST_COMPARED_DAYS
    kept = [place for place, site_id in enumerate(block.site_ids) if enough[place] and site_id in sites]
    ids = [block.site_ids[place] for place in kept]
    if site.pk not in ids:
        raise TooFewDays("A week of complete days is needed.")
    with_plant = set(Source.objects.filter(site__in=ids).exclude(status="retired").values_list("site", flat=True))
    on_the_clock, usable = block.on_the_clock[kept], block.complete[kept]
    counts = usable.sum(axis=1)
    mean_day = np.where(usable, on_the_clock.sum(axis=2), 0.0).sum(axis=1) / counts
    lowest = np.where(usable, np.quantile(on_the_clock, BASE_QUANTILE, axis=2), np.nan)
    base_w = np.nanmedian(lowest, axis=1) * block.per_day / 24
    traits = [Traits(sites[pk].kind, pk in with_plant, size_band(mean_day[i])) for i, pk in enumerate(ids)]
    return compare(traits, [sites[pk].member_id for pk in ids], ids.index(site.pk), mean_day, base_w)
