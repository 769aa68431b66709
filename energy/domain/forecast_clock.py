"""By which clock meters live: people by the one on the wall, the sun and many a control by one that never changes.

Around a change of clocks the week after is held against the week before, once shifted with the wall's clock and once not. What fits
better was how the meters went on; what was known before the instant asked for decides, nothing else.
"""

from collections.abc import Iterator
from datetime import timedelta, timezone, tzinfo

import numpy as np
from numpy.typing import NDArray

from energy.domain.forecast_series import MeterSeries, starts_from, utc_offset_s

Wh = NDArray[np.float64]
MOST_WEEKS = 4
LEAST_WEEKS = 2
MOST_CHANGES = 4
# How much better the unchanging clock has to fit before it is believed: without a sign meters live with their people.
MARGIN = 0.01
DAY_S = 86_400


def clock_of_habits(series: MeterSeries, until: np.datetime64) -> tzinfo:
    """The zone of `series`, or its winter time all year round where the meters' habits did not move with the clocks.

    Changes of clocks with at least two weeks known on both sides before `until` are looked at, the newest four.
    """
    known = series.before(until)
    votes = [vote for place, shift in list(_changes(known))[-MOST_CHANGES:] if (vote := _vote(known, place, shift)) is not None]
    if not votes or float(np.mean(votes)) > -MARGIN:
        return series.zone
    return timezone(timedelta(seconds=_winter_offset_s(series.zone, until)))


def _changes(series: MeterSeries) -> Iterator[tuple[int, int]]:
    """First interval behind each change of clocks, and by how many intervals clocks went forward."""
    count = series.values_wh.shape[1]
    per_day = series.slots_per_day
    starts = starts_from(series.first_at, series.minutes, count)
    offsets = [utc_offset_s(start, series.zone) for start in starts[::per_day]]
    for day in np.flatnonzero(np.diff(offsets)):
        within = range(int(day) * per_day, min((int(day) + 1) * per_day + 1, count))
        for place in within:
            change_s = utc_offset_s(starts[place], series.zone) - offsets[day]
            if change_s:
                yield place, round(change_s / (series.minutes * 60))
                break


def _vote(series: MeterSeries, place: int, shift: int) -> float | None:
    """Between -1 and 1: below 0 where habits went on by the unchanging clock; None where too little is known."""
    week = 7 * series.slots_per_day
    before, after = (min(weeks, MOST_WEEKS) for weeks in (place // week, (series.values_wh.shape[1] - place) // week))
    if before < LEAST_WEEKS or after < LEAST_WEEKS:
        return None
    old = _usual_week(series.values_wh[:, place - before * week : place], week)
    new = _usual_week(series.values_wh[:, place : place + after * week], week)
    unmoved, moved = _apart(new, old), _apart(new, np.roll(old, -shift, axis=1))
    told = (unmoved + moved) > 0
    if not told.any():
        return None
    return float(((unmoved - moved)[told] / (unmoved + moved)[told]).mean())


def _usual_week(values: Wh, week: int) -> Wh:
    """The mean week of each meter, [m, intervals of a week]; NaN where nothing is known."""
    weeks = values.reshape(len(values), -1, week)
    known = ~np.isnan(weeks)
    total = np.where(known, weeks, 0.0).sum(axis=1)
    usual: Wh = np.divide(total, known.sum(axis=1), out=np.full(total.shape, np.nan), where=known.any(axis=1))
    return usual


def _apart(one: Wh, other: Wh) -> Wh:
    """Sum of absolute differences of each meter where both are known."""
    total: Wh = np.nan_to_num(np.abs(one - other)).sum(axis=1)
    return total


def _winter_offset_s(zone: tzinfo, until: np.datetime64) -> int:
    months = until.astype("datetime64[s]") - np.arange(0, 12) * np.timedelta64(30 * DAY_S, "s")
    return min(utc_offset_s(instant, zone) for instant in months)
