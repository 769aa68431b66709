"""Which wishes a plan could not keep, by how much, and in sentences what to change."""

import numpy as np

from grid.domain.planning.model import unit_of
from grid.domain.planning.parts import Array
from grid.domain.planning.problem import PlanProblem
from grid.domain.planning.solution import BrokenLimit

SHARED, SHARED_REASON = "shared:", "shared limit "
KEPT, FINEST = 1e-3, 1e-6  # W or Wh: what is short by less is kept; of small problems less, in proportion


def broken_limits(
    problem: PlanProblem, imported: Array, exported: Array, curtailed: Array, charge: Array, discharge: Array, soc: Array, flexible: Array
) -> tuple[BrokenLimit, ...]:
    """What a plan lacks, by name and interval."""
    storages, loads, last = problem.storages, problem.flexible, problem.intervals - 1
    kept = float(np.clip(unit_of(problem) * KEPT / 1000, FINEST, KEPT))
    found = [
        *_by_interval("import_limit", imported - problem.import_limit_w, kept),
        *_by_interval("export_limit", exported - problem.export_limit_w, kept),
    ]
    shared = problem.shared
    if len(shared):
        used = shared.charge_per_w @ charge + shared.discharge_per_w @ discharge + shared.flexible_per_w @ flexible
        used = used + shared.curtailed_per_w * curtailed
        for name in dict.fromkeys(shared.names):
            rows = [row for row, own in enumerate(shared.names) if own == name]
            found += _by_interval(f"{SHARED}{name}", (used - shared.most_w)[rows].max(axis=0), kept)
    missing = loads.energy_wh - flexible.sum(axis=1) * problem.hours
    found += [
        BrokenLimit(f"flexible:{loads.ids[i]}", max(int(loads.latest[i]) - 1, 0), float(missing[i])) for i in np.flatnonzero(missing > kept)
    ]
    for i, name in enumerate(storages.ids):
        short = float(storages.soc_end_min_wh[i] - soc[i, -1])
        if short > kept:
            found.append(BrokenLimit(f"soc_end_min:{name}", last, short))
        found += _by_interval(f"soc_wanted:{name}", storages.soc_wanted_wh[i] - soc[i], kept)
        above = float(discharge[i].sum() * problem.hours - storages.discharge_most_wh[i])
        if above > kept:
            found.append(BrokenLimit(f"discharge_most:{name}", last, above))
    if problem.reserve_wh.any():
        held = storages.eta_discharge @ (soc - storages.soc_min_wh[:, np.newaxis])
        found += _by_interval("reserve", np.where(problem.reserve_wh > 0, problem.reserve_wh - held, 0.0), kept)
    return tuple(found)


def _by_interval(name: str, short: Array, kept: float) -> list[BrokenLimit]:
    return [BrokenLimit(name, int(t), float(short[t])) for t in np.flatnonzero(short > kept)]


def figure(value: float) -> str:
    """Whole numbers as sentences tell them, three digits of what is below ten."""
    return f"{value:.0f}" if abs(value) >= 10 else np.format_float_positional(value, precision=3, fractional=False, trim="-")


def reasons_for(problem: PlanProblem, limits: tuple[BrokenLimit, ...], exported: Array) -> tuple[str, ...]:
    """A sentence for each limit that could not be kept: how much, when at worst, and which input to change."""
    names = list(dict.fromkeys(limit.name for limit in limits))
    return tuple(_reason(problem, name, [limit for limit in limits if limit.name == name]) for name in names)


def _reason(problem: PlanProblem, name: str, broken: list[BrokenLimit]) -> str:
    worst = max(broken, key=lambda limit: limit.short_by)
    kind, _, which = name.partition(":")
    energy = sum(limit.short_by for limit in broken) * problem.hours
    when = f"in {len(broken)} of {problem.intervals} intervals, at worst by {figure(worst.short_by)} W in interval {worst.interval}"
    if kind == "import_limit":
        return (
            f"import_limit: {figure(energy)} Wh more than the limit must be imported, {when}; raise import_limit_w to "
            f"{figure(problem.import_limit_w[worst.interval] + worst.short_by)} W, lower load_w, or give storages a fuller start."
        )
    if kind == "export_limit":
        mend = "raise export_limit_w" if problem.curtailable else "raise export_limit_w or set curtailable to true"
        return f"export_limit: {figure(energy)} Wh more than the limit must be exported, {when}; {mend}."
    if kind == "shared":
        return f"{SHARED_REASON}{which}: exceeded by {figure(energy)} Wh, {when}; raise it or move load and storages elsewhere."
    if kind == "flexible":
        return _flexible_reason(problem, which, worst)
    if kind == "soc_end_min":
        return (
            f"soc_end_min of {which}: {figure(worst.short_by)} Wh are missing at the end; lower soc_end_min_wh, raise "
            f"charge_max_w or import_limit_w, or lengthen the horizon."
        )
    if kind == "soc_wanted":
        return (
            f"soc_wanted of {which}: {figure(worst.short_by)} Wh are missing after interval {worst.interval}; ask for less, "
            f"later, or raise charge_max_w or import_limit_w."
        )
    if kind == "discharge_most":
        return f"discharge_most of {which}: {figure(worst.short_by)} Wh more than its share must be discharged; raise discharge_most_wh."
    return f"reserve: {figure(worst.short_by)} Wh are missing after interval {worst.interval}; lower reserve_wh or add storage."


def _flexible_reason(problem: PlanProblem, which: str, worst: BrokenLimit) -> str:
    loads = problem.flexible
    at = loads.ids.index(which)
    window = float((loads.latest[at] - loads.earliest[at]) * loads.power_max_w[at] * problem.hours)
    if loads.energy_wh[at] > window:
        why = f"its window of intervals {loads.earliest[at]} to {loads.latest[at]} holds {figure(window)} Wh at power_max_w"
        return f"flexible load {which}: {figure(worst.short_by)} Wh are missing, {why}; widen earliest and latest, raise power_max_w, or lower energy_wh."
    return (
        f"flexible load {which}: {figure(worst.short_by)} Wh are missing until interval {loads.latest[at]}; widen its window, raise "
        f"import_limit_w, or lower energy_wh."
    )
