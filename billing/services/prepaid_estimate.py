"""What members used and no bill asks for yet, rated by the code that makes bills, for all prepaid members of a microgrid at once.

A month is open until its whole run is posted. What is not billed of it is what its bills would come to today, less what bills for parts
of it came to: so a bill that is posted takes out of the estimate exactly what it puts into the books.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

import numpy as np
from django.db.models import Min
from numpy.typing import NDArray

from billing.domain.rating import CannotRate
from billing.models import BillingRun, Document, DocumentKind, RunKind, RunStatus
from billing.selectors.tariffs import TariffMissing
from billing.services.carried import Carried, Held
from billing.services.rating import Drafted, draft_sites
from billing.services.stays import stays_of
from energy.models import Channel, Meter, Microgrid, Site
from energy.models.meters import MeterKind
from energy.selectors.estimated_days import EstimatedDays, estimated_days
from energy.selectors.meter_days import day_offsets
from grid.models import DayClosing, PriceDay, SharingDay
from grid.selectors.prices import load_prices
from grid.selectors.sharing import ShareBlock, load_shares
from kernel.intervals import Month

MOST_MONTHS = 13
SHARED_DAYS_LOOKED_AT = 7
Ints = NDArray[np.int64]


@dataclass(slots=True)
class OpenUse:
    """Use of members in months that are not wholly billed.

    Attributes:
        gross_minor: what their bills would come to, VAT included, by period and member.
        days: days of those months so far, by member; `estimated` of them were not closed, `unread` lack readings.
        without: members with days that cannot be rated, and why; what a day of the site comes to otherwise stands for these.
    """

    gross_minor: dict[tuple[int, int], int] = field(default_factory=lambda: defaultdict(int))
    days: dict[int, set[date]] = field(default_factory=lambda: defaultdict(set))
    estimated: dict[int, set[date]] = field(default_factory=lambda: defaultdict(set))
    unread: dict[int, set[date]] = field(default_factory=lambda: defaultdict(set))
    without: dict[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Month:
    """Days so far of a month that is not wholly billed, and the sites looked at; `shared` are those days that were closed."""

    microgrid: Microgrid
    month: Month
    days: list[date]
    shared: set[date]
    sites: Mapping[int, Site]

    @property
    def waiting(self) -> list[date]:
        """Days that are over and not closed."""
        return [day for day in self.days if day not in self.shared]


@dataclass(frozen=True, slots=True)
class _Rated:
    """Drafts of some sites over the first `covered` days of a month; None where not even these can be rated, and why not all."""

    site_ids: tuple[int, ...]
    drafted: Drafted | None
    covered: int
    problem: str


@dataclass(frozen=True, slots=True)
class _Estimates:
    """What the sites' meters, in the order of `sites`, drew and fed in on the days that wait."""

    sites: list[int]
    drawn: EstimatedDays
    fed_in: EstimatedDays


def open_use(*, microgrid: Microgrid, member_ids: Collection[int], now: datetime) -> OpenUse:
    """Rate what members used up to yesterday in the months of a microgrid that are not wholly billed. Writes nothing."""
    found = OpenUse()
    carried: dict[tuple[int, int], Held] = {}
    for month in _open_months(microgrid, member_ids, now):
        estimates = _estimates(month)
        rated = list(_rated(month, list(month.sites), estimates, carried))
        _note(month, set(member_ids), rated, estimates, found)
        carried = {key: left for one in rated if one.drafted for key, left in _left(one.drafted.carried).items()}
    return found


def _open_months(microgrid: Microgrid, member_ids: Collection[int], now: datetime) -> list[_Month]:
    """Months with days that are over and no posted run for everybody, the oldest first; from the first closed day on."""
    yesterday = now.astimezone(microgrid.zone).date() - timedelta(days=1)
    first = DayClosing.objects.filter(microgrid=microgrid).aggregate(first=Min("day"))["first"]
    if first is None or first > yesterday:
        return []
    posted = set(
        BillingRun.objects.filter(microgrid=microgrid, kind=RunKind.FINAL, only_sites=[], status=RunStatus.POSTED).values_list(
            "period", flat=True
        )
    )
    months: list[Month] = []
    month = Month(yesterday.year, yesterday.month)
    while len(months) < MOST_MONTHS and month.last_day >= first and month.number not in posted:
        months.append(month)
        month = month.previous
    found = []
    for month in reversed(months):
        days = [day for day in month.days() if first <= day <= yesterday]
        shared = SharingDay.objects.filter(microgrid=microgrid, day__in=days, is_current=True)
        sites = _sites_of(microgrid, member_ids, days)
        if sites:
            found.append(_Month(microgrid, month, days, set(shared.values_list("day", flat=True)), sites))
    return found


