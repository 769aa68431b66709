"""What a forecast is made from: numbers about a meter's past, its calendar and what is known ahead, in shares of its own level.

All values come from one array that ends at the cut (`Past`), folded into days that end there too: row k of the fold holds the values
k days before those asked for, for each step of the horizon. So a step of the horizon cannot see a value behind the cut, whatever
its number: there is none in the array. Energies are divided by the meter's mean of the last four weeks, so that one model serves
a flat and a dairy.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from energy.domain.forecast_calendar import day_types, weekdays
from energy.domain.forecast_series import WallGrid

Array = NDArray[np.float64]
Slots = NDArray[np.int64]

FOLD_DAYS = 35
LEVEL_DAYS = 28
LIKE_DAYS = 12
LAGS = (1, 2, 3, 4, 5, 6)
WEEKS = (1, 2, 3, 4)
HALF_LIVES = (4, 14, 40)
LIKE_RANKS = (0.1, 0.27, 0.5, 0.73, 0.9)
RECENT_RANKS = (0.07, 0.25, 0.5, 0.75, 0.93)


@dataclass(frozen=True, slots=True)
class Calendar:
    """Which country's holidays count."""

    country: str = ""
    region: str = ""


@dataclass(frozen=True, slots=True)
class Ahead:
    """What is known of the future by other means than the meters, by wall-clock slot: where the sun stands, a weather forecast.

    Attributes:
        first_slot: slot of the first column, counted from 1970-01-01.
        values: float64 [f, n]; NaN where unknown.
    """

    first_slot: int = 0
    values: Array = field(default_factory=lambda: np.zeros((0, 0)))

    def at(self, slots: Slots) -> Array:
        """The values at those slots, float64 [f, slots]; NaN outside of what is known."""
        places = slots - self.first_slot
        inside = (places >= 0) & (places < self.values.shape[1])
        result = np.full((len(self.values), len(slots)), np.nan)
        result[:, inside] = self.values[:, places[inside]]
        return result


@dataclass(frozen=True, slots=True)
class Past:
    """Some meters' values before a cut, and the means they are measured by.

    Attributes:
        cut_slot: the first slot that is not known, counted from 1970-01-01.
        slots_per_day: S.
        folded: float64 [m, FOLD_DAYS, S]; row k - 1 holds, for step h, the share of the level that was used at `cut + h - k days`.
        level_wh: float64 [m], the meter's mean of the last four weeks [Wh per interval]; NaN where nothing is known.
    """

    cut_slot: int
    slots_per_day: int
    folded: Array
    level_wh: Array


def past_before(grid: WallGrid, cut: int, rows: NDArray[np.int64] | None = None) -> Past:
    """Fold what `grid` holds before its column `cut`; missing days are NaN."""
    per_day = grid.slots_per_day
    wanted = FOLD_DAYS * per_day
    known = grid.values_wh[:, max(cut - wanted, 0) : cut]
    known = known if rows is None else known[rows]
    window = np.full((known.shape[0], wanted), np.nan)
    window[:, wanted - known.shape[1] :] = known
    level = _mean(window[:, -LEVEL_DAYS * per_day :], axis=1)
    scale = np.where(level > 0, level, 1.0)
    folded = (window / scale[:, None]).reshape(-1, FOLD_DAYS, per_day)[:, ::-1]
    return Past(grid.first_day * per_day + cut, per_day, np.ascontiguousarray(folded), level)


def habit_columns() -> tuple[int, int, int]:
    """Which columns of `features` hold the low, the middle and the high order statistic of the like days."""
    first = len(LAGS) + len(WEEKS) + 4 + 3 * (len(HALF_LIVES) + 1)
    return first, first + LIKE_RANKS.index(0.5), first + len(LIKE_RANKS) - 1


def unrest(past: Past) -> Array:
    """How much a meter's days differ from the days before them, in shares of its level: float64 [m], NaN where unknown."""
    newest = past.folded[:, : LEVEL_DAYS + 1]
    apart = np.abs(np.diff(newest, axis=1)).reshape(len(newest), -1)
    return _mean(apart, axis=1)


