"""Weather as forecasts see it: hours that somebody foretold, or, where nobody did, a clear sky dimmed as the last weeks were.

`WeatherService` is what an adapter answers; a service that is down or absent costs no forecast.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

LEAST_CLEAR_W_M2 = 50.0


class CannotReadWeather(ValueError):
    """What a weather service sent is not in the form it should have; the message names key or row, and the mending step."""


class WeatherUnavailable(ConnectionError):
    """The weather service does not answer."""


@dataclass(frozen=True, slots=True)
class ForetoldHour:
    """One hour from its start on; None where the service does not say."""

    valid_at: datetime
    air_temperature_c: float | None
    cloud_cover_percent: float | None
    irradiance_w_m2: float | None


class WeatherService(Protocol):
    """Foretells a place."""

    name: str

    def foretell(self, latitude: float, longitude: float) -> Sequence[ForetoldHour]:
        """Hours ahead at a place.

        Raises:
            CannotReadWeather, WeatherUnavailable
        """
        ...


def clearness(production_wh: Array, clear_w_m2: Array) -> float:
    """How much of a clear sky's light came through of late: the middle day's yield over that of the best days; 1 where unknown.

    Args:
        production_wh: float64 [d, k], all sources together; NaN where missing.
        clear_w_m2: float64 [d, k], irradiance of a clear sky in the same intervals.
    """
    bright = clear_w_m2 >= LEAST_CLEAR_W_M2
    usable = bright & ~np.isnan(production_wh)
    light = np.where(usable, clear_w_m2, 0.0).sum(axis=1)
    energy = np.where(usable, production_wh, 0.0).sum(axis=1)
    yields = energy[light > 0] / light[light > 0]
    best = float(np.quantile(yields, 0.95)) if len(yields) else 0.0
    return float(np.median(yields) / best) if best > 0 else 1.0
