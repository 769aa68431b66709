"""`rate_urdb` from two files to JSON, and what it says of files that it cannot bill."""

import csv
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

URDB = Path(__file__).resolve().parents[2] / "data" / "urdb"
TARIFF = URDB / "c_tou_netbill_sell_minmonth.json"
Rows = list[list[str]]


@pytest.fixture
def load(tmp_path: Path) -> Path:
    """A year of 1 kWh drawn in each hour and 0.5 kWh fed in at noon."""
    path = tmp_path / "load.csv"
    start = datetime(2018, 1, 1)  # noqa: DTZ001
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["hour_beginning", "import_kwh", "export_kwh"])
        for hour in range(8760):
            noon = hour % 24 == 12
            rows.writerow([(start + timedelta(hours=hour)).isoformat(), 0 if noon else 1, 0.5 if noon else 0])
    return path


def bill(tariff: Path, load: Path, *how: str) -> dict[str, Any]:
    answer, complaint = StringIO(), StringIO()
    call_command("rate_urdb", str(tariff), str(load), *how, stdout=answer, stderr=complaint)
    assert complaint.getvalue() == ""
    found: dict[str, Any] = json.loads(answer.getvalue().strip().splitlines()[-1])
    return found


@pytest.mark.parametrize("conventions", ["sam", "own"])
@pytest.mark.parametrize("metering", ["none", "net-billing", "net-metering"])
def test_twelve_months_add_up(load: Path, metering: str, conventions: str) -> None:
    answer = bill(TARIFF, load, "--metering", metering, "--tiers", "prorated", "--conventions", conventions)
    assert len(answer["months"]) == 12
    for month in answer["months"]:
        assert list(month) == ["fixed", "energy", "demand", "export_credit", "minimum", "total"]
        parts = month["fixed"] + month["energy"] + month["demand"] - month["export_credit"] + month["minimum"]
        assert month["total"] == pytest.approx(parts, abs=1e-9)
    assert any(month["export_credit"] for month in answer["months"]) == (metering == "net-billing")
    assert answer["ignored"][:2] == ["name", "dgrules"]
    assert ("energyratestructure[][].sell" in answer["ignored"]) == (metering != "net-billing")


def test_whoever_sells_all_buys_all_and_owes_the_minimum_on_what_is_bought(load: Path) -> None:
    net = bill(TARIFF, load, "--metering", "net-billing", "--conventions", "sam")["months"][5]
    whole = bill(TARIFF, load, "--metering", "buy-all-sell-all", "--conventions", "sam")["months"][5]
    assert whole["energy"] == pytest.approx(net["energy"])
    assert whole["export_credit"] == pytest.approx(net["export_credit"]) != 0
    least = json.loads(TARIFF.read_text())["minmonthlycharge"]
    assert whole["minimum"] == pytest.approx(max(least - whole["fixed"] - whole["energy"], 0))


def test_power_above_the_last_step_of_a_period_with_fewer_steps_is_not_billed_by_sam(load: Path, tmp_path: Path) -> None:
    steps = [[{"rate": 2, "max": 0.4}], [{"rate": 3, "max": 0.2}, {"rate": 5}]]
    tariff = json.loads(TARIFF.read_text()) | {"flatdemandstructure": steps, "flatdemandmonths": [0] * 6 + [1] * 6}
    path = tmp_path / "steps.json"
    path.write_text(json.dumps(tariff))
    sam = bill(path, load, "--conventions", "sam")["months"]
    assert [sam[m]["demand"] for m in (0, 11)] == pytest.approx([0.8, 4.6])
    assert bill(path, load)["months"][0]["demand"] == 2.0


def test_our_own_conventions_count_true_days_and_round_each_line(load: Path, tmp_path: Path) -> None:
    tariff = json.loads(TARIFF.read_text()) | {"fixedchargefirstmeter": 0.333, "fixedchargeunits": "$/day"}
    path = tmp_path / "daily.json"
    path.write_text(json.dumps(tariff))
    months = bill(path, load)["months"]
    assert [months[m]["fixed"] for m in (0, 1, 3)] == [10.32, 9.32, 9.99]
    assert bill(path, load, "--conventions", "sam")["months"][1]["fixed"] == pytest.approx(0.333 * 365 / 12)


def power(tariff: dict[str, Any], **keys: Any) -> None:
    tariff.update({"flatdemandstructure": [[{"rate": 1}]], "flatdemandmonths": [0] * 12} | keys)


def test_a_ratchet_is_billed_where_power_is_and_listed_where_it_says_nothing(load: Path, tmp_path: Path) -> None:
    def changed(**keys: Any) -> dict[str, Any]:
        return bill(broken_tariff(lambda t: t.update(keys), tmp_path), load)

    flat = {"flatdemandstructure": [[{"rate": 1}]], "flatdemandmonths": [0] * 12}
    looks = {"lookbackpercent": 1, "lookbackrange": 12}
    plain, raised = changed(**flat), changed(**flat, **looks)
    peaks = [month["demand"] for month in plain["months"]]
    assert [month["demand"] for month in raised["months"]] == [max(peaks[: month + 1]) for month in range(12)]
    assert raised["ignored"] == plain["ignored"]
    nothing = changed(**flat, lookbackpercent=0.5, lookbackmonths=[False] * 12)
    assert nothing["months"] == plain["months"]
    assert set(nothing["ignored"]) - set(plain["ignored"]) == {"lookbackpercent", "lookbackmonths"}
    assert set(changed(**looks)["ignored"]) >= set(looks)


