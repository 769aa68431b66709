"""The plan of many storages behind one connection, by the interior-point method, proven or not given at all.

The method's point is only near feasible. A schedule is made from its states of charge: each is followed as nearly as the storage's own
limits allow in every later interval, powers are read from the differences, so that nothing ever charges and discharges at once, and the
connection takes what is left. Its cost is then compared with the bound that the method's prices prove. A schedule that is not within
`PROVEN` of that bound, or that breaks a limit, is not given: then the general search has to find the plan.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from grid.domain.planning.interior_point import BoxProgramme, InteriorPoint, find_interior_point
from grid.domain.planning.interior_point_equations import Equations
from grid.domain.planning.interior_point_fleet import Fleet, Reach, find_reach, fleet_of, without_choice
from grid.domain.planning.parts import Array
from grid.domain.planning.problem import PlanProblem
from grid.domain.planning.solution import PlanSolution, PlanStatus, cost_of
from grid.domain.planning.tiled_cholesky import NotPositiveDefinite

MANY = 2000  # storages x intervals from which this is faster than the general search
PROVEN = 5e-7  # of max(1, |cost|)
ENOUGH = 1e-7
FIXED = 1e-9  # columns with less room than this, in the unit, do not move
HELD_W = 1e-3


def suits(problem: PlanProblem) -> bool:
    """Whether the method's equations hold all of the problem, and are worth it."""
    count = (len(problem.storages) + len(problem.flexible)) * problem.intervals
    return (
        count >= MANY
        and not len(problem.shared)
        and not problem.reserve_wh.any()
        and bool(np.isinf(problem.storages.discharge_most_wh).all())
        and bool(problem.flexible.interruptible.all())
        and bool((problem.export_price_per_kwh <= problem.import_price_per_kwh).all())
    )


def find_proven_plan(problem: PlanProblem, late: Callable[[], bool] = lambda: False) -> PlanSolution | None:
    """The best plan, within 1e-6 of the optimum; None where that could not be proven, not in time, or where not every wish can be kept."""
    fleet = fleet_of(problem)
    reach = find_reach(fleet)
    if reach is None:
        return None
    writer = _Writer(problem, without_choice(fleet, reach))
    try:
        point = find_interior_point(writer.programme(), enough=ENOUGH, worth=1.0 / writer.cost_scale, late=late)
    except NotPositiveDefinite:
        return None
    return _proven(problem, fleet, _schedule(problem, fleet, reach, writer, point), writer, point)


class _Writer:
    """Writes the problem down in units of its own size: powers in `unit` [W], costs in `cost_scale`."""

    def __init__(self, problem: PlanProblem, fleet: Fleet) -> None:
        self.problem, self.fleet = problem, fleet
        greatest = max(float(fleet.charge_most.max(initial=0.0)), float(fleet.discharge_most.max(initial=0.0)))
        self.unit = greatest or 1000.0
        self.peaked = problem.peak_price_per_kw > 0.0
        self.upper = self._upper()
        self.open = self.upper > FIXED
        cost = self._cost() * self.open
        self.cost_scale = float(np.abs(cost).max(initial=0.0)) or 1.0
        self.cost = cost / self.cost_scale

    def programme(self) -> BoxProgramme:
        upper = np.where(self.open, self.upper, 1.0)
        return BoxProgramme(self._equations(), self.cost, upper, self._offset() / self.cost_scale)

    def _upper(self) -> Array:
        """Upper bounds [unit]; where there is no limit, what can never be exceeded."""
        problem, fleet, unit = self.problem, self.fleet, self.unit
        net = problem.load_w - problem.production_w
        import_most = np.maximum(net + problem.production_w * problem.curtailable, 0.0) + fleet.charge_most.sum(axis=0)
        export_most = np.maximum(-net, 0.0) + fleet.discharge_most.sum(axis=0)
        imported = np.minimum(problem.import_limit_w, import_most + unit) / unit
        exported = np.minimum(problem.export_limit_w, export_most + unit) / unit
        curtailed = problem.production_w * problem.curtailable / unit
        stored = (
            (fleet.charge_most - fleet.charge_least) / unit,
            (fleet.discharge_most - fleet.discharge_least) / unit,
            (fleet.most - fleet.least) / (unit * fleet.hours),
        )
        parts = [*(part.ravel() for part in stored), imported, exported, curtailed]
        if self.peaked:
            peak = max(float(imported.max()) - problem.peak_so_far_w / unit, 0.0) + 1.0
            parts += [np.full(len(net), peak + problem.peak_so_far_w / unit), np.array([peak])]
        return np.concatenate(parts)

    def _cost(self) -> Array:
        """Per unit of each column."""
        problem, fleet = self.problem, self.fleet
        per_unit = self.unit / 1000.0 * fleet.hours
        shape = fleet.least.shape
        held = np.zeros(shape)
        held[:, -1] = -fleet.value
        wear = np.broadcast_to(fleet.wear[:, None], shape)
        none = np.zeros(shape[1])
        parts = [np.zeros(held.size), wear.ravel(), held.ravel(), problem.import_price_per_kwh, -problem.export_price_per_kwh, none]
        if self.peaked:
            parts += [none, np.array([problem.peak_price_per_kw / fleet.hours])]
        cost: Array = np.concatenate(parts) * per_unit
        return cost

    def _offset(self) -> float:
        """What the lower bounds cost: wear of what must be discharged, less what the last state of charge is worth above the wanted end."""
        n = len(self.problem.storages)
        above = self.fleet.least[:n, -1] - self.problem.storages.soc_end_min_wh
        wear = float(self.fleet.wear @ self.fleet.discharge_least.sum(axis=1)) * self.fleet.hours
        return (wear - float(self.fleet.value[:n] @ above)) / 1000.0

    def _equations(self) -> Equations:
        """A unit of energy is the unit of power over one interval."""
        problem, fleet, unit = self.problem, self.fleet, self.unit
        k, count = fleet.least.shape
        each = k * count
        free = self.open.astype(np.float64)
        charge, discharge, soc = (free[i * each : (i + 1) * each].reshape(k, count) for i in range(3))
        kept = fleet.kept[:, None]
        stored = -fleet.least
        stored[:, 1:] += kept * fleet.least[:, :-1]
        stored[:, 0] += fleet.kept * fleet.start
        stored += fleet.hours * fleet.eta_charge[:, None] * fleet.charge_least
        stored -= fleet.hours * fleet.discharge_least / fleet.eta_discharge[:, None]
        must = fleet.charge_least.sum(axis=0) - fleet.discharge_least.sum(axis=0)
        balance = (problem.load_w - problem.production_w + must) / unit
        right = [stored.ravel() / (unit * fleet.hours), balance]
        if self.peaked:
            right.append(np.full(count, -problem.peak_so_far_w / unit))
        return Equations(
            storages=k,
            intervals=count,
            kept=kept,
            gain=fleet.eta_charge[:, None] * charge,
            loss=discharge / fleet.eta_discharge[:, None],
            charge_open=charge,
            discharge_open=discharge,
            soc_open=soc,
            shared_open=free[3 * each :],
            right=np.concatenate(right),
        )


