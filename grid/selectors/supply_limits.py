"""Limits of sites' power that are in force, whether devices can hold them, and how they look to control."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db.models import QuerySet

from energy.models import Consumer, Device, Microgrid, Site
from energy.models.devices import DeviceStatus
from energy.models.meters import MeterKind
from grid.domain.control.requests import Requests
from grid.domain.control.shedding import NEVER_SHED
from grid.models import DeviceLink, SupplyRequest, SupplyRequestStatus
from grid.selectors.control_layout import ControlLayout

REASON = "supply limited as agreed"


@dataclass(frozen=True, slots=True)
class SupplyLimit:
    """A site whose power is held down by its devices [W], and what all its loads could draw [W]."""

    site_id: int
    limit_w: int
    most_w: int


def depends_on_supply(site: Site) -> bool:
    """Whether a consumer of the first tier stands there."""
    return site.consumers.filter(priority_tier=NEVER_SHED).exists()


def is_held_by_devices(site: Site) -> bool:
    """Whether every load of a site can be told: by the device of its meter, or each by a link of its own."""
    consumers = list(Consumer.objects.filter(site=site).values_list("pk", flat=True))
    meters = site.meters.filter(kind=MeterKind.SITE, removed_at__isnull=True)
    if Device.objects.filter(meter__in=meters, status=DeviceStatus.ENROLLED).exists():
        return bool(consumers)
    linked = DeviceLink.objects.filter(consumer__in=consumers, is_enabled=True).values_list("consumer", flat=True)
    return bool(consumers) and set(linked) == set(consumers)


def supply_limits(microgrid: Microgrid) -> list[SupplyLimit]:
    """Limits in force that devices hold."""
    rows = SupplyRequest.objects.filter(site__microgrid=microgrid, status=SupplyRequestStatus.IN_FORCE, by_device=True)
    limits = dict(rows.values_list("site", "limit_w"))
    most: dict[int, int] = dict.fromkeys(limits, 0)
    for site, demand_w in Consumer.objects.filter(site__in=limits).values_list("site", "max_demand_w"):
        most[site] += demand_w
    return [SupplyLimit(site, limit_w, most[site]) for site, limit_w in sorted(limits.items())]


def lay_supply_limits(layout: ControlLayout, rows: Sequence[SupplyLimit], requests: Requests) -> Requests:
    """Each load of a limited site held to its part of the limit, beside what is asked for already; the lower limit holds."""
    of_site = {row.site_id: row for row in rows}
    if not of_site:
        return requests
    limit = requests.load_limit_w.copy()
    reasons = [requests.why(i) for i in range(len(limit))]
    for place, site in enumerate(layout.site_ids[layout.load_site].tolist()):
        row = of_site.get(site)
        if row is None or layout.points.load_tier[place] <= NEVER_SHED:
            continue
        own = np.floor(row.limit_w * layout.points.load_most_w[place] / max(row.most_w, 1))
        if own < limit[place]:
            limit[place], reasons[place] = own, REASON
    return Requests(limit, requests.reason, tuple(reasons))


def requests_of(microgrids: QuerySet[Microgrid, Any]) -> QuerySet[SupplyRequest]:
    """All requests of some microgrids, those that wait for somebody first, then the newest."""
    return (
        SupplyRequest.objects.filter(site__microgrid__in=microgrids)
        .select_related("site__microgrid", "site__member", "decided_by")
        .prefetch_related("steps__by")
        .order_by("-asked_at", "-pk")
    )
