"""Any moment again: a kept tick where there is one, else the quarter hour of a closed day, in the shape of a tick's message."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from energy.models import Channel, Meter, Microgrid
from energy.models.meters import MeterKind
from energy.selectors.meter_days import load_channel
from grid.domain.network.picture import CannotRead, Picture, picture_of, unpack
from grid.domain.network.powerflow import CannotSolve
from grid.models import BalanceDay, GridAlarm, GridPicture, GridState
from grid.selectors.drawing import SameNetwork, order_name, storages_in_order
from grid.selectors.messages import message_of, picture_part
from grid.selectors.network import NetworkOfSites, load_network

TICK_REACHES = timedelta(minutes=1)
PICTURE_REACHES = timedelta(minutes=2)
NO_PICTURE = Picture([], [], [], [], [], [])
Array = NDArray[np.float64]


def moment(microgrid: Microgrid, at: datetime) -> dict[str, Any] | None:
    """The message of the moment `at`, with `source` (tick or day) and how long it stands; None where nothing is known of it."""
    return _tick(microgrid, at) or _quarter_hour(microgrid, at)


def kept_from(microgrid: Microgrid) -> tuple[datetime | None, datetime | None]:
    """The first instant that can be shown, by closed days or ticks, and the newest tick."""
    first_day = BalanceDay.objects.filter(microgrid=microgrid, is_current=True).order_by("day").first()
    ticks = GridState.objects.filter(microgrid=microgrid)
    first, last = ticks.order_by("at").first(), ticks.order_by("-at").first()
    begins = [row for row in (first_day and microgrid.local_day(first_day.day).start_at, first and first.at) if row]
    return min(begins, default=None), last.at if last else None


def active_alarms(microgrid: Microgrid, at: datetime) -> list[GridAlarm]:
    """Alarms that were active at an instant, by priority. One that came back counts from its last time only."""
    rows = GridAlarm.objects.filter(microgrid=microgrid, raised_at__lte=at).exclude(cleared_at__lte=at)
    return list(rows.order_by("priority", "-raised_at")[:50])


def _tick(microgrid: Microgrid, at: datetime) -> dict[str, Any] | None:
    pace = max(microgrid.clock_speed, 1.0)
    state = GridState.objects.filter(microgrid=microgrid, at__lte=at, at__gt=at - TICK_REACHES * pace).order_by("-at", "-pk").first()
    if state is None:
        return None
    kept = (
        GridPicture.objects.filter(state__microgrid=microgrid, state__at__lte=state.at, state__at__gt=state.at - PICTURE_REACHES * pace)
        .select_related("state")
        .order_by("-state__at")
        .first()
    )
    picture, order = NO_PICTURE, ""
    if kept is not None:
        try:
            picture, order = unpack(bytes(kept.packed)), kept.order
        except CannotRead:
            picture = NO_PICTURE
    return message_of(state, order, picture) | {"source": "tick", "picture_at": kept.state.at.isoformat() if kept else None}


def _quarter_hour(microgrid: Microgrid, at: datetime) -> dict[str, Any] | None:
    day = at.astimezone(microgrid.zone).date()
    balance = BalanceDay.objects.filter(microgrid=microgrid, day=day, is_current=True).first()
    if balance is None:
        return None
    local = microgrid.local_day(day)
    place = local.index_of(at)
    start = local.start_at + place * timedelta(minutes=microgrid.interval_minutes)
    network = SameNetwork(load_network(microgrid.pk, start))
    flows = _day_flows(microgrid.pk, network, day, balance.revision)
    picture = flows.at(place)
    hours = microgrid.interval_minutes / 60
    power = {
        f"{name}_w": round(getattr(balance, f"{name}_wh")[place] / hours)
        for name in ("production", "consumption", "charge", "discharge", "import", "export")
    }
    storages = storages_in_order(microgrid)
    return {
        "type": "grid.state",
        "tick": None,
        "at": start.isoformat(),
        "status": "",
        **power,
        "losses_w": flows.losses_w[place],
        "storage_wh": None,
        "storage_capacity_wh": sum(s.capacity_wh for s in storages),
        "sites_reporting": flows.sites,
        "sites_total": flows.sites,
        "points_estimated": 0,
        "reasons": [],
        "reasons_de": [],
        **picture_part(order_name(flows.network, storages), picture),
        "source": "day",
        "picture_at": start.isoformat(),
    }


@dataclass(frozen=True, slots=True)
class _DayFlows:
    """Power flows of a closed day, solved when they are asked for."""

    network: NetworkOfSites
    draw_w: Array
    draw_var: Array
    charge_w: Array
    discharge_w: Array
    losses_w: list[int | None]
    sites: int

    def at(self, place: int) -> Picture:
        try:
            flow = self.network.network.solve(self.draw_w[place], self.draw_var[place])
            self.losses_w[place] = round(flow.losses_w)
        except CannotSolve:
            flow = None
        unknown = np.full(len(self.charge_w), np.nan)
        return picture_of(flow, unknown, self.charge_w[:, place], self.discharge_w[:, place])


@lru_cache(maxsize=8)
def _day_flows(microgrid_id: int, same: SameNetwork, day: date, revision: int) -> _DayFlows:
    """What each node drew in each interval of a closed day, from its meter days; a new revision is another day."""
    microgrid, network = Microgrid.objects.get(pk=microgrid_id), same.network
    hours = microgrid.interval_minutes / 60
    meters = list(Meter.objects.filter(microgrid=microgrid).order_by("pk"))
    by_site = {m.site_id: m.pk for m in meters if m.kind == MeterKind.SITE}
    sites = [site for site in network.site_ids.tolist() if site in by_site]

    def power(channel: int, meter_ids: list[int]) -> Array:
        block = load_channel(microgrid=microgrid, channel=channel, days=[day], meter_ids=meter_ids, with_quality=False)
        places = np.searchsorted(block.meter_ids, meter_ids)
        return block.values_wh[places] / hours

    site_meters = [by_site[site] for site in sites]
    net = power(Channel.IMPORT, site_meters) - power(Channel.EXPORT, site_meters)
    at = np.searchsorted(network.site_ids, sites)
    node, intervals = network.site_node[at], net.shape[1]
    draw_w, draw_var = np.zeros((intervals, len(network.node_codes))), np.zeros((intervals, len(network.node_codes)))
    known = node >= 0
    np.add.at(draw_w.T, node[known], net[known])
    np.add.at(draw_var.T, node[known], (np.maximum(net, 0.0) * network.reactive_share[at][:, None])[known])
    by_storage = {m.storage_id: m.pk for m in meters if m.kind == MeterKind.STORAGE}
    storage_meters = [by_storage[s.pk] for s in storages_in_order(microgrid)]
    return _DayFlows(
        network,
        draw_w,
        draw_var,
        power(Channel.CHARGE, storage_meters),
        power(Channel.DISCHARGE, storage_meters),
        [None] * intervals,
        len(sites),
    )
