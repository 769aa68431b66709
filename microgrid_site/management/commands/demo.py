"""`script/demo`: the whole cooperative on this machine."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from billing.services.runs import CannotBill
from energy.adapters.simbench_folder import CannotReadNetwork
from energy.management.arguments import between
from grid.adapters.virtual_devices import CannotDeliver
from kernel.intervals import CannotReadPeriod, Month
from microgrid_site.demo.export import export_month
from microgrid_site.demo.once import Stalled, chosen_data, run_once
from microgrid_site.demo.plan import CannotChooseMonth, DemoPlan
from microgrid_site.demo.progress import Progress
from microgrid_site.demo.stay import stay_up
from microgrid_site.embedded.processes import CannotStart


class Command(BaseCommand):
    """Loads a network, lets a month pass through every room, then stays up; with --once it ends there."""

    help = "Run the demo cooperative. Without --once it stays up until Ctrl-C."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="one pass over the month, then end")
        parser.add_argument("--json", action="store_true", help="print one JSON object last on stdout")
        parser.add_argument("--data", type=Path, help="a folder in SimBench's format; default: the demo network")
        parser.add_argument("--month", help="the month to settle, for example 2016-03")
        parser.add_argument("--var", type=Path, help="folder for everything that is written; default: var")
        parser.add_argument("--speed", type=between(0.1, 300), default=30.0, help="how fast the village lives when it stays up; default 30")
        parser.add_argument("--export", type=Path, help="write what an auditor needs to this folder")

    def handle(self, *args: Any, **options: Any) -> None:
        progress = Progress()
        try:
            month = Month.parse(options["month"]) if options["month"] else None
            data = chosen_data(options["data"])
            plan = DemoPlan(data, month, options["export"], shows_steering=options["once"])
            report, one = run_once(plan, progress)
        except (CannotReadPeriod, CannotChooseMonth, CannotReadNetwork, CannotDeliver, CannotBill, CannotStart, Stalled) as problem:
            raise CommandError(str(problem)) from None
        if plan.export:
            export_month(one.microgrid, one.days, one.run, plan.export)
            progress.say(f"An auditor's files are in {plan.export}.")
        if report["unchanged"]:
            progress.say("Nothing changed: this month was settled already.")
        for finding in report["findings"]:
            progress.say(f"[red]{finding}[/]")
        if options["json"]:
            self.stdout.write(json.dumps(report))
        if not options["once"]:
            try:
                stay_up(one, progress, speed=options["speed"])
            except CannotStart as problem:
                raise CommandError(str(problem)) from None
