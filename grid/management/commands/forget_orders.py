"""`manage.py forget_orders [--months 12] [--archive FOLDER]`: months of market orders that are old enough and settled, dropped."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from grid.services.order_books import forget_orders


class Command(BaseCommand):
    """What the schedule does each night, by hand: prints each month, how many orders it held, and why it is kept if it is."""

    help = "Forget the order books of old, settled months."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--months", type=int, default=settings.ORDER_MONTHS, help="to keep; 0: all")
        parser.add_argument("--archive", type=Path, default=settings.ORDER_ARCHIVE or None, help="folder for a copy")

    def handle(self, *args: Any, **options: Any) -> None:
        archive = options["archive"]
        if archive is not None and not archive.is_dir():
            raise CommandError(f"{archive}: there is no such folder; make it first.")
        if options["months"] < 0:
            raise CommandError("--months: must be 0 or more.")
        looked = forget_orders(now=timezone.now(), keep_months=options["months"], archive=archive)
        rows = [{"month": f"{x.month:%Y-%m}", "orders": x.orders, "kept_because": x.kept_because} for x in looked]
        self.stdout.write(json.dumps({"months": rows}))
