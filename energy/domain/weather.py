"""Weather as forecasts see it: hours that somebody foretold.

`WeatherService` is what an adapter answers; a service that is down or absent costs no forecast.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


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
