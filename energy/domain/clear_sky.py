"""What the sun would give under a clear sky, and how a roof lies, learned from its own clear days.

Solar position after NREL's algorithm and clear sky after Ineichen's simplified Solis model (2008), both by pvlib; the
irradiance on a plane with an isotropic sky (Liu and Jordan 1963). Nobody writes down how the roofs of a village lie, so a
plane is chosen from a raster: the one whose clear-sky course looks most like the source's own clear days.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

GROUND_ALBEDO = 0.2
TILTS_DEG = np.arange(0.0, 91.0, 10.0)
AZIMUTHS_DEG = np.arange(75.0, 286.0, 15.0)
LEAST_CLEAR_DAYS = 5
LEVEL_DAYS = 31
LEAST_OF_LEVEL = 0.85
MOST_VARIATION = 1.25
LOWEST_SUN_DEG = 5.0


@dataclass(frozen=True, slots=True)
class Place:
    """Where the sources of a microgrid stand [degrees, north and east positive]."""

    latitude_deg: float
    longitude_deg: float


@dataclass(frozen=True, slots=True)
class Plane:
    """How a roof lies: tilt from the horizontal, azimuth clockwise from north [degrees].

    `clear_days` it was learned from, 0 where it is assumed; `likeness` is the cosine between what was measured and what such a
    plane would give, 1 at best.
    """

    tilt_deg: float
    azimuth_deg: float
    clear_days: int = 0
    likeness: float = 0.0

    @property
    def is_learned(self) -> bool:
        return self.clear_days > 0


@dataclass(frozen=True, slots=True)
class ClearSky:
    """Sun and clear-sky irradiance at the middle of each interval; float64 [T].

    Attributes:
        zenith_deg, azimuth_deg: of the sun [degrees].
        ghi_w_m2, dni_w_m2, dhi_w_m2: global horizontal, direct normal, diffuse horizontal irradiance [W/m2].
    """

    zenith_deg: Floats
    azimuth_deg: Floats
    ghi_w_m2: Floats
    dni_w_m2: Floats
    dhi_w_m2: Floats


def clear_sky(start_s: NDArray[np.int64], interval_minutes: int, place: Place) -> ClearSky:
    """The clear sky over intervals that begin at `start_s` [s since 1970, int64 [T]]."""
    import pandas as pd  # these two take seconds to import, and few commands ask for the sun
    import pvlib

    middle = pd.DatetimeIndex((start_s + interval_minutes * 30).astype("datetime64[s]"), tz="UTC")
    sun = pvlib.solarposition.get_solarposition(middle, place.latitude_deg, place.longitude_deg)
    sky = pvlib.clearsky.simplified_solis(sun["apparent_elevation"].to_numpy())
    zenith = sun["apparent_zenith"].to_numpy()
    up = zenith < 90
    return ClearSky(
        zenith,
        sun["azimuth"].to_numpy(),
        np.where(up, np.nan_to_num(sky["ghi"]), 0.0),
        np.where(up, np.nan_to_num(sky["dni"]), 0.0),
        np.where(up, np.nan_to_num(sky["dhi"]), 0.0),
    )


def assumed_plane(place: Place) -> Plane:
    """What a roof is taken for until it has shown enough clear days: 35 degrees towards the equator."""
    return Plane(35.0, 180.0 if place.latitude_deg >= 0 else 0.0)


def plane_irradiance(sky: ClearSky, tilt_deg: Floats, azimuth_deg: Floats) -> Floats:
    """Clear-sky irradiance on planes [W/m2]; tilts and azimuths float64 [p], answer float64 [p, T]."""
    tilt, azimuth = np.radians(tilt_deg)[:, None], np.radians(azimuth_deg)[:, None]
    zenith, sun = np.radians(sky.zenith_deg), np.radians(sky.azimuth_deg)
    incidence = np.cos(zenith) * np.cos(tilt) + np.sin(zenith) * np.sin(tilt) * np.cos(sun - azimuth)
    direct = sky.dni_w_m2 * np.maximum(incidence, 0.0)
    diffuse = sky.dhi_w_m2 * (1 + np.cos(tilt)) / 2
    reflected = sky.ghi_w_m2 * GROUND_ALBEDO * (1 - np.cos(tilt)) / 2
    total: Floats = direct + diffuse + reflected
    return total


def clear_days(production_wh: NDArray[np.int64], offsets: NDArray[np.int64], sky: ClearSky, whole: Bools) -> Bools:
    """Which days were clear for each source, seen by its own production alone; bool [m, d].

    A clear day rises once and falls once (its variation is hardly more than twice its peak) and gives nearly as much of the
    horizontal clear-sky energy as the best day of the month around it. `whole` (bool [m, d]) says which days were measured.
    """
    from scipy.ndimage import maximum_filter1d

    first = offsets[:-1]
    energy = np.add.reduceat(production_wh, first, axis=1).astype(np.float64)
    possible = np.maximum(np.add.reduceat(sky.ghi_w_m2, first), 1e-9)
    steps = np.abs(np.diff(production_wh, axis=1, prepend=0))
    steps[:, first] = 0  # what happens over midnight belongs to no day
    peak = np.maximum(np.maximum.reduceat(production_wh, first, axis=1), 1)
    variation = np.add.reduceat(steps, first, axis=1) / (2 * peak)
    clearness = np.where(whole, energy, 0.0) / possible
    level = maximum_filter1d(clearness, LEVEL_DAYS, axis=1, mode="nearest")
    found: Bools = whole & (energy > 0) & (clearness >= LEAST_OF_LEVEL * level) & (variation <= MOST_VARIATION)
    return found


def learn_planes(production_wh: NDArray[np.int64], offsets: NDArray[np.int64], sky: ClearSky, clear: Bools, place: Place) -> list[Plane]:
    """How each source's plane lies, by likeness on its clear days; assumed where it has too few of them."""
    raster = [(t, a) for t in TILTS_DEG for a in (AZIMUTHS_DEG if t else AZIMUTHS_DEG[:1])]
    tilts, azimuths = (np.array(column, dtype=np.float64) for column in zip(*raster, strict=True))
    lit = sky.zenith_deg < 90 - LOWEST_SUN_DEG
    irradiance = plane_irradiance(sky, tilts, azimuths)[:, lit]
    counts = clear.sum(axis=1)
    on_clear_days = np.repeat(clear, np.diff(offsets), axis=1)[:, lit].astype(np.float64)
    measured = production_wh[:, lit] * on_clear_days
    products = measured @ irradiance.T
    lengths = np.sqrt((measured**2).sum(axis=1))[:, None] * np.sqrt(on_clear_days @ (irradiance**2).T)
    likeness = np.divide(products, lengths, out=np.zeros_like(products), where=lengths > 0)
    best = likeness.argmax(axis=1)
    return [
        Plane(float(tilts[b]), float(azimuths[b]), int(counts[i]), float(likeness[i, b]))
        if counts[i] >= LEAST_CLEAR_DAYS
        else assumed_plane(place)
        for i, b in enumerate(best.tolist())
    ]
