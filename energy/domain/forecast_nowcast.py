"""The next hours of a sum, from what the last hours were: habit's course, corrected by how wrong it has just been.

Habit's course of a day is the mean of the days before it, like days before others, newer before older. For each lead time of its own, a
ridge regression (Hoerl, Kennard 1970) tells the course's error, in shares of the course, from its errors in the last quarter hours, hours and
the last day, and from its error at the same time of the day before. It is learned from the past weeks' origins at about the same time of day,
so a cloudy morning tells of noon what cloudy mornings used to tell, and how fast that fades is learned, not given. What the regression left over in
those weeks makes the band: narrow soon, wide later, and fat-tailed where it was. Nothing behind the cut is in the arrays.
"""

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from energy.domain.forecast_calendar import day_types
from energy.domain.forecast_features import Calendar
from energy.domain.forecast_quantiles import HIGH, LOW, MIDDLE, Band, ordered_band
from energy.domain.forecast_series import WallGrid

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
Slots = NDArray[np.int64]

NOWCAST_DAYS = 70
ROW_DAYS = 42
NEAR_HOURS = 2
LEAST_ROW_DAYS = 14
COURSE_DAYS = 35
LEAST_COURSE_DAYS = 7
COURSE_HALF_LIFE_DAYS = 8.0
# How much a day of another type counts, the sun's days and people's: what was less wrong in the weeks before is taken.
UNLIKE_DAY_COUNTS = (0.3, 1.0)
# Errors are shares of the course and of a little of its day's mean, for nothing is a share of nothing.
RESTING_SHARE = 0.15
STATE_HALF_LIVES_H = (0.125, 0.5, 2.0, 12.0)
STATE_HOURS = 48
# An error of ten courses is no habit to learn from, whatever it was.
LARGEST_MISS = 10.0
LEAST_KNOWN = 0.5
LEAST_SHARE_OF_METERS = 0.9
RIDGE = 5.0


@dataclass(frozen=True, slots=True)
class SumPast:
    """What some meters measured together before a cut, on the wall clock's face.

    Attributes:
        first_day: local day of the first slot, as days since 1970-01-01.
        slots_per_day: slots of a day.
        values_wh: float64 [n]; where a meter's value is missing, that of the same slot on the day before stands for it.
        known: bool [n], whether nearly all that the meters use or produce was measured.
    """

    first_day: int
    slots_per_day: int
    values_wh: Array
    known: Flags

    @classmethod
    def of(cls, grid: WallGrid) -> "SumPast":
        """The sum of a grid's rows; a meter counts from its first value on."""
        values = np.nan_to_num(grid.values_wh)
        started = ~np.isnan(grid.values_wh)
        level = np.divide(values.sum(axis=1), started.sum(axis=1), out=np.zeros(len(values)), where=started.any(axis=1))
        expected, came = level @ started, level @ grid.measured
        known = grid.measured.any(axis=0) & (came >= LEAST_SHARE_OF_METERS * expected)
        return cls(grid.first_day, grid.slots_per_day, values.sum(axis=0), known)


@dataclass(frozen=True, slots=True)
class Nowcast:
    """What is most likely, and how wrong the same rule was at past origins.

    Attributes:
        middle_wh: float64 [H].
        errors_wh: float64 [r, H], what came less what was foreseen, moved to the scale of these intervals; NaN where that is not known yet. The rows
            of two sums with the same cut belong to the same past origins.
    """

    middle_wh: Array
    errors_wh: Array

    def reaches(self, horizon: int) -> bool:
        """Whether all of a horizon is foreseen."""
        return len(self.middle_wh) >= horizon

    def band(self) -> Band:
        """The band [1, H]."""
        low, high = (self.middle_wh + quantile_of_rows(self.errors_wh, q) for q in (LOW, HIGH))
        return ordered_band(low[None], self.middle_wh[None], high[None])


