"""Estimates for what is missing, over many meters and days at once; what was measured is never touched.

In this order: what the registers counted beyond the measured values, spread by shape; a straight line over at most two hours, for
production a straight line of its performance against the clear sky; the mean of the same weekday and interval over the last four
weeks with valid data (holidays as Sundays); the class's course scaled by the meter's own use. A source's long gap follows the other
sources of that very day before its own like days: they stood under the same clouds.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from energy.domain.day_axis import DayAxis
from energy.domain.quality import Method
from energy.domain.validation_rules import Registers

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

LONGEST_LINE_MINUTES = 120
LIKE_DAYS = 4
LIKE_DAYS_WITHIN = 56
LIKE_CANDIDATES = 10
LEAST_SKY_W_M2 = 30.0
LEAST_CLASS = 2
LONGEST_SPAN_DAYS = 31


@dataclass(frozen=True, slots=True)
class GapInput:
    """Readings with gaps.

    Attributes:
        axis: intervals and days.
        values_wh: float32 [m, T], NaN where missing.
        missing: bool [m, T], what is to be estimated.
        measured: bool [m, T], what counts against the registers at first: all that is neither missing nor known to be wrong.
        trusted: bool [m, T], measured and not in doubt; the rest is neither a neighbour nor a like day.
        groups: int64 [m], meters whose courses are alike; sizes: float64 [m], in what they are measured against each other.
        is_production: bool [m].
        sky_w_m2: float [m, T] or [1, T], clear-sky irradiance; None where nothing is known of the sun.
        registers: None where none was read.
        most_wh: float64 [m], the most that can flow in an interval [Wh], inf where unknown.
    """

    axis: DayAxis
    values_wh: Floats
    missing: Bools
    measured: Bools
    trusted: Bools
    groups: Ints
    sizes: Doubles
    is_production: Bools
    sky_w_m2: Doubles | None
    registers: Registers | None
    most_wh: Doubles


@dataclass(frozen=True, slots=True)
class Estimates:
    """Meter, interval, whole Wh >= 0 and Method of each missing value; int64 [n], ordered by meter and interval."""

    meters: Ints
    intervals: Ints
    wh: Ints
    methods: Ints


@dataclass(frozen=True, slots=True)
class _Holes:
    """Everything that is not trusted, where its run begins and ends, and what would be put there: [n] each."""

    meters: Ints
    intervals: Ints
    firsts: Ints
    lasts: Ints
    wanted: Bools


def estimate_gaps(given: GapInput) -> Estimates:
    """Estimate every missing value."""
    holes = _holes(given)
    shape, methods = _shapes(given, holes)
    counted = _spread_registers(given, holes, shape)
    methods = np.where(counted >= 0, Method.CALCULATED, methods)
    wh = np.where(counted >= 0, counted, np.rint(shape)).astype(np.int64)
    chosen = holes.wanted
    return Estimates(holes.meters[chosen], holes.intervals[chosen], np.maximum(wh[chosen], 0), methods[chosen].astype(np.int64))


def propose(given: GapInput) -> dict[Method, Estimates]:
    """What each method would put into each missing value, side by side; a method that cannot say for all of them is left out."""
    holes = _holes(given)
    shape, _ = _shapes(given, holes)
    same_day, usual = _class_courses(given, holes)
    counted = _spread_registers(given, holes, shape)
    offered = {
        Method.CALCULATED: np.where(counted >= 0, counted, np.nan),
        Method.INTERPOLATED: _lines(given, holes),
        Method.LIKE_DAY: _like_days(given, holes),
        Method.PROFILE: np.where(np.isfinite(same_day), same_day, usual),
    }
    chosen = holes.wanted
    meters, intervals = holes.meters[chosen], holes.intervals[chosen]
    return {
        method: Estimates(
            meters, intervals, np.rint(np.maximum(wh[chosen], 0)).astype(np.int64), np.full(len(meters), int(method), dtype=np.int64)
        )
        for method, wh in offered.items()
        if len(meters) and np.isfinite(wh[chosen]).all()
    }


def _holes(given: GapInput) -> _Holes:
    untrusted = ~given.trusted & given.missing.any(axis=1, keepdims=True)
    meters, intervals = np.nonzero(untrusted)
    edges = np.diff(untrusted.astype(np.int8), axis=1, prepend=0, append=0)
    _, firsts = np.nonzero(edges == 1)
    _, lasts = np.nonzero(edges == -1)
    lengths = lasts - firsts
    return _Holes(meters, intervals, np.repeat(firsts, lengths), np.repeat(lasts, lengths), given.missing[meters, intervals])


def _shapes(given: GapInput, holes: _Holes) -> tuple[Doubles, Ints]:
    """What would be put into each hole without registers, and by which method."""
    line = _lines(given, holes)
    like = _like_days(given, holes)
    same_day, usual = _class_courses(given, holes)
    of_source = given.is_production[holes.meters]
    choices = [
        (np.isfinite(line), line, Method.INTERPOLATED),
        (of_source & np.isfinite(same_day), same_day, Method.PROFILE),
        (np.isfinite(like), like, Method.LIKE_DAY),
        (np.isfinite(same_day), same_day, Method.PROFILE),
    ]
    conditions = [condition for condition, _, _ in choices]
    shape = np.select(conditions, [values for _, values, _ in choices], default=np.nan_to_num(usual))
    methods = np.select(conditions, [np.int64(method) for _, _, method in choices], default=np.int64(Method.PROFILE))
    return np.maximum(shape, 0.0), methods


def _lines(given: GapInput, holes: _Holes) -> Doubles:
    """Between the trusted values on both sides of a short hole, NaN for other holes; [n]."""
    length = holes.lasts - holes.firsts
    total = given.values_wh.shape[1]
    short = length * given.axis.interval_minutes <= LONGEST_LINE_MINUTES
    bounded = short & (holes.firsts > 0) & (holes.lasts < total)
    before, after = np.maximum(holes.firsts - 1, 0), np.minimum(holes.lasts, total - 1)
    left = given.values_wh[holes.meters, before].astype(np.float64)
    right = given.values_wh[holes.meters, after].astype(np.float64)
    part = (holes.intervals - holes.firsts + 1) / (length + 1)
    line = left + (right - left) * part
    if given.sky_w_m2 is not None:
        sky = np.broadcast_to(given.sky_w_m2, given.values_wh.shape)
        lit = [sky[holes.meters, at] for at in (before, after, holes.intervals)]
        sunny = given.is_production[holes.meters] & (np.minimum(lit[0], lit[1]) > LEAST_SKY_W_M2)
        safe = [np.maximum(one, LEAST_SKY_W_M2) for one in lit]
        performance = left / safe[0] + (right / safe[1] - left / safe[0]) * part
        line = np.where(sunny, performance * lit[2], line)
    return np.where(bounded, line, np.nan)


def like_candidates(axis: DayAxis) -> Ints:
    """Earlier days of the same weekday, the nearest first, -1 for none; int64 [d, 10]. Holidays count as Sundays."""
    table = np.full((len(axis.days), LIKE_CANDIDATES), -1, dtype=np.int64)
    for day, weekday in enumerate(axis.weekdays.tolist()):
        earlier = np.arange(max(day - LIKE_DAYS_WITHIN, 0), day)
        same = earlier[axis.weekdays[earlier] == weekday][::-1][:LIKE_CANDIDATES]
        table[day, : len(same)] = same
    return table


def _like_days(given: GapInput, holes: _Holes) -> Doubles:
    """Mean over the nearest four like days with a trusted value at that interval, NaN without any; [n]."""
    axis = given.axis
    days = like_candidates(axis)[axis.day_of[holes.intervals]]
    places = axis.places[np.maximum(days, 0), axis.slots[holes.intervals][:, None]]
    there = (days >= 0) & (places >= 0)
    safe = np.maximum(places, 0)
    valid = there & given.trusted[holes.meters[:, None], safe]
    taken = valid & (valid.cumsum(axis=1) <= LIKE_DAYS)
    values = np.where(taken, given.values_wh[holes.meters[:, None], safe], 0.0).sum(axis=1, dtype=np.float64)
    count = taken.sum(axis=1)
    return np.where(count > 0, values / np.maximum(count, 1), np.nan)


def _class_courses(given: GapInput, holes: _Holes) -> tuple[Doubles, Doubles]:
    """What others of the group did in that interval, and what the group does at that time of the week, in the meter's size; [n]."""
    same_day, usual = (np.full(len(holes.meters), np.nan) for _ in range(2))
    sizes = np.where(given.sizes > 0, given.sizes, np.nan)
    axis = given.axis
    for group in np.unique(given.groups[holes.meters]):
        members = np.flatnonzero((given.groups == group) & (given.sizes > 0))
        mine = given.groups[holes.meters] == group
        if not len(members):
            continue
        trusted = given.trusted[members]
        relative = np.where(trusted, given.values_wh[members], 0) / sizes[members, None].astype(np.float32)
        total, count = relative.sum(axis=0, dtype=np.float64), trusted.sum(axis=0)
        scale = np.nan_to_num(sizes[holes.meters[mine]], nan=1.0)
        with np.errstate(invalid="ignore", divide="ignore"):
            course = np.where(count > 0, total / count, np.nan)
        same_day[mine] = course[holes.intervals[mine]] * scale
        key = axis.kinds[axis.day_of] * axis.slots_per_day + axis.slots
        sums, counts = (np.bincount(key, weights=w, minlength=3 * axis.slots_per_day) for w in (total, count))
        overall = sums.sum() / max(counts.sum(), 1)
        week = np.where(counts > 0, sums / np.maximum(counts, 1), overall)
        usual[mine] = week[key[holes.intervals[mine]]] * scale
    return same_day, usual


