"""What bills know beside their own month: fuses, power of months before, surplus that waits, the year so far, the village's peak."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from django.db.models import F, Sum
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from billing.domain.pricing.axis import axis_of_days
from billing.domain.pricing.engine import buys_all
from billing.domain.pricing.metered import Earlier, YearSoFar
from billing.domain.pricing.parts import Capacity, Demand, Export, Minimum, Part, PricedTariff
from billing.domain.rating import CannotRate, SiteHistory
from billing.models import BillingRun, Document, DocumentKind, DocumentStatus, RunStatus, SurplusCarried
from billing.selectors.counted_beside import counted_beside
from energy.models import Channel, Meter, Microgrid, Site
from energy.models.meters import MeterKind
from energy.selectors.meter_days import load_channel
from grid.models import BalanceDay
from kernel.intervals import Month

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Billed:
    """Who is billed for a site: the member, from which day on it is theirs (None: from the beginning), and whether they leave it."""

    site_id: int
    member_id: int
    since: date | None = None
    leaves: bool = False


def history_of(*, run: BillingRun, billed: Sequence[Billed], parts: Sequence[Part]) -> SiteHistory:
    """What the parts ask for, in the order given; nothing is read that no part asks for.

    Fuses are the site's. Power, surplus and the year so far are the member's: who moves in begins anew.
    """
    months = max((part.ratchet_months for part in parts if isinstance(part, Demand) and part.has_ratchet), default=0)
    nets = any(isinstance(part, Export) and part.rule == "net_metering" for part in parts)
    in_december = run.period % 100 == 12 and any(isinstance(part, Minimum) and part.per == "year" for part in parts)
    leaves = np.array([one.leaves for one in billed], dtype=bool)
    return SiteHistory(
        fuse_a=_fuses([one.site_id for one in billed]) if any(isinstance(part, Capacity) for part in parts) else None,
        earlier=_earlier(run, billed, months, whole=buys_all(PricedTariff(tuple(parts)))) if months else None,
        held_wh=_held(run, billed) if nets else {},
        year=_year(run, billed) if in_december else None,
        leaves=leaves if nets and leaves.any() else None,
    )


def _fuses(site_ids: Sequence[int]) -> Ints:
    known = dict(Site.objects.filter(pk__in=site_ids, fuse_a__isnull=False).values_list("pk", "fuse_a"))
    return np.array([known.get(pk) or 0 for pk in site_ids], dtype=np.int64)


def _earlier(run: BillingRun, billed: Sequence[Billed], months: int, *, whole: bool) -> Earlier:
    """What members drew in whole months before the run, on the days on which the site was theirs; the rest counts nothing.

    `whole`: with what they used of their own production at once, as far as it is known.
    """
    microgrid = run.microgrid
    days = [day for month in _months_before(run.period, months) for day in month.days()]
    sites = {one.site_id for one in billed}
    order = sorted(sites)
    row_of = {site_id: row for row, site_id in enumerate(order)}
    used_wh, offsets = _registers(microgrid, days, order, Channel.IMPORT)
    if whole:
        fed_in_wh, _ = _registers(microgrid, days, order, Channel.EXPORT)
        beside = counted_beside(microgrid=microgrid, days=days, site_ids=order, export_wh=fed_in_wh, reactive=(), own=order)
        used_wh = used_wh if beside.own_wh is None else used_wh + beside.own_wh
    drawn = np.zeros((len(billed), used_wh.shape[1]), dtype=np.int64)
    for row, one in enumerate(billed):
        begin = 0 if one.since is None else int(offsets[sum(day < one.since for day in days)])
        drawn[row, begin:] = used_wh[row_of[one.site_id], begin:]
    return Earlier(axis_of_days([microgrid.local_day(day) for day in days]), drawn)


def _registers(microgrid: Microgrid, days: Sequence[date], site_ids: Sequence[int], channel: Channel) -> tuple[Ints, Ints]:
    """What sites' meters counted, those removed too, by site; with the first interval of each day."""
    meters = dict(Meter.objects.filter(site_id__in=site_ids, kind=MeterKind.SITE).values_list("pk", "site_id"))
    block = load_channel(microgrid=microgrid, channel=channel, days=days, meter_ids=sorted(meters), with_quality=False)
    counted = np.zeros((len(site_ids), block.values_wh.shape[1]), dtype=np.int64)
    rows = np.searchsorted(site_ids, [meters[meter] for meter in block.meter_ids.tolist()])
    np.add.at(counted, rows, block.values_wh)
    return counted, block.offsets


