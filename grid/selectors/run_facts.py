"""What is known of a run once its days are closed: what it was told, what its site used, what crossed the coupling point."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import numpy as np
from django.db import connection
from django.db.models import Q

from energy.domain.quality import METHOD_MASK, Method
from energy.models import Channel, Meter, Microgrid
from energy.selectors.meter_days import day_offsets, load_channel
from energy.selectors.site_energy import site_energy
from grid.domain.flexibility import Ints
from grid.domain.run_savings import RunFacts
from grid.models import BalanceDay, ChargingSession, DemandResponse, FlexibleRun, FlexibleRunPlan, FlexibleRunResult, PriceDay
from grid.selectors.run_limits import run_reason
from grid.selectors.told import acknowledged, acknowledged_parameters

MEASURED = (Method.MEASURED, Method.CALCULATED)
LET = (
    acknowledged("consumer_id")
    + """
SELECT consumer_id, reason, place, round(sum(limit_w * seconds) / 3600)::int
FROM spread WHERE seconds > 0 AND limit_w IS NOT NULL GROUP BY 1, 2, 3
"""
)


@dataclass(frozen=True, slots=True)
class ClosedRun:
    """A run whose days are closed, with what crossed the coupling point and the prices [T]."""

    facts: RunFacts
    start_at: datetime
    net_wh: Ints
    retail_micro: Ints
    feed_in_micro: Ints
    why: str


def runs_over(microgrid: Microgrid, day: date) -> list[FlexibleRun]:
    """Runs that might draw on a day and were not taken back."""
    local = microgrid.local_day(day)
    rows = FlexibleRun.objects.filter(
        microgrid=microgrid, withdrawn_at__isnull=True, start_at__lt=local.end_at, ready_at__gt=local.start_at
    )
    return list(rows.select_related("consumer__site").order_by("pk"))


def closed_run(microgrid: Microgrid, run: FlexibleRun, before: FlexibleRunResult | None) -> ClosedRun | None:
    """A run's facts; None while one of its days is open, has no price, or where the device was told nothing.

    What was told is forgotten after a month: then what the result before kept of it counts.
    """
    days = days_of(microgrid, run)
    balances = list(BalanceDay.objects.filter(microgrid=microgrid, day__in=days, is_current=True).order_by("day"))
    prices = list(PriceDay.objects.filter(microgrid=microgrid, day__in=days).order_by("day"))
    if len(balances) < len(days) or len(prices) < len(days):
        return None
    start_at, count = microgrid.local_day(days[0]).start_at, int(day_offsets(microgrid, days)[-1])
    facts = _facts(microgrid, run, days, start_at, count)
    if not facts.commanded.any() and before is not None:
        facts = replace(facts, let_wh=np.array(before.let_wh), commanded=np.array(before.commanded))
    if not facts.commanded.any():
        return None
    net = _joined([np.array(b.import_wh) - np.array(b.export_wh) for b in balances])
    return ClosedRun(
        facts,
        start_at,
        net,
        _joined([p.retail_micro for p in prices]),
        _joined([p.feed_in_micro for p in prices]),
        _why(run) or (before.why if before else ""),
    )


def days_of(microgrid: Microgrid, run: FlexibleRun) -> list[date]:
    """The local days that a run may touch."""
    first = run.start_at.astimezone(microgrid.zone).date()
    return [first + timedelta(days=i) for i in range((ready_day(microgrid, run) - first).days + 1)]


def ready_day(microgrid: Microgrid, run: FlexibleRun) -> date:
    """The local day in which a run's time ends; midnight ends the day before."""
    return (run.ready_at - timedelta(microseconds=1)).astimezone(microgrid.zone).date()


