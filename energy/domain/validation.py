"""All checks over many meters and days at once, with limits learned per class from readings that hold faults themselves.

`learn_limits` reads weeks to a year of readings; `check` applies the limits to the same readings (a study) or to the newest days
(the close of a day). Readings come as float32 [m, T], NaN where missing; nothing is changed.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from energy.domain.day_axis import DayAxis
from energy.domain.meter_class import CLASSES, SWITCHED, MeterClass, learn_classes, number_of
from energy.domain.quality import Check
from energy.domain.spikes import SpikeLimits, learn_spike_limits, spikes
from energy.domain.stuck_values import FAULT_LENGTH, StuckLimits, learn_stuck_limits, stuck_runs
from energy.domain.unusual_days import DayLimits, describe_days, learn_day_limits, unusual_days
from energy.domain.validation_rules import (
    Registers,
    Runs,
    beyond_connection,
    counted_wh,
    mark_runs,
    night_production,
    repeats,
    runs_of,
    sum_excess,
    zero_days,
)

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Bools = NDArray[np.bool_]
Flags = NDArray[np.int16]

NIGHT_SHARE = 0.01
TWILIGHT_DAYS = 0.02
DOUBTED_FROM_DAYS = 0.10
DOUBTED_FROM_COUNT = 5
MOST_ZERO_DAYS = 0.25
MOST_ZERO_VALUES = 0.01
SET_ASIDE_PER_DAY = 3
LEAST_BEYOND = 2
FACTOR_FROM = 0.3


@dataclass(frozen=True, slots=True)
class Readings:
    """Many meters over some days.

    Attributes:
        axis: the intervals and days.
        values_wh: float32 [m, T], NaN where missing.
        is_production: bool [m].
        connection_wh: float64 [m], the most that can flow in an interval [Wh]; 0 where unknown.
        is_night: bool [m, T] for production, or [m, 1] False where nothing is known of the sun.
        registers: None where none was read.
    """

    axis: DayAxis
    values_wh: Floats
    is_production: Bools
    connection_wh: Doubles
    is_night: Bools
    registers: Registers | None


@dataclass(frozen=True, slots=True)
class Limits:
    """What was learned about each meter, by its class and from its own days; see the modules for each part.

    Attributes:
        classes: int64 [m], places in CLASSES.
        doubted: bool [m], meters that pass their connection so often that it cannot be right.
        night_share: float64 [m], share of the rating from which production at night is a fault.
        never_zero: bool [m]; twilight: bool [m], sources whose mornings begin in the dark.
    """

    classes: NDArray[np.int64]
    doubted: Bools
    night_share: Doubles
    never_zero: Bools
    twilight: Bools
    spikes: SpikeLimits
    stuck: StuckLimits
    days: DayLimits


@dataclass(frozen=True, slots=True)
class Findings:
    """Outcomes as bits of Check: int16 [m, T] for intervals, int16 [m, d] for whole days.

    `excess_wh` is what a day's intervals have beyond its registers where that is too much or too little, else NaN.
    """

    intervals: Flags
    days: Flags
    excess_wh: Doubles


def learn_limits(readings: Readings, *, looks_ahead: bool) -> Limits:
    """Learn what is usual for each meter; `looks_ahead` lets days after a day count among its like days (studies)."""
    axis = readings.axis
    doubted = _doubted_connections(readings)
    connection = np.where(doubted, 0.0, readings.connection_wh)
    believed = _without(readings.values_wh, beyond_connection(readings.values_wh, connection))
    classes = learn_classes(believed, axis, readings.is_production, readings.is_night)
    switched = _switched(classes)
    twilight = _has_twilight(readings, believed, classes)
    spike_limits = learn_spike_limits(believed, axis, classes, switched, connection)
    found = spikes(believed, axis, spike_limits, switched, None)
    features = describe_days(_without(believed, _seldom(found, axis)), axis)
    day_limits = learn_day_limits(features, axis, classes, switched, readings.is_production, looks_ahead)
    same = repeats(believed)
    stuck = learn_stuck_limits(believed, same, runs_of(same, 2))
    night_share = np.full(len(classes), NIGHT_SHARE)
    return Limits(classes, doubted, night_share, _never_zero(believed, axis), twilight, spike_limits, stuck, day_limits)


def unlearned(is_production: Bools) -> Limits:
    """Limits of meters of which nothing is known yet: only what needs no history is found.

    Mornings that begin in the dark are forgiven, runs and zeros are not judged.
    """
    meters = len(is_production)
    never, nothing = np.full(meters, np.inf), np.zeros(meters, dtype=bool)
    classes = np.where(is_production, number_of(MeterClass.SOLAR), number_of(MeterClass.HOME))
    return Limits(
        classes,
        nothing,
        np.full(meters, NIGHT_SHARE),
        nothing,
        is_production.copy(),
        SpikeLimits(never, never),
        StuckLimits.never(meters),
        DayLimits.never(meters),
    )


def check(readings: Readings, limits: Limits) -> Findings:
    """Apply all checks."""
    axis, values = readings.axis, readings.values_wh
    connection = np.where(limits.doubted, 0.0, readings.connection_wh)
    high = beyond_connection(values, connection)
    excess, failed = _sums(readings)
    believed = _without(values, high)
    dark = _night(readings, believed, limits)
    stuck = _stuck(believed, limits)
    wrong_sum = np.where(failed, excess, np.nan)
    # a value above the connection is a spike as well where it stands out; of a negative one there is nothing to stand out
    spiked = spikes(np.where(values < 0, np.float32(np.nan), values), axis, limits.spikes, _switched(limits.classes), wrong_sum)
    spiked &= ~mark_zero(values)
    set_aside = _seldom(high | spiked | dark, axis) | stuck
    features = describe_days(_without(values, set_aside | (values < 0)), axis)
    unusual, deviation = unusual_days(features, axis, limits.days)
    unusual |= _off_by_a_factor(readings, failed, deviation) | _mostly_beyond(values, high | spiked, axis)
    intervals = (
        high * np.int16(Check.HIGH) | spiked * np.int16(Check.SPIKE) | stuck * np.int16(Check.STUCK) | dark * np.int16(Check.IMPLAUSIBLE)
    ).astype(np.int16)
    zero = zero_days(values, axis) & limits.never_zero[:, None]
    days = (failed * np.int16(Check.SUM_FAILED) | unusual * np.int16(Check.UNUSUAL) | zero * np.int16(Check.STUCK)).astype(np.int16)
    return Findings(intervals, days, wrong_sum)


def class_names(limits: Limits) -> list[MeterClass]:
    """The class of each meter."""
    return [CLASSES[number] for number in limits.classes.tolist()]


def mark_zero(values_wh: Floats) -> Bools:
    """Intervals in which nothing flowed; they are never a spike."""
    found: Bools = values_wh == 0
    return found


def _switched(classes: NDArray[np.int64]) -> Bools:
    """Meters that go between levels: heat pumps and car chargers."""
    return np.isin(classes, [number_of(one) for one in SWITCHED])


def _without(values_wh: Floats, wrong: Bools) -> Floats:
    return np.where(wrong, np.float32(np.nan), values_wh)


def _seldom(found: Bools, axis: DayAxis) -> Bools:
    """Those intervals whose day has few of them: many together are how the day was, not single faults."""
    per_day = axis.per_day(np.add, found.astype(np.int32))
    return found & (per_day <= SET_ASIDE_PER_DAY)[:, axis.day_of]


def _doubted_connections(readings: Readings) -> Bools:
    above = beyond_connection(np.maximum(readings.values_wh, 0), readings.connection_wh)
    days = readings.axis.per_day(np.logical_or, above).sum(axis=1)
    most = max(DOUBTED_FROM_COUNT, DOUBTED_FROM_DAYS * len(readings.axis.days))
    found: Bools = days > most
    return found


def _rating_wh(readings: Readings, believed: Floats) -> Doubles:
    """What a source gives at most in an interval: its connection, or where that is unknown the most it gave."""
    most = np.nanmax(np.where(np.isfinite(believed), believed, 0), axis=1)
    return np.where(readings.connection_wh > 0, readings.connection_wh, most)


def _solar(readings: Readings, classes: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.flatnonzero(readings.is_production & (classes == number_of(MeterClass.SOLAR)))


def _dark(readings: Readings, rows: NDArray[np.int64]) -> Bools:
    return np.broadcast_to(readings.is_night, readings.values_wh.shape)[rows]


def _has_twilight(readings: Readings, believed: Floats, classes: NDArray[np.int64]) -> Bools:
    """Sources for which production that goes on from the dark into the day is a habit, not a fault."""
    rows = _solar(readings, classes)
    result = np.zeros(len(believed), dtype=bool)
    if len(rows):
        limit, dark = _rating_wh(readings, believed)[rows] * NIGHT_SHARE, _dark(readings, rows)
        strict, lenient = (night_production(believed[rows], limit, dark, np.full(len(rows), forgiving)) for forgiving in (False, True))
        mornings = readings.axis.per_day(np.logical_or, strict & ~lenient).mean(axis=1)
        result[rows] = mornings > TWILIGHT_DAYS
    return result


def _night(readings: Readings, believed: Floats, limits: Limits) -> Bools:
    rows = _solar(readings, limits.classes)
    found = np.zeros(believed.shape, dtype=bool)
    if len(rows):
        found[rows] = night_production(
            believed[rows], (_rating_wh(readings, believed) * limits.night_share)[rows], _dark(readings, rows), limits.twilight[rows]
        )
    return found


def _stuck(believed: Floats, limits: Limits) -> Bools:
    runs: Runs = stuck_runs(believed, runs_of(repeats(believed), FAULT_LENGTH), limits.stuck)
    return mark_runs(runs, believed.shape)


def _never_zero(believed: Floats, axis: DayAxis) -> Bools:
    """Meters that show zeros on their idle days alone, if at all."""
    idle = zero_days(believed, axis)
    zeros = (believed == 0) & ~idle[:, axis.day_of]
    known = np.maximum(np.isfinite(believed).sum(axis=1), 1)
    result: Bools = (zeros.sum(axis=1) / known < MOST_ZERO_VALUES) & (idle.mean(axis=1) < MOST_ZERO_DAYS)
    return result


def _sums(readings: Readings) -> tuple[Doubles, Bools]:
    if readings.registers is None:
        shape = (len(readings.values_wh), len(readings.axis.days))
        return np.full(shape, np.nan), np.zeros(shape, dtype=bool)
    return sum_excess(readings.values_wh, readings.axis, readings.registers)


def _mostly_beyond(values_wh: Floats, beyond: Bools, axis: DayAxis) -> Bools:
    """Days on which most intervals in which something flowed lie beyond a limit: not single faults, but the whole day."""
    count = axis.per_day(np.add, (beyond & (values_wh > 0)).astype(np.int32))
    flowed = axis.per_day(np.add, (values_wh > 0).astype(np.int32))
    found: Bools = (count >= LEAST_BEYOND) & (count * 2 > flowed)
    return found


def _off_by_a_factor(readings: Readings, failed: Bools, deviation: Doubles) -> Bools:
    """Days whose intervals are off from their registers by the same factor as from the days like them."""
    if readings.registers is None:
        return np.zeros_like(failed)
    measured = readings.axis.per_day(np.add, np.nan_to_num(readings.values_wh).astype(np.float64))
    counted = counted_wh(readings.registers)
    with np.errstate(divide="ignore", invalid="ignore"):
        factor = np.log(np.maximum(measured, 1)) - np.log(np.maximum(counted, 1))
        same: Bools = (np.abs(factor) > FACTOR_FROM) & (np.abs(deviation - factor) < np.abs(factor) / 2)
    return failed & same
