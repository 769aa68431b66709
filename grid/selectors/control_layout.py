"""Who can be seen and told in a microgrid, laid out by position once, so that a tick only fills in numbers."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from energy.models import Consumer, Device, Meter, Microgrid, Source, StorageUnit
from energy.models.assets import AssetStatus
from energy.models.devices import DeviceStatus
from energy.models.meters import MeterKind
from energy.selectors.live import LiveReadings
from grid.domain.alarms import Names
from grid.domain.control.dispatch import StorageLimits
from grid.domain.control.state import ControlSettings, Coupling, Points
from grid.domain.control.tick import Readings, consumption_by_site
from grid.domain.network.stand_ins import Expected
from grid.models import ControlRule, DeviceLink
from grid.selectors.branch_meters import BranchMeters, branch_meters
from grid.selectors.drawing import order_name
from grid.selectors.expectations import expected_draws
from grid.selectors.network import NetworkOfSites, load_network
from grid.selectors.switches import off_on_purpose
from grid.selectors.village import storage_limits

Places = NDArray[np.int64]
Power = NDArray[np.float64]
DEAD_VOLTAGE_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class Target:
    """A device that can be told: whose it is, its name at the broker (empty where none is enrolled), and which load is meant."""

    asset_id: int
    code: str
    device_name: str
    load: str | None = None


@dataclass(frozen=True, slots=True)
class ControlLayout:
    """A microgrid as control sees it.

    Attributes:
        site_ids, site_meters: sites with a meter, and its id.
        source_meters, source_site: by source.
        storages, storage_meters, storage_site, storage_is_ready: by storage.
        load_site, load_share: by load that can be let go; its share of what its site uses.
        targets: storages, sources and loads in a row, as commands are.
        may_be_told: of them, those with an enrolled device or a link.
        has_link: of them, those that are told by a link and not through the broker.
        breaker: the meter beside the switch to the public grid, whose device works it and is the last target; None where nobody is told.
        site_most_w: by site, the most that what stands behind it can draw or give.
        expected: what stands in for sites that are silent.
        branch_meters: meters on lines and transformers.
        order: the name of the order in which ticks tell nodes, branches and storages.
        points: the same storages, sources and loads for the control rule.
    """

    microgrid: Microgrid
    site_ids: Places
    site_meters: Places
    source_meters: Places
    source_site: Places
    storages: Sequence[StorageUnit]
    limits: StorageLimits
    storage_meters: Places
    storage_site: Places
    storage_is_ready: NDArray[np.bool_]
    load_site: Places
    load_share: Power
    targets: Sequence[Target]
    may_be_told: NDArray[np.bool_]
    site_most_w: Power
    points: Points
    network: NetworkOfSites
    names: Names
    settings: ControlSettings
    coupling_meters: Sequence[int]
    order: str
    expected: Expected
    branch_meters: BranchMeters
    has_link: NDArray[np.bool_]
    breaker: int | None = None

    @property
    def identity(self) -> list[list[int]]:
        """What the memory of control fits to: the ids behind its arrays."""
        counts = (len(self.storages), len(self.source_site), len(self.load_site))
        first, second = counts[0], counts[0] + counts[1]
        ids = [target.asset_id for target in self.targets]
        return [ids[:first], ids[first:second], ids[second:], [int(i) for i in self.site_ids]]


def load_layout(microgrid: Microgrid, now: datetime) -> ControlLayout:
    """Load everything that does not change from tick to tick, as it is at the microgrid's `now`."""
    meters = list(Meter.objects.filter(microgrid=microgrid, removed_at__isnull=True).order_by("pk"))
    site_meters = [m for m in meters if m.kind == MeterKind.SITE]
    position = {m.site_id: i for i, m in enumerate(site_meters)}
    names = device_names(microgrid)
    storages = list(
        StorageUnit.objects.filter(site__microgrid=microgrid, meter__removed_at__isnull=True).select_related("meter", "site").order_by("pk")
    )
    sources = list(Source.objects.filter(site__microgrid=microgrid, meter__removed_at__isnull=True).select_related("meter").order_by("pk"))
    rule = ControlRule.objects.filter(microgrid=microgrid).select_related("breaker").first() or ControlRule(microgrid=microgrid)
    consumers = list(Consumer.objects.filter(site__microgrid=microgrid).order_by("pk"))
    loads = [c for c in consumers if c.priority_tier >= rule.lowest_tier_shed and c.site_id in position]
    demand = np.zeros(len(site_meters))
    for consumer in consumers:
        if consumer.site_id in position:
            demand[position[consumer.site_id]] += consumer.max_demand_w
    name_of_site = {m.site_id: names.get(m.pk, "") for m in site_meters}
    targets = [
        *(Target(s.pk, s.code, names.get(s.meter.pk, "")) for s in storages),
        *(Target(s.pk, s.code, names.get(s.meter.pk, "")) for s in sources),
        *(Target(c.pk, c.code, name_of_site[c.site_id], c.code) for c in loads),
    ]
    breaker = rule.breaker if rule.breaker_id is not None and rule.breaker_id in names else None
    if breaker is not None:
        targets.append(Target(breaker.pk, breaker.code, names[breaker.pk]))
    linked = linked_devices(microgrid)
    kinds = ["storage"] * len(storages) + ["source"] * len(sources) + ["consumer"] * len(loads)
    kinds += ["breaker"] * (breaker is not None)
    has_link = np.array([(k, t.asset_id) in linked for k, t in zip(kinds, targets, strict=True)], dtype=bool)
    told = np.array([bool(target.device_name) for target in targets], dtype=bool) | has_link
    network = load_network(microgrid.pk, now)
    limits = storage_limits(storages)
    load_site = np.array([position[c.site_id] for c in loads], dtype=np.int64)
    return ControlLayout(
        microgrid,
        np.array([m.site_id for m in site_meters], dtype=np.int64),
        _ids(site_meters),
        _ids([s.meter for s in sources]),
        np.array([position[s.site_id] for s in sources], dtype=np.int64),
        storages,
        limits,
        _ids([s.meter for s in storages]),
        np.array([position[s.site_id] for s in storages], dtype=np.int64),
        np.array([s.status == AssetStatus.ACTIVE for s in storages], dtype=bool) & told[: len(storages)],
        load_site,
        np.array([c.max_demand_w / max(demand[position[c.site_id]], 1.0) for c in loads]),
        targets,
        told,
        _most_by_site(demand, position, storages, sources),
        _points(microgrid, limits, storages, sources, loads, network, rule),
        network,
        Names(
            network.node_codes,
            [w.code for w in network.network.wires],
            [t.code for t in network.network.transformers],
            network.vm_min_pu,
            network.vm_max_pu,
            off_on_purpose(microgrid, network, now),
        ),
        settings_of(rule, microgrid),
        [m.pk for m in meters if m.kind == MeterKind.GRID],
        order_name(network, storages),
        expected_draws(microgrid, [m.site_id for m in site_meters], now),
        branch_meters([m for m in meters if m.kind == MeterKind.GRID], network),
        has_link,
        None if breaker is None else breaker.pk,
    )


