"""The plan of many storages behind one connection, by the interior-point method, proven or not given at all.

The method's point is only near feasible. A schedule is made from its states of charge: each is followed as nearly as the storage's own
limits allow in every later interval, powers are read from the differences, so that nothing ever charges and discharges at once, and the
connection takes what is left. Its cost is then compared with the bound that the method's prices prove. A schedule that is not within
`PROVEN` of that bound, or that breaks a limit, is not given: then the general search has to find the plan.
"""

from dataclasses import dataclass

import numpy as np

from grid.domain.interior_point import BoxProgramme, InteriorPoint, find_interior_point
from grid.domain.interior_point_equations import Equations
from grid.domain.plan_parts import UNLIMITED, Array
from grid.domain.plan_problem import PlanProblem
from grid.domain.plan_solution import PlanSolution, PlanStatus, cost_of
from grid.domain.tiled_cholesky import NotPositiveDefinite

MANY = 2000  # storages x intervals from which this is faster than the general search
PROVEN = 5e-7  # of max(1, |cost|)
ENOUGH = 1e-7
FIXED = 1e-9  # columns with less room than this, in the unit, do not move
HELD_W = 1e-3
REACHED_WH = 1e-6


@dataclass(frozen=True, slots=True)
class _Fleet:
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
    hours: float

    @property
    def up(self) -> Array:
        """By how much an interval can raise the state of charge."""
        return self.charge_most * self.eta_charge[:, None] * self.hours

    @property
    def down(self) -> Array:
        return self.discharge_most / self.eta_discharge[:, None] * self.hours


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


def find_proven_plan(problem: PlanProblem) -> PlanSolution | None:
    """The best plan, within 1e-6 of the optimum; None where that could not be proven, or where not every wish can be kept."""
    fleet = _fleet(problem)
    reach = _reach(fleet)
    if reach is None:
        return None
    writer = _Writer(problem, fleet)
    try:
        point = find_interior_point(writer.programme(), enough=ENOUGH, worth=1.0 / writer.cost_scale)
    except NotPositiveDefinite:
        return None
    return _proven(problem, _schedule(problem, fleet, reach, writer, point), writer, point)


def _fleet(problem: PlanProblem) -> _Fleet:
    storages, flexible, count = problem.storages, problem.flexible, problem.intervals
    m = len(flexible)
    t = np.arange(count)
    runs = (t >= flexible.earliest[:, None]) & (t < flexible.latest[:, None])
    wanted = np.maximum(storages.soc_min_wh[:, None], storages.soc_wanted_wh)
    wanted[:, -1] = np.maximum(wanted[:, -1], storages.soc_end_min_wh)
    full = np.broadcast_to(flexible.energy_wh[:, None], (m, count))
    one, none = np.ones(m), np.zeros(m)
    return _Fleet(
        start=np.append(storages.soc_start_wh, none),
        kept=np.append(storages.kept(problem.hours), one),
        eta_charge=np.append(storages.eta_charge, one), eta_discharge=np.append(storages.eta_discharge, one),
        wear=np.append(storages.wear_per_kwh, none), value=np.append(storages.end_value_per_kwh, none),
        charge_most=np.vstack([storages.charge_max_w, flexible.power_max_w[:, None] * runs]),
        discharge_most=np.vstack([storages.discharge_max_w, np.zeros((m, count))]),
        least=np.vstack([wanted, np.where(t < flexible.latest[:, None] - 1, 0.0, full)]),
        most=np.vstack([np.broadcast_to(storages.soc_max_wh[:, None], wanted.shape), full]),
        hours=problem.hours,
    )  # fmt: skip


def _reach(fleet: _Fleet) -> tuple[Array, Array] | None:
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


