"""Which import the month's peak is held at: the lowest that is worth what holding it costs.

Below the floor (what the month has reached, or what the weeks before could have been held at) a target saves nothing. Above it, each kW
costs its peak charge, and each kW less costs energy that must be kept for spikes. Held too low, the storages are empty when a long
spike has its worst hour; so the target is chosen anew with each plan, from what is stored and from how far off its forecast the net power is.
"""

from dataclasses import replace

import numpy as np

from grid.domain.control.dispatch import StorageLimits
from grid.domain.planning.parts import Storages
from grid.domain.planning.problem import PlanProblem
from grid.domain.planning.search import find_plan
from grid.domain.planning.stored_value import (  # fmt: skip
    Array,
    Fleet,
    Outlook,
    StoredValue,
    value_of_storing,
)

RAISES = (0.0, 0.15, 0.35, 0.65, 1.0)  # shares of what the fleet can give
MARGIN = 0.2  # of what the fleet can give: what forecasts miss of what hindsight holds
# Import above the target: a spike of an hour and a quarter at this price per kWh costs what its kW cost as a peak.
PENALTY_HOURS = 1.25
NOT_WORTH_A_LOOK = 0.02


def value_with_target(
    fleet: Fleet, outlook: Outlook, *, soc_wh: float, net_w: float, peak_price_per_kw: float, keep: int = 1
) -> StoredValue:  # fmt: skip
    """The value of storing at the best target from `outlook.peak_target_w` upwards; `net_w` is what is measured now."""
    floor_w = outlook.peak_target_w
    outlook = replace(outlook, peak_price_per_kwh=peak_price_per_kw / PENALTY_HOURS)

    def at(raised: float) -> tuple[float, StoredValue]:
        target = replace(outlook, peak_target_w=floor_w + raised * fleet.discharge_max_w)
        value = value_of_storing(fleet, target, keep)
        power_w = value.power_w(0, net_w, soc_wh)
        after = _next(fleet, outlook.hours, soc_wh, power_w)
        to_come = float(np.interp(after, value.levels_wh, value.after(0, net_w)))
        extra_kw = max(raised * fleet.discharge_max_w, net_w + power_w - floor_w, 0.0) / 1000
        return to_come + peak_price_per_kw * extra_kw, value

    least, most = at(RAISES[0]), at(RAISES[-1])
    # What the target costs, at most: where that is next to nothing, nothing is gained by a higher one.
    energy_of_highest = most[0] - peak_price_per_kw * RAISES[-1] * fleet.discharge_max_w / 1000
    if least[0] - energy_of_highest <= NOT_WORTH_A_LOOK * peak_price_per_kw * fleet.discharge_max_w / 1000:
        return least[1]
    return min([least, *map(at, RAISES[1:-1]), most], key=lambda found: found[0])[1]


def held_in_hindsight_w(
    limits: StorageLimits, *, hours: float, net_w: Array, import_price: Array, export_price: Array, peak_price_per_kw: float,
    wear_per_kwh: float,
) -> float:  # fmt: skip
    """At which import past weeks could have been held, had all been known: the plan of least cost over them [W]."""
    fleet = Fleet.of(limits, wear_per_kwh)
    storages = Storages.of(
        len(net_w), ("fleet",), soc_start_wh=fleet.capacity_wh / 2, soc_max_wh=fleet.capacity_wh,
        charge_max_w=fleet.charge_max_w, discharge_max_w=fleet.discharge_max_w, eta_charge=fleet.eta_charge,
        eta_discharge=fleet.eta_discharge, self_discharge_per_h=1 - fleet.kept_per_hour, wear_per_kwh=wear_per_kwh,
        soc_end_min_wh=fleet.capacity_wh / 2,
    )  # fmt: skip
    problem = PlanProblem.of(
        interval_minutes=hours * 60, import_price_per_kwh=import_price, export_price_per_kwh=export_price,
        load_w=np.maximum(net_w, 0.0), production_w=np.maximum(-net_w, 0.0), storages=storages,
        peak_price_per_kw=peak_price_per_kw,
    )  # fmt: skip
    return float(find_plan(problem).import_w.max())


def target_floor_w(fleet: Fleet, hindsight_w: float, reached_w: float) -> float:
    """Where a target begins: the month's peak so far, or what the weeks before could have been held at and a margin."""
    return max(reached_w, hindsight_w + MARGIN * fleet.discharge_max_w)


def _next(fleet: Fleet, hours: float, soc_wh: float, power_w: float) -> float:
    stored = power_w * fleet.eta_charge if power_w > 0 else power_w / fleet.eta_discharge
    return float(soc_wh * fleet.kept_per_hour**hours + stored * hours)