def broken_tariff(change: Callable[[dict[str, Any]], Any], tmp_path: Path) -> Path:
    tariff = json.loads(TARIFF.read_text())
    change(tariff)
    path = tmp_path / "broken.json"
    path.write_text(json.dumps(tariff))
    return path


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda t: t.pop("energyratestructure"), "energyratestructure: is missing"),
        (lambda t: t.pop("energyweekendschedule"), "energyweekendschedule: is missing"),
        (lambda t: t["energyweekdayschedule"][2].pop(), "energyweekdayschedule, row 3: must have 24"),
        (lambda t: t["energyweekdayschedule"][2].__setitem__(5, 9), "energyweekdayschedule, row 3, hour 5: is 9"),
        (lambda t: t["energyweekdayschedule"][2].__setitem__(5, 1.5), "energyweekdayschedule, row 3, hour 5: is 1.5"),
        (lambda t: t["energyratestructure"][1][0].__setitem__("rate", "dear"), "energyratestructure[1][0].rate: is 'dear'"),
        (lambda t: t["energyratestructure"][1][0].__setitem__("unit", "MWh"), "energyratestructure[1][0].unit: is 'MWh'"),
        (
            lambda t: t["energyratestructure"].__setitem__(1, [{"rate": 1, "max": 9}, {"rate": 1, "max": 8}]),
            "energyratestructure[1][1].max: is 8, below",
        ),
        (lambda t: t.__setitem__("fixedchargeunits", "$/week"), "fixedchargeunits: is '$/week'"),
        (lambda t: t.__setitem__("fixedchargeunits", {"per": "day"}), "fixedchargeunits: is {'per': 'day'}"),
        (
            lambda t: t["energyratestructure"][1][0].__setitem__("rate", 1e-300),
            "energyratestructure[1][0].rate: has more than 60 decimals; round it",
        ),
        (
            lambda t: t["energyratestructure"][1][0].__setitem__("rate", 1e308),
            "energyratestructure[1][0].rate: is 1E+308; must be a finite number below 1e+12",
        ),
        (
            lambda t: t["energyratestructure"][1][0].__setitem__("rate", [[0] * 24] * 12),
            "energyratestructure[1][0].rate: is [[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0...; must be a number",
        ),
        (lambda t: t.__setitem__("flatdemandmonths", [0] * 12), "flatdemandstructure: is missing"),
        (lambda t: power(t, lookbackpercent=80, lookbackrange=11), "lookbackpercent: is 80; give a part of 1"),
        (lambda t: power(t, lookbackpercent=0.8, lookbackrange=-1), "lookbackrange: is -1; give a number of months"),
        (lambda t: power(t, lookbackPercent="much"), "lookbackPercent: is 'much'"),
        (lambda t: power(t, lookbackmonths=[True]), "lookbackmonths: must be 12 times true or false"),
        (lambda t: t.__setitem__("demandratestructure", [[{"rate": 1}]]), "demandweekdayschedule: is missing"),
    ],
)
def test_a_tariff_that_cannot_be_billed_is_refused_with_its_key(
    change: Callable[[dict[str, Any]], Any], named: str, load: Path, tmp_path: Path
) -> None:
    refused(broken_tariff(change, tmp_path), load, f"broken.json, {named}")


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda rows: rows[0].__setitem__(1, "import"), "load.csv: has no column import_kwh"),
        (lambda rows: rows[17].__setitem__(1, "much"), "load.csv, row 18, import_kwh: is 'much'"),
        (
            lambda rows: rows[17].__setitem__(1, "1e300"),
            "load.csv, row 18, import_kwh: is '1e300'; must be a number of kWh, 0 or more and below 1e+09",
        ),
        (lambda rows: rows[17].insert(2, "5"), "load.csv, row 18: has 4 fields; give hour_beginning, import_kwh, export_kwh, with points"),
        (lambda rows: rows[17].__setitem__(2, "-1"), "load.csv, row 18, export_kwh: is '-1'"),
        (lambda rows: rows.pop(), "load.csv: has 8759 rows"),
    ],
)
def test_a_load_that_is_no_year_is_refused_with_its_row(change: Callable[[Rows], Any], named: str, load: Path) -> None:
    with load.open(newline="") as file:
        rows = list(csv.reader(file))
    change(rows)
    with load.open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    refused(TARIFF, load, named, "--conventions", "sam")


def test_numbers_beyond_all_that_can_be_reckoned_with_are_refused(load: Path, tmp_path: Path) -> None:
    for written in ("1e999999999", "-1e999999999", "1e-999999999"):
        path = tmp_path / "beyond.json"
        path.write_text(json.dumps({"energyratestructure": [[{"rate": "X"}]]}).replace('"X"', written))
        refused(path, load, "beyond.json, energyratestructure[0][0].rate: ")


def test_files_that_are_not_there_or_no_json_are_named(load: Path, tmp_path: Path) -> None:
    refused(tmp_path / "none.json", load, "none.json: there is no such file")
    (tmp_path / "text.json").write_text("{")
    refused(tmp_path / "text.json", load, "text.json: is no JSON")


def refused(tariff: Path, load: Path, named: str, *how: str) -> None:
    complaint = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("rate_urdb", str(tariff), str(load), *how, stderr=complaint)
    assert ended.value.code == 2
    assert complaint.getvalue().startswith(named)
    assert complaint.getvalue().count("\n") <= 1
