"""How each source works: its production against the sun, its neighbours and its own past."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import numpy as np
from django.db.models import Avg
from numpy.typing import NDArray

from energy.domain.clear_sky import ClearSky, Place, Plane, clear_days, clear_sky, learn_planes, plane_irradiance
from energy.domain.degradation import Soiling, Trend, TrendMethod, soiling, trend
from energy.domain.outages import Outage, find_outages
from energy.domain.performance import DailyPerformance, capacity_factor, daily_performance
from energy.domain.quality import METHOD_MASK, Method
from energy.models import Channel, Microgrid, Node, Source
from energy.models.assets import SourceKind
from energy.selectors.meter_days import ChannelBlock, load_channel
from energy.selectors.site_energy import interval_starts

LONGEST_DAYS = 3 * 366
SHOWN_DAYS = 30
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class SourceRecord:
    """Production of m sources over d days of T intervals, and what the clear sky would have let them give.

    Attributes:
        sources: in the order of the rows.
        block: production by meter, in the same order.
        starts: first instants of the intervals, UTC.
        measured: bool [m, T]; whole: bool [m, d], every interval of the day measured.
        planes: how each roof lies; None for what is no solar plant, or where the place is not known.
        clear_w_m2: float64 [m, T], clear-sky irradiance in each plane; 0 for what is no solar plant.
        daily: by day.
        outages: found by their neighbours, of all sources.
    """

    sources: list[Source]
    block: ChannelBlock
    starts: list[datetime]
    measured: NDArray[np.bool_]
    whole: NDArray[np.bool_]
    planes: list[Plane | None]
    clear_w_m2: Floats
    daily: DailyPerformance
    outages: list[Outage]

    @property
    def days(self) -> list[date]:
        return self.block.days


@dataclass(frozen=True, slots=True)
class FoundOutage:
    """An outage with its times."""

    kind: str
    start_at: datetime
    end_at: datetime
    lost_wh: int
    is_over: bool


@dataclass(frozen=True, slots=True)
class SourceFigures:
    """What is known of one source on its newest day; None where it is not known.

    Attributes:
        days, energy_wh, capacity_factor: over the last days (at most thirty) that were wholly measured.
        efficiency: energy over what its rating would give under a clear sky, over the same days.
        performance_ratio: on clear days, where the two ratios are the same.
        lost_wh: by outages over the same days.
        cleaning_wh, repair_wh: what a cleaning or a repair would bring in thirty days of the same light.
    """

    source: Source
    newest_day: date
    days: int
    energy_wh: int
    capacity_factor: float | None
    efficiency: float | None
    performance_ratio: float | None
    clear_days: int
    plane: Plane | None
    ageing: Trend | None
    soiling: Soiling | None
    outages: tuple[FoundOutage, ...]
    lost_wh: int
    cleaning_wh: int
    repair_wh: int

    @property
    def gain_wh(self) -> int:
        """What looking after it would bring in thirty days [Wh]."""
        return self.cleaning_wh + self.repair_wh

    @property
    def sure_ageing(self) -> Trend | None:
        """The ageing where a year's pairs tell it; a shorter trend follows the season."""
        return self.ageing if self.ageing and self.ageing.method is TrendMethod.YEAR_ON_YEAR else None


def place_of(microgrid: Microgrid) -> Place | None:
    """Where a microgrid lies: the middle of its nodes that have coordinates."""
    found = Node.objects.filter(microgrid=microgrid, latitude__isnull=False, longitude__isnull=False).aggregate(
        latitude=Avg("latitude"), longitude=Avg("longitude")
    )
    return None if found["latitude"] is None else Place(found["latitude"], found["longitude"])


def source_record(*, microgrid: Microgrid, days: Sequence[date]) -> SourceRecord:
    """Load and judge all sources of a microgrid over days that follow each other; outages need the neighbours."""
    sources = {
        source.meter.pk: source
        for source in Source.objects.filter(site__microgrid=microgrid, meter__isnull=False)
        .exclude(status="retired")
        .select_related("meter", "site__member", "site__microgrid")
    }
    block = load_channel(microgrid=microgrid, channel=Channel.PRODUCTION, days=days, meter_ids=list(sources))
    ordered = [sources[pk] for pk in block.meter_ids.tolist()]
    present = np.repeat(block.present, np.diff(block.offsets), axis=1)
    measured = present & ((block.quality & METHOD_MASK) == Method.MEASURED)
    whole = np.logical_and.reduceat(measured, block.offsets[:-1], axis=1) if len(ordered) else block.present
    starts = interval_starts(microgrid=microgrid, days=block.days)
    hours = microgrid.interval_minutes / 60
    planes, irradiance, clear = _under_the_sky(microgrid, ordered, block, starts, whole)
    capacity = np.array([source.capacity_w for source in ordered], dtype=np.int64)
    daily = daily_performance(block.values_wh, block.offsets, irradiance, capacity, hours, clear, whole)
    outages = _outages(ordered, block, measured, capacity, hours)
    return SourceRecord(ordered, block, starts, measured, whole, planes, irradiance, daily, outages)


