"""Learning what is usual for each meter, from its own final days and those of its class."""

from datetime import date, datetime, timedelta

import numpy as np
from django.db import transaction

from energy.adapters.limit_numbers import write_numbers
from energy.domain.quality import METHOD_MASK, Method
from energy.domain.sun import sun_over
from energy.domain.validation import Readings, class_names, learn_limits
from energy.models import Channel, LearnedLimits, Meter, Microgrid
from energy.selectors.day_block import axis_until, rating_w
from energy.selectors.meter_days import load_channel
from energy.selectors.source_performance import place_of

LEARNED_CHANNELS = (Channel.IMPORT, Channel.PRODUCTION)
MOST_DAYS, LEAST_DAYS = 365, 28


@transaction.atomic
def learn(*, microgrid: Microgrid, now: datetime) -> int:
    """Learn from up to a year of final days before the local day of `now`; returns for how many channels of meters.

    Meters with fewer than four weeks of days keep what was known about them, or nothing.
    """
    last_day = now.astimezone(microgrid.zone).date() - timedelta(days=1)
    return sum(_learn_channel(microgrid, channel, last_day, now) for channel in LEARNED_CHANNELS)


def _learn_channel(microgrid: Microgrid, channel: Channel, last_day: date, now: datetime) -> int:
    axis = axis_until(microgrid, last_day, MOST_DAYS - 1)
    block = load_channel(microgrid=microgrid, channel=channel, days=axis.days)
    known = (block.final & block.present).sum(axis=1)
    rows = np.flatnonzero(known >= LEAST_DAYS)
    if not len(rows):
        return 0
    first = int(np.flatnonzero(block.present[rows].any(axis=0))[0])
    axis = axis_until(microgrid, last_day, len(axis.days) - 1 - first)
    span = slice(int(block.offsets[first]), None)
    usable = np.repeat(block.final[rows, first:], np.diff(block.offsets[first:]), axis=1)
    usable &= (block.quality[rows, span] & METHOD_MASK) == Method.MEASURED
    values = np.where(usable, block.values_wh[rows, span], np.nan).astype(np.float32)
    ids = block.meter_ids[rows].tolist()
    meters = {m.pk: m for m in Meter.objects.filter(pk__in=ids).select_related("source", "storage", "consumer")}
    most = np.array([rating_w(meters[pk]) * microgrid.interval_minutes * 11 / 600 for pk in ids])
    is_production = np.full(len(ids), channel == Channel.PRODUCTION)
    night = np.zeros((len(ids), 1), dtype=bool)
    place = place_of(microgrid)
    if channel == Channel.PRODUCTION and place is not None:
        sun = sun_over(axis.start_s, axis.interval_minutes, place.latitude_deg, place.longitude_deg)
        night = np.broadcast_to(sun.is_night, values.shape)
    limits = learn_limits(Readings(axis, values, is_production, most, night, None), looks_ahead=False)
    means = np.nan_to_num(np.where(usable, values, 0).sum(axis=1) / np.maximum(usable.sum(axis=1), 1))
    rows_to_write = [
        LearnedLimits(
            meter_id=pk,
            channel=channel,
            meter_class=name.value,
            first_day=axis.days[0],
            last_day=last_day,
            days=int(known[row]),
            mean_wh=float(mean),
            numbers=numbers,
            learned_at=now,
        )
        for pk, name, row, mean, numbers in zip(
            ids, class_names(limits), rows.tolist(), means.tolist(), write_numbers(limits, ids), strict=True
        )
    ]
    LearnedLimits.objects.bulk_create(
        rows_to_write,
        update_conflicts=True,
        unique_fields=["meter", "channel"],
        update_fields=["meter_class", "first_day", "last_day", "days", "mean_wh", "numbers", "learned_at"],
    )
    return len(rows_to_write)