def _sites_of(microgrid: Microgrid, member_ids: Collection[int], days: Sequence[date]) -> dict[int, Site]:
    """Metered sites that any of the members had on any of the days, by id in ascending order."""
    ids = Site.objects.filter(microgrid=microgrid, meters__kind=MeterKind.SITE).values_list("pk", flat=True)
    sites = Site.objects.filter(pk__in=ids).select_related("member", "microgrid").order_by("pk")
    theirs = {stay.site.pk for stay in stays_of(list(sites), days) if stay.member.pk in member_ids}
    return {site.pk: site for site in sites if site.pk in theirs}


def _estimates(month: _Month) -> _Estimates:
    """Values of the days that wait; a site without a meter of its own now has none."""
    meters = dict(
        Meter.objects.filter(site_id__in=list(month.sites), kind=MeterKind.SITE, removed_at__isnull=True).values_list("pk", "site_id")
    )
    drawn, fed_in = (
        estimated_days(microgrid=month.microgrid, channel=channel, days=month.waiting, meter_ids=sorted(meters))
        for channel in (Channel.IMPORT, Channel.EXPORT)
    )
    return _Estimates([meters[pk] for pk in sorted(meters)], drawn, fed_in)


def _rated(month: _Month, site_ids: Sequence[int], estimates: _Estimates, before: Mapping[tuple[int, int], Held]) -> Iterator[_Rated]:
    """Drafts of the month's bills over as many of its days from the first as can be rated.

    All sites are rated together. Where one of them cannot be, halves are tried until it stands alone: no member waits for another.
    """
    priced = set(PriceDay.objects.filter(microgrid=month.microgrid, day__in=month.days).values_list("day", flat=True))
    reached = _leading(month.days, priced)
    problem = "" if reached == len(month.days) else f"No prices are published for {month.days[reached]}."
    for count in dict.fromkeys((reached, _leading(month.days[:reached], month.shared))):
        if not count:
            continue
        try:
            drafted = _draft(month, site_ids, month.days[:count], estimates, before)
        except (CannotRate, TariffMissing) as why:
            problem = str(why)
            if len(site_ids) > 1:
                half = len(site_ids) // 2
                for part in (site_ids[:half], site_ids[half:]):
                    yield from _rated(month, part, estimates, before)
                return
        else:
            yield _Rated(tuple(site_ids), drafted, count, problem)
            return
    yield _Rated(tuple(site_ids), None, 0, problem)


def _leading(days: Sequence[date], wanted: Collection[date]) -> int:
    """How many of the days, from the first on, are among the wanted ones."""
    return next((place for place, day in enumerate(days) if day not in wanted), len(days))


def _draft(
    month: _Month, site_ids: Sequence[int], days: list[date], estimates: _Estimates, before: Mapping[tuple[int, int], Held]
) -> Drafted:
    shares = load_shares(microgrid=month.microgrid, days=days, site_ids=site_ids)
    carried = Carried()
    carried.before.update({(site, 0, member): held for (site, member), held in before.items()})
    return draft_sites(
        run=_run_of(month, days),
        sites={pk: month.sites[pk] for pk in site_ids},
        days=days,
        prices=load_prices(microgrid_id=month.microgrid.pk, days=days),
        shares=_with_estimates(month, days, shares, estimates),
        carried=carried,
    )


def _run_of(month: _Month, days: Sequence[date]) -> BillingRun:
    """A run that is never written: the month and its days so far."""
    return BillingRun(microgrid=month.microgrid, period=month.month.number, first_day=days[0], last_day=days[-1])


