"""Comparing what lines and transformers carried with the meters below them; the likeliest meters are named for a look."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
from django.db import transaction
from numpy.typing import NDArray

from energy.domain.quality import METHOD_MASK, Method
from energy.models import Channel, Meter, Microgrid
from energy.models.meters import MeterKind
from energy.selectors.meter_days import ChannelBlock, load_channel
from grid.domain.bypass import Deviation, Suspect, deviation, nodes_below, rank
from grid.domain.network.powerflow import BranchFlows
from grid.models import BypassCheck, BypassSuspect
from grid.selectors.network import NetworkOfSites, load_network

DAYS = 28
KEPT_SUSPECTS = 5
MOSTLY = 0.7  # a branch whose deviation lies mostly below another one is explained by that one
Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Readings:
    """What was measured over some days. Sites are rows in the order of `meters`."""

    days: list[date]
    offsets: NDArray[np.int64]
    meters: list[Meter]
    import_wh: Array
    export_wh: Array


@dataclass(frozen=True, slots=True)
class Comparison:
    """One grid meter against what hangs on it."""

    meter: Meter
    below: NDArray[np.bool_]
    rows: NDArray[np.int64]
    expected_wh: Array
    found: Deviation

    @property
    def lost_wh(self) -> float:
        """What was lost since it is too much [Wh]."""
        return 0.0 if self.found.since is None else float(self.found.daily_wh[self.found.since :].sum())


def check_bypass(*, microgrid: Microgrid, last_day: date, now: datetime) -> list[BypassCheck]:
    """Compare every grid meter over the four weeks up to `last_day`; the newest result replaces the one before."""
    grid_meters = list(
        Meter.objects.filter(microgrid=microgrid, kind=MeterKind.GRID, removed_at__isnull=True)
        .select_related("line", "transformer")
        .order_by("pk")
    )
    if not grid_meters:
        return []
    span = [last_day - timedelta(days=i) for i in range(DAYS - 1, -1, -1)]
    carried = [_channel(microgrid, channel, span, grid_meters) for channel in (Channel.DOWN, Channel.UP)]
    days = [day for day, there in zip(span, np.any(carried[0].present, axis=0).tolist(), strict=True) if there]
    if len(days) < 2:
        return []
    down, up = (_channel(microgrid, channel, days, grid_meters) for channel in (Channel.DOWN, Channel.UP))
    readings = _readings(microgrid, days)
    network = load_network(microgrid.pk)
    node = _nodes(network, readings.meters)
    flows = _flows(microgrid, network, readings, node)
    compared = []
    for row, meter in enumerate(grid_meters):
        result = _compare(microgrid, network, readings, node, flows, meter, down, up, row)
        if result is not None:
            compared.append(result)
    return _store(microgrid, readings, compared, now)


def _channel(microgrid: Microgrid, channel: Channel, days: Sequence[date], meters: Sequence[Meter]) -> ChannelBlock:
    return load_channel(microgrid=microgrid, channel=channel, days=days, meter_ids=sorted(meter.pk for meter in meters))


def _readings(microgrid: Microgrid, days: list[date]) -> Readings:
    meters = list(Meter.objects.filter(microgrid=microgrid, kind=MeterKind.SITE, removed_at__isnull=True).order_by("pk"))
    drawn, fed_in = (_channel(microgrid, channel, days, meters) for channel in (Channel.IMPORT, Channel.EXPORT))
    return Readings(days, drawn.offsets, meters, drawn.values_wh.astype(np.float64), fed_in.values_wh.astype(np.float64))


def _nodes(network: NetworkOfSites, meters: Sequence[Meter]) -> NDArray[np.int64]:
    """The node of each meter's site, -1 where that is not known."""
    place = dict(zip(network.site_ids.tolist(), range(len(network.site_ids)), strict=True))
    return np.array([network.site_node[place[m.site_id]] if m.site_id in place else -1 for m in meters], dtype=np.int64)


def _flows(microgrid: Microgrid, network: NetworkOfSites, readings: Readings, node: NDArray[np.int64]) -> BranchFlows:
    """What each branch should have carried [W], from all meters and the wires' losses."""
    per_hour = 60 / microgrid.interval_minutes
    known = np.flatnonzero(node >= 0)
    share = dict(zip(network.site_ids.tolist(), network.reactive_share.tolist(), strict=True))
    reactive = np.array([share.get(readings.meters[i].site_id, 0.0) for i in known.tolist()])
    shape = (len(network.node_codes), readings.import_wh.shape[1])
    active_w, reactive_var = np.zeros(shape), np.zeros(shape)
    np.add.at(active_w, node[known], (readings.import_wh[known] - readings.export_wh[known]) * per_hour)
    np.add.at(reactive_var, node[known], readings.import_wh[known] * reactive[:, None] * per_hour)
    return network.network.branch_flows(np.ascontiguousarray(active_w.T), np.ascontiguousarray(reactive_var.T))