def features(past: Past, steps: Slots, calendar: Calendar, ahead: Ahead, total: int | None) -> NDArray[np.float32]:
    """The numbers from which the model tells each step of the horizon, float32 [m, steps, f]; NaN where unknown.

    Args:
        past: what was known; m meters.
        steps: which steps of the horizon, 0 being the first interval behind the cut.
        total: the row of the whole microgrid among the meters, whose state is told to all; None where there is none.
    """
    view = _View.of(past, steps, calendar)
    columns = [*_lags(view), *_like_means(view), *_ranks(view), *_states(view), *_calendar(view)]
    columns += [np.broadcast_to(row, view.shape) for row in ahead.at(past.cut_slot + steps)]
    if total is not None:
        columns += [np.broadcast_to(column[total], view.shape) for column in _village(view)]
    return np.stack([column.astype(np.float32) for column in columns], axis=-1)


@dataclass(frozen=True, slots=True)
class _View:
    """The fold at the wanted steps, with the days to which its values belong."""

    past: Past
    steps: Slots
    values: Array  # [m, K, H]
    smooth: Array  # [m, K, H], mean over five slots
    ages: Slots  # [K, H], days between a value and its target
    target_days: Slots  # [H]
    target_types: Slots  # [H]
    like_type: NDArray[np.bool_]  # [K, H]
    like_weekday: NDArray[np.bool_]  # [K, H]
    calendar: Calendar

    @property
    def shape(self) -> tuple[int, int]:
        return self.values.shape[0], len(self.steps)

    @classmethod
    def of(cls, past: Past, steps: Slots, calendar: Calendar) -> "_View":
        per_day = past.slots_per_day
        places, blocks = steps % per_day, steps // per_day
        days = (past.cut_slot + steps) // per_day
        ages = np.arange(1, FOLD_DAYS + 1)[:, None] + blocks[None]
        sources = days[None] - ages
        types = day_types(np.concatenate([days, sources.ravel()]), calendar.country, calendar.region)
        target_types, source_types = types[: len(days)], types[len(days) :].reshape(sources.shape)
        like = source_types == target_types[None]
        same = like & (weekdays(sources) == weekdays(days)[None])
        return cls(
            past, steps, past.folded[:, :, places], _smooth(past.folded)[:, :, places], ages, days, target_types, like, same, calendar
        )

    def weeks_before(self, weeks: int, values: Array) -> Array:
        """The value that many weeks before each target, or the next week further back where that was not yet known."""
        rows = 7 * weeks - self.ages[0]
        rows = np.where(rows < 0, rows % 7, rows)
        taken: Array = values[:, rows, np.arange(len(self.steps))]
        return taken


def _lags(view: _View) -> list[Array]:
    raw = [view.values[:, k - 1] for k in LAGS] + [view.weeks_before(w, view.values) for w in WEEKS]
    smoothed = [view.smooth[:, 0], view.smooth[:, 1]]
    return raw + smoothed + [view.weeks_before(w, view.smooth) for w in WEEKS[:2]]


def _like_means(view: _View) -> list[Array]:
    """Means over like days, that forget with several half-lives."""
    result = []
    for like in (view.like_type, view.like_weekday, np.ones_like(view.like_type)):
        for half_life in HALF_LIVES:
            weight = like * 0.5 ** (view.ages / half_life)
            source = view.smooth if half_life < 10 else view.values
            result.append(_weighted(source, weight))
            if half_life == 14:
                result.append(_weighted(view.smooth, weight))
    return result


def _ranks(view: _View) -> list[Array]:
    """Quantiles of the last like days and of the last four weeks at the same time of day, smoothed over neighbours."""
    newest_like = np.argsort(~view.like_type, axis=0, kind="stable")[:LIKE_DAYS]
    like = np.take_along_axis(view.values, newest_like[None], axis=1)
    return [_smooth(q, 2) for q in _quantiles(like, LIKE_RANKS)] + [
        _smooth(q, 1) for q in _quantiles(view.values[:, :LEVEL_DAYS], RECENT_RANKS)
    ]


