"""What sites' registers read at the ends of some days, as a bill shows them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import ceil

import numpy as np
from numpy.typing import NDArray

from energy.domain.quality import METHOD_MASK, Method
from energy.models import Channel, Meter, MeterDay, Microgrid, RegisterHandOver, Site
from energy.selectors.exchanges import hand_overs
from energy.selectors.meter_days import load_channel

CHANNELS = (Channel.IMPORT, Channel.EXPORT, Channel.REACTIVE)


@dataclass(frozen=True, slots=True)
class RegisterReading:
    """The register of one channel at the ends of a span of days [Wh; reactive energy varh], for a bill; None where it was not read."""

    channel: str
    unit: str
    start_wh: int | None
    end_wh: int | None
    estimated_intervals: int
    intervals: int


def register_readings(*, site: Site, days: Sequence[date]) -> list[RegisterReading]:
    """What the site meter's import and export registers read at the start and the end of `days`.

    A meter that was exchanged within them gives two readings of each: up to the exchange, and from it on.
    """
    readings: list[RegisterReading] = []
    meters = list(Meter.objects.filter(site=site, kind="site").select_related("microgrid"))
    counted = {channel for meter in meters for channel in meter.channels}
    for channel in (channel for channel in CHANNELS if channel in counted):
        rows = list(
            MeterDay.objects.filter(
                microgrid_id=site.microgrid_id,
                is_current=True,
                channel=channel,
                day__in=list(days),
                meter_id__in=[meter.pk for meter in meters],
            ).order_by("day", "meter_id")
        )
        if not rows:
            continue
        quality = np.concatenate([np.array(row.quality, dtype=np.int16) for row in rows])
        estimated = (quality & METHOD_MASK) != Method.MEASURED
        start_wh, first = rows[0].register_start_wh, 0
        for hand_over in hand_overs(meters=meters, channel=channel, days=days):
            end = min(_intervals_before(site, rows, hand_over.exchange.exchanged_at), len(quality))
            readings.append(_reading(channel, start_wh, hand_over.last_wh, estimated[first:end]))
            start_wh, first = hand_over.first_wh, end
        readings.append(_reading(channel, start_wh, rows[-1].register_end_wh, estimated[first:]))
    return readings


def _reading(channel: int, start_wh: int | None, end_wh: int | None, estimated: NDArray[np.bool_]) -> RegisterReading:
    return RegisterReading(Channel(channel).label, Channel(channel).unit, start_wh, end_wh, int(estimated.sum()), len(estimated))


def _intervals_before(site: Site, rows: Sequence[MeterDay], instant: datetime) -> int:
    """How many intervals of `rows`, which stand one behind the other, begin before `instant`."""
    return sum(
        min(max(0, ceil((instant - site.microgrid.local_day(row.day).start_at) / length)), len(row.quality))
        for row in rows
        for length in (timedelta(minutes=site.microgrid.interval_minutes),)
    )


def register_readings_by_site(*, microgrid: Microgrid, sites: Sequence[Site], days: Sequence[date]) -> dict[int, list[RegisterReading]]:
    """The same for many sites at once, by site id: a few queries, however many they are.

    Only those with an exchanged meter, or more than one, are looked at singly.
    """
    meter_of, single = _lone_meters(microgrid, sites, days)
    found = {site.pk: register_readings(site=site, days=days) for site in sites if site.pk in single}
    found |= {site_id: [] for site_id in meter_of.values()}
    with_reactive = set(Meter.objects.filter(site__in=sites, reactive_from__isnull=False).values_list("pk", flat=True))
    for channel in CHANNELS:
        counting = sorted(set(meter_of) & with_reactive if channel == Channel.REACTIVE else meter_of)
        if not counting:
            continue
        block = load_channel(microgrid=microgrid, channel=channel, days=days, meter_ids=counting)
        estimated = (block.quality & METHOD_MASK) != Method.MEASURED
        known = np.repeat(block.present, np.diff(block.offsets), axis=1)
        ends = _ends_of_registers(microgrid, channel, counting, block.days)
        for row, meter_id in enumerate(block.meter_ids.tolist()):
            if meter_id in ends:
                found[meter_of[meter_id]].append(_reading(channel, *ends[meter_id], estimated[row, known[row]]))
    return found


def _lone_meters(microgrid: Microgrid, sites: Sequence[Site], days: Sequence[date]) -> tuple[dict[int, int], set[int]]:
    """Meters that stand alone at their site and were not exchanged, with their sites; and the sites that need a closer look."""
    rows = list(Meter.objects.filter(site__in=[site.pk for site in sites], kind="site").values_list("pk", "site_id"))
    exchanged = set(
        RegisterHandOver.objects.filter(
            exchange__meter__in=[pk for pk, _ in rows],
            exchange__exchanged_at__gte=microgrid.local_day(min(days)).start_at,
            exchange__exchanged_at__lt=microgrid.local_day(max(days)).end_at,
        ).values_list("exchange__meter_id", flat=True)
    )
    meters_at: dict[int, list[int]] = {site.pk: [] for site in sites}
    for pk, site_id in rows:
        meters_at[site_id].append(pk)
    lone = {site_id for site_id, meters in meters_at.items() if len(meters) == 1 and meters[0] not in exchanged}
    return {pk: site_id for pk, site_id in rows if site_id in lone}, set(meters_at) - lone


def _ends_of_registers(
    microgrid: Microgrid, channel: int, meter_ids: Iterable[int], days: Sequence[date]
) -> dict[int, tuple[int | None, int | None]]:
    """By meter, what the register read at the start of its first day and at the end of its last."""
    rows = MeterDay.objects.filter(microgrid_id=microgrid.pk, is_current=True, channel=channel, day__in=days, meter_id__in=meter_ids)
    starts = rows.order_by("meter_id", "day").distinct("meter_id").values_list("meter_id", "register_start_wh")
    ends = dict(rows.order_by("meter_id", "-day").distinct("meter_id").values_list("meter_id", "register_end_wh"))
    return {meter_id: (start, ends[meter_id]) for meter_id, start in starts}
