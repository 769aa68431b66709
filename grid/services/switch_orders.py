"""A switch moved by hand in two steps: what would follow is computed and shown first, then somebody confirms. `now` is the microgrid's."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from django.db import transaction

from energy.models import Microgrid, NetworkChange, Switch
from energy.services.switching import CannotSwitch, ends_of, switch_at
from grid.domain.network.connections import path_between, unsupplied
from grid.domain.network.contingencies import Consequence, consequence
from grid.models import Emergency, EmergencyStep, InterruptionCause, OutageMove, OutageState, SwitchOrder
from grid.selectors.network import NetworkOfSites, load_network, network_if, sites_at, switches_at
from grid.selectors.outlook import NothingToExpect, outlook
from grid.services.switching import Move, move_switches
from members.models import User

AHEAD = timedelta(hours=24)
CONFIRM_WITHIN = timedelta(minutes=10)
MOST_RING_NAMED = 8


@dataclass(frozen=True, slots=True)
class After:
    """What a move would mean: sites by id; `found` is None where nothing can be expected yet, `words` say where the load comes from."""

    network: NetworkOfSites
    sites_lost: set[int]
    sites_back: set[int]
    ring: str
    found: Consequence | None
    words: str

    @property
    def is_within(self) -> bool:
        return self.found is None or (self.found.is_within and not self.found.problem)


def foresee_move(*, microgrid: Microgrid, switch: Switch, closes: bool, now: datetime) -> After:
    """Compute what the move would mean over the next day at the load that is expected; nothing is stored."""
    before, after = load_network(microgrid.pk, now), network_if(microgrid.pk, now, {switch.pk: closes})
    dark_before, dark_after = sites_at(before, unsupplied(before.network)), sites_at(after, unsupplied(after.network))
    found, words = None, ""
    try:
        expected = outlook(microgrid=microgrid, start_at=now, end_at=now + AHEAD, now=now)
        draws = expected.powers.by_node(after)
        found, words = consequence(after.network, *draws, after.vm_min_pu, after.vm_max_pu), expected.words
    except NothingToExpect as problem:
        words = str(problem)
    ring = _ring(before, switch) if closes else ""
    return After(after, dark_after - dark_before, dark_before - dark_after, ring, found, words)


def _ring(before: NetworkOfSites, switch: Switch) -> str:
    """The way that joins both sides already, before the switch is closed; nothing where there is none."""
    ends = _sides(before, switch)
    path = path_between(before.network, *ends) if ends else None
    if path is None:
        return ""
    named = ", ".join(path[:MOST_RING_NAMED])
    return f"{named} and {len(path) - MOST_RING_NAMED} more" if len(path) > MOST_RING_NAMED else named or "joined already"


def _sides(before: NetworkOfSites, switch: Switch) -> tuple[int, int] | None:
    """The two nodes that closing it would join."""
    if switch.other_node is not None:
        return before.places[switch.node.code], before.places[switch.other_node.code]
    lines = {w.code: (w.node_from, w.node_to, w.closed_from, w.closed_to) for w in before.network.wires}
    sides = {t.code: (t.node_hv, t.node_lv, t.closed_hv, t.closed_lv) for t in before.network.transformers}
    found = lines.get(switch.line_code) if switch.line_code else sides.get(switch.transformer_code)
    here = before.places.get(switch.node.code)
    if found is None or here not in found[:2]:
        return None
    other_is_closed = found[3] if here == found[0] else found[2]
    return (found[0], found[1]) if other_is_closed else None


def propose_switch_order(*, microgrid: Microgrid, switch: Switch, closes: bool, reason: str, by: User, now: datetime) -> SwitchOrder:
    """The first step: compute what would follow and write it down; nothing is switched.

    Raises:
        CannotSwitch: no reason, a switch of elsewhere or that stands so already, or one that work rests on.
    """
    _check(microgrid, switch, closes, reason, now)
    seen = foresee_move(microgrid=microgrid, switch=switch, closes=closes, now=now)
    with transaction.atomic():
        row = SwitchOrder.objects.create(
            microgrid=microgrid,
            switch=switch,
            closes=closes,
            reason=reason.strip()[:200],
            proposed_by=by,
            proposed_at=now,
            network_change=_newest_change(microgrid),
            **_columns(seen),
        )
        row.sites_lost.set(seen.sites_lost)
        row.sites_back.set(seen.sites_back)
    return row


@transaction.atomic
def propose_at_end(*, microgrid: Microgrid, kind: str, code: str, node_code: str, reason: str, by: User, now: datetime) -> SwitchOrder:
    """Propose to open a line's end or a transformer's side, by the switch there or by its isolating point.

    Raises:
        CannotSwitch: there is no such end, or as `propose_switch_order`.
    """
    ends = {node.code: node for node in ends_of(microgrid=microgrid, kind=kind, code=code, at=now)}
    if node_code not in ends:
        raise CannotSwitch(f"There is no {kind} '{code}' that ends at '{node_code}'.")
    switch = switch_at(microgrid=microgrid, kind=kind, code=code, node=ends[node_code], at=now)
    return propose_switch_order(microgrid=microgrid, switch=switch, closes=False, reason=reason, by=by, now=now)


def _check(microgrid: Microgrid, switch: Switch, closes: bool, reason: str, now: datetime) -> None:
    if not reason.strip():
        raise CannotSwitch("Say why the switch is moved; whoever replays the night wants to know.")
    stands = {row.pk: closed for row, closed in switches_at(microgrid.pk, now)}
    if switch.pk not in stands:
        raise CannotSwitch(f"{switch} is not there.")
    if stands[switch.pk] == closes:
        raise CannotSwitch(f"{switch} is {'closed' if closes else 'open'} already.")
    at_work = OutageMove.objects.filter(switch=switch, back__isnull=True, outage__state=OutageState.RUNNING)
    move = at_work.select_related("outage").first()
    if move is not None:
        raise CannotSwitch(f"{switch} stands so for work that goes on: {move.outage.reason}. End that work; then it is put back.")


def _columns(seen: After) -> dict[str, object]:
    found, network = seen.found, seen.network
    columns: dict[str, object] = {"ring": seen.ring[:300], "based_on": seen.words[:200], "is_within": seen.is_within}
    if found is None or found.problem:
        return columns | {"problem": found.problem[:300] if found else ""}
    codes = [*(w.code for w in network.network.wires), *(t.code for t in network.network.transformers)]
    if 0 <= found.highest_branch < len(codes):
        columns |= {"highest_loading": found.highest_loading, "loaded_code": codes[found.highest_branch]}
    if not np.isnan(found.lowest_pu):
        columns |= {"lowest_voltage_pu": found.lowest_pu, "lowest_code": network.node_codes[found.lowest_node]}
    return columns


def _newest_change(microgrid: Microgrid) -> int | None:
    newest = NetworkChange.objects.filter(microgrid=microgrid).order_by("-id")
    return newest.values_list("id", flat=True).first()


def is_grave(order: SwitchOrder) -> bool:
    """Whether its second step wants the switch's code typed: somebody loses supply, or limits are left."""
    return not order.is_within or order.sites_lost.exists()


