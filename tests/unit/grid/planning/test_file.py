"""A scenario from a file: what is refused is named by its key."""

import json
from pathlib import Path
from typing import Any

import pytest

from grid.adapters.plan_file import CannotReadPlan, plan_from, read_plan_file
from grid.domain.planning.parts import CannotPlan
from tests.plan_scenarios import named_scenarios


def scenario(**changes: Any) -> dict[str, Any]:
    given = json.loads(json.dumps(named_scenarios()["car and limit"]))
    for key, value in changes.items():
        target = given
        for part in ("storages", "flexible_loads"):
            if key.startswith(part + "_0_"):
                target, key = given[part][0], key.removeprefix(part + "_0_")
        if value is None:
            del target[key]
        else:
            target[key] = value
    return given


@pytest.mark.parametrize(
    ("key", "changes"),
    [
        ("load_w", {"load_w": [1.0] * 23}),
        ("load_w[3]", {"load_w": [1.0] * 3 + [-1.0] + [1.0] * 20}),
        ("load_w", {"load_w": None}),
        ("load_w", {"load_w": 5}),
        ("production_w[0]", {"production_w": ["1"] * 24}),
        ("interval_minutes", {"interval_minutes": "60"}),
        ("interval_minutes", {"interval_minutes": 0}),
        ("interval_minutes", {"interval_minutes": True}),
        ("import_price_per_kwh[1]", {"import_price_per_kwh": [0.1, float("nan")] + [0.1] * 22}),
        ("interval_minutes", {"interval_minutes": 1e-9}),
        ("interval_minutes", {"interval_minutes": 1e308}),
        ("load_w[0]", {"load_w": [1e300] * 24}),
        ("load_w[0]", {"load_w": [10**400] * 24}),
        ("peak_price_per_kw", {"peak_price_per_kw": 1e308}),
        ("eta_discharge", {"storages_0_eta_discharge": 5e-324}),
        ("power_max_w", {"flexible_loads_0_power_max_w": 1e13}),
        ("import_limit_w", {"import_limit_w": [1.0]}),
        ("export_limit_w", {"export_limit_w": -1}),
        ("curtailable", {"curtailable": "yes"}),
        ("peak_price_per_kw", {"peak_price_per_kw": -1}),
        ("storages", {"storages": None}),
        ("storages[0]", {"storages": [5]}),
        ("soc_min_wh", {"storages_0_soc_min_wh": 9600}),
        ("soc_max_wh", {"storages_0_soc_max_wh": 10_001}),
        ("capacity_wh", {"storages_0_capacity_wh": None}),
        ("eta_charge", {"storages_0_eta_charge": 0}),
        ("eta_discharge", {"storages_0_eta_discharge": 1.1}),
        ("latest", {"flexible_loads_0_latest": 25}),
        ("latest", {"flexible_loads_0_latest": 3.5}),
        ("earliest", {"flexible_loads_0_earliest": 21}),
        ("energy_wh", {"flexible_loads_0_energy_wh": None}),
        ("interruptible", {"flexible_loads_0_interruptible": 1}),
        ("id", {"storages_0_id": None}),
    ],
)
def test_a_wrong_key_is_named(key: str, changes: dict[str, Any]) -> None:
    with pytest.raises(CannotPlan) as refused:
        plan_from(scenario(**changes))
    assert key in str(refused.value)
    assert "\n" not in str(refused.value)


def test_ids_that_stand_twice_are_refused() -> None:
    given = scenario()
    given["storages"].append(given["storages"][0])
    with pytest.raises(CannotPlan, match="stands twice"):
        plan_from(given)


def test_a_broken_or_missing_file_is_named(tmp_path: Path) -> None:
    broken = tmp_path / "broken.json"
    broken.write_text("{")
    for path in (broken, tmp_path / "missing.json"):
        with pytest.raises(CannotReadPlan, match=path.name):
            read_plan_file(path)
    broken.write_text("[]")
    with pytest.raises(CannotReadPlan, match="no JSON object"):
        read_plan_file(broken)
    broken.write_text('{"interval_minutes": ' + "9" * 5000 + "}")
    with pytest.raises(CannotReadPlan, match="is no JSON"):
        read_plan_file(broken)


def test_what_is_left_out_takes_its_default() -> None:
    problem = plan_from(scenario(flexible_loads=None, import_limit_w=None))
    assert not len(problem.flexible)
    assert problem.import_limit_w.min() == float("inf")
    assert problem.storages.soc_end_min_wh.tolist() == problem.storages.soc_min_wh.tolist()
