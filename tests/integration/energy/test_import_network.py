"""A folder becomes a microgrid wholly or not at all."""

import csv
import gzip
import shutil
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from energy.adapters.simbench_folder import CannotReadNetwork
from energy.models import Consumer, Line, Meter, Microgrid, Node, ReferenceProfileDay, Site, Source, StorageUnit
from energy.services.import_simbench import ImportReport, import_network
from members.models import Cooperative, Member
from tests.networks import DEMO_NETWORK, cut_network

pytestmark = pytest.mark.django_db


def load(folder: Path, cooperative: Cooperative, slug: str = "hamlet") -> ImportReport:
    return import_network(folder=folder, cooperative=cooperative, slug=slug, name=slug, time_zone="Europe/Berlin")


def rows_of(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / name).open(newline="") as file:
        return list(csv.DictReader(file))


def rewrite(folder: Path, name: str, rows: list[dict[str, str]]) -> None:
    header = list(rows_of(DEMO_NETWORK, name)[0])
    with (folder / name).open("w", newline="") as file:
        writer = csv.DictWriter(file, header)
        writer.writeheader()
        writer.writerows(rows)


def counts() -> dict[str, int]:
    kinds = (Microgrid, Node, Line, Site, Consumer, Source, StorageUnit, Meter, Member, ReferenceProfileDay)
    return {kind.__name__: kind._default_manager.count() for kind in kinds}


def test_the_demo_network_is_read_as_its_notice_says(cooperative: Cooperative) -> None:
    report = load(DEMO_NETWORK, cooperative)
    loads = rows_of(DEMO_NETWORK, "loads.csv")
    homes = [row for row in loads if row["profile"].startswith(("H0-", "G"))]
    assert (report.sources, report.storages) == (27, 16)
    assert Consumer.objects.count() == 153
    assert Member.objects.filter(is_cooperative=False).count() == len(homes)
    assert Site.objects.filter(member__is_cooperative=False).count() == len(homes)
    assert Site.objects.filter(kind="storage", member__is_cooperative=True).count() == 16
    assert report.meters == report.sites + report.sources + report.storages
    assert Node.objects.filter(microgrid=report.microgrid).count() == Line.objects.count() + 2  # a tree and its busbar
    assert Member.objects.filter(is_cooperative=False).values("name").distinct().count() == len(homes)
    assert ReferenceProfileDay.objects.values("day").distinct().count() == 366


def test_profiles_keep_the_shape_of_both_days_on_which_clocks_change(cooperative: Cooperative) -> None:
    load(DEMO_NETWORK, cooperative)
    with gzip.open(DEMO_NETWORK / "load_profiles.csv.gz", "rt") as file:
        reader = csv.reader(file)
        header = next(reader)
        rows = list(reader)
    name = header[1]
    for day, length in ((date(2016, 3, 27), 92), (date(2016, 10, 30), 100), (date(2016, 10, 31), 96)):
        first = next(i for i, row in enumerate(rows) if row[0].startswith(day.strftime("%d.%m.%Y")))
        shares = ReferenceProfileDay.objects.get(name=name, day=day).shares
        assert len(shares) == length
        assert shares == [float(row[1]) for row in rows[first : first + length]]


def test_an_annual_energy_survives_the_import(cooperative: Cooperative, network_folder: Path) -> None:
    load(network_folder, cooperative)
    consumer = Consumer.objects.order_by("code")[0]
    row = next(row for row in rows_of(network_folder, "loads.csv") if row["id"] == consumer.code)
    with gzip.open(network_folder / "load_profiles.csv.gz", "rt") as file:
        rows = list(csv.DictReader(file))
    expected_wh = sum(float(r[row["profile"]]) for r in rows) * float(row["pLoad"]) * 1e6 / 4
    days = ReferenceProfileDay.objects.filter(name=consumer.profile)
    stored_wh = sum(np.sum(day.shares) for day in days) * float(consumer.profile_power_w) / 4
    assert stored_wh == pytest.approx(expected_wh, rel=1e-9)


