"""From forecasts to an outlook, and when a plan has to be thought over before its hour is out."""

from dataclasses import dataclass

import numpy as np

from grid.domain.planning.stored_value import Array, Outlook, StoredValue

LEAST_RISE_W = 500.0


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


def outlook_of(
    use: Quantiles, production: Quantiles, *, hours: float, import_price: Array, export_price: Array, target_w: float
) -> Outlook:  # fmt: skip
    """What is expected of the net power: the difference of medians, within a band as wide as two independent errors make it.

    What is left at the end is worth what it costs to store it at the cheapest price of the horizon.
    """
    return Outlook(
        hours, use.middle_w - production.middle_w,
        np.hypot(use.high_w - use.middle_w, production.middle_w - production.low_w),
        np.hypot(use.middle_w - use.low_w, production.high_w - production.middle_w),
        import_price, export_price, max(float(import_price.min()), 0.0), target_w, 0.0,
    )  # fmt: skip


def is_outdated(value: StoredValue, interval: int, net_w: float, reached_w: float) -> bool:
    """Whether what is measured lies outside the band, or the month's peak above the target: then the plan is thought over."""
    outlook = value.outlook
    if interval >= len(value.worth) or reached_w > outlook.peak_target_w + LEAST_RISE_W:
        return True
    off_w = net_w - float(outlook.net_w[interval])
    return bool(abs(off_w) > (outlook.up_w if off_w > 0 else outlook.down_w)[interval])
