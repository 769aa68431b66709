"""`manage.py study_forecast FOLDER --origins FILE --horizon 96 --out FILE.csv`: forecasts of anybody's meters."""

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.core.management.base import BaseCommand

from energy.adapters.study_folder import CannotStudy, read_study_folder
from energy.adapters.study_forecasts import read_origins, study, write_forecasts
from energy.domain.forecast_calendar import country_of_zone, is_country
from energy.domain.forecast_features import Calendar
from energy.domain.forecasting import LONGEST_HORIZON_DAYS
from kernel.written import whole_number


class Command(BaseCommand):
    """Foresees each meter and the sums for each origin, from the values before it; stores nothing."""

    help = "Forecast the meters of a folder (meters.csv, intervals.csv.gz) for the origins of a file."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path)
        parser.add_argument("--origins", type=Path, required=True, help="one instant a line, with offset")
        parser.add_argument("--horizon", default="96", help="intervals foreseen from each origin")
        parser.add_argument("--out", type=Path, required=True, help="meter, origin, time, p10_wh, p50_wh, p90_wh")
        parser.add_argument("--tz", default="Europe/Berlin", help="local time zone")
        parser.add_argument("--holidays", default=None, metavar="COUNTRY[-REGION]", help="default: the time zone's country")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            summary = self._study(options)
        except CannotStudy as problem:
            self.stderr.write(" ".join(str(problem).split()))
            sys.exit(2)
        self.stdout.write(json.dumps(summary, allow_nan=False))

    def _study(self, options: dict[str, Any]) -> dict[str, Any]:
        zone = _zone(options["tz"])
        calendar = _calendar(options["holidays"], options["tz"])
        folder = read_study_folder(options["folder"], zone)
        origins = read_origins(options["origins"], folder)
        horizon = _horizon(options["horizon"], 24 * 60 // folder.interval_minutes * LONGEST_HORIZON_DAYS)
        result = study(folder, origins, horizon, calendar)
        write_forecasts(options["out"], result)
        return result.summary()


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise CannotStudy(f"--tz: '{name}' is no time zone; write it as Europe/Berlin") from None


def _calendar(wanted: str | None, zone_name: str) -> Calendar:
    if wanted is None:
        return Calendar(country_of_zone(zone_name))
    country, _, region = wanted.partition("-")
    if country and not is_country(country, region):
        raise CannotStudy(f"--holidays: nothing is known of '{wanted}'; write it as DE or DE-BY, or leave it empty")
    return Calendar(country, region)


def _horizon(text: str, most: int) -> int:
    intervals = whole_number(text, least=1, most=most)
    if intervals is None:
        raise CannotStudy(f"--horizon: '{text}' is not a number of intervals from 1 to {most}")
    return intervals