def _spread_registers(given: GapInput, holes: _Holes, shape: Doubles) -> Ints:
    """What registers counted in each hole by its shape, -1 where they say nothing or cannot be believed; [n].

    A hole lies in the span between the readings before and after it, some days long where days have none. All that was measured
    counts at first; where that leaves less than nothing, what is in doubt is taken for a hole as well.
    """
    result = np.full(len(holes.meters), -1, dtype=np.int64)
    if given.registers is None or not len(result):
        return result
    first_day, last_day, counted = _spans(given, holes)
    offsets = given.axis.offsets
    begin, end = offsets[first_day], offsets[last_day]
    _, span = np.unique((holes.meters * len(offsets) + first_day) * len(offsets) + last_day, return_inverse=True)
    for believed_values in (given.measured, given.trusted):
        is_hole = ~believed_values[holes.meters, holes.intervals]
        rest = counted - _sums_between(given, believed_values, holes.meters, begin, end)
        most = given.most_wh[holes.meters] * np.bincount(span, weights=is_hole)[span]
        believed = np.isfinite(counted) & (rest >= -(end - begin)) & (rest <= most + (end - begin))
        wanted = np.bincount(span, weights=holes.wanted)[span] > 0
        usable = np.flatnonzero(believed & wanted & is_hole & (result < 0))
        if len(usable):
            _, groups = np.unique(span[usable], return_inverse=True)
            result[usable] = spread_groups(np.rint(np.maximum(rest[usable], 0)), groups, shape[usable])
    return result


