"""The wires of a microgrid as the power flow wants them, and which site hangs where."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from energy.models import Consumer, Line, Node, Site, Transformer
from grid.domain.powerflow import Network, TransformerData, Wire


@dataclass(frozen=True, slots=True)
class NetworkOfSites:
    """The network with its sites.

    Attributes:
        network: the wires, nodes by position.
        node_codes: by node.
        vm_min_pu, vm_max_pu: by node, the band that its voltage must keep.
        site_ids: the sites, ascending.
        site_node: position of the node at which each site hangs, -1 where that is not known.
        reactive_share: by site, reactive over active power of its consumers at nominal load.
    """

    network: Network
    node_codes: list[str]
    vm_min_pu: NDArray[np.float64]
    vm_max_pu: NDArray[np.float64]
    site_ids: NDArray[np.int64]
    site_node: NDArray[np.int64]
    reactive_share: NDArray[np.float64]


@lru_cache(maxsize=64)
def load_network(microgrid_id: int) -> NetworkOfSites:
    """Load the network; kept by the process, because wires change by import only and building takes longer than solving."""
    nodes = list(Node.objects.filter(microgrid_id=microgrid_id).order_by("pk"))
    place = {node.pk: i for i, node in enumerate(nodes)}
    held = np.array(
        [(n.vm_setpoint_pu or 1.0) if n.is_coupling_point else np.nan for n in nodes], dtype=np.float64
    )
    sites = list(Site.objects.filter(microgrid_id=microgrid_id).order_by("pk").values_list("pk", "node_id"))
    return NetworkOfSites(
        Network(
            np.array([float(n.nominal_voltage_v) for n in nodes]), held,
            [_wire(line, place) for line in Line.objects.filter(microgrid_id=microgrid_id).order_by("pk")],
            [_transformer(t, place) for t in Transformer.objects.filter(microgrid_id=microgrid_id).order_by("pk")],
        ),
        [n.code for n in nodes], np.array([n.vm_min_pu for n in nodes]), np.array([n.vm_max_pu for n in nodes]),
        np.array([pk for pk, _ in sites], dtype=np.int64),
        np.array([place.get(node_id, -1) for _, node_id in sites], dtype=np.int64),
        _reactive_share(microgrid_id, [pk for pk, _ in sites]),
    )  # fmt: skip


def _wire(line: Line, place: dict[int, int]) -> Wire:
    return Wire(
        line.code, place[line.node_from_id], place[line.node_to_id], line.resistance_ohm_per_km * line.length_km,
        line.reactance_ohm_per_km * line.length_km, line.susceptance_us_per_km * line.length_km * 1e-6,
        line.max_current_a,
    )  # fmt: skip


def _transformer(row: Transformer, place: dict[int, int]) -> TransformerData:
    return TransformerData(
        row.code, place[row.node_hv_id], place[row.node_lv_id], float(row.rated_va), float(row.voltage_hv_v),
        float(row.voltage_lv_v), row.short_circuit_percent, row.copper_loss_w, row.iron_loss_w,
        row.no_load_current_percent, row.tap_position, row.tap_neutral, row.tap_min, row.tap_max, row.tap_step_percent,
    )  # fmt: skip


def _reactive_share(microgrid_id: int, site_ids: list[int]) -> NDArray[np.float64]:
    """Meters tell active power only; reactive power follows it as at nominal load."""
    active, reactive = dict.fromkeys(site_ids, 0.0), dict.fromkeys(site_ids, 0.0)
    rows = Consumer.objects.filter(site__microgrid_id=microgrid_id)
    for site_id, power_w, reactive_var in rows.values_list(
        "site_id", "profile_power_w", "profile_reactive_var"
    ):
        active[site_id] += float(power_w)
        reactive[site_id] += float(reactive_var)
    return np.array([reactive[s] / active[s] if active[s] else 0.0 for s in site_ids])