def _compare(
    microgrid: Microgrid,
    network: NetworkOfSites,
    readings: Readings,
    node: NDArray[np.int64],
    flows: BranchFlows,
    meter: Meter,
    down: ChannelBlock,
    up: ChannelBlock,
    row: int,
) -> Comparison | None:
    """One grid meter; None where it sits in a ring, so that nothing hangs on it alone."""
    try:
        expected_w, below = _expected(network, flows, meter)
    except ValueError:
        return None
    expected = expected_w * microgrid.interval_minutes / 60
    there = np.repeat(down.present[row], np.diff(down.offsets))
    there &= (down.quality[row] & METHOD_MASK) == Method.MEASURED
    # What the branch's own meter did not measure says nothing.
    carried = np.where(there, (down.values_wh[row] - up.values_wh[row]).astype(np.float64), expected)
    rows = np.flatnonzero((node >= 0) & below[np.maximum(node, 0)])
    found = deviation(carried, expected, readings.offsets, len(rows))
    return Comparison(meter, below, rows, expected, found)


def _expected(network: NetworkOfSites, flows: BranchFlows, meter: Meter) -> tuple[Array, NDArray[np.bool_]]:
    """What flows down past the meter [W], and the nodes below it."""
    wires, transformers = network.network.wires, network.network.transformers
    if meter.line_id is not None:
        place = network.line_ids.index(meter.line_id)
        wire = wires[place]
        lower, below = nodes_below(network.network, wire.node_from, wire.node_to)
        flow = flows.line_from_w if lower == wire.node_to else flows.line_to_w
        return flow[:, place], below
    assert meter.transformer_id is not None  # a constraint: a grid meter sits on a line or a transformer
    place = network.transformer_ids.index(meter.transformer_id)
    _, below = nodes_below(network.network, transformers[place].node_hv, transformers[place].node_lv)
    return -flows.transformer_lv_w[:, place], below


@transaction.atomic
def _store(microgrid: Microgrid, readings: Readings, compared: Sequence[Comparison], now: datetime) -> list[BypassCheck]:
    Microgrid.objects.select_for_update(no_key=True).get(pk=microgrid.pk)  # kept by one at a time
    BypassCheck.objects.filter(microgrid=microgrid).delete()
    rows = {one.meter.pk: BypassCheck.objects.create(**_fields(microgrid, readings, one, now)) for one in compared}
    for one in compared:
        deeper = _deeper(one, compared)
        if deeper is not None:
            rows[one.meter.pk].explained_by = rows[deeper.meter.pk]
            rows[one.meter.pk].save(update_fields=["explained_by"])
        elif one.found.since is not None:
            _store_suspects(rows[one.meter.pk], readings, one)
    return list(rows.values())


def _fields(microgrid: Microgrid, readings: Readings, one: Comparison, now: datetime) -> dict[str, object]:
    since = one.found.since
    days_after = len(readings.days) - (since or 0)
    return {
        "microgrid": microgrid,
        "meter": one.meter,
        "first_day": readings.days[0],
        "last_day": readings.days[-1],
        "meters_below": len(one.rows),
        "flow_wh": round(float(one.expected_wh.sum())),
        "residual_wh": round(float(one.found.residual_wh.sum())),
        "allowed_wh": round(float(one.found.allowed_wh.sum())),
        "since_date": None if since is None else readings.days[since],
        "lost_wh_per_day": round(one.lost_wh / days_after),
        "checked_at": now,
    }


def _deeper(one: Comparison, compared: Sequence[Comparison]) -> Comparison | None:
    """The smallest deviating branch within this one that holds most of what is lost here."""
    inside = [
        other
        for other in compared
        if other is not one
        and other.found.since is not None
        and one.found.since is not None
        and (one.below | ~other.below).all()
        and other.below.sum() < one.below.sum()
        and other.lost_wh >= MOSTLY * one.lost_wh
    ]
    return min(inside, key=lambda other: int(other.below.sum()), default=None)


def _store_suspects(row: BypassCheck, readings: Readings, one: Comparison) -> None:
    codes = [readings.meters[i].code for i in one.rows.tolist()]
    ranked: list[Suspect] = rank(one.found, readings.import_wh[one.rows], readings.offsets, codes)
    BypassSuspect.objects.bulk_create(
        BypassSuspect(
            check_of=row,
            place=place,
            meter=readings.meters[int(one.rows[suspect.place])],
            score=suspect.score,
            pattern=suspect.pattern,
            share=suspect.share,
            drop_wh_per_day=None if np.isnan(suspect.drop_wh) else round(suspect.drop_wh),
        )
        for place, suspect in enumerate(ranked[:KEPT_SUSPECTS], start=1)
    )
