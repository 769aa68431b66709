"""What each of many sites used, as arrays: for habits, comparison, alarms and tips."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from energy.domain.load_patterns import wall_clock_days
from energy.domain.quality import METHOD_MASK, Method
from energy.models import Channel, Meter, MeterDay, Microgrid
from energy.models.meters import MeterKind
from energy.selectors.meter_days import day_offsets, load_channel

SIGNS = (
    (Channel.IMPORT, MeterKind.SITE, 1),
    (Channel.EXPORT, MeterKind.SITE, -1),
    (Channel.PRODUCTION, MeterKind.SOURCE, 1),
    (Channel.DISCHARGE, MeterKind.STORAGE, 1),
    (Channel.CHARGE, MeterKind.STORAGE, -1),
)


@dataclass(frozen=True, slots=True)
class SiteDayBlock:
    """Use of s sites over d days of T intervals.

    Attributes:
        site_ids: ascending.
        days, offsets: as in ChannelBlock.
        slots: int64 [T], each interval's place on the local clock.
        per_day: intervals of a day whose clock does not change.
        use_wh: int64 [s, T], import - export + production + discharge - charge; never below 0.
        import_wh: int64 [s, T], drawn from the local network.
        complete: bool [s, d], every register of the site has its day.
        estimated: bool [s, T], some of it is not measured; [s, 0] where it was not asked for.
    """

    site_ids: list[int]
    days: list[date]
    offsets: NDArray[np.int64]
    slots: NDArray[np.int64]
    per_day: int
    use_wh: NDArray[np.int64]
    import_wh: NDArray[np.int64]
    complete: NDArray[np.bool_]
    estimated: NDArray[np.bool_]

    @property
    def on_the_clock(self) -> NDArray[np.float64]:
        """Use by day on the wall clock; float64 [s, d, per_day]."""
        return wall_clock_days(self.use_wh.astype(np.float64), self.offsets, self.slots, self.per_day)

    @property
    def weekend(self) -> NDArray[np.bool_]:
        return np.array([day.weekday() >= 5 for day in self.days], dtype=bool)

    def estimated_share(self, place: int) -> float:
        """Share of a site's intervals on complete days that are not measured."""
        there = np.repeat(self.complete[place], np.diff(self.offsets))
        return float(self.estimated[place][there].mean()) if there.any() else 0.0


def clock_slots(microgrid: Microgrid, days: Sequence[date]) -> NDArray[np.int64]:
    """Each interval's place on the local clock, days one behind the other; int64 [T]."""
    per_day = 1440 // microgrid.interval_minutes
    parts = []
    for day in days:
        local_day = microgrid.local_day(day)
        if local_day.interval_count == per_day:
            parts.append(np.arange(per_day, dtype=np.int64))
        else:
            minutes = [start.hour * 60 + start.minute for start in local_day.local_starts()]
            parts.append(np.array(minutes, dtype=np.int64) // microgrid.interval_minutes)
    return np.concatenate(parts) if parts else np.zeros(0, dtype=np.int64)


def newest_days(microgrid: Microgrid, *, before: date, most: int) -> list[date]:
    """The last `most` days before `before` that follow each other up to the newest one with final readings."""
    newest = (
        MeterDay.objects.filter(microgrid_id=microgrid.pk, day__lt=before, is_current=True, status=1)
        .order_by("-day")
        .values_list("day", flat=True)
        .first()
    )
    if newest is None:
        return []
    return [newest - timedelta(days=back) for back in range(most - 1, -1, -1)]


def load_site_days(
    *, microgrid: Microgrid, days: Sequence[date], site_ids: Sequence[int] | None = None, with_quality: bool = False
) -> SiteDayBlock:
    """Load the use of sites (all of the microgrid where none are named); six queries whatever their number."""
    days = sorted(set(days))
    meters = Meter.objects.filter(microgrid=microgrid)
    if site_ids is not None:
        meters = meters.filter(site_id__in=list(site_ids))
    site_of = {pk: (site, kind) for pk, site, kind in meters.values_list("pk", "site_id", "kind")}
    ids = sorted({site for site, _ in site_of.values()})
    place_of = {site: place for place, site in enumerate(ids)}
    offsets = day_offsets(microgrid, days)
    shape = (len(ids), int(offsets[-1]))
    use, drawn = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
    complete = np.ones((len(ids), len(days)), dtype=bool)
    estimated = np.zeros(shape if with_quality else (len(ids), 0), dtype=bool)
    for channel, kind, sign in SIGNS:
        chosen = [pk for pk, (_, found) in site_of.items() if found == kind]
        block = load_channel(microgrid=microgrid, channel=channel, days=days, meter_ids=chosen, with_quality=with_quality)
        rows = np.array([place_of[site_of[pk][0]] for pk in block.meter_ids.tolist()], dtype=np.int64)
        np.add.at(use, rows, sign * block.values_wh)
        np.logical_and.at(complete, rows, block.present)
        if channel == Channel.IMPORT:
            np.add.at(drawn, rows, block.values_wh)
        if with_quality:
            np.logical_or.at(estimated, rows, (block.quality & METHOD_MASK) != Method.MEASURED)
    return SiteDayBlock(
        ids, days, offsets, clock_slots(microgrid, days), 1440 // microgrid.interval_minutes, np.maximum(use, 0), drawn, complete, estimated
    )
