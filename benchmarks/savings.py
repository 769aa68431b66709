"""What the storages save in a month: the rolling plan with the forecasts as they were known, perfect foresight, and the plain rule.

`script/bench savings [--month 2016-05] [--folder FOLDER]`. Closed loop: at each full hour use and production are foreseen from what had
ended before it; the value of storing is found anew then, and whenever what is measured lies outside the band. Each quarter hour the storages do
what costs least for the measured net power at that value; the bill counts what was measured. Energy that is left at the month's end counts at
what storing it at the cheapest price costs, for all three alike.
"""

import argparse
import json
import resource
import sys
import time
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.forecast import FOLDER, ZONE, consumption_of
from energy.adapters.simbench_folder import SimbenchNetwork, read_network
from energy.domain.forecast_features import Calendar
from energy.domain.forecast_series import MeterSeries, starts_from
from energy.domain.forecast_sums import WITHOUT_MODEL, NetForecast, net_forecast
from energy.domain.forecasting import Forecaster, midnight
from energy.domain.sun import is_down
from grid.domain.control.dispatch import StorageLimits, dispatch, next_soc
from grid.domain.control.plan_following import headroom
from grid.domain.planning.fleet import Fleet
from grid.domain.planning.month_peak import month_peak
from grid.domain.planning.parts import Storages
from grid.domain.planning.problem import PlanProblem
from grid.domain.planning.rolling import Quantiles, is_outdated, outlook_of
from grid.domain.planning.search import find_plan
from grid.domain.planning.storage_sharing import cycles, fair_shares
from grid.domain.planning.stored_value import StoredValue, value_of_storing

Array = NDArray[np.float64]
HOURS, MINUTES, PER_DAY, PER_HOUR = 0.25, 15, 96, 4
HORIZON = 96
PEAK_PRICE, FEED_IN, WEAR = 5.0, 0.08, 0.02
RETAIL, NIGHT, EVENING = 0.30, 0.20, 0.38
PAST_DAYS = 28


@dataclass(frozen=True, slots=True)
class Setting:
    """A network's year: what is used and produced [Wh per quarter hour], the storages, the month's place in it."""

    use: MeterSeries
    production: MeterSeries
    place: tuple[float, float] | None
    limits: StorageLimits
    first: int
    count: int

    @property
    def net_w(self) -> Array:
        net: Array = (self.use.values_wh.sum(axis=0) - self.production.values_wh.sum(axis=0)) / HOURS
        return net

    def prices(self, first: int, count: int) -> Array:
        """Retail price per kWh by local hour."""
        starts = starts_from(self.use.first_at, MINUTES, first + count)[first:].astype(np.int64)
        hours = [datetime.fromtimestamp(s, UTC).astimezone(ZONE).hour for s in starts.tolist()]
        return np.array([NIGHT if h >= 22 or h < 6 else EVENING if 17 <= h < 21 else RETAIL for h in hours])


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
        kept = self.left_wh - _start(setting.limits).sum() if part == slice(None) else 0.0
        worth = NIGHT / Fleet.of(setting.limits, WEAR).eta_charge
        energy = float(bought - sold + worn) * HOURS / 1000 - kept / 1000 * worth
        return {"energy": energy, "peak": max(float(exchange.max()), 0.0) / 1000 * PEAK_PRICE}


class CannotMeasure(ValueError):
    """There is nothing to measure in a month or a folder; the message says why."""


def main(argv: list[str]) -> int:
    """Measure a month; print one JSON object last."""
    parser = argparse.ArgumentParser(prog="script/bench savings", description=__doc__)
    parser.add_argument("--folder", type=Path, default=FOLDER, help="a network in SimBench's format")
    parser.add_argument("--month", default="2016-05", help="YYYY-MM")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(argv)
    began, processor = time.perf_counter(), time.process_time()
    try:
        setting = setting_of(read_network(options.folder, say=lambda _: None), options.month)
    except CannotMeasure as problem:
        print(problem, file=sys.stderr)
        return 2
    plan, thoughts = closed_loop(setting, say=lambda text: print(text, file=sys.stderr, flush=True))
    figures = compare(setting, {"plan": plan, "foresight": foresight(setting), "rule": plain_rule(setting)})
    seconds = time.perf_counter() - began
    print(
        json.dumps(
            {
                "name": "savings", "seconds": round(seconds, 1), "processor_s": round(time.process_time() - processor, 1),
                "items": setting.count, "items_per_s": round(setting.count / seconds, 1),
                "peak_rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
                "month": options.month, "plans": thoughts, **figures,
            }
        )
    )  # fmt: skip
    return 0


