"""Tariff terms as plain values, and what they say of each interval of a day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from kernel.money import price_micro

BASE_WINDOW = "base"
DAYS = {"every_day": range(7), "weekdays": range(5), "weekends": range(5, 7)}


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
    """One tariff version. Prices in currency units per kWh or per day; the first window that holds an instant counts."""

    version_id: int
    standing_per_day: Decimal
    energy_per_kwh: Decimal
    export_per_kwh: Decimal
    incentive_per_kwh: Decimal
    vat_rate: Decimal
    windows: tuple[WindowTerms, ...] = ()

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
