"""The meter days of one local day as arrays, with as many days before them as checks and estimates ask for."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from energy.adapters.meter_day_rows import MeterDayRow
from energy.domain.day_axis import DayAxis, day_axis
from energy.domain.gap_estimates import GapInput
from energy.domain.public_holidays import country_of, holiday_test
from energy.domain.quality import METHOD_MASK, Check, Method
from energy.domain.sun import DARK_BELOW_DEG, rough_elevation_deg, sun_over
from energy.domain.validation import Readings
from energy.domain.validation_rules import Registers
from energy.models import Channel, Meter, Microgrid
from energy.selectors.exchanges import register_steps
from energy.selectors.meter_days import load_channel
from energy.selectors.source_performance import place_of

Key = tuple[int, int]
ROUGHLY_DEG = 1.5
IN_DOUBT = Check.SPIKE | Check.STUCK | Check.UNUSUAL | Check.IMPLAUSIBLE | Check.HIGH
OF_PRODUCTION = (Channel.EXPORT, Channel.PRODUCTION)


@dataclass(frozen=True, slots=True)
class DayBlock:
    """Some channels of meters over the days that end with one day.

    Attributes:
        keys: meter and channel of each of the n rows.
        axis: the days before, then the day itself.
        values_wh: float32 [n, T], NaN where missing; before the day also where it was not loaded.
        quality: int16 [n, T], Method.MISSING where missing.
        ratings_w: float64 [n], the most power of a source or storage; 0 where unknown.
        registers: readings of the day itself, NaN for the days before.
    """

    keys: list[Key]
    axis: DayAxis
    values_wh: NDArray[np.float32]
    quality: NDArray[np.int16]
    ratings_w: NDArray[np.float64]
    registers: Registers

    @property
    def today(self) -> slice:
        """The intervals of the day itself."""
        return slice(int(self.axis.offsets[-2]), int(self.axis.offsets[-1]))

    @property
    def is_production(self) -> NDArray[np.bool_]:
        return np.array([channel in OF_PRODUCTION for _, channel in self.keys], dtype=bool)

    @property
    def most_wh(self) -> NDArray[np.float64]:
        """The most that can flow in an interval [Wh], with a tenth to spare; 0 where unknown."""
        most = np.floor(self.ratings_w * self.axis.interval_minutes * 11 / 600)
        return np.where(self.ratings_w > 0, most + 1, 0.0)

    def readings(self, is_night: NDArray[np.bool_]) -> Readings:
        return Readings(self.axis, self.values_wh, self.is_production, self.most_wh, is_night, self.registers)


def axis_until(microgrid: Microgrid, day: date, days_before: int) -> DayAxis:
    """The axis over `day` and the days before it."""
    first = microgrid.local_day(day - timedelta(days=days_before)).start_at
    last = microgrid.local_day(day).end_at
    step = microgrid.interval_minutes * 60
    start_s = np.arange(int(first.timestamp()), int(last.timestamp()), step, dtype=np.int64)
    country = microgrid.country or country_of(microgrid.time_zone)
    return day_axis(
        start_s=start_s,
        zone=microgrid.zone,
        interval_minutes=microgrid.interval_minutes,
        is_holiday=holiday_test(country, microgrid.region),
    )


def block_of(
    *,
    microgrid: Microgrid,
    day: date,
    rows: dict[Key, MeterDayRow],
    meters: dict[int, Meter],
    days_before: int,
    with_history: Sequence[Key],
) -> DayBlock:
    """Put rows of one day side by side, with the days before for `with_history`."""
    keys = list(rows)
    axis = axis_until(microgrid, day, days_before)
    total = len(axis.start_s)
    values = np.full((len(keys), total), np.nan, dtype=np.float32)
    quality = np.full((len(keys), total), Method.MISSING, dtype=np.int16)
    count = int(axis.counts[-1])
    today = np.array([rows[key].values_wh for key in keys]).reshape(-1, count)
    flags = np.array([rows[key].quality for key in keys]).reshape(-1, count)
    missing = (flags & METHOD_MASK) == Method.MISSING
    values[:, total - count :] = np.where(missing, np.nan, today)
    quality[:, total - count :] = flags
    if days_before and with_history:
        _load_history(microgrid, axis, keys, with_history, values, quality)
    steps = register_steps(microgrid=microgrid, day=day, meter_ids=list(meters))
    registers = _registers(rows, meters, steps, len(axis.days))
    ratings = np.array([rating_w(meters[meter]) for meter, _ in keys], dtype=np.float64)
    return DayBlock(keys, axis, values, quality, ratings, registers)


def _load_history(
    microgrid: Microgrid, axis: DayAxis, keys: list[Key], wanted: Sequence[Key], values: NDArray[np.float32], quality: NDArray[np.int16]
) -> None:
    """Fill the days before the last into the rows of `wanted`."""
    row_of = {key: row for row, key in enumerate(keys)}
    before = int(axis.offsets[-2])
    for channel in sorted({channel for _, channel in wanted}):
        ids = sorted(meter for meter, of in wanted if of == channel)
        found = load_channel(microgrid=microgrid, channel=channel, days=axis.days[:-1], meter_ids=ids)
        rows = np.array([row_of[meter, channel] for meter in found.meter_ids.tolist()])
        there = np.repeat(found.present, np.diff(found.offsets), axis=1)
        there &= (found.quality & METHOD_MASK) != Method.MISSING
        values[rows, :before] = np.where(there, found.values_wh, np.nan)
        quality[rows, :before] = np.where(there, found.quality, np.int16(Method.MISSING))


def _registers(rows: dict[Key, MeterDayRow], meters: dict[int, Meter], steps: dict[Key, int], days: int) -> Registers:
    """The day's readings; over an exchange the new register runs on from where the old one stood."""
    start, end = (np.full((len(rows), days), np.nan) for _ in range(2))
    for row, (key, one) in enumerate(rows.items()):
        if one.register_start_wh is not None and one.register_end_wh is not None:
            start[row, -1] = one.register_start_wh
            end[row, -1] = one.register_end_wh + steps.get(key, 0)
    limits = np.array([meters[meter].register_limit_wh for meter, _ in rows], dtype=np.float64)
    return Registers(start, end, limits)


