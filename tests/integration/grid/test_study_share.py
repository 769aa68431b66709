"""`study_share` from a file to JSON, and the one line on what is wrong with a file."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from grid.domain.sharing.terms import ShareRule
from tests.share_reference import answer, random_case

DYNAMIC: dict[str, Any] = {
    "rule": "dynamic",
    "price_rule": "mid_market",
    "members": [{"id": "a", "key": 0.5}, {"id": "b", "key": 0.5}],
    "consumption_wh": {"a": [600, 0], "b": [300, 10]},
    "production_wh": {"a": [0, 0], "b": [500, 0]},
    "retail_price_per_kwh": 0.3,
    "feed_in_price_per_kwh": [0.08, 0.08],
}
ORDER = {"member": "a", "interval": 0, "wh": 5, "price_per_kwh": 0.2, "placed_at": "2026-03-01T12:00:00+01:00"}
MARKET = DYNAMIC | {"rule": "market", "price_rule": "uniform_auction", "bids": [ORDER], "offers": []}


def run(case: Any, folder: Path) -> dict[str, Any]:
    path = folder / "case.json"
    path.write_text(case if isinstance(case, str) else json.dumps(case))
    printed = StringIO()
    call_command("study_share", str(path), "--json", stdout=printed)
    result: dict[str, Any] = json.loads(printed.getvalue().strip().splitlines()[-1])
    return result


@pytest.mark.parametrize("rule", list(ShareRule))
def test_a_case_is_answered_as_the_reference_does(rule: str, tmp_path: Path) -> None:
    case = random_case(77, rule)
    expected = answer(case)
    for key in ("buy_price_per_kwh", "sell_price_per_kwh"):
        expected[key] = [None if price is None else float(price) for price in expected[key]]
    assert {key: run(case, tmp_path)[key] for key in expected} == expected


def test_prices_of_an_interval_without_use_or_production_are_null(tmp_path: Path) -> None:
    printed = run(DYNAMIC | {"consumption_wh": {"a": [600, 0], "b": [300, 0]}}, tmp_path)
    assert printed["buy_price_per_kwh"][1] is printed["sell_price_per_kwh"][1] is None


@pytest.mark.parametrize(
    ("case", "names"),
    [
        (DYNAMIC | {"rule": "fair"}, "rule:"),
        ({key: DYNAMIC[key] for key in DYNAMIC if key != "rule"}, "rule:"),
        (DYNAMIC | {"price_rule": "cheap"}, "price_rule:"),
        (DYNAMIC | {"price_rule": "uniform_auction"}, "price_rule:"),
        (MARKET | {"price_rule": "mid_market"}, "price_rule:"),
        (DYNAMIC | {"rule": "static", "members": [{"id": "a", "key": 0.5}, {"id": "b", "key": 0.4}]}, "key:"),
        (DYNAMIC | {"rule": "hybrid", "members": [{"id": "a", "key": 1}, {"id": "b"}]}, "key:"),
        (DYNAMIC | {"rule": "hierarchical"}, "feeder:"),
        (DYNAMIC | {"members": [{"id": "a"}, {"id": "a"}]}, "members[1].id:"),
        (DYNAMIC | {"consumption_wh": {"a": [600, -1], "b": [300, 10]}}, "consumption_wh, a[1]:"),
        (DYNAMIC | {"consumption_wh": {"a": [600, 0.5], "b": [300, 10]}}, "consumption_wh, a[1]:"),
        (DYNAMIC | {"consumption_wh": {"a": [600, "7"], "b": [300, 10]}}, "consumption_wh, a[1]:"),
        (DYNAMIC | {"production_wh": {"a": [0, 0], "b": [500]}}, "production_wh, b:"),
        (DYNAMIC | {"production_wh": {"b": [500, 0]}}, "production_wh:"),
        (DYNAMIC | {"production_wh": {"a": [0, 0], "b": [500, 0], "c": [0, 0]}}, "production_wh:"),
        (DYNAMIC | {"feed_in_price_per_kwh": 0.31}, "feed_in_price_per_kwh:"),
        (DYNAMIC | {"retail_price_per_kwh": [0.3]}, "retail_price_per_kwh:"),
        (DYNAMIC | {"retail_price_per_kwh": None}, "retail_price_per_kwh:"),
        (MARKET | {"bids": [ORDER | {"member": "stranger"}]}, "bids[0].member:"),
        (MARKET | {"bids": [ORDER | {"interval": 2}]}, "bids[0].interval:"),
        (MARKET | {"bids": [ORDER | {"wh": 1.5}]}, "bids[0].wh:"),
        (MARKET | {"bids": [ORDER | {"placed_at": "2026-03-01T12:00:00"}]}, "bids[0].placed_at:"),
        (MARKET | {"offers": None}, "offers:"),
        (json.dumps(DYNAMIC).replace("0.3", "NaN"), "case.json: is no JSON"),
        ("[1, 2]", "case.json: is no JSON object"),
    ],
)
def test_bad_input_ends_with_one_line_that_names_the_key(case: Any, names: str, tmp_path: Path) -> None:
    path = tmp_path / "case.json"
    path.write_text(case if isinstance(case, str) else json.dumps(case))
    complaint = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("study_share", str(path), stderr=complaint)
    assert ended.value.code == 2
    assert names in complaint.getvalue()
    assert complaint.getvalue().startswith("case.json")
    assert complaint.getvalue().strip().count("\n") == 0
