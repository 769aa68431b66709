"""`study_forecast` on files of anybody's: the same bytes whatever comes later, any origin, plain words for what is wrong."""

import csv
import gzip
import json
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from django.core.management import call_command

from energy.adapters.study_folder import read_study_folder
from energy.adapters.study_forecasts import read_origins, study, write_forecasts
from energy.domain.forecast_features import Calendar
from energy.domain.forecast_model import Recipe

BERLIN = ZoneInfo("Europe/Berlin")
QUICK = Recipe(training_days=14, rounds=4, band_rounds=3, groups=0, midday_share=0.0, learning_rate=0.3)
METERS = (
    "meter,kind,connection_w,latitude,longitude\nhome,consumption,3000,53.5,11.2\nshop,consumption,,,\nroof,production,5000,53.5,11.2\n"
)
START = np.datetime64("2016-09-30T22:00:00")
ORIGINS = (
    "2016-10-30T02:00:00+01:00",
    "2016-10-27T14:00:00+02:00",
    "2016-10-01T00:00:00+02:00",
    "2016-10-02T09:00:00Z",
    "2016-11-20T00:00:00+01:00",
)


def folder_of(path: Path, until: str, zeros: bool = False) -> Path:
    """Hourly meters from 1 October, with a hole, up to an instant."""
    path.mkdir()
    (path / "meters.csv").write_text(METERS)
    draw = np.random.default_rng(7)
    hours = np.arange(24 * 33)
    sun = np.maximum(np.sin((hours + 2 - 6) * np.pi / 12), 0) * 2000 * draw.uniform(0.3, 1, len(hours))
    columns = [draw.uniform(50, 400, len(hours)), 100 + 50.0 * (hours % 24 > 8), sun]
    lines = ["time,home,shop,roof"]
    for i in hours:
        at = START + np.timedelta64(int(i), "h")
        if at >= np.datetime64(until):
            break
        home = "" if 100 < i < 130 else f"{columns[0][i]:.1f}"
        lines.append(f"{at}Z,{home},{0 if zeros else columns[1][i]:g},{columns[2][i]:.1f}")
    (path / "intervals.csv.gz").write_bytes(gzip.compress("\n".join(lines).encode()))
    return path


def foreseen(folder: Path, origins: tuple[str, ...], horizon: int = 30) -> list[list[str]]:
    """The table that comes out, without its header."""
    (folder / "origins.txt").write_text("\n".join(origins) + "\n")
    read = read_study_folder(folder, BERLIN)
    result = study(read, read_origins(folder / "origins.txt", read), horizon, Calendar("DE"), QUICK, cores=1)
    write_forecasts(folder / "out.csv", result)
    with (folder / "out.csv").open(newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["meter", "origin", "time", "p10_wh", "p50_wh", "p90_wh"]
    return rows[1:]


def test_a_file_cut_off_at_an_origin_gives_the_same_bytes_for_it(tmp_path: Path) -> None:
    whole = foreseen(folder_of(tmp_path / "whole", "2017-01-01"), ORIGINS)
    for i, (origin, cut) in enumerate(
        ((ORIGINS[0], "2016-10-30T01:00"), (ORIGINS[1], "2016-10-27T12:00"), (ORIGINS[3], "2016-10-02T09:00"))
    ):
        alone = foreseen(folder_of(tmp_path / f"cut{i}", cut), (origin,))
        assert [row for row in whole if row[1] == origin] == alone


def test_each_origin_has_each_meter_and_sums_and_dark_nights(tmp_path: Path) -> None:
    rows = foreseen(folder_of(tmp_path / "whole", "2017-01-01", zeros=True), ORIGINS)
    assert len(rows) == len(ORIGINS) * 5 * 30
    assert {row[0] for row in rows} == {"home", "shop", "roof", "TOTAL_CONSUMPTION", "TOTAL_PRODUCTION"}
    for row in rows:
        low, middle, high = (float(value) for value in row[3:])
        assert 0 <= low <= middle <= high
        if row[0] in ("roof", "TOTAL_PRODUCTION") and row[2][11:13] in ("00", "23", "03"):
            assert high == 0
        if row[0] == "shop":
            assert high == 0
    doubled = [row[2] for row in rows if row[1] == ORIGINS[0] and row[0] == "home"][:2]
    assert doubled == ["2016-10-30T02:00:00+01:00", "2016-10-30T03:00:00+01:00"]


@pytest.mark.parametrize(
    ("origins", "options", "words"),
    [
        ("2016-10-05", [], "origins.txt, row 1"),
        ("2016-10-05T00:00:00+02:00\nsoon", [], "origins.txt, row 2"),
        ("2016-10-05T00:07:00+02:00", [], "within an interval"),
        ("", [], "there are no origins"),
        ("2016-10-05T00:00:00+02:00", ["--horizon", "0"], "--horizon"),
        ("2016-10-05T00:00:00+02:00", ["--tz", "Mars/Base"], "--tz"),
        ("2016-10-05T00:00:00+02:00", ["--holidays", "XX"], "--holidays"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], origins: str, options: list[str], words: str
) -> None:
    folder = folder_of(tmp_path / "few", "2016-10-03")
    (folder / "origins.txt").write_text(origins)
    with pytest.raises(SystemExit) as ended:
        call_command("study_forecast", str(folder), "--origins", str(folder / "origins.txt"), "--out", str(tmp_path / "o.csv"), *options)
    assert ended.value.code == 2
    said = capsys.readouterr().err.strip()
    assert words in said and "\n" not in said


def test_the_summary_is_one_object_last(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = folder_of(tmp_path / "few", "2016-10-03")
    (folder / "origins.txt").write_text("2016-10-03T00:00:00+02:00\n")
    call_command(
        "study_forecast", str(folder), "--origins", str(folder / "origins.txt"), "--out", str(tmp_path / "o.csv"), "--horizon", "24"
    )
    found = json.loads(capsys.readouterr().out.strip().splitlines()[-1])
    assert found["meters"] == 3 and found["rows"] == 5 * 24 and found["models_trained"] == 0
