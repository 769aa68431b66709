"""A measurement that is asked for something it cannot do says so in one line, before anything starts."""

from argparse import ArgumentTypeError
from importlib import import_module
from pathlib import Path

import pytest

from benchmarks.sizes import at_least, month_text, network_folder, some_folder, some_of

ODD = [
    ("adversarial", "--messages", "0"),
    ("agent", "--sites", "-1"),
    ("bulk", "--formats", "x"),
    ("bypass", "--trials", "0"),
    ("documents", "--members", "0"),
    ("forecast", "--folder", "/nowhere"),
    ("forecast", "--every", "0"),
    ("ingest", "--meters", "0"),
    ("ingest", "--brokers", "x"),
    ("intake_kills", "--targets", "x"),
    ("intake_kills", "--kills", "0"),
    ("kills", "--cuts", "0"),
    ("kills", "--month", "x"),
    ("kills", "--data", "/nowhere"),
    ("live", "--clients", "0"),
    ("market", "--orders", "999999999999"),
    ("month", "--members", "9" * 5000),
    ("nowcast", "--month", "2016-13"),
    ("nowcast", "--every", "0"),
    ("plan", "--storages", "0"),
    ("plan", "--intervals", "0"),
    ("plan", "--seed", "-1"),
    ("powerflow", "--peer-steps", "0"),
    ("rate", "--tariffs", "/nowhere"),
    ("savings", "--folder", "/nowhere"),
    ("savings", "--month", "abc"),
    ("share", "--sites", "0"),
    ("tick", "--points", "-1"),
    ("tick", "--ticks", "0"),
    ("vee", "--seeds", "x"),
]


@pytest.mark.parametrize(("name", "option", "value"), ODD)
def test_what_cannot_be_measured_is_refused_before_anything_starts(
    name: str, option: str, value: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        import_module(f"benchmarks.{name}").main([option, value])
    assert ended.value.code == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert f"argument {option}" in said.err.splitlines()[-1]


def test_sizes_folders_and_months_are_read(tmp_path: Path) -> None:
    (tmp_path / "loads.csv").touch()
    assert (at_least(1)("7"), at_least(-2)("-2"), month_text("201603"), month_text("2016-03")) == (7, -2, "2016-03", "2016-03")
    assert (some_folder(str(tmp_path)), network_folder(str(tmp_path)), some_of(("a", "b"))("b,a")) == (tmp_path, tmp_path, "b,a")
    with pytest.raises(ArgumentTypeError, match=r"no loads\.csv"):
        network_folder(str(tmp_path.parent))
