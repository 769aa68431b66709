"""A plan problem as a linear programme: what is sought in which phase, and where each quantity stands in it. `writing` writes it."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from grid.domain.planning.parts import Array, Places
from grid.domain.planning.problem import PlanProblem
from grid.domain.planning.program import Program


class Aim(IntEnum):
    """What is made least, in this order where not everything can be kept."""

    ABOVE_LIMITS = 1
    MISSING = 2
    COST = 3


@dataclass(frozen=True, slots=True)
class Slack:
    """What the phases before found to be unavoidable [unit x h]; None while that is what is sought."""

    aim: Aim
    above: float | None = None
    missing: float | None = None


@dataclass(frozen=True, slots=True)
class Model:
    """A programme and where its quantities stand in it.

    Attributes:
        unit_w: how many W are one in the programme.
        imported, exported, curtailed: [T]; charge, discharge, soc: [n, T] columns.
        flexible: [m, T] columns of interruptible loads, -1 for the others.
        runs: for each load that is not interruptible: columns of its possible starts, and the energy they are worth.
        balance, stored: [T], [n, T] rows.
        above, missing: the rows that hold what the phases before found, -1 where there is none.
    """

    program: Program
    unit_w: float
    imported: Places
    exported: Places
    curtailed: Places
    charge: Places
    discharge: Places
    soc: Places
    flexible: Places
    runs: tuple["Run", ...]
    balance: Places
    stored: Places
    above: int = -1
    missing: int = -1


@dataclass(frozen=True, slots=True)
class Run:
    """The possible runs of a load that is not interruptible: `power_w` [k] from each of the intervals `begins`."""

    load: int
    power_w: Array
    begins: Places
    columns: Places


def unit_of(problem: PlanProblem) -> float:
    """A power of ten near a tenth of the greatest power [W]."""
    storages = problem.storages
    greatest = max(
        float(a.max(initial=0.0))
        for a in (problem.load_w, problem.production_w, storages.charge_max_w, storages.discharge_max_w, problem.flexible.power_max_w)
    )
    return float(10.0 ** np.round(np.log10(max(greatest, 1e-3)) - 1.0))


def run_shape(energy_wh: float, power_max_w: float, hours: float, longest: int) -> Array:
    """Powers [W] of one run: full power, the last interval with what is left. Empty where nothing runs, or not within `longest` intervals."""
    each_wh = power_max_w * hours
    if energy_wh <= 0 or each_wh <= 0 or energy_wh > each_wh * (longest + 1e-9):
        return np.zeros(0)
    length = max(int(np.ceil(energy_wh / each_wh - 1e-9)), 1)
    shape = np.full(length, power_max_w)
    shape[-1] = energy_wh / hours - (length - 1) * power_max_w
    return shape
