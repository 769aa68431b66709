"""`manage.py simulate_meters`: the virtual village sends what real meters would send."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from energy.management.microgrids import chosen_microgrid
from energy.models import Microgrid
from grid.adapters.virtual_devices import CannotDeliver
from grid.selectors.village import profile_days
from grid.services.village_live import CannotLive, live, set_speed
from grid.services.village_replay import replay_days
from kernel.intervals import CannotReadPeriod, Month

FASTEST = 300.0


class Command(BaseCommand):
    """Replays a month as one message per meter and day, or lives on from what the microgrid's clock shows."""

    help = "Let the virtual meters of an imported network measure, sign and send."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--microgrid", default="", help="slug; may be left out where there is only one")
        parser.add_argument("--month", help="replay this month, for example 2016-03, until every message has its receipt")
        parser.add_argument("--speed", type=float, help="live: how fast the microgrid's clock runs, 1 is real time")
        parser.add_argument("--every", type=float, default=4.0, help="live: seconds between samples")

    def handle(self, *args: Any, **options: Any) -> None:
        microgrid = chosen_microgrid(options["microgrid"])
        if not profile_days(microgrid):  # its meters are real: no clock is turned, no device takes the place of another
            raise CommandError(f"{microgrid} has no virtual meters; a network that import_simbench loaded has.")
        if options["month"]:
            self._replay(microgrid, options["month"])
        else:
            self._live(microgrid, options["speed"], options["every"])

    def _live(self, microgrid: Microgrid, speed: float | None, every_s: float) -> None:
        if speed is not None and not 0 < speed <= FASTEST:
            raise CommandError(f"The speed must lie between 0 and {FASTEST:.0f}.")
        if not 0.2 <= every_s <= 60:
            raise CommandError("The samples must be 0.2 to 60 seconds apart.")
        if speed is not None and speed != microgrid.clock_speed:
            set_speed(microgrid=microgrid, speed=speed, real_now=timezone.now())
        shown = microgrid.now(timezone.now()).astimezone(microgrid.zone)
        self.stdout.write(f"The clock shows {shown:%Y-%m-%d %H:%M}, {microgrid.clock_speed:g} times real time.")
        try:
            live(microgrid=microgrid, every_s=every_s, real_clock=timezone.now)
        except CannotLive as problem:
            raise CommandError(str(problem)) from None

    def _replay(self, microgrid: Microgrid, text: str) -> None:
        try:
            wanted = Month.parse(text or "")
        except CannotReadPeriod as problem:
            raise CommandError(str(problem)) from None
        days = [day for day in profile_days(microgrid) if (day.year, day.month) == (wanted.year, wanted.month)]
        if not days:
            raise CommandError(f"There are no profiles for {wanted}.")
        columns = (TextColumn("messages"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, transient=True) as bar:
            task = bar.add_task("send")
            try:
                tally = replay_days(
                    microgrid=microgrid, days=days, on_progress=lambda done, total: bar.update(task, completed=done, total=total)
                )
            except CannotDeliver as problem:
                raise CommandError(str(problem)) from None
        self.stdout.write(f"{tally.accepted} accepted, {tally.replayed} known already, {tally.refused} refused")
