"""Runs of members' devices: who may ask for which, which are open, what they were let draw, when they are planned."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from django.db.models import QuerySet

from energy.models import Consumer, Microgrid
from energy.models.assets import AssetStatus
from energy.selectors.ownership import local_day_of, on_own_days
from energy.selectors.scope import operated_microgrids
from grid.domain.control.requests import STEERED_FROM_TIER
from grid.domain.planning.flexible_runs import OpenRun, reason_of
from grid.domain.planning.run_words import ENGLISH, RunWords
from grid.models import FlexibleRun, FlexibleRunPlan, Plan
from grid.selectors.plans import STANDS_FOR, newest_plan
from members.models import Role, User
from members.selectors.scope import own_members


@dataclass(frozen=True, slots=True)
class RunLine:
    """A run as it stands: what it was let draw, when it is planned [begin, end, W], and why then."""

    run: FlexibleRun
    told_wh: int
    stretches: list[tuple[datetime, datetime, int]]
    why: str
    is_over: bool


def steered_consumers(user: User) -> QuerySet[Consumer]:
    """Devices that can wait, behind sites of the user's own members."""
    members = own_members(user)
    return (
        Consumer.objects.filter(site__member__in=members, priority_tier__gte=STEERED_FROM_TIER, status=AssetStatus.ACTIVE)
        .select_related("site__microgrid")
        .order_by("site__code", "code")
    )


def own_runs(user: User) -> QuerySet[FlexibleRun]:
    """Runs of devices behind sites on days on which they were the user's own members', the latest first."""
    day = local_day_of("asked_at", "microgrid__time_zone")
    return on_own_days(_runs(), user, site="consumer__site", day=day)


def operated_runs(user: User, *roles: Role) -> QuerySet[FlexibleRun]:
    """Runs in microgrids that the user operates, or reads with one of `roles`."""
    return _runs().filter(microgrid__in=operated_microgrids(user, *roles).order_by().values("pk"))


def _runs() -> QuerySet[FlexibleRun]:
    return FlexibleRun.objects.select_related("consumer__site", "microgrid").order_by("-ready_at", "-pk")


def standing_runs(microgrid: Microgrid, at: datetime) -> QuerySet[FlexibleRun]:
    """Runs that are asked for, not withdrawn and not over at an instant."""
    rows = FlexibleRun.objects.filter(microgrid=microgrid, withdrawn_at__isnull=True, ready_at__gt=at)
    return rows.select_related("consumer__site").order_by("pk")


def told_so_far(microgrid: Microgrid, runs: Sequence[FlexibleRun], until: datetime) -> dict[int, float]:
    """What each run was let draw before an instant [Wh]: by each plan as long as it was the newest, at most as long as it stands."""
    told = dict.fromkeys((run.pk for run in runs), 0.0)
    if not runs:
        return told
    begin = min(run.asked_at for run in runs)
    step = timedelta(minutes=microgrid.interval_minutes)
    newer = microgrid.plans.filter(origin_at__gt=begin - step, origin_at__lt=until).order_by("origin_at")
    begins = dict(newer.values_list("pk", "origin_at"))
    ends = dict(zip(begins, [*begins.values(), until][1:], strict=True))
    rows = FlexibleRunPlan.objects.filter(plan__in=list(begins), run__in=runs)
    for plan, run, power_w in rows.values_list("plan_id", "run_id", "power_w"):
        count = min(ends[plan] - begins[plan], STANDS_FOR) // step
        told[run] += sum(power_w[:count]) * (step / timedelta(hours=1))
    return told


def open_run(run: FlexibleRun, told_wh: float, origin_at: datetime) -> OpenRun:
    """A run as a plan from `origin_at` on sees it."""
    hour = timedelta(hours=1)
    return OpenRun(
        f"{run.name} ({run.consumer.site.name})",
        float(run.energy_wh),
        told_wh,
        float(run.power_w),
        (run.start_at - origin_at) / hour,
        (run.ready_at - origin_at) / hour,
        run.may_pause,
    )


def run_lines(microgrid: Microgrid, runs: Sequence[FlexibleRun], now: datetime, words: RunWords = ENGLISH) -> list[RunLine]:
    """How runs stand under the newest plan; why then is told in `words`."""
    plan = newest_plan(microgrid, before=now)
    planned = {} if plan is None else {row.run_id: row for row in plan.runs.filter(run__in=runs)}
    told = told_so_far(microgrid, runs, now)
    lines = []
    for run in runs:
        row = planned.get(run.pk)
        is_over = run.withdrawn_at is not None or run.ready_at <= now
        stretches = [] if row is None or plan is None or is_over else _stretches(row, plan.origin_at, microgrid)
        lines.append(
            RunLine(
                run, round(told[run.pk]), stretches, "" if row is None or plan is None or is_over else _why(run, row, plan, words), is_over
            )
        )
    return lines


def _why(run: FlexibleRun, row: FlexibleRunPlan, plan: Plan, words: RunWords) -> str:
    """Why the plan lets it run then; in other words than the plan's own it is worked out once more from what the plan kept."""
    if words is ENGLISH or not plan.energy_micro:
        return row.why
    step, zone = timedelta(minutes=plan.interval_minutes), run.microgrid.zone
    clock = [f"{(plan.origin_at + i * step).astimezone(zone):%H:%M}" for i in range(len(row.power_w))]
    seen, power_w = open_run(run, float(row.told_wh), plan.origin_at), np.array(row.power_w, dtype=float)
    return reason_of(seen, power_w, np.array(plan.energy_micro) / 1e6, step / timedelta(hours=1), clock, words)


def _stretches(row: FlexibleRunPlan, origin_at: datetime, microgrid: Microgrid) -> list[tuple[datetime, datetime, int]]:
    """Times in a row in which a run draws something, with the mean power."""
    step = timedelta(minutes=microgrid.interval_minutes)
    power = np.array(row.power_w)
    on = np.concatenate([[False], power > 0, [False]])
    begins, ends = np.flatnonzero(on[1:] & ~on[:-1]), np.flatnonzero(~on[1:] & on[:-1])
    return [
        (origin_at + int(b) * step, origin_at + int(e) * step, round(float(power[b:e].mean()))) for b, e in zip(begins, ends, strict=True)
    ]
