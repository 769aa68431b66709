"""Switches as people see them: how each stands, since when, by whom; and what stands open on purpose."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from energy.models import Line, Microgrid, Switch, SwitchPosition, Transformer
from energy.models.topology import ISOLATING_POINT
from grid.domain.network.connections import unsupplied
from grid.models import OutageMove, OutageState, SwitchOrder
from grid.selectors.network import NetworkOfSites, network_if, switches_at

SHOWN_ORDERS = 100


@dataclass(frozen=True, slots=True)
class SwitchLine:
    """A switch with its last move; `outage` is the work that holds it."""

    switch: Switch
    is_closed: bool
    moved: SwitchPosition | None
    outage: str

    @property
    def is_unusual(self) -> bool:
        return self.is_closed != self.switch.normally_closed

    @property
    def is_isolating_point(self) -> bool:
        """Whether its code says where it is already."""
        return self.switch.kind == ISOLATING_POINT

    @property
    def between(self) -> str:
        """What it joins or parts."""
        node, other = self.switch.node, self.switch.other_node
        return f"{node.code} and {other.code}" if other else f"{node.code} and {self.switch.line_code or self.switch.transformer_code}"


def switch_lines(microgrid: Microgrid, at: datetime) -> list[SwitchLine]:
    """All switches; what does not stand as it normally does comes first."""
    rows = switches_at(microgrid.pk, at)
    ids = [row.pk for row, _ in rows]
    moves = SwitchPosition.objects.filter(switch__in=ids, at__lte=at).select_related("set_by")
    newest = {move.switch_id: move for move in moves.order_by("switch_id", "-at").distinct("switch_id")}
    held = OutageMove.objects.filter(switch__in=ids, back__isnull=True, outage__state=OutageState.RUNNING)
    work = dict(held.values_list("switch_id", "outage__reason"))
    lines = [SwitchLine(row, closed, newest.get(row.pk), work.get(row.pk, "")) for row, closed in rows]
    return sorted(lines, key=lambda line: (not line.is_unusual, line.switch.code))


def switch_orders(microgrid: Microgrid, most: int = SHOWN_ORDERS) -> Sequence[SwitchOrder]:
    """The log, the newest first."""
    rows = SwitchOrder.objects.filter(microgrid=microgrid).order_by("-proposed_at", "-pk")
    return list(
        rows.select_related("switch", "proposed_by", "confirmed_by", "taken_back_by").prefetch_related("sites_lost", "sites_back")[:most]
    )


def off_on_purpose(microgrid: Microgrid, network: NetworkOfSites, at: datetime) -> NDArray[np.bool_]:
    """By node: without a path to the public grid only because of work that goes on, or of an order by hand that stands."""
    nothing = np.zeros(len(network.node_codes), dtype=bool)
    dark = unsupplied(network.network)
    moved = _moved_on_purpose(microgrid) if dark.any() else {}
    if not moved:
        return nothing
    back = network_if(microgrid.pk, at, moved)
    still = unsupplied(back.network)
    there = np.array([still[back.places[code]] for code in network.node_codes], dtype=bool)
    return np.asarray(dark & ~there)


def _moved_on_purpose(microgrid: Microgrid) -> dict[int, bool]:
    """Switches by id, and how they would stand otherwise."""
    work = OutageMove.objects.filter(outage__microgrid=microgrid, outage__state=OutageState.RUNNING, back__isnull=True)
    found = {pk: not closed for pk, closed in work.values_list("switch_id", "position__is_closed")}
    orders = SwitchOrder.objects.filter(microgrid=microgrid, position__isnull=False).order_by("switch_id", "-position__at")
    for order in orders.distinct("switch_id").select_related("position", "switch"):
        assert order.position is not None
        newest = SwitchPosition.objects.filter(switch=order.switch_id).order_by("-at").first()
        if newest == order.position and order.closes != order.switch.normally_closed:
            found.setdefault(order.switch_id, not order.closes)
    return found


def ends_without_switch(microgrid: Microgrid, at: datetime) -> list[tuple[str, str, str]]:
    """Ends of lines and sides of transformers at which no switch is known: kind, code, node; their isolating points can be opened."""
    known = {(row.line_code or row.transformer_code, row.node.code) for row, _ in switches_at(microgrid.pk, at)}
    transformers = Transformer.objects.filter(microgrid=microgrid).at(at).values_list("code", "node_hv__code", "node_lv__code")
    lines = Line.objects.filter(microgrid=microgrid).at(at).values_list("code", "node_from__code", "node_to__code")
    return [
        (kind, code, node)
        for kind, rows in (("transformer", transformers), ("line", lines))
        for code, *ends in sorted(rows)
        for node in ends
        if (code, node) not in known
    ]
