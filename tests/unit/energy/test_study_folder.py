"""Folders of studies: what is read, and how what is wrong is named."""

import gzip
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from energy.adapters.study_folder import CannotStudy, read_study_folder
from energy.adapters.study_forecasts import read_origins

BERLIN = ZoneInfo("Europe/Berlin")
METERS = "meter,kind,connection_w,latitude,longitude\nhome,consumption,3000,53.5,11.2\nroof,production,5000,,\n"


def _folder(path: Path, rows: list[str], meters: str = METERS, header: str = "time,home,roof") -> Path:
    (path / "meters.csv").write_text(meters)
    (path / "intervals.csv.gz").write_bytes(gzip.compress("\n".join([header, *rows]).encode()))
    return path


def test_rows_stand_on_an_axis_without_holes(tmp_path: Path) -> None:
    rows = ["2016-03-27T01:45+01:00,10,", "2016-03-27T03:00+02:00,-3,0.5", "2016-03-27T03:30+02:00,12,7"]
    found = read_study_folder(_folder(tmp_path, rows), BERLIN)
    assert found.interval_minutes == 15
    assert found.starts.astype(str).tolist()[0] == "2016-03-27T00:45:00"
    assert np.array_equal(found.values_wh[:, 0], [10, -3, np.nan, 12], equal_nan=True)
    assert np.array_equal(found.values_wh[:, 1], [np.nan, 0.5, np.nan, 7], equal_nan=True)


def test_days_are_as_long_as_they_are(tmp_path: Path) -> None:
    starts = np.datetime64("2016-03-25T23:00") + np.arange(96 + 92 + 96) * np.timedelta64(15, "m")
    found = read_study_folder(_folder(tmp_path, [f"{s}Z,1,2" for s in starts]), BERLIN)
    assert [str(day) for day in found.days] == ["2016-03-26", "2016-03-27", "2016-03-28"]
    assert np.diff(found.offsets).tolist() == [96, 92, 96]


def test_register_readings_are_found_by_day_and_column(tmp_path: Path) -> None:
    folder = _folder(tmp_path, ["2016-03-01T00:00+01:00,1,2", "2016-03-01T00:15+01:00,1,2"])
    (folder / "registers.csv").write_text("date,meter,start_wh,end_wh\n2016-03-01,roof,99999999,3\n2016-03-02,home,,\n")
    found = read_study_folder(folder, BERLIN).registers
    assert found is not None
    assert (found.meters.tolist(), found.start_wh.tolist(), found.end_wh.tolist()) == ([1], [99999999], [3])


@pytest.mark.parametrize(
    ("rows", "named"),
    [
        (["2016-03-01T00:00,1,2"], "row 2, column time"),
        (["2016-03-01T00:00+01:00,1,2", "2016-03-01T00:15+01:00,1,much"], "row 3, column roof"),
        (["2016-03-01T00:00Z,1,2", "2016-03-01T00:15Z,1,2", "2016-03-01T00:22Z,1,2", "2016-03-01T00:37Z,1,2"], "row 4"),
        (["2016-03-01T00:00Z,1,2", "2016-03-01T00:15Z,1,2", "2016-03-01T00:15Z,1,3"], "row 4, column time"),
        (["2016-03-01T00:00Z,1"], "intervals.csv.gz"),
        ([], "there are no rows"),
        (["2016-13-01T00:00+01:00,1,2"], "row 2, column time"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, rows: list[str], named: str) -> None:
    with pytest.raises(CannotStudy, match=named):
        read_study_folder(_folder(tmp_path, rows), BERLIN)


def test_wrong_meters_are_named(tmp_path: Path) -> None:
    row = ["2016-03-01T00:00Z,1,2"]
    with pytest.raises(CannotStudy, match=r"meters\.csv, row 2, column kind"):
        read_study_folder(_folder(tmp_path, row, "meter,kind\nhome,use\n"), BERLIN)
    with pytest.raises(CannotStudy, match="'roof' is not in meters"):
        read_study_folder(_folder(tmp_path, row, "meter,kind\nhome,consumption\n"), BERLIN)
    with pytest.raises(CannotStudy, match="stands twice"):
        read_study_folder(_folder(tmp_path, row, header="time,home,home"), BERLIN)
    with pytest.raises(CannotStudy, match="is not a folder"):
        read_study_folder(tmp_path / "nowhere", BERLIN)


@pytest.mark.parametrize("column", ["start_wh", "end_wh"])
def test_a_register_beyond_any_limit_is_named_and_cut_short(tmp_path: Path, column: str) -> None:
    folder = _folder(tmp_path, ["2016-03-01T00:00+01:00,1,2", "2016-03-01T00:15+01:00,1,2"])
    row = {"start_wh": "1", "end_wh": "3", column: "9" * 400}
    (folder / "registers.csv").write_text(f"date,meter,start_wh,end_wh\n2016-03-01,roof,{row['start_wh']},{row['end_wh']}\n")
    with pytest.raises(CannotStudy, match=f"registers.csv, row 2, column {column}") as refused:
        read_study_folder(folder, BERLIN)
    assert len(str(refused.value)) < 200


def test_a_quotation_mark_that_is_never_closed_does_not_spill_the_file_into_the_message(tmp_path: Path) -> None:
    rows = [f"2016-03-01T{hour:02d}:00Z,1,2" for hour in range(24)]
    with pytest.raises(CannotStudy) as refused:
        read_study_folder(_folder(tmp_path, [rows[0][:-1] + '"2', *rows[1:]]), BERLIN)
    assert len(str(refused.value)) < 200
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_origins_beyond_the_calendar_are_named(tmp_path: Path, text: str) -> None:
    folder = read_study_folder(_folder(tmp_path, ["2016-03-01T00:00Z,1,2", "2016-03-01T00:15Z,1,2"]), BERLIN)
    (tmp_path / "origins").write_text(text)
    with pytest.raises(CannotStudy, match=r"origins, row 1: .* lies outside the years"):
        read_origins(tmp_path / "origins", folder)
