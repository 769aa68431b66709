"""What a microgrid uses, produces and draws in sum: the trained model and the last hours together, and a band for the difference.

Model and nowcast each know something that the other does not: their mean is less wrong than either (Bates, Granger 1969). How much the model
counts was learned when it was trained; in the first hours it counts less, for the nowcast alone heeds what was measured just now.
Of what the sun gives, a model without a weather forecast knows nothing that the nowcast does not.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from energy.domain.error_persistence import persistence
from energy.domain.forecast_nowcast import Nowcast, quantile_of_rows
from energy.domain.forecast_quantiles import HIGH, LOW, MIDDLE, Band, ordered_band

Array = NDArray[np.float64]

WITHOUT_MODEL = 0.0
MODEL_COMES_IN_H = 1.0
NOWCAST_HOURS = 48


@dataclass(frozen=True, slots=True)
class SumForecast:
    """A sum's band and, where they are known, errors of past origins that are as wide as it.

    Attributes:
        band: float64 [1, H] each.
        errors_wh: float64 [r, H] around the median, a row for each past origin, NaN where not known; no rows where the model is alone.
    """

    band: Band
    errors_wh: Array

    def lit(self, light: NDArray[np.bool_]) -> "SumForecast":
        """The same with nothing where `light` [H] is not set."""
        band = self.band
        return SumForecast(Band(*(np.where(light, v, 0.0) for v in (band.p10_wh, band.p50_wh, band.p90_wh))), self.errors_wh * light)


@dataclass(frozen=True, slots=True)
class NetForecast:
    """Use less production [Wh], negative where more is produced than used; float64 [H] each.

    Attributes:
        persistence: how much of an error is left after an interval, 0 to 1; empty where that is not known.
    """

    p10_wh: Array
    p50_wh: Array
    p90_wh: Array
    persistence: Array


def sum_forecast(model: Band, recent: Nowcast | None, minutes: int, model_share: float) -> SumForecast:
    """The model's band [1, H] drawn towards a nowcast, which may end earlier; the model alone where there is none."""
    horizon = model.p50_wh.shape[1]
    if recent is None:
        return SumForecast(model, np.zeros((0, horizon)))
    own = recent.band()
    reach = own.p50_wh.shape[1]
    hours = (np.arange(reach) + 0.5) * minutes / 60
    share = model_share * (1 - 0.5 ** (hours / MODEL_COMES_IN_H))

    def drawn(far: Array, near: Array) -> Array:
        result = far.copy()
        result[:, :reach] = share * far[:, :reach] + (1 - share) * near
        return result

    band = ordered_band(drawn(model.p10_wh, own.p10_wh), drawn(model.p50_wh, own.p50_wh), drawn(model.p90_wh, own.p90_wh))
    if reach < horizon:
        return SumForecast(band, np.zeros((0, horizon)))
    return SumForecast(band, _as_wide(recent.errors_wh, own, band))


def nowcast_alone(recent: Nowcast) -> SumForecast:
    """What the last hours say, without a model."""
    return SumForecast(recent.band(), recent.errors_wh)


def _as_wide(errors: Array, old: Band, new: Band) -> Array:
    """Errors stretched upwards and downwards as the band's ends were."""
    up, down = (
        np.divide(wanted, had, out=np.ones_like(had), where=had > 0)
        for wanted, had in (
            ((new.p90_wh - new.p50_wh)[0], (old.p90_wh - old.p50_wh)[0]),
            ((new.p50_wh - new.p10_wh)[0], (old.p50_wh - old.p10_wh)[0]),
        )
    )
    stretched: Array = np.where(errors > 0, errors * up, errors * down)
    return stretched


def net_forecast(use: SumForecast, production: SumForecast, minutes: int) -> NetForecast:
    """The band of use less production, from errors that both made at the same past origins; as if independent where those are not known."""
    middle = (use.band.p50_wh - production.band.p50_wh)[0]
    if len(use.errors_wh) != len(production.errors_wh) or not len(use.errors_wh):
        return _independent(middle, use.band, production.band)
    errors = use.errors_wh - production.errors_wh
    low, shift, high = (quantile_of_rows(errors, q) for q in (LOW, MIDDLE, HIGH))
    return NetForecast(middle + low, middle + shift, middle + high, persistence(errors, max(60 // minutes, 1)))


def _independent(middle: Array, use: Band, production: Band) -> NetForecast:
    up = np.hypot(use.p90_wh - use.p50_wh, production.p50_wh - production.p10_wh)[0]
    down = np.hypot(use.p50_wh - use.p10_wh, production.p90_wh - production.p50_wh)[0]
    return NetForecast(middle - down, middle, middle + up, np.zeros(0))
