"""The network under a plan: what each node is expected to draw, and where storages hang."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np

from energy.models import Consumer, Microgrid, Source, StorageUnit
from grid.domain.planning.grid_limits import Wires
from grid.domain.planning.parts import Array
from grid.selectors.network import NetworkOfSites, load_network
from grid.selectors.outlook import NothingToExpect, outlook
from grid.selectors.plans import Foreseen


def wires_under(
    microgrid: Microgrid, origin_at: datetime, foreseen: Foreseen, storages: Sequence[StorageUnit], flexible_sites: Sequence[int]
) -> Wires | None:
    """The wires as they stand at a plan's origin; None where no network with a point of common coupling is known.

    What is foreseen of the microgrid is divided among its sites, use as it is expected of each, production by the capacity of
    their roofs, so that the nodes together draw what the plan counts with. What hangs on no node that is known is left out.
    """
    network = load_network(microgrid.pk, origin_at)
    if not len(network.network.held_pu) or np.isnan(network.network.held_pu).all():
        return None
    count = len(foreseen.use.middle_w)
    use = _use_shares(microgrid, network, origin_at, count) * foreseen.use.middle_w
    made = _capacity_shares(microgrid, network)[:, None] * foreseen.production.middle_w
    known = network.site_node >= 0
    nodes = network.site_node[known]
    draw, reactive = np.zeros((2, count, len(network.node_codes)))
    np.add.at(draw.T, nodes, (use - made)[known])
    np.add.at(reactive.T, nodes, (use * network.reactive_share[:, None])[known])
    return Wires(
        network.network,
        network.node_codes,
        network.vm_min_pu,
        network.vm_max_pu,
        draw,
        reactive,
        _nodes_of(network, [s.site_id for s in storages]),
        _nodes_of(network, flexible_sites),
    )


def _nodes_of(network: NetworkOfSites, sites: Sequence[int]) -> np.ndarray:
    place = dict(zip(network.site_ids.tolist(), network.site_node.tolist(), strict=True))
    return np.array([place.get(site, -1) for site in sites], dtype=np.int64)


def _use_shares(microgrid: Microgrid, network: NetworkOfSites, origin_at: datetime, count: int) -> Array:
    """Which share of all use each site has, by interval [sites, T]: as foreseen or like past days, else by what is connected there."""
    end_at = origin_at + count * timedelta(minutes=microgrid.interval_minutes)
    weight = np.zeros((len(network.site_ids), count))
    try:
        expected = outlook(microgrid=microgrid, start_at=origin_at, end_at=end_at, now=origin_at).powers
    except NothingToExpect:
        pass
    else:
        rows = np.searchsorted(network.site_ids, expected.site_ids)
        weight[rows] = expected.use_w[:, :count]
    empty = weight.sum(axis=0) <= 0
    weight[:, empty] = _connected(microgrid, network)[:, None]
    return np.asarray(weight / np.maximum(weight.sum(axis=0), 1e-9))


def _connected(microgrid: Microgrid, network: NetworkOfSites) -> Array:
    place = {site: i for i, site in enumerate(network.site_ids.tolist())}
    found = np.zeros(len(place))
    rows = Consumer.objects.filter(site__microgrid=microgrid)
    for site, profile_w, most_w in rows.values_list("site_id", "profile_power_w", "max_demand_w"):
        found[place[site]] += float(profile_w) or float(most_w)
    return found


def _capacity_shares(microgrid: Microgrid, network: NetworkOfSites) -> Array:
    place = {site: i for i, site in enumerate(network.site_ids.tolist())}
    found = np.zeros(len(place))
    for site, capacity_w in Source.objects.filter(site__microgrid=microgrid).values_list("site_id", "capacity_w"):
        found[place[site]] += float(capacity_w)
    return np.asarray(found / max(found.sum(), 1e-9))
