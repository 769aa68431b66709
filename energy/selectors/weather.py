"""Weather as it was known at an instant, on the wall-clock slots of forecasts; a clear sky where nobody foretold."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

import numpy as np
from numpy.typing import NDArray

from energy.domain.clear_sky import clear_sky
from energy.domain.forecast_features import Ahead
from energy.domain.forecast_series import starts_from, wall_slots
from energy.models import Microgrid, WeatherHour
from energy.selectors.metered_series import instant64
from energy.selectors.source_performance import place_of

FIELDS = ("air_temperature_c", "cloud_cover_percent", "irradiance_w_m2")
WITHOUT_SERVICE = "nobody foretold: clear sky and own history"
WITHOUT_PLACE = "nobody foretold and nobody knows where: own history"


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is known ahead beside the meters, in words where it comes from, and whether somebody foretold the weather."""

    ahead: Ahead
    words: str
    foretold: bool = False


def outlook(*, microgrid: Microgrid, first_at: datetime, last_at: datetime, known_at: datetime, clock: tzinfo | None = None) -> Outlook:
    """Clear sky and weather from `first_at` to `last_at`, of which nothing was issued after `known_at`, by slots of `clock`.

    For hours before `known_at` the words of that local day's midnight count, so that a model learns from what a forecast
    could have known, not from what was known better later.
    """
    minutes = microgrid.interval_minutes
    count = max(int((last_at - first_at) / timedelta(minutes=minutes)), 0)
    starts = starts_from(instant64(first_at), minutes, count)
    if not count:
        return Outlook(Ahead(0, np.full((1 + len(FIELDS), 0), np.nan)), WITHOUT_PLACE)
    place = place_of(microgrid)
    clear = np.full(count, np.nan) if place is None else clear_sky(starts.astype(np.int64), minutes, place).ghi_w_m2
    told, source = _told(microgrid, starts, known_at)
    slots = wall_slots(starts, clock or microgrid.zone, minutes)
    values = np.full((1 + len(FIELDS), int(slots[-1] - slots[0]) + 1), np.nan)
    values[:, slots - slots[0]] = np.vstack([clear, told])
    words = source or (WITHOUT_PLACE if place is None else WITHOUT_SERVICE)
    return Outlook(Ahead(int(slots[0]), values), words, bool(source))


def _told(microgrid: Microgrid, starts: NDArray[np.datetime64], known_at: datetime) -> tuple[NDArray[np.float64], str]:
    """The fields by interval, float64 [fields, T], NaN where nobody foretold; and who did."""
    told = np.full((len(FIELDS), len(starts)), np.nan)
    hours = starts.astype("datetime64[h]")
    first, last = (_utc(hour) for hour in (hours[0], hours[-1]))
    rows = (
        WeatherHour.objects.filter(microgrid=microgrid, valid_at__gte=first, valid_at__lte=last, issued_at__lte=known_at)
        .order_by("issued_at", "pk")
        .values_list("valid_at", "issued_at", "source", *FIELDS)
    )
    newest: dict[datetime, tuple[float | None, ...]] = {}
    source = ""
    for valid_at, issued_at, name, *fields in rows:
        local = valid_at.astimezone(microgrid.zone)
        midnight = microgrid.local_day(local.date()).start_at
        if valid_at >= known_at or issued_at <= midnight:
            newest[valid_at] = tuple(fields)
            source = f"{name}, issued {issued_at.astimezone(microgrid.zone):%Y-%m-%d %H:%M}"
    for place, hour in enumerate(hours):
        found = newest.get(_utc(hour))
        if found is not None:
            told[:, place] = [np.nan if value is None else value for value in found]
    return told, source


def _utc(hour: np.datetime64) -> datetime:
    return datetime.fromtimestamp(int(hour.astype("datetime64[s]").astype(np.int64)), UTC)
