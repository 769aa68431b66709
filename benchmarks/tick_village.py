"""Villages for `script/bench tick`: the demo network, or one of any size, with live samples in Valkey."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings

from energy.adapters.live_store import LiveSample, read_samples, write_samples
from energy.models import Consumer, Device, Line, Meter, Microgrid, Node, Site, Source, StorageUnit, Transformer
from energy.models.meters import MeterKind
from energy.selectors.live import readings_of
from energy.services.import_simbench import import_network
from grid.adapters.control_link import ControlLink, Hearing
from grid.domain.control.command_life import Told
from grid.domain.control.state import Memory
from grid.domain.network.powerflow import Flow
from grid.selectors.control_layout import ControlLayout, lay_out, load_layout
from grid.selectors.readings import fresh_readings
from grid.services.control_tick import order_of, think
from grid.services.observation import Judgement, weigh
from grid.services.tick_records import keep_thought
from members.models import Cooperative, Member

FOLDER = Path(__file__).resolve().parent.parent / "energy" / "data" / "simbench_lv_rural3"
NOW = datetime(2026, 6, 1, 10, tzinfo=UTC)
PER_FEEDER = 100


def demo() -> Microgrid:
    """The demo network with all its meters."""
    report = import_network(folder=FOLDER, cooperative=_cooperative(), slug="demo", name="Demo", time_zone="Europe/Berlin")
    return _with_devices(report.microgrid)


def many(points: int) -> Microgrid:
    """A network of feeders of a hundred nodes behind transformers, a site at each node: every third with a roof, every tenth a battery."""
    cooperative = _cooperative()
    member = Member.objects.create(cooperative=cooperative, number=1, name="All", is_cooperative=True)
    grid = Microgrid.objects.create(
        cooperative=cooperative, slug="many", name="Many", import_limit_w=points * 1000, export_limit_w=points * 1000
    )
    feeders = max(points // PER_FEEDER, 1)
    coupling = Node.objects.create(microgrid=grid, code="PCC", nominal_voltage_v=20_000, is_coupling_point=True, vm_setpoint_pu=1.0)
    heads = Node.objects.bulk_create([Node(microgrid=grid, code=f"F{f}", nominal_voltage_v=400) for f in range(feeders)])
    Transformer.objects.bulk_create(
        [
            Transformer(
                microgrid=grid,
                code=f"T{f}",
                node_hv=coupling,
                node_lv=head,
                rated_va=400_000,
                voltage_hv_v=20_000,
                voltage_lv_v=400,
                short_circuit_percent=4.0,
                copper_loss_w=4000,
                iron_loss_w=500,
                no_load_current_percent=0.3,
            )
            for f, head in enumerate(heads)
        ]
    )
    nodes = Node.objects.bulk_create([Node(microgrid=grid, code=f"N{i}", nominal_voltage_v=400) for i in range(points)])
    # Ten strings of ten nodes leave each feeder's busbar.
    before = [heads[min(i // PER_FEEDER, feeders - 1)] if i % 10 == 0 else nodes[i - 1] for i in range(points)]
    Line.objects.bulk_create(
        [
            Line(
                microgrid=grid,
                code=f"L{i}",
                node_from=before[i],
                node_to=nodes[i],
                length_km=0.03,
                resistance_ohm_per_km=0.2,
                reactance_ohm_per_km=0.08,
                max_current_a=270 if i % 1000 else 14,
            )
            for i in range(points)
        ]
    )
    sites = Site.objects.bulk_create(
        [Site(microgrid=grid, member=member, node=n, code=f"S{i}", name=f"S{i}", kind="household") for i, n in enumerate(nodes)]
    )
    Consumer.objects.bulk_create(
        [Consumer(site=s, code=f"C{i}", kind="household", max_demand_w=8000, priority_tier=1 + i % 4) for i, s in enumerate(sites)]
    )
    roofs = Source.objects.bulk_create(
        [Source(site=s, code=f"R{i}", kind="solar", capacity_w=10_000) for i, s in enumerate(sites) if i % 3 == 0]
    )
    batteries = StorageUnit.objects.bulk_create(
        [
            StorageUnit(
                site=s,
                code=f"B{i}",
                capacity_wh=10_000,
                charge_max_w=5000,
                discharge_max_w=5000,
                eta_charge="0.95",
                eta_discharge="0.95",
                soc_max_wh=10_000,
                soc_wh=5000,
            )
            for i, s in enumerate(sites)
            if i % 10 == 0
        ]
    )
    Meter.objects.bulk_create([Meter(microgrid=grid, site=s, kind=MeterKind.SITE, code=s.code) for s in sites])
    Meter.objects.bulk_create([Meter(microgrid=grid, site=r.site, kind=MeterKind.SOURCE, source=r, code=r.code) for r in roofs])
    Meter.objects.bulk_create([Meter(microgrid=grid, site=b.site, kind=MeterKind.STORAGE, storage=b, code=b.code) for b in batteries])
    return _with_devices(grid)


def _cooperative() -> Cooperative:
    return Cooperative.objects.create(slug="bench", name="Bench eG", city="Bench", postal_code="19000")


def _with_devices(microgrid: Microgrid) -> Microgrid:
    Device.objects.bulk_create(
        [
            Device(microgrid=microgrid, meter=meter, name=f"urn:dev:mg:{meter.public_id.hex}")
            for meter in Meter.objects.filter(microgrid=microgrid)
        ]
    )
    return microgrid


def let_report(microgrid: Microgrid, at: datetime, tick: int, silent_percent: int, volts: dict[int, float]) -> None:
    """Every meter but the same few silent sites says something new: homes draw about a kilowatt, roofs give, batteries do as they were."""
    random = np.random.default_rng(tick)
    samples: dict[int, LiveSample] = {}
    sun = 0.35 + 0.1 * np.sin(tick / 3)
    meters = Meter.objects.filter(microgrid=microgrid).select_related("source", "storage")
    given: dict[int, float] = {}
    for meter in meters:
        if meter.source is not None:
            power = sun * meter.source.capacity_w * random.uniform(0.9, 1.0)
            given[meter.site_id] = given.get(meter.site_id, 0.0) + power
            samples[meter.pk] = LiveSample(at.timestamp(), {"production_w": power})
        elif meter.storage is not None:
            values = {"charge_w": 0.0, "discharge_w": 0.0, "soc_wh": meter.storage.capacity_wh * 0.5}
            samples[meter.pk] = LiveSample(at.timestamp(), values)
    few = max(100 // silent_percent, 1) if silent_percent else 0
    for meter in meters:
        if meter.kind == MeterKind.SITE and not (few and meter.pk % few == 0):
            net = random.uniform(200, 2500) - given.get(meter.site_id, 0.0)
            values = {
                "import_w": max(net, 0.0),
                "export_w": max(-net, 0.0),
                "voltage_v": volts.get(meter.site_id, float("nan")),
                "frequency_hz": 50.0,
            }
            if not volts:
                del values["voltage_v"]
            samples[meter.pk] = LiveSample(at.timestamp(), values)
    write_samples({microgrid.pk: samples})


def volts_of(layout: ControlLayout, flow: Flow | None) -> dict[int, float]:
    """What meters would show of a phase at the voltages of the tick before."""
    if flow is None:
        return {}
    network = layout.network
    phase_v = flow.voltage_pu * network.network.nominal_voltage_v / 3**0.5
    pairs = zip(network.site_ids.tolist(), network.site_node.tolist(), strict=True)
    return {site: float(phase_v[node]) for site, node in pairs if node >= 0}


def measure(microgrid: Microgrid, ticks: int, silent_percent: int = 0) -> dict[str, Any]:
    """Run ticks as the process does; what a tick waits for is timed, and what follows behind it."""
    layout = load_layout(microgrid, NOW)
    memory = Memory.fresh(layout.points, len(layout.site_ids), 0.0)
    told = Told.nothing(len(layout.storages), len(layout.targets) - len(layout.storages))
    hearing = Hearing()
    link = ControlLink(settings.MQTT_URL, "bench-tick", hearing)
    link.start()
    judged: Judgement | None = None
    volts: dict[int, float] = {}
    found: dict[str, Any] = {"ticks": [], "processor": [], "reading": [], "behind": [], "commands": 0, "binding": 0}
    meter_ids = [*layout.site_meters.tolist(), *layout.source_meters.tolist(), *layout.storage_meters.tolist()]
    for tick in range(ticks + 1):
        now = NOW + timedelta(seconds=4 * tick)
        let_report(microgrid, now, tick, silent_percent, volts)
        began, worked = time.perf_counter(), time.process_time()
        for meter_id, sample in read_samples(microgrid.pk).items():
            hearing.put(meter_id, sample)
        live = fresh_readings(readings_of(hearing.of(meter_ids)), microgrid, now)
        read = time.perf_counter()
        thought = think(layout, lay_out(layout, live), None, memory, told, now=now, at_s=4.0 * tick, judged=judged)
        link.send([order_of(layout, command) for command in thought.commands])
        ended, spent = time.perf_counter(), time.process_time() - worked
        memory, told = thought.choice.memory, thought.told
        volts = volts_of(layout, thought.flow)
        keep_thought(thought=thought, real_now=now)
        if judged is None:  # done beside the ticks, and more seldom
            weighing = time.perf_counter()
            judged = weigh(layout, lay_out(layout, live))
            found["weighing"] = time.perf_counter() - weighing
        if tick:  # the first one builds the network
            found["ticks"].append(ended - began)
            found["processor"].append(spent)
            found["reading"].append(read - began)
            found["behind"].append(time.perf_counter() - ended)
            found["estimated"] = thought.points_estimated
            found["commands"] += len(thought.commands)
            found["binding"] += sum("binds" in reason for reason in thought.choice.reasons)
    link.stop()
    return found | {"points": len(layout.site_ids), "nodes": len(layout.names.nodes)}
