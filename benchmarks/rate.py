"""A year's bills by any URDB tariff, compared with NREL's Utilityrate5 month by month and charge by charge.

`script/bench rate [--against pysam] [--cases 200] [--each-kind 10] [--seed 0] [--tariffs FOLDER] [--json]`. Tariffs are those of the folder,
each under all ways of metering, random ones by seed, and so many of each kind of tariff_kinds.py. `worst` is the largest difference of any month's charge in currency units; what the peer
refuses is counted, not compared. Ends with 1 where a difference is above a cent.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.peers import peer_python
from benchmarks.random_tariffs import METERING, RateCase, random_case, random_load
from benchmarks.sizes import at_least, some_folder
from benchmarks.tariff_kinds import KINDS, case_of_kind
from billing.domain.pricing.axis import common_year
from billing.domain.pricing.conventions import SAM
from billing.domain.pricing.engine import rate
from billing.domain.pricing.metered import Metered
from billing.domain.pricing.money import MINOR
from billing.domain.pricing.urdb import tariff_from_urdb

ROOT = Path(__file__).resolve().parent.parent
PEER = ["nrel-pysam==7.1.1.post1"]
TARIFFS = ROOT / "tests" / "data" / "urdb"
CENT = 0.01
CHARGES = ("fixed", "energy", "demand", "export_credit", "minimum", "total")


def main(argv: list[str]) -> int:
    """Measure; print one JSON object last."""
    parser = argparse.ArgumentParser(prog="script/bench rate", description=__doc__)
    parser.add_argument("--against", choices=["pysam"])
    parser.add_argument("--cases", type=at_least(0), default=200)
    parser.add_argument("--each-kind", type=at_least(0), default=10)
    parser.add_argument("--seed", type=at_least(0), default=0)
    parser.add_argument("--tariffs", type=some_folder, default=TARIFFS)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(argv)
    cases = [*_file_cases(options.tariffs), *(random_case(options.seed + i) for i in range(options.cases))]
    cases += [case_of_kind(kind, options.seed + i) for kind in KINDS for i in range(options.each_kind)]
    began = time.perf_counter()
    ours = [months_of(case) for case in cases]
    seconds = time.perf_counter() - began
    summary: dict[str, Any] = {
        "name": "rate",
        "seconds": round(seconds, 3),
        "items": len(cases),
        "items_per_s": round(len(cases) / seconds, 1),
        "peak_rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    }
    if options.against:
        answer = ask_pysam(cases)
        summary |= _compare(cases, ours, answer["months"])
        summary["against"] = {
            "name": "Utilityrate5",
            "version": answer["version"],
            "seconds": round(answer["seconds"], 3),
            "ratio": round(answer["seconds"] / seconds, 1),
        }
    print(json.dumps(summary))
    return 0 if summary.get("worst", 0.0) <= CENT else 1


def months_of(case: RateCase) -> list[dict[str, float]]:
    """Our bills of a case, by the rules of SAM."""
    as_written = json.loads(json.dumps(case.tariff), parse_float=Decimal)
    read = tariff_from_urdb(as_written, metering=case.metering, tier_rule=case.tiers)  # type: ignore[arg-type]
    metered = Metered(case.import_kwh[None] * 1000, case.export_kwh[None] * 1000)
    if case.metering == "none":
        metered = metered.without_export()
    rated = rate(read.tariff, common_year(len(case.import_kwh) // 8760), metered, conventions=SAM)
    columns = {
        "fixed": rated.of("standing"),
        "energy": rated.of("energy"),
        "demand": rated.of("demand"),
        "export_credit": -rated.of("export_credit"),
        "minimum": rated.of("minimum"),
        "total": rated.net,
    }
    return [{name: float(amount[0, m]) / MINOR for name, amount in columns.items()} for m in range(12)]


def _file_cases(folder: Path) -> list[RateCase]:
    cases = []
    for seed, path in enumerate(sorted(folder.glob("*.json"))):
        tariff = json.loads(path.read_text())
        import_kwh, export_kwh = random_load(np.random.default_rng(seed))
        cases += [RateCase(path.stem, tariff, import_kwh, export_kwh, *way) for way in METERING]
    return cases


def ask_pysam(cases: list[RateCase], repeat: int = 1) -> dict[str, Any]:
    """The peer's months of each case, or its error, and the seconds of its calculation."""
    python = peer_python("pysam", PEER)
    with tempfile.TemporaryDirectory(prefix="pysam-") as name:
        question, answer = Path(name) / "cases.json", Path(name) / "answer.json"
        given = [
            {
                "tariff": c.tariff,
                "import_kwh": c.import_kwh.tolist(),
                "export_kwh": c.export_kwh.tolist(),
                "metering": c.metering,
                "tiers": c.tiers,
            }
            for c in cases
        ]
        question.write_text(json.dumps({"cases": given, "repeat": repeat}))
        subprocess.run(
            [str(python), str(ROOT / "benchmarks" / "pysam_rates.py"), str(question), str(answer)],
            check=True,
            stdout=sys.stderr,
            env={"PATH": "", "HOME": name},
        )
        found: dict[str, Any] = json.loads(answer.read_text())
    return found


def _compare(cases: list[RateCase], ours: list[Any], theirs: list[Any]) -> dict[str, Any]:
    worst, refused, different = 0.0, [], 0
    for case, own, peer in zip(cases, ours, theirs, strict=True):
        if isinstance(peer, dict):
            refused.append(f"{case.name} ({case.metering}): {peer['error']}")
            continue
        off = {
            charge: max(abs(a[charge] - b[charge]) for a, b in zip(own, peer, strict=True))
            for charge in CHARGES
            # The peer tells what is bought and what is sold as one sum where all is sold.
            if case.metering != "buy-all-sell-all" or charge not in ("energy", "export_credit")
        }
        worst = max(worst, *off.values())
        if max(off.values()) > CENT:
            different += 1
            print(f"{case.name}, {case.metering}, {case.tiers}: {off}", file=sys.stderr)
    for text in refused:
        print(f"refused by the peer: {text}", file=sys.stderr)
    return {"compared": len(cases) - len(refused), "refused": len(refused), "different": different, "worst": worst}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