@transaction.atomic
def confirm_switch_order(*, order: SwitchOrder, typed: str, by: User, now: datetime) -> SwitchOrder:
    """The second step: the switch is moved, sites that lose supply are an interruption from now on, those that have it again no more.

    Raises:
        CannotSwitch: it was confirmed or taken back, is too old, the network has changed since, or `typed` is not the switch's code where it
            must be.
    """
    row = (
        SwitchOrder.objects.select_for_update(of=("self",))
        .select_related("microgrid", "switch__node", "switch__other_node")
        .get(pk=order.pk)
    )
    if not row.is_open:
        raise CannotSwitch("This order was confirmed or taken back already.")
    if not row.proposed_at <= now <= row.proposed_at + CONFIRM_WITHIN * max(row.microgrid.clock_speed, 1.0):
        raise CannotSwitch("This order was proposed more than ten minutes ago; propose it again.")
    if row.network_change != _newest_change(row.microgrid):
        raise CannotSwitch("The network has changed since; propose it again, so that you see what would follow now.")
    if is_grave(row) and typed.strip() != row.switch.code:
        raise CannotSwitch(f"Type the switch's code, {row.switch.code}, to confirm what follows.")
    _check(row.microgrid, row.switch, row.closes, row.reason, now)
    [row.position] = move_switches(
        microgrid=row.microgrid,
        moves=[Move(row.switch, row.closes)],
        reason=row.reason,
        note=f"{row}: {row.reason}",
        cause=InterruptionCause.PLANNED,
        ref=f"order:{row.public_id}",
        by=by,
        now=now,
    )
    row.confirmed_by, row.confirmed_at = by, now
    row.save(update_fields=["position", "confirmed_by", "confirmed_at"])
    for emergency in Emergency.objects.filter(microgrid=row.microgrid, ended_at__isnull=True, is_drill=False):
        EmergencyStep.objects.create(emergency=emergency, at=now, text=f"{row} ({row.reason})"[:300], by=by)
    return row


def take_back_switch_order(*, order: SwitchOrder, by: User, now: datetime) -> None:
    """Lay a proposal aside; twice, or once it is confirmed, changes nothing."""
    rows = SwitchOrder.objects.filter(pk=order.pk, confirmed_at__isnull=True, taken_back_at__isnull=True)
    rows.update(taken_back_at=now, taken_back_by=by)
