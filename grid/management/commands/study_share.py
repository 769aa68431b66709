"""`manage.py study_share CASE.json`: who receives whose energy, at what price, for anybody's members and any rule."""

from argparse import ArgumentParser
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from energy.adapters.study_folder import CannotStudy
from energy.management.studies import StudyCommand
from grid.adapters.share_file import CannotReadCase, read_share_file, result_as_json
from grid.domain.sharing.case import share_case


class Command(StudyCommand):
    """The same keys, price rules and auction as the application's, on one file."""

    help = "Share and price the local energy of a case by one of the five keys."

    def add_inputs(self, parser: ArgumentParser) -> None:
        parser.add_argument("case", type=Path)

    def study(self, **options: Any) -> Mapping[str, Any]:
        try:
            case = read_share_file(options["case"])
        except CannotReadCase as wrong:
            raise CannotStudy(str(wrong)) from None
        return result_as_json(case, share_case(case))
