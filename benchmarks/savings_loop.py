"""A month of storages in closed loop: the rolling plan, perfect foresight, and the plain rule; and what each costs."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from benchmarks.savings_forecasts import Foreseen
from benchmarks.savings_setting import HOURS, MINUTES, NIGHT, PAST_DAYS, PER_DAY, Array, Setting
from grid.domain.control.dispatch import StorageLimits, dispatch, next_soc
from grid.domain.control.plan_following import headroom
from grid.domain.planning.fleet import Fleet
from grid.domain.planning.month_peak import held_levels_w, month_peak
from grid.domain.planning.parts import Storages
from grid.domain.planning.problem import PlanProblem
from grid.domain.planning.rolling import outlook_of
from grid.domain.planning.search import find_plan
from grid.domain.planning.storage_sharing import cycles, fair_shares
from grid.domain.planning.stored_value import StoredValue, value_of_storing

PEAK_PRICE, FEED_IN, WEAR = 5.0, 0.08, 0.02
# Eleven seconds of processor time, however many others share it.
FORESIGHT_S = 3600.0


@dataclass(frozen=True, slots=True)
class Run:
    """What the storages did: net power [T], each storage's powers at its terminals [n, T], what is stored in the end [Wh]."""

    charge_w: Array
    discharge_w: Array
    left_wh: float

    def costs(self, setting: Setting, part: slice = slice(None)) -> dict[str, float]:
        """Energy with wear, and peak; of the whole month what is left counts too."""
        net = setting.net_w[setting.first : setting.first + setting.count]
        exchange = (net + (self.charge_w - self.discharge_w).sum(axis=0))[part]
        price = setting.prices(setting.first, setting.count)[part]
        bought, sold = np.maximum(exchange, 0) @ price, np.maximum(-exchange, 0).sum() * FEED_IN
        worn = self.discharge_w[:, part].sum() * WEAR
        kept = self.left_wh - start_of(setting.limits).sum() if part == slice(None) else 0.0
        worth = NIGHT / Fleet.of(setting.limits, WEAR).eta_charge
        energy = float(bought - sold + worn) * HOURS / 1000 - kept / 1000 * worth
        return {"energy": energy, "peak": max(float(exchange.max()), 0.0) / 1000 * PEAK_PRICE}


def start_of(limits: StorageLimits) -> Array:
    """What is stored as a month begins [Wh]."""
    return (limits.soc_min_wh + limits.soc_max_wh) / 2


def closed_loop(setting: Setting, forecasts: Foreseen, say: Callable[[str], None]) -> Run:
    """Go through the month as the application does, thinking the plan over each quarter hour with what was foreseen then."""
    net, limits, fleet = setting.net_w, setting.limits, Fleet.of(setting.limits, WEAR)
    soc, able, cycled = (start_of(limits), np.ones(len(limits.soc_max_wh), bool), np.zeros(len(limits.soc_max_wh)))
    charge, discharge = np.zeros((2, len(soc), setting.count))
    reached, held = 0.0, np.zeros(0)
    for k in range(setting.count):
        now_w, t = float(net[setting.first + k]), setting.first + k
        if k % PER_DAY == 0:
            say(f"day {k // PER_DAY + 1}: peak so far {reached / 1000:.1f} kW")
            held = held_levels_w(fleet, HOURS, net[max(t - PAST_DAYS * PER_DAY, 0) : t])
        value = _think(setting, fleet, forecasts, k, held, reached)
        total = value.power_w(0, now_w, float((soc - limits.soc_min_wh).sum()), reached)
        room = headroom(soc, limits, able, HOURS, HOURS)
        charge[:, k] = fair_shares(max(total, 0.0), room.charge_w, cycled)
        discharge[:, k] = fair_shares(max(-total, 0.0), room.discharge_w, cycled)
        soc = next_soc(soc, charge[:, k], discharge[:, k], limits, HOURS)
        cycled = cycled + cycles(discharge[:, k] * HOURS, limits.soc_max_wh)
        reached = max(reached, now_w + float((charge[:, k] - discharge[:, k]).sum()))
    return Run(charge, discharge, float(soc.sum()))


def _think(setting: Setting, fleet: Fleet, forecasts: Foreseen, k: int, held_w: Array, reached_w: float) -> StoredValue:
    net, persistence = forecasts.at(k)
    count = len(net.middle_w)
    peak = month_peak(
        fleet,
        hours=HOURS,
        held_w=held_w,
        net_w=net.middle_w,
        reached_w=reached_w,
        intervals_left=setting.count - k,
        price_per_kw=PEAK_PRICE,
    )
    outlook = outlook_of(
        net,
        hours=HOURS,
        import_price=setting.prices(setting.first + k, count),
        export_price=np.full(count, FEED_IN),
        peak=peak,
        persistence=persistence,
    )
    return value_of_storing(fleet, outlook)


def foresight(setting: Setting) -> Run:
    """The plan of least cost over the month with all of it known; storages of equal kind as one, which can do no less than they."""
    limits, fleet = setting.limits, Fleet.of(setting.limits, WEAR)
    net = setting.net_w[setting.first : setting.first + setting.count]
    storages = Storages.of(
        setting.count,
        ("all",),
        soc_start_wh=start_of(limits).sum(),
        soc_max_wh=fleet.capacity_wh,
        charge_max_w=fleet.charge_max_w,
        discharge_max_w=fleet.discharge_max_w,
        eta_charge=float(limits.eta_charge.max()),
        eta_discharge=float(limits.eta_discharge.max()),
        self_discharge_per_h=1 - float(limits.kept_per_hour.max()),
        wear_per_kwh=WEAR,
        soc_end_min_wh=0.0,
        end_value_per_kwh=NIGHT / fleet.eta_charge,
    )
    problem = PlanProblem.of(
        interval_minutes=MINUTES,
        import_price_per_kwh=setting.prices(setting.first, setting.count),
        export_price_per_kwh=FEED_IN,
        load_w=np.maximum(net, 0),
        production_w=np.maximum(-net, 0),
        storages=storages,
        peak_price_per_kw=PEAK_PRICE,
    )
    found = find_plan(problem, seconds=FORESIGHT_S)
    return Run(found.charge_w, found.discharge_w, float(found.soc_wh[0, -1]))


def plain_rule(setting: Setting) -> Run:
    """A surplus charges, a deficit discharges."""
    limits, soc = setting.limits, start_of(setting.limits)
    charge, discharge = np.zeros((2, len(soc), setting.count))
    for k in range(setting.count):
        done = dispatch(-float(setting.net_w[setting.first + k]), soc, limits, HOURS)
        charge[:, k], discharge[:, k] = done.charge_w, done.discharge_w
        soc = next_soc(soc, done.charge_w, done.discharge_w, limits, HOURS)
    return Run(charge, discharge, float(soc.sum()))
