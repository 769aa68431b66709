"""What sites drew, fed in, produced and used: arrays for pages, API and export."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import ceil

import numpy as np
from numpy.typing import NDArray

from energy.domain.quality import METHOD_MASK, Method
from energy.models import Channel, Meter, MeterDay, Microgrid, Site
from energy.selectors.exchanges import hand_overs
from energy.selectors.meter_days import ChannelBlock, day_offsets, load_channel

Wh = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class SiteEnergy:
    """Energy of some sites, summed, per interval over some days; the days stand one behind the other.

    Attributes:
        days: ascending.
        offsets: int64 [d + 1], first interval of each day in the axis of length T.
        import_wh, export_wh, production_wh, charge_wh, discharge_wh: int64 [T].
        measured: bool [T], all of it measured; false where anything is estimated or still missing.
        complete: bool [d], every meter has its day.
        final: bool [d], every meter's day is final.
    """

    days: list[date]
    offsets: NDArray[np.int64]
    import_wh: Wh
    export_wh: Wh
    production_wh: Wh
    charge_wh: Wh
    discharge_wh: Wh
    measured: NDArray[np.bool_]
    complete: NDArray[np.bool_]
    final: NDArray[np.bool_]

    @property
    def consumption_wh(self) -> Wh:
        """What was used behind the meters [Wh]: import - export + production + discharge - charge."""
        return self.import_wh - self.export_wh + self.production_wh + self.discharge_wh - self.charge_wh

    @property
    def own_use_wh(self) -> Wh:
        """What was produced or discharged and used or stored behind the same meter [Wh]."""
        return np.maximum(self.production_wh + self.discharge_wh - self.export_wh, 0)

    def per_day(self, values_wh: Wh) -> Wh:
        """Sums of an array of this axis, by day: int64 [d]."""
        if not self.days:
            return np.zeros(0, dtype=np.int64)
        return np.add.reduceat(values_wh, self.offsets[:-1])


def site_energy(*, microgrid: Microgrid, site_ids: Sequence[int], days: Sequence[date]) -> SiteEnergy:
    """Load the energy of sites of one microgrid over `days`; a day that nobody measured is zero and not complete."""
    days = sorted(set(days))
    meters = Meter.objects.filter(microgrid=microgrid, site_id__in=list(site_ids))
    by_kind: dict[str, list[int]] = {"site": [], "source": [], "storage": [], "grid": []}
    for meter_id, kind in meters.values_list("pk", "kind"):
        by_kind[kind].append(meter_id)
    offsets = day_offsets(microgrid, days)
    blocks = {
        channel: load_channel(
            microgrid=microgrid, channel=channel, days=days, meter_ids=by_kind[kind]
        )
        for channel, kind in (
            (Channel.IMPORT, "site"), (Channel.EXPORT, "site"), (Channel.PRODUCTION, "source"),
            (Channel.CHARGE, "storage"), (Channel.DISCHARGE, "storage"),
        )
    }  # fmt: skip
    sums = {channel: block.values_wh.sum(axis=0) for channel, block in blocks.items()}
    complete = np.all([block.present.all(axis=0) for block in blocks.values()], axis=0)
    return SiteEnergy(
        days, offsets, sums[Channel.IMPORT], sums[Channel.EXPORT], sums[Channel.PRODUCTION], sums[Channel.CHARGE],
        sums[Channel.DISCHARGE], np.all([_measured(block) for block in blocks.values()], axis=0), complete,
        complete & np.all([block.final.all(axis=0) for block in blocks.values()], axis=0),
    )  # fmt: skip


def _measured(block: ChannelBlock) -> NDArray[np.bool_]:
    """Whether all meters measured an interval, bool [T]."""
    there = np.repeat(block.present, np.diff(block.offsets), axis=1)
    return (there & ((block.quality & METHOD_MASK) == Method.MEASURED)).all(axis=0)


def interval_starts(*, microgrid: Microgrid, days: Sequence[date]) -> list[datetime]:
    """First instants, UTC, of the intervals of `days`, in the order of SiteEnergy's axis."""
    return [start for day in sorted(set(days)) for start in microgrid.local_day(day).starts()]


@dataclass(frozen=True, slots=True)
class RegisterReading:
    """The register of one channel at the ends of a span of days [Wh], for a bill; None where it was not read."""

    channel: str
    start_wh: int | None
    end_wh: int | None
    estimated_intervals: int
    intervals: int


def register_readings(*, site: Site, days: Sequence[date]) -> list[RegisterReading]:
    """What the site meter's import and export registers read at the start and the end of `days`.

    A meter that was exchanged within them gives two readings of each: up to the exchange, and from it on.
    """
    readings: list[RegisterReading] = []
    meters = Meter.objects.filter(site=site, kind="site").select_related("microgrid")
    for channel in (Channel.IMPORT, Channel.EXPORT):
        rows = list(
            MeterDay.objects.filter(
                microgrid_id=site.microgrid_id, is_current=True, channel=channel, day__in=list(days),
                meter_id__in=meters.values("pk"),
            ).order_by("day", "meter_id")
        )  # fmt: skip
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


def _reading(
    channel: int, start_wh: int | None, end_wh: int | None, estimated: NDArray[np.bool_]
) -> RegisterReading:
    return RegisterReading(Channel(channel).label, start_wh, end_wh, int(estimated.sum()), len(estimated))


def _intervals_before(site: Site, rows: Sequence[MeterDay], instant: datetime) -> int:
    """How many intervals of `rows`, which stand one behind the other, begin before `instant`."""
    return sum(
        min(max(0, ceil((instant - site.microgrid.local_day(row.day).start_at) / length)), len(row.quality))
        for row in rows
        for length in (timedelta(minutes=site.microgrid.interval_minutes),)
    )