def setting_of(network: SimbenchNetwork, month: str) -> Setting:
    """The network's year as the loop needs it.

    Raises:
        CannotMeasure: no storages, or a month that the folder's profiles do not hold.
    """
    if not network.storages:
        raise CannotMeasure("The folder has no storages: there is nothing to plan and nothing to save.")
    use = consumption_of(network)
    first_day = date.fromisoformat(f"{month}-01")
    next_month = (first_day.replace(day=28) + timedelta(days=4)).replace(day=1)
    first, end = (int((_midnight(day) - use.first_at) // use.step) for day in (first_day, next_month))
    end = min(end, use.values_wh.shape[1])
    if first < 0 or end <= first:
        raise CannotMeasure(
            f"The folder's profiles do not reach into {month}; choose a month with --month YYYY-MM."
        )
    where = list(network.coordinates.values())
    place = (float(np.mean([y for _, y in where])), float(np.mean([x for x, _ in where]))) if where else None
    return Setting(use, production_of(network, use), place, limits_of(network), first, end - first)


def _midnight(day: date) -> np.datetime64:
    return midnight((day - date(1970, 1, 1)).days, ZONE)


def production_of(network: SimbenchNetwork, use: MeterSeries) -> MeterSeries:
    """The sources' energies; one dark source where there is none."""
    if network.source_profiles is None or not network.sources:
        return MeterSeries(use.first_at, MINUTES, ZONE, np.zeros((1, use.values_wh.shape[1])))
    at = {name: i for i, name in enumerate(network.source_profiles.names)}
    shares = network.source_profiles.shares[:, [at[row.text("profile")] for row in network.sources]]
    powers_w = np.array([row.number_of("pRES") for row in network.sources]) * 1e6
    return MeterSeries(use.first_at, MINUTES, ZONE, np.ascontiguousarray((shares * powers_w * HOURS).T))


def limits_of(network: SimbenchNetwork) -> StorageLimits:
    """The storages as docs and import read them: `etaStore` per direction, `sdStore` in per cent a day."""

    def column(name: str, scale: float = 1.0) -> Array:
        return np.array([row.number_of(name) for row in network.storages]) * scale

    capacity, power, eta = column("eStore", 1e6), column("sR", 1e6), column("etaStore")
    kept = (1 - column("sdStore", 0.01)) ** (1 / 24)
    return StorageLimits(np.zeros_like(capacity), capacity, power, power.copy(), eta, eta.copy(), kept)


def _start(limits: StorageLimits) -> Array:
    return (limits.soc_min_wh + limits.soc_max_wh) / 2


def closed_loop(setting: Setting, say: Any) -> tuple[Run, int]:
    """Go through the month as the application does; returns what was done and how often the plan was thought over."""
    net, limits, fleet = setting.net_w, setting.limits, Fleet.of(setting.limits, WEAR)
    foreseen = Foreseer(setting)
    soc, able, cycled = (
        _start(limits),
        np.ones(len(limits.soc_max_wh), bool),
        np.zeros(len(limits.soc_max_wh)),
    )
    charge, discharge = np.zeros((2, len(soc), setting.count))
    reached, past, value, made, thoughts = 0.0, np.zeros(0), None, 0, 0
    for k in range(setting.count):
        now_w, t = float(net[setting.first + k]), setting.first + k
        if k % PER_DAY == 0:
            say(f"day {k // PER_DAY + 1}: peak so far {reached / 1000:.1f} kW")
            past = net[max(t - PAST_DAYS * PER_DAY, 0) : t]
        if value is None or k % PER_HOUR == 0 or is_outdated(value, k - made, now_w):
            value = _think(setting, fleet, foreseen, k, past, reached)
            made, thoughts = k, thoughts + 1
        total = value.power_w(k - made, now_w, float((soc - limits.soc_min_wh).sum()), reached)
        room = headroom(soc, limits, able, HOURS, HOURS)
        charge[:, k] = fair_shares(max(total, 0.0), room.charge_w, cycled)
        discharge[:, k] = fair_shares(max(-total, 0.0), room.discharge_w, cycled)
        soc = next_soc(soc, charge[:, k], discharge[:, k], limits, HOURS)
        cycled = cycled + cycles(discharge[:, k] * HOURS, limits.soc_max_wh)
        reached = max(reached, now_w + float((charge[:, k] - discharge[:, k]).sum()))
    return Run(charge, discharge, float(soc.sum())), thoughts


def _think(
    setting: Setting, fleet: Fleet, foreseen: "Foreseer", k: int, past_net_w: Array, reached_w: float
) -> StoredValue:  # fmt: skip
    net = foreseen.at(k)
    count = len(net.middle_w)
    peak = month_peak(
        fleet, hours=HOURS, past_net_w=past_net_w, net_w=net.middle_w, reached_w=reached_w, intervals_left=setting.count - k,
        price_per_kw=PEAK_PRICE,
    )  # fmt: skip
    outlook = outlook_of(
        net, hours=HOURS, import_price=setting.prices(setting.first + k, count), export_price=np.full(count, FEED_IN), peak=peak,
        persistence=foreseen.net.persistence[k % PER_HOUR :],
    )  # fmt: skip
    return value_of_storing(fleet, outlook, keep=PER_HOUR - k % PER_HOUR)


class Foreseer:
    """Net power foreseen at each full hour, from what had ended before it."""

    def __init__(self, setting: Setting) -> None:
        calendar = Calendar("DE")
        self.setting = setting
        self.use, self.production = (
            Forecaster(setting.use, calendar),
            Forecaster(setting.production, calendar, model_share=WITHOUT_MODEL),
        )
        self.hour, self.net = -1, NetForecast(*np.zeros((4, 0)))
        starts = starts_from(self._origin(0), MINUTES, setting.count + HORIZON + PER_HOUR).astype(np.int64)
        self.light = (
            ~is_down(starts, MINUTES, *setting.place) if setting.place else np.ones(len(starts), bool)
        )

    def at(self, k: int) -> Quantiles:
        """From the month's interval `k` on, by the forecast of its hour."""
        hour = k // PER_HOUR
        if hour != self.hour:
            self.hour, self.net = hour, self._foresee(hour * PER_HOUR)
        late, net = k % PER_HOUR, self.net
        return Quantiles.of_energy(net.p10_wh[late:], net.p50_wh[late:], net.p90_wh[late:], HOURS)

    def _foresee(self, k: int) -> NetForecast:
        origin, horizon = self._origin(k), HORIZON + PER_HOUR
        use, production = self.use.sum_at(origin, horizon), self.production.sum_at(origin, horizon)
        return net_forecast(use, production.lit(self.light[k : k + horizon]), MINUTES)

    def _origin(self, k: int) -> np.datetime64:
        series = self.setting.use
        origin: np.datetime64 = series.first_at + (self.setting.first + k) * series.step
        return origin


def foresight(setting: Setting) -> Run:
    """The plan of least cost over the month with all of it known; storages of equal kind as one, which can do no less than they."""
    limits, fleet = setting.limits, Fleet.of(setting.limits, WEAR)
    net = setting.net_w[setting.first : setting.first + setting.count]
    storages = Storages.of(
        setting.count, ("all",), soc_start_wh=_start(limits).sum(), soc_max_wh=fleet.capacity_wh,
        charge_max_w=fleet.charge_max_w, discharge_max_w=fleet.discharge_max_w, eta_charge=float(limits.eta_charge.max()),
        eta_discharge=float(limits.eta_discharge.max()), self_discharge_per_h=1 - float(limits.kept_per_hour.max()),
        wear_per_kwh=WEAR, soc_end_min_wh=0.0, end_value_per_kwh=NIGHT / fleet.eta_charge,
    )  # fmt: skip
    problem = PlanProblem.of(
        interval_minutes=MINUTES, import_price_per_kwh=setting.prices(setting.first, setting.count),
        export_price_per_kwh=FEED_IN, load_w=np.maximum(net, 0), production_w=np.maximum(-net, 0), storages=storages,
        peak_price_per_kw=PEAK_PRICE,
    )  # fmt: skip
    found = find_plan(problem)
    return Run(found.charge_w, found.discharge_w, float(found.soc_wh[0, -1]))


def plain_rule(setting: Setting) -> Run:
    """A surplus charges, a deficit discharges."""
    limits, soc = setting.limits, _start(setting.limits)
    charge, discharge = np.zeros((2, len(soc), setting.count))
    for k in range(setting.count):
        done = dispatch(-float(setting.net_w[setting.first + k]), soc, limits, HOURS)
        charge[:, k], discharge[:, k] = done.charge_w, done.discharge_w
        soc = next_soc(soc, done.charge_w, done.discharge_w, limits, HOURS)
    return Run(charge, discharge, float(soc.sum()))


def compare(setting: Setting, runs: dict[str, Run]) -> dict[str, Any]:
    """Savings against idle storages: of the month, energy and peak apart, and by week (peak: of the week's highest import)."""
    nothing = np.zeros((1, setting.count))
    idle = Run(nothing, nothing, float(_start(setting.limits).sum()))

    def saved(part: slice = slice(None)) -> dict[str, dict[str, float]]:
        before = idle.costs(setting, part)
        found = {}
        for name, run in runs.items():
            after = run.costs(setting, part)
            energy, peak = (before[key] - after[key] for key in ("energy", "peak"))
            found[name] = {
                "saving": round(energy + peak, 2),
                "energy": round(energy, 2),
                "peak": round(peak, 2),
            }
        return found

    month = saved()
    week = 7 * PER_DAY
    weeks = [saved(slice(k, min(k + week, setting.count))) for k in range(0, setting.count, week)]
    best = month["foresight"]["saving"]
    total = idle.costs(setting)
    used = cycles(runs["plan"].discharge_w.sum(axis=1) * HOURS, setting.limits.soc_max_wh)
    return {
        "share_of_foresight": round(month["plan"]["saving"] / best, 4) if best > 0 else None,
        "share_of_foresight_rule": round(month["rule"]["saving"] / best, 4) if best > 0 else None,
        "more_than_rule": bool(month["plan"]["saving"] > month["rule"]["saving"]), "idle_cost": round(sum(total.values()), 2),
        "cycles_least": round(float(used.min()), 2), "cycles_most": round(float(used.max()), 2), **month, "weeks": weeks,
    }  # fmt: skip


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
