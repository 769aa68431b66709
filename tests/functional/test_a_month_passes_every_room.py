"""The whole way of a kilowatt-hour over the whole demo network and month."""

import csv
import gzip
import json
from datetime import date

from tests.conftest import run_demo
from tests.networks import DEMO_NETWORK, cut_network


def profile_sums(folder, first_row: int, rows: int) -> tuple[float, float]:
    """Wh of all loads and all sources over some rows of the profiles, straight from the files."""
    sums = []
    for assets, profiles, power in (("loads", "load_profiles", "pLoad"), ("sources", "source_profiles", "pRES")):
        with (folder / f"{assets}.csv").open() as file:
            weight: dict[str, float] = {}
            for row in csv.DictReader(file):
                weight[row["profile"]] = weight.get(row["profile"], 0.0) + float(row[power])
        with gzip.open(folder / f"{profiles}.csv.gz", "rt") as file:
            reader = csv.DictReader(file)
            total = 0.0
            for number, row in enumerate(reader):
                if first_row <= number < first_row + rows:
                    total += sum(share * float(row[name]) for name, share in weight.items())
        sums.append(total * 1e6 * 0.25)
    return sums[0], sums[1]


def test_the_month_is_whole_and_conserves_every_watt_hour_and_cent(exported_month):
    report = json.loads((exported_month / "report.json").read_text())
    assert report["days"] == 31
    assert report["intervals"] == 2972
    assert report["telemetry"] == {"messages": 177 * 31, "accepted": 177 * 31, "refused": 0}
    assert report["energy"]["residual_wh"] == 0
    assert report["billing"]["residual_minor"] == 0
    assert report["billing"]["debits_minor"] == report["billing"]["credits_minor"] > 0
    assert report["proofs"]["checked"] > 134
    assert report["proofs"]["failed"] == 0
    assert report["findings"] == []
    assert report["chain"]["anchors"] == 32
    assert report["chain"]["confirmed"] == report["chain"]["transactions"]
    assert report["chain"]["payments"] >= 1
    assert report["billing"]["payments_bank"] >= 1


def test_energy_equals_the_profiles(exported_month):
    report = json.loads((exported_month / "report.json").read_text())
    first_row = 4 * 24 * 60  # 31 + 29 days of 2016 before March
    consumption, production = profile_sums(DEMO_NETWORK, first_row, 2972)
    assert abs(report["energy"]["consumption_wh"] / consumption - 1) < 1e-5
    assert abs(report["energy"]["production_wh"] / production - 1) < 1e-5


def test_a_second_run_changes_nothing_and_says_so(settled_var, small_network):
    before = json.loads((settled_var / "export" / "report.json").read_text())
    after = run_demo(settled_var / "var", "--data", str(small_network), "--month", "2016-03")
    assert before["intervals"] == 96 + 92 + 96
    assert not before["unchanged"]
    assert after["unchanged"]
    for report in (before, after):
        del report["stages"], report["unchanged"]
    assert after == before


def test_october_has_an_hour_twice(tmp_path):
    tmp_path.chmod(0o755)
    network = cut_network(tmp_path / "network", sites=5, first_day=date(2016, 10, 30), days=2)
    report = run_demo(tmp_path / "var", "--data", str(network), "--month", "2016-10")
    assert report["intervals"] == 100 + 96
    assert report["energy"]["residual_wh"] == 0
    assert report["proofs"]["failed"] == 0


def test_a_network_without_sources_and_storages_is_billed_too(tmp_path):
    tmp_path.chmod(0o755)
    network = cut_network(tmp_path / "network", sites=4, first_day=date(2016, 5, 1), days=1, storages=0)
    (network / "sources.csv").unlink()
    (network / "source_profiles.csv.gz").unlink()
    (network / "storages.csv").unlink()
    report = run_demo(tmp_path / "var", "--data", str(network))
    assert report["sources"] == report["storages"] == report["energy"]["shared_wh"] == 0
    supported = 2  # nobody delivers anything, so the only credit documents are those of the support
    assert report["billing"]["bills"] == report["proofs"]["checked"] - supported > 0
    assert report["proofs"]["failed"] == 0
