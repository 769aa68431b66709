"""The live readings of a microgrid, laid out by site and storage for the control tick."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from energy.models import Device, Meter, Microgrid, StorageUnit
from energy.models.assets import AssetStatus
from energy.models.devices import DeviceStatus
from energy.models.meters import MeterKind
from energy.selectors.live import LiveReadings, live_readings
from grid.domain.dispatch import StorageLimits
from grid.domain.tick import Readings
from grid.selectors.village import storage_limits

SILENT_AFTER_S = 20.0


@dataclass(frozen=True, slots=True)
class Scene:
    """What a tick works on: readings, the storages with their limits, in the readings' order, and frequencies as told."""

    site_ids: NDArray[np.int64]
    storages: list[StorageUnit]
    limits: StorageLimits
    readings: Readings
    frequency_hz: NDArray[np.float64]


def load_scene(microgrid: Microgrid, now: datetime) -> Scene:
    """Load the scene at the microgrid's `now`; readings older than SILENT_AFTER_S of real time count as silence."""
    age = timedelta(seconds=SILENT_AFTER_S * max(microgrid.clock_speed, 1.0))
    live = live_readings(microgrid.pk).not_older_than(age, now=now)
    meters = list(Meter.objects.filter(microgrid=microgrid, removed_at__isnull=True).order_by("pk"))
    site_meters = [m for m in meters if m.kind == MeterKind.SITE]
    site_ids = np.array([m.site_id for m in site_meters], dtype=np.int64)
    position = {site_id: i for i, site_id in enumerate(site_ids.tolist())}
    storages = list(
        StorageUnit.objects.filter(site__microgrid=microgrid, meter__removed_at__isnull=True)
        .select_related("meter", "site")
        .order_by("pk")
    )
    names = inverter_names(microgrid)
    at_storage = [s.meter.pk for s in storages]
    readings = Readings(
        import_w=_values(live, "import_w", [m.pk for m in site_meters]),
        export_w=_values(live, "export_w", [m.pk for m in site_meters]),
        production_w=_by_site(live, [m for m in meters if m.kind == MeterKind.SOURCE], position),
        charge_w=_values(live, "charge_w", at_storage),
        discharge_w=_values(live, "discharge_w", at_storage),
        soc_wh=_values(live, "soc_wh", at_storage),
        storage_site=np.array([position[s.site_id] for s in storages], dtype=np.int64),
        storage_is_ready=np.array(
            [s.status == AssetStatus.ACTIVE and s.pk in names for s in storages], dtype=bool
        ),
    )
    return Scene(site_ids, storages, storage_limits(storages), readings, live.values["frequency_hz"])


def inverter_names(microgrid: Microgrid) -> dict[int, str]:
    """By storage, the name of the device that measures and commands it; only enrolled ones."""
    rows = Device.objects.filter(
        microgrid=microgrid, status=DeviceStatus.ENROLLED, meter__storage__isnull=False
    )
    return dict(rows.values_list("meter__storage_id", "name"))


def _values(live: LiveReadings, name: str, meter_ids: list[int]) -> NDArray[np.float64]:
    found = dict(zip(live.meter_ids.tolist(), live.values[name].tolist(), strict=True))
    return np.array([found.get(meter_id, np.nan) for meter_id in meter_ids], dtype=np.float64)


def _by_site(live: LiveReadings, meters: list[Meter], position: dict[int, int]) -> NDArray[np.float64]:
    """Production by site; a silent source counts as nothing."""
    total = np.zeros(len(position))
    for meter, value in zip(meters, _values(live, "production_w", [m.pk for m in meters]), strict=True):
        total[position[meter.site_id]] += 0.0 if np.isnan(value) else value
    return total
