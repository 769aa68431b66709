"""Reads a solved programme back as a plan: in W and Wh, exactly balanced, inside the physics of every storage, with what could not be kept."""

import numpy as np

from grid.domain.planning.model import Model
from grid.domain.planning.parts import Array, FlexibleLoads, Storages
from grid.domain.planning.problem import PlanProblem
from grid.domain.planning.program import Answer
from grid.domain.planning.shortfalls import broken_limits, reasons_for
from grid.domain.planning.solution import PlanSolution, PlanStatus, cost_of

DUST_W = 1e-7  # what a solver leaves where it means nothing
SNAP_W = 1e-6


def read(problem: PlanProblem, model: Model, answer: Answer, doubts: tuple[str, ...] = ()) -> PlanSolution:
    """The plan that the answer means; `doubts` are sentences about what is not proven of it."""
    values = answer.values * model.unit_w
    charge, discharge, soc = storages_of(problem.storages, values[model.charge], values[model.discharge], problem.hours)
    flexible = _flexible(problem, model, answer)
    curtailed = np.zeros(problem.intervals)
    if problem.curtailable:
        curtailed = _clean(values[model.curtailed], problem.production_w)
    imported, exported, curtailed = exchange(problem, charge - discharge, flexible, curtailed)
    cost = cost_of(problem, import_w=imported, export_w=exported, discharge_w=discharge, soc_wh=soc)
    limits = broken_limits(problem, imported, exported, curtailed, charge, discharge, soc, flexible)
    prices = answer.row_prices
    return PlanSolution(
        PlanStatus.BEST_EFFORT if limits else PlanStatus.OPTIMAL,
        cost,
        imported,
        exported,
        curtailed,
        charge,
        discharge,
        soc,
        flexible,
        limits,
        (*reasons_for(problem, limits, exported), *doubts),
        prices[model.balance] / problem.hours,
        -prices[model.stored],
        answer.binaries,
        answer.proven,
    )


def nothing(problem: PlanProblem, reasons: tuple[str, ...]) -> PlanSolution:
    """What is said where a storage cannot keep its own limits."""
    n, m, none = len(problem.storages), len(problem.flexible), np.zeros(0)
    return PlanSolution(
        PlanStatus.INFEASIBLE,
        None,
        none,
        none,
        none,
        np.zeros((n, 0)),
        np.zeros((n, 0)),
        np.zeros((n, 0)),
        np.zeros((m, 0)),
        (),
        reasons,
        none,
        np.zeros((n, 0)),
    )


def exchange(problem: PlanProblem, taken: Array, flexible: Array, curtailed: Array) -> tuple[Array, Array, Array]:
    """Import, export and curtailment that balance each interval: what is lacking is imported, what is left over exported."""
    net = problem.load_w - problem.production_w + taken.sum(axis=0) + flexible.sum(axis=0)
    left = net + curtailed
    imported, exported = (_snap(np.maximum(left, 0.0), problem.import_limit_w), _snap(np.maximum(-left, 0.0), problem.export_limit_w))
    return imported, exported, curtailed


def _snap(power: Array, limit: Array) -> Array:
    """Powers, without the dust above zero and around the limit."""
    snapped = np.where(power < DUST_W, 0.0, power)
    found: Array = np.where(np.abs(snapped - limit) < SNAP_W, limit, snapped)
    return found


def _clean(power: Array, most: Array) -> Array:
    clipped = np.clip(power, 0.0, most)
    cleaned: Array = np.where(clipped < DUST_W, 0.0, np.where(most - clipped < DUST_W, most, clipped))
    return cleaned


def storages_of(storages: Storages, charge: Array, discharge: Array, hours: float) -> tuple[Array, Array, Array]:
    """Powers inside their limits, never both at once, and the states of charge that follow from them [n, T]."""
    charge, discharge = _clean(charge, storages.charge_max_w), _clean(discharge, storages.discharge_max_w)
    up, down = storages.eta_charge[:, np.newaxis], storages.eta_discharge[:, np.newaxis]
    both = (charge > 0) & (discharge > 0)
    if both.any():
        stored = up * charge - discharge / down
        charge = np.where(both, np.maximum(stored, 0.0) / up, charge)
        discharge = np.where(both, np.maximum(-stored, 0.0) * down, discharge)
    columns = [_followed(storages, i, charge[i].tolist(), discharge[i].tolist(), hours) for i in range(len(storages))]
    if not columns:
        return charge, discharge, np.zeros_like(charge)
    parts = np.array(columns)
    return parts[:, 0], parts[:, 1], parts[:, 2]


def _followed(storages: Storages, place: int, charge: list[float], discharge: list[float], hours: float) -> tuple[list[float], ...]:
    """Follow one state of charge; where rounding would carry it over a limit by a hair, the power gives way by that hair."""
    kept = float(storages.kept(hours)[place])
    up, down = float(storages.eta_charge[place]) * hours, hours / float(storages.eta_discharge[place])
    least, most = float(storages.soc_min_wh[place]), float(storages.soc_max_wh[place])
    take, give = storages.charge_max_w[place].tolist(), storages.discharge_max_w[place].tolist()
    soc, course = float(storages.soc_start_wh[place]), []
    for t, (put, taken) in enumerate(zip(charge, discharge, strict=True)):
        soc = kept * soc + up * put - down * taken
        if soc > most:
            less = min(put, (soc - most) / up)
            more = (soc - most - up * less) / down if less == put else 0.0
            charge[t], discharge[t] = put - less, min(taken + more, give[t])
            soc -= up * less + down * (discharge[t] - taken)
        elif soc < least:
            less = min(taken, (least - soc) / down)
            more = (least - soc - down * less) / up if less == taken else 0.0
            discharge[t], charge[t] = taken - less, min(put + more, take[t])
            soc += down * less + up * (charge[t] - put)
        course.append(soc)
    return charge, discharge, course


def _flexible(problem: PlanProblem, model: Model, answer: Answer) -> Array:
    loads = problem.flexible
    flexible = np.zeros((len(loads), problem.intervals))
    for i in np.flatnonzero(loads.interruptible):
        inside = model.flexible[i] >= 0
        power = _clean(answer.values[model.flexible[i, inside]] * model.unit_w, loads.power_max_w[i])
        flexible[i, inside] = _filled(loads, int(i), power, problem.hours)
    for run in model.runs:
        if len(run.columns) and answer.values[run.columns].sum() > 0.5:
            begin = run.begins[int(answer.values[run.columns].argmax())]
            flexible[run.load, begin : begin + len(run.power_w)] = run.power_w
    return flexible


def _filled(loads: FlexibleLoads, place: int, power: Array, hours: float) -> Array:
    """Powers whose energy is exact where the solver was a hair off."""
    lacking = loads.energy_wh[place] / hours - power.sum()
    if not len(power) or lacking == 0 or abs(lacking) > SNAP_W * max(1.0, loads.energy_wh[place] / hours):
        return power
    room = loads.power_max_w[place] - power if lacking > 0 else power
    at = int(room.argmax())
    filled = power.copy()
    filled[at] += np.clip(lacking, -power[at], loads.power_max_w[place] - power[at])
    return filled
