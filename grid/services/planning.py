"""Making plans: one for each interval, always an answer. The plan of least cost, else the last one moved on, else the plain rule."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from django.db import transaction

from energy.models import Microgrid, StorageUnit
from grid.domain.control.dispatch import StorageLimits
from grid.domain.planning.explanation import explain
from grid.domain.planning.parts import Array, CannotPlan, Storages
from grid.domain.planning.peak_target import held_in_hindsight_w, target_floor_w, value_with_target
from grid.domain.planning.problem import PlanProblem
from grid.domain.planning.program import OutOfTime
from grid.domain.planning.rolling import outlook_of
from grid.domain.planning.search import CannotFindPlan, find_plan
from grid.domain.planning.solution import PlanSolution, PlanStatus
from grid.domain.planning.storage_sharing import are_alike, divide_fairly
from grid.domain.planning.stored_value import Fleet, StoredValue
from grid.models import Plan, PlanRule, PlanSource, StoragePlan
from grid.selectors.plans import (
    STANDS_FOR,
    Foreseen,
    InputMissing,
    cycled_this_month,
    foreseen_from,
    net_of_last_weeks,
    net_without_storages,
    newest_plan,
    peak_reached,
    prices_from,
    storages_of,
    stored_now,
)
from grid.selectors.village import storage_limits

log = logging.getLogger(__name__)
PATIENCE_S = 20.0
ANSWERS = 81
KEEP = timedelta(days=62)
HINDSIGHT = "hindsight_w"
VALUE_HORIZON = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Given:
    """All that a plan is made from."""

    microgrid: Microgrid
    origin_at: datetime
    storages: list[StorageUnit]
    limits: StorageLimits
    soc_wh: Array
    cycled: Array
    foreseen: Foreseen
    retail: Array
    feed_in: Array
    rule: PlanRule
    reached_w: float
    measured_w: float | None

    @property
    def hours(self) -> float:
        return self.microgrid.interval_minutes / 60

    @property
    def net_w(self) -> Array:
        return self.foreseen.use.middle_w - self.foreseen.production.middle_w


def make_plan(*, microgrid: Microgrid, now: datetime) -> Plan | None:
    """The plan from the interval that runs at `now`; the same interval again changes nothing. None where there is no storage."""
    step = timedelta(minutes=microgrid.interval_minutes)
    origin_at = now - timedelta(seconds=now.timestamp() % step.total_seconds())
    known = Plan.objects.filter(microgrid=microgrid, origin_at=origin_at).first()
    storages = storages_of(microgrid)
    if known is not None or not storages:
        return known
    reason = ""
    try:
        return _keep_found(_given(microgrid, origin_at, storages, now), now)
    except (InputMissing, CannotPlan, OutOfTime, CannotFindPlan) as problem:
        log.warning("no plan of least cost for %s: %s", microgrid.slug, problem)
        reason = str(problem) or "No plan was found in time."
    return _keep_shifted(microgrid, origin_at, reason, now) or _keep_rule(microgrid, origin_at, reason, now)


def _given(microgrid: Microgrid, origin_at: datetime, storages: list[StorageUnit], now: datetime) -> Given:
    foreseen = foreseen_from(microgrid, origin_at)
    retail, feed_in = prices_from(microgrid, origin_at, len(foreseen.use.middle_w))
    rule = PlanRule.objects.filter(microgrid=microgrid).first() or PlanRule(microgrid=microgrid)
    return Given(
        microgrid, origin_at, storages, storage_limits(storages), stored_now(microgrid, storages),
        cycled_this_month(microgrid, storages, now), foreseen, retail, feed_in, rule, peak_reached(microgrid, now),
        net_without_storages(microgrid, now),
    )  # fmt: skip


def _keep_found(given: Given, now: datetime) -> Plan:
    peak, wear = given.rule.peak_micro_per_kw / 1e6, given.rule.wear_micro_per_kwh / 1e6
    hindsight_w = _hindsight(given, peak, wear) if peak else 0.0
    value = _value(given, hindsight_w)
    target_w = value.outlook.peak_target_w if given.rule.peak_micro_per_kw else None
    problem = _problem(given, target_w)
    found = find_plan(problem, seconds=PATIENCE_S)
    if found.status == PlanStatus.INFEASIBLE:
        raise CannotPlan("; ".join(found.reasons))
    charge, discharge, soc = _divided(given, found)
    exchange = given.net_w + (charge - discharge).sum(axis=0) - found.curtailed_w
    why = [" ".join(reason.sentences) for reason in explain(problem, found, _clock(given))]
    measured, answers = _answers(given, value)
    plan = Plan(
        microgrid=given.microgrid, origin_at=given.origin_at, made_at=now, source=PlanSource.LEAST_COST,
        status=found.status.value, interval_minutes=given.microgrid.interval_minutes, forecast_at=given.foreseen.at,
        cost_micro=None if found.cost is None else round(found.cost * 1e6), peak_reached_w=round(given.reached_w),
        peak_target_w=None if target_w is None else round(target_w), settings=_settings(given.rule, hindsight_w),
        use_w=_whole(given.foreseen.use.middle_w), production_w=_whole(given.foreseen.production.middle_w),
        import_w=_whole(np.maximum(exchange, 0)), export_w=_whole(np.maximum(-exchange, 0)),
        retail_micro=_whole(given.retail * 1e6), feed_in_micro=_whole(given.feed_in * 1e6),
        energy_micro=_whole(found.energy_price_per_kwh * 1e6), sentences=why, reasons=list(found.reasons),
        measured_w=measured, answer_w=answers,
    )  # fmt: skip
    return _store(plan, given.storages, charge, discharge, soc)


def _settings(rule: PlanRule, hindsight_w: float) -> dict[str, int]:
    return {
        HINDSIGHT: round(hindsight_w),
        "peak_micro_per_kw": rule.peak_micro_per_kw, "wear_micro_per_kwh": rule.wear_micro_per_kwh, "reserve_wh": rule.reserve_wh,
    }  # fmt: skip


def _value(given: Given, hindsight_w: float) -> StoredValue:
    """What storing is worth, at the peak that is worth holding."""
    peak = given.rule.peak_micro_per_kw / 1e6
    wear = given.rule.wear_micro_per_kwh / 1e6
    fleet = Fleet.of(given.limits, wear)
    floor = target_floor_w(fleet, hindsight_w, given.reached_w) if peak else float("inf")
    count = VALUE_HORIZON // timedelta(hours=given.hours)
    use, production = (given.foreseen.use.first(count), given.foreseen.production.first(count))
    outlook = outlook_of(
        use, production, hours=given.hours, import_price=given.retail[:count], export_price=given.feed_in[:count],
        target_w=floor if peak else float(np.abs(given.net_w).max()) * 10 + fleet.charge_max_w,
    )  # fmt: skip
    net_w = given.measured_w if given.measured_w is not None else float(given.net_w[0])
    held = float((given.soc_wh - given.limits.soc_min_wh).sum())
    return value_with_target(fleet, outlook, soc_wh=held, net_w=net_w, peak_price_per_kw=peak)


def _hindsight(given: Given, peak: float, wear: float) -> float:
    """What the last weeks could have been held at, found once a week; today's prices stand for theirs where none were published."""
    last = newest_plan(given.microgrid, before=given.origin_at)
    if (
        last is not None
        and HINDSIGHT in last.settings
        and _week(given, last.origin_at) == _week(given, given.origin_at)
    ):
        return float(last.settings[HINDSIGHT])
    days, net_w = net_of_last_weeks(given.microgrid, given.origin_at)
    if not len(days):
        return 0.0
    first = given.microgrid.local_day(days[0]).start_at
    retail, feed_in = prices_from(given.microgrid, first, len(net_w))
    return held_in_hindsight_w(
        given.limits, hours=given.hours, net_w=net_w, import_price=retail, export_price=feed_in, peak_price_per_kw=peak,
        wear_per_kwh=wear,
    )  # fmt: skip


