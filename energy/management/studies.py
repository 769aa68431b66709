"""What all commands `study_*` have in common: one JSON object last on stdout; bad input ends in one line and exit code 2."""

import json
import sys
from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.core.management.base import BaseCommand

from energy.adapters.study_folder import CannotStudy


def time_zone(name: str) -> ZoneInfo:
    """The zone of that IANA name, for `--tz`.

    Raises:
        CannotStudy: there is none.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise CannotStudy(f"--tz {name}: there is no such time zone; write it as Europe/Berlin") from None


class StudyCommand(BaseCommand):
    """A study from files, without a database: subclasses say what it takes and what it finds."""

    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print the result as JSON (always done)")
        self.add_inputs(parser)

    def add_inputs(self, parser: ArgumentParser) -> None:
        """Declare what the study reads."""
        raise NotImplementedError

    def study(self, **options: Any) -> Mapping[str, Any]:
        """Return the result, ready for JSON."""
        raise NotImplementedError

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            result = self.study(**options)
        except CannotStudy as problem:
            self.stderr.write(" ".join(str(problem).split()))
            sys.exit(2)
        self.stdout.write(json.dumps(result, allow_nan=False))
