"""Signs that somebody tampers with a meter or a device. Each is a reason for a person to look, none is a proof.

What is judged: refused messages in a row, registers that go back, a meter that stands still while its like days never did
(a magnet at the meter, a bridged coil), and one key whose messages come from two places in turn.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

REFUSALS_TO_ALARM = 5
REFUSALS_WITHIN = timedelta(hours=1)
COUNTERS_BACK_TO_ALARM = 3  # in an hour; a device that begins anew after a power cut may stumble once
SHORTEST_STANDSTILL = timedelta(hours=4)
LEAST_MISSED_WH = 300
FEWEST_LIKE_DAYS = 3
RETURNS_TO_ALARM = 2  # a device may change its way when one fails, and come back to it once
RETURNS_WITHIN = timedelta(hours=6)


def are_alarming(refused_at: Sequence[datetime]) -> bool:
    """Whether five refusals lie within an hour; `refused_at` holds the latest instants, the newest first."""
    if len(refused_at) < REFUSALS_TO_ALARM:
        return False
    return refused_at[0] - refused_at[REFUSALS_TO_ALARM - 1] <= REFUSALS_WITHIN


def registers_went_back(before_wh: NDArray[np.int64], after_wh: NDArray[np.int64], limit_wh: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether registers went back from one reading to a later one; int64 [n] each, bool [n].

    A register that rolls over at its limit falls by nearly the whole limit; less than half of it is no roll-over.
    """
    fallen = before_wh - after_wh
    return (fallen > 0) & (fallen < limit_wh // 2)


def missed_by_standstill(
    values_wh: NDArray[np.int64],
    measured: NDArray[np.bool_],
    like_wh: NDArray[np.int64],
    like_measured: NDArray[np.bool_],
    interval_minutes: int,
) -> NDArray[np.int64]:
    """The least energy that meters missed while they stood still [Wh]; 0 where there is no sign of it. int64 [n].

    A standstill is a run of measured zeros of at least four hours in which none of at least three like days was zero at any
    interval. What was missed is reckoned from the lowest like day of each interval, so that a holiday, a car that is seldom
    charged, or a roof that covers the noon does not count.

    Args:
        values_wh, measured: the day, [n, T].
        like_wh, like_measured: like days of the same length, [k, n, T].
        interval_minutes: length of an interval.
    """
    lowest = np.where(like_measured, like_wh, np.iinfo(np.int64).max).min(axis=0)
    known = like_measured.sum(axis=0) >= FEWEST_LIKE_DAYS
    stands = (values_wh == 0) & measured & known & (lowest > 0)
    shortest = int(SHORTEST_STANDSTILL / timedelta(minutes=interval_minutes))
    in_run = _long_runs(stands, shortest)
    missed = np.where(in_run, lowest, 0).sum(axis=1)
    return np.where(missed >= LEAST_MISSED_WH, missed, 0).astype(np.int64)


def _long_runs(flags: NDArray[np.bool_], shortest: int) -> NDArray[np.bool_]:
    """The flags that belong to runs of at least `shortest`, [n, T]."""
    n = flags.shape[0]
    edge = np.zeros((n, 1), dtype=bool)
    padded = np.concatenate([edge, flags, edge], axis=1).astype(np.int8)
    steps = np.diff(padded, axis=1)
    rows, starts = np.nonzero(steps == 1)
    _, ends = np.nonzero(steps == -1)
    is_long = ends - starts >= shortest
    marks = np.zeros((n, flags.shape[1] + 1), dtype=np.int32)
    np.add.at(marks, (rows[is_long], starts[is_long]), 1)
    np.add.at(marks, (rows[is_long], ends[is_long]), -1)
    return np.cumsum(marks, axis=1)[:, :-1] > 0


def returns_to_a_place(devices: NDArray[np.int64], places: NDArray[np.int64], at_s: NDArray[np.float64]) -> dict[int, int]:
    """How often each device's messages came back, within six hours, to a place that they had left; by device.

    Counters rise whoever holds the key, so two holders show themselves by taking turns: A, B, A, B. One device that changes its way
    once, or comes back once, is sound.

    Args:
        devices: int64 [m], of messages.
        places: int64 [m], a number for each way or address by which messages come.
        at_s: float64 [m], when they came [s]; in the order of counters within each device.
    """
    order = np.argsort(devices, kind="stable")
    devices, places, at_s = devices[order], places[order], at_s[order]
    turns = np.flatnonzero((devices[1:] == devices[:-1]) & (places[1:] != places[:-1])) + 1
    found: dict[int, int] = {}
    for first, second in zip(turns[:-1].tolist(), turns[1:].tolist(), strict=True):
        same = devices[first] == devices[second] and places[second] == places[first - 1]
        if same and at_s[second] - at_s[first] <= RETURNS_WITHIN.total_seconds():
            found[int(devices[second])] = found.get(int(devices[second]), 0) + 1
    return found
