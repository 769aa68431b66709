"""`manage.py study_plan SCENARIO.json`: the best plan of storages and flexible loads for anybody's prices, load and production."""

from argparse import ArgumentParser
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from energy.adapters.study_folder import CannotStudy
from energy.management.studies import StudyCommand
from grid.adapters.plan_file import CannotReadPlan, plan_as_json, read_plan_file
from grid.adapters.solver_output import solver_output_on_stderr
from grid.domain.planning.program import CannotFindPlan
from grid.domain.planning.search import find_plan


class Command(StudyCommand):
    """The same search as the application's rolling plan, on one file."""

    help = "Find the plan of least cost for the storages and flexible loads of a scenario."

    def add_inputs(self, parser: ArgumentParser) -> None:
        parser.add_argument("scenario", type=Path)

    def study(self, **options: Any) -> Mapping[str, Any]:
        try:
            problem = read_plan_file(options["scenario"])
        except CannotReadPlan as wrong:
            raise CannotStudy(str(wrong)) from None
        try:
            with solver_output_on_stderr():
                plan = find_plan(problem)
        except CannotFindPlan as wrong:
            raise CannotStudy(f"{options['scenario'].name}: {wrong}") from None
        return plan_as_json(problem, plan)
