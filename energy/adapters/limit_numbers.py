"""Learned limits as JSON, one object per meter and channel, and back as arrays for the meters of a block."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from energy.domain.meter_class import MeterClass, number_of
from energy.domain.spikes import SpikeLimits
from energy.domain.stuck_values import StuckLimits
from energy.domain.unusual_days import DayLimits
from energy.domain.validation import Limits, unlearned

Numbers = dict[str, Any]
DAY_FIELDS = ("most_above", "most_below", "total_above", "total_below", "slopes")


def write_numbers(limits: Limits, meter_ids: Sequence[int]) -> list[Numbers]:
    """One JSON object per meter; peers are named by their ids, what is unlimited is null."""
    return [_one(limits, row, meter_ids) for row in range(len(meter_ids))]


def _one(limits: Limits, row: int, meter_ids: Sequence[int]) -> Numbers:
    days = limits.days
    return {
        "doubted": bool(limits.doubted[row]),
        "never_zero": bool(limits.never_zero[row]),
        "twilight": bool(limits.twilight[row]),
        "height_wh": _plain(limits.spikes.height_wh[row]),
        "rise_wh": _plain(limits.spikes.rise_wh[row]),
        "by_size": limits.stuck.by_size[row].tolist(),
        "levels_wh": [_plain(value) for value in limits.stuck.levels_wh[row]],
        "by_level": limits.stuck.by_level[row].tolist(),
        "kind_shifts": days.kind_shifts[row].tolist(),
        "weights": days.weights[row].tolist(),
        "peers": [meter_ids[p] if p >= 0 else None for p in days.peers[row]],
        **{name: _plain(getattr(days, name)[row]) for name in DAY_FIELDS},
    }


def _plain(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def read_numbers(found: Sequence[tuple[MeterClass, Numbers] | None], meter_ids: Sequence[int], is_production: NDArray[np.bool_]) -> Limits:
    """Limits for the meters of a block; a row without numbers is one of which nothing is known."""
    blank = unlearned(is_production)
    row_of = {meter: row for row, meter in enumerate(meter_ids)}
    columns: dict[str, NDArray[Any]] = {
        "classes": blank.classes.copy(),
        "doubted": blank.doubted.copy(),
        "never_zero": blank.never_zero.copy(),
        "twilight": blank.twilight.copy(),
        "height_wh": blank.spikes.height_wh.copy(),
        "rise_wh": blank.spikes.rise_wh.copy(),
        "by_size": blank.stuck.by_size.copy(),
        "levels_wh": blank.stuck.levels_wh.copy(),
        "by_level": blank.stuck.by_level.copy(),
        "kind_shifts": blank.days.kind_shifts.copy(),
        "weights": blank.days.weights.copy(),
        "peers": blank.days.peers.copy(),
        **{name: getattr(blank.days, name).copy() for name in DAY_FIELDS},
    }
    for row, one in enumerate(found):
        if one is None:
            continue
        meter_class, numbers = one
        columns["classes"][row] = number_of(meter_class)
        for name, values in numbers.items():
            if name == "peers":
                columns[name][row] = [row_of.get(meter, -1) for meter in values]
            elif name == "levels_wh":
                columns[name][row] = [math.nan if value is None else value for value in values]
            else:
                columns[name][row] = math.inf if values is None else values
    c = columns
    return Limits(
        c["classes"],
        c["doubted"],
        blank.night_share,
        c["never_zero"],
        c["twilight"],
        SpikeLimits(c["height_wh"], c["rise_wh"]),
        StuckLimits(c["by_size"], c["levels_wh"], c["by_level"]),
        DayLimits(
            c["kind_shifts"],
            c["weights"],
            c["peers"],
            c["slopes"],
            c["most_above"],
            c["most_below"],
            c["total_above"],
            c["total_below"],
            False,
        ),
    )