def linked_devices(microgrid: Microgrid) -> set[tuple[str, int]]:
    """Kind and id of the devices with an enabled link."""
    rows = DeviceLink.objects.filter(microgrid=microgrid, is_enabled=True)
    ids = rows.values_list("storage_id", "source_id", "consumer_id")
    kinds = ("storage", "source", "consumer")
    return {(kind, pk) for row in ids for kind, pk in zip(kinds, row, strict=True) if pk is not None}


def device_names(microgrid: Microgrid) -> dict[int, str]:
    """By meter, the name of its enrolled device."""
    rows = Device.objects.filter(microgrid=microgrid, status=DeviceStatus.ENROLLED, meter__isnull=False)
    return dict(rows.values_list("meter_id", "name"))


def settings_of(rule: ControlRule, microgrid: Microgrid) -> ControlSettings:
    """The rule's thresholds and times, with the connection's limits."""
    return ControlSettings(
        import_limit_w=microgrid.import_limit_w,
        export_limit_w=microgrid.export_limit_w,
        exchange_deadband_w=rule.exchange_deadband_w,
        peak_share=rule.peak_share,
        frequency_alarm_hz=(rule.frequency_low_hz, rule.frequency_high_hz),
        shed_below_hz=tuple(rule.shed_below_hz),
        autonomy_hours=rule.autonomy_minutes / 60,
        restore_hold_s=rule.restore_hold_s,
        restore_pause_s=rule.restore_pause_s,
        release_hold_s=rule.release_hold_s,
        rotate_after_s=rule.rotate_after_s,
        resync_after_s=rule.resync_after_s,
        slip_most_hz=rule.sync_slip_hz,
        phase_most_deg=rule.sync_phase_deg,
        voltage_gap_most_pu=rule.sync_voltage_pu,
        breaker_checks_itself=rule.breaker_checks_itself,
    )


def _ids(meters: Sequence[Meter]) -> Places:
    return np.array([m.pk for m in meters], dtype=np.int64)


