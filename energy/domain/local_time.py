"""Wall-clock labels as instants, both days on which clocks change included; arrays, no loop over readings."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

Seconds = NDArray[np.int64]
DAY_S = 86_400
LONGEST_SPAN_DAYS = 40_000


@dataclass(frozen=True, slots=True)
class Resolved:
    """Instants of wall-clock labels.

    Attributes:
        instants_s: int64 [n] [s since 1970].
        skipped: bool [n], the label stands in the hour that clocks leave out.
        repeated_too_often: bool [n], a label of the repeated hour stands a third time.
    """

    instants_s: Seconds
    skipped: NDArray[np.bool_]
    repeated_too_often: NDArray[np.bool_]


def _offset_s(zone: ZoneInfo, instant_s: int) -> int:
    found = datetime.fromtimestamp(instant_s, UTC).astimezone(zone).utcoffset()
    return int((found or timedelta()).total_seconds())


@lru_cache(maxsize=32)
def _changes(zone: ZoneInfo, first_day: int, last_day: int) -> tuple[tuple[int, int, int], ...]:
    """Instants at which the zone's offset changes between two days since 1970, with the offsets before and after [s]."""
    found = []
    before = _offset_s(zone, first_day * DAY_S)
    for day in range(first_day, last_day + 1):
        after = _offset_s(zone, (day + 1) * DAY_S)
        if after != before:
            low, high = day * DAY_S, (day + 1) * DAY_S
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if _offset_s(zone, middle) == before else (low, middle)
            found.append((high, before, after))
            before = after
    return tuple(found)


def resolve_local(labels_s: Seconds, zone: ZoneInfo, series: Seconds) -> Resolved:
    """Return the instants of wall-clock labels [s, as if the clock were UTC].

    Labels of one series stand together, in the order of the file: where the hour repeats, the first pass comes first and a
    label that goes back (or stands still) begins the second pass.

    Args:
        labels_s: int64 [n].
        series: int64 [n], equal for readings of one meter and channel.
    """
    nothing = np.zeros(len(labels_s), dtype=bool)
    if not len(labels_s):
        return Resolved(labels_s.copy(), nothing, nothing.copy())
    first, last = int(labels_s.min()) // DAY_S - 2, int(labels_s.max()) // DAY_S + 2
    if last - first > LONGEST_SPAN_DAYS:
        raise ValueError("the file spans more than a century")
    changes = _changes(zone, first, last)
    at = np.array([change[0] for change in changes], dtype=np.int64)
    before = np.array([_offset_s(zone, first * DAY_S), *(change[2] for change in changes)], dtype=np.int64)
    # The label at which the old offset ends: forward the hour after it does not exist, backward the hour before it repeats.
    ends = at + before[:-1]
    passed = np.searchsorted(ends, labels_s, side="right")
    offsets = before[passed]
    skipped, too_often = nothing, nothing.copy()
    forward = passed > 0
    if len(at):
        resumes = at[np.maximum(passed - 1, 0)] + before[passed]
        skipped = forward & (labels_s < resumes)
        coming = np.minimum(passed, len(at) - 1)
        again = (passed < len(at)) & (labels_s >= at[coming] + before[coming + 1])
        again &= before[coming + 1] < before[coming]
        places = np.flatnonzero(again)
        passes = _passes(labels_s[places], series[places], coming[places])
        offsets[places] = np.where(passes > 0, before[coming[places] + 1], before[coming[places]])
        too_often[places] = passes > 1
    return Resolved(labels_s - offsets, skipped, too_often)


def _passes(labels_s: Seconds, series: Seconds, change: NDArray[np.int64]) -> NDArray[np.int64]:
    """How often a label of the repeated hour has gone back before, within its series and day; int64 [n]."""
    if not len(labels_s):
        return np.zeros(0, dtype=np.int64)
    fresh = np.ones(len(labels_s), dtype=bool)
    fresh[1:] = (series[1:] != series[:-1]) | (change[1:] != change[:-1])
    back = np.zeros(len(labels_s), dtype=np.int64)
    back[1:] = labels_s[1:] <= labels_s[:-1]
    back[fresh] = 0
    total = np.cumsum(back)
    starts = np.flatnonzero(fresh)
    return total - np.repeat(total[starts], np.diff(np.append(starts, len(labels_s))))


def local_labels(instants_s: Seconds, zone: ZoneInfo) -> list[datetime]:
    """The wall-clock times of instants, with their offsets."""
    return [datetime.fromtimestamp(s, UTC).astimezone(zone) for s in instants_s.tolist()]
