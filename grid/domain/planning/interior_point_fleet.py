"""Storages and interruptible loads as one fleet, and what their own limits allow, whatever the others do."""

from dataclasses import dataclass, replace

import numpy as np

from grid.domain.planning.parts import UNLIMITED, Array
from grid.domain.planning.problem import PlanProblem

REACHED_WH = 1e-6
Reach = tuple[Array, Array]


@dataclass(frozen=True, slots=True)
class Fleet:
    """Storages and interruptible loads alike, k rows: a load is a storage that only charges and must be full at its window's end.

    Energies [Wh] and powers [W], [k, T] unless said otherwise; `kept`, `eta_charge`, `eta_discharge`, `start` and `value` are [k].
    """

    start: Array
    kept: Array
    eta_charge: Array
    eta_discharge: Array
    wear: Array
    value: Array
    charge_most: Array
    discharge_most: Array
    least: Array
    most: Array
    charge_least: Array
    discharge_least: Array
    hours: float

    @property
    def up(self) -> Array:
        """By how much an interval can raise the state of charge."""
        return self.charge_most * self.eta_charge[:, None] * self.hours

    @property
    def down(self) -> Array:
        return self.discharge_most / self.eta_discharge[:, None] * self.hours


def fleet_of(problem: PlanProblem) -> Fleet:
    """What the problem's storages and loads may do, wishes taken as limits."""
    storages, flexible, count = problem.storages, problem.flexible, problem.intervals
    m = len(flexible)
    idle = np.zeros((len(storages) + m, count))
    t = np.arange(count)
    runs = (t >= flexible.earliest[:, None]) & (t < flexible.latest[:, None])
    wanted = np.maximum(storages.soc_min_wh[:, None], storages.soc_wanted_wh)
    wanted[:, -1] = np.maximum(wanted[:, -1], storages.soc_end_min_wh)
    full = np.broadcast_to(flexible.energy_wh[:, None], (m, count))
    one, none = np.ones(m), np.zeros(m)
    return Fleet(
        start=np.append(storages.soc_start_wh, none),
        kept=np.append(storages.kept(problem.hours), one),
        eta_charge=np.append(storages.eta_charge, one),
        eta_discharge=np.append(storages.eta_discharge, one),
        wear=np.append(storages.wear_per_kwh, none),
        value=np.append(storages.end_value_per_kwh, none),
        charge_most=np.vstack([storages.charge_max_w, flexible.power_max_w[:, None] * runs]),
        discharge_most=np.vstack([storages.discharge_max_w, np.zeros((m, count))]),
        least=np.vstack([wanted, np.where(t < flexible.latest[:, None] - 1, 0.0, full)]),
        most=np.vstack([np.broadcast_to(storages.soc_max_wh[:, None], wanted.shape), full]),
        charge_least=idle,
        discharge_least=idle,
        hours=problem.hours,
    )


def find_reach(fleet: Fleet) -> Reach | None:
    """From which states of charge all later limits can be kept, lowest and highest [k, T]; None where there are none."""
    low, high, up, down = fleet.least.copy(), fleet.most.copy(), fleet.up, fleet.down
    loses_all = fleet.kept <= 0.0
    kept = np.where(loses_all, 1.0, fleet.kept)
    for t in range(low.shape[1] - 2, -1, -1):
        before = np.where(loses_all, -UNLIMITED, (low[:, t + 1] - up[:, t + 1]) / kept)
        after = np.where(loses_all, UNLIMITED, (high[:, t + 1] + down[:, t + 1]) / kept)
        low[:, t] = np.maximum(low[:, t], before)
        high[:, t] = np.minimum(high[:, t], after)
    carried = fleet.kept * fleet.start
    reachable = np.all(low <= high + REACHED_WH) and np.all(carried + up[:, 0] >= low[:, 0] - REACHED_WH)
    if not reachable or np.any(carried - down[:, 0] > high[:, 0] + REACHED_WH):
        return None
    if np.any(loses_all) and np.any((low > up + REACHED_WH)[loses_all]):
        return None
    return low, high


def without_choice(fleet: Fleet, reach: Reach) -> Fleet:
    """The same fleet, with what its limits leave no choice about written down as fixed: a car that must charge at full power all along.

    An interior-point method needs room on both sides of everything that is free.
    """
    low, high = _from_start(fleet, reach)
    before_low, before_high = (np.column_stack([fleet.start, bound[:, :-1]]) for bound in (low, high))
    kept = fleet.kept[:, None]
    full = low - kept * before_high >= fleet.up - REACHED_WH
    empty = (high - kept * before_low <= REACHED_WH - fleet.down) & ~full
    settled = high - low <= REACHED_WH
    return replace(
        fleet,
        least=np.where(settled, low, fleet.least),
        most=np.where(settled, low, fleet.most),
        charge_least=np.where(full, fleet.charge_most, 0.0),
        charge_most=np.where(empty, 0.0, fleet.charge_most),
        discharge_least=np.where(empty, fleet.discharge_most, 0.0),
        discharge_most=np.where(full, 0.0, fleet.discharge_most),
    )


def _from_start(fleet: Fleet, reach: Reach) -> Reach:
    """The same as `reach`, of what can be reached from the start at all."""
    low, high = reach[0].copy(), reach[1].copy()
    up, down = fleet.up, fleet.down
    lowest = highest = fleet.start
    for t in range(low.shape[1]):
        low[:, t] = lowest = np.maximum(low[:, t], fleet.kept * lowest - down[:, t])
        high[:, t] = highest = np.maximum(lowest, np.minimum(high[:, t], fleet.kept * highest + up[:, t]))
    return low, high