def nowcast(past: SumPast, horizon: int, calendar: Calendar) -> Nowcast | None:
    """Foresee `horizon` intervals behind the cut; None where too little is known, of the last hours or of the weeks before."""
    cut, per_day = len(past.values_wh), past.slots_per_day
    origins = np.append(_like_origins(cut, per_day), cut)
    span = per_day * STATE_HOURS // 24
    if cut < (LEAST_ROW_DAYS + LEAST_COURSE_DAYS) * per_day + span:
        return None
    courses = _Courses.of(past, _days_reached(origins, horizon, per_day), calendar)
    told, states = _states(courses, np.maximum(origins, span), span)
    columns = np.flatnonzero(told[-1])
    rows = (origins >= span) & told[:, columns].all(axis=1)
    if not len(columns) or int(rows[:-1].sum()) < LEAST_ROW_DAYS * len(np.unique(origins[:-1] % per_day)):
        return None
    targets = np.maximum(origins, 0)[:, None] + np.arange(horizon)
    later = targets // per_day - (np.maximum(origins, 0) // per_day)[:, None]
    scale = courses.scale_wh[later, targets]
    course = courses.course_wh[later, targets]
    missed = np.clip((courses.values_wh[targets] - course) / scale, -LARGEST_MISS, LARGEST_MISS)
    before = courses.missed[targets - per_day]
    before[:, per_day:] = np.nan  # a day before those lies behind the origin
    missed[~rows] = np.nan
    if (np.isfinite(missed[:-1]).sum(axis=0) < LEAST_ROW_DAYS).any() or not np.isfinite(course[-1]).all():
        return None
    foreseen, left = _regressed(missed[:-1], states[:, columns], before)
    usual = quantile_of_rows(left, MIDDLE)
    # Where nothing came on any day, nothing will: it is night.
    width = np.where(course[-1] > 0, scale[-1], 0.0)
    middle = np.maximum(course[-1] + width * (foreseen + usual), 0.0)
    return Nowcast(middle, (left - usual) * width)


def quantile_of_rows(values: Array, quantile: float) -> Array:
    """A quantile over the first axis of what is known, with the margin that as few values ask for; float64 [H]."""
    count = (~np.isnan(values)).sum(axis=0)
    ordered = np.sort(values, axis=0)
    place = np.clip(quantile * (count + 1) - 1, 0, np.maximum(count - 1, 0))
    below = place.astype(np.int64)
    above = np.minimum(below + 1, np.maximum(count - 1, 0))
    low, high = (np.take_along_axis(ordered, i[None], axis=0)[0] for i in (below, above))
    result: Array = low + (place - below) * (high - low)
    return result


