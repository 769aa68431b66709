"""How good a forecast was: mean absolute error, pinball loss, coverage of the band, gain over habit, drift."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from energy.domain.forecast_quantiles import HIGH, LOW, MIDDLE, Band

Array = NDArray[np.float64]

MOSTLY_ZERO = 0.5
LEAST_DAYS_OF_DRIFT = 7


@dataclass(frozen=True, slots=True)
class Score:
    """One forecast against what came; by row, float64 [m], NaN where nothing was measured.

    Attributes:
        mae_wh: mean absolute error of the median [Wh per interval].
        pinball_wh: mean pinball loss over the three quantiles [Wh].
        coverage: share of values within the 10-90 % band.
        count: how many values were measured.
    """

    mae_wh: Array
    pinball_wh: Array
    coverage: Array
    count: NDArray[np.int64]


def mean_absolute_error(actual_wh: Array, forecast_wh: Array) -> Array:
    """Mean over the last axis of what is known of both; NaN where nothing is."""
    return _mean(np.abs(actual_wh - forecast_wh))


def pinball(actual_wh: Array, forecast_wh: Array, quantile: float) -> Array:
    """Mean pinball loss over the last axis (Koenker and Bassett 1978)."""
    over = actual_wh - forecast_wh
    return _mean(np.maximum(quantile * over, (quantile - 1) * over))


def score(actual_wh: Array, band: Band) -> Score:
    """Score a band against what was measured (NaN where it was not); all [m, n]."""
    losses = [pinball(actual_wh, values, quantile) for values, quantile in ((band.p10_wh, LOW), (band.p50_wh, MIDDLE), (band.p90_wh, HIGH))]
    inside = (actual_wh >= band.p10_wh) & (actual_wh <= band.p90_wh)
    covered = np.where(np.isnan(actual_wh), np.nan, inside.astype(np.float64))
    return Score(
        mean_absolute_error(actual_wh, band.p50_wh),
        sum(losses[1:], losses[0]) / len(losses),
        _mean(covered),
        (~np.isnan(actual_wh)).sum(axis=-1),
    )


def gain(error: float, habits: list[float]) -> float:
    """By which share an error is below the best of habit; negative where habit is better, 0 where habit makes no error."""
    best = min(habits)
    return 1.0 - error / best if best > 0 else 0.0


def is_drifting(recent_gains: list[float], usual_gains: list[float], tolerance: float = 0.1) -> bool:
    """Whether the forecast lost its lead: over the recent days worse than habit, or its lead shrunk by more than the tolerance."""
    if len(recent_gains) < LEAST_DAYS_OF_DRIFT:
        return False
    recent = float(np.median(recent_gains))
    if recent < 0:
        return True
    return len(usual_gains) >= LEAST_DAYS_OF_DRIFT and recent < float(np.median(usual_gains)) - tolerance


def _mean(values: Array) -> Array:
    known = ~np.isnan(values)
    total, count = np.where(known, values, 0.0).sum(axis=-1), known.sum(axis=-1)
    result: Array = np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)
    return result
