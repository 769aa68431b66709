"""What is known of one element of the network at the moment that a message tells."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from energy.models import Line, Microgrid, Site, Transformer
from grid.domain.network.painting import Look, loading_look, voltage_look
from grid.models import GridAlarm
from grid.selectors.drawing import LINE, Drawing, storage_places
from grid.selectors.network import load_network


@dataclass(frozen=True, slots=True)
class StorageNow:
    code: str
    capacity_wh: int
    soc_wh: int | None
    charge_w: int | None
    discharge_w: int | None

    @property
    def percent(self) -> int | None:
        return None if self.soc_wh is None else round(100 * self.soc_wh / self.capacity_wh)


@dataclass(frozen=True, slots=True)
class NodeDetails:
    code: str
    look: Look
    band: str
    sites: Sequence[Site]
    storages: Sequence[StorageNow]
    alarms: Sequence[GridAlarm]


@dataclass(frozen=True, slots=True)
class BranchDetails:
    code: str
    kind: str
    look: Look
    power_w: int | None
    towards: str
    first: str
    second: str
    rating: str
    data: str
    alarms: Sequence[GridAlarm]


def node_details(drawing: Drawing, message: dict[str, Any] | None, microgrid: Microgrid, code: str, at: datetime) -> NodeDetails | None:
    """A node with its voltage, sites and storages; None where there is none of that code."""
    place = next((i for i, node in enumerate(drawing.nodes) if node.code == code), None)
    if place is None:
        return None
    node = drawing.nodes[place]
    look = voltage_look(_told(drawing, message, "voltage", place), node.vm_min, node.vm_max)
    # Nodes that a closed switch joins are one: what hangs at any of them hangs here.
    places = load_network(microgrid.pk, at).places
    joined = [code, *(name for name, position in places.items() if position == place)]
    sites = Site.objects.filter(microgrid=microgrid, node__code__in=joined).order_by("code")
    storages = [
        StorageNow(
            drawing.storages[i].code,
            drawing.storages[i].capacity_wh,
            *(_told(drawing, message, f"storage_{name}", i) for name in ("soc_wh", "charge_w", "discharge_w")),
        )
        for i in storage_places(drawing).get(place, [])
    ]
    band = f"{node.vm_min / 10_000:.3f} to {node.vm_max / 10_000:.3f} p.u."
    subjects = [code, *(storage.code for storage in storages)]
    return NodeDetails(code, look, band, list(sites), storages, _alarms(microgrid, subjects))


def branch_details(drawing: Drawing, message: dict[str, Any] | None, microgrid: Microgrid, code: str, at: datetime) -> BranchDetails | None:
    """A line or transformer with what it carries, and where to."""
    place = next((i for i, branch in enumerate(drawing.branches) if branch.code == code), None)
    if place is None:
        return None
    branch = drawing.branches[place]
    first, second = drawing.nodes[branch.first].code, drawing.nodes[branch.second].code
    power = _told(drawing, message, "branch_w", place)
    rating, data = _ratings(microgrid, branch.kind, code, at)
    return BranchDetails(
        code,
        branch.kind,
        loading_look(_told(drawing, message, "loading", place)),
        abs(power) if power is not None else None,
        second if (power or 0) >= 0 else first,
        first,
        second,
        rating,
        data,
        _alarms(microgrid, [code]),
    )


def _ratings(microgrid: Microgrid, kind: str, code: str, at: datetime) -> tuple[str, str]:
    if kind == LINE:
        line = Line.objects.filter(microgrid=microgrid, code=code).at(at).first()
        return (f"{line.max_current_a:.0f} A", f"{line.length_km * 1000:.0f} m {line.line_type}") if line else ("", "")
    row = Transformer.objects.filter(microgrid=microgrid, code=code).at(at).first()
    return (f"{row.rated_va / 1000:.0f} kVA", f"{row.voltage_hv_v / 1000:g} kV to {row.voltage_lv_v:g} V") if row else ("", "")


def _told(drawing: Drawing, message: dict[str, Any] | None, name: str, place: int) -> int | None:
    if message is None or message.get("order") != drawing.order:
        return None
    values = message.get(name) or []
    return values[place] if place < len(values) else None


def _alarms(microgrid: Microgrid, subjects: Sequence[str]) -> list[GridAlarm]:
    rows = GridAlarm.objects.filter(microgrid=microgrid, subject__in=subjects, raised_at__isnull=False)
    return list(rows.unfinished().urgent_first()[:10])
