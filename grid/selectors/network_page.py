"""What the page and the doors of the network show: facts, hosting by node, losses of elements, outages."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Min

from energy.models import Line, Microgrid, NetworkChange, Node, Switch, Transformer
from grid.models import ElementLoss, Interruption, NetworkStudy, NodeHosting, PlannedOutage, Technology
from grid.selectors.losses import SettledLosses, settled_losses
from grid.selectors.network import load_network, open_ties
from members.models import Notification

LOSS_DAYS = 28
SHOWN_OUTAGES = 20


@dataclass(frozen=True, slots=True)
class NetworkFacts:
    """How many of what there is now, and what changed last."""

    nodes: int
    lines: int
    transformers: int
    switches: int
    open_switches: int
    length_km: float
    last_change: NetworkChange | None


@dataclass(frozen=True, slots=True)
class HostingRow:
    """One node with what it still takes of each technology; None where it was not computed."""

    node_code: str
    by_technology: Sequence[NodeHosting | None]

    @property
    def least_w(self) -> int:
        return min((one.power_w for one in self.by_technology if one is not None), default=0)


def network_facts(microgrid: Microgrid, now: datetime) -> NetworkFacts:
    """Counts at the microgrid's `now`."""
    lines = list(Line.objects.filter(microgrid=microgrid).at(now).values_list("length_km", flat=True))
    return NetworkFacts(
        Node.objects.filter(microgrid=microgrid).at(now).count(),
        len(lines),
        Transformer.objects.filter(microgrid=microgrid).at(now).count(),
        Switch.objects.filter(microgrid=microgrid).at(now).count(),
        len(open_ties(microgrid.pk, load_network(microgrid.pk, now), now)),
        float(sum(lines)),
        NetworkChange.objects.filter(microgrid=microgrid).order_by("-id").first(),
    )


def newest_study(microgrid: Microgrid) -> NetworkStudy | None:
    """The computation that counts."""
    return NetworkStudy.objects.filter(microgrid=microgrid).order_by("-made_at", "-pk").first()


def hosting_rows(study: NetworkStudy) -> list[HostingRow]:
    """By node, the one that takes least first."""
    found: dict[str, dict[str, NodeHosting]] = {}
    for one in NodeHosting.objects.filter(study=study):
        found.setdefault(one.node_code, {})[one.technology] = one
    rows = [HostingRow(code, [by.get(t) for t in Technology.values]) for code, by in found.items()]
    return sorted(rows, key=lambda row: (row.least_w, row.node_code))


def element_losses(study: NetworkStudy) -> list[ElementLoss]:
    """The worst first."""
    return list(ElementLoss.objects.filter(study=study).order_by("place"))


def recent_losses(microgrid: Microgrid, now: datetime) -> SettledLosses | None:
    """What was settled as losses over the last four weeks."""
    today = now.astimezone(microgrid.zone).date()
    return settled_losses(microgrid=microgrid, days=[today - timedelta(days=i) for i in range(LOSS_DAYS + 1)])


def newest_outages(microgrid: Microgrid) -> list[PlannedOutage]:
    """Planned outages, what begins last on top."""
    rows = PlannedOutage.objects.filter(microgrid=microgrid).order_by("-start_at", "-pk")
    return list(
        rows.select_related("requested_by", "decided_by").prefetch_related(
            "elements", "switchings__switch", "sites_lost", "moves__switch", "moves__position", "moves__back", "extensions"
        )[:SHOWN_OUTAGES]
    )


def outage_page(outage: PlannedOutage) -> dict[str, Any]:
    """Everything that the page of one outage shows besides its row."""
    extensions = list(outage.extensions.select_related("asked_by", "decided_by").order_by("asked_at"))
    told = Notification.objects.filter(key__startswith=f"outage:{outage.public_id}:", kind="outage")
    return {
        "elements": list(outage.elements.all()),
        "switchings": list(outage.switchings.select_related("switch")),
        "moves": list(outage.moves.select_related("switch", "position__set_by", "back__set_by").order_by("pk")),
        "lost": list(outage.sites_lost.select_related("member").order_by("code")),
        "extensions": extensions,
        "waiting": next((one for one in extensions if one.decided_at is None), None),
        "told": list(told.values("subject").annotate(people=Count("user", distinct=True), at=Min("created_at")).order_by("at")[:20]),
        "interruptions": list(
            Interruption.objects.filter(microgrid=outage.microgrid, external_ref__startswith=f"switching:outage:{outage.public_id}")
        ),
    }
