"""Making plans: one for each interval, always an answer. The plan of least cost, else the last one moved on, else the plain rule."""

import logging
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

import numpy as np
from django.db import transaction

from energy.models import Microgrid, StorageUnit
from grid.domain.planning.explanation import explain
from grid.domain.planning.fitting import fit
from grid.domain.planning.fleet import Fleet
from grid.domain.planning.flexible_runs import reason_of
from grid.domain.planning.month_peak import NO_PEAK, MonthPeak, held_levels_w, month_peak
from grid.domain.planning.parts import Array, CannotPlan
from grid.domain.planning.program import CannotFindPlan, OutOfTime
from grid.domain.planning.rolling import outlook_of
from grid.domain.planning.search import find_plan
from grid.domain.planning.shifting import Connection, Moved, follow
from grid.domain.planning.solution import PlanStatus
from grid.domain.planning.stored_value import StoredValue, value_of_storing
from grid.models import FlexibleRunPlan, Plan, PlanSource, StoragePlan
from grid.selectors.plans import STANDS_FOR, InputMissing, net_of_last_weeks, newest_plan, storages_of, stored_now
from grid.selectors.village import storage_limits
from grid.services.plan_question import Given, divided, given_for, question

log = logging.getLogger(__name__)
PATIENCE_S = 20.0
ANSWERS = 81
KEEP = timedelta(days=62)
VALUE_HORIZON = timedelta(hours=24)


def make_plan(*, microgrid: Microgrid, now: datetime, patience_s: float = PATIENCE_S) -> Plan | None:
    """The plan from the interval that runs at `now`; the same interval again changes nothing. None where there is no storage.

    Args:
        patience_s: how long the plan of least cost may be looked for.
    """
    step = timedelta(minutes=microgrid.interval_minutes)
    origin_at = now - timedelta(seconds=now.timestamp() % step.total_seconds())
    known = Plan.objects.filter(microgrid=microgrid, origin_at=origin_at).first()
    storages = storages_of(microgrid)
    if known is not None or not storages:
        return known
    reason = ""
    try:
        return _keep_found(given_for(microgrid, origin_at, storages, now), now, patience_s)
    except (InputMissing, CannotPlan, OutOfTime, CannotFindPlan) as problem:
        log.warning("no plan of least cost for %s: %s", microgrid.slug, problem)
        reason = str(problem) or "No plan was found in time."
    shifted = _keep_shifted(microgrid, storages, origin_at, reason, now)
    return shifted or _keep_rule(microgrid, origin_at, reason, now)


def _keep_found(given: Given, now: datetime, patience_s: float) -> Plan:
    ends = time.monotonic() + patience_s
    value = _value(given)
    target_w = value.outlook.peak.target_w if given.peak_price else None
    fitted = fit(
        wires=given.wires,
        groups=given.groups,
        room_w=given.limits.charge_max_w,
        ask=partial(question, given, target_w),
        find=lambda asked, known: find_plan(asked, seconds=max(ends - time.monotonic(), 0.0), known=known),
        divide=partial(divided, given),
        clock=given.clock,
        known=given.known,
    )
    problem, found = fitted.problem, fitted.found
    if found.status == PlanStatus.INFEASIBLE:
        raise CannotPlan("; ".join(found.reasons))
    charge, discharge, soc = fitted.charge_w, fitted.discharge_w, fitted.soc_wh
    exchange = given.net_w + (charge - discharge).sum(axis=0) + found.flexible_w.sum(axis=0) + found.curtailed_w
    why = [" ".join(reason.sentences) for reason in explain(problem, found, given.clock)]
    measured, answers = _answers(given, value)
    plan = Plan(
        microgrid=given.microgrid,
        origin_at=given.origin_at,
        made_at=now,
        source=PlanSource.LEAST_COST,
        status=found.status.value,
        interval_minutes=given.microgrid.interval_minutes,
        forecast_at=given.foreseen.at,
        cost_micro=None if found.cost is None else round(found.cost * 1e6),
        peak_reached_w=round(given.reached_w),
        peak_target_w=None if target_w is None else round(target_w),
        settings=_settings(given),
        use_w=_whole(given.foreseen.use.middle_w),
        production_w=_whole(given.foreseen.production.middle_w),
        import_w=_whole(np.maximum(exchange, 0)),
        export_w=_whole(np.maximum(-exchange, 0)),
        retail_micro=_whole(given.retail * 1e6),
        feed_in_micro=_whole(given.feed_in * 1e6),
        energy_micro=_whole(found.energy_price_per_kwh * 1e6),
        sentences=why,
        reasons=list(found.reasons),
        measured_w=measured,
        answer_w=answers,
    )
    runs = [
        FlexibleRunPlan(
            run=run,
            power_w=_whole(power_w),
            told_wh=round(seen.told_wh),
            why=reason_of(seen, power_w, found.energy_price_per_kwh, given.hours, given.clock)[:300],
        )
        for run, seen, power_w in zip(given.runs, given.open_runs, found.flexible_w, strict=True)
    ]
    return _store(plan, given.storages, charge, discharge, soc, runs)


