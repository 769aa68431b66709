"""The network as the power flow wants it at an instant, and which site hangs where."""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import numpy as np
from django.db.models import Max, OuterRef, Subquery
from numpy.typing import NDArray

from energy.models import Consumer, Line, Microgrid, NetworkChange, Node, Site, Switch, SwitchPosition, Transformer
from grid.domain.network.connections import unsupplied
from grid.domain.network.contingencies import Tie
from grid.domain.network.powerflow import Network, TransformerData, Wire

Stamp = tuple[int | None, int | None]
SINCE_EVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class NetworkOfSites:
    """The network with its sites.

    Nodes that a closed switch joins are one position, under the code of the first of them.

    Attributes:
        network: the wires, nodes by position.
        node_codes: by position.
        vm_min_pu, vm_max_pu: by position, the band that its voltage must keep.
        site_ids: the sites, ascending.
        site_node: position of the node at which each site hangs, -1 where that is not known.
        reactive_share: by site, reactive over active power of its consumers at nominal load.
        line_ids, transformer_ids: database ids, in the order of the network's wires and transformers.
        places: every node's code and its position.
    """

    network: Network
    node_codes: list[str]
    vm_min_pu: NDArray[np.float64]
    vm_max_pu: NDArray[np.float64]
    site_ids: NDArray[np.int64]
    site_node: NDArray[np.int64]
    reactive_share: NDArray[np.float64]
    line_ids: list[int] = field(default_factory=list)
    transformer_ids: list[int] = field(default_factory=list)
    places: dict[str, int] = field(default_factory=dict)


def load_network(microgrid_id: int, at: datetime | None = None) -> NetworkOfSites:
    """Load the network as it stood at an instant of the microgrid's clock; None: as it stands until further notice.

    Kept by the process until somebody changes wires or switches, because building takes longer than solving.
    """
    stamp = _stamp(microgrid_id)
    if at is None:
        return _build(microgrid_id, stamp, None)
    boundaries = _boundaries(microgrid_id, stamp)
    epoch = bisect_right(boundaries, at)
    return _build(microgrid_id, stamp, boundaries[epoch - 1] if epoch else SINCE_EVER)


def open_ties(microgrid_id: int, network: NetworkOfSites, at: datetime | None = None) -> list[tuple[Switch, Tie]]:
    """The switches that stand open at an instant, each with what closing it would join; one whose element is not there is left out."""
    lines = {w.code: i for i, w in enumerate(network.network.wires)}
    transformers = {t.code: i for i, t in enumerate(network.network.transformers)}
    found = []
    for switch, is_closed in switches_at(microgrid_id, at):
        if is_closed:
            continue
        if switch.line_code in lines:
            found.append((switch, Tie(switch.code, line=lines[switch.line_code])))
        elif switch.transformer_code in transformers:
            found.append((switch, Tie(switch.code, transformer=transformers[switch.transformer_code])))
        elif switch.other_node is not None and {switch.node.code, switch.other_node.code} <= set(network.places):
            ends = network.places[switch.node.code], network.places[switch.other_node.code]
            found.append((switch, Tie(switch.code, node_from=ends[0], node_to=ends[1])))
    return found


def sites_without_supply(microgrid_id: int, at: datetime) -> set[int]:
    """Sites whose node has no path to the public grid, as switches stand at an instant."""
    network = load_network(microgrid_id, at)
    return sites_at(network, unsupplied(network.network))


def sites_at(network: NetworkOfSites, is_chosen: NDArray[np.bool_]) -> set[int]:
    """Sites that hang at the chosen nodes (by position); those of which no node is known are left out."""
    known = network.site_node >= 0
    chosen = np.zeros(len(network.site_node), dtype=bool)
    chosen[known] = is_chosen[network.site_node[known]]
    return set(network.site_ids[chosen].tolist())


def changes_between(microgrid_id: int, start_at: datetime, end_at: datetime) -> list[datetime]:
    """Instants of `(start_at, end_at]` at which the network changes, ascending."""
    return [at for at in _boundaries(microgrid_id, _stamp(microgrid_id)) if start_at < at <= end_at]