@dataclass(frozen=True, slots=True)
class _Schedule:
    """Powers [W] and states of charge [Wh] of the fleet [k, T], and of the connection [T]."""

    charge: Array
    discharge: Array
    soc: Array
    imported: Array
    exported: Array
    curtailed: Array


def _schedule(problem: PlanProblem, fleet: Fleet, reach: Reach, writer: _Writer, point: InteriorPoint) -> _Schedule:
    """Follow the point's states of charge with exact physics, then let the connection take what is left."""
    shape = fleet.least.shape
    each = fleet.least.size
    x = np.where(writer.open, point.x, 0.0)
    sought = np.clip(writer.fleet.least + x[2 * each : 3 * each].reshape(shape) * writer.unit * fleet.hours, *reach)
    charge, discharge, soc = _follow(fleet, reach, sought)
    net = problem.load_w - problem.production_w + charge.sum(axis=0) - discharge.sum(axis=0)
    count = shape[1]
    given_up = x[3 * each + 2 * count : 3 * each + 3 * count] * writer.unit
    curtailed = _curtailed(problem, net, given_up)
    net = net + curtailed
    return _Schedule(charge, discharge, soc, np.maximum(net, 0.0), np.maximum(-net, 0.0), curtailed)


def _follow(fleet: Fleet, reach: Reach, sought: Array) -> tuple[Array, Array, Array]:
    low, high = reach
    up, down = fleet.up, fleet.down
    charge, discharge, soc = np.zeros_like(sought), np.zeros_like(sought), np.zeros_like(sought)
    held = fleet.start
    for t in range(sought.shape[1]):
        carried = fleet.kept * held
        wanted = np.minimum(np.maximum(sought[:, t], low[:, t]), high[:, t])
        change = np.clip(wanted - carried, -down[:, t], up[:, t])
        charge[:, t] = np.minimum(np.maximum(change, 0.0) / (fleet.eta_charge * fleet.hours), fleet.charge_most[:, t])
        discharge[:, t] = np.minimum(np.maximum(-change, 0.0) * fleet.eta_discharge / fleet.hours, fleet.discharge_most[:, t])
        held = carried + fleet.eta_charge * charge[:, t] * fleet.hours - discharge[:, t] * fleet.hours / fleet.eta_discharge
        soc[:, t] = held
    return charge, discharge, soc


def _curtailed(problem: PlanProblem, net: Array, given_up: Array) -> Array:
    """What is given up: what cannot be exported, or what would have to be paid for; with negative import prices what the point says."""
    if not problem.curtailable:
        return np.zeros_like(net)
    surplus = np.maximum(-net, 0.0)
    paid_for = problem.export_price_per_kwh < 0.0
    needed = np.where(paid_for, surplus, np.maximum(surplus - problem.export_limit_w, 0.0))
    wanted = np.where(problem.import_price_per_kwh < 0.0, np.maximum(given_up, needed), needed)
    return np.minimum(wanted, problem.production_w)


def _proven(problem: PlanProblem, fleet: Fleet, found: _Schedule, writer: _Writer, point: InteriorPoint) -> PlanSolution | None:
    """The plan, where limits hold and its cost is at the bound."""
    n = len(problem.storages)
    over = max(
        float((found.imported - problem.import_limit_w).max()),
        float((found.exported - problem.export_limit_w).max()),
        float((fleet.least - found.soc).max()),
        float((found.soc - fleet.most).max()),
    )
    if over > HELD_W:
        return None
    cost = cost_of(problem, import_w=found.imported, export_w=found.exported, discharge_w=found.discharge[:n], soc_wh=found.soc[:n])
    bound = point.bound * writer.cost_scale
    if not cost - bound <= PROVEN * max(1.0, abs(cost)):
        return None
    stored, balance, _ = writer.programme().equations.rows(point.y)
    per_kwh = writer.cost_scale / (writer.unit / 1000.0 * problem.hours)
    return PlanSolution(
        PlanStatus.OPTIMAL,
        cost,
        found.imported,
        found.exported,
        found.curtailed,
        found.charge[:n],
        found.discharge[:n],
        found.soc[:n],
        found.charge[n:],
        (),
        (),
        balance * per_kwh,
        -stored[:n] * per_kwh,
        bound=bound,
    )
