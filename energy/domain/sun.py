"""Where the sun stands and what a clear sky would give, for the places that meters stand at."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

Doubles = NDArray[np.float64]
DARK_BELOW_DEG = -6.0
SAME_PLACE_DEG = 0.1
# where nobody says where a source stands, these hours are dark between the polar circles at any time of the year
DARK_FROM_HOUR = 23
DARK_TO_HOUR = 2


@dataclass(frozen=True, slots=True)
class Sun:
    """The sun at one place, float64 [T] each.

    Attributes:
        elevation_deg: lowest elevation within each interval [degrees].
        clear_sky_w_m2: global horizontal irradiance of a clear sky in the middle of each interval, after Haurwitz (1945).
    """

    elevation_deg: Doubles
    clear_sky_w_m2: Doubles

    @property
    def is_night(self) -> NDArray[np.bool_]:
        """Whether the sun is below -6 degrees, the end of civil twilight, in some part of each interval."""
        return self.elevation_deg < DARK_BELOW_DEG


def sun_over(start_s: NDArray[np.int64], interval_minutes: int, latitude_deg: float, longitude_deg: float) -> Sun:
    """The sun over intervals that begin at `start_s` [s since 1970, int64 [T]]."""
    half = interval_minutes * 30
    edges = np.concatenate([start_s[:1], start_s[:1] + half])[None, :] + (np.arange(len(start_s) + 1) * 2 * half)[:, None]
    position = _position(edges.reshape(-1), latitude_deg, longitude_deg)
    elevation = position["elevation"].to_numpy()
    from pvlib import clearsky

    sky = clearsky.haurwitz(position["apparent_zenith"])["ghi"].to_numpy()
    lowest = np.minimum(elevation[0:-2:2], elevation[2::2])
    return Sun(lowest, sky[1:-2:2])


def is_down(start_s: NDArray[np.int64], interval_minutes: int, latitude_deg: float, longitude_deg: float) -> NDArray[np.bool_]:
    """Whether the sun is not above the horizon at the start or in the middle of each interval; bool [T]."""
    if not len(start_s):
        return np.zeros(0, dtype=np.bool_)
    instants = np.concatenate([start_s, start_s + interval_minutes * 30])
    elevation = _position(instants, latitude_deg, longitude_deg)["apparent_elevation"].to_numpy()
    down: NDArray[np.bool_] = (elevation.reshape(2, -1) <= 0).any(axis=0)
    return down


def _position(instants_s: NDArray[np.int64], latitude_deg: float, longitude_deg: float) -> "pd.DataFrame":
    """The sun's position at instants [s since 1970] by NREL's algorithm."""
    import pandas as pd  # these two take seconds to import, and few commands ask for the sun
    from pvlib import solarposition

    instants = pd.DatetimeIndex(instants_s.astype("datetime64[s]"), tz="UTC")
    return solarposition.get_solarposition(instants, latitude_deg, longitude_deg)


def rough_elevation_deg(start_s: NDArray[np.int64], latitude_deg: float, longitude_deg: float) -> Doubles:
    """Elevation of the sun [degrees] within about a degree (Cooper 1969): to see whether it is worth asking."""
    days = start_s / 86_400
    angle = 2 * np.pi * ((days - 80) % 365.2425) / 365.2425  # since the equinox
    declination = np.radians(23.45) * np.sin(angle)
    equation_h = (9.87 * np.sin(2 * angle) - 7.53 * np.cos(angle) - 1.5 * np.sin(angle)) / 60
    hour = np.radians(((days % 1) * 24 - 12 + longitude_deg / 15 + equation_h) * 15)
    latitude = np.radians(latitude_deg)
    elevation: Doubles = np.degrees(
        np.arcsin(np.sin(latitude) * np.sin(declination) + np.cos(latitude) * np.cos(declination) * np.cos(hour))
    )
    return elevation


def places_of(latitude_deg: Doubles, longitude_deg: Doubles) -> tuple[Doubles, NDArray[np.int64]]:
    """Distinct places (float64 [p, 2]) and which of them each meter stands at; meters some kilometres apart share the sun."""
    rounded = np.round(np.column_stack([latitude_deg, longitude_deg]) / SAME_PLACE_DEG) * SAME_PLACE_DEG
    places, which = np.unique(rounded, axis=0, return_inverse=True)
    return places, which.reshape(-1).astype(np.int64)


def same_place(latitude_deg: float, longitude_deg: float) -> tuple[float, float]:
    """The place on a raster of about ten kilometres: the sun is computed once for all roofs of a village."""
    return (round(latitude_deg / SAME_PLACE_DEG) * SAME_PLACE_DEG, round(longitude_deg / SAME_PLACE_DEG) * SAME_PLACE_DEG)
