"""Where the sun stands over a microgrid's roofs (pvlib)."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Instants = NDArray[np.datetime64]

NEAR_DEGREES = 0.1


def elevation_degrees(starts: Instants, latitude: float, longitude: float) -> Array:
    """The sun's apparent elevation at instants in UTC (NREL's algorithm) [degrees]."""
    if not len(starts):
        return np.zeros(0)
    import pandas as pd  # these two take seconds to import, and few commands ask for the sun
    import pvlib

    times = pd.DatetimeIndex(starts).tz_localize("UTC")
    found = pvlib.solarposition.get_solarposition(times, latitude, longitude)
    result: Array = found["apparent_elevation"].to_numpy(dtype=np.float64)
    return result


def is_night(starts: Instants, minutes: int, latitude: float, longitude: float) -> NDArray[np.bool_]:
    """Whether the sun is not above the horizon at the start or in the middle of each interval."""
    middle = starts + np.timedelta64(minutes * 30, "s")
    both = elevation_degrees(np.concatenate([starts, middle]), latitude, longitude).reshape(2, -1)
    down: NDArray[np.bool_] = np.any(both <= 0, axis=0)
    return down


def nearby(latitude: float, longitude: float) -> tuple[float, float]:
    """The place on a raster of about ten kilometres: the sun is computed once for all roofs of a village."""
    return (
        round(latitude / NEAR_DEGREES) * NEAR_DEGREES,
        round(longitude / NEAR_DEGREES) * NEAR_DEGREES,
    )
