"""The control rule: surplus to the storages, deficit from them, inside their limits and in proportion to headroom.

Then the public grid up to its limit, then peak handling. Domain rules, section 5.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Power = NDArray[np.float64]
DEADBAND_W = 1.0


@dataclass(frozen=True, slots=True)
class StorageLimits:
    """Limits of n storages: energies [Wh], powers at the terminals [W], efficiencies, self-discharge per hour; float64 [n]."""

    soc_min_wh: Power
    soc_max_wh: Power
    charge_max_w: Power
    discharge_max_w: Power
    eta_charge: Power
    eta_discharge: Power
    kept_per_hour: Power


@dataclass(frozen=True, slots=True)
class Dispatch:
    """Set-points [W], float64 [n], and what is left for the public grid [W]; never charge and discharge at once."""

    charge_w: Power
    discharge_w: Power
    import_w: float
    export_w: float


def dispatch(net_w: float, soc_wh: Power, limits: StorageLimits, hours: float) -> Dispatch:
    """Share a surplus (`net_w` > 0) or a deficit (< 0) of local power among the storages for the next `hours`.

    Each storage takes in proportion to its headroom: what power limit and state of charge allow for that long.
    """
    idle = np.zeros_like(soc_wh)
    if net_w > DEADBAND_W:
        room = np.maximum(limits.soc_max_wh - soc_wh, 0.0) / (limits.eta_charge * hours)
        headroom = np.minimum(limits.charge_max_w, room)
        charge = _in_proportion(net_w, headroom)
        return Dispatch(charge, idle, 0.0, max(net_w - float(charge.sum()), 0.0))
    if net_w < -DEADBAND_W:
        stored = np.maximum(soc_wh - limits.soc_min_wh, 0.0) * limits.eta_discharge / hours
        headroom = np.minimum(limits.discharge_max_w, stored)
        discharge = _in_proportion(-net_w, headroom)
        return Dispatch(idle, discharge, max(-net_w - float(discharge.sum()), 0.0), 0.0)
    return Dispatch(idle, idle.copy(), max(-net_w, 0.0), max(net_w, 0.0))


def _in_proportion(power_w: float, headroom_w: Power) -> Power:
    total = float(headroom_w.sum())
    return headroom_w * min(1.0, power_w / total) if total > 0 else np.zeros_like(headroom_w)


def next_soc(soc_wh: Power, charge_w: Power, discharge_w: Power, limits: StorageLimits, hours: float) -> Power:
    """State of charge after `hours`: `soc' = soc k^h + eta_c charge - discharge / eta_d` (section 5), inside its bounds."""
    moved = (limits.eta_charge * charge_w - discharge_w / limits.eta_discharge) * hours
    return np.clip(soc_wh * limits.kept_per_hour**hours + moved, 0.0, limits.soc_max_wh)


def after_rest(soc_wh: Power, limits: StorageLimits, hours: float) -> Power:
    """What self-discharge leaves of the state of charge after `hours` [Wh]."""
    return soc_wh * limits.kept_per_hour**hours


@dataclass(frozen=True, slots=True)
class Situation:
    """What a tick saw [W], and the limits at the point of common coupling [W], None where there is none."""

    import_w: float
    export_w: float
    charge_w: float
    discharge_w: float
    import_limit_w: int | None
    export_limit_w: int | None
    sites_reporting: int
    sites_total: int


PEAK_SHARE = 0.8


def status_of(seen: Situation) -> tuple[str, list[str]]:
    """Name the grid's state and say why, in sentences for an operator."""
    reasons = []
    if seen.sites_reporting < seen.sites_total:
        reasons.append(f"{seen.sites_total - seen.sites_reporting} of {seen.sites_total} sites are silent.")
    if seen.import_limit_w and seen.import_w >= PEAK_SHARE * seen.import_limit_w:
        reasons.append(
            f"Import of {seen.import_w / 1000:.1f} kW has reached {seen.import_w / seen.import_limit_w:.0%} of the "
            f"connection; storages give what they have."
        )
        return "PEAK", reasons
    if seen.export_limit_w and seen.export_w >= PEAK_SHARE * seen.export_limit_w:
        reasons.append(f"Export of {seen.export_w / 1000:.1f} kW nears the connection's limit.")
        return "PEAK", reasons
    if seen.export_w > 500:
        reasons.append(f"The roofs give {seen.export_w / 1000:.1f} kW more than homes and batteries take.")
        return "SURPLUS", reasons
    if seen.import_w > 500:
        reasons.append(f"Homes use {seen.import_w / 1000:.1f} kW more than roofs and batteries give.")
        return "DEFICIT", reasons
    reasons.append("Supply and use are in balance inside the village.")
    return "NORMAL", reasons
