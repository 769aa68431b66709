"""`study_vee` from files to files."""

import csv
import json
from io import StringIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from django.core.management import call_command

from tests.unit.energy.villages import village


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight weeks of made-up meters over the end of summer time: a gap, a negative value, a night, a day without an hour of rows."""
    target = tmp_path_factory.mktemp("study")
    readings, truth = village(first="2023-09-04T00:00+02:00", days=60)
    values = truth.copy()
    values[0, 5000:5003] = np.nan
    values[1, 5100] = -500
    values[8, 5190] = 900  # 01:30 on a Saturday in October
    codes = [f"meter {row}" for row in range(len(values))]
    pd.DataFrame(
        {
            "meter": codes,
            "kind": np.where(readings.is_production, "production", "consumption"),
            "connection_w": readings.connection_wh * 4,
            "latitude": 52.5,
            "longitude": 13.4,
        }
    ).to_csv(target / "meters.csv", index=False)
    times = pd.DatetimeIndex(readings.axis.start_s.astype("datetime64[s]"), tz="UTC").tz_convert("Europe/Berlin")
    table = pd.DataFrame(values.T, columns=codes)
    table.insert(0, "time", [instant.isoformat() for instant in times])
    table.drop(index=[4000, 4001]).to_csv(target / "intervals.csv.gz", index=False)
    with (target / "registers.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["date", "meter", "start_wh", "end_wh"])
        assert readings.registers is not None
        for row, code in enumerate(codes):
            for number, day in enumerate(readings.axis.days):
                start, end = readings.registers.start_wh[row, number], readings.registers.end_wh[row, number]
                writer.writerow([day.isoformat(), code, int(start), int(end)])
    return target


def run(folder: Path, out: Path, *words: str) -> dict:
    answer = StringIO()
    call_command("study_vee", str(folder), "--out", str(out), "--tz", "Europe/Berlin", "--json", *words, stdout=answer)
    return json.loads(answer.getvalue().strip().splitlines()[-1])


def test_flags_and_estimates_are_written(folder: Path, tmp_path: Path) -> None:
    summary = run(folder, tmp_path / "out")
    flags = {(r["meter"], r["time"], r["check"]) for r in csv.DictReader((tmp_path / "out" / "flags.csv").open())}
    assert ("meter 1", "2023-10-27T03:00:00+02:00", "HIGH") in flags
    assert ("meter 8", "2023-10-28T01:30:00+02:00", "IMPLAUSIBLE") in flags
    assert ("meter 1", "2023-10-27T00:00:00+02:00", "SUM_FAILED") in flags
    assert sum(1 for _, _, check in flags if check == "MISSING") == 3 + 2 * 12
    estimates = list(csv.DictReader((tmp_path / "out" / "estimates.csv").open()))
    assert len(estimates) == 3 + 2 * 12 + 1
    assert {row["method"] for row in estimates} == {"calculated"}
    assert summary["estimates"] == {"calculated": len(estimates)}
    assert summary["flags"]["HIGH"] == 1
    assert summary["classes"]["meter 7"] == "car_charger"


def test_estimates_sum_to_the_registers(folder: Path, tmp_path: Path) -> None:
    run(folder, tmp_path)
    _, truth = village(first="2023-09-04T00:00+02:00", days=60)
    rows = [r for r in csv.DictReader((tmp_path / "estimates.csv").open()) if r["meter"] == "meter 0"]
    gap = sum(int(r["wh"]) for r in rows if r["time"].startswith("2023-10-26"))
    assert gap == truth[0, 5000:5003].sum()


@pytest.mark.parametrize(("change", "named"), [("meters.csv", "meters.csv"), ("intervals.csv.gz", "intervals.csv.gz"), ("zone", "--tz")])
def test_bad_input_is_named_in_one_line(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], change: str, named: str) -> None:
    words = ["--tz", "Moon/Crater"] if change == "zone" else []
    broken = folder
    if change != "zone":
        broken = tmp_path / "broken"
        broken.mkdir()
        for path in folder.iterdir():
            if path.name != change:
                (broken / path.name).symlink_to(path)
    with pytest.raises(SystemExit) as ended:
        run(broken, tmp_path, *words)
    assert ended.value.code == 2
    message = capsys.readouterr().err.strip()
    assert named in message
    assert "\n" not in message
