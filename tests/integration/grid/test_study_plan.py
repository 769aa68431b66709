"""`study_plan` from a file to JSON."""

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from tests.plan_reference import faults
from tests.plan_scenarios import named_scenarios


def run(path: Path) -> tuple[dict, str]:
    answer, complaint = StringIO(), StringIO()
    call_command("study_plan", str(path), "--json", stdout=answer, stderr=complaint)
    return json.loads(answer.getvalue().strip().splitlines()[-1]), complaint.getvalue()


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("two unlike storages", "optimal"),
        ("island with too little", "best_effort"),
        ("start below the minimum, out of reach", "infeasible"),
    ],
)
def test_the_plan_is_printed_as_described(name: str, status: str, tmp_path: Path) -> None:
    scenario = named_scenarios()[name]
    path = tmp_path / "scenario.json"
    path.write_text(json.dumps(scenario))
    plan, complaint = run(path)
    assert complaint == ""
    assert plan["status"] == status
    assert list(plan) == [
        "status",
        "cost",
        "import_w",
        "export_w",
        "curtailed_w",
        "charge_w",
        "discharge_w",
        "soc_wh",
        "flexible_w",
        "limits",
        "reasons",
        "proven",
    ]
    if status == "infeasible":
        assert plan["cost"] is None
        assert "battery" in plan["reasons"][0]
    else:
        assert faults(scenario, plan) == []
        assert bool(plan["limits"]) == bool(plan["reasons"]) == (status == "best_effort")


def test_bad_input_ends_with_one_line_that_names_the_key(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "scenario.json"
    path.write_text(json.dumps(named_scenarios()["an ordinary day"] | {"load_w": [1.0]}))
    complaint = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("study_plan", str(path), stderr=complaint)
    assert ended.value.code == 2
    assert complaint.getvalue().startswith("scenario.json, load_w:")
    assert complaint.getvalue().count("\n") <= 1
