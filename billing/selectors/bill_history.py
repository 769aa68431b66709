"""What bills know beside their own month: fuses, power of months before, surplus that waits, the year so far, the village's peak."""

from collections.abc import Sequence
from datetime import date

import numpy as np
from django.db.models import F, Sum
from numpy.typing import NDArray

from billing.domain.pricing.axis import axis_of_days
from billing.domain.pricing.metered import Earlier, YearSoFar
from billing.domain.pricing.parts import Capacity, Demand, Export, Minimum, Part
from billing.domain.rating import CannotRate, SiteHistory
from billing.models import BillingRun, Document, DocumentKind, DocumentStatus, RunStatus, SurplusCarried
from energy.models import Channel, Meter, Microgrid, Site
from energy.models.meters import MeterKind
from energy.selectors.meter_days import load_channel
from grid.models import BalanceDay
from kernel.intervals import Month

Ints = NDArray[np.int64]


def history_of(*, run: BillingRun, site_ids: Sequence[int], parts: Sequence[Part]) -> SiteHistory:
    """What the parts ask for of sites, in the order given; nothing is read that no part asks for."""
    months = max(
        (part.ratchet_months for part in parts if isinstance(part, Demand) and part.ratchet_percent),
        default=0,
    )
    nets = any(isinstance(part, Export) and part.rule == "net_metering" for part in parts)
    in_december = run.period % 100 == 12 and any(
        isinstance(part, Minimum) and part.per == "year" for part in parts
    )
    return SiteHistory(
        fuse_a=_fuses(site_ids) if any(isinstance(part, Capacity) for part in parts) else None,
        earlier=_earlier(run, site_ids, months) if months else None,
        held_wh=_held(run, site_ids) if nets else {},
        year=_year(run, site_ids) if in_december else None,
    )


def _fuses(site_ids: Sequence[int]) -> Ints:
    known = dict(Site.objects.filter(pk__in=site_ids, fuse_a__isnull=False).values_list("pk", "fuse_a"))
    return np.array([known.get(pk) or 0 for pk in site_ids], dtype=np.int64)


def _earlier(run: BillingRun, site_ids: Sequence[int], months: int) -> Earlier:
    """What sites drew in whole months before the run; a month without readings counts nothing."""
    microgrid = run.microgrid
    days = [day for month in _months_before(run.period, months) for day in month.days()]
    meters = dict(
        Meter.objects.filter(site_id__in=site_ids, kind=MeterKind.SITE).values_list("pk", "site_id")
    )
    block = load_channel(
        microgrid=microgrid, channel=Channel.IMPORT, days=days, meter_ids=sorted(meters), with_quality=False
    )
    row_of = {pk: row for row, pk in enumerate(site_ids)}
    drawn = np.zeros((len(site_ids), block.values_wh.shape[1]), dtype=np.int64)
    np.add.at(drawn, [row_of[meters[int(meter)]] for meter in block.meter_ids], block.values_wh)
    return Earlier(axis_of_days([microgrid.local_day(day) for day in days]), drawn)


def _months_before(period: int, count: int) -> list[Month]:
    number = period // 100 * 12 + period % 100 - 1
    return [Month(n // 12, n % 12 + 1) for n in range(number - count, number)]


def _held(run: BillingRun, site_ids: Sequence[int]) -> dict[str, Ints]:
    """What the newest posted month before left of each site's surplus, by period."""
    rows = (
        SurplusCarried.objects.filter(site_id__in=site_ids, run__period__lt=run.period, run__status=RunStatus.POSTED)
        .annotate(period=F("run__period"))
        .order_by("site_id", "-period", "-run_id")
    )  # fmt: skip
    row_of = {pk: row for row, pk in enumerate(site_ids)}
    newest: dict[int, int] = {}
    held: dict[str, Ints] = {}
    for row in rows:
        if newest.setdefault(row.site_id, row.run_id) == row.run_id:
            held.setdefault(row.window, np.zeros(len(site_ids), dtype=np.int64))[row_of[row.site_id]] = (
                row.after_wh
            )
    return held


def _year(run: BillingRun, site_ids: Sequence[int]) -> YearSoFar:
    """What was billed from January on, less what was taken back, and on how many days."""
    first = run.period // 100 * 100 + 1
    rows = Document.objects.filter(site_id__in=site_ids, period__gte=first, period__lt=run.period).exclude(
        status=DocumentStatus.DRAFT
    )
    row_of = {pk: row for row, pk in enumerate(site_ids)}
    net, days = np.zeros((2, len(site_ids)), dtype=np.int64)
    for kind, sign in ((DocumentKind.BILL, 1), (DocumentKind.BILL_REVERSAL, -1)):
        found = rows.filter(kind=kind).values("site_id").annotate(net=Sum("net_minor"))
        for site_id, total in found.values_list("site_id", "net"):
            net[row_of[site_id]] += sign * total
    spans = rows.filter(kind=DocumentKind.BILL).values_list(
        "site_id", "period", "run__first_day", "run__last_day"
    )
    for site_id, _, start, end in {
        (site, period): (site, period, start, end) for site, period, start, end in spans
    }.values():
        days[row_of[site_id]] += (end - start).days + 1
    return YearSoFar(net, days)


def village_import(microgrid: Microgrid, days: Sequence[date]) -> Ints:
    """What the microgrid drew from the public grid in each interval of the days [Wh].

    Raises:
        CannotRate: a day is not balanced.
    """
    rows = dict(
        BalanceDay.objects.filter(microgrid=microgrid, day__in=days, is_current=True).values_list(
            "day", "import_wh"
        )
    )
    missing = [str(day) for day in days if day not in rows]
    if missing:
        raise CannotRate(f"The microgrid's peak is not known: {', '.join(missing[:5])} are not closed.")
    return np.concatenate([np.array(rows[day], dtype=np.int64) for day in days])