def _states(view: _View) -> list[Array]:
    """Numbers that are the same for the whole horizon: how the meter stands now, and what kind of meter it is."""
    folded, per_day = view.past.folded, view.past.slots_per_day
    daily = _mean(folded, axis=2)
    month = folded[:, :LEVEL_DAYS]
    hour = max(per_day // 24, 1)
    # The last hours of the newest day of the fold are the last hours before the cut.
    now = [_mean(folded[:, 0, -n:], axis=1) for n in (1, hour, 4 * hour)]
    usual = _mean(folded[:, 1:8, -4 * hour :].reshape(len(folded), -1), axis=1)
    known = np.maximum((~np.isnan(month)).sum(axis=(1, 2)), 1)
    zeros = (month <= 1e-9).sum(axis=(1, 2)) / known
    flat = month.reshape(len(month), -1)
    numbers = [
        daily[:, 0],
        _mean(daily[:, :3], axis=1),
        _mean(daily[:, :7], axis=1),
        _mean(daily[:, 7:14], axis=1),
        *now,
        usual,
        zeros,
        _deviation(flat),
        _deviation(daily[:, :LEVEL_DAYS]),
        _largest(flat),
        -_largest(-flat),
    ]
    return [np.broadcast_to(number[:, None], view.shape) for number in numbers]


def _calendar(view: _View) -> list[Array]:
    days, calendar = view.target_days, view.calendar
    before, after = (day_types(days + shift, calendar.country, calendar.region) for shift in (-1, 1))
    # Told as quarter hours whatever the interval, so that the numbers mean the same everywhere.
    of_day = (view.past.cut_slot + view.steps) % view.past.slots_per_day * (96 / view.past.slots_per_day)
    ahead = view.steps * (96 / view.past.slots_per_day)
    rows = (of_day, weekdays(days), view.target_types, before, after, ahead)
    return [np.broadcast_to(np.asarray(row, dtype=np.float64), view.shape) for row in rows]


def _village(view: _View) -> list[Array]:
    daily = _mean(view.past.folded, axis=2)
    spread = [np.broadcast_to(v[:, None], view.shape) for v in (daily[:, 0], _mean(daily[:, :7], axis=1))]
    usual = _weighted(view.values, view.like_type * 0.5 ** (view.ages / 14))
    return [*spread, usual, view.smooth[:, 0]]


def _weighted(values: Array, weight: Array) -> Array:
    missing = np.isnan(values)
    if missing.any():
        total = np.einsum("mkh,kh->mh", np.where(missing, 0.0, values), weight)
        mass = np.einsum("mkh,kh->mh", ~missing, weight)
    else:
        total = np.einsum("mkh,kh->mh", values, weight)
        mass = np.broadcast_to(weight.sum(axis=0), total.shape)
    result: Array = np.divide(total, mass, out=np.full_like(total, np.nan), where=mass > 1e-12)
    return result


def _quantiles(values: Array, ranks: tuple[float, ...]) -> list[Array]:
    """Order statistics over the second axis of what is known."""
    ordered = np.sort(values, axis=1)
    last = np.maximum((~np.isnan(ordered)).sum(axis=1) - 1, 0)
    return [np.take_along_axis(ordered, np.rint(rank * last).astype(np.int64)[:, None], axis=1)[:, 0] for rank in ranks]


def _smooth(values: Array, reach: int = 2) -> Array:
    """Mean over `reach` neighbours on each side along the last axis, fewer at its ends."""
    size = values.shape[-1]
    missing = np.isnan(values)
    low, high = np.maximum(np.arange(size) - reach, 0), np.minimum(np.arange(size) + reach + 1, size)
    if not missing.any():
        whole: Array = _between(values, low, high) / (high - low)
        return whole
    total = _between(np.where(missing, 0.0, values), low, high)
    count = _between((~missing).astype(np.float64), low, high)
    result: Array = np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0)
    return result


def _between(values: Array, low: Slots, high: Slots) -> Array:
    sums = np.cumsum(values, axis=-1)
    sums = np.concatenate([np.zeros((*values.shape[:-1], 1)), sums], axis=-1)
    result: Array = sums[..., high] - sums[..., low]
    return result


def _mean(values: Array, axis: int) -> Array:
    missing = np.isnan(values)
    if not missing.any() and values.shape[axis]:
        mean: Array = values.mean(axis=axis)
        return mean
    total, count = np.where(missing, 0.0, values).sum(axis=axis), (~missing).sum(axis=axis)
    result: Array = np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)
    return result


def _deviation(values: Array) -> Array:
    mean = _mean(values, axis=1)
    return np.sqrt(_mean((values - mean[:, None]) ** 2, axis=1))


def _largest(values: Array) -> Array:
    largest = np.where(np.isnan(values), -np.inf, values).max(axis=1)
    return np.where(np.isfinite(largest), largest, np.nan)
