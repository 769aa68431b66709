"""What devices behind links said last, for control."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from energy.models import Microgrid
from grid.domain.control.self_reports import SelfReports
from grid.domain.control.state import Astray
from grid.domain.devices.links import SENTENCES, Problem
from grid.models import DeviceLink
from grid.selectors.control_layout import ControlLayout

FRESH = timedelta(seconds=75)  # links that we call are asked once a minute
TELLING = frozenset(Problem) - {Problem.BUSY}


@dataclass(frozen=True, slots=True)
class LinkReport:
    """One link's last conversation; `told_at` and `heard_at` are real time."""

    kind: str
    asset_id: int
    problem: str
    detail: str
    told_at: datetime | None
    heard_at: datetime | None
    charge_w: float | None
    discharge_w: float | None
    soc_share: float | None

    @property
    def is_astray(self) -> bool:
        """Whether it was told something and its last conversation ended in a problem."""
        return self.told_at is not None and self.problem in TELLING

    def power_w(self, real_now: datetime) -> tuple[float, float] | None:
        """What it takes and gives by its own word; None where it does not say, or said it long ago."""
        if self.charge_w is None or self.discharge_w is None or self.heard_at is None:
            return None
        return (self.charge_w, self.discharge_w) if real_now - self.heard_at <= FRESH else None

    @property
    def words(self) -> str:
        """What is wrong, for an operator."""
        said = SENTENCES[Problem(self.problem)] if self.problem else ""
        return f"{said} {self.detail}".strip()[:200]


def link_reports(microgrid: Microgrid) -> list[LinkReport]:
    """Of all enabled links."""
    rows = DeviceLink.objects.filter(microgrid=microgrid, is_enabled=True).order_by("pk")
    return [_report(row) for row in rows]


def _report(row: DeviceLink) -> LinkReport:
    ids = {"storage": row.storage_id, "source": row.source_id, "consumer": row.consumer_id}
    kind, asset_id = next((kind, pk) for kind, pk in ids.items() if pk is not None)
    return LinkReport(
        kind,
        asset_id,
        row.problem,
        row.problem_detail,
        row.sent_at,
        row.last_contact_at,
        row.read_charge_w,
        row.read_discharge_w,
        row.read_soc_share,
    )


def lay_reports(layout: ControlLayout, reports: Sequence[LinkReport], real_now: datetime) -> tuple[SelfReports, Astray]:
    """The reports by position: what storages say of themselves, and who does not do as told."""
    charge, discharge, soc = (np.full(len(layout.storages), np.nan) for _ in range(3))
    astray = Astray(
        np.zeros(len(layout.storages), dtype=bool),
        np.zeros(len(layout.source_site), dtype=bool),
        np.zeros(len(layout.load_site), dtype=bool),
    )
    of_kind, places = ({"storage": astray.storages, "source": astray.sources, "consumer": astray.loads}, _places(layout))
    for report in reports:
        place = places.get((report.kind, report.asset_id))
        if place is None:
            continue
        of_kind[report.kind][place] = report.is_astray
        power = report.power_w(real_now)
        if report.kind == "storage" and power is not None and report.soc_share is not None:
            charge[place], discharge[place] = power
            soc[place] = report.soc_share * layout.storages[place].capacity_wh
    return SelfReports(charge, discharge, soc), astray


def _places(layout: ControlLayout) -> dict[tuple[str, int], int]:
    first, second = len(layout.storages), len(layout.storages) + len(layout.source_site)
    parts = (
        ("storage", layout.targets[:first]),
        ("source", layout.targets[first:second]),
        ("consumer", layout.targets[second : second + len(layout.load_site)]),
    )
    return {(kind, target.asset_id): place for kind, targets in parts for place, target in enumerate(targets)}


def not_obeying(layout: ControlLayout, reports: Sequence[LinkReport]) -> list[tuple[str, str]]:
    """Codes of devices that do not do as told by their own word, and what is wrong."""
    places, first = _places(layout), {"storage": 0, "source": len(layout.storages)}
    first["consumer"] = first["source"] + len(layout.source_site)
    return [
        (layout.targets[first[r.kind] + places[r.kind, r.asset_id]].code, r.words)
        for r in reports
        if r.is_astray and (r.kind, r.asset_id) in places
    ]
