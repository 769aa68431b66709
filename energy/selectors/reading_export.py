"""Meter days as files: read in slices, written slice by slice, so that memory does not grow with the span."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from energy.adapters.reading_formats import FORMATS
from energy.domain.quality import Method
from energy.domain.reading_files import EnergyUnit, ReadingPart, ReadOptions, SeriesName
from energy.models import Channel, Meter, Microgrid
from energy.selectors.meter_days import load_channel

SLICE_VALUES = 500_000


@dataclass(frozen=True, slots=True)
class ExportOrder:
    """What to export: meters of one microgrid, days from `first` up to and without `after`."""

    microgrid: Microgrid
    meters: Sequence[Meter]
    first: date
    after: date
    format: str
    unit: EnergyUnit = EnergyUnit.KWH

    @property
    def file_name(self) -> str:
        """What the file is called."""
        what = self.meters[0].code.replace(" ", "-") if len(self.meters) == 1 else self.microgrid.slug
        last = self.after - timedelta(days=1)
        return f"{what}_{self.first}_{last}_{self.format}.{FORMATS[self.format].suffix}"


def export_readings(order: ExportOrder) -> Iterator[bytes]:
    """The file, piece by piece: the current versions of the days, gaps as gaps."""
    columns = [(meter, channel) for meter in sorted(order.meters, key=lambda m: m.code) for channel in meter.channels]
    names = [SeriesName(_name(meter, order.format), channel.label) for meter, channel in columns]
    options = ReadOptions(order.microgrid.zone, order.microgrid.interval_minutes, order.unit)
    return FORMATS[order.format].write(names, _parts(order, columns), options)


def _name(meter: Meter, format: str) -> str:
    """Grid operators know a metering point by their own name for it."""
    return meter.external_ref or meter.code if format == "load_profile" else meter.code


def _parts(order: ExportOrder, columns: Sequence[tuple[Meter, Channel]]) -> Iterator[ReadingPart]:
    days = [order.first + timedelta(days=i) for i in range((order.after - order.first).days)]
    step = max(SLICE_VALUES // (len(columns) * 100 or 1), 1)
    for place in range(0, len(days), step):
        yield _part(order, columns, days[place : place + step])


def _part(order: ExportOrder, columns: Sequence[tuple[Meter, Channel]], days: list[date]) -> ReadingPart:
    starts = np.array([int(at.timestamp()) for day in days for at in order.microgrid.local_day(day).starts()], dtype=np.int64)
    values = np.zeros((len(columns), len(starts)), dtype=np.int64)
    methods = np.full(values.shape, Method.MISSING, dtype=np.int16)
    for channel in sorted({channel for _, channel in columns}):
        row_of = {meter.pk: i for i, (meter, c) in enumerate(columns) if c == channel}
        block = load_channel(microgrid=order.microgrid, channel=channel, days=days, meter_ids=sorted(row_of))
        rows = [row_of[pk] for pk in block.meter_ids.tolist()]
        there = np.repeat(block.present, np.diff(block.offsets), axis=1)
        values[rows] = block.values_wh
        methods[rows] = np.where(there, block.quality, Method.MISSING)
    return ReadingPart(starts, values, methods)
