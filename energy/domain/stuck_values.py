"""Runs of the same value: which of them a meter does by itself, learned from the runs that are too short to be a fault.

A heat pump holds its level and a small meter its few Wh; a home's quarter hours hardly ever repeat three times.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from energy.domain.validation_rules import Runs

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
FAULT_LENGTH = 8
BUCKETS = 24
FALSE_RUNS_PER_INTERVAL = 0.25 / 35_040
LONGEST_ASKED = 10_000
LEVEL_RUNS = 12
LEVEL_LONG_RUNS = 3
LEVELS = 6
REST_SHARE = 0.02
REST_RUNS = 8


@dataclass(frozen=True, slots=True)
class StuckLimits:
    """From how many intervals on a run is a fault.

    Attributes:
        by_size: int64 [m, 24], for values whose binary logarithm lies in the bucket.
        levels_wh: float64 [m, 6], values that the meter holds by habit, NaN for none.
        by_level: int64 [m, 6], for these values.
    """

    by_size: Ints
    levels_wh: NDArray[np.float64]
    by_level: Ints

    @classmethod
    def never(cls, meters: int) -> "StuckLimits":
        """Limits that nothing passes."""
        longest = np.full((meters, LEVELS), LONGEST_ASKED, dtype=np.int64)
        return cls(np.full((meters, BUCKETS), LONGEST_ASKED, np.int64), np.full((meters, LEVELS), np.nan), longest)


def learn_stuck_limits(values_wh: Floats, same: NDArray[np.bool_], runs: Runs) -> StuckLimits:
    """Learn from `same` (see `repeats`) and all `runs` of two and more.

    Per size of value: how often a value repeats gives the length that chance alone reaches once in four years. A value with a dozen
    runs of at least half the fault's length, or three of the whole, is a level; a run there must be half as long again as the level's
    longest usual one, and at a level where the meter rests (a heat pump's standby) no run is a fault: nothing would tell it from rest.
    """
    meters = len(values_wh)
    by_size = np.full((meters, BUCKETS), FAULT_LENGTH, dtype=np.int64)
    levels = np.full((meters, LEVELS), np.nan)
    by_level = np.full((meters, LEVELS), FAULT_LENGTH, dtype=np.int64)
    run_values = values_wh[runs.meters, runs.firsts]
    starts = np.searchsorted(runs.meters, np.arange(meters + 1))
    for meter in np.unique(runs.meters):
        mine = slice(starts[meter], starts[meter + 1])
        lengths, held = runs.lengths[mine], run_values[mine]
        found = _levels(held, lengths, len(values_wh[meter]))
        for place, (value, length) in enumerate(found):
            levels[meter, place], by_level[meter, place] = value, length
        by_size[meter] = _lengths_by_size(values_wh[meter], held, lengths, [value for value, _ in found])
    return StuckLimits(by_size, levels, by_level)


def _levels(held: Floats, lengths: Ints, intervals: int) -> list[tuple[float, int]]:
    longish = lengths * 2 >= FAULT_LENGTH
    values, counts = np.unique(held[longish], return_counts=True)
    long = np.array([(lengths[held == value] >= FAULT_LENGTH).sum() for value in values])
    usual = (counts >= LEVEL_RUNS) | (long >= LEVEL_LONG_RUNS)
    chosen = values[usual][np.argsort(-counts[usual])][:LEVELS]
    result = []
    for value in chosen:
        own = np.sort(lengths[longish & (held == value)])
        longest = own[int(np.ceil(0.95 * (len(own) - 1)))]
        long_runs = own[own >= FAULT_LENGTH]
        rests = len(long_runs) >= REST_RUNS and long_runs.sum() >= REST_SHARE * intervals
        result.append((float(value), LONGEST_ASKED if rests else max(FAULT_LENGTH, int(longest * 1.5) + 1)))
    return result


def _lengths_by_size(values: Floats, held: Floats, lengths: Ints, levels: list[float]) -> Ints:
    """For each size, the length that a run reaches by chance too seldom to matter."""
    short = (lengths < FAULT_LENGTH) & ~np.isin(held, levels)
    repeated = np.bincount(size_of(held[short]), weights=lengths[short] - 1, minlength=BUCKETS)
    usable = values[(values > 0) & ~np.isin(values, levels)]
    seen = np.bincount(size_of(usable), minlength=BUCKETS)
    long = (lengths >= FAULT_LENGTH) & ~np.isin(held, levels)
    in_long = np.bincount(size_of(held[long]), weights=lengths[long], minlength=BUCKETS)
    # What lies in long runs may be faults: what remains shows how a meter repeats itself when it is sound.
    chance = (repeated + 0.01) / np.maximum(seen - in_long, 1)
    chance = np.clip(chance, 1e-6, 0.97)
    allowed = len(values) * FALSE_RUNS_PER_INTERVAL
    needed = 1 + np.ceil(np.log(np.maximum(seen, 1) / allowed) / -np.log(chance))
    found: Ints = np.clip(needed, FAULT_LENGTH, LONGEST_ASKED).astype(np.int64)
    return found


def size_of(values: Floats) -> Ints:
    """Bucket of each value, by its binary logarithm."""
    safe = np.maximum(np.abs(np.nan_to_num(values)), 1)
    found: Ints = np.minimum(np.log2(safe), BUCKETS - 1).astype(np.int64)
    return found


def stuck_runs(values_wh: Floats, runs: Runs, limits: StuckLimits) -> Runs:
    """Those of `runs` that a meter does not do by itself."""
    held = values_wh[runs.meters, runs.firsts]
    asked = limits.by_size[runs.meters, size_of(held)]
    is_level = limits.levels_wh[runs.meters] == held[:, None]
    at_level = np.where(is_level, limits.by_level[runs.meters], 0).max(axis=1, initial=0)
    stuck = runs.lengths >= np.where(at_level > 0, at_level, asked)
    return Runs(runs.meters[stuck], runs.firsts[stuck], runs.lengths[stuck])