def _months_before(period: int, count: int) -> list[Month]:
    number = period // 100 * 12 + period % 100 - 1
    return [Month(n // 12, n % 12 + 1) for n in range(number - count, number)]


def _held(run: BillingRun, billed: Sequence[Billed]) -> dict[str, Ints]:
    """What the newest posted month before left of each one's surplus, by period."""
    rows = (
        SurplusCarried.objects.filter(site_id__in={one.site_id for one in billed}, run__period__lt=run.period, run__status=RunStatus.POSTED)
        .annotate(period=F("run__period"))
        .order_by("site_id", "-period", "-run_id")
    )
    of_one: dict[tuple[int, int], list[SurplusCarried]] = {}
    for row in rows:
        of_one.setdefault((row.site_id, row.member_id), []).append(row)
    held: dict[str, Ints] = {}
    for place, one in enumerate(billed):
        own = [row for row in of_one.get((one.site_id, one.member_id), []) if one.since is None or row.first_day >= one.since]
        for left in own:
            if left.run_id == own[0].run_id and left.first_day == own[0].first_day:
                held.setdefault(left.window, np.zeros(len(billed), dtype=np.int64))[place] = left.after_wh
    return held


def _year(run: BillingRun, billed: Sequence[Billed]) -> YearSoFar:
    """What each was billed from January on, less what was taken back, and for how many days."""
    first = run.period // 100 * 100 + 1
    rows = Document.objects.filter(site_id__in={one.site_id for one in billed}, period__gte=first, period__lt=run.period).exclude(
        status=DocumentStatus.DRAFT
    )
    row_of = {(one.site_id, one.member_id): place for place, one in enumerate(billed)}
    net, days = np.zeros((2, len(billed)), dtype=np.int64)
    for kind, sign in ((DocumentKind.BILL, 1), (DocumentKind.BILL_REVERSAL, -1)):
        found = rows.filter(kind=kind).values("site_id", "member_id").annotate(net=Sum("net_minor"))
        for site_id, member_id, total in found.values_list("site_id", "member_id", "net"):
            if (site_id, member_id) in row_of:
                net[row_of[site_id, member_id]] += sign * total
    stretches: dict[tuple[int, int], set[date]] = {}
    bills = rows.filter(kind=DocumentKind.BILL).values_list("site_id", "member_id", "first_day", "last_day")
    for site_id, member_id, start, end in bills:
        if (site_id, member_id) in row_of:
            billed_days = (start + timedelta(days=i) for i in range((end - start).days + 1))
            stretches.setdefault((site_id, member_id), set()).update(billed_days)
    for place_of, on in stretches.items():
        days[row_of[place_of]] += len(on)
    return YearSoFar(net, days)


def village_import(microgrid: Microgrid, days: Sequence[date]) -> Ints:
    """What the microgrid drew from the public grid in each interval of the days [Wh].

    Raises:
        CannotRate: a day is not balanced.
    """
    rows = dict(BalanceDay.objects.filter(microgrid=microgrid, day__in=days, is_current=True).values_list("day", "import_wh"))
    missing = [str(day) for day in days if day not in rows]
    if missing:
        raise CannotRate(_("The microgrid's peak is not known: %(missing)s are not closed.") % {"missing": ", ".join(missing[:5])})
    return np.concatenate([np.array(rows[day], dtype=np.int64) for day in days])
