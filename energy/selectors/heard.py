"""What was heard of a microgrid's meters lately, laid beside their like days."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
from django.db import connection
from django.db.models import Q, QuerySet
from numpy.typing import NDArray

from energy.domain.quality import METHOD_MASK, Method
from energy.domain.silence import Heard
from energy.models import Device, Gateway, Microgrid
from energy.models.devices import DeviceStatus
from energy.models.meters import CHANNELS_OF, MeterKind
from energy.selectors.meter_days import load_channel

DAYS_BACK = 8
WEEKS_BACK = (2, 3, 4)
FEWEST_MESSAGES_TODAY = 4
CATCHING_UP = 0.5  # messages closer than this many intervals make up for a silence; they are no rhythm


@dataclass(frozen=True, slots=True)
class HeardMeters:
    """The meters of a microgrid that were ever heard of, with what was heard up to the newest interval that is over.

    Attributes:
        meter_ids: int64 [m].
        heard: arrays of the last eight days.
        end_at: the end of the newest interval that is over.
    """

    meter_ids: NDArray[np.int64]
    heard: Heard
    end_at: datetime


def microgrids_that_speak() -> QuerySet[Microgrid]:
    """Microgrids of which something may be heard now: with a device or a gateway in service."""
    devices = Device.objects.filter(status=DeviceStatus.ENROLLED).values("microgrid_id")
    gateways = Gateway.objects.filter(revoked_at=None).values("microgrid_id")
    return Microgrid.objects.filter(Q(pk__in=devices) | Q(pk__in=gateways)).order_by("pk")


def heard_meters(*, microgrid: Microgrid, now: datetime) -> HeardMeters:
    """Load what was measured in the last eight days and in the same intervals of the like days before."""
    today = now.astimezone(microgrid.zone).date()
    recent = [today - timedelta(days=i) for i in range(DAYS_BACK, -1, -1)]
    weeks = [today - timedelta(weeks=w) for w in WEEKS_BACK]
    meters = list(microgrid.meters.filter(removed_at__isnull=True).order_by("pk").values_list("pk", "kind"))
    ids = np.array([pk for pk, _ in meters], dtype=np.int64)
    over = int((now - microgrid.local_day(today).start_at) / timedelta(minutes=microgrid.interval_minutes))
    values, measured, length = _loaded(microgrid, meters, [*sorted(weeks), *recent])
    end = int(length[-2]) + over
    start = int(length[len(weeks)])
    per_day = 24 * 60 // microgrid.interval_minutes
    like = [values_before(values, measured, start, end, per_day * k) for k in range(1, DAYS_BACK)]
    like += [values_of_day(values, measured, length, place, start, end) for place in range(len(weeks))]
    heard = Heard(
        values[:, start:end],
        measured[:, start:end],
        np.stack([v for v, _ in like], axis=1),
        np.stack([m for _, m in like], axis=1),
        _intervals_per_message(microgrid, today, ids),
        np.array([kind == MeterKind.SOURCE for _, kind in meters], dtype=bool),
    )
    step = timedelta(minutes=microgrid.interval_minutes)
    return HeardMeters(ids, heard, microgrid.local_day(today).start_at + over * step)


def _loaded(
    microgrid: Microgrid, meters: list[tuple[int, str]], days: list[date]
) -> tuple[NDArray[np.int64], NDArray[np.bool_], NDArray[np.int64]]:
    """All channels of each meter together [Wh], whether each was measured, and where each day begins."""
    row_of = {pk: i for i, (pk, _) in enumerate(meters)}
    total = sum(microgrid.local_day(day).interval_count for day in days)
    values = np.zeros((len(meters), total), dtype=np.int64)
    measured = np.zeros((len(meters), total), dtype=bool)
    offsets = np.zeros(len(days) + 1, dtype=np.int64)
    for kind, channels in CHANNELS_OF.items():
        ids = [pk for pk, own in meters if own == kind]
        if not ids:
            continue
        rows = [row_of[pk] for pk in ids]
        for channel in channels:
            block = load_channel(microgrid=microgrid, channel=channel, days=days, meter_ids=ids)
            there = np.repeat(block.present, np.diff(block.offsets), axis=1)
            values[rows] += block.values_wh
            measured[rows] |= there & ((block.quality & METHOD_MASK) == Method.MEASURED)
            offsets = block.offsets
    return values, measured, offsets


Pair = tuple[NDArray[np.int64], NDArray[np.bool_]]


def values_before(values: NDArray[np.int64], measured: NDArray[np.bool_], start: int, end: int, shift: int) -> Pair:
    """The same intervals `shift` intervals earlier; not measured where that lies before the span."""
    moved, known = np.zeros_like(values[:, start:end]), np.zeros_like(measured[:, start:end])
    first = max(start, start + shift)
    if first < end:
        moved[:, first - start :] = values[:, first - shift : end - shift]
        known[:, first - start :] = measured[:, first - shift : end - shift]
    return moved, known


def values_of_day(
    values: NDArray[np.int64], measured: NDArray[np.bool_], offsets: NDArray[np.int64], place: int, start: int, end: int
) -> Pair:
    """One whole earlier day laid under today's intervals; other intervals are not measured."""
    moved, known = np.zeros_like(values[:, start:end]), np.zeros_like(measured[:, start:end])
    today = int(offsets[-2])
    count = min(int(offsets[place + 1] - offsets[place]), end - today)
    if count > 0:
        span = slice(int(offsets[place]), int(offsets[place]) + count)
        moved[:, today - start : today - start + count] = values[:, span]
        known[:, today - start : today - start + count] = measured[:, span]
    return moved, known