def rating_w(meter: Meter) -> int:
    """The most power that a source, a storage or a load of its own meter can move [W]; 0 for a site, where no limit is known."""
    if meter.consumer is not None:
        return meter.consumer.max_demand_w
    if meter.source is not None:
        return meter.source.capacity_w
    if meter.storage is not None:
        return max(meter.storage.charge_max_w, meter.storage.discharge_max_w)
    return 0


def nights(microgrid: Microgrid, block: DayBlock) -> NDArray[np.bool_]:
    """Where the sun is down for sources on the day itself, bool [n, T].

    The sun is asked for only where a source gave something when it was roughly dark, which hardly ever happens.
    """
    dark = np.zeros(block.values_wh.shape, dtype=bool)
    rows = np.flatnonzero([channel == Channel.PRODUCTION for _, channel in block.keys])
    place = place_of(microgrid)
    if not len(rows) or place is None:
        return dark
    start_s = block.axis.start_s[block.today]
    roughly = rough_elevation_deg(start_s, place.latitude_deg, place.longitude_deg) < DARK_BELOW_DEG + ROUGHLY_DEG
    with np.errstate(invalid="ignore"):
        gave = (block.values_wh[rows, block.today] > 0) & roughly
    if gave.any():
        sun = sun_over(start_s, block.axis.interval_minutes, place.latitude_deg, place.longitude_deg)
        dark[rows, block.today] = sun.is_night
    return dark


def gaps_of(
    *,
    microgrid: Microgrid,
    block: DayBlock,
    missing: NDArray[np.bool_],
    wrong: NDArray[np.bool_],
    groups: Sequence[object],
    sizes: NDArray[np.float64],
) -> GapInput:
    """What estimates need to know: `missing` is to be filled, `wrong` is not to be believed; bool [n, T]."""
    known = np.isfinite(block.values_wh)
    method = block.quality & METHOD_MASK
    doubted = (block.quality & int(IN_DOUBT)) != 0
    doubted[:, block.today] = False
    measured = known & ~missing & ~wrong
    trusted = measured & ~doubted & ((method == Method.MEASURED) | (method == Method.EDITED))
    numbers = {group: number for number, group in enumerate(dict.fromkeys(groups))}
    sky = None
    place = place_of(microgrid)
    if place is not None and (missing.any(axis=1) & block.is_production).any():
        sky = sun_over(block.axis.start_s, block.axis.interval_minutes, place.latitude_deg, place.longitude_deg).clear_sky_w_m2[None, :]
    return GapInput(
        block.axis,
        block.values_wh,
        missing,
        measured,
        trusted,
        np.array([numbers[g] for g in groups], dtype=np.int64),
        sizes,
        block.is_production,
        sky,
        block.registers,
        np.where(block.most_wh > 0, block.most_wh, np.inf),
    )


def without_values(block: DayBlock, wrong: NDArray[np.bool_]) -> DayBlock:
    """The block with `wrong` (bool [n, T]) taken out."""
    return replace(block, values_wh=np.where(wrong, np.float32(np.nan), block.values_wh))
