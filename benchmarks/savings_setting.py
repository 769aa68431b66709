"""A network's year as the measurement of savings needs it: use, production, storages, prices."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from benchmarks.forecast import ZONE, consumption_of
from energy.adapters.simbench_folder import SimbenchNetwork
from energy.domain.forecast_series import MeterSeries, starts_from
from energy.domain.forecasting import midnight
from grid.domain.control.dispatch import StorageLimits

Array = NDArray[np.float64]
HOURS, MINUTES, PER_DAY, PER_HOUR = 0.25, 15, 96, 4
RETAIL, NIGHT, EVENING = 0.30, 0.20, 0.38
PAST_DAYS = 28


@dataclass(frozen=True, slots=True)
class Setting:
    """A network's year: what is used and produced [Wh per quarter hour], the storages, the month's place in it."""

    use: MeterSeries
    production: MeterSeries
    place: tuple[float, float] | None
    limits: StorageLimits
    first: int
    count: int

    @property
    def net_w(self) -> Array:
        net: Array = (self.use.values_wh.sum(axis=0) - self.production.values_wh.sum(axis=0)) / HOURS
        return net

    def prices(self, first: int, count: int) -> Array:
        """Retail price per kWh by local hour."""
        starts = starts_from(self.use.first_at, MINUTES, first + count)[first:].astype(np.int64)
        hours = [datetime.fromtimestamp(s, UTC).astimezone(ZONE).hour for s in starts.tolist()]
        return np.array([NIGHT if h >= 22 or h < 6 else EVENING if 17 <= h < 21 else RETAIL for h in hours])


class CannotMeasure(ValueError):
    """There is nothing to measure in a month or a folder; the message says why."""


def setting_of(network: SimbenchNetwork, month: str) -> Setting:
    """The network's year as the loop needs it.

    Raises:
        CannotMeasure: no storages, or a month that the folder's profiles do not hold.
    """
    if not network.storages:
        raise CannotMeasure("The folder has no storages: there is nothing to plan and nothing to save.")
    use = consumption_of(network)
    first_day = date.fromisoformat(f"{month}-01")
    first, end = (int((_midnight(day) - use.first_at) // use.step) for day in (first_day, _month_after(first_day)))
    end = min(end, use.values_wh.shape[1])
    if first < 0 or end <= first:
        raise CannotMeasure(f"The folder's profiles do not reach into {month}; choose a month with --month YYYY-MM.")
    where = list(network.coordinates.values())
    place = (float(np.mean([y for _, y in where])), float(np.mean([x for x, _ in where]))) if where else None
    return Setting(use, production_of(network, use), place, limits_of(network), first, end - first)


def months_of(network: SimbenchNetwork) -> list[str]:
    """The whole months of the profiles that have four weeks before them, as YYYY-MM."""
    use = consumption_of(network)
    end = use.first_at + use.values_wh.shape[1] * use.step
    day, found = date.fromisoformat(str(use.first_at)[:10]) + timedelta(days=PAST_DAYS), []
    day = _month_after(day)
    while _midnight(after := _month_after(day)) <= end:
        if _midnight(day) - use.first_at >= np.timedelta64(PAST_DAYS, "D"):
            found.append(f"{day:%Y-%m}")
        day = after
    return found


def _month_after(day: date) -> date:
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1)


def _midnight(day: date) -> np.datetime64:
    return midnight((day - date(1970, 1, 1)).days, ZONE)


def production_of(network: SimbenchNetwork, use: MeterSeries) -> MeterSeries:
    """The sources' energies; one dark source where there is none."""
    if network.source_profiles is None or not network.sources:
        return MeterSeries(use.first_at, MINUTES, ZONE, np.zeros((1, use.values_wh.shape[1])))
    at = {name: i for i, name in enumerate(network.source_profiles.names)}
    shares = network.source_profiles.shares[:, [at[row.text("profile")] for row in network.sources]]
    powers_w = np.array([row.number_of("pRES") for row in network.sources]) * 1e6
    return MeterSeries(use.first_at, MINUTES, ZONE, np.ascontiguousarray((shares * powers_w * HOURS).T))


def limits_of(network: SimbenchNetwork) -> StorageLimits:
    """The storages as docs and import read them: `etaStore` per direction, `sdStore` in per cent a day."""

    def column(name: str, scale: float = 1.0) -> Array:
        return np.array([row.number_of(name) for row in network.storages]) * scale

    capacity, power, eta = column("eStore", 1e6), column("sR", 1e6), column("etaStore")
    kept = (1 - column("sdStore", 0.01)) ** (1 / 24)
    return StorageLimits(np.zeros_like(capacity), capacity, power, power.copy(), eta, eta.copy(), kept)
