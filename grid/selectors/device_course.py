"""What the device of a meter sent over the last 24 hours, and what a storage or roof was told meanwhile."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from django.db import connection
from django.db.models import Q
from numpy.typing import NDArray

from energy.domain.quality import METHOD_MASK, Method
from energy.models import Channel, Meter, StorageUnit
from energy.models.meters import MeterKind
from energy.selectors.meter_days import day_offsets, load_channel
from grid.domain.control.told_course import told_means
from grid.domain.network.picture import CannotRead, unpack
from grid.models import CommandStatus, DeviceCommand
from grid.selectors.drawing import order_name, storages_in_order
from grid.selectors.network import load_network

Array = NDArray[np.float64]
SPAN = timedelta(hours=24)
SIGNED = {
    MeterKind.SITE: ((Channel.EXPORT, 1.0), (Channel.IMPORT, -1.0)),
    MeterKind.SOURCE: ((Channel.PRODUCTION, 1.0),),
    MeterKind.STORAGE: ((Channel.DISCHARGE, 1.0), (Channel.CHARGE, -1.0)),
    MeterKind.DEVICE: ((Channel.DRAW, -1.0),),
}
OTHERS = ((Channel.UP, 1.0), (Channel.DOWN, -1.0))
SURE = (Method.MEASURED, Method.CALCULATED, Method.EDITED)


@dataclass(frozen=True, slots=True)
class DeviceCourse:
    """Means of the settlement intervals of 24 hours, the newest last; NaN where nothing is known.

    Attributes:
        starts: begin of each interval, aware, in the microgrid's zone.
        power_w: what was given, less what was taken, measured or estimated [W].
        is_sure: whether it was measured.
        told_w: the set-point while there was one, for a source the most it might give [W].
        soc: state of charge, a share of the capacity.
        orders, unanswered: commands of these hours, and those that were never acknowledged though they have ended.
    """

    starts: list[datetime]
    power_w: Array
    is_sure: NDArray[np.bool_]
    told_w: Array
    soc: Array
    orders: int
    unanswered: int

    @property
    def has_any(self) -> bool:
        return not (np.isnan(self.power_w).all() and np.isnan(self.told_w).all() and np.isnan(self.soc).all())


def device_course(meter: Meter, now: datetime) -> DeviceCourse:
    """The course up to the microgrid's `now`."""
    starts, power_w, is_sure = _metered(meter, now)
    told_w, orders, unanswered = _told(meter, starts, now)
    length = timedelta(minutes=meter.microgrid.interval_minutes)
    soc = _charge(meter.storage, starts, length) if meter.storage else np.full(len(starts), np.nan)
    return DeviceCourse(starts, power_w, is_sure, told_w, soc, orders, unanswered)


def _metered(meter: Meter, now: datetime) -> tuple[list[datetime], Array, NDArray[np.bool_]]:
    microgrid = meter.microgrid
    length = timedelta(minutes=microgrid.interval_minutes)
    first_day, last_day = ((now - SPAN).astimezone(microgrid.zone).date(), now.astimezone(microgrid.zone).date())
    days = [first_day + timedelta(days=i) for i in range((last_day - first_day).days + 1)]
    axis = [start for day in days for start in microgrid.local_day(day).local_starts()]
    chosen = [place for place, start in enumerate(axis) if start >= now - SPAN and start + length <= now]
    power, sure = np.full(len(axis), np.nan), np.zeros(len(axis), dtype=bool)
    offsets = day_offsets(microgrid, days)
    for channel, sign in SIGNED.get(MeterKind(meter.kind), OTHERS):
        block = load_channel(microgrid=microgrid, channel=channel, days=days, meter_ids=[meter.pk])
        method = block.quality[0] & METHOD_MASK
        known = np.repeat(block.present[0], np.diff(offsets)) & (method != Method.MISSING)
        power[known] = np.nan_to_num(power[known]) + sign * block.values_wh[0][known] / (length / timedelta(hours=1))
        sure[known] = np.isin(method[known], SURE)
    return [axis[place] for place in chosen], power[chosen], sure[chosen]


def _told(meter: Meter, starts: Sequence[datetime], now: datetime) -> tuple[Array, int, int]:
    if not starts or (meter.storage_id is None and meter.source_id is None):
        return np.full(len(starts), np.nan), 0, 0
    length = timedelta(minutes=meter.microgrid.interval_minutes)
    of_device = Q(storage=meter.storage_id) if meter.storage_id else Q(source=meter.source_id)
    rows = list(
        DeviceCommand.objects.filter(of_device, issued_at__lt=starts[-1] + length, expires_at__gt=starts[0])
        .order_by("issued_at", "pk")
        .values_list("issued_at", "expires_at", "charge_w", "discharge_w", "limit_w", "status")
    )
    issued = np.array([row[0].timestamp() for row in rows], dtype=np.float64)
    expires = np.array([row[1].timestamp() for row in rows], dtype=np.float64)
    if meter.storage_id:
        value = np.array([row[3] - row[2] for row in rows], dtype=np.float64)
    else:
        value = np.array([np.nan if row[4] is None else row[4] for row in rows], dtype=np.float64)
    edges = np.array([start.timestamp() for start in [*starts, starts[-1] + length]])
    mean, _share = told_means(issued, expires, value, edges)
    unanswered = sum(row[5] != CommandStatus.ACKNOWLEDGED and row[1] <= now for row in rows)
    return mean, len(rows), unanswered


def _charge(storage: StorageUnit, starts: Sequence[datetime], length: timedelta) -> Array:
    """By interval, the state of charge in the last picture kept of it, as a share of the capacity."""
    found = np.full(len(starts), np.nan)
    if not starts or not storage.capacity_wh:
        return found
    microgrid = storage.site.microgrid
    storages = storages_in_order(microgrid)
    place = next((i for i, one in enumerate(storages) if one.pk == storage.pk), None)
    order = order_name(load_network(microgrid.pk, starts[-1]), storages)
    if place is None:
        return found
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT DISTINCT ON (bin) floor(extract(epoch FROM s.at - %s) / %s)::int AS bin, p.packed
               FROM grid_gridpicture p JOIN grid_gridstate s ON s.id = p.state_id
               WHERE s.microgrid_id = %s AND s.at >= %s AND s.at < %s AND p."order" = %s ORDER BY bin, s.at DESC""",
            [starts[0].astimezone(UTC), length.total_seconds(), microgrid.pk, starts[0], starts[-1] + length, order],
        )
        rows = cursor.fetchall()
    for at, packed in rows:
        try:
            soc_wh = unpack(bytes(packed)).soc_wh[place]
        except (CannotRead, IndexError):
            continue  # of another order than its name says: shown as a gap
        if soc_wh is not None and 0 <= at < len(found):
            found[at] = soc_wh / storage.capacity_wh
    return found
