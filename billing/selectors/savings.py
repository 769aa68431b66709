"""A site's energy with its own prices, for tips; and what a source's energy is worth."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from billing.domain.savings import LEAST_DAYS, SiteAccount, Tip, roof_tip, tips
from billing.domain.savings_words import ENGLISH, TipWords
from billing.domain.tariffs import TariffTerms
from billing.selectors.holidays import public_holidays
from billing.selectors.tariffs import TariffMissing, assignments_by_site, terms_by_day
from energy.domain.comparison import TooFewOthers
from energy.domain.load_patterns import habits
from energy.models import Channel, Microgrid, Site, Source
from energy.selectors.meter_days import load_channel
from energy.selectors.ownership import theirs_since
from energy.selectors.site_days import SiteDayBlock, load_site_days, newest_days
from energy.selectors.site_habits import TooFewDays, site_comparison, today_of
from energy.selectors.source_figures import SourceCourse, own_courses_of
from grid.models import BalanceDay, PriceDay
from grid.selectors.prices import load_prices
from grid.selectors.sharing import load_shares

LOOKED_AT_DAYS = 60


@dataclass(frozen=True, slots=True)
class SiteTips:
    """Tips for a site, the days they rest on, and why there are none where that is so."""

    tips: list[Tip]
    days: int
    why_none: str = ""


def site_tips(site: Site, *, real_now: datetime, words: TipWords = ENGLISH) -> SiteTips:
    """The tips for one site, from the last two months of closed and priced days."""
    microgrid, today = site.microgrid, today_of(site, real_now)
    days = _closed_days(microgrid, newest_days(microgrid, before=today, most=LOOKED_AT_DAYS))
    since = theirs_since(site)
    days = [day for day in days if since is None or day >= since]
    if days:
        block = load_site_days(microgrid=microgrid, days=days, site_ids=[site.pk])
        days = [day for day, complete in zip(days, block.complete[0], strict=True) if complete]
    if len(days) < LEAST_DAYS:
        return SiteTips([], len(days), "A week of closed days is needed before a tip can rest on anything.")
    try:
        account, block = _account(site, days)
    except TariffMissing as problem:
        return SiteTips([], len(days), str(problem))
    found = habits(block.on_the_clock[0], block.weekend, block.complete[0])
    base_w = found.base_load_w if found else 0.0
    return SiteTips(_with_roof(tips(account, base_w, _others_base_w(site, today), words), site, real_now, words), len(days))


def _closed_days(microgrid: Microgrid, days: Sequence[date]) -> list[date]:
    """Those of the days whose balance is closed and whose prices are published."""
    closed = set(BalanceDay.objects.filter(microgrid=microgrid, is_current=True, day__in=list(days)).values_list("day", flat=True))
    priced = set(PriceDay.objects.filter(microgrid=microgrid, day__in=list(days)).values_list("day", flat=True))
    return sorted(closed & priced)


def _others_base_w(site: Site, today: date) -> float | None:
    try:
        return site_comparison(site, today=today).others_base_w
    except (TooFewDays, TooFewOthers):
        return None  # then the tip says what it assumes instead


def _account(site: Site, days: list[date]) -> tuple[SiteAccount, SiteDayBlock]:
    microgrid = site.microgrid
    block = load_site_days(microgrid=microgrid, days=days, site_ids=[site.pk])
    prices = load_prices(microgrid_id=microgrid.pk, days=days)
    received = load_shares(microgrid=microgrid, days=days, site_ids=[site.pk]).received_wh[0]
    surplus = {row.day: row.export_wh for row in BalanceDay.objects.filter(microgrid=microgrid, is_current=True, day__in=days)}
    terms = _terms(site, days)
    counts = np.diff(block.offsets)

    def along(name: str) -> NDArray[np.int64]:
        return np.repeat(np.array([getattr(terms[day], name) for day in days], dtype=np.int64), counts)

    retail = np.concatenate([_retail(terms[day], microgrid, day) for day in days])
    base = np.repeat(np.array([int(terms[day].retail_micro_by_window()[0]) for day in days], dtype=np.int64), counts)
    drawn = block.import_wh[0]
    account = SiteAccount(
        block.use_wh[0],
        drawn,
        np.minimum(received, drawn),
        np.concatenate([np.array(surplus[day], dtype=np.int64) for day in days]),
        retail,
        prices.local_micro,
        along("export_micro"),
        along("incentive_micro"),
        base,
        terms[days[-1]].vat_rate,
        block.offsets,
    )
    return account, block


def _retail(terms: TariffTerms, microgrid: Microgrid, day: date) -> NDArray[np.int64]:
    starts = microgrid.local_day(day).local_starts()
    return terms.retail_micro_by_window()[terms.window_indexes(starts, public_holidays(microgrid, [day]))]


def _terms(site: Site, days: list[date]) -> dict[date, TariffTerms]:
    """The own tariff's terms on each day.

    Raises:
        TariffMissing: on one of them the site has none.
    """
    found: dict[date, TariffTerms] = {}
    for assignment in assignments_by_site([site.pk], days[0], days[-1]).get(site.pk, []):
        within = [d for d in days if assignment.valid_from <= d and (assignment.valid_to is None or d < assignment.valid_to)]
        if within:
            found |= terms_by_day(assignment.tariff, within)
    if len(found) < len(days):
        raise TariffMissing(_("%(site)s has no tariff on some of these days; ask the cooperative's office.") % {"site": site})
    return found


def _with_roof(found: list[Tip], site: Site, real_now: datetime, words: TipWords) -> list[Tip]:
    """The tips with those of the site's own roofs."""
    sources = list(Source.objects.filter(site=site).select_related("site__microgrid"))
    if not sources:
        return found
    courses = own_courses_of(sources, real_now=real_now)
    values = energy_values(site.microgrid, courses)
    roofs = [
        roof_tip(c.figures.cleaning_wh, c.figures.repair_wh, values[c.figures.source.pk], c.figures.days, words)
        for c in courses
        if c.figures.source.pk in values
    ]
    return sorted([*found, *(tip for tip in roofs if tip is not None)], key=lambda tip: -tip.money_minor)


def energy_values(microgrid: Microgrid, courses: Sequence[SourceCourse]) -> dict[int, int]:
    """What a kWh of each source is worth [millionths], by source id: the published local price at the hours at which it gives.

    Over the days of the last month that have prices; empty where none has. Missing for a source that gave nothing.
    """
    if not courses:
        return {}
    days = courses[0].days[-30:]
    priced = sorted(PriceDay.objects.filter(microgrid=microgrid, day__in=days).values_list("day", flat=True))
    if not priced:
        return {}
    meters = {course.figures.source.meter.pk: course.figures.source.pk for course in courses}
    prices = load_prices(microgrid_id=microgrid.pk, days=priced).local_micro
    block = load_channel(microgrid=microgrid, channel=Channel.PRODUCTION, days=priced, meter_ids=list(meters), with_quality=False)
    totals = block.values_wh.sum(axis=1)
    worth = block.values_wh @ prices
    mean = int(prices[prices > 0].mean()) if (prices > 0).any() else 0
    return {meters[meter]: int(worth[row] // totals[row]) if totals[row] else mean for row, meter in enumerate(block.meter_ids.tolist())}
