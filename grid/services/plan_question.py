"""What a plan is made from, and as which problem it is asked: storages in groups that may be planned as one, limits of the wires."""

from dataclasses import dataclass, fields
from datetime import datetime, timedelta

import numpy as np

from energy.models import Microgrid, StorageUnit
from grid.domain.control.dispatch import StorageLimits
from grid.domain.planning.flexible_runs import OpenRun, loads_of
from grid.domain.planning.grid_limits import Wires
from grid.domain.planning.parts import Array, Places, SharedLimits, Storages
from grid.domain.planning.problem import PlanProblem
from grid.domain.planning.solution import PlanSolution
from grid.domain.planning.storage_sharing import are_alike, divide_fairly
from grid.domain.planning.warm_start import KnownPlan
from grid.models import FlexibleRun, PlanRule
from grid.selectors.flexible_runs import open_run, standing_runs, told_so_far
from grid.selectors.plan_wires import wires_under
from grid.selectors.plans import Foreseen, cycled_this_month, foreseen_from, known_plan, peak_price, peak_reached, prices_from, stored_now
from grid.selectors.village import storage_limits

MOST_NAMED = 3


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
    peak_price: float
    reached_w: float
    wires: Wires | None
    known: KnownPlan | None
    runs: list[FlexibleRun]
    open_runs: list[OpenRun]

    @property
    def hours(self) -> float:
        return self.microgrid.interval_minutes / 60

    @property
    def net_w(self) -> Array:
        return self.foreseen.use.middle_w - self.foreseen.production.middle_w

    @property
    def clock(self) -> list[str]:
        """When each interval begins, in local time."""
        step, zone = timedelta(minutes=self.microgrid.interval_minutes), self.microgrid.zone
        return [f"{(self.origin_at + i * step).astimezone(zone):%H:%M}" for i in range(len(self.net_w))]

    @property
    def groups(self) -> Places:
        """Storages that lose alike count as one, for then it does not matter which of them works; a wire may tell them apart."""
        count = len(self.storages)
        return np.zeros(count, dtype=np.int64) if are_alike(self.limits) else np.arange(count)


def given_for(microgrid: Microgrid, origin_at: datetime, storages: list[StorageUnit], now: datetime) -> Given:
    """Look up what a plan from `origin_at` on is made from.

    Raises:
        InputMissing: there is no forecast or no price.
    """
    foreseen = foreseen_from(microgrid, origin_at)
    count = len(foreseen.use.middle_w)
    retail, feed_in = prices_from(microgrid, origin_at, count)
    rule = PlanRule.objects.filter(microgrid=microgrid).first() or PlanRule(microgrid=microgrid)
    runs = list(standing_runs(microgrid, origin_at))
    told = told_so_far(microgrid, runs, origin_at)
    wires = wires_under(microgrid, origin_at, foreseen, storages, [run.consumer.site_id for run in runs])
    return Given(
        microgrid,
        origin_at,
        storages,
        storage_limits(storages),
        stored_now(microgrid, storages),
        cycled_this_month(microgrid, storages, now),
        foreseen,
        retail,
        feed_in,
        rule,
        peak_price(microgrid, rule, origin_at),
        peak_reached(microgrid, now),
        wires,
        known_plan(microgrid, storages, runs, origin_at, count),
        runs,
        [open_run(run, told[run.pk], origin_at) for run in runs],
    )


def question(given: Given, target_w: float | None, groups: Places, shared: SharedLimits | None) -> PlanProblem:
    """What is asked, with the storages of a group as one and limits of wires on what groups do."""
    limits, count, rule = given.limits, len(given.net_w), given.rule
    members = np.zeros((int(groups.max(initial=-1)) + 1, len(groups)))
    members[groups, np.arange(len(groups))] = 1.0
    size = members.sum(axis=1)

    def powers(values: Array) -> Array:
        return np.repeat((members @ values)[:, None], count, axis=1)

    storages = Storages.of(
        count,
        _names(given, groups),
        soc_start_wh=members @ given.soc_wh,
        soc_min_wh=members @ limits.soc_min_wh,
        soc_max_wh=members @ limits.soc_max_wh,
        charge_max_w=powers(limits.charge_max_w),
        discharge_max_w=powers(limits.discharge_max_w),
        eta_charge=members @ limits.eta_charge / size,
        eta_discharge=members @ limits.eta_discharge / size,
        self_discharge_per_h=np.clip(1 - members @ limits.kept_per_hour / size, 0, 1),
        wear_per_kwh=rule.wear_micro_per_kwh / 1e6,
        end_value_per_kwh=max(float(given.retail.min()), 0.0),
    )
    microgrid = given.microgrid
    return PlanProblem.of(
        interval_minutes=microgrid.interval_minutes,
        import_price_per_kwh=given.retail,
        export_price_per_kwh=given.feed_in,
        load_w=given.foreseen.use.middle_w,
        production_w=given.foreseen.production.middle_w,
        storages=storages,
        shared=shared,
        flexible=loads_of(given.open_runs, given.hours, count),
        import_limit_w=microgrid.import_limit_w or np.inf,
        export_limit_w=microgrid.export_limit_w or np.inf,
        peak_price_per_kw=given.peak_price,
        peak_so_far_w=target_w or given.reached_w,
        reserve_wh=float(rule.reserve_wh),
    )


def _names(given: Given, groups: Places) -> list[str]:
    """How groups are told of in sentences."""
    count = int(groups.max(initial=-1)) + 1
    if count == 1 and len(groups) > 1:
        return ["the battery fleet"]
    codes = [[s.code for s, g in zip(given.storages, groups, strict=True) if g == group] for group in range(count)]
    return [_together(own) for own in codes]


def _together(codes: list[str]) -> str:
    if len(codes) <= MOST_NAMED:
        return " and ".join(codes)
    return f"{', '.join(codes[:MOST_NAMED])} and {len(codes) - MOST_NAMED} more"


def divided(given: Given, found: PlanSolution, groups: Places) -> tuple[Array, Array, Array]:
    """What each storage does of what its group does: charge, discharge and state of charge [n, T]."""
    charge, discharge, soc = np.zeros((3, len(groups), len(found.import_w)))
    for group in range(int(groups.max(initial=-1)) + 1):
        own = np.flatnonzero(groups == group)
        if len(own) == 1:
            charge[own], discharge[own], soc[own] = (found.charge_w[group], found.discharge_w[group], found.soc_wh[group])
            continue
        net = found.charge_w[group] - found.discharge_w[group]
        charge[own], discharge[own], soc[own] = divide_fairly(
            net, given.soc_wh[own], _some(given.limits, own), given.cycled[own], given.hours
        )
    return charge, discharge, soc


def _some(limits: StorageLimits, own: Places) -> StorageLimits:
    return StorageLimits(*(getattr(limits, field.name)[own] for field in fields(limits)))