def _under_the_sky(
    microgrid: Microgrid, sources: list[Source], block: ChannelBlock, starts: list[datetime], whole: NDArray[np.bool_]
) -> tuple[list[Plane | None], Floats, NDArray[np.bool_]]:
    """Planes, clear-sky irradiance and clear days of the solar plants."""
    planes: list[Plane | None] = [None] * len(sources)
    irradiance = np.zeros(block.values_wh.shape)
    clear = np.zeros(block.present.shape, dtype=bool)
    solar = [row for row, source in enumerate(sources) if source.kind == SourceKind.SOLAR]
    place = place_of(microgrid)
    if not solar or place is None:
        return planes, irradiance, clear
    start_s = np.array([int(start.timestamp()) for start in starts], dtype=np.int64)
    sky: ClearSky = clear_sky(start_s, microgrid.interval_minutes, place)
    clear[solar] = clear_days(block.values_wh[solar], block.offsets, sky, whole[solar])
    learned = learn_planes(block.values_wh[solar], block.offsets, sky, clear[solar], place)
    irradiance[solar] = plane_irradiance(
        sky, np.array([plane.tilt_deg for plane in learned]), np.array([plane.azimuth_deg for plane in learned])
    )
    for row, plane in zip(solar, learned, strict=True):
        planes[row] = plane
    return planes, irradiance, clear


def _outages(
    sources: list[Source], block: ChannelBlock, measured: NDArray[np.bool_], capacity: NDArray[np.int64], hours: float
) -> list[Outage]:
    """Outages of what depends on the weather, kind by kind; water and gas have no neighbours to be judged by."""
    found: list[Outage] = []
    for kind in (SourceKind.SOLAR, SourceKind.WIND):
        rows = np.array([row for row, source in enumerate(sources) if source.kind == kind], dtype=np.int64)
        if len(rows):
            found += [
                replace(outage, source=int(rows[outage.source]))
                for outage in find_outages(block.values_wh[rows], capacity[rows], block.offsets, measured[rows], hours)
            ]
    return found


def efficiencies_of(*, microgrid: Microgrid, days: Sequence[date]) -> dict[int, float]:
    """What each source gave over some days, as a share of what its rating allows at a clear sky, by source id.

    Over full power around the clock for what is no solar plant, or where the place is not known; 0 without a whole day.
    """
    record = source_record(microgrid=microgrid, days=days)
    hours = np.diff(record.block.offsets) * microgrid.interval_minutes / 60
    found = {}
    for row, source in enumerate(record.sources):
        whole = record.whole[row]
        energy = float(record.daily.energy_wh[row][whole].sum())
        possible = float(record.daily.clear_wh[row][whole].sum()) or source.capacity_w * float(hours[whole].sum())
        found[source.pk] = energy / possible if possible else 0.0
    return found


def source_figures(record: SourceRecord, *, microgrid: Microgrid) -> list[SourceFigures]:
    """The figures of every source of a record."""
    return [_figures(record, row, microgrid) for row in range(len(record.sources))]


def _figures(record: SourceRecord, row: int, microgrid: Microgrid) -> SourceFigures:
    source, daily = record.sources[row], record.daily
    shown = record.whole[row].copy()
    shown[:-SHOWN_DAYS] = False
    energy = int(np.nansum(daily.energy_wh[row][shown]))
    hours = sum(record.block.offsets[d + 1] - record.block.offsets[d] for d in np.flatnonzero(shown))
    full_hours = float(hours) * microgrid.interval_minutes / 60
    factor = _known(capacity_factor(np.array(energy), np.array(float(source.capacity_w)), np.array(full_hours)))
    clear_wh = float(daily.clear_wh[row][shown].sum())
    clear = daily.clear[row]
    numbers = np.array([day.toordinal() for day in record.days], dtype=np.int64)[clear]
    performance = daily.efficiency[row][clear]
    ageing = trend(numbers, performance)
    dirt = soiling(numbers, performance, ageing)
    outages = tuple(_found(record, outage, microgrid) for outage in record.outages if outage.source == row)
    since = record.starts[record.block.offsets[max(len(record.days) - SHOWN_DAYS, 0)]]
    shown_outages = [outage for outage in outages if outage.end_at > since]
    return SourceFigures(
        source,
        record.days[-1],
        int(shown.sum()),
        energy,
        factor,
        energy / clear_wh if clear_wh else None,
        _known(daily.usual[row]),
        int(clear.sum()),
        record.planes[row],
        ageing,
        dirt,
        outages,
        sum(outage.lost_wh for outage in shown_outages),
        _by_cleaning(energy, int(shown.sum()), dirt),
        sum(_by_repair(outage) for outage in shown_outages if not outage.is_over),
    )


def _known(value: Floats) -> float | None:
    return float(value) if np.isfinite(value) else None


def _found(record: SourceRecord, outage: Outage, microgrid: Microgrid) -> FoundOutage:
    """With its times; it is over when the source gave something after it, in light in which it can be judged."""
    end_at = record.starts[outage.after - 1] + timedelta(minutes=microgrid.interval_minutes)
    later = record.block.values_wh[outage.source, outage.after :]
    is_over = bool((later > 0).any()) if outage.kind == "off" else outage.after < record.block.offsets[-1]
    return FoundOutage(outage.kind, record.starts[outage.first], end_at, outage.lost_wh, is_over)


def _by_cleaning(energy_wh: int, days: int, dirt: Soiling | None) -> int:
    if dirt is None or not days or dirt.loss_share >= 1:
        return 0
    return round(energy_wh / days * SHOWN_DAYS * dirt.loss_share / (1 - dirt.loss_share))


def _by_repair(outage: FoundOutage) -> int:
    """What an outage that goes on costs in thirty days, at the light it has had so far."""
    days = max((outage.end_at - outage.start_at) / timedelta(days=1), 1.0)
    return round(outage.lost_wh / days * SHOWN_DAYS)
