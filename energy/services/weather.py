"""Ask the weather service and keep what it says, with the instant since which it was known."""

import logging
from datetime import datetime

from energy.domain.weather import CannotReadWeather, WeatherService, WeatherUnavailable
from energy.models import Microgrid, WeatherHour
from energy.selectors.source_performance import place_of

log = logging.getLogger(__name__)

MOST_HOURS = 16 * 24


def take_weather(*, microgrid: Microgrid, service: WeatherService, now: datetime) -> int:
    """Keep the hours ahead that the service foretells; a service that is down or wrong is logged and costs nothing else."""
    place = place_of(microgrid)
    if place is None:
        return 0
    try:
        hours = service.foretell(place.latitude_deg, place.longitude_deg)
    except (CannotReadWeather, WeatherUnavailable) as problem:
        log.warning("weather for %s: %s", microgrid.slug, problem)
        return 0
    rows = [
        WeatherHour(
            microgrid=microgrid,
            issued_at=now,
            valid_at=hour.valid_at,
            source=service.name,
            air_temperature_c=hour.air_temperature_c,
            cloud_cover_percent=hour.cloud_cover_percent,
            irradiance_w_m2=None if hour.irradiance_w_m2 is None else max(hour.irradiance_w_m2, 0.0),
        )
        for hour in hours[:MOST_HOURS]
    ]
    return len(WeatherHour.objects.bulk_create(rows, ignore_conflicts=True))