def _settings(given: Given) -> dict[str, int]:
    return {
        "peak_micro_per_kw": round(given.peak_price * 1e6),
        "wear_micro_per_kwh": given.rule.wear_micro_per_kwh,
        "reserve_wh": given.rule.reserve_wh,
    }


def _value(given: Given) -> StoredValue:
    """What storing is worth, with what the month's peak will cost in the end."""
    fleet = Fleet.of(given.limits, given.rule.wear_micro_per_kwh / 1e6)
    net = given.foreseen.net.first(VALUE_HORIZON // timedelta(hours=given.hours))
    count = len(net.middle_w)
    outlook = outlook_of(
        net,
        hours=given.hours,
        import_price=given.retail[:count],
        export_price=given.feed_in[:count],
        peak=_peak(given, fleet, net.middle_w),
        persistence=given.foreseen.persistence,
    )
    return value_of_storing(fleet, outlook)


def _peak(given: Given, fleet: Fleet, net_w: Array) -> MonthPeak:
    if not given.peak_price:
        return NO_PEAK
    microgrid = given.microgrid
    today = given.origin_at.astimezone(microgrid.zone).date()
    next_month = (today.replace(day=28) + timedelta(days=4)).replace(day=1)
    left = microgrid.local_day(next_month).start_at - given.origin_at
    past_net_w = net_of_last_weeks(microgrid, given.origin_at)
    return month_peak(
        fleet,
        hours=given.hours,
        held_w=held_levels_w(fleet, given.hours, past_net_w),
        net_w=net_w,
        reached_w=given.reached_w,
        intervals_left=left // timedelta(hours=given.hours),
        price_per_kw=given.peak_price,
    )


def _answers(given: Given, value: StoredValue) -> tuple[list[int], list[int]]:
    """What the storages do together for each net power that may be measured in the first interval."""
    fleet = value.fleet
    held = float((given.soc_wh - given.limits.soc_min_wh).sum())
    outlook = value.outlook
    reach = 2 * float(max(outlook.up_w[0], outlook.down_w[0])) + fleet.charge_max_w + fleet.discharge_max_w
    measured = outlook.net_w[0] + np.linspace(-reach, reach, ANSWERS)
    return _whole(measured), [round(value.power_w(0, float(net), held, given.reached_w)) for net in measured]


def _keep_shifted(microgrid: Microgrid, storages: list[StorageUnit], origin_at: datetime, reason: str, now: datetime) -> Plan | None:
    """The last plan of least cost from here on, as far as what is stored now allows; None where there is none that still reaches so far."""
    last = newest_plan(microgrid, before=origin_at, source=PlanSource.LEAST_COST)
    if last is None or origin_at - last.origin_at > STANDS_FOR:
        return None
    shift = (origin_at - last.origin_at) // timedelta(minutes=last.interval_minutes)
    if shift >= len(last.use_w) or last.interval_minutes != microgrid.interval_minutes:
        return None
    moved = _moved(microgrid, storages, last, shift)
    arrays = ("use_w", "production_w", "retail_micro", "feed_in_micro", "energy_micro", "sentences")
    plan = Plan(
        microgrid=microgrid,
        origin_at=origin_at,
        made_at=now,
        source=PlanSource.SHIFTED,
        status=last.status,
        interval_minutes=last.interval_minutes,
        forecast_at=last.forecast_at,
        peak_reached_w=last.peak_reached_w,
        peak_target_w=last.peak_target_w,
        settings=last.settings,
        import_w=_whole(np.maximum(moved.exchange_w, 0)),
        export_w=_whole(np.maximum(-moved.exchange_w, 0)),
        reasons=[reason, *(r for r in last.reasons if r != reason)],
        **{name: getattr(last, name)[shift:] for name in arrays},
    )
    hours = last.interval_minutes / 60
    runs = [
        FlexibleRunPlan(
            run_id=row.run_id, power_w=row.power_w[shift:], told_wh=row.told_wh + round(sum(row.power_w[:shift]) * hours), why=row.why
        )
        for row in last.runs.all()
    ]
    return _store(plan, storages, moved.charge_w, moved.discharge_w, moved.soc_wh, runs)


def _moved(microgrid: Microgrid, storages: list[StorageUnit], last: Plan, shift: int) -> Moved:
    """A storage that the last plan did not know rests; what one that is gone was to do comes in through the connection."""
    rows = {row.storage_id: np.array(row.charge_w) - np.array(row.discharge_w) for row in last.storages.all()}
    idle = np.zeros(len(last.use_w))
    exchange = np.array(last.import_w, dtype=np.float64) - np.array(last.export_w)
    return follow(
        np.array([rows.get(s.pk, idle) for s in storages], dtype=np.float64)[:, shift:],
        soc_wh=stored_now(microgrid, storages),
        limits=storage_limits(storages),
        others_w=(exchange - sum(rows.values(), idle))[shift:],
        connection=Connection(microgrid.import_limit_w or np.inf, microgrid.export_limit_w or np.inf),
        hours=last.interval_minutes / 60,
    )


def _keep_rule(microgrid: Microgrid, origin_at: datetime, reason: str, now: datetime) -> Plan:
    """Nothing is planned: the storages balance by the plain rule; the reason is kept."""
    plan = Plan(
        microgrid=microgrid,
        origin_at=origin_at,
        made_at=now,
        source=PlanSource.RULE,
        status="",
        reasons=[reason],
        interval_minutes=microgrid.interval_minutes,
        use_w=[],
        production_w=[],
        import_w=[],
        export_w=[],
        retail_micro=[],
        feed_in_micro=[],
        energy_micro=[],
        sentences=[],
    )
    return _store(plan, [], *np.zeros((3, 0, 0)))


@transaction.atomic
def _store(
    plan: Plan, storages: list[StorageUnit], charge: Array, discharge: Array, soc: Array, runs: Sequence[FlexibleRunPlan] = ()
) -> Plan:
    """Store a plan once; whoever was first is kept."""
    kept, made = Plan.objects.get_or_create(
        microgrid=plan.microgrid,
        origin_at=plan.origin_at,
        defaults={f.name: getattr(plan, f.name) for f in Plan._meta.concrete_fields if f.name not in ("id", "microgrid", "origin_at")},
    )
    if made:
        StoragePlan.objects.bulk_create(
            StoragePlan(plan=kept, storage=storage, charge_w=_whole(charge[i]), discharge_w=_whole(discharge[i]), soc_wh=_whole(soc[i]))
            for i, storage in enumerate(storages)
        )
        for run in runs:
            run.plan = kept
        FlexibleRunPlan.objects.bulk_create(runs)
        Plan.objects.filter(microgrid=plan.microgrid, origin_at__lt=plan.origin_at - KEEP).delete()
    return kept


def _whole(values: Array) -> list[int]:
    return [int(v) for v in np.rint(values).tolist()]
