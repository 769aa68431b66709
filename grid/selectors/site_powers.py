"""What each site drew from the wires over closed days, as mean powers, and the same by node as the power flow wants it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from energy.models import Channel, Meter, Microgrid
from energy.models.meters import MeterKind
from energy.selectors.meter_days import load_channel
from grid.selectors.network import NetworkOfSites, changes_between, load_network

Array = NDArray[np.float64]
SIGNS = (
    (Channel.IMPORT, MeterKind.SITE, 1, 1),
    (Channel.EXPORT, MeterKind.SITE, -1, -1),
    (Channel.PRODUCTION, MeterKind.SOURCE, 0, 1),
    (Channel.DISCHARGE, MeterKind.STORAGE, 0, 1),
    (Channel.CHARGE, MeterKind.STORAGE, 0, -1),
)


@dataclass(frozen=True, slots=True)
class SitePowers:
    """Mean powers [W] of s sites over T intervals of some days, one behind the other.

    Attributes:
        site_ids: int64 [s], ascending.
        starts: first instant of each interval.
        net_w: float64 [s, T], drawn from the wires; negative where the site feeds in.
        use_w: float64 [s, T], consumption behind the meter, which reactive power follows.
    """

    site_ids: NDArray[np.int64]
    starts: list[datetime]
    net_w: Array
    use_w: Array

    def by_node(self, network: NetworkOfSites) -> tuple[Array, Array]:
        """What each node draws, active [W] and reactive [var], [T, nodes]; sites without a node are left out."""
        at = np.searchsorted(network.site_ids, self.site_ids)
        node = network.site_node[at]
        known = np.flatnonzero(node >= 0)
        shape = (len(network.node_codes), self.net_w.shape[1])
        active, reactive = np.zeros(shape), np.zeros(shape)
        np.add.at(active, node[known], self.net_w[known])
        np.add.at(reactive, node[known], self.use_w[known] * network.reactive_share[at][known, None])
        return np.ascontiguousarray(active.T), np.ascontiguousarray(reactive.T)

    def within(self, rows: slice) -> "SitePowers":
        """The same for some of the intervals."""
        return SitePowers(self.site_ids, self.starts[rows], self.net_w[:, rows], self.use_w[:, rows])


def load_site_powers(*, microgrid: Microgrid, days: Sequence[date]) -> SitePowers:
    """Load the current meter days of all sites; what is missing counts as nothing."""
    days = sorted(set(days))
    meters = Meter.objects.filter(microgrid=microgrid).exclude(kind=MeterKind.GRID)
    site_of = {pk: (site, kind) for pk, site, kind in meters.values_list("pk", "site_id", "kind")}
    ids = np.array(sorted({site for site, _ in site_of.values()}), dtype=np.int64)
    step = timedelta(minutes=microgrid.interval_minutes)
    local_days = [microgrid.local_day(day) for day in days]
    starts = [local.start_at + i * step for local in local_days for i in range(local.interval_count)]
    net, use = np.zeros((len(ids), len(starts))), np.zeros((len(ids), len(starts)))
    for channel, kind, of_net, of_use in SIGNS:
        chosen = [pk for pk, (_, found) in site_of.items() if found == kind]
        block = load_channel(microgrid=microgrid, channel=channel, days=days, meter_ids=chosen, with_quality=False)
        rows = np.searchsorted(ids, [site_of[pk][0] for pk in block.meter_ids.tolist()])
        power_w = block.values_wh * (60 / microgrid.interval_minutes)
        np.add.at(use, rows, of_use * power_w)
        if of_net:
            np.add.at(net, rows, of_net * power_w)
    return SitePowers(ids, starts, net, np.maximum(use, 0.0))


def by_network(microgrid: Microgrid, powers: SitePowers) -> Iterator[tuple[NetworkOfSites, slice]]:
    """The networks in force over the intervals, each with the intervals that begin while it is."""
    if not powers.starts:
        return
    instants = [powers.starts[0], *changes_between(microgrid.pk, powers.starts[0], powers.starts[-1])]
    begins = [int(np.searchsorted([s.timestamp() for s in powers.starts], at.timestamp())) for at in instants]
    for at, begin, end in zip(instants, begins, [*begins[1:], len(powers.starts)], strict=True):
        if end > begin:
            yield load_network(microgrid.pk, at), slice(begin, end)
