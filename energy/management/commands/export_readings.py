"""`manage.py export_readings --format parquet --from 2016-03-01 --to 2016-04-01 --out FILE`: meter days as a file."""

from argparse import ArgumentParser
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from energy.adapters.reading_formats import FORMATS
from energy.domain.reading_files import EnergyUnit
from energy.management.arguments import day
from energy.management.microgrids import chosen_microgrid
from energy.models import Meter
from energy.selectors.reading_export import ExportOrder, export_readings

LONGEST_SPAN_DAYS = 3_700


class Command(BaseCommand):
    """Writes the current versions of all meters' days, or of those named."""

    help = "Export readings (CSV, Green Button, load profile, Parquet)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--format", choices=sorted(FORMATS), required=True)
        parser.add_argument("--from", dest="first", type=day, required=True)
        parser.add_argument("--to", dest="after", type=day, required=True, help="exclusive")
        parser.add_argument("--out", type=Path, required=True)
        parser.add_argument("--unit", choices=[u.value for u in EnergyUnit], default="kwh")
        parser.add_argument("--meter", action="append", default=[], help="code; may be repeated")
        parser.add_argument("--microgrid", default="")

    def handle(self, *args: Any, **options: Any) -> None:
        microgrid = chosen_microgrid(options["microgrid"])
        if not options["first"] < options["after"]:
            raise CommandError("--to must lie after --from.")
        if options["after"] - options["first"] > timedelta(days=LONGEST_SPAN_DAYS):
            raise CommandError(f"--to lies at most {LONGEST_SPAN_DAYS} days after --from; export the years one after the other.")
        meters = Meter.objects.filter(microgrid=microgrid)
        if options["meter"]:
            meters = meters.filter(code__in=options["meter"])
            missing = set(options["meter"]) - set(meters.values_list("code", flat=True))
            if missing:
                raise CommandError(f"There is no meter '{min(missing)}'.")
        order = ExportOrder(microgrid, list(meters), options["first"], options["after"], options["format"], EnergyUnit(options["unit"]))
        written = 0
        try:
            with options["out"].open("wb") as file:
                for piece in export_readings(order):
                    written += file.write(piece)
        except OSError as problem:
            raise CommandError(f"{options['out']}: {problem.strerror}") from None
        self.stdout.write(f"{options['out']}: {len(order.meters)} meters, {written:,} bytes")
