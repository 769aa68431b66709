"""`manage.py study_powerflow FOLDER --month YYYY-MM`: voltages, loadings and losses of a network's month, quarter hour by quarter hour."""

from argparse import ArgumentParser
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from energy.adapters.simbench_folder import CannotReadNetwork
from energy.adapters.study_folder import CannotStudy
from energy.management.studies import StudyCommand
from grid.adapters.simbench_flow import CannotChooseDays, read_flow_folder
from grid.domain.network.flow_series import solve_series
from grid.domain.network.powerflow import CannotSolve
from kernel.intervals import CannotReadPeriod, Month

ZONE = ZoneInfo("Europe/Berlin")
SAME = 1e-10  # of what comes out of the same draws at two instants, worked on in different company


class Command(StudyCommand):
    """The whole month in one batch; constant powers, balanced phases, storages idle."""

    help = "Compute the power flow of one month of a network in SimBench's format."

    def add_inputs(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path)
        parser.add_argument("--month", required=True, help="for example 2016-03, by the clock of Europe/Berlin")

    def study(self, **options: Any) -> Mapping[str, Any]:
        try:
            month = Month.parse(options["month"])
            folder = read_flow_folder(options["folder"], ZONE)
            rows = folder.rows_of(month, ZONE)
            draw_w, draw_var = folder.draw(rows)
            flow = solve_series(folder.network, draw_w, draw_var)
        except (CannotReadPeriod, CannotReadNetwork, CannotChooseDays) as problem:
            raise CannotStudy(str(problem)) from None
        except CannotSolve as problem:
            raise CannotStudy(
                f"{options['folder'].name}: {problem} Look at pLoad and pRES, at r, x and length of lines, and at vmSetp."
            ) from None
        starts = folder.starts[rows]
        voltage = flow.voltage_pu
        lost = [code for code, seen in zip(folder.node_codes, ~np.isnan(voltage[0]), strict=True) if not seen]
        if lost:
            raise CannotStudy(f"nodes.csv: no line leads to {lost[0]}; {len(lost)} nodes have no path to a held voltage")
        return {
            "intervals": len(starts),
            "losses_wh": float(flow.losses_w.sum()) / 4,
            "nodes": {
                code: _extreme("vm_pu_min", voltage[:, i], np.argmin, starts) | _extreme("vm_pu_max", voltage[:, i], np.argmax, starts)
                for i, code in enumerate(folder.node_codes)
                if folder.is_busbar[i]
            },
            "lines": _loadings([w.code for w in folder.network.wires], flow.line_loading, starts),
            "transformers": _loadings([t.code for t in folder.network.transformers], flow.transformer_loading, starts),
        }


def _extreme(name: str, values: NDArray[np.float64], which: Any, starts: list[datetime]) -> dict[str, Any]:
    """The first interval at which a series is at its lowest or highest; equal but for rounding is equal."""
    at = int(np.argmax(np.abs(values - values[which(values)]) <= SAME))
    return {name: float(values[at]), f"{name}_at": starts[at].astimezone(ZONE).isoformat()}


def _loadings(codes: list[str], loading: NDArray[np.float64], starts: list[datetime]) -> dict[str, dict[str, Any]]:
    return {code: _extreme("loading_percent_max", loading[:, i] * 100, np.argmax, starts) for i, code in enumerate(codes)}
