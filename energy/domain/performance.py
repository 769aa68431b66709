"""How well sources work: capacity factor, performance ratio, efficiency against clear sky. Arrays of sources and days.

Performance ratio after IEC 61724-1: final yield over reference yield, `(E / P0) / (H / G)` with the energy E [Wh], the rating
P0 [W], the irradiation in the plane H [Wh/m2] and the reference irradiance G = 1,000 W/m2.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
REFERENCE_IRRADIANCE_W_M2 = 1000.0


def _ratio(above: Floats, below: Floats) -> Floats:
    """`above / below`, NaN where there is nothing to compare with."""
    shape = np.broadcast_shapes(np.shape(above), np.shape(below))
    out: Floats = np.divide(above, below, out=np.full(shape, np.nan), where=np.broadcast_to(below, shape) > 0)
    return out


def capacity_factor(energy_wh: Floats, capacity_w: Floats, hours: Floats) -> Floats:
    """Energy over what the rating would give in `hours` of full power; NaN where that is nothing."""
    return _ratio(energy_wh, np.multiply(capacity_w, hours))


def performance_ratio(energy_wh: Floats, capacity_w: Floats, irradiation_wh_m2: Floats) -> Floats:
    """Final yield over reference yield (IEC 61724-1); NaN where the sun did not shine or there is no rating.

    With the irradiation of a clear sky it is the efficiency against clear sky; on clear days the two are the same.
    """
    return _ratio(energy_wh, np.multiply(capacity_w, irradiation_wh_m2) / REFERENCE_IRRADIANCE_W_M2)


@dataclass(frozen=True, slots=True)
class DailyPerformance:
    """Performance of m sources on d days; float64 [m, d], NaN where a day was not wholly measured.

    Attributes:
        energy_wh: measured.
        clear_wh: what the rating would give under a clear sky without any loss.
        efficiency: energy over clear; on clear days the performance ratio.
        clear: bool [m, d], clear days.
        usual: float64 [m], median efficiency on clear days; NaN without a clear day.
    """

    energy_wh: Floats
    clear_wh: Floats
    efficiency: Floats
    clear: NDArray[np.bool_]
    usual: Floats


def daily_performance(
    production_wh: NDArray[np.int64],
    offsets: NDArray[np.int64],
    irradiance_w_m2: Floats,
    capacity_w: NDArray[np.int64],
    interval_hours: float,
    clear: NDArray[np.bool_],
    whole: NDArray[np.bool_],
) -> DailyPerformance:
    """Performance by day: production int64 [m, T], clear-sky irradiance in each source's plane float64 [m, T]."""
    energy = np.add.reduceat(production_wh, offsets[:-1], axis=1).astype(np.float64)
    irradiation = np.add.reduceat(irradiance_w_m2, offsets[:-1], axis=1) * interval_hours
    clear_wh = irradiation * capacity_w[:, None] / REFERENCE_IRRADIANCE_W_M2
    efficiency = np.where(whole, performance_ratio(energy, capacity_w[:, None].astype(np.float64), irradiation), np.nan)
    return DailyPerformance(np.where(whole, energy, np.nan), clear_wh, efficiency, clear, median_where(efficiency, clear))


def median_where(values: Floats, chosen: NDArray[np.bool_]) -> Floats:
    """Median along the last axis over what is chosen and known; NaN where that is nothing."""
    kept = np.where(chosen, values, np.nan)
    some = np.isfinite(kept).any(axis=-1)
    out = np.full(some.shape, np.nan)
    if some.any():
        out[some] = np.nanmedian(kept[some], axis=-1)
    return out