def _sums_between(given: GapInput, believed: Bools, meters: Ints, begin: Ints, end: Ints) -> Doubles:
    """Believed Wh of each meter from interval `begin` to the one before `end`; [n]."""
    rows, which = np.unique(meters, return_inverse=True)
    sums = np.zeros((len(rows), given.values_wh.shape[1] + 1))
    np.cumsum(np.where(believed[rows], given.values_wh[rows], 0), axis=1, dtype=np.float64, out=sums[:, 1:])
    difference: Doubles = sums[which, end] - sums[which, begin]
    return difference


def _spans(given: GapInput, holes: _Holes) -> tuple[Ints, Ints, Doubles]:
    """First day and the day after the last of the span of each hole, and what the registers counted over it (NaN: unknown)."""
    assert given.registers is not None
    start, end = given.registers.start_wh, given.registers.end_wh
    unknown = np.full((len(start), 1), np.nan)
    opening = np.concatenate([start, unknown], axis=1)
    closing = np.concatenate([unknown, end], axis=1)
    from_here = np.where(np.isfinite(opening), opening, closing)  # a span that begins at this midnight
    to_here = np.where(np.isfinite(closing), closing, opening)
    from_here[:, 0] = np.where(given.axis.whole[0], from_here[:, 0], np.nan)
    to_here[:, -1] = np.where(given.axis.whole[-1], to_here[:, -1], np.nan)
    days = np.arange(opening.shape[1])
    before = np.maximum.accumulate(np.where(np.isfinite(from_here), days, -1), axis=1)
    never = len(days) + LONGEST_SPAN_DAYS
    after = np.minimum.accumulate(np.where(np.isfinite(to_here), days, never)[:, ::-1], axis=1)[:, ::-1]
    day = given.axis.day_of[holes.intervals]
    first, last = before[holes.meters, day], after[holes.meters, day + 1]
    known = (first >= 0) & (last < len(days)) & (last - first <= LONGEST_SPAN_DAYS)
    safe_first, safe_last = np.maximum(first, 0), np.minimum(last, len(days) - 1)
    difference = to_here[holes.meters, safe_last] - from_here[holes.meters, safe_first]
    counted = np.mod(difference, given.registers.limit_wh[holes.meters])
    return safe_first, safe_last, np.where(known, counted, np.nan)


def spread_groups(totals_wh: Doubles, groups: Ints, shape: Doubles) -> Ints:
    """Split each group's whole by shape, flat where the shape is empty; parts are whole and sum to it (largest remainder).

    Args:
        totals_wh: float64 [n], the whole of the group that each part belongs to.
        groups: int64 [n], numbers from 0.
        shape: float64 [n], not negative.
    """
    flat = np.bincount(groups, weights=shape)[groups] <= 0
    weights = np.where(flat, 1.0, shape)
    exact = totals_wh * (weights / np.bincount(groups, weights=weights)[groups])
    parts = np.floor(exact + 1e-9).astype(np.int64)
    left = np.rint(totals_wh - np.bincount(groups, weights=parts)[groups]).astype(np.int64)
    order = np.lexsort((parts - exact, groups))
    first_of_group = np.searchsorted(groups[order], groups[order])
    rank = np.empty(len(groups), dtype=np.int64)
    rank[order] = np.arange(len(groups)) - first_of_group
    whole: Ints = parts + (rank < left)
    return whole