def _stamp(microgrid_id: int) -> Stamp:
    """Rises with every change of the wires, of switches and of which sites there are."""
    newest = NetworkChange.objects.filter(microgrid_id=microgrid_id).order_by("-id").values("id")[:1]
    sites = Site.objects.filter(microgrid_id=microgrid_id).values("microgrid_id").annotate(last=Max("id"))
    row = Microgrid.objects.filter(pk=microgrid_id).values_list(Subquery(newest), Subquery(sites.values("last")))
    return next(iter(row), (None, None))


@lru_cache(maxsize=256)
def _boundaries(microgrid_id: int, stamp: Stamp) -> list[datetime]:
    """Instants at which something of the network begins, ends or is switched, ascending."""
    found: set[datetime | None] = set()
    for model in (Node, Line, Transformer, Switch):
        rows = model.objects.filter(microgrid_id=microgrid_id)
        found |= set(rows.values_list("valid_from", flat=True).distinct())
        found |= set(rows.values_list("valid_to", flat=True).distinct())
    moves = SwitchPosition.objects.filter(switch__microgrid_id=microgrid_id)
    found |= set(moves.values_list("at", flat=True))
    return sorted(instant for instant in found if instant is not None)


def network_if(microgrid_id: int, at: datetime, moved: Mapping[int, bool]) -> NetworkOfSites:
    """The network as it would stand at an instant if these switches (by id) were closed (true) or open."""
    switches = [(row, moved.get(row.pk, closed)) for row, closed in switches_at(microgrid_id, at)]
    return _assemble(microgrid_id, at, switches)


@lru_cache(maxsize=64)
def _build(microgrid_id: int, stamp: Stamp, at: datetime | None) -> NetworkOfSites:
    """The network within the time that begins at `at`; SINCE_EVER: before anything changed."""
    return _assemble(microgrid_id, at, switches_at(microgrid_id, at))


def _assemble(microgrid_id: int, at: datetime | None, switches: list[tuple[Switch, bool]]) -> NetworkOfSites:
    nodes = list(_there(Node, microgrid_id, at))
    place, codes = _merged(nodes, switches)
    held = np.full(len(codes), np.nan)
    nominal, low, high = np.zeros(len(codes)), np.zeros(len(codes)), np.full(len(codes), np.inf)
    for node in nodes:
        i = place[node.pk]
        nominal[i] = float(node.nominal_voltage_v)
        low[i], high[i] = max(low[i], node.vm_min_pu), min(high[i], node.vm_max_pu)
        if node.is_coupling_point:
            held[i] = node.vm_setpoint_pu or 1.0
    open_ends = {(s.line_code, s.node_id) for s, closed in switches if not closed and s.line_code}
    open_sides = {(s.transformer_code, s.node_id) for s, closed in switches if not closed and s.transformer_code}
    # What a closed switch bridges carries nothing: both its ends are one node.
    lines = [
        row
        for row in _there(Line, microgrid_id, at)
        if row.node_from_id in place and row.node_to_id in place and place[row.node_from_id] != place[row.node_to_id]
    ]
    transformers = [t for t in _there(Transformer, microgrid_id, at) if t.node_hv_id in place and t.node_lv_id in place]
    sites = list(Site.objects.filter(microgrid_id=microgrid_id).order_by("pk").values_list("pk", "node_id"))
    return NetworkOfSites(
        Network(
            nominal, held, [_wire(line, place, open_ends) for line in lines], [_transformer(t, place, open_sides) for t in transformers]
        ),
        codes,
        low,
        high,
        np.array([pk for pk, _ in sites], dtype=np.int64),
        np.array([place.get(node_id, -1) for _, node_id in sites], dtype=np.int64),
        _reactive_share(microgrid_id, [pk for pk, _ in sites]),
        [line.pk for line in lines],
        [t.pk for t in transformers],
        {node.code: place[node.pk] for node in nodes},
    )


def forget_networks() -> None:
    """Forget what the process keeps, for who changed rows by hand."""
    _build.cache_clear()
    _boundaries.cache_clear()


