"""`manage.py import_simbench DIR`: a network in SimBench's format becomes a microgrid."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.text import slugify
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from energy.adapters.simbench_folder import CannotReadNetwork
from energy.management.arguments import slug, zone_name
from energy.management.microgrids import chosen_cooperative
from energy.services.import_simbench import import_network

STEPS = ("reading profiles", "laying wires", "connecting sites", "loading profiles")


def _bar() -> Progress:
    return Progress(TextColumn("{task.description:<18}"), BarColumn(), TimeElapsedColumn(), console=Console(stderr=True))


class Command(BaseCommand):
    """Loads a network wholly or not at all; the same folder again changes nothing."""

    help = "Load a network in SimBench's format (a folder of CSV files) as a microgrid."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path)
        parser.add_argument("--cooperative", default="", help="slug; may be left out where there is only one")
        parser.add_argument("--microgrid", type=slug, default=None, help="slug of the microgrid; default: the folder's name")
        parser.add_argument("--name", default="")
        parser.add_argument("--time-zone", type=zone_name, default="Europe/Berlin")

    def handle(self, *args: Any, **options: Any) -> None:
        name = options["microgrid"] or slugify(options["folder"].resolve().name)[:50] or "network"
        with _bar() as bar:
            step = bar.add_task("checking files", total=len(STEPS) + 1)
            try:
                report = import_network(
                    folder=options["folder"],
                    cooperative=chosen_cooperative(options["cooperative"]),
                    slug=name,
                    name=options["name"] or name,
                    time_zone=options["time_zone"],
                    say=lambda text: bar.update(step, description=text, completed=STEPS.index(text) + 1),
                )
            except CannotReadNetwork as problem:
                raise CommandError(str(problem)) from None
            bar.update(step, description="done", completed=len(STEPS) + 1)
        verb = "loaded" if report.created else "was there already, nothing changed"
        self.stdout.write(
            f"{name}: {verb}; {report.sites} sites, {report.meters} meters, {report.sources} sources, {report.storages} storages"
        )
