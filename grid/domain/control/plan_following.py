"""What the storages do together and each: the plan's targets, or the plain rule, corrected by what is measured.

Where the plan imports, the public grid is what covers differences; where it exports, it takes them; where it does neither, the
storages do. So a deviation of the forecast never turns a planned discharge into export or a planned charge into import.
"""

from dataclasses import dataclass

import numpy as np

from grid.domain.control.dispatch import Power, StorageLimits
from grid.domain.planning.targets import PlanTargets

BALANCED_W = 200.0


@dataclass(frozen=True, slots=True)
class Headroom:
    """How much each storage can take and give for as long as a command stands [W]."""

    charge_w: Power
    discharge_w: Power


def headroom(soc_wh: Power, limits: StorageLimits, able: np.ndarray, charge_hours: float, discharge_hours: float) -> Headroom:
    """Power limits and state of charge together; nothing for those that are not `able`."""
    room = np.maximum(limits.soc_max_wh - soc_wh, 0.0) / (limits.eta_charge * charge_hours)
    stored = np.maximum(soc_wh * limits.kept_per_hour**discharge_hours - limits.soc_min_wh, 0.0)
    return Headroom(
        np.where(able, np.minimum(limits.charge_max_w, room), 0.0),
        np.where(able, np.minimum(limits.discharge_max_w, stored * limits.eta_discharge / discharge_hours), 0.0),
    )


def wanted_total(residual_w: float, plan: PlanTargets | None) -> float:
    """What all storages together should take [W], negative to give.

    Args:
        residual_w: what comes in from the public grid while the storages stand idle; negative is a surplus.
        plan: None for the plain rule, which balances.
    """
    if plan is None:
        return -residual_w
    if len(plan.measured_w):
        return float(np.interp(residual_w, plan.measured_w, plan.answer_w))
    planned_w = float((plan.charge_w - plan.discharge_w).sum())
    exchange_w = plan.import_w - plan.export_w
    lowest = -np.inf if exchange_w < -BALANCED_W else 0.0
    highest = 0.0 if exchange_w <= BALANCED_W else np.inf
    if plan.import_ceiling_w is not None:
        highest = min(highest, max(plan.import_ceiling_w, 0.0)) if highest > 0 else highest
    return float(np.clip(planned_w, lowest - residual_w, highest - residual_w))


def share(total_w: float, room: Headroom, plan: PlanTargets | None) -> Power:
    """Each storage's power, charging positive: the plan's, then the difference in proportion to what headroom is left.

    A storage never works against the sum: what would flow from one storage into another stays in it.
    """
    start = np.zeros_like(room.charge_w)
    if plan is not None:
        planned = np.clip(plan.charge_w - plan.discharge_w, -room.discharge_w, room.charge_w)
        start = np.where(planned * total_w > 0, planned, 0.0)
        if abs(float(start.sum())) > abs(total_w) > 0:
            return np.asarray(start * (total_w / float(start.sum())))
    missing = total_w - float(start.sum())
    left = (room.charge_w - start) if missing > 0 else (room.discharge_w + start)
    whole = float(left.sum())
    if whole <= 0 or missing == 0:
        return start
    part = np.sign(missing) * left * min(1.0, abs(missing) / whole)
    return np.asarray(start + part)


def ramped(wanted_w: Power, told_w: Power, ramp_w_per_s: Power, dt_s: float) -> Power:
    """No faster than each storage may change."""
    step = ramp_w_per_s * max(dt_s, 0.0)
    return np.asarray(np.clip(wanted_w, told_w - step, told_w + step))
