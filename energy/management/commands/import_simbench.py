"""`manage.py import_simbench DIR`: a network in SimBench's format becomes a microgrid."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console

from energy.adapters.simbench_folder import CannotReadNetwork
from energy.services.import_simbench import import_network
from members.models import Cooperative


class Command(BaseCommand):
    """Loads a network wholly or not at all; the same folder again changes nothing."""

    help = "Load a network in SimBench's format (a folder of CSV files) as a microgrid."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path)
        parser.add_argument("--cooperative", default="", help="slug; may be left out where there is only one")
        parser.add_argument(
            "--microgrid", default="", help="slug of the microgrid; default: the folder's name"
        )
        parser.add_argument("--name", default="")
        parser.add_argument("--time-zone", default="Europe/Berlin")

    def handle(self, *args: Any, **options: Any) -> None:
        slug = options["microgrid"] or options["folder"].resolve().name.replace(" ", "-").lower()[:50]
        console = Console(stderr=True)
        with console.status("Loading the network ...") as status:
            try:
                report = import_network(
                    folder=options["folder"], cooperative=self._cooperative(options["cooperative"]), slug=slug,
                    name=options["name"] or slug, time_zone=options["time_zone"],
                    say=lambda text: status.update(f"Loading the network: {text} ..."),
                )  # fmt: skip
            except CannotReadNetwork as problem:
                raise CommandError(str(problem)) from None
        verb = "loaded" if report.created else "was there already, nothing changed"
        self.stdout.write(
            f"{slug}: {verb}; {report.sites} sites, {report.meters} meters, {report.sources} sources, "
            f"{report.storages} storages"
        )

    def _cooperative(self, slug: str) -> Cooperative:
        found = Cooperative.objects.filter(slug=slug) if slug else Cooperative.objects.all()
        if found.count() != 1:
            raise CommandError("Name the cooperative with --cooperative SLUG (make it in the admin first).")
        return found.get()
