"""What a plan says: powers and states of charge of every interval, the cost, what could not be kept and why, and what energy is worth when."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from grid.domain.planning.parts import Array
from grid.domain.planning.problem import PlanProblem


class PlanStatus(StrEnum):
    """How far the wishes of a problem are met."""

    OPTIMAL = "optimal"
    BEST_EFFORT = "best_effort"
    INFEASIBLE = "infeasible"


@dataclass(frozen=True, slots=True)
class BrokenLimit:
    """A preference that could not be met in full.

    `short_by` in W for limits of power (`import_limit`, `export_limit`, `shared:NAME`), in Wh for energies (`flexible:ID`, `soc_end_min:ID`,
    `soc_wanted:ID`, `reserve`, `discharge_most:ID`).
    """

    name: str
    interval: int
    short_by: float


@dataclass(frozen=True, slots=True)
class PlanSolution:
    """The plan, T intervals, n storages, m flexible loads.

    Attributes:
        status: see there; where infeasible, the arrays are empty of columns and `cost` is None.
        cost: of these very arrays.
        import_w, export_w, curtailed_w: [T].
        charge_w, discharge_w: [n, T]; soc_wh: [n, T], at the end of each interval.
        flexible_w: [m, T].
        limits, reasons: what could not be kept, and sentences that say what to change.
        energy_price_per_kwh: [T], the shadow price: by how much the cost grows for one more kWh of load in the interval.
        stored_value_per_kwh: [n, T], by how much the cost falls for one more kWh stored at the end of the interval.
        binaries: how many yes-or-no decisions the solver needed; 0 where linear programming was exact.
        proven: whether the plan is within 1e-6 of the best; False where time ran out.
        bound: no plan costs less; where the interior-point method found the plan and proved it.
    """

    status: PlanStatus
    cost: float | None
    import_w: Array
    export_w: Array
    curtailed_w: Array
    charge_w: Array
    discharge_w: Array
    soc_wh: Array
    flexible_w: Array
    limits: tuple[BrokenLimit, ...]
    reasons: tuple[str, ...]
    energy_price_per_kwh: Array
    stored_value_per_kwh: Array
    binaries: int = 0
    proven: bool = True
    bound: float | None = None


def cost_of(problem: PlanProblem, *, import_w: Array, export_w: Array, discharge_w: Array, soc_wh: Array) -> float:
    """What powers cost: `import x price - export x price + wear + peak - end values`."""
    storages, hours = problem.storages, problem.hours
    energy = import_w @ problem.import_price_per_kwh - export_w @ problem.export_price_per_kwh
    wear = storages.wear_per_kwh @ discharge_w.sum(axis=1)
    peak = problem.peak_price_per_kw * max(float(import_w.max()) - problem.peak_so_far_w, 0.0)
    above = np.maximum(soc_wh[:, -1] - storages.soc_end_min_wh, 0.0)
    return float((energy + wear) * hours + peak - storages.end_value_per_kwh @ above) / 1000.0
