"""`manage.py doctor`: what is in use, its version, reachable or not, and what to do."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from microgrid_site.checkup import Part, examine


class Command(BaseCommand):
    """One line for each part the installation stands on."""

    help = "Show what this installation stands on, one line each; ends with 1 when something needed cannot be reached."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="one JSON object instead of lines")

    def handle(self, *args: Any, **options: Any) -> None:
        parts = examine()
        healthy = all(part.ok for part in parts if part.needed)
        if options["json"]:
            self.stdout.write(json.dumps({"healthy": healthy, "parts": [part.as_dict() for part in parts]}))
        else:
            for part in parts:
                self.stdout.write(self._line(part))
        if not healthy:
            raise SystemExit(1)

    def _line(self, part: Part) -> str:
        line = f"{self._mark(part)} {part.name:<18} {part.version:<30} {part.in_use}"
        return f"{line} - {part.advice}" if part.advice else line

    def _mark(self, part: Part) -> str:
        if part.ok:
            return self.style.SUCCESS("ok     ")
        return self.style.ERROR("FAILED ") if part.needed else self.style.WARNING("missing")