def _facts(microgrid: Microgrid, run: FlexibleRun, days: Sequence[date], start_at: datetime, count: int) -> RunFacts:
    step = timedelta(minutes=microgrid.interval_minutes)
    let, others = np.zeros((2, count), dtype=np.int64)
    commanded = np.zeros(count, dtype=bool)
    for consumer_id, reason, place, wh in _told(microgrid, run, start_at, count):
        if consumer_id != run.consumer_id:
            others[place] += wh
        elif reason == run_reason(run, microgrid):
            let[place] += wh
            commanded[place] = True
    use = site_energy(microgrid=microgrid, site_ids=[run.consumer.site_id], days=days).consumption_wh
    first = -((start_at - max(run.start_at, run.asked_at)) // step)
    last = (run.ready_at - start_at) // step
    return RunFacts(
        let,
        commanded,
        others,
        np.maximum(use, 0),
        min(first, max(last - 1, 0)),
        last,
        int(run.power_w * microgrid.interval_minutes // 60),
        _in_events(microgrid, run, start_at, count),
        _register_wh(run),
        _own_wh(microgrid, run, days, slice(first, last)),
    )


def _own_wh(microgrid: Microgrid, run: FlexibleRun, days: Sequence[date], span: slice) -> Ints | None:
    """What the device's own meter measured; None where it has none, or where something of the run is not measured."""
    there = Q(removed_at__isnull=True) | Q(removed_at__gte=run.ready_at)
    meter = Meter.objects.filter(there, consumer=run.consumer_id, installed_at__lte=run.start_at).first()
    if meter is None:
        return None
    block = load_channel(microgrid=microgrid, channel=Channel.DRAW, days=days, meter_ids=[meter.pk])
    measured = np.isin(block.quality[0, span] & METHOD_MASK, MEASURED)
    if not block.present.all() or not measured.all():
        return None
    own: Ints = block.values_wh[0].astype(np.int64)
    return own


def _told(microgrid: Microgrid, run: FlexibleRun, start_at: datetime, count: int) -> list[tuple[int, str, int, int]]:
    """What the site's devices were let draw by commands they acknowledged: device, reason, interval, Wh."""
    consumers = list(run.consumer.site.consumers.values_list("pk", flat=True))
    parameters = acknowledged_parameters(microgrid=microgrid, ids=consumers, start_at=start_at, count=count)
    with connection.cursor() as cursor:
        cursor.execute(LET, parameters)
        return cursor.fetchall()


def _in_events(microgrid: Microgrid, run: FlexibleRun, start_at: datetime, count: int) -> np.ndarray:
    """Intervals in which demand response measures the site."""
    step = timedelta(minutes=microgrid.interval_minutes)
    found = np.zeros(count, dtype=bool)
    rows = DemandResponse.objects.filter(
        site=run.consumer.site_id,
        opted_out_at=None,
        event__cancelled_at=None,
        event__start_at__lt=start_at + count * step,
        event__end_at__gt=start_at,
    )
    for begins, ends in rows.values_list("event__start_at", "event__end_at"):
        found[max((begins - start_at) // step, 0) : max(-((start_at - ends) // step), 0)] = True
    return found


def _register_wh(run: FlexibleRun) -> int | None:
    """What the charge point counted in sessions within the run; None where it counted none from begin to end."""
    sessions = ChargingSession.objects.filter(
        link__consumer=run.consumer_id, started_at__lt=run.ready_at, ended_at__gt=run.start_at, start_wh__isnull=False, end_wh__isnull=False
    )
    registers = sessions.values_list("start_wh", "end_wh")
    counted = [max(end - start, 0) for start, end in registers if start is not None and end is not None]
    return sum(counted) if counted else None


def _why(run: FlexibleRun) -> str:
    """What the plan said that first let it draw at once."""
    rows = FlexibleRunPlan.objects.filter(run=run).select_related("plan").order_by("plan__origin_at")
    return next((row.why for row in rows if row.power_w and row.power_w[0] > 0), "")


def _joined(days: Sequence[Sequence[int] | np.ndarray]) -> Ints:
    joined: Ints = np.concatenate([np.array(day, dtype=np.int64) for day in days])
    return joined
