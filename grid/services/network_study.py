"""Computing what each node still takes and what the loss of each element means, over the newest closed days."""

from collections.abc import Sequence
from datetime import datetime

import numpy as np
from django.db import transaction
from numpy.typing import NDArray

from energy.models import Channel, Microgrid, Site
from energy.selectors.meter_days import load_channel
from grid.domain.network.contingencies import Contingency, contingencies
from grid.domain.network.hosting import Hosting, hosting_capacity
from grid.domain.network.hosting import Technology as Shape
from grid.domain.network.powerflow import CannotSolve
from grid.models import DayClosing, ElementLoss, NetworkStudy, NodeHosting, Technology
from grid.selectors.network import NetworkOfSites, load_network, open_ties
from grid.selectors.site_powers import SitePowers, load_site_powers
from grid.services.unbalance import keep_unbalance

Array = NDArray[np.float64]
DAYS = 28
EXTREME_INSTANTS = 4
HEAT_PUMP_VAR_PER_W = 0.3  # a power factor of about 0.96
LEAST_MOST_W = 50_000.0
DAYLIGHT = range(9, 16)


class CannotStudyNetwork(ValueError):
    """There is nothing to compute with; the message says what is missing."""


def study_network(*, microgrid: Microgrid, now: datetime) -> NetworkStudy:
    """Compute and keep; the result before goes.

    Raises:
        CannotStudyNetwork: no day is closed, or the power flow has no solution.
    """
    days = list(DayClosing.objects.filter(microgrid=microgrid).order_by("-day").values_list("day", flat=True).distinct()[:DAYS])[::-1]
    if not days:
        raise CannotStudyNetwork("No day is closed yet: the study needs at least one, for what everybody draws.")
    powers = load_site_powers(microgrid=microgrid, days=days)
    network = load_network(microgrid.pk, now)
    draw_w, draw_var = powers.by_node(network)
    most_w = max(sum(t.rated_va for t in network.network.transformers) * 1.5, LEAST_MOST_W)
    shapes = {
        Technology.SOLAR: Shape(True, 0.0, _sun(microgrid, powers)),
        Technology.CAR_CHARGING: Shape(False, 0.0, np.ones(len(draw_w))),
        Technology.HEAT_PUMPS: Shape(False, HEAT_PUMP_VAR_PER_W, np.ones(len(draw_w))),
    }
    try:
        hosting = {
            technology: hosting_capacity(network.network, draw_w, draw_var, shape, network.vm_min_pu, network.vm_max_pu, most_w=most_w)
            for technology, shape in shapes.items()
        }
        losses = _losses(microgrid, network, draw_w, draw_var, now)
    except CannotSolve as problem:
        raise CannotStudyNetwork(f"{problem} Correct the network first.") from None
    study = _keep(microgrid, now, powers, network, most_w, hosting, losses)
    keep_unbalance(study=study, network=network, powers=powers, now=now)
    return study


def _sun(microgrid: Microgrid, powers: SitePowers) -> Array:
    """What all roofs gave as a share of their most; midday hours in full where there are none."""
    days = sorted({start.astimezone(microgrid.zone).date() for start in powers.starts})
    produced = load_channel(microgrid=microgrid, channel=Channel.PRODUCTION, days=days, with_quality=False).values_wh.sum(axis=0)
    if produced.max(initial=0) > 0:
        shape: Array = produced / produced.max()
        return shape
    return np.array([float(start.astimezone(microgrid.zone).hour in DAYLIGHT) for start in powers.starts])


def _losses(microgrid: Microgrid, network: NetworkOfSites, draw_w: Array, draw_var: Array, now: datetime) -> list[Contingency]:
    """At the instants of the highest and the lowest net draw."""
    order = np.argsort(draw_w.sum(axis=1), kind="stable")
    rows = np.unique(np.concatenate([order[:EXTREME_INSTANTS], order[-EXTREME_INSTANTS:]]))
    weight = np.bincount(network.site_node[network.site_node >= 0], minlength=len(network.node_codes)).astype(np.float64)
    ties = [tie for _, tie in open_ties(microgrid.pk, network, now)]
    return contingencies(network.network, ties, draw_w[rows], draw_var[rows], network.vm_min_pu, network.vm_max_pu, weight)


@transaction.atomic
def _keep(
    microgrid: Microgrid,
    now: datetime,
    powers: SitePowers,
    network: NetworkOfSites,
    most_w: float,
    hosting: dict[Technology, Hosting],
    losses: Sequence[Contingency],
) -> NetworkStudy:
    Microgrid.objects.select_for_update().get(pk=microgrid.pk)
    NetworkStudy.objects.filter(microgrid=microgrid).delete()
    zone = microgrid.zone
    study = NetworkStudy.objects.create(
        microgrid=microgrid,
        made_at=now,
        first_day=powers.starts[0].astimezone(zone).date(),
        last_day=powers.starts[-1].astimezone(zone).date(),
        intervals=len(powers.starts),
        most_w=round(most_w),
    )
    codes = {
        "voltage": network.node_codes,
        "line": [w.code for w in network.network.wires],
        "transformer": [t.code for t in network.network.transformers],
    }
    NodeHosting.objects.bulk_create(
        NodeHosting(
            study=study,
            technology=technology,
            node_code=code,
            power_w=int(found.power_w[i]),
            limited_by=found.kind[i],
            limiting_code=codes[found.kind[i]][found.place[i]] if found.kind[i] else "",
            limited_at=powers.starts[int(found.instant[i])] if found.kind[i] else None,
        )
        for technology, found in hosting.items()
        for i, code in enumerate(network.node_codes)
        if not np.isnan(found.power_w[i])
    )
    members = dict(Site.objects.filter(microgrid=microgrid).values_list("pk", "member_id"))
    ties = [tie for _, tie in open_ties(microgrid.pk, network, now)]
    ElementLoss.objects.bulk_create(
        _element_loss(study, place, one, network, members, [tie.code for tie in ties]) for place, one in enumerate(losses, start=1)
    )
    return study


def _element_loss(
    study: NetworkStudy, place: int, one: Contingency, network: NetworkOfSites, members: dict[int, int], ties: Sequence[str]
) -> ElementLoss:
    wires, transformers = network.network.wires, network.network.transformers
    codes = [*(w.code for w in wires), *(t.code for t in transformers)]
    known = network.site_node >= 0
    lost = network.site_ids[known][one.without.unsupplied[network.site_node[known]]].tolist()
    rest = one.without
    with_tie = one.with_tie
    return ElementLoss(
        study=study,
        place=place,
        kind="line" if one.branch < len(wires) else "transformer",
        code=codes[one.branch],
        sites_lost=len(lost),
        members_lost=len({members[pk] for pk in lost}),
        highest_loading=None if rest.problem else rest.highest_loading,
        loaded_code=codes[rest.highest_branch] if rest.highest_branch >= 0 else "",
        lowest_voltage_pu=None if np.isnan(rest.lowest_pu) else rest.lowest_pu,
        is_within=rest.is_within,
        tie_code=ties[one.tie] if one.tie >= 0 else "",
        sites_lost_with_tie=None if with_tie is None else int(with_tie.unsupplied[network.site_node[known]].sum()),
    )
