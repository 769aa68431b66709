"""Tariff terms as plain values, and what they say of each interval of a day."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from billing.domain.pricing.engine import energy_parts
from billing.domain.pricing.parts import Energy, Export, Incentive, Local, Part, PeakMultiplier, Period, PricedTariff, Spot, Standing, Tier
from billing.domain.pricing.windows import DAYS as EVERY_DAY
from billing.domain.pricing.windows import HOLIDAY, WEEKDAYS, WEEKEND, Schedule, Window
from billing.domain.vat import TariffVat
from kernel.money import price_from_micro, price_micro

BASE_WINDOW = "base"
DAY_NAMES = {"every_day": EVERY_DAY, "weekdays": WEEKDAYS, "weekends": (*WEEKEND, EVERY_DAY[HOLIDAY])}


@dataclass(frozen=True, slots=True)
class WindowTerms:
    """Local hours `[start, end)` [minutes after midnight] on some days, at base price times `multiplier`; a holiday counts as weekend."""

    name: str
    days: str
    start_minute: int
    end_minute: int
    multiplier: Decimal


@dataclass(frozen=True, slots=True)
class TariffTerms:
    """One tariff version. Prices in currency units per kWh or per day; the first window that holds an instant counts.

    `parts` are charges beside these prices; a part of a kind that the prices have too (energy, export, local) takes their place.
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
        own: list[Part] = []
        if not self._has(Local):
            own.append(Local("mid_market"))
        if not self._has(Export):
            own.append(Export("feed_in", (_flat("all", self.export_per_kwh),)))
        if self.standing_per_day:
            own.append(Standing(self.standing_per_day, "day"))
        if self.incentive_per_kwh:
            own.append(Incentive(self.incentive_per_kwh))
        if not self._has(Energy, PeakMultiplier, Spot):
            own.append(self._of_windows())
        return PricedTariff((*own, *self.parts))

    def _has(self, *kinds: type[Part]) -> bool:
        return any(isinstance(part, kinds) for part in self.parts)

    @property
    def spot(self) -> Spot | None:
        """The part by which energy from the public grid follows an index, if there is one."""
        return next((part for part in self.parts if isinstance(part, Spot)), None)

    @property
    def energy(self) -> Energy:
        """Energy from the public grid by time of use: a part, or else the prices and windows."""
        return next(iter(energy_parts(PricedTariff(self.parts))), None) or self._of_windows()

    def _of_windows(self) -> Energy:
        """Energy by time of use, at the published prices of six decimals."""
        multipliers = [Decimal(1), *(window.multiplier for window in self.windows)]
        names = [BASE_WINDOW, *(window.name for window in self.windows)]
        periods = tuple(
            _flat(name, price_from_micro(price_micro(self.energy_per_kwh * times))) for name, times in zip(names, multipliers, strict=True)
        )
        hours = tuple(
            Window(place, window.start_minute, window.end_minute, DAY_NAMES[window.days])
            for place, window in enumerate(self.windows, start=1)
        )
        return Energy(periods, Schedule(hours))

    @property
    def vat(self) -> TariffVat:
        """The rate, and what parts say of it."""
        return TariffVat.of(self.vat_rate, self.parts)

    @property
    def window_names(self) -> list[str]:
        return [period.name for period in self.energy.periods]

    def window_indexes(self, local_starts: Sequence[datetime], holidays: Collection[date] = ()) -> NDArray[np.int64]:
        """Index into `window_names` for each interval of a day, given its starts on the local clock."""
        grid = self.energy.schedule.grid()
        if not local_starts:
            return np.zeros(0, dtype=np.int64)
        day = local_starts[0].date()
        kind = HOLIDAY if day in holidays else day.weekday()
        minutes = [local.hour * 60 + local.minute for local in local_starts]
        return grid[day.month - 1, kind, minutes]

    def retail_micro_by_window(self) -> NDArray[np.int64]:
        """Price of energy from the public grid by window [millionths per kWh], six decimals; of tiers the first."""
        return np.array([price_micro(period.tiers[0].price) for period in self.energy.periods], dtype=np.int64)

    @property
    def export_micro(self) -> int:
        """What the reference price of energy fed in is: that of an export part's first period, or the version's own."""
        export = next((part for part in self.parts if isinstance(part, Export) and part.periods), None)
        return price_micro(export.periods[0].tiers[0].price if export else self.export_per_kwh)

    @property
    def incentive_micro(self) -> int:
        return price_micro(self.incentive_per_kwh)

    @property
    def standing_micro(self) -> int:
        return price_micro(self.standing_per_day)


def _flat(name: str, price: Decimal) -> Period:
    return Period(name, (Tier(price),))
