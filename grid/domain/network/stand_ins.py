"""What stands in for meters that are silent: a forecast, the same hour of like days, or a typical share of what others draw."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
BAND_SIGMAS = 2.563  # a 10-90 % band of a normal distribution, in standard deviations
METER_SHARE, METER_W = 0.01, 5.0  # class B, and what a sample rounds
HISTORY_SHARE, HISTORY_W = 0.2, 100.0
TYPICAL_SHARE, TYPICAL_W = 1.0, 200.0
WAYS = ("measured", "forecast", "like days", "typical share")


@dataclass(frozen=True, slots=True)
class SiteDraws:
    """What each site draws from the wires [W], negative where it feeds in, how sure that is, and how it is known.

    Attributes:
        value_w, sigma_w: float64 [sites].
        use_w: float64 [sites], consumption behind the meter, which reactive power follows.
        way: int8 [sites], position in WAYS.
    """

    value_w: Array
    sigma_w: Array
    use_w: Array
    way: NDArray[np.int8]

    @property
    def words(self) -> str:
        """A sentence for an operator; empty where every site reports and is believed."""
        counts = np.bincount(self.way, minlength=len(WAYS))[1:]
        if not counts.sum():
            return ""
        by = ", ".join(f"{count} by {name}" for name, count in zip(WAYS[1:], counts.tolist(), strict=True) if count)
        return f"{counts.sum()} of {len(self.way)} sites are silent or not believed; what they draw is estimated ({by})."


@dataclass(frozen=True, slots=True)
class Expected:
    """What is expected of each site [W] now; NaN where nothing is known of it.

    Attributes:
        forecast_w, forecast_sigma_w: net draw by the forecast.
        history_w, history_sigma_w: net draw at the same time of like days.
        nominal_w: of its consumers.
    """

    forecast_w: Array
    forecast_sigma_w: Array
    history_w: Array
    history_sigma_w: Array
    nominal_w: Array


def nothing_expected(sites: int) -> Expected:
    """Where every site reports nothing need be looked up."""
    lost = np.full(sites, np.nan)
    return Expected(lost, lost, lost, lost, np.zeros(sites))


def complete(net_w: Array, use_w: Array, reports: NDArray[np.bool_], expected: Expected) -> SiteDraws:
    """Measured where the site reports, otherwise the best that is known: forecast, like days, typical share."""
    typical_w = _typical(use_w, reports, expected.nominal_w)
    ways = (
        (net_w, METER_SHARE * np.abs(net_w) + METER_W, reports),
        (expected.forecast_w, expected.forecast_sigma_w, ~np.isnan(expected.forecast_w)),
        (
            expected.history_w,
            np.maximum(expected.history_sigma_w, HISTORY_SHARE * np.abs(expected.history_w) + HISTORY_W),
            ~np.isnan(expected.history_w),
        ),
        (typical_w, TYPICAL_SHARE * typical_w + TYPICAL_W, np.ones(len(net_w), dtype=bool)),
    )
    way = np.argmax(np.stack([known for _, _, known in ways]), axis=0).astype(np.int8)
    rows = np.arange(len(net_w))
    value = np.stack([values for values, _, _ in ways])[way, rows]
    sigma = np.stack([sigmas for _, sigmas, _ in ways])[way, rows]
    return SiteDraws(value, np.maximum(sigma, METER_W), np.where(reports, use_w, np.maximum(value, 0.0)), way)


def _typical(use_w: Array, reports: NDArray[np.bool_], nominal_w: Array) -> Array:
    """As much of its nominal power as the sites that report draw of theirs."""
    nominal = float(nominal_w[reports].sum())
    share = float(use_w[reports].sum()) / nominal if nominal else 0.0
    typical: Array = nominal_w * share
    return typical


def band_sigma(p10: Array, p90: Array) -> Array:
    """The standard deviation of a band's normal distribution."""
    sigma: Array = (p90 - p10) / BAND_SIGMAS
    return sigma