def _like_origins(cut: int, per_day: int) -> Slots:
    """Past origins at about the cut's time of day, oldest day last; some may lie before the first slot."""
    hour = max(per_day // 24, 1)
    near = np.arange(-NEAR_HOURS, NEAR_HOURS + 1) * hour
    days = np.arange(1, ROW_DAYS + 1) * per_day
    return (cut - days[:, None] + near[None]).reshape(-1)


def _days_reached(origins: Slots, horizon: int, per_day: int) -> int:
    return int(((origins % per_day + horizon - 1) // per_day).max()) + 1


@dataclass(frozen=True, slots=True)
class _Courses:
    """Habit's courses on the axis of the past and some days behind it.

    Attributes:
        values_wh: float64 [t], NaN where not known.
        course_wh: float64 [j, t], told from the days before the day that lies j days before the slot's.
        scale_wh: float64 [j, t], what an error is a share of.
        missed: float64 [t], the errors of the course told at the day's beginning, in shares; NaN where not known.
    """

    values_wh: Array
    course_wh: Array
    scale_wh: Array
    missed: Array

    @classmethod
    def of(cls, past: SumPast, days_reached: int, calendar: Calendar) -> "_Courses":
        per_day = past.slots_per_day
        days = -(-len(past.values_wh) // per_day) + days_reached
        values = np.full(days * per_day, np.nan)
        values[: len(past.values_wh)] = np.where(past.known, past.values_wh, np.nan)
        by_day = values.reshape(days, per_day)
        types = day_types(past.first_day + np.arange(days), calendar.country, calendar.region)
        today = [_course(by_day, types, 0, unlike) for unlike in UNLIKE_DAY_COUNTS]
        best = int(np.argmin([_wrong(by_day, course) for course in today]))
        ahead = [_course(by_day, types, later, UNLIKE_DAY_COUNTS[best]) for later in range(1, days_reached)]
        course = np.stack([today[best], *ahead])
        scale = course + RESTING_SHARE * course.mean(axis=2, keepdims=True)
        flat, shares = (c.reshape(days_reached, -1) for c in (course, np.where(scale > 0, scale, np.nan)))
        missed = np.clip((values - flat[0]) / shares[0], -LARGEST_MISS, LARGEST_MISS)
        return cls(values, flat, shares, missed)


def _wrong(by_day: Array, course: Array) -> float:
    missed = np.abs(by_day - course)[-ROW_DAYS:]
    return float(missed[np.isfinite(missed)].sum())


def _course(by_day: Array, types: Slots, later: int, unlike: float) -> Array:
    """The course of each day [d, S] as told `later` days before it; NaN where too little is known."""
    days = np.arange(len(by_day))
    ages = days[:, None] - days[None]
    weight = 0.5 ** (ages / COURSE_HALF_LIFE_DAYS) * np.where(types[:, None] == types[None], 1.0, unlike)
    weight = np.where((ages > later) & (ages <= later + COURSE_DAYS), weight, 0.0)
    known = ~np.isnan(by_day)
    mass = weight @ known
    enough = (weight > 0).astype(np.float64) @ known >= LEAST_COURSE_DAYS
    course: Array = np.divide(weight @ np.nan_to_num(by_day), mass, out=np.full(by_day.shape, np.nan), where=enough)
    return course


def _states(courses: _Courses, origins: Slots, span: int) -> tuple[Flags, Array]:
    """How wrong the course was just before each origin, with several half-lives, and whether that is known; [r, states] each."""
    known = np.isfinite(courses.missed)
    scale = np.nan_to_num(courses.scale_wh[0])
    wrong = np.nan_to_num(courses.missed) * scale
    slots_per_hour = span / STATE_HOURS
    ages = np.arange(span, 0, -1) - 1
    fading = 0.5 ** (ages[:, None] / (np.array(STATE_HALF_LIVES_H) * slots_per_hour))
    windows = origins - span
    wrong_sum, known_sum, all_sum = (sliding_window_view(v, span)[windows] @ fading for v in (wrong, scale * known, scale))
    told = (known_sum >= LEAST_KNOWN * all_sum) & (known_sum > 0)
    return told, np.divide(wrong_sum, known_sum, out=np.zeros_like(wrong_sum), where=told)


def _regressed(missed: Array, states: Array, before: Array) -> tuple[Array, Array]:
    """What is foreseen of the error by lead time [H], and what was left over in the past [r, H].

    Args:
        missed: errors that came [r, H], NaN where not known.
        states: of the past origins and, in the last row, of this one [r + 1, c].
        before: errors a day before the targets [r + 1, H], NaN where not known.
    """
    known = np.isfinite(missed)
    like = _standard(states)
    daily = np.where(np.isfinite(before), _standard(np.where(np.isfinite(before), before, 0.0)), 0.0)
    horizon = missed.shape[1]
    numbers = np.concatenate(
        [np.ones((horizon, 1, len(like))), np.broadcast_to(like.T, (horizon, *like.T.shape)), daily.T[:, None]], axis=1
    )
    past, now = numbers[:, :, :-1], numbers[:, :, -1]
    weighed = past * known.T[:, None]
    count = numbers.shape[1]
    pull = RIDGE * np.diag(np.arange(count) > 0) + 1e-9 * np.eye(count)
    moments = weighed @ past.transpose(0, 2, 1) + pull
    gains = np.linalg.solve(moments, weighed @ np.nan_to_num(missed).T[:, :, None])[..., 0]
    left = np.where(known, missed - np.einsum("hc,hcr->rh", gains, past), np.nan)
    # Errors of rows that were learned from are too small by what was learned from as few days.
    days = max(len(left) / (2 * NEAR_HOURS + 1), count + 1.0)
    return np.einsum("hc,hc->h", gains, now), left * np.sqrt(days / (days - count))


def _standard(values: Array) -> Array:
    """Columns less their mean, by their spread, as the past rows (all but the last) have them."""
    spread = values[:-1].std(axis=0)
    return np.asarray((values - values[:-1].mean(axis=0)) / np.where(spread > 1e-9, spread, 1.0))
