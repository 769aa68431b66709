"""What sites drew, fed in, produced and used: arrays for pages, API and export."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
from numpy.typing import NDArray

from energy.domain.quality import METHOD_MASK, Method
from energy.models import Channel, Meter, Microgrid
from energy.models.meters import MeterKind
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
    by_kind: dict[str, list[int]] = {kind.value: [] for kind in MeterKind}
    for meter_id, kind in meters.values_list("pk", "kind"):
        by_kind[kind].append(meter_id)
    offsets = day_offsets(microgrid, days)
    blocks = {
        channel: load_channel(microgrid=microgrid, channel=channel, days=days, meter_ids=by_kind[kind])
        for channel, kind in (
            (Channel.IMPORT, "site"),
            (Channel.EXPORT, "site"),
            (Channel.PRODUCTION, "source"),
            (Channel.CHARGE, "storage"),
            (Channel.DISCHARGE, "storage"),
        )
    }
    sums = {channel: block.values_wh.sum(axis=0) for channel, block in blocks.items()}
    complete = np.all([block.present.all(axis=0) for block in blocks.values()], axis=0)
    return SiteEnergy(
        days,
        offsets,
        sums[Channel.IMPORT],
        sums[Channel.EXPORT],
        sums[Channel.PRODUCTION],
        sums[Channel.CHARGE],
        sums[Channel.DISCHARGE],
        np.all([_measured(block) for block in blocks.values()], axis=0),
        complete,
        complete & np.all([block.final.all(axis=0) for block in blocks.values()], axis=0),
    )


def _measured(block: ChannelBlock) -> NDArray[np.bool_]:
    """Whether all meters measured an interval, bool [T]."""
    there = np.repeat(block.present, np.diff(block.offsets), axis=1)
    return (there & ((block.quality & METHOD_MASK) == Method.MEASURED)).all(axis=0)


def interval_starts(*, microgrid: Microgrid, days: Sequence[date]) -> list[datetime]:
    """First instants, UTC, of the intervals of `days`, in the order of SiteEnergy's axis."""
    return [start for day in sorted(set(days)) for start in microgrid.local_day(day).starts()]