def _most_by_site(demand: Power, position: dict[int, int], storages: Sequence[StorageUnit], sources: Sequence[Source]) -> Power:
    """What can flow at most; sites of which nothing is known may carry anything."""
    most = demand.copy()
    for storage in storages:
        most[position[storage.site_id]] += max(storage.charge_max_w, storage.discharge_max_w)
    for source in sources:
        most[position[source.site_id]] += source.capacity_w
    return np.where(most > 0, np.maximum(most, 5000.0), np.inf)


def _points(
    microgrid: Microgrid,
    limits: StorageLimits,
    storages: Sequence[StorageUnit],
    sources: Sequence[Source],
    loads: Sequence[Consumer],
    network: NetworkOfSites,
    rule: ControlRule,
) -> Points:
    node = dict(zip(network.site_ids.tolist(), network.site_node.tolist(), strict=True))

    def nodes(assets: Sequence[StorageUnit] | Sequence[Source] | Sequence[Consumer]) -> Places:
        return np.array([node.get(asset.site_id, -1) for asset in assets], dtype=np.int64)

    rating = np.maximum(limits.charge_max_w, limits.discharge_max_w)
    return Points(
        limits,
        nodes(storages),
        rating * rule.storage_ramp_percent_per_s / 100,
        np.array([float(s.capacity_w) for s in sources]),
        nodes(sources),
        np.array([float(c.max_demand_w) for c in loads]),
        np.array([c.priority_tier for c in loads], dtype=np.int64),
        nodes(loads),
    )


@dataclass(frozen=True, slots=True)
class LiveScene:
    """What the meters say, by position: of sites and storages, of sources and loads, of the coupling; voltages by site, flows by branch meter."""

    readings: Readings
    source_w: Power
    load_w: Power
    frequency_hz: Power
    coupling: Coupling
    voltage_v: Power
    branch_w: Power


def lay_out(layout: ControlLayout, live: LiveReadings) -> LiveScene:
    """Put live readings where they belong; NaN where a meter is silent."""

    def values(name: str, meter_ids: Places) -> Power:
        return _at(live, name, meter_ids)

    source_w = values("production_w", layout.source_meters)
    production = np.zeros(len(layout.site_ids))
    np.add.at(production, layout.source_site, np.nan_to_num(source_w))
    readings = Readings(
        import_w=values("import_w", layout.site_meters),
        export_w=values("export_w", layout.site_meters),
        production_w=production,
        charge_w=values("charge_w", layout.storage_meters),
        discharge_w=values("discharge_w", layout.storage_meters),
        soc_wh=values("soc_wh", layout.storage_meters),
        storage_site=layout.storage_site,
        storage_is_ready=layout.storage_is_ready,
    )
    use = np.where(readings.site_reports, consumption_by_site(readings), np.nan)
    return LiveScene(
        readings,
        source_w,
        use[layout.load_site] * layout.load_share,
        live.values["frequency_hz"],
        coupling_of(live),
        values("voltage_v", layout.site_meters),
        values("import_w", layout.branch_meters.meter_ids) - values("export_w", layout.branch_meters.meter_ids),
    )


def _at(live: LiveReadings, name: str, meter_ids: Places) -> Power:
    if not len(live.meter_ids):
        return np.full(len(meter_ids), np.nan)
    place = np.minimum(np.searchsorted(live.meter_ids, meter_ids), len(live.meter_ids) - 1)
    return np.where(live.meter_ids[place] == meter_ids, live.values[name][place], np.nan)


def coupling_of(live: LiveReadings) -> Coupling:
    """The switch to the public grid as the meter beside it tells; closed and well where none tells."""
    tells = np.flatnonzero(~np.isnan(live.values["coupling_open"]))
    if not len(tells):
        return Coupling()
    place = int(tells[0])
    said = {name: float(values[place]) for name, values in live.values.items()}
    voltage, beyond_v, beyond_hz = said["voltage_v"], said["grid_voltage_v"], said["grid_frequency_hz"]
    is_sound = np.isnan(beyond_v) or np.isnan(voltage) or beyond_v > DEAD_VOLTAGE_SHARE * max(voltage, 1.0)
    slip = said["frequency_hz"] - beyond_hz
    return replace(
        Coupling(),
        is_closed=not said["coupling_open"],
        is_alive=bool(np.isnan(voltage) or voltage > 1.0),
        grid_is_sound=bool(is_sound and not (np.isfinite(beyond_hz) and not 49.5 <= beyond_hz <= 50.5)),
        exchange_w=said["import_w"] - said["export_w"],
        slip_hz=0.0 if np.isnan(slip) else slip,
        phase_deg=said["grid_phase_deg"],
        voltage_gap_pu=0.0 if np.isnan(voltage) or not beyond_v > 0 else (voltage - beyond_v) / beyond_v,
    )
