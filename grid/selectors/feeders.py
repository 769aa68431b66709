"""Which feeder each site hangs on: the branch below the busbar where the network first parts."""

from collections.abc import Sequence
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from energy.models import Site
from grid.selectors.drawing import layout_of
from grid.selectors.network import load_network


def feeder_names(*, microgrid_id: int, site_ids: Sequence[int], at: datetime) -> tuple[NDArray[np.int64], list[str]]:
    """Each site's feeder as a number, and the feeders' names: the code of the first node below the busbar.

    A site on no feeder, or at no known node, is one of its own, under its own code.
    """
    found = load_network(microgrid_id, at)
    layout = layout_of(found)
    first: dict[int, str] = {}
    for node, feeder in enumerate(layout.feeder):
        above = layout.parent[node]
        if feeder >= 0 and (above < 0 or layout.feeder[above] != feeder):
            first[feeder] = found.node_codes[node]
    node_of = dict(zip(found.site_ids.tolist(), found.site_node.tolist(), strict=True))
    codes = dict(Site.objects.filter(pk__in=site_ids).values_list("pk", "code"))

    def name_of(site_id: int) -> str:
        node = node_of.get(site_id, -1)
        feeder = layout.feeder[node] if node >= 0 else -1
        return first.get(feeder, codes[site_id])

    names = [name_of(site_id) for site_id in site_ids]
    known = sorted(set(names))
    place = {name: i for i, name in enumerate(known)}
    return np.array([place[name] for name in names], dtype=np.int64), known