def test_the_same_folder_again_changes_nothing(cooperative: Cooperative, network_folder: Path) -> None:
    first = load(network_folder, cooperative)
    before = counts()
    again = load(network_folder, cooperative)
    assert (first.created, again.created) == (True, False)
    assert counts() == before
    assert again.microgrid == first.microgrid


def test_another_folder_under_a_taken_name_is_refused(cooperative: Cooperative, network_folder: Path, tmp_path: Path) -> None:
    load(network_folder, cooperative)
    other = cut_network(tmp_path / "other", sites=3, first_day=date(2016, 3, 26), days=1)
    with pytest.raises(CannotReadNetwork, match="already holds another network"):
        load(other, cooperative)


def test_a_second_network_of_the_same_cooperative_stands_beside_the_first(cooperative: Cooperative, network_folder: Path) -> None:
    first = load(network_folder, cooperative)
    second = load(network_folder, cooperative, "hamlet-two")
    assert second.created
    assert second.sites == first.sites
    assert Member.objects.filter(is_cooperative=True).count() == 1


@pytest.mark.parametrize(
    ("file", "row", "column", "value", "message"),
    [
        ("loads.csv", 1, "pLoad", "a lot", "loads.csv, row 3, column pLoad: 'a lot' is not a number"),
        ("loads.csv", 1, "pLoad", "-0.1", "loads.csv, row 3, column pLoad: '-0.1' is below 0"),
        ("loads.csv", 2, "sR", "inf", "loads.csv, row 4, column sR: 'inf' is not a finite number"),
        ("storages.csv", 0, "etaStore", "1.5", "storages.csv, row 2, column etaStore: 1.5 is no efficiency"),
        ("lines.csv", 9, "length", "", "lines.csv, row 11, column length: '' is not a number"),
    ],
)
def test_nothing_stays_of_a_network_with_a_wrong_cell(
    cooperative: Cooperative, network_folder: Path, tmp_path: Path, file: str, row: int, column: str, value: str, message: str
) -> None:
    folder = Path(shutil.copytree(network_folder, tmp_path / "bad"))
    rows = rows_of(folder, file)
    rows[row][column] = value
    rewrite(folder, file, rows)
    before = counts()
    with pytest.raises(CannotReadNetwork, match=f"^{message}"):
        load(folder, cooperative)
    assert counts() == before


def test_a_network_with_other_names_and_without_plants_and_batteries(
    cooperative: Cooperative, network_folder: Path, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(network_folder, tmp_path / "other"))
    for name in ("sources.csv", "storages.csv", "coordinates.csv", "source_profiles.csv.gz"):
        (folder / name).unlink()
    for name in ("loads.csv", "nodes.csv", "lines.csv", "transformers.csv"):
        path = folder / name
        path.write_text(path.read_text().replace("LV3.101 ", "Dorf/"))
    report = load(folder, cooperative)
    assert (report.sites, report.meters, report.sources, report.storages) == (4, 4, 0, 0)
    assert all(node.longitude is None for node in Node.objects.all())


def test_ids_may_repeat_between_files(cooperative: Cooperative, network_folder: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(network_folder, tmp_path / "numbered"))
    for name in ("loads.csv", "sources.csv", "storages.csv"):
        rows = rows_of(folder, name)
        rewrite(folder, name, [{**row, "id": str(i)} for i, row in enumerate(rows, start=1)])
    report = load(folder, cooperative)
    codes = list(Site.objects.values_list("code", flat=True))
    assert len(codes) == len(set(codes)) == report.sites


def test_the_command_says_what_it_did(cooperative: Cooperative, network_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("import_simbench", str(network_folder), microgrid="hamlet")
    call_command("import_simbench", str(network_folder), microgrid="hamlet")
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("hamlet: loaded;")
    assert second.startswith("hamlet: was there already, nothing changed")


def test_the_command_names_a_bad_folder(cooperative: Cooperative, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="is not a folder"):
        call_command("import_simbench", str(tmp_path / "nothing"))
