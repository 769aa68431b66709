"""Indicators of a microgrid over months of closed days, and its reliability from recorded interruptions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
from django.db.models import Sum

from energy.models import Consumer, Microgrid
from grid.domain.energy_origin import Origin
from grid.domain.indicators import CO2_GRID_G_PER_KWH, Balance, Indicators, Outage, Reliability, indicators_of, local_used_wh, reliability
from grid.models import BalanceDay, Interruption, InterruptionCause, SharingDay, StorageDay
from kernel.intervals import Month

MONTHS_SHOWN = 13
NAMES = ("production_wh", "consumption_wh", "charge_wh", "discharge_wh", "import_wh", "export_wh")
A_YEAR = timedelta(days=365)
LOCAL = (Origin.OWN, Origin.LOCAL)


@dataclass(frozen=True, slots=True)
class MonthLine:
    """A month of closed days."""

    month: Month
    days: int
    is_whole: bool
    found: Indicators

    @property
    def co2_kg(self) -> float:
        return self.found.co2_avoided_g / 1000


def monthly_indicators(microgrid: Microgrid, last: Month, months: int = MONTHS_SHOWN) -> list[MonthLine]:
    """Indicators of each month that has closed days, the oldest first, up to `last`."""
    chosen = [last]
    while len(chosen) < months:
        chosen.append(_before(chosen[-1]))
    rows = BalanceDay.objects.filter(microgrid=microgrid, is_current=True, day__gte=chosen[-1].first_day, day__lte=last.last_day)
    by_month: dict[Month, list[BalanceDay]] = {}
    for row in rows.order_by("day"):
        by_month.setdefault(Month(row.day.year, row.day.month), []).append(row)
    return [_line(microgrid, month, by_month[month]) for month in reversed(chosen) if month in by_month]


def last_month(microgrid: Microgrid) -> Month | None:
    """The newest month with a closed day."""
    row = BalanceDay.objects.filter(microgrid=microgrid, is_current=True).order_by("-day").first()
    return Month(row.day.year, row.day.month) if row else None


def reliability_over(microgrid: Microgrid, start_at: datetime, end_at: datetime, *, with_planned: bool) -> Reliability | None:
    """Reliability over `[start_at, end_at)`; what began before or ends later counts with its part inside. None without sites.

    An interruption that is still open counts up to `end_at`.
    """
    customers = microgrid.sites.count()
    if not customers or end_at <= start_at:
        return None
    outages = outages_between(microgrid, start_at, end_at)
    connected_w = float(sum(connected_load(microgrid).values()))
    return reliability(outages, customers, (end_at - start_at) / timedelta(minutes=1), with_planned=with_planned, connected_w=connected_w)


def connected_load(microgrid: Microgrid) -> dict[int, int]:
    """By site, what its consumers can draw together [W]."""
    rows = Consumer.objects.filter(site__microgrid=microgrid).order_by().values("site")
    return dict(rows.annotate(most_w=Sum("max_demand_w")).values_list("site", "most_w"))


def outages_between(microgrid: Microgrid, start_at: datetime, end_at: datetime) -> list[Outage]:
    """Recorded interruptions as minutes by customer within `[start_at, end_at)`."""
    rows = (
        Interruption.objects.filter(microgrid=microgrid, started_at__lt=end_at)
        .exclude(ended_at__lte=start_at)
        .prefetch_related("sites")
        .order_by("started_at", "pk")
    )
    found, load = list(rows), connected_load(microgrid)
    return [_outage(row, start_at, end_at, load) for row in found]


def newest_interruptions(microgrid: Microgrid, most: int = 50) -> Sequence[Interruption]:
    """Interruptions, the newest first."""
    rows = Interruption.objects.filter(microgrid=microgrid).select_related("recorded_by")
    return list(rows.prefetch_related("sites__site").order_by("-started_at", "-pk")[:most])


def first_closed_day(microgrid: Microgrid) -> date | None:
    row = BalanceDay.objects.filter(microgrid=microgrid, is_current=True).order_by("day").first()
    return row.day if row else None


def _outage(row: Interruption, start_at: datetime, end_at: datetime, load: Mapping[int, int]) -> Outage:
    begins, ends = max(row.started_at, start_at), min(row.ended_at or end_at, end_at)
    touched = [(max((min(one.restored_at or ends, ends) - begins) / timedelta(minutes=1), 0.0), one) for one in row.sites.all()]
    return Outage(
        tuple(m for m, one in touched if m > 0 and one.share == 1),
        row.cause == InterruptionCause.PLANNED,
        tuple((m, float(one.share) * load.get(one.site_id, 0)) for m, one in touched if m > 0),
    )


def _line(microgrid: Microgrid, month: Month, rows: list[BalanceDay]) -> MonthLine:
    columns = {name: np.concatenate([np.array(getattr(row, name), dtype=np.int64) for row in rows]) for name in NAMES}
    balance = Balance(**columns, interval_hours=microgrid.interval_minutes / 60)
    used = _used_of_local_origin(microgrid, [row.day for row in rows], balance)
    found = indicators_of(balance, local_used_wh=used, grams_per_kwh=CO2_GRID_G_PER_KWH)
    return MonthLine(month, len(rows), len(rows) == len(month.days()), found)


def _used_of_local_origin(microgrid: Microgrid, days: list[date], balance: Balance) -> int | None:
    """None where storages were not followed on each of the days."""
    stored = StorageDay.objects.filter(microgrid=microgrid, day__in=days, is_current=True)
    charged = discharged = 0
    followed = set()
    for day, took, gave in stored.values_list("day", "charged_wh", "discharged_wh"):
        followed.add(day)
        charged += sum(sum(took[o]) for o in LOCAL)
        discharged += sum(sum(gave[o]) for o in LOCAL)
    if followed != set(days):
        return None
    shared = SharingDay.objects.filter(microgrid=microgrid, day__in=days, is_current=True).order_by("day")
    left = [np.array(row.not_local_wh or [0] * len(row.shared_wh)) - np.array(row.carried_wh or [0] * len(row.shared_wh)) for row in shared]
    return local_used_wh(balance, charged, discharged, np.concatenate(left))


def _before(month: Month) -> Month:
    return Month(month.year - 1, 12) if month.month == 1 else Month(month.year, month.month - 1)
