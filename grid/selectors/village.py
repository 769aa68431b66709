"""What the virtual village knows of an imported network: assets, meters, and the reference profiles."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from energy.models import Consumer, Meter, Microgrid, ReferenceProfileDay, Source, StorageUnit
from energy.models.meters import MeterKind
from grid.domain.control.dispatch import StorageLimits
from grid.domain.village import VillagePlan, positions


@dataclass(frozen=True, slots=True)
class Village:
    """A microgrid as the virtual devices see it; meters in the order of the plan's sites, sources and storages."""

    microgrid: Microgrid
    plan: VillagePlan
    site_meters: list[Meter]
    source_meters: list[Meter]
    storage_meters: list[Meter]
    load_profiles: list[str]
    load_power_w: NDArray[np.float64]
    load_codes: list[str]
    source_profiles: list[str]
    source_power_w: NDArray[np.float64]

    def loads_of(self, meter: Meter) -> dict[str, int]:
        """Places of the loads behind a site's meter, by code; none behind any other meter."""
        if meter.kind != MeterKind.SITE:
            return {}
        site = self.site_meters.index(meter)
        behind = np.flatnonzero(self.plan.load_site == site)
        return {self.load_codes[place]: int(place) for place in behind}

    @property
    def meters(self) -> list[Meter]:
        return [*self.site_meters, *self.source_meters, *self.storage_meters]


def profile_days(microgrid: Microgrid) -> list[date]:
    """The days for which there are profiles."""
    return sorted(ReferenceProfileDay.objects.filter(microgrid=microgrid).order_by().values_list("day", flat=True).distinct())


def load_village(microgrid: Microgrid) -> Village:
    """Load everything but the profiles."""
    consumers = list(Consumer.objects.filter(site__microgrid=microgrid).exclude(profile="").order_by("pk"))
    sources = list(Source.objects.filter(site__microgrid=microgrid).exclude(profile="").order_by("pk"))
    storages = list(StorageUnit.objects.filter(site__microgrid=microgrid).order_by("pk"))
    meters = list(Meter.objects.filter(microgrid=microgrid, removed_at__isnull=True).select_related("site").order_by("pk"))
    site_meters = [m for m in meters if m.kind == MeterKind.SITE]
    sites = [m.site_id for m in site_meters]
    by_source = {m.source_id: m for m in meters if m.kind == MeterKind.SOURCE}
    by_storage = {m.storage_id: m for m in meters if m.kind == MeterKind.STORAGE}
    plan = VillagePlan(
        len(sites),
        positions([c.site_id for c in consumers], sites),
        positions([s.site_id for s in sources], sites),
        positions([s.site_id for s in storages], sites),
        storage_limits(storages),
        np.array([s.soc_max_wh / 2 for s in storages]),
    )
    return Village(
        microgrid,
        plan,
        site_meters,
        [by_source[s.pk] for s in sources],
        [by_storage[s.pk] for s in storages],
        [c.profile for c in consumers],
        np.array([float(c.profile_power_w) for c in consumers]),
        [c.code for c in consumers],
        [s.profile for s in sources],
        np.array([float(s.profile_power_w) for s in sources]),
    )


def storage_limits(storages: Sequence[StorageUnit]) -> StorageLimits:
    """The limits of storages as arrays."""

    def column(name: str) -> NDArray[np.float64]:
        return np.array([float(getattr(s, name)) for s in storages])

    return StorageLimits(
        column("soc_min_wh"),
        column("soc_max_wh"),
        column("charge_max_w"),
        column("discharge_max_w"),
        column("eta_charge"),
        column("eta_discharge"),
        (1.0 - column("self_discharge_per_day")) ** (1 / 24),
    )


def powers(village: Village, days: Sequence[date]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Powers of loads [L, T] and sources [R, T] over `days` [W], from the profiles."""
    rows = ReferenceProfileDay.objects.filter(microgrid=village.microgrid, day__in=days).order_by("day")
    shares: dict[str, list[list[float]]] = {}
    for name, values in rows.values_list("name", "shares"):
        shares.setdefault(name, []).append(values)
    axis = {name: np.concatenate([np.array(part) for part in parts]) for name, parts in shares.items()}
    length = sum(village.microgrid.local_day(day).interval_count for day in days)

    def stack(names: list[str], power_w: NDArray[np.float64]) -> NDArray[np.float64]:
        if not names:
            return np.zeros((0, length))
        return np.stack([axis[name] for name in names]) * power_w[:, None]

    return stack(village.load_profiles, village.load_power_w), stack(village.source_profiles, village.source_power_w)
