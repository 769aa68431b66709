"""Days that are not closed yet, with every value there: what was measured so far, and the usual estimates where nothing was."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from energy.domain.gap_estimates import LIKE_DAYS_WITHIN, GapInput, estimate_gaps
from energy.domain.quality import METHOD_MASK, Method
from energy.models import Microgrid
from energy.selectors.day_block import axis_until
from energy.selectors.meter_days import day_offsets, load_channel


@dataclass(frozen=True, slots=True)
class EstimatedDays:
    """One channel of some meters over some days.

    Attributes:
        values_wh: int64 [m, T].
        estimated: bool [m, d], days on which any value is no measured one.
    """

    values_wh: NDArray[np.int64]
    estimated: NDArray[np.bool_]


def estimated_days(*, microgrid: Microgrid, channel: int, days: Sequence[date], meter_ids: Sequence[int]) -> EstimatedDays:
    """Values of meters, ascending by id, over days in order, gaps filled as they would be if nothing came any more.

    A day's closing knows more (registers, the class, the sun), so it may find other values for the same gaps.
    """
    days = sorted(days)
    counts = np.diff(day_offsets(microgrid, days))
    if not days or not meter_ids:
        return EstimatedDays(np.zeros((len(meter_ids), int(counts.sum())), np.int64), np.zeros((len(meter_ids), len(days)), bool))
    axis = axis_until(microgrid, days[-1], (days[-1] - days[0]).days + LIKE_DAYS_WITHIN)
    block = load_channel(microgrid=microgrid, channel=channel, days=axis.days, meter_ids=meter_ids)
    method = block.quality & METHOD_MASK
    known = np.repeat(block.present, axis.counts, axis=1) & (method != Method.MISSING)
    wanted = np.isin(axis.day_of, [(day - axis.days[0]).days for day in days])
    missing = ~known & wanted
    trusted = known & ((method == Method.MEASURED) | (method == Method.EDITED))
    found = estimate_gaps(
        GapInput(
            axis,
            np.where(known, block.values_wh, np.nan).astype(np.float32),
            missing,
            known,
            trusted,
            np.zeros(len(block.meter_ids), np.int64),
            np.ones(len(block.meter_ids)),
            np.zeros(len(block.meter_ids), bool),
            None,
            None,
            np.full(len(block.meter_ids), np.inf),
        )
    )
    values = block.values_wh.copy()
    values[found.meters, found.intervals] = found.wh
    chosen = [(day - axis.days[0]).days for day in days]
    return EstimatedDays(values[:, wanted], axis.per_day(np.logical_or, ~trusted)[:, chosen])
