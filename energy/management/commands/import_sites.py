"""`manage.py import_sites FILE.csv`: the metering points of a cooperative of one's own, from a table."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from energy.adapters.site_file import read_site_file
from energy.domain.site_table import COLUMNS, CannotReadSites
from energy.management.microgrids import chosen_microgrid
from energy.services.import_sites import SiteReport, import_sites

MOST_SAID = 30


class Command(BaseCommand):
    """Loads sites wholly or not at all; the same file again changes nothing."""

    help = f"Load members, metering points and what stands behind them from a CSV with the columns {', '.join(COLUMNS)}."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--microgrid", default="", help="slug; may be left out where there is only one")
        parser.add_argument("--check", action="store_true", help="only say what would be made")

    def handle(self, *args: Any, **options: Any) -> None:
        microgrid = chosen_microgrid(options["microgrid"])
        columns = (TextColumn("{task.description:<14}"), BarColumn(), TimeElapsedColumn())
        try:
            listed = read_site_file(options["file"])
            with Progress(*columns, console=Console(stderr=True)) as bar:
                step = bar.add_task("connecting", total=len(listed))
                report = import_sites(
                    microgrid=microgrid,
                    listed=listed,
                    now=microgrid.now(timezone.now()),
                    check_only=options["check"],
                    say=lambda done: bar.update(step, completed=done),
                )
                bar.update(step, description="done", completed=len(listed))
        except CannotReadSites as wrong:
            said = [f"{options['file'].name}, {problem}" for problem in wrong.problems[:MOST_SAID]]
            more = len(wrong.problems) - MOST_SAID
            raise CommandError("\n".join([*said, *([f"{more} more."] if more > 0 else [])])) from None
        self.stdout.write(f"{options['file'].name}: {len(listed)} sites; {_outcome(report, options['check'])}")


def _outcome(report: SiteReport, only_checked: bool) -> str:
    if report.is_unchanged:
        return "nothing would change" if only_checked else "nothing changed"
    counts = (
        (report.members, "members"),
        (report.sites, "sites"),
        (report.meters, "meters"),
        (report.loads, "loads"),
        (report.sources, "sources"),
        (report.storages, "storages"),
    )
    words = ", ".join(f"{count} {name}" for count, name in counts if count)
    return f"{words} {'would be made' if only_checked else 'made'}"
