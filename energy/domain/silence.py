"""Who should have been heard and was not: meters that stop, and meters that send zeros where their like days do not."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LATE_AFTER_INTERVALS = 2
LEAST_LIKE_DAYS = 4
LEAST_SHARE_OF_MEDIAN = 0.4  # the least like day must hold this much of the middle one, else zero is in the habit
LEAST_WH = 4
WEATHER_SHARE, WEATHER_INTERVALS = 0.2, 8  # of the plants at once, for two hours: fog and snow, not silence


@dataclass(frozen=True, slots=True)
class Heard:
    """What was measured of m meters over consecutive intervals up to now.

    Attributes:
        values_wh: int64 [m, t], all channels of a meter together, the last interval the newest that is over.
        measured: bool [m, t].
        like_wh: int64 [m, l, t], the same intervals of l like days, in any order.
        like_measured: bool [m, l, t].
        intervals_per_message: float64 [m], how many intervals a message of the meter usually brings, at least 1.
        is_plant: bool [m], what it measures follows the weather, so many at once say little for a while.
    """

    values_wh: NDArray[np.int64]
    measured: NDArray[np.bool_]
    like_wh: NDArray[np.int64]
    like_measured: NDArray[np.bool_]
    intervals_per_message: NDArray[np.float64]
    is_plant: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found, by meter.

    Attributes:
        silent_for: int64 [m], intervals since the newest measured one; t + 1 where none was.
        stopped: bool [m], silent for twice as long as between two of its messages, two intervals at least.
        zeros_for: int64 [m], how many of the newest measured intervals in a row are zero against the habit; 0 for none.
    """

    silent_for: NDArray[np.int64]
    stopped: NDArray[np.bool_]
    zeros_for: NDArray[np.int64]


def judge(heard: Heard) -> Verdict:
    """Judge each meter on its newest intervals."""
    silent_for = intervals_since(heard.measured)
    longest = heard.measured.shape[1]
    known = silent_for <= longest
    late = LATE_AFTER_INTERVALS * np.maximum(heard.intervals_per_message, 1.0)
    stopped = known & (silent_for >= late)
    zeros = np.where(known & ~stopped, zeros_against_habit(heard, silent_for), 0)
    plants = heard.is_plant & known & ~stopped
    if (zeros[plants] > 0).mean() > WEATHER_SHARE if plants.any() else False:
        zeros = np.where(plants & (zeros < WEATHER_INTERVALS), 0, zeros)
    return Verdict(silent_for, stopped, zeros.astype(np.int64))


def intervals_since(measured: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Intervals after the newest measured one, int64 [m]; one more than there are where none was."""
    count = measured.shape[1]
    newest = np.where(measured.any(axis=1), count - 1 - np.argmax(measured[:, ::-1], axis=1), -2)
    return np.asarray(count - 1 - newest, dtype=np.int64)


def zeros_against_habit(heard: Heard, silent_for: NDArray[np.int64]) -> NDArray[np.int64]:
    """How many of the newest measured intervals are zero where at least four like days never were, int64 [m]; 0 for none.

    Two in a row are enough, if the least of the like days still had two fifths of what the middle one had in the same two.
    """
    count = heard.values_wh.shape[1]
    meters = np.arange(len(heard.values_wh))
    last = np.clip(count - 1 - silent_for, 1, count - 1)
    pair = np.stack([last - 1, last], axis=1)
    own = heard.values_wh[meters[:, None], pair]
    there = heard.measured[meters[:, None], pair].all(axis=1)
    like = np.where(
        heard.like_measured[meters[:, None], :, pair].all(axis=1),
        heard.like_wh[meters[:, None], :, pair].sum(axis=1).astype(np.float64),
        np.nan,
    )
    enough = (~np.isnan(like)).sum(axis=1) >= LEAST_LIKE_DAYS
    filled = np.where(enough[:, None], like, 0.0)
    least, middle = np.nanmin(filled, axis=1, initial=np.inf), np.nanmedian(filled, axis=1)
    loud = there & enough & (own.sum(axis=1) == 0)
    loud &= (least >= LEAST_WH) & (least >= LEAST_SHARE_OF_MEDIAN * middle)
    return np.where(loud, _zero_run(heard, last), 0)


def _zero_run(heard: Heard, last: NDArray[np.int64]) -> NDArray[np.int64]:
    """The length of the run of measured zeros that ends at `last`."""
    count = heard.values_wh.shape[1]
    zero = heard.measured & (heard.values_wh == 0)
    place = np.arange(count)
    broken = np.where(~zero & (place <= last[:, None]), place, -1).max(axis=1)
    return np.asarray(last - broken, dtype=np.int64)
