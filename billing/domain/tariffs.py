"""Tariff terms as plain values, and what they say of each interval of a day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from billing.domain.pricing.parts import (
    Energy,
    Export,
    Incentive,
    Local,
    Part,
    Period,
    PricedTariff,
    Standing,
    Tier,
)
from billing.domain.pricing.windows import DAYS as EVERY_DAY
from billing.domain.pricing.windows import WEEKDAYS, WEEKEND, Schedule, Window
from kernel.money import price_from_micro, price_micro

BASE_WINDOW = "base"
DAYS = {"every_day": range(7), "weekdays": range(5), "weekends": range(5, 7)}
DAY_NAMES = {"every_day": EVERY_DAY, "weekdays": WEEKDAYS, "weekends": WEEKEND}


@dataclass(frozen=True, slots=True)
class WindowTerms:
    """Local hours `[start, end)` [minutes after midnight] on some days, at base price times `multiplier`."""

    name: str
    days: str
    start_minute: int
    end_minute: int
    multiplier: Decimal

    def holds(self, local: datetime) -> bool:
        """Whether the instant, on the local clock, lies in the window."""
        minute = local.hour * 60 + local.minute
        return local.weekday() in DAYS[self.days] and self.start_minute <= minute < self.end_minute


@dataclass(frozen=True, slots=True)
class TariffTerms:
    """One tariff version. Prices in currency units per kWh or per day; the first window that holds an instant counts.

    `parts` are charges beside these prices; an energy part among them replaces the price of energy from the public grid.
    """

    version_id: int
    standing_per_day: Decimal
    energy_per_kwh: Decimal
    export_per_kwh: Decimal
    incentive_per_kwh: Decimal
    vat_rate: Decimal
    windows: tuple[WindowTerms, ...] = ()
    parts: tuple[Part, ...] = ()

    def priced(self) -> PricedTariff:
        """The whole version as parts, VAT left out: a document bears one rate."""
        own: list[Part] = [Local("mid_market"), Export("feed_in", (_flat("all", self.export_per_kwh),))]
        if self.standing_per_day:
            own.append(Standing(self.standing_per_day, "day"))
        if self.incentive_per_kwh:
            own.append(Incentive(self.incentive_per_kwh))
        if not any(isinstance(part, Energy) for part in self.parts):
            own.append(self._energy())
        return PricedTariff((*own, *self.parts))

    def _energy(self) -> Energy:
        """Energy by time of use, at the published prices of six decimals."""
        prices = [price_from_micro(int(micro)) for micro in self.retail_micro_by_window()]
        periods = tuple(_flat(name, price) for name, price in zip(self.window_names, prices, strict=True))
        hours = tuple(
            Window(place, window.start_minute, window.end_minute, DAY_NAMES[window.days])
            for place, window in enumerate(self.windows, start=1)
        )
        return Energy(periods, Schedule(hours))

    @property
    def window_names(self) -> list[str]:
        return [BASE_WINDOW, *(window.name for window in self.windows)]

    def window_indexes(self, local_starts: Sequence[datetime]) -> NDArray[np.int64]:
        """Index into `window_names` for each interval of a day, given its starts on the local clock."""
        indexes = np.zeros(len(local_starts), dtype=np.int64)
        for i, local in enumerate(local_starts):
            for place, window in enumerate(self.windows, start=1):
                if window.holds(local):
                    indexes[i] = place
                    break
        return indexes

    def retail_micro_by_window(self) -> NDArray[np.int64]:
        """Price of energy from the public grid by window [millionths per kWh]: `base rate x multiplier`, six decimals."""
        multipliers = [Decimal(1), *(window.multiplier for window in self.windows)]
        return np.array([price_micro(self.energy_per_kwh * m) for m in multipliers], dtype=np.int64)

    @property
    def export_micro(self) -> int:
        return price_micro(self.export_per_kwh)

    @property
    def incentive_micro(self) -> int:
        return price_micro(self.incentive_per_kwh)

    @property
    def standing_micro(self) -> int:
        return price_micro(self.standing_per_day)


def _flat(name: str, price: Decimal) -> Period:
    return Period(name, (Tier(price),))
