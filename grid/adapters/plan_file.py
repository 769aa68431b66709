"""A plan problem from a JSON file of anybody's, and the plan as JSON. The format is described in docs/planning.md."""

import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from grid.domain.planning.parts import UNLIMITED, CannotPlan, FlexibleLoads, Storages
from grid.domain.planning.problem import PlanProblem
from grid.domain.planning.solution import PlanSolution

REQUIRED = object()
LARGEST = 1e12  # a price per kWh, a power or an energy above that is another unit's
SHORTEST_MINUTES, LONGEST_MINUTES, LEAST_ETA = 1e-3, 1e6, 1e-6
SERIES = ("import_price_per_kwh", "export_price_per_kwh", "load_w", "production_w")
LIMITS = ("import_limit_w", "export_limit_w")
STORAGE_DEFAULTS: dict[str, Any] = {
    "capacity_wh": REQUIRED,
    "soc_start_wh": REQUIRED,
    "soc_min_wh": REQUIRED,
    "soc_max_wh": REQUIRED,
    "charge_max_w": REQUIRED,
    "discharge_max_w": REQUIRED,
    "eta_charge": REQUIRED,
    "eta_discharge": REQUIRED,
    "self_discharge_per_h": 0.0,
    "wear_per_kwh": 0.0,
    "soc_end_min_wh": None,
    "end_value_per_kwh": 0.0,
}
MAY_BE_NEGATIVE = frozenset({"import_price_per_kwh", "export_price_per_kwh", "end_value_per_kwh"})


class CannotReadPlan(ValueError):
    """The file holds no problem; the message names file and key, and the mending step, in one line."""


def read_plan_file(path: Path) -> PlanProblem:
    """Read and check a problem.

    Raises:
        CannotReadPlan: it is missing, broken, or contradicts itself.
    """
    try:
        given = json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise CannotReadPlan(f"{path.name}: there is no such file in {path.parent}; check the path") from None
    except (OSError, UnicodeDecodeError) as problem:
        raise CannotReadPlan(f"{path.name}: cannot be read ({problem}); give a JSON file") from None
    except (ValueError, RecursionError) as problem:
        raise CannotReadPlan(f"{path.name}: is no JSON ({problem}); write it again as one JSON object") from None
    if not isinstance(given, dict):
        raise CannotReadPlan(f"{path.name}: is no JSON object; put the keys between braces")
    try:
        return plan_from(given)
    except CannotPlan as problem:
        raise CannotReadPlan(f"{path.name}, {problem}") from None


def plan_from(given: Mapping[str, Any]) -> PlanProblem:
    """The problem that a JSON object describes.

    Raises:
        CannotPlan: a key is missing or wrong.
    """
    minutes = _number(given, "interval_minutes")
    if not SHORTEST_MINUTES <= minutes <= LONGEST_MINUTES:
        raise CannotPlan(f"interval_minutes: is {minutes:g}; must be above 0, between {SHORTEST_MINUTES:g} and {LONGEST_MINUTES:g}")
    lists = {key: _list(given, key) for key in SERIES}
    intervals = _usual_length([*lists.values(), *(given[key] for key in LIMITS if isinstance(given.get(key), list))])
    if not intervals:
        raise CannotPlan("load_w: is empty; give one value per interval")
    series: dict[str, Any] = {key: _series(key, values, intervals) for key, values in lists.items()}
    limits: dict[str, Any] = {key: _limit(given.get(key), key, intervals) for key in LIMITS}
    curtailable = given.get("curtailable", False)
    if not isinstance(curtailable, bool):
        raise CannotPlan("curtailable: must be true or false")
    return PlanProblem.of(
        interval_minutes=minutes,
        **series,
        **limits,
        curtailable=curtailable,
        peak_price_per_kw=_number(given, "peak_price_per_kw", 0.0),
        storages=_storages(given, intervals),
        flexible=_flexible(given, intervals),
    )


def _list(given: Mapping[str, Any], key: str) -> list[Any]:
    if key not in given:
        raise CannotPlan(f"{key}: is missing; give a list with one value per interval")
    if not isinstance(given[key], list):
        raise CannotPlan(f"{key}: must be a list with one value per interval")
    values: list[Any] = given[key]
    return values


def _usual_length(lists: Sequence[Sequence[Any]]) -> int:
    """The length that most lists have; of two equally usual ones the greater."""
    counted = Counter(len(values) for values in lists)
    return max(counted, key=lambda length: (counted[length], length))


def _series(key: str, values: Sequence[Any], intervals: int) -> list[float]:
    if len(values) != intervals:
        raise CannotPlan(f"{key}: has {len(values)} values where the other lists have {intervals}; give one per interval")
    return [_checked(value, f"{key}[{i}]", key in MAY_BE_NEGATIVE) for i, value in enumerate(values)]


def _limit(value: Any, key: str, intervals: int) -> list[float] | float:
    if isinstance(value, list):
        if len(value) != intervals:
            raise CannotPlan(f"{key}: has {len(value)} values where the other lists have {intervals}; give one per interval")
        return [_bound(one, f"{key}[{i}]") for i, one in enumerate(value)]
    return _bound(value, key)


def _bound(value: Any, where: str) -> float:
    if value is None or (isinstance(value, int | float) and value >= LARGEST):
        return UNLIMITED
    return _checked(value, where, False)


def _number(given: Mapping[str, Any], key: str, default: Any = REQUIRED, where: str = "") -> float:
    if key not in given:
        if default is REQUIRED:
            raise CannotPlan(f"{where}{key}: is missing; give a number")
        return float(default)
    return _checked(given[key], f"{where}{key}", key in MAY_BE_NEGATIVE)


