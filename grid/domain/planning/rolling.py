"""From forecasts to an outlook."""

from dataclasses import dataclass

import numpy as np

from grid.domain.planning.error_chain import PERSISTENCE
from grid.domain.planning.month_peak import MonthPeak
from grid.domain.planning.storing_choices import Array, Outlook


@dataclass(frozen=True, slots=True)
class Quantiles:
    """A band of mean powers [W], float64 [T] each."""

    low_w: Array
    middle_w: Array
    high_w: Array

    @classmethod
    def of_energy(cls, low_wh: Array, middle_wh: Array, high_wh: Array, hours: float) -> "Quantiles":
        return cls(low_wh / hours, middle_wh / hours, high_wh / hours)

    def first(self, count: int) -> "Quantiles":
        """Only the first intervals."""
        return Quantiles(self.low_w[:count], self.middle_w[:count], self.high_w[:count])

    def or_else(self, other: "Quantiles") -> "Quantiles":
        """The same, with another's values where it has none (NaN)."""
        return Quantiles(
            *(
                np.where(np.isnan(mine), theirs, mine)
                for mine, theirs in ((self.low_w, other.low_w), (self.middle_w, other.middle_w), (self.high_w, other.high_w))
            )
        )


def independent_difference(use: Quantiles, production: Quantiles) -> Quantiles:
    """Use less production where nothing is known of how their errors go together: as wide as two independent errors make it."""
    middle = use.middle_w - production.middle_w
    up = np.hypot(use.high_w - use.middle_w, production.middle_w - production.low_w)
    down = np.hypot(use.middle_w - use.low_w, production.high_w - production.middle_w)
    return Quantiles(middle - down, middle, middle + up)


def outlook_of(net: Quantiles, *, hours: float, import_price: Array, export_price: Array, peak: MonthPeak, persistence: Array) -> Outlook:
    """What is expected of the net power.

    What is left at the end is worth what it costs to store it at the cheapest price of the horizon.

    Args:
        persistence: how much of an error is left after each interval; where the forecast does not say (none, or fewer than the horizon), as usual.
    """
    lasting = np.full(len(net.middle_w), PERSISTENCE)
    told = persistence[: len(lasting)]
    lasting[: len(told)] = told
    return Outlook(
        hours,
        net.middle_w,
        net.high_w - net.middle_w,
        net.middle_w - net.low_w,
        import_price,
        export_price,
        max(float(import_price.min()), 0.0),
        peak,
        lasting,
    )