def _week(given: Given, at: datetime) -> tuple[int, int]:
    year, week, _ = at.astimezone(given.microgrid.zone).isocalendar()
    return year, week


def _problem(given: Given, target_w: float | None) -> PlanProblem:
    """What is asked: storages that lose alike count as one, for then it does not matter which of them works."""
    limits, count, rule = given.limits, len(given.net_w), given.rule
    alike = are_alike(limits)
    ids = ("the battery fleet",) if alike else tuple(s.code for s in given.storages)

    def each(values: Array, together: str) -> Array:
        return np.array([values.sum() if together == "sum" else values.mean()]) if alike else values

    def powers(values: Array) -> Array:
        return np.repeat(each(values, "sum")[:, None], count, axis=1)

    eta = each(limits.eta_charge, "mean")
    storages = Storages.of(
        count, ids, soc_start_wh=each(given.soc_wh, "sum"), soc_min_wh=each(limits.soc_min_wh, "sum"),
        soc_max_wh=each(limits.soc_max_wh, "sum"), charge_max_w=powers(limits.charge_max_w),
        discharge_max_w=powers(limits.discharge_max_w), eta_charge=eta, eta_discharge=each(limits.eta_discharge, "mean"),
        self_discharge_per_h=1 - each(limits.kept_per_hour, "mean"), wear_per_kwh=rule.wear_micro_per_kwh / 1e6,
        end_value_per_kwh=max(float(given.retail.min()), 0.0),
    )  # fmt: skip
    microgrid = given.microgrid
    return PlanProblem.of(
        interval_minutes=microgrid.interval_minutes, import_price_per_kwh=given.retail, export_price_per_kwh=given.feed_in,
        load_w=given.foreseen.use.middle_w, production_w=given.foreseen.production.middle_w, storages=storages,
        import_limit_w=microgrid.import_limit_w or np.inf, export_limit_w=microgrid.export_limit_w or np.inf,
        peak_price_per_kw=rule.peak_micro_per_kw / 1e6, peak_so_far_w=target_w or given.reached_w,
        reserve_wh=float(rule.reserve_wh),
    )  # fmt: skip


