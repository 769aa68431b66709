"""`manage.py rate_urdb TARIFF.json LOAD.csv`: a year's bills of anybody's tariff and load, without a database."""

from argparse import ArgumentParser
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

from billing.adapters.load_file import CannotReadLoad, read_load_file
from billing.adapters.urdb_file import CannotReadTariffFile, read_urdb_file
from billing.domain.pricing.conventions import BY_NAME
from billing.domain.pricing.engine import rate
from billing.domain.pricing.lines import Rated
from billing.domain.pricing.metered import CannotPrice
from billing.domain.pricing.money import MINOR
from billing.domain.pricing.tiers import CannotTier
from billing.domain.pricing.urdb import Metering
from energy.adapters.study_folder import CannotStudy
from energy.management.studies import StudyCommand, time_zone


class Command(StudyCommand):
    """The engine that makes the cooperative's bills, on two files."""

    help = "Bill a year of hourly energy by an OpenEI URDB tariff."

    def add_inputs(self, parser: ArgumentParser) -> None:
        parser.add_argument("tariff", type=Path, help="a URDB tariff as JSON")
        parser.add_argument("load", type=Path, help="CSV with hour_beginning, import_kwh, export_kwh")
        parser.add_argument("--metering", choices=get_args(Metering), default="none")
        parser.add_argument("--tiers", choices=["prorated", "chronological"], default="chronological")
        parser.add_argument("--conventions", choices=sorted(BY_NAME), default="own")
        parser.add_argument("--tz", help="time zone of the calendar; left out: times count as they are written")

    def study(self, **options: Any) -> Mapping[str, Any]:
        conventions = BY_NAME[options["conventions"]]
        zone = time_zone(options["tz"]) if options["tz"] else None
        # Net metering sets a month's kWh off against each other before it fills tiers, so it can only spread them.
        tiers: Any = "prorated" if options["metering"] == "net-metering" else options["tiers"]
        try:
            read = read_urdb_file(options["tariff"], metering=options["metering"], tier_rule=tiers)
            year = read_load_file(options["load"], conventions, zone)
            metered = year.metered if options["metering"] != "none" else year.metered.without_export()
            rated = rate(read.tariff, year.axis, metered, conventions=conventions)
        except (CannotReadTariffFile, CannotReadLoad) as problem:
            raise CannotStudy(str(problem)) from None
        except (CannotPrice, CannotTier) as problem:
            raise CannotStudy(f"{options['load'].name}: {problem}") from None
        return {
            "months": _months(rated),
            "ignored": list(read.ignored),
            "metering": options["metering"],
            "tiers": tiers,
            "conventions": conventions.name,
        }


def _months(rated: Rated) -> list[dict[str, float]]:
    """Amounts of the one customer by month, in currency units; an export credit counts against the total."""
    columns = {
        "fixed": rated.of("standing"),
        "energy": rated.of("energy"),
        "demand": rated.of("demand"),
        "export_credit": -rated.of("export_credit"),
        "minimum": rated.of("minimum"),
        "total": rated.net,
    }
    return [{name: float(amount[0, month]) / MINOR + 0.0 for name, amount in columns.items()} for month in range(rated.net.shape[1])]
