"""Forecasting by habit: the plain methods a forecast has to beat, and the like days of meters too young for a model."""

import numpy as np
from numpy.typing import NDArray

from energy.domain.forecast_calendar import day_types
from energy.domain.forecast_features import LIKE_DAYS, Calendar, Past
from energy.domain.forecast_quantiles import QUANTILES, Band, ordered_band
from energy.domain.forecast_series import WallGrid

Array = NDArray[np.float64]
Slots = NDArray[np.int64]

NAIVE_DAYS = {"yesterday": (1,), "last_week": (7,), "like_days": (7, 14, 21, 28)}
NEIGHBOURS = (-2, -1, 0, 1, 2)


def naive(grid: WallGrid, cut: int, steps: Slots) -> dict[str, Array]:
    """What habit says for steps behind the cut [Wh], by method, float64 [m, steps].

    `yesterday` repeats the day before, `last_week` the day a week before, `like_days` the mean of the same weekday of four weeks.
    Beyond a day (a week) the newest known such day serves. NaN where it is not known.
    """
    return {method: _mean_of_days(grid, cut, steps, days) for method, days in NAIVE_DAYS.items()}


def _mean_of_days(grid: WallGrid, cut: int, steps: Slots, days: tuple[int, ...]) -> Array:
    per_day = grid.slots_per_day
    period = days[0]
    later = steps // (period * per_day) * period
    places = np.stack([cut + steps - (day + later) * per_day for day in days])
    values = grid.values_wh[:, np.maximum(places, 0)]
    known = (places >= 0)[None] & ~np.isnan(values)
    total, count = np.where(known, values, 0.0).sum(axis=1), known.sum(axis=1)
    result: Array = np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)
    return result


def like_day_band(past: Past, steps: Slots, calendar: Calendar) -> Band:
    """Quantiles of the newest like days around the same time of day [Wh]; of all days where no like one is known.

    A meter without a single value is foreseen as zero: nothing is known of it.
    """
    per_day = past.slots_per_day
    days = (past.cut_slot + steps) // per_day
    ages = np.arange(1, past.folded.shape[1] + 1)[:, None] + (steps // per_day)[None]
    types = day_types((days[None] - ages).ravel(), calendar.country, calendar.region).reshape(ages.shape)
    like = types == day_types(days, calendar.country, calendar.region)[None]
    pool = _around(past.folded, steps % per_day)
    ends = _ranks(pool, like)
    others = _ranks(pool, np.ones_like(like))
    anything = _overall(past.folded)
    level = np.nan_to_num(past.level_wh)[:, None]
    low, middle, high = (
        np.nan_to_num(np.where(np.isnan(a), np.where(np.isnan(b), c[:, None], b), a)) * level
        for a, b, c in zip(ends, others, anything, strict=True)
    )
    return ordered_band(low, middle, high)


def _around(folded: Array, places: Slots) -> Array:
    """Values at the places and their neighbours within the same fold, float64 [m, K, H, n]."""
    size = folded.shape[-1]
    spots = np.clip(places[:, None] + np.array(NEIGHBOURS), 0, size - 1)
    result: Array = folded[:, :, spots]
    return result


def _ranks(pool: Array, wanted: NDArray[np.bool_]) -> list[Array]:
    """Quantiles over the newest wanted days and their neighbourhood, [m, H] each; NaN where there is none."""
    newest = np.argsort(~wanted, axis=0, kind="stable")[:LIKE_DAYS]
    taken = np.take_along_axis(pool, newest[None, :, :, None], axis=1)
    unwanted = ~np.take_along_axis(wanted, newest, axis=0)
    taken = np.where(unwanted[None, :, :, None], np.nan, taken)
    flat = np.moveaxis(taken, 1, 2).reshape(taken.shape[0], taken.shape[2], -1)
    return _quantiles(flat)


def _overall(folded: Array) -> list[Array]:
    return _quantiles(folded.reshape(len(folded), -1))


def _quantiles(values: Array) -> list[Array]:
    ordered = np.sort(values, axis=-1)
    last = np.maximum((~np.isnan(ordered)).sum(axis=-1) - 1, 0)
    return [np.take_along_axis(ordered, np.rint(q * last).astype(np.int64)[..., None], axis=-1)[..., 0] for q in QUANTILES]


def expected_total(daily_wh: Array, days: Slots, ahead: Slots, calendar: Calendar) -> Array:
    """What a span of days will bring: the mean of the known days of the same type, for each of them [Wh], float64 [m].

    Args:
        daily_wh: sums of known days, float64 [m, d]; NaN where a day is not known.
        days, ahead: the known days and those ahead, counted from 1970-01-01.
    """
    types, wanted = (day_types(d, calendar.country, calendar.region) for d in (days, ahead))
    anyway = _known_mean(daily_wh)
    total = np.zeros(len(daily_wh))
    for day_type in np.unique(wanted):
        mean = _known_mean(daily_wh[:, types == day_type])
        total += np.where(np.isnan(mean), np.nan_to_num(anyway), mean) * int((wanted == day_type).sum())
    return total


def _known_mean(values: Array) -> Array:
    known = ~np.isnan(values)
    total, count = np.where(known, values, 0.0).sum(axis=1), known.sum(axis=1)
    result: Array = np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)
    return result
