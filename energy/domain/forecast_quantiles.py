"""Bands: quantiles in order, and a width that held on days the model had not seen.

Conformalised quantile regression (Romano, Patterson, Candès 2019): each end of the band is moved by the share of its width that
would have made it right on the days of calibration, for each meter; a meter's own share is drawn a little to that of all.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

LOW, MIDDLE, HIGH = 0.1, 0.5, 0.9
QUANTILES = (LOW, MIDDLE, HIGH)
OWN_SHARE = 0.75
LEAST_WIDTH = 0.05
NEXT_TO_NOTHING = 0.01


@dataclass(frozen=True, slots=True)
class Band:
    """Three quantiles of energy per interval [Wh], float64 [m, H] each, that never cross and are never negative."""

    p10_wh: Array
    p50_wh: Array
    p90_wh: Array


@dataclass(frozen=True, slots=True)
class Margins:
    """By how many of its widths each end of a meter's band is moved outwards; float64 [m]."""

    low: Array
    high: Array


def ordered_band(low: Array, middle: Array, high: Array) -> Band:
    """The median as it is, the ends moved to its right side, nothing below zero."""
    middle = np.maximum(middle, 0.0)
    return Band(np.clip(low, 0.0, middle), middle, np.maximum(high, middle))


def no_margins(meters: int) -> Margins:
    """Ends stay where the model sees them."""
    return Margins(np.zeros(meters), np.zeros(meters))


def margins(actual: Array, low: Array, high: Array) -> Margins:
    """Margins by which 10 % would have lain below and 10 % above; all float64 [m, n] in shares of the level, NaN where unknown."""
    width = np.maximum(high - low, 0.0) + LEAST_WIDTH
    return Margins(_drawn_together((low - actual) / width, actual), _drawn_together((actual - high) / width, actual))


def _drawn_together(missed: Array, actual: Array) -> Array:
    """The 90 % quantile of how far each meter was outside, mixed with that of the median meter."""
    ordered = np.sort(missed, axis=1)
    known = (~np.isnan(missed)).sum(axis=1)
    rank = np.clip(np.ceil(HIGH * (known + 1)).astype(np.int64) - 1, 0, np.maximum(known - 1, 0))
    own = np.take_along_axis(ordered, rank[:, None], axis=1)[:, 0]
    typical = np.median(own[known > 0]) if (known > 0).any() else 0.0
    return np.where(known > 0, OWN_SHARE * own + (1 - OWN_SHARE) * typical, typical)


def moved(low: Array, high: Array, by: Margins) -> tuple[Array, Array]:
    """The ends of a band [m, H] with their margins; a low end at nothing stays there, for many meters rest at nothing."""
    width = np.maximum(high - low, 0.0) + LEAST_WIDTH
    lowered = np.where(low > NEXT_TO_NOTHING, low - by.low[:, None] * width, np.minimum(low, 0.0))
    return np.where(lowered > NEXT_TO_NOTHING, lowered, np.minimum(lowered, 0.0)), high + by.high[:, None] * width
