"""An independent way to the best plan: every rule of the study written out plainly for scipy's `milp`, a yes-or-no decision for each.

Nothing of the project's own plan is used here. `best(scenario)` gives status and cost (and what is least above limits and missing);
`faults(scenario, plan)` lists whatever a printed plan does that it must not.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import lil_array

Scenario = dict[str, Any]


@dataclass(frozen=True)
class Best:
    """What is best: status, cost, least Wh above limits, least Wh missing."""

    status: str
    cost: float | None
    above_wh: float = 0.0
    missing_wh: float = 0.0


class _Rows:
    """Constraints written one by one as {column: factor}."""

    def __init__(self) -> None:
        self.names: dict[Any, int] = {}
        self.low: list[float] = []
        self.high: list[float] = []
        self.whole: list[int] = []
        self.rows: list[tuple[dict[int, float], float, float]] = []

    def column(self, name: Any, high: float = math.inf, low: float = 0.0, whole: bool = False) -> None:
        self.names[name] = len(self.low)
        self.low.append(low)
        self.high.append(high)
        self.whole.append(int(whole))

    def row(self, terms: dict[Any, float], low: float, high: float) -> None:
        self.rows.append(({self.names[k]: v for k, v in terms.items()}, low, high))

    def least(self, objective: dict[Any, float], scale: float) -> tuple[float, dict[Any, float]] | None:
        cost = np.zeros(len(self.low))
        for name, factor in objective.items():
            cost[self.names[name]] = factor * scale
        matrix = lil_array((max(len(self.rows), 1), len(self.low)))
        for i, (terms, _, _) in enumerate(self.rows):
            for column, factor in terms.items():
                matrix[i, column] += factor
        low, high = [r[1] for r in self.rows] or [0.0], [r[2] for r in self.rows] or [0.0]
        found = milp(
            cost,
            integrality=np.array(self.whole),
            bounds=Bounds(np.array(self.low), np.array(self.high)),
            constraints=LinearConstraint(matrix.tocsr(), np.array(low), np.array(high)),
            options={"mip_rel_gap": 1e-9, "time_limit": 120.0},
        )
        if found.status == 1:
            raise TimeoutError("the reference took too long")
        if found.x is None:
            return None
        return float(found.fun) / scale, {name: float(found.x[i]) for name, i in self.names.items()}


def _each(value: Any, count: int) -> list[float]:
    if value is None:
        return [math.inf] * count
    return [float(v) for v in value] if isinstance(value, list) else [float(value)] * count


def _run(load: dict[str, Any], hours: float) -> list[float]:
    full = load["power_max_w"] / 1000
    energy = load["energy_wh"] / 1000
    if energy <= 0 or full <= 0:
        return []
    length = math.ceil(energy / (full * hours) - 1e-9)
    return [full] * (length - 1) + [energy / hours - (length - 1) * full]


def _written(s: Scenario) -> tuple[_Rows, dict[Any, float], list[Any], list[Any], float, float]:
    """All rules in kW and kWh: rows, cost, columns above limits, columns missing, hours, constant of the cost."""
    count, hours, w = len(s["load_w"]), s["interval_minutes"] / 60, _Rows()
    load, made = [v / 1000 for v in s["load_w"]], [v / 1000 for v in s["production_w"]]
    limit_in = [v / 1000 for v in _each(s.get("import_limit_w"), count)]
    limit_out = [v / 1000 for v in _each(s.get("export_limit_w"), count)]
    loads = s.get("flexible_loads", [])
    charge_sum = sum(b["charge_max_w"] for b in s["storages"]) / 1000
    discharge_sum = sum(b["discharge_max_w"] for b in s["storages"]) / 1000
    flexible_sum = sum(f["power_max_w"] for f in loads) / 1000
    cost: dict[Any, float] = {}
    above, missing = [], []
    w.column("peak")
    cost["peak"] = s.get("peak_price_per_kw", 0.0)
    for t in range(count):
        most_in = load[t] + charge_sum + flexible_sum + 0.001
        most_out = made[t] + discharge_sum + 0.001
        for name, high in (("in", most_in), ("out", most_out), ("cut", made[t] if s.get("curtailable") else 0.0)):
            w.column((name, t), high)
        w.column(("in over", t), math.inf if math.isfinite(limit_in[t]) else 0.0)
        w.column(("out over", t), math.inf if math.isfinite(limit_out[t]) else 0.0)
        above += [("in over", t), ("out over", t)]
        w.column(("buys", t), 1.0, whole=True)
        w.row({("in", t): 1, ("buys", t): -most_in}, -math.inf, 0)
        w.row({("out", t): 1, ("buys", t): most_out}, -math.inf, most_out)
        if math.isfinite(limit_in[t]):
            w.row({("in", t): 1, ("in over", t): -1}, -math.inf, limit_in[t])
        if math.isfinite(limit_out[t]):
            w.row({("out", t): 1, ("out over", t): -1}, -math.inf, limit_out[t])
        w.row({"peak": 1, ("in", t): -1}, 0, math.inf)
        cost[("in", t)] = s["import_price_per_kwh"][t] * hours
        cost[("out", t)] = -s["export_price_per_kwh"][t] * hours
    balance: list[dict[Any, float]] = [{("in", t): 1, ("out", t): -1, ("cut", t): -1} for t in range(count)]
    for b in s["storages"]:
        name = b["id"]
        for t in range(count):
            w.column(("charge", name, t), b["charge_max_w"] / 1000)
            w.column(("discharge", name, t), b["discharge_max_w"] / 1000)
            w.column(("charges", name, t), 1.0, whole=True)
            w.column(("soc", name, t), b["soc_max_wh"] / 1000, b["soc_min_wh"] / 1000)
            w.row({("charge", name, t): 1, ("charges", name, t): -b["charge_max_w"] / 1000}, -math.inf, 0)
            w.row({("discharge", name, t): 1, ("charges", name, t): b["discharge_max_w"] / 1000}, -math.inf, b["discharge_max_w"] / 1000)
            kept = (1 - b.get("self_discharge_per_h", 0.0)) ** hours
            terms = {
                ("soc", name, t): 1.0,
                ("charge", name, t): -b["eta_charge"] * hours,
                ("discharge", name, t): hours / b["eta_discharge"],
            }
            if t:
                terms[("soc", name, t - 1)] = -kept
            begin = 0.0 if t else kept * b["soc_start_wh"] / 1000
            w.row(terms, begin, begin)
            balance[t] |= {("charge", name, t): -1, ("discharge", name, t): 1}
            cost[("discharge", name, t)] = b.get("wear_per_kwh", 0.0) * hours
        wanted = b.get("soc_end_min_wh", b["soc_min_wh"]) / 1000
        w.column(("end above", name))
        w.column(("end short", name))
        w.column(("ends above", name), 1.0, whole=True)
        w.row({("soc", name, count - 1): 1, ("end above", name): -1, ("end short", name): 1}, wanted, wanted)
        w.row({("end above", name): 1, ("ends above", name): -b["soc_max_wh"] / 1000}, -math.inf, 0)
        w.row({("end short", name): 1, ("ends above", name): wanted}, -math.inf, wanted)
        cost[("end above", name)] = -b.get("end_value_per_kwh", 0.0)
        missing.append(("end short", name))
    for f in loads:
        name, energy = f["id"], f["energy_wh"] / 1000
        w.column(("short", name), energy)
        missing.append(("short", name))
        window = range(f["earliest"], f["latest"])
        if f["interruptible"]:
            for t in window:
                w.column(("flexible", name, t), f["power_max_w"] / 1000)
                balance[t][("flexible", name, t)] = -1
            w.row({("short", name): 1} | {("flexible", name, t): hours for t in window}, energy, energy)
            continue
        shape = _run(f, hours)
        begins = [t for t in window if shape and t + len(shape) <= f["latest"]]
        for t in begins:
            w.column(("start", name, t), 1.0, whole=True)
            for k, power in enumerate(shape):
                balance[t + k][("start", name, t)] = -power
        w.row({("short", name): 1} | {("start", name, t): energy for t in begins}, energy, energy)
    for t in range(count):
        w.row(balance[t], load[t] - made[t], load[t] - made[t])
    return w, cost, above, missing, hours, 0.0


def best(s: Scenario) -> Best:
    """The best by plain rules, in phases: limits, wishes, cost."""
    w, cost, above, missing, hours, constant = _written(s)
    high = list(w.high)
    for column in above + missing:
        w.high[w.names[column]] = 0.0
    strict = w.least(cost, 1e3)
    if strict is not None:
        return Best("optimal", strict[0] + constant)
    w.high[:] = high
    first = w.least(dict.fromkeys(above, hours), 1e3)
    if first is None:
        return Best("infeasible", None)
    w.row(dict.fromkeys(above, hours), -math.inf, first[0] + 1e-9)
    second = w.least(dict.fromkeys(missing, 1.0), 1e3)
    assert second is not None
    w.row(dict.fromkeys(missing, 1.0), -math.inf, second[0] + 1e-9)
    third = w.least(cost, 1e3)
    assert third is not None
    return Best("best_effort", third[0] + constant, first[0] * 1000, second[0] * 1000)


def cost_of(s: Scenario, plan: dict[str, Any]) -> float:
    """The cost of a printed plan, from its own powers."""
    hours = s["interval_minutes"] / 60
    total = sum(p * v for p, v in zip(s["import_price_per_kwh"], plan["import_w"], strict=True)) * hours / 1000
    total -= sum(p * v for p, v in zip(s["export_price_per_kwh"], plan["export_w"], strict=True)) * hours / 1000
    total += s.get("peak_price_per_kw", 0.0) * max(plan["import_w"]) / 1000
    for b in s["storages"]:
        total += b.get("wear_per_kwh", 0.0) * sum(plan["discharge_w"][b["id"]]) * hours / 1000
        wanted = b.get("soc_end_min_wh", b["soc_min_wh"])
        total -= b.get("end_value_per_kwh", 0.0) * max(0.0, plan["soc_wh"][b["id"]][-1] - wanted) / 1000
    return total


def shortfalls(s: Scenario, plan: dict[str, Any]) -> tuple[float, float]:
    """Wh above the limits, and Wh missing, of a printed plan."""
    count, hours = len(s["load_w"]), s["interval_minutes"] / 60
    above = sum(
        max(0.0, v - m)
        for key, limit in (("import_w", "import_limit_w"), ("export_w", "export_limit_w"))
        for v, m in zip(plan[key], _each(s.get(limit), count), strict=True)
    )
    missing = sum(max(0.0, f["energy_wh"] - sum(plan["flexible_w"][f["id"]]) * hours) for f in s.get("flexible_loads", []))
    missing += sum(max(0.0, b.get("soc_end_min_wh", b["soc_min_wh"]) - plan["soc_wh"][b["id"]][-1]) for b in s["storages"])
    return above * hours, missing


def faults(s: Scenario, plan: dict[str, Any], hair: float = 1e-6) -> list[str]:
    """Whatever physics or the format forbids, to a millionth of a watt; an empty list is a sound plan."""
    found: list[str] = []
    count, hours = len(s["load_w"]), s["interval_minutes"] / 60

    def check(fine: bool, what: str) -> None:
        if not fine:
            found.append(what)

    for t in range(count):
        left = plan["import_w"][t] + s["production_w"][t] - plan["curtailed_w"][t] - plan["export_w"][t] - s["load_w"][t]
        left += sum(plan["discharge_w"][b["id"]][t] - plan["charge_w"][b["id"]][t] for b in s["storages"])
        left -= sum(plan["flexible_w"][f["id"]][t] for f in s.get("flexible_loads", []))
        check(abs(left) <= hair * max(1.0, s["load_w"][t] / 1e6), f"balance of {t} is off by {left} W")
        check(min(plan["import_w"][t], plan["export_w"][t]) == 0, f"imports and exports at once in {t}")
        check(min(plan["import_w"][t], plan["export_w"][t]) >= 0, f"negative exchange in {t}")
        most = s["production_w"][t] if s.get("curtailable") else 0.0
        check(0 <= plan["curtailed_w"][t] <= most, f"curtails {plan['curtailed_w'][t]} of {most} in {t}")
    for b in s["storages"]:
        soc = b["soc_start_wh"]
        kept = (1 - b.get("self_discharge_per_h", 0.0)) ** hours
        for t in range(count):
            charge, discharge = plan["charge_w"][b["id"]][t], plan["discharge_w"][b["id"]][t]
            check(
                0 <= charge <= b["charge_max_w"] and 0 <= discharge <= b["discharge_max_w"], f"{b['id']} power in {t}: {charge} {discharge}"
            )
            check(min(charge, discharge) == 0, f"{b['id']} charges and discharges in {t}")
            soc = soc * kept + b["eta_charge"] * charge * hours - discharge * hours / b["eta_discharge"]
            check(abs(soc - plan["soc_wh"][b["id"]][t]) <= hair, f"{b['id']} soc in {t} is {plan['soc_wh'][b['id']][t]}, not {soc}")
            check(b["soc_min_wh"] - hair <= soc <= b["soc_max_wh"] + hair, f"{b['id']} soc in {t} is {soc}")
            soc = plan["soc_wh"][b["id"]][t]
    for f in s.get("flexible_loads", []):
        found += _flexible_faults(f, plan["flexible_w"][f["id"]], hours, hair)
    check(abs(cost_of(s, plan) - plan["cost"]) <= 1e-9 * max(1.0, abs(plan["cost"])), "the cost is not that of the schedule")
    found += _report_faults(s, plan)
    return found


def _flexible_faults(f: dict[str, Any], power: list[float], hours: float, hair: float) -> list[str]:
    found = []
    if any(v < 0 or v > f["power_max_w"] * (1 + 1e-12) for v in power):
        found.append(f"{f['id']} outside its power")
    if any(v for t, v in enumerate(power) if not f["earliest"] <= t < f["latest"]):
        found.append(f"{f['id']} outside its window")
    energy = sum(power) * hours
    if energy > f["energy_wh"] + hair:
        found.append(f"{f['id']} takes {energy} of {f['energy_wh']} Wh")
    if not f["interruptible"] and energy > 0:
        shape = [v * 1000 for v in _run(f, hours)]
        begin = next(t for t, v in enumerate(power) if v > 0)
        if any(abs(a - b) > hair for a, b in zip(power[begin : begin + len(shape)], shape, strict=True)) or sum(map(bool, power)) != sum(
            v > 1e-9 for v in shape
        ):
            found.append(f"{f['id']} does not run in one piece")
    return found


def _report_faults(s: Scenario, plan: dict[str, Any]) -> list[str]:
    """Whether `limits` says exactly what is short."""
    count, hours, hair = len(s["load_w"]), s["interval_minutes"] / 60, 2e-3
    short: dict[tuple[str, int], float] = {}
    for key, name in (("import_w", "import_limit"), ("export_w", "export_limit")):
        for t, (v, m) in enumerate(zip(plan[key], _each(s.get(name + "_w"), count), strict=True)):
            short[(name, t)] = v - m
    for f in s.get("flexible_loads", []):
        short[(f"flexible:{f['id']}", max(f["latest"] - 1, 0))] = f["energy_wh"] - sum(plan["flexible_w"][f["id"]]) * hours
    for b in s["storages"]:
        short[(f"soc_end_min:{b['id']}", count - 1)] = b.get("soc_end_min_wh", b["soc_min_wh"]) - plan["soc_wh"][b["id"]][-1]
    said = {(line["name"], line["interval"]): line["short_by"] for line in plan["limits"]}
    found = [f"{k} is short by {v} but not named" for k, v in short.items() if v > hair and k not in said]
    found += [f"{k} is said to be short by {v}, is {short.get(k)}" for k, v in said.items() if abs(short.get(k, math.inf) - v) > hair]
    if plan["status"] == "optimal" and (plan["limits"] or any(v > hair for v in short.values())):
        found.append("called optimal but something is short")
    if plan["status"] == "best_effort" and not (plan["limits"] and plan["reasons"]):
        found.append("best effort without limits or reasons")
    return found