def _checked(value: Any, where: str, may_be_negative: bool) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise CannotPlan(f"{where}: is {json.dumps(value)[:40]}, no number; write it without quotes")
    if value != value or abs(value) == math.inf:
        raise CannotPlan(f"{where}: is no finite number; replace it")
    if abs(value) > LARGEST:
        raise CannotPlan(f"{where}: is larger than {LARGEST:g}; check its unit")
    number = float(value)
    if number < 0 and not may_be_negative:
        raise CannotPlan(f"{where}: is {number:g}; must not be negative")
    return number


def _objects(given: Mapping[str, Any], key: str, default: Any = REQUIRED) -> list[tuple[str, Mapping[str, Any]]]:
    """The objects of a list with how to name each; ids are texts, each once."""
    if key not in given and default is REQUIRED:
        raise CannotPlan(f"{key}: is missing; give a list, empty where there are none")
    rows = given.get(key, default)
    if not isinstance(rows, list):
        raise CannotPlan(f"{key}: must be a list")
    found: list[tuple[str, Mapping[str, Any]]] = []
    seen = set()
    for i, row in enumerate(rows):
        if not isinstance(row, dict):
            raise CannotPlan(f"{key}[{i}]: must be an object with an id")
        name = row.get("id")
        if not isinstance(name, str) or not name:
            raise CannotPlan(f"{key}[{i}].id: must be given as text")
        if name in seen:
            raise CannotPlan(f"{key}[{i}].id: {name} stands twice; give each its own")
        seen.add(name)
        found.append((f"{key}[{i}] {name}, ", row))
    return found


def _storages(given: Mapping[str, Any], intervals: int) -> Storages:
    rows = _objects(given, "storages")
    table: list[dict[str, float]] = []
    for where, row in rows:
        values = {key: _number(row, key, default, where) for key, default in STORAGE_DEFAULTS.items() if default is not None}
        values["soc_end_min_wh"] = _number(row, "soc_end_min_wh", values["soc_min_wh"], where)
        for key in ("eta_charge", "eta_discharge"):
            if not LEAST_ETA <= values[key] <= 1:
                raise CannotPlan(f"{where}{key}: is {values[key]:g}; must be above 0 (at least {LEAST_ETA:g}) and at most 1")
        if values["self_discharge_per_h"] > 1:
            raise CannotPlan(f"{where}self_discharge_per_h: is {values['self_discharge_per_h']:g}; must be at most 1")
        if values["soc_min_wh"] > values["soc_max_wh"]:
            raise CannotPlan(f"{where}soc_min_wh: is above soc_max_wh; lower it")
        if values["soc_max_wh"] > values["capacity_wh"]:
            raise CannotPlan(f"{where}soc_max_wh: is above capacity_wh; lower it")
        table.append(values)
    columns = {key: [row[key] for row in table] for key in STORAGE_DEFAULTS if key != "capacity_wh"}
    return Storages.of(intervals, [row["id"] for _, row in rows], **columns)


def _flexible(given: Mapping[str, Any], intervals: int) -> FlexibleLoads:
    rows = _objects(given, "flexible_loads", [])
    table = []
    for where, row in rows:
        earliest, latest = (_interval(row, key, where, intervals) for key in ("earliest", "latest"))
        if earliest > latest:
            raise CannotPlan(f"{where}earliest: is {earliest}, after latest {latest}; swap them")
        if "interruptible" not in row:
            raise CannotPlan(f"{where}interruptible: is missing; give true or false")
        if not isinstance(row["interruptible"], bool):
            raise CannotPlan(f"{where}interruptible: must be true or false")
        table.append(
            (_number(row, "energy_wh", where=where), _number(row, "power_max_w", where=where), earliest, latest, row["interruptible"])
        )
    energy, power, earliest_at, latest_at, interruptible = zip(*table, strict=True) if table else ((), (), (), (), ())
    return FlexibleLoads.of(
        [row["id"] for _, row in rows],
        energy_wh=energy,
        power_max_w=power,
        earliest=earliest_at,
        latest=latest_at,
        interruptible=interruptible,
    )


def _interval(row: Mapping[str, Any], key: str, where: str, intervals: int) -> int:
    number = _number(row, key, where=where)
    if number != int(number):
        raise CannotPlan(f"{where}{key}: is {number:g}; intervals are counted in whole numbers from 0")
    if number > intervals:
        raise CannotPlan(f"{where}{key}: is {number:g}, past the end of {intervals} intervals; lower it")
    return int(number)


def plan_as_json(problem: PlanProblem, plan: PlanSolution) -> dict[str, Any]:
    """The plan as the study prints it."""
    storages, loads = problem.storages.ids, problem.flexible.ids
    return {
        "status": str(plan.status),
        "cost": plan.cost,
        "import_w": plan.import_w.tolist(),
        "export_w": plan.export_w.tolist(),
        "curtailed_w": plan.curtailed_w.tolist(),
        "charge_w": dict(zip(storages, plan.charge_w.tolist(), strict=True)),
        "discharge_w": dict(zip(storages, plan.discharge_w.tolist(), strict=True)),
        "soc_wh": dict(zip(storages, plan.soc_wh.tolist(), strict=True)),
        "flexible_w": dict(zip(loads, plan.flexible_w.tolist(), strict=True)),
        "limits": [asdict(limit) for limit in plan.limits],
        "reasons": list(plan.reasons),
        "proven": plan.proven,
    }
