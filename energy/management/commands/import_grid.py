"""`manage.py import_grid PATH`: the wires of a microgrid from SimBench, pandapower JSON or GeoJSON, checked first."""

from argparse import ArgumentParser
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from energy.adapters.network_files import read_network_file
from energy.adapters.simbench_folder import CannotReadNetwork
from energy.domain.topology_checks import NEVER_ACCEPTED, FindingKind, check
from energy.management.microgrids import chosen_microgrid
from energy.models import Microgrid
from energy.services.import_topology import TopologyReport, import_topology
from kernel.intervals import FIRST_YEAR, LAST_YEAR

STEPS = ("reading", "checking", "nodes", "lines", "transformers", "switches")


class Command(BaseCommand):
    """Loads wires wholly or not at all; the same file again changes nothing."""

    help = "Load the wires of a microgrid: a SimBench folder, a pandapower JSON or a GeoJSON file."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("path", type=Path)
        parser.add_argument("--microgrid", default="", help="slug; may be left out where there is only one")
        parser.add_argument("--check", action="store_true", help="only check and say what would change")
        parser.add_argument(
            "--accept",
            action="append",
            default=[],
            choices=[kind.value for kind in FindingKind if kind not in NEVER_ACCEPTED],
            help="load although this kind of finding is there; may be given several times",
        )
        parser.add_argument("--valid-from", default="", help="ISO 8601 with offset: from when on the file holds (default: now)")

    def handle(self, *args: Any, **options: Any) -> None:
        microgrid = self._microgrid(options["microgrid"], options["check"])
        columns = (TextColumn("{task.description:<14}"), BarColumn(), TimeElapsedColumn())
        with Progress(*columns, console=Console(stderr=True)) as bar:
            step = bar.add_task("reading", total=len(STEPS))
            try:
                file = read_network_file(options["path"])
                if microgrid is None:
                    report = TopologyReport(check(file.topology))
                else:
                    report = import_topology(
                        microgrid=microgrid,
                        file=file,
                        now=microgrid.now(timezone.now()),
                        valid_from=self._instant(options["valid_from"]),
                        accept=[FindingKind(name) for name in options["accept"]],
                        check_only=options["check"],
                        say=lambda text: bar.update(step, description=text, completed=STEPS.index(text)),
                    )
            except CannotReadNetwork as problem:
                raise CommandError(str(problem)) from None
            bar.update(step, description="done", completed=len(STEPS))
        for finding in report.findings:
            self.stdout.write(f"{'error' if finding.is_error else 'note'}: {finding.sentence}")
        topology = file.topology
        self.stdout.write(
            f"{file.source} ({file.format}): {len(topology.nodes)} nodes, {len(topology.lines)} lines, "
            f"{len(topology.transformers)} transformers, {len(topology.switches)} switches; {_outcome(report, options['check'])}"
        )

    def _microgrid(self, slug: str, only_check: bool) -> Microgrid | None:
        """The one that is meant; a file can be checked by itself where none is named."""
        if only_check and not slug and Microgrid.objects.count() != 1:
            return None
        return chosen_microgrid(slug)

    def _instant(self, text: str) -> datetime | None:
        if not text:
            return None
        try:
            instant = parse_datetime(text)
        except ValueError:
            instant = None
        if instant is None or instant.tzinfo is None or not FIRST_YEAR <= instant.year <= LAST_YEAR:
            raise CommandError(f"--valid-from {text}: write it as 2026-03-01T00:00:00+01:00")
        return instant


def _outcome(report: TopologyReport, only_checked: bool) -> str:
    if report.is_unchanged:
        return "nothing would change" if only_checked and report.added else "checked" if only_checked else "nothing changed"
    words = [
        f"{count} {name} {verb}"
        for verb, counts in (("added", report.added), ("changed", report.changed), ("ended", report.ended))
        for name, count in counts.items()
        if count
    ]
    return ("would be: " if only_checked else "") + ", ".join(words)
