"""Beginning from a plan that is known already: the last one moved on by an interval, or the one that overloaded a cable.

Its powers say which columns of the programme lie between their bounds: these make the basis from which the simplex method goes on. That
is a guess, never a part of the answer: HiGHS mends what does not fit, and among equal plans the tie-break decides, whatever the start.
"""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from grid.domain.planning.model import Model
from grid.domain.planning.parts import Array, Places
from grid.domain.planning.problem import PlanProblem


@dataclass(frozen=True, slots=True)
class KnownPlan:
    """What storages [n, T] and flexible loads [m, T] do in another plan for the same storages and loads."""

    charge_w: Array
    discharge_w: Array
    soc_wh: Array
    flexible_w: Array

    def moved_on(self, by: int, intervals: int) -> Self:
        """From `by` intervals later on, for so many; nothing is known of what comes after its end, and nothing moves there."""

        def moved(values: Array, *, stays: bool = False) -> Array:
            found = values[:, by : by + intervals]
            missing = intervals - found.shape[1]
            last = values[:, -1:] if stays and values.shape[1] else np.zeros((len(values), 1))
            return np.hstack([found, np.repeat(last, missing, axis=1)]) if missing else found

        return replace(
            self,
            charge_w=moved(self.charge_w),
            discharge_w=moved(self.discharge_w),
            soc_wh=moved(self.soc_wh, stays=True),
            flexible_w=moved(self.flexible_w),
        )

    def in_groups(self, groups: Places) -> Self:
        """With storages as one where they are planned as one [n]; what one charges for another is no exchange of the group."""
        count = int(groups.max(initial=-1)) + 1
        members = np.zeros((count, len(groups)))
        members[groups, np.arange(len(groups))] = 1.0
        net = members @ (self.charge_w - self.discharge_w)
        return replace(self, charge_w=np.maximum(net, 0.0), discharge_w=np.maximum(-net, 0.0), soc_wh=members @ self.soc_wh)


def start_values(problem: PlanProblem, model: Model, known: KnownPlan) -> Array | None:
    """A value for each column that the plan speaks of; None where it is of other storages, loads or intervals."""
    shape = (len(problem.storages), problem.intervals)
    if known.charge_w.shape != shape or known.flexible_w.shape != (len(problem.flexible), problem.intervals):
        return None
    unit, values = model.unit_w, np.zeros(len(model.program.cost))
    values[model.charge], values[model.discharge] = known.charge_w / unit, known.discharge_w / unit
    values[model.soc] = known.soc_wh / unit
    inside = model.flexible >= 0
    values[model.flexible[inside]] = known.flexible_w[inside] / unit
    drawn = problem.load_w - problem.production_w + known.flexible_w.sum(axis=0)
    net = (drawn + (known.charge_w - known.discharge_w).sum(axis=0)) / unit
    values[model.imported], values[model.exported] = np.maximum(net, 0.0), np.maximum(-net, 0.0)
    return values
