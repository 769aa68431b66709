"""Reading a network's folder: what is right is read, what is wrong is named with file, row and column."""

import csv
import gzip
import shutil
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import pytest

from energy.adapters.simbench_folder import CannotReadNetwork, read_network
from tests.networks import cut_network


@pytest.fixture(scope="module")
def sound_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return cut_network(tmp_path_factory.mktemp("network") / "net", sites=4, first_day=date(2016, 1, 1), days=1)


@pytest.fixture
def folder(sound_folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(sound_folder, tmp_path / "net"))


def quiet(text: str) -> None:
    pass


def read(folder: Path) -> None:
    read_network(folder, quiet)


def set_cell(path: Path, row: int, column: str, value: str) -> None:
    """Change one cell; rows as an editor shows them, the header is row 1."""
    with path.open(newline="") as file:
        rows = list(csv.reader(file))
    rows[row - 1][rows[0].index(column)] = value
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(rows)


def edit_profiles(path: Path, change: Callable[[list[str]], list[str]]) -> None:
    with gzip.open(path, "rt") as file:
        lines = change(file.read().splitlines())
    with gzip.open(path, "wt") as file:
        file.write("\n".join(lines) + "\n")


def test_a_sound_folder_is_read(folder: Path) -> None:
    network = read_network(folder, quiet)
    assert len(network.loads) == 4
    assert network.load_profiles.first_label == datetime(2016, 1, 1)  # noqa: DTZ001
    assert network.load_profiles.shares.shape == (96, len(network.load_profiles.names))


def test_switch_terminals_are_their_busbar(folder: Path) -> None:
    network = read_network(folder, quiet)
    merged = {code: base for code, base in network.busbar_of.items() if code != base}
    assert merged
    assert all(code.startswith(f"{base}_") for code, base in merged.items())
    assert set(merged.values()) <= {code for code, base in network.busbar_of.items() if code == base}


def test_sources_storages_and_coordinates_may_be_absent(folder: Path) -> None:
    for name in ("sources.csv", "storages.csv", "coordinates.csv", "source_profiles.csv.gz"):
        (folder / name).unlink()
    network = read_network(folder, quiet)
    assert (network.sources, network.storages, network.coordinates) == ([], [], {})


@pytest.mark.parametrize(
    ("file", "row", "column", "value", "message"),
    [
        ("nodes.csv", 3, "id", "", "nodes.csv, row 3, column id: is empty"),
        ("loads.csv", 3, "node", "Nowhere 1", "loads.csv, row 3, column node: node 'Nowhere 1' is not in nodes.csv"),
        ("loads.csv", 2, "profile", "H9-Z", "loads.csv, row 2, column profile: 'H9-Z' is unknown"),
        ("lines.csv", 5, "type", "string", "lines.csv, row 5, column type: 'string' is unknown"),
        ("coordinates.csv", 4, "x", "east", "coordinates.csv, row 4, column x: 'east' is not a number"),
        ("coordinates.csv", 4, "x", "nan", "coordinates.csv, row 4, column x: 'nan' is not a finite number"),
    ],
)
def test_a_wrong_cell_is_named(folder: Path, file: str, row: int, column: str, value: str, message: str) -> None:
    set_cell(folder / file, row, column, value)
    with pytest.raises(CannotReadNetwork, match=f"^{message}"):
        read(folder)


def test_an_id_given_twice_is_named(folder: Path) -> None:
    with (folder / "loads.csv").open(newline="") as file:
        first = next(iter(csv.DictReader(file)))["id"]
    set_cell(folder / "loads.csv", 4, "id", first)
    with pytest.raises(CannotReadNetwork, match=r"loads.csv, row 4, column id: .* stands already in row 2"):
        read(folder)


def test_a_missing_column_is_named(folder: Path) -> None:
    set_cell(folder / "loads.csv", 1, "pLoad", "power")
    with pytest.raises(CannotReadNetwork, match=r"loads.csv, row 1: column pLoad is missing"):
        read(folder)


@pytest.mark.parametrize("name", ["loads.csv", "nodes.csv", "load_profiles.csv.gz", "source_profiles.csv.gz"])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(CannotReadNetwork, match=f"{name} is missing"):
        read(folder)


def test_a_file_without_rows_is_named(folder: Path) -> None:
    path = folder / "loads.csv"
    path.write_text(path.read_text().splitlines()[0] + "\n")
    with pytest.raises(CannotReadNetwork, match=r"loads.csv has no rows"):
        read(folder)


def test_a_folder_that_is_none_is_named(tmp_path: Path) -> None:
    with pytest.raises(CannotReadNetwork, match="is not a folder"):
        read(tmp_path / "nothing")


def test_text_that_is_not_utf8_is_named(folder: Path) -> None:
    (folder / "loads.csv").write_bytes(b"id,node\n\xff\xfe,1\n")
    with pytest.raises(CannotReadNetwork, match=r"loads.csv cannot be read: .*UTF-8"):
        read(folder)


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("much", "row 7, column .*: 'much' is not a number"),
        ("nan", "row 7, column .*: not a finite number"),
        ("inf", "row 7, column .*: not a finite number"),
    ],
)
def test_a_wrong_share_is_named(folder: Path, cell: str, message: str) -> None:
    def change(lines: list[str]) -> list[str]:
        cells = lines[6].split(",")
        return [*lines[:6], ",".join([*cells[:2], cell, *cells[3:]]), *lines[7:]]

    edit_profiles(folder / "load_profiles.csv.gz", change)
    with pytest.raises(CannotReadNetwork, match=f"^load_profiles.csv.gz, {message}"):
        read(folder)


def test_a_short_profile_row_is_named(folder: Path) -> None:
    edit_profiles(folder / "load_profiles.csv.gz", lambda lines: [*lines[:4], lines[4].rsplit(",", 1)[0], *lines[5:]])
    with pytest.raises(CannotReadNetwork, match=r"load_profiles.csv.gz, row 5: \d+ cells, the header has \d+"):
        read(folder)


@pytest.mark.parametrize("keep", [0.3, 0.9])
def test_a_torn_archive_is_named(folder: Path, keep: float) -> None:
    path = folder / "load_profiles.csv.gz"
    raw = path.read_bytes()
    path.write_bytes(raw[: int(len(raw) * keep)])
    with pytest.raises(CannotReadNetwork, match=r"load_profiles.csv.gz cannot be read"):
        read(folder)


def test_a_damaged_archive_is_named(folder: Path) -> None:
    path = folder / "load_profiles.csv.gz"
    raw = bytearray(path.read_bytes())
    raw[200:260] = b"\xff" * 60
    path.write_bytes(bytes(raw))
    with pytest.raises(CannotReadNetwork, match=r"load_profiles.csv.gz"):
        read(folder)
