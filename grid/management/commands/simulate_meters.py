"""`manage.py simulate_meters`: the virtual village sends what real meters would send."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from energy.models import Microgrid
from grid.adapters.virtual_devices import CannotDeliver
from grid.selectors.village import profile_days
from grid.services.village_replay import replay_days
from kernel.intervals import CannotReadPeriod, Month


class Command(BaseCommand):
    """Replays a month as one message per meter and day."""

    help = "Let the virtual meters of an imported network measure, sign and send."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--microgrid", default="", help="slug; may be left out where there is only one")
        parser.add_argument(
            "--month", help="replay this month, for example 2016-03, until every message has its receipt"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        microgrid = self._microgrid(options["microgrid"])
        self._replay(microgrid, options["month"])

    def _microgrid(self, slug: str) -> Microgrid:
        found = Microgrid.objects.filter(slug=slug) if slug else Microgrid.objects.all()
        if found.count() != 1:
            raise CommandError("Name the microgrid with --microgrid SLUG (import_simbench makes one).")
        return found.get()

    def _replay(self, microgrid: Microgrid, text: str) -> None:
        try:
            wanted = Month.parse(text or "")
        except CannotReadPeriod as problem:
            raise CommandError(str(problem)) from None
        days = [
            day for day in profile_days(microgrid) if (day.year, day.month) == (wanted.year, wanted.month)
        ]
        if not days:
            raise CommandError(f"There are no profiles for {wanted}.")
        columns = (TextColumn("messages"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, transient=True) as bar:
            task = bar.add_task("send")
            try:
                tally = replay_days(
                    microgrid=microgrid, days=days,
                    on_progress=lambda done, total: bar.update(task, completed=done, total=total),
                )  # fmt: skip
            except CannotDeliver as problem:
                raise CommandError(str(problem)) from None
        self.stdout.write(
            f"{tally.accepted} accepted, {tally.replayed} known already, {tally.refused} refused"
        )
