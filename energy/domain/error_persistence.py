"""How long an error of a forecast lasts: whether what is above the median now will still be above it in the next interval.

A cloud that was not foreseen stays for the day, a dozen kettles are gone after ten minutes; which of them makes the errors differs by the hour.
The errors of past origins tell it: their ranks at one lead time beside those a little later.
"""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

LEAST_ROWS = 30


def persistence(errors: Array, per_hour: int) -> Array:
    """How much of an error is left after one interval, by interval [H]: 0 (nothing) to 1 (all); empty where too little is known.

    Halfway between what is left after an interval and, an interval's part of it, what is left after an hour. One number cannot hold both where
    fast errors lie on slow ones: the first alone takes a spike for a bad day, the second alone takes it for over when it has only begun.

    Args:
        errors: of past origins [r, H], NaN where not known.
        per_hour: intervals of an hour.
    """
    whole = errors[np.isfinite(errors).all(axis=1)]
    horizon = errors.shape[1]
    if len(whole) < LEAST_ROWS or horizon <= max(per_hour, 1):
        return np.zeros(0)
    ranks = whole.argsort(axis=0).argsort(axis=0).astype(np.float64)
    ranks = (ranks - ranks.mean(axis=0)) / ranks.std(axis=0)
    soon, late = (_together(ranks, lag) ** (1 / lag) for lag in (1, max(per_hour, 1)))
    return np.asarray((soon + late) / 2)


def _together(ranks: Array, lag: int) -> Array:
    """The correlation [H] of standard ranks with those `lag` later, none below nothing; the last stands for those behind the end."""
    found = (ranks[:, lag:] * ranks[:, :-lag]).mean(axis=0)
    return np.asarray(np.clip(np.append(found, np.full(lag, found[-1])), 0.0, 1.0))
