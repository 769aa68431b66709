"""`manage.py import_readings FILE --format wide`: a file of readings becomes meter days, wholly or not at all."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from energy.adapters.reading_formats import FORMATS
from energy.domain.reading_files import EnergyUnit, FileClock, IntervalLabel
from energy.management.microgrids import chosen_microgrid
from energy.models import ImportStatus, ReadingImport
from energy.services.import_staging import stage_import
from energy.services.imports import CannotImport, accept_import, receive_file

SHOWN_PROBLEMS = 20


class Command(BaseCommand):
    """Stages the file and shows what it would change; `--accept` takes it. The same file again changes nothing."""

    help = "Import a file of readings (CSV, Green Button, load profile, Parquet)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--format", choices=sorted(FORMATS), required=True)
        parser.add_argument("--microgrid", default="", help="slug; may be left out where there is only one")
        parser.add_argument("--unit", choices=[u.value for u in EnergyUnit], default="kwh")
        parser.add_argument("--label", choices=[x.value for x in IntervalLabel], default="start")
        parser.add_argument("--clock", choices=[c.value for c in FileClock], default="local")
        parser.add_argument("--accept", action="store_true", help="take it, if nothing is wrong")
        parser.add_argument("--reason", default="", help="why stored days change")

    def handle(self, *args: Any, **options: Any) -> None:
        microgrid = chosen_microgrid(options["microgrid"])
        now = microgrid.now(timezone.now())
        try:
            content = options["file"].read_bytes()
            reading_import = receive_file(
                microgrid=microgrid,
                content=content,
                file_name=options["file"].name,
                format=options["format"],
                unit=EnergyUnit(options["unit"]),
                label=IntervalLabel(options["label"]),
                clock=FileClock(options["clock"]),
                user=None,
                now=now,
            )
        except OSError as problem:
            raise CommandError(f"{options['file']}: {problem.strerror}") from None
        except CannotImport as problem:
            raise CommandError(str(problem)) from None
        if reading_import.status == ImportStatus.ACCEPTED:
            self.stdout.write(f"{reading_import.file_name}: accepted already on {reading_import.accepted_at:%Y-%m-%d}; nothing changed")
            return
        with self._bar() as bar:
            task = bar.add_task("reading", total=100)
            reading_import = stage_import(
                reading_import=reading_import, now=now, tell=lambda step, p: bar.update(task, description=step, completed=p)
            )
            if reading_import.status == ImportStatus.FAULTY:
                bar.update(task, description="has errors")
            elif options["accept"]:
                bar.update(task, description="writing meter days", completed=95)
                reading_import = accept_import(reading_import=reading_import, user=None, reason=options["reason"], now=now)
            bar.update(task, completed=100)
        self._report(reading_import)

    def _bar(self) -> Progress:
        return Progress(TextColumn("{task.description:<28}"), BarColumn(), TimeElapsedColumn(), console=Console(stderr=True))

    def _report(self, reading_import: ReadingImport) -> None:
        if reading_import.status == ImportStatus.FAULTY:
            for problem in reading_import.problems.order_by("row", "column")[:SHOWN_PROBLEMS]:
                self.stderr.write(f"row {problem.row}, column {problem.column or '-'}: {problem.what}; {problem.mending}")
            raise CommandError(f"{reading_import.file_name}: {reading_import.problem_count} errors, nothing was changed.")
        verb = "accepted" if reading_import.status == ImportStatus.ACCEPTED else "staged; take it with --accept"
        self.stdout.write(
            f"{reading_import.file_name}: {verb}; {reading_import.rows} rows, {len(reading_import.meter_ids)} meters, {reading_import.first_day} to "
            f"{reading_import.last_day}, {reading_import.total_wh / 1000:,.3f} kWh; meter days: {reading_import.days_new} new, "
            f"{reading_import.days_changed} changed, {reading_import.days_same} as stored"
        )
