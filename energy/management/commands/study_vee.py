"""`manage.py study_vee FOLDER --out FOLDER`: validation and estimation of anybody's readings, from files to files."""

from argparse import ArgumentParser
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from energy.adapters.study_folder import CannotStudy, read_study_folder
from energy.adapters.vee_study import read_readings, sky_of, write_estimates, write_flags
from energy.domain.public_holidays import country_of, holiday_test
from energy.domain.quality import Method
from energy.domain.validation import class_names
from energy.domain.vee import validate_and_estimate
from energy.management.studies import StudyCommand, time_zone


class Command(StudyCommand):
    """Writes flags.csv and estimates.csv, prints what was learned and found."""

    help = "Check readings and estimate what is missing: meters.csv, intervals.csv.gz and registers.csv in, flags and estimates out."

    def add_inputs(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path)
        parser.add_argument("--out", type=Path, required=True, help="folder for flags.csv and estimates.csv")
        parser.add_argument("--tz", default="Europe/Berlin", help="local time zone, e.g. Europe/Berlin")
        parser.add_argument("--region", default="", help="region with holidays of its own, e.g. MV")

    def study(self, **options: Any) -> Mapping[str, Any]:
        zone = time_zone(options["tz"])
        folder = read_study_folder(options["folder"], zone)
        readings = read_readings(folder, holiday_test(country_of(zone.key), options["region"]))
        result = validate_and_estimate(readings, sky_of(folder))
        out: Path = options["out"]
        try:
            out.mkdir(parents=True, exist_ok=True)
            flags = write_flags(out / "flags.csv", folder, readings, result.findings)
            write_estimates(out / "estimates.csv", folder, readings, result.estimates)
        except OSError as problem:
            raise CannotStudy(f"--out {out}: cannot be written ({problem.strerror}); name another folder") from None
        names = class_names(result.limits)
        methods = Counter(Method(int(method)).label for method in result.estimates.methods)
        return {
            "meters": len(folder.meters),
            "days": len(readings.axis.days),
            "interval_minutes": folder.interval_minutes,
            "flags": flags,
            "estimates": dict(methods),
            "classes": {meter.code: name.value for meter, name in zip(folder.meters, names, strict=True)},
            "connections_doubted": [m.code for m, d in zip(folder.meters, result.limits.doubted, strict=True) if d],
        }