def _divided(given: Given, found: PlanSolution) -> tuple[Array, Array, Array]:
    if not are_alike(given.limits):
        return found.charge_w, found.discharge_w, found.soc_wh
    net = found.charge_w[0] - found.discharge_w[0]
    return divide_fairly(net, given.soc_wh, given.limits, given.cycled, given.hours)


def _answers(given: Given, value: StoredValue) -> tuple[list[int], list[int]]:
    """What the storages do together for each net power that may be measured in the first interval."""
    fleet = value.fleet
    held = float((given.soc_wh - given.limits.soc_min_wh).sum())
    outlook = value.outlook
    reach = 2 * float(max(outlook.up_w[0], outlook.down_w[0])) + fleet.charge_max_w + fleet.discharge_max_w
    measured = outlook.net_w[0] + np.linspace(-reach, reach, ANSWERS)
    return _whole(measured), [round(value.power_w(0, float(net), held)) for net in measured]


def _clock(given: Given) -> list[str]:
    step = timedelta(minutes=given.microgrid.interval_minutes)
    zone = given.microgrid.zone
    return [f"{(given.origin_at + i * step).astimezone(zone):%H:%M}" for i in range(len(given.net_w))]


def _keep_shifted(microgrid: Microgrid, origin_at: datetime, reason: str, now: datetime) -> Plan | None:
    """The last plan from here on; None where there is none that still reaches so far."""
    last = newest_plan(microgrid, before=origin_at)
    if last is None or last.source == PlanSource.RULE or origin_at - last.origin_at > STANDS_FOR:
        return None
    shift = (origin_at - last.origin_at) // timedelta(minutes=microgrid.interval_minutes)
    if shift >= len(last.use_w):
        return None
    arrays = (
        "use_w", "production_w", "import_w", "export_w", "retail_micro", "feed_in_micro", "energy_micro", "sentences",
    )  # fmt: skip
    rows = list(last.storages.select_related("storage").order_by("storage_id"))
    plan = Plan(
        microgrid=microgrid, origin_at=origin_at, made_at=now, source=PlanSource.SHIFTED, status=last.status,
        interval_minutes=last.interval_minutes, forecast_at=last.forecast_at, peak_reached_w=last.peak_reached_w,
        peak_target_w=last.peak_target_w, settings=last.settings,
        reasons=[reason, *(r for r in last.reasons if r != reason)],
        **{name: getattr(last, name)[shift:] for name in arrays},
    )  # fmt: skip
    charge, discharge, soc = (
        np.array([getattr(row, name)[shift:] for row in rows], dtype=np.float64).reshape(len(rows), -1)
        for name in ("charge_w", "discharge_w", "soc_wh")
    )
    return _store(plan, [row.storage for row in rows], charge, discharge, soc)


def _keep_rule(microgrid: Microgrid, origin_at: datetime, reason: str, now: datetime) -> Plan:
    """Nothing is planned: the storages balance by the plain rule; the reason is kept."""
    plan = Plan(
        microgrid=microgrid, origin_at=origin_at, made_at=now, source=PlanSource.RULE, status="", reasons=[reason],
        interval_minutes=microgrid.interval_minutes, use_w=[], production_w=[], import_w=[], export_w=[], retail_micro=[],
        feed_in_micro=[], energy_micro=[], sentences=[],
    )  # fmt: skip
    return _store(plan, [], *np.zeros((3, 0, 0)))


@transaction.atomic
def _store(plan: Plan, storages: list[StorageUnit], charge: Array, discharge: Array, soc: Array) -> Plan:
    """Store a plan once; whoever was first is kept."""
    kept, made = Plan.objects.get_or_create(
        microgrid=plan.microgrid, origin_at=plan.origin_at,
        defaults={f.name: getattr(plan, f.name) for f in Plan._meta.concrete_fields if f.name not in ("id", "microgrid", "origin_at")},
    )  # fmt: skip
    if made:
        StoragePlan.objects.bulk_create(
            StoragePlan(
                plan=kept, storage=storage, charge_w=_whole(charge[i]), discharge_w=_whole(discharge[i]), soc_wh=_whole(soc[i])
            )
            for i, storage in enumerate(storages)
        )  # fmt: skip
        Plan.objects.filter(microgrid=plan.microgrid, origin_at__lt=plan.origin_at - KEEP).delete()
    return kept


def _whole(values: Array) -> list[int]:
    return [int(v) for v in np.rint(values).tolist()]