def _intervals_per_message(microgrid: Microgrid, today: date, ids: NDArray[np.int64]) -> NDArray[np.float64]:
    """How many intervals a message of each meter brings: as today if it sent a few already, else as on the days before.

    One message that made up for a long silence weighs heavily in a mean, so a shorter time between the newest messages counts.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT meter_id, day = %s, max(cardinality(message_ids)), min(
                      (SELECT count(*) FROM unnest(quality) AS q WHERE q & 15 = 0)::float / greatest(cardinality(message_ids), 1))
               FROM energy_meterday
               WHERE microgrid_id = %s AND day BETWEEN %s AND %s AND is_current GROUP BY meter_id, day ORDER BY day""",
            [today, microgrid.pk, today - timedelta(days=DAYS_BACK), today],
        )
        rows = cursor.fetchall()
    usual: dict[int, float] = {}
    for meter_id, is_today, messages, intervals in rows:
        if intervals and (not is_today or messages >= FEWEST_MESSAGES_TODAY or meter_id not in usual):
            usual[meter_id] = max(float(intervals), 1.0)
    for meter_id, gap in _newest_gaps(microgrid, today):
        usual[meter_id] = min(usual.get(meter_id, gap), max(gap, 1.0))
    return np.array([usual.get(pk, 1.0) for pk in ids.tolist()], dtype=np.float64)


def _newest_gaps(microgrid: Microgrid, today: date) -> list[tuple[int, float]]:
    """The longest time between two of the newest few messages of today [intervals], of meters that sent as many."""
    with connection.cursor() as cursor:
        cursor.execute(
            """WITH newest AS (
                   SELECT DISTINCT meter_id, unnest(message_ids[cardinality(message_ids) - %s :]) AS id
                   FROM energy_meterday
                   WHERE microgrid_id = %s AND day = %s AND is_current AND cardinality(message_ids) >= %s),
               gaps AS (
                   SELECT meter_id, extract(epoch FROM received_at - lag(received_at) OVER (
                       PARTITION BY meter_id ORDER BY received_at)) / %s AS gap
                   FROM newest JOIN energy_telemetrymessage USING (id) WHERE received_at >= %s)
               SELECT meter_id, max(gap)::float FROM gaps WHERE gap >= %s GROUP BY meter_id""",
            [
                FEWEST_MESSAGES_TODAY - 1,
                microgrid.pk,
                today,
                FEWEST_MESSAGES_TODAY,
                microgrid.interval_minutes * 60,
                microgrid.local_day(today).start_at,
                CATCHING_UP,
            ],
        )
        return list(cursor.fetchall())