def _with_estimates(month: _Month, days: Sequence[date], shares: ShareBlock, estimates: _Estimates) -> ShareBlock:
    """The shares with the days that wait laid in: of what was drawn then, as much from neighbours as on the days before."""
    waiting = [day for day in days if day not in month.shared]
    if not waiting:
        return shares
    part_wh, whole_wh = _shared_lately(month, shares.site_ids.tolist(), waiting[0])
    drawn, fed_in, received = shares.import_wh.copy(), shares.export_wh.copy(), shares.received_wh.copy()
    of_estimates = {site: row for row, site in enumerate(estimates.sites)}
    rows = [row for row, site in enumerate(shares.site_ids.tolist()) if site in of_estimates]
    chosen = [of_estimates[int(shares.site_ids[row])] for row in rows]
    offsets = day_offsets(month.microgrid, month.waiting)
    place_of = {day: place for place, day in enumerate(month.waiting)}
    for place, day in enumerate(days):
        if day in place_of:
            span = slice(int(shares.offsets[place]), int(shares.offsets[place + 1]))
            cut = slice(int(offsets[place_of[day]]), int(offsets[place_of[day] + 1]))
            drawn[rows, span] = estimates.drawn.values_wh[chosen, cut]
            fed_in[rows, span] = estimates.fed_in.values_wh[chosen, cut]
            received[:, span] = drawn[:, span] * part_wh[:, None] // np.maximum(whole_wh, 1)[:, None]
    return replace(shares, import_wh=drawn, export_wh=fed_in, received_wh=received)


def _shared_lately(month: _Month, site_ids: Sequence[int], before: date) -> tuple[Ints, Ints]:
    """Of the last closed days before a day: what each site received from neighbours, and what it drew [Wh]."""
    rows = SharingDay.objects.filter(microgrid=month.microgrid, day__lt=before, is_current=True)
    days = list(rows.order_by("-day").values_list("day", flat=True)[:SHARED_DAYS_LOOKED_AT])
    shares = load_shares(microgrid=month.microgrid, days=days, site_ids=site_ids)
    return shares.received_wh.sum(axis=1), shares.import_wh.sum(axis=1)


def _note(month: _Month, member_ids: set[int], rated: Sequence[_Rated], estimates: _Estimates, found: OpenUse) -> None:
    """Add a month's bills and days to what was found."""
    unread = {
        site: {day for day, lacks in zip(month.waiting, row, strict=True) if lacks}
        for site, row in zip(estimates.sites, estimates.drawn.estimated.tolist(), strict=True)
    }
    of_site = {site: one for one in rated for site in one.site_ids}
    gross = {key: amount for one in rated if one.drafted for key, amount in one.drafted.bills_gross().items()}
    days: dict[tuple[int, int], set[date]] = defaultdict(set)
    for stay in stays_of(list(month.sites.values()), month.days):
        if stay.member.pk in member_ids:
            days[stay.site.pk, stay.member.pk] |= set(month.days[stay.first : stay.after])
    # What a common plant owes stands for its site and owner, what its holders have are no bills.
    for site, member in sorted({*days, *(key for key in gross if key[1] in member_ids)}):
        there, one = days[site, member], of_site[site]
        found.days[member] |= there
        found.estimated[member] |= there - month.shared
        found.unread[member] |= there & unread.get(site, set())
        amount, rest = gross.get((site, member), 0), len(there - set(month.days[: one.covered]))
        if rest:
            on = len(there) - rest
            found.without[member] = one.problem
            amount += amount * rest // on if on else _like_last_bill(site, member, rest)
        found.gross_minor[month.month.number, member] += amount


def _like_last_bill(site_id: int, member_id: int, days: int) -> int:
    """What so many days would come to if they were like those of the site's newest bill [minor units]; 0 where there is none."""
    bills = Document.objects.standing().filter(site=site_id, member=member_id, kind=DocumentKind.BILL)
    bill = bills.order_by("-last_day", "-pk").first()
    return 0 if bill is None else bill.gross_minor * days // len(bill.days())


def _left(carried: Carried) -> dict[tuple[int, int], Held]:
    """Surplus of net metering that those who stay bring along into the next month."""
    return {
        (site, member): left for (site, first, member), left in carried.left.items() if left and not carried.stays[site, first, member].ends
    }