class _Writer:
    """Writes the problem down in units of its own size: powers in `unit` [W], costs in `cost_scale`."""

    def __init__(self, problem: PlanProblem, fleet: _Fleet) -> None:
        self.problem, self.fleet = problem, fleet
        greatest = max(
            float(fleet.charge_most.max(initial=0.0)), float(fleet.discharge_most.max(initial=0.0))
        )
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
        import_most = np.maximum(
            net + problem.production_w * problem.curtailable, 0.0
        ) + fleet.charge_most.sum(axis=0)
        export_most = np.maximum(-net, 0.0) + fleet.discharge_most.sum(axis=0)
        imported = np.minimum(problem.import_limit_w, import_most + unit) / unit
        exported = np.minimum(problem.export_limit_w, export_most + unit) / unit
        curtailed = problem.production_w * problem.curtailable / unit
        stored = (
            fleet.charge_most / unit,
            fleet.discharge_most / unit,
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
        parts = [
            np.zeros(held.size),
            wear.ravel(),
            held.ravel(),
            problem.import_price_per_kwh,
            -problem.export_price_per_kwh,
            none,
        ]
        if self.peaked:
            parts += [none, np.array([problem.peak_price_per_kw / fleet.hours])]
        cost: Array = np.concatenate(parts) * per_unit
        return cost

    def _offset(self) -> float:
        """What the lower bound of the last state of charge is worth, above the wanted end."""
        n = len(self.problem.storages)
        above = self.fleet.least[:n, -1] - self.problem.storages.soc_end_min_wh
        return -float(self.fleet.value[:n] @ above) / 1000.0

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
        balance = (problem.load_w - problem.production_w) / unit
        right = [stored.ravel() / (unit * fleet.hours), balance]
        if self.peaked:
            right.append(np.full(count, -problem.peak_so_far_w / unit))
        return Equations(
            storages=k, intervals=count, kept=kept, gain=fleet.eta_charge[:, None] * charge,
            loss=discharge / fleet.eta_discharge[:, None], charge_open=charge, discharge_open=discharge, soc_open=soc,
            shared_open=free[3 * each :], right=np.concatenate(right),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Schedule:
    """Powers [W] and states of charge [Wh] of the fleet [k, T], and of the connection [T]."""

    charge: Array
    discharge: Array
    soc: Array
    imported: Array
    exported: Array
    curtailed: Array


def _schedule(
    problem: PlanProblem, fleet: _Fleet, reach: tuple[Array, Array], writer: _Writer, point: InteriorPoint
) -> _Schedule:
    """Follow the point's states of charge with exact physics, then let the connection take what is left."""
    shape = fleet.least.shape
    each = fleet.least.size
    x = np.where(writer.open, point.x, 0.0)
    sought = np.clip(fleet.least + x[2 * each : 3 * each].reshape(shape) * writer.unit * fleet.hours, *reach)
    charge, discharge, soc = _follow(fleet, reach, sought)
    net = problem.load_w - problem.production_w + charge.sum(axis=0) - discharge.sum(axis=0)
    count = shape[1]
    given_up = x[3 * each + 2 * count : 3 * each + 3 * count] * writer.unit
    curtailed = _curtailed(problem, net, given_up)
    net = net + curtailed
    return _Schedule(charge, discharge, soc, np.maximum(net, 0.0), np.maximum(-net, 0.0), curtailed)


def _follow(fleet: _Fleet, reach: tuple[Array, Array], sought: Array) -> tuple[Array, Array, Array]:
    low, high = reach
    up, down = fleet.up, fleet.down
    charge, discharge, soc = np.zeros_like(sought), np.zeros_like(sought), np.zeros_like(sought)
    held = fleet.start
    for t in range(sought.shape[1]):
        carried = fleet.kept * held
        wanted = np.minimum(np.maximum(sought[:, t], low[:, t]), high[:, t])
        change = np.clip(wanted - carried, -down[:, t], up[:, t])
        charge[:, t] = np.minimum(
            np.maximum(change, 0.0) / (fleet.eta_charge * fleet.hours), fleet.charge_most[:, t]
        )
        discharge[:, t] = np.minimum(
            np.maximum(-change, 0.0) * fleet.eta_discharge / fleet.hours, fleet.discharge_most[:, t]
        )
        held = (
            carried
            + fleet.eta_charge * charge[:, t] * fleet.hours
            - discharge[:, t] * fleet.hours / fleet.eta_discharge
        )
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


def _proven(
    problem: PlanProblem, found: _Schedule, writer: _Writer, point: InteriorPoint
) -> PlanSolution | None:
    """The plan, where limits hold and its cost is at the bound."""
    n = len(problem.storages)
    over = max(
        float((found.imported - problem.import_limit_w).max()), float((found.exported - problem.export_limit_w).max()),
        float((writer.fleet.least - found.soc).max()), float((found.soc - writer.fleet.most).max()),
    )  # fmt: skip
    if over > HELD_W:
        return None
    cost = cost_of(
        problem,
        import_w=found.imported,
        export_w=found.exported,
        discharge_w=found.discharge[:n],
        soc_wh=found.soc[:n],
    )
    bound = point.bound * writer.cost_scale
    if not cost - bound <= PROVEN * max(1.0, abs(cost)):
        return None
    stored, balance, _ = writer.programme().equations.rows(point.y)
    per_kwh = writer.cost_scale / (writer.unit / 1000.0 * problem.hours)
    return PlanSolution(
        PlanStatus.OPTIMAL, cost, found.imported, found.exported, found.curtailed, found.charge[:n], found.discharge[:n],
        found.soc[:n], found.charge[n:], (), (), balance * per_kwh, -stored[:n] * per_kwh,
        bound=bound,
    )  # fmt: skip
