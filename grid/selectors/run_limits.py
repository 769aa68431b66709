"""What control tells devices of runs: in each interval no more than the plan lets them draw, from when they may begin until they are ready."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from energy.models import Microgrid
from grid.domain.control.requests import Requests
from grid.models import FlexibleRun, FlexibleRunPlan, PlanSource
from grid.selectors.control_layout import ControlLayout
from grid.selectors.plans import STANDS_FOR, newest_plan


@dataclass(frozen=True, slots=True)
class RunLimit:
    """One run in the newest plan; it moves on by itself while nobody can ask for a newer one."""

    consumer_id: int
    origin_at: datetime
    step: timedelta
    power_w: Sequence[int]
    start_at: datetime
    ready_at: datetime
    reason: str

    def at(self, now: datetime) -> float:
        """The most its device may draw [W]; infinite where nothing is asked of it."""
        place = (now - self.origin_at) // self.step
        stands = 0 <= place < len(self.power_w) and now - self.origin_at <= STANDS_FOR
        return float(self.power_w[place]) if stands and self.start_at <= now < self.ready_at else np.inf


def run_limits(microgrid: Microgrid, now: datetime) -> list[RunLimit]:
    """Of the newest plan, runs that are neither withdrawn nor over."""
    plan = newest_plan(microgrid, before=now)
    if plan is None or plan.source == PlanSource.RULE or now - plan.origin_at > STANDS_FOR:
        return []
    rows = FlexibleRunPlan.objects.filter(plan=plan, run__withdrawn_at__isnull=True, run__ready_at__gt=now)
    step = timedelta(minutes=plan.interval_minutes)
    return [
        RunLimit(row.run.consumer_id, plan.origin_at, step, row.power_w, row.run.start_at, row.run.ready_at, run_reason(row.run, microgrid))
        for row in rows.select_related("run")
    ]


def run_reason(run: FlexibleRun, microgrid: Microgrid) -> str:
    """What the commands of a run's device read."""
    return f"{run.name}, planned to be ready by {run.ready_at.astimezone(microgrid.zone):%H:%M}"


def lay_runs(layout: ControlLayout, rows: Sequence[RunLimit], now: datetime, requests: Requests) -> Requests:
    """What stands at `now` beside what is asked for already; the lower limit holds."""
    standing = {row.consumer_id: row for row in rows if np.isfinite(row.at(now))}
    if not standing:
        return requests
    first = len(layout.storages) + len(layout.source_site)
    limit, reasons = (requests.load_limit_w.copy(), [requests.why(i) for i in range(len(requests.load_limit_w))])
    for place, target in enumerate(layout.targets[first:]):
        row = standing.get(target.asset_id)
        if row is not None and row.at(now) < limit[place]:
            limit[place], reasons[place] = row.at(now), row.reason
    return Requests(limit, requests.reason, tuple(reasons))