def _there(model: Any, microgrid_id: int, at: datetime | None) -> Any:
    rows = model.objects.filter(microgrid_id=microgrid_id).order_by("pk")
    return rows.filter(valid_from__isnull=True) if at == SINCE_EVER else rows.at(at)


def switches_at(microgrid_id: int, at: datetime | None) -> list[tuple[Switch, bool]]:
    """Switches with whether they are closed: as last moved, otherwise as they normally stand."""
    moves = SwitchPosition.objects.filter(switch=OuterRef("pk")).order_by("-at")
    if at == SINCE_EVER:
        moves = moves.none()
    elif at is not None:
        moves = moves.filter(at__lte=at)
    rows = _there(Switch, microgrid_id, at).select_related("node", "other_node").annotate(moved=Subquery(moves.values("is_closed")[:1]))
    return [(row, row.normally_closed if row.moved is None else row.moved) for row in rows]


def _merged(nodes: list[Node], switches: list[tuple[Switch, bool]]) -> tuple[dict[int, int], list[str]]:
    """Position of each node, and the code of each position; nodes joined by a closed switch share one."""
    above = {node.pk: node.pk for node in nodes}

    def top(pk: int) -> int:
        while above[pk] != pk:
            above[pk] = above[above[pk]]
            pk = above[pk]
        return pk

    for switch, closed in switches:
        if closed and switch.node_id in above and switch.other_node_id in above:
            first, second = sorted((top(switch.node_id), top(switch.other_node_id)))
            above[second] = first
    place: dict[int, int] = {}
    codes: list[str] = []
    for node in nodes:
        if top(node.pk) == node.pk:
            place[node.pk] = len(codes)
            codes.append(node.code)
    for node in nodes:
        place[node.pk] = place[top(node.pk)]
    return place, codes


def _wire(line: Line, place: dict[int, int], open_ends: set[tuple[str, int]]) -> Wire:
    return Wire(
        line.code,
        place[line.node_from_id],
        place[line.node_to_id],
        line.resistance_ohm_per_km * line.length_km,
        line.reactance_ohm_per_km * line.length_km,
        line.susceptance_us_per_km * line.length_km * 1e-6,
        line.max_current_a,
        (line.code, line.node_from_id) not in open_ends,
        (line.code, line.node_to_id) not in open_ends,
        _zero_ohm(line),
    )


def _zero_ohm(line: Line) -> complex | None:
    if line.zero_resistance_ohm_per_km is None or line.zero_reactance_ohm_per_km is None:
        return None
    return complex(line.zero_resistance_ohm_per_km, line.zero_reactance_ohm_per_km) * line.length_km


def _transformer(row: Transformer, place: dict[int, int], open_sides: set[tuple[str, int]]) -> TransformerData:
    return TransformerData(
        row.code,
        place[row.node_hv_id],
        place[row.node_lv_id],
        float(row.rated_va),
        float(row.voltage_hv_v),
        float(row.voltage_lv_v),
        row.short_circuit_percent,
        row.copper_loss_w,
        row.iron_loss_w,
        row.no_load_current_percent,
        row.tap_position,
        row.tap_neutral,
        row.tap_min,
        row.tap_max,
        row.tap_step_percent,
        (row.code, row.node_hv_id) not in open_sides,
        (row.code, row.node_lv_id) not in open_sides,
    )


def _reactive_share(microgrid_id: int, site_ids: list[int]) -> NDArray[np.float64]:
    """Meters tell active power only; reactive power follows it as at nominal load."""
    active, reactive = dict.fromkeys(site_ids, 0.0), dict.fromkeys(site_ids, 0.0)
    rows = Consumer.objects.filter(site__microgrid_id=microgrid_id)
    for site_id, power_w, reactive_var in rows.values_list("site_id", "profile_power_w", "profile_reactive_var"):
        active[site_id] += float(power_w)
        reactive[site_id] += float(reactive_var)
    return np.array([reactive[s] / active[s] if active[s] else 0.0 for s in site_ids])
