"""Outages of sources, found by their neighbours: who gives nothing while the others produce does not work.

Each source's yield (energy over rating) is set against the median of the others of its kind in the same interval; no weather is
needed. A silent meter is not an outage: only measured intervals count. A roof that lies in the shade of a hill each morning is not
off either: at times of day at which a source is often dark while others shine it is not judged.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

LEAST_NEIGHBOURS = 2
NEIGHBOURS_AT_LEAST = 0.08
OWN_AT_MOST = 0.05
LEAST_INTERVALS = 6
LEAST_LOST_H = 0.2
HABIT_DAYS = 41
HABIT_SHARE = 0.15
DARK_DAY = 0.02
REDUCED_BELOW = 0.7
REDUCED_DAYS = 4
LEAST_DAY_YIELD_H = 0.4
LEVEL_DAYS, LEVEL_PERCENTILE = 91, 60


class OutageKind(StrEnum):
    OFF = "off"
    REDUCED = "reduced"


@dataclass(frozen=True, slots=True)
class Outage:
    """A source off, or giving clearly less than usual, over intervals `[first, after)` of the axis."""

    source: int
    kind: OutageKind
    first: int
    after: int
    lost_wh: int


def median_of_others(values: Floats, known: Bools) -> Floats:
    """For each row the median of the other rows, column by column; NaN with fewer than two others. float64 [m, T].

    One sort serves all rows: leaving a row out moves the middle by at most one place.
    """
    rows = len(values)
    if rows <= LEAST_NEIGHBOURS:
        return np.full(values.shape, np.nan)
    filled = np.where(known, values, np.inf)
    order = filled.argsort(axis=0, kind="stable")
    ranks = order.argsort(axis=0, kind="stable")
    ordered = np.take_along_axis(filled, order, axis=0)
    others = known.sum(axis=0)[None, :] - known
    low, high = np.maximum(others - 1, 0) // 2, others // 2
    middle = [np.take_along_axis(ordered, np.minimum(place + (known & (place >= ranks)), rows - 1), axis=0) for place in (low, high)]
    out: Floats = np.where(others >= LEAST_NEIGHBOURS, (middle[0] + middle[1]) / 2, np.nan)
    return out


def expected_share(yields: Floats, others: Floats, known: Bools) -> Floats:
    """What each source usually gives for each unit of its neighbours' median; float64 [m], 1 where nothing is known."""
    there = known & np.isfinite(others) & (others > 0) & (yields > 0)
    above = np.where(there, yields, 0.0).sum(axis=1)
    below = np.where(there, others, 0.0).sum(axis=1)
    out: Floats = np.divide(above, below, out=np.ones(len(yields)), where=below > 0)
    return out


def often_dark(dark: Bools, bright: Bools, intervals_a_day: int) -> Bools:
    """At which times of day a source is often dark while others shine, within some weeks around; bool [m, T].

    Days on which it was dark throughout say nothing about its habits.
    """
    from scipy.ndimage import uniform_filter1d

    sources, length = dark.shape
    days = -(-length // intervals_a_day)
    shape = (sources, days, intervals_a_day)

    def by_day(values: Bools) -> Bools:
        return np.pad(values, ((0, 0), (0, days * intervals_a_day - length))).reshape(shape)

    bright_days, dark_days = by_day(bright), by_day(dark)
    some = (bright_days.sum(axis=2) - dark_days.sum(axis=2)) > DARK_DAY * bright_days.sum(axis=2)
    judged, hit = bright_days & some[:, :, None], dark_days & some[:, :, None]
    around = [uniform_filter1d(v.astype(np.float64), HABIT_DAYS, axis=1, mode="constant") for v in (judged, hit)]
    usual: Bools = around[1] > HABIT_SHARE * around[0] + 1e-9
    return usual.reshape(sources, -1)[:, :length]


def find_outages(
    production_wh: NDArray[np.int64], capacity_w: NDArray[np.int64], offsets: NDArray[np.int64], measured: Bools, interval_hours: float
) -> list[Outage]:
    """Outages of sources of one kind: production int64 [m, T], measured bool [m, T]; ordered by source and time.

    Off: at most a twentieth of what the neighbours let expect, while they give at least 8 % of their rating, for one and a half
    hours of such light or more; nights in between belong to it. Reduced: four days or more below 70 % of the usual share.
    The days of the axis follow each other without a hole.
    """
    full_wh = np.maximum(capacity_w, 1)[:, None] * interval_hours
    yields = production_wh / full_wh
    others = median_of_others(yields, measured)
    expected = others * expected_share(yields, others, measured)[:, None]
    bright = measured & (np.nan_to_num(others) >= NEIGHBOURS_AT_LEAST)
    off = bright & (yields <= OWN_AT_MOST * expected)
    judged = bright & ~often_dark(off, bright, round(24 / interval_hours))
    lost_wh = np.maximum(np.nan_to_num(expected) - yields, 0.0) * full_wh
    found = []
    for source in range(len(production_wh)):
        runs = [
            run for run in _runs(off[source], judged[source]) if lost_wh[source, run[0] : run[1]].sum() >= LEAST_LOST_H * capacity_w[source]
        ]
        found += [_outage(source, OutageKind.OFF, run, lost_wh[source]) for run in runs]
        found += _reduced(
            source, yields[source], np.nan_to_num(expected[source]), offsets, runs, measured[source], lost_wh[source], interval_hours
        )
    return sorted(found, key=lambda outage: (outage.source, outage.first))


def _outage(source: int, kind: OutageKind, run: tuple[int, int], lost_wh: Floats) -> Outage:
    return Outage(source, kind, run[0], run[1], round(float(lost_wh[run[0] : run[1]].sum())))


def _runs(off: Bools, judged: Bools) -> list[tuple[int, int]]:
    """Runs of `off` among the judged intervals; what cannot be judged (night, gaps) neither ends nor begins one."""
    places = np.flatnonzero(judged)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], off[places], [False]]).astype(np.int8)))
    return [(int(places[a]), int(places[b - 1]) + 1) for a, b in edges.reshape(-1, 2) if b - a >= LEAST_INTERVALS]


def _reduced(
    source: int,
    yields: Floats,
    expected: Floats,
    offsets: NDArray[np.int64],
    off: list[tuple[int, int]],
    measured: Bools,
    lost_wh: Floats,
    interval_hours: float,
) -> list[Outage]:
    """Runs of days with clearly less than usual in the weeks around, outside what was off.

    The weeks around, for a low winter sun suits one roof and not the next.
    """
    from scipy.ndimage import percentile_filter

    counted = measured.copy()
    for first, after in off:
        counted[first:after] = False
    own = np.add.reduceat(np.where(counted, yields, 0.0), offsets[:-1]) * interval_hours
    usual = np.add.reduceat(np.where(counted, expected, 0.0), offsets[:-1]) * interval_hours
    judged = np.flatnonzero(usual >= LEAST_DAY_YIELD_H)
    if not len(judged):
        return []
    share = own[judged] / usual[judged]
    level = percentile_filter(share, LEVEL_PERCENTILE, size=LEVEL_DAYS, mode="nearest")
    low = share < REDUCED_BELOW * level
    edges = np.flatnonzero(np.diff(np.concatenate([[False], low, [False]]).astype(np.int8)))
    return [
        _outage(source, OutageKind.REDUCED, (int(offsets[judged[a]]), int(offsets[judged[b - 1] + 1])), lost_wh)
        for a, b in edges.reshape(-1, 2)
        if b - a >= REDUCED_DAYS
    ]
