"""Small networks cut from the demo network: the same format, fewer sites, fewer days."""

import csv
import gzip
from datetime import date, timedelta
from pathlib import Path

DEMO_NETWORK = Path(__file__).resolve().parent.parent / "energy" / "data" / "simbench_lv_rural3"


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def _write(path: Path, rows: list[dict[str, str]], header: list[str]) -> None:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, header, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _header(path: Path) -> list[str]:
    with path.open(newline="") as file:
        return next(csv.reader(file))


def _cut_profiles(source: Path, target: Path, first_day: date, days: int) -> None:
    labels = {(first_day + timedelta(days=i)).strftime("%d.%m.%Y") for i in range(days)}
    with gzip.open(source, "rt") as rows, gzip.open(target, "wt", compresslevel=1) as cut:
        cut.write(next(rows))
        cut.writelines(row for row in rows if row[:10] in labels)


def cut_network(target: Path, *, sites: int, first_day: date, days: int, storages: int = 2) -> Path:
    """Write to `target` the demo network with about `sites` loads, the plants at their nodes, and `days` of profiles.

    Loads at nodes with a plant come first, so that a small cut still has something to share.
    """
    target.mkdir(parents=True, exist_ok=True)
    sources, loads = _rows(DEMO_NETWORK / "sources.csv"), _rows(DEMO_NETWORK / "loads.csv")
    plant_nodes = {row["node"] for row in sources}
    homes = [row for row in loads if row["profile"][0] in "HG" and not row["profile"].startswith("HLS")]
    with_plant = [row for row in homes if row["node"] in plant_nodes][: max(sites // 3, 1)]
    without = [row for row in homes if row["node"] not in plant_nodes]
    chosen = with_plant + without[: sites - len(with_plant)]
    nodes = {row["node"] for row in chosen}
    keep = {
        "loads.csv": chosen,
        "sources.csv": [row for row in sources if row["node"] in nodes],
        "storages.csv": _rows(DEMO_NETWORK / "storages.csv")[:storages],
    }
    for name in ("nodes", "coordinates", "lines", "line_types", "transformers", "transformer_types"):
        keep[f"{name}.csv"] = _rows(DEMO_NETWORK / f"{name}.csv")
    for name, rows in keep.items():
        _write(target / name, rows, _header(DEMO_NETWORK / name))
    for name in ("load_profiles.csv.gz", "source_profiles.csv.gz"):
        _cut_profiles(DEMO_NETWORK / name, target / name, first_day, days)
    return target
