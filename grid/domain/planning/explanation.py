"""Why a plan does what it does: for each interval what one kilowatt-hour is worth then, and a plain sentence for each thing that moves.

What is stored is followed first in, first out: each watt-hour charged is matched with the interval in which it leaves the storage again, so
that a charge can name what it is for and a discharge where it came from. Losses stay with the energy that bears them.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from grid.domain.planning.problem import PlanProblem
from grid.domain.planning.solution import PlanSolution

LEAST_W = 0.5
FULL_W = 1.0
AT_START = -1


@dataclass(frozen=True, slots=True)
class IntervalReason:
    """One interval: its shadow price per kWh (what one more kWh of load would cost) and sentences, the most telling first."""

    interval: int
    energy_price_per_kwh: float
    sentences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Passage:
    """Energy that one storage held for a while: charged in `begin` (AT_START: it was there), discharged in `end` (T: it stays) [Wh at the terminals]."""

    storage: int
    begin: int
    end: int
    charged_wh: float
    discharged_wh: float


def explain(problem: PlanProblem, plan: PlanSolution, names: Sequence[str]) -> tuple[IntervalReason, ...]:
    """Sentences for each interval; `names` [T] say when it begins, in words (a clock time)."""
    if plan.cost is None:
        return ()
    passages = [passage for i in range(len(problem.storages)) for passage in passages_of(problem, plan, i)]
    by_begin: dict[tuple[int, int], list[Passage]] = {}
    by_end: dict[tuple[int, int], list[Passage]] = {}
    for passage in passages:
        by_begin.setdefault((passage.storage, passage.begin), []).append(passage)
        by_end.setdefault((passage.storage, passage.end), []).append(passage)
    teller = _Teller(problem, plan, names, by_begin, by_end)
    return tuple(IntervalReason(t, float(plan.energy_price_per_kwh[t]) + 0.0, tuple(teller.sentences(t))) for t in range(problem.intervals))


def passages_of(problem: PlanProblem, plan: PlanSolution, storage: int) -> list[Passage]:
    """Match what a storage charges with what it discharges, first in, first out."""
    storages, hours = problem.storages, problem.hours
    up, down = float(storages.eta_charge[storage]), float(storages.eta_discharge[storage])
    kept = float(storages.kept(hours)[storage])
    held: deque[list[float]] = deque()  # [interval, Wh stored now, Wh charged for it]
    start = float(storages.soc_start_wh[storage])
    if start > 0:
        held.append([AT_START, start, 0.0])
    found = []
    charge, discharge = plan.charge_w[storage].tolist(), plan.discharge_w[storage].tolist()
    for t, (put, taken) in enumerate(zip(charge, discharge, strict=True)):
        for lot in held:
            lot[1] *= kept
        if put * hours > 0:
            held.append([t, put * hours * up, put * hours])
        needed = taken * hours / down
        while needed > 1e-9 and held:
            lot = held[0]
            part = min(needed, lot[1])
            share = part / lot[1] if lot[1] > 0 else 1.0
            found.append(Passage(storage, int(lot[0]), t, lot[2] * share, part * down))
            lot[1] -= part
            lot[2] *= 1.0 - share
            needed -= part
            if lot[1] <= 1e-9:
                held.popleft()
    found += [Passage(storage, int(lot[0]), problem.intervals, lot[2], lot[1] * down) for lot in held if lot[1] > 1e-9]
    return found


@dataclass(frozen=True, slots=True)
class _Teller:
    """Makes the sentences; numbers in kW and prices per kWh."""

    problem: PlanProblem
    plan: PlanSolution
    names: Sequence[str]
    by_begin: dict[tuple[int, int], list[Passage]]
    by_end: dict[tuple[int, int], list[Passage]]

    def sentences(self, t: int) -> list[str]:
        plan, told = self.plan, []
        for i, name in enumerate(self.problem.storages.ids):
            if plan.charge_w[i, t] >= LEAST_W:
                told.append(self._charge(i, name, t))
            elif plan.discharge_w[i, t] >= LEAST_W:
                told.append(self._discharge(i, name, t))
        for i, name in enumerate(self.problem.flexible.ids):
            if plan.flexible_w[i, t] >= LEAST_W:
                told.append(self._flexible(i, name, t))
        if plan.curtailed_w[t] >= LEAST_W:
            told.append(self._curtailed(t))
        told += self._full(t)
        told += [f"{limit.name} is missed by {limit.short_by:.0f}: it could not be kept." for limit in plan.limits if limit.interval == t]
        return told or [self._rest(t)]

    def _charge(self, i: int, name: str, t: int) -> str:
        power, now = self.plan.charge_w[i, t], self._now(t)
        begin = f"{name} charges {power / 1000:.1f} kW {self._source(power, t)}"
        end, later = self._use(self.by_begin.get((i, t), []))
        if self.plan.energy_price_per_kwh[t] < 0:
            return f"{begin}: taking energy now earns {-self.plan.energy_price_per_kwh[t]:.2f} per kWh."
        if end is None:
            return f"{begin}: {now}."
        if end == self.problem.intervals:
            worth = self._worth_at_end(i)
            return f"{begin}: it is kept beyond the plan{worth}; {now}."
        return f"{begin}: that energy is worth {later:.2f} at {self.names[end]}; {now}."

    def _discharge(self, i: int, name: str, t: int) -> str:
        bought, sold = self.problem.import_price_per_kwh[t], self.problem.export_price_per_kwh[t]
        if self.plan.export_w[t] < LEAST_W:
            use = f"instead of energy bought at {bought:.2f}"
        elif sold >= 0:
            use = f"which sells at {sold:.2f}"
        else:
            use = f"at a loss of {-sold:.2f}, to have room for what other hours pay for or cannot sell"
        lots = self.by_end.get((i, t), [])
        origin = max(lots, key=lambda lot: lot.discharged_wh).begin if lots else AT_START
        since = "it held from the start" if origin == AT_START else f"it stored at {self.names[origin]}"
        kept_low = self.plan.energy_price_per_kwh[t] > bought + 1e-6
        peak = "; that keeps the highest import low" if kept_low and self.problem.peak_price_per_kw > 0 else ""
        return f"{name} gives {self.plan.discharge_w[i, t] / 1000:.1f} kW that {since}, {use}{peak}."

    def _flexible(self, i: int, name: str, t: int) -> str:
        loads, price = self.problem.flexible, self.plan.energy_price_per_kwh
        inside = price[loads.earliest[i] : loads.latest[i]]
        rank = "the lowest price" if price[t] <= inside.min() + 1e-9 else "a low price" if price[t] <= np.median(inside) else "what is left"
        return (
            f"{name} runs at {self.plan.flexible_w[i, t] / 1000:.1f} kW: energy is worth {price[t] + 0.0:.2f} now, {rank} of its window "
            f"({inside.min() + 0.0:.2f} to {inside.max() + 0.0:.2f})."
        )

    def _curtailed(self, t: int) -> str:
        amount = self.plan.curtailed_w[t] / 1000
        if self.plan.export_w[t] >= self.problem.export_limit_w[t] - LEAST_W:
            return f"{amount:.1f} kW of the roofs are given up: the export limit is reached and nothing else can take them."
        return f"{amount:.1f} kW of the roofs are given up: selling them would bring {self.problem.export_price_per_kwh[t]:.2f}."

    def _full(self, t: int) -> list[str]:
        """Which limit of the wires holds whom back."""
        plan, shared = self.plan, self.problem.shared
        if not np.isfinite(shared.most_w[:, t]).any():
            return []
        used = shared.charge_per_w @ plan.charge_w[:, t] + shared.discharge_per_w @ plan.discharge_w[:, t]
        used = used + shared.flexible_per_w @ plan.flexible_w[:, t] + shared.curtailed_per_w[:, t] * plan.curtailed_w[t]
        told = {}
        for row in np.flatnonzero(used >= shared.most_w[:, t] - FULL_W):
            name = shared.names[row]
            moved = [*self.problem.storages.ids, *self.problem.flexible.ids]
            influence = np.concatenate([shared.charge_per_w[row], shared.flexible_per_w[row]])
            told[name] = (
                f"{name} is at its limit: more is not asked of {' and '.join(m for m, w in zip(moved, influence, strict=True) if w)}."
            )
        return list(told.values())

    def _rest(self, t: int) -> str:
        """Why nothing moves: what is bought or sold meanwhile, and how the storages stand."""
        plan, problem = self.plan, self.problem
        if plan.import_w[t] >= LEAST_W:
            flow = f"{plan.import_w[t] / 1000:.1f} kW are bought at {problem.import_price_per_kwh[t]:.2f}"
        elif plan.export_w[t] >= LEAST_W:
            flow = f"{plan.export_w[t] / 1000:.1f} kW from the roofs are sold at {problem.export_price_per_kwh[t]:.2f}"
        else:
            flow = "Nothing is bought or sold"
        return f"{flow}: {self._standing(t, plan.export_w[t] >= LEAST_W)}."

    def _standing(self, t: int, surplus: bool) -> str:
        storages, soc = self.problem.storages, self.plan.soc_wh[:, t]
        if not len(storages):
            return "there is no storage"
        if surplus:
            return "the storages are full" if np.all(soc >= storages.soc_max_wh - 1.0) else "storing more would not pay"
        if np.all(soc <= storages.soc_min_wh + 1.0):
            return "the storages are empty"
        later = self._next_discharge(t)
        if later is None:
            return "what is stored is kept for the end of the plan"
        return f"what is stored is kept for {self.names[later]}, when it replaces {self._replaced(later):.2f}"

    def _next_discharge(self, t: int) -> int | None:
        """The first of the dearest hours in which something is discharged."""
        gives = (np.flatnonzero(self.plan.discharge_w[:, t + 1 :].sum(axis=0) >= LEAST_W) + t + 1).tolist()
        return max(gives, key=lambda at: round(self._replaced(at), 6), default=None)

    def _replaced(self, t: int) -> float:
        """What a kWh given in an interval saves or brings: the price there, or the shadow price where a limit or the peak makes it dearer."""
        sells = self.plan.export_w[t] >= LEAST_W
        price = (self.problem.export_price_per_kwh if sells else self.problem.import_price_per_kwh)[t]
        return max(float(price), float(self.plan.energy_price_per_kwh[t]))

    def _source(self, power: float, t: int) -> str:
        """Whether the charge comes out of what the roofs leave over."""
        roofs = self.problem.production_w[t] - self.plan.curtailed_w[t] - self.problem.load_w[t] - self.plan.flexible_w[:, t].sum()
        charged = self.plan.charge_w[:, t].sum()
        share = min(max(roofs, 0.0), charged) / charged
        if share > 0.99:
            return "from the roofs"
        if share < 0.01:
            return "from the grid" if self.plan.import_w[t] >= LEAST_W else "from other storages"
        return f"({share * power / 1000:.1f} kW from the roofs)"

    def _now(self, t: int) -> str:
        if self.plan.import_w[t] >= LEAST_W:
            return f"it costs {self.problem.import_price_per_kwh[t]:.2f} now"
        return f"{self.problem.export_price_per_kwh[t]:.2f} if sold now"

    def _use(self, lots: list[Passage]) -> tuple[int | None, float]:
        """When most of it is used, and what a kWh charged is worth then, after losses and wear."""
        if not lots:
            return None, 0.0
        most = max(lots, key=lambda lot: lot.discharged_wh)
        if most.end == self.problem.intervals or most.charged_wh <= 0:
            return most.end, 0.0
        worth = self._replaced(most.end) - self.problem.storages.wear_per_kwh[most.storage]
        return most.end, float(worth * most.discharged_wh / most.charged_wh)

    def _worth_at_end(self, i: int) -> str:
        value = float(self.problem.storages.end_value_per_kwh[i])
        return f", where a kWh counts {value:.2f}" if value else ", where it is asked for"
